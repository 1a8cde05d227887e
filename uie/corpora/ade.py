"""ADE lines `PMID|sentence|effect or dose|start|end|drug|start|end` in (also ADE-NEG's), Documents with entities and relations out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Row, merged
from uie.corpora.rows import Place
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError
from uie.storage import read_lines

_NEGATIVE = re.compile(r"([0-9]+) NEG (.*\S.*)")
_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class AdeOptions:
    """`kind`: what the third column holds. It is the type of these entities and of their relation to the drug."""

    kind: Literal["Adverse-Effect", "Dose"] = "Adverse-Effect"


def read(path: Path, options: AdeOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a sentence, whose pairs stand on a line each; all of the file is held in memory. The head is the effect or dose.

    The offsets count from the start of an abstract that is not there, so they are worth their differences only. All mentions of one
    sentence in one abstract are grounded if there is exactly one place for the sentence at which all of them are what the text says
    (so it is for every sentence of the corpus, and equal strings are told apart by it); otherwise none of them is, and
    `meta.ungrounded` counts them. Equal strings at two places are two entities. A drug may lie inside its effect.

    Lines `PMID NEG sentence` are sentences without a relation. The id is that of the abstract.
    """
    return merged(_rows(path, options.kind, bad))


@dataclass(frozen=True, slots=True)
class _Line:
    place: int
    pair: tuple[tuple[str, int, int], tuple[str, int, int]] | None  # string, start, end


def _rows(path: Path, kind: str, bad: OnBad) -> Iterator[tuple[Place, Row]]:
    sentences: dict[tuple[str, str], list[_Line]] = {}
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            abstract, text, pair = _columns(line, f"{path}:{number}")
        except CorpusError as error:
            bad(error, line)
            continue
        sentences.setdefault((abstract, text), []).append(_Line(number, pair))
    for (abstract, text), lines in sentences.items():
        shift = _shift(text, [mention for one in lines for mention in one.pair or ()])
        for one in lines:
            if one.pair is None:
                yield one.place, Row(text, None, None, abstract)
            else:
                other, drug = (_mention(mention, shift) for mention in one.pair)
                yield one.place, Row(text, (Entity(other, kind), Entity(drug, "Drug")), kind, abstract)


def _columns(line: str, where: str) -> tuple[str, str, tuple[tuple[str, int, int], tuple[str, int, int]] | None]:
    if negative := _NEGATIVE.fullmatch(line):
        return negative[1], negative[2], None
    columns = line.split("|")
    if len(columns) != _COLUMNS:
        raise CorpusError(
            f"{where}: expected {_COLUMNS} columns parted by |, or PMID NEG SENTENCE, found {len(columns)}: {line!r}."
        )
    for name, column in zip(("PMID", "sentence", "third column", "drug"), (*columns[:3], columns[5]), strict=True):
        if not column.strip():
            raise CorpusError(f"{where}: the {name} is empty: {line!r}.")
    return columns[0], columns[1], (_placed(columns[2:5], where), _placed(columns[5:8], where))


def _placed(columns: list[str], where: str) -> tuple[str, int, int]:
    mention, start, end = columns
    for offset in (start, end):
        if not offset.isascii() or not offset.isdecimal() or len(offset) > 18:
            raise CorpusError(f"{where}: expected an offset of {mention!r}, found {offset!r}.")
    return mention, int(start), int(end)


def _shift(text: str, mentions: list[tuple[str, int, int]]) -> int | None:
    """Where in the abstract the sentence begins, if the mentions leave one place for it."""
    fitting: set[int] | None = None
    for mention, start, end in mentions:
        here = {start - place for place in _places(text, mention)} if end - start == len(mention) else set()
        fitting = here if fitting is None else fitting & here
    return fitting.pop() if fitting and len(fitting) == 1 else None


def _places(text: str, mention: str) -> Iterator[int]:
    place = text.find(mention)
    while place >= 0:
        yield place
        place = text.find(mention, place + 1)


def _mention(placed: tuple[str, int, int], shift: int | None) -> Mention:
    mention, start, end = placed
    return Mention(mention) if shift is None else Mention(mention, start - shift, end - shift)


LAYOUT = Layout(
    read,
    {
        "effects.rel": "100|Rash after aspirin, then rash again.|Rash|50|54|aspirin|61|68\n"
        "100|Rash after aspirin, then rash again.|rash|75|79|aspirin|61|68\n"
        "200 NEG No patient was harmed by aspirin.\n"
    },
)
