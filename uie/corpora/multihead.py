"""CoNLL04 as `#doc ID` and rows `NUMBER TOKEN TAG ['relation'] [head]` (Bekoulis 2018) in, Documents with entities and relations out."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from uie.corpora import Layout, OnBad
from uie.corpora.rows import placed
from uie.corpora.tagging import SchemeName, TagStyle
from uie.corpora.tokens import Join, document_of, joined
from uie.documents import Document, Relation
from uie.errors import CorpusError
from uie.storage import read_lines

_HEADER = "#doc"
_NONE = "N"  # the relation of a token that has none
T = TypeVar("T", int, str)
Rows = list[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class MultiheadOptions:
    """As in `TokensOptions`."""

    scheme: SchemeName = "IOB2"
    join: Join = "space"


def read(path: Path, options: MultiheadOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a `#doc`. A relation stands at the last token of its head, and names the number of its tail's last token.

    Several relations of a token are lists of the same length. What points to no last token of a mention makes the document unreadable.
    """
    for rows in _blocks(path):
        number, header = rows[0]
        try:
            document = _document(path, rows, options)
        except CorpusError as error:
            bad(error, "\n".join(line for _, line in rows))
            continue
        yield placed(replace(document, id=header.removeprefix(_HEADER).strip()), number)


def _blocks(path: Path) -> Iterator[Rows]:
    rows: Rows = []
    for number, line in read_lines(path):
        if line.startswith(_HEADER) and rows:
            yield rows
            rows = []
        if line.strip():
            rows.append((number, line))
    if rows:
        yield rows


def _document(path: Path, rows: Rows, options: MultiheadOptions) -> Document:
    number, header = rows[0]
    where = f"{path}:{number}"
    if not header.startswith(_HEADER):
        raise CorpusError(f"{where}: expected a line '{_HEADER} ID', found {header!r}.")
    if len(rows) == 1:
        raise CorpusError(f"{where}: no token follows {header!r}.")
    tokens, tags = [], []
    found: list[tuple[str, str, int, int]] = []
    for position, (number, line) in enumerate(rows[1:]):
        here = f"{path}:{number}"
        columns = line.split("\t")
        if len(columns) != 5 or not columns[1]:
            raise CorpusError(f"{here}: expected NUMBER, TOKEN, TAG, RELATIONS and HEADS parted by tabs, found {line!r}.")
        if columns[0] != str(position):
            raise CorpusError(f"{here}: expected the token's number, {position}, found {columns[0]!r}.")
        tokens.append(columns[1])
        tags.append(columns[2])
        names, targets = _list(columns[3], str, here), _list(columns[4], int, here)
        if len(names) != len(targets):
            raise CorpusError(f"{here}: {len(names)} relations, but {len(targets)} heads: {line!r}.")
        found.extend((here, name, position, target) for name, target in zip(names, targets, strict=True) if name != _NONE)
    text, offsets = joined(tokens, options.join)
    document = document_of(text, offsets, [tags], TagStyle(options.scheme), where)
    ends = {entity.mention.end: index for index, entity in enumerate(document.entities or ())}
    relations = []
    for here, name, *places in found:
        for place in places:
            if not 0 <= place < len(tokens) or offsets[place][1] not in ends:
                raise CorpusError(f"{here}: {name} joins tokens {places[0]} and {places[1]}, but no mention ends at {place}.")
        head, tail = (ends[offsets[place][1]] for place in places)
        relations.append(Relation(name, head, tail))
    return replace(document, relations=tuple(relations))


def _list(written: str, kind: type[T], where: str) -> list[T]:
    """A list as Python writes it."""
    try:
        values = ast.literal_eval(written.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        values = None
    if not isinstance(values, list) or not values or not all(type(value) is kind for value in values):
        raise CorpusError(f"{where}: expected a list of {kind.__name__}, found {written!r}.")
    return values


LAYOUT = Layout(
    read,
    {
        "people.txt": "#doc 1\n0\tAnn\tB-Peop\t['Live_In']\t[3]\n1\tlives\tO\t['N']\t[1]\n"
        "2\tin\tO\t['N']\t[2]\n3\tRome\tB-Loc\t['N']\t[3]\n"
    },
)
