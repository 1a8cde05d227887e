"""A base model → the same with LoRA adapters on it; and a check of what was saved."""

import json
from pathlib import Path

from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import safe_open
from transformers import PreTrainedModel

from uie.errors import SettingsError, TrainingError
from uie.storage import write_json
from uie.training.settings import LoraSettings


def add_adapter(model: PreTrainedModel, settings: LoraSettings) -> PeftModel:
    """Freezes the model and adds adapters, whose weights are float32 whatever the model's are.

    While it trains the adapter names the folder its base was loaded from: for any other name peft asks the hub at every saving.
    `name_base` gives it the lasting one.

    Raises:
        SettingsError: the model has no layers of the names in `targets`.
    """
    config = LoraConfig(
        task_type="CAUSAL_LM",
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(settings.targets) or "all-linear",
    )
    linear = sorted({name.rpartition(".")[2] for name, module in model.named_modules() if module.__class__.__name__ == "Linear"})
    missing = [target for target in settings.targets if not any(name.endswith(target) for name, _ in model.named_modules())]
    if missing:
        raise SettingsError(
            f"lora.targets: {model.name_or_path} has no layer named {missing[0]!r}; its linear layers are {', '.join(linear)}."
        )
    return get_peft_model(model, config)


def name_base(folder: Path, base: str) -> None:
    """Writes what a saved adapter belongs to as the user named it: the folder of a catalogue model is another on every machine."""
    path = folder / "adapter_config.json"
    write_json(path, {**json.loads(path.read_text(encoding="utf-8")), "base_model_name_or_path": base})


def check_adapter(folder: Path) -> None:
    """That the saved adapter holds weights and that they were trained: B starts as zeros, so zeros mean that nothing was learned.

    Adapters that were saved empty are alpaca-lora's best known bug (443 bytes).

    Raises:
        TrainingError: there are none, or all B are zero.
    """
    with safe_open(folder / "adapter_model.safetensors", framework="pt") as weights:
        keys = [key for key in weights.keys() if "lora_B" in key]  # noqa: SIM118 - not a dict
        if not any(weights.get_tensor(key).any() for key in keys):
            raise TrainingError(f"{folder}: the adapter is empty ({len(keys)} B matrices, all zero): nothing was learned.")
