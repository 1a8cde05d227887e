"""`python tests/training/two_processes.py RUN.yaml …`: one of several processes, which train each config, one after the other.

To start a process takes ten times as long as to train a tiny model, so tests share what is started here.
"""

import os
import sys
from pathlib import Path
from typing import Any

import accelerate
import transformers.trainer
from accelerate import PartialState
from accelerate.utils import DistributedType

from uie.settings import build, read_yaml
from uie.training.cluster import place_of
from uie.training.folder import open_run
from uie.training.guard import as_main_found
from uie.training.run import train_claimed
from uie.training.settings import TrainSettings
from uie.training.worker import group


def shard_on_cpu() -> None:
    """accelerate spreads weights by FSDP on GPUs only, and on a CPU passes over it in silence; torch can on both."""
    real = transformers.trainer.Accelerator

    def made(*, fsdp_plugin: Any = None, **named: Any) -> accelerate.Accelerator:
        accelerator = real(fsdp_plugin=fsdp_plugin, **named)
        if fsdp_plugin is not None:
            accelerator.state.distributed_type = PartialState._shared_state["distributed_type"] = DistributedType.FSDP
            accelerator.state.fsdp_plugin = fsdp_plugin
        return accelerator

    transformers.trainer.Accelerator = made


def main(paths: list[Path]) -> None:
    place = place_of(os.environ)
    assert place is not None
    shard_on_cpu()
    with group(place, build(TrainSettings, read_yaml(paths[0]), where=str(paths[0]))) as device:
        for path in paths:
            settings = build(TrainSettings, read_yaml(path), where=str(path))
            as_main_found(lambda: open_run(settings, resume=False, overwrite=False), is_main=place.is_first, device=device)  # noqa: B023
            train_claimed(settings, resume=False)


if __name__ == "__main__":
    main([Path(path) for path in sys.argv[1:]])
