"""What is asked of a text: Documents → Questions and gold Answers. Pure; knows nothing of wordings, formats or models.

A task is a module with
- `KINDS`: the parts of a schema it asks about ("entities", "relations", "events");
- `gold(document) -> Answer | None`: the whole gold answer, None where the Document is not annotated for the task.
"""

from typing import Protocol

from uie.documents import Document
from uie.registry import Registry
from uie.schema import Schema
from uie.tasks.question import Answer


class Task(Protocol):
    """The interface of a task module (see the package docstring)."""

    KINDS: tuple[str, ...]

    def gold(self, document: Document) -> Answer | None: ...


TASKS: Registry[Task] = Registry(
    "task",
    {"NER": "uie.tasks.entities", "RE": "uie.tasks.relations", "EE": "uie.tasks.events"},
    group="uie.tasks",
)


def asked_of(task: str, schema: Schema) -> Schema:
    """The part of a schema that a task asks about; empty kinds mean that the task does not apply."""
    return schema.only(TASKS.get(task).KINDS)


def applies(task: str, schema: Schema) -> bool:
    """Whether the schema has anything of what the task asks about."""
    return any(getattr(schema, kind) for kind in TASKS.get(task).KINDS)
