"""Documents in, doccano's JSON Lines out: `{"id", "text", "entities": [{"id", "start_offset", "end_offset", "label"}], "relations"}`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora.writers import Writer
from uie.corpora.writers.holding import Holds, kept
from uie.documents import Document
from uie.storage import Json, to_line


@dataclass(frozen=True, slots=True)
class DoccanoOptions:
    """`relations`: the rows of a project for relations; without, those of one for sequence labelling, `"label": [[start, end, type]]`."""

    relations: bool = True


def write(documents: Iterable[Document], out: Path, options: DoccanoOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """One Document a line. Ids count from 0 in the file: doccano wants whole numbers."""
    holds = Holds(relations=options.relations)
    row_of = _related if options.relations else _labelled
    number = 0
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            found = kept(document, holds, lost)
            if found is not None:
                file.write(to_line({"id": number, "text": found.text, **row_of(found)}))
                number += 1
    return {}


def _labelled(document: Document) -> Json:
    return {"label": [[entity.mention.start, entity.mention.end, entity.type] for entity in document.entities or ()]}


def _related(document: Document) -> Json:
    entities = [
        {"id": number, "start_offset": entity.mention.start, "end_offset": entity.mention.end, "label": entity.type}
        for number, entity in enumerate(document.entities or ())
    ]
    relations = [
        {"id": number, "from_id": relation.head, "to_id": relation.tail, "type": relation.type}
        for number, relation in enumerate(document.relations or ())
    ]
    return {"entities": entities} if document.relations is None else {"entities": entities, "relations": relations}


WRITER = Writer(write, "doccano", suffix=".jsonl")
