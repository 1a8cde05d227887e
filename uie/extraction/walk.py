"""`Walk`: the documents of an input → predicted Documents, block by block.

A block's questions are answered side by side, and its predicted Documents given back, before the next one is read: so memory does not grow
with the input, and a stream is answered while it comes.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from uie.documents import Document
from uie.errors import UIEError
from uie.extraction.answering import Answerer
from uie.extraction.generations import Generations
from uie.extraction.long_documents import Asked, Reading
from uie.extraction.sources import Records, Sources, Unread
from uie.formats import format_for
from uie.generation import Failed, Generation
from uie.parsing.assembling import Answered, predicted_document, shares_document
from uie.records.record import Record

Json = dict[str, Any]
Answers = dict[str, Answered]
"""By the ids of their records."""
_TEMPERATURE = 0.7  # of further passes: answers differ, and most still make sense

Progress = Callable[[int, int | None], None]
"""Is told how many documents are done, and of how many where that is known."""


@dataclass(slots=True)
class Tally:
    """What a walk came by. `seconds` were spent answering; `failed` are records, documents and lines that got no answer."""

    documents: int = 0
    records: int = 0
    truncated: int = 0
    failed: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Walk:
    """How an input is walked over, once.

    The model is loaded when it is first needed. `generations` holds what was answered before. A block is as many records as are sorted by
    length together. `folder` is where tables lie that memory might not hold; `failed` is told what gets no answer.
    """

    sources: Sources
    load: Callable[[], Answerer]
    reading: Callable[[], Reading]
    "how Documents are asked"
    generations: Generations
    failed: Callable[[Json], None]
    progress: Progress
    folder: Path | None = None
    block: int = 2048
    batch_size: int = 16
    passes: int = 1
    constrained: bool = False
    finish: Callable[[Document], Document] = lambda document: document
    "what is done to each predicted Document at last"
    tally: Tally = field(default_factory=Tally)

    def documents(self) -> Iterator[Document]:
        """The predicted Documents, in the input's order."""
        for block in self._blocks():
            answers = self._answers_in_passes([record for asked in block for record in asked.records])
            across = [self._across(asked, answers) for asked in block]
            answers |= self._answers_in_passes([record for further in across for record in further])
            for asked, further in zip(block, across, strict=True):
                yield from self._predicted(asked, further, answers)

    def _blocks(self) -> Iterator[list[Asked]]:
        block: list[Asked] = []
        records = 0
        for asked in self._asked():
            block.append(asked)
            records += max(1, len(asked.records)) * self.passes
            if records >= self.block:
                yield block
                block, records = [], 0
        if block:
            yield block

    def _asked(self) -> Iterator[Asked]:
        for source in self.sources.walk(self.folder):
            if isinstance(source, Unread):
                self._fail("line", source.where, source.reason)
                continue
            if not isinstance(source, Document):
                yield Asked(source)
                continue
            reading = self.reading()  # not below: a model that cannot be loaded is no document's fault
            try:
                asked = reading.ask(source)
            except UIEError as error:
                self._fail("document_id", source.id, str(error))
            else:
                yield asked

    def _answers_in_passes(self, records: Sequence[Record]) -> Answers:
        answers: Answers = {}
        for number in range(self.passes):
            answers |= self._answers([in_pass(record, number) for record in records], number)
        return answers

    def _answers(self, records: Iterable[Record], number: int = 0) -> Answers:
        """Those that are there, and of the others what the model says now."""
        answers: Answers = {}
        left = []
        for record in records:
            self.tally.records += 1
            row = self.generations.of(record)
            if row is not None:
                answers[record.id] = self._answered(record, row)
            elif reason := _unreadable(record):
                answers[record.id] = self._taken(record, Failed(reason))
            else:
                left.append(record)
        if left:
            started = time.monotonic()
            for record, generation in self._answerer(number).answer(left, batch_size=self.batch_size):
                answers[record.id] = self._taken(record, generation)
            self.tally.seconds += time.monotonic() - started
        return answers

    def _answerer(self, number: int) -> Answerer:
        answerer = self.load()
        if number == 0:
            return answerer
        return replace(answerer, sampling=replace(answerer.sampling, temperature=_TEMPERATURE, seed=number))

    def _taken(self, record: Record, generation: Generation | Failed) -> Answered:
        if isinstance(generation, Failed):
            self._fail("record_id", record.id, generation.reason)
            return Answered(record, "", failed=generation.reason)
        return self._answered(record, self.generations.add(record, generation))

    def _answered(self, record: Record, row: Json) -> Answered:
        self.tally.truncated += row["finish_reason"] == "length"
        return Answered(
            record, row["raw"], row["finish_reason"], row.get("logprobs"), row.get("ends"), constrained=self.constrained
        )

    def _across(self, asked: Asked, answers: Answers) -> Records:
        if len(asked.windows) < 2:
            return ()
        try:
            return self.reading().ask_across(asked, documents_of(self._of(asked.records, answers)))
        except UIEError:  # is told when the document is made
            return ()

    def _of(self, records: Iterable[Record], answers: Answers) -> Iterator[Answered]:
        for number in range(self.passes):
            for record in records:
                yield answers[in_pass(record, number).id]

    def _predicted(self, asked: Asked, further: Records, answers: Answers) -> Iterator[Document]:
        found = [*self._of(asked.records, answers), *self._of(further, answers)]
        try:
            documents = list(documents_of(found)) if found else list(self._nothing(asked))
        except UIEError as error:
            self._fail("document_id", found[0].record.document_id, str(error))
            documents = []
        self.tally.documents += 1
        self.progress(self.tally.documents, self.sources.total)
        yield from map(self.finish, documents)

    def _nothing(self, asked: Asked) -> Iterator[Document]:
        """The predicted Documents of one with nothing to read; none of one whose annotators were asked nothing of what is asked now."""
        if asked.document is None or asked.document.text.strip():
            return
        tasks = [asker.task for asker in self.reading().askers]
        shared = [task for task in tasks if shares_document(task)]
        for together in ([shared] if shared else []) + [[task] for task in tasks if task not in shared]:
            yield self.reading().nothing(asked.document, together)

    def _fail(self, kind: str, what: str, reason: str) -> None:
        self.tally.failed += 1
        self.failed({kind: what, "reason": reason})


def _unreadable(record: Record) -> str:
    """Why no answer to the record could be read, which is known before it is asked; "" where nothing is wrong."""
    try:
        format_for(record.format, record.task)
        record.question()
    except UIEError as error:
        return str(error)
    return ""


def in_pass(record: Record, number: int) -> Record:
    """The record as a further pass asks it; the first one (0) asks it as it is."""
    return replace(record, id=f"{record.id}~pass{number + 1}") if number else record


def documents_of(answers: Iterable[Answered], texts: Mapping[str, str] = MappingProxyType({})) -> Iterator[Document]:
    """One predicted Document per document, in order of first appearance; its records need not stand together.

    A document that was also asked one of the other tasks (`shares_document`) has a second Document for each of those.
    `texts` are the documents' whole texts by their ids, where the records' windows may not cover them.
    """
    by_document: dict[tuple[str, str], list[Answered]] = {}
    for answer in answers:
        task = answer.record.task
        by_document.setdefault((answer.record.document_id, "" if shares_document(task) else task), []).append(answer)
    for (id, _), group in by_document.items():
        yield predicted_document(group, text=texts.get(id))
