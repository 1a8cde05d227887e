"""A Document and those who ask → its questions, in windows where its text is too long for one; and the questions round the borders of windows.

A relation or event whose parts lie in two windows is in neither's answer. So, where there is something on both sides of a border,
one more window is asked that reaches over it: of the same size or, where that would not hold all mentions of both sides, a wider one.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from uie.documents import Document, Mention
from uie.errors import SettingsError
from uie.extraction.answering import Answerer, turns_of
from uie.records.asking import Asker
from uie.records.mix import Windows
from uie.records.questions import Piece, pieces
from uie.records.record import Record, prompt_text
from uie.records.windows import CountTokens, Window, cut_to, windows
from uie.schema import KINDS, schema_to_mapping
from uie.tasks import TASKS

_AT_JOINS = 8  # tokens: where texts are joined there may be some more than both have
_OF_THE_WRAP = 256  # tokens that a wrap puts round a prompt, at most


@dataclass(frozen=True, slots=True)
class Measure:
    """How long texts are to a model: in tokens, or in characters where its engine has no tokenizer.

    A prompt may have `room` tokens, so that the longest answer has its own; None where nobody knows.
    """

    count: CountTokens = len
    count_prompt: Callable[[Record], int] = lambda record: 0
    room: int | None = None

    @classmethod
    def of(cls, answerer: Answerer) -> "Measure":
        """By what the engine has: `count_tokens(text)`, `count_prompt_tokens(turns)`, and `longest`, a prompt with its answer."""
        engine: Any = answerer.engine
        if not hasattr(engine, "count_tokens"):
            return cls()
        return cls(
            engine.count_tokens,
            lambda record: int(engine.count_prompt_tokens(turns_of(record))),
            engine.longest - answerer.sampling.max_new_tokens,
        )

    def longest_text(self, text: str, records: Iterable[Record]) -> int | None:
        """How many tokens of this text the longest of these questions about it may hold; None where it may hold all."""
        if self.room is None or all(_bytes(record) + _OF_THE_WRAP <= self.room for record in records):
            return None  # a token is a byte at least, so that most texts need not be counted
        longest = max(self.count_prompt(record) for record in records)
        return None if longest <= self.room else self.room - _AT_JOINS - (longest - self.count(text))


def _bytes(record: Record) -> int:
    return len(prompt_text(record.instruct, record.query).encode("utf-8"))


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of one document: the windows of its text, if it was cut, how many tokens they may have, and one across a border.

    A Document with nothing to read has no records.
    """

    records: tuple[Record, ...]
    document: Document | None = None
    windows: tuple[Window, ...] = ()
    size: int = 0
    widest: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """How Documents are asked.

    `window` is how many tokens of a text one question is about at most. Without it a text is cut only where its prompts would not fit
    the model. `overlap` is what a window repeats of the one before, at most half of it.
    """

    askers: Sequence[Asker]
    measure: Measure = Measure()
    window: int | None = None
    overlap: int = 0

    def __post_init__(self) -> None:
        if self.window is not None and not 0 <= 2 * self.overlap <= self.window:
            raise SettingsError(f"--overlap {self.overlap}: expected at most half of --window ({self.window}).")

    def ask(self, document: Document) -> Asked:
        """A Document's questions. What cannot be cut so that it fits is asked whole, for the engine to say so."""
        if not document.text.strip():
            return Asked((), document)
        whole = self._records(Piece(document))
        fits = self.measure.longest_text(document.text, whole)
        size = self._size(fits)
        if size is None:
            return Asked(whole, document)
        found, _ = pieces(document, Windows(size, min(self.overlap, size // 2)), self.measure.count)
        if len(found) == 1:
            return Asked(whole, document)
        places = (Window(piece.start or 0, (piece.start or 0) + len(piece.document.text)) for piece in found)
        records = tuple(record for piece in found for record in self._records(piece))
        return Asked(records, document, tuple(places), size, widest=2 * size if fits is None else min(fits, 2 * size))

    def nothing(self, document: Document, tasks: Sequence[str]) -> Document:
        """What is predicted of a text with nothing to read, for these of the tasks."""
        kinds = {kind for task in tasks for kind in TASKS.get(task).kinds}
        kinds |= {"entities"} if "relations" in kinds else set()
        found: dict[str, Any] = {kind: () if kind in kinds else None for kind in KINDS}
        asked: dict[str, Any] = {}
        for asker in self.askers:
            if asker.task in tasks:
                asked |= schema_to_mapping(asker.schemas[0], descriptions=False)
        return replace(document, **found, clusters=None, asked={**asked, "tasks": list(tasks)}, problems=())

    def ask_across(self, asked: Asked, found: Iterable[Document]) -> tuple[Record, ...]:
        """Questions for relations and events round the borders of windows; `found` is what the windows' answers say.

        Where nobody was asked for all mentions, a side may hold some that no answer says, and every border is asked.
        """
        askers = [asker for asker in self.askers if {"relations", "events"} & set(TASKS.get(asker.task).kinds)]
        if asked.document is None or not askers:
            return ()
        mentions = self._mentions(found)
        records: list[Record] = []
        for left, right in pairwise(asked.windows):
            pairs = Pairs(left, right, mentions)
            if mentions is None or pairs.count(pairs.both):
                between = self._between(asked, pairs)
                if between is not None:
                    piece = Piece(cut_to(asked.document, between)[0], between.start)
                    records += (replace(one, id=f"{one.id}-{between.end}") for one in self._records(piece, askers))
        return tuple(records)

    def _mentions(self, found: Iterable[Document]) -> list[Mention] | None:
        """All mentions that were found; None where nobody looked for all."""
        if not any("NER" in TASKS.get(asker.task).needs for asker in self.askers):
            return None
        return [mention for document in found for mention in document.mentions()]

    def _records(self, piece: Piece, askers: Iterable[Asker] | None = None) -> tuple[Record, ...]:
        askers = self.askers if askers is None else askers
        return tuple(record for asker in askers for record, _ in asker.questions(piece.document, start=piece.start))

    def _size(self, fits: int | None) -> int | None:
        """How many tokens a window may have; None where the text is not to be cut, or where no cut would do."""
        sizes = [size for size in (self.window, fits) if size is not None]
        return min(sizes, default=None) if all(size > 0 for size in sizes) else None

    def _between(self, asked: Asked, pairs: "Pairs") -> Window | None:
        """The narrowest window that holds text of both sides and all pairs of mentions, else the one with most of them."""
        best = None
        for size in sorted({asked.size, asked.widest}):
            best = self._best(asked, pairs, size)
            if best is not None and pairs.count(best) == pairs.count(pairs.both):
                break
        return best

    def _best(self, asked: Asked, pairs: "Pairs", size: int) -> Window | None:
        """Of the windows of this size, the one with most pairs of mentions, else with the border in its middle."""
        assert asked.document is not None, "a text that was cut"
        left, right = pairs.left, pairs.right
        text = asked.document.text[left.start : right.end]
        step = max(1, size // 8)  # on by an eighth of their size or, where that is more, by a sentence
        moved = (
            Window(left.start + one.start, left.start + one.end)
            for one in windows(text, count_tokens=self.measure.count, longest=size, overlap=size - step)
        )
        across = (one for one in moved if one.start < right.start and one.end > left.end)
        return max(across, key=lambda one: (pairs.count(one), min(right.start - one.start, one.end - left.end)), default=None)


@dataclass(frozen=True, slots=True)
class Pairs:
    """A mention in the left one of two windows with one in the right one; no pairs where no mentions are known."""

    left: Window
    right: Window
    mentions: Sequence[Mention] | None

    @property
    def both(self) -> Window:
        """The two windows as one."""
        return Window(self.left.start, self.right.end)

    def count(self, window: Window) -> int:
        """How many a third window holds."""
        held = [mention for mention in self.mentions or () if _is_in(mention, window)]
        return sum(_is_in(mention, self.left) for mention in held) * sum(_is_in(mention, self.right) for mention in held)


def _is_in(mention: Mention, window: Window) -> bool:
    return mention.start is not None and mention.end is not None and window.start <= mention.start and mention.end <= window.end
