"""RE and its kin: relations of the asked types. Document → triples by head, then tail, in text order."""

from collections.abc import Iterator
from dataclasses import replace

from uie.documents import Document, Entity
from uie.schema import Schema
from uie.tasks import Ask, Task
from uie.tasks.entities import gold as gold_entities
from uie.tasks.entities import named
from uie.tasks.question import Answer, Triple


def gold(document: Document) -> Answer | None:
    """All relations, with their types; the same triple of strings from two places stays two triples.

    A cluster that a relation points to is asked by the mention that comes first in the text (the rule `any-gold-mention` takes any).
    """
    if document.relations is None or document.entities is None:
        return None
    found = []
    for relation in document.relations:
        head, tail = _end(document, relation.head, relation.level), _end(document, relation.tail, relation.level)
        key = (*head.mention.order, *tail.mention.order, relation.type or "")
        found.append((key, Triple(named(document, head), relation.type, named(document, tail))))
    found.sort(key=lambda item: item[0])
    return Answer(triples=tuple(triple for _, triple in found))


def _end(document: Document, index: int, level: str) -> Entity:
    entities = document.entities or ()
    if level == "entity":
        return entities[index]
    return min((entities[one] for one in (document.clusters or ())[index]), key=lambda entity: entity.mention.order)


def _typed_gold(document: Document) -> Answer | None:
    """None where an end of a relation has no type: such a Document is not annotated for questions that ask types."""
    answer = gold(document)
    if answer is None or any(triple.head.type is None or triple.tail.type is None for triple in answer.triples):
        return None
    return answer


def _joint_gold(document: Document) -> Answer | None:
    entities, relations = gold_entities(document), _typed_gold(document)
    return None if entities is None or relations is None else replace(relations, mentions=entities.mentions)


def _whole(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    yield Ask(schema, answer)


def _triples(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    yield Ask(schema, None if answer is None else Answer(triples=tuple(map(_untyped, answer.triples))))


def _attributes(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    """Values have no type."""
    yield Ask(schema, None if answer is None else Answer(triples=tuple(replace(t, tail=_untyped(t).tail) for t in answer.triples)))


def _pairs(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    yield Ask(schema, None if answer is None else Answer(triples=_pairs_of(answer)))


def _relations_of_pairs(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    if answer:
        yield Ask(schema, Answer(triples=tuple(map(_untyped, answer.triples))), given=Answer(triples=_pairs_of(answer)))


def _relations_of_a_pair(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    if answer is None:
        return
    triples = tuple(map(_untyped, answer.triples))
    for pair in _pairs_of(answer):
        own = tuple(triple for triple in triples if replace(triple, relation=None) == pair)
        yield Ask(schema, Answer(triples=own), given=Answer(triples=(pair,)))


def _pairs_of(answer: Answer) -> tuple[Triple, ...]:
    """The pairs that stand in any relation, each once, in text order."""
    return tuple(dict.fromkeys(replace(_untyped(triple), relation=None) for triple in answer.triples))


def _untyped(triple: Triple) -> Triple:
    return replace(triple, head=replace(triple.head, type=None), tail=replace(triple.tail, type=None))


_KINDS, _TYPED = ("relations",), ("entities", "relations")
RE = Task("RE", "every relation: head, relation, tail", _KINDS, ("RE",), gold, _triples)
SPO = Task("SPO", "every relation with the types of its head and tail", _TYPED, ("RE",), _typed_gold, _whole)
EP = Task("EP", "the pairs of mentions that stand in any of the relations", _KINDS, ("RE",), gold, _pairs)
EPR = Task("EPR", "the relations of given pairs", _KINDS, ("RE",), gold, _relations_of_pairs, gives=True)
RC = Task("RC", "the relation of one given pair", _KINDS, ("RE",), gold, _relations_of_a_pair, gives=True)
JOINT = Task("JOINT", "every entity and every relation, with types", _TYPED, ("NER", "RE"), _joint_gold, _whole)
KG = Task("KG", "entities of the asked types with their attributes", _TYPED, ("RE",), _typed_gold, _attributes)
