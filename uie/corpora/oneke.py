"""OneKE rows `{"sentence"}` with `entity_list`, `relation_list` or `event_list` in, Documents with these annotations out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, id_of, placed, string, values_from_file
from uie.corpora.strings import event, fillers, related
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError

_LISTS = ("entity_list", "relation_list", "event_list")


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row. Mentions have no places, so they stay strings; the ends of relations have no types.

    An event's `event_argument` maps roles to a string, a list of them, or `NAN` for none.
    """
    return (placed(document, place) for place, document in values_from_file(path, bad, _document))


def _document(row: Json) -> Document:
    if not any(key in row for key in _LISTS):
        raise CorpusError(f"expected one of the keys {', '.join(_LISTS)}; found {', '.join(row)}.")
    named = [Entity(Mention(string(item, "name")), string(item, "type")) for item in row.get("entity_list", ())]
    triples = (
        ((string(item, "head"), None), string(item, "relation"), (string(item, "tail"), None))
        for item in row.get("relation_list", ())
    )
    found = related(triples, named)
    events = (
        event(string(item, "event_type"), item.get("event_trigger"), fillers(item["event_argument"]))
        for item in row.get("event_list", ())
    )
    return Document(
        id_of(row.get("id")),
        string(row, "sentence"),
        entities=tuple(found.entities) if "entity_list" in row or "relation_list" in row else None,
        relations=tuple(found.relations) if "relation_list" in row else None,
        events=tuple(events) if "event_list" in row else None,
        meta=found.meta,
    )


LAYOUT = Layout(
    read,
    {
        "train.json": '{"sentence": "Ida Brook left Leeds.", "entity_list": [{"name": "Ida Brook", "type": "person"}]}\n'
        '{"sentence": "Ida Brook left Leeds.", "relation_list": [{"head": "Ida Brook", "tail": "Leeds", "relation": "leaves"}]}\n'
    },
)
