"""Calibration: maps worked out by hand, scikit-learn as referee, the choice between them, and the file."""

import math
from random import Random

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from uie.errors import ScoringError
from uie.scoring.calibration import (
    Calibration,
    Curve,
    calibrate,
    calibration_from_json,
    calibration_to_json,
    fit,
    isotonic,
    log_loss,
    temperature,
)
from uie.scoring.confidence import Judged, Judgement


def arrays(*pairs: tuple[float, bool]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([confidence for confidence, _ in pairs]), np.array([float(right) for _, right in pairs])


def test_isotonic_pools_what_would_fall() -> None:
    """Right: no, yes, no, yes, yes. The second and third share a half; of five items nothing is surer than 0.9."""
    curve = isotonic(*arrays((0.1, False), (0.2, True), (0.3, False), (0.4, True), (0.5, True)))

    assert curve.x == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert curve.y == pytest.approx((0.1, 0.5, 0.5, 0.9, 0.9))
    assert [curve(confidence) for confidence in (0.0, 0.15, 0.25, 0.35, 1.0)] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])


def test_equally_sure_items_are_one_point() -> None:
    curve = isotonic(*arrays((0.5, True), (0.5, False), (0.5, True), (0.5, True)))

    assert (curve.x, curve.y) == ((0.5,), (0.75,))


def test_isotonic_equals_sklearns() -> None:
    rng = Random(5)
    for _ in range(60):
        n = rng.randint(1, 40)
        confidences, right = arrays(*((rng.choice([0.25, 0.5, rng.random()]), rng.random() < 0.6) for _ in range(n)))
        referee = IsotonicRegression(out_of_bounds="clip", y_min=0.5 / n, y_max=1 - 0.5 / n).fit(confidences, right)
        asked = np.linspace(0, 1, 41)

        assert isotonic(confidences, right).of(asked) == pytest.approx(referee.predict(asked), abs=1e-9)


def test_a_temperature_divides_the_log_odds() -> None:
    """Of four items believed with 0.9 (odds 9) three are right (odds 3): log 9 / 2 is log 3."""
    curve = temperature(*arrays((0.9, True), (0.9, True), (0.9, True), (0.9, False)))

    assert curve.temperature == pytest.approx(2, rel=1e-3)
    assert (curve(0.9), curve(0.5)) == (pytest.approx(0.75, abs=1e-3), pytest.approx(0.5))


def test_certain_confidences_stay_numbers() -> None:
    curve = Curve("temperature", 1, temperature=2.0)

    assert 0 < curve(0.0) < 0.01
    assert 0.99 < curve(1.0) < 1


def test_log_loss_is_the_mean_surprise() -> None:
    assert log_loss(*arrays((0.8, True), (0.4, False))) == pytest.approx(-(math.log(0.8) + math.log(0.6)) / 2)


def overconfident(n: int, seed: int = 1) -> list[Judged]:
    """Confidences whose log-odds are three times what they should be; three items a document."""
    rng, items = Random(seed), []
    for number in range(n):
        odds = rng.gauss(0.5, 1)
        items.append(Judged(1 / (1 + math.exp(-3 * odds)), rng.random() < 1 / (1 + math.exp(-odds)), "A", number // 3))
    return items


def test_what_is_too_sure_gets_a_temperature_that_others_confirm() -> None:
    curve = fit(overconfident(600))

    assert curve.method == "temperature"
    assert curve.temperature == pytest.approx(3, rel=0.25)
    assert curve.log_loss[1] < curve.log_loss[0]
    assert curve.calibration_error[1] < curve.calibration_error[0] / 2


def test_a_bend_that_no_temperature_has_gets_isotonic_regression() -> None:
    rng = Random(2)
    items = [
        Judged(confidence, rng.random() < (0.2 if confidence < 0.9 else 0.8), "A", n)
        for n in range(900)
        for confidence in [rng.random()]
    ]

    assert fit(items).method == "isotonic"


@pytest.mark.parametrize(
    "items",
    [overconfident(29), [Judged(0.9, True, "A", number) for number in range(99)], [Judged(0.1, n > 50, "A", 0) for n in range(99)]],
    ids=["too few", "all right", "one document"],
)
def test_where_nothing_can_be_learned_confidences_stay(items: list[Judged]) -> None:
    curve = fit(items)

    assert (curve.method, curve.items, curve(0.3)) == ("none", len(items), 0.3)


def test_maps_only_rise() -> None:
    for curve in (fit(overconfident(600)), isotonic(*arrays(*((one.confidence, one.right) for one in overconfident(99))))):
        mapped = curve.of(np.linspace(0, 1, 101))
        assert (np.diff(mapped) >= 0).all()


# A run's calibration


def judgement(task: str, measure: str, items: list[Judged], dataset: str = "") -> Judgement:
    return Judgement(dataset, task, measure, "strict", tuple(items), {"A": 1})


def test_each_task_and_kind_of_item_has_its_map_and_corpora_go_together() -> None:
    found = calibrate(
        [
            judgement("NER", "entities", overconfident(90), "news"),
            judgement("NER", "entities", overconfident(60, 2), "web"),
            judgement("EE", "argument classification", overconfident(30)),
        ],
        data="abc",
    )

    assert {name: curve.items for name, curve in found.curves.items()} == {"NER/entity": 150, "EE/argument": 30}
    assert found.curve(["RE", "NER"], "entity") is found.curves["NER/entity"]
    assert found.curve(["RE"], "entity") is None


def test_a_calibration_is_the_same_after_it_was_written() -> None:
    found = Calibration("abc", {"NER/entity": fit(overconfident(90)), "RE/relation": isotonic(*arrays((0.2, False), (0.4, True)))})

    assert calibration_from_json(calibration_to_json(found), where="calibration.json") == found


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({}, "c.json: expected a calibration of version 1, found None; calibrate again."),
        ({"version": 1, "data": "a"}, "c.json: not a calibration: KeyError 'curves'; calibrate again."),
    ],
)
def test_what_is_no_calibration_is_told(row: dict[str, object], said: str) -> None:
    with pytest.raises(ScoringError) as error:
        calibration_from_json(row, where="c.json")

    assert str(error.value) == said


def test_nothing_to_learn_from_is_told() -> None:
    with pytest.raises(ScoringError) as error:
        calibrate([], data="abc")

    assert str(error.value) == "no predicted item has a confidence, so there is nothing to calibrate by."
