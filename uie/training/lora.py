"""A base model → the same with LoRA adapters on it (plain, DoRA, rsLoRA, PiSSA); what is saved → a LoRA for the untouched base, checked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model, get_peft_model_state_dict
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import PreTrainedModel
from transformers.pytorch_utils import Conv1D

from uie.errors import SettingsError, TrainingError
from uie.models.families import lora_targets
from uie.models.loading import pick_device
from uie.storage import write_json
from uie.training.settings import LoraSettings

_NAME = "default"  # peft's, of the only adapter
_WEIGHTS = "adapter_model.safetensors"
_CONFIG = "adapter_config.json"


def add_adapter(model: PreTrainedModel, settings: LoraSettings, *, start: Path | None = None) -> PeftModel:
    """Freezes the model and adds adapters, whose weights are float32 whatever the model's are.

    PiSSA takes what the adapter begins as off the base's weights. `start` is the file of `keep_start`: where it is there, the adapter
    begins as it says, so that a run that goes on has the same base. On the meta device nothing is computed.

    While it trains the adapter names the folder its base was loaded from: for any other name peft asks the hub at every saving.
    `name_base` gives it the lasting one.

    Raises:
        SettingsError: the model has no layers of the names in `targets`, or PiSSA is asked for more ranks than a layer has.
        ModelError: no targets are given and the model has no layer to adapt.
    """
    linear = sorted({name.rpartition(".")[2] for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)})
    missing = [target for target in settings.targets if not any(name.endswith(target) for name, _ in model.named_modules())]
    if missing:
        raise SettingsError(
            f"lora.targets: {model.name_or_path} has no layer named {missing[0]!r}; its linear layers are {', '.join(linear)}."
        )
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(chosen_targets(model, settings)[0]),
        use_dora=settings.dora,
        use_rslora=settings.rslora,
        fan_in_fan_out=any(isinstance(module, Conv1D) for module in model.modules()),  # GPT-2's; peft would find out and warn
    )
    adapted = get_peft_model(model, config)
    if settings.pissa:
        _check_ranks(adapted, settings.r)
        if adapted.device.type != "meta":
            _begin_at(adapted, load_file(start) if start and start.is_file() else _principal(adapted))
    return adapted


def chosen_targets(model: PreTrainedModel, settings: LoraSettings) -> tuple[tuple[str, ...], str]:
    """Names of the layers that get an adapter, and where they come from. `model` has none yet."""
    return (settings.targets, "lora.targets") if settings.targets else lora_targets(model)


# PiSSA: W = W_res + s·B₀A₀, where B₀A₀ are W's r largest singular vectors; W_res is frozen, B and A begin as B₀ and A₀ (s: the scale).
# What peft does for init_lora_weights="pissa", by our own hands for two reasons: of a base in bfloat16 peft subtracts B₀A₀ and then
# rounds them, so that training would not begin at W; and a run that goes on must find the very same W_res.


def keep_start(model: PeftModel, start: Path) -> None:
    """Writes B₀ and A₀ of an adapter that has not been trained yet."""
    partial = start.with_name(f".{start.name}")
    save_file({key: weight.detach().cpu().contiguous() for key, weight in _own_weights(model).items()}, partial)
    partial.replace(start)


def subtract_start(folder: Path, start: Path, *, may_be_empty: bool = False) -> None:
    """Rewrites a saved PiSSA adapter as the LoRA of twice the rank that does the same on the untouched base.

    W_res + s·BA = W + s·(BA - B₀A₀) = W + s·[B, -B₀][A; A₀]. As peft's `path_initial_model_for_weight_conversion`, without its
    second adapter in a model that goes on training.

    Raises:
        TrainingError: the adapter is what it was at the start, and that may not be.
    """
    trained, began = load_file(folder / _WEIGHTS), load_file(start)
    if not may_be_empty and all(torch.equal(weight, began[key]) for key, weight in trained.items()):
        raise TrainingError(f"{folder}: the adapter is as PiSSA began it ({len(trained)} matrices): nothing was learned.")
    joined = {
        key: torch.cat([weight, began[key]], dim=0) if "lora_A" in key else torch.cat([weight, -began[key]], dim=1)
        for key, weight in trained.items()
    }
    save_file(joined, folder / _WEIGHTS, metadata={"format": "pt"})
    config = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))
    # The scale stays: alpha / r, or alpha / √r.
    config["lora_alpha"] *= 2**0.5 if config["use_rslora"] else 2
    write_json(folder / _CONFIG, {**config, "r": 2 * config["r"]})


def _layers(model: PeftModel) -> Iterator[tuple[str, Any]]:
    """peft's layers with an adapter, by their names in the model."""
    return ((name, module) for name, module in model.named_modules() if _NAME in getattr(module, "lora_A", {}))


def _own_weights(model: PeftModel) -> dict[str, torch.Tensor]:
    """The adapter's weights, named as peft's files name them."""
    return dict(get_peft_model_state_dict(model))


def _check_ranks(model: PeftModel, r: int) -> None:
    for name, layer in _layers(model):
        if (most := min(layer.in_features, layer.out_features)) < r:
            raise SettingsError(
                f"lora.pissa: {name.rpartition('.')[2]} has {most} singular vectors, and lora.r asks for {r}; take at most {most}, "
                "or leave the layer out of lora.targets."
            )


@torch.no_grad()
def _principal(model: PeftModel) -> dict[str, torch.Tensor]:
    """B₀ and A₀ of every layer: each gets the root of the singular values (Meng et al. 2024, equations 2 and 3)."""
    device = pick_device()  # on a CPU a matrix of 4096 × 11008 takes the better part of a minute
    found: dict[str, torch.Tensor] = {}
    for name, layer in _layers(model):
        r = layer.r[_NAME]
        u, s, vh = torch.linalg.svd(_as_multiplied(layer).to(device), full_matrices=False)
        root = (s[:r] / layer.scaling[_NAME]).sqrt()
        found[f"{name}.lora_A.weight"] = (root[:, None] * vh[:r]).cpu().contiguous()
        found[f"{name}.lora_B.weight"] = (u[:, :r] * root).cpu().contiguous()
    return found


@torch.no_grad()
def _begin_at(model: PeftModel, start: dict[str, torch.Tensor]) -> None:
    """Sets the adapter and takes it off the base. The base's own dtype rounds what is left, by as much as it had rounded it before."""
    for name, layer in _layers(model):
        a, b = (start[f"{name}.lora_{letter}.weight"] for letter in "AB")
        for held, weight in ((layer.lora_A[_NAME].weight, a), (layer.lora_B[_NAME].weight, b)):
            held.copy_(weight)
        weight = layer.get_base_layer().weight
        left = _as_multiplied(layer) - (layer.scaling[_NAME] * b @ a).to(weight.device)
        weight.copy_(left.T if layer.fan_in_fan_out else left)


def _as_multiplied(layer: Any) -> torch.Tensor:
    """The base's weights, (out, in), float32; some layers hold them the other way round."""
    weight: torch.Tensor = layer.get_base_layer().weight.float()
    return weight.T if layer.fan_in_fan_out else weight


# LoRA+


def plus_groups(model: Any, *, learning_rate: float, ratio: float, weight_decay: float) -> list[dict[str, Any]]:
    """Parameter groups for an optimizer: matrices B learn `ratio` times as fast as the rest (Hayou et al. 2024).

    As peft's `create_loraplus_optimizer`, but that weights of DoRA's lengths, which the paper does not know, learn as A does. Their
    group comes first: the learning rate in the log is that of A.
    """
    trained = [(name, weight) for name, weight in model.named_parameters() if weight.requires_grad]
    groups = [
        {"params": [w for n, w in trained if "lora_B" not in n], "lr": learning_rate, "weight_decay": weight_decay},
        {"params": [w for n, w in trained if "lora_B" in n], "lr": learning_rate * ratio, "weight_decay": weight_decay},
    ]
    return [group for group in groups if group["params"]]


# What was saved


def name_base(folder: Path, base: str) -> None:
    """Writes what a saved adapter belongs to as the user named it: the folder of a catalogue model is another on every machine."""
    path = folder / _CONFIG
    write_json(path, {**json.loads(path.read_text(encoding="utf-8")), "base_model_name_or_path": base})


def check_adapter(folder: Path) -> None:
    """That the saved adapter holds weights and that they were trained: B starts as zeros, so zeros mean that nothing was learned.

    PiSSA's B does not: `subtract_start` looks there. Adapters that were saved empty are alpaca-lora's best known bug (443 bytes).

    Raises:
        TrainingError: there are none, or all B are zero.
    """
    with safe_open(folder / _WEIGHTS, framework="pt") as weights:
        keys = [key for key in weights.keys() if "lora_B" in key]  # noqa: SIM118 - not a dict
        if not any(weights.get_tensor(key).any() for key in keys):
            raise TrainingError(f"{folder}: the adapter is empty ({len(keys)} B matrices, all zero): nothing was learned.")
