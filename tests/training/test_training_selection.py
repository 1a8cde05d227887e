"""F1 while training: what is logged, which weights are kept, when training stops."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from safetensors.torch import load_file
from transformers import TrainerCallback

from uie.errors import RecordError, ScoringError, SettingsError
from uie.scoring.uncertainty import Interval
from uie.training.run import train
from uie.training.saving import Selected, selected
from uie.training.selection import LOGGED, DevFigure, SelectByF1
from uie.training.settings import F1Settings, LoraSettings, TrainSettings


@pytest.fixture
def settings(tiny_model: Path, dev_records: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=dev_records,
        dev=dev_records,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=4,
        max_steps=60,
        learning_rate=2e-2,
        precision="fp32",
        mode="full",
        lora=LoraSettings(r=4, alpha=8, dropout=0),
        f1=F1Settings(every=20),
        save_steps=20,
        keep_checkpoints=9,
        log_steps=20,
    )


def log_of(out: Path, key: str) -> list[tuple[int, float]]:
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [(row["step"], row[key]) for row in rows if key in row]


def test_f1_is_logged_with_its_interval_and_parts_and_the_best_weights_are_kept(settings: TrainSettings) -> None:
    result = train(settings)

    logged = log_of(settings.out, "f1")
    assert [step for step, _ in logged] == [20, 40, 60]
    assert result.f1 == max(f1 for _, f1 in logged) > 0.5
    assert result.best_step == next(step for step, f1 in logged if f1 == result.f1)
    assert all(
        low <= f1 <= high
        for (_, low), (_, f1), (_, high) in zip(
            log_of(settings.out, "f1_low"), logged, log_of(settings.out, "f1_high"), strict=True
        )
    )
    assert [parts for _, parts in log_of(settings.out, "f1_of")] == [{"made NER entities": f1} for _, f1 in logged]
    kept = load_file(result.weights / "model.safetensors")
    best = load_file(settings.out / "checkpoints" / f"checkpoint-{result.best_step}" / "model.safetensors")
    assert all(kept[name].equal(best[name]) for name in best)
    manifest = json.loads((settings.out / "manifest.json").read_text())
    assert (manifest["f1"], manifest["best_step"]) == (result.f1, result.best_step)


def test_answering_on_the_way_changes_no_step(settings: TrainSettings, tmp_path: Path) -> None:
    settings = replace(settings, mode="lora", max_steps=6, save_steps=6, log_steps=1, lora=LoraSettings(r=4, alpha=8, dropout=0.1))
    with_f1 = replace(settings, f1=F1Settings(every=2))
    without = replace(settings, f1=F1Settings(), out=tmp_path / "without")

    train(with_f1)
    train(without)

    assert log_of(with_f1.out, "loss") == log_of(without.out, "loss")
    ends = [load_file(out / "checkpoints" / "checkpoint-6" / "adapter_model.safetensors") for out in (with_f1.out, without.out)]
    assert all(ends[0][name].equal(ends[1][name]) for name in ends[1])


class Interrupt(TrainerCallback):
    def on_step_begin(self, args, state, control, **given):
        if state.global_step == 50:
            raise KeyboardInterrupt


def test_a_resumed_run_keeps_what_it_found_before(settings: TrainSettings, tmp_path: Path) -> None:
    whole = train(settings)
    resumed = replace(settings, out=tmp_path / "resumed")
    with pytest.raises(KeyboardInterrupt):
        train(resumed, callbacks=[Interrupt()])

    result = train(resumed, resume=True)

    assert (result.f1, result.best_step) == (whole.f1, whole.best_step)
    assert log_of(resumed.out, "f1") == log_of(settings.out, "f1")
    kept, expected = (load_file(one.weights / "model.safetensors") for one in (result, whole))
    assert all(kept[name].equal(expected[name]) for name in expected)


def test_a_run_killed_behind_its_checkpoint_says_of_which_step_its_weights_are(settings: TrainSettings) -> None:
    settings = replace(settings, save_steps=40, max_steps=60)
    with pytest.raises(KeyboardInterrupt):
        train(settings, callbacks=[Interrupt()])
    weights = settings.out / "model"
    (weights / "selected.json").write_text('{"step": 50, "f1": 1.5}')  # better than any that comes

    result = train(settings, resume=True)

    assert (result.f1, result.best_step) == (1.5, 50)


def test_weights_are_found_again_when_the_process_was_killed_while_it_replaced_them(settings: TrainSettings) -> None:
    before = settings.out / ".model.before"
    before.mkdir(parents=True)
    (before / "selected.json").write_text('{"step": 20, "f1": 0.5}')

    assert selected(settings) == Selected(20, 0.5)
    assert [path.name for path in settings.out.iterdir()] == ["model"]


def test_the_first_step_of_a_warm_up_may_be_evaluated(settings: TrainSettings) -> None:
    few = replace(settings, mode="lora", max_steps=3, warmup_share=0.5, f1=F1Settings(every=1))

    for lora in (few.lora, replace(few.lora, pissa=True)):
        result = train(replace(few, lora=lora), overwrite=True)

        assert result.steps == 3
        assert [step for step, _ in log_of(few.out, "f1")] == [1, 2, 3]


# The decision, on figures given by hand


class Scripted:
    """A dev sample whose figures are known beforehand."""

    records = ()

    def __init__(self, *figures: float) -> None:
        self._figures = iter(figures)

    def score(self, answers: Mapping[str, tuple[str, str]]) -> DevFigure:
        return DevFigure(next(self._figures), Interval(0, 1), {})


def selection(
    *figures: float, patience: int | None = None, kept: Selected | None = None
) -> tuple[SelectByF1, list[int], list[dict[str, float]]]:
    saved: list[int] = []
    logged: list[dict[str, float]] = []
    answerer = SimpleNamespace(answer=lambda records, batch_size: iter(()))
    one = SelectByF1(
        F1Settings(every=10, patience=patience),
        Scripted(*figures),
        answerer,
        process=(0, 1),
        log=logged.append,
        save=lambda why: saved.append(why.step),
        kept=kept,
    )
    return one, saved, logged


def steps(one: SelectByF1, *numbers: int) -> list[bool]:
    """Whether training is told to stop at each of the steps."""
    told = []
    for number in numbers:
        control = SimpleNamespace(should_training_stop=False, should_log=True)
        one.on_step_end(None, SimpleNamespace(global_step=number, max_steps=105), control)
        told.append(control.should_training_stop)
    return told


def test_weights_are_saved_where_f1_rises_and_not_where_it_is_equal() -> None:
    one, saved, logged = selection(0.2, 0.5, 0.5, 0.4)

    steps(one, 5, 10, 20, 30, 40)

    assert saved == [10, 20]
    assert one.kept == Selected(20, 0.5)
    assert [row[LOGGED] for row in logged] == [0.2, 0.5, 0.5, 0.4]


def test_training_stops_after_so_many_evaluations_without_a_better_f1() -> None:
    one, _, _ = selection(0.2, 0.1, 0.3, 0.3, 0.2, patience=2)

    assert steps(one, 10, 20, 30, 40, 50) == [False, False, False, False, True]


def test_patience_goes_on_after_a_resume() -> None:
    one, saved, _ = selection(0.2, patience=2, kept=Selected(10, 0.4))
    history = [{"step": 10, LOGGED: 0.4}, {"step": 12, "loss": 1.0}, {"step": 20, LOGGED: 0.3}]

    one.on_train_begin(None, SimpleNamespace(log_history=history), None)

    assert steps(one, 30) == [True]
    assert saved == []
    assert one.kept == Selected(10, 0.4)


def test_weights_of_a_step_behind_the_checkpoint_stay_until_a_better_step() -> None:
    one, saved, _ = selection(0.5, 0.4, 0.7, patience=2, kept=Selected(30, 0.6))
    one.on_train_begin(None, SimpleNamespace(log_history=[{"step": 10, LOGGED: 0.3}]), None)

    assert steps(one, 20, 30) == [False, False]  # as in a run that was not stopped: 0.5 is better than 0.3
    assert (saved, one.kept) == ([], Selected(30, 0.6))
    steps(one, 40)
    assert (saved, one.kept) == ([40], Selected(40, 0.7))


def test_the_last_step_is_evaluated_before_training_ends() -> None:
    one, saved, _ = selection(0.2, 0.5)

    steps(one, 10, 104, 105)

    assert saved == [10, 105]


def test_a_step_is_evaluated_once() -> None:
    one, _, logged = selection(0.2)

    steps(one, 10)
    one.evaluate(10)

    assert len(logged) == 1


# What is refused


def test_what_cannot_be_scored_is_told_before_the_first_step(settings: TrainSettings, records_file: Path) -> None:
    with pytest.raises(RecordError, match="does not say which format its answer has"):
        train(replace(settings, dev=records_file))
    (settings.dev.parent / "documents" / "dev.jsonl").unlink()
    with pytest.raises(ScoringError, match="no gold Documents at"):
        train(settings)

    assert not settings.out.exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"f1": {"every": 0}}, "f1.every: expected at least 1, found 0."),
        ({"f1": {"patience": 2}}, "f1.patience: needs f1.every, the steps between evaluations."),
        ({"f1": {"every": 5}, "dev": None}, "f1.every: needs dev, the records to answer."),
        (
            {"f1": {"every": 5}, "deepspeed": "zero3"},
            "f1.every: under zero3 no process holds the whole model to answer with; take zero2, or leave f1 out.",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: TrainSettings, given: dict, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        replace(settings, **{key: F1Settings(**value) if key == "f1" else value for key, value in given.items()})

    assert str(error.value) == message
