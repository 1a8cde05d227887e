"""`check_corpus`: counts and findings on small corpora made for them."""

from dataclasses import replace
from pathlib import Path

import pytest

from uie.corpora.checking import Finding, check_corpus
from uie.corpora.config import Counts, Cut, DatasetConfig, SplitFiles, load_dataset_config
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


def _findings(config):
    return list(check_corpus(config, data_root=None).findings)


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
    what = "a tag breaks its scheme and is read as conlleval reads it (1 times)."

    assert _findings(TOKENS) == [Finding("warning", "t/train/2", what)]


def test_labels_that_the_schema_lacks_are_errors_and_those_never_seen_a_warning():
    found = _findings(replace(TOKENS, labels={"entities": ["person", "creative-work", "place"]}))

    assert Finding("error", "t/train/1", "the schema has no entity type 'location' (1 times).") in found
    assert Finding("warning", "t", "1 labels of the schema never occur: entities.place.") in found


def test_roles_are_checked_below_their_event_type(tmp_path):
    config = replace(TOKENS, layout="duee", options={}, tasks=("EE",), splits={"dev": SplitFiles(("duee.json",))})
    labels = {"events": {"组织关系-裁员": {"roles": ["时间", "裁员方", "地点"]}}}

    assert _findings(replace(config, labels=labels)) == [
        Finding("error", "t/dev/0", "the schema has no role '裁员人数' of event type '组织关系-裁员' (1 times)."),
        Finding("warning", "t", "1 labels of the schema never occur: events.组织关系-裁员.地点."),
    ]
    assert _findings(replace(config, labels={})) == [
        Finding("error", "t/dev/0", "the schema has no event type '组织关系-裁员' (1 times).")
    ]


def test_types_of_relation_arguments_that_the_schema_does_not_list_are_a_warning():
    labels = {
        "entities": ["Peop", "Org", "Loc"],
        "relations": {"Work_For": {"head": ["Peop"], "tail": ["Org"]}, "OrgBased_In": {"head": ["Org"], "tail": ["Org"]}},
    }
    config = replace(
        TOKENS, layout="conll04", options={}, tasks=("NER", "RE"), labels=labels, splits={"train": SplitFiles(("conll04.json",))}
    )

    what = "the tail of a relation 'OrgBased_In' is of type 'Loc'; the schema lists Org (1 times)."
    assert _findings(config) == [Finding("warning", "t/train/0", what)]


def test_mentions_that_are_not_in_the_text_are_a_warning():
    labels = {"entities": ["人物", "歌曲", "音乐专辑"], "relations": ["作词", "作曲", "所属专辑"]}
    config = replace(
        TOKENS, layout="spo", options={}, tasks=("RE",), offsets=False, labels=labels, splits={"dev": SplitFiles(("spo.json",))}
    )

    assert _findings(config) == [Finding("warning", "t/dev/0", "a mention is not in the text (2 times).")]
    what = "a mention has no offsets, though the config says that the corpus has them (1 times)."
    assert Finding("warning", "t/dev/0", what) in _findings(replace(config, offsets=True))


def test_texts_that_occur_twice_are_warnings_within_and_across_splits(tmp_path):
    same = '{"text": "a", "entities": []}\n'
    config = _own(tmp_path, DOCUMENTS, same * 3 + '{"text": "b", "entities": []}\n', labels={})
    (tmp_path / "dev.jsonl").write_text(same)
    config = replace(config, splits={**config.splits, "dev": SplitFiles(("dev.jsonl",))})

    assert _findings(config) == [
        Finding("warning", "train", "2 Documents repeat the text of an earlier one of the split."),
        Finding("warning", "train, dev", "1 texts are in both splits."),
    ]


def test_a_task_whose_annotation_is_missing_is_an_error(tmp_path):
    config = _own(tmp_path, DOCUMENTS, '{"text": "a"}\n', labels={})

    what = "NER is a task of the config, but the Document is not annotated for it (1 times)."
    assert _findings(config) == [Finding("error", "t/train/0", what)]


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
