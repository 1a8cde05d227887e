"""Which process of how many this is, by what torchrun, deepspeed and srun leave in the environment; what DeepSpeed and FSDP are told."""

import sys
from pathlib import Path
from typing import Any

import pytest

from uie.errors import TrainingError
from uie.training.cluster import Place, first_host, place_of
from uie.training.launch import runner
from uie.training.settings import OffloadSettings, TrainSettings
from uie.training.zero import deepspeed_config, fsdp_config

TORCHRUN = {"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "MASTER_ADDR": "node7", "MASTER_PORT": "29400"}
SRUN = {
    "SLURM_PROCID": "5",
    "SLURM_NTASKS": "8",
    "SLURM_STEP_NUM_TASKS": "8",
    "SLURM_LOCALID": "1",
    "SLURM_JOB_ID": "1234567",
    "SLURM_STEP_ID": "2",
    "SLURM_JOB_NODELIST": "gpu[03-05,9]",
}


def settings(**more: Any) -> TrainSettings:
    return TrainSettings(model="m", train=Path("train.jsonl"), out=Path("runs/x"), precision="fp32", **more)


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({}, None),
        ({"WORLD_SIZE": "1"}, None),
        (TORCHRUN, Place(3, 8, 1, "node7", 29400)),
        (SRUN, Place(5, 8, 1, "gpu03", 24569)),
        (SRUN | {"SLURM_STEP_NODELIST": "gpu9"}, Place(5, 8, 1, "gpu9", 24569)),
        (SRUN | {"MASTER_ADDR": "10.0.0.4", "MASTER_PORT": "4000"}, Place(5, 8, 1, "10.0.0.4", 4000)),
        (SRUN | TORCHRUN, Place(3, 8, 1, "node7", 29400)),
        # In a batch script the job's variables are there, but no step's.
        ({name: value for name, value in SRUN.items() if "STEP" not in name}, None),
    ],
    ids=["alone", "left over", "torchrun", "srun", "step on few nodes", "own address", "torchrun by srun", "batch script"],
)
def test_a_process_knows_its_place(environment: dict[str, str], place: Place | None) -> None:
    assert place_of(environment) == place


def test_a_shell_in_an_interactive_step_is_one_process() -> None:
    place = place_of(SRUN | {"SLURM_PROCID": "0", "SLURM_STEP_NUM_TASKS": "1"})

    assert place is not None
    assert place.processes == 1


def test_what_torch_reads_says_the_same_place() -> None:
    place = place_of(SRUN)

    assert place is not None
    assert place_of(place.variables()) == place


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (
            {"WORLD_SIZE": "2", "RANK": "0"},
            "The environment says WORLD_SIZE=2 but not LOCAL_RANK, MASTER_ADDR, MASTER_PORT; start with torchrun, deepspeed or srun, "
            "or unset WORLD_SIZE.",
        ),
        (
            TORCHRUN | {"RANK": "first"},
            "The environment says RANK='first'; expected a number. Start with torchrun, deepspeed or srun.",
        ),
        (
            {"SLURM_STEP_NUM_TASKS": "2"},
            "The environment says SLURM_PROCID=''; expected a number. Start with torchrun, deepspeed or srun.",
        ),
    ],
)
def test_half_an_environment_is_an_error(environment: dict[str, str], message: str) -> None:
    with pytest.raises(TrainingError) as error:
        place_of(environment)

    assert str(error.value) == message


@pytest.mark.parametrize(
    ("nodes", "host"),
    [
        ("", ""),
        ("node7", "node7"),
        ("node7,node9", "node7"),
        ("node[03-05,9]", "node03"),
        ("node[9,03-05],gpu1", "node9"),
        ("gpu1,node[03-05]", "gpu1"),
        ("rack[2-3]-gpu[08,11]", "rack2-gpu08"),
        ("node[1-2].local", "node1.local"),
    ],
)
def test_the_first_host_of_a_node_list(nodes: str, host: str) -> None:
    assert first_host(nodes) == host


def test_with_a_hostfile_deepspeeds_runner_starts_our_worker_on_every_machine() -> None:
    line = runner(settings(processes=8, batch_size=32, hostfile=Path("hosts")), 5000, ["uie.training.worker", "run.yaml"])

    assert line == [sys.executable, "-m", "deepspeed.launcher.runner", "--hostfile", "hosts", "--num_gpus", "8"] + [
        *("--master_port", "5000", "--module", "uie.training.worker", "run.yaml")
    ]


CPU, DISK = {"device": "cpu", "pin_memory": True}, {"device": "nvme", "pin_memory": True, "nvme_path": "/fast"}
ZERO3 = {"stage": 3, "stage3_gather_16bit_weights_on_model_save": True}


@pytest.mark.parametrize(
    ("deepspeed", "offload", "zero"),
    [
        ("zero0", {}, {"stage": 0}),
        ("zero1", {}, {"stage": 1}),
        ("zero1", {"optimizer": "cpu"}, {"stage": 1, "offload_optimizer": CPU}),
        ("zero2", {}, {"stage": 2}),
        ("zero2", {"optimizer": "cpu"}, {"stage": 2, "offload_optimizer": CPU}),
        ("zero3", {}, ZERO3),
        ("zero3", {"optimizer": "cpu"}, {**ZERO3, "offload_optimizer": CPU}),
        ("zero3", {"parameters": "cpu"}, {**ZERO3, "offload_param": CPU}),
        ("zero3", {"optimizer": "cpu", "parameters": "cpu"}, {**ZERO3, "offload_optimizer": CPU, "offload_param": CPU}),
        (
            "zero3",
            {"optimizer": "nvme", "parameters": "nvme", "folder": Path("/fast")},
            {**ZERO3, "offload_optimizer": DISK, "offload_param": DISK},
        ),
        (
            "zero3",
            {"optimizer": "cpu", "parameters": "nvme", "folder": Path("/fast")},
            {**ZERO3, "offload_optimizer": CPU, "offload_param": DISK},
        ),
    ],
)
def test_deepspeed_is_told_stage_and_offloading_and_nothing_the_trainer_knows(deepspeed: Any, offload: Any, zero: Any) -> None:
    config = deepspeed_config(settings(deepspeed=deepspeed, offload=OffloadSettings(**offload)))

    assert config is not None
    # Ours is torch's AdamW also there; DeepSpeed insists on its own unless it is told.
    assert config.pop("zero_force_ds_cpu_optimizer", None) is (False if "optimizer" in offload else None)
    assert config == {
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
        "bf16": {"enabled": "auto"},
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
    }


def test_neither_is_told_anything_where_it_is_not_asked_for() -> None:
    assert deepspeed_config(settings()) is None
    assert fsdp_config(settings()) is None


def test_fsdp_spreads_each_layer() -> None:
    config = fsdp_config(settings(fsdp=True))

    assert config == {
        "version": 2,
        "auto_wrap_policy": "TRANSFORMER_BASED_WRAP",
        "reshard_after_forward": True,
        "state_dict_type": "FULL_STATE_DICT",
    }
