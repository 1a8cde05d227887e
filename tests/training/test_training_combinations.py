"""What is refused and why, and that what is not can be run: every two settings together, on a CPU."""

import itertools
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from uie.errors import SettingsError, TrainingError
from uie.settings import build
from uie.training import combinations
from uie.training.cluster import Place
from uie.training.combinations import RULES, Case, Cell, cells, covering, machine_refusals, ran_on_cpu, rules_against, verdict
from uie.training.launch import free_port, launch
from uie.training.settings import TrainSettings

GIVEN = {"model": "m", "train": "train.jsonl", "out": "runs/x", "dev": "dev.jsonl"}
REFUSED = {
    "bits without lora": (
        {"bits": 4, "mode": "full"},
        "bits: weights of 4 bits cannot be trained, and mode full would train them; "
        "take mode: lora, which trains an adapter beside them, or bits: 16.",
    ),
    "8 bits with zero3": (
        {"bits": 8, "deepspeed": "zero3"},
        "bits: 8 under zero3 saves nothing: bitsandbytes keeps each int8 matrix whole in every process; "
        "take bits: 4, or deepspeed: zero2.",
    ),
    "8 bits with fsdp": (
        {"bits": 8, "fsdp": True},
        "bits: 8 under fsdp: bitsandbytes finds its int8 weights without their scales; "
        "take bits: 4, or deepspeed: zero2 instead of fsdp.",
    ),
    "pissa with bits": (
        {"bits": 8, "lora": {"pissa": True}},
        "lora.pissa: takes what the adapter begins as off the base's weights, and those of 8 bits cannot take such small changes; "
        "take bits: 16, or leave pissa out.",
    ),
    "pissa with zero3": (
        {"deepspeed": "zero3", "lora": {"pissa": True}},
        "lora.pissa: needs whole matrices for their singular vectors, and under zero3 a process holds parts from the start; "
        "take zero2 or fsdp, or leave pissa out.",
    ),
    "dora in 4 bits with zero3": (
        {"bits": 4, "deepspeed": "zero3", "lora": {"dora": True}},
        "lora.dora: peft copies layers of 4 bits, and zero3 does not know the copies; "
        "take fsdp or zero2, or bits: 16, or leave dora out.",
    ),
    "deepspeed and fsdp": (
        {"deepspeed": "zero2", "fsdp": True},
        "fsdp: is one way to spread a model over processes, and deepspeed: zero2 is another; take one of them.",
    ),
    "zero0 in bf16": (
        {"deepspeed": "zero0"},
        "zero0: in bfloat16 DeepSpeed makes its first steps too short without spreading anything, so that losses differ from all "
        "other ways; take zero1, or deepspeed: none, or precision: fp32.",
    ),
    "offload without zero": (
        {"offload": {"optimizer": "cpu"}, "fsdp": True},
        "offload: is DeepSpeed's, and deepspeed is none; "
        "take deepspeed: zero2 for the optimizer, or zero3 for parameters too, without fsdp.",
    ),
    "optimizer offloaded by zero0": (
        {"offload": {"optimizer": "cpu"}, "deepspeed": "zero0", "precision": "fp32"},
        "offload.optimizer: zero0 keeps AdamW's moments where the weights are; take zero1.",
    ),
    "optimizer on nvme below zero3": (
        {"offload": {"optimizer": "nvme", "folder": "fast"}, "deepspeed": "zero2"},
        "offload.optimizer: to a disk only zero3 moves it; take zero3, or offload.optimizer: cpu.",
    ),
    "parameters offloaded below zero3": (
        {"offload": {"parameters": "cpu"}, "deepspeed": "zero2"},
        "offload.parameters: only zero3 moves weights, zero2 needs them where they are; take zero3, or offload.optimizer alone.",
    ),
    "f1 where weights are spread": (
        {"f1": {"every": 5}, "fsdp": True},
        "f1.every: under fsdp no process holds the whole model to answer with; take zero2, or leave f1 out.",
    ),
    "neftune in packs": (
        {"neftune": 5, "packing": "prefix"},
        "packing: prefix would let records share the noise that neftune adds to their common beginning; "
        "take packing: none, or leave neftune out.",
    ),
    "prompt loss in packs": (
        {"prompt_loss_weight": 0.1, "packing": "prefix"},
        "packing: prefix and prompt_loss_weight: the last token of a common beginning would have to predict several at once; "
        "take packing: none, or prompt_loss_weight: 0.",
    ),
}


@pytest.mark.parametrize("name", [rule.name for rule in RULES])
def test_what_cannot_work_is_refused_with_the_reason_and_the_nearest_that_works(name):
    settings, message = REFUSED[name]

    with pytest.raises(SettingsError) as error:
        build(TrainSettings, {**GIVEN, **settings}, where="t.yaml")

    assert str(error.value) == f"t.yaml: {message}"


def test_all_reasons_are_told_at_once():
    with pytest.raises(SettingsError) as error:
        build(TrainSettings, {**GIVEN, "bits": 8, "fsdp": True, "epochs": 0, "offload": {"parameters": "cpu"}}, where="t")

    assert str(error.value) == (
        "t: epochs: expected more than 0, found 0.0; "
        "bits: 8 under fsdp: bitsandbytes finds its int8 weights without their scales; take bits: 4, or deepspeed: zero2 instead of fsdp; "
        "offload: is DeepSpeed's, and deepspeed is none; "
        "take deepspeed: zero2 for the optimizer, or zero3 for parameters too, without fsdp."
    )


@pytest.mark.parametrize(
    ("settings", "absent", "message"),
    [
        (
            {"bits": 4},
            "bitsandbytes",
            "bits: 4 needs bitsandbytes, which is not installed; install uie-llm[quant], or take bits: 16.",
        ),
        (
            {"deepspeed": "zero2"},
            "deepspeed",
            "deepspeed is not installed; install uie-llm[train], or leave deepspeed and hostfile out.",
        ),
        ({"hostfile": "nowhere"}, "", "hostfile: nowhere: no such file."),
        (
            {"fsdp": True},
            "",
            "fsdp: accelerate spreads over GPUs only, and this machine has none; take deepspeed: zero3.",
        ),
        (
            {"bits": 8, "lora": {"dora": True}},
            "",
            "lora.dora: on a CPU peft loses the scales of 8-bit weights, and this machine has no GPU; take bits: 4 or 16.",
        ),
        (
            {"deepspeed": "zero3", "offload": {"parameters": "nvme", "folder": "fast"}},
            "libaio",
            "offload: nvme needs libaio, which DeepSpeed does not find; install libaio-dev, or take cpu.",
        ),
    ],
    ids=["bits", "deepspeed", "hostfile", "fsdp", "dora", "nvme"],
)
def test_what_this_machine_lacks_is_told(monkeypatch, settings, absent, message):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(combinations, "_is_installed", lambda package: package != absent)
    monkeypatch.setattr(combinations, "_writes_nvme", lambda: absent != "libaio")

    found = machine_refusals(build(TrainSettings, {**GIVEN, **settings}, where="t"))

    assert found == (message,)


def test_processes_are_counted_against_gpus(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    found = machine_refusals(build(TrainSettings, {**GIVEN, "processes": 4, "micro_batch": 2}, where="t"))

    assert found == ("processes: expected at most 2, the GPUs of this machine, found 4.",)


def test_a_run_is_refused_before_its_folder_is_made(tiny_model, records_file, tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    settings = TrainSettings(model=str(tiny_model), train=records_file, out=tmp_path / "run", fsdp=True)

    with pytest.raises(TrainingError) as error:
        launch(settings)

    assert str(error.value) == "fsdp: accelerate spreads over GPUs only, and this machine has none; take deepspeed: zero3."
    assert not settings.out.exists()


def test_the_table_has_every_cell_and_each_has_one_verdict():
    found = {cell: verdict(cell) for cell in cells()}

    assert len(found) == 3 * 3 * 6 * 5 * 2
    assert {cell for cell, is_what in found.items() if is_what == "refused"} == {cell for cell in cells() if rules_against(cell)}
    assert {cell for cell, is_what in found.items() if is_what == "CPU"} == ran_on_cpu()
    assert found[Cell("lora", 4, "zero3", "nvme", "none")] == "word"
    assert rules_against(Cell("full", 8, "zero3", "none", "none")) == ("bits without lora", "8 bits with zero3")


def test_every_two_values_that_can_stand_together_are_run_together():
    def values(case: Case) -> tuple[object, ...]:
        return (*(getattr(case.cell, name) for name in Cell.__slots__), case.gradient_checkpointing, case.precision)

    def is_legal(case: Case) -> bool:
        try:
            build(TrainSettings, {**GIVEN, **case.settings()}, where="t")
        except SettingsError:
            return False
        return True

    on_cpu = [cell for cell in cells() if cell.offload != "nvme"]
    possible = [Case(cell, saves, precision) for cell in on_cpu for saves in (False, True) for precision in ("fp32", "bf16")]
    legal = [case for case in possible if is_legal(case)]
    wanted = {pair for case in legal for pair in itertools.combinations(enumerate(values(case)), 2)}
    found = {pair for case in covering() for pair in itertools.combinations(enumerate(values(case)), 2)}

    assert len(legal) > 200
    assert found == wanted
    assert all(case in legal for case in covering())
    assert len(covering()) < 40


# They are run


@pytest.fixture(scope="module")
def ran(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[Case, list[float]]:
    """The losses of each step of every case. The records are all alike, so that no order of them matters."""
    folder = tmp_path_factory.mktemp("cases")
    records = folder / "records.jsonl"
    rows = [{"instruct": "You find the places in a text.", "query": "Text: Mira lives in Oslo.", "answer": "Oslo_place"}] * 4
    records.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    configs = {}
    for number, case in enumerate(covering()):
        settings = {
            **{"model": str(tiny_model), "train": str(records), "out": str(folder / f"run{number}")},
            **{"batch_size": 4, "micro_batch": 2, "max_steps": 2, "log_steps": 1, "learning_rate": 1e-2, "warmup_share": 0.0},
            **{"lora": {"r": 4, "dropout": 0.0}, "trained_layers": 1, "processes": 1 if case.cell.spread == "none" else 2},
            **case.settings(),
        }
        configs[case] = folder / f"case{number}.yaml"
        configs[case].write_text(yaml.safe_dump(settings), encoding="utf-8")
    alone = [case for case in configs if case.cell.spread == "none"]
    for case in alone:
        launch(build(TrainSettings, yaml.safe_load(configs[case].read_text(encoding="utf-8")), where="case"))
    said = _run_pair([configs[case] for case in configs if case not in alone], log=folder / "log.txt")
    assert said == [f"ran {configs[case].stem}" for case in configs if case not in alone]
    return {case: _losses(folder / f"run{number}") for number, case in enumerate(configs)}


def _run_pair(configs: list[Path], *, log: Path) -> list[str]:
    """What the first of two processes that run them says."""
    environment = {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "",
        "DS_ACCELERATOR": "cpu",
        "OMP_NUM_THREADS": "1",
        "LOCAL_WORLD_SIZE": "2",
    }
    script = Path(__file__).with_name("several_cases.py")
    port = free_port()
    logs = [log.with_suffix(f".{rank}") for rank in (0, 1)]
    workers = []
    for rank, path in enumerate(logs):
        place = Place(rank, 2, rank, "127.0.0.1", port)
        with path.open("w", encoding="utf-8") as out:
            line = [sys.executable, str(script), *map(str, configs)]
            workers.append(subprocess.Popen(line, env={**environment, **place.variables()}, stdout=out, stderr=subprocess.STDOUT))
    try:
        while all(worker.poll() is None for worker in workers):
            time.sleep(0.1)
        for worker in workers:
            worker.wait(timeout=120)  # leaving takes seconds, and more where others compute
    except subprocess.TimeoutExpired:
        pass
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in logs]
    assert [worker.returncode for worker in workers] == [0, 0], "\n".join(text[-3000:] for text in texts)
    return [line for line in texts[0].splitlines() if line.startswith("ran ")]


def _losses(run: Path) -> list[float]:
    return [
        row["loss"] for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines() if "loss" in (row := json.loads(line))
    ]


@pytest.mark.slow
def test_what_the_table_says_ran_on_a_cpu_runs_here(ran):
    assert {case.cell for case, losses in ran.items() if len(losses) == 2} == ran_on_cpu()


@pytest.mark.slow
def test_however_a_model_is_spread_and_packed_it_learns_the_same(ran):
    # given
    plain = {(case.cell.mode, case.cell.bits): losses for case, losses in ran.items() if case.cell.spread == "none"}
    assert set(plain) == {("lora", 16), ("lora", 8), ("lora", 4), ("freeze", 16), ("full", 16)}
    exact = {
        (case.cell.mode, case.cell.bits): losses
        for case, losses in ran.items()
        if case.cell.spread == "none" and case.precision == "fp32"
    }

    for case, losses in ran.items():
        key = case.cell.mode, case.cell.bits
        is_exact = case.precision == "fp32" and key in exact
        assert losses == pytest.approx((exact if is_exact else plain)[key], rel=2e-4 if is_exact else 3e-2), case
        assert losses[1] < losses[0], case
