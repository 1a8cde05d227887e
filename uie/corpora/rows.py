"""A file of JSON objects (one a line, or one array of them) in, Documents out by a layout's own function; what fails goes to `bad`."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import OnBad
from uie.documents import Document
from uie.errors import CorpusError, DocumentError
from uie.storage import check_characters, parse_object, read_lines

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NoOptions:
    """The settings of a layout that has none."""


def documents_from_lines(path: Path, bad: OnBad, make: Callable[[Json], Document | None]) -> Iterator[Document]:
    """`make` for each line of a JSON Lines file (whatever its suffix); blank lines, and rows it makes None of, are passed over."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            document = _made(make, parse_object(line, where), path, number)
        except CorpusError as error:
            bad(error, line)
            continue
        if document is not None:
            yield document


def documents_from_array(path: Path, bad: OnBad, make: Callable[[Json], Document | None]) -> Iterator[Document]:
    """`make` for each object of a JSON array; errors count the items from 0. The whole file is read at once.

    Raises:
        CorpusError: the file is not one JSON array.
    """
    text = "\n".join(line for _, line in read_lines(path))
    try:
        items = json.loads(text)
    except (ValueError, RecursionError) as found:
        raise CorpusError(f"{path}: not JSON: {found}; expected an array of objects.") from None
    if not isinstance(items, list):
        raise CorpusError(f"{path}: expected an array of objects, found {type(items).__name__}.")
    for number, item in enumerate(items):
        where = f"{path}:item {number}"
        try:
            if not isinstance(item, dict):
                raise CorpusError(f"{where}: expected an object, found {item!r}.")
            if "\\u" in text:
                check_characters(item, where)
            document = _made(make, item, path, f"item {number}")
        except CorpusError as error:
            raw = json.dumps(item, ensure_ascii=False)
            bad(error, raw.encode("utf-8", "backslashreplace").decode("utf-8"))  # half a character as JSON writes it
            continue
        if document is not None:
            yield document


def _made(make: Callable[[Json], Document | None], row: Json, path: Path, place: int | str) -> Document | None:
    where = f"{path}:{place}"
    try:
        document = make(row)
        return document if document is None else placed(document, place)
    except (CorpusError, DocumentError) as error:
        raise CorpusError(f"{where}: {error}") from None
    except KeyError as error:
        raise CorpusError(f"{where}: the key {error} is missing.") from None
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise CorpusError(f"{where}: not as the layout has it: {type(error).__name__}: {error}.") from None


def placed(document: Document, place: int | str) -> Document:
    """The Document with its place in the file (see `uie.corpora`)."""
    meta = {**document.meta, "place": place}
    return document.called(document.id, dataset=document.dataset, split=document.split, lang=document.lang, meta=meta)


def string(row: Json, key: str) -> str:
    """The text under `key`, which must be one and must not be empty."""
    value = row[key]
    if not isinstance(value, str) or not value:
        raise CorpusError(f"{key}: expected a text, found {value!r}.")
    return value


def whole_number(row: Json, key: str) -> int:
    """The offset under `key`: JSON's true, 3.0 and null are none."""
    value = row[key]
    if type(value) is not int:
        raise CorpusError(f"{key}: expected a whole number, found {value!r}.")
    return value
