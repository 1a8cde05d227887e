"""Short ways to write the Documents that scoring tests compare."""

from uie.documents import Argument, Document, Entity, Event, Mention, Relation


def at(text: str, string: str, nth: int = 1) -> Mention:
    """The nth place of a string in a text, overlapping places and places within words counted."""
    start = -1
    for _ in range(nth):
        start = text.index(string, start + 1)
    return Mention(string, start, start + len(string))


def ner(id: str, text: str, *entities: tuple[Mention, str | None], **more) -> Document:
    return Document(id, text, entities=tuple(Entity(mention, type) for mention, type in entities), **more)


def related(id: str, text: str, *triples: tuple[Mention, str, Mention], types: dict[str, str] | None = None, **more) -> Document:
    """A Document of relations; `types` gives the types of arguments by their string."""
    entities, relations = [], []
    for head, relation, tail in triples:
        relations.append(Relation(relation, len(entities), len(entities) + 1))
        entities += [Entity(end, (types or {}).get(end.text)) for end in (head, tail)]
    return Document(id, text, entities=tuple(entities), relations=tuple(relations), **more)


def event(type: str, trigger: Mention | None, *arguments: tuple[str, Mention]) -> Event:
    return Event(type, trigger, tuple(Argument(role, mention) for role, mention in arguments))


def problems(*kinds: str, task: str | None = None) -> tuple[dict[str, str], ...]:
    named = {} if task is None else {"task": task}
    return tuple({"kind": kind, "piece": "?", "record_id": "r", **named} for kind in kinds)
