"""`uie corpora new`: an unknown file is recognised, and a config written for it that passes the check."""

import json
import random
from dataclasses import replace

import pytest
import yaml

from uie.corpora import LAYOUTS
from uie.corpora.checking import check_corpus
from uie.corpora.own import name_of, new_corpus, verbalised
from uie.corpora.recognising import Candidate, recognise, runner_up
from uie.corpora.splitting import by_split, patterns, siblings, split_of_name
from uie.errors import CorpusError, OutputError, UIEError

PEOPLE = ["Ann", "Bo", "Cy", "Dora"]
CITIES = ["Rome", "Oslo", "Lima"]


def doccano(number, seed=0):
    chosen = random.Random(seed)
    rows = []
    for _ in range(number):
        person, city = chosen.choice(PEOPLE), chosen.choice(CITIES)
        start = len(f"{person} lives in ")
        rows.append(
            {"text": f"{person} lives in {city}.", "label": [[0, len(person), "PER"], [start, start + len(city), "home-town"]]}
        )
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# What a file is


@pytest.mark.parametrize("gap", [" ", "\t"], ids=["space", "tab"])
@pytest.mark.parametrize("times", [1, 40])
def test_sentences_of_piped_tokens_are_no_columns(here, times, gap):
    lines = "Ann|NNP|B-PER left|VBD|O Rome|NNP|B-LOC\nBo|NNP|O\n"
    (here / "people.iob").write_text(lines.replace(" ", gap) * times, encoding="utf-8")

    found = recognise(here / "people.iob")

    assert [candidate.layout for candidate in found] == ["piped"]
    assert found[0].options["columns"] == 3


def test_a_piped_token_a_line_is_two_columns(here):
    (here / "people.txt").write_text("Ann|B-PER\nLee|I-PER\nleft|O\n\nBo|B-PER\ncame|O\n" * 9, encoding="utf-8")

    best = recognise(here / "people.txt")[0]

    assert (best.layout, best.options) == ("tokens", {"scheme": "IOB2", "separator": "|"})


WHOLE = {
    "doccano": ("my.jsonl", doccano(20), "doccano"),
    "documents": (
        "my.jsonl",
        '{"text": "Ann wept.", "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "person"}]}\n' * 9,
        "documents",
    ),
    "tags in columns": ("my.conll", "Ann NNP S-PER\nwept VBD O\n\nCy NNP B-PER\nLee NNP E-PER\nleft VBD O\n\n" * 9, "tokens"),
    "CLUENER": ("my.json", '{"text": "安娜住在罗马", "label": {"name": {"安娜": [[0, 1]]}}}\n' * 9, "cluener"),
    "DuEE": (
        "my.json",
        '{"text": "安娜昨天辞职", "id": "1", "event_list": [{"event_type": "辞职", "trigger": "辞职", "trigger_start_index": 4, "arguments": []}]}\n',
        "duee",
    ),
    "InstructUIE": (
        "train.json",
        '[{"sentence": "Ann wept.", "entities": [{"name": "Ann", "type": "person", "pos": [0, 3]}]}]',
        "instructuie",
    ),
    "a table": ("my.csv", "text,start,end,label\nAnn wept.,0,3,PER\nBo of Oslo,0,2,PER\nBo of Oslo,6,10,LOC\n", "table"),
    "JSON of no known make": (
        "my.json",
        '[{"doc": {"body": "Ann wept."}, "marks": 0, "spans": [{"b": 0, "from": 0, "to": 3, "label": "PER"}]}]',
        "mapping",
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_file_is_recognised(case, tmp_path):
    name, text, layout = WHOLE[case]
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")

    found = recognise(path)

    assert found[0].layout == layout, [candidate.why() for candidate in found]


def test_the_reasons_say_how_much_was_read_and_found(tmp_path):
    path = tmp_path / "my.jsonl"
    path.write_text(doccano(20) + '{"text": 3}\n', encoding="utf-8")

    assert recognise(path)[0].why() == "doccano: 20 of 21 Documents looked at can be read; they hold 40 entities."


def test_of_a_large_file_the_first_rows_are_looked_at(tmp_path):
    path = tmp_path / "my.jsonl"
    path.write_text(doccano(20_000), encoding="utf-8")

    found = recognise(path)[0]

    assert path.stat().st_size > 2**20
    assert (found.layout, found.documents, found.unreadable) == ("doccano", 300, 0)


def test_a_layout_that_finds_nearly_as_much_is_named():
    first = Candidate("doccano", {}, 100, 0, {"entities": 100})
    near, far = Candidate("other", {}, 100, 0, {"entities": 85}), Candidate("third", {}, 100, 0, {"entities": 30})

    assert runner_up([first, near]) is near
    assert runner_up([first, far]) is None


def test_half_readable_files_and_mentions_without_a_place_count_less():
    whole = Candidate("a", {}, 100, 0, {"entities": 100})
    half = Candidate("b", {}, 50, 50, {"entities": 100})
    strings = Candidate("c", {}, 100, 0, {"entities": 100, "without a place": 100})

    assert (whole.score, half.score, strings.score) == (100, 50, 50)


@pytest.mark.parametrize("text", ["", "just a sentence\n", '{"a": 1}\n'])
def test_a_file_that_holds_nothing_annotated_is_told(text, here):
    path = here / "my.jsonl"
    path.write_text(text)

    with pytest.raises(CorpusError) as refused:
        new_corpus(path)

    mapped = "its rows have the keys a: say which of them mean what in a config, layout: mapping,"
    said = {"": "the file is empty.", '{"a": 1}\n': f"no layout finds anything annotated in it; {mapped}"}.get(
        text, "no layout finds anything annotated in it; text that is not annotated is read by uie predict"
    )
    assert str(refused.value).startswith(f"{path}: {said}")
    assert not (here / "dataset_configs").exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", b"\n \n", "the file holds blank lines only."),
        ("a.dat", b"\x89PNG\x00\x00", "the file is no text, nor Parquet, Arrow or a spaCy DocBin with annotations."),
        ("a.txt", "K\u00f6ln\n".encode("latin1"), "line 1 is not UTF-8; convert the file, such as with iconv"),
        (
            "a.csv",
            b"text,label\nAnn left,good\n",
            "no layout finds anything annotated in it; its columns are text,label: say which",
        ),
        ("a.txt", "Ann".encode("utf-16"), "no layout finds anything annotated in it (UTF-16 is read of tables only"),
    ],
    ids=["blank", "binary", "latin1", "columns", "utf-16"],
)
def test_what_is_no_corpus_is_told_with_what_to_do(name, content, said, here):
    (here / name).write_bytes(content)

    with pytest.raises(CorpusError) as refused:
        new_corpus(here / name)

    assert str(refused.value).startswith(f"{here / name}: {said}")


def test_columns_of_lists_do_not_hide_the_layout_that_reads_a_table(here):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = {"tokens": [["Ann", "wept"], ["Rain"]], "ner_tags": [[1, 0], [0]]}
    features = {"tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"}}
    features["ner_tags"] = {"feature": {"names": ["O", "B-PER"], "_type": "ClassLabel"}, "_type": "List"}
    bare = pyarrow.table(rows)
    parquet.write_table(bare, here / "bare.parquet")
    named = bare.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(named, here / "named.parquet")

    assert [candidate.layout for candidate in recognise(here / "named.parquet")] == ["huggingface"]
    assert recognise(here / "bare.parquet") == []


def test_a_guess_that_stumbles_over_a_file_of_another_layout_does_not_hide_that_one(here, monkeypatch):
    def stumbling(path):
        raise IndexError("list index out of range")

    monkeypatch.setitem(LAYOUTS._found, "tokens", replace(LAYOUTS.get("tokens"), guess=stumbling))
    (here / "my.jsonl").write_text(doccano(20))

    assert recognise(here / "my.jsonl")[0].layout == "doccano"


def test_half_a_character_in_a_large_array_is_one_item_that_cannot_be_read(here):
    rows = [{"sentence": "Ann wept. " + "x" * 9000, "entities": [{"name": "Ann", "type": "person", "pos": [0, 3]}]}] * 130
    broken = {"sentence": "half \ud83d of it", "entities": []}
    (here / "train.json").write_text(json.dumps([broken, *rows]))
    assert (here / "train.json").stat().st_size > 2**20

    best = recognise(here / "train.json")[0]

    assert (best.layout, best.documents, best.unreadable) == ("instructuie", 130, 1)


def test_two_files_of_columns_with_as_many_lines_are_not_parallel(here):
    (here / "a.conll").write_text("Ann NN I-NP B-PER\nleft VB I-VP O\n\nBo NN I-NP B-PER\n", encoding="utf-8")
    (here / "b.tsv").write_text("1\tCy\tB-PER\tNN\n2\tleft\tO\tVB\n\n1\tOslo\tB-LOC\tNN\n", encoding="utf-8")

    assert [recognise(here / name)[0].layout for name in ("a.conll", "b.tsv")] == ["tokens", "tokens"]


def test_a_folder_whose_first_file_is_empty_is_recognised_by_the_next(here):
    (here / "notes").mkdir()
    for name, text, annotation in (("a", "None.", ""), ("b", "Ann left.", "T1\tPER 0 3\tAnn\n")):
        (here / "notes" / f"{name}.txt").write_text(text, encoding="utf-8")
        (here / "notes" / f"{name}.ann").write_text(annotation, encoding="utf-8")

    config = new_corpus(here / "notes").config

    assert config.layout == "brat"
    assert (config.expected["train"].documents, config.expected["train"].entities) == (2, 1)


def test_rows_under_a_key_of_one_object_are_found(here):
    rows = [{"text": "Ann left", "entities": [{"start": 0, "end": 3, "label": "PER"}]}] * 2
    (here / "all.json").write_text(json.dumps({"version": 1, "items": rows}), encoding="utf-8")

    best = recognise(here / "all.json")[0]

    assert (best.layout, best.options["rows"], best.found["entities"]) == ("mapping", "items", 2)


def test_a_sentence_number_at_its_first_token_alone_holds_for_the_rest(here):
    rows = "Sentence #,Word,POS,Tag\nSentence: 1,Ann,NN,B-PER\n,left,VB,O\nSentence: 2,Bo,NN,B-PER\n,Lee,NN,I-PER\n"
    (here / "ner.csv").write_text(rows, encoding="utf-8")

    best = recognise(here / "ner.csv")[0]

    assert (best.layout, best.options) == ("table", {"group": "Sentence #", "tokens": "rows.Word", "tags": "rows.Tag"})
    assert (best.documents, best.found["entities"]) == (2, 2)


# The config


def test_the_config_is_filled_in_and_passes_the_check(here):
    for split, number, seed in (("train", 20, 1), ("valid", 5, 2)):
        (here / f"my-{split}.jsonl").write_text(doccano(number, seed), encoding="utf-8")

    found = new_corpus(here / "my-train.jsonl", name="towns")

    written = yaml.safe_load((here / "dataset_configs" / "towns.yaml").read_text(encoding="utf-8"))
    assert written == {
        "name": "towns",
        "title": "towns",
        "lang": "en",
        "licence": "unstated",
        "citation": "",
        "folder": str(here),
        "layout": "doccano",
        "tasks": ["NER"],
        "splits": {"train": {"files": ["my-train.jsonl"]}, "dev": {"files": ["my-valid.jsonl"]}},
        "expected": {"train": {"documents": 20, "entities": 40}, "dev": {"documents": 5, "entities": 10}},
        "labels": {
            "entities": {"PER": {"name": "person", "description": ""}, "home-town": {"name": "home town", "description": ""}}
        },
    }
    assert check_corpus(found.config, data_root=None).errors == ()
    assert found.unreadable == 0


def test_relations_and_events_get_their_types_and_roles(here):
    row = {
        "text": "Ann left Rome.",
        "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "PER"}, {"start": 9, "end": 13, "text": "Rome", "type": "LOC"}],
        "relations": [{"type": "livedIn", "head": 0, "tail": 1}],
        "events": [
            {
                "type": "Leave",
                "trigger": {"start": 4, "end": 8, "text": "left"},
                "arguments": [{"role": "Who", "start": 0, "end": 3, "text": "Ann"}],
            }
        ],
    }
    (here / "my.jsonl").write_text(json.dumps(row) + "\n")

    found = new_corpus(here / "my.jsonl")

    labels = found.config.labels
    assert labels["relations"] == {"livedIn": {"name": "lived in", "description": "", "head": ["PER"], "tail": ["LOC"]}}
    assert labels["events"] == {"Leave": {"name": "leave", "description": "", "roles": {"Who": {"name": "who", "description": ""}}}}
    # Each mention is in a relation: they may be there for its sake.
    assert found.config.tasks == ("RE", "EE")


def test_relations_without_a_type_make_no_label(here):
    row = {
        "text": "Ann left Rome.",
        "entities": [{"start": 0, "end": 3, "text": "Ann", "type": "PER"}, {"start": 9, "end": 13, "text": "Rome", "type": "LOC"}],
        "relations": [{"type": "left", "head": 0, "tail": 1}, {"type": None, "head": 1, "tail": 0}],
    }
    (here / "my.jsonl").write_text(json.dumps(row) + "\n")

    found = new_corpus(here / "my.jsonl")

    assert list(found.config.labels["relations"]) == ["left"]
    assert check_corpus(found.config, data_root=None).errors == ()


def test_a_config_that_would_not_load_is_not_written(here):
    (here / "my.jsonl").write_text('{"text": "Ann wept.", "entities": [{"start": 0, "end": 3, "text": "Ann", "type": " "}]}\n')

    with pytest.raises(UIEError) as refused:
        new_corpus(here / "my.jsonl")

    assert str(refused.value).startswith("dataset_configs/my.yaml: ")
    assert not (here / "dataset_configs").exists()


def test_a_folder_of_standoff_becomes_patterns_by_split(here):
    for split, number in (("train", 15), ("test", 13)):
        for index in range(number):
            (here / "notes" / split).mkdir(parents=True, exist_ok=True)
            (here / "notes" / split / f"{index}.txt").write_text("Ann wept.")
            (here / "notes" / split / f"{index}.ann").write_text("T1\tPER 0 3\tAnn\n")
    (here / "notes" / "README.md").write_text("about")

    found = new_corpus(here / "notes")

    assert found.config.layout == "brat"
    assert {split: len(files.files) for split, files in found.config.splits.items()} == {"train": 1, "test": 1}
    assert found.config.expected["train"].documents == 15
    assert check_corpus(found.config, data_root=None).errors == ()


def test_chinese_texts_make_a_chinese_corpus(here):
    (here / "my.json").write_text('{"text": "安娜住在罗马", "label": {"name": {"安娜": [[0, 1]]}}}\n', encoding="utf-8")

    assert new_corpus(here / "my.json").config.lang == "zh"


def test_strings_without_a_place_are_said_to_have_none(here):
    row = {
        "text": "安娜作词的《远山》",
        "spo_list": [{"subject": "远山", "subject_type": "歌曲", "predicate": "作词", "object": "安娜", "object_type": "人物"}],
    }
    (here / "songs.json").write_text(json.dumps(row, ensure_ascii=False) + "\n", encoding="utf-8")

    found = new_corpus(here / "songs.json")

    assert (found.config.layout, found.config.offsets, found.config.tasks) == ("spo", False, ("RE",))


def test_a_config_is_never_overwritten(here):
    path = here / "my.jsonl"
    path.write_text(doccano(3))
    written = new_corpus(path).path
    before = written.read_bytes()

    with pytest.raises(OutputError) as again:
        new_corpus(path)
    with pytest.raises(OutputError) as ours:
        new_corpus(path, name="sample_en")

    assert str(again.value) == "dataset_configs/my.yaml: is there already; give another name by --name."
    assert str(ours.value) == "sample_en: is a corpus already; give another name by --name."
    assert written.read_bytes() == before


def test_two_labels_never_get_one_name(here):
    row = {"text": "Ann Bo", "label": [[0, 3, "creative-work"], [4, 6, "creative_work"]]}
    (here / "my.jsonl").write_text(json.dumps(row) + "\n")

    labels = new_corpus(here / "my.jsonl").config.labels["entities"]

    assert {label: one["name"] for label, one in labels.items()} == {
        "creative-work": "creative work",
        "creative_work": "creative_work",
    }


# Names

VERBALISED = {
    "creative-work": "creative work",
    "birthPlace": "birth place",
    "Live_In": "live in",
    "PER": "person",
    "DNA": "DNA",
    "PROTEIN": "protein",
    "/people/person/place_of_birth": "people person place of birth",
    "组织关系-裁员": "组织关系 裁员",
    "--": "--",
}


@pytest.mark.parametrize("label", VERBALISED)
def test_labels_become_words(label):
    assert verbalised(label) == VERBALISED[label]


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.json", "train"),
        ("emerging.dev.conll", "dev"),
        ("en-valid-2.txt", "dev"),
        ("test_data/01.txt", "test"),
        ("train/test.json", "test"),
        ("contest.json", None),
        ("my.json", None),
    ],
)
def test_a_files_name_says_its_split(name, split):
    assert split_of_name(name) == split


def test_the_other_splits_of_a_file_lie_beside_it(tmp_path):
    for name in ("a.train.json", "a.dev.json", "b.test.json", "a.test.txt", "a.json"):
        (tmp_path / name).write_text("")

    found = siblings(tmp_path / "a.dev.json")

    assert {split: [path.name for path in files] for split, files in found.items()} == {
        "train": ["a.train.json"],
        "dev": ["a.dev.json"],
    }
    assert siblings(tmp_path / "a.json") == {"train": [tmp_path / "a.json"]}


def test_files_of_no_split_are_left_out_where_others_have_one(tmp_path):
    paths = [tmp_path / name for name in ("all.json", "test.json", "train.json")]

    assert by_split(paths, tmp_path) == {"train": [paths[2]], "test": [paths[1]]}
    assert by_split(paths[:1], tmp_path) == {"train": paths[:1]}


def test_many_files_become_a_pattern_only_if_it_fits_no_other(tmp_path):
    paths = [tmp_path / f"{number:02}.txt" for number in range(14)]
    for path in paths:
        path.write_text("")

    assert patterns(paths, tmp_path) == ["*.txt"]
    assert patterns(paths[1:], tmp_path) == [path.name for path in paths[1:]]


@pytest.mark.parametrize(
    ("path", "name"),
    [("data/reviews/train.conll", "reviews"), ("data/My Reviews.jsonl", "my_reviews"), ("data/wnut17train.conll", "wnut17train")],
)
def test_a_corpus_is_named_after_its_file_or_its_folder(path, name, tmp_path):
    assert name_of(tmp_path / path) == name


def test_most_layouts_are_recognised_by_their_own_examples(tmp_path):
    """Some examples are too small to be told from others', or are another's too: what matters is that none is taken for nonsense."""
    wrong = []
    for name in LAYOUTS:
        layout = LAYOUTS.get(name)
        folder = tmp_path / name
        for file, text in layout.example.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text, encoding="utf-8", newline="")
        if layout.example:
            found = recognise(folder / next(iter(layout.example)))
            close = [candidate.layout for candidate in found if candidate.score >= 0.8 * found[0].score]
            if name not in close:
                wrong.append((name, [candidate.why() for candidate in found[:2]]))

    assert len(wrong) <= len(list(LAYOUTS)) // 4, wrong
