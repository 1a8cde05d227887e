"""What processes on a CPU have to be told first, so that FSDP spreads weights there as it does on GPUs."""

from typing import Any

import accelerate
import transformers.trainer
from accelerate import PartialState
from accelerate.utils import DistributedType


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
