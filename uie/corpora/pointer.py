"""JSON `[{"id", "text", "labels": [[id, type, start, end, mention]]}]`, as pointer networks are trained on, in; Documents out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, array, documents_from_array, id_of, string, with_repeated
from uie.corpora.spans import mention_at, typed
from uie.documents import Document, Entity
from uie.errors import CorpusError


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an item. The layout's end offsets are exclusive, as ours are; the ids of mentions are passed over."""
    return documents_from_array(path, bad, _document)


def _document(row: Json) -> Document:
    text = string(row, "text")
    entities = tuple(_entity(text, label) for label in array(row, "labels"))
    return with_repeated(Document(id_of(row.get("id")), text, entities=entities))


def _entity(text: str, label: Any) -> Entity:
    if not isinstance(label, list) or len(label) != 5 or not isinstance(label[4], str):
        raise CorpusError(f"labels: expected [id, type, start, end, mention], found {label!r}.")
    _, kind, start, end, mention = label
    return typed(mention_at(text, start, end, said=mention), kind)


LAYOUT = Layout(
    read,
    {"people.json": '[{"id": 0, "text": "安娜住在罗马", "labels": [["T0", "NAME", 0, 2, "安娜"], ["T1", "LOC", 4, 6, "罗马"]]}]\n'},
)
