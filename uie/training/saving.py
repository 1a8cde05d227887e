"""A trained model → `adapter/` or `model/` of the run folder, which appear whole."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, Trainer

from uie.errors import TrainingError
from uie.storage import parse_object, write_json
from uie.training.lora import check_adapter, name_base, subtract_start
from uie.training.modes import start_file
from uie.training.settings import TrainSettings

_SELECTED = "selected.json"


@dataclass(frozen=True, slots=True)
class Selected:
    """Why these weights were kept: the step that they are of, and their F1 on dev."""

    step: int
    f1: float


def weights_folder(settings: TrainSettings) -> Path:
    return settings.out / ("adapter" if settings.mode == "lora" else "model")


def selected(settings: TrainSettings) -> Selected | None:
    """What the run folder's weights were kept for; None where there are none yet.

    A process that was killed between two steps of a resumed run may have kept weights of a later step than its last checkpoint.
    """
    weights = weights_folder(settings)
    if not weights.is_dir() and _before(weights).is_dir():  # killed while it put others in their place
        _before(weights).rename(weights)
    path = weights / _SELECTED
    if not path.is_file():
        return None
    held = parse_object(path.read_text(encoding="utf-8"), str(path), error=TrainingError)
    return Selected(held["step"], held["f1"])


def save(
    trainer: Trainer,
    settings: TrainSettings,
    tokenizer: PreTrainedTokenizerBase,
    *,
    bf16: bool,
    why: Selected | None = None,
) -> None:
    """adapter/ or model/ with its tokenizer; it appears whole. All processes take part: ZeRO-3 and FSDP gather the weights from them."""
    weights = weights_folder(settings)
    partial = settings.out / f".{weights.name}"
    if trainer.is_world_process_zero():
        shutil.rmtree(partial, ignore_errors=True)  # of a process that was killed here
    trainer.accelerator.wait_for_everyone()
    model: Any = trainer.model
    state = _gathered(trainer) if settings.fsdp else None
    if settings.deepspeed == "zero3":
        trainer.save_model(str(partial))
    elif trainer.is_world_process_zero():  # the trainer's way under ZeRO 1 and 2 copies tensors and so saves tied weights twice
        if bf16 and settings.mode != "lora" and not trainer.is_deepspeed_enabled:
            _save_in_bfloat16(
                model, partial, model.state_dict() if state is None else state
            )  # float32 was for training; DeepSpeed gathers bfloat16 by itself
        else:
            model.save_pretrained(partial, state_dict=state)
    if trainer.is_world_process_zero():
        tokenizer.save_pretrained(partial)
        (partial / "training_args.bin").unlink(missing_ok=True)  # a pickle, and run.yaml says it all
        if settings.mode == "lora":
            name_base(partial, _portable(settings.model))
            # A warm-up's first step has a learning rate of 0.
            may_be_empty = trainer.state.global_step == 1 and trainer.args.warmup_steps > 0
            if not may_be_empty:
                check_adapter(partial)
            if settings.lora.pissa:
                subtract_start(partial, start_file(settings), may_be_empty=may_be_empty)
        if why is not None:
            write_json(partial / _SELECTED, asdict(why))
        _put_in_place(partial, weights)
    trainer.accelerator.wait_for_everyone()


def _put_in_place(partial: Path, weights: Path) -> None:
    """What stood there is of the same run, a step that was not as good or the end before a --resume: it goes when the new is there."""
    before = _before(weights)
    shutil.rmtree(before, ignore_errors=True)
    if weights.is_dir():
        weights.rename(before)
    partial.replace(weights)
    shutil.rmtree(before, ignore_errors=True)


def _before(weights: Path) -> Path:
    return weights.with_name(f".{weights.name}.before")


def _gathered(trainer: Trainer) -> dict[str, torch.Tensor]:
    """The weights that FSDP has spread, in the first process; of tied ones the one that is saved."""
    state: dict[str, torch.Tensor] = trainer.accelerator.get_state_dict(trainer.model)
    for name in getattr(trainer.model, "all_tied_weights_keys", ()):
        state.pop(name, None)
    return state


def _save_in_bfloat16(model: Any, folder: Path, weights: Mapping[str, torch.Tensor]) -> None:
    """Saves a copy; the model itself is still trained in float32. Weights that are tied stay so."""
    copies: dict[int, torch.Tensor] = {}
    state = {}
    for name, tensor in weights.items():
        if tensor.data_ptr() not in copies:
            copies[tensor.data_ptr()] = tensor.to(torch.bfloat16)
        state[name] = copies[tensor.data_ptr()]
    model.save_pretrained(folder, state_dict=state)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))  # says what the model in memory is
    write_json(folder / "config.json", {**config, "dtype": "bfloat16"})


def _portable(model: str) -> str:
    """The base's name as an adapter shall hold it: a folder by its whole path."""
    return str(Path(model).resolve()) if Path(model).is_dir() else model
