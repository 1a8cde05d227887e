"""Documents in, a table with one mention a row out (CSV), the text repeated; a Document without mentions is one row."""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TextIO

from uie.corpora.writers import Writer
from uie.corpora.writers.holding import Holds, kept
from uie.documents import Document

_HOLDS = Holds(ungrounded=True, untyped=True)
_COLUMNS = ("document", "id", "text", "start", "end", "type", "mention")
_READ = {
    "group": "document",
    "id": "id",
    "text": "text",
    "entities": {"at": "rows", "start": "start", "end": "end", "type": "type", "text": "mention"},
}


@dataclass(frozen=True, slots=True)
class CsvOptions:
    """`separator` parts the columns."""

    separator: Literal[",", ";", "\t"] = ","


def write(documents: Iterable[Document], out: Path, options: CsvOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """Rows of one Document have the same number in `document`, counted from 1. `start` and `end` are empty where a mention has no place."""
    number = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        rows = _Rows(file, options.separator)
        rows.write(_COLUMNS)
        for document in documents:
            found = kept(document, _HOLDS, lost)
            if found is None:
                continue
            number += 1
            before = (number, found.id, found.text)
            for entity in found.entities or ():
                mention = entity.mention
                rows.write((*before, mention.start, mention.end, entity.type, mention.text))
            if not found.entities:
                rows.write((*before, None, None, None, None))
    return {"separator": options.separator, **_READ}


class _Rows:
    """Before Python 3.13 csv leaves a lone carriage return unquoted and then reads it as a line's end: such rows are quoted whole."""

    def __init__(self, file: TextIO, separator: str) -> None:
        self._plain = csv.writer(file, delimiter=separator, lineterminator="\n")
        self._quoted = csv.writer(file, delimiter=separator, lineterminator="\n", quoting=csv.QUOTE_ALL)

    def write(self, cells: Iterable[object]) -> None:
        cells = tuple(cells)
        rows = self._quoted if any(isinstance(cell, str) and "\r" in cell for cell in cells) else self._plain
        rows.writerow(cells)


WRITER = Writer(write, "table", suffix=".csv")
