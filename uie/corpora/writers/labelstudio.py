"""Documents in, Label Studio's tasks out: `[{"id", "data": {"text"}, "annotations": [{"result": […]}]}]`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora.writers import Writer
from uie.corpora.writers.holding import Holds, kept
from uie.documents import Document
from uie.storage import Json, to_line

_HOLDS = Holds(relations=True, untyped=True, untyped_relations=True)


@dataclass(frozen=True, slots=True)
class LabelstudioOptions:
    """`text`, `from_name`, `to_name`: what the labelling interface calls the text's key, its Labels and its Text."""

    text: str = "text"
    from_name: str = "label"
    to_name: str = "text"


def write(documents: Iterable[Document], out: Path, options: LabelstudioOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """One array, one task a line, all in one annotation. Offsets are code points, as Label Studio stores them since 1.3 (its issue 1008)."""
    number, related = 0, False
    with out.open("w", encoding="utf-8", newline="\n") as file:
        file.write("[")
        for document in documents:
            found = kept(document, _HOLDS, lost)
            if found is not None:
                file.write((",\n" if number else "\n") + to_line(_task(found, number, options)).rstrip("\n"))
                number += 1
                related = related or found.relations is not None
        file.write("\n]\n")
    return {**({} if options.text == "text" else {"text": options.text}), **({"relations": True} if related else {})}


def _task(document: Document, number: int, options: LabelstudioOptions) -> Json:
    result: list[Json] = [
        {
            "id": f"e{index}",
            "from_name": options.from_name,
            "to_name": options.to_name,
            "type": "labels",
            "value": {
                "start": entity.mention.start,
                "end": entity.mention.end,
                "text": entity.mention.text,
                "labels": [] if entity.type is None else [entity.type],
            },
        }
        for index, entity in enumerate(document.entities or ())
    ]
    result += [
        {
            "type": "relation",
            "from_id": f"e{relation.head}",
            "to_id": f"e{relation.tail}",
            "direction": "right",
            "labels": [] if relation.type is None else [relation.type],
        }
        for relation in document.relations or ()
    ]
    return {"id": number + 1, "data": {options.text: document.text}, "annotations": [{"result": result}]}


WRITER = Writer(write, "labelstudio", suffix=".json")
