"""NER and its parts: mentions of the asked types. Document → mentions by start, longer first."""

from collections.abc import Iterator
from dataclasses import replace

from uie.documents import Document, Entity
from uie.schema import Schema
from uie.tasks import Ask, Task
from uie.tasks.occurrences import occurrence_of
from uie.tasks.question import Answer, Named


def gold(document: Document) -> Answer | None:
    """All typed entities; untyped ones (bare relation arguments) are no answer to NER."""
    if document.entities is None:
        return None
    typed = [entity for entity in document.entities if entity.type is not None]
    return Answer(mentions=tuple(named(document, entity) for entity in sorted(typed, key=_order)))


def _order(entity: Entity) -> tuple[int, int, str]:
    return (*entity.mention.order, entity.type or "")


def named(document: Document, entity: Entity) -> Named:
    return Named(entity.mention.text, entity.type, occurrence_of(document.text, entity.mention))


def _whole(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    yield Ask(schema, answer)


def _by_type(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    for label in schema.entities:
        own = None if answer is None else Answer(tuple(m for m in answer.mentions if m.type == label.label))
        yield Ask(replace(schema, entities=(label,)), own)


def _spans(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    yield Ask(schema, None if answer is None else _untyped(answer))


def _types(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    if answer:
        yield Ask(schema, answer, given=_untyped(answer))


def _untyped(answer: Answer) -> Answer:
    """The mentions without types, each once however many types it has."""
    return Answer(tuple(dict.fromkeys(replace(mention, type=None) for mention in answer.mentions)))


_KINDS, _NEEDS = ("entities",), ("NER",)
NER = Task("NER", "every mention with its type", _KINDS, _NEEDS, gold, _whole)
NER1 = Task("NER1", "the mentions of one type, one question for each type", _KINDS, _NEEDS, gold, _by_type)
ES = Task("ES", "the mentions of all types, without saying which type", _KINDS, _NEEDS, gold, _spans)
ET = Task("ET", "the types of given mentions", _KINDS, _NEEDS, gold, _types, gives=True)
