"""JSON arrays `[{"text", "triple_list": [[head, relation, tail]]}]` in, Documents with relations out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, NoOptions, array, documents_from_array, id_of, string, text_of
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an item. The layout has neither offsets nor types, so mentions are untyped strings without a place.

    A string is one entity of the Document; a triple that is repeated (496 of PRGC's copy of NYT's test are) is kept once and counted
    in `meta.duplicates`. The `-star` variants, which keep the last word of each mention, are read the same way.
    """
    return documents_from_array(path, bad, _document)


def _document(row: Json) -> Document:
    related = Related()
    for triple in array(row, "triple_list"):
        if not isinstance(triple, list) or len(triple) != 3:
            raise CorpusError(f"triple_list: expected [head, relation, tail], found {triple!r}.")
        head, relation, tail = (text_of(part, f"triple {triple!r}") for part in triple)
        related.relate(relation, related.entity(Entity(Mention(head))), related.entity(Entity(Mention(tail))))
    return related.document(id_of(row.get("id")), string(row, "text"), offsets=False)


LAYOUT = Layout(
    read,
    {
        "places.json": '[{"text": "Ann was born in Rome , Italy .", "triple_list": [\n  ["Ann", "birthPlace", "Rome"], ["Rome", "country", "Italy"]]}]\n'
    },
)
