"""Texts that repeat others: which count as the same, which as near, where the first one stands, and how little room it takes."""

import tracemalloc

import pytest

from uie.corpora.repeats import Repeats, Texts
from uie.documents import Document, Entity, Mention

LONG = "On Monday the harbour of Lindau was closed because the storm had torn three boats from their moorings and thrown them on the pier."
CHINESE = "星期一的暴风雨把三条船从码头上扯走，林道港因此关闭了整整一天，直到晚上才重新开放，所有的船员都平安地回到了家里。"


def texts_of(*rows):
    """Rows: (split, place, text) or (split, place, text, types of the first word)."""
    texts = Texts()
    for split, where, text, *types in rows:
        end = len(text.split()[0])
        entities = tuple(Entity(Mention(text[:end], 0, end), type) for type in types)
        texts.add(Document("d", text, entities=entities), split=split, where=where)
    return texts


def found(texts, *splits):
    return list(texts.repeats(splits or ("train", "dev", "test")))


def test_documents_that_repeat_a_text_of_their_split_are_counted_and_the_first_is_placed():
    texts = texts_of(("train", "f:1", "Ann."), ("train", "f:2", "Bob."), ("train", "f:3", "Ann."), ("train", "f:4", "ann. "))

    assert found(texts) == [Repeats("train", "train", False, 2, "f:3", "f:1")]


def test_texts_of_two_splits_are_counted_once_however_often_they_stand_there():
    rows = [("train", "f:1", "Ann."), ("train", "f:2", "Bob."), ("test", "g:item 0", "Eve."), ("test", "g:item 1", "Ann.")]
    texts = texts_of(*rows, ("test", "g:item 2", "Ann."))

    assert found(texts) == [
        Repeats("test", "test", False, 1, "g:item 2", "g:item 1"),
        Repeats("train", "test", False, 1, "g:item 1", "f:1"),
    ]


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        pytest.param(LONG, LONG.replace("three", "two"), True, id="a word changed"),
        pytest.param(LONG, LONG + " Nobody was hurt.", True, id="a sentence more"),
        pytest.param(CHINESE, CHINESE.replace("三", "两"), True, id="a Chinese character changed"),
        pytest.param(LONG, " ".join(LONG.split()[::-1]), False, id="the same words in another order"),
        pytest.param(LONG, CHINESE, False, id="another text"),
        pytest.param("Ann met Bob on Monday in Rome.", "Ann met Bob on Monday in Bonn.", False, id="too short to tell"),
    ],
)
def test_which_texts_are_nearly_the_same(one, other, near):
    texts = texts_of(("train", "f:1", one), ("test", "g", other))

    assert found(texts) == ([Repeats("train", "test", True, 1, "g", "f:1")] if near else [])


def test_a_text_that_is_there_exactly_is_no_near_one_too():
    texts = texts_of(("train", "f:1", LONG), ("train", "f:2", LONG.replace("three", "two")), ("test", "g:1", LONG.upper()))

    assert found(texts) == [
        Repeats("train", "train", True, 1, "f:2", "f:1"),
        Repeats("train", "test", False, 1, "g:1", "f:1"),
    ]


def test_what_very_many_texts_share_makes_none_of_them_near():
    head = (
        "This message was sent automatically by the service desk; please do not reply to it, nobody will read your answer. Ticket "
    )
    texts = texts_of(*(("train", f"f:{number}", f"{head}{number}") for number in range(1, 40)))

    assert found(texts) == []


def test_texts_with_different_annotations_are_told_with_two_places():
    rows = [("train", "f:1", "Ann sings.", "person"), ("train", "f:2", "Bob sings.", "person")]
    same = texts_of(*rows, ("test", "g:1", "ann  sings.", "person"))
    differing = texts_of(
        *rows, ("test", "g:1", "Ann sings."), ("test", "g:2", "Ann sings."), ("test", "g:3", "Bob sings.", "place")
    )

    assert same.differing() is None
    assert differing.differing() == (2, "g:1", "f:1")


def test_no_texts_repeat_nothing():
    assert found(Texts()) == []
    assert Texts().differing() is None


def test_places_of_every_form_come_back():
    places = ("a/b.txt:7", "a/b.txt:item 0", "C:/odd:name.txt", "a/b.txt:12:item 3", "")
    texts = texts_of(*(("train", place, "Ann.") for place in places))

    assert [texts._places[number] for number in range(5)] == list(places)


def test_a_document_takes_at_most_200_bytes():
    tracemalloc.start()
    texts = Texts()
    for number in range(20_000):
        texts.add(
            Document("", f"{number} {number * 7919} is a number and {number * 31} another, far from it."),
            split="train",
            where=f"f:{number}",
        )
    now, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert 100 < now / 20_000 < 200
