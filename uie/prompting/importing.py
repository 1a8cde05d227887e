r"""Wordings of other projects' files → prompt files of ours, whose bytes are what those projects make of their wordings.

    InstructUIE, chatllama UIE   {TASK: [{"instruction_type", "instruction"}]}: the instruction, a line of options, the text
    B2NER                        {LANGUAGE: {TASK: […]}}: the same with {text}, {labels_str}, … in the instruction
    BiLLa                        TYPE.pre.prompt, TYPE.post.prompt: a wording a line, to stand before or after the text
    alpaca-lora                  {"description", "prompt_input", "prompt_no_input", "response_split"}: round any instruction

Each wording becomes one file TASK/NAME.N.LANG.jinja, `exact`. What stands in the source stands in the file: characters that mean
something to Jinja, and white space that an editor takes off, are written as strings in `{{ }}`.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie import resources
from uie.errors import OutputError, PromptError, unknown_name
from uie.formats import FORMATS
from uie.prompting.templates import split_file
from uie.storage import check_characters, read_lines, whole_file
from uie.tasks import TASKS

Json = dict[str, Any]
Lang = Literal["en", "zh"]
Wording = Literal["seed000", "instructuie"]
"""How a text is put behind an instruction: as chatllama UIE (seed 000, InstructUIE's v3) does it, or as InstructUIE does it now."""
_FORMATS: Mapping[Wording, str] = {"seed000": "tuples.seed000", "instructuie": "typed.instructuie"}
_SYSTEMS: Mapping[Wording, str] = {"seed000": "chatllama UIE (seed 000)", "instructuie": "InstructUIE"}
_SAID: Mapping[Wording, re.Pattern[str]] = {
    "seed000": re.compile(r"\(\s*word1\b"),
    "instructuie": re.compile(r"\b(type|relation|name)1?: (word1|role1|trigger)\b"),
}
"""How an instruction tells the wording of the answer: "(word1, type1)", or "type1: word1", "relation1: word1", "name1: role1"."""
_CHINESE = re.compile("[\u4e00-\u9fff]")
_PLACEHOLDER = re.compile(r"\{(\w+)\}|@@examples@@")
_BILLA = re.compile(r"(?P<type>.+)\.(?P<place>pre|post)\.prompt")
_JSON_KINDS = (
    "the instructions of InstructUIE or B2NER ({TASK: [{'instruction_type', 'instruction'}]}), or a template of alpaca-lora"
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What `import_prompts` did: the files it wrote, and the wordings that it left out, each with the reason."""

    written: tuple[Path, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a wording: Jinja source, and whether it differs from text to text."""

    source: str
    of_text: bool = False


@dataclass(frozen=True, slots=True)
class _Given:
    """What the caller of `import_prompts` said."""

    task: str | None
    lang: Lang | None
    wording: Wording | None
    heading: bool | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A wording that was read: the name and the content of its file to be."""

    task: str
    name: str
    lang: str
    content: str


def instruct_uie_template(
    instruction: str,
    task: str,
    lang: str,
    wording: Wording,
    *,
    heading: bool | None = None,
    about: str = "",
    few_shot: bool = False,
) -> str:
    """The content of a prompt file that asks `task` with one instruction of an InstructUIE file.

    Joined by a line end, its `instruct` and `query` are the project's `user_input` (seed000) or input (instructuie), byte for byte.

    Args:
        instruction: as the file has it, white space at its end included; `{0}` and `{1}` are head and tail of the pair (RC).
        heading: whether lines with the names of task and dataset go before it (default: seed000 has them; InstructUIE has switches
            for them, which are off).
        about: what the front matter says; default: the project.
        few_shot: show the demonstrations before the text. Neither project ever did.
    """
    headed = wording == "seed000" if heading is None else heading
    space = " " if wording == "seed000" else ""
    pieces = [_Piece(f"Task:{space}{task}\nDataset:{space}{{{{ dataset }}}}\n")] if headed else []
    asked = [*_with_pair(instruction), *_options(task, wording)]
    tail = "" if wording == "seed000" else " "
    text = [_Piece("Text: "), _Piece("{{ text }}", True), _Piece(f"{tail}\n"), *_given_pieces(task)]
    examples = [_Piece(_examples("Text: ", f"{tail}\nAnswer:{space}", "\n"), True)] if few_shot else []
    # In the questions about a pair the instruction says "in above text".
    pieces += [*examples, *text, *asked] if task == "RC" else [*asked, *examples, *text]
    pieces.append(_Piece(f"Answer:{space}"))
    return _file(task, lang, pieces, formats=_writing(task, _FORMATS[wording]), about=about or f"as {_SYSTEMS[wording]} words it")


def import_prompts(
    source: Path,
    out: Path,
    *,
    task: str | None = None,
    lang: Lang | None = None,
    wording: Wording | None = None,
    heading: bool | None = None,
    overwrite: bool = False,
) -> Imported:
    """Writes a prompt file OUT/TASK/NAME.N.LANG.jinja for each wording in a file, or in the files of a folder.

    Args:
        task: what is asked, for BiLLa (default: the file's type, if it is the name of a task) and alpaca-lora (default: NER, RE, EE).
        lang: the language of the wordings (default: what the file says, else Chinese where a wording has Chinese characters).
        wording, heading: see `instruct_uie_template`; by default the wording is that whose answers the instructions describe.

    Raises:
        PromptError: the source is missing, of no known kind, or malformed; nothing is written then.
        OutputError: a file is there already, and `overwrite` is not given.
    """
    if task is not None and task not in TASKS:
        raise PromptError(unknown_name("task", task, TASKS))
    given = _Given(task, lang, wording, heading)
    skipped: list[str] = []
    found = [one for path in _files(source) for one in _read(path, given, skipped)]
    if not found:
        raise PromptError(f"{source}: no wording that can be imported. {' '.join(skipped)}".rstrip())
    contents = {out / one.task.lower() / f"{one.name}.{one.lang}.jinja": one.content for one in found}
    for path in contents:
        if path.exists() and not overwrite:
            raise OutputError(f"{path} is there already; choose another folder or say --overwrite.")
    for path, content in contents.items():
        with whole_file(path) as file:
            file.write(content)
    return Imported(tuple(contents), tuple(skipped))


def _files(source: Path) -> list[Path]:
    if not source.is_dir():
        return [source]
    found = sorted(path for path in source.iterdir() if path.suffix in (".json", ".prompt"))
    if not found:
        raise PromptError(
            f"{source}: no .prompt and no .json file; expected TYPE.pre.prompt and TYPE.post.prompt, or {_JSON_KINDS}."
        )
    return found


def _read(path: Path, given: _Given, skipped: list[str]) -> Iterator[_Found]:
    if path.suffix == ".prompt":
        yield from _billa(path, given, skipped)
        return
    read = _read_json(path)
    if "prompt_input" in read or "prompt_no_input" in read:
        yield from _alpaca(path, read, given)
    elif read and all(isinstance(value, dict) for value in read.values()):
        for language, tasks in read.items():
            yield from _instructions(path, tasks, given, skipped, language)
    elif read and all(isinstance(value, list) for value in read.values()):
        yield from _instructions(path, read, given, skipped)
    else:
        raise PromptError(f"{path}: expected {_JSON_KINDS}; found the keys {', '.join(map(repr, list(read)[:5])) or 'none'}.")


def _language_of(text: str) -> str:
    return "zh" if _CHINESE.search(text) else "en"


# InstructUIE, chatllama UIE and B2NER


def _instructions(path: Path, tasks: Json, given: _Given, skipped: list[str], language: str | None = None) -> Iterator[_Found]:
    where = f"{path}: {language}" if language else str(path)
    items = [(task, *one) for task, value in tasks.items() for one in _items(value, f"{where}: {task}")]
    wording = given.wording or _wording([text for _, _, text in items], where)
    counts: Counter[tuple[str, str]] = Counter()
    for task, kind, text in items:
        counts[task, kind] += 1
        number = counts[task, kind]
        place = f"{where}: {task}: {kind} {number}"
        if task not in TASKS:
            skipped.append(f"{place}: {task} is no task of ours.")
            continue
        lang = given.lang or (language if language in ("en", "zh") else _language_of(text))
        name = "-".join(
            [path.stem, *([language] if language not in (None, lang) else []), *([kind] if kind != "zero-shot" else [])]
        )
        about = f"{path.name}, {kind} instruction {number}"
        if {"{text}", "{labels_str}"} & {found.group() for found in _PLACEHOLDER.finditer(text)}:
            content = _b2ner_template(text, task, lang, language or lang, f"B2NER: {about}", place)
        else:
            about = f"{_SYSTEMS[wording]}: {about}"
            content = instruct_uie_template(
                text, task, lang, wording, heading=given.heading, few_shot=kind == "few-shot", about=about
            )
        yield _Found(task, f"{name}.{number}", lang, content)


def _wording(texts: Iterable[str], where: str) -> Wording:
    """What the instructions say of the answers; InstructUIE's present wording where they say nothing."""
    said = {wording for text in texts for wording, pattern in _SAID.items() if pattern.search(text)}
    if len(said) > 1:
        raise PromptError(
            f"{where}: some instructions describe answers as (word1, type1), some as type1: word1; import them apart."
        )
    return next(iter(said), "instructuie")


def _items(value: Any, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        raise PromptError(f"{where}: expected a list of instructions, found {_said(value)}.")
    for number, item in enumerate(value):
        kind = item.get("instruction_type") if isinstance(item, dict) else None
        text = item.get("instruction") if isinstance(item, dict) else None
        if not isinstance(kind, str) or not re.fullmatch(r"[\w-]+", kind) or not isinstance(text, str) or not text.strip():
            raise PromptError(
                f"{where}: item {number}: expected {{'instruction_type': 'zero-shot' or 'few-shot', 'instruction': a text}}, "
                f"found {_said(item)}."
            )
        yield kind, text


def _with_pair(instruction: str) -> list[_Piece]:
    """The instruction with the given pair in place of {0} and {1}."""
    pieces = []
    for part in re.split(r"(\{[01]\})", instruction):
        end = {"{0}": "head", "{1}": "tail"}.get(part)
        pieces.append(_Piece(f"{{{{ given.triples[0].{end}.text }}}}", True) if end else _Piece(_literal(part)))
    return pieces


def _options(task: str, wording: Wording) -> list[_Piece]:
    """The line that lists what may be answered; InstructUIE spaces it in another way for events."""
    joined, option = (",", "Option:") if wording == "seed000" else (", ", "Option: ")
    if task == "EEA":
        # Questions about arguments ask for one event. Both blanks before "Option" are InstructUIE's.
        return [_Piece(f"Event type: {{{{ events[0].name }}}} \n  Option: {_names('roles', ', ')} \n")]
    if task == "EE":
        # Lists as Python writes them.
        types, roles = (f"{{{{ {kind} | map(attribute='name') | list }}}}" for kind in ("events", "roles"))
        listed = f"Event type: {types}, Arguments type: {roles}."
    else:
        listed = joined.join(_names(_VARIABLES[kind], joined) for kind in TASKS.get(task).kinds)
    before = " " if wording == "instructuie" and task in ("EE", "EET") else ""
    return [_Piece(f"{before}{option}{listed} \n")]


def _names(variable: str, joined: str) -> str:
    return f"{{{{ {variable} | map(attribute='name') | join('{joined}') }}}}"


_VARIABLES = {"entities": "types", "relations": "relations", "events": "events"}
"""What a template calls each kind of a schema."""


def _given_pieces(task: str) -> list[_Piece]:
    """InstructUIE's lines after the text."""
    if task == "ET":
        return [_Piece(" Entities: "), _Piece("{{ given.mentions | map(attribute='text') | join(', ') }}", True), _Piece(" \n")]
    if task == "EPR":
        pairs = (
            "{% for pair in given.triples %}{{ pair.head.text }}, {{ pair.tail.text }}{{ '' if loop.last else '; ' }}{% endfor +%}"
        )
        return [_Piece(" Entity Pairs:  "), _Piece(pairs, True), _Piece(" \n")]
    return []


def _b2ner_template(text: str, task: str, lang: str, language: str, about: str, where: str) -> str:
    answer = _B2NER_ANSWER.get(language, "Answer:")
    pieces, end = [], 0
    for found in _PLACEHOLDER.finditer(text):
        pieces.append(_Piece(_literal(text[end : found.start()])))
        pieces.append(_b2ner_piece(found, task, language, answer, where))
        end = found.end()
    pieces += [_Piece(_literal(text[end:])), _Piece(_literal(answer))]
    # Its arguments are written role: name, and InstructUIE's name: role.
    format_name = "typed" if task == "EEA" else "typed.instructuie"
    return _file(task, lang, pieces, formats=_writing(task, format_name), about=about)


# Words of b2ner_dataset.py in UmeanNever/B2NER.
_B2NER_ANSWER = {"en": "Answer:", "zh": "答案:", "de": "Antwort:", "nl": "Antwoord:", "es": "Respuesta:"}


def _b2ner_piece(found: re.Match[str], task: str, language: str, answer: str, where: str) -> _Piece:
    kind = "roles" if task == "EEA" else _VARIABLES[TASKS.get(task).kinds[-1]]
    means = "是指" if language == "zh" else "means"
    described = f'{{%+ for type in {kind} if type.description %}}{{{{ type.name }}}} {means} "{{{{ type.description }}}}"'
    sources = {
        "{text}": _Piece("{{ text }}", True),
        "{labels_str}": _Piece(_names(kind, ", ")),
        "{label_descriptions_str}": _Piece(f"{described}{{{{ '' if loop.last else '; ' }}}}{{% endfor +%}}"),
        "{event_type}": _Piece("{{ events[0].name }}"),
        "{event_trigger}": _Piece("{{ given.frames[0].trigger.text if given.frames[0].trigger else '' }}", True),
        "@@examples@@": _Piece(_examples("文本: " if language == "zh" else "Text: ", f" \n{answer}", " \n\n"), True),
    }
    if found.group() not in sources:
        raise PromptError(f"{where}: {unknown_name('placeholder', found.group(), sources)}")
    return sources[found.group()]


# BiLLa


def _billa(path: Path, given: _Given, skipped: list[str]) -> Iterator[_Found]:
    named = _BILLA.fullmatch(path.name)
    if named is None:
        skipped.append(f"{path}: neither TYPE.pre.prompt nor TYPE.post.prompt.")
        return
    asked = given.task or named["type"].upper()
    if asked not in TASKS:
        raise PromptError(f"{path}: {named['type']!r} does not say which task it asks; add --task, one of {', '.join(TASKS)}.")
    text = _Piece("{{ text.rstrip() }}", True)
    lines = (line.rstrip("\r\n") for _, line in read_lines(path, error=PromptError))
    for number, line in enumerate(filter(str.strip, lines), 1):
        prompt = _Piece(_literal(line))
        before = [prompt, _Piece("\n"), text, _Piece("\n\n")]
        pieces = before if named["place"] == "pre" else [text, _Piece("\n"), prompt, _Piece("\n")]
        lang = given.lang or _language_of(line)
        content = _file(asked, lang, pieces, about=f"BiLLa: {path.name}, wording {number}")
        yield _Found(asked, f"{named['type']}-{named['place']}.{number}", lang, content)


# alpaca-lora


def _alpaca(path: Path, read: Json, given: _Given) -> Iterator[_Found]:
    """Its template goes round the task's default wording. Without input, the whole question is the instruction."""
    for key in ("prompt_input", "prompt_no_input"):
        if not isinstance(read.get(key), str) or "{instruction}" not in read[key]:
            raise PromptError(f"{path}: {key}: expected a text with {{instruction}}, found {_said(read.get(key))}.")
    others = {key: read[key] for key in read if key not in ("prompt_input", "prompt_no_input")}
    lang = given.lang or _language_of(read["prompt_input"])
    for task in (given.task,) if given.task else ("NER", "RE", "EE"):
        instruct, query = _default_blocks(task, lang)
        apart = {"{instruction}": [_Piece(instruct)], "{input}": [_Piece(query, True)]}
        together = {"{instruction}": [_Piece(f"{instruct}\n"), _Piece(query, True)]}
        for number, (key, pieces_of) in enumerate((("prompt_input", apart), ("prompt_no_input", together)), 1):
            parts = re.split(f"({'|'.join(map(re.escape, pieces_of))})", read[key])
            pieces = [piece for part in parts for piece in pieces_of.get(part, [_Piece(_literal(part))])]
            about = f"alpaca-lora: {path.name}, {key}. {read.get('description', '')}"
            yield _Found(task, f"{path.stem}.{number}", lang, _file(task, lang, pieces, about=about, comment=_as_json(others)))


def _default_blocks(task: str, lang: str) -> tuple[str, str]:
    """The Jinja source of both blocks of our default wording."""
    path = resources.shipped("prompts") / task.lower() / f"default.{lang}.jinja"
    _, template = split_file(path.read_bytes(), path)
    found = re.findall(r"\{% block \w+ %\}\n(.*?)\n\{% endblock %\}", template, re.S)
    assert len(found) == 2, path
    return found[0], found[1]


# Writing prompt files


def _file(task: str, lang: str, pieces: Iterable[_Piece], *, about: str, formats: Sequence[str] = (), comment: str = "") -> str:
    """A prompt file that says these pieces, cut in two at the last line end before the first that differs from text to text."""
    instruct, query = _cut([piece for piece in pieces if piece.source])
    head = [
        f"task: {task}",
        f"lang: {lang}",
        f"formats: {'[' + ', '.join(formats) + ']' if formats else 'any'}",
        "exact: true",
        f"about: {_as_json(' '.join(about.split()))}",
    ]
    comments = ["{# " + comment.replace("#}", "#\\u007d") + " #}"] if comment else []
    return "\n".join(["---", *head, "---", *comments, *_block("instruct", instruct), *_block("query", query), ""])


def _cut(pieces: list[_Piece]) -> tuple[str, str]:
    of_text = next((number for number, piece in enumerate(pieces) if piece.of_text), len(pieces))
    shared, rest = "".join(piece.source for piece in pieces[:of_text]), "".join(piece.source for piece in pieces[of_text:])
    instruct, _, begun = shared.rpartition("\n")
    # An empty instruct is not joined by a line end.
    return (instruct, begun + rest) if instruct else ("", shared + rest)


def _block(name: str, source: str) -> list[str]:
    """White space at line ends, which an editor may take off, is written as a string."""
    kept = re.sub(r"[ \t]+$", lambda found: f"{{{{ {_as_json(found.group())} }}}}", source, flags=re.MULTILINE)
    return [f"{{% block {name} %}}", *([kept] if kept else []), "{% endblock %}"]


def _literal(text: str) -> str:
    """Jinja source that says the text."""
    return text.replace("{", '{{ "{" }}').replace("\r", '{{ "\\r" }}')


def _examples(before: str, between: str, after: str) -> str:
    """Jinja source that says the demonstrations, text and answer of each."""
    return (
        f"{{%+ for one in demonstrations %}}{_literal(before)}{{{{ one.text }}}}{_literal(between)}{{{{ one.answer }}}}"
        f"{_literal(after)}{{% endfor +%}}"
    )


def _writing(task: str, format_name: str) -> tuple[str, ...]:
    """The format's name where it writes the task."""
    return (format_name,) if format_name in FORMATS and task in FORMATS.get(format_name).TASKS else ()


def _as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _read_json(path: Path) -> Json:
    text = "\n".join(line for _, line in read_lines(path, error=PromptError))
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PromptError(f"{path}: not JSON: {error}.") from None
    if not isinstance(read, dict):
        raise PromptError(f"{path}: expected {_JSON_KINDS}; found {_said(read)}.")
    check_characters(read, str(path), error=PromptError)
    return read


def _said(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
