"""JSON arrays `[{"tokens", "spo_list", "spo_details": [[start, end, type, relation, start, end, type]]}]` in, Documents with relations out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, array, documents_from_array, id_of, text_of
from uie.corpora.token_spans import token_text
from uie.corpora.tokens import Join
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError

NO_TYPE = "None-label"
"""What JointER's files write for an argument whose type is not known (all of WebNLG)."""


@dataclass(frozen=True, slots=True)
class SpoDetailsOptions:
    """`join`: whether tokens make the text with a space between them or nothing."""

    join: Join = "space"


def read(path: Path, options: SpoDetailsOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an item. `spo_details` says where head and tail stand (tokens, end exclusive), `spo_list` the same as strings.

    Where the two name other strings, the one of `spo_list` is kept without a place and counted in `meta.ungrounded`; where they
    name other relations, the item is refused. Arguments may overlap or be nested. A triple of the same places that is repeated is
    kept once (`meta.duplicates`). `pos_tags` is passed over.
    """

    def document(row: Json) -> Document:
        whole = token_text(row["tokens"], options.join)
        triples, details = array(row, "spo_list"), array(row, "spo_details")
        if len(triples) != len(details):
            raise CorpusError(f"{len(triples)} triples in spo_list, but {len(details)} in spo_details.")
        related = Related()
        for triple, detail in zip(triples, details, strict=True):
            head, relation, tail = _parts(triple, 3, "spo_list")
            *head_span, head_type, told, start, end, tail_type = _parts(detail, 7, "spo_details")
            if text_of(relation, "relation") != told:
                raise CorpusError(f"the relation is {relation!r} in spo_list, but {told!r} in spo_details.")
            first = related.entity(_entity(head, whole.mention(*head_span), head_type))
            related.relate(relation, first, related.entity(_entity(tail, whole.mention(start, end), tail_type)))
        return related.document(id_of(row.get("id")), whole.text, tokens=whole.places)

    return documents_from_array(path, bad, document)


def _parts(item: Any, number: int, key: str) -> list[Any]:
    if not isinstance(item, list) or len(item) != number:
        raise CorpusError(f"{key}: expected lists of {number}, found {item!r}.")
    return item


def _entity(name: Any, mention: Mention, type: Any) -> Entity:
    label = text_of(type, "type of an argument")
    said = text_of(name, "argument")
    return Entity(mention if mention.text == said else Mention(said), None if label == NO_TYPE else label)


LAYOUT = Layout(
    read,
    {
        "clubs.json": '[{"tokens": ["Ann", "leads", "1", ".", "FC", "Rome"], "spo_list": [["1 . FC Rome", "manager", "Ann"]],\n'
        '  "spo_details": [[2, 6, "None-label", "manager", 0, 1, "None-label"]]}]\n'
    },
)
