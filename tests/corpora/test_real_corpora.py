"""The real corpora, where they are: set UIE_CORPORA to the folder that holds them (one folder each, with its SOURCE.txt)."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from uie.corpora.checking import check_corpus
from uie.corpora.config import dataset_names, load_dataset_config
from uie.corpora.reading import available_splits, read_corpus, read_files
from uie.storage import file_hash

_FOLDER = os.environ.get("UIE_CORPORA")
ROOT = Path(_FOLDER or ".")
ALL = [name for name in dataset_names() if not load_dataset_config(name).shipped]
CORPORA = ["cluener2020", "conll04_json", "duee", "duie_spo", "msra_bio", "msra_instruct", "phee", "wnut17"]
"""Those whose figures are compared one by one below; of the others what `expected` says."""
ABSENT = ["crossner_politics", "crossner_science"]
"""Not in the copy at hand: their counts are their makers'."""
FIXTURES = [
    "deepke_llm_samples",
    "doccano_examples",
    "docee_sample",
    "iepile_samples",
    "instructuie_config",
    "instructuie_derived",
    "knowcoder_sample",
    "mit_movie_sample",
    "spacy_example_ner",
    "w2ner_example",
]
"""Folders with samples of a layout and no corpus."""

pytestmark = pytest.mark.skipif(not _FOLDER, reason="UIE_CORPORA is not set to the folder of the real corpora")


def _statistics(name):
    """The lines `  NAME/FILE: {JSON}` below STATISTICS of a SOURCE.txt, by what comes after the first slash."""
    statistics = {}
    for line in (ROOT / name / "SOURCE.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"  {name}/"):
            key, _, value = line.strip().partition(": ")
            statistics[key.partition("/")[2]] = json.loads(value)
    assert statistics
    return statistics


def _documents(name, split):
    """All Documents of a split's files, nothing cut away."""
    return list(read_files(load_dataset_config(name), split, data_root=ROOT))


def _types(documents):
    return Counter(entity.type for document in documents for entity in document.entities)


def _relations(documents):
    return Counter(relation.type for document in documents for relation in document.relations)


def _expected(name, split):
    return load_dataset_config(name).expected[split]


@pytest.mark.parametrize("name", sorted(set(ALL) - set(ABSENT)))
def test_a_real_corpus_has_no_errors(name):
    report = check_corpus(load_dataset_config(name), data_root=ROOT)

    assert report.errors == ()
    assert all(counts["documents"] > 0 for counts in report.counts.values())


def test_every_folder_is_a_corpus_or_a_fixture():
    folders = {(load_dataset_config(name).folder or name).split("/")[0] for name in ALL}

    assert {path.name for path in ROOT.iterdir() if path.is_dir()} == folders | set(FIXTURES)


@pytest.mark.parametrize("name", sorted(set(ALL) - set(ABSENT)))
def test_the_files_at_hand_are_those_of_the_source(name):
    config = load_dataset_config(name)
    folder = ROOT / (config.folder or name)

    for file, source in config.source.items():
        assert not (source.sha256 and source.cut), file
        if source.sha256 and not file.endswith("/"):
            assert file_hash(folder / file) == source.sha256, file


@pytest.mark.parametrize("name", CORPORA)
def test_the_splits_of_a_real_corpus_hold_each_of_its_documents_once(name):
    config = load_dataset_config(name)

    ids = [d.id for split in available_splits(config) for d in read_corpus(config, split, data_root=ROOT)]

    assert len(ids) == len(set(ids)) == sum(counts.documents for counts in config.expected.values())


@pytest.mark.parametrize(
    ("split", "file"), [("train", "wnut17train.conll"), ("dev", "emerging.dev.conll"), ("test", "emerging.test.annotated")]
)
def test_wnut17_is_read_completely(split, file):
    source = _statistics("wnut17")[file]
    documents = _documents("wnut17", split)

    assert len(documents) == source["sentences"] == _expected("wnut17", split).documents
    assert sum(len(document.tokens) for document in documents) == source["tokens"]
    assert _types(documents) == source["types"]
    assert source["entities"] == _expected("wnut17", split).entities
    assert max(len(document.tokens) for document in documents) == source["max_sent_len"]


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_conll04_is_read_completely(split):
    source = _statistics("conll04_json")[split]
    documents = _documents("conll04_json", split)

    assert len(documents) == source["n"] == _expected("conll04_json", split).documents
    assert _types(documents) == source["ents"]
    assert _relations(documents) == source["rels"]
    assert sum(source["rels"].values()) == _expected("conll04_json", split).relations


def test_msra_test_is_read_completely():
    source = _statistics("msra_bio")["msra_test_bio"]
    documents = _documents("msra_bio", "test")

    assert len(documents) == source["sentences"] == _expected("msra_bio", "test").documents
    assert sum(len(document.text) for document in documents) == source["tokens"]
    assert _types(documents) == source["types"]
    assert max(len(document.text) for document in documents) == source["max_sent_len"]


def test_msra_train_is_the_val_folder_read_completely():
    """SOURCE.txt counts tags there, no mentions: every mention has one B."""
    source = _statistics("msra_bio")["val"]
    documents = _documents("msra_bio", "train")

    assert len(documents) == source["n"] == _expected("msra_bio", "train").documents
    assert _types(documents) == {kind: source["tags"][f"B-{kind}"] for kind in ("PER", "LOC", "ORG")}
    assert sum(len(document.text) for document in documents) == sum(source["tags"].values())


@pytest.mark.parametrize("split", ["train", "dev"])
def test_cluener_is_read_completely(split):
    source = _statistics("cluener2020")[f"{split}.json"]
    documents = _documents("cluener2020", split)

    assert len(documents) == source["n"] == _expected("cluener2020", split).documents
    assert _types(documents) == source["types"]
    assert source["ents"] == source["offset"]["inclusive_ok"] == _expected("cluener2020", split).entities


@pytest.mark.parametrize("split", ["train", "dev"])
def test_duie_is_read_completely(split):
    source = _statistics("duie_spo")[f"{split}_data"]
    documents = _documents("duie_spo", split)

    relations = _relations(documents)
    assert len(documents) == source["n"] == _expected("duie_spo", split).documents
    assert sum(relations.values()) == source["triples"] == _expected("duie_spo", split).relations
    assert len(relations) == source["nrel"]
    assert {name: relations[name] for name in source["top"]} == source["top"]


@pytest.mark.parametrize("split", ["train", "dev"])
def test_duie_arguments_that_are_not_in_the_text_are_counted(split):
    """SOURCE.txt counts them once a triple; the check counts entities, so that `sweet room` of two triples counts once there."""
    missing = 0
    for document in _documents("duie_spo", split):
        for relation in document.relations:
            missing += sum(document.entities[i].mention.text not in document.text for i in (relation.head, relation.tail))

    assert missing == _statistics("duie_spo")[f"{split}_data"].get("arg_not_in_text", 0)


def test_duee_is_read_completely():
    source = _statistics("duee")["duee_dev.json"]
    documents = _documents("duee", "dev")

    events = [event for document in documents for event in document.events]
    types = Counter(event.type for event in events)
    arguments = [argument for event in events for argument in event.arguments]
    assert len(documents) == source["n"] == _expected("duee", "dev").documents
    assert len(events) == source["events"] == source["offset"]["trig_ok"] == _expected("duee", "dev").events
    assert len(arguments) == source["args"] == source["offset"]["arg_ok"] == _expected("duee", "dev").arguments
    assert len(types) == source["ntypes"]
    assert {name: types[name] for name in source["types_top"]} == source["types_top"]
    assert sum(a.mention.text != a.mention.text.strip() for a in arguments) == source["arg_with_outer_ws"]
    assert sum("\n" in document.text for document in documents) == source["newline"]
    assert sum(len(document.events) > 1 for document in documents) == source["multi_event"]


def test_duee_types_and_roles_are_those_of_its_schema_file():
    rows = [json.loads(line) for line in (ROOT / "duee" / "duee_event_schema.json").read_text(encoding="utf-8").splitlines()]
    official = {row["event_type"]: [role["role"] for role in row["role_list"]] for row in rows}

    events = load_dataset_config("duee").schema().events

    assert len(official) == 65
    assert {event.label: [role.label for role in event.roles] for event in events} == official


def test_duie_relations_are_those_of_its_schema_file():
    rows = [json.loads(line) for line in (ROOT / "duie_spo" / "all_50_schemas").read_text(encoding="utf-8").splitlines()]
    official = {(row["subject_type"], row["predicate"], row["object_type"]) for row in rows}

    relations = load_dataset_config("duie_spo").schema().relations

    assert len(official) == 50
    assert {(head, r.label, tail) for r in relations for head in r.head for tail in r.tail} == official


@pytest.mark.parametrize("split", ["train", "dev"])
def test_phee_is_read_completely(split):
    """SOURCE.txt counts role slots, we count the mentions in them: its `roles` are compared as (event, role) pairs.

    A slot of `Treatment.Combination.…` is one of a combination, of which a treatment may have several: those are left out.
    """
    source = _statistics("phee")[f"json/{split}"]
    documents = _documents("phee", split)

    events = [event for document in documents for event in document.events]
    mentions = [mention for document in documents for mention in document.mentions()]
    slots = Counter(role for event in events for role in {argument.role for argument in event.arguments})
    assert len(documents) == source["n"] == _expected("phee", split).documents
    assert Counter(event.type for event in events) == source["events"]
    assert len(events) == source["roles"]["Trigger"] == _expected("phee", split).events
    simple = {role: slots for role, slots in source["roles"].items() if role != "Trigger" and "Combination" not in role}
    assert {role: number for role, number in slots.items() if "Combination" not in role} == simple
    assert sum(bool(mention.fragments) for mention in mentions) == source["discontinuous_mentions"]
    assert sum(len(mention.span) for mention in mentions) == source["offset"]["ok"]
    assert len(mentions) - len(events) == _expected("phee", split).arguments


def test_msra_instruct_has_the_mentions_that_its_records_answer_with():
    """SOURCE.txt counts the records, which drop the second of two equal mentions: 611 of the file's 643."""
    source = _statistics("msra_instruct")["dev.txt"]
    documents = _documents("msra_instruct", "dev")

    names = {label.label: label.name for label in load_dataset_config("msra_instruct").schema().entities}
    answers = Counter(names[kind] for d in documents for _, kind in {(e.mention.text, e.type) for e in d.entities})
    assert len(documents) == source["n"] == _expected("msra_instruct", "dev").documents
    assert answers == source["types"]
    assert sum(answers.values()) == source["ents"]
    assert sum(not document.entities for document in documents) == source["answer_none"]


@pytest.mark.parametrize("name", sorted(set(CORPORA) - {"duie_spo"}))
def test_every_mention_of_a_corpus_with_offsets_is_grounded(name):
    config = load_dataset_config(name)

    mentions = [mention for split in config.splits for document in _documents(name, split) for mention in document.mentions()]

    assert len(mentions) > 600
    assert config.offsets
    assert all(mention.grounded for mention in mentions)
