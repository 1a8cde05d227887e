"""A trained model → `adapter/` or `model/` of the run folder, which appear whole."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase, Trainer

from uie.storage import write_json
from uie.training.lora import check_adapter, name_base, subtract_start
from uie.training.modes import start_file
from uie.training.settings import TrainSettings


def weights_folder(settings: TrainSettings) -> Path:
    return settings.out / ("adapter" if settings.mode == "lora" else "model")


def save(trainer: Trainer, settings: TrainSettings, tokenizer: PreTrainedTokenizerBase, *, bf16: bool) -> None:
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
            check_adapter(partial)
            if settings.lora.pissa:
                subtract_start(partial, start_file(settings))
        shutil.rmtree(weights, ignore_errors=True)  # of the same run: a step that was not as good, or resumed after its end
        partial.replace(weights)
    trainer.accelerator.wait_for_everyone()


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
