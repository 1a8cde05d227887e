import pytest

from uie.scoring.counts import Counts, count_matches


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        pytest.param("", "", Counts(0, 0, 0), id="nothing on either side"),
        pytest.param("", "ab", Counts(0, 2, 0), id="empty gold"),
        pytest.param("ab", "", Counts(0, 0, 2), id="empty prediction"),
        pytest.param("a", "aaa", Counts(1, 2, 0), id="one gold item is found once"),
        pytest.param("aab", "abb", Counts(2, 1, 1), id="multisets"),
    ],
)
def test_items_are_matched_one_to_one(gold: str, predicted: str, expected: Counts) -> None:
    assert count_matches(gold, predicted) == expected


def test_figures_are_those_of_the_textbook() -> None:
    counts = Counts(true_positive=3, false_positive=1, false_negative=2)

    assert (counts.precision, counts.recall, counts.f1) == (3 / 4, 3 / 5, 6 / 9)
    assert (counts.predicted, counts.gold) == (4, 5)


def test_zero_divided_by_zero_is_zero() -> None:
    assert (Counts().precision, Counts().recall, Counts().f1) == (0.0, 0.0, 0.0)


def test_counts_add_up() -> None:
    assert Counts(1, 2, 3) + Counts(10, 20, 30) == Counts(11, 22, 33)
