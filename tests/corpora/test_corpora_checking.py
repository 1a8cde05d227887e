"""`check_corpus`: counts and findings on small corpora made for them."""

import difflib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from uie.corpora import ODD, odd
from uie.corpora.checking import Finding, check_corpus
from uie.corpora.config import Counts, Cut, DatasetConfig, SplitFiles, load_dataset_config
from uie.corpora.label_names import near_equal
from uie.errors import CorpusError

FILES = Path(__file__).parent.parent / "data" / "corpora"
TOKENS = DatasetConfig(
    "t",
    "en",
    "tokens",
    ("NER",),
    {"train": SplitFiles(("tokens.conll",))},
    {"entities": ["person", "creative-work", "location"]},
    folder=str(FILES),
    options={"separator": "\t"},
)
DOCUMENTS = replace(TOKENS, layout="documents", options={}, labels={"entities": ["person"]})


def _findings(config, *, descriptions=False):
    """All but that labels have no description, which the small configs here do not write."""
    found = check_corpus(config, data_root=None).findings
    return [finding for finding in found if descriptions or "description" not in finding.what]


def _own(folder, config, text, **changes):
    (folder / "own.jsonl").write_text(text, encoding="utf-8")
    return replace(config, folder=str(folder), splits={"train": SplitFiles(("own.jsonl",))}, **changes)


def test_counts_are_told_per_split_as_far_as_they_apply():
    report = check_corpus(TOKENS, data_root=None)

    assert report.files == {"train": {"documents": 3, "entities": 4}}
    assert report.counts == report.files
    assert report.errors == ()


def test_events_and_arguments_are_counted():
    config = replace(TOKENS, layout="phee", options={}, tasks=("EE",), splits={"train": SplitFiles(("phee.json",))})

    assert check_corpus(config, data_root=None).files == {"train": {"documents": 1, "events": 1, "arguments": 10}}


def test_expected_counts_are_of_the_files_before_cutting(tmp_path):
    (tmp_path / "many.txt").write_text("".join(f"w{i}\tO\n\n" for i in range(100)))
    config = replace(
        TOKENS,
        folder=str(tmp_path),
        splits={"train": SplitFiles(("many.txt",))},
        cut={"dev": Cut("train", 0.4)},
        expected={"train": Counts(documents=100)},
        labels={},
    )

    report = check_corpus(config, data_root=None)

    assert report.findings == ()
    assert report.files["train"] == {"documents": 100, "entities": 0}
    train, dev = report.counts["train"]["documents"], report.counts["dev"]["documents"]
    assert train + dev == 100
    assert 20 < dev < 60


def test_counts_that_differ_are_errors():
    config = replace(TOKENS, expected={"train": Counts(documents=3, entities=5)})

    assert Finding("error", "train", "4 entities, but the config expects 5.") in _findings(config)


def test_invalid_tags_are_a_warning_with_their_number():
    what = "a tag breaks its scheme and is read as conlleval reads it."

    assert _findings(TOKENS) == [Finding("warning", f"{FILES}/tokens.conll:11", what)]


def test_labels_that_the_schema_lacks_are_errors_and_those_never_seen_a_warning():
    found = _findings(replace(TOKENS, labels={"entities": ["person", "creative-work", "place"]}))

    assert Finding("error", f"{FILES}/tokens.conll:7", "the schema has no entity type 'location'.") in found
    assert Finding("warning", "t", "1 label of the schema never occurs: entities.place.") in found


def test_roles_are_checked_below_their_event_type(tmp_path):
    config = replace(TOKENS, layout="duee", options={}, tasks=("EE",), splits={"dev": SplitFiles(("duee.json",))})
    labels = {"events": {"组织关系-裁员": {"roles": ["时间", "裁员方", "地点"]}}}

    assert _findings(replace(config, labels=labels)) == [
        Finding("error", f"{FILES}/duee.json:1", "the schema has no role '裁员人数' of event type '组织关系-裁员'."),
        Finding("warning", f"{FILES}/duee.json:1", "a mention begins or ends with white space, such as ' 远帆公司'."),
        Finding("warning", "t", "1 label of the schema never occurs: events.组织关系-裁员.地点."),
    ]
    assert _findings(replace(config, labels={})) == [
        Finding("error", f"{FILES}/duee.json:1", "the schema has no event type '组织关系-裁员'."),
        Finding("warning", f"{FILES}/duee.json:1", "a mention begins or ends with white space, such as ' 远帆公司'."),
    ]


def test_types_of_relation_arguments_that_the_schema_does_not_list_are_a_warning():
    labels = {
        "entities": ["Peop", "Org", "Loc"],
        "relations": {"Work_For": {"head": ["Peop"], "tail": ["Org"]}, "OrgBased_In": {"head": ["Org"], "tail": ["Org"]}},
    }
    config = replace(
        TOKENS, layout="conll04", options={}, tasks=("NER", "RE"), labels=labels, splits={"train": SplitFiles(("conll04.json",))}
    )

    what = "the tail of a relation 'OrgBased_In' is of type 'Loc'; the schema lists Org."
    assert _findings(config) == [Finding("warning", f"{FILES}/conll04.json:item 0", what)]


def test_mentions_that_are_not_in_the_text_are_a_warning():
    labels = {"entities": ["人物", "歌曲", "音乐专辑"], "relations": ["作词", "作曲", "所属专辑"]}
    config = replace(
        TOKENS, layout="spo", options={}, tasks=("RE",), offsets=False, labels=labels, splits={"dev": SplitFiles(("spo.json",))}
    )

    where = f"{FILES}/spo.json:1"
    missing = Finding("warning", where, "a mention is not in the text, such as 'low tide'.", 2)
    once = Finding("warning", where, "a mention has no offsets and stands in the text once (--fix writes them), such as '林夏'.")
    assert _findings(config) == [missing, once]
    what = "a mention has no offsets, though the config says that the corpus has them, such as '林夏'."
    assert _findings(replace(config, offsets=True)) == [missing, Finding("warning", where, what), once]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        pytest.param(r'{"text": " ", "entities": []}', "the text is empty.", id="nothing but a blank"),
        pytest.param(
            r'{"text": "Ann \r\nsings.", "entities": []}',
            "the text has carriage returns (CR), as of lines that end with CR LF.",
            id="line ends",
        ),
        pytest.param(
            r'{"text": "Zoe\u0308", "entities": []}',
            "the text is not in normal form C: an accent is a character of its own.",
            id="combining accent",
        ),
        pytest.param(
            r'{"text": "An\u200bn", "entities": []}',
            "the text has characters that nobody sees (U+200B ZERO WIDTH SPACE).",
            id="zero width",
        ),
        pytest.param(
            '{"text": "Ann sings.", "entities": [{"start": 0, "end": 4, "text": "Ann ", "type": "person"}]}',
            "a mention begins or ends with white space, such as 'Ann '.",
            id="white space at the edge",
        ),
        pytest.param(
            '{"text": "Ann.", "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "person"}, '
            '{"start": 0, "end": 3, "text": "Ann", "type": "singer"}]}',
            "one span has several types: 'Ann' is 'person' and 'singer'.",
            id="two types",
        ),
        pytest.param(
            '{"text": "a", "entities": [], "meta": {"ungrounded": 3}}',
            "a mention's offsets are missing or not those of its string; it is kept without a place.",
            id="offsets that the reader denied",
        ),
    ],
)
def test_odd_characters_and_mentions_are_warnings_with_the_first_place(tmp_path, line, what):
    other = '{"text": "Bo sings 👨‍👩‍👧.", "entities": [{"start": 0, "end": 2, "text": "Bo", "type": "person"}]}\n'
    labels = {"entities": ["person", "singer"]} if "singer" in line else {"entities": ["person"]}
    config = _own(tmp_path, DOCUMENTS, other + line.replace("\n", " ") + "\n", labels=labels)

    times = 3 if "ungrounded" in line else 1
    assert _findings(config) == [Finding("warning", f"{tmp_path}/own.jsonl:2", what, times)]


@pytest.mark.parametrize("key", [key for key in ODD if key != "repeated"])
def test_whatever_a_reader_counts_or_lists_is_told_with_its_number_and_first_place(tmp_path, key):
    rows = [{"text": "a", "meta": {key: value}} for value in (0, 2, [{"type": "x"}])]
    lines = "".join(json.dumps({**row, "entities": []}) + "\n" for row in rows)

    found = check_corpus(_own(tmp_path, DOCUMENTS, lines, labels={}), data_root=None).findings

    assert Finding("warning", f"{tmp_path}/own.jsonl:2", f"{ODD[key]}.", 3) in found


def test_a_count_that_no_check_would_tell_cannot_be_written():
    assert odd(ungrounded=0, empty=2) == {"empty": 2}
    with pytest.raises(KeyError):
        odd(lost=1)


def test_what_somebody_else_wrote_below_the_name_of_a_count_is_none(tmp_path):
    config = _own(
        tmp_path, DOCUMENTS, '{"text": "a", "entities": [], "meta": {"duplicates": "see note", "empty": true}}\n', labels={}
    )

    assert _findings(config) == []


def test_entities_and_relations_that_are_said_twice_are_told_whatever_the_layout(tmp_path):
    ann = {"start": 0, "end": 3, "text": "Ann", "type": "person"}
    row = {"text": "Ann.", "entities": [ann, ann], "relations": [{"type": "knows", "head": 0, "tail": 1}] * 3}
    config = _own(tmp_path, DOCUMENTS, json.dumps(row) + "\n", labels={"entities": ["person"], "relations": ["knows"]})

    where = f"{tmp_path}/own.jsonl:1"
    assert _findings(config) == [
        Finding("warning", where, "an entity says what an earlier one says; both are kept."),
        Finding("warning", where, "a relation says what an earlier one says; both are kept.", 2),
    ]


@pytest.mark.parametrize("content", ["", "\n\n"], ids=["empty", "blank"])
def test_a_split_without_a_document_is_an_error(tmp_path, content):
    config = _own(tmp_path, DOCUMENTS, content, labels={})

    assert _findings(config) == [Finding("error", "train", "its files hold no Document.")]


def test_labels_that_look_alike_are_told_with_the_place_of_the_rarer_one(tmp_path):
    row = '{"text": "Ann sings.", "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "%s"}]}\n'
    types = ["creative-work"] * 12 + ["Creative_Work", "creative-works", "argument1", "argument2", "employer", "employee"]
    labels = {"entities": sorted(set(types))}
    config = _own(tmp_path, DOCUMENTS, "".join(row % type for type in types), labels=labels)

    alike = [finding for finding in _findings(config) if "look like" in finding.what]

    what = "entities: {!r} and 'creative-work' look like one label (1 time and 12 times)."
    assert alike == [
        Finding("warning", f"{tmp_path}/own.jsonl:13", what.format("Creative_Work")),
        Finding("warning", f"{tmp_path}/own.jsonl:14", what.format("creative-works")),
    ]


@pytest.mark.parametrize(
    ("times", "alike"),
    [
        pytest.param({"USED-FOR": 40, "Used-for": 30}, [("Used-for", "USED-FOR")], id="case"),
        pytest.param({"means": 9, "Means": 2}, [("Means", "means")], id="case of tags"),
        pytest.param({"thoughtevent": 20, "thoughtEvent": 1}, [("thoughtEvent", "thoughtevent")], id="case within"),
        pytest.param({"Thoughtcontent": 20, "Thoughtcontent6": 1}, [("Thoughtcontent6", "Thoughtcontent")], id="a letter more"),
        pytest.param({"PER": 90, "PSN": 9}, [], id="short labels are two"),
        pytest.param({"Term": 1, "Physical": 9, "Thing": 900}, [], id="a rare label is no variant"),
    ],
)
def test_which_labels_look_alike(times, alike):
    assert list(near_equal(times)) == alike


def test_placeholders_that_pose_as_gold_are_told_as_mentions_that_are_not_in_the_text(tmp_path):
    rows = [
        {"text": text, "triple_list": [["Disease", "has", "Symptom"]]} for text in ("Ann has a cold.", "Bo is tired.", "Cy sleeps.")
    ]
    (tmp_path / "own.json").write_text(json.dumps(rows), encoding="utf-8")
    config = replace(
        DOCUMENTS,
        layout="triples",
        tasks=("RE",),
        offsets=False,
        folder=str(tmp_path),
        splits={"test": SplitFiles(("own.json",))},
        labels={"relations": ["has"]},
    )

    assert _findings(config) == [
        Finding("warning", f"{tmp_path}/own.json:item 0", "a mention is not in the text, such as 'Disease'.", 6)
    ]


def test_the_same_text_with_another_annotation_is_a_warning_with_both_places(tmp_path):
    bare = '{"text": "Ann sings.", "entities": []}\n'
    person = '{"text": "Ann sings.", "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "person"}]}\n'
    config = _own(tmp_path, DOCUMENTS, bare + person)

    what = f"the same text has another annotation at {tmp_path}/own.jsonl:1."
    assert Finding("warning", f"{tmp_path}/own.jsonl:2", what) in _findings(config)


def test_labels_without_a_description_are_one_warning():
    labels = {"entities": {"person": "a human being", "creative-work": None, "location": {"name": "place"}}}

    found = _findings(replace(TOKENS, labels=labels), descriptions=True)

    assert found[-1] == Finding("warning", "t", "2 labels have no description: entities.creative-work, entities.location.")


def test_a_label_that_the_schema_lacks_is_told_with_the_nearest_one(tmp_path):
    row = '{"text": "Ann.", "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "persn"}]}\n'
    config = _own(tmp_path, DOCUMENTS, row)

    assert _findings(config)[0].what == "the schema has no entity type 'persn'; did you mean 'person'?"


def test_the_neighbours_of_an_unknown_label_are_looked_for_once(tmp_path, monkeypatch):
    row = '{"text": "Ann.", "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "persn"}]}\n'
    asked = []
    search = difflib.get_close_matches
    monkeypatch.setattr(
        difflib, "get_close_matches", lambda word, *given, **more: asked.append(word) or search(word, *given, **more)
    )

    found = _findings(_own(tmp_path, DOCUMENTS, row * 5))[0]

    assert (found.what, found.times) == ("the schema has no entity type 'persn'; did you mean 'person'?", 5)
    assert asked == ["persn"]


def test_a_relation_without_a_type_has_no_label_that_the_schema_lacks(tmp_path):
    entities = '[{"start": 0, "end": 3, "text": "Ann", "type": "person"}, {"start": 7, "end": 10, "text": "Bob", "type": "person"}]'
    row = f'{{"text": "Ann or Bob", "entities": {entities}, "relations": [{{"type": null, "head": 0, "tail": 1}}]}}\n'

    assert _findings(_own(tmp_path, DOCUMENTS, row)) == []


def test_a_finding_reads_as_one_line_with_how_many_more_there_are():
    assert (
        str(Finding("warning", "f:3", "a mention is not in the text.", 1301))
        == "warning: f:3: a mention is not in the text. 1,300 more like it."
    )
    assert str(Finding("error", "train", "3 documents.")) == "error: train: 3 documents."


def test_texts_that_occur_twice_are_warnings_within_and_across_splits(tmp_path):
    same = '{"text": "a", "entities": []}\n'
    config = _own(tmp_path, DOCUMENTS, same * 3 + '{"text": "b", "entities": []}\n', labels={})
    (tmp_path / "dev.jsonl").write_text(same)
    config = replace(config, splits={**config.splits, "dev": SplitFiles(("dev.jsonl",))})

    assert _findings(config) == [
        Finding("warning", f"{tmp_path}/own.jsonl:2", f"the same text stands in train before, at {tmp_path}/own.jsonl:1.", 2),
        Finding(
            "warning", f"{tmp_path}/dev.jsonl:1", f"the same text as this one of dev is in train too, at {tmp_path}/own.jsonl:1."
        ),
    ]


def test_a_task_whose_annotation_is_missing_is_an_error(tmp_path):
    config = _own(tmp_path, DOCUMENTS, '{"text": "a"}\n', labels={})

    what = "NER is a task of the config, but the Document is not annotated for it."
    assert _findings(config) == [Finding("error", f"{tmp_path}/own.jsonl:1", what)]


def test_lines_that_cannot_be_read_are_errors_with_their_place(tmp_path):
    config = _own(tmp_path, DOCUMENTS, '[]\n{"text": "a", "entities": []}\n', labels={})

    assert _findings(config) == [Finding("error", f"{tmp_path}/own.jsonl:1", "expected a JSON object, found list.")]


def test_only_the_first_twenty_broken_lines_are_told_one_by_one(tmp_path):
    config = _own(tmp_path, DOCUMENTS, "[]\n" * 25, labels={})

    found = _findings(config)

    assert len(found) == 21
    assert found[-1] == Finding("error", "train", "5 more lines or items cannot be read.")


def test_a_missing_file_is_an_error_and_the_other_splits_are_checked():
    config = replace(TOKENS, splits={"dev": SplitFiles(("nothing.conll",)), **TOKENS.splits})

    report = check_corpus(config, data_root=None)

    assert report.errors == (Finding("error", "t", f"dev: no file {FILES}/nothing.conll."),)
    assert report.files["train"]["documents"] == 3


def test_a_missing_folder_is_raised(tmp_path):
    with pytest.raises(CorpusError) as error:
        check_corpus(load_dataset_config("duee"), data_root=tmp_path / "none")
    assert str(error.value).startswith(f"duee: no folder {tmp_path}/none/duee.")


@pytest.mark.parametrize("name", ["sample_en", "sample_zh"])
def test_the_samples_are_as_their_configs_say(name):
    report = check_corpus(load_dataset_config(name), data_root=None)

    assert report.errors == ()
    assert set(report.counts) == {"train", "dev", "test"}
