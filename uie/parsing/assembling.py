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

    `text` is the whole document's text; it may be left out when each record asks about all of it. Mentions that the text does not
    hold, unknown types and malformed pieces all stay: as ungrounded mentions, as types the schema lacks, as `problems`.

    Raises:
        RecordError: a record's window is not what stands in the text at its start, so offsets would be wrong.
    """
    answers = list(answers)
    first = answers[0].record
    text = text_of(first) if text is None else text
    builder = _Builder(text)
    for answer in answers:
        builder.add(answer)
    return builder.document(first, asked=_union(answer.record for answer in answers))


def text_of(record: Record) -> str:
    """What a record's answer is about. A three-key record names no text: its query holds it, and stands for it."""
    return record.query if record.is_bare else record.text


def _union(records: Iterable[Record]) -> dict[str, Any]:
    """One schema mapping that holds all that the records asked; types in order of first appearance."""
    asked: dict[str, Any] = {}
    for record in records:
        mapping = schema_to_mapping(record.asked(), descriptions=False)
        for kind in KINDS:
            for label, said in mapping.get(kind, {}).items():
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
        self._windows: dict[str, int] = {}

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
        self._take(_moved(grounded, record.start), overlap=self._windows.get(record.task, 0) > record.start)
        self._windows[record.task] = max(self._windows.get(record.task, 0), record.start + len(window))
        self._kinds.update(TASKS.get(record.task).KINDS)
        truncated = (Problem("truncated", answered.raw[-60:]),) if answered.finish_reason == "length" else ()
        for problem in (*problems, *grounded.problems, *truncated):
            row = {"kind": problem.kind, "piece": problem.piece, "record_id": record.id, "task": record.task}
            self._problems.append(row)

    def _take(self, found: Grounded, *, overlap: bool) -> None:
        """Adds what a window holds; what an overlapping window before it already held is taken once."""
        for mention, type in found.entities:
            entity = Entity(mention, type)
            if not (overlap and mention.grounded and entity in self._entities):
                self._entities.append(entity)
        for link in found.links:
            if not (overlap and link.head.grounded and link.tail.grounded and link in self._links):
                self._links.append(link)
        held = tuple(self._events)
        for event in found.events:
            if not (overlap and _is_grounded(event) and event in held):
                self._events.append(event)

    def document(self, first: Record, *, asked: Mapping[str, Any]) -> Document:
        entities = sorted(self._entities, key=lambda entity: (*entity.mention.order, entity.type or ""))
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
        return Relation(link.type, entity_index(link.head, entities), entity_index(link.tail, entities))


def _is_grounded(event: Event) -> bool:
    mentions = [event.trigger, *(argument.mention for argument in event.arguments)]
    return all(mention is None or mention.grounded for mention in mentions) and any(mentions)


def _moved(found: Grounded, by: int) -> Grounded:
    if not by:
        return found
    return replace(
        found,
        entities=tuple((_shift(mention, by), type) for mention, type in found.entities),
        links=tuple(Link(link.type, _shift(link.head, by), _shift(link.tail, by)) for link in found.links),
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
