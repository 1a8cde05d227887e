"""InstructUIE arrays `[{"sentence", "entities" or "relations" or "events"}]` in, Documents with these annotations out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad, odd
from uie.corpora.rows import Json, documents_from_array, id_of, string, with_ungrounded
from uie.documents import Argument, Document, Entity, Event, Mention, Relation, entity_index
from uie.errors import CorpusError

_KEYS = ("entities", "relations", "events")
NO_LABELS = ("NA", "")
"""What stands where there is no type: such an entity, relation, event or role is none (uie_dataset.py of InstructUIE)."""


@dataclass(frozen=True, slots=True)
class InstructuieOptions:
    """`needs`: the annotation that every record must have (default: any of the three)."""

    needs: Literal["entities", "relations", "events"] | None = None


def read(path: Path, options: InstructuieOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a record. The published data has positions that are missing, [] or [-1, -1], or off the mention.

    A mention is grounded where `pos` ([start, end), code points) says what the text says, and is a string only everywhere else;
    `meta.ungrounded` counts these. What is labelled NA or not at all is none: `meta.unrelated` counts such relations (their heads and
    tails are there), `meta.unlabelled` such entities, events and arguments. Items stay in the file's order. Head and tail of a relation
    become entities with the types they carry, each once: a record with `relations` alone does not say all entities.
    """
    return documents_from_array(path, bad, lambda row: document_of(row, options.needs))


def document_of(row: Json, needs: str | None = None) -> Document:
    """One record; `needs` is the annotation it must have (None: any of the three)."""
    text = string(row, "sentence")
    if needs is not None:
        row[needs]  # a KeyError, told as the missing key
    elif not any(key in row for key in _KEYS):
        raise CorpusError(f"expected one of the keys {', '.join(_KEYS)}; found {', '.join(row)}.")
    none: Counter[str] = Counter()
    entities = _entities(row["entities"], text, none) if "entities" in row else []
    relations = _relations(row["relations"], text, entities, none) if "relations" in row else None
    document = Document(
        id_of(row.get("id")),
        text,
        entities=tuple(entities) if "entities" in row or "relations" in row else None,
        relations=relations,
        events=_events(row["events"], text, none) if "events" in row else None,
        meta=odd(**none),
    )
    return with_ungrounded(document) if _has_places(row) else document


def _has_places(part: Any) -> bool:
    """Whether a key says where a mention stands: rows without any have no offsets that could be wrong."""
    if isinstance(part, list):
        return any(map(_has_places, part))
    return isinstance(part, dict) and ("pos" in part or any(map(_has_places, part.values())))


def _entities(items: list[Json], text: str, none: Counter[str]) -> list[Entity]:
    found = []
    for item in items:
        kind = _label(item, "type")
        if kind is None:
            none["unlabelled"] += 1
        else:
            found.append(Entity(_mention(item, "name", text), kind))
    return found


def _relations(items: list[Json], text: str, entities: list[Entity], none: Counter[str]) -> tuple[Relation, ...]:
    """The relations; `entities` gains the heads and tails that it lacks."""
    found = []
    for item in items:
        kind = _label(item, "type")
        if kind is None:
            none["unrelated"] += 1
            _keep_ends(item, text, entities)
        else:
            found.append(Relation(kind, _end(item["head"], text, entities), _end(item["tail"], text, entities)))
    return tuple(found)


def _keep_ends(item: Json, text: str, entities: list[Entity]) -> None:
    """The mentions of a pair without a relation; where that stands for no pair at all, their names are empty."""
    for end in (item.get("head"), item.get("tail")):
        if end and end.get("name"):
            _end(end, text, entities)


def _end(item: Json, text: str, entities: list[Entity]) -> int:
    mention, kind = _mention(item, "name", text), _label({"type": "", **item}, "type")
    return entity_index(mention, entities, kind)


def _events(items: list[Json], text: str, none: Counter[str]) -> tuple[Event, ...]:
    found = []
    for item in items:
        kind = _label(item, "type")
        if kind is None:
            none["unlabelled"] += 1
            continue
        trigger = _mention(item, "trigger", text) if item["trigger"] else None
        arguments = [
            Argument(role, _mention(argument, "name", text))
            for argument in item["arguments"]
            if (role := _label(argument, "role")) is not None
        ]
        none["unlabelled"] += len(item["arguments"]) - len(arguments)
        found.append(Event(kind, trigger, tuple(arguments)))
    return tuple(found)


def _label(item: Json, key: str) -> str | None:
    """The type or role; None where the layout says that there is none."""
    value = item[key]
    if not isinstance(value, str):
        raise CorpusError(f"{key}: expected a text, found {value!r}.")
    return None if value in NO_LABELS else value


def _mention(item: Json, key: str, text: str) -> Mention:
    name, pos = string(item, key), item.get("pos")
    if isinstance(pos, list) and len(pos) == 2 and all(type(offset) is int for offset in pos):
        start, end = pos
        if start >= 0 and end == start + len(name) and text[start:end] == name:
            return Mention(name, start, end)
    return Mention(name)


LAYOUT = Layout(
    read,
    {"train.json": '[{"sentence": "Ann lives in Rome.",\n  "entities": [{"name": "Ann", "type": "person", "pos": [0, 3]}]}]\n'},
)
