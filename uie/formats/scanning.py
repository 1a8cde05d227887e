r"""Fields in a string: escapes, separators, brackets. A string → pieces and groups, in one pass and without recursion.

`\` keeps the next character from being a separator or bracket; `\n \r \t \s` stand for line ends, tabs and spaces. A string is cut
first and unescaped afterwards.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

LINE_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"))
BLANKS = " \t\r\n"
_LOOSE = ",，、;；:：()（）[]【】_＿<"
_WRAPPING = "\"'“”‘’「」『』`*[]{}>【】.。!！"
_EDGES = {" ": "\\s", "\t": "\\t"}
_READ = {"n": "\n", "r": "\r", "s": " ", "t": "\t"}
_OPENING, _CLOSING, _COMMAS = "(（", ")）", ",，、"
_BEFORE_A_GROUP = set("([{（【,，、;；:：") | {""}
_BEHIND_A_GROUP = set("()[]{}（）【】,，、;；") | {""}


@cache
def escapes(specials: str) -> tuple[tuple[str, str], ...]:
    """How each character that cannot stand for itself is written, as `SpanOf` wants it."""
    return (*LINE_ESCAPES, *((special, f"\\{special}") for special in specials))


@cache
def _table(specials: str) -> dict[int, str]:
    return str.maketrans(dict(escapes(specials)))


@cache
def _unsafe(specials: str) -> re.Pattern[str]:
    """Finds what `escaped` changes in a text that is meant."""
    return re.compile(f"[{re.escape(''.join(raw for raw, _ in escapes(specials)))}]|^[ \t]|[ \t]$")


def escaped(text: str, specials: str, *, meant: bool = True) -> str:
    """The text as a field: `specials`, backslashes, line ends and blanks at its ends escaped.

    A text that is not `meant` to be found (a mention that the text does not hold) has everything escaped that a loose reading could
    take for syntax.
    """
    if meant and not _unsafe(specials).search(text):
        return text
    text = text.translate(_table(specials if meant else f"{specials}{''.join(c for c in _LOOSE if c not in specials)}"))
    if text[:1] in _EDGES:
        text = _EDGES[text[0]] + text[1:]
    if len(text) > 1 and text[-1] in _EDGES:
        text = text[:-1] + _EDGES[text[-1]]
    if not meant and text[:1] in _WRAPPING:
        text = f"\\{text}"
    if not meant and text[-1:] in _WRAPPING and text[-2:-1] != "\\":
        text = f"{text[:-1]}\\{text[-1]}"
    return text


def unescaped(text: str) -> str:
    """The field's text; a backslash at the very end stands for itself."""
    if "\\" not in text:
        return text
    out, after_backslash = [], False
    for character in text:
        if after_backslash:
            out.append(_READ.get(character, character))
            after_backslash = False
        elif character == "\\":
            after_backslash = True
        else:
            out.append(character)
    return "".join(out) + ("\\" if after_backslash else "")


def plain(text: str) -> str:
    """The text as it stands: for formats that know no escapes."""
    return text


@dataclass(frozen=True, slots=True)
class Piece:
    """What stands before a separator, as it is written; `end` is that separator, empty for the last piece."""

    text: str
    end: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.text.strip(BLANKS)


def joined(pieces: Iterable[Piece]) -> str:
    """The pieces with their separators between them, as they stood."""
    parts = [part for piece in pieces for part in (piece.text, piece.end)]
    return "".join(parts[:-1])


def split(raw: str, separators: str, *, escapes: bool = True, most: int | None = None) -> list[Piece]:
    """`raw` cut at each separator (each of the first `most`); an escaped one is none where the format knows `escapes`."""
    pieces: list[Piece] = []
    start, after_backslash = 0, False
    for at, character in enumerate(raw):
        if after_backslash:
            after_backslash = False
        elif character == "\\" and escapes:
            after_backslash = True
        elif character in separators:
            pieces.append(Piece(raw[start:at], character))
            start = at + 1
            if len(pieces) == most:
                break
    return [*pieces, Piece(raw[start:])]


@dataclass(slots=True)
class Group:
    """What stands in brackets: the pieces directly in it up to the first group inside, and where it lies.

    `depth` counts the groups round it; `before` is what stands between it and the separator, bracket or group before it; `rest` what
    follows behind its first inner group and is not blank; `closed` says whether its bracket was closed, `ascii` whether both are ASCII.
    """

    depth: int
    before: str
    ascii: bool
    pieces: list[Piece] = field(default_factory=list)
    rest: list[str] = field(default_factory=list)
    holds_groups: bool = False
    closed: bool = False

    def add(self, piece: Piece) -> None:
        if not self.holds_groups:
            self.pieces.append(piece)
        elif not piece.is_blank:
            self.rest.append(piece.text)

    @property
    def is_blank(self) -> bool:
        return all(piece.is_blank for piece in self.pieces)

    def __str__(self) -> str:
        return f"({joined(self.pieces)}" + (")" if self.closed else "")


def groups(raw: str, *, loose: bool, escapes: bool = True) -> tuple[list[Group], str]:
    """All bracketed groups in the order of their beginnings, and what follows the last of the outermost ones.

    A loose scan takes full-width brackets and commas too, and brackets inside a group that are part of a field (`Bob (Bo) Ray`) as
    text. Groups that are not closed end with the string.
    """
    opening, closing, commas = (_OPENING, _CLOSING, _COMMAS) if loose else (_OPENING[0], _CLOSING[0], _COMMAS[0])
    in_text = _text_brackets(raw, escapes=escapes) if loose else set()
    found: list[Group] = []
    open_groups: list[Group] = []
    start, after_backslash = 0, False
    for at, character in enumerate(raw):
        if after_backslash:
            after_backslash = False
        elif character == "\\" and escapes:
            after_backslash = True
        elif at in in_text:
            continue
        elif character in opening:
            group = Group(len(open_groups), raw[start:at], ascii=character == "(")
            if open_groups:
                open_groups[-1].holds_groups = True
            found.append(group)
            open_groups.append(group)
            start = at + 1
        elif open_groups and character in commas:
            open_groups[-1].add(Piece(raw[start:at], character))
            start = at + 1
        elif open_groups and character in closing:
            group = open_groups.pop()
            group.add(Piece(raw[start:at]))
            group.closed, group.ascii = True, group.ascii and character == ")"
            start = at + 1
    if not open_groups:
        return found, raw[start:]
    open_groups[-1].add(Piece(raw[start:]))
    return found, ""


def _text_brackets(raw: str, *, escapes: bool) -> set[int]:
    """Where brackets inside a group stand for themselves: no separator before the opening one, or none behind the closing one."""
    found: set[int] = set()
    open_at: list[tuple[int, str]] = []  # each with the character before it that is no blank
    behind: list[tuple[int, int]] = []  # pairs that close right before the present place
    before, after_backslash = "", False
    for at, character in enumerate(raw):
        if not character.isspace():
            if behind and character not in _BEHIND_A_GROUP:
                found.update(*behind)
            behind = []
        if after_backslash:
            after_backslash = False
        elif character == "\\" and escapes:
            after_backslash = True
        elif character in _OPENING:
            open_at.append((at, before))
        elif character in _CLOSING and open_at:
            opened, before_it = open_at.pop()
            if open_at:
                pair = (opened, at)
                if before_it not in _BEFORE_A_GROUP:
                    found.update(pair)
                else:
                    behind = [pair]
        if not character.isspace():
            before = character
    for number, (opened, before_it) in enumerate(open_at):
        if number and before_it not in _BEFORE_A_GROUP:
            found.add(opened)
    return found
