"""`Extractor`: texts and a schema → Documents, in memory, with a model that stays loaded; for one caller, or for many at once."""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar, overload

from uie.documents import Document
from uie.errors import PredictionError
from uie.extraction.answering import Answerer, load_answerer
from uie.extraction.confidence import calibrated, keep_confident, read_calibration
from uie.extraction.gathering import Answers, Gathering
from uie.extraction.inputs import Asking, tasks_from, unannotated
from uie.extraction.long_documents import Asked, Measure, Reading
from uie.extraction.schemas import AnySchema, Model, fill, schema_from
from uie.generation import EngineOptions, Failed, Generation
from uie.parsing.assembling import Answered, predicted_document
from uie.records.asking import prompt_language
from uie.records.record import Record
from uie.schema import Schema
from uie.scoring.calibration import Calibration
from uie.tasks.occurrences import is_unspaced

M = TypeVar("M", bound=Model)
_BLOCK = 256  # documents asked in one go: enough for even batches, little enough for any memory
_KEPT = 64  # schemas whose wordings are kept


@dataclass(frozen=True, slots=True)
class Extraction:
    """A predicted Document with what the model was asked and what it wrote, record by record."""

    document: Document
    answers: Answers


class Extractor:
    """A loaded model that extracts what a schema names.

        extractor = Extractor.load("runs/reviews")
        document = extractor.extract("The Acme kettle leaks.", ["brand", "product"])

    A schema is a list of entity names, a mapping name → description, the mapping of `uie.schema`, a pydantic model or a JSON schema
    (`uie.extraction.schemas`). All that it names is asked for unless `tasks` are given. A text that is given as a string is asked about in
    Chinese where it is Chinese, else in English.

    An answer that cannot be had raises nothing: the Document holds a problem of the kind "failed". Mentions that the text does not hold
    come back ungrounded, unreadable pieces as problems.

    Any number of threads and asyncio tasks may use one Extractor. The model runs in one thread of its own; what is asked while it answers
    is answered together next.
    """

    def __init__(
        self,
        answerer: Answerer,
        *,
        format: str = "",
        prompt: str | None = None,
        batch_size: int = 16,
        window: int | None = None,
        overlap: int = 0,
        calibration: Calibration | None = None,
        min_confidence: float | Mapping[str, float] = 0.0,
    ) -> None:
        """`format` and `prompt` that are not given are those which the model was trained with, as its run folder says.

        `batch_size` answers are generated side by side. A text that is too long for one prompt is asked about in windows; `window` says how
        many tokens of text one holds at most, `overlap` how many of them the one before holds too. Items less sure than `min_confidence`,
        or than it says of their type, are left out; confidences are `calibration`'s.
        """
        self.answerer = answerer
        self.format = format
        self.prompt = prompt
        self._measure = Measure.of(answerer)
        self._window, self._overlap = window, overlap
        self._calibration = calibration
        self._min_confidence = min_confidence
        self._readings: dict[tuple[Schema, tuple[str, ...]], Reading] = {}
        self._gathering = Gathering(answerer, batch_size=batch_size)

    @classmethod
    def load(
        cls,
        model: str,
        *,
        engine: str = "transformers",
        dtype: str = "auto",
        device: str = "auto",
        url: str = "",
        max_new_tokens: int | None = None,
        constrain: bool = False,
        confidence: bool = False,
        min_confidence: float | Mapping[str, float] = 0.0,
        format: str = "",
        prompt: str | None = None,
        batch_size: int = 16,
        window: int | None = None,
        overlap: int = 0,
    ) -> "Extractor":
        """Loads what `model` names: a run folder, adapter folder, model folder, catalogue name or hub id.

        `constrain` holds answers to their format, the schema and the text; `confidence` says of every item how sure the model is of it,
        by the run's calibration where it has one. `url` is that of a server, for an engine that asks one. For the rest see `__init__`.

        Raises:
            ModelError: there is no such model, or the engine cannot run it.
        """
        answerer = load_answerer(
            model,
            engine=engine,
            options=EngineOptions(dtype=dtype, device=device, url=url),
            max_new_tokens=max_new_tokens,
            constrain=constrain,
            logprobs=confidence or bool(min_confidence),
        )
        return cls(
            answerer,
            format=format,
            prompt=prompt,
            batch_size=batch_size,
            window=window,
            overlap=overlap,
            calibration=read_calibration(model),
            min_confidence=min_confidence,
        )

    def extract(self, text: str | Document, schema: AnySchema, *, tasks: Sequence[str] = ()) -> Document:
        """What the text holds of the schema."""
        return self.explain(text, schema, tasks=tasks).document

    @overload
    def extract_as(self, text: str | Document, model: type[M]) -> M: ...
    @overload
    def extract_as(self, text: str | Document, model: Mapping[str, Any]) -> dict[str, Any]: ...
    def extract_as(self, text: str | Document, model: type[Model] | Mapping[str, Any]) -> Any:
        """The same as an instance of the pydantic model that was asked for, or as an object that fits the JSON schema; see `fill`.

        Raises:
            PredictionError: there was no answer, which an instance could not tell from the answer that nothing is there.
        """
        document = self.extract(text, model)
        failed = next((problem["piece"] for problem in document.problems or () if problem["kind"] == "failed"), None)
        if failed is not None:
            raise PredictionError(f"no answer: {failed}")
        return fill(model, document)

    def explain(self, text: str | Document, schema: AnySchema, *, tasks: Sequence[str] = ()) -> Extraction:
        """The same with what the model was asked and what it wrote."""
        (future,) = self._ask([_document(text)], schema, tasks)
        try:
            return future.result()
        finally:
            future.cancel()  # who is interrupted waits no more

    def extract_all(self, texts: Iterable[str | Document], schema: AnySchema, *, tasks: Sequence[str] = ()) -> Iterator[Document]:
        """A Document for each text, in their order; for any number, since only two blocks of 256 texts are held at a time."""
        with closing(self._blocks(texts, schema, tasks)) as blocks:
            for block in blocks:
                for future in block:
                    yield future.result().document

    def stream(
        self, texts: Iterable[str | Document], schema: AnySchema, *, tasks: Sequence[str] = ()
    ) -> Iterator[tuple[int, Document]]:
        """The same as they are finished, each with the index of its text."""
        with closing(self._blocks(texts, schema, tasks)) as blocks:
            for number, block in enumerate(blocks):
                places = {future: place for place, future in enumerate(block, number * _BLOCK)}
                for future in as_completed(places):
                    yield places[future], future.result().document

    async def aextract(self, text: str | Document, schema: AnySchema, *, tasks: Sequence[str] = ()) -> Document:
        """`extract` for asyncio: other tasks run meanwhile, and their texts are answered together."""
        (future,) = self._ask([_document(text)], schema, tasks)
        return (await asyncio.wrap_future(future)).document

    async def aextract_all(
        self, texts: Iterable[str | Document], schema: AnySchema, *, tasks: Sequence[str] = ()
    ) -> AsyncIterator[Document]:
        """`extract_all` for asyncio."""
        with closing(self._blocks(texts, schema, tasks)) as blocks:
            for block in blocks:
                for future in block:
                    yield (await asyncio.wrap_future(future)).document

    def _blocks(
        self, texts: Iterable[str | Document], schema: AnySchema, tasks: Sequence[str]
    ) -> Generator[list[Future[Extraction]], None, None]:
        """Texts that are being answered, block by block; while one is read the next is asked already."""
        documents = (_document(text, f"text/{number}") for number, text in enumerate(texts))
        block: list[Future[Extraction]] = []
        ahead: list[Future[Extraction]] = []
        try:
            while further := list(islice(documents, _BLOCK)):
                block, ahead = ahead, self._ask(further, schema, tasks)
                if block:
                    yield block
            block, ahead = ahead, []
            if block:
                yield block
        finally:
            for future in block + ahead:
                future.cancel()

    def _ask(self, documents: Sequence[Document], schema: AnySchema, tasks: Sequence[str]) -> list[Future[Extraction]]:
        readings = {lang: self._reading(schema, tasks, lang) for lang in {prompt_language(document.lang) for document in documents}}

        def question(document: Document) -> _Question:
            reading = readings[prompt_language(document.lang)]
            return _Question(document, reading.ask(document), reading, self)

        return self._gathering.ask(map(question, documents))

    def _reading(self, schema: AnySchema, tasks: Sequence[str], lang: str) -> Reading:
        asked = schema_from(schema, lang=lang)
        key = (asked, tuple(tasks))
        reading = self._readings.get(key)
        if reading is None:  # to read wordings takes longer than to ask a text
            wanted = tasks_from(tasks, asked)
            prompts = dict.fromkeys(wanted, self.prompt) if self.prompt else {}
            asking = Asking(wanted, asked, self.format, prompts).as_trained(self.answerer.questions)
            reading = Reading(asking.askers(), self._measure, self._window, self._overlap)
            if len(self._readings) >= _KEPT:
                self._readings.clear()
            self._readings[key] = reading
        return reading

    def _read(self, answers: Answers, text: str) -> Document:
        return predicted_document((self._answered(*answer) for answer in answers), text=text)

    def _kept(self, document: Document) -> Document:
        document = calibrated(document, self._calibration)
        if isinstance(self._min_confidence, Mapping):
            return keep_confident(document, 0.0, self._min_confidence)
        return keep_confident(document, self._min_confidence)

    def _answered(self, record: Record, answer: Generation | Failed) -> Answered:
        if isinstance(answer, Failed):
            return Answered(record, "", failed=answer.reason)
        return Answered(record, answer.raw, answer.finish_reason, answer.logprobs, answer.ends, self.answerer.constrain)


@dataclass(frozen=True, slots=True)
class _Question:
    """All that is asked about one Document."""

    document: Document
    asked: Asked
    reading: Reading
    extractor: Extractor

    @property
    def records(self) -> Sequence[Record]:
        return self.asked.records

    def follow_up(self, answers: Answers) -> Sequence[Record]:
        """What lies across the borders of windows, where the text was cut."""
        if not self.asked.windows:
            return ()
        return self.reading.ask_across(self.asked, [self.extractor._read(answers, self.document.text)])

    def result(self, answers: Answers) -> Extraction:
        if not answers:
            return Extraction(self.reading.nothing(self.document, [asker.task for asker in self.reading.askers]), answers)
        return Extraction(self.extractor._kept(self.extractor._read(answers, self.document.text)), answers)


def _document(text: str | Document, id: str = "text") -> Document:
    return unannotated(text) if isinstance(text, Document) else Document(id, text, lang=language_of(text))


def language_of(text: str) -> str:
    """zh when a third of the letters are ideographs, else en: which wording to ask in."""
    letters = [character for character in text if character.isalpha()]
    return "zh" if letters and sum(map(is_unspaced, letters)) * 3 >= len(letters) else "en"
