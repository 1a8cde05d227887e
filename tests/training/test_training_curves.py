"""Curves: F1 of each corpus and type in the log, in TensorBoard's files and on training.html; what is not installed is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from transformers import TrainerCallback

from uie.documents import Document, Entity, Mention
from uie.errors import TrainingError
from uie.scoring.score import score
from uie.training import worker
from uie.training.launch import launch
from uie.training.preview import preview
from uie.training.run import train
from uie.training.selection import DevFigure, parts_and_types
from uie.training.settings import F1Settings, LoraSettings, TrainSettings

TEXT = "Mira, Kim and Lena left Oslo."


def document(*entities: tuple[str, str]) -> Document:
    found = tuple(Entity(Mention(name, TEXT.index(name), TEXT.index(name) + len(name)), type) for name, type in entities)
    return Document("d1", TEXT, "towns", "dev", entities=found)


@pytest.fixture
def settings(tiny_model: Path, dev_records: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=dev_records,
        dev=dev_records,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=4,
        max_steps=30,
        learning_rate=2e-2,
        precision="fp32",
        mode="full",
        lora=LoraSettings(r=4, alpha=8, dropout=0),
        f1=F1Settings(every=15),
        report_to=("tensorboard",),
        log_steps=5,
        save_steps=10,
    )


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]


# F1 of each type


def test_a_figure_has_the_f1_of_each_type_of_gold() -> None:
    gold = document(("Mira", "person"), ("Kim", "person"), ("Lena", "person"), ("Oslo", "place"))
    predicted = document(("Mira", "person"), ("Kim", "person"), ("Lena", "place"), ("Oslo", "place"), ("left", "thing"))

    figure = DevFigure.of(score([gold], [predicted], rule="strict"))

    # person: 2 of 2 predicted, 2 of 3 gold: 4/5; place: 1 of 2, 1 of 1: 2/3; all: 3 right, 5 predicted, 4 gold: 6/9
    assert figure.parts == {"towns NER entities": pytest.approx(6 / 9)}
    assert figure.types == {"towns NER entities": {"person": pytest.approx(0.8), "place": pytest.approx(2 / 3)}}
    assert parts_and_types(figure.logged()) == (figure.parts, figure.types)


def test_names_with_a_stroke_are_told_apart() -> None:
    logged = {
        "eval_f1": 0.1,
        "eval_f1/a RE relations": 0.2,
        "eval_f1/a RE relations/b NER entities": 0.3,
        "eval_f1_of_type/a RE relations/x/y": 0.4,
        "eval_f1_of_type/a RE relations/b NER entities/z": 0.5,
    }

    parts, types = parts_and_types(logged)

    assert parts == {"a RE relations": 0.2, "a RE relations/b NER entities": 0.3}
    assert types == {"a RE relations": {"x/y": 0.4}, "a RE relations/b NER entities": {"z": 0.5}}


# TensorBoard


def curves(out: Path) -> dict[str, list[tuple[int, float]]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(out / "tensorboard"), size_guidance={"scalars": 0})
    found.Reload()
    return {tag: [(event.step, event.value) for event in found.Scalars(tag)] for tag in found.Tags()["scalars"]}


class Interrupt(TrainerCallback):
    def on_step_begin(self, args, state, control, **given):
        if state.global_step == 18:
            raise KeyboardInterrupt


def test_tensorboard_holds_the_curves_of_the_log_also_of_a_run_that_was_resumed(settings: TrainSettings) -> None:
    pytest.importorskip("tensorboard")
    with pytest.raises(KeyboardInterrupt):
        train(settings, callbacks=[Interrupt()])

    train(settings, resume=True)

    found = curves(settings.out)
    rows = lines(settings.out)
    for tag, key in (
        ("train/loss", "loss"),
        ("train/learning_rate", "learning_rate"),
        ("train/tokens_per_second", "tokens_per_second"),
        ("train/graded_tokens_per_second", "graded_tokens_per_second"),
        ("eval/loss", "dev_loss"),
        ("eval/f1", "f1"),
        ("eval/f1_low", "f1_low"),
    ):
        held = [(row["step"], row[key]) for row in rows if key in row]
        assert len(held) >= 1
        assert found[tag] == [(step, pytest.approx(value)) for step, value in held], tag
    scored = [row for row in rows if "f1" in row]
    assert [row["step"] for row in scored] == [15, 30]
    assert found["eval/f1/made NER entities"] == [(row["step"], pytest.approx(row["f1_of"]["made NER entities"])) for row in scored]
    for type in ("person", "place"):
        assert found[f"eval/f1_of_type/made NER entities/{type}"] == [
            (row["step"], pytest.approx(row["f1_of_type"]["made NER entities"][type])) for row in scored
        ]
    assert scored[-1]["f1"] > 0  # not all of this was about zeros

    page = (settings.out / "training.html").read_text(encoding="utf-8")
    assert "Training has finished: 30 steps, 120 records" in page
    assert "resumed after step 10" in page
    assert "made NER entities" in page


# What is not installed


def as_one_of_several(settings: TrainSettings) -> None:
    """What the first process does that torchrun or srun started."""
    worker._claim(settings, resume=False, overwrite=False)


@pytest.mark.parametrize("run", [train, launch, as_one_of_several])
@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_a_package_that_is_not_installed_is_refused_before_anything_is_written(settings: TrainSettings, name, run, monkeypatch):
    pretend_missing(monkeypatch, name)

    with pytest.raises(TrainingError) as error:
        run(replace(settings, report_to=("tensorboard", name)))

    assert str(error.value) == f"report_to: {name} is not installed; pip install {name}, or leave it out."
    assert not settings.out.exists()


def test_a_dry_run_names_every_package_that_is_not_installed(settings: TrainSettings, monkeypatch) -> None:
    pretend_missing(monkeypatch, "wandb", "mlflow")

    found = preview(replace(settings, report_to=("wandb", "tensorboard", "mlflow")))

    assert found.mistakes == (
        "report_to: wandb is not installed; pip install wandb, or leave it out.",
        "report_to: mlflow is not installed; pip install mlflow, or leave it out.",
    )


def pretend_missing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    from uie.training import reporters

    find = reporters.importlib.util.find_spec
    monkeypatch.setattr(reporters.importlib.util, "find_spec", lambda name, *given: None if name in names else find(name, *given))
