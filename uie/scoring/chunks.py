"""Tag sequences → chunks (type, first, last), as conlleval.pl and as seqeval's strict mode read them; and chunks → tags."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from uie.errors import ScoringError

Chunk = tuple[str, int, int]
"""Type, and the first and last token of a chunk, both inclusive."""


def conll_chunks(tags: Sequence[str]) -> list[Chunk]:
    """The chunks as conlleval.pl (CoNLL-2000) and seqeval's default mode see them: any tag may begin a chunk.

    A chunk goes on over I and E of the same type that follow B or I. A tag is its prefix, a dash and the type; without type it is
    "_". seqeval takes the type behind the last dash, conlleval.pl behind the first, as here: types may contain dashes.
    """
    chunks: list[Chunk] = []
    start, last, type, before = -1, -2, "", ""
    for place in [place for place, tag in enumerate(tags) if tag != "O"]:
        tag = tags[place]
        prefix, own = tag[0], tag[2:] or "_"
        if last == place - 1 and own == type and prefix in "IE" and before in "BI":
            last, before = place, prefix
            continue
        if start >= 0:
            chunks.append((type, start, last))
        start, last, type, before = place, place, own, prefix
    if start >= 0:
        chunks.append((type, start, last))
    return chunks


_PREFIXES = "OBIE"
ChunkTable = NDArray[np.int64]
"""(chunks, 3): the number of the type, and the first and last token, counted through all sentences."""


def conll_chunk_tables(*sides: Sequence[Sequence[str]]) -> tuple[list[str], list[ChunkTable]]:
    """`conll_chunks` of many sentences at once: the types that there are, and the chunks of each side.

    A tag is looked up once, and everything behind that is arithmetic on arrays: about ten times as fast as sentence by sentence.
    """
    tags = sorted(set().union(*(sentence for side in sides for sentence in side)) | {"O"})
    types = sorted({_type_of(tag) for tag in tags})
    numbers = {tag: number for number, tag in enumerate(tags)}
    prefixes = np.array([_PREFIXES.find(tag[0]) if tag == "O" or tag[0] in "BIE" else len(_PREFIXES) for tag in tags])
    of_type = np.array([types.index(_type_of(tag)) for tag in tags])
    return types, [_chunk_table(side, numbers, prefixes, of_type) for side in sides]


def _type_of(tag: str) -> str:
    return tag[2:] or "_"


def _chunk_table(
    side: Sequence[Sequence[str]], numbers: Mapping[str, int], prefixes: ChunkTable, of_type: ChunkTable
) -> ChunkTable:
    outside, begins, inside, ends = range(len(_PREFIXES))
    # An O before each sentence, and behind the last, keeps chunks from going on into the next.
    tokens = chain.from_iterable((*(("O", *sentence) for sentence in side), ("O",)))
    coded = np.fromiter(map(numbers.__getitem__, tokens), dtype=np.int64)
    prefix, type = prefixes[coded], of_type[coded]
    within = prefix != outside
    goes_on = np.zeros(len(coded), dtype=bool)
    before, here = prefix[:-1], prefix[1:]
    goes_on[1:] = ((before == begins) | (before == inside)) & ((here == inside) | (here == ends)) & (type[1:] == type[:-1])
    firsts = np.flatnonzero(within & ~goes_on)
    lasts = np.flatnonzero(within & ~np.append(goes_on[1:], False))
    return np.column_stack([type[firsts], firsts, lasts])


@dataclass(frozen=True, slots=True)
class Scheme:
    """Which neighbours (a prefix, the next one, whether the types are the same: "=", "!" or "?") begin, continue and end a chunk.

    A star stands for every prefix. As the tables of seqeval 1.2.2, seqeval/scheme.py.
    """

    prefixes: str
    starts: frozenset[str]
    inside: frozenset[str]
    ends: frozenset[str]


def _scheme(prefixes: str, starts: str, inside: str, ends: str) -> Scheme:
    return Scheme(prefixes, *(frozenset(_spelled_out(patterns, prefixes)) for patterns in (starts, inside, ends)))


def _spelled_out(patterns: str, prefixes: str) -> Iterable[str]:
    for pattern in patterns.split():
        before, after, same = (*pattern,)
        for first in prefixes if before == "*" else before:
            for second in prefixes if after == "*" else after:
                yield from (f"{first}{second}{mark}" for mark in ("=!" if same == "?" else same))


SCHEMES = {
    "IOB1": _scheme("IOB", "OI? II! BI? IB= BB=", "BI= II=", "II! IO? IB? BO? BI! BB="),
    "IOE1": _scheme("IOE", "OI? II! EI? EE=", "II= IE=", "II! IO? IE! EI= EE="),
    "IOB2": _scheme("IOB", "*B?", "BI= II=", "IO? II! IB? BO? BI! BB?"),
    "IOE2": _scheme("IOE", "OI? OE? EI? EE? II! IE!", "IE= II=", "E*?"),
    "IOBES": _scheme("IOBES", "*B? *S?", "BI= BE= II= IE=", "S*? E*?"),
    "BILOU": _scheme("BILOU", "*B? *U?", "BI= BL= II= IL=", "U*? L*?"),
}


def strict_chunks(tags: Sequence[str], scheme: str) -> list[Chunk]:
    """The chunks as seqeval's `mode="strict"` sees them: sequences that the scheme does not allow are none.

    Raises:
        ScoringError: a tag has a prefix that the scheme lacks.
    """
    rules = SCHEMES[scheme]
    spelled = [(tag[:1], tag[1:].strip("-") or "_") for tag in (*tags, "O")]
    for prefix, _ in spelled:
        if prefix not in rules.prefixes or not prefix:
            wrong = next(tag for tag in tags if tag[:1] == prefix)
            raise ScoringError(f"tag {wrong!r} is not of scheme {scheme}, whose prefixes are {', '.join(rules.prefixes)}.")
    chunks: list[Chunk] = []
    place, before = 0, ("O", "_")
    while place < len(spelled):
        here = spelled[place]
        if here[0] == before[0] == "O" or _pattern(before, here) not in rules.starts:
            before = here
            place += 1
            continue
        end, last = place + 1, here
        while end < len(spelled) and _pattern(last, spelled[end]) in rules.inside:
            last = spelled[end]
            end += 1
        if end < len(spelled) and _pattern(last, spelled[end]) in rules.ends:
            chunks.append((here[1], place, end - 1))
        place, before = end, spelled[end - 1]
    return chunks


def _pattern(before: tuple[str, str], after: tuple[str, str]) -> str:
    return f"{before[0]}{after[0]}{'=' if before[1] == after[1] else '!'}"


def tags_of(chunks: Iterable[Chunk], length: int, scheme: str = "IOB2") -> list[str]:
    """The tags of chunks that do not overlap."""
    tags = ["O"] * length
    ordered = sorted(chunks, key=lambda chunk: chunk[1])
    for number, (type, first, last) in enumerate(ordered):
        own = ["I"] * (last - first + 1)
        touched_before = number > 0 and ordered[number - 1][2] == first - 1 and ordered[number - 1][0] == type
        touched_behind = number + 1 < len(ordered) and ordered[number + 1][1] == last + 1 and ordered[number + 1][0] == type
        if scheme in ("IOB2", "IOBES", "BILOU") or (scheme == "IOB1" and touched_before):
            own[0] = "B"
        if scheme in ("IOE2", "IOBES", "BILOU") or (scheme == "IOE1" and touched_behind):
            own[-1] = "L" if scheme == "BILOU" else "E"
        if first == last and scheme in ("IOBES", "BILOU"):
            own = ["S" if scheme == "IOBES" else "U"]
        tags[first : last + 1] = [f"{prefix}-{type}" for prefix in own]
    return tags
