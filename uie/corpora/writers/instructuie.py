"""Documents in, a dataset folder of InstructUIE out: train.json, dev.json, test.json (arrays) and labels.json."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora.instructuie import NO_LABELS
from uie.corpora.writers import Writer
from uie.corpora.writers.holding import Holds, kept
from uie.corpora.writers.splits import SplitFiles
from uie.documents import Document, Entity, Mention
from uie.storage import Json, write_json

_LABEL = re.compile(rf"(?!(?:{'|'.join(map(re.escape, NO_LABELS))})\Z)(?s:.+)")
_KINDS = {"NER": ("entities",), "RE": ("entities", "relations"), "EE": ("events",), None: ("entities", "relations", "events")}


@dataclass(frozen=True, slots=True)
class InstructuieOptions:
    """`task`: which annotation is written. InstructUIE itself trains on folders of one task; ours reads rows with all three."""

    task: Literal["NER", "RE", "EE"] | None = None


def write(documents: Iterable[Document], out: Path, options: InstructuieOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """Mentions without a place have `pos: []`. Heads and tails of relations are written with their types, in the relation.

    With the task RE, mentions that are in no relation are lost: the rows have relations only.
    """
    kinds = _KINDS[options.task]
    holds = Holds(
        entities="entities" in kinds,
        relations="relations" in kinds,
        events="events" in kinds,
        ungrounded=True,
        untyped=True,
        no_trigger=True,
        label=_LABEL,
    )
    labels = _Labels()
    with SplitFiles(out, "{split}.json", array=True) as files:
        for document in documents:
            if options.task == "RE" and document.relations is None:
                lost["Document not annotated for relations"] += 1
                continue
            found = kept(document, holds, lost)
            if found is not None:
                files.write(found, _row(found, options, labels, lost))
    write_json(out / "labels.json", labels.listed())
    return {}


def _row(document: Document, options: InstructuieOptions, labels: "_Labels", lost: Counter[str]) -> Json:
    entities = document.entities or ()
    in_relations = {index for relation in document.relations or () for index in (relation.head, relation.tail)}
    row: Json = {"id": document.id, "sentence": document.text}
    if options.task != "RE" and document.entities is not None and not _only_ends(entities, in_relations):
        row["entities"] = [_named(entity) for entity in entities if entity.type is not None]
        labels.entities.update(dict.fromkeys(entity.type for entity in entities if entity.type is not None))
        lost["untyped mention"] += sum(entity.type is None and index not in in_relations for index, entity in enumerate(entities))
    elif options.task == "RE":
        lost["mention of no relation"] += len(entities) - len(in_relations)
    if document.relations is not None:
        row["relations"] = [
            {"head": _named(entities[relation.head]), "type": relation.type, "tail": _named(entities[relation.tail])}
            for relation in document.relations
        ]
        labels.relations.update(dict.fromkeys(str(relation.type) for relation in document.relations))
    if document.events is not None:
        row["events"] = []
        for event in document.events:
            trigger = event.trigger or Mention("")
            arguments = [
                {"name": argument.mention.text, "role": argument.role, "pos": _pos(argument.mention)}
                for argument in event.arguments
                if argument.mention is not None
            ]
            row["events"].append({"trigger": trigger.text, "type": event.type, "pos": _pos(trigger), "arguments": arguments})
            labels.events.setdefault(event.type, {}).update(dict.fromkeys(argument.role for argument in event.arguments))
    return row


def _only_ends(entities: tuple[Entity, ...], in_relations: set[int]) -> bool:
    """Whether the entities are there for the relations alone: a key `entities` would say that there are no others."""
    return bool(entities) and len(in_relations) == len(entities) and all(entity.type is None for entity in entities)


def _named(entity: Entity) -> Json:
    return {"name": entity.mention.text, "type": entity.type or "", "pos": _pos(entity.mention)}


def _pos(mention: Mention) -> list[int]:
    return [] if mention.start is None or mention.end is None else [mention.start, mention.end]


class _Labels:
    """What labels.json holds, in the order of first use."""

    def __init__(self) -> None:
        self.entities: dict[str, None] = {}
        self.relations: dict[str, None] = {}
        self.events: dict[str, dict[str, None]] = {}

    def listed(self) -> Any:
        """As InstructUIE has it where there is one kind (events: types, then roles); an object of the three where there are more."""
        roles = dict.fromkeys(role for roles in self.events.values() for role in roles)
        found: Json = {"entities": list(self.entities), "relations": list(self.relations)}
        found = {kind: names for kind, names in found.items() if names}
        if self.events:
            found["events"] = [list(self.events), list(roles)]
        return next(iter(found.values()), []) if len(found) < 2 else found


WRITER = Writer(write, "instructuie", kind="folder", split_files="{split}.json")
