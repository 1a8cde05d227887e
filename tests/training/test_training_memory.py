"""A run that is out of memory goes on with half the records at once, and learns the same."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from forked import Forked, ForkedWorkers
from safetensors.torch import load_file
from transformers import TrainerCallback

from uie.errors import TrainingError
from uie.settings import to_mapping
from uie.training.launch import launch
from uie.training.memory import OutOfMemory, answered_by_less, half, is_out_of_memory
from uie.training.run import train
from uie.training.settings import LoraSettings, TrainSettings


@pytest.fixture
def settings(tiny_model: Path, records_file: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=records_file,
        out=tmp_path / "run",
        batch_size=8,
        micro_batch=4,
        max_steps=6,
        learning_rate=1e-2,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, dropout=0, targets=("q_proj", "v_proj")),
        save_steps=2,
        log_steps=1,
        packing="none",
    )


class Full(TrainerCallback):
    """A memory that holds so many records at once and no more, from the beginning of a step on."""

    def __init__(self, holds: int, *, step: int = 1, error: BaseException | None = None) -> None:
        self.holds = holds
        self.step = step
        self.error = error or torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    def on_step_begin(self, args, state, control, **given):
        if state.global_step + 1 == self.step and args.per_device_train_batch_size > self.holds:
            raise self.error


def losses_of(out: Path) -> list[float]:
    return [row["loss"] for line in (out / "log.jsonl").read_text().splitlines() if "loss" in (row := json.loads(line))]


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "adapter" / "adapter_model.safetensors")


def held(out: Path) -> dict[str, object]:
    return json.loads((out / "micro_batch.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("packing", ["none", "prefix"])
def test_it_goes_on_from_the_last_checkpoint_with_half_at_once_and_the_same_losses(settings, tmp_path, capsys, packing):
    settings = replace(settings, packing=packing, dev=settings.train)
    whole = train(replace(settings, out=tmp_path / "whole"))
    capsys.readouterr()

    result = train(settings, callbacks=[Full(2, step=4)])

    told = (
        f"{settings.out}: out of memory at step 4 with 4 records at once (CUDA out of memory. Tried to allocate 2.00 GiB); "
        "--resume computes 2 at once, 8 a step as before."
    )
    assert f"{told} That is done now, from checkpoint-2.\n" in capsys.readouterr().err
    assert held(settings.out) == {"micro_batch": 2, "asked": 4, "out_of_memory": [told]}
    assert losses_of(settings.out) == pytest.approx(losses_of(whole.out), rel=1e-5)
    assert (result.steps, result.dev_loss) == (6, pytest.approx(whole.dev_loss, rel=1e-5))
    manifest = json.loads((settings.out / "manifest.json").read_text())
    assert (manifest["micro_batch"], manifest["out_of_memory"]) == (2, [told])
    assert manifest["settings"]["micro_batch"] == yaml.safe_load((settings.out / "run.yaml").read_text())["micro_batch"] == 4


def test_without_a_checkpoint_it_begins_again_and_halves_as_often_as_it_must(settings, capsys):
    result = train(settings, callbacks=[Full(1)])

    said = capsys.readouterr().err
    assert said.count(" That is done now, from the beginning, as there is no checkpoint yet.\n") == 2
    assert held(settings.out)["micro_batch"] == 1
    assert len(held(settings.out)["out_of_memory"]) == 2
    assert (result.steps, len(losses_of(settings.out))) == (6, 6)


def test_a_later_resumption_takes_up_what_is_in_force(settings, tmp_path):
    train(replace(settings, out=tmp_path / "whole"))

    class Stop(TrainerCallback):
        def on_step_begin(self, args, state, control, **given):
            if state.global_step == 4:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(settings, callbacks=[Full(2, step=2), Stop()])
    seen = []

    class Look(TrainerCallback):
        def on_train_begin(self, args, state, control, **given):
            seen.append((args.per_device_train_batch_size, args.gradient_accumulation_steps, state.global_step))

    train(settings, resume=True, callbacks=[Look()])

    assert seen == [(2, 4, 4)]
    assert losses_of(settings.out) == pytest.approx(losses_of(tmp_path / "whole"), rel=1e-5)


def test_one_record_that_is_too_much_ends_the_run_with_what_would_need_less(settings, capsys):
    with pytest.raises(TrainingError) as error:
        train(settings, callbacks=[Full(0, error=MemoryError())])

    assert type(error.value) is TrainingError
    assert str(error.value) == (
        f"{settings.out}: out of memory at step 1 with 1 record at once (MemoryError); what needs less: gradient_checkpointing: true "
        "(also with --resume), a lower max_length than 1024, precision: bf16, bits: 4, or a smaller model."
    )
    assert not settings.out.exists()  # nothing was learned, and nothing is in the way of other settings


def test_after_the_first_checkpoint_one_record_too_much_leaves_it_and_may_be_resumed_with_activations_computed_twice(
    settings, tmp_path
):
    whole = train(replace(settings, out=tmp_path / "whole"))
    with pytest.raises(TrainingError):
        train(settings, callbacks=[Full(0, step=4)])

    train(replace(settings, gradient_checkpointing=True), resume=True)

    assert losses_of(settings.out) == pytest.approx(losses_of(whole.out), rel=1e-5)


def test_one_process_of_several_ends_with_how_to_go_on(settings, monkeypatch):
    settings = replace(settings, micro_batch=2)

    class Several(Full):
        def on_step_begin(self, *given, **named):
            monkeypatch.setenv("WORLD_SIZE", "2")  # not before: the Trainer would wait for the other
            super().on_step_begin(*given, **named)

    with pytest.raises(OutOfMemory) as error:
        train(settings, callbacks=[Several(1)])

    assert str(error.value).endswith("; --resume computes 1 at once, 8 a step as before.")
    assert held(settings.out)["micro_batch"] == 1


def test_a_model_that_is_too_large_is_told_at_once(settings, monkeypatch):
    def full(*given, **named):
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."
        )

    monkeypatch.setattr("uie.training.run.load_base", full)

    with pytest.raises(TrainingError) as error:
        train(replace(settings, mode="full", gradient_checkpointing=True, processes=1))

    assert str(error.value) == (
        f"{settings.out}: out of memory while the model was loaded (DefaultCPUAllocator: can't allocate memory: you tried to "
        "allocate 9 bytes); what needs less: a lower max_length than 1024, precision: bf16, mode: lora, or a smaller model."
    )


def test_a_file_that_is_not_as_it_was_written_is_refused(settings):
    with pytest.raises(KeyboardInterrupt):
        train(settings, callbacks=[Full(4, step=4), Full(0, step=3, error=KeyboardInterrupt())])
    path = settings.out / "micro_batch.json"

    for broken in (
        '{"asked": 4, "micro_batch": 3}',
        '{"asked": 4, "micro_batch": 0}',
        '{"asked": "4", "micro_batch": 2}',
        "{",
        "[]",
    ):
        path.write_text(broken)
        with pytest.raises(TrainingError) as error:
            train(settings, resume=True)
        assert str(error.value) == f"{path}: is broken; remove it, and --resume begins with a micro_batch of 4 again."


@pytest.mark.parametrize(("number", "expected"), [(8, 4), (6, 3), (3, 1), (9, 3), (5, 1), (2, 1)])
def test_half_is_a_divisor_so_that_batches_stay_whole(number, expected):
    assert half(number) == expected


def raised_from(cause: BaseException) -> RuntimeError:
    error = RuntimeError("the step failed")
    error.__cause__ = cause
    return error


KINDS = {
    "Python": (MemoryError(), True),
    "torch on a GPU": (torch.OutOfMemoryError("CUDA out of memory."), True),
    "torch on a CPU": (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 12 bytes."), True),
    "C++": (RuntimeError("std::bad_alloc"), True),
    "a system call": (OSError(12, "Cannot allocate memory"), True),
    "cuBLAS": (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate(handle)"), True),
    "behind another": (raised_from(MemoryError()), True),
    "another": (RuntimeError("shapes differ"), False),
    "a full disk": (OSError(28, "No space left on device"), False),
    "ours": (TrainingError("out of memory at step 1"), False),
    "Ctrl-C": (KeyboardInterrupt(), False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_errors_of_memory_are_known_among_others(kind):
    error, expected = KINDS[kind]

    assert is_out_of_memory(error) is expected


def test_less_is_advised_by_what_the_settings_are_not_yet(settings, monkeypatch):
    monkeypatch.setattr("uie.training.run.load_base", lambda *given, **named: (_ for _ in ()).throw(MemoryError()))
    sharded = replace(settings, bits=4, precision="bf16", gradient_checkpointing=True)

    with pytest.raises(TrainingError) as error:
        train(sharded)

    assert str(error.value).endswith("what needs less: a lower max_length than 1024, or a smaller model.")


# A process that the system gives no more memory


# After the first checkpoint, 350 MB more than there are then: a step takes about 470 with 16 records at once, half with 8. What is freed
# must go back to the system, which malloc leaves out for large pieces once it has seen some: steps would live on what the first one left.
LIMITED = """
import ctypes, gc, resource
from uie.training import guard
def publish(out, name, *, keep):
    real(out, name, keep=keep)
    gc.collect()
    pages = int(open("/proc/self/statm").read().split()[0])
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + 350_000_000,) * 2)
real, guard.publish = guard.publish, publish
ctypes.CDLL(None).mallopt(-3, 65536)  # M_MMAP_THRESHOLD
ctypes.CDLL(None).mallopt(-8, 1)  # M_ARENA_MAX: a thread takes 64 MB of addresses for its own
"""


@pytest.mark.slow
def test_under_a_real_limit_a_run_ends_with_the_losses_of_one_without(settings, tmp_path):
    text = "0417 " * 120  # about 600 tokens
    rows = [{"instruct": "Who?", "query": f"{text}{number}", "answer": "Anton_person\nLima_place"} for number in range(32)]
    settings.train.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    settings = replace(
        settings, batch_size=16, micro_batch=16, max_steps=2, save_steps=1, attention="eager"
    )  # takes the most memory
    config = tmp_path / "train.yaml"
    config.write_text(yaml.safe_dump(to_mapping(settings)), encoding="utf-8")

    process = Forked(["train", "--config", str(config)], tmp_path, before=LIMITED)

    said = process.communicate(timeout=100)[1]
    assert process.returncode == 0, said
    assert f"{settings.out}: out of memory at step 2 with 16 records at once (" in said
    assert "; --resume computes 8 at once, 16 a step as before. That is done now, from checkpoint-1.\n" in said
    assert held(settings.out)["micro_batch"] < 16
    whole = train(replace(settings, out=tmp_path / "whole"))
    assert losses_of(settings.out) == pytest.approx(losses_of(whole.out), rel=1e-5)


ONE_OF_TWO = """
import os, torch
from uie.training.guard import GuardedTrainer
def step(self, *given, **named):
    if os.environ["RANK"] == "1" and self.state.global_step == 3 and self.args.per_device_train_batch_size > 1:
        raise torch.OutOfMemoryError("CUDA out of memory.")
    return real(self, *given, **named)
real, GuardedTrainer.training_step = GuardedTrainer.training_step, step
"""


@pytest.mark.slow
def test_where_one_of_two_processes_is_out_of_memory_both_begin_again_with_half(settings, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    settings = replace(settings, micro_batch=2, processes=2)
    monkeypatch.setattr("uie.training.launch.subprocess", workers := ForkedWorkers(tmp_path, before=ONE_OF_TWO))

    launch(settings)

    told = (
        f"{settings.out}: out of memory at step 4 with 2 records at once (CUDA out of memory); "
        "--resume computes 1 at once, 8 a step as before."
    )
    assert f"{told} That is done now, from checkpoint-2.\n" in capsys.readouterr().err
    assert held(settings.out) == {"micro_batch": 1, "asked": 2, "out_of_memory": [told]}
    assert len(workers.started) == 4
    alone = train(replace(settings, out=tmp_path / "alone", processes=1))
    assert losses_of(settings.out) == pytest.approx(losses_of(alone.out), rel=1e-5)


# Answers


def test_answers_that_are_too_many_at_once_are_asked_for_in_smaller_batches(capsys):
    asked = []

    def answer(records, batch_size):
        asked.append((list(records), batch_size))
        for place, record in enumerate(records):
            if batch_size > 2 and place == 1:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            yield record, record.upper()

    found = list(answered_by_less(answer, ["a", "b", "c", "d"], 8))

    assert found == [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]
    assert asked == [(["a", "b", "c", "d"], 8), (["b", "c", "d"], 4), (["c", "d"], 2)]
    assert capsys.readouterr().err == (
        "out of memory with 8 answers at once; going on with 4.\nout of memory with 4 answers at once; going on with 2.\n"
    )


@pytest.mark.parametrize(("error", "batch_size"), [(MemoryError(), 1), (ValueError("another"), 8)], ids=["one", "another error"])
def test_an_error_that_smaller_batches_do_not_mend_is_raised(error, batch_size):
    def answer(records, batch_size):
        raise error

    with pytest.raises(type(error)):
        list(answered_by_less(answer, ["a"], batch_size))
