"""Gold and predicted Documents of one corpus → for each task the pairs in which it is scored, gold restricted to what was asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from uie.documents import Argument, Document, Event, Mention
from uie.schema import KINDS, Schema, read_schema

TASKS = ("NER", "RE", "EE")
"""The tasks that are scored where a predicted Document does not say what it was asked."""
COREF = "COREF"
"""Clusters: scored wherever both sides have them. No schema names them, and no question asks for them."""
# What gold must annotate for a task's answers to be right or wrong.
_NEEDS = {
    "NER": ("entities",),
    "NER1": ("entities",),
    "ES": ("entities",),
    "ET": ("entities",),
    "RE": ("relations",),
    "SPO": ("entities", "relations"),
    "EP": ("relations",),
    "EPR": ("relations",),
    "RC": ("relations",),
    "JOINT": ("entities", "relations"),
    "KG": ("relations",),
    "EE": ("events",),
    "EET": ("events",),
    "EEA": ("events",),
    COREF: ("clusters",),
}
KNOWN_TASKS = tuple(_NEEDS)
"""In the order of reports."""
GIVEN_GOLD = ("ET", "EPR", "RC", "EEA")


@dataclass(frozen=True, slots=True)
class AnswerPair:
    """The gold answer to one question about a document, and what a model wrote; both in the same format."""

    document_id: str
    task: str
    format: str
    gold: str
    predicted: str


class Pair(NamedTuple):
    """A gold Document and a predicted one of the same id. `asked` is None when everything was asked.

    `tasks` names what the predicted one answers; empty: whatever both sides annotate. `answers` are the strings that were generated,
    for rules that compare strings.
    """

    gold: Document
    predicted: Document
    asked: Schema | None = None
    tasks: tuple[str, ...] = ()
    answers: tuple[AnswerPair, ...] = ()


def tasks_of(predicted: Document) -> tuple[str, ...]:
    """The tasks that a predicted Document says it answers."""
    return tuple((predicted.asked or {}).get("tasks", ()))


def asked_schema(asked: Mapping[str, Any] | None) -> Schema | None:
    """The schema of a Document's `asked`; None, everything, also where it names no kind at all: records with three keys name none."""
    if asked is None or not any(kind in asked for kind in KINDS):
        return None
    return _schema(json.dumps({key: value for key, value in asked.items() if key != "tasks"}, default=dict))


@lru_cache(maxsize=64)  # documents of one corpus mostly were asked the same, and reading a schema takes longer than counting
def _schema(mapping: str) -> Schema:
    return read_schema(json.loads(mapping), where="asked")


def common_tasks(pair: Pair) -> list[str]:
    """The tasks that both sides of a pair annotate and that were asked."""
    return [
        task
        for task in dict.fromkeys((*(pair.tasks or TASKS), COREF))
        if all(
            getattr(pair.gold, kind) is not None
            and getattr(pair.predicted, kind) is not None
            and (pair.asked is None or kind == "clusters" or getattr(pair.asked, kind))
            for kind in _NEEDS.get(task, ("none",))
        )
    ]


def _asked_entities(gold: Document, asked: Schema | None) -> Document:
    known = None if asked is None else {label.label for label in asked.entities}
    for entity in gold.entities or ():
        if entity.type is None or (known is not None and entity.type not in known):
            break
    else:
        return gold
    entities = tuple(e for e in gold.entities or () if e.type is not None and (known is None or e.type in known))
    return replace(gold, entities=entities, relations=None, events=None, clusters=None)


def _asked_relations(gold: Document, asked: Schema | None) -> Document:
    if asked is None:
        return gold
    known = {label.label for label in asked.relations}
    return replace(gold, relations=tuple(r for r in gold.relations or () if r.type in known), events=None)


def _asked_events(gold: Document, asked: Schema | None) -> Document:
    events = gold.events or ()
    if asked is None:
        return gold
    kept = []
    for event in events:
        if (label := asked.event(event.type)) is not None:
            roles = {role.label for role in label.roles}
            arguments = tuple(_freed(a, events) for a in event.arguments if a.role in roles)
            kept.append(replace(event, arguments=arguments))
    return replace(gold, relations=None, events=tuple(kept))


def _freed(argument: Argument, events: tuple[Event, ...]) -> Argument:
    """The argument without its link to an event, which may be one that was not asked: the event's trigger takes its place."""
    if argument.event is None:
        return argument
    target = events[argument.event]
    return Argument(argument.role, target.trigger or Mention(target.type), confidence=argument.confidence)


def _asked_both(gold: Document, asked: Schema | None) -> Document:
    """Entities of asked types and relations of asked types between them."""
    if asked is None:
        return gold
    entities = gold.entities or ()
    known = {label.label for label in asked.entities}
    relations = _asked_relations(gold, asked).relations or ()
    kept = tuple(r for r in relations if r.level != "entity" or {entities[r.head].type, entities[r.tail].type} <= {*known, None})
    return replace(gold, relations=kept, events=None)


_RESTRICT: dict[str, Callable[[Document, Schema | None], Document]] = {
    **dict.fromkeys(("NER", "NER1", "ES", "ET"), _asked_entities),
    **dict.fromkeys(("RE", "EP", "EPR", "RC"), _asked_relations),
    **dict.fromkeys(("SPO", "KG", "JOINT"), _asked_both),
    **dict.fromkeys(("EE", "EET", "EEA"), _asked_events),
    COREF: lambda gold, asked: gold,
}


def restricted(gold: Document, asked: Schema | None, task: str) -> Document:
    """Gold as far as the task goes and as it was asked; None: everything was."""
    return _RESTRICT[task](gold, asked)


def gold_mentions(gold: Document, task: str) -> list[Mention]:
    """The mentions that the task's items are made of, in a gold Document that is restricted already."""
    kinds, entities = _NEEDS[task], gold.entities or ()
    if task == COREF:
        return [entities[index].mention for cluster in gold.clusters or () for index in cluster]
    if "relations" in kinds:
        ends = [end for r in gold.relations or () if r.level == "entity" for end in (r.head, r.tail)]
        return [entities[end].mention for end in (*ends, *(range(len(entities)) if task == "JOINT" else ()))]
    if "entities" in kinds:
        return [entity.mention for entity in entities]
    triggers = [event.trigger for event in gold.events or () if event.trigger is not None]
    return [*triggers, *(a.mention for event in gold.events or () for a in event.arguments if a.mention is not None)]
