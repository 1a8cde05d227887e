"""A Document, a task, a schema, a format and a prompt → one Record: the question as a model reads it, with the gold answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from uie.documents import Document
from uie.formats import Description, Format, format_for
from uie.prompting import Prompt, check_fits, render
from uie.records.record import Record
from uie.schema import Schema, schema_to_mapping
from uie.tasks import TASKS, asked_of
from uie.tasks.question import Question


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one task about Documents in one wording and one format."""

    task: str
    schema: Schema
    format_name: str
    format: Format
    prompt: Prompt
    mapping: Mapping[str, Any]
    description: Description

    def ask(self, document: Document) -> Record:
        """The record; its answer is None where the Document is not annotated for the task."""
        question = Question(self.task, self.schema, document.text, self.schema.lang)
        instruct, query = render(self.prompt, question, self.description)
        gold = TASKS.get(self.task).gold(document)
        return Record(
            instruct,
            query,
            None if gold is None else self.format.encode(gold, question),
            id=f"{document.id}#{self.task}",
            task=self.task,
            dataset=document.dataset,
            split=document.split,
            lang=self.schema.lang,
            format=self.format_name,
            prompt=self.prompt.name,
            schema=self.mapping,
            text=document.text,
            source={"document_id": document.id, "start": 0},
        )


def asker(task: str, schema: Schema, prompt: Prompt, format_name: str) -> Asker:
    """Everything about a question that does not depend on the text; `schema` may hold more than the task asks.

    Raises:
        PromptError, SettingsError: the prompt, the format and the task do not fit together.
    """
    check_fits(prompt, task=task, format_name=format_name)
    asked, format = asked_of(task, schema), format_for(format_name, task)
    description = format.describe(Question(task, asked, "", asked.lang))
    return Asker(task, asked, format_name, format, prompt, schema_to_mapping(asked, descriptions=False), description)


def prompt_language(lang: str) -> str:
    """The language of the prompts for texts in `lang`: Chinese for Chinese, English for everything else."""
    return "zh" if lang == "zh" else "en"
