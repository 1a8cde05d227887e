"""The rules `strict` (by offsets) and `string`: Document → the items of each measure.

    NER  entities                  type, mention
    RE   relations boundary        relation, head, tail
         relations strict          + the types of both
    EE   trigger identification    trigger
         trigger classification    + event type
         argument identification   event type, argument                    (not tied to the trigger, as in universal-ie and TextEE)
         argument classification   + role
         argument attached         + trigger                               (AC+ of TextEE)

A mention is its fragments under `strict` and its string under `string`, case and all. Everything is counted as a multiset, so the
true positives of a narrower measure never exceed those of a wider one (TextEE's sets do not have that property).
- An event without a trigger has "none" in the trigger's place, which equals only another "none": for corpora without triggers,
  trigger classification is the detection of event types.
- An argument that is an event stands for that event's trigger, as formats write it; for its type where it has none.
- Relations between clusters are no items (`uie.scoring.score` reports how many it left out).
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from uie.documents import Argument, Document, Event, Mention
from uie.scoring import Item

ENTITIES = "entities"
RELATIONS_BOUNDARY = "relations boundary"
RELATIONS_STRICT = "relations strict"
TRIGGER_IDENTIFICATION = "trigger identification"
TRIGGER_CLASSIFICATION = "trigger classification"
ARGUMENT_IDENTIFICATION = "argument identification"
ARGUMENT_CLASSIFICATION = "argument classification"
ARGUMENT_ATTACHED = "argument attached"

MEASURES = {
    "NER": (ENTITIES,),
    "RE": (RELATIONS_BOUNDARY, RELATIONS_STRICT),
    "EE": (
        TRIGGER_IDENTIFICATION,
        TRIGGER_CLASSIFICATION,
        ARGUMENT_IDENTIFICATION,
        ARGUMENT_CLASSIFICATION,
        ARGUMENT_ATTACHED,
    ),
}
# What a summary shows: one figure for a task, two for events.
MAIN_MEASURES = {"NER": (ENTITIES,), "RE": (RELATIONS_BOUNDARY,), "EE": (TRIGGER_CLASSIFICATION, ARGUMENT_CLASSIFICATION)}
ARGUMENT_MEASURES = (ARGUMENT_IDENTIFICATION, ARGUMENT_CLASSIFICATION, ARGUMENT_ATTACHED)
# For events a malformed piece counts against the triggers only: whether the line was to be a trigger or an argument cannot be told,
# and counted against both it would be wrong twice.
_MALFORMED = {
    "NER": (ENTITIES,),
    "RE": (RELATIONS_BOUNDARY, RELATIONS_STRICT),
    "EE": (TRIGGER_IDENTIFICATION, TRIGGER_CLASSIFICATION),
}


@dataclass(frozen=True)
class MentionRule:
    """The measures above; `place` says what of a mention must be equal."""

    place: Callable[[Mention], Hashable]
    needs_offsets: bool

    @property
    def malformed(self) -> Mapping[str, tuple[str, ...]]:
        return _MALFORMED

    def items(self, document: Document, task: str) -> dict[str, list[Item]]:
        return {"NER": self._entities, "RE": self._relations, "EE": self._events}[task](document)

    def _entities(self, document: Document) -> dict[str, list[Item]]:
        return {ENTITIES: [Item(e.type, self.place(e.mention)) for e in document.entities or () if e.type is not None]}

    def _relations(self, document: Document) -> dict[str, list[Item]]:
        entities = document.entities or ()
        boundary, strict = [], []
        for relation in document.relations or ():
            if relation.level != "entity":
                continue
            head, tail = entities[relation.head], entities[relation.tail]
            places = (self.place(head.mention), self.place(tail.mention))
            boundary.append(Item(relation.type, places))
            strict.append(Item(relation.type, (*places, head.type, tail.type)))
        return {RELATIONS_BOUNDARY: boundary, RELATIONS_STRICT: strict}

    def _events(self, document: Document) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {measure: [] for measure in MEASURES["EE"]}
        events = document.events or ()
        for event in events:
            trigger = None if event.trigger is None else self.place(event.trigger)
            found[TRIGGER_IDENTIFICATION].append(Item(None, trigger))
            found[TRIGGER_CLASSIFICATION].append(Item(event.type, trigger))
            for argument in event.arguments:
                place = self._filler(argument, events)
                typed_role = f"{event.type}/{argument.role}"
                found[ARGUMENT_IDENTIFICATION].append(Item(event.type, place))
                found[ARGUMENT_CLASSIFICATION].append(Item(typed_role, (event.type, argument.role, place)))
                found[ARGUMENT_ATTACHED].append(Item(typed_role, (event.type, argument.role, place, trigger)))
        return found

    def _filler(self, argument: Argument, events: tuple[Event, ...]) -> Hashable:
        if argument.mention is not None:
            return self.place(argument.mention)
        assert argument.event is not None
        target = events[argument.event]
        return self.place(target.trigger or Mention(target.type))


def _span(mention: Mention) -> Hashable:
    """The fragments. An ungrounded mention is at no place that gold could have: gold without offsets is not scored by this rule."""
    return mention.span or ("ungrounded", mention.text)


def _text(mention: Mention) -> Hashable:
    return mention.text


STRICT = MentionRule(_span, needs_offsets=True)
STRING = MentionRule(_text, needs_offsets=False)
