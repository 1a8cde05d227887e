"""What confidences are worth: curves, errors and thresholds of cases worked out by hand, scikit-learn as referee."""

from random import Random

import pytest
from scoring_documents import at, ner
from sklearn.metrics import average_precision_score

from uie.documents import Argument, Document, Entity, Event, Relation
from uie.scoring.analysis import analyse
from uie.scoring.confidence import (
    Bin,
    Judged,
    Judgement,
    average_precision,
    bins,
    calibration_error,
    curve,
    judged,
    reliability,
    risk_area,
)
from uie.scoring.joining import join
from uie.scoring.score import score

# Five predicted items, two right; gold has four: two were never found.
FIVE = (Judged(0.9, True, "A"), Judged(0.8, False, "B"), Judged(0.6, True, "B"), Judged(0.6, False, "A"), Judged(0.3, False, "A"))
CASE = Judgement("news", "NER", "entities", "strict", FIVE, {"A": 2, "B": 1, "C": 1}, unsure=1)


def test_the_curve_has_a_point_for_each_confidence() -> None:
    points = curve(FIVE, 4)

    assert [(p.threshold, p.items, p.right) for p in points] == [(0.9, 1, 1), (0.8, 2, 1), (0.6, 4, 2), (0.3, 5, 2)]
    assert [p.precision for p in points] == [1, 0.5, 0.5, 0.4]
    assert [p.recall for p in points] == [0.25, 0.25, 0.5, 0.5]
    assert [p.f1 for p in points] == pytest.approx([2 / 5, 2 / 6, 4 / 8, 4 / 9])


def test_average_precision_is_precision_weighted_by_the_recall_it_adds() -> None:
    assert average_precision(curve(FIVE, 4)) == pytest.approx(1 * 0.25 + 0.5 * 0.25)


def test_risk_area_is_the_share_of_wrong_items_weighted_by_the_coverage_it_adds() -> None:
    assert risk_area(curve(FIVE, 4)) == pytest.approx((0 * 1 + 0.5 * 1 + 0.5 * 2 + 0.6 * 1) / 5)


def test_calibration_error_is_the_mean_distance_of_confidence_and_share_of_right_items() -> None:
    assert bins(FIVE) == (Bin(0.3, 0.3, 1, 0.3, 0), Bin(0.6, 0.6, 2, 0.6, 0.5), Bin(0.8, 0.8, 1, 0.8, 0), Bin(0.9, 0.9, 1, 0.9, 1))
    assert calibration_error(bins(FIVE)) == pytest.approx((0.3 + 2 * 0.1 + 0.8 + 0.1) / 5)


def test_bins_hold_about_equally_many_items_and_equally_sure_ones_stay_together() -> None:
    even = [Judged(number / 100, True) for number in range(25)]
    tied = [Judged(0.5, True)] * 13 + [Judged(0.6 + number / 100, True) for number in range(12)]

    assert [one.items for one in bins(even)] == [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]
    assert [one.items for one in bins(tied)] == [13, 2, 2, 2, 1, 1, 1, 1, 1, 1]


def test_the_best_threshold_is_found_for_all_together_and_type_by_type() -> None:
    found = reliability(CASE)

    assert [(one.type, one.best.threshold, one.best.f1, one.whole.f1) for one in found.thresholds] == [
        (None, 0.6, pytest.approx(0.5), pytest.approx(4 / 9)),
        ("A", 0.9, pytest.approx(2 / 3), pytest.approx(2 / 5)),
        ("B", 0.6, pytest.approx(2 / 3), pytest.approx(2 / 3)),
    ]
    assert (found.items, found.unsure, found.gold, found.error_before) == (5, 1, 4, None)


def test_nothing_that_is_right_makes_no_division_by_nothing() -> None:
    nothing = reliability(Judgement("", "NER", "entities", "strict", (Judged(0.5, False, "A"),), {}))

    assert (nothing.average_precision, nothing.risk_area, nothing.calibration_error) == (0, 1, 0.5)
    assert average_precision(()) == risk_area(()) == calibration_error(()) == 0


def test_the_order_of_items_does_not_matter() -> None:
    assert reliability(CASE) == reliability(Judgement("news", "NER", "entities", "strict", FIVE[::-1], CASE.gold, 1))


def test_average_precision_equals_sklearns_where_everything_was_predicted() -> None:
    rng = Random(3)
    for _ in range(50):
        items = [Judged(rng.choice([0.1, 0.2, 0.5, rng.random()]), rng.random() < 0.5) for _ in range(rng.randint(2, 30))]
        right = sum(item.right for item in items)
        if right:
            expected = average_precision_score([item.right for item in items], [item.confidence for item in items])
            assert average_precision(curve(items, right)) == pytest.approx(expected)
            assert average_precision(curve(items, 2 * right)) == pytest.approx(expected / 2)


# Which items are right

TEXT = "Ann met Bob in Rome."


def entity(string: str, type: str | None, confidence: float | None) -> Entity:
    return Entity(at(TEXT, string), type, confidence)


def of_measure(gold: Document, predicted: Document, rule: str = "strict") -> dict[tuple[str, str], Judgement]:
    found = judged(score([gold], [predicted], rule=rule), join([gold], [predicted]))
    return {(one.task, one.measure): one for one in found}


def test_of_equal_items_the_surest_is_right_and_what_has_no_confidence_is_counted() -> None:
    gold = ner("d", TEXT, (at(TEXT, "Ann"), "PER"), (at(TEXT, "Rome"), "LOC"))
    sure = (entity("Ann", "PER", 0.4), entity("Ann", "PER", 0.7), entity("Bob", "PER", 0.9), entity("Rome", "LOC", None))

    found = of_measure(gold, Document("d", TEXT, entities=sure))["NER", "entities"]

    assert [(item.confidence, item.right) for item in found.items] == [(0.9, False), (0.7, True), (0.4, False)]
    assert (found.unsure, found.gold) == (1, {"PER": 1, "LOC": 1})


def test_the_rule_says_what_is_right() -> None:
    text = "Rome or Rome"
    gold = ner("d", text, (at(text, "Rome", 2), "LOC"))
    predicted = Document("d", text, entities=(Entity(at(text, "Rome"), "LOC", 0.5),))

    assert [item.right for item in of_measure(gold, predicted)["NER", "entities"].items] == [False]
    assert [item.right for item in of_measure(gold, predicted, "string")["NER", "entities"].items] == [True]
    assert of_measure(gold, predicted, "all") == {}


def test_relations_and_events_are_judged_by_their_own_confidence() -> None:
    ends = (entity("Ann", None, None), entity("Bob", None, None))
    met = at(TEXT, "met")
    gold = Document(
        "d",
        TEXT,
        entities=ends,
        relations=(Relation("knows", 0, 1),),
        events=(Event("meet", met, (Argument("who", at(TEXT, "Ann")),)),),
    )
    predicted = Document(
        "d",
        TEXT,
        entities=ends,
        relations=(Relation("knows", 0, 1, 0.8), Relation("knows", 1, 0, 0.2)),
        events=(
            Event(
                "meet",
                met,
                (Argument("who", at(TEXT, "Ann"), confidence=0.6), Argument("who", at(TEXT, "Rome"), confidence=0.5)),
                0.7,
            ),
        ),
    )

    found = of_measure(gold, predicted)

    assert {key: [(item.confidence, item.right) for item in one.items] for key, one in found.items()} == {
        ("RE", "relations boundary"): [(0.8, True), (0.2, False)],
        ("EE", "trigger classification"): [(0.7, True)],
        ("EE", "argument classification"): [(0.6, True), (0.5, False)],
    }


def test_an_analysis_tells_what_confidences_are_worth_before_and_after_calibration() -> None:
    gold = ner("d", TEXT, (at(TEXT, "Ann"), "PER"))
    before, after = (Document("d", TEXT, entities=(entity("Ann", "PER", sure),)) for sure in (0.6, 0.9))

    (found,) = analyse([gold], [after], uncalibrated=[before], resamples=10).reliability

    assert (found.calibration_error, found.error_before) == (pytest.approx(0.1), pytest.approx(0.4))
    assert analyse([gold], [gold], resamples=10).reliability == ()
