"""Fills the blocks `<!-- NAME -->` … `<!-- /NAME -->` of the documentation from the code: python docs/generate.py [--check]"""

import inspect
import itertools
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from uie.corpora import LAYOUTS, Layout, options_of
from uie.corpora.config import Counts, DatasetConfig, dataset_names, load_dataset_config
from uie.documents import Document, Entity, Mention, document_from_json
from uie.formats import FORMATS
from uie.models.families import FAMILIES as MODEL_FAMILIES
from uie.models.families import REMOTE
from uie.prompting import Prompt, load_prompt, prompt_names
from uie.records.mix import Demonstrations, Labels, Mix, MixCorpus, Windows
from uie.schema import read_schema
from uie.scoring import HOLDS, RULES, RuleFacts
from uie.scoring.score import ALL, score
from uie.settings import describe
from uie.tasks import TASKS, asks
from uie.tasks.items import ROWS, WITH_ARGUMENTS
from uie.tasks.question import Question
from uie.training.combinations import OFFLOADS, PACKINGS, SPREADS, Cell, verdict
from uie.training.combinations import RULES as RULES_OF_TRAINING
from uie.training.settings import F1Settings, LoraSettings, TrainSettings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "scoring"))  # the shared example, whose figures its tests have worked out by hand
import shared_example  # noqa: E402


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def settings(cls: type) -> str:
    rows = ((f"`{d.name}`", d.expects, f"`{d.default}`" if d.default else "", d.description) for d in describe(cls))
    return table(("setting", "expects", "default", "meaning"), rows)


def corpora() -> str:
    configs = (load_dataset_config(name) for name in dataset_names())
    rows = ((f"`{c.name}`", c.title, c.lang, ", ".join(c.tasks), f"`{c.layout}`", c.licence) for c in configs)
    return table(("corpus", "what", "language", "tasks", "layout", "licence"), rows)


# Layouts and corpora


def layouts() -> str:
    """A section for each layout: what its module says, its options, and its example."""
    return "\n\n".join(_layout(name, LAYOUTS.get(name)) for name in LAYOUTS)


def layout_names() -> str:
    rows = ((f"[`{name}`](corpora.md#{name})", _about(LAYOUTS.get(name))) for name in LAYOUTS)
    return table(("layout", "what goes in and what comes out"), rows)


def _about(layout: Layout) -> str:
    """The first line of the layout's module."""
    return inspect.cleandoc(sys.modules[layout.read.__module__].__doc__ or "").partition("\n")[0]


def _layout(name: str, layout: Layout) -> str:
    parts = [f"### `{name}`", _about(layout), *_options(options_of(layout))]
    if layout.example:
        said = "".join(f", with `{key}: {value}`" for key, value in layout.options.items())
        parts.append(f"Example{said}:")
        parts += [f"`{file}`\n\n{_fenced(content)}" for file, content in layout.example.items()]
    return "\n\n".join(parts)


def _options(cls: type) -> list[str]:
    found = describe(cls)
    if not found:
        return []
    rows = [(f"`{one.name}`", one.expects, f"`{one.default}`" if one.default else "", one.description) for one in found]
    head = ("option", "expects", "default", "meaning")
    described = any(one.description for one in found)  # else the docstring says what they mean
    return [
        inspect.cleandoc(cls.__doc__ or ""),
        table(head if described else head[:-1], rows if described else [r[:-1] for r in rows]),
    ]


def _fenced(content: str) -> str:
    fence = "```" if "```" not in content else "~~~~"
    return f"{fence}text\n{content.rstrip(chr(10))}\n{fence}"


def corpora_counted() -> str:
    head = ("corpus", "what", "language", "tasks", "layout", "splits", "licence")
    rows = ((f"`{c.name}`", c.title, c.lang, ", ".join(c.tasks), _layouts(c), _splits(c), c.licence) for c in _configs())
    return table(head, rows)


def _configs() -> list[DatasetConfig]:
    return [load_dataset_config(name) for name in dataset_names()]


def _layouts(config: DatasetConfig) -> str:
    return ", ".join(dict.fromkeys(f"[`{name}`](#{name})" for name in (s.layout or config.layout for s in config.splits.values())))


def _splits(config: DatasetConfig) -> str:
    """Each split's counts as the files have them; of cut ones the share."""
    told = [f"{split}: {_counted(config.expected.get(split))}" for split in config.splits]
    told += [f"{split}: {100 * cut.share:g} % of {cut.of}" for split, cut in config.cut.items()]
    return "; ".join(told)


def _counted(counts: Counts | None) -> str:
    found = {} if counts is None else {kind: count for kind, count in asdict(counts).items() if count}
    return ", ".join(f"{count:,} {kind}" for kind, count in found.items()) or "not counted"


def corpora_sources() -> str:
    rows = ((f"`{c.name}`", c.citation, ", ".join(f"`{origin}`" for origin in c.origins), c.note) for c in _configs())
    return table(("corpus", "paper", "source", "note"), rows)


def prompts() -> str:
    """One row a wording, whatever the task: `TASK/WORDING.LANG` is a prompt's name."""
    wordings: dict[str, list[Prompt]] = {}
    for prompt in map(load_prompt, prompt_names()):
        wordings.setdefault(prompt.name.partition("/")[2].rpartition(".")[0], []).append(prompt)
    rows = []
    for wording, found in wordings.items():
        tasks, langs = (", ".join(dict.fromkeys(getattr(p, key) for p in found)) for key in ("task", "lang"))
        about = min((p.about for p in found if p.lang == found[0].lang), key=len)
        rows.append((f"`{wording}`", tasks, langs, ", ".join(found[0].formats) or "any", about))
    return table(("wording", "tasks", "languages", "formats", "about"), sorted(rows))


def tasks() -> str:
    rows = ((f"`{task.name}`", task.about, ", ".join(task.needs), shown_rows(task.name)) for task in map(TASKS.get, TASKS))
    return table(("task", "what is asked", "annotated", "one item of the answer"), rows)


def shown_rows(task: str) -> str:
    below = ", with (argument, role) below it" if task in WITH_ARGUMENTS else ""
    return " or ".join(f"({', '.join(slot.replace('_', ' ') for slot in row)})" for row in ROWS[task]) + below


def families() -> str:
    rows = ((f.name, _code(f.model_types), _code(f.targets), f.wrap, f.packing, f.note) for f in MODEL_FAMILIES)
    return table(("family", "`model_type`", "LoRA targets", "wrap", "packing", "note"), rows)


def remote_families() -> str:
    return table(("family", "`model_type`", "instead"), ((f.name, _code(f.model_types), f.instead) for f in REMOTE))


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def formats() -> str:
    """Every format's answer to one question of each of four tasks about one made-up sentence."""
    return "\n\n".join(f"**`{name}`** ({', '.join(FORMATS.get(name).TASKS)})\n\n{_answers(name)}" for name in FORMATS)


def _answers(name: str) -> str:
    document = document_from_json(EXAMPLE)
    schema = read_schema(EXAMPLE_LABELS)
    found = []
    for task in ("NER", "RE", "EE"):
        if task in FORMATS.get(name).TASKS:
            (ask,) = asks(task, document, schema)
            assert ask.gold is not None
            answer = FORMATS.get(name).encode(ask.gold, Question(task, ask.schema, document.text, "en", ask.given))
            found.append(f"    {task}\n" + "\n".join(f"        {line}" for line in answer.split("\n")))
    return "\n".join(found)


def _mention(text: str, string: str, **more: str) -> dict[str, Any]:
    start = text.index(string)
    return {"start": start, "end": start + len(string), "text": string, **more}


_TEXT = "Ada Berg joined Norvik in Oslo, and Oslo rejoiced."
EXAMPLE: dict[str, Any] = {
    "id": "example",
    "text": _TEXT,
    "entities": [
        _mention(_TEXT, "Ada Berg", type="PER"),
        _mention(_TEXT, "Norvik", type="ORG"),
        _mention(_TEXT, "Oslo", type="LOC"),
        {"start": 36, "end": 40, "text": "Oslo", "type": "LOC"},
    ],
    "relations": [{"type": "WORK", "head": 0, "tail": 1}],
    "events": [
        {
            "type": "HIRE",
            "trigger": _mention(_TEXT, "joined"),
            "arguments": [_mention(_TEXT, "Ada Berg", role="who"), _mention(_TEXT, "Norvik", role="firm")],
        }
    ],
}
EXAMPLE_LABELS = {
    "entities": {"PER": {"name": "person"}, "ORG": {"name": "organization"}, "LOC": {"name": "city"}},
    "relations": {"WORK": {"name": "works for"}},
    "events": {"HIRE": {"name": "start of work", "roles": {"who": {"name": "employee"}, "firm": {"name": "employer"}}}},
}

# Rules


FAMILIES = {"seqeval-strict": "SCHEME", "uie-offset": "STRATEGY"}
"""Rules that differ in one setting are one line."""
FIRST = (
    "strict",
    "string",
    "boundary",
    "type-only",
    "partial",
    "muc",
    "head",
    "any-gold-mention",
    "coreference",
    "textee",
    "conlleval",
)
"""Ours and those of shared tasks; the rules of single projects follow."""
USUAL = {"duplicates": "one to one", "normalised": "—"}
"""What most rules do, in fewer words; the page says what they mean."""


def rules() -> Iterable[tuple[str, RuleFacts, str]]:
    """What a line calls a rule, its facts, and the part of its name that stands for a setting: "" but in families."""
    told: dict[str, list[str]] = {}
    for name in (*FIRST, *(name for name in RULES if name not in FIRST)):
        told.setdefault(name.partition(".")[0], []).append(name)
    for family, names in told.items():
        if family in FAMILIES:
            settings = [name.partition(".")[2] for name in names]
            yield f"`{family}.{FAMILIES[family]}`: {', '.join(settings)}", RULES.get(names[0]).facts, settings[0]
        else:
            yield f"`{family}`", RULES.get(family).facts, ""


def rule_facts() -> str:
    rows = []
    for name, facts, setting in rules():
        family = facts.name.partition(".")[0]
        compares, used_by = (
            text.replace(setting, FAMILIES[family]) if setting else text for text in (facts.compares, facts.used_by)
        )
        read = "Documents" if facts.input == "documents" else f"answers, or Documents written as `{facts.wording}`"
        same = {field.name for field in fields(RuleFacts) if getattr(facts, field.name) == field.default}
        cells = [USUAL[key] if key in same else getattr(facts, key) for key in USUAL]
        rows.append((name, compares, read, *cells, facts.zero, used_by, facts.source))
    head = ("rule", "what must be equal", "reads", "duplicates", "made equal before", "0/0", "used by", "source")
    return table(head, rows)


def rule_faults() -> str:
    return table(("rule", "what it gets wrong, as its original does"), ((n, f.faults) for n, f, _ in rules() if f.faults))


def rule_breaks() -> str:
    broken = ((name, HOLDS[key], why) for name, facts, _ in rules() for key, why in facts.breaks.items())
    return table(("rule", "does not hold", "because"), broken)


IN_ALL = {
    "entities": "NER: entities",
    "relations boundary": "RE: boundary",
    "relations strict": "RE: strict",
    "trigger classification": "EE: TC",
    "argument classification": "EE: AC",
    "argument attached": "EE: AC+",
}


def rule_numbers() -> str:
    """F1 of every rule on the shared example; measures that few rules have stand in a table of their own."""
    scores = score(shared_example.GOLD, shared_example.PREDICTED, rule=ALL)
    found = {(row.rule, row.measure): row for row in scores.rows}
    shared, single = [], []
    for _, facts, _ in rules():
        family = facts.name.partition(".")[0]
        lines: dict[tuple[str, ...], list[str]] = {}
        for name in [name for name in RULES if name.partition(".")[0] == family]:
            cells = (found.get((name, measure)) for measure in IN_ALL)
            lines.setdefault(tuple("" if row is None else f"{100 * row.f1:.2f}" for row in cells), []).append(name)
        for line, names in lines.items():
            if any(line):
                shared.append((f"`{names[0]}`" if len(names) == 1 else f"`{family}.*`", *line))
        for row in scores.rows:
            if row.rule == facts.name and row.measure not in IN_ALL and row.rule not in ("strict", "string", "head"):
                single.append((f"`{row.rule}`", row.measure, *(f"{100 * figure:.2f}" for figure in row.figures)))
    return "\n\n".join((table(("rule", *IN_ALL.values()), shared), table(("rule", "measure", "P", "R", "F1"), single)))


def rule_example() -> str:
    pairs = zip(shared_example.GOLD, shared_example.PREDICTED, strict=True)
    rows = ((gold.id, gold.text, _told(gold), _told(predicted)) for gold, predicted in pairs)
    return table(("", "text", "gold", "predicted"), rows)


def _told(document: Document) -> str:
    """Its items as words; places are told where a string stands several times in the text."""

    def called(mention: Mention) -> str:
        if mention.start is None:
            return f"{mention.text} (nowhere)"
        places = [match.start() for match in re.finditer(re.escape(mention.text), document.text)]
        return mention.text + (f" ({places.index(mention.start) + 1})" if len(places) > 1 else "")

    entities = document.entities or ()
    said = [f"{called(e.mention)} *{e.type}*" for e in entities if document.relations is None]
    for relation in document.relations or ():
        ends = (called(entities[end].mention) + f" *{entities[end].type}*" for end in (relation.head, relation.tail))
        said.append(f" {relation.type} ".join(ends))
    for event in document.events or ():
        arguments = ", ".join(f"{a.role} {called(a.mention)}" for a in event.arguments if a.mention is not None)
        said.append(f"*{event.type}* {called(event.trigger)} ({arguments})" if event.trigger else event.type)
    said += [f"one piece {problem['kind']}" for problem in document.problems or ()]
    said += ["{" + ", ".join(entities[index].mention.text for index in cluster) + "}" for cluster in document.clusters or ()]
    return "; ".join(said) or "—"


def strict_and_string() -> str:
    """One right mention, one at another place of its string, one of a wrong type, one with a wrong boundary."""
    text = "Ann Lee left Rome. Rome slept. Bob Ray left Bonn."

    def entities(*told: tuple[int, str, str]) -> Document:
        return Document("d", text, entities=tuple(Entity(Mention(said, at, at + len(said)), type) for at, said, type in told))

    cases = (
        ("the same", (0, "Ann Lee", "PER"), (0, "Ann Lee", "PER")),
        ("the same string elsewhere", (13, "Rome", "LOC"), (19, "Rome", "LOC")),
        ("another type", (44, "Bonn", "LOC"), (44, "Bonn", "ORG")),
        ("a boundary off", (31, "Bob Ray", "PER"), (31, "Bob", "PER")),
    )
    names = ("strict", "string", "boundary", "type-only", "partial")
    rows = []
    for what, gold, predicted in cases:
        found = [score([entities(gold)], [entities(predicted)], rule=name).rows[0].counts.true_positive for name in names]
        rows.append((what, *("right" if right == 1 else "wrong" if right == 0 else f"{right:.2f}" for right in found)))
    return table(("gold and predicted", *(f"`{name}`" for name in names)), rows)


# What works together


COLUMNS = {
    "lora": ("lora", 16),
    "lora, 8 bits": ("lora", 8),
    "lora, 4 bits": ("lora", 4),
    "freeze": ("freeze", 16),
    "full": ("full", 16),
}


def combinations() -> str:
    """One row a way to spread and offload; both kinds of packing in one cell. Rows in which all is refused are left out."""
    rows = []
    for spread, offload in itertools.product(SPREADS, OFFLOADS):
        found = [[verdict(Cell(*column, spread, offload, packing)) for packing in PACKINGS] for column in COLUMNS.values()]
        if any("refused" not in kinds for kinds in found):
            rows.append((f"`{spread}`", "" if offload == "none" else offload, *map(_both, found)))
    return table(("deepspeed or fsdp", "offload", *COLUMNS), rows)


def _both(kinds: list[str]) -> str:
    if len(set(kinds)) == 1:
        return kinds[0]
    return "CPU (packed)" if kinds[PACKINGS.index("prefix")] == "CPU" else "CPU (not packed)"


def refusals() -> str:
    words = {"s": SimpleNamespace(bits="N", mode="MODE", deepspeed="STAGE"), "spread": "zero3 or fsdp"}
    return table(
        ("refused, and why", "instead"), ((rule.reason.format(**words), rule.instead.format(**words)) for rule in RULES_OF_TRAINING)
    )


BLOCKS: dict[str, Callable[[], str]] = {
    "settings": lambda: settings(TrainSettings),
    "lora": lambda: settings(LoraSettings),
    "f1": lambda: settings(F1Settings),
    "combinations": combinations,
    "refusals": refusals,
    "mix": lambda: settings(Mix),
    "mix-corpus": lambda: settings(MixCorpus),
    "labels": lambda: settings(Labels),
    "demonstrations": lambda: settings(Demonstrations),
    "windows": lambda: settings(Windows),
    "tasks": tasks,
    "formats": formats,
    "families": families,
    "remote-families": remote_families,
    "corpora": corpora,
    "corpora-counted": corpora_counted,
    "corpora-sources": corpora_sources,
    "layouts": layouts,
    "layout-names": layout_names,
    "prompts": prompts,
    "rules": rule_facts,
    "rule-faults": rule_faults,
    "rule-breaks": rule_breaks,
    "rule-numbers": rule_numbers,
    "rule-example": rule_example,
    "strict-and-string": strict_and_string,
}


def filled(text: str) -> str:
    """The text with every known block filled anew."""
    for name, make in BLOCKS.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.S)
        if pattern.search(text):
            made = make()
            text = pattern.sub(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)
    return text


def main() -> int:
    stale = []
    for path in sorted((ROOT / "docs").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        if filled(text) != text:
            stale.append(path.name)
            if "--check" not in sys.argv:
                path.write_text(filled(text), encoding="utf-8")
    print(f"{'Stale' if '--check' in sys.argv else 'Written'}: {', '.join(stale) or 'none'}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
