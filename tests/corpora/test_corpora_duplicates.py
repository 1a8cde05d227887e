"""The same text again: what counts as the same, how little room it takes, which splits lose it."""

import tracemalloc

import pytest

from uie.corpora.duplicates import Leaks, Seen, text_key


def test_a_key_never_changes_with_version_or_machine() -> None:
    # printf 'Ann saw Bob.' | b2sum -l 96
    assert text_key("Ann saw Bob.").hex() == "1f6b5ad79550754817939ef8"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param("Ann saw Bob.", " Ann  saw\n\tBob. ", True, id="amount and kind of white space"),
        pytest.param("Ann saw", "Ann\u3000saw", True, id="ideographic space"),
        pytest.param("Zo\u00eb", "Zoe\u0308", True, id="composed and decomposed accent"),
        pytest.param("Ann saw Bob.", "Annsaw Bob.", False, id="some space and none"),
        pytest.param("Ann", "ann", False, id="case"),
        pytest.param("10\u00b2", "102", False, id="compatibility forms stay apart"),
        pytest.param("", " \n", True, id="nothing but white space"),
        pytest.param("\ud800", "\udbff", False, id="lone surrogates, which JSON can hold"),
    ],
)
def test_which_texts_are_the_same(one: str, other: str, same: bool) -> None:
    assert (text_key(one) == text_key(other)) is same


def test_a_text_is_new_once() -> None:
    seen = Seen()

    assert [seen.add(text) for text in ("Ann.", "Bob.", "Ann. ", "Bob.")] == [True, True, False, False]
    assert len(seen) == 2
    assert "Bob.\n" in seen
    assert "Eve." not in seen


def test_100_000_texts_take_at_most_150_bytes_each_however_long_they_are() -> None:
    end = " and so on" * 20
    tracemalloc.start()
    seen = Seen()
    for number in range(100_000):
        seen.add(f"{number}{end}")
    now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(seen) == 100_000
    assert 48 < now / 100_000 <= most / 100_000 <= 150  # `most`: while the table grows, its old form is still there


def test_train_and_dev_lose_the_texts_of_test_and_train_those_of_dev() -> None:
    leaks = Leaks()
    leaks.hold("test", "In test.")
    leaks.hold("dev", "In dev.")
    leaks.hold("train", "In train.")

    texts = ("In test.", "In dev.", "In train.")
    assert {split: [text for text in texts if leaks.holds(split, text)] for split in ("train", "dev", "test")} == {
        "train": ["In test.", "In dev."],
        "dev": ["In test."],
        "test": [],
    }
