"""DuIE 1 lines `{"text", "spo_list": [{"subject", "subject_type", "predicate", "object", "object_type"}]}` in, Documents with relations out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, documents_from_lines, string
from uie.documents import Document, Entity, Mention, Relation


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. The layout has no offsets, so mentions stay ungrounded: which of two equal strings is meant is not known.

    Each string with a type is one entity of the Document, in the order in which the triples name them; only what is in a triple
    is there, so a corpus of this layout says nothing about entities as such (`tasks: [RE]`). `postag` is passed over.
    """
    return documents_from_lines(path, bad, _document)


def _document(row: Json) -> Document:
    entities: dict[tuple[str, str], int] = {}
    relations = []
    for triple in row["spo_list"]:
        head = entities.setdefault((string(triple, "subject"), string(triple, "subject_type")), len(entities))
        tail = entities.setdefault((string(triple, "object"), string(triple, "object_type")), len(entities))
        relations.append(Relation(string(triple, "predicate"), head, tail))
    return Document(
        str(row.get("id", "")),
        string(row, "text"),
        entities=tuple(Entity(Mention(mention), kind) for mention, kind in entities),
        relations=tuple(relations),
    )


LAYOUT = Layout(
    read,
    {
        "songs.json": '{"text": "安娜作词的《远山》", "spo_list": [{"subject": "远山", "subject_type": "歌曲", "predicate": "作词", "object": "安娜", "object_type": "人物"}]}\n'
    },
)
