"""Several processes, really started on the CPU, in all the ways there are: each gives the losses and weights of one process."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from forked import Forked, ForkedWorkers
from safetensors.torch import load_file

import uie.training.launch as launching
from uie.errors import TrainingError
from uie.extraction.evaluation import evaluate_model
from uie.models.loading import load_model, resolve
from uie.settings import to_mapping
from uie.training.checkpoints import checkpoints_of, fault_of
from uie.training.folder import RunResult
from uie.training.launch import free_port, launch
from uie.training.run import train
from uie.training.settings import F1Settings, LoraSettings, TrainSettings

pytestmark = pytest.mark.slow

STEPS = 10


@pytest.fixture(scope="module")
def base(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainSettings:
    """Twelve records to learn from in three groups that begin alike, five on which the loss is measured: three batches for two processes."""
    folder = tmp_path_factory.mktemp("launch")
    people, places = ["Mira", "Anton", "Kim", "Lena"], ["Oslo", "Lima", "Rome"]
    rows = [
        {
            "instruct": f"You find the {names} in a text, as {names} are meant there.",
            "query": f"Text: {person} lives in {place}." + " So it is." * (number % 3),
            "answer": f"{person}_person" if number % 2 else f"{person}_person\n{place}_place",
        }
        for number, person in enumerate(people)
        for names, place in zip(("persons", "places", "people"), places, strict=True)
    ]
    for name, kept in (("train", rows), ("dev", rows[:5])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    return TrainSettings(
        model=str(tiny_model),
        train=folder / "train.jsonl",
        dev=folder / "dev.jsonl",
        out=folder / "alone",
        batch_size=4,
        micro_batch=2,
        max_steps=STEPS,
        learning_rate=3e-3,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, dropout=0, targets=("q_proj", "v_proj")),
        packing="none",
        log_steps=1,
    )


@pytest.fixture(scope="module")
def alone(base: TrainSettings) -> dict[str, RunResult]:
    """One process, by mode."""
    return {mode: train(replace(base, out=base.out / mode, mode=mode)) for mode in ("lora", "full")}


@pytest.fixture
def settings(base: TrainSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainSettings:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    return replace(base, out=tmp_path / "run", processes=2)


@pytest.fixture
def forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ForkedWorkers:
    """Workers that need not import torch again; FSDP on a CPU, which is refused to users, is made possible for them."""
    workers = ForkedWorkers(tmp_path, before="from two_processes import shard_on_cpu; shard_on_cpu()")
    monkeypatch.setattr(launching, "subprocess", workers)
    monkeypatch.setattr(launching, "refuse_on_this_machine", lambda settings: None)
    return workers


def losses_of(out: Path) -> list[float]:
    return [row["loss"] for line in (out / "log.jsonl").read_text().splitlines() if "loss" in (row := json.loads(line))]


def weights_of(result: RunResult) -> dict[str, torch.Tensor]:
    (file,) = result.weights.glob("*.safetensors")
    return load_file(file)


def config_of(settings: TrainSettings) -> str:
    path = settings.out.with_suffix(".yaml")
    path.write_text(yaml.safe_dump(to_mapping(settings)), encoding="utf-8")
    return str(path)


SPREADS: dict[str, dict[str, Any]] = {
    "DDP": {},
    **{f"zero{stage}": {"deepspeed": f"zero{stage}"} for stage in range(4)},
    "fsdp": {"fsdp": True},
}


@pytest.mark.parametrize(
    ("mode", "spread", "packing"),
    [
        ("lora", "DDP", "none"),
        ("full", "DDP", "prefix"),
        ("full", "zero0", "none"),
        ("lora", "zero1", "none"),
        ("lora", "zero2", "prefix"),
        ("full", "zero2", "none"),
        ("full", "zero3", "prefix"),
        ("lora", "zero3", "none"),
        ("full", "fsdp", "none"),
        ("lora", "fsdp", "prefix"),
    ],
)
def test_two_processes_learn_as_one_does(settings, alone, forked, mode, spread, packing):
    # Packs of a step are drawn in another order than single records, so that their losses are compared below.
    expected = alone[mode] if packing == "none" else train(replace(settings, processes=1, mode=mode, packing=packing))
    settings = replace(settings, out=settings.out.with_name("two"), mode=mode, packing=packing, **SPREADS[spread])

    result = launch(settings)

    assert (result.steps, result.records, result.device) == (STEPS, 12, "cpu")
    assert losses_of(result.out) == pytest.approx(losses_of(expected.out), rel=1e-5)
    assert losses_of(result.out)[-1] < losses_of(result.out)[0]
    assert result.dev_loss == pytest.approx(expected.dev_loss, rel=1e-6)
    weights, wanted = weights_of(result), weights_of(expected)
    assert set(weights) == set(wanted)
    for name, weight in weights.items():
        # AdamW makes a whole step of a gradient that is nearly nothing, and of how it was rounded.
        torch.testing.assert_close(weight, wanted[name], rtol=1e-3, atol=3e-4)
    load_model(resolve(str(result.out)))


@pytest.mark.parametrize(("mode", "spread"), [("lora", "DDP"), ("lora", "zero2"), ("full", "zero3"), ("full", "fsdp")])
def test_resuming_gives_the_weights_of_a_run_that_was_not_stopped(settings, forked, mode, spread):
    settings = replace(settings, mode=mode, save_steps=STEPS // 2, **SPREADS[spread])
    result = launch(settings)
    whole = weights_of(result)
    shutil.rmtree(result.weights)
    shutil.rmtree(settings.out / "checkpoints" / f"checkpoint-{STEPS}")

    resumed = launch(settings, resume=True)

    weights = weights_of(resumed)
    assert [name for name in whole if not torch.equal(whole[name], weights[name])] == []
    assert len(losses_of(settings.out)) == STEPS


def test_two_processes_answer_dev_together_and_keep_the_best_weights(settings, forked, dev_records):
    settings = replace(settings, train=dev_records, dev=dev_records, f1=F1Settings(every=20), max_steps=40, mode="full")

    result = launch(replace(settings, learning_rate=2e-2, log_steps=20, deepspeed="zero2"))

    told = [row["f1"] for line in (settings.out / "log.jsonl").read_text().splitlines() if "f1" in (row := json.loads(line))]
    assert len(told) == 2
    assert result.f1 == max(told) > 0.2
    kept = evaluate_model(str(settings.out), dev_records, dtype="float32")
    assert kept.scores.rows[0].f1 == result.f1


def test_a_worker_that_fails_says_why(settings, forked):
    with pytest.raises(TrainingError) as error:
        launch(replace(settings, max_length=5))
    assert str(error.value).startswith(
        f"{settings.out}: a worker process failed: {settings.train}: record 'train#1' (and 11 more): "
    )
    assert not settings.out.exists()


def test_deepspeeds_launcher_starts_uie_train(settings, alone):
    settings = replace(settings, deepspeed="zero2", processes=1)
    port = str(free_port())
    launcher = [sys.executable, "-m", "deepspeed.launcher.runner", "--num_gpus", "2", "--master_port", port]

    done = subprocess.run(
        [*launcher, "--module", "uie.cli", "train", "--config", config_of(settings)],
        env=os.environ | {"DS_ACCELERATOR": "cpu", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert losses_of(settings.out) == pytest.approx(losses_of(alone["lora"].out), rel=1e-5)
    assert done.stderr.count("Trained 10 steps") == 1
    assert yaml.safe_load((settings.out / "run.yaml").read_text())["processes"] == 2


def test_torchrun_on_two_nodes_stops_where_it_is_told_and_slurm_goes_on(settings, tmp_path):
    settings = replace(settings, processes=1, max_steps=80, learning_rate=1e-3, dev=None)
    expected = train(replace(settings, out=tmp_path / "expected", micro_batch=1))
    port = str(free_port())
    command = ["--master-addr", "127.0.0.1", "--master-port", port, "-m", "uie.cli", "train", "--config", config_of(settings)]
    nodes = [
        subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--node-rank", str(node), *command],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for node in range(2)
    ]
    wait_for(settings.out / "log.jsonl", nodes)
    for node in nodes:
        node.send_signal(signal.SIGTERM)

    told = "".join(node.communicate(timeout=300)[1] for node in nodes)

    (checkpoint,) = checkpoints_of(settings.out)
    assert fault_of(checkpoint) is None
    assert told.count(f"{settings.out}: stopped at step ") == 1

    tasks = srun(2, ["train", "--config", config_of(settings), "--resume"], tmp_path)
    said = [task.communicate(timeout=300) for task in tasks]

    assert [task.returncode for task in tasks] == [0, 0], said
    assert [out for out, _ in said] == [f"{settings.out}\n", ""]
    assert losses_of(settings.out) == pytest.approx(losses_of(expected.out), rel=1e-5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"processes": 4}, "processes: expected 2, as many as were started, or 1 (the default), found 4."),
        ({"hostfile": Path("hosts")}, "hostfile: 2 processes were started already, by another launcher; leave hostfile out."),
        ({"micro_batch": 4}, "batch_size: expected a multiple of micro_batch × processes = 8, found 4."),
        ({"train": Path("none.jsonl")}, "none.jsonl: no such file."),
    ],
    ids=["processes", "hostfile", "batch", "file"],
)
def test_a_mistake_is_told_once_and_fails_in_every_process(settings, tmp_path, wrong, message):
    wrong = {"processes": 1, "batch_size": 4, **wrong}
    config = config_of(replace(settings, **(wrong | {"batch_size": 8 if wrong["processes"] == 4 else 4})))

    tasks = srun(2, ["train", "--config", config], tmp_path)
    said = [task.communicate(timeout=300) for task in tasks]

    assert [task.returncode for task in tasks] == [1, 1], said
    told = "".join(err for _, err in said)
    assert told.count("uie: error: ") == 1
    assert message in told
    assert not settings.out.exists()


def srun(tasks: int, arguments: list[str], folder: Path) -> list[Forked]:
    """`uie ARGUMENTS` in processes that believe that srun has started them on this machine."""
    step = {"SLURM_STEP_NUM_TASKS": str(tasks), "SLURM_NTASKS": str(tasks), "SLURM_JOB_ID": "7", "MASTER_PORT": str(free_port())}
    started = []
    for task in range(tasks):
        own = {"SLURM_PROCID": str(task), "SLURM_LOCALID": str(task), "SLURM_JOB_NODELIST": "localhost,node[03-05,9]"}
        said = folder / f"task-{task}"
        said.mkdir()
        started.append(Forked(arguments, said, before=f"import os; os.environ.update({step | own!r})"))
    return started


def wait_for(path: Path, processes: list[subprocess.Popen[str]], *, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not path.is_file():
        assert time.monotonic() < end, "not there in time"
        assert all(process.poll() is None for process in processes), [process.communicate()[1] for process in processes]
        time.sleep(0.02)
