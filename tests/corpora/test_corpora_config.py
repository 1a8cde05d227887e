"""`dataset_configs/*.yaml`: every shipped config loads and is complete; mistakes are named."""

import dataclasses
import re
from pathlib import Path

import pytest

from uie.corpora import LAYOUTS, options_of
from uie.corpora.config import Counts, DatasetConfig, dataset_names, load_dataset_config, read_dataset_config
from uie.errors import CorpusError, SchemaError, SettingsError

ALL = dataset_names()
IN_PARTS = ["brat_examples_conll_es", "brat_examples_conll_nl", "brat_examples_ge", "brat_examples_ncbi", "brat_examples_rel"]
"""Ten or twenty documents each, for reading and trying: too few to cut."""
NOT_CITED = ["cec_corpus", "labelstudio_bpo", "pypi_hironsan_ja"]
"""Of which no paper is known to us."""
NOT_DESCRIBED = {"webnlg_spo": 21, "webnlg_star": 19, "webnlg_triples": 21}
"""Labels that nobody explains and that a description would only guess at (`outlookRanking`)."""
OWN = """
name: own
lang: en
layout: tokens
tasks: [NER]
splits: {train: {files: [a.txt]}}
labels: {entities: [x]}
"""


def _config(folder, text=OWN, **more):
    path = folder / "own.yaml"
    path.write_text(text + "".join(f"{key}: {value}\n" for key, value in more.items()), encoding="utf-8")
    return path


def test_corpora_ship_and_mixes_and_boards_are_none_of_them(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert len(ALL) > 60
    assert dataset_names() == ALL
    assert {"sample_en", "sample_zh", "wnut17"} < set(ALL)
    assert not [name for name in ALL if "/" in name]


@pytest.mark.parametrize("name", ALL)
def test_every_config_says_where_the_corpus_comes_from_and_what_to_expect(name):
    config = load_dataset_config(name)

    assert config.name == name
    assert all((config.title, config.licence, config.join))
    assert bool(config.citation) == (name not in NOT_CITED)
    assert config.shipped or config.source
    for file in config.source.values():
        assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}:.+|[\w.-]+==[\w.]+:.+", file.at), file.at
        assert not file.sha256 or re.fullmatch("[0-9a-f]{64}", file.sha256)
    assert set(config.expected) == set(config.splits)
    assert ({"train", "dev", "test"} <= {*config.splits, *config.cut}) == (name not in IN_PARTS)


def _labels(name):
    """Every label of a config, with its path."""
    for kind, labels in load_dataset_config(name).labels.items():
        for label, value in labels.items():
            yield (kind, label), value
            for role, inner in value.get("roles", {}).items():
                yield (kind, label, role), inner


def _said(value, key, lang):
    found = value.get(key, "")
    return found.get(lang, "") if isinstance(found, dict) else found


@pytest.mark.parametrize("name", ALL)
def test_every_label_has_a_name_in_english_and_in_chinese_where_the_corpus_is_chinese(name):
    config = load_dataset_config(name)
    labels = dict(_labels(name))

    assert labels
    assert [
        path for path, value in labels.items() if not _said(value, "name", "en").isascii() or not _said(value, "name", "en")
    ] == []
    if config.lang == "zh":
        assert [path for path, value in labels.items() if _said(value, "name", "zh").isascii()] == []


@pytest.mark.parametrize("name", ALL)
def test_every_schema_is_one_to_one(name):
    config = load_dataset_config(name)

    for lang in ("en", "zh") if config.lang == "zh" else ("en",):
        schema = config.schema(lang)  # raises where two labels share a name
        assert schema.lang == lang
        assert len(schema.entities) == len(config.labels.get("entities", {}))


@pytest.mark.parametrize("name", ALL)
def test_labels_are_described_in_english_and_in_chinese_where_the_corpus_is_chinese(name):
    without = [path for path, value in _labels(name) if not _said(value, "description", "en")]
    if load_dataset_config(name).lang == "zh":
        without += [path for path, value in _labels(name) if _said(value, "description", "zh").isascii()]

    assert len(without) == NOT_DESCRIBED.get(name, 0)


def test_the_two_samples_have_one_schema():
    assert load_dataset_config("sample_en").labels == load_dataset_config("sample_zh").labels


def test_the_schema_speaks_the_language_of_the_corpus_unless_asked():
    config = load_dataset_config("cluener2020")

    assert [label.name for label in config.schema().entities][-1] == "景点"
    assert [label.name for label in config.schema("en").entities][-1] == "tourist sight"


def test_a_founding_date_has_heads_of_two_types():
    relations = {label.label: label for label in load_dataset_config("duie_spo").schema().relations}

    assert len(relations) == 49
    assert relations["成立日期"].head == ("机构", "企业")


def test_a_config_needs_little(tmp_path):
    config = read_dataset_config(_config(tmp_path))

    assert (config.tasks, config.offsets, config.expected, config.shipped) == (("NER",), True, {}, False)


def test_own_configs_are_found_before_ours_by_name_and_by_path(tmp_path, monkeypatch):
    (tmp_path / "dataset_configs" / "mixes").mkdir(parents=True)
    path = _config(tmp_path / "dataset_configs")
    (tmp_path / "dataset_configs" / "mixes" / "both.yaml").write_text("a: 1\n")
    monkeypatch.chdir(tmp_path)

    assert load_dataset_config("own") == load_dataset_config(str(path))
    assert "own" in dataset_names()
    assert "mixes/both" not in dataset_names()


def test_an_unknown_name_says_its_neighbours_and_where_all_are(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CorpusError) as error:
        load_dataset_config("wnut71")

    all_names = f"uie corpora list shows all {len(dataset_names())}; of a file or folder uie corpora new makes one."
    assert str(error.value) == f"No corpus is named 'wnut71'. Did you mean 'wnut17'? {all_names}"


def test_a_file_in_place_of_a_corpus_names_the_command_for_files(tmp_path):
    path = tmp_path / "my.jsonl"
    path.write_text("{}")

    with pytest.raises(CorpusError) as no_config:
        load_dataset_config(str(path))
    with pytest.raises(CorpusError) as missing:
        load_dataset_config("none.yaml")

    assert str(no_config.value) == f"{path}: is no dataset config. uie corpora new {path} writes one for it."
    assert str(missing.value) == "none.yaml: no such file."


def test_a_mix_is_no_corpus():
    with pytest.raises(CorpusError, match=r"^No corpus is named 'mixes/v3'\."):
        load_dataset_config("mixes/v3")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "cut",
            "{train: {of: train, share: 0.1}}",
            ": cut.train: the corpus has files for the split 'train'; cut only what it lacks.",
        ),
        (
            "cut",
            "{dev: {of: tran, share: 0.1}}",
            ": cut.dev.of: No split with files is named 'tran'. Did you mean 'train'? Known: train.",
        ),
        (
            "cut",
            "{dev: {of: train, share: 0.5}, test: {of: train, share: 0.5}}",
            ": cut.dev.share: expected shares above 0 that leave something of 'train', found 1 in all.",
        ),
        ("expected", "{dev: {documents: 1}}", ": expected: No split with files is named 'dev'. Known: train."),
        ("options", "{schema: IOB2}", ": options.schema: unknown key; did you mean 'scheme'?"),
        (
            "options",
            "{scheme: IOB}",
            ": options.scheme: expected one of 'auto', 'IOB1', 'IOB2', 'IOE1', 'IOE2', 'BIOES', 'BMES', 'BILUO', 'IO', found 'IOB'",
        ),
        ("tilte", "x", ": tilte: unknown key; did you mean 'title'?"),
    ],
)
def test_a_mistake_in_a_config_is_named_with_its_place(tmp_path, key, value, message):
    path = _config(tmp_path, **{key: value})

    with pytest.raises(SettingsError) as error:
        read_dataset_config(path)

    assert str(error.value) == f"{path}{message}"


def test_an_unknown_layout_lists_its_neighbours(tmp_path):
    path = _config(tmp_path, OWN.replace("tokens", "token"))

    with pytest.raises(SettingsError) as error:
        read_dataset_config(path)

    known = ", ".join(LAYOUTS)
    assert str(error.value) == f"{path}: layout: No layout is named 'token'. Did you mean 'tokens' or 'oneke'? Known: {known}."


def test_two_labels_with_one_name_are_refused(tmp_path):
    path = _config(tmp_path, OWN.replace("[x]", "{x: {name: n}, y: {name: n}}"))

    with pytest.raises(SchemaError) as error:
        read_dataset_config(path)

    message = "own: labels: entities: 'x' and 'y' share the name 'n'; an answer could not be mapped back."
    assert str(error.value) == f"{path}: {message}"


def test_counts_that_do_not_apply_are_left_open():
    assert load_dataset_config("wnut17").expected["dev"] == Counts(documents=1009, entities=836)


def test_the_example_of_the_documentation_loads_and_its_tables_are_complete(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "adding-a-corpus.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]

    config = read_dataset_config(_config(tmp_path, example))

    assert config.schema().entities[0].name == "brand"
    for field in dataclasses.fields(DatasetConfig):
        assert f"`{field.name}`" in page
    layouts = (Path(__file__).parents[2] / "docs" / "corpora.md").read_text(encoding="utf-8")
    for layout in LAYOUTS:
        assert f"### `{layout}`\n" in layouts
        for option in dataclasses.fields(options_of(LAYOUTS.get(layout))):
            assert f"`{option.name}`" in layouts
