"""A Document, a task, a schema, a format and a prompt → Records: the questions as a model reads them, with their gold answers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from uie.documents import Document
from uie.formats import Description, Format, format_for
from uie.prompting import Demonstration, Prompt, check_fits, render
from uie.records.record import Record
from uie.schema import KINDS, Schema, schema_to_mapping
from uie.tasks import TASKS, Ask, applies, asked_of, asks_of
from uie.tasks.question import Answer, Question

Demonstrations = tuple[Demonstration, ...]
Examples = Callable[[Schema], tuple[Demonstrations, Demonstrations]]
"""For what a question asks: the solved examples that its group shares, and those of its own."""


def no_examples(schema: Schema) -> tuple[Demonstrations, Demonstrations]:
    return (), ()


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one task about Documents in one wording and one format, in one or more questions for each of `schemas`."""

    task: str
    schemas: tuple[Schema, ...]
    format_name: str
    format: Format
    prompt: Prompt

    def ask(self, document: Document) -> list[Record]:
        """The task's questions about a Document; their answers are None where it is not annotated for the task."""
        return [record for record, _ in self.questions(document)]

    def questions(
        self, document: Document, *, start: int | None = None, examples: Examples = no_examples
    ) -> Iterator[tuple[Record, Answer | None]]:
        """The same with what each answer says.

        `start` is where the Document's text stands in the whole one if it is a window of it.
        """
        found = self._asks(document, self.schemas)
        window = "" if start is None else f"@{start}"
        for number, one in enumerate(found):
            suffix = f":{number}" if len(found) > 1 else ""
            name = f"{document.id}#{self.task}{suffix}{window}"
            yield self._record(document, one, name, start or 0, examples(one.schema)), one.gold

    def demonstration(self, document: Document, schema: Schema) -> Demonstration | None:
        """The Document as a solved example for questions that ask this schema: its first such question; None where it has none."""
        for one in self._asks(document, (schema,)):
            if one.gold is not None:
                question = Question(self.task, one.schema, document.text, one.schema.lang, one.given)
                return Demonstration(document.text, self.format.encode(one.gold, question), one.given)
        return None

    def _asks(self, document: Document, schemas: tuple[Schema, ...]) -> list[Ask]:
        gold = TASKS.get(self.task).gold(document)
        if document.asked is not None:
            schemas = tuple(one for schema in schemas if applies(self.task, one := _annotated(schema, document.asked)))
        return [one for schema in schemas for one in asks_of(self.task, gold, schema)]

    def _record(self, document: Document, one: Ask, id: str, start: int, examples: tuple[Demonstrations, Demonstrations]) -> Record:
        lang = one.schema.lang
        question = Question(self.task, one.schema, document.text, lang, one.given)
        description, schema = _told(self.format_name, self.task, one.schema)
        shared, own = examples
        instruct, query = render(self.prompt, question, description, dataset=document.dataset, shared=shared, own=own)
        return Record(
            instruct,
            query,
            None if one.gold is None else self.format.encode(one.gold, question),
            id=id,
            task=self.task,
            dataset=document.dataset,
            split=document.split,
            lang=lang,
            format=self.format_name,
            prompt=self.prompt.name,
            schema=schema,
            text=document.text,
            source={"document_id": document.id, "start": start},
            given=one.given,
        )


def _annotated(schema: Schema, asked: Mapping[str, Any]) -> Schema:
    """The part of a schema that the annotators of a Document were asked (`Document.asked`): of the rest nothing is known."""
    if not any(kind in asked for kind in KINDS):
        return schema
    kept: dict[str, Any] = {kind: tuple(one for one in getattr(schema, kind) if one.label in asked.get(kind, ())) for kind in KINDS}
    kept["events"] = tuple(
        replace(event, roles=tuple(role for role in event.roles if role.label in asked["events"][event.label].get("roles", ())))
        for event in kept["events"]
    )
    return replace(schema, **kept)


@lru_cache(maxsize=256)
def _told(format_name: str, task: str, schema: Schema) -> tuple[Description, dict[str, Any]]:
    """What a prompt says of the format, which depends on no text, and what a record says of the schema."""
    description = format_for(format_name, task).describe(Question(task, schema, "", schema.lang))
    return description, schema_to_mapping(schema, descriptions=False)


def asker(task: str, schema: Schema, prompt: Prompt, format_name: str, *, chunk: int | None = None) -> Asker:
    """Everything about a question that does not depend on the text; `schema` may hold more than the task asks.

    Raises:
        PromptError, SettingsError: the prompt, the format and the task do not fit together.
    """
    check_fits(prompt, task=task, format_name=format_name)
    return Asker(task, chunks(task, asked_of(task, schema), chunk), format_name, format_for(format_name, task), prompt)


def chunks(task: str, schema: Schema, size: int | None) -> tuple[Schema, ...]:
    """The schema in pieces of `size` labels, in its order; of entities and relations asked together the relations are divided."""
    kind = TASKS.get(task).kinds[-1]
    labels = getattr(schema, kind)
    if size is None or len(labels) <= size:
        return (schema,)
    return tuple(replace(schema, **{kind: labels[start : start + size]}) for start in range(0, len(labels), size))


def prompt_language(lang: str) -> str:
    """The language of the prompts for texts in `lang`: Chinese for Chinese, English for everything else."""
    return "zh" if lang == "zh" else "en"
