"""A Document and what a layout can hold in; the Document with just that out, and a count of what it loses, by reason."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from uie.documents import Argument, Document, Entity, Event, Mention, Relation

OtherReason = Callable[[Mention], str]
"""Why a layout cannot hold a grounded mention of the Document at hand, for a reason of its own; "" where it can."""

_KINDS = ("entities", "relations", "events")


@dataclass(frozen=True, slots=True)
class Holds:
    """What a layout has a place for. `untyped`: mentions. `label`: what it can write as a type or role, matched as a whole."""

    entities: bool = True
    relations: bool = False
    events: bool = False
    clusters: bool = False
    cluster_relations: bool = False
    overlapping: bool = True
    ungrounded: bool = False
    discontinuous: bool = False
    untyped: bool = False
    untyped_relations: bool = False
    no_trigger: bool = False
    event_arguments: bool = False
    attributes: bool = False
    norms: bool = False
    confidence: bool = False
    label: re.Pattern[str] = re.compile(r"(?s:.+)")


def kept(document: Document, holds: Holds, lost: Counter[str], other: OtherReason = lambda mention: "") -> Document | None:
    """The Document with what the layout holds, None if it holds nothing of it; what it loses is counted in `lost`.

    What points to something that is left out (a relation, an argument, a member of a cluster) is left out with it. Of mentions that
    overlap where they must not, the one that begins first stays; of those that begin together, the longest; of equal ones, the first.
    """
    held = [kind for kind in _KINDS if getattr(holds, kind)]
    if all(getattr(document, kind) is None for kind in held):
        lost[f"Document not annotated for {' or '.join(held)}"] += 1
        return None
    if not document.text.strip():
        lost["Document without text"] += 1
        return None
    keep = _Keep(holds, lost, other)
    entities, places = keep.entities(document)
    clusters, cluster_places = keep.clusters(document, places)
    relations = keep.relations(document, places, cluster_places)
    return replace(document, entities=entities, clusters=clusters, relations=relations, events=keep.events(document))


@dataclass(frozen=True, slots=True)
class _Keep:
    holds: Holds
    lost: Counter[str]
    other: OtherReason

    def entities(self, document: Document) -> tuple[tuple[Entity, ...] | None, Mapping[int, int]]:
        """The entities that stay, and the new index of each by the old one."""
        if document.entities is None:
            return None, {}
        if not self.holds.entities:
            self.lost["entity"] += len(document.entities)
            return None, {}
        reasons = {index: self._reason(entity) for index, entity in enumerate(document.entities)}
        if not self.holds.overlapping:
            reasons |= _overlaps(document.entities, [index for index, reason in reasons.items() if not reason])
        self.lost.update(reason for reason in reasons.values() if reason)
        stay = [index for index, reason in reasons.items() if not reason]
        return tuple(self._bare(document.entities[index]) for index in stay), {old: new for new, old in enumerate(stay)}

    def clusters(
        self, document: Document, places: Mapping[int, int]
    ) -> tuple[tuple[tuple[int, ...], ...] | None, Mapping[int, int]]:
        if document.clusters is None:
            return None, {}
        if not self.holds.clusters:
            self.lost["cluster of coreferent mentions"] += len(document.clusters)
            return None, {}
        found: list[tuple[int, ...]] = []
        stay: dict[int, int] = {}
        for number, cluster in enumerate(document.clusters):
            members = tuple(places[index] for index in cluster if index in places)
            if members:
                stay[number] = len(found)
                found.append(members)
        return tuple(found), stay

    def relations(
        self, document: Document, places: Mapping[int, int], cluster_places: Mapping[int, int]
    ) -> tuple[Relation, ...] | None:
        if document.relations is None:
            return None
        if not self.holds.relations:
            self.lost["relation"] += len(document.relations)
            return None
        found = []
        for relation in document.relations:
            known = places if relation.level == "entity" else cluster_places
            reason = self._relation_reason(relation, known)
            if reason:
                self.lost[reason] += 1
                continue
            confidence = self._confidence(relation.confidence)
            found.append(replace(relation, head=known[relation.head], tail=known[relation.tail], confidence=confidence))
        return tuple(found)

    def events(self, document: Document) -> tuple[Event, ...] | None:
        if document.events is None:
            return None
        if not self.holds.events:
            self.lost["event"] += len(document.events)
            return None
        reasons = [self._event_reason(event) for event in document.events]
        self.lost.update(reason for reason in reasons if reason)
        stay = [index for index, reason in enumerate(reasons) if not reason]
        places = {old: new for new, old in enumerate(stay)}
        return tuple(self._event(document.events[index], places) for index in stay)

    def _reason(self, entity: Entity) -> str:
        if entity.type is None and not self.holds.untyped:
            return "untyped mention"
        return self._mention_reason(entity.mention) or self._label_reason(entity.type)

    def _mention_reason(self, mention: Mention) -> str:
        if not mention.grounded:
            return "" if self.holds.ungrounded else "ungrounded mention"
        if mention.fragments and not self.holds.discontinuous:
            return "discontinuous mention"
        return self.other(mention)

    def _label_reason(self, label: str | None) -> str:
        return "" if label is None or self.holds.label.fullmatch(label) else "label that the layout cannot write"

    def _relation_reason(self, relation: Relation, known: Mapping[int, int]) -> str:
        if relation.level == "cluster" and not self.holds.cluster_relations:
            return "relation of clusters"
        if relation.type is None and not self.holds.untyped_relations:
            return "untyped relation"
        if relation.head not in known or relation.tail not in known:
            return "relation of a mention that is left out"
        return self._label_reason(relation.type)

    def _event_reason(self, event: Event) -> str:
        if event.trigger is None:
            return self._label_reason(event.type) if self.holds.no_trigger else "event without a trigger"
        reason = self._mention_reason(event.trigger)
        return f"event with a trigger that is left out: {reason}" if reason else self._label_reason(event.type)

    def _event(self, event: Event, places: Mapping[int, int]) -> Event:
        arguments = []
        for argument in event.arguments:
            reason = self._argument_reason(argument, places)
            if reason:
                self.lost[reason] += 1
                continue
            place = None if argument.event is None else places[argument.event]
            arguments.append(replace(argument, event=place, confidence=self._confidence(argument.confidence)))
        return replace(
            event,
            arguments=tuple(arguments),
            confidence=self._confidence(event.confidence),
            attributes=self._attributes(event.attributes),
        )

    def _argument_reason(self, argument: Argument, places: Mapping[int, int]) -> str:
        if argument.mention is not None:
            reason = self._mention_reason(argument.mention)
            return f"argument that is left out: {reason}" if reason else self._label_reason(argument.role)
        if not self.holds.event_arguments:
            return "event as argument"
        return self._label_reason(argument.role) if argument.event in places else "argument that is an event left out"

    def _bare(self, entity: Entity) -> Entity:
        norms = entity.norms
        if norms and not self.holds.norms:
            self.lost["normalisation"] += len(norms)
            norms = ()
        attributes, confidence = self._attributes(entity.attributes), self._confidence(entity.confidence)
        return replace(entity, attributes=attributes, confidence=confidence, norms=norms)

    def _attributes(self, attributes: Mapping[str, object]) -> Mapping[str, object]:
        if attributes and not self.holds.attributes:
            self.lost["attribute"] += len(attributes)
            return {}
        return attributes

    def _confidence(self, confidence: float | None) -> float | None:
        if confidence is not None and not self.holds.confidence:
            self.lost["confidence"] += 1
            return None
        return confidence


def _overlaps(entities: tuple[Entity, ...], candidates: list[int]) -> dict[int, str]:
    """Why some of the candidates cannot stay beside the others."""
    found: dict[int, str] = {}
    last: Mention | None = None
    for index in sorted(candidates, key=lambda index: entities[index].mention.order):
        mention = entities[index].mention
        if last is None or mention.start is None or last.end is None or mention.start >= last.end:
            last = mention
        elif mention.span == last.span:
            found[index] = "second mention of one place"
        elif mention.end is not None and mention.end <= last.end:
            found[index] = "nested mention"
        else:
            found[index] = "crossing mention"
    return found
