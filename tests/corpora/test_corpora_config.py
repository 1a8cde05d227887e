"""`dataset_configs/*.yaml`: every shipped config loads and is complete; mistakes are named."""

import dataclasses
from pathlib import Path

import pytest

from uie.corpora import LAYOUTS, options_of
from uie.corpora.config import Counts, DatasetConfig, dataset_names, load_dataset_config, read_dataset_config
from uie.errors import CorpusError, SchemaError, SettingsError

SHIPPED = [
    "cluener2020",
    "conll04_json",
    "duee",
    "duie_spo",
    "msra_bio",
    "msra_instruct",
    "phee",
    "sample_en",
    "sample_zh",
    "wnut17",
]
DESCRIBED = sorted(set(SHIPPED) - {"duee", "duie_spo"})
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


def test_these_corpora_ship(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert set(SHIPPED) <= set(dataset_names())
    assert not [name for name in dataset_names() if name.startswith("mixes/")]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_config_says_where_it_comes_from_and_what_to_expect(name):
    config = load_dataset_config(name)

    assert config.name == name
    assert all((config.title, config.licence, config.citation, config.join))
    assert config.shipped or config.source
    assert set(config.expected) == set(config.splits)
    assert {"train", "dev", "test"} == {*config.splits, *config.cut}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_label_has_an_english_and_a_chinese_name(name):
    labels = load_dataset_config(name).labels
    named = [label for kind in labels.values() for label in kind.values()]
    named += [role for event in labels.get("events", {}).values() for role in event["roles"].values()]

    assert named
    for label in named:
        assert label["name"]["en"].isascii()
        assert not label["name"]["zh"].isascii()


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_schema_is_one_to_one_in_both_languages(name, lang):
    config = load_dataset_config(name)

    schema = config.schema(lang)  # raises where two labels share a name

    assert schema.lang == lang
    assert len(schema.entities) == len(config.labels.get("entities", {}))


@pytest.mark.parametrize("name", DESCRIBED)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_labels_are_described_in_both_languages(name, lang):
    schema = load_dataset_config(name).schema(lang)

    labels = [*schema.entities, *schema.relations, *schema.events, *(role for event in schema.events for role in event.roles)]
    assert labels
    assert [label.label for label in labels if not label.description or label.description.isascii() != (lang == "en")] == []


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


def test_an_unknown_name_lists_its_neighbours(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CorpusError) as error:
        load_dataset_config("wnut71")

    known = ", ".join(dataset_names())
    assert str(error.value) == f"No corpus is named 'wnut71'. Did you mean 'wnut17'? Known: {known}."


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
            ": options.scheme: expected one of 'IOB1', 'IOB2', 'BIOES', 'BMES', 'BILUO', 'IO', found 'IOB'",
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

    known = "cluener, conll04, documents, duee, entity_list, instructuie, parallel, phee, spo, tokens"
    assert str(error.value) == f"{path}: layout: No layout is named 'token'. Did you mean 'tokens'? Known: {known}."


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
    for layout in LAYOUTS:
        assert f"| `{layout}` |" in page
        for option in dataclasses.fields(options_of(LAYOUTS.get(layout))):
            assert f"`{option.name}`" in page
