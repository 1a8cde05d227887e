"""What instruction data says of a text, strings without places, in; relations and events of a Document out."""

from collections.abc import Iterable
from typing import Any

from uie.corpora.relations import Related
from uie.corpora.rows import text_of
from uie.documents import Argument, Entity, Event, Mention, Relation, entity_index

Named = tuple[str, str | None]
"""A mention's string and its type, None where it has none."""

NOTHING = ("NAN", "")
"""What stands where a role has no filler (IEPile, OneKE, KnowLM)."""


def related(triples: Iterable[tuple[Named, str, Named]], entities: Iterable[Entity] = ()) -> Related:
    """The relations between `entities` and those that are added: each string with a type is one entity, one without meets any.

    A triple that is said twice is there twice: so answers say it that are read back and written again.
    """
    found = Related(list(entities))
    for head, relation, tail in triples:
        ends = [entity_index(Mention(string), found.entities, type) for string, type in (head, tail)]
        found.relations.append(Relation(relation, ends[0], ends[1]))
    return found


def event(type: str, trigger: str | None, fillers: Iterable[tuple[str, str]]) -> Event:
    """An event of roles and strings; a trigger that is None, empty or NAN is none."""
    found = None if trigger is None or trigger in NOTHING else Mention(text_of(trigger, "trigger"))
    return Event(text_of(type, "event type"), found, tuple(Argument(role, Mention(filler)) for role, filler in fillers))


def fillers(roles: dict[str, Any]) -> list[tuple[str, str]]:
    """The roles and strings of `{role: string, list of strings, or NAN}`."""
    found = []
    for role, value in roles.items():
        for one in value if isinstance(value, list) else [value]:
            if one not in NOTHING:
                found.append((text_of(role, "role"), text_of(one, role)))
    return found
