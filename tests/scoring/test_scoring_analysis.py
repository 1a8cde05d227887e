"""Everything a report shows, from Documents; and intervals of Scores."""

from collections import Counter

import numpy as np
import pytest
from scoring_documents import at, event, ner, problems, related
from shared_example import GOLD as ALL_GOLD
from shared_example import PREDICTED as ALL_PREDICTED

from uie.documents import Document, Entity, Mention, Relation
from uie.scoring.analysis import Analysis, analyse, lookup_scores
from uie.scoring.counts import Counts
from uie.scoring.score import score
from uie.scoring.scores import with_intervals
from uie.scoring.uncertainty import bootstrap, bootstrap_mean

GOLD, PREDICTED = ALL_GOLD[:18], ALL_PREDICTED[:18]  # what follows is about clusters

TEXT = "Ann of Acme saw Rome"
ANN, ACME, ROME = (at(TEXT, word) for word in ("Ann", "Acme", "Rome"))


def quick(*sides, **more) -> Analysis:
    return analyse(*sides, resamples=50, **more)


def test_intervals_are_the_bootstrap_of_each_rows_documents() -> None:
    scores = with_intervals(score(GOLD, PREDICTED), resamples=200, seed=3)

    assert len(scores.rows) == 8
    for row in scores.rows:
        assert row.intervals == bootstrap(row.per_document.counts, resamples=200, seed=3)
    assert scores.aggregate("NER", "entities").intervals == scores.row("", "NER", "entities").intervals


def test_intervals_over_corpora_are_of_the_sums_and_of_the_means() -> None:
    gold = [
        ner("1", TEXT, (ANN, "PER"), dataset="a"),
        ner("2", TEXT, (ANN, "PER"), dataset="a"),
        ner("3", TEXT, (ROME, "LOC"), dataset="b"),
        ner("4", TEXT, dataset="b"),
    ]
    found = [ner("1", TEXT, (ANN, "PER")), ner("2", TEXT), ner("3", TEXT, (ROME, "LOC")), ner("4", TEXT)]

    scores = with_intervals(score(gold, found), resamples=300)

    (whole,) = scores.aggregates
    first, second = np.array([[1.0, 0, 0], [0, 0, 1]]), np.array([[1.0, 0, 0], [0, 0, 0]])
    assert whole.intervals == bootstrap(np.concatenate([first, second]), resamples=300)
    assert whole.mean_intervals == bootstrap_mean([first, second], resamples=300)


def test_one_document_and_documents_without_items_have_no_interval() -> None:
    one, empty = ner("1", TEXT, (ANN, "PER"), dataset="a"), [ner(id, TEXT, dataset="b") for id in ("2", "3")]

    scores = with_intervals(score([one, *empty], [one, *empty]), resamples=50)

    assert [(row.dataset, row.intervals) for row in scores.rows] == [("a", None), ("b", None)]
    (whole,) = scores.aggregates
    assert whole.intervals is not None  # three documents, one of which has an item
    assert whole.mean_intervals is None


@pytest.mark.parametrize(("rule", "has"), [("strict", True), ("iepile", True), ("universalner", True), ("cluener", False)])
def test_a_rule_that_rounds_or_smooths_has_intervals_and_a_mean_over_types_has_none(rule: str, has: bool) -> None:
    scores = with_intervals(score(GOLD[:12], PREDICTED[:12], rule=rule), resamples=50)

    assert scores.rows
    assert [row.intervals is not None for row in scores.rows] == [has] * len(scores.rows)
    assert [aggregate.intervals is not None for aggregate in scores.aggregates] == [has] * len(scores.aggregates)


def test_the_confusions_tell_of_every_item_that_was_scored() -> None:
    analysis = quick(GOLD, PREDICTED)

    kinds = {(one.task, one.layer): {kind: n for kind, n in one.kinds.items() if n} for one in analysis.confusions}
    assert kinds == {
        ("NER", "entity"): {"correct": 6, "wrong type": 1, "wrong boundary": 1, "missed": 5, "invented": 5},
        ("RE", "relation"): {"correct": 1, "reversed": 1, "wrong ends": 1, "missed": 1},
        ("EE", "trigger"): {"correct": 3},
        ("EE", "argument"): {"correct": 3, "wrong boundary": 1, "missed": 1},
    }


def test_documents_without_a_fault_are_not_marked() -> None:
    marked = quick(GOLD, PREDICTED).marked

    # 1, 10 and 16 (whose only fault is the type of an argument, which RE does not count) are right.
    assert [one.gold.id for one in marked] == [str(n) for n in range(2, 19) if n not in (10, 16)]


def test_a_document_whose_answer_was_not_understood_is_marked_and_a_salvaged_one_is_not() -> None:
    gold = [ner("1", TEXT, (ANN, "PER")), ner("2", TEXT, (ANN, "PER"))]
    found = [ner("1", TEXT, (ANN, "PER"), problems=problems("truncated")), ner("2", TEXT, (ANN, "PER"), problems=problems("prose"))]

    (marked,) = quick(gold, found).marked

    assert marked.gold.id == "1"
    assert [one.kind for one in marked.mistakes] == ["correct"]


def test_marked_gold_is_what_was_asked_by_any_task_and_mistakes_point_into_it() -> None:
    entities = tuple(Entity(mention, type) for mention, type in ((ROME, "LOC"), (ANN, "PER"), (ACME, "ORG")))
    relations = (Relation("saw", 1, 0), Relation("works for", 1, 2))
    asked = {"entities": ["PER"], "relations": ["works for"], "events": {"see": {"roles": ["who"]}}, "tasks": ["NER", "RE", "EE"]}
    events = (event("cut", at(TEXT, "saw"), ("who", ACME)), event("see", at(TEXT, "saw"), ("what", ROME), ("who", ANN)))
    gold = Document("1", TEXT, entities=entities, relations=relations, events=events)
    predicted = Document("1", TEXT, entities=(), relations=(), events=(), asked=asked)

    (marked,) = quick([gold], [predicted]).marked

    assert marked.gold.entities == (entities[1], entities[2])  # Rome: neither asked nor an end of what was asked
    assert marked.gold.relations == (Relation("works for", 0, 1),)
    assert marked.gold.events == (event("see", at(TEXT, "saw"), ("who", ANN)),)
    assert [(one.layer, one.kind, one.gold) for one in marked.mistakes] == [
        ("entity", "missed", 0),
        ("relation", "missed", 0),
        ("trigger", "missed", 0),
        ("argument", "missed", (0, 0)),
    ]


def test_one_entity_twice_in_gold_is_two_items_of_marked_gold() -> None:
    twice = Entity(ANN, "PER")
    gold = Document("1", TEXT, entities=(Entity(ROME, "LOC"), twice, twice))
    predicted = ner("1", TEXT, asked={"entities": ["PER"], "tasks": ["NER"]})

    (marked,) = quick([gold], [predicted]).marked

    assert marked.gold.entities == (twice, twice)
    assert [one.gold for one in marked.mistakes] == [0, 1]


def test_a_corpus_without_offsets_is_compared_by_string_all_through() -> None:
    gold = [ner("1", TEXT, (Mention("Ann"), "PER")), ner("2", TEXT, (ANN, "PER"))]
    found = [ner("1", TEXT, (ANN, "PER")), ner("2", "Ann of Acme saw Rome", (Mention("Ann"), "PER"))]

    analysis = quick(gold, found, rule="auto")

    assert [row.rule for row in analysis.scores.rows] == ["string"]
    assert analysis.confusions[0].kinds["correct"] == analysis.scores.rows[0].counts.true_positive == 2
    assert {bucket.rule for bucket in analysis.buckets} == {"string"}


def test_symmetric_relations_have_no_wrong_direction() -> None:
    gold = [related("1", TEXT, (ANN, "knows", ROME))]
    found = [related("1", TEXT, (ROME, "knows", ANN))]

    assert quick(gold, found).confusions[0].kinds["reversed"] == 1
    assert quick(gold, found, symmetric=["knows"]).confusions[0].kinds["correct"] == 1


def test_types_of_ends_count_only_where_both_sides_have_any() -> None:
    gold = [related("1", TEXT, (ANN, "works for", ACME), types={"Ann": "PER", "Acme": "ORG"})]
    asked = {"entities": ["PER", "ORG"], "relations": ["works for"], "tasks": ["SPO"]}

    untyped = quick(gold, [related("1", TEXT, (ANN, "works for", ACME), asked=asked)])
    wrong = quick(gold, [related("1", TEXT, (ANN, "works for", ACME), types={"Ann": "ORG", "Acme": "ORG"}, asked=asked)])

    assert untyped.confusions[0].kinds["correct"] == 1
    assert wrong.confusions[0].kinds["wrong types of ends"] == 1


def test_training_documents_add_the_baseline_and_what_was_seen() -> None:
    train = [ner("t", TEXT, (ANN, "PER"))]
    gold, found = [ner("1", TEXT, (ANN, "PER"), (ROME, "LOC"))], [ner("1", TEXT, (ROME, "LOC"))]

    without, analysis = quick(gold, found), quick(gold, found, train=train)

    assert without.baseline is None
    assert analysis.baseline.rows[0].counts == Counts(1, 0, 1)
    assert analysis.baseline.rows[0].intervals is None  # of one document
    seen = {(one.by, one.bucket): one.counts for one in analysis.buckets if one.by.startswith("seen")}
    assert seen == {
        ("seen label", "seen"): Counts(0, 0, 1),
        ("seen label", "unseen"): Counts(1, 0, 0),
        ("seen mention", "seen"): Counts(0, 0, 1),
        ("seen mention", "unseen"): Counts(1, 0, 0),
    }
    assert not [one for one in without.buckets if one.by.startswith("seen")]


def test_the_baseline_answers_each_prediction_of_one_document_as_it_was_asked() -> None:
    gold = [related("1", TEXT, (ANN, "works for", ACME), types={"Ann": "PER", "Acme": "ORG"})]
    found = [
        ner("1", TEXT, asked={"entities": ["PER"], "tasks": ["NER"]}),
        related("1", TEXT, asked={"relations": ["works for"], "tasks": ["RE"]}),
    ]

    scores = lookup_scores(gold, gold, found)

    assert [(row.task, row.measure, row.counts) for row in scores.rows] == [
        ("NER", "entities", Counts(1, 0, 0)),
        ("RE", "relations boundary", Counts(1, 0, 0)),
    ]


def test_all_rules_have_rows_and_no_buckets() -> None:
    analysis = quick(GOLD, PREDICTED, rule="all")

    assert len({row.rule for row in analysis.scores.rows}) > 20
    assert analysis.buckets == ()
    assert analysis.confusions == quick(GOLD, PREDICTED).confusions


@pytest.mark.parametrize("order", [lambda items: items[::-1], lambda items: items[5:] + items[:5]], ids=["reversed", "rotated"])
def test_the_order_of_documents_does_not_matter(order) -> None:
    one, other = quick(GOLD, PREDICTED), quick(order(GOLD), PREDICTED)

    assert other.scores.aggregates == one.scores.aggregates
    assert other.buckets == one.buckets
    assert other.confusions == one.confusions
    assert Counter(marked.gold.id for marked in other.marked) == Counter(marked.gold.id for marked in one.marked)
