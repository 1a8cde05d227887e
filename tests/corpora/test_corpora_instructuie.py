"""The layout of InstructUIE: what counts as annotated, as a place and as a label."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.documents import Argument, Entity, Event, Mention, Relation
from uie.errors import CorpusError
from uie.settings import build

FILE = Path(__file__).parent.parent / "data" / "corpora" / "instructuie.json"


def _read(path, bad=raise_bad, **options):
    layout = LAYOUTS.get("instructuie")
    documents = layout.read(path, build(options_of(layout), options, where="test"), bad)
    return [
        replace(document, meta={key: value for key, value in document.meta.items() if key != "place"}) for document in documents
    ]


def _file(tmp_path, *rows):
    path = tmp_path / "train.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_heads_and_tails_become_entities_once_and_relations_without_a_type_are_none():
    document = _read(FILE)[0]

    assert document.id == "4"
    assert document.entities == (
        Entity(Mention("Ida Brun", 0, 8), "person"),
        Entity(Mention("Nordlicht", 14, 23), "company"),
        Entity(Mention("Kiel"), None),
        Entity(Mention("Ida", 0, 3), "person"),  # of a pair without a relation
    )
    assert document.relations == (Relation("leads", 0, 1), Relation("seat", 1, 2))
    assert document.events is None


def test_entities_stay_in_the_order_of_the_file_and_those_without_a_type_are_none():
    document = _read(FILE)[1]

    assert document.entities == (Entity(Mention("Kiel", 8, 12), "place"), Entity(Mention("Kiel"), "place"))
    assert (document.id, document.relations, document.events) == ("", None, None)


def test_events_keep_their_own_arguments_and_an_empty_trigger_is_none():
    document = _read(FILE)[2]

    assert document.events == (
        Event("strike", Mention("struck", 7, 13), (Argument("striker", Mention("They", 2, 6)),)),
        Event("strike", None),
    )
    assert (document.entities, document.relations) == (None, None)


@pytest.mark.parametrize(
    "pos",
    [[], None, [-1, -1], [-8, -5], [4, 6], [3, 7], [9, 99], [4, 7, 9], [4.0, 7.0], [True, 7], "4,7", {"start": 4}],
    ids=str,
)
def test_a_mention_is_a_string_only_where_pos_is_not_its_place(tmp_path, pos):
    (document,) = _read(_file(tmp_path, {"sentence": "Ann Lee. Lee", "entities": [{"name": "Lee", "type": "name", "pos": pos}]}))

    assert document.entities == (Entity(Mention("Lee"), "name"),)
    assert document.meta == {"ungrounded": 1}


def test_a_mention_without_pos_is_a_string_only(tmp_path):
    (document,) = _read(_file(tmp_path, {"sentence": "Ann Lee.", "entities": [{"name": "Lee", "type": "name"}]}))

    assert document.entities == (Entity(Mention("Lee"), "name"),)


def test_ungrounded_mentions_and_what_is_labelled_as_none_are_counted():
    assert [dict(document.meta) for document in _read(FILE)] == [
        {"unrelated": 1, "ungrounded": 1},
        {"unlabelled": 1, "ungrounded": 1},
        {"unlabelled": 2},
    ]


def test_entities_and_relations_of_one_record_share_their_mentions(tmp_path):
    row = {
        "sentence": "Ann knows Lee",
        "entities": [{"name": "Lee", "type": "name", "pos": [10, 13]}],
        "relations": [
            {"head": {"name": "Ann", "type": "name", "pos": [0, 3]}, "type": "knows", "tail": {"name": "Lee", "pos": [10, 13]}}
        ],
    }

    (document,) = _read(_file(tmp_path, row))

    assert document.entities == (Entity(Mention("Lee", 10, 13), "name"), Entity(Mention("Ann", 0, 3), "name"))
    assert document.relations == (Relation("knows", 1, 0),)


def test_a_record_with_nothing_found_is_annotated_all_the_same(tmp_path):
    documents = _read(_file(tmp_path, {"sentence": "Rain", "entities": []}, {"sentence": "Rain", "relations": []}))

    assert [(d.entities, d.relations) for d in documents] == [((), None), ((), ())]


_HALF = "holds half of a character (a \\ud800 to \\udfff by itself, as in a cut text); remove it."


@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        ({"entities": []}, {}, "the key 'sentence' is missing."),
        ({"sentence": "", "entities": []}, {}, "sentence: expected a text, found ''."),
        ({"sentence": "a", "label": []}, {}, "expected one of the keys entities, relations, events; found sentence, label."),
        ({"sentence": "a", "entities": []}, {"needs": "events"}, "the key 'events' is missing."),
        ({"sentence": "a", "entities": [{"name": "a"}]}, {}, "the key 'type' is missing."),
        ({"sentence": "a", "entities": [{"name": "", "type": "t"}]}, {}, "name: expected a text, found ''."),
        ({"sentence": "a", "entities": [{"name": "a", "type": None}]}, {}, "type: expected a text, found None."),
        ({"sentence": "a", "relations": [{"type": "r", "head": {"name": "a"}}]}, {}, "the key 'tail' is missing."),
        ({"sentence": "a", "events": [{"type": "e", "trigger": "a"}]}, {}, "the key 'arguments' is missing."),
        ({"sentence": "a\ud83d", "entities": []}, {}, _HALF),
        ("a", {}, "expected an object, found 'a'."),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_a_record_that_cannot_be_read_goes_to_bad_and_the_next_is_read(tmp_path, row, options, message):
    path = _file(tmp_path, row, {"sentence": "fine", "entities": [], "events": []})
    found = []

    documents = _read(path, lambda error, raw: found.append((str(error), raw)), **options)

    assert [document.text for document in documents] == ["fine"]
    ((error, raw),) = found
    assert error == f"{path}:item 0: {message}"
    assert json.loads(raw.encode("utf-8")) == row


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": expected an array of objects, found an empty file."),
        ('[\n{"sentence": ', ":2: not JSON: Expecting value; expected an array of objects."),
        ('{"sentence": "a"}', ": expected an array of objects, found an object."),
    ],
)
def test_a_file_that_is_no_array_is_refused_whatever_bad_does(tmp_path, text, message):
    path = tmp_path / "train.json"
    path.write_text(text)

    with pytest.raises(CorpusError) as error:
        _read(path, lambda error, raw: None)

    assert str(error.value) == f"{path}{message}"


def test_rows_that_say_no_places_have_none_that_are_wrong(tmp_path):
    path = _file(tmp_path, {"sentence": "Ann left", "entities": [{"name": "Ann", "type": "PER"}]})

    (document,) = _read(path, raise_bad)

    assert "ungrounded" not in document.meta


def test_a_pair_without_a_relation_that_names_nothing_is_counted_alone(tmp_path):
    nothing = {"name": "", "type": "", "pos": []}
    rows = [{"type": "NA", "head": nothing, "tail": nothing}, {"type": "", "head": None, "tail": {"name": "Kiel", "type": "place"}}]

    (document,) = _read(_file(tmp_path, {"sentence": "Kiel", "relations": rows}))

    assert (document.entities, document.relations) == ((Entity(Mention("Kiel"), "place"),), ())
    assert document.meta["unrelated"] == 2


@pytest.mark.parametrize("levels", [600, 900])
def test_a_record_nested_without_end_is_one_that_cannot_be_read(tmp_path, levels):
    deep = '{"sentence": "Ann wept.", "entities": [], "more": ' + "[" * levels + "]" * levels + "}"
    path = tmp_path / "train.json"
    path.write_text(f'[{deep}, {{"sentence": "Bo slept.", "entities": []}}]', encoding="utf-8")
    told = []

    documents = _read(path, lambda error, raw: told.append(str(error)))

    assert [document.text for document in documents] == ["Bo slept."]
    assert len(told) == 1
