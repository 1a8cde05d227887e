"""DocRED and Re-DocRED `[{"title", "sents", "vertexSet": [[mention]], "labels": [{"h", "r", "t"}]}]` in, relations between clusters of mentions out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uie.corpora import Layout, OnBad, odd
from uie.corpora.rows import Json, array, documents_from_array, id_of, string, whole_number, with_ungrounded
from uie.corpora.token_spans import named_entity, sentences_text
from uie.corpora.tokens import Join
from uie.documents import Document, Entity, Mention, Relation


@dataclass(frozen=True, slots=True)
class DocredOptions:
    """`join`: how tokens make the text; sentences are joined in the same way."""

    join: Join = "space"


def read(path: Path, options: DocredOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an item, its title as the id. A vertex becomes a cluster of entities, one for each mention; relations are the clusters'.

    The place of a mention goes before its `name`: a name that differs from the tokens in white space ("March 1, 1990" for "March 1 , 1990")
    is kept as the entity's attribute `name`; one that differs otherwise has no place and counts as ungrounded. The sentences
    that prove a relation (`evidence`) are kept in `meta.evidence`, in the order of the relations, where there are any. A mention that
    is listed again, in its vertex or another one, is one entity; `meta.duplicates` counts the others.

    An item without `labels` is an error: DocRED's test file has none, and nothing annotated is not the same as nothing there.
    """
    return documents_from_array(path, bad, lambda row: _document(row, options))


def _document(row: Json, options: DocredOptions) -> Document:
    whole = sentences_text(row["sents"], options.join)
    indices: dict[tuple[Mention, str], int] = {}
    entities: list[Entity] = []
    clusters = []
    mentions = 0
    for vertex in array(row, "vertexSet"):
        cluster = []
        for item in vertex:
            start, end = item["pos"]
            mention = whole.mention_in(item["sent_id"], start, end)
            entity = named_entity(mention, string(item, "name"), string(item, "type"))
            cluster.append(indices.setdefault((entity.mention, string(item, "type")), len(entities)))
            if cluster[-1] == len(entities):
                entities.append(entity)
            mentions += 1
        clusters.append(tuple(dict.fromkeys(cluster)))
    labels = array(row, "labels")
    relations = [Relation(string(item, "r"), whole_number(item, "h"), whole_number(item, "t"), level="cluster") for item in labels]
    evidence = [item.get("evidence") for item in labels]
    document = Document(
        id_of(row.get("title")),
        whole.text,
        entities=tuple(entities),
        relations=tuple(relations),
        clusters=tuple(clusters),
        tokens=whole.places,
        meta={**odd(duplicates=mentions - len(entities)), **({"evidence": evidence} if any(evidence) else {})},
    )
    return with_ungrounded(document)


LAYOUT = Layout(
    read,
    {
        "people.json": '[{"title": "Ann Lee", "sents": [["Ann", "Lee", "left", "Rome", "."], ["Lee", "died", "."]], "vertexSet": [\n'
        '  [{"name": "Ann Lee", "sent_id": 0, "pos": [0, 2], "type": "PER"}, {"name": "Lee", "sent_id": 1, "pos": [0, 1], "type": "PER"}],\n'
        '  [{"name": "Rome", "sent_id": 0, "pos": [3, 4], "type": "LOC"}]], "labels": [{"h": 0, "r": "P551", "t": 1, "evidence": [0]}]}]\n'
    },
)
