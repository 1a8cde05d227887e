"""Layouts of annotation tools and of what is trained on their exports: doccano, Label Studio, Prodigy, spaCy, W2NER, pointers, PaddleNLP."""

import json
import sys
import zlib

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.corpora.labelstudio import guess
from uie.documents import Mention
from uie.errors import CorpusError
from uie.settings import build

TEXT = "Ida met Bo in Lodz."


def read(layout, path, bad=raise_bad, **options):
    layout = LAYOUTS.get(layout)
    return list(layout.read(path, build(options_of(layout), options, where="test"), bad))


@pytest.fixture
def file(tmp_path):
    """Writes rows as JSON Lines, or a text as it is, and gives the path."""

    def write(content, name="corpus.jsonl"):
        path = tmp_path / name
        text = content if isinstance(content, str) else "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in content)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def entities(document):
    return [(entity.mention.start, entity.mention.end, entity.mention.text, entity.type) for entity in document.entities]


def relations(document):
    return [(relation.type, relation.head, relation.tail) for relation in document.relations]


def refused(layout, path, **options):
    """What is said of the only thing that cannot be read, without the file's name."""
    found = []
    read(layout, path, lambda error, raw: found.append(str(error)), **options)
    (message,) = found
    return message.removeprefix(str(path))


# doccano


@pytest.mark.parametrize("key", ["label", "labels"])
def test_doccano_triples_are_read_under_either_key(file, key):
    (document,) = read("doccano", file([{"id": 7, "text": TEXT, key: [[0, 3, "person"], [14, 18, "city"]]}]))

    assert document.id == "7"
    assert entities(document) == [(0, 3, "Ida", "person"), (14, 18, "Lodz", "city")]
    assert document.relations is None


def test_doccano_columns_may_have_names_of_their_own(file):
    path = file([{"body": TEXT, "marks": [[0, 3, "person"]]}])

    (document,) = read("doccano", path, text="body", label="marks")

    assert entities(document) == [(0, 3, "Ida", "person")]


def test_doccano_relations_mean_entities_by_their_ids(file):
    spans = [
        {"id": 40, "start_offset": 14, "end_offset": 18, "label": "city"},
        {"id": 31, "start_offset": 0, "end_offset": 3, "label": "person"},
    ]
    path = file([{"text": TEXT, "entities": spans, "relations": [{"id": 0, "from_id": 31, "to_id": 40, "type": "was in"}]}])

    (document,) = read("doccano", path)

    assert entities(document) == [(14, 18, "Lodz", "city"), (0, 3, "Ida", "person")]
    assert relations(document) == [("was in", 1, 0)]


def test_doccano_without_relations_in_a_row_that_has_their_key_says_that_there_are_none(file):
    (document,) = read("doccano", file([{"text": TEXT, "entities": [], "relations": []}]))

    assert (document.entities, document.relations) == ((), ())


ADMIN = [
    {
        "id": 1,
        "text": TEXT,
        "annotations": [
            {"label": 12, "start_offset": 0, "end_offset": 3, "user": 1},
            {"label": 12, "start_offset": 0, "end_offset": 3, "user": 2},
            {"label": 9, "start_offset": 14, "end_offset": 18, "user": 2},
        ],
    },
    {"id": 2, "text": "Nothing here.", "annotations": []},
]
NAMES = {"12": "person", "9": "city"}


def test_doccano_export_for_administrators_has_a_document_for_each_user(file):
    one, two, nobody = read("doccano", file(ADMIN), names=NAMES)

    assert (one.meta["annotator"], entities(one)) == ("1", [(0, 3, "Ida", "person")])
    assert (two.meta["annotator"], entities(two)) == ("2", [(0, 3, "Ida", "person"), (14, 18, "Lodz", "city")])
    assert [one.meta["place"], two.meta["place"], nobody.meta] == [1, 1, {"place": 2}]
    assert nobody.entities == ()


def test_doccano_gives_one_user_where_one_is_named(file):
    documents = read("doccano", file(ADMIN), names=NAMES, annotator="1")

    assert [entities(document) for document in documents] == [[(0, 3, "Ida", "person")], []]


def test_doccano_label_ids_without_names_stand_for_themselves(file):
    one, *_ = read("doccano", file(ADMIN))

    assert entities(one) == [(0, 3, "Ida", "12")]


def test_doccano_label_id_that_the_names_lack_is_refused(file):
    assert refused("doccano", file(ADMIN), names={"12": "person"}) == ":1: No label id is named '9'. Known: 12."


def test_an_annotator_who_never_occurs_is_an_error(file):
    path = file(ADMIN)

    with pytest.raises(CorpusError) as error:
        read("doccano", path, annotator="3")

    assert str(error.value) == f"{path}: No annotator is named '3'. Known: 1, 2."


def test_doccano_duplicate_spans_are_kept_and_counted(file):
    (document,) = read("doccano", file([{"text": TEXT, "label": [[0, 3, "person"], [0, 3, "person"], [0, 3, "name"]]}]))

    assert [type for *_, type in entities(document)] == ["person", "person", "name"]
    assert document.meta["repeated"] == 1


def test_doccano_objects_printed_over_lines_are_read_one_by_one(file):
    rows = [{"text": TEXT, "label": [[0, 3, "person"]]}, {"text": "Bo left.", "label": [[0, 2, "person"]]}]
    path = file("\n\n".join(json.dumps(row, indent=4) for row in rows) + "\n\n")

    documents = read("doccano", path)

    assert [entities(document) for document in documents] == [[(0, 3, "Ida", "person")], [(0, 2, "Bo", "person")]]
    assert [document.meta["place"] for document in documents] == [1, 12]


def test_a_printed_object_that_is_cut_does_not_take_the_next_with_it(file):
    printed = json.dumps({"text": TEXT, "label": []}, indent=4)
    path = file(printed.rpartition("}")[0] + printed)
    found = []

    documents = read("doccano", path, lambda error, raw: found.append(str(error)))

    assert [document.meta["place"] for document in documents] == [4]
    assert [message.partition(": ")[0] for message in found] == [f"{path}:1"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"label": [[0, 1, "x"]]}, "the key 'text' is missing."),
        (
            {"text": "ab", "category": "x"},
            "there is none of the keys entities, annotations, labels, label; the row has text, category. Name yours: label: KEY.",
        ),
        (
            {"text": "ab", "label": ["Positive"]},
            "expected [start, end, type] or an object with start_offset, end_offset and label, found 'Positive'.",
        ),
        ({"text": "ab", "label": [[1, 3, "x"]]}, "offsets 1 and 3 (characters) mark nothing in a text of 2 characters."),
        ({"text": "ab", "label": [[0, True, "x"]]}, "expected whole numbers as offsets, found 0 and True."),
        ({"text": "ab", "label": [[0, 1, None]]}, "the type of 'a': expected a text, found None."),
        (
            {"text": "ab", "entities": [], "relations": [{"from_id": 4, "to_id": 4, "type": "x"}]},
            "relations: from_id is 4, and no entity has that id.",
        ),
    ],
)
def test_doccano_rows_that_are_not_as_they_should_be_are_refused(file, row, message):
    assert refused("doccano", file([row])) == f":1: {message}"


def test_offsets_in_utf16_units_are_converted(file):
    path = file([{"text": "😀 Lodz", "label": [[3, 7, "city"]]}])

    (document,) = read("doccano", path, unit="utf-16")

    assert entities(document) == [(2, 6, "Lodz", "city")]


@pytest.mark.parametrize("span", [[0, 1], [1, 3], [3, 8]], ids=["end within", "start within", "behind the text"])
def test_offsets_in_utf16_units_that_mark_no_whole_characters_are_refused(file, span):
    path = file([{"text": "😀 Lodz", "label": [[*span, "city"]]}])

    assert refused("doccano", path, unit="utf-16") == (
        f":1: offsets {span[0]} and {span[1]} (utf-16) mark nothing in a text of 6 characters."
    )


# Label Studio


def region(id, start, end, text, *labels):
    return {
        "id": id,
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": {"start": start, "end": end, "text": text, "labels": list(labels)},
    }


def link(head, tail, direction="right", *labels):
    return {"type": "relation", "from_id": head, "to_id": tail, "direction": direction, "labels": list(labels)}


IDA, LODZ = region("a", 0, 3, "Ida", "person"), region("b", 14, 18, "Lodz", "city")


def task(*results, text=TEXT, by=1, **more):
    return {"id": 5, "data": {"text": text}, "annotations": [{"completed_by": by, "result": list(results)}], **more}


def test_labelstudio_regions_nest_cross_and_span_lines(file):
    text = "New\nYork City\nHall"
    results = [
        region("a", 0, 13, "New\nYork City", "city"),
        region("b", 4, 8, "York", "name"),
        region("c", 9, 18, "City\nHall", "place"),
    ]
    path = file(json.dumps([task(*results, text=text)]))

    (document,) = read("labelstudio", path)

    assert entities(document) == [(0, 13, "New\nYork City", "city"), (4, 8, "York", "name"), (9, 18, "City\nHall", "place")]
    assert (document.id, document.relations) == ("5", None)
    assert document.meta == {"annotator": "1", "place": "item 0"}


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ("right", [("in", 0, 1)]),
        ("left", [("in", 1, 0)]),
        ("bi", [("in", 0, 1), ("in", 1, 0)]),
    ],
)
def test_labelstudio_relations_have_a_direction(file, direction, expected):
    (document,) = read("labelstudio", file([task(link("a", "b", direction, "in"), IDA, LODZ)]), relations=True)

    assert relations(document) == expected


def test_labelstudio_relations_without_a_label_have_no_type_and_with_several_are_several(file):
    path = file([task(IDA, LODZ, link("a", "b"), link("b", "a", "right", "x", "y"))])

    (document,) = read("labelstudio", path, relations=True)

    assert relations(document) == [(None, 0, 1), ("x", 1, 0), ("y", 1, 0)]


def test_labelstudio_relations_are_not_dropped_unasked(file):
    path = file([task(IDA, LODZ, link("a", "b", "right", "in"))])

    assert refused("labelstudio", path) == ":1: the task has relations: set the option relations: true."
    assert guess(path) == {"relations": True}


def test_labelstudio_relations_mean_the_first_of_several_labels(file):
    path = file([task(region("a", 0, 3, "Ida", "person", "name"), LODZ, link("b", "a", "right", "x"))])

    (document,) = read("labelstudio", path, relations=True)

    assert entities(document) == [(0, 3, "Ida", "person"), (0, 3, "Ida", "name"), (14, 18, "Lodz", "city")]
    assert relations(document) == [("x", 2, 0)]


def test_labelstudio_predictions_are_read_only_when_they_are_asked_for(file):
    marked = {"data": {"text": TEXT}, "predictions": [{"model_version": "v1", "score": 0.5, "result": [IDA]}]}
    path = file([marked])

    (document,) = read("labelstudio", path, source="predictions")

    assert (entities(document), document.meta["annotator"]) == ([(0, 3, "Ida", "person")], "v1")
    assert refused("labelstudio", path) == (
        ":1: the task has no annotations; it has predictions: set the option source: predictions."
    )
    assert guess(path) == {"source": "predictions"}


def test_labelstudio_annotators_have_a_document_each_and_skipped_work_has_none(file):
    both = task(IDA)
    both["annotations"] += [
        {"completed_by": {"id": 2, "email": "bo@example.org"}, "result": [LODZ]},
        {"completed_by": 3, "was_cancelled": True, "result": []},
    ]
    path = file([both])

    documents = read("labelstudio", path)

    assert [(document.meta["annotator"], entities(document)) for document in documents] == [
        ("1", [(0, 3, "Ida", "person")]),
        ("bo@example.org", [(14, 18, "Lodz", "city")]),
    ]
    for name in ("2", "bo@example.org"):
        (document,) = read("labelstudio", path, annotator=name)
        assert entities(document) == [(14, 18, "Lodz", "city")]


def test_labelstudio_results_without_a_span_are_counted(file):
    choice = {"id": "c", "type": "choices", "value": {"choices": ["good"]}}

    (document,) = read("labelstudio", file([task(IDA, choice)]))

    assert document.meta["passed_over"] == 1


def test_labelstudio_mention_that_stands_elsewhere_is_kept_without_a_place(file):
    (document,) = read("labelstudio", file([task(IDA, region("b", 15, 19, "Lodz", "city"))]))

    assert [entity.mention for entity in document.entities] == [Mention("Ida", 0, 3), Mention("Lodz")]
    assert document.meta["ungrounded"] == 1


def test_labelstudio_offsets_that_count_utf16_units_are_named_and_read_when_asked(file):
    path = file([task(region("a", 3, 7, "Lodz", "city"), text="😀 Lodz!")])

    assert refused("labelstudio", path) == (
        ":1: the mention 'Lodz' does not stand at 3..7, where the text has 'odz!'; it does if offsets count UTF-16 code units: "
        "set the option unit: utf-16."
    )
    (document,) = read("labelstudio", path, unit="utf-16")
    assert entities(document) == [(2, 6, "Lodz", "city")]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": TEXT}, "the key 'data' is missing."),
        (task(), None),
        (task(link("a", "b")), "a relation points to 'a', and no region has that id."),
        (task(IDA, link("a", "a", "up")), "direction: expected one of right, left, bi, found 'up'."),
        (task(region("a", "/p[1]", "/p[1]", "Ida", "x")), "expected whole numbers as offsets, found '/p[1]' and '/p[1]'."),
    ],
)
def test_labelstudio_tasks_that_are_not_as_they_should_be_are_refused(file, row, message):
    path = file([row])

    if message is None:  # marked by somebody who found nothing
        assert [document.entities for document in read("labelstudio", path)] == [()]
    else:
        assert refused("labelstudio", path, relations=True) == f":1: {message}"


def test_labelstudio_guesses_nothing_of_other_files(file):
    assert guess(file([{"text": TEXT}])) is None
    assert guess(file("no JSON")) is None


# Prodigy


def prodigy(hash, text, *spans, **more):
    marked = {"spans": [{"start": start, "end": end, "label": label} for start, end, label in spans]} if spans else {}
    return {"text": text, "_input_hash": hash, **marked, "answer": "accept", **more}


def test_prodigy_rows_without_spans_hold_nothing(file):
    one, two = read("prodigy", file([prodigy(-3, TEXT, (0, 3, "person")), prodigy(4, "Nothing.")]))

    assert (one.id, entities(one)) == ("-3", [(0, 3, "Ida", "person")])
    assert (two.id, two.entities, two.relations) == ("4", (), None)


def test_prodigy_token_end_is_inclusive_and_passed_over(file):
    row = prodigy(1, "Ida left", (0, 8, "clause"))
    row["spans"][0] |= {"token_start": 0, "token_end": 1}
    row["tokens"] = [{"text": "Ida", "start": 0, "end": 3, "id": 0}, {"text": "left", "start": 4, "end": 8, "id": 1}]

    (document,) = read("prodigy", file([row]))

    assert entities(document) == [(0, 8, "Ida left", "clause")]
    assert document.tokens == ((0, 3), (4, 8))


def test_prodigy_reads_what_was_accepted_unless_asked_for_more(file):
    path = file([{**prodigy(number, TEXT), "answer": answer} for number, answer in enumerate(("accept", "reject", "ignore"))])

    assert [document.id for document in read("prodigy", path)] == ["0"]
    assert [(document.id, document.meta.get("answer")) for document in read("prodigy", path, answers=["accept", "reject"])] == [
        ("0", None),
        ("1", "reject"),
    ]


@pytest.mark.parametrize("key", ["_annotator_id", "_session_id"])
def test_prodigy_rows_of_one_annotator(file, key):
    path = file([prodigy(1, TEXT, (0, 3, "person"), **{key: "ann"}), prodigy(1, TEXT, (8, 10, "person"), **{key: "bo"})])

    (document,) = read("prodigy", path, annotator="bo")

    assert (entities(document), document.meta["annotator"]) == ([(8, 10, "Bo", "person")], "bo")


def test_prodigy_relations_are_between_spans(file):
    spans = [{"start": 0, "end": 3, "label": "person"}, {"start": 14, "end": 18, "label": "city"}]
    relation = {"head": 0, "child": 4, "head_span": spans[0], "child_span": spans[1], "label": "was in"}
    path = file([{**prodigy(1, TEXT, (14, 18, "city"), (0, 3, "person")), "relations": [relation]}])

    (document,) = read("prodigy", path)

    assert relations(document) == [("was in", 1, 0)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (prodigy(1, TEXT, (0, 99, "x")), "offsets 0 and 99 (characters) mark nothing in a text of 19 characters."),
        ({**prodigy(1, TEXT), "answer": "maybe"}, "answer: expected one of accept, reject, ignore, found 'maybe'."),
        (
            {**prodigy(1, TEXT), "tokens": [{"text": "Ido", "start": 0, "end": 3}]},
            "the mention 'Ido' does not stand at 0..3, where the text has 'Ida'.",
        ),
    ],
)
def test_prodigy_rows_that_are_not_as_they_should_be_are_refused(file, row, message):
    assert refused("prodigy", file([row])) == f":1: {message}"


# spaCy


def test_spacy_pairs_and_objects_are_examples(file):
    examples = [
        [TEXT, {"entities": [[0, 3, "person"], [14, 18, "city"]]}],
        ["Nothing.", {"entities": []}],
        {"text": TEXT, "spans": [{"start": 8, "end": 10, "label": "person"}]},
    ]

    documents = read("spacy", file(json.dumps(examples)))

    assert [entities(document) for document in documents] == [
        [(0, 3, "Ida", "person"), (14, 18, "Lodz", "city")],
        [],
        [(8, 10, "Bo", "person")],
    ]
    assert [document.meta["place"] for document in documents] == ["item 0", "item 1", "item 2"]


def test_spacy_examples_may_stand_a_line(file):
    path = file([{"text": TEXT, "ents": [{"start": 0, "end": 3, "label": "person"}]}])

    assert entities(read("spacy", path)[0]) == [(0, 3, "Ida", "person")]


def test_spacy_span_groups_are_chosen(file):
    groups = {"spans": {"sc": [[0, 3, "person"]], "other": [[0, 10, "clause"]]}}
    path = file(json.dumps([[TEXT, groups]]))

    assert entities(read("spacy", path, spans="other")[0]) == [(0, 10, "Ida met Bo", "clause")]
    assert refused("spacy", path) == ":item 0: spans: No span group is named ''. Known: other, sc."


@pytest.mark.parametrize(
    ("example", "message"),
    [
        ([TEXT, {"cats": {}}], "there is none of the keys entities, ents, spans; the example has cats, text."),
        ([TEXT], f"expected an object, found ['{TEXT}']."),
        ([TEXT, {"entities": ["O"]}], "expected [start, end, label] or an object with start, end and label, found 'O'."),
        ({"paragraphs": []}, "this is the training format of spaCy 2, which the layout spacy_json reads."),
    ],
)
def test_spacy_examples_that_are_not_as_they_should_be_are_refused(file, example, message):
    assert refused("spacy", file(json.dumps([example]))) == f":item 0: {message}"


def docbin(tmp_path, *docs):
    tokens = pytest.importorskip("spacy.tokens")
    path = tmp_path / "corpus.spacy"
    tokens.DocBin(docs=docs).to_disk(path)
    return path


def test_spacy_docbin_gives_tokens_entities_and_what_was_never_annotated(tmp_path):
    spacy = pytest.importorskip("spacy")
    one, two, three = (spacy.blank("en").make_doc(text) for text in (TEXT, "Nothing.", "Bo left."))
    one.ents = [one.char_span(0, 3, label="person", kb_id="Q1"), one.char_span(14, 18, label="city")]
    two.ents = []
    three.spans["sc"] = [three[0:1], three[0:2]]

    documents = read("spacy", docbin(tmp_path, one, two, three))

    assert entities(documents[0]) == [(0, 3, "Ida", "person"), (14, 18, "Lodz", "city")]
    assert [entity.norms for entity in documents[0].entities] == [("Q1",), ()]
    assert documents[0].tokens == ((0, 3), (4, 7), (8, 10), (11, 13), (14, 18), (18, 19))
    assert documents[1].entities == ()
    assert entities(documents[2]) == [(0, 2, "Bo", None), (0, 7, "Bo left", None)]
    assert [document.meta["place"] for document in documents] == ["item 0", "item 1", "item 2"]


def test_spacy_docbin_with_an_empty_span_leaves_out_that_document_only(tmp_path):
    spacy = pytest.importorskip("spacy")
    one, two = (spacy.blank("en").make_doc(text) for text in (TEXT, "Bo left."))
    one.spans["sc"], two.spans["sc"] = [one[0:0]], [two[0:1]]
    path = docbin(tmp_path, one, two)
    found = []

    (document,) = read("spacy", path, lambda error, raw: found.append((str(error), raw)))

    assert entities(document) == [(0, 2, "Bo", None)]
    assert found == [(f"{path}:item 0: mention '': expected 0 <= start < end, found 0 and 0.", TEXT)]


def test_spacy_docbin_without_entities_is_not_annotated(tmp_path):
    spacy = pytest.importorskip("spacy")

    (document,) = read("spacy", docbin(tmp_path, spacy.blank("en").make_doc(TEXT)))

    assert document.entities is None


def test_spacy_docbin_that_is_cut_or_none_is_refused(tmp_path):
    spacy = pytest.importorskip("spacy")
    whole = docbin(tmp_path, spacy.blank("en").make_doc(TEXT)).read_bytes()
    path = tmp_path / "broken.spacy"
    inner = zlib.decompress(whole)

    for content in (
        b"",
        b"no DocBin",
        *(whole[:end] for end in range(1, len(whole), 40)),
        *(zlib.compress(inner[:end]) for end in range(0, len(inner), 40)),
        *(zlib.compress(inner[:at] + b"\xff\x00" + inner[at + 2 :]) for at in range(0, len(inner), 15)),
        zlib.compress(b"\x80"),
    ):
        path.write_bytes(content)
        try:
            read("spacy", path)
        except CorpusError as error:
            assert str(error).startswith(f"{path}:"), content  # noqa: PT017
    path.write_bytes(b"no DocBin")
    with pytest.raises(CorpusError, match=r"not a DocBin: ValueError: \[E1014\]"):
        read("spacy", path)


def test_spacy_docbin_without_spacy_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "corpus.spacy"
    path.write_bytes(zlib.compress(b"\x80"))
    monkeypatch.setitem(sys.modules, "spacy.tokens", None)

    with pytest.raises(CorpusError) as error:
        read("spacy", path)

    assert str(error.value) == f'{path}: a DocBin, which spaCy reads and which is not installed: pip install "spacy>=3.8".'


# W2NER


def test_w2ner_indices_with_gaps_are_discontinuous_mentions(file):
    item = {
        "sentence": ["Arms", "and", "legs", "ache", "."],
        "ner": [{"index": [0, 3], "type": "pain"}, {"index": [2, 3], "type": "pain"}],
    }

    (document,) = read("w2ner", file(json.dumps([item])))

    assert document.text == "Arms and legs ache ."
    assert [entity.mention for entity in document.entities] == [
        Mention("Arms ache", 0, 18, ((0, 4), (14, 18))),
        Mention("legs ache", 9, 18),
    ]


def test_w2ner_characters_are_joined_by_nothing(file):
    item = {"sentence": list("安娜住罗马"), "ner": [{"index": [3, 4], "type": "LOC"}]}

    (document,) = read("w2ner", file(json.dumps([item])), join="none")

    assert (document.text, entities(document)) == ("安娜住罗马", [(3, 5, "罗马", "LOC")])


@pytest.mark.parametrize(
    ("index", "found"),
    [
        ([], "[]"),
        ([1, 0], "[1, 0]"),
        ([0, 0], "[0, 0]"),
        ([-1], "[-1]"),
        ([1, 2], "[1, 2]"),
        (["0"], "['0']"),
    ],
)
def test_w2ner_indices_that_mean_no_tokens_are_refused(file, index, found):
    path = file(json.dumps([{"sentence": ["a", "b"], "ner": [{"index": index, "type": "x"}]}]))

    assert refused("w2ner", path) == f":item 0: expected the numbers of tokens in rising order, from 0 to 1, found {found}."


# Pointers


def test_pointer_labels_are_tuples_with_an_exclusive_end(file):
    item = {"id": 3, "text": "安娜住在罗马", "labels": [["T0", "NAME", 0, 2, "安娜"], ["T1", "LOC", 4, 6, "罗马"]]}

    (document,) = read("pointer", file(json.dumps([item])))

    assert (document.id, entities(document)) == ("3", [(0, 2, "安娜", "NAME"), (4, 6, "罗马", "LOC")])


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (["T0", "NAME", 0, 2], "labels: expected [id, type, start, end, mention], found ['T0', 'NAME', 0, 2]."),
        (["T0", "NAME", 1, 3, "安娜"], "the mention '安娜' does not stand at 1..3, where the text has '娜住'."),
    ],
)
def test_pointer_labels_that_are_not_as_they_should_be_are_refused(file, label, message):
    assert refused("pointer", file(json.dumps([{"text": "安娜住在罗马", "labels": [label]}]))) == f":item 0: {message}"


# PaddleNLP


def prompt(content, prompt, *found):
    results = [{"text": text, "start": start, "end": start + len(text)} for text, start in found]
    return {"content": content, "result_list": results, "prompt": prompt}


SONG, OTHER = "安娜作词的《远山》", "今天下雨"


def test_paddle_prompts_of_one_text_are_one_document_wherever_they_stand(file):
    path = file(
        [prompt(SONG, "人物", ("安娜", 0)), prompt(OTHER, "人物"), prompt(SONG, "歌曲", ("远山", 6)), prompt(OTHER, "歌曲")]
    )

    song, other = read("paddle", path)

    assert entities(song) == [(0, 2, "安娜", "人物"), (6, 8, "远山", "歌曲")]
    assert (song.relations, song.asked, song.meta) == (None, {"entities": {"人物": {}, "歌曲": {}}}, {"place": 1})
    assert (other.text, other.entities, other.asked) == (OTHER, (), {"entities": {"人物": {}, "歌曲": {}}})


def test_paddle_relation_prompts_are_relations_to_what_they_found(file):
    rows = [
        prompt(SONG, "远山的作词", ("安娜", 0)),
        prompt(SONG, "歌曲", ("远山", 6)),
        prompt(SONG, "远山的作曲"),
        prompt(OTHER, "晴天的作词"),
    ]

    song, other = read("paddle", file(rows))

    assert entities(song) == [(6, 8, "远山", "歌曲"), (0, 2, "安娜", None)]
    assert relations(song) == [("作词", 0, 1)]
    # asked of a head that the text does not have: no relation there, and no type that was asked for
    assert (other.entities, other.relations, other.asked) == ((), (), {"entities": {}, "relations": {}})


def test_paddle_head_at_several_places_is_ungrounded(file):
    text = "远山和《远山》都是安娜作词"
    rows = [prompt(text, "歌曲", ("远山", 0), ("远山", 4)), prompt(text, "远山的作词", ("安娜", 9))]

    (document,) = read("paddle", file(rows))

    assert [entity.mention for entity in document.entities] == [
        Mention("远山", 0, 2),
        Mention("远山", 4, 6),
        Mention("远山"),
        Mention("安娜", 9, 11),
    ]
    assert relations(document) == [("作词", 2, 3)]
    assert document.meta["ungrounded"] == 1


def test_paddle_types_may_hold_the_particle(file):
    path = file([prompt(SONG, "歌曲的名称", ("远山", 6)), prompt(SONG, "人物", ("安娜", 0))])

    (document,) = read("paddle", path)

    assert entities(document) == [(6, 8, "远山", "歌曲的名称"), (0, 2, "安娜", "人物")]
    assert document.relations is None


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("mentions", None), ("text", [("作词", 0, 1)]), ("none", None)],
)
def test_paddle_heads_that_no_prompt_found_are_relations_only_when_asked(file, asked, expected):
    (document,) = read("paddle", file([prompt(SONG, "远山的作词", ("安娜", 0))]), relations=asked)

    if expected is None:
        assert (entities(document), document.relations) == ([(0, 2, "安娜", "远山的作词")], None)
    else:
        assert relations(document) == expected
        assert [entity.mention.text for entity in document.entities] == ["远山", "安娜"]


def test_paddle_results_that_are_found_twice_are_kept_and_counted(file):
    (document,) = read("paddle", file([prompt(SONG, "人物", ("安娜", 0), ("安娜", 0))]))

    assert (len(document.entities), document.meta["repeated"]) == (2, 1)


def test_paddle_answers_within_the_prompt_are_refused(file):
    """Of classification: PaddleNLP counts those places from the text's beginning backwards."""
    row = {"content": "很好", "result_list": [{"text": "正向", "start": -7, "end": -5}], "prompt": "情感倾向[正向，负向]"}

    assert refused("paddle", file([row])) == ":1: the mention '正向' does not stand at -7..-5, where the text has nothing."
