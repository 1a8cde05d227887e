"""Settings of training, the order of examples, and the DeepSpeed config derived from the settings."""

import json
from pathlib import Path

import pytest

from uie.errors import SettingsError, TrainingError
from uie.records.record import Record
from uie.settings import build
from uie.storage import write_manifest
from uie.training.asked import AskedOfRecords
from uie.training.batches import composed_order, plan_order
from uie.training.folder import composed_batch, write_questions
from uie.training.settings import TrainSettings
from uie.training.zero import deepspeed_config

GIVEN = {"model": "m", "train": "train.jsonl", "out": "runs/x"}


def test_settings_are_three_lines_at_least():
    settings = build(TrainSettings, GIVEN, where="t.yaml")

    assert (settings.train, settings.peak_learning_rate, settings.is_launched) == (Path("train.jsonl"), 2e-4, False)
    assert build(TrainSettings, {**GIVEN, "mode": "full"}, where="t.yaml").peak_learning_rate == 1e-5


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 6}, "t.yaml: batch_size: expected a multiple of micro_batch × processes = 8, found 6."),
        ({"epochs": 0}, "t.yaml: epochs: expected more than 0, found 0.0."),
        ({"eval_steps": 5}, "t.yaml: eval_steps: needs dev, the records to compute the loss on."),
        ({"max_steps": 0}, "t.yaml: max_steps: expected at least 1 or nothing, found 0."),
        ({"save_steps": 0}, "t.yaml: save_steps: expected at least 1, found 0."),
        ({"warmup_share": 2}, "t.yaml: warmup_share: expected 0 to 1, found 2.0."),
        ({"lora": {"r": 0}}, "t.yaml: lora.r: expected at least 1, found 0."),
        ({"lora": {"rank": 4}}, "t.yaml: lora.rank: unknown key; known: r, alpha, dropout, targets, dora, rslora, pissa, plus"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_setting_is_named(wrong, message):
    with pytest.raises(SettingsError) as error:
        build(TrainSettings, {**GIVEN, **wrong}, where="t.yaml")

    assert str(error.value) == message


def test_every_example_comes_once_an_epoch_and_steps_are_whole():
    order = plan_order([3, 1, 2, 5, 4], steps=5, batch_size=4, seed=0)

    assert len(order) == 20
    assert sorted(order) == sorted([0, 1, 2, 3, 4] * 4)
    assert order == plan_order([3, 1, 2, 5, 4], steps=5, batch_size=4, seed=0)
    assert order != plan_order([3, 1, 2, 5, 4], steps=5, batch_size=4, seed=1)


def test_examples_of_like_length_come_into_one_batch():
    lengths = [10, 100] * 16

    order = plan_order(lengths, steps=8, batch_size=4, seed=0)

    batches = [{lengths[index] for index in order[i : i + 4]} for i in range(0, 32, 4)]
    assert all(len(batch) == 1 for batch in batches)
    assert batches != sorted(batches, key=min)  # shuffled, not short ones first


def test_composed_records_keep_their_batches_over_and_over():
    order = composed_order([9, 1, 5, 2, 8, 3], steps=4, batch_size=4)

    assert [sorted(order[i : i + 4]) for i in range(0, 16, 4)] == [[0, 1, 2, 3], [0, 1, 4, 5], [2, 3, 4, 5], [0, 1, 2, 3]]
    assert order[:4] == [1, 3, 2, 0]  # by length


@pytest.mark.parametrize(
    ("batch_size", "rejected", "message"),
    [
        (16, 0, "batch_size: {} is composed in batches of 10 records; expected a multiple of that, found 16."),
        (
            20,
            3,
            "{}: composed in batches of 10 records, of which 3 would be set aside; "
            "raise max_length, or build them with shorter windows.tokens.",
        ),
    ],
)
def test_a_composition_that_training_would_break_is_refused(tmp_path, batch_size, rejected, message):
    train = tmp_path / "train.jsonl"
    write_manifest(tmp_path, "build-data", {"batch": 10})
    settings = build(TrainSettings, {**GIVEN, "train": str(train), "batch_size": batch_size, "micro_batch": 2}, where="t")

    with pytest.raises(TrainingError) as error:
        composed_batch(settings, rejected=rejected)

    assert str(error.value) == message.format(train)


def test_records_are_composed_only_if_their_build_says_so(tmp_path):
    settings = build(
        TrainSettings, {**GIVEN, "train": str(tmp_path / "train.jsonl"), "batch_size": 20, "micro_batch": 4}, where="t"
    )

    assert composed_batch(settings, rejected=3) is None
    write_manifest(tmp_path, "build-data", {"batch": None})
    assert composed_batch(settings, rejected=3) is None
    write_manifest(tmp_path, "build-data", {"batch": 10})
    assert composed_batch(settings, rejected=0) == 10


def test_deepspeed_is_told_the_stage_and_nothing_the_trainer_knows():
    assert deepspeed_config(build(TrainSettings, GIVEN, where="t")) is None
    config = deepspeed_config(build(TrainSettings, {**GIVEN, "deepspeed": "zero3"}, where="t"))

    assert config["zero_optimization"] == {"stage": 3, "stage3_gather_16bit_weights_on_model_save": True}
    numbers = [value for value in config.values() if isinstance(value, int | float) and not isinstance(value, bool)]
    assert numbers == []


def test_a_run_remembers_each_label_by_the_name_it_mostly_had(tmp_path):
    def asks(number: int, **names: str) -> Record:
        schema = {"entities": {label: {"name": name} for label, name in names.items()}}
        return Record("i", "q", "a", id=str(number), dataset="d", schema=schema, text="t")

    records = [asks(1, PER="T1", LOC="place"), asks(2, LOC="T1", PER="person"), asks(3, PER="person"), asks(4, LOC="place")]

    asked = AskedOfRecords()
    for found in records:
        asked.note(found)
    write_questions(tmp_path, "chat", asked.mapping(), max_answer_tokens=9)

    held = json.loads((tmp_path / "questions.json").read_text(encoding="utf-8"))
    assert held["schemas"] == {"d": {"NER": {"lang": "en", "entities": {"PER": {"name": "person"}, "LOC": {"name": "place"}}}}}


def test_only_where_an_epoch_ends_inside_it_a_batch_may_hold_an_example_twice():
    lengths = [7] * 20

    order = plan_order(lengths, steps=20, batch_size=8, seed=0)

    twice = [step for step in range(20) if len(set(order[8 * step : 8 * step + 8])) < 8]
    assert {step for step in twice if 8 * step // 20 == (8 * step + 7) // 20} == set()
    assert all(sorted(order[start : start + 40]) == sorted([*range(20)] * 2) for start in range(0, 160, 40))
