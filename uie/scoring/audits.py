"""`AuditTally`: gold and predicted Documents of one corpus, one after the other → its Audit: what was wrong with answers as such.

Most kinds are what the parser reports (`Document.problems`). Of Documents that come without such a list, as those of other tools, three
are read off their scored items: unknown_type (a type or role that was not asked), ungrounded (a mention without offsets that the text
does not hold), and repeated (an item oftener than the text has it). Three are found by comparing with gold restricted to what was asked:

    contradictory_types  one predicted place, an entity's or a trigger's, has several types that gold does not all give it
    wrongly_empty        nothing was predicted for a task of which gold has items
    wrongly_filled       the reverse

"salvaged" sums up what was read in spite of its form: repaired, repaired_type, prose.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from uie.documents import Document, Entity, Mention
from uie.schema import Schema
from uie.scoring.mistakes import LAYERS
from uie.scoring.rules import typed
from uie.scoring.scope import Pair, restricted
from uie.scoring.scores import (
    CONTRADICTORY_TYPES,
    PROBLEM_KINDS,
    REPEATED,
    SALVAGED,
    UNGROUNDED,
    UNKNOWN_TYPE,
    WRONGLY_EMPTY,
    WRONGLY_FILLED,
    Audit,
    Example,
)

MOST_EXAMPLES = 5


class AuditTally:
    """Counts the problems of one corpus; documents come in any number of calls, the examples are the first in their order."""

    def __init__(self, dataset: str) -> None:
        self._dataset = dataset
        self._documents = 0
        self._pieces: Counter[str] = Counter()
        self._affected: Counter[str] = Counter()
        self._examples: dict[str, list[Example]] = {}

    def add(self, pair: Pair, tasks: Sequence[str]) -> None:
        """Adds a document that was scored for `tasks`. Its gold side may be restricted to what was asked, or not yet."""
        self._documents += 1
        found: dict[str, list[str]] = {}
        for problem in pair.predicted.problems or ():
            kind = str(problem.get("kind"))
            for name in (kind, "salvaged") if kind in SALVAGED else (kind,):
                found.setdefault(name, []).append(str(problem.get("piece", "")))
        read_off = _read_off(pair.predicted, pair.asked, tasks) if pair.predicted.problems is None else ()
        for kind, piece in (*read_off, *_compared(pair, tasks)):
            found.setdefault(kind, []).append(piece)
        for kind, pieces in found.items():
            self._pieces[kind] += len(pieces)
            self._affected[kind] += 1
            kept = self._examples.setdefault(kind, [])
            kept += [Example(pair.gold.id, piece) for piece in pieces[: MOST_EXAMPLES - len(kept)]]

    def add_faultless(self, documents: int = 1) -> None:
        """Adds documents that are as gold is and have no problems."""
        self._documents += documents

    def finish(self) -> Audit:
        """The Audit, its kinds in the order of `PROBLEM_KINDS`, unknown ones last."""
        kinds = [*(kind for kind in PROBLEM_KINDS if kind in self._pieces), *sorted(set(self._pieces) - set(PROBLEM_KINDS))]
        return Audit(
            self._dataset,
            self._documents,
            {kind: self._pieces[kind] for kind in kinds},
            {kind: self._affected[kind] for kind in kinds},
            {kind: tuple(self._examples[kind]) for kind in kinds},
        )


def _compared(pair: Pair, tasks: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The problems that are seen beside gold, as kind and piece; a contradiction is told once, however many tasks see it."""
    contradictions: dict[str, None] = {}
    for task in tasks:
        gold = restricted(pair.gold, pair.asked, task)
        wanted, found = _first_item(gold, task), _first_item(pair.predicted, task)
        if wanted is not None and found is None:
            yield WRONGLY_EMPTY, f"{task}: {wanted}"
        if wanted is None and found is not None:
            yield WRONGLY_FILLED, f"{task}: {found}"
        if found is not None:
            contradictions.update(dict.fromkeys(_contradictions(gold, pair.predicted, task)))
    for piece in contradictions:
        yield CONTRADICTORY_TYPES, piece


def _first_item(document: Document, task: str) -> str | None:
    """The first item of the task in words; None where there is none."""
    entities = document.entities or ()
    for layer in LAYERS.get(task, ()):
        if layer == "entity":
            for entity in entities if task == "ES" else typed(document):
                return f"{entity.mention.text} ({entity.type})" if entity.type else entity.mention.text
        elif layer == "relation":
            for relation in document.relations or ():
                if relation.level == "entity":
                    head, tail = (entities[end].mention.text for end in (relation.head, relation.tail))
                    return f"{head} – {relation.type or 'pair'} – {tail}"
        else:
            for event in document.events or ():
                if layer == "trigger":
                    return f"{event.trigger.text} ({event.type})" if event.trigger else event.type
                for argument in event.arguments:
                    return f"{argument.mention.text if argument.mention else 'an event'} ({event.type}/{argument.role})"
    return None


def _contradictions(gold: Document, predicted: Document, task: str) -> Iterator[str]:
    known = list(_typed_places(gold, task))
    types_at: dict[Mention, dict[str, None]] = {}
    for mention, type in _typed_places(predicted, task):
        types_at.setdefault(mention, {})[type] = None
    for mention, types in types_at.items():
        if len(types) > 1 and not set(types) <= {type for place, type in known if _same_place(place, mention)}:
            yield f"{mention.text}: {', '.join(sorted(types))}"


def _typed_places(document: Document, task: str) -> Iterator[tuple[Mention, str]]:
    layers = LAYERS.get(task, ())
    if "entity" in layers and task != "ES":
        yield from ((entity.mention, entity.type) for entity in typed(document) if entity.type is not None)
    if "trigger" in layers:
        yield from ((event.trigger, event.type) for event in document.events or () if event.trigger is not None)


def _same_place(one: Mention, other: Mention) -> bool:
    if one.grounded and other.grounded:
        return one.span == other.span
    return one.text == other.text


# Documents without a list of problems


class _Item(NamedTuple):
    """What may be repeated: what it says apart from its mentions, and how an example writes it."""

    what: tuple[object, ...]
    mentions: tuple[Mention, ...]
    piece: str


def _read_off(document: Document, asked: Schema | None, tasks: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The problems that the items of these tasks show by themselves, as kind and piece."""
    layers = {layer for task in tasks for layer in LAYERS.get(task, ())}
    entities = document.entities or ()
    relations = [one for one in document.relations or () if one.level == "entity"] if "relation" in layers else []
    events = document.events or () if layers & {"trigger", "argument"} else ()
    items: list[_Item] = []
    own: dict[int, Entity] = {}
    if "entity" in layers:
        own = {place: entity for place, entity in enumerate(entities) if entity.type is not None or "ES" in tasks}
        items += [_Item((entity.type,), (entity.mention,), entity.mention.text) for entity in own.values()]
    for relation in relations:
        own |= {end: entities[end] for end in (relation.head, relation.tail)}
        head, tail = entities[relation.head].mention, entities[relation.tail].mention
        items.append(_Item((relation.type,), (head, tail), f"{head.text} {relation.type or 'pair'} {tail.text}"))
    mentions = [entity.mention for entity in own.values()]
    for place, event in enumerate(events):
        fillers = [argument.mention for argument in event.arguments if argument.mention is not None]
        whole = [event.trigger, *fillers] if event.trigger else fillers
        said = (event.type, event.trigger is None, *((argument.role, argument.event) for argument in event.arguments))
        items.append(_Item(said, tuple(whole), event.trigger.text if event.trigger else event.type))
        items += [
            _Item(("argument", place, argument.role), (argument.mention,), argument.mention.text)
            for argument in event.arguments
            if argument.mention is not None
        ]
        mentions += whole
    if asked is not None:
        known = _names(asked)
        types = [entity.type for entity in own.values()] if tuple(tasks) != ("ES",) else []
        for names, labels in ((known.entities, types), (known.relations, [relation.type for relation in relations])):
            yield from ((UNKNOWN_TYPE, label) for label in labels if names and label is not None and label not in names)
        for event in events if known.roles else ():
            roles = known.roles.get(event.type)
            if roles is None:
                yield UNKNOWN_TYPE, event.type
            elif roles:
                yield from ((UNKNOWN_TYPE, one.role) for one in event.arguments if one.role not in roles)
    yield from ((UNGROUNDED, one.text) for one in mentions if not one.grounded and one.text not in document.text)
    yield from ((REPEATED, piece) for piece in _repeated(items, document.text))


class _Names(NamedTuple):
    entities: frozenset[str]
    relations: frozenset[str]
    roles: Mapping[str, frozenset[str]]


@lru_cache(maxsize=64)
def _names(asked: Schema) -> _Names:
    return _Names(
        frozenset(label.label for label in asked.entities),
        frozenset(label.label for label in asked.relations),
        {event.label: frozenset(role.label for role in event.roles) for event in asked.events},
    )


def _repeated(items: Sequence[_Item], text: str) -> Iterator[str]:
    """The items that are one too many: at places where the same one is, or by strings that the text does not have so often."""
    if all(mention.grounded for item in items for mention in item.mentions):
        if len({item[:2] for item in items}) < len(items):
            yield from (item.piece for item, times in Counter(items).items() for _ in range(times - 1))
        return
    times: Counter[object] = Counter()
    places: set[object] = set()
    for item in sorted(items, key=lambda item: not all(mention.grounded for mention in item.mentions)):
        strings = [mention.text for mention in item.mentions]
        key = (item.what, *strings)
        times[key] += 1
        if all(mention.grounded for mention in item.mentions):
            if item[:2] in places:
                yield item.piece
            places.add(item[:2])
        elif 0 < math.prod(text.count(string) for string in strings) < times[key]:
            yield item.piece
