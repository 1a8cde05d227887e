"""A file that is one JSON array → its items one by one, in memory for the longest item and no more."""

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from uie.errors import CorpusError, UIEError
from uie.storage import opened, read_lines

_DECODE = json.JSONDecoder().raw_decode
_SPACE = " \t\r\n"
_CHARACTERS = 1 << 18
_LONGEST_WORD = len("-Infinity")


def first_character(path: Path, *, error: type[UIEError] = CorpusError) -> str:
    """Of the file's text, white space passed over; "" where there is none."""
    return next((text[0] for piece in _pieces(path, error) if (text := piece.lstrip(_SPACE))), "")


def array_items(path: Path, *, expected: str, error: type[UIEError] = CorpusError) -> Iterator[tuple[str, Any]]:
    """Each item, behind the JSON it is written as. What stands before a mistake in the file is yielded first.

    Raises:
        `error`: the file is missing, is not UTF-8, or is not one JSON array; the message names file and line.
    """
    text = _Text(path, error)
    if (first := text.next_character()) != "[":
        found = {"": "an empty file", "{": "an object"}.get(first, f"a file that begins with {first!r}")
        raise error(f"{path}: expected {expected}, found {found}.")
    text.at += 1
    if text.next_character() != "]":
        while True:
            yield text.value(expected)
            follows = text.next_character()
            if follows == "]":
                break
            if follows != ",":
                raise text.mistake("an item is followed by neither ',' nor ']'", expected)
            text.at += 1
            text.next_character()
    text.at += 1
    if text.next_character():
        raise text.mistake("something stands after the array's end", expected)


class _Text:
    """The piece of the file that is being read: `known[at:]` is still to come, and after it what the file holds further on."""

    def __init__(self, path: Path, error: type[UIEError]) -> None:
        self.at = 0
        self._path, self._error = path, error
        self._pieces = _pieces(path, error)
        self._known = ""
        self._line = 1  # of the first character known

    def next_character(self) -> str:
        """The next one that is no white space, at which it stops; "" at the file's end."""
        while True:
            while self.at < len(self._known):
                if self._known[self.at] not in _SPACE:
                    return self._known[self.at]
                self.at += 1
            if not self._more():
                return ""

    def value(self, expected: str) -> tuple[str, Any]:
        while True:
            try:
                value, end = _DECODE(self._known, self.at)
            except json.JSONDecodeError as found:
                if self._more():  # it may have been cut in two
                    continue
                self.at = found.pos
                raise self.mistake(found.msg, expected) from None
            except (ValueError, RecursionError) as found:  # a number of thousands of digits, brackets without end
                raise self.mistake(str(found), expected) from None
            if len(self._known) - end < _LONGEST_WORD and self._more():  # a number may go on
                continue
            raw, self.at = self._known[self.at : end], end
            return raw, value

    def mistake(self, found: str, expected: str) -> UIEError:
        line = self._line + self._known.count("\n", 0, self.at)
        return self._error(f"{self._path}:{line}: not JSON: {found}; expected {expected}.")

    def _more(self) -> bool:
        """Reads on, as much again as is still to come: an item over many pieces is tried only so often. False at the file's end."""
        rest = len(self._known) - self.at
        found, size = [], 0
        while size <= rest and (piece := next(self._pieces, "")):
            found.append(piece)
            size += len(piece)
        if found:
            self._line += self._known.count("\n", 0, self.at)
            self._known, self.at = "".join([self._known[self.at :], *found]), 0
        return bool(found)


def _pieces(path: Path, error: type[UIEError]) -> Iterator[str]:
    """The file's text in pieces, none of them empty."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    with opened(path, error) as file:
        try:
            while data := file.read(_CHARACTERS):
                if piece := decoder.decode(data):
                    yield piece
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            for _ in read_lines(path, error=error):  # stops at the line that it is, and names it
                pass
