"""Several processes: really started, on the CPU, with DeepSpeed's launcher."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from uie.errors import TrainingError
from uie.extraction.evaluation import evaluate_model
from uie.models.loading import load_model, resolve
from uie.training.launch import launch
from uie.training.settings import F1Settings, LoraSettings, TrainSettings

pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tiny_model: Path, records_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainSettings:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return TrainSettings(
        model=str(tiny_model),
        train=records_file,
        dev=records_file,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=1,
        max_steps=10,
        learning_rate=1e-2,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, dropout=0, targets=("q_proj", "v_proj")),
        log_steps=1,
        processes=2,
        deepspeed="zero2",
    )


def losses_of(out: Path) -> list[float]:
    return [row["loss"] for line in (out / "log.jsonl").read_text().splitlines() if "loss" in (row := json.loads(line))]


@pytest.mark.parametrize("deepspeed", ["none", "zero2", "zero3"])
def test_two_processes_train_an_adapter_as_one_does(settings, tmp_path, deepspeed):
    alone = launch(replace(settings, out=tmp_path / "alone", processes=1, deepspeed="none", micro_batch=2))

    result = launch(replace(settings, deepspeed=deepspeed))

    weights = load_file(settings.out / "adapter" / "adapter_model.safetensors")
    expected = load_file(alone.weights / "adapter_model.safetensors")
    assert (result.steps, result.records, result.device) == (10, 8, "cpu")
    assert losses_of(settings.out) == pytest.approx(losses_of(tmp_path / "alone"), rel=1e-3)
    assert losses_of(settings.out)[-1] < losses_of(settings.out)[0]
    assert result.dev_loss == pytest.approx(alone.dev_loss, rel=1e-3)
    assert set(weights) == set(expected)
    assert {key.split(".")[-3] for key in weights} == {"q_proj", "v_proj"}
    assert all(weight.any() for weight in weights.values())
    load_model(resolve(str(settings.out)))


def test_two_processes_answer_dev_together_and_keep_the_best_weights(settings, dev_records):
    settings = replace(settings, train=dev_records, dev=dev_records, f1=F1Settings(every=20), max_steps=40, mode="full")

    result = launch(replace(settings, learning_rate=2e-2, log_steps=20))

    told = [row["f1"] for line in (settings.out / "log.jsonl").read_text().splitlines() if "f1" in (row := json.loads(line))]
    assert len(told) == 2
    assert result.f1 == max(told) > 0.2
    kept = evaluate_model(str(settings.out), dev_records, dtype="float32")
    assert kept.scores.rows[0].f1 == result.f1


@pytest.mark.parametrize("deepspeed", ["zero2", "zero3"])
def test_two_processes_train_every_weight(settings, tiny_model, deepspeed):
    result = launch(replace(settings, mode="full", deepspeed=deepspeed))

    before = load_file(tiny_model / "model.safetensors")
    after = load_file(result.weights / "model.safetensors")
    assert losses_of(settings.out)[-1] < losses_of(settings.out)[0]
    assert set(after) == set(before)
    assert [key for key in before if torch.equal(before[key], after[key])] == []
    load_model(resolve(str(settings.out)))


def test_resuming_under_deepspeed_gives_the_same_weights(settings):
    settings = replace(settings, save_steps=5)
    file = launch(settings).weights / "adapter_model.safetensors"
    whole = load_file(file)
    shutil.rmtree(settings.out / "adapter")
    shutil.rmtree(settings.out / "checkpoints" / "checkpoint-10")

    launch(settings, resume=True)

    resumed = load_file(file)
    assert [key for key in whole if not torch.equal(whole[key], resumed[key])] == []
    assert len(losses_of(settings.out)) == 10


def test_a_worker_that_fails_says_why(settings):
    with pytest.raises(TrainingError) as error:
        launch(replace(settings, max_length=5))

    assert str(error.value).startswith(
        f"{settings.out}: a worker process failed: {settings.train}: record 'records#1' (and 7 more): "
    )
