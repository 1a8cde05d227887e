"""A raw answer and what it says → where in it each item's strings are written, whatever the format; so far as that can be told.

Formats say nothing of places. How one writes is learned from a made-up answer in it (`_layouts`): in which order the slots of an item
come, which of them are keys that items share, and what stands round each. The places of an item are then those that lie closest together
in that order.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.formats import FORMATS
from uie.schema import EventLabel, Label, RelationLabel, Schema
from uie.tasks import asks
from uie.tasks.items import TEXT_SLOTS, Item, Row, items_of
from uie.tasks.question import Answer, Question

Place = tuple[int, int]
"""Half-open, in code points of the raw answer."""
Places = dict[str, Place]
"""The place of each slot that is written; none at all of an item that was not found."""


@dataclass(frozen=True, slots=True)
class Located:
    """Where the mentions, triples and frames of an Answer are written, in its order; `fillers` those of each frame."""

    mentions: tuple[Places, ...]
    triples: tuple[Places, ...]
    frames: tuple[Places, ...]
    fillers: tuple[tuple[Places, ...], ...]


def locate(raw: str, answer: Answer, question: Question, format: str) -> Located:
    """Where `raw` writes what it was read as. Names are found in any spelling, mentions with any format's escapes."""
    finder = _Finder(raw, _layouts(format, question.task, question.lang), _labels(question.schema))
    items = items_of(answer, question)
    behind_mentions, behind_triples = len(answer.mentions), len(answer.mentions) + len(answer.triples)
    triples = finder.items(items[behind_mentions:behind_triples])
    first = min((start for places in triples for start, _ in places.values()), default=len(raw))
    mentions = finder.items(items[:behind_mentions], stop=first)  # every format writes them before what relates them
    rest = items[behind_triples:]
    if question.task == "EEA":  # the arguments of the frames, one frame after the other
        frames = [Places() for _ in answer.frames]
        found = iter(finder.items(rest))
        fillers = [tuple(next(found) for _ in frame.fillers) for frame in answer.frames]
    else:
        frames = finder.items(rest)
        fillers = finder.children(rest, frames)
    return Located(tuple(mentions), tuple(triples), tuple(frames), tuple(fillers))


def _labels(schema: Schema) -> dict[str, str]:
    """Name → label: a model may have written either."""
    roles = (role for event in schema.events for role in event.roles)
    return {known.name: known.label for known in (*schema.entities, *schema.relations, *schema.events, *roles)}


# How a format writes the items of a task


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the items of one row are written."""

    order: Row = ()
    "the slots that are written, from left to right"
    shared: frozenset[str] = frozenset()
    "those that a key writes for several items at once"
    around: Mapping[str, tuple[set[str], set[str]]] = field(default_factory=dict)
    'slot → the characters that may stand before and behind it, "" at an end of the answer'


@lru_cache(maxsize=256)
def _layouts(format: str, task: str, lang: str) -> Mapping[Row, _Layout]:
    """The layout of each row of the task's answers, learned from made-up items that differ in their mentions only."""
    ask = next(iter(asks(task, _PROBE, _PROBE_SCHEMA)))
    question = Question(task, ask.schema, _PROBE.text, lang, ask.given)
    gold = ask.gold or Answer()
    like_first = tuple(mention for mention in gold.mentions if mention.type == gold.mentions[0].type)
    found: dict[Row, _Layout] = {}
    for part in filter(None, (Answer(like_first), Answer(triples=gold.triples), Answer(frames=gold.frames))):
        raw, items = FORMATS.get(format).encode(part, question), items_of(part, question)
        found[items[0].row] = _learned(raw, items)
        if children := [child for one in items for child in one.children]:
            found[children[0].row] = _learned(raw, children)
    return found


def _learned(raw: str, items: Sequence[Item]) -> _Layout:
    finder = _Finder(raw, {})
    first = {field.slot: found[0] for field in items[0].fields if (found := finder.places(field.slot, items[0], _Layout()))}
    bare = _Layout(tuple(sorted(first, key=lambda slot: first[slot])))
    finder = _Finder(raw, {items[0].row: bare})
    located = finder.items(items)
    shared = frozenset(slot for slot in bare.order if len(located) > 1 and located[0].get(slot) == located[1].get(slot))
    around: dict[str, tuple[set[str], set[str]]] = {slot: (set(), set()) for slot in bare.order}
    for places in located:
        for slot, place in places.items():
            before, behind = _sides(raw, place)
            around[slot][0].add(before)
            around[slot][1].add(behind)
    return _Layout(bare.order, shared, around)


def _probe() -> tuple[Document, Schema]:
    """Two entities of each of two types, a relation between either pair, two events with two arguments each; every string is another."""
    words = ("Aqua", "Bexo", "Cyma", "Dova", "Egra", "Fulu")
    text = " ".join(words)
    one, two, three, four, *triggers = (Mention(word, text.index(word), text.index(word) + len(word)) for word in words)
    entities = tuple(Entity(mention, type) for mention, type in zip((one, two, three, four), ("Xhead", "Xtail") * 2, strict=True))
    pairs = ((one, two), (three, four))
    events = tuple(
        Event("Xevent", trigger, tuple(Argument("Xrole", mention) for mention in pair))
        for trigger, pair in zip(triggers, pairs, strict=True)
    )
    relations = (Relation("Xlink", 0, 1), Relation("Xlink", 2, 3))
    event = EventLabel("Xevent", "Xevent", "", (Label("Xrole", "Xrole"),))
    schema = Schema("en", (Label("Xhead", "Xhead"), Label("Xtail", "Xtail")), (RelationLabel("Xlink", "Xlink"),), (event,))
    return Document("probe", text, entities=entities, relations=relations, events=events), schema


_PROBE, _PROBE_SCHEMA = _probe()


# Finding items


class _Finder:
    def __init__(self, raw: str, layouts: Mapping[Row, _Layout], labels: Mapping[str, str] | None = None) -> None:
        self._raw = raw
        self._labels = labels or {}
        self._layouts = layouts
        self._found: dict[tuple[str, str], list[Place]] = {}
        self._taken: set[tuple[str, Place]] = set()

    def items(self, items: Iterable[Item], *, stop: int | None = None) -> list[Places]:
        """Where each of the items is written, no two of them at one place, all before `stop`."""
        return [self._item(one, 0, len(self._raw) if stop is None else stop) for one in items]

    def children(self, parents: Sequence[Item], found: Sequence[Places]) -> list[tuple[Places, ...]]:
        """Where the parents' children are written: behind their parent, before the next one."""
        starts = sorted(filter(None, map(self._start, parents, found)))
        held: list[tuple[Places, ...]] = []
        for parent, places in zip(parents, found, strict=True):
            start = max((end for _, end in places.values()), default=len(self._raw))
            behind = bisect_right(starts, start)
            stop = starts[behind] if behind < len(starts) else len(self._raw)
            held.append(tuple(self._item(child, start, stop) for child in parent.children))
        return held

    def _start(self, one: Item, places: Places) -> int:
        """Where the first of the slots is written that the item shares with no other; 0 where there is none."""
        shared = self._layouts.get(one.row, _Layout()).shared
        return min((start for slot, (start, _) in places.items() if slot not in shared), default=0)

    def _item(self, one: Item, start: int, stop: int) -> Places:
        """The places between `start` and `stop` that lie closest together in the layout's order."""
        layout = self._layouts.get(one.row, _Layout())
        slots = [slot for slot in layout.order if one.text(slot)]
        if not slots:
            return {}
        best: list[Place] = []
        for last in self.places(slots[-1], one, layout):
            if start <= last[0] and last[1] <= stop and (slots[-1], last) not in self._taken:
                chain = self._up_to(last, slots, one, layout)
                if chain and chain[0][0] >= start and (not best or last[1] - chain[0][0] < best[-1][1] - best[0][0]):
                    best = chain
        if best and slots[-1] not in layout.shared:
            self._taken.add((slots[-1], best[-1]))
        return dict(zip(slots, best, strict=False))

    def _up_to(self, last: Place, slots: Sequence[str], one: Item, layout: _Layout) -> list[Place]:
        """Before the last slot's place the nearest of the slot before it, and so on; nothing where one is missing."""
        chain = [last]
        for slot in reversed(slots[:-1]):
            places = self.places(slot, one, layout)
            before = bisect_right(places, chain[0][0], key=lambda place: place[1])
            if not before:
                return []
            chain.insert(0, places[before - 1])
        return chain

    def places(self, slot: str, one: Item, layout: _Layout) -> list[Place]:
        """Where the slot's string stands: if anywhere, between such characters as the format writes round it; else in any spelling."""
        text = one.text(slot)
        if (slot, text) not in self._found:
            before, behind = layout.around.get(slot, (set(), set()))
            spellings = [_all(self._raw, pattern) for pattern in _patterns(slot, text, self._labels.get(text, ""))]
            fitting = ([place for place in found if self._is_between(place, before, behind)] for found in spellings)
            self._found[slot, text] = next(filter(None, (*fitting, *spellings)), [])
        return self._found[slot, text]

    def _is_between(self, place: Place, before: set[str], behind: set[str]) -> bool:
        sides = _sides(self._raw, place)
        return sides[0] in before and sides[1] in behind


# Finding strings

_SPELLED = {"\n": r"\\n", "\r": r"\\r", "\t": r"\\t", " ": r"\\s", "&": "&amp;", "<": "&lt;", ">": "&gt;", "'": r"\#\$%\#"}
_TAGS = r"(?:</?[^<>\n]+>)*"


def _patterns(slot: str, text: str, label: str) -> list[re.Pattern[str]]:
    """How a string may be written, the most literal way first: a name in any spelling, and by its label."""
    names = [name for name in (text, label) if slot not in TEXT_SLOTS and any(map(str.isalnum, name))]
    return [_escaped(text), *([_escaped(label)] if names[1:] else []), *map(_loose, names)]


def _sides(raw: str, place: Place) -> tuple[str, str]:
    """The characters before and behind a place; "" at an end of the answer."""
    start, end = place
    return raw[max(start - 1, 0) : start], raw[end : end + 1]


def _all(raw: str, pattern: re.Pattern[str]) -> list[Place]:
    return [match.span(1) for match in pattern.finditer(raw)]


@lru_cache(maxsize=4096)
def _escaped(text: str) -> re.Pattern[str]:
    """The string as formats escape it: with backslashes, as in JSON or markup, with tags of other mentions inside."""
    return re.compile(f"(?=({_TAGS.join(map(_character, text))}))")


@lru_cache(maxsize=4096)
def _loose(name: str) -> re.Pattern[str]:
    """A name's letters and digits in any case, with anything else between them: works for, works_for, WorksFor."""
    letters = r"[\W_]*".join(re.escape(character) for character in name if character.isalnum())
    return re.compile(f"(?=({letters}))", re.IGNORECASE)


def _character(character: str) -> str:
    code = character.encode("utf-16-be", "surrogatepass").hex()
    halves = "".join(rf"\\u{code[at : at + 4]}" for at in range(0, len(code), 4))
    ways = [rf"\\?{re.escape(character)}", f"(?i:{halves})"]
    return f"(?:{'|'.join([*ways, *filter(None, [_SPELLED.get(character)])])})"
