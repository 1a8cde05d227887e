"""Fills the blocks `<!-- NAME -->` … `<!-- /NAME -->` of the documentation from the code: python docs/generate.py [--check]"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from uie.corpora.config import dataset_names, load_dataset_config
from uie.documents import document_from_json
from uie.formats import FORMATS
from uie.prompting import Prompt, load_prompt, prompt_names
from uie.records.mix import Demonstrations, Labels, Mix, MixCorpus, Windows
from uie.schema import read_schema
from uie.settings import describe
from uie.tasks import TASKS, asks
from uie.tasks.items import ROWS, WITH_ARGUMENTS
from uie.tasks.question import Question
from uie.training.settings import LoraSettings, TrainSettings

ROOT = Path(__file__).resolve().parent.parent


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

BLOCKS: dict[str, Callable[[], str]] = {
    "settings": lambda: settings(TrainSettings),
    "lora": lambda: settings(LoraSettings),
    "mix": lambda: settings(Mix),
    "mix-corpus": lambda: settings(MixCorpus),
    "labels": lambda: settings(Labels),
    "demonstrations": lambda: settings(Demonstrations),
    "windows": lambda: settings(Windows),
    "tasks": tasks,
    "formats": formats,
    "corpora": corpora,
    "prompts": prompts,
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
