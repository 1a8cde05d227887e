"""`Record`: one question put to a model, worded, with its gold answer; JSON in, JSON out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from uie.errors import RecordError, SchemaError
from uie.schema import Schema, read_schema
from uie.storage import read_jsonl
from uie.tasks.question import Answer, Question, answer_from_json, answer_to_json

Json = dict[str, Any]
_KEYS = ("instruct", "query", "answer")
_MORE = ("id", "task", "dataset", "split", "lang", "format", "prompt", "text")


@dataclass(frozen=True, slots=True)
class Record:
    """`instruct` and `query` are what the model reads, `answer` what it shall write (None where no gold is known).

    The rest says where it came from: `text` is the window that was asked about and `source` its document and the window's start
    in it; `schema` is the mapping of what was asked (`uie.schema`), `given` what the question takes as known. A file with only the first three keys trains and evaluates too
    (see `is_bare`); to be evaluated it must be said which `format` its answers have.
    """

    instruct: str
    query: str
    answer: str | None
    id: str
    task: str = "NER"
    dataset: str = ""
    split: str = ""
    lang: str = "en"
    format: str = ""
    prompt: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)
    given: Answer | None = None

    @property
    def is_bare(self) -> bool:
        """Whether the record came from a three-key file: nothing is known of its text and schema, and its query stands for the text."""
        return not self.text

    @property
    def document_id(self) -> str:
        return str(self.source.get("document_id", self.id))

    @property
    def start(self) -> int:
        """Where the window starts in its document, in code points."""
        return int(self.source.get("start", 0))

    def asked(self) -> Schema:
        """The schema that was asked, in the record's language."""
        try:
            return _schema(json.dumps(self.schema), self.lang)
        except SchemaError as error:
            raise SchemaError(f"record {self.id}: {error}") from None

    def question(self) -> Question:
        """What the record asks, as formats and parsing read it."""
        return Question(self.task, self.asked(), self.text, self.lang, self.given)


@lru_cache(maxsize=256)
def _schema(mapping: str, lang: str) -> Schema:
    """Thousands of records share one schema, and reading one of 65 event types takes a millisecond."""
    return read_schema(json.loads(mapping), lang=lang)


def prompt_text(instruct: str, query: str) -> str:
    """The question as one text, which a model's wrap goes round: instruct, a line end, query; query alone where there is no instruct."""
    return f"{instruct}\n{query}" if instruct else query


def record_to_json(record: Record) -> Json:
    out: Json = {key: getattr(record, key) for key in _KEYS}
    out.update({key: getattr(record, key) for key in ("id", "task", "dataset", "split", "lang", "format", "prompt")})
    out.update(schema=dict(record.schema), text=record.text, source=dict(record.source))
    if record.answer is None:
        del out["answer"]
    if record.given is not None:
        out["given"] = answer_to_json(record.given)
    return out


def record_from_json(row: Mapping[str, Any], *, where: str, id: str) -> Record:
    """The record of a JSON object; `id` names one that has no id of its own.

    Raises:
        RecordError: instruct or query is missing, or a key is of the wrong type.
    """
    for key in ("instruct", "query"):
        if key not in row:
            near = ", ".join(row) or "nothing"
            raise RecordError(f"{where}: no {key!r}; a record has instruct, query and answer; this line has {near}.")
    for key in (*_KEYS, *_MORE):
        if key in row and not isinstance(row[key], str):
            raise RecordError(f"{where}: {key}: expected a text, found {row[key]!r}.")
    for key in ("schema", "source", "given"):
        if not isinstance(row.get(key, {}), Mapping):
            raise RecordError(f"{where}: {key}: expected a mapping, found {row[key]!r}.")
    start = row.get("source", {}).get("start", 0)
    if type(start) is not int or start < 0:
        raise RecordError(f"{where}: source.start: expected a whole number from 0, found {start!r}.")
    given = {key: row[key] for key in _MORE if key in row}
    return Record(
        row["instruct"],
        row["query"],
        row.get("answer"),
        **{"id": id, **given},
        schema=row.get("schema", {}),
        source=row.get("source", {}),
        given=_given(row["given"], where) if "given" in row else None,
    )


def _given(row: Mapping[str, Any], where: str) -> Answer:
    try:
        return answer_from_json(row)
    except (KeyError, TypeError, AttributeError):
        raise RecordError(f"{where}: given: expected mentions, triples or frames, found {row!r}.") from None


def read_records(path: Path, *, format: str = "") -> Iterator[Record]:
    """The records of a JSON Lines file; those without an id are called FILE#LINE, those without a format have `format`.

    Raises:
        RecordError: a line is no record, or two records have one id; the message names file and line.
    """
    seen: dict[str, int] = {}
    for number, row in read_jsonl(path, error=RecordError):
        record = record_from_json(row, where=f"{path}:{number}", id=f"{path.stem}#{number}")
        if record.id in seen:
            raise RecordError(f"{path}:{number}: the id {record.id!r} is that of line {seen[record.id]}; ids must differ.")
        seen[record.id] = number
        yield record if record.format else replace(record, format=format)
