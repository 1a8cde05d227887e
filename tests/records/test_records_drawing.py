"""Random numbers drawn from a seed and a purpose: the same everywhere, evenly spread."""

from collections import Counter

import pytest

from uie.records.drawing import choose, draw, share_of


def test_a_number_never_changes_with_version_or_machine() -> None:
    # BLAKE2b with 8 bytes of digest over "0", U+001F, "split", U+001F, "d1"; printed by `printf '0\x1fsplit\x1fd1' | b2sum -l 64`.
    assert draw(0, "split", "d1") == 0x1439733B790C1638


def test_the_same_purpose_draws_the_same_number_in_any_order() -> None:
    first = [draw(7, "corpus", number) for number in range(20)]
    again = [draw(7, "corpus", number) for number in reversed(range(20))]

    assert first == again[::-1]
    assert len(set(first)) == 20


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, "a"), (1, "a")),
        ((0, "a"), (0, "b")),
        ((0, "a", "b"), (0, "b", "a")),
        ((0, "ab", "c"), (0, "a", "bc")),
        ((0, "a"), (0, "a", "")),
    ],
    ids=["seed", "purpose", "order", "where a part ends", "an empty part"],
)
def test_another_seed_or_purpose_draws_another_number(one: tuple[int, ...], other: tuple[int, ...]) -> None:
    assert draw(*one) != draw(*other)


def test_choices_are_evenly_spread() -> None:
    counts = Counter(choose("abc", 0, "purpose", number) for number in range(3000))

    assert set(counts) == set("abc")
    assert all(900 < count < 1100 for count in counts.values())  # 1000 expected, standard deviation 26


def test_shares_lie_between_zero_and_one_and_are_evenly_spread() -> None:
    shares = [share_of(0, "split", number) for number in range(2000)]

    assert all(0 <= share < 1 for share in shares)
    assert 150 < sum(share < 0.1 for share in shares) < 250  # 200 expected, standard deviation 13
