"""doccano's JSONL `{"text", "label": [[start, end, type]]}`, `{"text", "entities", "relations"}` or with users, in; Documents out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, array, id_of, placed, string, values_from_file, with_repeated
from uie.corpora.spans import Annotators, OffsetUnit, mention_at, typed
from uie.documents import Document, Entity, Relation
from uie.errors import CorpusError, unknown_name

_KEYS = ("entities", "annotations", "labels", "label")


@dataclass(frozen=True, slots=True)
class DoccanoOptions:
    """How the project was exported.

    `text` and `label`: the keys of the text and of its spans, where the project's columns have names of their own (default of `label`:
    whichever is there of `entities`, `annotations`, `labels`, `label`). `names`: what label ids mean, `{"12": LOC}`: the export for
    administrators has ids. `annotator`: the user, by id, whose spans are read (default: all, each user's in a Document of their own).
    `unit`: what offsets count, `utf-16` in exports of 2018 and early 2019, of texts with emoji.
    """

    text: str = "text"
    label: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    annotator: str = ""
    unit: OffsetUnit = "characters"


def read(path: Path, options: DoccanoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row, or one for each user who marked anything in it (`meta.annotator`); a row that nobody marked is one too.

    Relations are annotated where the row has the key `relations`. A span that is given twice is kept twice and counted in `meta.repeated`.
    The file may be an array, lines, or objects printed over several lines. What doccano calls `meta`, `Comments` and `cats` is passed over.
    """
    annotators = Annotators(options.annotator)
    for place, documents in values_from_file(path, bad, lambda row: _documents(row, options, annotators)):
        for document in documents:
            yield placed(with_repeated(document), place)
    annotators.check(path)


def _documents(row: Json, options: DoccanoOptions, annotators: Annotators) -> list[Document]:
    text, id = string(row, options.text), id_of(row.get("id"))
    by_user: dict[str, list[Any]] = {}
    for span in array(row, options.label or _spans_key(row)):
        user = span.get("user") if isinstance(span, dict) else None
        by_user.setdefault("" if user is None else str(user), []).append(span)
    documents = []
    for user, spans in by_user.items() or [("", [])]:
        if annotators.takes(user) or not by_user:
            entities = [_entity(text, span, options) for span in spans]
            relations = _relations(row, spans) if "relations" in row else None
            meta = {"annotator": user} if user else {}
            documents.append(Document(id, text, entities=tuple(entities), relations=relations, meta=meta))
    return documents


def _spans_key(row: Json) -> str:
    for key in _KEYS:
        if key in row:
            return key
    raise CorpusError(f"there is none of the keys {', '.join(_KEYS)}; the row has {', '.join(row)}. Name yours: label: KEY.")


def _entity(text: str, span: Any, options: DoccanoOptions) -> Entity:
    if isinstance(span, dict):
        start, end, label = span["start_offset"], span["end_offset"], span["label"]
    elif isinstance(span, list) and len(span) == 3:
        start, end, label = span
    else:
        raise CorpusError(f"expected [start, end, type] or an object with start_offset, end_offset and label, found {span!r}.")
    return typed(mention_at(text, start, end, unit=options.unit), _name(label, options.names))


def _name(label: Any, names: Mapping[str, str]) -> Any:
    """What the label is called; an id that nobody named stands for itself."""
    if type(label) is not int and not (isinstance(label, str) and label in names):
        return label
    if names and str(label) not in names:
        raise CorpusError(unknown_name("label id", str(label), names))
    return names.get(str(label), str(label))


def _relations(row: Json, spans: list[Any]) -> tuple[Relation, ...]:
    index = {span["id"]: number for number, span in enumerate(spans) if isinstance(span, dict) and "id" in span}
    relations = []
    for relation in array(row, "relations"):
        for key in ("from_id", "to_id"):
            if relation[key] not in index:
                raise CorpusError(f"relations: {key} is {relation[key]!r}, and no entity has that id.")
        relations.append(Relation(string(relation, "type"), index[relation["from_id"]], index[relation["to_id"]]))
    return tuple(relations)


LAYOUT = Layout(
    read,
    {
        "people.jsonl": '{"id": 1, "text": "Ann lives in Rome.", "label": [[0, 3, "person"]]}\n'
        '{"id": 2, "text": "Bo left Oslo.", "entities": [{"id": 7, "start_offset": 0, "end_offset": 2, "label": "person"}, '
        '{"id": 8, "start_offset": 8, "end_offset": 12, "label": "city"}], "relations": [{"id": 1, "from_id": 7, "to_id": 8, "type": "left"}]}\n'
        '{"id": 3, "text": "Cy.", "annotations": [{"start_offset": 0, "end_offset": 2, "label": 12, "user": 1}]}\n'
    },
    {"names": {"12": "person"}},
)
