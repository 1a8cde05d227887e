"""The rule of GoLLIE: Documents as lists of class instances → counts, after removing what the text does not hold.

Predicted instances, in order, are dropped whose strings are not in the text, or that are one more with their string (of any class) than
the text has of it; arguments of events are dropped one by one. Gold is not filtered.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from uie.documents import Document
from uie.scoring import RuleFacts
from uie.scoring.answers import generated
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, add_counts, count_items
from uie.scoring.rules import ARGUMENT_CLASSIFICATION, ENTITIES, RELATIONS_BOUNDARY, TRIGGER_CLASSIFICATION, filler, typed
from uie.scoring.scope import Pair

_WORDING = "code.gollie"
_MEASURES = {
    "NER": (ENTITIES,),
    "RE": (RELATIONS_BOUNDARY,),
    "EET": (TRIGGER_CLASSIFICATION,),
    "EE": (TRIGGER_CLASSIFICATION, ARGUMENT_CLASSIFICATION),
}


@dataclass(frozen=True, slots=True)
class _Event:
    type: str
    trigger: str
    arguments: tuple[tuple[str, str], ...]  # role, string

    @property
    def key(self) -> tuple[str, str]:
        return (self.type, self.trigger.lower())


@dataclass(frozen=True)
class GollieRule:
    facts: RuleFacts
    needs_offsets: bool = False

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {}

    def measures(self, task: str) -> tuple[str, ...]:
        return _MEASURES.get(task, ())

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        text = pair.gold.text.lower()
        predicted = pair.predicted if self._understood(pair, task) else None
        if task == "NER":
            return {ENTITIES: count_items(_entities(pair.gold), _in_text(_spans(predicted), text))}
        if task == "RE":
            return {RELATIONS_BOUNDARY: count_items(_relations(pair.gold), _found_in(_relations(predicted), text))}
        counts = _count_events(list(_events(pair.gold)), list(_events_in_text(predicted, text)))
        return {measure: counts[measure] for measure in _MEASURES[task]}

    def _understood(self, pair: Pair, task: str) -> bool:
        """Whether Python reads the answers; one that it does not read is an empty list there."""
        return all(self.readable(answer.predicted, task) for answer in generated(pair, task, _WORDING))

    def readable(self, raw: str, task: str) -> bool:
        try:
            ast.parse(raw.strip().removeprefix("result").lstrip().removeprefix("=").strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        return True


def _entities(document: Document) -> list[Item]:
    return [Item(type, text.lower().strip()) for type, text in _spans(document)]


def _spans(document: Document | None) -> list[tuple[str, str]]:
    return [(entity.type or "", entity.mention.text) for entity in (typed(document) if document else ())]


def _in_text(spans: list[tuple[str, str]], text: str) -> Iterator[Item]:
    seen: Counter[str] = Counter()
    for type, span in spans:
        if span.lower().strip() in text and _as_often(span.lower(), text, seen):
            yield Item(type, span.lower().strip())


def _as_often(key: str, text: str, seen: Counter[str]) -> bool:
    """Whether the text holds the string as often as it has come now; an empty string always may come."""
    if not key:
        return True
    seen[key] += 1
    return text.count(key) >= seen[key]


def _relations(document: Document | None) -> list[Item]:
    entities = (document.entities if document else None) or ()
    return [
        Item(relation.type, (entities[relation.head].mention.text, entities[relation.tail].mention.text))
        for relation in (document.relations if document else None) or ()
        if relation.level == "entity"
    ]


def _found_in(relations: list[Item], text: str) -> Iterator[Item]:
    for relation in relations:
        assert isinstance(relation.where, tuple)
        if all(end.lower() in text for end in relation.where):
            yield relation


def _events(document: Document | None) -> Iterator[_Event]:
    events = (document.events if document else None) or ()
    for event in events:
        arguments = tuple((argument.role, filler(argument, events).text) for argument in event.arguments)
        yield _Event(event.type, event.trigger.text if event.trigger else "", arguments)


def _events_in_text(document: Document | None, text: str) -> Iterator[_Event]:
    seen: Counter[str] = Counter()
    for event in _events(document):
        if event.trigger.lower() in text and _as_often(event.trigger.lower(), text, seen):
            yield _Event(event.type, event.trigger, tuple(one for one in event.arguments if one[1].lower() in text))


def _count_events(gold: list[_Event], predicted: list[_Event]) -> ByMeasure:
    """Arguments are compared within the first equal gold event; those of events without an equal are all wrong or missed."""
    triggers: dict[str | None, Counts] = {}
    arguments: dict[str | None, Counts] = {}
    left = list(gold)
    for event in predicted:
        equal = next((number for number, other in enumerate(left) if other.key == event.key), None)
        other = None if equal is None else left.pop(equal)
        add_counts(triggers, {event.type: Counts(0, 1, 0) if other is None else Counts(1, 0, 0)})
        add_counts(arguments, count_items(_arguments(other), _arguments(event)))
    for event in left:
        add_counts(triggers, {event.type: Counts(0, 0, 1)})
        add_counts(arguments, count_items(_arguments(event), ()))
    return {TRIGGER_CLASSIFICATION: triggers, ARGUMENT_CLASSIFICATION: arguments}


def _arguments(event: _Event | None) -> list[Item]:
    return [Item(f"{event.type}/{role}", text) for role, text in event.arguments] if event else []


GOLLIE = GollieRule(
    RuleFacts(
        name="gollie",
        compares="type and string; arguments of events within the first equal event only",
        used_by="GoLLIE (Sainz et al. 2024)",
        source="hitz-zentroa/GoLLIE src/tasks/utils_scorer.py, utils_typing.py",
        wording=_WORDING,
        normalised="case and outer blanks of entities, case of triggers; nothing of relations and arguments",
        faults=(
            "predictions that are not in the text, or oftener than in it, are removed before scoring: this raises precision, and removes a "
            "right second type of a span; a generation that Python cannot read is empty, which costs recall but no precision"
        ),
        breaks={
            "gold": "only the prediction is filtered: of two types on one span the second is removed",
            "order": "of mentions that come oftener than in the text the first ones stay, right or wrong",
        },
    )
)
