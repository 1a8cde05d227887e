"""Train batches of one composition: largest remainders, what batches owe each other, epochs, resumption by position."""

from collections import Counter
from fractions import Fraction
from itertools import groupby, islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.errors import SettingsError
from uie.records.composition import composed, compositions, epoch, shares

BILLA = {"zh": 4, "en": 4, "translate": 2}  # stage 1 of BiLLa, batches of 10

some_weights = st.dictionaries(
    st.sampled_from("abcdefg"),
    st.one_of(st.integers(1, 9), st.sampled_from([0.1, 0.25, 0.5, 2.5, 33.3])),
    min_size=1,
)
batch_sizes = st.integers(1, 20)


def exact(weights: dict[str, float], batch: int) -> dict[str, Fraction]:
    read = {corpus: Fraction(str(weight)) for corpus, weight in weights.items()}
    return {corpus: weight * batch / sum(read.values()) for corpus, weight in read.items()}


@pytest.mark.parametrize(
    ("weights", "batch", "expected"),
    [
        pytest.param(BILLA, 10, {"zh": 4, "en": 4, "translate": 2}, id="weights that sum up to the batch"),
        pytest.param(BILLA, 5, {"zh": 2, "en": 2, "translate": 1}, id="half of it"),
        pytest.param(BILLA, 7, {"zh": 3, "en": 3, "translate": 1}, id="2.8 2.8 1.4: the largest remainders"),
        pytest.param(BILLA, 1, {"zh": 1, "en": 0, "translate": 0}, id="too small for all"),
        pytest.param({"a": 1, "b": 1}, 3, {"a": 2, "b": 1}, id="of equal remainders the first listed"),
        pytest.param({"b": 1, "a": 1}, 3, {"b": 2, "a": 1}, id="listed, not sorted"),
        pytest.param({"a": 0.1, "b": 0.2, "c": 0.7}, 10, {"a": 1, "b": 2, "c": 7}, id="decimals mean what they say"),
        pytest.param({"a": 0, "b": 3}, 4, {"b": 4}, id="weight 0 is left out"),
        pytest.param({"a": 1e-9, "b": 1e9}, 4, {"a": 0, "b": 4}, id="far apart"),
    ],
)
def test_shares_of_a_batch(weights: dict[str, float], batch: int, expected: dict[str, int]) -> None:
    assert shares(weights, batch) == expected


@pytest.mark.parametrize(
    ("weights", "batch", "message"),
    [
        ({"a": 1}, 0, "batch: expected 1 or more, found 0."),
        ({"a": 1, "b": -2}, 8, "weight of b: expected a number from 0 up, found -2."),
        ({"a": float("nan")}, 8, "weight of a: expected a number from 0 up, found nan."),
        ({"a": float("inf")}, 8, "weight of a: expected a number from 0 up, found inf."),
        ({"a": 0, "b": 0}, 8, "weight: expected one above 0 among the corpora with records (a, b)."),
        ({}, 8, "weight: expected one above 0 among the corpora with records (none)."),
    ],
)
def test_what_cannot_be_composed_is_refused(weights: dict[str, float], batch: int, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        shares(weights, batch)

    assert str(error.value) == message


@given(weights=some_weights, batch=batch_sizes)
def test_shares_sum_up_to_the_batch_and_lie_within_one_of_the_exact_ones(weights: dict[str, float], batch: int) -> None:
    found = shares(weights, batch)

    assert sum(found.values()) == batch
    assert all(abs(found[corpus] - share) < 1 for corpus, share in exact(weights, batch).items())


def test_every_batch_is_the_same_where_the_exact_shares_are_whole() -> None:
    assert list(islice(compositions(BILLA, 5), 3)) == [{"zh": 2, "en": 2, "translate": 1}] * 3


@pytest.mark.parametrize(
    ("weights", "batch", "expected"),
    [
        pytest.param({"a": 1, "b": 1}, 3, [(2, 1), (1, 2), (2, 1), (1, 2)], id="one and a half each"),
        pytest.param({"a": 2, "b": 1}, 1, [(1, 0), (1, 0), (0, 1), (1, 0)], id="two of three batches"),
        pytest.param({"a": 1, "b": 1, "c": 1}, 1, [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 0, 0)], id="in turn"),
    ],
)
def test_later_batches_make_up_for_what_one_cannot_hold(
    weights: dict[str, float], batch: int, expected: list[tuple[int, ...]]
) -> None:
    assert [tuple(each.values()) for each in islice(compositions(weights, batch), 4)] == expected


@settings(max_examples=200)
@given(weights=some_weights, batch=batch_sizes)
def test_after_any_number_of_batches_each_corpus_has_its_share_to_less_than_one_record(
    weights: dict[str, float], batch: int
) -> None:
    each = exact(weights, batch)
    total: Counter[str] = Counter()
    for number, composition in enumerate(islice(compositions(weights, batch), 50), start=1):
        total.update(composition)

        assert sum(composition.values()) == batch
        assert all(abs(composition[corpus] - share) < 1 for corpus, share in each.items())
        assert all(abs(total[corpus] - number * share) < 1 for corpus, share in each.items())


@pytest.mark.parametrize(
    ("weights", "batch"),
    [
        pytest.param([1, 27, 4, 3, 45, 27, 1, 3], 2, id="largest debt first would owe 1.08 after 31"),
        pytest.param([63, 48, 40, 40, 48, 40, 81], 4, id="the deadlines without the b-bit are not enough in batch 30"),
        pytest.param([51, 52, 52, 20, 49], 4, id="those without the group deadline are not in batch 14"),
    ],
)
def test_nobody_is_owed_a_record_where_simpler_rules_would_owe_one(weights: list[int], batch: int) -> None:
    total: Counter[str] = Counter()
    for number, composition in enumerate(islice(compositions(dict(zip("abcdefgh", weights)), batch), 120), start=1):
        total.update(composition)

        assert sum(composition.values()) == batch
        assert all(abs(total[c] - Fraction(number * batch * weight, sum(weights))) < 1 for c, weight in zip("abcdefgh", weights))


@given(weights=some_weights, batch=batch_sizes)
def test_the_first_composition_is_the_shares(weights: dict[str, float], batch: int) -> None:
    assert next(compositions(weights, batch)) == shares(weights, batch)


@pytest.mark.parametrize(
    ("counts", "weights", "batch", "expected"),
    [
        ({"a": 4, "b": 2}, {"a": 1, "b": 1}, 4, 2),  # a gives 2 a batch
        ({"a": 5, "b": 2}, {"a": 1, "b": 1}, 4, 3),
        ({"a": 1, "b": 1}, {"a": 1, "b": 9}, 2, 5),  # a gives 0.2 a batch
        ({"a": 0, "b": 3}, {"a": 1, "b": 1}, 2, 2),
        ({"a": 100, "b": 3}, {"a": 0, "b": 1}, 2, 2),
    ],
)
def test_an_epoch_lasts_until_the_slowest_corpus_is_through(
    counts: dict[str, int], weights: dict[str, float], batch: int, expected: int
) -> None:
    assert epoch(counts, weights, batch) == expected


def test_records_follow_batch_by_batch_and_small_corpora_repeat() -> None:
    order = list(composed({"a": 5, "b": 2}, {"a": 2, "b": 1}, 3))

    assert order == [
        *(("a", 0), ("a", 1), ("b", 0)),
        *(("a", 2), ("a", 3), ("b", 1)),
        *(("a", 4), ("a", 0), ("b", 0)),
    ]


def test_corpora_without_records_or_weight_are_left_out() -> None:
    order = list(composed({"a": 2, "none": 0, "off": 9}, {"a": 1, "none": 1, "off": 0}, 2))

    assert order == [("a", 0), ("a", 1)]


def test_settings_are_refused_before_the_first_record() -> None:
    with pytest.raises(SettingsError):
        composed({"a": 1}, {"a": -1}, 2)


record_counts = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 12), min_size=1)


def weights_of(counts: dict[str, int]) -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries({corpus: st.sampled_from([0.5, 1, 1.7, 2, 5]) for corpus in counts})


mixes = record_counts.flatmap(lambda counts: st.tuples(st.just(counts), weights_of(counts), st.integers(1, 9)))


@given(mix=mixes)
def test_no_record_is_left_out_and_every_batch_is_full(mix: tuple[dict[str, int], dict[str, float], int]) -> None:
    counts, weights, batch = mix
    order = list(composed(counts, weights, batch))

    assert set(order) == {(corpus, index) for corpus, number in counts.items() for index in range(number)}
    assert len(order) == batch * epoch(counts, weights, batch)


@given(mix=mixes)
def test_a_batch_takes_the_next_records_of_each_corpus_side_by_side(mix: tuple[dict[str, int], dict[str, float], int]) -> None:
    counts, weights, batch = mix
    order = list(composed(counts, weights, batch))

    given: Counter[str] = Counter()
    for position in range(0, len(order), batch):
        runs = [(corpus, list(run)) for corpus, run in groupby(order[position : position + batch], key=lambda record: record[0])]
        assert len(runs) == len({corpus for corpus, _ in runs})
        for corpus, run in runs:
            assert [index for _, index in run] == [(given[corpus] + step) % counts[corpus] for step in range(len(run))]
            given[corpus] += len(run)


@settings(max_examples=200)
@given(mix=mixes, data=st.data())
def test_starting_at_a_position_gives_the_rest_of_the_whole(
    mix: tuple[dict[str, int], dict[str, float], int], data: st.DataObject
) -> None:
    whole = list(composed(*mix))
    start = data.draw(st.integers(0, len(whole) + 3))

    assert list(composed(*mix, start=start)) == whole[start:]


@pytest.mark.parametrize(
    ("weights", "start", "expected"),
    [
        # 10 ** 11 batches of 2 a and 1 b, then one a; 10 ** 11 leaves 1 when divided by 3.
        pytest.param({"a": 2, "b": 1}, 3 * 10**11 + 1, [("a", 2 * 10**11 + 1), ("b", 1)], id="whole shares"),
        # An even number of batches of one and a half each; 15 * 10 ** 10 can be divided by 3.
        pytest.param({"a": 1, "b": 1}, 3 * 10**11 + 1, [("a", 15 * 10**10 + 1), ("b", 0)], id="fractions"),
    ],
)
@pytest.mark.timeout(10)
def test_a_far_position_is_reached_without_going_there(
    weights: dict[str, float], start: int, expected: list[tuple[str, int]]
) -> None:
    assert list(islice(composed({"a": 10**12, "b": 3}, weights, 3, start=start), 2)) == expected
