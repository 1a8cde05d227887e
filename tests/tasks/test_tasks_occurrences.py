"""Where a string stands in a text: places, word boundaries, occurrence numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.documents import Mention
from uie.tasks.occurrences import at_word_boundaries, is_unspaced, occurrence_of, places


@pytest.mark.parametrize(
    ("text", "string", "expected"),
    [
        pytest.param("art party art", "art", [0, 10], id="a word inside another does not count"),
        pytest.param("party", "art", [1], id="unless it stands nowhere else"),
        pytest.param("parts artist", "art", [1, 6], id="then all places count"),
        pytest.param("Rome, Rome and Romeo", "Rome", [0, 6], id="punctuation is a boundary"),
        pytest.param("B2B B2", "B2", [4], id="digits belong to words"),
        pytest.param("中国中国人", "中国", [0, 2], id="Chinese has no boundaries"),
        pytest.param("在Rome的art展", "art", [6], id="between Chinese, a Latin word has its boundaries"),
        pytest.param("ไทยไทย", "ไทย", [0, 3], id="nor has Thai"),
        pytest.param("人人人", "人人", [0, 1], id="overlapping places count"),
        pytest.param("a-b a", "a", [0, 4], id="a hyphen is a boundary"),
        pytest.param("Rome rome", "rome", [5], id="case matters"),
        pytest.param("İ Ann", "Ann", [2], id="offsets survive letters that grow in lower case"),
        pytest.param("Rome", "Paris", [], id="not there"),
        pytest.param("Rome", "", [], id="the empty string stands nowhere"),
        pytest.param("", "Rome", [], id="empty text"),
        pytest.param("in (NY) NYC", "(NY)", [3], id="edges that are no letters cut no word"),
    ],
)
def test_places(text: str, string: str, expected: list[int]) -> None:
    assert places(text, string) == expected


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        ("party", 1, 4, False),
        ("party", 0, 5, True),
        ("an art", 3, 6, True),
        ("party", 0, 3, False),
        ("中国人", 0, 2, True),
        ("x中", 0, 1, True),
    ],
)
def test_word_boundaries(text: str, start: int, end: int, expected: bool) -> None:
    assert at_word_boundaries(text, start, end) is expected


@pytest.mark.parametrize(
    ("character", "expected"), [("中", True), ("ひ", True), ("ｱ", True), ("𠀀", True), ("ก", True), ("ក", True), ("မ", True), ("a", False), ("서", False), ("é", False)]
)  # fmt: skip
def test_scripts_without_spaces(character: str, expected: bool) -> None:
    assert is_unspaced(character) is expected


@pytest.mark.parametrize(
    ("text", "mention", "expected"),
    [
        pytest.param("Rome and Rome", Mention("Rome", 9, 13), 2, id="the second"),
        pytest.param(
            "party art", Mention("art", 1, 4), 2, id="cut out of a word while a whole one stands elsewhere: those come last"
        ),
        pytest.param("party", Mention("art", 1, 4), 1, id="cut out of a word"),
        pytest.param("Rome", Mention("Rome"), None, id="ungrounded"),
        pytest.param("a b a", Mention("a a", 0, 5, ((0, 1), (4, 5))), None, id="discontinuous"),
    ],
)
def test_the_occurrence_number_counts_places_from_one(text: str, mention: Mention, expected: int | None) -> None:
    assert occurrence_of(text, mention) == expected


@settings(deadline=None, max_examples=100)
@given(st.text("ab 中_", max_size=14), st.text("ab 中_", max_size=3))
def test_at_every_place_stands_the_string(text: str, string: str) -> None:
    found = places(text, string)

    assert all(text[start : start + len(string)] == string for start in found)
    assert found == sorted(set(found))
    assert bool(found) == (string != "" and string in text)
