"""Events of the kind `type: trigger (role: argument, …)` or `(type: trigger, argument: role, …)`: answer → items, problems.

The answer is cut at every separator and bracket; names of the schema tell events from arguments, so that wrong, missing or superfluous
separators do no harm. What was cut though it belongs to a mention is put together again where the text holds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from uie.formats.fitting import Fitting
from uie.formats.salvage import is_prose, is_wrapping, piece, unlisted
from uie.formats.scanning import BLANKS, Piece, plain, split, unescaped
from uie.tasks.items import ARGUMENT, EVENT, Item, Row
from uie.tasks.items import item as item_of
from uie.tasks.question import Problem, Question

_STRICT, _LOOSE = ";,()", ";；\n,，、()（）[]【】"
_OPENING, _CLOSING = ("(", "（", "[", "【"), (")", "）", "]", "】")
_WRAPPING = "*\"'“”` "
# With the name first, as it is written.
_EVENT: Row = EVENT[::-1]
_ARGUMENT: Row = ARGUMENT[::-1]


def read_events(raw: str, question: Question, *, in_brackets: bool, escapes: bool) -> tuple[list[Item], list[Problem]]:
    """The events of an answer. `in_brackets`: brackets stand round an event, and its arguments before their roles.

    Full-width and other separators are taken for such only where that leaves less unread or unknown than ASCII ones alone.
    """
    strict = _Reader(raw, question, in_brackets=in_brackets, escapes=escapes)
    strict.read(_STRICT, ":")
    best = strict
    if strict.doubts:
        loose = _Reader(raw, question, in_brackets=in_brackets, escapes=escapes)
        loose.read(_LOOSE, ":：")
        best = min(strict, loose, key=lambda reader: reader.doubts)
    items = list(best.items())
    return items, best.problems if items or best.problems else [Problem("malformed", piece(raw))]  # separators only


@dataclass(slots=True)
class _Event:
    texts: list[str]  # type, trigger
    arguments: list[list[str]]  # role, argument


@dataclass(frozen=True, slots=True)
class _Reading:
    """A piece of the answer as name and value. `colon` is where its colon stands in the answer, `is_usual` whether name and value
    stand as the format has them."""

    row: Row
    name: str
    value: str
    colon: int
    name_is_first: bool
    is_usual: bool


class _Reader:
    def __init__(self, raw: str, question: Question, *, in_brackets: bool, escapes: bool) -> None:
        self.problems: list[Problem] = []
        self._raw = raw
        self._colons = ":"
        self._in_brackets = in_brackets
        self._escapes = escapes
        self._text_length = len(question.text)
        self._read = unescaped if escapes else plain
        self._fitting = Fitting(question, read=self._read)
        self._has_events = bool(question.schema.events)
        self._events: list[_Event] = []
        self._event_is_open = False
        self._depth = 0
        self._last: tuple[list[str], int] | None = None  # the texts of the last item and where its value began, if that may go on
        self._pending: tuple[int, int] | None = None  # where a value without its name stood
        self._is_mended = False  # whether the last item was reported as mended
        self._ends_with_separator = False
        self.doubts = 0  # pieces that could not be read, and names and mentions that are not known
        self._was_read = True  # whether the last piece that is not blank was

    def items(self) -> Iterator[Item]:
        for event in self._events:
            children = tuple(item_of(ARGUMENT, argument[::-1]) for argument in event.arguments)
            yield Item(item_of(EVENT, event.texts[::-1]).fields, children)

    def read(self, separators: str, colons: str) -> None:
        self._colons = colons
        start, before = 0, ""
        for part in split(self._raw, separators, escapes=self._escapes):
            self._add(part, start, before)
            start, before = start + len(part.text) + len(part.end), part.end
        self._end()

    def _add(self, part: Piece, start: int, before: str) -> None:
        """The next piece, which begins at `start` behind the separator `before`."""
        self._depth += before in _OPENING
        text, end = part.text.strip(BLANKS), start + len(part.text)
        self._ends_with_separator = not text and before in (",", ";", "，", "；")
        if text:
            self._was_read = self._take(text, start, end, before)
            if not self._was_read:
                self.doubts += 1
                self.problems.append(Problem("prose" if is_prose(text) else "malformed", piece(text)))
                self._event_is_open = self._event_is_open and not self._begins_event(before)
        elif before in _CLOSING:
            self._extend(end)
        self._depth -= part.end in _CLOSING

    def _end(self) -> None:
        self._drop_pending()
        if self._events and (self._depth != 0 or self._ends_with_separator):
            self._mend(self._raw[-100:])

    def _begins_event(self, before: str) -> bool:
        if not self._event_is_open:
            return True
        return (before in _OPENING and self._depth <= 1) if self._in_brackets else self._depth <= 0

    def _take(self, text: str, start: int, end: int, before: str) -> bool:
        if (reading := self._known(text, start, end, before)) is not None:
            return self._keep(reading, text, before)
        if self._extend(end):
            return True
        if self._event_is_open and text.casefold() in ("none", "没有", "null"):  # no arguments
            self._mend(text)
            return True
        is_value = ":" not in text or self._fitting.holds(text)
        if self._in_brackets and self._event_is_open and not self._begins_event(before) and is_value:
            self._pending = self._pending or (start - (before in _OPENING), end)
            return True
        return self._take_as_the_last(text, before) or self._take_unknown(text, start, before)

    def _known(self, text: str, start: int, end: int, before: str) -> _Reading | None:
        """What the piece says if one side of a colon is a name that is known."""
        at = _ends_of(self._raw[start:end], self._colons, escapes=self._escapes)
        if not at:
            return None
        name_first = [(start + at[0], True), (start + at[-1], False)]
        name_last = name_first[::-1]
        begins_event = self._begins_event(before)
        for row in (_EVENT, _ARGUMENT) if begins_event else (_ARGUMENT, _EVENT):
            usual = name_last if row == _ARGUMENT and self._in_brackets else name_first
            for colon, is_first in usual:
                left, right = self._raw[start:colon].strip(BLANKS), self._raw[colon + 1 : end].strip(BLANKS)
                name, value = (left, right) if is_first else (right, left)
                for bare in dict.fromkeys((name, unlisted(name).strip(_WRAPPING))):
                    if self._knows(row, bare):
                        is_usual = bare == name and (colon, is_first) == usual[0]
                        return _Reading(row, bare, value, colon, is_first, is_usual)
        return None

    def _knows(self, row: Row, name: str) -> bool:
        if row == _EVENT:
            return self._has_events and self._fitting.event(self._read(name)) is not None
        return self._event_is_open and self._fitting.has_roles and self._fitting.knows("role", self._read(name))

    def _keep(self, reading: _Reading, text: str, before: str) -> bool:
        row, is_mended = reading.row, not reading.is_usual
        value = self._with_pending(reading)
        fields = [Piece(reading.name), Piece(value)]
        texts = self._fitting.exact(fields, row)
        if texts is None and (found := self._fitting.mended([(row, fields)], fields)) is not None:
            texts, is_mended = found[1][0], True
        if texts is None and self._fitting.says_none(fields, row):
            self._event_is_open = self._event_is_open and row == _ARGUMENT
            self.problems.append(Problem("repaired", piece(text)))
            return True
        if texts is None:
            texts = self._fitting.as_it_stands(fields, row)
            self.doubts += 1
        if texts is None:
            return False
        kept = list(texts)
        if row == _ARGUMENT:
            is_mended = is_mended or before not in ((",",) if self._in_brackets else (",", "("))
            self._events[-1].arguments.append(kept)
        else:
            right = (before == "(", 1) if self._in_brackets else (before in ("", ";"), 0)
            is_mended = is_mended or ((not right[0] or self._depth != right[1]) and self._was_read)
            self._depth = right[1]
            self._events.append(_Event(kept, []))
            self._fitting.ask_roles_of(kept[0])
            self._event_is_open = True
        self._last = (kept, reading.colon + 1) if reading.name_is_first else None
        self._is_mended = False
        if is_mended:
            self._mend(text)
        return True

    def _with_pending(self, reading: _Reading) -> str:
        """The value with what stands before it and had no name of its own, if the text holds both together."""
        if self._pending is not None and not reading.name_is_first:
            both = self._raw[self._pending[0] : reading.colon].strip(BLANKS)
            if self._fitting.holds(self._read(both)):
                self._pending = None
                return both
        self._drop_pending()
        return reading.value

    def _drop_pending(self) -> None:
        if self._pending is not None:
            self.doubts += 1
            self.problems.append(Problem("malformed", piece(self._raw[slice(*self._pending)])))
            self._pending = None

    def _extend(self, end: int) -> bool:
        """Takes what was cut off the last value, if the text holds both together."""
        if self._last is None:
            return False
        texts, start = self._last
        both = self._raw[start:end] if end - start <= self._text_length + 8 else ""
        text = both.strip(BLANKS)
        if not self._fitting.holds(text) or text.count("(") < text.count(")") or (self._escapes and "\\" in text):
            return False
        texts[1] = text
        self._mend(text)
        return True

    def _take_as_the_last(self, text: str, before: str) -> bool:
        """Another argument of the last one's role: `victim: Ann, Bob`."""
        if (
            self._last is None
            or len(self._events) == 0
            or self._last[0] is self._events[-1].texts
            or before not in (",", "，", "、")
        ):
            return False
        argument = self._read(text)
        if not self._event_is_open or not self._fitting.holds(argument):
            return False
        self._events[-1].arguments.append([self._last[0][0], argument])
        self._is_mended = False
        self._mend(text)
        return True

    def _take_unknown(self, text: str, start: int, before: str) -> bool:
        """An event or argument with an unknown name."""
        at = _ends_of(text, self._colons, escapes=self._escapes)
        if not at or is_prose(text) or is_wrapping(text):
            return False
        is_event = self._begins_event(before)
        if is_event and self._depth != (1 if self._in_brackets else 0):
            return False  # an argument of an event that was not read
        value_is_first = self._in_brackets and not is_event
        colon = at[-1 if value_is_first else 0]
        left, right = text[:colon].strip(BLANKS), text[colon + 1 :].strip(BLANKS)
        if not left or not right:
            return False
        name, value = (right, left) if value_is_first else (left, right)
        row = _EVENT if is_event else _ARGUMENT
        colon += self._raw.index(text, start)
        return self._keep(_Reading(row, name, value, colon, not value_is_first, is_usual=True), text, before)

    def _mend(self, text: str) -> None:
        if not self._is_mended:
            self.problems.append(Problem("repaired", piece(text)))
            self._is_mended = True


def _ends_of(text: str, colons: str, *, escapes: bool) -> list[int]:
    """Where the first and the last unescaped colon stand."""
    at = -1
    found: list[int] = []
    for part in split(text, colons, escapes=escapes):
        at += len(part.text) + 1
        if part.end:
            found.append(at)
    return found[:1] + found[-1:]
