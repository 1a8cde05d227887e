"""Documents in, IEPile's raw rows out: `{"text", "entity", "relation", "event"}` for each split, and schema.json, three lines of labels."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from uie.corpora.rows import NoOptions
from uie.corpora.writers import Writer
from uie.corpora.writers.holding import Holds, kept
from uie.corpora.writers.splits import SplitFiles
from uie.documents import Document, Entity
from uie.storage import Json, whole_file

_HOLDS = Holds(relations=True, events=True, ungrounded=True, discontinuous=True, untyped=True, no_trigger=True)


def write(documents: Iterable[Document], out: Path, options: NoOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """What IEPile's converter makes its instructions of. The layout has strings only: every place that a mention has is lost."""
    types: dict[str, None] = {}
    relations: dict[str, None] = {}
    events: dict[str, dict[str, None]] = {}
    with SplitFiles(out, "{split}.json") as files:
        for document in documents:
            found = kept(document, _HOLDS, lost)
            if found is None:
                continue
            lost["place of a mention"] += sum(mention.grounded for mention in found.mentions())
            files.write(found, _row(found, lost))
            types.update(dict.fromkeys(entity.type for entity in found.entities or () if entity.type))
            relations.update(dict.fromkeys(str(relation.type) for relation in found.relations or ()))
            for event in found.events or ():
                events.setdefault(event.type, {}).update(dict.fromkeys(argument.role for argument in event.arguments))
    roles = dict.fromkeys(role for named in events.values() for role in named)
    # As IEPile's own: types of NER or of events, relations or roles, and the roles of each event type.
    lines = [[*types, *events], [*relations, *roles], {label: list(named) for label, named in events.items()}]
    with whole_file(out / "schema.json") as file:
        file.write("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return {}


def _row(document: Document, lost: Counter[str]) -> Json:
    entities = document.entities or ()
    in_relations = {index for relation in document.relations or () for index in (relation.head, relation.tail)}
    row: Json = {"id": document.id} if document.id else {}
    row["text"] = document.text
    typed = [{"entity": entity.mention.text, "entity_type": entity.type} for entity in entities if entity.type is not None]
    lost["untyped mention"] += sum(entity.type is None and index not in in_relations for index, entity in enumerate(entities))
    if typed or (document.entities is not None and not in_relations):
        row["entity"] = typed
    if document.relations is not None:
        row["relation"] = [
            {**_end("head", entities[relation.head]), "relation": relation.type, **_end("tail", entities[relation.tail])}
            for relation in document.relations
        ]
    if document.events is not None:
        row["event"] = [
            {
                "event_trigger": None if event.trigger is None else event.trigger.text,
                "event_type": event.type,
                "arguments": [
                    {"argument": one.mention.text, "role": one.role} for one in event.arguments if one.mention is not None
                ],
            }
            for event in document.events
        ]
    return row


def _end(side: str, entity: Entity) -> Json:
    return {side: entity.mention.text, **({f"{side}_type": entity.type} if entity.type is not None else {})}


WRITER = Writer(write, "iepile", kind="folder", split_files="{split}.json")
