"""A sentence a line, cut into segments `word/type` (SIGHAN's `中共中央/nt 致/o`, the PFR People's Daily), in; Documents with entities out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.lines import documents_from_each_line
from uie.corpora.tokens import Join, Offsets, check_separator, joined
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError
from uie.storage import read_lines

_COMPOUND_SURNAMES = {
    *("欧阳", "司马", "上官", "诸葛", "司徒", "东方", "皇甫", "尉迟", "公孙", "慕容"),
    *("令狐", "夏侯", "长孙", "宇文", "端木", "轩辕", "南宫", "闻人", "钟离", "呼延"),
}
_CLOSING = re.compile(r"(?<=.)\]([A-Za-z]+)$")


@dataclass(frozen=True, slots=True)
class SlashOptions:
    """`types`: those that are entities (default: all but `outside`); part-of-speech tags such as PFR's name entities among much else.

    `names`: the type whose segments are a Chinese surname and a given name (`江/nr 泽民/nr`), to be read as one mention. `brackets`:
    whether `[中国/ns 银行/n]nt` marks a mention of several segments. `separator` parts word and type, the last one counts.
    `join`: whether segments make the text with a space between them or nothing.
    """

    outside: str = "o"
    types: tuple[str, ...] = ()
    names: str = ""
    brackets: bool = False
    separator: str = "/"
    join: Join = "none"

    def __post_init__(self) -> None:
        check_separator(self.separator)


def read(path: Path, options: SlashOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line; its tokens are the segments. White space parts segments and may stand at both ends of a line."""
    return documents_from_each_line(path, bad, lambda line, where: _document(line.split(), options, where))


def _document(pieces: list[str], options: SlashOptions, where: str) -> Document:
    words: list[str] = []
    types: list[str] = []
    opened: list[int] = []
    wholes: list[tuple[int, int, str]] = []
    for position, piece in enumerate(pieces):
        closed: list[str] = []
        if options.brackets:
            while piece.startswith("[") and not piece.startswith(f"[{options.separator}"):
                opened.append(position)
                piece = piece[1:]
            while found := _CLOSING.search(piece):
                closed.insert(0, found[1])
                piece = piece[: found.start()]
        word, separated, kind = piece.rpartition(options.separator)
        if not separated or not word or not kind:
            raise CorpusError(f"{where}: segment {position + 1}: expected word{options.separator}type, found {pieces[position]!r}.")
        words.append(word)
        types.append(kind)
        for outer in closed:
            if not opened:
                raise CorpusError(f"{where}: segment {position + 1}: nothing opens the bracket of {pieces[position]!r}.")
            wholes.append((opened.pop(), position + 1, outer))
    if opened:
        raise CorpusError(f"{where}: segment {opened[-1] + 1}: nothing closes the bracket of {pieces[opened[-1]]!r}.")
    text, offsets = joined(words, options.join)
    found_mentions = sorted([*_segments(words, types, options), *wholes], key=lambda mention: (mention[0], -mention[1]))
    return Document("", text, entities=tuple(_entities(found_mentions, text, offsets, options)), tokens=offsets)


def _entities(found: list[tuple[int, int, str]], text: str, offsets: Offsets, options: SlashOptions) -> Iterator[Entity]:
    for first, end, kind in found:
        if kind in options.types or (not options.types and kind != options.outside):
            start, stop = offsets[first][0], offsets[end - 1][1]
            yield Entity(Mention(text[start:stop], start, stop), kind)


def _segments(words: list[str], types: list[str], options: SlashOptions) -> Iterator[tuple[int, int, str]]:
    position = 0
    while position < len(words):
        kind = types[position]
        length = 1
        if options.names and kind == options.names:
            run = position
            while run < len(words) and run < position + 3 and types[run] == kind:
                run += 1
            length = _name_length(words[position:run])
        yield position, position + length, kind
        position += length


def _name_length(words: list[str]) -> int:
    """How many of the first segments are one name: a surname with the given name behind it, or else the first alone.

    Surnames have one character, or are one of the well-known ones with two; given names have one or two. Two surnames are one
    name when two characters follow (`陈 方 安生`, a married woman): no list of names holds a given name without its surname.
    """
    if len(words) < 2 or not (len(words[0]) == 1 or words[0] in _COMPOUND_SURNAMES) or len(words[1]) > 2:
        return 1
    return 3 if len(words) == 3 and len(words[1]) == 1 and len(words[2]) == 2 else 2


def _guess(path: Path) -> Mapping[str, Any] | None:
    pieces = [piece for _, line in islice(read_lines(path), 1000) for piece in line.split()]
    parted = [piece.rpartition("/") for piece in pieces]
    types = {kind for _, _, kind in parted}
    if not pieces or not all(word and kind.isalpha() and kind.isascii() for word, _, kind in parted) or len(types) > 100:
        return None
    if "o" in types and len(types) < 10:
        return {"outside": "o"}
    named = sorted(types & {"nr", "ns", "nt", "nz", "t"})
    return {"types": named, "names": "nr"} if named else None


LAYOUT = Layout(read, {"sentences.txt": "李梅/nr 住在/o 苏州/ns 。/o\n今天下雨/o\n"}, guess=_guess)
