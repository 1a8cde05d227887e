"""A table (CSV, TSV or Parquet) in, Documents out, by a mapping in the options: which column holds the text, which the mentions, …"""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, groupby, islice
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad, ignore_bad
from uie.corpora.columnar import MAGIC, read_columns
from uie.corpora.guessing import guess_grouped, guess_mapping
from uie.corpora.mapped import MentionKeys
from uie.corpora.mapping import MappingOptions, document_from_row, style_of, tags_of, with_class_names
from uie.corpora.paths import unpacked
from uie.corpora.rows import Json, Place, placed, values_from_items
from uie.documents import Document
from uie.errors import CorpusError

_FEW = 300  # rows that tell what the columns mean
_LARGEST_CELL = 2**30  # characters; the csv module's own limit is 131,072, and a text may be longer
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


@dataclass(frozen=True, slots=True)
class TableOptions(MappingOptions):
    """As `MappingOptions`; a path begins with the name of a column, which the first row has.

    `group`: rows one after the other that are alike in this column, or empty there, are one Document: its `rows` is the list of them (`entities: {at:
    rows, …}` for one mention a row; `tokens: rows.word, tags: rows.tag` for one token a row), what else it has is that of the first.
    `separator`: default: a tab, comma, semicolon or bar, whichever the first line has most of. `encoding`: default: as the file's byte
    order mark has it, else UTF-8. `quotes`: whether `"` surrounds cells.
    """

    group: str = ""
    separator: str = ""
    encoding: str = ""
    quotes: bool = True


def read(path: Path, options: TableOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row, or a group of rows. An empty cell where a list is expected is an empty list. Parquet needs pyarrow;
    tags there that are class labels are read by their names."""
    options = with_class_names(options, read_columns(path).class_names) if is_parquet(path) else options
    tags = values_from_items(path, "", _rows(path, options, ignore_bad), ignore_bad, lambda row: tags_of(row, options))
    style = style_of(options, (found for _, found in tags), path)
    documents = values_from_items(path, "", _rows(path, options, bad), bad, lambda row: document_from_row(row, options, style))
    for place, document in documents:
        yield placed(document, place)


def _rows(path: Path, options: TableOptions, bad: OnBad) -> Iterator[tuple[Place, Json]]:
    rows = read_columns(path).rows if is_parquet(path) else _cells(path, options, bad)
    if not options.group:
        yield from rows
        return

    group_of: Any = None

    def own(row: tuple[Place, Json]) -> Any:
        nonlocal group_of
        if options.group not in row[1]:
            raise CorpusError(f"{path}: there is no column {options.group!r}; there is {', '.join(row[1])}.")
        cell = row[1][options.group]
        group_of = group_of if cell in (None, "") and group_of is not None else cell
        return group_of

    for _, group in groupby(rows, own):
        members = list(group)
        place, first = members[0]
        yield place, {**first, "rows": [row for _, row in members if not _is_bare(row, options.entities)]}


def _is_bare(row: Json, keys: MentionKeys | None) -> bool:
    """Whether a row is there for its text alone, where each has a mention: its cells for place and string are empty."""
    if keys is None or keys.at != "rows":
        return False
    cells = [row[key] for key in (keys.start, keys.text) if isinstance(key, str) and key in row]
    return bool(cells) and all(cell in (None, "") for cell in cells)


def is_parquet(path: Path) -> bool:
    """By its first bytes; a file that is not there is none."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False  # the reader of text says what is wrong


def _cells(path: Path, options: TableOptions, bad: OnBad) -> Iterator[tuple[Place, Json]]:
    """The rows of a text file with their first line, as objects of the column names."""
    encoding = options.encoding
    csv.field_size_limit(_LARGEST_CELL)
    try:
        encoding = encoding or _encoding(path)
        with path.open(encoding=encoding, newline="") as file:
            separator = options.separator or _separator(file.readline())
            file.seek(0)
            lines = (
                csv.reader(file, delimiter=separator, strict=True)
                if options.quotes
                else csv.reader(file, delimiter=separator, quoting=csv.QUOTE_NONE, strict=True)
            )
            yield from _objects(path, lines, bad)
    except UnicodeError as found:
        raise CorpusError(
            f"{path}:{_line_of(path, encoding)}: not {encoding.upper()} ({found}); name its encoding in the options."
        ) from None
    except LookupError:
        raise CorpusError(f"{path}: no encoding is called {encoding!r}; try utf-8, utf-16, gb18030 or latin-1.") from None
    except TypeError as found:
        raise CorpusError(f"{path}: separator {options.separator!r}: {found}.") from None
    except IsADirectoryError:
        raise CorpusError(f"{path}: expected a file, found a folder.") from None
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file.") from None


def _objects(path: Path, lines: Any, bad: OnBad) -> Iterator[tuple[Place, Json]]:
    header: list[str] | None = None
    while True:
        place = lines.line_num + 1
        try:
            cells = next(lines, None)
        except csv.Error as found:
            raise CorpusError(f"{path}:{place}: no row of a table: {found}.") from None
        if cells is None:
            return
        if header is None:
            header = cells
            twice = [name for name, times in Counter(filter(None, header)).items() if times > 1]
            if twice:
                raise CorpusError(
                    f"{path}:{place}: two columns are called {twice[0]!r}; rename one, or only the last would be read."
                )
        elif len(cells) == len(header):
            yield place, dict(zip(header, cells, strict=True))
        elif cells:
            bad(CorpusError(f"{path}:{place}: expected {len(header)} cells, found {len(cells)}."), str(cells))


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        begin = file.read(3)
    return next((name for mark, name in _BYTE_ORDER_MARKS if begin.startswith(mark)), "utf-8")


def _separator(line: str) -> str:
    return max("\t,;|", key=line.count) if any(sign in line for sign in "\t,;|") else ","


def _line_of(path: Path, encoding: str) -> int:
    """The line with the first bytes that are not of the encoding."""
    content = path.read_bytes()
    try:
        content.decode(encoding)
    except UnicodeDecodeError as found:
        return content.count(b"\n", 0, found.start) + 1
    return 1


def guess(path: Path) -> Mapping[str, Any] | None:
    """By the names of the columns and what is in their first cells: one Document a row, one mention a row, or one token a row."""
    if path.suffix not in (".csv", ".tsv", ".parquet", ".tab"):
        return None
    every = MentionKeys()
    rows = [row for _, row in islice(_rows(path, TableOptions(entities=every), ignore_bad), _FEW)]
    found = guess_mapping([{name: _opened(cell) for name, cell in row.items()} for row in rows])
    if found is not None or not rows:
        return found
    for column in rows[0]:
        if any(isinstance(row[column], list | dict) for row in rows):
            continue  # of Parquet; what groups rows is a name or a number
        values: list[Any] = list(
            accumulate((row[column] for row in rows), lambda before, cell: before if cell in (None, "") else cell)
        )
        runs = [value for value, _ in groupby(values)]
        if len(runs) == len(set(runs)) and len(runs) < len(values):
            grouped = [row for _, row in islice(_rows(path, TableOptions(entities=every, group=column), ignore_bad), _FEW)]
            found = guess_grouped(grouped)
            if found is not None:
                return {"group": column, **found}
    return None


def _opened(cell: Any) -> Any:
    """What a cell holds that looks like a list or an object."""
    try:
        return unpacked(cell) if isinstance(cell, str) and cell[:1] in ("[", "{") else cell
    except CorpusError:
        return cell


LAYOUT = Layout(
    read,
    {
        "mentions.csv": 'note,text,from,to,label\n1,"Ann, a nurse, lives in Rome.",0,3,person\n1,"Ann, a nurse, lives in Rome.",23,27,city\n2,Nobody came.,,,\n'
    },
    {"group": "note", "text": "text", "entities": {"at": "rows", "start": "from", "end": "to", "type": "label"}},
    guess,
)
