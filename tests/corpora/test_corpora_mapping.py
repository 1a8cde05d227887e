"""Any JSON and any table, read by a mapping in the options; Hugging Face's files; and what is guessed where nothing is said."""

import datetime
import decimal
import json
import sys
from pathlib import Path

import pytest

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.corpora.guessing import guess_mapping
from uie.documents import Mention, document_to_json
from uie.errors import CorpusError, SettingsError
from uie.settings import build

ANN = "Ann lives in Rome."


def read(layout, path, bad=raise_bad, **options):
    found = LAYOUTS.get(layout)
    return list(found.read(path, build(options_of(found), options, where="options"), bad))


def read_rows(tmp_path, *rows, bad=raise_bad, **options):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return read("mapping", path, bad, **options)


def entities(document):
    return [(entity.mention.text, entity.mention.start, entity.mention.end, entity.type) for entity in document.entities]


# JSON by a mapping

ENTITIES = {
    "keys as ours": ({"text": ANN, "entities": [{"start": 0, "end": 3, "type": "PER"}]}, {"entities": {}}),
    "other keys, nested": (
        {"text": ANN, "doc": {"spans": [{"at": {"b": 0, "e": 3}, "label": "PER"}]}},
        {"entities": {"at": "doc.spans", "start": "at.b", "end": "at.e", "type": "label"}},
    ),
    "triples in another order": (
        {"text": ANN, "ner": [["PER", 0, 3]]},
        {"entities": {"at": "ner", "type": 0, "start": 1, "end": 2}},
    ),
    "inclusive ends": (
        {"text": ANN, "entities": [{"start": 0, "end": 2, "type": "PER"}]},
        {"entities": {"ends": "inclusive"}},
    ),
    "by type": ({"text": ANN, "entities": {"PER": [{"start": 0, "end": 3}], "ORG": []}}, {"entities": {}}),
    "a list of one label": ({"text": ANN, "entities": [{"start": 0, "end": 3, "type": ["PER"]}]}, {"entities": {}}),
    "offset pair": (
        {"text": ANN, "entities": [{"span": [0, 3], "type": "PER"}]},
        {"entities": {"start": "span.0", "end": "span.1"}},
    ),
    "tokens": (
        {"words": ["Ann", "lives", "in", "Rome."], "entities": [{"start": 0, "end": 1, "type": "PER"}]},
        {"tokens": "words", "entities": {"unit": "tokens"}},
    ),
    "the mention is checked": (
        {"text": ANN, "entities": [{"start": 0, "end": 3, "type": "PER", "said": "Ann"}]},
        {"entities": {"text": "said"}},
    ),
    "JSON in a text": ({"text": ANN, "entities": '[{"start": 0, "end": 3, "type": "PER"}]'}, {"entities": {}}),
    "Python in a text": ({"text": ANN, "entities": "[(0, 3, 'PER')]"}, {"entities": {"start": 0, "end": 1, "type": 2}}),
    "tags": ({"tokens": ["Ann", "lives", "in", "Rome."], "tags": ["B-PER", "O", "O", "O"]}, {"tokens": "tokens", "tags": "tags"}),
    "numbered tags": (
        {"tokens": ["Ann", "lives", "in", "Rome."], "tags": [1, 0, 0, 0]},
        {"tokens": "tokens", "tags": "tags", "tag_names": ["O", "B-PER"]},
    ),
}


@pytest.mark.parametrize("case", ENTITIES)
def test_a_mention_is_found_where_the_mapping_says(case, tmp_path):
    row, options = ENTITIES[case]

    (document,) = read_rows(tmp_path, row, **options)

    assert document.text == ANN
    assert entities(document) == [("Ann", 0, 3, "PER")]


def test_mentions_that_are_strings_have_no_place(tmp_path):
    rows = [{"text": ANN, "people": ["Ann"]}, {"text": ANN, "people": {"PER": ["Ann", "Bo"]}}]

    found = [entities(document) for document in read_rows(tmp_path, *rows, entities={"at": "people"})]

    assert found == [[("Ann", None, None, None)], [("Ann", None, None, "PER"), ("Bo", None, None, "PER")]]


def test_ends_inclusive_nested_and_of_two_types_in_a_long_text_are_read_as_they_are_guessed(tmp_path):
    """CMeEE's keys."""
    spans = [
        (2070, 2075, "dis", "右肺上叶炎症"),
        (2070, 2073, "bod", "右肺上叶"),
        (2074, 2075, "sym", "炎症"),
        (2074, 2075, "dis", "炎症"),
    ]
    items = [{"start_idx": start, "end_idx": last, "type": type, "entity": said} for start, last, type, said in spans]
    path = tmp_path / "dev.json"
    path.write_text(json.dumps([{"text": "林" * 2070 + "右肺上叶炎症", "entities": items}], ensure_ascii=False), encoding="utf-8")
    options = LAYOUTS.get("mapping").guess(path)

    (document,) = read("mapping", path, **options)

    keys = {"start": "start_idx", "end": "end_idx", "text": "entity", "ends": "inclusive"}
    assert options == {"text": "text", "entities": keys}
    assert entities(document) == [
        ("右肺上叶炎症", 2070, 2076, "dis"),
        ("右肺上叶", 2070, 2074, "bod"),
        ("炎症", 2074, 2076, "sym"),
        ("炎症", 2074, 2076, "dis"),
    ]


def test_ends_of_relations_that_are_the_only_mentions_may_be_nested(tmp_path):
    """Of triples whose ends have places, as DGRE has them; a row without triples has no relation, one without their key is refused."""
    pump, noise = {"name": "水泵", "pos": [2, 4]}, {"name": "水泵轴承异响", "pos": [2, 8]}
    rows = [
        {"text": "检查水泵轴承异响", "spo_list": [{"h": pump, "t": noise, "relation": "部件故障_性能故障"}]},
        {"text": "无异常", "spo_list": []},
        {"text": "未标注"},
    ]
    keys = {"at": "spo_list.h", "start": "pos.0", "end": "pos.1", "text": "name", "type": None}
    told = []

    first, second = read_rows(
        tmp_path,
        *rows,
        bad=lambda error, raw: told.append(str(error)),
        entities=keys,
        relations={"at": "spo_list", "head": "h", "tail": "t", "type": "relation"},
    )

    assert entities(first) == [("水泵", 2, 4, None), ("水泵轴承异响", 2, 8, None)]
    assert [(one.type, one.head, one.tail) for one in first.relations] == [("部件故障_性能故障", 0, 1)]
    assert (second.entities, second.relations) == ((), ())
    assert told == [f"{tmp_path}/rows.jsonl:3: the key 'spo_list.h' is missing; there is text."]


def test_the_rows_of_one_object_are_found_by_their_path(tmp_path):
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"data": {"items": [{"id": 7, "text": ANN, "entities": []}]}}))

    (document,) = read("mapping", path, rows="data.items", id="id", entities={})

    assert (document.id, document.meta["place"], document.entities) == ("7", "item 0", ())


def test_a_path_past_the_end_of_a_list_is_told(tmp_path):
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"data": [{"items": []}]}))

    with pytest.raises(CorpusError) as error:
        read("mapping", path, rows="data.9.items", entities={})

    assert str(error.value) == f"{path}: rows: data.9.items: there is no position 9 in a list of 1."


RELATIONS = {
    "numbers": ({"entities": [[0, 3, "P"], [13, 17, "L"]], "relations": [{"head": 0, "tail": 1, "type": "in"}]}, {}, {}),
    "ids": (
        {"entities": [[0, 3, "P", "T7"], [13, 17, "L", "T9"]], "relations": [{"head": "T7", "tail": "T9", "type": "in"}]},
        {"id": 3},
        {},
    ),
    "strings": (
        {"entities": [[0, 3, "P"], [13, 17, "L"]], "relations": [["Ann", "in", "Rome"]]},
        {},
        {"head": 0, "type": 1, "tail": 2},
    ),
    "mentions": ({"entities": [], "relations": [{"head": [0, 3, "P"], "tail": [13, 17, "L"], "type": "in"}]}, {}, {}),
}


@pytest.mark.parametrize("case", RELATIONS)
def test_the_ends_of_a_relation_may_be_said_in_several_ways(case, tmp_path):
    row, mention_keys, relation_keys = RELATIONS[case]

    (document,) = read_rows(
        tmp_path, {"text": ANN, **row}, entities={"start": 0, "end": 1, "type": 2, **mention_keys}, relations=relation_keys
    )

    (relation,) = document.relations
    ends = [entities(document)[index] for index in (relation.head, relation.tail)]
    assert (relation.type, ends) == ("in", [("Ann", 0, 3, "P"), ("Rome", 13, 17, "L")])


def test_triples_without_entities_make_entities_of_their_ends(tmp_path):
    row = {
        "text": ANN,
        "triples": [{"s": "Ann", "st": "P", "p": "in", "o": "Rome"}, {"s": "Ann", "st": "P", "p": "of", "o": "Rome"}],
    }

    (document,) = read_rows(tmp_path, row, relations={"at": "triples", "head": "s", "head_type": "st", "type": "p", "tail": "o"})

    assert entities(document) == [("Ann", None, None, "P"), ("Rome", None, None, None)]
    assert [(relation.type, relation.head, relation.tail) for relation in document.relations] == [("in", 0, 1), ("of", 0, 1)]


@pytest.mark.parametrize(
    "arguments", [[{"role": "who", "start": 0, "end": 3}], {"who": {"start": 0, "end": 3}}, {"who": [{"start": 0, "end": 3}]}]
)
def test_events_have_a_trigger_and_arguments(arguments, tmp_path):
    row = {
        "text": ANN,
        "events": [
            {"type": "live", "trigger": {"start": 4, "end": 9}, "arguments": arguments},
            {"type": "be", "trigger": "", "arguments": []},
        ],
    }

    (document,) = read_rows(tmp_path, row, events={})

    live, be = document.events
    assert (live.type, live.trigger) == ("live", Mention("lives", 4, 9))
    assert [(argument.role, argument.mention) for argument in live.arguments] == [("who", Mention("Ann", 0, 3))]
    assert (be.trigger, be.arguments, document.entities) == (None, (), None)


MISTAKES = {
    "no text": ({"entities": []}, "the key 'text' is missing; there is entities."),
    "empty text": ({"text": "", "entities": []}, "text: expected a text or a list of tokens, found ''."),
    "no list": ({"text": ANN, "entities": 3}, "entities: expected a list, found 3."),
    "no start": ({"text": ANN, "entities": [{"end": 3, "type": "PER"}]}, "expected a whole number as offset, found None."),
    "behind the end": (
        {"text": ANN, "entities": [{"start": 0, "end": 99, "type": "PER"}]},
        "offsets 0 and 99 mark nothing in a text of 18 characters.",
    ),
    "another mention": (
        {"text": ANN, "entities": [{"start": 0, "end": 3, "type": "PER", "said": "Bo"}]},
        "the mention 'Bo' does not stand at 0..3, where the text has 'Ann'.",
    ),
    "a type that is none": (
        {"text": ANN, "entities": [{"start": 0, "end": 3, "type": 3}]},
        "the type of 'Ann': expected a text, found 3.",
    ),
    "no JSON in the cell": ({"text": ANN, "entities": "[0, 3"}, "expected a list in the cell, found '[0, 3'."),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_row_that_is_not_as_the_mapping_says_is_told_with_its_line(case, tmp_path):
    row, message = MISTAKES[case]
    told = []
    keys = {"text": "said"} if "another" in case else {}

    read_rows(tmp_path, {"text": ANN, "entities": []}, row, bad=lambda error, raw: told.append(str(error)), entities=keys)

    assert told == [f"{tmp_path}/rows.jsonl:2: {message}"]


def test_a_mapping_that_names_nothing_annotated_is_refused(tmp_path):
    with pytest.raises(SettingsError) as refused:
        read_rows(tmp_path, {"text": ANN}, text="text")

    assert (
        str(refused.value)
        == "options: expected one of entities, relations, events or tags: what is annotated, and under which keys."
    )


# Tables

CELLS = 'note,text,from,to,label\n1,"Ann, a nurse.",0,3,person\n1,"Ann, a nurse.",7,12,job\n2,Nobody.,,,\n'
GROUPED = {"group": "note", "text": "text", "entities": {"at": "rows", "start": "from", "end": "to", "type": "label"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-with-mark"])
def test_a_table_is_read_in_the_encoding_of_its_byte_order_mark(encoding, tmp_path):
    path = tmp_path / "mentions.csv"
    text = CELLS.replace("nurse", "infirmière")
    path.write_bytes(b"\xff\xfe" + text.encode("utf-16-le") if "mark" in encoding else text.encode(encoding))

    first, second = read("table", path, **GROUPED)

    assert entities(first) == [("Ann", 0, 3, "person"), ("infir", 7, 12, "job")]
    assert (second.text, second.entities, second.meta["place"]) == ("Nobody.", (), 4)


def test_a_table_in_utf16_with_crlf_keeps_line_ends_within_cells(tmp_path):
    path = tmp_path / "mentions.csv"
    path.write_bytes(b"\xff\xfe" + 'note,text,from,to,label\r\n1,"Ann,\r\na 😀 nurse.",10,15,job\r\n'.encode("utf-16-le"))

    (document,) = read("table", path, **GROUPED)

    assert (document.text, entities(document)) == ("Ann,\r\na 😀 nurse.", [("nurse", 10, 15, "job")])


def test_a_cell_may_hold_a_whole_book(tmp_path):
    path = tmp_path / "mentions.csv"
    path.write_text(f"note,text,from,to,label\n1,{'rain ' * 40_000}Ann,200000,200003,person\n", encoding="utf-8")

    (document,) = read("table", path, **GROUPED)

    assert entities(document) == [("Ann", 200_000, 200_003, "person")]


def test_a_table_with_two_columns_of_one_name_is_refused(tmp_path):
    path = tmp_path / "mentions.csv"
    path.write_text("note,text,from,text,label\n1,Ann.,0,3,person\n", encoding="utf-8")

    with pytest.raises(CorpusError) as refused:
        read("table", path, **GROUPED)

    assert str(refused.value) == f"{path}:1: two columns are called 'text'; rename one, or only the last would be read."


def test_another_encoding_is_read_when_it_is_named_and_told_when_it_is_not(tmp_path):
    path = tmp_path / "gb.csv"
    path.write_bytes('text,spans\n安娜,"[[0, 2, ""人物""]]"\n'.encode("gb18030"))
    options = {"entities": {"at": "spans", "start": 0, "end": 1, "type": 2}}

    (document,) = read("table", path, encoding="gb18030", **options)
    with pytest.raises(CorpusError) as refused:
        read("table", path, **options)

    assert entities(document) == [("安娜", 0, 2, "人物")]
    assert str(refused.value).startswith(f"{path}:2: not UTF-8 (")
    assert str(refused.value).endswith("); name its encoding in the options.")


def test_one_token_a_row_makes_a_document_of_each_group(tmp_path):
    path = tmp_path / "tokens.tsv"
    path.write_text("sentence\tword\ttag\n1\tAnn\tB-PER\n1\tLee\tI-PER\n1\twept\tO\n2\tRome\tB-LOC\n", encoding="utf-8")

    found = read("table", path, group="sentence", tokens="rows.word", tags="rows.tag")

    assert [(document.text, entities(document)) for document in found] == [
        ("Ann Lee wept", [("Ann Lee", 0, 7, "PER")]),
        ("Rome", [("Rome", 0, 4, "LOC")]),
    ]


def test_a_row_with_too_few_cells_is_told_and_the_others_are_read(tmp_path):
    path = tmp_path / "mentions.csv"
    path.write_text("text,start,end,type\nAnn wept.,0,3,P\nBo,0\nRome,0,4,L\n", encoding="utf-8")
    told = []

    found = read("table", path, lambda error, raw: told.append(str(error)), group="text", entities={"at": "rows"})

    assert [document.text for document in found] == ["Ann wept.", "Rome"]
    assert told == [f"{path}:3: expected 4 cells, found 2."]


def test_a_cell_that_never_ends_is_told(tmp_path):
    path = tmp_path / "mentions.csv"
    path.write_text('text,start\n"Ann,0\n', encoding="utf-8")

    with pytest.raises(CorpusError) as refused:
        read("table", path, entities={})

    assert str(refused.value) == f"{path}:2: no row of a table: unexpected end of data."


# Parquet, Arrow and Hugging Face


def hugging_face_table():
    pyarrow = pytest.importorskip("pyarrow")
    features = {"tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"}}
    features["ner_tags"] = {"feature": {"names": ["O", "B-PER", "I-PER"], "_type": "ClassLabel"}, "_type": "List"}
    table = pyarrow.table({"tokens": [["Ann", "Lee", "wept"], ["Rain"]], "ner_tags": [[1, 2, 0], [0]]})
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def test_class_labels_in_parquet_are_read_by_their_names(tmp_path):
    pytest.importorskip("pyarrow.parquet").write_table(hugging_face_table(), tmp_path / "train.parquet")

    for document_list in (read("huggingface", tmp_path / "train.parquet"), read("huggingface", tmp_path)):
        assert [(document.text, entities(document)) for document in document_list] == [
            ("Ann Lee wept", [("Ann Lee", 0, 7, "PER")]),
            ("Rain", []),
        ]
        assert document_list[1].meta["place"] == "row 1"


def test_an_id_that_is_null_is_none(tmp_path):
    (document,) = read_rows(tmp_path, {"text": ANN, "doc": None, "entities": []}, id="doc", entities={})

    assert document.id == ""


@pytest.mark.parametrize("layout", ["huggingface", "table"])
def test_class_labels_are_read_by_their_names_when_a_mapping_names_their_column(layout, tmp_path):
    pytest.importorskip("pyarrow.parquet").write_table(hugging_face_table(), tmp_path / "train.parquet")
    mapping = {"tokens": "tokens", "tags": "ner_tags"}

    documents = read(layout, tmp_path / "train.parquet", **({"mapping": mapping} if layout == "huggingface" else mapping))

    assert [entities(document) for document in documents] == [[("Ann Lee", 0, 7, "PER")], []]


def test_names_of_tags_in_a_mapping_come_before_those_of_class_labels(tmp_path):
    pytest.importorskip("pyarrow.parquet").write_table(hugging_face_table(), tmp_path / "train.parquet")
    mapping = {"tokens": "tokens", "tags": "ner_tags", "tag_names": ["O", "B-name", "I-name"]}

    (document, _) = read("huggingface", tmp_path / "train.parquet", mapping=mapping)

    assert entities(document) == [("Ann Lee", 0, 7, "name")]


def test_what_datasets_cached_beside_a_saved_dataset_is_not_read(tmp_path):
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_dict({"tokens": [["Ann", "wept"]], "ner_tags": [["B-PER", "O"]]}).save_to_disk(tmp_path)
    datasets.load_from_disk(str(tmp_path)).map(lambda row: {"tokens": [token.upper() for token in row["tokens"]]})
    assert len(list(tmp_path.glob("cache-*.arrow"))) == 1

    for path in (tmp_path, tmp_path / "state.json"):
        assert [document.text for document in read("huggingface", path)] == ["Ann wept"]


def test_a_folder_of_save_to_disk_is_read_by_split(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"words": datasets.Sequence(datasets.Value("string")), "tags": datasets.Sequence(datasets.ClassLabel(names=["O", "B-LOC"]))}
    )
    splits = {
        split: datasets.Dataset.from_dict({"words": [[word]], "tags": [[1]]}, features=features)
        for split, word in (("train", "Rome"), ("validation", "Oslo"))
    }
    datasets.DatasetDict(splits).save_to_disk(tmp_path / "saved")

    everything = read("huggingface", tmp_path / "saved")
    dev = read("huggingface", tmp_path / "saved" / "dataset_dict.json", split="dev")

    assert [document.text for document in everything] == ["Rome", "Oslo"]
    assert [entities(document) for document in dev] == [[("Oslo", 0, 4, "LOC")]]


def test_a_table_in_parquet_is_read_by_a_mapping(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = [{"text": ANN, "spans": [{"start": 0, "end": 3, "type": "PER"}]}]
    parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "rows.parquet")

    (document,) = read("table", tmp_path / "rows.parquet", entities={"at": "spans"})

    assert entities(document) == [("Ann", 0, 3, "PER")]


def test_a_row_of_parquet_with_a_date_bytes_or_a_decimal_that_cannot_be_read_is_told(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    odd_cells = {"when": datetime.datetime(2024, 5, 1), "scan": b"\x00", "price": decimal.Decimal("1.50")}
    table = pyarrow.table(
        {"text": ["", "Ann wept."], **{key: [cell, cell] for key, cell in odd_cells.items()}, "found": ["[]", "[]"]}
    )
    parquet.write_table(table, tmp_path / "my.parquet")
    told = []

    documents = read("table", tmp_path / "my.parquet", lambda error, raw: told.append((str(error), raw)), entities={"at": "found"})

    assert [document.text for document in documents] == ["Ann wept."]
    assert len(told) == 1
    assert json.loads(told[0][1]) == {"text": "", "when": "2024-05-01 00:00:00", "scan": "b'\\x00'", "price": "1.50", "found": "[]"}


def test_a_broken_parquet_file_is_told(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1 and no more")

    with pytest.raises(CorpusError) as refused:
        read("table", path, entities={})

    assert str(refused.value).startswith(f"{path}: neither Parquet nor Arrow: ")
    assert "\n" not in str(refused.value)


def test_without_pyarrow_one_line_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "rows.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(CorpusError) as refused:
        read("table", path, entities={})

    assert str(refused.value) == f"{path}: pyarrow is not installed, which reads such files: pip install pyarrow."


def test_nothing_is_fetched_from_the_hub_unasked():
    with pytest.raises(CorpusError) as refused:
        read("huggingface", Path("hub:owner/name"))

    assert (
        str(refused.value)
        == "hub:owner/name: is fetched from the Hugging Face hub only when asked for: set the option download: true."
    )


def test_without_datasets_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)

    with pytest.raises(CorpusError) as refused:
        read("huggingface", Path("hub:owner/name"), download=True)

    assert str(refused.value) == "hub:owner/name: datasets is not installed, which fetches from the hub: pip install datasets."


def test_a_dataset_of_the_hub_is_read_with_its_features(monkeypatch):
    datasets = pytest.importorskip("datasets")
    asked = []

    def load(name, config, *, split, revision):
        asked.append((name, config, split, revision))
        features = datasets.Features(
            {
                "tokens": datasets.List(datasets.Value("string")),
                "ner_tags": datasets.List(datasets.ClassLabel(names=["O", "B-PER"])),
            }
        )
        return datasets.Dataset.from_dict({"tokens": [["Ann", "wept"]], "ner_tags": [[1, 0]]}, features=features)

    monkeypatch.setattr(datasets, "load_dataset", load)

    (document,) = read("huggingface", Path("hub:owner/name"), download=True, config="en", split="dev", revision="abc")

    assert asked == [("owner/name", "en", "validation", "abc")]
    assert entities(document) == [("Ann", 0, 3, "PER")]


def test_columns_that_nobody_can_guess_are_to_be_named(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": "Ann wept.", "b": 3}\n')

    with pytest.raises(CorpusError) as refused:
        read("huggingface", path)

    assert str(refused.value) == f"{path}: what the columns mean is not clear (a, b); say it in the option mapping."


# Guesses

GUESSES = {
    "our keys": (
        {"id": "1", "text": ANN, "entities": [{"start": 0, "end": 3, "type": "P"}]},
        {"text": "text", "id": "id", "entities": {}},
    ),
    "doccano": (
        {"text": ANN, "label": [[0, 3, "P"]]},
        {"text": "text", "entities": {"at": "label", "start": 0, "end": 1, "type": 2}},
    ),
    "inclusive by the mention": (
        {"content": ANN, "mentions": [{"begin": 0, "end": 2, "label": "P", "mention": "Ann"}]},
        {
            "text": "content",
            "entities": {"at": "mentions", "start": "begin", "type": "label", "text": "mention", "ends": "inclusive"},
        },
    ),
    "inclusive by where words end": (
        {"text": ANN, "spans": [{"start": 0, "end": 2, "label": "P"}]},
        {"text": "text", "entities": {"at": "spans", "type": "label", "ends": "inclusive"}},
    ),
    "nested keys": (
        {"data": {"text": ANN}, "spans": [{"value": {"start": 0, "end": 3, "label": "P"}}]},
        {"text": "data.text", "entities": {"at": "spans", "start": "value.start", "end": "value.end", "type": "value.label"}},
    ),
    "strings by type": ({"sentence": ANN, "entities": {"P": ["Ann"]}}, {"text": "sentence", "entities": {}}),
    "tags": ({"tokens": ["Ann", "wept"], "ner_tags": ["B-P", "O"]}, {"tokens": "tokens", "tags": "ner_tags"}),
    "characters": ({"text": ["安", "娜"], "labels": ["B-P", "I-P"]}, {"tokens": "text", "tags": "labels", "join": "none"}),
    "triples": (
        {"text": ANN, "triples": [["Ann", "in", "Rome"]]},
        {"text": "text", "relations": {"at": "triples", "head": 0, "type": 1, "tail": 2}},
    ),
    "nothing annotated": ({"text": ANN, "label": "positive"}, None),
    "no text": ({"a": 1}, None),
}


@pytest.mark.parametrize("case", GUESSES)
def test_the_keys_of_a_row_are_guessed(case):
    row, expected = GUESSES[case]

    found = guess_mapping([row, row])

    assert found == expected


@pytest.mark.parametrize("case", [case for case, (_, expected) in GUESSES.items() if expected])
def test_what_is_guessed_reads_the_row(case, tmp_path):
    row, expected = GUESSES[case]

    (document,) = read_rows(tmp_path, row, **expected)

    assert document_to_json(document)["entities"][0]["text"] in ("Ann", "安娜")


TABLES = {
    "one mention a row": (
        CELLS,
        {"group": "note", "text": "text", "entities": {"at": "rows", "start": "from", "end": "to", "type": "label"}},
    ),
    "one token a row": ("s,word,tag\n1,Ann,B-P\n1,wept,O\n2,Bo,B-P\n", {"group": "s", "tokens": "rows.word", "tags": "rows.tag"}),
    "lists in cells": (
        "text;entities\nAnn wept.;\"[(0, 3, 'P')]\"\n",
        {"text": "text", "entities": {"start": 0, "end": 1, "type": 2}},
    ),
    "classes of texts": ("text,label\nAnn wept.,sad\n", None),
}


@pytest.mark.parametrize("case", TABLES)
def test_the_columns_of_a_table_are_guessed(case, tmp_path):
    text, expected = TABLES[case]
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="utf-8")

    assert LAYOUTS.get("table").guess(path) == expected
