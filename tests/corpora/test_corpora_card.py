"""`corpus_card`: every figure of a small corpus, counted by hand."""

import json
from pathlib import Path

import pytest

from uie.corpora.card import MentionCard
from uie.corpora.config import Cut, DatasetConfig, SplitFiles, load_dataset_config
from uie.corpora.describing import _special, corpus_card
from uie.corpora.repeats import Repeats
from uie.documents import Document, Entity, Event, Mention
from uie.errors import CorpusError

LABELS = {
    "entities": {"person": {"name": "human", "description": "who"}, "place": "where", "unused": None},
    "relations": ["lives in"],
    "events": {"move": {"roles": ["to"]}},
}


def span(text: str, start: int, type: str) -> dict:
    return {"start": start, "end": start + len(text), "text": text, "type": type}


TRAIN = [
    {
        "text": "Ann lives in Rome.",
        "entities": [span("Ann", 0, "person"), span("Rome", 13, "place")],
        "relations": [{"type": "lives in", "head": 0, "tail": 1}],
        "events": [],
    },
    {
        "text": "Bob goes to Bonn.",
        "entities": [span("Bob", 0, "person")],
        "relations": [],
        "events": [
            {
                "type": "move",
                "trigger": {"start": 4, "end": 8, "text": "goes"},
                "arguments": [{"role": "to", "start": 12, "end": 16, "text": "Bonn"}],
            }
        ],
    },
    {"text": "It rains.", "entities": [], "relations": [], "events": []},
]
TEST = [{"text": "Ann  lives in rome.", "entities": [span("Ann", 0, "star")], "relations": [], "events": []}]


def config(folder: Path, **changes) -> DatasetConfig:
    for name, rows in (("train", TRAIN), ("test", TEST)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    splits = {name: SplitFiles((f"{name}.jsonl",)) for name in ("train", "test")}
    given = {"title": "Small", "licence": "CC0", "citation": "Nobody", "note": "Invented.", **changes}
    return DatasetConfig("mine", "en", "documents", ("NER", "RE", "EE"), splits, LABELS, folder=str(folder), **given)


def test_splits_with_counts_empty_documents_and_lengths(tmp_path):
    card = corpus_card(config(tmp_path), data_root=None)

    train, test = card.splits
    assert (train.name, train.cut, train.empty) == ("train", "", 1)
    assert train.counts == {"documents": 3, "entities": 3, "relations": 1, "events": 1, "arguments": 1}
    assert train.lengths == {"least": 9, "5 %": 9, "25 %": 9, "median": 17, "75 %": 18, "95 %": 18, "most": 18} | {
        "25 %": 9,
        "75 %": 18,
    }
    assert (test.name, test.counts["documents"], test.empty) == ("test", 1, 0)
    assert (card.documents, card.title, card.licence, card.note) == (4, "Small", "CC0", "Invented.")


def test_types_with_counts_by_split_and_an_example_and_those_that_the_schema_lacks(tmp_path):
    card = corpus_card(config(tmp_path), data_root=None)

    types = [(one.kind, one.within, one.label, one.name, dict(one.counts), one.example) for one in card.types]
    assert types == [
        ("entity", "", "person", "human", {"train": 2}, "Ann"),
        ("entity", "", "place", "place", {"train": 1}, "Rome"),
        ("entity", "", "unused", "unused", {}, ""),
        ("relation", "", "lives in", "lives in", {"train": 1}, "Ann → Rome"),
        ("event", "", "move", "move", {"train": 1}, "goes"),
        ("role", "move", "to", "to", {"train": 1}, "Bonn"),
        ("entity", "", "star", "star", {"test": 1}, "Ann"),
    ]
    assert card.types[0].description == "who"


def test_texts_that_repeat_and_annotations_that_differ(tmp_path):
    card = corpus_card(config(tmp_path), data_root=None)

    assert card.repeats == (Repeats("train", "test", False, 1, f"{tmp_path}/test.jsonl:1", f"{tmp_path}/train.jsonl:1"),)
    assert card.differing == 1


def test_lengths_fall_into_bins_of_a_round_width(tmp_path):
    card = corpus_card(config(tmp_path), data_root=None)

    # 19 / 11 = 1.7, so that bins are 2 characters wide: 9, then 17, then 18 and 19
    filled = [(one.low, one.high, dict(one.counts)) for one in card.lengths if any(one.counts.values())]
    assert filled == [(8, 9, {"train": 1, "test": 0}), (16, 17, {"train": 1, "test": 0}), (18, 19, {"train": 1, "test": 1})]


def test_types_that_stand_in_one_document(tmp_path):
    card = corpus_card(config(tmp_path), data_root=None)

    (entities,) = card.together
    assert (entities.kind, entities.labels) == ("entity", ("person", "place", "star"))
    assert entities.documents == ((2, 1, 0), (1, 1, 0), (0, 0, 1))


def test_cut_splits_are_said_to_be(tmp_path):
    card = corpus_card(config(tmp_path, cut={"dev": Cut("train", 0.25)}), data_root=None)

    assert [(split.name, split.cut) for split in card.splits] == [
        ("train", "without what was cut from it for dev"),
        ("dev", "cut from train (25 %)"),
        ("test", ""),
    ]
    assert card.documents == 4


@pytest.mark.parametrize(
    ("spans", "special"),
    [
        pytest.param(["ab", "cd"], {}, id="apart"),
        pytest.param(["abcd", "bc"], {"nested": 1}, id="nested"),
        pytest.param(["abcd", "ab", "cd"], {"nested": 2}, id="nested at the edges"),
        pytest.param(["abc", "bcd"], {"crossing": 2}, id="crossing"),
        pytest.param(["abcd", "bc", "cde"], {"nested": 1, "crossing": 3}, id="both"),
        pytest.param(["ab", "ab"], {"places": -1}, id="one place twice"),
    ],
)
def test_nested_and_crossing_places(spans, special):
    text = "abcdef"
    entities = tuple(Entity(Mention(span, text.index(span), text.index(span) + len(span)), "t") for span in spans)
    expected = {"mentions": len(spans), "places": len(spans) + special.pop("places", 0), **special}

    assert MentionCard(**_special(Document("d", text, entities=entities))) == MentionCard(**expected)


def test_special_mentions():
    gap = Mention("a c", 0, 5, ((0, 1), (4, 5)))
    entities = (Entity(gap, "t"), Entity(Mention("a", 6, 7), "t"), Entity(Mention("a", 6, 7), "u"), Entity(Mention("x"), "t"))
    events = (Event("e", Mention("a", 8, 9)),)

    card = MentionCard(**_special(Document("d", "a b c a a", entities=entities, events=events)))

    assert card == MentionCard(mentions=5, places=3, discontinuous=1, ungrounded=1, repeated=3, several_types=1)


def test_what_cannot_be_read_is_counted_and_a_missing_file_named(tmp_path):
    own = config(tmp_path)
    (tmp_path / "train.jsonl").write_text("[]\n")
    (tmp_path / "test.jsonl").unlink()

    card = corpus_card(own, data_root=None)

    assert (card.unreadable, card.documents, card.lengths, card.repeats) == (1, 0, (), ())
    assert card.missing == (f"mine: test: no file {tmp_path}/test.jsonl.",)
    with pytest.raises(CorpusError):
        corpus_card(load_dataset_config("wnut17"), data_root=tmp_path)


def test_the_sample_has_the_documents_of_its_config():
    card = corpus_card(load_dataset_config("sample_en"), data_root=None)

    assert card.documents == 285
    assert {one.kind for one in card.types} == {"entity", "relation", "event", "role"}
    assert all(one.example for one in card.types if one.total)
