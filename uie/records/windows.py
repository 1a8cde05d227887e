"""A text or Document that is too long for one question → windows that end at sentences, and the annotations that each window holds.

Only the text is cut: a window becomes a Document of its own, so instruction, schema and answer are made for it, whole. What no
window holds is counted (`lost`). Building records and prediction cut the same way.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import SettingsError
from uie.records.tokens import load_tokenizer
from uie.tasks.occurrences import is_unspaced, places

CountTokens = Callable[[str], int]


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a text, half-open, in code points."""

    start: int
    end: int


def windows(text: str, *, count_tokens: CountTokens, longest: int, overlap: int = 0) -> list[Window]:
    """Windows of at most `longest` tokens that hold the whole text, in order; a text that fits is one window.

    Each takes as many sentences as fit, and begins with the last sentences of the one before where these have at most `overlap`
    tokens together and a next sentence still fits behind them. A sentence that is too long is cut between words, a word that is
    too long between characters, and the next window then repeats words or characters. White space between two windows is in
    neither. A single code point that has more than `longest` tokens is a window of its own: nothing else is ever too long.

    `count_tokens` is called once on the text, then about 6 times a window (12 with an overlap), on twice what fits or one sentence.

    Raises:
        SettingsError: `longest` or `overlap` leaves no room for progress.
    """
    if longest < 1:
        raise SettingsError(f"windows.tokens: expected 1 or more, found {longest}.")
    if not 0 <= overlap < longest:
        raise SettingsError(f"windows.overlap: expected 0 or more and less than windows.tokens ({longest}), found {overlap}.")
    if count_tokens(text) <= longest:
        return [Window(0, len(text))]
    return _Cutter(text, count_tokens, longest, overlap).windows() or [Window(0, 0)]  # all of it white space


def token_counter(tokenizer: str) -> CountTokens:
    """Counts a text's tokens by a tokenizer.json, without special tokens; characters where `tokenizer` is empty.

    `tokenizer` is the file, a folder that holds it, or the name of a model in the cache.

    Raises:
        SettingsError: there is no such file, or it holds no tokenizer.
    """
    if not tokenizer:
        return len
    loaded = load_tokenizer(tokenizer, where="windows.tokenizer")
    return lambda text: len(loaded.encode(text, add_special_tokens=False).ids)


# Where a text may be cut

_CLOSERS = r"[”’」』）】》〉)\]\"']"
# Tokenized corpora write a space before the closing quote or bracket: "I see . ''".
_STOP = re.compile(rf"([.!?。｡！？；…]+)(?:{_CLOSERS}| (?:''|[”’)\]])(?!\S))*")
_ALWAYS = frozenset("。｡！？；")
_WORD_BEFORE = re.compile(r"(?<![\w.])[a-z][a-z.]*$", re.ASCII | re.IGNORECASE)
_ABBREVIATION = re.compile(
    r"(?:[a-z]{1,2}\.)*[a-z]"  # J, U.S, e.g, Ph.D
    r"|mr|mrs|ms|dr|prof|st|mt|gen|col|sgt|lt|capt|maj|cmdr|adm|rep|sen|gov|rev|hon|pres|sr|jr|vs|cf|al|inc|corp|ltd|co|dept|approx"
    r"|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec",
    re.IGNORECASE,
)
_BEFORE_NUMBERS = re.compile(r"nos?|figs?|eq|sec|ch|vol|pp|art", re.IGNORECASE)
# "of the war.The end": texts from the web lose their line breaks. 3.5, example.org and U.S.Steel are no such places.
_ENDS_SMALL = re.compile(r"[a-z]{2}$")
_LIST_NUMBER = re.compile(r"^[ \t]*\(?\d{1,3}$", re.MULTILINE)
_WHITE = re.compile(r"\s+")
_INK = re.compile(r"\S")
# Chinese has no spaces between words, so its commas and colons are the next best place.
_WORD_END = re.compile(r"(?<=\S)(?=\s|$)|(?<=[，、：])(?![，、：”’」』）】》〉])")
_ZERO_WIDTH_JOINER = "\u200d"
_LOOK_BACK = 12  # code points; longer than every abbreviation


def sentence_ends(text: str) -> list[int]:
    """Offsets where a sentence ends: behind its stop and closing quotes, before the white space; rising, the text's own end included.

    Sentences end at 。！？； and line breaks, and at . ! ? … before white space, Chinese or a capital. Where a full stop may belong to an
    abbreviation or an initial ("Dr. Wu", "the U.S. Army"), and where a small letter follows, there is no end: an end too few costs
    less than a name cut in two.
    """
    ends = {run.start() for run in _WHITE.finditer(text) if "\n" in run[0]} | {len(text.rstrip())}
    ends.update(stop.end() for stop in _STOP.finditer(text) if _is_end(text, stop))
    return sorted(ends - {0})


def _is_end(text: str, match: re.Match[str]) -> bool:
    stop, at = match[1], match.start()
    if not _ALWAYS.isdisjoint(stop):
        return True
    after = text[match.end() : match.end() + 1]
    if after and is_unspaced(after):  # Chinese that is written with ASCII stops, but not 3.5版
        return stop[-1] != "." or (at > 0 and is_unspaced(text[at - 1]))
    if after and not after.isspace() and not (after.isupper() and _ENDS_SMALL.search(text, max(0, at - 2), at)):
        return False
    ink = _INK.search(text, match.end())
    if ink is None:
        return True
    if ink[0].islower():  # "Why?" he said
        return False
    if stop != ".":
        return True
    look_back = max(0, at - _LOOK_BACK)
    if word := _WORD_BEFORE.search(text, look_back, at):
        shortened = _ABBREVIATION.fullmatch(word[0]) or (ink[0].isdigit() and _BEFORE_NUMBERS.fullmatch(word[0]))
        return not shortened
    return _LIST_NUMBER.search(text, look_back, at) is None


def _word_ends(text: str) -> list[int]:
    return [end.start() for end in _WORD_END.finditer(text)]


def _character_ends(text: str) -> list[int]:
    """Ends of what a reader takes for one character: its accents, variation selectors, skin tones and joined emoji included."""
    return [at for at in _code_points(text) if at == len(text) or not _is_joined(text[at - 1], text[at])]


def _is_joined(before: str, after: str) -> bool:
    return (
        unicodedata.category(after)[0] == "M"
        or after == _ZERO_WIDTH_JOINER
        or (before == _ZERO_WIDTH_JOINER and not after.isspace())
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff")  # a pair that nobody joined
    )


def _code_points(text: str) -> list[int]:
    return [at for at, character in enumerate(text, start=1) if not character.isspace()]


# From best to worst, and none behind white space; the list of a worse one is made only where a better one does not do.
_BORDERS: tuple[Callable[[str], Sequence[int]], ...] = (sentence_ends, _word_ends, _character_ends, _code_points)
_WORST = len(_BORDERS) - 1


class _Cutter:
    """Finds windows one behind the other.

    Tokens of a text are not the sum of its pieces' tokens, so every border is tried on the text itself. A longer text is taken to
    have more tokens; a tokenizer may break that by a token or two, which can cost a window a sentence, never its limit.
    """

    def __init__(self, text: str, count_tokens: CountTokens, longest: int, overlap: int) -> None:
        self._text = text
        self._stop = len(text)
        self._count_tokens = count_tokens
        self._longest = longest
        self._overlap = overlap
        self._borders: dict[int, Sequence[int]] = {}
        self._width = longest  # of the last window, in code points: where the search for the next one begins

    def windows(self) -> list[Window]:
        found: list[Window] = []
        at, level = self._skip_white(0), 0
        while at < self._stop:
            start, target = at, at + 1
            if self._overlap and found:
                target = self._target(at, level)
                start = self._start(found[-1], level, target) or at
            level, end = self._end(start, behind=at) or (_WORST, target)
            found.append(Window(start, end))
            self._width = end - start
            at = self._skip_white(end)
        return found

    def _target(self, at: int, level: int) -> int:
        """The border that a window has to reach, however much it repeats of the one before.

        So no sentence is cut for the sake of an overlap; but where one was cut (`level` is not that of sentences), what stands on
        both sides of the cut is in no window without the overlap, and one more cut with an overlap costs nothing.
        """
        for each in range(level, len(_BORDERS)):
            borders = self._at(each)
            target = borders[bisect_right(borders, at)]
            if self._fits(at, target):
                return target
        return at + 1

    def _end(self, start: int, *, behind: int) -> tuple[int, int] | None:
        """The best level that has a border within reach, and its farthest one; None if one code point is too long already."""
        for level in range(len(_BORDERS)):
            if (end := self._farthest(level, start, behind=behind)) is not None:
                return level, end
        return None

    def _start(self, previous: Window, level: int, target: int) -> int | None:
        """Where to begin so as to repeat as much of the previous window as `overlap` allows and still reach `target`.

        A window that ended at a border of `level` repeats whole pieces of that level, or better ones.
        """
        for each in range(level + 1):
            borders = self._at(each)
            low, high = bisect_right(borders, previous.start), bisect_left(borders, previous.end)

            def will_do(index: int, borders: Sequence[int] = borders) -> bool:
                start = self._skip_white(borders[index])
                repeated = self._text[start : previous.end]
                return self._count_tokens(repeated) <= self._overlap and self._fits(start, target)

            first = bisect_left(range(low, high), True, key=will_do) + low
            if first < high:
                return self._skip_white(borders[first])
        return None

    def _farthest(self, level: int, start: int, *, behind: int) -> int | None:
        """The last border behind `behind` up to which the text from `start` on fits."""
        borders, (fits, too_far) = self._at(level), self._reach(start)
        first, low, high = bisect_right(borders, behind), bisect_right(borders, fits), bisect_left(borders, too_far)
        index = low + bisect_left(range(low, high), True, key=lambda index: not self._fits(start, borders[index])) - 1
        while index >= first and not self._fits(start, borders[index]):
            index -= 1
        return borders[index] if index >= first else None

    def _reach(self, start: int) -> tuple[int, int]:
        """An end that fits and one, at most twice as far, that does not: so no search looks at a long text's whole rest."""
        width = self._width
        while width > 1 and not self._fits(start, start + width):
            width //= 2
        if width == 1 and not self._fits(start, start + 1):
            return start, start + 1
        while start + width < self._stop:
            if not self._fits(start, start + 2 * width):
                return start + width, start + 2 * width
            width *= 2
        return self._stop, self._stop + 1

    def _fits(self, start: int, end: int) -> bool:
        return self._count_tokens(self._text[start:end]) <= self._longest

    def _at(self, level: int) -> Sequence[int]:
        if level not in self._borders:
            self._borders[level] = _BORDERS[level](self._text)
        return self._borders[level]

    def _skip_white(self, at: int) -> int:
        ink = _INK.search(self._text, at)
        return self._stop if ink is None else ink.start()


# What a window holds of a Document


@dataclass(frozen=True, slots=True)
class _Held:
    """Indices of what lies in a window; an argument's are its event's and its own."""

    entities: Collection[int]
    relations: Collection[int]
    events: Collection[int]
    arguments: Collection[tuple[int, int]]


def cut_to(document: Document, window: Window) -> tuple[Document, dict[str, int]]:
    """The Document of a window, with offsets that count from the window's start, and how many items the cut took, by kind.

    A mention must lie in the window with all its fragments, an ungrounded one where its string stands. A relation needs both ends.
    An event needs its trigger; one without a trigger needs any of its arguments, and one with neither is in the first window.
    An event keeps the arguments that lie in the window. Clusters go, and the relations between them.

    Counted is what the window holds a part of: a mention across its border, a relation with one end outside, an argument outside of
    an event that stays. Another window may hold it whole: `lost` tells what none does.
    """
    if _is_whole(document, window):
        return document, {}
    holds = _Holder(document, window)
    held = holds.held()
    entities = {old: new for new, old in enumerate(sorted(held.entities))}
    events = {old: new for new, old in enumerate(sorted(held.events))}
    cut = replace(
        document,
        text=document.text[window.start : window.end],
        entities=document.entities and tuple(_moved_entity(document.entities[old], window) for old in entities),
        relations=document.relations
        and tuple(
            _moved_relation(relation, entities) for index, relation in enumerate(document.relations) if index in held.relations
        ),
        events=document.events and tuple(_moved_event(document.events[old], old, held, events, window) for old in events),
        clusters=None,
        tokens=document.tokens and tuple((s - window.start, e - window.start) for s, e in document.tokens if holds.span(s, e)),
    )
    return cut, holds.cut_apart(held)


def lost(document: Document, windows: Iterable[Window]) -> dict[str, int]:
    """How many entities, relations, events and arguments none of the windows holds; kinds that lose nothing are left out."""
    held = [_Holder(document, window).held() for window in windows]
    events = document.events or ()
    return _without_zeros(
        {
            "entities": len(document.entities or ()) - len({index for each in held for index in each.entities}),
            "relations": len(document.relations or ()) - len({index for each in held for index in each.relations}),
            "events": len(events) - len({index for each in held for index in each.events}),
            "arguments": sum(len(event.arguments) for event in events) - len({at for each in held for at in each.arguments}),
        }
    )


def _is_whole(document: Document, window: Window) -> bool:
    return (window.start, window.end) == (0, len(document.text))


class _Holder:
    """Says what of a Document lies in a window, and what lies across its border."""

    def __init__(self, document: Document, window: Window) -> None:
        self._document = document
        self._window = window
        self._entities = document.entities or ()
        self._relations = document.relations or ()
        self._events = document.events or ()

    def held(self) -> _Held:
        if _is_whole(self._document, self._window):
            arguments = {(index, which) for index, event in enumerate(self._events) for which in range(len(event.arguments))}
            return _Held(range(len(self._entities)), range(len(self._relations)), range(len(self._events)), arguments)
        entities = {index for index, entity in enumerate(self._entities) if self.mention(entity.mention)}
        relations = {
            index
            for index, relation in enumerate(self._relations)
            if relation.level == "entity" and {relation.head, relation.tail} <= entities
        }
        events = self._held_events()
        arguments = {
            (index, which)
            for index in events
            for which, argument in enumerate(self._events[index].arguments)
            if self._has(argument, events)
        }
        return _Held(entities, relations, events, arguments)

    def cut_apart(self, held: _Held) -> dict[str, int]:
        """How many items the window holds a part of, by kind; an event that is cut loses all its arguments."""
        cut: Counter[str] = Counter()
        cut["entities"] = sum(
            self._touches(entity.mention) for index, entity in enumerate(self._entities) if index not in held.entities
        )
        cut["relations"] = sum(
            self._touches_relation(relation) for index, relation in enumerate(self._relations) if index not in held.relations
        )
        for index, event in enumerate(self._events):
            if index in held.events:
                cut["arguments"] += sum((index, which) not in held.arguments for which in range(len(event.arguments)))
            elif self._touches_event(event):
                cut["events"] += 1
                cut["arguments"] += len(event.arguments)
        return _without_zeros(cut)

    def mention(self, mention: Mention) -> bool:
        if mention.start is None or mention.end is None:
            return any(self.span(at, at + len(mention.text)) for at in places(self._document.text, mention.text))
        return self.span(mention.start, mention.end)

    def span(self, start: int, end: int) -> bool:
        return self._window.start <= start and end <= self._window.end

    def _held_events(self) -> set[int]:
        held: set[int] = set()
        waiting = set(range(len(self._events)))
        # An event without a trigger may be held for an argument that is an event, so once more until nothing comes.
        while new := {index for index in waiting if self._has_event(self._events[index], held)}:
            held |= new
            waiting -= new
        return held

    def _has_event(self, event: Event, held: set[int]) -> bool:
        if event.trigger is not None:
            return self.mention(event.trigger)
        if not event.arguments:
            return not self._document.text[: self._window.start].strip()
        return any(self._has(argument, held) for argument in event.arguments)

    def _has(self, argument: Argument, held: set[int]) -> bool:
        return argument.event in held if argument.mention is None else self.mention(argument.mention)

    def _touches(self, mention: Mention) -> bool:
        if mention.span is None:
            return self.mention(mention)
        return any(start < self._window.end and self._window.start < end for start, end in mention.span)

    def _touches_relation(self, relation: Relation) -> bool:
        ends = {relation.head, relation.tail}
        if relation.level == "cluster":
            clusters = self._document.clusters or ()
            ends = {entity for cluster in ends for entity in clusters[cluster]}
        return any(self._touches(self._entities[end].mention) for end in ends)

    def _touches_event(self, event: Event) -> bool:
        if event.trigger is not None:
            return self._touches(event.trigger)
        return any(argument.mention is not None and self._touches(argument.mention) for argument in event.arguments)


def _moved(mention: Mention, window: Window) -> Mention:
    if mention.start is None or mention.end is None:
        return mention
    by = window.start
    return Mention(mention.text, mention.start - by, mention.end - by, tuple((s - by, e - by) for s, e in mention.fragments))


def _moved_entity(entity: Entity, window: Window) -> Entity:
    return replace(entity, mention=_moved(entity.mention, window))


def _moved_relation(relation: Relation, entities: dict[int, int]) -> Relation:
    return replace(relation, head=entities[relation.head], tail=entities[relation.tail])


def _moved_event(event: Event, index: int, held: _Held, events: dict[int, int], window: Window) -> Event:
    arguments = tuple(
        replace(argument, event=None if argument.event is None else events[argument.event])
        if argument.mention is None
        else replace(argument, mention=_moved(argument.mention, window))
        for which, argument in enumerate(event.arguments)
        if (index, which) in held.arguments
    )
    return replace(event, trigger=None if event.trigger is None else _moved(event.trigger, window), arguments=arguments)


def _without_zeros(counts: dict[str, int]) -> dict[str, int]:
    return {kind: count for kind, count in counts.items() if count}
