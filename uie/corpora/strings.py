"""What instruction data says of a text, strings without places, in; entities, relations and events of a Document out."""

from collections.abc import Iterable
from typing import Any

from uie.documents import Argument, Entity, Event, Mention, Relation, entity_index
from uie.errors import CorpusError

Named = tuple[str, str | None]
"""A mention's string and its type, None where it has none."""

NOTHING = ("NAN", "")
"""What stands where a role has no filler (IEPile, OneKE, KnowLM)."""


def related(
    triples: Iterable[tuple[Named, str, Named]], entities: Iterable[Entity] = ()
) -> tuple[tuple[Entity, ...], tuple[Relation, ...]]:
    """The relations between `entities` and those that are added: each string with a type is one entity."""
    held, relations = list(entities), []
    for head, relation, tail in triples:
        ends = [entity_index(Mention(text), held, type) for text, type in (head, tail)]
        relations.append(Relation(relation, ends[0], ends[1]))
    return tuple(held), tuple(relations)


def event(type: str, trigger: str | None, fillers: Iterable[tuple[str, str]]) -> Event:
    """An event of roles and strings; a trigger that is None, empty or NAN is none."""
    found = None if trigger is None or trigger in NOTHING else Mention(text(trigger, "trigger"))
    return Event(text(type, "event type"), found, tuple(Argument(role, Mention(filler)) for role, filler in fillers))


def fillers(roles: dict[str, Any]) -> list[tuple[str, str]]:
    """The roles and strings of `{role: string, list of strings, or NAN}`."""
    found = []
    for role, value in roles.items():
        for one in value if isinstance(value, list) else [value]:
            if one not in NOTHING:
                found.append((text(role, "role"), text(one, role)))
    return found


def text(value: Any, what: str) -> str:
    """A string that is not empty; `what` says in errors what it was to be."""
    if not isinstance(value, str) or not value:
        raise CorpusError(f"{what}: expected a text, found {value!r}.")
    return value
