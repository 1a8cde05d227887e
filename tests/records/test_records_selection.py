"""Which Documents a mix takes, how often, and what is told of the rest."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from small_corpora import LABELS, Built, asked, corpus, marked, mix

from uie.corpora.config import load_dataset_config
from uie.errors import CorpusError, SettingsError, UIEError
from uie.records.mix import Labels, MixCorpus
from uie.records.selection import Selection, corpus_of


def people(count: int, prefix: str = "Person") -> list[str]:
    return [f"{prefix}{number}/PER spoke." for number in range(count)]


def ids(built: Built, dataset: str, split: str = "train") -> set[str]:
    return {record.document_id for record in getattr(built, split) if record.dataset == dataset}


def per_corpus(built: Built) -> dict[str, int]:
    return dict(Counter(record.dataset for record in built.train))


# How many


@pytest.mark.parametrize(
    ("take", "expected"),
    [
        ("full", 8),
        ("random", 6),  # max_documents
        ("random_3", 3),
        ("random_30", 8),
        ("upsample_2", 16),
        ("downsample", 4),  # as many as the smaller corpus has
    ],
)
def test_a_corpus_gives_as_many_train_documents_as_take_says(take: str, expected: int, tmp_path: Path) -> None:
    large = corpus(tmp_path, "large", {"train": people(8), "test": people(5, "Other")}, tasks=["NER"])
    small = corpus(tmp_path, "small", {"train": people(4, "Few")}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(MixCorpus(large, take=take), small, max_documents=6))

    assert per_corpus(built) == {"large": expected, "small": 4}
    assert len(built.test) == 5  # take is for train
    row = built.row("NER", dataset="large")
    assert (row.documents, row.records) == (min(expected, 8), expected)
    assert row.dropped == ({} if expected >= 8 else {"not drawn": 8 - expected})
    assert len(built.gold("train")) == min(expected, 8) + 4  # each Document once


def test_a_larger_quota_holds_a_smaller_one(tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": people(10)}, tasks=["NER"])

    three, six = (ids(Built(tmp_path / take, mix(MixCorpus(name, take=take))), "one") for take in ("random_3", "random_6"))

    assert (len(three), len(six)) == (3, 6)
    assert three < six


def test_copies_are_called_2_and_3_and_asked_in_groups_of_their_own(tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": people(6)}, tasks=["NER"])
    labels = Labels(negatives=0.5, shuffle=True)

    built = Built(tmp_path / "out", mix(MixCorpus(name, take="upsample_3"), share=6, labels=labels))

    assert sorted(record.id for record in built.train) == sorted(
        f"one/train/{number}#NER{copy}" for number in range(6) for copy in ("", "~2", "~3")
    )
    groups = [built.train[start : start + 6] for start in (0, 6, 12)]
    assert all(len({record.document_id for record in group}) == 6 for group in groups)
    assert all(len({record.id.partition("~")[2] for record in group}) == 1 for group in groups)
    assert len({group[0].instruct for group in groups}) == 3  # each drew labels of its own
    assert {record.document_id: record.text for record in built.train} == {
        f"one/train/{number}": f"Person{number} spoke." for number in range(6)
    }


@pytest.mark.parametrize(("temperature", "expected"), [(1.0, {"large": 9, "small": 3}), (1e9, {"large": 6, "small": 6})])
def test_temperature_spreads_the_same_total(temperature: float, expected: dict[str, int], tmp_path: Path) -> None:
    large = corpus(tmp_path, "large", {"train": people(9)}, tasks=["NER"])
    small = corpus(tmp_path, "small", {"train": people(3, "Few")}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(large, small, temperature=temperature))

    assert per_corpus(built) == expected
    assert len({record.id for record in built.train}) == 12


def test_a_limit_is_met_by_what_is_left_after_dropping(tmp_path: Path) -> None:
    rows = [*people(3), *people(3), "It rained.", "It rained again."]
    name = corpus(tmp_path, "one", {"train": rows, "test": people(4, "Other")}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(MixCorpus(name, limit={"train": 3, "test": 9}), deduplicate=True, empty=0.0, limit=3))

    assert sorted(record.text for record in built.train) == ["Person0 spoke.", "Person1 spoke.", "Person2 spoke."]
    assert built.row("NER").dropped == {"duplicate": 3, "empty": 2}
    assert len(built.test) == 3  # the smaller of the two limits


# Few-shot and zero-shot


def test_few_shot_takes_a_set_in_which_each_label_occurs_k_times(tmp_path: Path) -> None:
    rows = [*people(9), "Rome/LOC burnt.", "Oslo/LOC froze.", "Ann/PER left Lima/LOC.", "Acme/ORG failed.", "It rained."]
    name = corpus(tmp_path, "one", {"train": rows, "test": people(3, "Other")}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(name, few_shot=2))

    counts = Counter(entity.type for document in built.gold("train") for entity in document.entities or ())
    assert counts == {"PER": 2, "LOC": 2, "ORG": 1}  # there is one ORG only
    assert built.row("NER").dropped == {"not drawn": 14 - len(built.train)}
    assert len(built.test) == 3


def test_few_shot_counts_the_labels_of_all_tasks(tmp_path: Path) -> None:
    rows = [marked(f"P{n}/PER lives in Rome/LOC.", ("LIVES", 0, 1)) for n in range(6)] + [
        marked(f"Q{n}/PER saw Oslo/LOC.") for n in range(6)
    ]
    name = corpus(tmp_path, "one", {"train": rows})

    built = Built(tmp_path / "out", mix(name, few_shot=3))

    relations = sum(len(document.relations or ()) for document in built.gold("train"))
    assert (relations, len(built.gold("train"))) == (3, 3)


def test_few_shot_counts_entities_and_relations_of_a_joint_task(tmp_path: Path) -> None:
    rows = [marked(f"P{n}/PER lives in Rome/LOC.", ("LIVES", 0, 1)) for n in range(6)] + ["Acme/ORG failed.", "Umbra/ORG failed."]
    name = corpus(tmp_path, "one", {"train": rows})

    built = Built(tmp_path / "out", mix(MixCorpus(name, tasks=("JOINT",)), few_shot=1))

    labels = Counter(entity.type for document in built.gold("train") for entity in document.entities or ())
    assert labels == {"PER": 1, "LOC": 1, "ORG": 1}


def test_unseen_labels_are_asked_and_answered_in_dev_and_test_only(tmp_path: Path) -> None:
    rows = [
        marked("Ann/PER lives in Rome/LOC.", ("LIVES", 0, 1)),
        marked("Bob/PER works for Acme/ORG.", ("WORKS", 0, 1)),
        marked("Oslo/LOC grew."),
    ]
    name = corpus(tmp_path, "one", {"train": rows, "dev": rows, "test": rows}, tasks=["NER", "RE"])
    tasks = ("NER", "NER1", "ES", "RE", "SPO", "JOINT")
    unseen = ("LOC", "LIVES")

    built = Built(tmp_path / "out", mix(MixCorpus(name, tasks=tasks, unseen=unseen)))

    assert len(built.train) > 20
    for record in built.train:
        assert not set(unseen) & {*asked(record), *asked(record, "relations")}
        shown = f"{record.instruct}\n{record.query.replace(record.text, '')}"
        assert "location" not in shown
        assert "lives in" not in shown
        assert "LOC" not in json.dumps(record.schema)
        assert not {"Rome", "Oslo"} & set((record.answer or "").replace("_", "\n").split("\n"))
    for records in (built.dev, built.test):
        by_task = {task: [record for record in records if record.task == task] for task in tasks}
        assert asked(by_task["NER"][0]) == ["PER", "LOC", "ORG", "MISC"]
        assert asked(by_task["RE"][0], "relations") == ["LIVES", "WORKS"]
        assert by_task["NER"][0].answer == "Ann_person\nRome_location"
        assert by_task["SPO"][0].answer == "Ann_person_lives in_Rome_location"


def test_a_document_that_holds_only_unseen_labels_is_empty_in_training(tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": ["Oslo/LOC grew.", "Ann/PER left."]}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(MixCorpus(name, unseen=("LOC",)), empty=0.0))

    assert [record.text for record in built.train] == ["Ann left."]
    assert built.row("NER").dropped == {"empty": 1}


# Leaving out


def test_a_share_of_the_empty_train_documents_is_kept(tmp_path: Path) -> None:
    rows = [*people(5), *(f"It rained {number} times." for number in range(200))]
    name = corpus(tmp_path, "one", {"train": rows, "test": ["It rained."]}, tasks=["NER"])

    few, more = (Built(tmp_path / str(share), mix(name, empty=share)) for share in (0.2, 0.5))

    assert few.row("NER").empty == len(few.train) - 5
    assert 20 < few.row("NER").empty < 60
    assert few.row("NER").dropped == {"empty": 205 - len(few.train)}
    assert ids(few, "one") < ids(more, "one")
    assert len(few.test) == 1


def test_a_document_is_empty_if_no_task_finds_anything(tmp_path: Path) -> None:
    rows = [marked("Ann/PER left."), marked("Ann/PER lives in Rome/LOC.", ("LIVES", 0, 1)), marked("It rained.")]
    name = corpus(tmp_path, "one", {"train": rows})

    both = Built(tmp_path / "both", mix(name, empty=0.0))
    relations = Built(tmp_path / "relations", mix(MixCorpus(name, tasks=("RE",)), empty=0.0))

    assert (len(both.gold("train")), both.row("RE").empty) == (2, 1)
    assert [document.text for document in relations.gold("train")] == ["Ann lives in Rome."]


def test_a_text_that_a_split_holds_twice_is_asked_once_and_the_first_counts(tmp_path: Path) -> None:
    train = ["Ann/PER left.", "Bob/PER left.", "Ann  left.", "Ann/PER left."]
    name = corpus(tmp_path, "one", {"train": train, "test": ["Ann/PER left.", "Ann/PER left."]}, tasks=["NER"])
    other = corpus(tmp_path, "other", {"train": ["Ann/PER left."]}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(name, other, deduplicate=True))

    assert ids(built, "one") == {"one/train/0", "one/train/1"}
    assert ids(built, "other") == {"other/train/0"}  # of each corpus by itself
    assert [built.row("NER", split, "one").dropped for split in ("train", "test")] == [{"duplicate": 2}, {"duplicate": 1}]
    assert built.row("NER", dataset="other").dropped == {}
    assert built.manifest["counts"][0]["dropped"] == {"duplicate": 2}


def test_train_and_dev_lose_what_test_holds_and_train_what_dev_holds(tmp_path: Path) -> None:
    one = corpus(
        tmp_path,
        "one",
        {
            "train": ["Ann/PER left.", "Bob/PER left.", "Cy/PER left.", "Di/PER left."],
            "dev": ["Bob/PER left.", "Cy/PER left."],
            "test": ["Cy/PER left."],
        },
        tasks=["NER"],
    )
    other = corpus(
        tmp_path, "other", {"train": ["Bob/PER left.", "Ed/PER left."], "test": ["Ann/PER left.", "Ed/PER  left."]}, tasks=["NER"]
    )

    built = Built(tmp_path / "out", mix(one, other, remove_leaks=True))

    assert [record.text for record in built.train] == ["Di left."]
    assert [record.text for record in built.dev] == ["Bob left."]
    assert len(built.test) == 3
    dropped = {(row.dataset, row.split): row.dropped for row in built.summary.rows}
    assert dropped == {
        ("one", "train"): {"leak": 3},
        ("other", "train"): {"leak": 2},
        ("one", "dev"): {"leak": 1},
        ("one", "test"): {},
        ("other", "test"): {},
    }


def test_a_train_split_built_by_itself_loses_what_the_other_splits_hold(tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": ["Ann/PER left.", "Bob/PER left."], "test": ["Ann/PER left."]}, tasks=["NER"])

    built = Built(tmp_path / "out", mix(MixCorpus(name, splits=("train",)), remove_leaks=True, limit=5))

    assert [record.text for record in built.train] == ["Bob left."]
    assert built.test == []
    assert [Path(path).name for path in built.manifest["inputs"]] == ["test.jsonl", "train.jsonl"]


def test_a_document_without_the_tasks_annotation_is_told(tmp_path: Path) -> None:
    without_types = {
        "text": "Ann met Bob.",
        "entities": [{"start": 0, "end": 3, "text": "Ann"}, {"start": 8, "end": 11, "text": "Bob", "type": "PER"}],
        "relations": [{"type": "LIVES", "head": 0, "tail": 1}],
    }
    rows = [marked("Ann/PER lives in Rome/LOC.", ("LIVES", 0, 1)), without_types]
    name = corpus(tmp_path, "one", {"train": rows})

    built = Built(tmp_path / "out", mix(MixCorpus(name, tasks=("RE", "SPO"))))

    assert (built.row("RE").records, built.row("RE").dropped) == (2, {})
    assert (built.row("SPO").records, built.row("SPO").dropped) == (1, {"not annotated": 1})


# Lines that cannot be read


def with_bad_line(folder: Path, **settings: Any) -> str:
    name = corpus(folder, "one", {"train": people(40)}, tasks=["NER"], **settings)
    with (folder / "one" / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"id": "x"}\n')
    return name


def test_a_bad_line_is_counted_once_however_often_its_file_is_read(tmp_path: Path) -> None:
    name = with_bad_line(tmp_path, cut={"dev": {"of": "train", "share": 0.2}, "test": {"of": "train", "share": 0.2}})

    built = Built(tmp_path / "out", mix(MixCorpus(name, take="random_9"), remove_leaks=True, on_error="skip"))

    assert built.summary.rejected == built.manifest["rejected"] == 1
    (line,) = (tmp_path / "out" / "rejected" / "one.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["split"] == "train"
    assert len(built.train) == 9
    assert built.dev
    assert built.test


@pytest.mark.parametrize("settings", [{}, {"few_shot": 2}, {"remove_leaks": True}], ids=str)
def test_a_bad_line_stops_every_reading_with_the_same_advice(settings: dict[str, Any], tmp_path: Path) -> None:
    name = with_bad_line(tmp_path, cut={"test": {"of": "train", "share": 0.2}})

    with pytest.raises(CorpusError) as error:
        Built(tmp_path / "out", mix(name, **settings))

    assert str(error.value).startswith(f"{tmp_path}/one/train.jsonl:41: ")
    assert str(error.value).endswith(" To set such lines aside and go on, say --set on_error=skip.")


# Settings that do not fit the corpus


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"tasks": ("NRE",)},
            "corpora: one: No task is named 'NRE'. Did you mean 'RE' or 'NER'? "
            "Known: EE, EEA, EET, EP, EPR, ES, ET, JOINT, KG, NER, NER1, RC, RE, SPO.",
        ),
        (
            {"tasks": ("EE",)},
            "corpora: one is annotated for NER, RE, not for EE; it can be asked EP, EPR, ES, ET, JOINT, KG, NER, NER1, RC, RE, SPO.",
        ),
        (
            {"sometimes": {"EET": 0.5}},
            "corpora: one is annotated for NER, RE, not for EET; "
            "it can be asked EP, EPR, ES, ET, JOINT, KG, NER, NER1, RC, RE, SPO.",
        ),
        (
            {"unseen": ("LOK",)},
            "corpora: one: unseen: No label is named 'LOK'. Did you mean 'LOC'? Known: LIVES, LOC, MISC, ORG, PER, WORKS.",
        ),
        (
            {"unseen": ("LIVES", "WORKS")},
            "corpora: one has too few labels left beside the unseen LIVES, WORKS, not for RE; it can be asked ES, ET, NER, NER1.",
        ),
    ],
    ids=str,
)
def test_what_cannot_be_asked_of_a_corpus_is_refused(settings: dict[str, Any], message: str, tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": people(1)})

    with pytest.raises(SettingsError) as error:
        corpus_of(MixCorpus(name, **settings), load_dataset_config(name))

    assert str(error.value) == message


def test_relations_lose_the_ends_that_training_must_not_see(tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": people(1)})

    found = corpus_of(MixCorpus(name, unseen=("LOC",)), load_dataset_config(name))

    assert [(relation.label, relation.head, relation.tail) for relation in found.train_schemas["RE"].relations] == [
        ("LIVES", ("PER",), ()),
        ("WORKS", ("PER",), ("ORG",)),
    ]
    assert found.schemas["RE"].relations[0].tail == ("LOC",)


# What is learned of train before the first question


def selection(tmp_path: Path, rows: Sequence[Any], **settings: Any) -> tuple[Selection, Any, list[str]]:
    name = corpus(tmp_path, "one", {"train": rows}, labels={**LABELS})
    settings_of = mix(MixCorpus(name, tasks=("NER",), **settings.pop("corpus", {})), **settings)
    one = corpus_of(settings_of.corpora[0], load_dataset_config(name))
    told: list[str] = []
    found = Selection(settings_of, [one], data_root=None, count_tokens=len, progress=told.append)
    return found, one, told


def test_confusable_labels_are_learned_from_train(tmp_path: Path) -> None:
    rows = ["Paris/PER left Rome/LOC.", "Paris/ORG left.", "Paris/LOC burnt.", "Rome/ORG won.", "Ann/PER left."]
    found, one, told = selection(tmp_path, rows, labels=Labels(hard_negatives=1))

    survey = found.survey(one)

    # ORG {Paris, Rome} and LOC {Rome, Paris} share 2 of 2, PER {Paris, Ann} shares 1 of 2 with both; MISC has no strings.
    assert {label: others[:2] for label, others in survey.confusable["entities"].items()} == {
        "PER": ("LOC", "ORG"),
        "LOC": ("ORG", "PER"),
        "ORG": ("LOC", "PER"),
        "MISC": ("PER", "LOC"),
    }
    assert survey.pool is None
    assert told == ["one train: labels that are easily confused"]
    assert found.survey(one) is survey


def test_nothing_is_read_before_its_turn_without_need(tmp_path: Path) -> None:
    found, one, told = selection(tmp_path, people(3))

    assert found.survey(one).pool is None
    assert told == []
    assert found.inputs() == []
    assert [(document.text, copies) for document, copies in found.documents(one, "train")] == [
        (f"Person{number} spoke.", 1) for number in range(3)
    ]
    assert [path.name for path in found.inputs()] == ["train.jsonl"]


def test_a_build_of_nothing_readable_names_the_file(tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": people(1)})
    (tmp_path / "one" / "train.jsonl").unlink()

    with pytest.raises(UIEError, match="one: train: no file"):
        Built(tmp_path / "out", mix(name))
