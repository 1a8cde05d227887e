"""A model folder → a model for answering whose weights are more than one device holds: over several GPUs, or fetched layer by layer."""

import os
from pathlib import Path
from typing import Any

import torch

from uie.errors import ModelError

_ALONE = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29511"}
SPREAD, ZERO = "spread", "zero"
"""`device`: over all GPUs, then CPU memory, then disk; or weights in CPU memory that a GPU fetches layer by layer (ZeRO-3)."""


def placement(folder: Path, offload: Path) -> dict[str, Any]:
    """What `from_pretrained` takes so that accelerate places layers where there is room; what fits nowhere goes to the folder `offload`."""
    return {"device_map": "auto", "offload_folder": str(offload / folder.name)}


def zero_config(dtype: torch.dtype, *, hidden: int) -> dict[str, Any]:
    """DeepSpeed's config for ZeRO-3 without training: weights in CPU memory, fetched in buckets of a layer or so.

    `hidden` is the model's hidden size, by which DeepSpeed's guide sets the sizes of the buckets.
    """
    offload: dict[str, Any] = {"device": "cpu", "pin_memory": torch.cuda.is_available()}
    return {
        "train_micro_batch_size_per_gpu": 1,  # of no meaning here, but asked for
        "bf16": {"enabled": dtype == torch.bfloat16},
        "zero_optimization": {
            "stage": 3,
            "offload_param": offload,
            "stage3_prefetch_bucket_size": 10 * hidden * hidden,
            "stage3_param_persistence_threshold": 10 * hidden,
        },
    }


def with_zero(load: Any, config: dict[str, Any]) -> Any:
    """The model that `load()` reads, never as a whole on a device.

    Raises:
        ModelError: DeepSpeed is not installed.
    """
    try:
        import deepspeed
        from transformers.integrations.deepspeed import HfDeepSpeedConfig
    except ImportError:
        raise ModelError("device zero: deepspeed is not installed; install uie-llm[train], or take device spread.") from None
    for name, alone in _ALONE.items():  # a launcher has set these; who was started by hand is one process
        os.environ.setdefault(name, alone)
    told = HfDeepSpeedConfig(config)  # type: ignore[no-untyped-call]  # while it is there, from_pretrained spreads what it reads
    model = load()
    engine = deepspeed.initialize(model=model, config=config)[0]
    found = engine.module
    found.uie_zero = (told, engine)  # as long as the model is there
    return found
