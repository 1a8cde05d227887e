"""Safe repairs: what changes, what is left, that each change is listed, and that the copy reads as the corpus did but for them."""

import json
import random
import unicodedata
from dataclasses import replace

import pytest

from uie.corpora.checking import check_corpus
from uie.corpora.config import Counts, Cut, DatasetConfig, SplitFiles, read_dataset_config
from uie.corpora.reading import available_splits, read_corpus
from uie.corpora.repairing import (
    ACCENTS,
    EDGES,
    LINE_ENDS,
    PLACE,
    Repair,
    _composed,
    _line_ends,
    _moved_places,
    repair_corpus,
    repaired,
)
from uie.documents import Argument, Document, Entity, Event, Mention
from uie.errors import CorpusError, OutputError


def document(text, *mentions, tokens=None):
    return Document("d", text, entities=tuple(Entity(mention, "t") for mention in mentions), tokens=tokens)


def mentions(document):
    return [(mention.text, mention.start, mention.end) for mention in document.mentions()]


def test_white_space_at_the_edges_of_mentions_is_left_out():
    mended, changes, left = repaired(document("Ann  sings in Rome .", Mention("Ann  ", 0, 5), Mention("\u3000Rome")), "f:1")

    assert mentions(mended) == [("Ann", 0, 3), ("Rome", 14, 18)]
    assert changes == [
        Repair("f:1", EDGES, "Ann  ", "Ann"),
        Repair("f:1", EDGES, "\u3000Rome", "Rome"),
        Repair("f:1", PLACE, "Rome", "14..18"),
    ]
    assert left == []


def test_parts_of_a_discontinuous_mention_lose_their_edges_each():
    gap = Mention("left  arm ", 0, 19, ((0, 5), (15, 19)))
    mended, changes, _ = repaired(document("left and right arm .", gap), "f:1")

    assert mended.entities[0].mention == Mention("left arm", 0, 18, ((0, 4), (15, 18)))
    assert changes == [Repair("f:1", EDGES, "left  arm ", "left arm")]


def test_a_mention_of_white_space_only_is_left_and_told():
    before = document("Ann  sings", Mention(" ", 3, 4))

    assert repaired(before, "f:1") == (before, [], ["f:1: a mention is nothing but white space."])


def test_line_ends_and_accents_are_mended_and_offsets_move_with_them():
    text = "Zoe\u0308\r\nand Ann\r\nsing"
    before = document(
        text, Mention("Zoe\u0308", 0, 4), Mention("Ann", 10, 13), Mention("Zoe\u0308 B."), tokens=((0, 4), (6, 9), (10, 13))
    )

    mended, changes, left = repaired(before, "f:1")

    assert mended.text == "Zo\u00eb\nand Ann\nsing"
    assert mentions(mended) == [("Zo\u00eb", 0, 3), ("Ann", 8, 11), ("Zo\u00eb B.", None, None)]
    assert mended.tokens == ((0, 3), (4, 7), (8, 11))
    assert [change.kind for change in changes] == [LINE_ENDS, ACCENTS, ACCENTS]
    assert changes[2] == Repair("f:1", ACCENTS, "Zoe\u0308 B.", "Zo\u00eb B.")
    assert left == []


def test_a_text_is_left_where_a_mention_ends_between_a_letter_and_its_accent():
    before = document("Zoe\u0308 sings", Mention("Zoe", 0, 3))

    mended, changes, left = repaired(before, "f:1")

    assert (mended, changes) == (before, [])
    assert left == [f"f:1: {ACCENTS}: not changed, since a mention or a token ends within a letter or a line end."]


def test_what_is_left_and_where_offsets_go_is_as_mending_the_text_before_and_behind_each_of_them_says():
    chosen = random.Random(0)
    moved = left_alone = 0
    for _ in range(3000):
        text = "".join(chosen.choice("ae\u0308\u0327\u0301\u1112\u1161\u11ab\r\n ") for _ in range(chosen.randint(1, 9)))
        places = sorted(chosen.sample(range(len(text) + 1), min(len(text) + 1, chosen.randint(1, 4))))
        for mend in (_line_ends, _composed):
            fits = all(mend(text[:place]) + mend(text[place:]) == mend(text) for place in places)

            found = _moved_places(text, mend(text), set(places), mend)

            assert (found is not None) == fits
            assert not fits or [found[place] for place in places] == [len(mend(text[:place])) for place in places]
            moved, left_alone = moved + fits, left_alone + (not fits)
    assert moved > 500
    assert left_alone > 300


def test_each_token_of_a_long_text_is_mended_once(monkeypatch):
    number = 2000
    read = []
    normalize = unicodedata.normalize
    monkeypatch.setattr(unicodedata, "normalize", lambda form, text: read.append(len(text)) or normalize(form, text))
    tokens = tuple((5 * place, 5 * place + 4) for place in range(number))

    mended, _, left = repaired(document("Zoe\u0308 " * number, tokens=tokens), "f:1")

    assert mended.tokens == tuple((4 * place, 4 * place + 3) for place in range(number))
    assert left == []
    assert sum(read) <= 3 * 5 * number


@pytest.mark.parametrize(
    ("text", "string", "place"),
    [
        pytest.param("Ann met Bob.", "Bob", (8, 11), id="once"),
        pytest.param("Bob met Bob.", "Bob", (None, None), id="twice"),
        pytest.param("This was it.", "is", (None, None), id="once, but within a word"),
        pytest.param("aaa", "aa", (None, None), id="twice, one over the other"),
        pytest.param("林夏作词", "林夏", (0, 2), id="Chinese writes no spaces"),
        pytest.param("Ann", "ann", (None, None), id="another case"),
    ],
)
def test_a_mention_that_stands_in_the_text_once_gets_its_place(text, string, place):
    mended, changes, _ = repaired(document(text, Mention(string)), "f:1")

    assert mentions(mended) == [(string, *place)]
    assert len(changes) == (place != (None, None))


def test_triggers_and_arguments_are_mended_too_and_what_points_to_events_stays():
    events = (Event("attack", Mention("hit ", 4, 8), (Argument("by", Mention("Ann")), Argument("cause", event=0))),)
    before = Document("d", "Ann hit it", events=events)

    mended, _, _ = repaired(before, "f:1")

    event = mended.events[0]
    assert (event.trigger, event.arguments) == (
        Mention("hit", 4, 7),
        (Argument("by", Mention("Ann", 0, 3)), Argument("cause", event=0)),
    )


def test_what_is_fine_is_the_same_document():
    fine = document("Ann sings", Mention("Ann", 0, 3))

    assert repaired(fine, "f:1")[0] is fine


def corpus(folder):
    lines = [
        {"id": f"own-{n}", "text": f"Ann {n}  sings", "entities": [{"start": 0, "end": 4, "text": "Ann ", "type": "person"}]}
        for n in range(40)
    ]
    lines[7]["entities"].append({"start": None, "end": None, "text": "sings", "type": "person"})
    folder.mkdir()
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "all.jsonl").write_text(text + "[]\n", encoding="utf-8")
    return DatasetConfig(
        "mine",
        "en",
        "documents",
        ("NER",),
        {"train": SplitFiles(("all.jsonl",))},
        {"entities": {"person": "a human being"}},
        licence="CC0",
        note="Invented.",
        folder=str(folder),
        cut={"dev": Cut("train", 0.2)},
        expected={"train": Counts(documents=40)},
    )


def test_the_copy_has_the_same_documents_and_splits_but_for_what_is_listed(tmp_path):
    config = corpus(tmp_path / "in")
    before = (tmp_path / "in" / "all.jsonl").read_bytes()

    report = repair_corpus(config, tmp_path / "out", data_root=None)

    copy = read_dataset_config(report.config)
    assert report.repairs == {EDGES: 40, PLACE: 1}
    assert [repair.where.rpartition(":")[2] for repair in report.first if repair.kind == EDGES] == ["1", "2", "3"]
    assert report.left == (f"{tmp_path}/in/all.jsonl:41: expected a JSON object, found list.",)
    assert (tmp_path / "in" / "all.jsonl").read_bytes() == before
    listed = [json.loads(line) for line in (tmp_path / "out" / "mine" / "repairs.jsonl").read_text().splitlines()]
    assert len(listed) == 41
    assert listed[0] == {"where": f"{tmp_path}/in/all.jsonl:1", "kind": EDGES, "before": "Ann ", "after": "Ann"}
    assert (copy.licence, copy.cut, copy.expected, copy.schema()) == (config.licence, config.cut, config.expected, config.schema())
    assert copy.note == "Invented. Repaired by uie corpora check --fix; repairs.jsonl lists what was changed."
    for split in available_splits(config):
        old = list(read_corpus(config, split, data_root=None, bad=lambda error, raw: None))
        new = list(read_corpus(copy, split, data_root=tmp_path / "out"))
        assert [document.id for document in new] == [document.id for document in old]
        assert [document.meta for document in new] == [document.meta for document in old]
        assert new == [repaired(document, "")[0] for document in old]
    assert check_corpus(copy, data_root=tmp_path / "out").findings == ()


def test_nothing_is_written_over(tmp_path):
    config = corpus(tmp_path / "in")
    repair_corpus(config, tmp_path / "out", data_root=None)

    with pytest.raises(OutputError) as taken:
        repair_corpus(config, tmp_path / "out", data_root=None)
    path = tmp_path / "out" / f"{config.name}.yaml"
    assert str(taken.value) == f"{path}: is there already; choose another --fix, or remove what an earlier one wrote."
    with pytest.raises(CorpusError) as error:
        repair_corpus(replace(config, name="other", folder=str(tmp_path / "none")), tmp_path / "out", data_root=None)
    assert str(error.value) == f"other: no folder {tmp_path}/none."
