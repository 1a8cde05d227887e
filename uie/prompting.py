"""Wordings: a prompt's name → a checked `Prompt`; a Prompt and a Question → the strings `instruct` and `query`.

A prompt is one file, `prompts/<task>/<name>.<lang>.jinja`: front matter between two lines `---` (`task`, `lang`, `formats`: any, or
a list of format names, `about`: one line), then the Jinja blocks `instruct` and `query`. Both see `types`, `relations`, `events`
(each item with `name` and `description`, an event with `roles` too), `answer_rule`, `none_word` and `lang`; only `query` sees `text`
and `given`, so that the questions of one corpus begin with the same tokens.

Prompts may come from others: the sandbox keeps a template from files and from Python's insides, and bounds `range`, `*` and `**`.
It is no fence against a template that means to use up time or memory.
"""

import re
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, TypeVar

from jinja2 import StrictUndefined, Template, TemplateError, TemplateSyntaxError, UndefinedError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from uie import resources
from uie.errors import PromptError, SettingsError, unknown_name
from uie.formats import FORMATS, Description
from uie.formats.names import name_of
from uie.schema import EventLabel, Label, RelationLabel, Schema
from uie.settings import build, parse_yaml
from uie.tasks import TASKS, asked_of
from uie.tasks.question import Answer, Named, Question

_BLOCKS = ("instruct", "query")
_SHARED = ("types", "relations", "events", "answer_rule", "none_word", "lang")
_OF_ONE_TEXT = ("text", "given")
_MAX_REPEATED = 10_000  # characters or items that `*` may make in a template: enough for any ruler
_MAX_POWER_BITS = 64
# What a template can run into by itself. Other exceptions are mistakes of ours and keep their traceback.
_TEMPLATE_MISTAKES = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# Stands for a line end of the data while line ends of the template are tidied. No text that can be written as UTF-8 holds it.
_DATA_LINE_END = "\ud800"
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n){2,}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A wording that was read and compiled without a mistake.

    `formats` names the answer formats whose rule the wording spells out by itself; empty: it states any format's rule. `sha256` is
    the file's, for manifests.
    """

    name: str
    task: str
    lang: str
    formats: tuple[str, ...]
    about: str
    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class _FrontMatter:
    task: str
    lang: Literal["en", "zh"]  # the languages in which formats word their rule
    about: str
    formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Type:
    """What a template sees of a label: never the label itself, which answers do not show either."""

    name: str
    description: str
    roles: tuple["_Type", ...] = ()


# Finding and reading


def prompt_names(task: str | None = None, lang: str | None = None) -> list[str]:
    """The names of all prompts, the user's own among them, or of those for one task or in one language. Opens no file."""
    names = sorted(resources.names("prompts", ".jinja"))
    if task is not None:
        names = [name for name in names if name.startswith(f"{task.lower()}/")]
    return names if lang is None else [name for name in names if name.endswith(f".{lang}")]


def load_prompt(name: str) -> Prompt:
    """The prompt of that name (`ner/default.en`), or in that file (a path that ends in `.jinja`).

    Raises:
        PromptError: nobody has such a prompt, or its file is broken; the message names file and line.
    """
    path = resources.find("prompts", name, ".jinja")
    if path is None:
        raise PromptError(unknown_name("prompt", name, prompt_names()))
    content = _read(path)
    front = _front_matter(content, path)
    if not name.endswith(".jinja") and not (name.startswith(f"{front.task.lower()}/") and name.endswith(f".{front.lang}")):
        expected = f"{front.task.lower()}/….{front.lang}"
        raise PromptError(
            f"{path}: task {front.task} and lang {front.lang} belong to a name {expected}; rename the file or mend them."
        )
    prompt = Prompt(name, front.task, front.lang, front.formats, front.about, path, sha256(content).hexdigest())
    _template(path, prompt.sha256)
    return prompt


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise PromptError(f"{path}: cannot be read: {error.strerror}.") from None


def _front_matter(content: bytes, path: Path) -> _FrontMatter:
    head, _ = _split(content, path)
    mapping = parse_yaml(head, where=str(path), error=PromptError)
    if mapping.get("formats") == "any":
        mapping["formats"] = []
    try:
        front = build(_FrontMatter, mapping, where=str(path))
    except SettingsError as error:
        raise PromptError(f"{error}.") from None
    if front.task not in TASKS:
        raise PromptError(f"{path}: task: {unknown_name('task', front.task, TASKS)}")
    for name in front.formats:
        if name not in FORMATS:
            raise PromptError(f"{path}: formats: {unknown_name('format', name, FORMATS)}")
        if front.task not in FORMATS.get(name).TASKS:
            raise PromptError(
                f"{path}: formats: {name} does not write {front.task}; it writes {', '.join(FORMATS.get(name).TASKS)}."
            )
    return front


def _split(content: bytes, path: Path) -> tuple[str, str]:
    """Front matter, with its opening `---`, and template; each has the line numbers of the file."""
    try:
        lines = content.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except UnicodeDecodeError as error:
        raise PromptError(f"{path}: not UTF-8: {error.reason} at byte {error.start}.") from None
    fences = [number for number, line in enumerate(lines) if line.rstrip() == "---"]
    if len(fences) < 2 or fences[0] != 0:
        raise PromptError(
            f"{path}:1: no front matter; expected a line ---, the keys task, lang, formats and about, and a line ---."
        )
    end = fences[1]
    return "\n".join(lines[:end]), "\n" * (end + 1) + "\n".join(lines[end + 1 :])


# Compiling


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset({"*", "**"})  # also keeps the compiler from working them out beforehand

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" and _bits(left) * abs(right) > _MAX_POWER_BITS:
            raise SecurityError(f"{left} ** {right} is too large for a prompt")
        for items, times in ((left, right), (right, left)):
            if not isinstance(items, str | list | tuple) or not isinstance(times, int):
                continue
            if operator == "*" and len(items) * times > _MAX_REPEATED:
                raise SecurityError(f"{times} copies are more than the {_MAX_REPEATED} items that a prompt may make")
        return super().call_binop(context, operator, left, right)


def _bits(number: Any) -> int:
    return abs(int(number)).bit_length()


@cache
def _environment() -> _Sandbox:
    environment = _Sandbox(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False, finalize=_mark_data)
    # One question has one wording: nothing random.
    del environment.globals["lipsum"], environment.filters["random"]
    return environment


def _mark_data(value: Any) -> str:
    return str(value).replace("\n", _DATA_LINE_END)


@lru_cache(maxsize=256)
def _template(path: Path, digest: str) -> Template:
    """The compiled template of the file while it has this hash."""
    content = _read(path)
    if sha256(content).hexdigest() != digest:
        raise PromptError(f"{path}: the file changed after the prompt was loaded; load it again.")
    environment = _environment()
    try:
        tree = environment.parse(_split(content, path)[1], filename=str(path))
        _check_tree(tree, path)
        code = environment.compile(tree, filename=str(path))
    except TemplateSyntaxError as error:
        raise PromptError(f"{path}:{error.lineno}: {_sentence(error)}") from None
    return Template.from_code(environment, code, environment.globals)


def _check_tree(tree: nodes.Template, path: Path) -> None:
    """Nothing outside the blocks, since it would be left out without a word; both blocks there; one file."""
    for loading in tree.find_all((nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport)):
        raise PromptError(f"{path}:{loading.lineno}: a prompt is one file: extends, include and import are not available.")
    found = []
    for node in tree.body:
        if isinstance(node, nodes.Block):
            found.append(node.name)
        elif (line := _first_line(node)) is not None:
            raise PromptError(f"{path}:{line}: outside the blocks {' and '.join(_BLOCKS)} only comments may stand.")
    for name in _BLOCKS:
        if name not in found:
            raise PromptError(
                f"{path}: no block {name!r}; found {', '.join(found) or 'no block'}; expected {' and '.join(_BLOCKS)}."
            )


def _first_line(node: nodes.Node) -> int | None:
    """Where the node's content begins; None when it is white space."""
    for part in node.nodes if isinstance(node, nodes.Output) else [node]:
        if not isinstance(part, nodes.TemplateData):
            return part.lineno
        if rest := part.data.lstrip():
            return part.lineno + part.data[: len(part.data) - len(rest)].count("\n")
    return None


# Rendering


def render(prompt: Prompt, question: Question, description: Description) -> tuple[str, str]:
    """`instruct`, which does not depend on the text, and `query`, which holds it; both without white space at their ends.

    More than one blank line in a row becomes one; line ends inside the text and the answer rule stay as they are. Descriptions are
    put on one line.

    Raises:
        PromptError: the question is of another task, or the template fails; the message names file and line.
    """
    if question.task != prompt.task:
        raise PromptError(f"prompt {prompt.name!r} is worded for {prompt.task}, the question is {question.task}.")
    instruct, shared = _shared_part(prompt, question.schema, question.lang, description)
    given = None if question.given is None else _with_names(question.given, question.schema)
    return instruct, _block("query", prompt, {**shared, "text": question.text, "given": given})


@lru_cache(maxsize=64)  # 65 event types take milliseconds to write out, to look them up takes a tenth of one
def _shared_part(prompt: Prompt, schema: Schema, lang: str, description: Description) -> tuple[str, dict[str, Any]]:
    """`instruct`, and the variables that do not depend on the text."""
    shared = {
        "types": _shown(schema.entities),
        "relations": _shown(schema.relations),
        "events": tuple(_Type(e.name, _one_line(e.description), _shown(e.roles)) for e in schema.events),
        "answer_rule": description.answer_rule,
        "none_word": description.none_word,
        "lang": lang,
    }
    hint = "{} changes from text to text and belongs in the block query: what the questions of a corpus share comes first"
    missing = {name: StrictUndefined(hint=hint.format(name), name=name) for name in _OF_ONE_TEXT}
    return _block("instruct", prompt, {**shared, **missing}), shared


def _shown(labels: Iterable[Label]) -> tuple[_Type, ...]:
    return tuple(_Type(label.name, _one_line(label.description)) for label in labels)


def _one_line(description: str) -> str:
    return " ".join(description.split())


def _with_names(given: Answer, schema: Schema) -> Answer:
    """The given parts as a prompt shows them: names in place of labels."""

    def named(mention: Named) -> Named:
        return mention if mention.type is None else replace(mention, type=name_of(mention.type, schema.entities))

    frames = []
    for frame in given.frames:
        event = schema.event(frame.type)
        roles = event.roles if event else ()
        fillers = tuple(replace(filler, role=name_of(filler.role, roles)) for filler in frame.fillers)
        frames.append(replace(frame, type=name_of(frame.type, schema.events), fillers=fillers))
    triples = (
        replace(t, head=named(t.head), relation=name_of(t.relation, schema.relations), tail=named(t.tail)) for t in given.triples
    )
    return Answer(tuple(map(named, given.mentions)), tuple(triples), tuple(frames))


def _block(name: str, prompt: Prompt, variables: dict[str, Any]) -> str:
    template = _template(prompt.path, prompt.sha256)
    try:
        rendered = "".join(template.blocks[name](template.new_context(variables)))
    except _TEMPLATE_MISTAKES as error:
        sees = ""
        if isinstance(error, UndefinedError) and str(error).endswith("is undefined"):
            sees = f" A prompt sees {', '.join((*_SHARED, *_OF_ONE_TEXT))}."
        raise PromptError(f"{prompt.path}:{_line(error, template)}: {_sentence(error)}{sees}") from None
    return _BLANK_LINES.sub("\n\n", rendered).replace(_DATA_LINE_END, "\n").strip()


def _line(error: BaseException, template: Template) -> int:
    """The line of the template's file where the error arose."""
    steps = traceback.walk_tb(error.__traceback__)
    python_lines = [line for frame, line in steps if frame.f_code.co_filename == template.filename]
    return template.get_corresponding_lineno(python_lines[-1]) if python_lines else 1


def _sentence(error: BaseException) -> str:
    message = error.message if isinstance(error, TemplateError) else str(error)
    return f"{(message or type(error).__name__).rstrip('.')}."


# Checking


def check_fits(prompt: Prompt, *, task: str, format_name: str, lang: str | None = None) -> None:
    """Refuse a prompt that is worded for another task, format or language.

    Raises:
        PromptError: it does not fit; the message names the prompts that do.
    """
    if prompt.task != task:
        wrong = f"{prompt.task}, not for {task}"
    elif prompt.formats and format_name not in prompt.formats:
        wrong = f"the format {' or '.join(prompt.formats)}, not for {format_name}"
    elif lang is not None and prompt.lang != lang:
        wrong = f"{prompt.lang}, not for {lang}"
    else:
        return
    fitting = ", ".join(_fitting(task, format_name, lang)) or "none; write one under prompts/"
    raise PromptError(f"prompt {prompt.name!r} is worded for {wrong}. Prompts that fit: {fitting}.")


def _fitting(task: str, format_name: str, lang: str | None) -> list[str]:
    found = []
    for name in prompt_names(task, lang):
        try:
            prompt = load_prompt(name)
        except PromptError:  # a broken one is no advice; `check_prompts` reports it
            continue
        if not prompt.formats or format_name in prompt.formats:
            found.append(name)
    return found


def check_prompts() -> list[str]:
    """One line for each mistake in any prompt; empty when all are sound.

    Each is rendered with a made-up question in every format it allows. It must show the text, the names of all types and, unless
    it is worded for certain formats, the format's own rule.
    """
    mistakes = []
    for name in prompt_names():
        try:
            prompt = load_prompt(name)
            for format_name in FORMATS:
                if prompt.task in FORMATS.get(format_name).TASKS and (not prompt.formats or format_name in prompt.formats):
                    mistakes += _check_rendered(prompt, format_name)
        except PromptError as error:
            mistakes.append(str(error))
    return list(dict.fromkeys(mistakes))  # a mistake of the template itself shows in every format


def _check_rendered(prompt: Prompt, format_name: str) -> list[str]:
    schema = asked_of(prompt.task, _made_up_schema(prompt.lang))
    question = Question(prompt.task, schema, "{{ text }} {% of %}\n\n\n2 lines.", prompt.lang)
    description = FORMATS.get(format_name).describe(question)
    instruct, query = render(prompt, question, description)
    mistakes = [] if question.text in query else ["query does not show the text"]
    labels: tuple[Label, ...] = (*schema.entities, *schema.relations, *schema.events)
    mistakes += [f"the name of a type, {label.name!r}, is not shown" for label in labels if label.name not in instruct + query]
    if not prompt.formats and description.answer_rule not in instruct + query:
        mistakes.append(
            f"the rule of the format {format_name} is not shown; show answer_rule, or name the formats it is worded for"
        )
    return [f"{prompt.path}: {mistake}." for mistake in mistakes]


def _made_up_schema(lang: str) -> Schema:
    """Of each kind one type with a description and one without, and an event without roles."""

    def pair(kind: str, make: Callable[[str, str, str], T]) -> tuple[T, T]:
        return make(f"{kind}1", f"{kind} one", f"what {kind} one means"), make(f"{kind}2", f"{kind} two", "")

    first, second = pair("event", EventLabel)
    roles = pair("role", Label)
    return Schema(lang, pair("entity", Label), pair("relation", RelationLabel), (replace(first, roles=roles), second))
