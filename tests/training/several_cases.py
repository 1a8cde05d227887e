"""`python tests/training/several_cases.py RUN.yaml …`: one of several processes, which train configs of different kinds in turn.

Says "ran NAME" for each. Unlike a run of `uie train` it has to forget what accelerate, transformers and DeepSpeed keep for good.
"""

import os
import sys
from pathlib import Path
from typing import Any

import torch
from accelerate.state import AcceleratorState, GradientState
from transformers import TrainerCallback
from transformers.integrations.deepspeed import unset_hf_deepspeed_config
from two_processes import shard_on_cpu

import uie.training.arguments as arguments
from uie.settings import build, read_yaml
from uie.training.cluster import place_of
from uie.training.folder import open_run
from uie.training.guard import as_main_found
from uie.training.run import train_claimed
from uie.training.settings import TrainSettings
from uie.training.worker import group


class Spread(TrainerCallback):
    """Checks that weights are spread where they shall be: libraries that do not know how to tend to pass over it in silence."""

    def __init__(self, expected: bool) -> None:
        self.expected = expected

    def on_step_end(self, args: Any, state: Any, control: Any, model: Any = None, **given: Any) -> None:
        names = [name for name, _ in model.named_parameters() if "down_proj" in name and "lora" not in name]
        held = [weight for name, weight in model.named_parameters() if name in names]
        assert held
        spread = [weight.numel() == 0 or isinstance(weight, torch.distributed.tensor.DTensor) for weight in held]
        assert spread == [self.expected] * len(held), dict(zip(names, spread, strict=True))


def spread_small_weights() -> None:
    """By itself ZeRO-3 leaves a weight of less than 100,000 numbers whole."""
    real = arguments.deepspeed_config

    def made(settings: TrainSettings) -> dict[str, Any] | None:
        config = real(settings)
        if config is not None and settings.deepspeed == "zero3":
            config["zero_optimization"]["stage3_param_persistence_threshold"] = 0
        return config

    arguments.deepspeed_config = made


def forget() -> None:
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    unset_hf_deepspeed_config()
    for name in [name for name in os.environ if name.startswith(("ACCELERATE_", "FSDP_"))]:
        del os.environ[name]


def main(paths: list[Path]) -> None:
    place = place_of(os.environ)
    assert place is not None
    shard_on_cpu()
    spread_small_weights()
    with group(place, build(TrainSettings, read_yaml(paths[0]), where=str(paths[0]))) as device:
        for path in paths:
            settings = build(TrainSettings, read_yaml(path), where=str(path))
            as_main_found(lambda: open_run(settings, resume=False, overwrite=False), is_main=place.is_first, device=device)  # noqa: B023
            train_claimed(settings, resume=False, callbacks=[Spread(settings.spreads_weights)])
            forget()
            print(f"ran {path.stem}", flush=True)


if __name__ == "__main__":
    main([Path(path) for path in sys.argv[1:]])
