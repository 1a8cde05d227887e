"""Records with a model's raw answers → one predicted Document per document: formats read, strings grounded, windows and tasks merged."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from uie.documents import Document, Entity, Event, Mention, Relation, entity_index
from uie.errors import RecordError
from uie.formats import format_for
from uie.parsing.confidence import Tokens, higher, with_confidence
from uie.parsing.grounding import Grounded, Link, ground, without_surplus
from uie.parsing.locating import locate
from uie.records.record import Record
from uie.schema import KINDS, schema_to_mapping
from uie.tasks import TASKS
from uie.tasks.question import Problem


@dataclass(frozen=True, slots=True)
class Answered:
    """A record with what the model wrote; `finish_reason` is "length" when it ran into the token limit.

    `logprobs` and `ends` are those of `uie.generation.Generation`; without them items have no confidence. Of a `constrained` answer, items
    that say a mention oftener than the text holds it are left out. `failed` says why there is no answer at all.
    """

    record: Record
    raw: str
    finish_reason: str = "stop"
    logprobs: Sequence[float] | None = None
    ends: Sequence[int] | None = None
    constrained: bool = False
    failed: str = ""


def predicted_document(answers: Iterable[Answered], *, text: str | None = None) -> Document:
    """The predicted Document of one document's records.

    `text` is the whole document's text; it may be left out when the records' windows cover it. Mentions that the text does not
    hold, unknown types and malformed pieces all stay: as ungrounded mentions, as types the schema lacks, as `problems`.

    Raises:
        RecordError: a record's window is not what stands in the text at its start, so offsets would be wrong.
    """
    answers = list(answers)
    first = answers[0].record
    text = _stitched([answer.record for answer in answers]) if text is None else text
    builder = _Builder(text)
    for answer in answers:
        builder.add(answer)
    tasks = list(dict.fromkeys(answer.record.task for answer in answers))
    return builder.document(first, asked={**_union(answer.record for answer in answers), "tasks": tasks})


def shares_document(task: str) -> bool:
    """Whether the task's answers go into one predicted Document with those of other tasks.

    NER, RE and EE say different things of a text. Every other task says the same as one of them in another way, often with gold
    parts given: its answers stand in a Document of their own and are never scored together with theirs.
    """
    return task in ("NER", "RE", "EE")


def text_of(record: Record) -> str:
    """What a record's answer is about. A three-key record names no text: its query holds it, and stands for it."""
    return record.query if record.is_bare else record.text


def _stitched(records: list[Record]) -> str:
    """The text that the records' windows make up."""
    text = ""
    for record in sorted(records, key=lambda record: record.start):
        if record.start > len(text):
            raise RecordError(
                f"document {record.document_id}: no record asks about its characters {len(text)} to {record.start}; "
                "give all records of a document that was cut into windows."
            )
        text += text_of(record)[len(text) - record.start :]
    return text


def _union(records: Iterable[Record]) -> dict[str, Any]:
    """One schema mapping that holds all that the records asked; types in order of first appearance."""
    asked: dict[str, Any] = {}
    for record in records:
        mapping = schema_to_mapping(record.asked(), descriptions=False)
        for kind in KINDS:
            for label, said in mapping.get(kind, {}).items():
                # Train records may show two labels by one name, each in its own question: then the label stands for itself.
                if any(
                    other != label and said.get("name") == held.get("name", other) for other, held in asked.get(kind, {}).items()
                ):
                    said = {key: value for key, value in said.items() if key != "name"}
                before = asked.setdefault(kind, {}).setdefault(label, said)
                if "roles" in said:  # two records may ask the same event for different roles
                    asked[kind][label] = {**before, "roles": {**before["roles"], **said["roles"]}}
        asked.setdefault("lang", record.lang)
    return asked


class _Builder:
    def __init__(self, text: str) -> None:
        self._text = text
        self._kinds: set[str] = set()
        self._entities: list[Entity] = []
        self._links: list[Link] = []
        self._events: list[Event] = []
        self._problems: list[dict[str, Any]] = []

    def add(self, answered: Answered) -> None:
        record = answered.record
        window = text_of(record)
        self._kinds.update(TASKS.get(record.task).kinds)
        if answered.failed:
            self._report(record, Problem("failed", answered.failed))
            return
        if self._text[record.start : record.start + len(window)] != window:
            raise RecordError(
                f"record {record.id}: its text is not what document {record.document_id} holds at {record.start}; "
                "give the documents that the records were built from."
            )
        if not record.format:
            raise RecordError(
                f"record {record.id} does not say which format its answer has; name it, such as --format lines.seed001."
            )
        found, problems = _read(answered, window)
        self._take(_moved(found, record.start))
        truncated = (Problem("truncated", answered.raw[-60:]),) if answered.finish_reason == "length" else ()
        self._report(record, *problems, *found.problems, *truncated)

    def _report(self, record: Record, *problems: Problem) -> None:
        for problem in problems:
            row = {"kind": problem.kind, "piece": problem.piece, "record_id": record.id, "task": record.task}
            self._problems.append(row)

    def _take(self, found: Grounded) -> None:
        _merge(self._entities, found.entities, _entity_key)
        _merge(self._links, found.links, _link_key)
        _merge(self._events, found.events, _event_key)

    def document(self, first: Record, *, asked: Mapping[str, Any]) -> Document:
        entities = sorted(self._entities, key=lambda entity: (*entity.mention.order, entity.type or ""))
        for link in self._links:  # typed ends first: an untyped one meets them whichever question answered it
            for mention, type in ((link.head, link.head_type), (link.tail, link.tail_type)):
                if type is not None:
                    entity_index(mention, entities, type)
        relations = [_relation(link, entities) for link in self._links]
        has_entities = "entities" in self._kinds or "relations" in self._kinds
        return Document(
            id=first.document_id,
            text=self._text,
            dataset=first.dataset,
            split=first.split,
            lang=first.lang,
            entities=tuple(entities) if has_entities else None,
            relations=tuple(relations) if "relations" in self._kinds else None,
            events=tuple(self._events) if "events" in self._kinds else None,
            asked=asked,
            problems=tuple(self._problems),
        )


def _read(answered: Answered, window: str) -> tuple[Grounded, Sequence[Problem]]:
    """What one answer says of its window, with what could not be read as it stood."""
    record, question = answered.record, answered.record.question()
    answer, problems = format_for(record.format, record.task).decode(answered.raw, question)
    found = ground(answer, window)
    if answered.logprobs is not None and answered.ends is not None:
        located = locate(answered.raw, answer, question, record.format)
        found = with_confidence(found, located, Tokens(answered.logprobs, answered.ends))
    return without_surplus(found, window) if answered.constrained else found, problems


def _relation(link: Link, entities: list[Entity]) -> Relation:
    """The relation between entities that are there or are added; one that the link says itself is held at least as sure as it says."""
    head, tail = entity_index(link.head, entities, link.head_type), entity_index(link.tail, entities, link.tail_type)
    for index, type, confidence in zip((head, tail), (link.head_type, link.tail_type), link.end_confidences, strict=True):
        if entities[index].type == type:
            entities[index] = replace(entities[index], confidence=higher(entities[index].confidence, confidence))
    return Relation(link.type, head, tail, link.confidence)


# What two answers say

_Believed = TypeVar("_Believed", Entity, Link, Event)


def _merge(held: list[_Believed], found: Iterable[_Believed], key: Callable[[_Believed], Hashable]) -> None:
    """Adds what one answer found.

    What an answer before it found already (overlapping windows, chunks of labels, further passes) is held once, with the higher
    confidence; what has no place in the text has no key, and is added in any case.
    """
    places = {key(one): place for place, one in enumerate(held)}
    for one in found:
        own = key(one)
        place = None if own is None else places.get(own)
        if place is None:
            held.append(one)
        else:
            held[place] = _surer(held[place], one)


def _surer(held: _Believed, other: _Believed) -> _Believed:
    """What is held, with the confidence of an equal one where that is higher."""
    held = replace(held, confidence=higher(held.confidence, other.confidence))
    if isinstance(held, Link) and isinstance(other, Link):
        (head, tail), (other_head, other_tail) = held.end_confidences, other.end_confidences
        return replace(held, end_confidences=(higher(head, other_head), higher(tail, other_tail)))
    if isinstance(held, Event) and isinstance(other, Event):
        pairs = zip(held.arguments, other.arguments, strict=True)
        return replace(held, arguments=tuple(replace(a, confidence=higher(a.confidence, b.confidence)) for a, b in pairs))
    return held


def _entity_key(entity: Entity) -> Hashable:
    return (entity.mention, entity.type) if entity.mention.grounded else None


def _link_key(link: Link) -> Hashable:
    return link if link.head.grounded and link.tail.grounded else None


def _event_key(event: Event) -> Hashable:
    mentions = [event.trigger, *(argument.mention for argument in event.arguments)]
    if not any(mentions) or any(mention is not None and not mention.grounded for mention in mentions):
        return None
    return event.type, event.trigger, tuple((argument.role, argument.mention) for argument in event.arguments)


# Windows


def _moved(found: Grounded, by: int) -> Grounded:
    if not by:
        return found
    return replace(
        found,
        entities=tuple(replace(entity, mention=_shift(entity.mention, by)) for entity in found.entities),
        links=tuple(replace(link, head=_shift(link.head, by), tail=_shift(link.tail, by)) for link in found.links),
        events=tuple(_shift_event(event, by) for event in found.events),
    )


def _shift(mention: Mention, by: int) -> Mention:
    if mention.start is None or mention.end is None:
        return mention
    return Mention(mention.text, mention.start + by, mention.end + by, tuple((s + by, e + by) for s, e in mention.fragments))


def _shift_event(event: Event, by: int) -> Event:
    trigger = None if event.trigger is None else _shift(event.trigger, by)
    arguments = tuple(replace(a, mention=None if a.mention is None else _shift(a.mention, by)) for a in event.arguments)
    return replace(event, trigger=trigger, arguments=arguments)
