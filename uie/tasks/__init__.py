"""What is asked of a text: Documents → Questions and gold Answers. Pure; knows nothing of wordings, formats or models.

A `Task` is a row of the table `TASKS`; what one item of its answer consists of stands in `uie.tasks.items.ROWS`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from uie.documents import Document
from uie.registry import Registry
from uie.schema import Schema
from uie.tasks.question import Answer, Frame


@dataclass(frozen=True, slots=True)
class Ask:
    """One question about a text: what is asked, what is given, and the gold answer (None where there is no annotation)."""

    schema: Schema
    gold: Answer | None
    given: Answer | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A kind of question.

    `kinds`: the parts of a schema it asks about, all of which must be there. `needs`: what must be annotated completely for it to
    have gold answers. `gold`: everything a Document says of that, with all types, in text order; None where it says nothing.
    `questions`: the questions that a text is asked, made from that answer; a task with given parts (`gives`) has none without it.
    """

    name: str
    about: str
    kinds: tuple[str, ...]
    needs: tuple[str, ...]
    gold: Callable[[Document], Answer | None]
    questions: Callable[[Answer | None, Schema], Iterator[Ask]]
    gives: bool = False


TASKS: Registry[Task] = Registry(
    "task",
    {
        "NER": "uie.tasks.entities:NER",
        "NER1": "uie.tasks.entities:NER1",
        "ES": "uie.tasks.entities:ES",
        "ET": "uie.tasks.entities:ET",
        "RE": "uie.tasks.relations:RE",
        "SPO": "uie.tasks.relations:SPO",
        "EP": "uie.tasks.relations:EP",
        "EPR": "uie.tasks.relations:EPR",
        "RC": "uie.tasks.relations:RC",
        "JOINT": "uie.tasks.relations:JOINT",
        "KG": "uie.tasks.relations:KG",
        "EE": "uie.tasks.events:EE",
        "EET": "uie.tasks.events:EET",
        "EEA": "uie.tasks.events:EEA",
    },
    group="uie.tasks",
)


def asks(task: str, document: Document, schema: Schema) -> Iterator[Ask]:
    """The task's questions about a Document, gold answers restricted to what the schema asks.

    A Document that is not annotated for the task has questions without gold, or none where the task gives what annotation would say.
    """
    yield from asks_of(task, TASKS.get(task).gold(document), asked_of(task, schema))


def asks_of(task: str, gold: Answer | None, asked: Schema) -> Iterator[Ask]:
    """As `asks`, from all that `Task.gold` found and a schema that holds only what the task asks: for those who ask often."""
    one = TASKS.get(task)
    if gold is not None or not one.gives:
        yield from one.questions(None if gold is None else within(gold, asked), asked)


def asked_of(task: str, schema: Schema) -> Schema:
    """The part of a schema that a task asks about; empty kinds mean that the task does not apply."""
    return schema.only(TASKS.get(task).kinds)


def applies(task: str, schema: Schema) -> bool:
    """Whether the schema has all of what the task asks about."""
    return all(getattr(schema, kind) for kind in TASKS.get(task).kinds)


def legal_tasks(annotated: tuple[str, ...], schema: Schema) -> tuple[str, ...]:
    """The tasks that a corpus with these annotations (`NER`, `RE`, `EE`) and this schema can be asked."""
    return tuple(task for task in TASKS if set(TASKS.get(task).needs) <= set(annotated) and applies(task, schema))


def within(answer: Answer, schema: Schema) -> Answer:
    """The answer without what the schema does not ask; where it asks relations only, types of their ends do not matter."""
    if not answer:
        return answer
    types = {label.label for label in schema.entities}
    relations = {label.label for label in schema.relations}

    def typed(*ends: str | None) -> bool:
        return not types or all(end is None or end in types for end in ends)

    return Answer(
        tuple([m for m in answer.mentions if m.type in types]),
        tuple([t for t in answer.triples if t.relation in relations and typed(t.head.type, t.tail.type)]),
        tuple([_with_asked_roles(frame, schema) for frame in answer.frames if schema.event(frame.type)]),
    )


def _with_asked_roles(frame: Frame, schema: Schema) -> Frame:
    event = schema.event(frame.type)
    roles = {role.label for role in event.roles} if event else set()
    return replace(frame, fillers=tuple(filler for filler in frame.fillers if filler.role in roles))
