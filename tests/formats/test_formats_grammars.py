"""The grammar of every format for every task, by the real engine and by its definition: right answers pass, wrong ones do not.

Formats register themselves: whatever `FORMATS` holds is tested. Published dialects (a dot in the name) do not escape, so an answer that
they cannot even read back need not be in their grammar.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import format_fuzz as fuzz
import pytest
from grammar_check import matched, matcher, recognises, walked
from ten_corpora import TEN

from uie.corpora.config import load_dataset_config
from uie.corpora.reading import available_splits, read_corpus
from uie.documents import Document
from uie.formats import FORMATS, Format
from uie.parsing.grounding import ground
from uie.records.asking import prompt_language
from uie.records.drawing import draw
from uie.schema import Schema
from uie.tasks import asks, legal_tasks
from uie.tasks.items import ROWS, TEXT_SLOTS, items_of
from uie.tasks.question import Answer, Filler, Frame, Named, Question, Triple, answer_from_json, answer_to_json

UNKNOWN = "Zyxqu"
CORPORA = Path(os.environ["UIE_CORPORA"]) if "UIE_CORPORA" in os.environ else None


def is_dialect(name: str) -> bool:
    return "." in name


@cache
def cells(name: str) -> tuple[fuzz.Cell, ...]:
    return tuple(cell for group in fuzz.cells(name).values() for cell in group)


@cache
def engine(cell: fuzz.Cell):
    """What the engine makes of the cell's grammar; compiled once, shared by all tests."""
    return matcher(cell.format.grammar(cell.question))


def accepts(cell: fuzz.Cell, answer: str) -> bool:
    return matched(engine(cell), answer)


def recognised(cell: fuzz.Cell, answer: str) -> bool:
    """The same by the definition, slowly."""
    return recognises(cell.format.grammar(cell.question), answer)


def can_be_read(format: Format, answer: str, question: Question) -> bool:
    return not format.decode(answer, question)[1]


# Gold answers


@pytest.mark.parametrize("name", FORMATS.names())
def test_every_gold_answer_is_accepted(name: str) -> None:
    refused = [cell for cell in cells(name) if not accepts(cell, cell.gold)]

    assert {cell.question.task for cell in cells(name)} == set(FORMATS.get(name).TASKS)
    assert [
        (str(cell), cell.gold) for cell in refused if not is_dialect(name) or can_be_read(cell.format, cell.gold, cell.question)
    ] == []


@pytest.mark.parametrize("name", FORMATS.names())
def test_nothing_may_stand_before_or_behind_an_answer(name: str) -> None:
    for cell in cells(name):
        answers = ["", f"§{cell.gold}", f"{cell.gold}§", f" {cell.gold}", f"{cell.gold}\n", f"{cell.gold} {cell.gold}§"]
        assert [answer for answer in answers if accepts(cell, answer)] == [], str(cell)


@pytest.mark.parametrize("name", FORMATS.names())
def test_the_engine_and_the_definition_agree(name: str) -> None:
    rng = Random(f"both {name}")
    for cell, written in walks(name):
        cut = rng.randrange(len(cell.gold))
        for answer in (written, cell.gold, cell.gold[:cut] + cell.gold[cut + 1 :]):
            assert recognised(cell, answer) == accepts(cell, answer), (str(cell), answer)
        assert accepts(cell, written)


# Wrong answers, written by the format itself


def wrong_answers(cell: fuzz.Cell) -> Iterator[tuple[str, Answer]]:
    """The gold answer with one thing wrong in its first item."""
    gold, question = cell.answer, cell.question
    slots = {slot for row in ROWS[question.task] for slot in row}
    for mention in gold.mentions[:1]:
        if "type" in slots:
            yield "unknown type", Answer((replace(mention, type=UNKNOWN), *gold.mentions[1:]), gold.triples)
        for what, text in wrong_texts(mention.text, question):
            yield what, Answer((replace(mention, text=text, occurrence=None), *gold.mentions[1:]), gold.triples)
    for triple in gold.triples[:1]:
        for what, wrong in wrong_triples(triple, slots, question):
            yield what, Answer(gold.mentions, (wrong, *gold.triples[1:]))
    for frame in gold.frames[:1]:
        for what, other in wrong_frames(frame, question):
            yield what, Answer(frames=(other, *gold.frames[1:]))


def wrong_texts(text: str, question: Question) -> Iterator[tuple[str, str]]:
    yield "mention that the text does not hold", UNKNOWN
    yield "mention in another case", text.swapcase() if text.swapcase() not in question.text else UNKNOWN
    yield "empty mention", ""
    if f"{text} " in question.text:
        yield "white space at a mention's end", f"{text} "
    given = {mention.text for mention in (question.given or Answer()).mentions}
    if given:
        yield "mention that is not given", next(piece for piece in question.text.split() if piece not in given)


def wrong_triples(triple: Triple, slots: set[str], question: Question) -> Iterator[tuple[str, Triple]]:
    if "relation" in slots:
        yield "unknown relation", replace(triple, relation=UNKNOWN)
    if "head" not in slots:
        return
    if "tail_type" in slots:
        yield "unknown type", replace(triple, tail=replace(triple.tail, type=UNKNOWN))
    for what, text in wrong_texts(triple.tail.text, question):
        yield what, replace(triple, tail=replace(triple.tail, text=text, occurrence=None))
    given = {(pair.head.text, pair.tail.text) for pair in (question.given or Answer()).triples}
    if given and (triple.tail.text, triple.head.text) not in given:
        yield "pair that is not given", replace(triple, head=triple.tail, tail=triple.head)
    if given:
        other = next(piece for piece in question.text.split() if (piece, triple.tail.text) not in given)
        yield "head that is not given", replace(triple, head=replace(triple.head, text=other, occurrence=None))


def wrong_frames(frame: Frame, question: Question) -> Iterator[tuple[str, Frame]]:
    if question.task != "EEA":
        yield "unknown event", replace(frame, type=UNKNOWN)
        yield "trigger that the text does not hold", replace(frame, trigger=Named(UNKNOWN))
    if question.task == "EET" or not frame.fillers:
        return
    first, *others = frame.fillers
    yield "unknown role", replace(frame, fillers=(replace(first, role=UNKNOWN), *others))
    for what, text in wrong_texts(first.text, question):
        yield what, replace(frame, fillers=(Filler(first.role, text), *others))
    known = next(event for event in question.schema.events if event.label == frame.type)
    own = {role.name for role in known.roles}
    foreign = [role.label for event in question.schema.events for role in event.roles if role.name not in own]
    if foreign:
        yield "role of another event", replace(frame, fillers=(replace(first, role=foreign[0]), *others))


@pytest.mark.parametrize("name", FORMATS.names())
def test_answers_with_one_thing_wrong_are_refused(name: str) -> None:
    accepted, tried = [], Counter()
    for cell in cells(name):
        for what, answer in wrong_answers(cell):
            raw = cell.format.encode(answer, cell.question)
            if is_dialect(name) and UNKNOWN not in raw:
                continue  # what is wrong may be lost in the dialect
            tried[what] += 1
            if accepts(cell, raw):
                accepted.append((str(cell), what, raw))

    assert not accepted, "\n".join(map(repr, accepted))
    assert set(tried) >= expected_kinds(name)


def expected_kinds(name: str) -> set[str]:
    """What must have been tried with a format of these tasks."""
    tasks = set(FORMATS.get(name).TASKS)
    expected = {"mention that the text does not hold"}
    if is_dialect(name):
        return expected
    expected |= {"unknown type", "mention in another case", "empty mention", "white space at a mention's end"}
    expected |= {"mention that is not given"} if "ET" in tasks else set()
    expected |= {"unknown relation"} if "RE" in tasks else set()
    expected |= {"pair that is not given", "head that is not given"} if "EPR" in tasks else set()
    return expected | ({"unknown event", "unknown role", "role of another event"} if "EE" in tasks else set())


@pytest.mark.parametrize("name", FORMATS.names())
def test_of_mutated_answers_only_those_are_accepted_that_are_read_without_a_problem(name: str) -> None:
    cases = [fuzz.case(name, "grammars", number) for number in range(400)]
    accepted = [
        one
        for one in cases
        if "\ud83d" not in one.raw and "\udc00" not in one.raw and len(one.raw) < 2000 and accepts(one.cell, one.raw)
    ]

    assert 0 < len(accepted) < len(cases) / 2
    wrong = problems_of([(one.cell, one.raw) for one in accepted if not is_dialect(name)])
    assert not wrong, "\n".join(map(repr, wrong))


# Whatever may be written


@pytest.mark.parametrize("name", FORMATS.names())
def test_whatever_may_be_written_is_read_without_a_problem(name: str) -> None:
    written = [*walks(name), *((cell, walked(engine(cell), Random(f"again {cell}"), longest=100)) for cell, _ in walks(name))]

    wrong = problems_of(written)
    assert not wrong, "\n".join(map(repr, wrong))
    assert len({answer for _, answer in written}) > len(written) / 3


@cache
def walks(name: str) -> tuple[tuple[fuzz.Cell, str], ...]:
    """For each task, language and document one question and what a model without a mind of its own writes under its grammar."""
    found = []
    for (_, _, document), (cell, *_) in fuzz.cells(name).items():
        if is_dialect(name) and document == "hard":
            continue
        one = without_syntax(cell) if is_dialect(name) else cell
        found.append((one, walked(engine(one), Random(f"walk {one}"), longest=100)))
    return tuple(found)


def without_syntax(cell: fuzz.Cell) -> fuzz.Cell:
    """The same question about a text of letters, digits and spaces only: dialects do not escape."""
    question = cell.question
    given = None if question.given is None else answer_from_json(_each_string(answer_to_json(question.given)))
    question = replace(question, text=_plain(question.text), given=given)
    return replace(cell, question=question, gold=cell.format.encode(Answer(), question))


def _each_string(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) if key == "text" else _each_string(one) for key, one in value.items()}
    return [_each_string(one) for one in value] if isinstance(value, list) else value


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]|_", " ", text).split())


def problems_of(written: list[tuple[fuzz.Cell, str]]) -> list[object]:
    """What is wrong with reading answers that the grammar lets through: anything but too many repeats."""
    found: list[object] = []
    for cell, raw in written:
        answer, problems = cell.format.decode(raw, cell.question)
        kinds = {problem.kind for problem in ground(answer, cell.question.text).problems}
        texts = [
            field.text
            for one in items_of(answer, cell.question)
            for each in (one, *one.children)
            for field in each.fields
            if field.slot in TEXT_SLOTS
        ]
        if problems or not kinds <= {"repeated"} or any(text not in cell.question.text for text in texts):
            found.append((str(cell), raw, problems[:2] or kinds))
    return found


# Real gold answers

# corpus: the gold answers of all its tasks about 30 Documents, and how many of them no grammar can hold: a mention is no piece of the
# text (the discontinuous ones in PHEE) or has white space at its end (DuEE).
FROZEN = {
    "sample_en": (794, 0),
    "sample_zh": (775, 0),
    "cluener2020": (390, 0),
    "conll04_json": (438, 0),
    "duee": (91, 2),
    "duie_spo": (208, 0),
    "msra_bio": (168, 0),
    "msra_instruct": (158, 0),
    "phee": (91, 6),
    "wnut17": (250, 0),
}


def drawn_documents(corpus: str, task: str, name: str) -> list[Document]:
    """A few Documents, others for every task and format."""
    return sorted(first_documents(corpus), key=lambda document: draw(0, "grammars", task, name, document.id))[:4]


@cache
def first_documents(corpus: str) -> tuple[Document, ...]:
    config = load_dataset_config(corpus)
    split = next(split for split in ("train", "dev", "test") if split in available_splits(config))
    documents = islice((one for one in read_corpus(config, split, data_root=CORPORA) if len(one.text) < 1000), 500)
    return tuple(sorted(documents, key=lambda document: draw(0, "grammars", document.id))[:30])


def there() -> list[str]:
    """The corpora whose files are there."""
    configs = [load_dataset_config(name) for name in TEN]
    return [one.name for one in configs if one.shipped or (CORPORA is not None and (CORPORA / (one.folder or one.name)).is_dir())]


def can_be_held(question: Question, answer: Answer) -> bool:
    fields = [
        field
        for one in items_of(answer, question)
        for each in (one, *one.children)
        for field in each.fields
        if field.slot in TEXT_SLOTS
    ]
    return all(
        (field.text or field.slot == "trigger") and field.text == field.text.strip() and field.text in question.text
        for field in fields
    )


def questions(document: Document, task: str, known: Schema) -> list[tuple[Question, Answer]]:
    made = [(Question(task, ask.schema, document.text, known.lang, ask.given), ask.gold) for ask in asks(task, document, known)]
    return [(question, gold) for question, gold in made if gold is not None]


@pytest.mark.parametrize("corpus", there())
def test_real_gold_answers_are_accepted_wherever_they_are_pieces_of_the_text(corpus: str) -> None:
    config = load_dataset_config(corpus)
    known = config.schema(prompt_language(config.lang))
    tasks = legal_tasks(config.tasks, known)
    golds = [one for task in tasks for document in first_documents(corpus) for one in questions(document, task, known)]
    refused, tried = [], Counter()
    for task in tasks:
        for name in (name for name in FORMATS if task in FORMATS.get(name).TASKS):
            for document in drawn_documents(corpus, task, name):
                held = [one for one in questions(document, task, known) if can_be_held(*one)]
                for question, gold in sorted(held, key=lambda one: not one[1])[:2]:  # NER1, RC and EEA have many questions a text
                    raw = FORMATS.get(name).encode(gold, question)
                    if is_dialect(name) and not can_be_read(FORMATS.get(name), raw, question):
                        continue
                    tried[name] += 1
                    if not matched(matcher(FORMATS.get(name).grammar(question)), raw):
                        refused.append((task, name, document.id, raw))

    assert not refused, "\n".join(map(repr, refused))
    assert all(tried[name] for name in FORMATS if set(tasks) & set(FORMATS.get(name).TASKS))
    assert (len(golds), sum(not can_be_held(*one) for one in golds)) == FROZEN[corpus]
