"""Which Documents are taken: takes, quotas and temperature, draws, few-shot sets, empty Documents."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.errors import SettingsError
from uie.records.choosing import Take, chosen, few_shot, keeps_empty, quotas, take_of
from uie.records.drawing import draw

IDS = [f"wood/train/{number}" for number in range(10)]
BY_DRAW = sorted(IDS, key=lambda id: draw(7, "take", "wood", id))


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("full", Take("full")),
        ("random", Take("random")),
        ("random_200", Take("random", 200)),
        ("upsample_3", Take("upsample", 3)),
        ("downsample", Take("downsample")),
    ],
)
def test_takes(setting: str, expected: Take) -> None:
    assert take_of(setting) == expected


@pytest.mark.parametrize(
    "setting", ["", "all", "Full", "random_", "random_0", "random_-1", "random_1.5", "upsample", "full_2", "random_٣"]
)
def test_other_takes_are_refused(setting: str) -> None:
    with pytest.raises(SettingsError) as error:
        take_of(setting)

    assert str(error.value) == (
        f"take: expected full, random, random_N, upsample_K or downsample (N, K from 1), found {setting!r}."
    )


def test_quotas_by_take() -> None:
    sizes = {"a": 500, "b": 500, "c": 500, "d": 30, "e": 30, "f": 30, "g": 500, "h": 0}
    takes = ["full", "random", "random_200", "random", "random_200", "upsample_3", "downsample", "downsample"]

    found = quotas(sizes, dict(zip(sizes, map(take_of, takes), strict=True)), max_documents=400)

    assert found == {"a": 500, "b": 400, "c": 200, "d": 30, "e": 30, "f": 90, "g": 30, "h": 0}


@pytest.mark.parametrize(
    ("temperature", "expected"),
    [
        pytest.param(None, (100, 900), id="off"),
        pytest.param(1, (100, 900), id="1: by size"),
        pytest.param(2, (250, 750), id="2: by square root, 10 to 30"),
        pytest.param(0.5, (12, 988), id="0.5: by square, 1 to 81 of 82"),
        pytest.param(float("inf"), (500, 500), id="infinite: alike"),
        pytest.param(0.001, (1, 999), id="near 0: one for the small, the rest for the large"),
    ],
)
def test_temperature_spreads_the_same_total(temperature: float | None, expected: tuple[int, int]) -> None:
    full = Take("full")

    found = quotas({"a": 100, "b": 900}, {"a": full, "b": full}, max_documents=1, temperature=temperature)

    assert tuple(found.values()) == expected


def test_temperature_works_on_what_the_takes_give() -> None:
    takes = {"a": Take("full"), "b": Take("random", 900), "c": Take("full")}

    assert quotas({"a": 100, "b": 10**6, "c": 0}, takes, max_documents=1, temperature=2) == {"a": 250, "b": 750, "c": 0}


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_a_temperature_not_above_zero_is_refused(temperature: float) -> None:
    with pytest.raises(SettingsError) as error:
        quotas({"a": 1}, {"a": Take("full")}, max_documents=1, temperature=temperature)

    assert str(error.value) == f"temperature: expected a number above 0, found {temperature}."


@given(
    sizes=st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 10**6)),
    temperature=st.floats(0, allow_nan=False, exclude_min=True),
)
def test_any_temperature_keeps_the_total_the_order_and_one_for_each(sizes: dict[str, int], temperature: float) -> None:
    found = quotas(sizes, dict.fromkeys(sizes, Take("full")), max_documents=1, temperature=temperature)

    assert list(found) == list(sizes)
    assert sum(found.values()) == sum(sizes.values())
    assert all((found[corpus] > 0) == (size > 0) for corpus, size in sizes.items())
    assert all(found[one] <= found[other] + 1 for one in sizes for other in sizes if sizes[one] <= sizes[other])


@pytest.mark.parametrize(
    ("quota", "expected"),
    [
        pytest.param(0, {}, id="none"),
        pytest.param(3, dict.fromkeys(BY_DRAW[:3], 1), id="the smallest draws"),
        pytest.param(10, dict.fromkeys(BY_DRAW, 1), id="all"),
        pytest.param(23, dict.fromkeys(BY_DRAW, 2) | dict.fromkeys(BY_DRAW[:3], 3), id="all twice, the smallest draws three times"),
    ],
)
def test_chosen_documents(quota: int, expected: dict[str, int]) -> None:
    assert chosen(iter(IDS), quota, seed=7, corpus="wood") == expected


def test_an_empty_corpus_gives_nothing() -> None:
    assert chosen([], 5, seed=7, corpus="wood") == {}


@given(ids=st.lists(st.text(max_size=3), unique=True, min_size=1), small=st.integers(0, 50), more=st.integers(0, 50))
def test_a_larger_quota_holds_a_smaller_one_in_any_order_of_the_ids(ids: list[str], small: int, more: int) -> None:
    less = chosen(ids, small, seed=0, corpus="c")
    larger = chosen(ids[::-1], small + more, seed=0, corpus="c")

    assert sum(less.values()) == small
    assert sum(larger.values()) == small + more
    assert all(larger[id] >= copies for id, copies in less.items())
    assert max(larger.values(), default=0) - min(larger.values(), default=0) <= 1


def test_seed_and_corpus_change_the_choice() -> None:
    choices = [set(chosen(IDS, 5, seed=seed, corpus=corpus)) for seed, corpus in ((7, "wood"), (8, "wood"), (7, "lake"))]

    assert choices[0] != choices[1]
    assert choices[0] != choices[2]


SEEDS = range(20)


@pytest.mark.parametrize(
    ("labels_of", "k", "expected"),
    [
        pytest.param(
            {"d1": {"rare": 1, "often": 1}, "d2": {"often": 1}, "d3": {"often": 1}}, 1, {"d1"}, id="the rarest label's also serve"
        ),
        pytest.param(
            # From z over b to a: x; then n, since m would make three a. Beginning with a, m could come first, and stay for b.
            {"x": {"z": 1, "a": 2}, "m": {"b": 1, "a": 1}, "n": {"b": 1}},
            1,
            {"x", "n"},
            id="the rarest label first",
        ),
        pytest.param({"d1": {"a": 3}, "d2": {"a": 2}}, 1, {"d2"}, id="2k at most"),
        pytest.param({"d1": {"a": 9}, "d2": {"a": 1}}, 2, {"d1"}, id="unless k cannot be had otherwise"),
        pytest.param({"d1": {"a": 1}, "d2": {"a": 1, "b": 1}}, 5, {"d1", "d2"}, id="fewer than k: all"),
        pytest.param({"d1": {}, "d2": {"a": 0}, "d3": {"a": 1}}, 1, {"d3"}, id="without examples never"),
        pytest.param({"d1": {}}, 1, set(), id="nothing to choose"),
    ],
)
def test_few_shot_sets_that_no_seed_changes(labels_of: dict[str, dict[str, int]], k: int, expected: set[str]) -> None:
    assert [few_shot(labels_of.items(), k, seed=seed, corpus="c") for seed in SEEDS] == [expected] * 20


def test_a_document_whose_labels_the_others_hold_goes_again() -> None:
    # x comes first where it is drawn before y; if y then serves `often`, it serves `rare` too, and x is not needed.
    labels_of = {"x": {"rare": 1}, "y": {"rare": 1, "often": 1}, "z": {"often": 1}, "w": {"often": 1}}

    found = {frozenset(few_shot(labels_of.items(), 1, seed=seed, corpus="c")) for seed in range(60)}

    assert found == {frozenset("y"), frozenset("xz"), frozenset("xw")}


def test_few_shot_draws_among_alike_documents() -> None:
    labels_of = {f"d{number}": {"a": 1} for number in range(9)}

    assert len({frozenset(few_shot(labels_of.items(), 3, seed=seed, corpus="c")) for seed in SEEDS}) > 10


def test_few_shot_with_k_below_one_is_refused() -> None:
    with pytest.raises(SettingsError) as error:
        few_shot([], 0, seed=0, corpus="c")

    assert str(error.value) == "few_shot: expected 1 or more, found 0."


some_corpus = st.dictionaries(
    st.integers(0, 99).map(str), st.dictionaries(st.sampled_from("abcde"), st.integers(0, 4)), max_size=25
)


@settings(max_examples=200)
@given(labels_of=some_corpus, k=st.integers(1, 5), seed=st.integers(0, 3))
def test_few_shot_sets_hold_every_label_and_no_document_can_be_spared(
    labels_of: dict[str, dict[str, int]], k: int, seed: int
) -> None:
    frequency: Counter[str] = sum((Counter(labels) for labels in labels_of.values()), Counter())

    def enough(ids: set[str]) -> bool:
        held: Counter[str] = sum((Counter(labels_of[id]) for id in ids), Counter())
        return all(held[label] >= min(k, number) for label, number in frequency.items())

    found = few_shot(labels_of.items(), k, seed=seed, corpus="c")

    assert enough(found)
    assert not any(enough(found - {id}) for id in found)
    assert few_shot(reversed(labels_of.items()), k, seed=seed, corpus="c") == found


@pytest.mark.parametrize(("share", "least", "most"), [(0, 0, 0), (0.3, 250, 350), (1, 1000, 1000)])
def test_a_share_of_the_empty_documents_is_kept(share: float, least: int, most: int) -> None:
    kept = sum(keeps_empty(share, seed=0, corpus="c", id=str(number)) for number in range(1000))

    assert least <= kept <= most  # 300 expected of 0.3, standard deviation 14


def test_a_larger_share_keeps_the_empty_documents_of_a_smaller_one() -> None:
    def kept(share: float) -> set[str]:
        return {id for id in IDS * 20 if keeps_empty(share, seed=0, corpus="c", id=id)}

    assert kept(0.2) < kept(0.7)
