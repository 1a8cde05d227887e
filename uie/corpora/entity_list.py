"""Lines `{"text", "entity_list": [{"entity_index": {"begin", "end"}, "entity_type", "entity"}]}` in, Documents with entities out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, documents_from_lines, id_of, string, whole_number
from uie.documents import Document, Entity, Mention


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. The layout's end offsets are exclusive, as ours are."""
    return documents_from_lines(path, bad, _document)


def _document(row: Json) -> Document:
    text = string(row, "text")
    entities = []
    for item in row["entity_list"]:
        place = item["entity_index"]
        mention = Mention(string(item, "entity"), whole_number(place, "begin"), whole_number(place, "end"))
        entities.append(Entity(mention, string(item, "entity_type")))
    return Document(id_of(row.get("id")), text, entities=tuple(entities))


LAYOUT = Layout(
    read,
    {
        "people.txt": '{"text": "安娜住在罗马", "entity_list": [{"entity": "安娜", "entity_type": "PER", "entity_index": {"begin": 0, "end": 2}}]}\n'
    },
)
