"""RE: every relation of the asked types. Document → triples by head, then tail, in text order."""

from dataclasses import replace

from uie.documents import Document
from uie.tasks.entities import named
from uie.tasks.question import Answer, Named, Triple

KINDS = ("relations",)


def gold(document: Document) -> Answer | None:
    """All relations between entities; the same triple of strings from two places stays two triples."""
    if document.relations is None or document.entities is None:
        return None
    entities = document.entities
    found = []
    for relation in document.relations:
        if relation.level != "entity":
            continue
        head, tail = entities[relation.head], entities[relation.tail]
        key = (*head.mention.order, *tail.mention.order, relation.type)
        found.append((key, Triple(_untyped(document, relation.head), relation.type, _untyped(document, relation.tail))))
    found.sort(key=lambda item: item[0])
    return Answer(triples=tuple(triple for _, triple in found))


def _untyped(document: Document, index: int) -> Named:
    assert document.entities is not None
    return replace(named(document, document.entities[index]), type=None)
