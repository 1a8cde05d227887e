"""Entities and relations in, in the order in which a layout's rows name them, Documents out that hold each of them once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from uie.corpora import odd
from uie.corpora.rows import Place, placed, with_ungrounded
from uie.corpora.tokens import Offsets
from uie.documents import Document, Entity, Mention, Relation

NO_RELATION = ("None", "NA", "no_relation")
"""What stands where a pair has no relation: CoType's and Riedel's NYT, TACRED."""


@dataclass(slots=True)
class Related:
    """What the rows said of one text so far.

    A triple that is said twice is one relation: scores count one to one, so that a second one could only be found by an answer
    that repeats itself. `duplicates` counts the others. `unrelated` counts the pairs that were said to have no relation: their
    entities are there. Several relations of one pair, the reversed pair and a relation of an entity to itself are as they stand.
    """

    entities: list[Entity] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    duplicates: int = 0
    unrelated: int = 0
    _indices: dict[tuple[Mention, str | None], int] = field(default_factory=dict)
    _seen: set[tuple[str, int, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        for index, entity in enumerate(self.entities):
            self._indices.setdefault((entity.mention, entity.type), index)

    def entity(self, entity: Entity) -> int:
        """Its index: that of the first one of the same type at the same place (of the same string, where there is no place)."""
        index = self._indices.setdefault((entity.mention, entity.type), len(self.entities))
        if index == len(self.entities):
            self.entities.append(entity)
        return index

    def relate(self, type: str | None, head: int, tail: int) -> bool:
        """Adds the relation (None: the pair has none); whether it is a new one."""
        if type is None:
            self.unrelated += 1
            return False
        if (type, head, tail) in self._seen:
            self.duplicates += 1
            return False
        self._seen.add((type, head, tail))
        self.relations.append(Relation(type, head, tail))
        return True

    @property
    def meta(self) -> dict[str, int]:
        """What was odd about the relations, for `Document.meta`."""
        return odd(duplicates=self.duplicates, unrelated=self.unrelated)

    def document(
        self,
        id: str,
        text: str,
        *,
        offsets: bool = True,
        tokens: Offsets | None = None,
        clusters: tuple[tuple[int, ...], ...] | None = None,
        **meta: Any,
    ) -> Document:
        """The Document, with what is odd counted in its meta; of a layout with `offsets`, also the entities without a place."""
        document = Document(
            id,
            text,
            entities=tuple(self.entities),
            relations=tuple(self.relations),
            tokens=tokens,
            clusters=clusters,
            meta={**self.meta, **{key: value for key, value in meta.items() if value}},
        )
        return with_ungrounded(document) if offsets else document


@dataclass(frozen=True, slots=True)
class Row:
    """What one row says: that a pair of a text has the relation `type` (None: no relation). Without a pair: the text has none at all.

    `offsets`: whether the row gives places, so that a mention without one is odd.
    """

    text: str
    pair: tuple[Entity, Entity] | None
    type: str | None
    id: str = ""
    tokens: Offsets | None = None
    offsets: bool = True


def merged(rows: Iterable[tuple[Place, Row]]) -> Iterator[Document]:
    """One Document a text, at the place of its first row, for layouts with one row a relation; all rows are held in memory.

    Rows of one text need not stand together. The Document's id is that of the first; `meta.ids` has all of them, if they differ.
    """
    texts: dict[str, tuple[Place, list[Row]]] = {}
    for place, row in rows:
        texts.setdefault(row.text, (place, []))[1].append(row)
    for text, (place, found) in texts.items():
        related = Related()
        for row in found:
            if row.pair is not None:
                head, tail = (related.entity(entity) for entity in row.pair)
                related.relate(row.type, head, tail)
        ids = list(dict.fromkeys(row.id for row in found))
        offsets = any(row.offsets for row in found)
        document = related.document(ids[0], text, offsets=offsets, tokens=found[0].tokens, ids=ids if len(ids) > 1 else None)
        yield placed(document, place)
