"""`Chat`: lines that a person (or a pipe) types → extractions shown with coloured spans, or answers to `:commands`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from uie.corpora.config import dataset_names, load_dataset_config
from uie.documents import Document, Mention, document_to_json
from uie.errors import SchemaError, SettingsError, UIEError, unknown_name
from uie.extraction.extractor import Extraction, Extractor, language_of
from uie.extraction.gathering import Answers
from uie.extraction.inputs import tasks_from
from uie.generation import Failed
from uie.schema import KINDS, read_schema
from uie.settings import read_yaml
from uie.tasks import TASKS

HELP = """\
Type a sentence to extract from it. Commands:
  :types person, product   ask for these entity types
  :task ner | re | ee | all   ask for entities, relations, events, or all the schema has
  :schema FILE or NAME     take a schema file, or the schema of a corpus (uie corpora list)
  :schema                  show what is asked for
  :free                    plain chat with the model, to see what tuning did to it; :free again goes back
  :prompt                  what the model was shown for the last sentence
  :raw                     what the model wrote for it, letter by letter
  :help   :quit"""
_COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "red", "bright_cyan", "bright_green", "bright_magenta", "bright_yellow")
_SAY_WHAT = "Say what to extract first, such as :types person, product or :schema FILE."


@dataclass
class Chat:
    """One conversation: what is asked for, and what was last asked and answered."""

    extractor: Extractor
    console: Console
    schema: Mapping[str, Any] = field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    as_json: bool = False
    free: bool = False
    mistakes: int = 0
    "how many lines could not be done; a pipe's exit status tells"
    _turns: list[tuple[str, str]] = field(default_factory=list)
    _last: Extraction | None = None
    _count: int = 0

    def handle(self, line: str) -> bool:
        """Does what a line says; False when it says to quit. A mistake of the user is told, never raised."""
        line = line.strip()
        try:
            if line.startswith(":"):
                return self._command(line)
            if line:
                self._talk(line) if self.free else self._extract(line)
        except UIEError as error:
            self.mistakes += 1
            self._tell(str(error), style="red")
        return True

    def _command(self, line: str) -> bool:
        name, _, rest = line[1:].partition(" ")
        if name in ("quit", "q", "exit"):
            return False
        commands: dict[str, Callable[[str], None]] = {
            "help": lambda rest: self._tell(HELP),
            "types": self._set_types,
            "task": self._set_task,
            "schema": self._set_schema,
            "free": self._toggle_free,
            "prompt": self._show_prompt,
            "raw": self._show_raw,
        }
        if name not in commands:
            raise SettingsError(unknown_name("chat command", name, [*commands, "quit"]))
        commands[name](rest.strip())
        return True

    def _set_types(self, rest: str) -> None:
        types = [part.strip() for part in rest.replace("，", ",").replace("、", ",").split(",") if part.strip()]
        if not types:
            raise SettingsError(":types: expected names, such as :types person, product.")
        schema = {"entities": types}
        read_schema(schema, where=":types")
        self.schema, self.tasks = schema, ("NER",)
        self._tell(f"Asking for {', '.join(types)}.")

    def _set_task(self, rest: str) -> None:
        wanted = () if rest.lower() == "all" else (rest.upper(),)
        for task in wanted:
            TASKS.get(task)
        self.tasks = wanted
        self._show_schema()

    def _set_schema(self, rest: str) -> None:
        if rest:
            self.schema, self.tasks = read_schema_source(rest), ()
        self._show_schema()

    def _show_schema(self) -> None:
        if not self.schema:
            self._tell(_SAY_WHAT)
            return
        schema = read_schema(self.schema, lang="en")
        for task in tasks_from(self.tasks, schema):
            kind = TASKS.get(task).kinds[0]
            names = ", ".join(label.name for label in getattr(schema, kind))
            self._tell(f"{task}: {names or f'the schema has no {kind}'}")

    def _toggle_free(self, rest: str) -> None:
        self.free = not self.free
        self._turns.clear()
        self._tell("Plain chat: the model answers as it likes. :free goes back." if self.free else "Extracting again.")

    def _show_prompt(self, rest: str) -> None:
        for record, _ in self._answers():
            self._tell(f"[{record.task}, {record.prompt}]", style="bold")
            self._tell(f"{record.instruct}\n{record.query}")

    def _show_raw(self, rest: str) -> None:
        for record, answer in self._answers():
            if isinstance(answer, Failed):
                self._tell(f"[{record.task}] no answer: {answer.reason}", style="bold")
                continue
            ended = "" if answer.finish_reason == "stop" else f" (cut at {answer.tokens} tokens)"
            self._tell(f"[{record.task}]{ended}", style="bold")
            self._tell(answer.raw)

    def _answers(self) -> Answers:
        if self._last is None:
            raise SettingsError("nothing was extracted yet; type a sentence first.")
        return self._last.answers

    def _extract(self, text: str) -> None:
        if not self.schema:
            raise SchemaError(_SAY_WHAT)
        self._count += 1
        document = Document(f"chat/{self._count}", text, lang=language_of(text))
        self._last = self.extractor.explain(document, self.schema, tasks=self.tasks)
        if self.as_json:
            self.console.file.write(json.dumps(document_to_json(self._last.document), ensure_ascii=False) + "\n")
            return
        self.console.print(coloured(self._last.document))
        for row in listed(self._last.document):
            self.console.print(row, soft_wrap=True)

    def _talk(self, line: str) -> None:
        written = ""
        for piece in self.extractor.answerer.stream([*self._turns, (line, "")]):
            written += piece
            self.console.file.write(piece)
            self.console.file.flush()
        self.console.file.write("\n")
        self._turns.append((line, written))

    def _tell(self, text: str, style: str = "") -> None:
        """Talk beside the results: to standard error when the results are read by a program."""
        console = Console(stderr=True) if self.as_json else self.console
        console.print(Text(text, style=style), soft_wrap=True)


def read_schema_source(name: str) -> Mapping[str, Any]:
    """The schema mapping of a YAML file, or of the corpus whose dataset config has that name.

    Raises:
        SchemaError: there is neither.
    """
    if Path(name).is_file():
        mapping = read_yaml(Path(name), error=SchemaError)
        if "labels" in mapping:  # a whole dataset config
            mapping = mapping["labels"]
        read_schema(mapping, where=name)
        return mapping
    if name in dataset_names():
        return load_dataset_config(name).labels
    raise SchemaError(f"{name}: no such file. {unknown_name('corpus', name, dataset_names())}")


def default_schema(questions: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a run was trained to answer: the schemas in its `questions.json` as one, each label with its name in every language.

    Empty for a model without a run.
    """
    merged: dict[str, Any] = {}
    for by_task in questions.get("schemas", {}).values():
        for schema in by_task.values():
            for kind in KINDS:
                _merge_labels(merged, kind, schema.get(kind, {}), schema.get("lang", "en"))
    return merged


def _merge_labels(into: dict[str, Any], key: str, labels: Mapping[str, Any], lang: str) -> None:
    for label, value in labels.items():
        held = into.setdefault(key, {}).setdefault(label, {})
        # A label without a name is its own: left out, the name of another language would stand for it.
        held.setdefault("name", {}).setdefault(lang, value.get("name", label))
        if "roles" in value:
            _merge_labels(held, "roles", value["roles"], lang)
        held.update({end: value[end] for end in ("head", "tail") if end in value})


def coloured(document: Document) -> Text:
    """The text with every grounded mention in its type's colour, inner mentions on top of outer ones."""
    text = Text(document.text)
    mentions = [(entity.mention, entity.type or "") for entity in document.entities or ()]
    for event in document.events or ():
        mentions += [(event.trigger, event.type)] if event.trigger else []
        mentions += [(argument.mention, argument.role) for argument in event.arguments if argument.mention]
    colours = {type: _COLOURS[i % len(_COLOURS)] for i, type in enumerate(dict.fromkeys(type for _, type in mentions))}
    for mention, type in sorted(mentions, key=lambda item: item[0].order):
        for start, end in mention.span or ():
            text.stylize(f"bold {colours[type]} underline", start, end)
    return text


def listed(document: Document) -> list[Text]:
    """One line for each item: offsets, type and mention; what is not in the text says so; then the problems."""
    rows = [_row(entity.mention, entity.type) for entity in document.entities or () if entity.type is not None]
    entities = document.entities or ()
    for relation in document.relations or ():
        head, tail = entities[relation.head].mention, entities[relation.tail].mention
        rows.append(Text.assemble("  ", (relation.type or "—", "bold"), f"  {_said(head)} → {_said(tail)}"))
    for event in document.events or ():
        rows.append(Text.assemble("  ", (event.type, "bold"), f"  {_said(event.trigger)}" if event.trigger else ""))
        rows += [Text(f"    {a.role}: {_said(a.mention)}") for a in event.arguments if a.mention]
    rows = rows or [Text("  nothing found", style="dim")]
    rows += [Text(f"  {problem['kind']}: {problem['piece']}", style="dim") for problem in document.problems or ()]
    return rows


def _row(mention: Mention, type: str | None) -> Text:
    place = f"{mention.start:>4}–{mention.end:<4}" if mention.grounded else "not in text"
    return Text.assemble(f"  {place} ", (str(type), "bold"), f"  {mention.text}")


def _said(mention: Mention) -> str:
    return f"{mention.text} ({mention.start}–{mention.end})" if mention.grounded else f"{mention.text} (not in text)"
