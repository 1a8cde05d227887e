"""The offset figures of UIE (universal-ie): predicted strings get offsets by a strategy (`map_config`) → counts against gold's offsets.

    first          entities and triggers: the first place that is not taken yet; arguments: the first place
    closest        as first, but the two arguments of a relation at their closest places, an event's argument closest to its trigger
    longer_first   as closest, but entities are placed from the longest string on, none overlapping another

A place is one of whole words: of the gold Document's tokens, else of runs of letters and digits; in scripts without spaces (`lang` zh,
ja, th …) any character counts as one. The string figures of universal-ie are those of our rule `string`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from uie.documents import Document, Event
from uie.scoring import RuleFacts
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, count_items
from uie.scoring.rules import (
    ARGUMENT_CLASSIFICATION,
    ENTITIES,
    RELATIONS_BOUNDARY,
    RELATIONS_STRICT,
    TRIGGER_CLASSIFICATION,
    filler,
    span_of,
    typed,
)
from uie.scoring.scope import Pair

UNSPACED = ("zh", "ja", "th", "lo", "km", "my")
Place = tuple[int, int]
_RELATIONS = (RELATIONS_BOUNDARY, RELATIONS_STRICT)
_EVENTS = (TRIGGER_CLASSIFICATION, ARGUMENT_CLASSIFICATION)
_MEASURES = {
    "NER": (ENTITIES,),
    "RE": _RELATIONS,
    "SPO": _RELATIONS,
    "EE": _EVENTS,
    "EET": _EVENTS[:1],
    "JOINT": (ENTITIES, *_RELATIONS),
}


@dataclass(frozen=True)
class OffsetRule:
    facts: RuleFacts
    strategy: str
    needs_offsets: bool = True
    grounds: bool = True
    "predicted strings need no offsets: the strategy gives them theirs"

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {}

    def measures(self, task: str) -> tuple[str, ...]:
        return _MEASURES.get(task, ())

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        places = _places_in(pair.gold)
        gold: dict[str, list[Item]] = {}
        predicted: dict[str, list[Item]] = {}
        if ENTITIES in self.measures(task):
            gold[ENTITIES] = [Item(entity.type, span_of(entity.mention)) for entity in typed(pair.gold)]
            predicted[ENTITIES] = [Item(type, (place,)) for type, place in self._entities(pair.predicted, places)]
        if RELATIONS_STRICT in self.measures(task):
            gold.update(_gold_relations(pair.gold))
            predicted.update(_both(self._relations(pair.predicted, places)))
        if TRIGGER_CLASSIFICATION in self.measures(task):
            gold.update(_gold_events(pair.gold))
            predicted.update(self._events(pair.predicted, places))
        return {measure: count_items(gold[measure], predicted[measure]) for measure in self.measures(task)}

    def _entities(self, predicted: Document, places: "_Places") -> Iterator[tuple[str | None, Place]]:
        """Mentions without a free place are left out."""
        entities = typed(predicted)
        taken: set[tuple[str | None, Place]] = set()
        if self.strategy == "longer_first":
            entities.sort(key=lambda entity: -len(entity.mention.text))
        for entity in entities:
            for place in places(entity.mention.text):
                overlaps = any(place[0] < end and start < place[1] for _, (start, end) in taken)
                if (entity.type, place) not in taken and not (self.strategy == "longer_first" and overlaps):
                    taken.add((entity.type, place))
                    yield entity.type, place
                    break

    def _relations(self, predicted: Document, places: "_Places") -> list[tuple[str | None, Place, Place, str | None, str | None]]:
        """Each relation once. Except with `first`, one whose arguments are not in the text ends the reading of the answer."""
        found: dict[tuple[str | None, Place, Place, str | None, str | None], None] = {}
        entities = predicted.entities or ()
        for relation in predicted.relations or ():
            if relation.level != "entity":
                continue
            head, tail = entities[relation.head], entities[relation.tail]
            heads, tails = places(head.mention.text), places(tail.mention.text)
            if not (heads and tails):
                if self.strategy == "first":
                    continue
                break
            pair = (heads[0], tails[0])
            if self.strategy != "first":
                pair = min(((h, t) for h in heads for t in tails), key=lambda both: (places.distance(*both), *both))
            found[(relation.type, *pair, head.type, tail.type)] = None
        return list(found)

    def _events(self, predicted: Document, places: "_Places") -> dict[str, list[Item]]:
        """Events whose trigger is not in the text are left out; one whose trigger has no free place left ends the reading."""
        found: dict[str, list[Item]] = {TRIGGER_CLASSIFICATION: [], ARGUMENT_CLASSIFICATION: []}
        events = predicted.events or ()
        taken: set[Place] = set()
        for event in events:
            every = places(event.trigger.text) if event.trigger else []
            if not every:
                continue
            trigger = next((place for place in every if place not in taken), None)
            if trigger is None:
                break
            taken.add(trigger)
            found[TRIGGER_CLASSIFICATION].append(Item(event.type, (trigger,)))
            found[ARGUMENT_CLASSIFICATION] += self._arguments(event, events, trigger, places)
        return found

    def _arguments(self, event: Event, events: Sequence[Event], trigger: Place, places: "_Places") -> Iterator[Item]:
        for argument in event.arguments:
            every = places(filler(argument, events).text)
            if every:
                place = every[0] if self.strategy == "first" else min(every, key=lambda one: places.distance(one, trigger))
                yield Item(f"{event.type}/{argument.role}", (place,))


def _both(relations: list[tuple[str | None, Place, Place, str | None, str | None]]) -> dict[str, list[Item]]:
    return {
        RELATIONS_BOUNDARY: [Item(type, ((head,), (tail,))) for type, head, tail, _, _ in relations],
        RELATIONS_STRICT: [Item(type, ((head,), (tail,), *types)) for type, head, tail, *types in relations],
    }


def _gold_relations(gold: Document) -> dict[str, list[Item]]:
    entities = gold.entities or ()
    found: dict[str, list[Item]] = {RELATIONS_BOUNDARY: [], RELATIONS_STRICT: []}
    for relation in gold.relations or ():
        if relation.level == "entity":
            head, tail = entities[relation.head], entities[relation.tail]
            ends = (span_of(head.mention), span_of(tail.mention))
            found[RELATIONS_BOUNDARY].append(Item(relation.type, ends))
            found[RELATIONS_STRICT].append(Item(relation.type, (*ends, head.type, tail.type)))
    return found


def _gold_events(gold: Document) -> dict[str, list[Item]]:
    events = gold.events or ()
    triggers = [Item(event.type, span_of(event.trigger)) for event in events if event.trigger is not None]
    arguments = [
        Item(f"{event.type}/{argument.role}", span_of(filler(argument, events))) for event in events for argument in event.arguments
    ]
    return {TRIGGER_CLASSIFICATION: triggers, ARGUMENT_CLASSIFICATION: arguments}


@dataclass(frozen=True, slots=True)
class _Places:
    """Finds the places of strings that begin and end with words; `starts` and `ends` number the words."""

    text: str
    starts: Mapping[int, int]
    ends: Mapping[int, int]

    def __call__(self, string: str) -> list[Place]:
        found: list[Place] = []
        start = self.text.find(string) if string else -1
        while start >= 0:
            if start in self.starts and start + len(string) in self.ends:
                found.append((start, start + len(string)))
            start = self.text.find(string, start + 1)
        return found

    def distance(self, one: Place, other: Place) -> int:
        """How many words lie between the first words of two places."""
        return abs(self.starts[one[0]] - self.starts[other[0]])


def _places_in(gold: Document) -> _Places:
    if gold.lang in UNSPACED:
        words: Sequence[Place] = [(place, place + 1) for place in range(len(gold.text))]
    else:
        words = gold.tokens or [match.span() for match in re.finditer(r"\w+|[^\w\s]", gold.text)]
    return _Places(
        gold.text,
        {start: number for number, (start, _) in enumerate(words)},
        {end: number for number, (_, end) in enumerate(words)},
    )


def _rule(strategy: str) -> OffsetRule:
    facts = RuleFacts(
        name=f"uie-offset.{strategy}",
        compares=f"type and offsets, where predicted strings get their offsets by the strategy {strategy}",
        used_by=f"UIE (Lu et al. 2022), universal-ie, map_config {strategy}",
        source="universal-ie/UIE uie/sel2record/record.py, uie/extraction/scorer.py, match_mode normal",
        duplicates="the next place of the string; relations once",
        faults=(
            "predictions that are not in the text, or have no free place, are no false positives, which raises precision; a mention that "
            "is right in the second place may be placed at the first; arguments of events are not tied to their trigger"
        ),
        breaks={
            "gold": "strings lose their places: gold at the second place of a string is predicted at its first",
            "order": "the first of two equal strings gets the first place; what is not in the text may end the reading",
            "wrong": "a further mention may take a place and move another one to the right place",
        },
    )
    return OffsetRule(facts, strategy)


FIRST, CLOSEST, LONGER_FIRST = map(_rule, ("first", "closest", "longer_first"))
