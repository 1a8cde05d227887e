"""What a layout is: a Record → a row, a row → the keys of a Record, and rows ↔ a file."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from uie.errors import RecordError
from uie.json_array import array_items, first_character
from uie.records.record import Record, prompt_text
from uie.storage import parse_object, read_lines

Json = dict[str, Any]
ReadRow = Callable[[Json], Json]
# JSON Lines; an array with one row a line; an array on one line without a line end, as `json.dump` writes it.
Style = Literal["lines", "array", "one line"]
_AROUND: Mapping[Style, tuple[str, str, str]] = {
    "lines": ("", "\n", "\n"),
    "array": ("[\n", ",\n", "\n]\n"),
    "one line": ("[", ", ", "]"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A data file of an exported folder: the split it holds, its name, its rows per (corpus, task), and its languages."""

    split: str
    file: str
    counts: Mapping[tuple[str, str], int]
    langs: frozenset[str]

    @property
    def records(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Source:
    """A data file to be read, how its rows are read, and the corpus they belong to ("" where the rows say it or nobody does)."""

    path: Path
    read: ReadRow
    dataset: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A row (or a part of a folder) that no record was made of."""

    where: str
    reason: str
    row: Json


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout; `read` raises RecordError with the reason why a row gives no record.

    `style` None goes by the file's name: `.jsonl` is JSON Lines, any other an array. `file` names the file of a split in a folder.
    A layout with `beside` is always a folder: it gives the text of the files beside the data, for the folder's name and data files.
    `sources` finds the data files of such a folder, of one corpus if it is named.
    """

    write: Callable[[Record], Json]
    read: ReadRow
    file: str = "{split}.json"
    style: Style | None = None
    beside: Callable[[str, list[Written]], Mapping[str, str]] | None = None
    sources: Callable[[Path, str], Iterator[Source | SetAside]] | None = None


def prompt_of(record: Record) -> str:
    """The question as one text: what `uie/models/encoding.py` wraps."""
    return prompt_text(record.instruct, record.query)


def write_rows(file: IO[str], rows: Iterable[Json], style: Style) -> None:
    """Writes the rows, of which there is at least one, spaced as the other projects' own files are."""
    lead, between, after = _AROUND[style]
    for row in rows:
        file.write(lead + json.dumps(row, ensure_ascii=False))
        lead = between
    file.write(after)


def read_rows(path: Path) -> Iterator[tuple[int, str, Json]]:
    """Number, place and value of every row: the lines of a JSON Lines file or the items of an array, whatever the file's name.

    Raises:
        RecordError: the file is missing or empty, or does not hold JSON objects.
    """
    first = first_character(path, error=RecordError)
    if not first:
        raise RecordError(f"{path}: the file is empty.")
    if first == "[":
        items = array_items(path, expected="an array of objects, or one object a line", error=RecordError)
        rows = ((number, f"{path}: row {number}", raw) for number, (raw, _) in enumerate(items, 1))
    else:
        lines = read_lines(path, error=RecordError)
        rows = ((number, f"{path}:{number}", line) for number, line in lines if line.strip())
    for number, where, row in rows:
        yield number, where, parse_object(row, where, error=RecordError)


def text_of(row: Mapping[str, Any], key: str) -> str:
    """The text under a key.

    Raises:
        RecordError: it is missing or no text.
    """
    value = _value_of(row, key)
    if not isinstance(value, str):
        raise RecordError(f"{key}: expected a text, found {type(value).__name__}.")
    return value


def optional_text(row: Mapping[str, Any], key: str) -> str:
    """The text under a key; "" if it is missing or null."""
    return "" if row.get(key) is None else text_of(row, key)


def objects_of(row: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """The objects in the list under a key.

    Raises:
        RecordError: it is missing, or no list of objects.
    """
    value = _value_of(row, key)
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise RecordError(f"{key}: expected a list of objects, found {type(value).__name__}.")
    return value


def with_id(found: Json, row: Mapping[str, Any]) -> Json:
    """The keys that were found, with the row's id if it has one: a text or a whole number."""
    return {**found, "id": str(row["id"])} if isinstance(row.get("id"), str | int) else found


def _value_of(row: Mapping[str, Any], key: str) -> Any:
    if key not in row:
        raise RecordError(f"no {key!r}; the row has {', '.join(row) or 'nothing'}.")
    return row[key]
