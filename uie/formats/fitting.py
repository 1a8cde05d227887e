"""Fields that a model wrote → the rows they can mean: names of the schema and pieces of the text tell which field is which."""

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from itertools import permutations

from uie.formats.scanning import BLANKS, Piece, joined, unescaped
from uie.schema import EventLabel, Label
from uie.tasks.items import TEXT_SLOTS, Item, Row
from uie.tasks.names import label_of
from uie.tasks.question import Question

NONE_WORDS = {"en": "None", "zh": "没有"}
_MOST_PIECES = 14
"""Rows of more pieces than this are not searched for separators that belong to a mention: the search must stay cheap."""
_MOST_REORDERED = 3
"""Rows of more fields are not searched for both at once: another order and separators in mentions."""
_WRAPPING = " \t\r\n\"'“”‘’「」『』`*[]{}<>【】.。,，;；!！"
_KINDS = {
    "head_type": "type",
    "tail_type": "type",
    "mention": "text",
    "head": "text",
    "tail": "text",
    "trigger": "text",
    "argument": "text",
}

_NO_MENTIONS = ("none", "null", "n/a", "没有", "无")

Texts = tuple[str, ...]


class Fitting:
    """Judges fields of the answers to one question. `read` takes a field's escapes away."""

    def __init__(self, question: Question, *, read: Callable[[str], str] = unescaped) -> None:
        schema, given = question.schema, question.given
        self._text = question.text
        self._read = read
        event = schema.event(given.frames[0].type) if given and given.frames else None
        entities, relations, events = map(_Names, (schema.entities, schema.relations, schema.events))
        self._events = {label.name: label for label in schema.events}
        self._names = {
            "type": entities, "head_type": entities, "tail_type": entities, "relation": relations, "event": events,
            "role": _Names(event.roles if event else ()),
        }  # fmt: skip
        self._roles: dict[str, _Names] = {label.label: _Names(label.roles) for label in schema.events}

    def event(self, name: str) -> EventLabel | None:
        """The event type that a name means."""
        if name in self._events:
            return self._events[name]
        label = self._names["event"].label(name)
        return next((event for event in self._events.values() if event.label == label), None)

    def ask_roles_of(self, name: str) -> None:
        """From here on, roles are those of the event type with this name; of an unknown one any."""
        event = self.event(name)
        self._names["role"] = self._roles[event.label] if event else _Names(())

    @property
    def has_roles(self) -> bool:
        """Whether roles are known at present."""
        return bool(self._names["role"].labels)

    def holds(self, text: str) -> bool:
        """Whether the text is known to hold this."""
        return bool(text) and text in self._text

    def knows(self, slot: str, name: str) -> bool:
        """Whether the name is one of the schema's, in whatever spelling."""
        return self._names[slot].knows(name)

    def means(self, items: Iterable[Item]) -> bool:
        """Whether there are items, all mentions are in the text and all names in the schema."""
        fields = [field for one in items for field in one.fields]
        return bool(fields) and all(
            self.holds(field.text) if field.slot in TEXT_SLOTS else field.slot == "role" or self.knows(field.slot, field.text)
            for field in fields
        )

    # Each of these gives the row's texts, or None where the pieces cannot be read so.

    def exact(self, pieces: Sequence[Piece], row: Row) -> Texts | None:
        """The pieces one by one, where names are known and mentions in the text (as far as that is known)."""
        texts = self.as_it_stands(pieces, row)
        return texts if texts is not None and all(map(self._is_right, row, texts)) else None

    def sure(self, pieces: Sequence[Piece], row: Row) -> Texts | None:
        """The same where every name is one of the schema's, and a row without names is known to be in the text."""
        texts = self.exact(pieces, row)
        names = [slot for slot in row if slot not in TEXT_SLOTS]
        if texts is None or not (all(self._names[slot].labels for slot in names) if names else all(map(self.holds, texts))):
            return None
        return texts

    def as_it_stands(self, pieces: Sequence[Piece], row: Row) -> Texts | None:
        """The pieces one by one, whatever they hold; only a trigger may be empty."""
        if len(pieces) != len(row) or (len(row) == 1 and self._is_none_word(pieces[0].text.strip(BLANKS))):
            return None
        texts = tuple(self._value(piece.text) for piece in pieces)
        return texts if all(text or slot == "trigger" for slot, text in zip(row, texts, strict=True)) else None

    def says_none(self, pieces: Sequence[Piece], row: Row) -> bool:
        """Whether a word for nothing stands where a mention should, and is no mention of the text."""
        words = [piece.text.strip(BLANKS) for slot, piece in zip(row, pieces, strict=False) if slot in TEXT_SLOTS]
        return (
            bool(self._text)
            and len(pieces) == len(row)
            and any(word.casefold() in _NO_MENTIONS and not self.holds(word) for word in words)
        )

    def _is_none_word(self, written: str) -> bool:
        """Whether this is a none word; among other items it may be a mention of the text."""
        return written in NONE_WORDS.values() and not self.holds(written)

    def mended(self, written: Sequence[tuple[Row, Sequence[Piece]]], pieces: Sequence[Piece]) -> tuple[Row, list[Texts]] | None:
        """The first row that the pieces fit if separators in mentions are not escaped, fields are in quotes, in another order or too
        many, or if several rows stand in one; only where every name is known and every mention in the text (as far as that is known).

        `written`: the rows to try, each with the pieces that are its fields in a well-formed answer. Where they are as many as the
        row has and the names are known, only quotes are taken off: the answer has a mention that the text has not.
        """
        settled = [(row, fields) for row, fields in written if len(row) > 1 and self.is_named(fields, row)]
        if settled:
            return next(((row, [texts]) for row, fields in settled if (texts := self._clean(fields, row)) is not None), None)
        rows = [row for row, _ in written if all(self._names[slot].labels for slot in row if slot not in TEXT_SLOTS)]
        for row in rows:
            if (texts := self._merged(pieces, row) or self._reordered(pieces, row)) is not None:
                return row, [texts]
        filled = [piece for piece in pieces if not piece.is_blank]
        for row in rows:
            found = self._listed(filled, row) or self._listed_behind_a_name(filled, row) or self._inside(filled, row)
            if found is not None:
                return row, found
        return None

    def listed(self, pieces: Sequence[Piece], row: Row) -> list[Texts] | None:
        """Several of the row side by side; only where every name is one of the schema's and every mention is known to be in the text
        (unless names tell enough)."""
        names = [slot for slot in row if slot not in TEXT_SLOTS]
        rows = self._listed([piece for piece in pieces if not piece.is_blank], row)
        if rows is None or not all(self._names[slot].labels for slot in names):
            return None
        return rows if names or all(self.holds(text) for texts in rows for text in texts) else None

    def is_named(self, pieces: Sequence[Piece], row: Row) -> bool:
        """Whether the pieces are as many as the row has, with known names where it has names."""
        texts = self.as_it_stands(pieces, row)
        return texts is not None and all(
            self.knows(slot, text) for slot, text in zip(row, texts, strict=True) if slot not in TEXT_SLOTS
        )

    def _merged(self, pieces: Sequence[Piece], row: Row) -> Texts | None:
        """The row's slots as runs of pieces, blank ones between runs passed over. Depth-first, each dead end visited once."""
        if len(pieces) > _MOST_PIECES:
            return None
        dead: set[tuple[int, int]] = set()

        def filled(at: int, slot: int) -> Texts | None:
            if slot == len(row):
                return () if all(piece.is_blank for piece in pieces[at:]) else None
            if at == len(pieces) or (at, slot) in dead:
                return None
            if pieces[at].is_blank and (rest := filled(at + 1, slot)) is not None:
                return rest
            for stop in range(at + 1, len(pieces) + 1):
                text = self._cleaned(row[slot], joined(pieces[at:stop]))
                if text is not None and (rest := filled(stop, slot + 1)) is not None:
                    return (text, *rest)
            dead.add((at, slot))
            return None

        return filled(0, 0)

    def _reordered(self, pieces: Sequence[Piece], row: Row) -> Texts | None:
        pieces = [piece for piece in pieces if not piece.is_blank]
        if len(pieces) < len(row) or (len(pieces) > len(row) and len(row) > _MOST_REORDERED):
            return None
        for order in _orders(row):
            texts = self._clean(pieces, order) if len(pieces) == len(row) else self._merged(pieces, order)
            if texts is not None:
                by_slot = dict(zip(order, texts, strict=True))
                return tuple(by_slot[slot] for slot in row)
        return None

    def _listed(self, pieces: Sequence[Piece], row: Row) -> list[Texts] | None:
        if not pieces or len(pieces) % len(row):
            return None
        rows = []
        for start in range(0, len(pieces), len(row)):
            texts = self._clean(pieces[start : start + len(row)], row)
            if texts is None:
                return None
            rows.append(texts)
        return rows

    def _listed_behind_a_name(self, pieces: Sequence[Piece], row: Row) -> list[Texts] | None:
        if len(row) < 2 or row[0] in TEXT_SLOTS or len(pieces) < 2:
            return None
        name, rest = self._cleaned(row[0], pieces[0].text), self._listed(pieces[1:], row[1:])
        return None if name is None or rest is None else [(name, *texts) for texts in rest]

    def _inside(self, pieces: Sequence[Piece], row: Row) -> list[Texts] | None:
        if len(pieces) > _MOST_PIECES:
            return None
        for start in range(len(pieces) - len(row) + 1):
            if (texts := self._clean(pieces[start : start + len(row)], row)) is not None:
                return [texts]
        return None

    def _clean(self, pieces: Sequence[Piece], row: Row) -> Texts | None:
        texts = []
        for slot, piece in zip(row, pieces, strict=True):
            text = self._cleaned(slot, piece.text)
            if text is None:
                return None
            texts.append(text)
        return tuple(texts)

    def _cleaned(self, slot: str, written: str) -> str | None:
        """The slot's text, without quotes and the like if only then it is known; None where it is not known."""
        text = self._value(written)
        if text and self._is_right(slot, text, exactly=True):
            return text
        stripped = written.strip(_WRAPPING)
        bare = self._value(stripped)
        if bare and not stripped.endswith("\\") and self._is_right(slot, bare, exactly=True):  # else: what was stripped was escaped
            return bare
        return text if text and self._is_right(slot, text) else None

    def _value(self, written: str) -> str:
        return self._read(written.strip(BLANKS))

    def _is_right(self, slot: str, text: str, *, exactly: bool = False) -> bool:
        if slot not in TEXT_SLOTS:
            return self._names[slot].knows(text, exactly=exactly)
        return not self._text or not text or text in self._text


class _Names:
    """The names of one kind. Where none is known, every name stands for itself."""

    def __init__(self, labels: Sequence[Label]) -> None:
        self.labels = labels
        self._exact = {label.name for label in labels}
        # No name has a reading that much longer than itself; label_of looks at every character.
        self._longest = 2 * max((len(text) for label in labels for text in (label.name, label.label)), default=0) + 8
        self._has_tags = any("<" in text for label in labels for text in (label.name, label.label))
        self._seen: dict[str, str | None] = {}

    def knows(self, name: str, *, exactly: bool = False) -> bool:
        return not self.labels or name in self._exact or (not exactly and self.label(name) is not None)

    def label(self, name: str) -> str | None:
        """The label that the name means."""
        if len(name) > self._longest or ("<" in name and not self._has_tags):  # `person</s>` is no plural
            return None
        if name not in self._seen:
            label, problems = label_of(name, self.labels)
            self._seen[name] = None if any(problem.kind == "unknown_type" for problem in problems) else label
        return self._seen[name]


@cache
def _orders(row: Row) -> tuple[Row, ...]:
    """The row's slots in other orders; head before tail and head's type before tail's, as nothing else could tell them apart."""
    kinds = [_KINDS.get(slot, slot) for slot in row]
    orders = []
    for order in dict.fromkeys(permutations(kinds)):
        left = {kind: [slot for slot, own in zip(row, kinds, strict=True) if own == kind] for kind in kinds}
        orders.append(tuple(left[kind].pop(0) for kind in order))
    return tuple(order for order in orders if order != row)
