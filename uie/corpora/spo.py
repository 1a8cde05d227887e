"""DuIE lines `{"text", "spo_list": [{"subject", "subject_type", "predicate", "object", "object_type"}]}` in, Documents with relations out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, NoOptions, array, documents_from_lines, id_of, string, text_of
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError

_VALUE = "@value"


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. The layout has no offsets, so mentions stay ungrounded: which of two equal strings is meant is not known.

    Each string with a type is one entity of the Document, in the order in which the triples name them; only what is in a triple
    is there, so a corpus of this layout says nothing about entities as such (`tasks: [RE]`). A triple that is repeated is kept
    once and counted in `meta.duplicates`. `postag` is passed over.

    DuIE 1 has texts as objects, DuIE 2 mappings: `@value` is the object of the predicate; each other part, such as `inWork` of 饰演, makes a
    relation of its own from the subject, `饰演.inWork`. Which of a predicate's objects and parts belong together is lost where
    a subject has several.
    """
    return documents_from_lines(path, bad, _document)


def _document(row: Json) -> Document:
    related = Related()
    for triple in array(row, "spo_list"):
        head = related.entity(Entity(Mention(string(triple, "subject")), string(triple, "subject_type")))
        predicate = string(triple, "predicate")
        objects, types = _parts(triple, "object"), _parts(triple, "object_type")
        if _VALUE not in objects or not objects.keys() <= types.keys():
            raise CorpusError(f"{predicate}: the object has {', '.join(objects)}, but the types are of {', '.join(types)}.")
        for part, mention in objects.items():
            tail = related.entity(Entity(Mention(text_of(mention, f"object.{part}")), text_of(types[part], f"object_type.{part}")))
            related.relate(predicate if part == _VALUE else f"{predicate}.{part}", head, tail)
    return related.document(id_of(row.get("id")), string(row, "text"), offsets=False)


def _parts(triple: Json, key: str) -> dict[str, Any]:
    value = triple[key]
    return value if isinstance(value, dict) else {_VALUE: string(triple, key)}


LAYOUT = Layout(
    read,
    {
        "songs.json": '{"text": "安娜作词的《远山》", "spo_list": [{"subject": "远山", "subject_type": "歌曲", "predicate": "作词", "object": "安娜", "object_type": "人物"}]}\n'
    },
)
