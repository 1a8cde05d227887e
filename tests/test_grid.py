"""Every legal task × format × prompt × corpus (of ten) without a model: gold answers, given back, must score 1 and leave no problem.

Corpora beyond the samples are found in the folder that UIE_CORPORA names.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from ten_corpora import TEN

from uie.corpora.config import DatasetConfig, load_dataset_config
from uie.corpora.reading import available_splits, read_corpus
from uie.documents import Document
from uie.extraction.walk import documents_of
from uie.formats import FORMATS
from uie.parsing.assembling import Answered
from uie.prompting import load_prompt, prompt_names
from uie.records.asking import asker, prompt_language
from uie.records.drawing import draw
from uie.records.record import Record
from uie.scoring.score import score
from uie.tasks import legal_tasks
from uie.tasks.items import TEXT_SLOTS, items_of

CORPORA = Path(os.environ["UIE_CORPORA"]) if "UIE_CORPORA" in os.environ else None
WITH_OCCURRENCES = ("json_spans", "markup")
DOCUMENTS = 6


@cache
def config_of(name: str) -> DatasetConfig:
    return load_dataset_config(name)


@cache
def documents_of_corpus(name: str) -> tuple[Document, ...]:
    """A few Documents drawn from the first thousand of the corpus, contiguous and grounded, so that every format can hold them."""
    config = config_of(name)
    split = next(split for split in ("train", "dev", "test") if split in available_splits(config))
    documents = [d for d in islice(read_corpus(config, split, data_root=CORPORA), 1000) if plain(d)]
    return tuple(sorted(documents, key=lambda document: draw(0, "grid", document.id))[:DOCUMENTS])


def plain(document: Document) -> bool:
    strings = [(m.text, m.grounded or not config_has_offsets(document), m.fragments) for m in document.mentions()]
    in_text = all(text in document.text and text == text.strip() and grounded and not parts for text, grounded, parts in strings)
    return in_text and len(document.text) < 600 and not any(a.event is not None for e in document.events or () for a in e.arguments)


def config_has_offsets(document: Document) -> bool:
    return config_of(document.dataset).offsets


@dataclass(frozen=True)
class Cell:
    corpus: str
    task: str
    format: str

    def __str__(self) -> str:
        return f"{self.corpus}-{self.task}-{self.format}"

    def prompts(self) -> Iterator[str]:
        for name in prompt_names(self.task, prompt_language(config_of(self.corpus).lang)):
            formats = load_prompt(name).formats
            if not formats or self.format in formats:
                yield name

    def records(self, prompt: str, documents: tuple[Document, ...]) -> list[Record]:
        config = config_of(self.corpus)
        one = asker(self.task, config.schema(prompt_language(config.lang)), load_prompt(prompt), self.format)
        return [record for document in documents for record in one.ask(document)]


def cells() -> list[Cell]:
    found = []
    for name in TEN:
        config = config_of(name)
        if config.shipped or (CORPORA is not None and (CORPORA / (config.folder or config.name)).is_dir()):
            for task in legal_tasks(config.tasks, config.schema(prompt_language(config.lang))):
                found += [Cell(name, task, format) for format in FORMATS if task in FORMATS.get(format).TASKS]
    return found


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_gold_given_back_scores_one_and_a_broken_character_is_a_problem(cell: Cell) -> None:
    documents = documents_of_corpus(cell.corpus)
    prompts = list(cell.prompts())
    assert prompts, f"no prompt for {cell}"
    gold = tuple(document for document in documents)

    for number, prompt in enumerate(prompts):
        asked = gold if number == 0 else gold[:1]  # what is decoded depends on no wording, so one Document shows that it renders
        records = cell.records(prompt, asked)
        if not records:
            continue
        by_id = {record.document_id for record in records}
        answered = [Answered(record, record.answer or "") for record in records]
        predicted = list(documents_of(answered))
        own = [document for document in asked if document.id in by_id]

        problems = [problem for document in predicted for problem in document.problems or ()]
        if "." not in cell.format:  # published dialects lose what they lose: tests/data/losses.json
            assert not problems
            assert f1s(own, predicted, "string") == {1.0}
        else:
            assert {problem["kind"] for problem in problems} <= {
                "ungrounded",
                "repeated",
                "malformed",
                "unknown_type",
                "repaired_type",
                "repaired",
            }
        if cell.format in WITH_OCCURRENCES and config_of(cell.corpus).offsets:
            assert f1s(own, predicted, "strict") == {1.0}

    for one in answered_of(cell, prompts[0], gold):
        for broken in broken_once(one):
            (document,) = documents_of([replace(one, raw=broken)])
            assert document.problems, broken


def answered_of(cell: Cell, prompt: str, documents: tuple[Document, ...]) -> list[Answered]:
    return [Answered(record, record.answer or "") for record in cell.records(prompt, documents)]


def broken_once(one: Answered) -> Iterator[str]:
    """The answer with one character replaced: any in a format of ours; in a dialect one of the first string of the text that it holds.

    The frames that dialects write round items (`result = [`, types with empty lists) may be broken without loss.
    """
    at, length = 0, len(one.raw)
    if "." in one.record.format:
        question = one.record.question()
        answer, _ = FORMATS.get(one.record.format).decode(one.raw, question)
        strings = [f.text for item in items_of(answer, question) for f in item.fields if f.slot in TEXT_SLOTS and f.text in one.raw]
        if not strings:
            return
        at, length = one.raw.index(strings[0]), len(strings[0])
    at += draw(0, "broken", one.record.id) % length
    yield f"{one.raw[:at]}§{one.raw[at + 1 :]}"


def f1s(gold: list[Document], predicted: list[Document], rule: str) -> set[float]:
    """The F1 of every measure that has anything to find."""
    rows = [row for row in score(gold, predicted, rule=rule).rows if row.counts.gold or row.counts.predicted]
    return {row.counts.f1 for row in rows} or {1.0}
