"""CopyRE lines `{"sentText", "relationMentions": [{"em1Text", "em2Text", "label"}]}` in, Documents with relations out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.relations import NO_RELATION, Related
from uie.corpora.rows import Json, NoOptions, array, documents_from_lines, id_of, string
from uie.documents import Document, Entity, Mention


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. The layout has neither offsets nor types, so mentions are untyped strings without a place.

    A string is one entity of the Document, wherever and however often it stands in the text. Copies that keep only the last word of
    each mention (CasRel's) are read the same way: two mentions that end alike are one there, and may be related to themselves. A
    triple that is repeated is kept once and counted in `meta.duplicates`; a pair labelled None or NA has no relation
    (`meta.unrelated`). Other keys, CoType's `entityMentions` among them, are passed over.
    """
    return documents_from_lines(path, bad, _document)


def _document(row: Json) -> Document:
    related = Related()
    for item in array(row, "relationMentions"):
        label = string(item, "label")
        head, tail = (related.entity(Entity(Mention(string(item, key)))) for key in ("em1Text", "em2Text"))
        related.relate(None if label in NO_RELATION else label, head, tail)
    return related.document(id_of(row.get("sentId")), string(row, "sentText"), offsets=False)


LAYOUT = Layout(
    read,
    {
        "places.json": '{"sentText": "Ann was born in Rome , Italy .", "relationMentions": ['
        '{"em1Text": "Ann", "em2Text": "Rome", "label": "/people/person/place_of_birth"}, '
        '{"em1Text": "Italy", "em2Text": "Rome", "label": "/location/country/capital"}]}\n'
        '{"sentText": "Ann left Rome .", "relationMentions": [{"em1Text": "Ann", "em2Text": "Rome", "label": "None"}]}\n'
    },
)
