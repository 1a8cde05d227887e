"""Label Studio's tasks `{"data": {"text"}, "annotations" or "predictions": [{"result": [regions, relations]}]}` in, Documents out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad, ignore_bad, odd
from uie.corpora.rows import Json, array, id_of, placed, string, text_of, values_from_file, with_repeated
from uie.corpora.spans import Annotators, OffsetUnit, mention_or_words, typed
from uie.documents import Document, Entity, Relation
from uie.errors import CorpusError

_DIRECTIONS = ("right", "left", "bi")


@dataclass(frozen=True, slots=True)
class LabelStudioOptions:
    """What of the export is read.

    `source`: what people marked, or what was marked beforehand by a model. `annotator`: whose, by `completed_by` (an e-mail address or a
    number), of predictions by `model_version` (default: all, each in a Document of its own). `text`: the key of the text in `data`.
    `relations`: whether the project marks relations; Documents of one that does not say nothing of them. `unit`: what offsets count,
    `utf-16` for texts with emoji that were annotated before Label Studio 1.4 (2021).
    """

    source: Literal["annotations", "predictions"] = "annotations"
    annotator: str = ""
    text: str = "text"
    relations: bool = False
    unit: OffsetUnit = "characters"


def read(path: Path, options: LabelStudioOptions, bad: OnBad) -> Iterator[Document]:
    """One Document for each annotation, or prediction, of a task (`meta.annotator`): the export as JSON, or its tasks a line.

    A region with several labels is several entities, of which relations mean the first; one without is an entity of no type. A relation with several labels is several relations;
    one without is of no type; `direction` left turns it round, and bi makes two of it. Annotations that were skipped are
    left out. Choices, text areas and whatever else has no span are counted in `meta.passed_over`, mentions whose `text` stands elsewhere than
    they say, which are ungrounded here, in `meta.ungrounded`.
    """
    annotators = Annotators(options.annotator)
    for place, documents in values_from_file(path, bad, lambda task: _documents(task, options, annotators)):
        for document in documents:
            yield placed(with_repeated(document), place)
    annotators.check(path)


def guess(path: Path) -> Mapping[str, Any] | None:
    """The options that suit a file; None where it holds no tasks with annotations or predictions."""
    given: set[str] = set()

    def look(task: Json) -> None:
        for source in ("annotations", "predictions"):
            for version in task.get(source) or () if "data" in task else ():
                given.add(source)
                given.update(f"{source} {result.get('type')}" for result in version["result"])

    try:
        for _ in values_from_file(path, ignore_bad, look):
            pass
    except CorpusError:  # no JSON at all
        return None
    source = next((source for source in ("annotations", "predictions") if source in given), None)
    if source is None:
        return None
    options: dict[str, Any] = {} if source == "annotations" else {"source": source}
    return {**options, "relations": True} if f"{source} relation" in given else options


def _documents(task: Json, options: LabelStudioOptions, annotators: Annotators) -> list[Document]:
    text = string(task["data"], options.text)
    versions = task.get(options.source)
    if not versions:
        other = "predictions" if options.source == "annotations" else "annotations"
        hint = f"; it has {other}: set the option source: {other}" if task.get(other) else ""
        raise CorpusError(f"the task has no {options.source}{hint}.")
    documents = []
    for version in array(task, options.source):
        names = _names(version.get("completed_by" if options.source == "annotations" else "model_version"))
        if version.get("was_cancelled") or not annotators.takes(*names):
            continue
        meta: dict[str, Any] = {"annotator": names[0]} if names else {}
        documents.append(_document(id_of(task.get("id")), text, array(version, "result"), options, meta))
    return documents


def _names(by: Any) -> list[str]:
    """What an annotator goes by: `completed_by` is a number, or an object with e-mail address and number."""
    given = [by.get("email"), by.get("id")] if isinstance(by, dict) else [by]
    return [str(name) for name in given if name not in (None, "")]


def _document(id: str, text: str, results: list[Json], options: LabelStudioOptions, meta: dict[str, Any]) -> Document:
    entities: list[Entity] = []
    index: dict[str, int] = {}
    links = []
    passed_over = 0
    for result in results:
        kind, value = result["type"], result.get("value")
        if kind == "relation":
            links.append(result)
        elif isinstance(value, dict) and "start" in value and kind.endswith("labels"):
            mention = mention_or_words(text, value["start"], value["end"], said=value.get("text"), unit=options.unit)
            index.setdefault(id_of(result.get("id")) or f"region {len(index)}", len(entities))
            labelled = [typed(mention, label) for label in array(value, kind)] if value.get(kind) else []
            entities.extend(labelled or [Entity(mention)])
        else:
            passed_over += 1
    if links and not options.relations:
        raise CorpusError("the task has relations: set the option relations: true.")
    relations = tuple(relation for link in links for relation in _relations(link, index)) if options.relations else None
    ungrounded = sum(not entity.mention.grounded for entity in entities)
    meta |= odd(passed_over=passed_over, ungrounded=ungrounded)
    return Document(id, text, entities=tuple(entities), relations=relations, meta=meta)


def _relations(link: Json, index: Mapping[str, int]) -> Iterator[Relation]:
    direction = link.get("direction", "right")
    if direction not in _DIRECTIONS:
        raise CorpusError(f"direction: expected one of {', '.join(_DIRECTIONS)}, found {direction!r}.")
    ends = [str(link[key]) for key in ("from_id", "to_id")]
    for end in ends:
        if end not in index:
            raise CorpusError(f"a relation points to {end!r}, and no region has that id.")
    head, tail = (index[end] for end in ends)
    for label in array(link, "labels") if link.get("labels") else [None]:
        type = None if label is None else text_of(label, "the type of a relation")
        if direction != "left":
            yield Relation(type, head, tail)
        if direction != "right":
            yield Relation(type, tail, head)


LAYOUT = Layout(
    read,
    {
        "people.json": '[{"id": 1, "data": {"text": "Ann lives in Rome."}, "annotations": [{"completed_by": 3, "result": [\n'
        ' {"id": "a", "type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": ["person"]}},\n'
        ' {"id": "b", "type": "labels", "value": {"start": 13, "end": 17, "text": "Rome", "labels": ["city"]}},\n'
        ' {"type": "relation", "from_id": "a", "to_id": "b", "direction": "right", "labels": ["lives in"]}]}]}]\n'
    },
    {"relations": True},
    guess,
)
