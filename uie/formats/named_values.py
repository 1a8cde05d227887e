"""Items of the kind `name: value; name: value`, as the formats `typed` and `typed.instructuie` have them: answer → items, problems."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from uie.formats.fitting import Fitting, Texts
from uie.formats.salvage import is_prose, is_talk, is_wrapping, piece, unlisted
from uie.formats.scanning import BLANKS, Piece, joined, plain, split, unescaped
from uie.tasks.items import ROWS, TEXT_SLOTS, Item, Row
from uie.tasks.items import item as item_of
from uie.tasks.question import Problem, Question

Layout = tuple[tuple[str, str], ...]
"""The slots of a row in the order in which they are written, each with what is written behind it."""

_ENDS = ";；\n"
_COLONS = ":："
_ROWS = tuple(dict.fromkeys(row for rows in ROWS.values() for row in rows))
_WITHIN = ":：,，、()（）"


@dataclass(frozen=True, slots=True)
class Style:
    """`layouts`: how each row is written; `separators`: what separates the values of an item, by task; `ends`: what stands between
    items, by task (else `;`); `escapes`: whether a backslash takes a separator's meaning away; `in_brackets`: whether brackets stand
    round an event rather than round its arguments."""

    layouts: Mapping[Row, Layout]
    separators: Mapping[str, str]
    ends: Mapping[str, str]
    escapes: bool
    in_brackets: bool

    def fitting(self, question: Question) -> Fitting:
        return Fitting(question, read=unescaped if self.escapes else plain)

    def slots(self, row: Row) -> Row:
        return tuple(slot for slot, _ in self.layouts[row])

    def names_first(self, row: Row) -> bool:
        return self.layouts[row][0][0] not in TEXT_SLOTS

    def written(self, row: Row, text: Callable[[str], str]) -> str:
        return "".join(f"{text(slot)}{behind}" for slot, behind in self.layouts[row])


def read_items(raw: str, question: Question, style: Style) -> tuple[list[Item], list[Problem]]:
    """The items of an answer to any task but EE."""
    reader = _Items(question, style)
    end = style.ends.get(question.task, ";")
    loose = _ENDS if end == ";" else f"{_ENDS},，、"
    chunk: list[Piece] = []
    pieces = split(raw, loose, escapes=style.escapes)
    for number, one in enumerate(pieces):
        chunk.append(one)
        if one.end in (end, ""):
            reader.add(chunk, is_last=number + 1 == len(pieces))
            chunk = []
    reader.end()
    problems = reader.problems if reader.kept or reader.problems else [Problem("malformed", piece(raw))]  # separators only
    return [one for kept in reader.kept for one in kept.items], problems


@dataclass(slots=True)
class _Kept:
    """What a part of the answer was read as; `name` as it was written."""

    written: str
    items: list[Item]
    name: Piece | None
    problem: Problem | None


class _Items:
    def __init__(self, question: Question, style: Style) -> None:
        self.kept: list[_Kept] = []
        self.problems: list[Problem] = []
        self._task = question.task
        self._style = style
        self._fitting = style.fitting(question)
        self._end = style.ends.get(question.task, ";")
        self._longest = 4 * len(question.text) + 200  # what is longer holds more than pieces of the text and names
        self._pending = ""  # the beginning of an item, where its value comes first and may hold what ends items

    def add(self, chunk: list[Piece], *, is_last: bool) -> None:
        """What stands between two ends of items; parts of it are items of their own where other separators were written."""
        whole = joined(chunk).strip(BLANKS)
        if self._take_pending(whole) or self._exact(whole):
            return
        parts = [part.text.strip(BLANKS) for part in chunk if not part.is_blank]
        if not parts and (self.kept or not is_last):
            self.problems.append(Problem("repaired", self._end))
        is_read = False  # what stands before another separator than the right one
        for part in parts:
            known = len(self.problems)
            if not self._take_pending(part):
                self._take(part, is_mended=is_read)
            is_read = len(self.problems) == known

    def end(self) -> None:
        if self._pending:
            self._reject(self._pending)
            self._pending = ""
        self.problems = [*(kept.problem for kept in self.kept if kept.problem), *self.problems]

    def _take_pending(self, text: str) -> bool:
        if not self._pending:
            return False
        pending, self._pending = self._pending, ""
        both = f"{pending}{self._end} {text}"
        if self._exact(both) or self._exact(f"{pending}{self._end}{text}"):
            self.kept[-1].problem = Problem("repaired", piece(both))
            return True
        self._reject(pending)
        return False

    def _take(self, text: str, *, is_mended: bool) -> bool:
        if self._exact(text, is_mended=is_mended):
            return True
        slots = [self._style.slots(row) for row in ROWS[self._task]]
        written = [(own, self._fields(text, row)) for own, row in zip(slots, ROWS[self._task], strict=True)]
        is_named = any(len(row) > 1 and self._fitting.is_named(fields, row) for row, fields in written)
        bare = text if is_named else unlisted(text)
        if bare != text and self._exact(bare, is_mended=True):
            return True
        pieces = split(bare, _WITHIN, escapes=self._style.escapes)
        bare_fields = [(own, self._fields(bare, row)) for own, row in zip(slots, ROWS[self._task], strict=True)]
        if (found := self._fitting.mended(bare_fields, pieces)) is not None:
            return self._keep(text, *found, is_mended=True)
        if not is_named and (self._join_with_the_last(text) or self._named_like_the_last(text, pieces, slots)):
            return True
        for row, fields in written:
            if self._fitting.says_none(fields, row):
                self.problems.append(Problem("repaired", piece(text)))
                return True
            if self._is_item(text, fields, row) and (texts := self._fitting.as_it_stands(fields, row)) is not None:
                return self._keep(text, row, [texts], is_mended=is_mended)
        if all(not self._style.names_first(row) and len(row) > 1 for row in ROWS[self._task]):
            self._pending = text
        else:
            self._reject(text)
        return True

    def _exact(self, text: str, *, is_mended: bool = False) -> bool:
        for row in ROWS[self._task]:
            slots = self._style.slots(row)
            if (texts := self._fitting.exact(self._fields(text, row), slots)) is not None:
                return self._keep(text, slots, [texts], is_mended=is_mended)
        return False

    def _fields(self, text: str, row: Row) -> list[Piece]:
        """The pieces that are the row's fields in a well-formed item; pieces in another number where it is none."""
        layout, escapes = self._style.layouts[row], self._style.escapes
        separators = self._style.separators.get(self._task, "")
        if len(row) > 1 and self._style.names_first(row):
            name, *rest = split(text, ":", escapes=escapes, most=1)
            pieces = [name, *(part for value in rest for part in split(value.text, separators, escapes=escapes))]
        elif layout[0][1] == ": ":
            *value, last = split(text, ":", escapes=escapes)
            pieces = [Piece(joined(value), ":"), last] if value else [last]
        else:
            pieces = split(text, separators, escapes=escapes)
        expected = [*"".join(behind for _, behind in layout).replace(" ", ""), ""]
        if [part.end for part in pieces] != expected:
            return pieces if len(pieces) != len(row) else []
        behind_brackets = [part for number, part in enumerate(pieces) if number and expected[number - 1] == ")"]
        if not all(part.is_blank for part in behind_brackets):
            return []
        return [part for number, part in enumerate(pieces) if number == 0 or expected[number - 1] != ")"]

    def _join_with_the_last(self, text: str) -> bool:
        """Reads the last item anew with this part of the answer as the rest of its value."""
        if not self.kept or len(self.kept[-1].items) != 1 or len(self.kept[-1].written) + len(text) > self._longest:
            return False
        last = self.kept[-1]
        for both in (f"{last.written}{self._end} {text}", f"{last.written}{self._end}{text}"):
            if self._exact(both, is_mended=True):
                self.kept[-2:] = self.kept[-1:]
                return True
        return False

    def _named_like_the_last(self, text: str, pieces: list[Piece], slots: list[Row]) -> bool:
        if not self.kept or self.kept[-1].name is None or len(self.kept[-1].name.text) > self._longest:
            return False
        whole = [self.kept[-1].name, *pieces]
        for row in slots:
            if len(row) > 1 and (found := self._fitting.mended([(row, [])], whole)) and self._fitting.means(_items(found)):
                return self._keep(text, *found, is_mended=True)
        return False

    def _is_item(self, text: str, fields: list[Piece], row: Row) -> bool:
        """Whether a part of the row's shape is more than talk that happens to have it."""
        if self._style.escapes and "\\" in text:
            return True
        if len(row) == 1:
            return not is_talk(text)
        if any(slot not in TEXT_SLOTS for slot in row) and self._fitting.is_named(fields, row):
            return not any(is_wrapping(part.text) for slot, part in zip(row, fields, strict=True) if slot in TEXT_SLOTS)
        return not (is_wrapping(text) or is_prose(text))

    def _keep(self, text: str, row: Row, rows: list[Texts], *, is_mended: bool) -> bool:
        name = next((texts[0] for texts in rows if row[0] not in TEXT_SLOTS and len(row) > 1), None)
        # A name that is read again is read as it was written, so its escapes must be there again.
        again = None if name is None else Piece(split(text, _COLONS, escapes=self._style.escapes, most=1)[0].text, ":")
        self.kept.append(_Kept(text, _items((row, rows)), again, Problem("repaired", piece(text)) if is_mended else None))
        return True

    def _reject(self, text: str) -> None:
        self.problems.append(Problem("prose" if is_prose(text) else "malformed", piece(text)))


def _items(found: tuple[Row, list[Texts]]) -> list[Item]:
    """Items with the fields in their usual order."""
    slots, rows = found
    row = next(row for row in _ROWS if set(row) == set(slots))
    return [item_of(row, [texts[slots.index(slot)] for slot in row]) for texts in rows]
