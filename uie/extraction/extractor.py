"""`Extractor`: texts and a schema → Documents, in memory, with a model that stays loaded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uie.documents import Document
from uie.extraction.answering import Answerer, load_answerer
from uie.extraction.inputs import Asking, tasks_from
from uie.generation import Generation
from uie.parsing.assembling import Answered, predicted_document
from uie.records.asking import prompt_language
from uie.records.record import Record
from uie.schema import Schema, read_schema


@dataclass(frozen=True, slots=True)
class Extraction:
    """A predicted Document with what the model was asked and what it wrote, record by record."""

    document: Document
    answers: tuple[tuple[Record, Generation], ...]


class Extractor:
    """A loaded model that extracts what a schema names.

    Wrapping, and where `format` and `prompt` are not given the answer format and the wording too, are those the model was trained
    with, as its run folder says.
    """

    def __init__(self, answerer: Answerer, *, format: str = "", prompt: str | None = None) -> None:
        self.answerer = answerer
        self.format = format
        self.prompt = prompt

    @classmethod
    def load(cls, model: str, *, dtype: str = "auto", format: str = "", prompt: str | None = None) -> "Extractor":
        """Loads what `model` names: a run folder, adapter folder, model folder, catalogue name or hub id.

        Raises:
            ModelError: there is no such model.
        """
        return cls(load_answerer(model, dtype=dtype), format=format, prompt=prompt)

    def extract(self, text: str, schema: Schema | Mapping[str, Any], *, tasks: Sequence[str] = ()) -> Document:
        """What the text holds of the schema; `tasks` defaults to all that the schema has anything for.

        Mentions that the text does not hold come back ungrounded, unreadable pieces as `problems`.
        """
        return next(iter(self.extract_all([Document("text", text)], schema, tasks=tasks))).document

    def extract_all(
        self, documents: Iterable[Document], schema: Schema | Mapping[str, Any], *, tasks: Sequence[str] = ()
    ) -> Iterator[Extraction]:
        """The same for many Documents, asked side by side and given back in their order."""
        records = [record for document in documents for record in self._ask(document, schema, tasks)]
        found = dict(self._answers(records))
        by_document: dict[str, list[Record]] = {}
        for record in records:
            by_document.setdefault(record.document_id, []).append(record)
        for group in by_document.values():
            answers = [Answered(record, found[record.id].raw, found[record.id].finish_reason) for record in group]
            yield Extraction(predicted_document(answers), tuple((record, found[record.id]) for record in group))

    def _answers(self, records: list[Record]) -> Iterator[tuple[str, Generation]]:
        for record, generation in self.answerer.answer(records):
            yield record.id, generation

    def _ask(self, document: Document, schema: Schema | Mapping[str, Any], tasks: Sequence[str]) -> list[Record]:
        if not isinstance(schema, Schema):
            schema = read_schema(schema, lang=prompt_language(document.lang))
        wanted = tasks_from(tasks, schema)
        prompts = dict.fromkeys(wanted, self.prompt) if self.prompt else {}
        asking = Asking(wanted, schema, self.format, prompts).as_trained(self.answerer.questions)
        return [record for asker in asking.askers() for record in asker.ask(document)]
