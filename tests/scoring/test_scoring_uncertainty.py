"""Intervals and tests. Small cases are enumerated by hand; simulations are seeded and checked to four standard errors."""

import itertools
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from uie.scoring.uncertainty import (
    Difference,
    Interval,
    Intervals,
    Table,
    approximate_randomisation,
    approximate_randomisation_mean,
    bootstrap,
    bootstrap_mean,
    paired_bootstrap,
    paired_bootstrap_mean,
    seeds,
)

RIGHT, WRONG, MISSED, NOTHING = (1, 0, 0), (0, 1, 1), (0, 0, 1), (0, 0, 0)


def table(*rows: Sequence[float]) -> Table:
    return np.array(rows, dtype=float)


def corpus(documents: int, rng: np.random.Generator, *, hit: float = 0.6, invented: float = 0.8) -> Table:
    """Documents of about two mentions, some of them harder than others, so that mentions of one are not independent."""
    gold = rng.poisson(2, documents)
    right = rng.binomial(gold, rng.beta(3 * hit, 3 * (1 - hit), documents))
    return np.stack([right, rng.poisson(invented, documents), gold - right], axis=1).astype(float)


def two_systems(documents: int, rng: np.random.Generator) -> tuple[Table, Table]:
    """Equally good systems that agree on many mentions."""
    gold = rng.poisson(2, documents)
    easy = rng.binomial(gold, 0.5)
    sides = []
    for _ in range(2):
        right = easy + rng.binomial(gold - easy, 0.4)
        sides.append(np.stack([right, rng.poisson(0.7, documents), gold - right], axis=1).astype(float))
    return sides[0], sides[1]


def f1(sums: np.ndarray) -> float:
    right, wrong, missed = sums
    return 2 * right / (2 * right + wrong + missed) if right else 0.0


# By hand


@pytest.mark.parametrize(("level", "low", "high"), [(0.95, 0.0, 1.0), (0.6, 0.0, 1.0), (0.4, 0.5, 0.5)])
def test_percentiles_of_two_documents_are_those_of_their_four_resamples(level: float, low: float, high: float) -> None:
    # All figures are 1 for one resample of four (the first document twice), 0.5 for two, 0 for one.
    found = bootstrap(table(RIGHT, WRONG), level=level)

    interval = Interval(low, high, level)
    assert found == Intervals(interval, interval, interval)


def test_the_three_figures_have_their_own_intervals() -> None:
    # Precision is 1, 1/2 or 0 as before; every resample finds all there is: recall 1, or 0/0 = 0 where nothing is to be found.
    found = bootstrap(table(RIGHT, (0, 1, 0)), level=0.4)

    assert found == Intervals(Interval(0.5, 0.5, 0.4), Interval(1.0, 1.0, 0.4), Interval(2 / 3, 2 / 3, 0.4))


def test_the_difference_of_two_documents_is_that_of_their_four_resamples() -> None:
    # F1 is 2/3 and 1. Resamples: the first document twice, no difference; both (twice as often), 1/3; the second twice, 1.
    # The differences 0 and 1 stray from 1/3 by 1/3 or more: half of the resamples.
    found = paired_bootstrap(table(RIGHT, MISSED), table(RIGHT, RIGHT))

    assert found.f1 == pytest.approx(1 / 3)
    assert found.interval == Interval(0.0, 1.0)
    assert found.p == pytest.approx(0.5, abs=0.02)


def test_three_documents_swap_to_the_same_side_once_in_four_times() -> None:
    p = approximate_randomisation(table(MISSED, MISSED, MISSED), table(RIGHT, RIGHT, RIGHT))

    assert p == pytest.approx(0.25, abs=0.018)


def test_randomisation_agrees_with_all_swaps_of_eight_documents() -> None:
    first = table((2, 1, 0), (1, 0, 1), (0, 1, 2), (3, 0, 0), (1, 1, 1), (0, 0, 2), (2, 2, 0), (1, 0, 1))
    second = table((2, 0, 0), (2, 0, 0), (1, 1, 1), (2, 1, 1), (2, 0, 0), (1, 0, 1), (2, 0, 0), (0, 2, 2))
    observed = abs(f1(second.sum(axis=0)) - f1(first.sum(axis=0)))
    extreme = 0
    for swaps in itertools.product((False, True), repeat=8):
        swapped = np.array(swaps)[:, None]
        sides = np.where(swapped, second, first).sum(axis=0), np.where(swapped, first, second).sum(axis=0)
        extreme += abs(f1(sides[1]) - f1(sides[0])) >= observed - 1e-12
    assert 20 < extreme < 200

    p = approximate_randomisation(first, second)

    assert p == pytest.approx(extreme / 256, abs=0.02)


def test_the_mean_of_corpora_draws_documents_within_each() -> None:
    # A document of the second corpus never replaces one of the first: nothing varies.
    found = bootstrap_mean([table(RIGHT, RIGHT), table(MISSED, MISSED, MISSED)])

    assert found.f1 == Interval(0.5, 0.5)
    assert bootstrap(table(RIGHT, RIGHT, MISSED, MISSED, MISSED)).f1 == Interval(0.0, pytest.approx(8 / 9))


def test_the_mean_difference_of_corpora_weighs_them_equally() -> None:
    pairs = [(table(MISSED), table(RIGHT)), (table(*[RIGHT] * 9), table(*[RIGHT] * 9))]

    # The swap of the only document that differs changes the sign alone.
    assert paired_bootstrap_mean(pairs, resamples=99) == Difference(0.5, Interval(0.5, 0.5), 0.01)
    assert approximate_randomisation_mean(pairs, resamples=99) == 1.0


def test_several_runs_count_by_their_mean_f1() -> None:
    # Two runs with F1 1 and 0 against one of 2/3: the mean is 1/2, where the counts of both together would have 2/3.
    runs = np.hstack([table(RIGHT, NOTHING, NOTHING), table(NOTHING, (0, 1, 0), (0, 1, 1))])
    one = table(RIGHT, (0, 1, 0), NOTHING)

    assert paired_bootstrap(one, runs, resamples=50).f1 == pytest.approx(1 / 2 - 2 / 3)
    assert paired_bootstrap(runs, one, resamples=50).f1 == pytest.approx(2 / 3 - 1 / 2)


def test_documents_are_drawn_and_swapped_in_all_runs_at_once() -> None:
    # As for one run each: the four resamples of two documents, and the sign alone of a swap of the only one that differs.
    first, second = table(RIGHT, MISSED), table(RIGHT, RIGHT)

    found = paired_bootstrap(np.hstack([first] * 2), np.hstack([second] * 3))

    assert (found.f1, found.interval) == (pytest.approx(1 / 3), Interval(0.0, 1.0))
    assert found.p == pytest.approx(0.5, abs=0.02)
    assert approximate_randomisation(np.hstack([first] * 2), np.hstack([second] * 3), resamples=99) == 1.0


def test_seeds_have_a_mean_and_a_sample_deviation() -> None:
    assert seeds([0.5, 0.7, 0.6]) == (pytest.approx(0.6), pytest.approx(0.1))  # ((0.1² + 0.1²) / 2) ** 0.5
    assert seeds([0.5]) == (0.5, None)


# What always holds


def test_equal_systems_have_no_difference_and_a_p_of_1() -> None:
    one = corpus(50, np.random.default_rng(0))

    assert paired_bootstrap(one, one, resamples=500) == Difference(0.0, Interval(0.0, 0.0), 1.0)
    assert approximate_randomisation(one, one, resamples=500) == 1.0


def test_p_is_never_0() -> None:
    bad, good = table(*[MISSED] * 60), table(*[RIGHT] * 60)

    assert paired_bootstrap(bad, good, resamples=99) == Difference(1.0, Interval(1.0, 1.0), 1 / 100)
    assert approximate_randomisation(bad, good, resamples=99) == 1 / 100


def test_documents_without_items_have_figures_of_0() -> None:
    empty = table(NOTHING, NOTHING)

    nothing = Interval(0.0, 0.0)
    assert bootstrap(empty, resamples=10) == Intervals(nothing, nothing, nothing)
    assert paired_bootstrap(empty, empty, resamples=10) == Difference(0.0, nothing, 1.0)


@pytest.mark.parametrize("documents", [30, 2000])
def test_the_order_of_documents_changes_nothing(documents: int) -> None:
    first, second = two_systems(documents, np.random.default_rng(1))
    other = np.random.default_rng(2).permutation(documents)

    assert bootstrap(first[other], resamples=200) == bootstrap(first, resamples=200)
    assert paired_bootstrap(first[other], second[other], resamples=200) == paired_bootstrap(first, second, resamples=200)
    assert approximate_randomisation(first[other], second[other]) == approximate_randomisation(first, second)


def test_one_seed_gives_one_result_and_another_seed_another() -> None:
    one = corpus(50, np.random.default_rng(0))

    assert bootstrap(one, seed=3) == bootstrap(one, seed=3)
    assert bootstrap(one, seed=3) != bootstrap(one, seed=4)


def test_memory_does_not_grow_with_documents_times_resamples() -> None:
    long = np.random.default_rng(0).integers(0, 90, (20_000, 6)).astype(float)
    tracemalloc.start()

    bootstrap(long[:, :3], resamples=300)
    paired_bootstrap(long[:, :3], long[:, 3:], resamples=300)
    approximate_randomisation(long[:, :3], long[:, 3:], resamples=300)

    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20e6  # one number for each document and resample would be 48 MB


# In distribution


def naive(counts: Table, resamples: int, seed: int) -> np.ndarray:
    """F1 of resamples, documents drawn one by one."""
    rng = np.random.default_rng(seed)
    return np.array([f1(counts[rng.integers(len(counts), size=len(counts))].sum(axis=0)) for _ in range(resamples)])


FREQUENT = [RIGHT] * 30 + [WRONG] * 15
RARE = [(2, 1, 0), (3, 0, 1), (0.5, 0.5, 1.5), (1, 4, 0), (1, 4, 0)]


@pytest.mark.parametrize("rows", [FREQUENT, RARE, FREQUENT + RARE], ids=["rows that recur", "rows that are rare", "both"])
def test_drawing_numbers_of_rows_is_as_drawing_documents(rows: list[Sequence[float]]) -> None:
    counts = table(*rows)
    drawn = naive(counts, 10_000, seed=1)

    for level in (0.5, 0.8, 0.95):
        found = bootstrap(counts, level=level).f1
        expected = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
        assert [found.low, found.high] == pytest.approx(expected, abs=0.012)


def covered(simulate: Callable[[np.random.Generator], tuple[Interval, float]], times: int = 400) -> float:
    rng, found = np.random.default_rng(5), 0
    for _ in range(times):
        interval, truth = simulate(rng)
        found += interval.low <= truth <= interval.high
    return found / times


# Four standard errors of 400 cases are 4.4 %.
COVERS = pytest.approx(0.95, abs=0.044)


def test_95_percent_intervals_hold_the_true_f1_in_95_percent_of_corpora() -> None:
    truth = f1(corpus(1_000_000, np.random.default_rng(9)).sum(axis=0))

    def simulate(rng: np.random.Generator) -> tuple[Interval, float]:
        return bootstrap(corpus(300, rng), resamples=500).f1, truth

    assert covered(simulate) == COVERS


def test_intervals_of_the_mean_of_corpora_hold_the_true_mean() -> None:
    hits = (0.3, 0.9)
    truth = sum(f1(corpus(1_000_000, np.random.default_rng(9), hit=hit).sum(axis=0)) for hit in hits) / 2

    def simulate(rng: np.random.Generator) -> tuple[Interval, float]:
        return bootstrap_mean([corpus(200, rng, hit=hit) for hit in hits], resamples=500).f1, truth

    assert covered(simulate) == COVERS


def test_equally_good_systems_seem_different_in_5_percent_of_corpora() -> None:
    rng, times = np.random.default_rng(6), 400
    held, low_bootstrap, low_randomisation = 0, 0, 0
    for _ in range(times):
        first, second = two_systems(200, rng)
        found = paired_bootstrap(first, second, resamples=500)
        held += found.interval.low <= 0 <= found.interval.high
        low_bootstrap += found.p < 0.05
        low_randomisation += approximate_randomisation(first, second, resamples=500) < 0.05

    assert held / times == COVERS
    assert low_bootstrap / times == pytest.approx(0.05, abs=0.044)
    assert low_randomisation / times == pytest.approx(0.05, abs=0.044)


# What is refused


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: bootstrap(np.zeros((0, 3))), "no documents to draw from"),
        (lambda: bootstrap_mean([]), "no documents to draw from"),
        (
            lambda: bootstrap(table(RIGHT), resamples=0),
            "expected resamples of at least 1 and a level between 0 and 1, found 0 and 0.95",
        ),
        (
            lambda: bootstrap(table(RIGHT), level=95),
            "expected resamples of at least 1 and a level between 0 and 1, found 10000 and 95",
        ),
        (
            lambda: paired_bootstrap(table(RIGHT), table(RIGHT, WRONG)),
            "tables of the same documents have one length, found 1 and 2 rows",
        ),
        (lambda: seeds([]), "no figures to take the mean of"),
    ],
)
def test_what_cannot_be_computed_is_refused(run: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError) as error:
        run()

    assert str(error.value) == message
