"""Records with a model's raw answers → one predicted Document per document: formats read, strings grounded, windows and tasks merged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from uie.documents import Argument, Document, Entity, Event, Mention, Relation, entity_index
from uie.errors import RecordError
from uie.formats import format_for
from uie.parsing.grounding import Grounded, Link, ground
from uie.records.record import Record
from uie.schema import KINDS, schema_to_mapping
from uie.tasks import TASKS
from uie.tasks.question import Problem


@dataclass(frozen=True, slots=True)
class Answered:
    """A record with what the model wrote; `finish_reason` is "length" when it ran into the token limit."""

    record: Record
    raw: str
    finish_reason: str = "stop"


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
        if self._text[record.start : record.start + len(window)] != window:
            raise RecordError(
                f"record {record.id}: its text is not what document {record.document_id} holds at {record.start}; "
                "give the documents that the records were built from."
            )
        if not record.format:
            raise RecordError(
                f"record {record.id} does not say which format its answer has; name it, such as --format lines.seed001."
            )
        answer, problems = format_for(record.format, record.task).decode(answered.raw, record.question())
        grounded = ground(answer, window)
        self._take(_moved(grounded, record.start))
        self._kinds.update(TASKS.get(record.task).kinds)
        truncated = (Problem("truncated", answered.raw[-60:]),) if answered.finish_reason == "length" else ()
        for problem in (*problems, *grounded.problems, *truncated):
            row = {"kind": problem.kind, "piece": problem.piece, "record_id": record.id, "task": record.task}
            self._problems.append(row)

    def _take(self, found: Grounded) -> None:
        """Adds what one answer holds. What an answer before it already held (overlapping windows, chunks of labels) is taken once."""
        entities = {(entity.mention, entity.type) for entity in self._entities}
        self._entities += [
            Entity(mention, type) for mention, type in found.entities if not (mention.grounded and (mention, type) in entities)
        ]
        links = set(self._links)
        self._links += [link for link in found.links if not (link.head.grounded and link.tail.grounded and link in links)]
        events = tuple(self._events)
        self._events += [event for event in found.events if not (_is_grounded(event) and event in events)]

    def document(self, first: Record, *, asked: Mapping[str, Any]) -> Document:
        entities = sorted(self._entities, key=lambda entity: (*entity.mention.order, entity.type or ""))
        for link in self._links:  # typed ends first: an untyped one meets them whichever question answered it
            for mention, type in ((link.head, link.head_type), (link.tail, link.tail_type)):
                if type is not None:
                    entity_index(mention, entities, type)
        relations = [self._relation(link, entities) for link in self._links]
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

    @staticmethod
    def _relation(link: Link, entities: list[Entity]) -> Relation:
        head = entity_index(link.head, entities, link.head_type)
        return Relation(link.type, head, entity_index(link.tail, entities, link.tail_type))


def _is_grounded(event: Event) -> bool:
    mentions = [event.trigger, *(argument.mention for argument in event.arguments)]
    return all(mention is None or mention.grounded for mention in mentions) and any(mentions)


def _moved(found: Grounded, by: int) -> Grounded:
    if not by:
        return found
    return replace(
        found,
        entities=tuple((_shift(mention, by), type) for mention, type in found.entities),
        links=tuple(replace(link, head=_shift(link.head, by), tail=_shift(link.tail, by)) for link in found.links),
        events=tuple(_shift_event(event, by) for event in found.events),
    )


def _shift(mention: Mention, by: int) -> Mention:
    if mention.start is None or mention.end is None:
        return mention
    return Mention(mention.text, mention.start + by, mention.end + by, tuple((s + by, e + by) for s, e in mention.fragments))


def _shift_event(event: Event, by: int) -> Event:
    trigger = None if event.trigger is None else _shift(event.trigger, by)
    arguments = tuple(Argument(a.role, None if a.mention is None else _shift(a.mention, by), a.event) for a in event.arguments)
    return replace(event, trigger=trigger, arguments=arguments)
