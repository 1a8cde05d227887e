"""A loaded base and settings → the model as training takes it: with adapters on it, with its last layers thawed, or all of it."""

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn
from transformers import PreTrainedModel

from uie.errors import SettingsError
from uie.training.lora import add_adapter, chosen_targets, keep_start
from uie.training.settings import TrainSettings


@dataclass(frozen=True, slots=True)
class Prepared:
    """`what` is trained, in words; how many weights are and are not; what manifest.json says of it."""

    model: Any
    what: str
    trained: int
    frozen: int
    facts: Mapping[str, Any]

    def line(self) -> str:
        return f"training: {self.what}; {self.trained:,} of {self.trained + self.frozen:,} weights"

    def tell(self) -> None:
        """One line on stderr."""
        print(self.line(), file=sys.stderr, flush=True)


def prepare(model: PreTrainedModel, settings: TrainSettings) -> Prepared:
    """`model` is the base, which is changed; it may lie on the meta device, where only shapes are looked at.

    With mode freeze no weight of the embeddings, of the lower layers, of the last norm and of the output is trained. They stay in
    float32 as the trained ones do: computing casts them to bfloat16 either way, but layers of two dtypes in a row would let answers
    be generated only under autocast.

    Raises:
        SettingsError: the model has no layers of the names in `lora.targets`, or fewer layers than `trained_layers`.
    """
    prepared: Any = model
    facts: dict[str, Any] = {}
    if settings.mode == "lora":
        names, source = chosen_targets(model, settings.lora)
        prepared = add_adapter(model, settings.lora, start=start_file(settings))
        facts = {"lora_targets": list(names), "lora_targets_from": source}
        what = f"{adapter_kind(settings)} rank {settings.lora.r} on {', '.join(_last_parts(names))} ({source})"
    elif settings.mode == "freeze":
        layers = decoder_layers(model)
        if settings.trained_layers > len(layers):
            raise SettingsError(
                f"trained_layers: expected at most {len(layers)}, the decoder layers of {model.name_or_path}, "
                f"found {settings.trained_layers}."
            )
        model.requires_grad_(False)
        for layer in layers[-settings.trained_layers :]:
            layer.requires_grad_(True)
        what = f"the last {settings.trained_layers} of {len(layers)} layers"
    else:
        what = "all layers"
    sizes = {True: 0, False: 0}
    for weight in prepared.parameters():
        sizes[weight.requires_grad] += _size(weight)
    facts = {"trained": what, "trained_parameters": sizes[True], "frozen_parameters": sizes[False], **facts}
    return Prepared(prepared, what, sizes[True], sizes[False], facts)


def keep_beginning(prepared: Prepared, settings: TrainSettings) -> None:
    """Writes what a run that goes on, and the adapter at its end, are computed from: with PiSSA what the adapter begins as."""
    if settings.mode == "lora" and settings.lora.pissa and not (start := start_file(settings)).is_file():
        keep_start(prepared.model, start)


def start_file(settings: TrainSettings) -> Path:
    """Where a PiSSA run keeps what its adapter began as."""
    return settings.out / "pissa_start.safetensors"


def adapter_kind(settings: TrainSettings) -> str:
    """Such as "LoRA", "rsLoRA + DoRA" or "PiSSA with LoRA+"."""
    lora = settings.lora
    kinds = [kind for kind, is_on in (("rsLoRA", lora.rslora), ("DoRA", lora.dora), ("PiSSA", lora.pissa)) if is_on]
    return " + ".join(kinds or ["LoRA"]) + (" with LoRA+" if lora.plus else "")


def decoder_layers(model: PreTrainedModel) -> nn.ModuleList:
    """The model's list of as many layers as its config says; of several (a vision tower may have as many) the one of most weights.

    Raises:
        SettingsError: it has none.
    """
    count = getattr(model.config.get_text_config(), "num_hidden_layers", None)
    lists = [module for module in model.modules() if isinstance(module, nn.ModuleList) and len(module) == count]
    if not lists:
        raise SettingsError(f"mode: freeze finds no list of decoder layers in {model.name_or_path}; take lora or full.")
    return max(lists, key=lambda found: sum(map(_size, found.parameters())))


def _last_parts(names: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(name.rpartition(".")[2] for name in names)


def _size(weight: Any) -> int:
    """How many numbers: ZeRO-3 leaves empty tensors behind that know it as ds_numel, and bitsandbytes packs two into a place."""
    state = getattr(weight, "quant_state", None)
    return int(state.shape.numel() if state is not None else getattr(weight, "ds_numel", weight.numel()))
