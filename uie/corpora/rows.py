"""A file of JSON objects (one a line, or one array of them) in, Documents out by a layout's own function; what fails goes to `bad`."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from uie.corpora import OnBad, odd
from uie.documents import Document
from uie.errors import CorpusError, DocumentError
from uie.json_array import array_items, first_character
from uie.storage import check_characters, parse_object, read_lines

Json = dict[str, Any]
Place = int | str
"""Where a row stands in its file: a line number, or `item N` of an array."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The settings of a layout that has none."""


def documents_from_lines(path: Path, bad: OnBad, make: Callable[[Json], Document | None]) -> Iterator[Document]:
    """`make` for each line of a JSON Lines file (whatever its suffix); blank lines, and rows it makes None of, are passed over."""
    return (placed(document, place) for place, document in values_from_lines(path, bad, make))


def documents_from_array(path: Path, bad: OnBad, make: Callable[[Json], Document | None]) -> Iterator[Document]:
    """`make` for each object of a JSON array; errors count the items from 0.

    Raises:
        CorpusError: the file is not one JSON array.
    """
    return (placed(document, place) for place, document in values_from_array(path, bad, make))


def values_from_file(
    path: Path, bad: OnBad, make: Callable[[Json], T | None], *, as_row: Callable[[Any], Any] | None = None
) -> Iterator[tuple[Place, T]]:
    """What `make` makes of each object with its place, of an array (see `values_from_array`) where the file begins with one, else of
    JSON Lines."""
    is_array = first_character(path) == "["
    yield from values_from_array(path, bad, make, as_row=as_row) if is_array else values_from_lines(path, bad, make)


def values_from_lines(path: Path, bad: OnBad, make: Callable[[Json], T | None]) -> Iterator[tuple[Place, T]]:
    """As `documents_from_lines`, of anything that rows may be made into, with its line."""
    for number, line in _rows(path):
        try:
            value = _made(make, parse_object(line, f"{path}:{number}"), path, number)
        except CorpusError as error:
            bad(error, line)
            continue
        if value is not None:
            yield number, value


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a JSON Lines file that are not blank. An object printed over several lines (doccano's example) is one, from `{` to `}`.

    Those stand alone in lines that are not indented, as everything between them is: a broken object ends before the next one.
    """
    block: list[str] = []
    began = 0
    for number, line in read_lines(path):
        if block and line[:1] in " \t}":
            block.append(line)
            if line[:1] == "}":
                yield began, "\n".join(block)
                block = []
            continue
        if block:
            yield began, "\n".join(block)
            block = []
        if line.rstrip() == "{":
            block, began = [line], number
        elif line.strip():
            yield number, line
    if block:
        yield began, "\n".join(block)


def values_from_array(
    path: Path,
    bad: OnBad,
    make: Callable[[Json], T | None],
    *,
    as_row: Callable[[Any], Any] | None = None,
    expected: str = "an array of objects",
) -> Iterator[tuple[Place, T]]:
    """As `documents_from_array`, of anything that rows may be made into, with its item.

    `as_row` makes the objects where the items are `expected` to be something else; what it cannot, it leaves as it is.
    """
    for number, (raw, item) in enumerate(array_items(path, expected=expected)):
        row = item if as_row is None else as_row(item)
        yield from values_from_items(path, raw, [(f"item {number}", row)], bad, make)


def values_from_items(
    path: Path, text: str, items: Iterable[tuple[Place, Any]], bad: OnBad, make: Callable[[Json], T | None]
) -> Iterator[tuple[Place, T]]:
    """`make` for items of a file with their places; `text`, as which they were written there, tells whether JSON's escapes occur."""
    escaped = "\\u" in text
    for place, item in items:
        try:
            if not isinstance(item, dict):
                raise CorpusError(f"{path}:{place}: expected an object, found {item!r}.")
            if escaped:
                check_characters(item, f"{path}:{place}")
            value = _made(make, item, path, place)
        except CorpusError as error:
            raw = json.dumps(item, ensure_ascii=False, default=str)  # cells of Parquet may be dates, bytes and decimals
            bad(error, raw.encode("utf-8", "backslashreplace").decode("utf-8"))  # half a character as JSON writes it
            continue
        if value is not None:
            yield place, value


def parse_file(path: Path, expected: str = "an array of objects") -> tuple[str, Any]:
    """The text of a file that is one JSON value, and that value.

    Raises:
        CorpusError: it is not JSON.
    """
    text = "\n".join(line for _, line in read_lines(path))
    try:
        return text, json.loads(text)
    except (ValueError, RecursionError) as found:
        raise CorpusError(f"{path}: not JSON: {found}; expected {expected}.") from None


def _made(make: Callable[[Json], T | None], row: Json, path: Path, place: Place) -> T | None:
    where = f"{path}:{place}"
    try:
        return make(row)
    except (CorpusError, DocumentError) as error:
        raise CorpusError(f"{where}: {error}") from None
    except KeyError as error:
        raise CorpusError(f"{where}: the key {error} is missing.") from None
    except (TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        raise CorpusError(f"{where}: not as the layout has it: {type(error).__name__}: {error}.") from None


def placed(document: Document, place: Place) -> Document:
    """The Document with its place in the file (see `uie.corpora`)."""
    return with_meta(document, place=place)


def with_meta(document: Document, **meta: Any) -> Document:
    """The Document with more in its `meta`; itself where there is nothing to add."""
    if not meta:
        return document
    meta = {**document.meta, **meta}
    return document.called(document.id, dataset=document.dataset, split=document.split, lang=document.lang, meta=meta)


def with_ungrounded(document: Document) -> Document:
    """The Document of a layout with places, the mentions that have none counted in `meta.ungrounded`."""
    return with_meta(document, **odd(ungrounded=sum(not mention.grounded for mention in document.mentions())))


def with_repeated(document: Document) -> Document:
    """The Document, the entities that say what an earlier one says counted in `meta.repeated`."""
    entities = document.entities or ()
    return with_meta(document, **odd(repeated=len(entities) - len({(entity.mention, entity.type) for entity in entities})))


def string(row: Json, key: str) -> str:
    """The text under `key`, which must be one and must not be empty."""
    return text_of(row[key], key)


def id_of(value: Any) -> str:
    """A row's own id, be it a text or a number; "" where it is null or there is none."""
    return "" if value is None else str(value)


def text_of(value: Any, what: str) -> str:
    """The value, which must be a text and not empty; `what` it is, for the message."""
    if not isinstance(value, str) or not value:
        raise CorpusError(f"{what}: expected a text, found {value!r}.")
    return value


def array(row: Json, key: str) -> list[Any]:
    """The list under `key`: a mapping or a text there would be gone through too, and silently mean something else."""
    value = row[key]
    if not isinstance(value, list):
        raise CorpusError(f"{key}: expected a list, found {value!r}.")
    return value


def whole_number(row: Json, key: str) -> int:
    """The offset under `key`: JSON's true, 3.0 and null are none."""
    value = row[key]
    if type(value) is not int:
        raise CorpusError(f"{key}: expected a whole number, found {value!r}.")
    return value
