"""NER: every mention of the asked types. Document → mentions by start, longer first."""

from uie.documents import Document, Entity
from uie.tasks.occurrences import occurrence_of
from uie.tasks.question import Answer, Named

KINDS = ("entities",)


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
