"""Gold and predicted Documents of one corpus → for each task the pairs in which it is scored, gold restricted to what was asked."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from uie.documents import Argument, Document, Event, Mention
from uie.errors import SchemaError
from uie.schema import KINDS, Schema, read_schema

TASKS = ("NER", "RE", "EE")


@dataclass(frozen=True, slots=True)
class Pair:
    """A gold Document and the predicted one of the same id. `asked` is None when everything was asked."""

    gold: Document
    predicted: Document
    asked: Schema | None = None


def pair_of(gold: Document, predicted: Document) -> Pair:
    """The two with what was asked of the predicted one."""
    try:
        return Pair(gold, predicted, asked_schema(predicted.asked))
    except SchemaError as error:
        raise SchemaError(f"document {predicted.id!r}: {error}") from None


def asked_schema(asked: Mapping[str, Any] | None) -> Schema | None:
    """The schema of a Document's `asked`; None, everything, also where it names no kind at all: records with three keys name none."""
    if asked is None or not any(kind in asked for kind in KINDS):
        return None
    return _schema(json.dumps(asked, default=dict))


@lru_cache(maxsize=64)  # documents of one corpus mostly were asked the same, and reading a schema takes longer than counting
def _schema(mapping: str) -> Schema:
    return read_schema(json.loads(mapping), where="asked")


def scored_pairs(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    """The pairs of one corpus by task, for the tasks that can be scored in any of them.

    A task is scored in a pair where both Documents have its key and it was asked. Entities none of which has a type are bare
    arguments of relations, or a corpus of spans only: they are no gold for NER.
    """
    untyped = _untyped(pair.gold for pair in pairs) or _untyped(pair.predicted for pair in pairs if pair.asked is None)
    scored: dict[str, list[Pair]] = {}
    for pair in pairs:
        for task in common_tasks(pair):
            if task != "NER" or not untyped:
                scored.setdefault(task, []).append(replace(pair, gold=_RESTRICT[task](pair.gold, pair.asked)))
    return {task: scored[task] for task in TASKS if task in scored}


def common_tasks(pair: Pair) -> list[str]:
    """The tasks that both sides of a pair annotate and that were asked."""
    return [
        task
        for task, kind in zip(TASKS, KINDS, strict=True)
        if getattr(pair.gold, kind) is not None
        and getattr(pair.predicted, kind) is not None
        and (pair.asked is None or getattr(pair.asked, kind))
    ]


def _untyped(documents: Iterable[Document]) -> bool:
    """Whether there are entities and none has a type."""
    types = [entity.type for document in documents for entity in document.entities or ()]
    return bool(types) and all(type is None for type in types)


def _asked_entities(gold: Document, asked: Schema | None) -> Document:
    known = None if asked is None else {label.label for label in asked.entities}
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
    return replace(gold, entities=None, relations=None, clusters=None, events=tuple(kept))


def _freed(argument: Argument, events: tuple[Event, ...]) -> Argument:
    """The argument without its link to an event, which may be one that was not asked: the event's trigger takes its place."""
    if argument.event is None:
        return argument
    target = events[argument.event]
    return Argument(argument.role, target.trigger or Mention(target.type), confidence=argument.confidence)


_RESTRICT = {"NER": _asked_entities, "RE": _asked_relations, "EE": _asked_events}


def gold_mentions(gold: Document, task: str) -> list[Mention]:
    """The mentions that the task's items are made of, in a gold Document that is restricted already."""
    if task == "RE":
        entities = gold.entities or ()
        ends = [end for r in gold.relations or () if r.level == "entity" for end in (r.head, r.tail)]
        return [entities[end].mention for end in ends]
    if task == "NER":
        return [entity.mention for entity in gold.entities or ()]
    triggers = [event.trigger for event in gold.events or () if event.trigger is not None]
    return [*triggers, *(a.mention for event in gold.events or () for a in event.arguments if a.mention is not None)]
