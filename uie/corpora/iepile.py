"""IEPile rows (raw samples; train and test rows with JSON inside JSON, which ask parts of a schema) in, one Document a text out."""

import functools
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad
from uie.corpora.chunks import Chunk, Chunks, gathered
from uie.corpora.rows import Json, id_of, placed, string, text_of, values_from_file
from uie.corpora.strings import event, fillers, related
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError
from uie.storage import read_lines

Task = Literal["NER", "RE", "SPO", "KG", "EE", "EET", "EEA"]
_KINDS = {"NER": "entities", **dict.fromkeys(("RE", "SPO", "KG"), "relations"), **dict.fromkeys(("EE", "EET", "EEA"), "events")}
_RAW = {"entity": "NER", "relation": "RE", "event": "EE"}

Types = tuple[tuple[str | None, ...], ...]
"""Those that each end of a relation may have; of KG those of the head alone."""


@dataclass(frozen=True, slots=True)
class IepileOptions:
    """`task`: what rows ask that do not say it (default: what their schema or the labels of the file look like).

    `chunks`: where the rows of one text stand, "anywhere" in the file (its Documents are held until its end) or "adjacent".
    """

    task: Task | None = None
    chunks: Chunks = "anywhere"


def read(path: Path, options: IepileOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a text: rows of one source and id, or, where there is no id, of one source and text. Raw rows are Documents each.

    Mentions have no places, so they stay strings; which of two equal strings is meant is not known. `Document.asked` holds what
    train and test rows ask, types of which there is none included. Heads and tails are entities, typed where the schema has one
    pair of types for the relation. `NAN` as an argument is none.
    """
    hint = functools.cache(lambda: options.task or _task_of_file(path))
    rows = values_from_file(path, bad, lambda row: _chunk(row, options.task, hint))
    for place, chunk in gathered(rows, path, bad, chunks=options.chunks):
        yield placed(_document(chunk), place)


def _chunk(row: Json, set_task: Task | None, hint: Callable[[], str]) -> Chunk:
    if "instruction" not in row:
        return _raw(row)
    question = _parsed(row["instruction"])
    if not isinstance(question, dict) or "schema" not in question:
        raise CorpusError(f"instruction: expected a JSON object with schema and input, found {row['instruction']!r}.")
    if not isinstance(question["schema"], list):
        raise CorpusError(f"instruction: schema: expected a list, found {question['schema']!r}.")
    said, id = string(question, "input"), id_of(row.get("id"))
    answer = _parsed(row["label"] if "label" in row else row["output"])
    task = set_task or _task(row, question["schema"], answer, hint)
    chunk = Chunk((task, str(row.get("source", "")), id or said), id, said, asked=_asked(question["schema"], task), task=task)
    kind = _KINDS[task]
    frames = _frames(question["schema"], task, chunk.asked[kind])
    for label, types in frames:
        chunk.found[kind, label, types] = []
    if isinstance(answer, list):
        found = [(label, _types(item, task), item) for label, item in _annotated(answer, task)]
    else:
        asked_of = dict(frames) if task == "SPO" else {}
        found = [(label, asked_of.get(label) or _types(item, task), item) for label, item in _answered(answer, task, chunk.asked)]
    for label, types, item in found:
        chunk.found.setdefault((kind, label, types), []).append(item)
    return chunk


def _raw(row: Json) -> Chunk:
    chunk = Chunk(object(), id_of(row.get("id")), string(row, "text"))
    kinds = [key for key in _RAW if key in row]
    if not kinds:
        raise CorpusError(f"expected instruction, or text with one of {', '.join(_RAW)}; found {', '.join(row)}.")
    for key in kinds:
        kind = _KINDS[_RAW[key]]
        chunk.found[kind, "", ()] = []  # that there may be none
        for label, item in _annotated(row[key], _RAW[key]):
            chunk.found.setdefault((kind, label, ()), []).append(item)
    return chunk


def _parsed(value: Any) -> Any:
    """JSON in a string, or what it holds already."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        raise CorpusError(f"expected JSON in a text, found {value[:80]!r}.") from None


# What is asked


def _task(row: Json, schema: list[Any], answer: Any, hint: Callable[[], str]) -> str:
    said = row.get("task")
    if said in _KINDS:
        return str(said)
    if schema and isinstance(schema[0], dict):
        return "EE" if "event_type" in schema[0] else "SPO" if "predicate" in schema[0] else "KG"
    found = _task_of(answer) or hint()
    if not found:
        raise CorpusError(f"nothing says which task it is; set the option task to one of {', '.join(_KINDS)}.")
    return found


def _task_of(label: Any) -> str:
    """What the items of a test row's label are; "" where there are none."""
    first = label[0] if isinstance(label, list) and label else {}
    keys = (("entity_type", "NER"), ("event_type", "EET"), ("head_type", "SPO"), ("relation", "RE"))
    return next((task for key, task in keys if key in first), "")


def _task_of_file(path: Path) -> str:
    """The task of the first row whose label is not empty."""
    for _, line in read_lines(path):
        try:
            found = _task_of(_parsed(json.loads(line)["label"]))
        except (ValueError, KeyError, TypeError, RecursionError, CorpusError):
            continue
        if found:
            return found
    return ""


def _asked(schema: list[Any], task: str) -> dict[str, dict[str, dict[str, list[str]]]]:
    """The schema of a question as a mapping of ours (`uie.schema`)."""
    kind = _KINDS[task]
    if task in ("EE", "EEA"):
        return {kind: {text_of(one["event_type"], "event_type"): {"roles": _texts(one["arguments"])} for one in schema}}
    if task == "KG":
        names = _texts(name for one in schema for name in one["attributes"])
        return {
            "entities": {label: {} for label in _texts(one["entity_type"] for one in schema)},
            kind: {name: {} for name in names},
        }
    if task == "SPO":
        relations: dict[str, dict[str, list[str]]] = {}
        for one in schema:
            ends = relations.setdefault(text_of(one["predicate"], "predicate"), {"head": [], "tail": []})
            for end, key in (("head", "subject_type"), ("tail", "object_type")):
                ends[end] = _texts([*ends[end], one[key]])
        types = _texts(one[key] for one in schema for key in ("subject_type", "object_type"))
        return {"entities": {label: {} for label in types}, kind: relations}
    return {kind: {label: {} for label in _texts(schema)}}


def _frames(schema: list[Any], task: str, asked: dict[str, dict[str, list[str]]]) -> list[tuple[str, Types]]:
    """The labels that a row asks, each with the types of its ends: other rows of the text may ask it of other ends."""
    if task == "KG":
        return [(name, ((one["entity_type"],),)) for one in schema for name in one["attributes"]]
    if task == "SPO":
        return [(label, (tuple(said["head"]), tuple(said["tail"]))) for label, said in asked.items()]
    return [(label, ()) for label in asked]


def _types(item: Any, task: str) -> Types:
    """The types of the ends of a relation, as `_frames` has them where a row asks for one pair of types."""
    sides = {"KG": 1, "SPO": 2}.get(task, 0)
    return tuple((type,) for _, type in item[:sides]) if sides else ()


def _texts(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(text_of(value, "schema") for value in values))


# What is answered: labels with items, which are strings (of entities), pairs of ends (of relations), or Events


def _annotated(items: list[Json], task: str) -> Iterator[tuple[str, Any]]:
    """The items of a raw row or of a test row's label."""
    if not isinstance(items, list):
        raise CorpusError(f"expected a list of what is annotated, found {items!r}.")
    for item in items:
        if task == "NER":
            yield text_of(item["entity_type"], "entity_type"), text_of(item["entity"], "entity")
        elif _KINDS[task] == "relations":
            ends = (text_of(item["head"], "head"), item.get("head_type")), (text_of(item["tail"], "tail"), item.get("tail_type"))
            yield text_of(item["relation"], "relation"), tuple((end, text_of(type, "type") if type else None) for end, type in ends)
        else:
            pairs = [(text_of(one["role"], "role"), text_of(one["argument"], "argument")) for one in item.get("arguments", [])]
            yield item["event_type"], event(item["event_type"], item.get("event_trigger"), pairs)


def _answered(answer: Json, task: str, asked: dict[str, dict[str, dict[str, list[str]]]]) -> Iterator[tuple[str, Any]]:
    """The items of a train row's output."""
    for label, items in answer.items():
        if task == "KG":
            for head, attributes in items.items():
                for attribute, tail in fillers(attributes):
                    yield attribute, ((text_of(head, label), label), (tail, None))
            continue
        for item in items if isinstance(items, list) else [items]:
            if task == "NER":
                yield label, text_of(item, label)
            elif task == "EET":
                yield label, event(label, text_of(item, label), [])
            elif _KINDS[task] == "events":
                yield label, event(label, item.get("trigger"), fillers(item["arguments"]))
            else:
                ends = ("subject", "object") if "subject" in item else ("head", "tail")
                said = asked["relations"].get(label, {})
                types = (said.get(end, []) for end in ("head", "tail"))
                yield (
                    label,
                    tuple(
                        (text_of(item[end], end), type[0] if len(type) == 1 else None)
                        for end, type in zip(ends, types, strict=True)
                    ),
                )


def _document(chunk: Chunk) -> Document:
    found: dict[str, list[tuple[str, Any]]] = {}
    for (kind, label, _), items in chunk.found.items():
        found.setdefault(kind, []).extend((label, item) for item in items)
    named = tuple(Entity(Mention(item), label) for label, item in found.get("entities", ()))
    held = related(((head, label, tail) for label, (head, tail) in found.get("relations", ())), named)
    events = tuple(event for _, event in found.get("events", ()))
    return Document(
        chunk.id,
        chunk.text,
        entities=tuple(held.entities) if "entities" in found or "relations" in found else None,
        relations=tuple(held.relations) if "relations" in found else None,
        events=events if "events" in found else None,
        asked={**chunk.asked, "tasks": [chunk.task]} if chunk.asked else None,
        meta=held.meta,
    )


def _example() -> str:
    rows = []
    for labels, answer in ((["person", "river"], {"person": ["Ida Brook"], "river": []}), (["town"], {"town": ["Leeds"]})):
        question = {"instruction": "List the entities.", "schema": labels, "input": "Ida Brook lives in Leeds."}
        rows.append({"task": "NER", "source": "letters", "instruction": json.dumps(question), "output": json.dumps(answer)})
    return "".join(json.dumps(row) + "\n" for row in rows)


LAYOUT = Layout(read, {"train.json": _example()})
