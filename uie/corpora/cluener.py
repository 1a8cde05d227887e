"""CLUENER lines `{"text", "label": {type: {mention: [[start, last], …]}}}` in, Documents with entities out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, documents_from_lines, id_of, string
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. The layout's end offsets are inclusive; a mention may stand at several places.

    A line without `label` is an error: the corpus' test file has none, and nothing annotated is not the same as nothing there.
    """
    return documents_from_lines(path, bad, _document)


def _document(row: Json) -> Document:
    text = string(row, "text")
    entities = []
    for kind, mentions in row["label"].items():
        for mention, places in mentions.items():
            if not places:
                raise CorpusError(f"the mention {mention!r} has no place.")
            for start, last in places:
                entities.append(Entity(Mention(mention, start, last + 1), kind))
    entities.sort(key=lambda entity: entity.mention.order)
    return Document(id_of(row.get("id")), text, entities=tuple(entities))


LAYOUT = Layout(
    read, {"people.json": '{"text": "安娜住在罗马", "label": {"name": {"安娜": [[0, 1]]}, "address": {"罗马": [[4, 5]]}}}\n'}
)
