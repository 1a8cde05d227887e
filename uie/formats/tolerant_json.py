r"""JSON as models write it, well-formed or not: raw answer → the values in it, what stands outside them, and what was mended.

Strict JSON is read by `json.loads`. Anything else goes through a scanner of our own, one pass from left to right, which understands
several values one after the other, values amid prose, and values that are cut off anywhere; single, curly and full-width quotes,
quotes left out or not escaped, full-width punctuation, `None` and `True`, keys without quotes, comments, missing or superfluous
commas and brackets. Nothing is dropped: repeated keys stay (so objects are tuples of pairs), a string that is cut off becomes a `Cut`.
"""

import json
import re
from dataclasses import dataclass, field, replace
from typing import Any, Literal

DEEPEST = 32
"""Brackets nested deeper than this are passed over; what they hold belongs to the innermost one that counts."""


@dataclass(frozen=True, slots=True)
class Word:
    """What stood without quotes: a number, `null`, a forgotten string."""

    text: str


@dataclass(frozen=True, slots=True)
class Cut:
    """A string that the answer's end cut off."""

    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The value of a key that has none."""


@dataclass(frozen=True, slots=True)
class Object:
    """The pairs of an object in their order, repeated keys included. A value that stands without a key has the key ""."""

    pairs: tuple[tuple[str, "Value"], ...] = ()


Value = str | Word | Cut | Missing | Object | list["Value"]


@dataclass(frozen=True, slots=True)
class Scanned:
    """`values` in their order, `outside` the pieces of text round them; `mended`: something was not well-formed JSON."""

    values: tuple[Value, ...]
    outside: tuple[str, ...] = ()
    mended: bool = False


def loads(text: str) -> Value | None:
    """The value that is all of the text, if the text is strict JSON (numbers and `null` as `Word`); None if not."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_int=Word, parse_float=Word, parse_constant=Word)
    except (ValueError, RecursionError):
        return None
    return _value(value)


def _object(pairs: list[tuple[str, Any]]) -> Object:
    return Object(tuple((_whole(key), _value(value)) for key, value in pairs))


def _value(value: Any) -> Value:
    if value is None or isinstance(value, bool):
        return Word({None: "null", True: "true", False: "false"}[value])
    if isinstance(value, list):
        # Objects are made from the inside outwards, so a list's own lists are all that is left to look at.
        stack = [value]
        while stack:
            inner = stack.pop()
            for number, one in enumerate(inner):
                if isinstance(one, list):
                    stack.append(one)
                elif isinstance(one, str) or one is None or isinstance(one, bool):
                    inner[number] = _value(one)
        return value
    return _whole(value) if isinstance(value, str) else value


def _whole(text: str) -> str:
    r"""The text with U+FFFD for half a surrogate pair (from `"\ud83d"`), which no file can hold."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def scan(text: str) -> Scanned:
    """Every value in the text, however badly written. Work is linear in the text."""
    if (value := loads(text)) is None and not _ESCAPED_ALL.match(text):
        return _Scanner(text).scanned()
    if value is None:  # JSON written as the inside of a string, without its quotes or cut off
        value = loads(f'"{text.strip().strip(_QUOTE)}"')
    if not isinstance(value, str):
        return replace(_Scanner(_ESCAPED.sub(_QUOTE, text)).scanned(), mended=True) if value is None else Scanned((value,))
    inner = loads(value)
    if inner is not None or value.lstrip()[:1] not in ("{", "["):
        return Scanned((value,) if inner is None or isinstance(inner, str) else (inner,), mended=True)
    return replace(_Scanner(value).scanned(), mended=True)


_QUOTE = '"'
_ESCAPED = re.compile(r'\\+"')
_ESCAPED_ALL = re.compile(r'"?\s*[\[{][\s\[{]*\\+"')  # JSON that is itself written as the inside of a JSON string
_BRACKETS: dict[str, Literal["{", "["]] = {"{": "{", "｛": "{", "[": "[", "［": "[", "【": "[", "(": "[", "（": "["}
_CLOSING: dict[str, Literal["{", "["]] = {"}": "{", "｝": "{", "]": "[", "］": "[", "】": "[", ")": "[", "）": "["}
_ROUND = "(（"
_COMMAS = ",，、;；"
_COLONS = ":："
_QUOTES = {
    '"': '"',
    "＂": '＂"',
    "'": "'",
    "＇": "＇'",
    "`": "`'",
    "“": '”“"',
    "”": '”"',
    "‘": "’‘'",
    "’": "’'",
    "「": "」",
    "『": "』",
}
_SPACE = re.compile(r"[\s\ufeff]+")
_BARE = re.compile(r'[^,，、;；:：\[\]{}｛｝［］【】"“”\n]*')
_BARE_IN_ROUND = re.compile(r'[^,，、;；:：\[\]{}｛｝［］【】()（）"“”\n]*')
_COMMENT = re.compile(r"//|/\*|#(?=\s)")
_BEHIND_A_STRING = frozenset(",，、;；:：]］】}｝[{［｛/#")
_RUN = frozenset(" \t\r\n,，:：[]{}［］｛｝")
_SIMPLE_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "'": "'"}
# Where a value begins amid text: at a bracket, at a quoted key without its brace, or at a line of quoted strings without a bracket.
_START = re.compile(
    r"""[\[{［｛]
    | (?P<object> (?: ^ | [,，] ) [ \t]* (?= (?P<quote> ["'“”] ) [^"'“”\n{}\[\]]{1,80} ["'“”] [ \t]* [:：] ) )
    | (?P<list> ^ [ \t]* (?= ["“] [^"“”\n{}\[\]]{1,200} ["”“] [ \t]* (?: [,，] | $ ) ) )""",
    re.MULTILINE | re.VERBOSE,
)


@dataclass(slots=True)
class _Frame:
    """An open bracket with what stands in it so far."""

    kind: Literal["{", "["]
    round: bool = False
    items: list[Value] = field(default_factory=list)
    pairs: list[tuple[str, Value]] = field(default_factory=list)
    key: str | None = None
    colon: bool = False

    def value(self) -> Value:
        if self.kind == "[":
            return self.items
        self.without_value()
        return Object(tuple(self.pairs))

    def without_value(self) -> None:
        if self.key is not None:
            self.pairs.append((self.key, Missing()))
            self.key, self.colon = None, False

    def put(self, value: Value) -> None:
        if self.kind == "[":
            self.items.append(value)
        elif self.key is not None and (self.colon or isinstance(value, Object | list)):
            self.pairs.append((self.key, value))
            self.key, self.colon = None, False
        elif isinstance(value, str | Word):
            self.without_value()
            self.key = value if isinstance(value, str) else value.text
        elif not isinstance(value, Cut):  # a key that is cut off says nothing yet
            self.pairs.append(("", value))


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._start = 0
        self._frames: list[_Frame] = []
        self._values: list[Value] = []
        self._outside: list[str] = []
        self._mended = False
        self._blank_line = False
        self._last_comment_end = text.rfind("*/")

    def scanned(self) -> Scanned:
        while self._at < len(self._text):
            if self._frames:
                self._inside()
            else:
                self._seek()
        while self._frames:
            self._pop()
        if len(self._values) > 1:
            self._mended = True
        return Scanned(tuple(self._values), tuple(self._outside), self._mended)

    def _seek(self) -> None:
        """Goes on to the next value; what stands before it is outside, stray punctuation excepted."""
        found = _START.search(self._text, self._at)
        before = self._text[self._at : found.start() if found else len(self._text)]
        if before.strip(" \t\r\n\ufeff,，;；]}］｝.。\"'"):
            self._outside.append(before.strip())
        elif before.strip():
            self._mended = True
        self._at = found.end() if found else len(self._text)
        if found:
            implied = found["object"] is not None or found["list"] is not None
            self._start = found.end() if implied else found.start()
            self._frames.append(_Frame("{" if found["object"] is not None else _BRACKETS.get(found[0], "[")))

    def _inside(self) -> None:
        text, frame = self._text, self._frames[-1]
        character = text[self._at]
        if space := _SPACE.match(text, self._at):
            self._blank_line = space[0].count("\n") > 1
            self._at = space.end()
            return
        if character in _COMMAS:
            frame.without_value()
            self._at += 1
        elif character in _COLONS:
            self._colon(frame)
            self._at += 1
        elif character in _BRACKETS:
            self._open(character)
        elif character in _CLOSING:
            self._at += 1
            self._close(_CLOSING[character])
        elif character in _QUOTES:
            self._frames[-1].put(self._string(character))
        elif comment := _COMMENT.match(text, self._at):
            self._pass_over(comment[0])
        else:
            self._bare(frame)
        self._blank_line = False

    def _open(self, bracket: str) -> None:
        kind, frame = _BRACKETS[bracket], self._frames[-1]
        if len(self._frames) < DEEPEST:
            between_pairs = kind == frame.kind == "{" and frame.pairs and frame.key is None
            if between_pairs and len(self._frames) > 1 and self._frames[-2].kind == "[":
                self._pop()  # [{"a": 1, {"a": 2}]: the first object was not closed
            self._frames.append(_Frame(kind, bracket in _ROUND))
        self._at += 1

    def _close(self, kind: Literal["{", "["]) -> None:
        """Closes the innermost open bracket of this kind and those inside it; one that was never opened is passed over."""
        if not any(frame.kind == kind for frame in self._frames):
            return
        while self._pop().kind != kind:
            pass

    def _pop(self) -> _Frame:
        frame = self._frames.pop()
        if self._frames:
            self._frames[-1].put(frame.value())
        else:
            source = self._text[self._start : self._at]
            strict = loads(source)
            self._mended = self._mended or strict is None
            self._values.append(frame.value() if strict is None else strict)
        return frame

    def _colon(self, frame: _Frame) -> None:
        if frame.kind == "{":
            frame.colon = frame.key is not None
            return
        if not frame.items or not isinstance(key := frame.items[-1], str | Word):
            return
        name = key if isinstance(key, str) else key.text
        if len(frame.items) == 1:  # ["a": 1]: an object in the wrong brackets
            frame.kind, frame.items, frame.key, frame.colon = "{", [], name, True
        elif len(self._frames) > 1 and self._frames[-2].kind == "{":  # {"a": ["x", "b": ["y"]}: the list was not closed
            frame.items.pop()
            self._pop()
            self._frames[-1].key, self._frames[-1].colon = name, True

    def _bare(self, frame: _Frame) -> None:
        if self._blank_line:  # the answer was not closed, and what follows an empty line is talk about it
            while self._frames:
                self._pop()
            return
        found = (_BARE_IN_ROUND if frame.round else _BARE).match(self._text, self._at)
        word = found[0].strip() if found else ""
        if word:
            frame.put(Word(word))
        self._at += max(len(found[0]) if found else 0, 1)

    def _pass_over(self, mark: str) -> None:
        if mark == "/*":
            # Without a closing mark behind it, only the mark is passed over: searching for one again and again would cost.
            closed = self._text.index("*/", self._at + 2) + 2 if self._last_comment_end >= self._at + 2 else self._at + 2
            self._at = closed
        else:
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end

    def _string(self, quote: str) -> str | Cut:
        """The string whose quote stands here. A quote in it closes it only where something may follow that comes behind a string."""
        text, closing = self._text, _QUOTES[quote]
        start = at = self._at + 1
        special = _SPECIAL[quote]
        parts: list[str] = []
        while found := special.search(text, at):
            parts.append(text[at : found.start()])
            at = found.end()
            if found[0][0] == "\\":
                parts.append(_unescaped(found[0]))
            elif self._closes(found.start(), closing):
                self._at = at
                return _whole("".join(parts))
            elif (end := self._forgotten(start, found.start())) is not None:
                self._at = end
                return _whole(_decoded(text[start:end]))
            else:
                parts.append(found[0])
        end = len(text)
        while end > start and text[end - 1] in " \t\r\n]}］｝,，":
            end -= 1
        self._at = len(text)
        rest = text[end:]
        if start < end and any(bracket in rest for bracket in "]}］｝"):  # all was closed but the string
            self._at = end
            return _whole(_decoded(text[start:end]))
        return Cut(_whole(_decoded(text[start:])))

    def _closes(self, at: int, closing: str) -> bool:
        text = self._text
        if text[at] not in closing:
            return False
        space = _SPACE.match(text, at + 1)
        behind = space.end() if space else at + 1
        if behind == len(text) or text[behind] in _BEHIND_A_STRING:
            return True
        if self._frames[-1].round and text[behind] in ")）":
            return True
        return space is not None and (text[behind] in _QUOTES or "\n" in space[0])

    def _forgotten(self, start: int, at: int) -> int | None:
        """Where the string ends if the quote at `at` opens the next one, because its own closing quote was forgotten."""
        text, end = self._text, at
        while end > start and text[end - 1] in " \t\r\n":
            end -= 1
        if not (end > start and (text[end - 1] in ",，:：[{" or "\n" in text[end:at])):
            return None
        while end > start and text[end - 1] in _RUN:
            end -= 1
        return end if end > start else None


_ESCAPE = r"\\(?:u[0-9a-fA-F]{4}|[\s\S]|$)"
_SPECIAL = {quote: re.compile(rf"{_ESCAPE}|[{quote}{closing}]") for quote, closing in _QUOTES.items()}
_ANY_ESCAPE = re.compile(_ESCAPE)


def _decoded(text: str) -> str:
    return _ANY_ESCAPE.sub(lambda found: _unescaped(found[0]), text)


def _unescaped(escape: str) -> str:
    if len(escape) == 6:
        return chr(int(escape[2:], 16))
    return _SIMPLE_ESCAPES.get(escape[1:], escape)
