"""Configs and files → Documents with ids and splits; what is cut; what is said when files are missing."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from uie import resources
from uie.corpora.config import Cut, DatasetConfig, SplitFiles, load_dataset_config
from uie.corpora.reading import available_splits, is_cut, read_corpus
from uie.errors import CorpusError

FILES = Path(__file__).parent.parent / "data" / "corpora"
OWN = DatasetConfig("own", "en", "tokens", ("NER",), {"train": SplitFiles(("a.txt", "b.txt"))}, {"entities": ["x"]})
MANY = DatasetConfig(
    "many",
    "zh",
    "tokens",
    ("NER",),
    {"dev": SplitFiles(("many.txt",))},
    {"entities": ["x"]},
    cut={"train": Cut("dev", 0.6), "test": Cut("dev", 0.3)},
)


def _folder(root, **files):
    for name, text in files.items():
        (root / f"{name}.txt").write_text(text)
    return root


def test_documents_are_numbered_over_the_files_of_a_split(tmp_path):
    _folder(tmp_path, **{"a": "one O\n\ntwo O\n", "b": "three B-x\n"})
    config = DatasetConfig("own", "en", "tokens", ("NER",), OWN.splits, OWN.labels, folder=str(tmp_path))

    documents = list(read_corpus(config, "train", data_root=None))

    assert [(d.id, d.text) for d in documents] == [("own/train/0", "one"), ("own/train/1", "two"), ("own/train/2", "three")]
    assert {(d.dataset, d.split, d.lang) for d in documents} == {("own", "train", "en")}


def test_the_folder_is_looked_for_below_the_data_root(tmp_path):
    (tmp_path / "own").mkdir()
    _folder(tmp_path / "own", a="one O\n", b="")

    assert [document.text for document in read_corpus(OWN, "train", data_root=tmp_path)] == ["one"]


def test_the_native_id_is_kept():
    config = DatasetConfig("e", "zh", "duee", ("EE",), {"dev": SplitFiles(("duee.json",))}, {}, folder=str(FILES))

    assert [(d.id, d.meta["native_id"]) for d in read_corpus(config, "dev", data_root=None)] == [
        ("e/dev/0", "a1"),
        ("e/dev/1", "a2"),
    ]


def test_a_split_may_have_a_layout_and_options_of_its_own():
    splits = {
        "train": SplitFiles(("parallel/sentences.txt",), layout="parallel", options={"tags_file": "tags.txt"}),
        "test": SplitFiles(("tokens.conll",), options={"join": "space"}),
    }
    config = DatasetConfig("mixed", "zh", "tokens", ("NER",), splits, {}, folder=str(FILES), options={"join": "none"})

    assert next(read_corpus(config, "train", data_root=None)).text == "李梅住在苏州"
    assert next(read_corpus(config, "test", data_root=None)).text == "Mara Quill sings Salt Harbour"


def test_cut_splits_share_out_their_parent(tmp_path):
    (tmp_path / "many").mkdir()
    _folder(tmp_path / "many", many="".join(f"w{i} O\n\n" for i in range(1000)))

    read = {split: list(read_corpus(MANY, split, data_root=tmp_path)) for split in ("train", "dev", "test")}

    texts = Counter(document.text for documents in read.values() for document in documents)
    assert len(texts) == 1000
    assert set(texts.values()) == {1}
    assert len({document.id for documents in read.values() for document in documents}) == 1000
    # Shares of a hash: three standard deviations of 1,000 draws are 46 and 43.
    assert abs(len(read["train"]) - 600) < 47
    assert abs(len(read["test"]) - 300) < 44


def test_a_cut_document_keeps_its_number_and_bears_its_split(tmp_path):
    (tmp_path / "many").mkdir()
    _folder(tmp_path / "many", many="".join(f"w{i} O\n\n" for i in range(50)))

    for split in ("train", "dev", "test"):
        for document in read_corpus(MANY, split, data_root=tmp_path):
            assert document.id == f"many/{split}/{document.text[1:]}"
            assert document.split == split


def test_where_a_document_goes_depends_on_its_id_alone(tmp_path):
    (tmp_path / "many").mkdir()
    _folder(tmp_path / "many", many="".join(f"w{i} O\n\n" for i in range(20)))

    # The first 16 bits of sha256("many/dev/N") as a share of 2**16: 1 → .624, 5 → .651, 9 → .750, 10 → .800, 15 → .684 lie between
    # .6 and .9; 4 → .956, 8 → .961, 16 → .912 above; the others below .6 (the nearest, 6 → .598).
    assert [d.text for d in read_corpus(MANY, "test", data_root=tmp_path)] == ["w1", "w5", "w9", "w10", "w15"]
    assert [d.text for d in read_corpus(MANY, "dev", data_root=tmp_path)] == ["w4", "w8", "w16"]


def test_splits_are_listed_in_their_usual_order_and_cut_ones_known():
    assert available_splits(MANY) == ("train", "dev", "test")
    assert available_splits(OWN) == ("train",)
    assert [is_cut(MANY, split) for split in ("train", "dev", "test")] == [True, True, True]
    assert not is_cut(OWN, "train")


def test_a_parent_that_lost_documents_is_no_longer_the_makers_split():
    config = load_dataset_config("msra_bio")

    assert [is_cut(config, split) for split in ("train", "dev", "test")] == [True, True, False]


@pytest.mark.parametrize("name", ["sample_en", "sample_zh"])
def test_the_samples_are_found_without_a_data_root(name):
    config = load_dataset_config(name)

    documents = [document for split in available_splits(config) for document in read_corpus(config, split, data_root=None)]

    lines = (resources.samples() / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(documents) == len(lines) > 50


def test_an_unknown_split_lists_its_neighbours():
    with pytest.raises(CorpusError) as error:
        read_corpus(MANY, "tran", data_root=None)
    assert str(error.value) == "many: No split is named 'tran'. Did you mean 'train'? Known: dev, test, train."


def test_without_a_data_root_one_is_asked_for():
    with pytest.raises(CorpusError) as error:
        read_corpus(load_dataset_config("wnut17"), "dev", data_root=None)
    assert str(error.value) == "wnut17: its files are looked for in the folder wnut17 of --data-root; give --data-root DIR."


def test_a_missing_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(CorpusError) as error:
        read_corpus(load_dataset_config("wnut17"), "dev", data_root=tmp_path)
    origin = "Its files come from leondz/emerging_entities_17: uie corpora download wnut17 --data-root "
    assert str(error.value) == f"wnut17: no folder {tmp_path}/wnut17. {origin}{tmp_path}"


def test_a_missing_file_says_what_was_looked_for(tmp_path):
    (tmp_path / "own").mkdir()
    with pytest.raises(CorpusError) as error:
        read_corpus(OWN, "train", data_root=tmp_path)
    assert str(error.value) == f"own: train: no file {tmp_path}/own/a.txt."


def test_a_pattern_may_be_an_absolute_path(tmp_path):
    (tmp_path / "own").mkdir()
    for name in ("b", "a"):  # beside the corpus' folder
        _folder(tmp_path, **{name: f"{name} O\n"})
    config = replace(OWN, splits={"train": SplitFiles((f"{tmp_path}/?.txt",))})

    assert [document.text for document in read_corpus(config, "train", data_root=tmp_path)] == ["a", "b"]


def test_what_cannot_be_read_raises_unless_bad_takes_it(tmp_path):
    config = DatasetConfig("own", "en", "tokens", ("NER",), OWN.splits, OWN.labels, folder=str(tmp_path))
    _folder(tmp_path, a="one\n\ntwo O\n", b="")
    found = []

    documents = list(read_corpus(config, "train", data_root=None, bad=lambda error, raw: found.append(raw)))

    assert [(document.id, document.text) for document in documents] == [("own/train/0", "two")]
    assert found == ["one"]
    with pytest.raises(CorpusError) as error:
        list(read_corpus(config, "train", data_root=None))
    assert str(error.value) == f"{tmp_path}/a.txt:1: expected 2 columns parted by white space, found 1: 'one'."
