"""An input file of `uie predict` → Records: Records as they are, Documents or plain text asked anew."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from uie.documents import Document, document_from_json
from uie.errors import RecordError, SettingsError
from uie.prompting import load_prompt
from uie.records.asking import Asker, asker, prompt_language
from uie.records.record import Record, read_records
from uie.schema import Schema
from uie.storage import parse_object, read_jsonl, read_lines
from uie.tasks import TASKS, applies

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Asking:
    """How Documents are asked: the tasks, the schema, the format of the answers, and the name of the wording for each task."""

    tasks: tuple[str, ...]
    schema: Schema
    format: str = ""
    prompts: Mapping[str, str] = field(default_factory=dict)

    def as_trained(self, questions: Mapping[str, Any]) -> "Asking":
        """The same with what was left open filled in from a run's `questions.json` ({} for a model without a run).

        The run's first format, else `lines`; for each task the first wording the run was trained on in the schema's language, else
        TASK/default. A name without language gets that of the schema.
        """
        lang = prompt_language(self.schema.lang)
        prompts = {}
        for task in self.tasks:
            trained = (p for p in questions.get("prompts", ()) if p.startswith(f"{task.lower()}/") and p.endswith(f".{lang}"))
            name = self.prompts.get(task) or next(trained, f"{task.lower()}/default")
            prompts[task] = name if name.endswith((".en", ".zh", ".jinja")) else f"{name}.{lang}"
        return replace(self, format=self.format or next(iter(questions.get("formats", ())), "lines"), prompts=prompts)

    def askers(self) -> list[Asker]:
        """One for each task; to be called on what `as_trained` returned.

        Raises:
            SettingsError: the schema holds nothing that the task asks about.
        """
        return [self._asker(task) for task in self.tasks]

    def _asker(self, task: str) -> Asker:
        if TASKS.get(task).gives:
            raise SettingsError(
                f"task {task}: a text alone does not say what it takes as given; build records for it with uie build-data."
            )
        if not applies(task, self.schema):
            kinds = " and ".join(TASKS.get(task).kinds)
            raise SettingsError(f"task {task}: the schema has no {kinds}; add them to the schema or choose another --task.")
        return asker(task, self.schema, load_prompt(self.prompts[task]), self.format)


def unannotated(document: Document) -> Document:
    """The text alone, to be asked all anew: what somebody else was asked about it, and found, changes no question."""
    return replace(document, entities=None, relations=None, events=None, clusters=None, asked=None, problems=None)


def applicable_tasks(schema: Schema) -> tuple[str, ...]:
    """The tasks that a schema has anything to ask for."""
    return tuple(task for task in ("NER", "RE", "EE") if applies(task, schema))


def kind_of_file(path: Path) -> str:
    """What an input file holds: "records", "documents" or "text" (whatever does not start with a JSON object).

    Raises:
        RecordError: the first line is a JSON object of neither kind, or there is no line.
    """
    for number, line in read_lines(path, error=RecordError):
        if line.strip():
            return kind_of_line(line, f"{path}:{number}")
    raise RecordError(f"{path}: the file is empty.")


def kind_of_line(line: str, where: str) -> str:
    """What a line that is not blank shows its file to hold.

    Raises:
        RecordError: it begins like a JSON object and is none, or one of neither kind.
    """
    if not line.lstrip().startswith("{"):
        return "text"
    row = parse_object(line, where, error=RecordError)
    if "instruct" in row:
        return "records"
    if "text" in row:
        return "documents"
    raise RecordError(f"{where}: expected a Record (instruct, query), a Document (id, text) or plain text; found {', '.join(row)}.")


def check_asked(shown: str, kind: str, *, asking: bool) -> None:
    """Records say themselves what they ask, Documents and text do not.

    Raises:
        SettingsError: Documents or text and nothing to ask, or Records and something to ask.
    """
    if kind == "records" and asking:
        raise SettingsError(f"{shown} holds Records, which say themselves what they ask; leave --task, --schema and --dataset out.")
    if kind != "records" and not asking:
        raise SettingsError(
            f"{shown} holds {kind}: say what to ask, such as --task NER --schema FILE or --task NER --dataset NAME."
        )


def read_input(path: Path, *, asking: Asking | None, format: str = "", limit: int | None = None) -> Iterator[Record]:
    """The Records that a file asks for: all, or those of the first `limit` documents of each corpus and split.

    Raises:
        SettingsError: Documents or text without `asking`, or Records with it.
    """
    kind = kind_of_file(path)
    check_asked(str(path), kind, asking=asking is not None)
    if asking is None:
        yield from _first(read_records(path, format=format), limit, key=lambda r: (r.dataset, r.split), id=lambda r: r.document_id)
        return
    askers = asking.askers()
    documents = read_documents(path) if kind == "documents" else _read_text(path, asking.schema.lang)
    for document in _first(documents, limit, key=lambda d: (d.dataset, d.split), id=lambda d: d.id):
        for one in askers:
            yield from one.ask(document)


def read_documents(path: Path) -> Iterator[Document]:
    """The Documents of a JSON Lines file.

    Raises:
        RecordError, DocumentError: a line is no Document, or two Documents have one id (predicted ones: one id and the same tasks);
            the message names file and line.
    """
    seen: dict[tuple[str, ...], int] = {}
    for number, row in read_jsonl(path, error=RecordError):
        document = document_from_json({"id": f"{path.stem}#{number}", **row}, where=f"{path}:{number}")
        key = (document.id, *(document.asked or {}).get("tasks", ()))
        if key in seen:
            raise RecordError(f"{path}:{number}: the id {document.id!r} is that of line {seen[key]}; ids must differ.")
        seen[key] = number
        yield document


def _read_text(path: Path, lang: str) -> Iterator[Document]:
    for number, line in read_lines(path, error=RecordError):
        if line.strip():
            yield Document(f"{path.stem}#{number}", line.strip(), lang=lang)


def _first(items: Iterable[T], limit: int | None, *, key: Callable[[T], tuple[str, str]], id: Callable[[T], str]) -> Iterator[T]:
    taken: dict[tuple[str, str], set[str]] = {}
    for item in items:
        ids = taken.setdefault(key(item), set())
        if limit is None or id(item) in ids or len(ids) < limit:
            if limit is not None:
                ids.add(id(item))
            yield item


def tasks_from(names: Sequence[str], schema: Schema) -> tuple[str, ...]:
    """The tasks asked for by name, all applicable ones when none is named."""
    for name in names:
        TASKS.get(name)
    return tuple(names) or applicable_tasks(schema)
