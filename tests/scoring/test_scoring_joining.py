"""Gold and predicted Documents meet by id: lists in any order, iterators side by side, and mismatches are all told at once."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from scoring_documents import ner

from uie.documents import Document, Mention
from uie.errors import ScoringError
from uie.scoring import joining
from uie.scoring.audits import AuditTally
from uie.scoring.joining import Joined, join
from uie.scoring.score import score

TEXT = "Ann Lee left Rome."
ANN, ROME = Mention("Ann Lee", 0, 7), Mention("Rome", 13, 17)


def gold_of(number: int) -> list[Document]:
    return [ner(f"d{n}", TEXT, (ANN, "PER"), *([(ROME, "LOC")] if n % 3 else []), dataset=f"set{n % 2}") for n in range(number)]


def predicted_of(number: int) -> list[Document]:
    return [ner(f"d{n}", TEXT, (ANN, "PER" if n % 5 else "LOC")) for n in range(number)]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "BLOCK", 7)


@pytest.mark.parametrize("rule", ["strict", "string", "auto", "partial", "all"])
def test_streams_score_as_lists_do(rule: str) -> None:
    gold, predicted = gold_of(40), predicted_of(40)

    assert score(iter(gold), iter(predicted), rule=rule) == score(gold, predicted, rule=rule)


def test_streams_need_not_be_in_one_order() -> None:
    gold, predicted = gold_of(40), predicted_of(40)
    mixed = random.Random(1).sample(predicted, len(predicted))

    rows = score(iter(gold), iter(mixed)).rows

    assert [row.counts for row in rows] == [row.counts for row in score(gold, predicted).rows]


def test_lists_in_any_order_meet_in_the_order_of_gold() -> None:
    gold, predicted = gold_of(20), predicted_of(20)

    pairs = join(gold, predicted[::-1])

    assert [pair.gold.id for pair in pairs] == [document.id for document in gold]
    assert all(pair.gold.id == pair.predicted.id for pair in pairs)


def test_a_stream_holds_no_more_than_a_block_of_what_is_in_order() -> None:
    alive, most = set[str](), 0

    def watched() -> Iterator[Document]:
        nonlocal most
        for document in gold_of(70):
            alive.add(document.id)
            most = max(most, len(alive))
            yield document

    for batch in Joined(watched(), iter(predicted_of(70))):
        alive -= {document.id for document in batch.gold}

    assert most == 7
    assert not alive


def test_further_answers_to_a_document_may_follow_in_a_stream_and_stand_anywhere_in_a_list() -> None:
    gold = [replace(one, relations=()) for one in gold_of(9)]
    ner_of = [replace(one, asked={"entities": ["PER", "LOC"], "tasks": ["NER"]}) for one in predicted_of(9)]
    spans = [replace(one, asked={"entities": ["PER", "LOC"], "tasks": ["ES"]}) for one in predicted_of(9)]

    following = score(iter(gold), iter([one for both in zip(ner_of, spans, strict=True) for one in both]))
    apart = score(gold, [*ner_of, *spans])

    assert following.documents == apart.documents == 9
    assert [(row.task, row.dataset, row.documents, row.counts) for row in following.rows] == [
        (row.task, row.dataset, row.documents, row.counts) for row in apart.rows
    ]
    assert [(row.task, row.documents) for row in apart.rows] == [("NER", 5), ("ES", 5), ("NER", 4), ("ES", 4)]


def test_everything_that_does_not_fit_is_told_at_once() -> None:
    gold = [*gold_of(4), gold_of(1)[0]]
    predicted = [replace(predicted_of(2)[1], text="Ann Lee left Roma."), *predicted_of(4)[2:3], ner("x", TEXT)]
    predicted += [predicted_of(3)[2]]

    with pytest.raises(ScoringError) as error:
        score(gold, predicted)

    assert str(error.value) == (
        "gold and predicted do not belong together: ids given twice in gold: 1, such as 'd0'; "
        "ids given twice among the predictions: 1, such as 'd2'; gold documents without a prediction: 2 of 4, such as 'd0'; "
        "predicted documents that gold lacks: 1 of 3, such as 'x'; documents with another text than in gold: 1, such as 'd1'. "
        "Score predictions against the gold documents they were made from, all of them, each once."
    )


def test_a_document_whose_gold_a_stream_has_let_go_of_is_told_as_given_twice() -> None:
    predicted = predicted_of(21)

    with pytest.raises(ScoringError, match="ids given twice among the predictions: 1, such as 'd3'"):
        score(iter(gold_of(21)), iter([*predicted, predicted[3]]))


def test_the_many_documents_that_are_counted_at_once_are_audited_as_each_by_itself() -> None:
    asked = {"entities": ["PER", "LOC"]}
    told = {
        "right": [(ANN, "PER"), (ROME, "LOC")],
        "wrong place": [(Mention("Ann", 0, 3), "PER"), (ROME, "LOC")],
        "empty": [],
        "two types at one place": [(ANN, "PER"), (ROME, "LOC"), (ROME, "PER")],
        "a type nobody asked for": [(ANN, "PER"), (ROME, "GPE")],
        "not in the text": [(ANN, "PER"), (Mention("Oslo"), "LOC")],
        "filled": [(ROME, "LOC")],
    }
    gold = [ner(id, TEXT, *([] if id == "filled" else told["right"]), dataset="news") for id in told]
    predicted = [ner(id, TEXT, *entities, asked=asked) for id, entities in told.items()]
    one_by_one = AuditTally("news")
    for pair in join(gold, predicted):
        one_by_one.add(pair, ("NER",))

    (audit,) = score(gold, predicted).audits

    assert audit == one_by_one.finish()
    assert audit.affected == {
        "unknown_type": 1,
        "ungrounded": 1,
        "contradictory_types": 1,
        "wrongly_empty": 1,
        "wrongly_filled": 1,
    }
