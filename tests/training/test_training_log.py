"""What log.jsonl says of a run: how far, how fast, how much padding and sharing, how much memory."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import TrainerCallback

from uie.models.encoding import Example
from uie.training.batches import collate
from uie.training.packing import collate_packs
from uie.training.run import train
from uie.training.selection import DevFigure, SelectByF1
from uie.training.settings import F1Settings, LoraSettings, TrainSettings
from uie.training.throughput import COUNTS, Throughput, counted, layout_counts, seconds_logged

# 20 tokens that two prompts share, 2 and 4 of their own, answers of 3 and 2
SHARED = list(range(100, 120))
FIRST = Example([*SHARED, 1, 2, 7, 8, 9], [-100] * 22 + [7, 8, 9])
SECOND = Example([*SHARED, 3, 4, 5, 6, 8, 9], [-100] * 24 + [8, 9])


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def settings(tiny_model: Path, dev_records: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=dev_records,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=2,
        max_steps=6,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, dropout=0),
        log_steps=2,
        save_steps=2,
    )


def lines(out: Path) -> list[dict]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]


# Counts


def test_a_plain_batch_computes_every_token_and_pads_to_the_longest() -> None:
    found = layout_counts(collate([FIRST, SECOND], pad_id=0), [FIRST, SECOND])

    # graded 3 + 2; 25 + 26 tokens; 2 rows of 26; nothing saved; prompts 22 + 24
    assert found.tolist() == [5, 51, 52, 51, 46]


def test_a_pack_computes_the_shared_beginning_once() -> None:
    batch = collate_packs([FIRST, SECOND], pad_id=0, mask_dtype=torch.bool)

    assert layout_counts(batch, [FIRST, SECOND]).tolist() == [5, 31, 31, 51, 46]  # 20 + 5 + 6


def test_padding_beside_packs_is_no_token() -> None:
    long = Example([200 + n for n in range(60)], [-100] * 59 + [259])
    batch = collate_packs([FIRST, SECOND, long], pad_id=0, mask_dtype=torch.float32)

    # rows of 60 and of 31 + 29 places without a token
    assert batch["input_ids"].shape == (2, 60)
    assert layout_counts(batch, [FIRST, SECOND, long]).tolist() == [6, 91, 120, 111, 105]


def test_a_counted_batch_is_the_collators_with_one_more_key() -> None:
    batch = counted(lambda examples: collate(examples, pad_id=0), [FIRST, SECOND])

    assert batch.pop(COUNTS).tolist() == [5, 51, 52, 51, 46]
    assert batch.keys() == collate([FIRST], pad_id=0).keys()


# Time


def test_a_line_divides_by_the_time_that_was_not_paused() -> None:
    clock = Clock()
    speed = Throughput(torch.device("cpu"), clock=clock)
    speed.start()
    clock.now += 2
    speed.add(torch.tensor([5, 31, 40, 51, 46]))
    with speed.paused():
        clock.now += 50
    clock.now += 3
    speed.add(torch.tensor([5, 31, 40, 51, 46]))

    found = speed.take()

    memory = found.pop("memory")
    assert memory > 10_000_000
    assert found == {
        "padding_share": 1 - 62 / 80,
        "shared_share": 40 / 92,
        "graded_tokens_per_second": 10 / 5,
        "tokens_per_second": 62 / 5,
    }
    assert speed.seconds == 55
    assert speed.take() == {}


def test_the_second_line_counts_from_the_first() -> None:
    clock = Clock()
    speed = Throughput(torch.device("cpu"), clock=clock)
    speed.start(before=1000.0)
    clock.now += 2
    speed.add(torch.tensor([1, 2, 2, 2, 1]))
    speed.take()
    with speed.paused():
        clock.now += 7
    clock.now += 4
    speed.add(torch.tensor([8, 16, 16, 16, 8]))

    found = speed.take(lambda counts: 2 * counts)  # another process computed as much

    assert (found["graded_tokens_per_second"], found["tokens_per_second"]) == (4, 8)
    assert speed.seconds == 1013


def test_seconds_go_on_from_the_checkpoints_last_line() -> None:
    assert seconds_logged([{"step": 1, "seconds": 2.0}, {"step": 2, "loss": 1.0}, {"step": 2, "seconds": 5.5}]) == 5.5
    assert seconds_logged([]) == 0.0


def test_answering_for_f1_and_keeping_weights_are_not_counted_as_training() -> None:
    happened: list[str] = []

    @contextlib.contextmanager
    def paused() -> Iterator[None]:
        happened.append("paused")
        yield
        happened.append("on")

    class Sample:
        records = ()

        def score(self, answers):
            happened.append("scored")
            return DevFigure(0.5, type("", (), {"low": 0.4, "high": 0.6}), {})

    class Nobody:
        def answer(self, records, batch_size):
            return iter(())

    one = SelectByF1(
        F1Settings(every=10),
        Sample(),
        Nobody(),
        process=(0, 1),
        log=lambda row: None,
        save=lambda why: happened.append("saved"),
        paused=paused,
    )

    one.evaluate(10)

    assert happened == ["paused", "scored", "saved", "on"]


# Whole runs


def test_every_line_says_how_far_and_how_fast(settings: TrainSettings) -> None:
    train(replace(settings, dev=settings.train, eval_steps=3, packing="none"))

    found = lines(settings.out)
    told = [row for row in found if "loss" in row]
    assert [(row["step"], row["steps"], row["records"], row["micro_batch"]) for row in told] == [
        (1, 6, 4, 2),
        (2, 6, 8, 2),
        (4, 6, 16, 2),
        (6, 6, 24, 2),
    ]
    assert all(0 < row["graded_tokens_per_second"] < row["tokens_per_second"] for row in told)
    assert all(0 <= row["padding_share"] < 0.5 and row["shared_share"] == 0 and row["memory"] > 1e7 for row in told)
    assert [row["step"] for row in found if "dev_loss" in row] == [3, 6]
    seconds = [row["seconds"] for row in found]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0


def test_shares_in_the_log_are_those_that_were_planned(settings: TrainSettings) -> None:
    train(replace(settings, packing="prefix", batch_size=8, micro_batch=4, max_steps=1))

    (row,) = lines(settings.out)
    manifest = json.loads((settings.out / "manifest.json").read_text())
    assert row["shared_share"] == pytest.approx(manifest["shared_share"]) != 0
    assert row["padding_share"] == pytest.approx(manifest["padding_share"])


class Interrupt(TrainerCallback):
    def on_step_begin(self, args, state, control, **given):
        if state.global_step == 5:
            raise KeyboardInterrupt


def test_a_resumed_run_says_where_it_was_taken_up_and_its_seconds_go_on(settings: TrainSettings) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(settings, callbacks=[Interrupt()])
    before = lines(settings.out)

    train(settings, resume=True)

    found = lines(settings.out)
    assert [row["step"] for row in found] == [1, 2, 4, 6]
    assert found[:3] == before
    assert [row.get("resumed") for row in found] == [None, None, None, 4]
    assert found[3]["seconds"] > found[2]["seconds"]
    assert found[3]["records"] == 24
