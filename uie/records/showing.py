"""A file of Records → each with what a reader wants to know of it: what was asked, given and left out, and where tokens begin."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from uie.corpora.config import dataset_names, load_dataset_config
from uie.documents import Document, document_from_json
from uie.errors import RecordError, UIEError
from uie.records.labels import label_counts
from uie.records.record import Record, prompt_text, read_records
from uie.records.windows import Window, cut_to
from uie.schema import KINDS, EventLabel, Label, Schema
from uie.storage import read_lines
from uie.tasks import TASKS, asked_of
from uie.tasks.names import name_of
from uie.tasks.question import Answer

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a text between two token borders; `count` is above 1 where a single character takes several tokens."""

    text: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Shown:
    """A Record and what can be said of it.

    `asked`: the names it asks, by kind of label, each with its label where the name is a stand-in that only this record has.
    `not_asked`: names that its corpus has beside them. `passed_over`: how many items of labels that are not asked the text holds.
    `cut`: what lies across the border of its window. `prompt_tokens` and `answer` are None without a tokenizer.
    """

    record: Record
    asked: Mapping[str, tuple[str, ...]]
    given: tuple[str, ...] = ()
    not_asked: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    cut: Mapping[str, int] = field(default_factory=dict)
    prompt_tokens: int | None = None
    answer: tuple[Token, ...] | None = None

    @property
    def is_window(self) -> bool:
        return self.record.id.endswith(f"@{self.record.start}")


def shown(path: Path, *, id: str | None = None, limit: int | None = None, tokenizer: "Tokenizer | None" = None) -> list[Shown]:
    """The first `limit` Records of a file, or those that `id` names: one of that id, or all of that document.

    The gold Documents that `build-data` put beside the file and the corpus' config tell what was left out, where they are there.

    Raises:
        RecordError: the file is no file of records, or holds no such id.
    """
    records = _chosen(path, id, limit)
    documents = _documents(path, {record.document_id for record in records})
    return [_shown(record, documents.get(record.document_id), tokenizer) for record in records]


def _chosen(path: Path, id: str | None, limit: int | None) -> list[Record]:
    found: list[Record] = []
    known: list[str] = []
    for record in read_records(path):
        if id is None or id in (record.id, record.document_id):
            found.append(record)
        known += [] if id is None else [record.id]
        if limit is not None and len(found) >= limit:
            break
    if id is not None and not found:
        near = get_close_matches(id, known, n=1, cutoff=0) if known else []
        raise RecordError(f"{path}: no record or document is called {id!r}; {f'near: {near[0]!r}' if near else 'it is empty'}.")
    return found


def _documents(path: Path, ids: set[str]) -> dict[str, Document]:
    """The gold Documents with these ids that lie where `build-data` puts them; most lines are passed over unread."""
    beside = path.parent / "documents" / path.name
    found: dict[str, Document] = {}
    if not beside.is_file():
        return found
    wanted = {json.dumps(id, ensure_ascii=False) for id in ids}
    for number, line in read_lines(beside, error=RecordError):
        if any(id in line for id in wanted):
            document = document_from_json(json.loads(line), where=f"{beside}:{number}")
            if document.id in ids:
                found[document.id] = document
                if len(found) == len(ids):
                    break
    return found


def _shown(record: Record, document: Document | None, tokenizer: "Tokenizer | None") -> Shown:
    asked, whole = record.asked(), None if record.is_bare else _corpus_schema(record.dataset, record.lang)
    passed_over, cut = ({}, {}) if document is None else _left_out(record, document, asked, whole)
    return Shown(
        record,
        {kind: tuple(_entry(label, kind, whole) for label in labels) for kind, labels in _by_kind(asked)},
        _given(record.given, asked),
        {} if whole is None else _without(asked_of(record.task, whole), asked),
        passed_over,
        cut,
        None
        if tokenizer is None
        else len(tokenizer.encode(prompt_text(record.instruct, record.query), add_special_tokens=False).ids),
        None if tokenizer is None or record.answer is None else tokens_of(record.answer, tokenizer),
    )


@lru_cache(maxsize=64)
def _corpus_schema(dataset: str, lang: str) -> Schema | None:
    """The schema of a corpus; None where the corpus is not known here or its config is broken."""
    if dataset not in dataset_names():
        return None
    try:
        return load_dataset_config(dataset).schema(lang)
    except UIEError:  # `uie corpora check` is the place to report it
        return None


def _by_kind(schema: Schema) -> Iterator[tuple[str, Sequence[Label]]]:
    for kind in KINDS:
        labels: Sequence[Label] = getattr(schema, kind)
        if labels:
            yield kind, labels


def _entry(label: Label, kind: str, whole: Schema | None) -> str:
    """The name, with what it stands for where it is a code or paraphrase of this record; an event with its roles."""
    usual = label.name if whole is None else name_of(label.label, getattr(whole, kind))
    name = label.name if label.name == usual else f"{label.name} = {usual}"
    roles = ", ".join(role.name for role in label.roles) if isinstance(label, EventLabel) else ""
    return f"{name} ({roles})" if roles else name


def _without(whole: Schema, asked: Schema) -> dict[str, tuple[str, ...]]:
    found = {}
    for kind, labels in _by_kind(whole):
        taken = {label.label for label in getattr(asked, kind)}
        if left := tuple(label.name for label in labels if label.label not in taken):
            found[kind] = left
    return found


def _given(given: Answer | None, schema: Schema) -> tuple[str, ...]:
    """What the question takes as known, a line each."""
    if given is None:
        return ()
    lines = [mention.text for mention in given.mentions]
    lines += [f"{triple.head.text} → {triple.tail.text}" for triple in given.triples]
    for frame in given.frames:
        event = name_of(frame.type, schema.events)
        lines.append(f"{event} without a trigger" if frame.trigger is None else f"{frame.trigger.text}: {event}")
    return tuple(lines)


def _left_out(record: Record, document: Document, asked: Schema, whole: Schema | None) -> tuple[dict[str, int], dict[str, int]]:
    """Items of labels that were not asked, by name, most frequent first, and what the window's border cuts apart, by kind."""
    end = record.start + len(record.text)
    if document.text[record.start : end] != record.text:
        return {}, {}
    window, cut = cut_to(document, Window(record.start, end))
    task = TASKS.get(record.task)
    gold = task.gold(window) or Answer()
    counts: Counter[str] = Counter()
    for kind in task.kinds:
        known: Sequence[Label] = getattr(whole or asked, kind)
        taken = {label.label for label in getattr(asked, kind)}
        counts.update({name_of(label, known): count for label, count in label_counts(gold, kind).items() if label not in taken})
    about = (*task.kinds, "arguments") if "events" in task.kinds else task.kinds
    return dict(counts.most_common()), {kind: count for kind, count in cut.items() if kind in about}


def tokens_of(text: str, tokenizer: "Tokenizer") -> tuple[Token, ...]:
    """The text in pieces, one a token but where a character takes several; joined they are the text.

    What stands between two tokens and belongs to none (a tokenizer may drop white space) goes to the one before it.
    """
    found: list[Token] = []
    starts: Counter[int] = Counter()
    encoded: Any = tokenizer.encode(text, add_special_tokens=False)
    for start, _ in encoded.offsets:
        starts[start] += 1
    borders = sorted(starts) or [0] * bool(text)
    for start, end in zip(borders, [*borders[1:], len(text)], strict=False):
        found.append(Token(text[start if found else 0 : end], starts[start]))
    return tuple(found)


def printable(text: str) -> str:
    """The text with pictures in place of control characters (␛ for escape), but for line ends and tabs: a file must not steer a terminal."""
    if all(character.isprintable() or character in "\n\t" for character in text):
        return text
    return "".join(map(_picture, text))


def _picture(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) != "Cc":
        return character
    return chr(0x2400 + ord(character)) if ord(character) < 0x20 else "␡"
