"""Adapters of one base model → a plain model folder with their sum in its weights: W = base + Σ weight · Δ."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from peft.tuners.lora import LoraLayer

from uie.errors import ModelError
from uie.models.loading import DTYPES, attach_adapter, load_base, load_tokenizer, own_dtype
from uie.models.sources import ModelSource
from uie.storage import file_hash, whole_folder, write_manifest

Dtype = Literal["auto", "float32", "bfloat16"]


def merge(
    sources: Sequence[ModelSource],
    out: Path,
    *,
    weights: Sequence[float] | None = None,
    dtype: Dtype = "auto",
    overwrite: bool = False,
) -> Path:
    """Writes a plain model folder: the base with the adapters of `sources` added in their order, each times its weight (1 each).

    Sums are made in float32 and rounded once, to `dtype` (`auto`: the base's own). The tokenizer is that of the last adapter which
    has one. What is no such sum (DoRA, layers saved whole) is merged by itself and with weight 1 only.

    Raises:
        ModelError: a source has no adapter, they belong to several bases, or cannot be added or weighted.
        OutputError: `out` is in use.
    """
    weights = [1.0] * len(sources) if weights is None else list(weights)
    adapters = _checked(sources, weights)
    base = sources[0].base
    with whole_folder(out, overwrite=overwrite) as partial:
        model: Any = load_base(base, dtype=torch.float32, device=torch.device("cpu"))
        for adapter, weight in zip(adapters, weights, strict=True):
            model = _add(model, adapter, weight)
        kept = own_dtype(base) if dtype == "auto" else DTYPES[dtype]
        model.to(kept).save_pretrained(partial)
        load_tokenizer(next((s for s in reversed(sources) if s.tokenizer != s.base), sources[0])).save_pretrained(partial)
        write_manifest(
            partial,
            "models merge",
            {"models": [source.name for source in sources], "weights": weights, "dtype": str(kept).removeprefix("torch.")},
            base=str(base),
            adapters=[
                {"folder": str(adapter), "weight": weight, "sha256": file_hash(adapter / "adapter_model.safetensors")}
                for adapter, weight in zip(adapters, weights, strict=True)
            ],
        )
    return out


def _checked(sources: Sequence[ModelSource], weights: Sequence[float]) -> list[Path]:
    """Their adapter folders."""
    if len(weights) != len(sources):
        raise ModelError(f"weights: expected one for each of the {len(sources)} models, in their order, found {len(weights)}.")
    if wrong := [weight for weight in weights if not math.isfinite(weight)]:
        raise ModelError(f"weights: expected numbers, found {wrong[0]}.")
    adapters = []
    for source, weight in zip(sources, weights, strict=True):
        if source.adapter is None:
            raise ModelError(f"{source.name}: nothing to merge: it has no adapter.")
        if source.base.resolve() != sources[0].base.resolve():
            raise ModelError(
                f"{source.name}: its base is {source.base}, and that of {sources[0].name} is {sources[0].base}; only adapters of one "
                "base can be added. One that was trained on another's merged folder: merge that one first, and give its folder as --base."
            )
        if (len(sources) > 1 or weight != 1) and (why := _is_no_sum(_config(source.adapter))):
            raise ModelError(f"{source.name}: {why}; it can be merged by itself only, with weight 1.")
        adapters.append(source.adapter)
    return adapters


def _is_no_sum(config: Mapping[str, Any]) -> str | None:
    """Why base and adapter make other weights than base + Δ with a Δ that does not depend on what was added before."""
    start = config.get("init_lora_weights")
    if config.get("use_dora"):
        # W = m · (base + Δ) / |base + Δ|, Liu et al. 2024 eq. 5: m would undo in part what another adapter added.
        return "a DoRA adapter scales the weights it is added to"
    if whole := config.get("modules_to_save"):
        return f"the adapter brings whole layers ({', '.join(whole)}) instead of a difference"
    if config.get("trainable_token_indices"):
        return "the adapter brings whole embeddings instead of a difference"
    if config.get("bias", "none") != "none":
        return "the adapter brings whole biases instead of a difference"
    if isinstance(start, str) and start.startswith(("pissa", "olora", "corda", "lora_ga", "loftq")):
        return f"the adapter begins with a part of the base ({start}) and was not converted to a plain LoRA"
    return None


def _add(model: Any, adapter: Path, weight: float) -> Any:
    adapted: Any = attach_adapter(model, adapter)
    for module in adapted.modules():
        if isinstance(module, LoraLayer):
            for name in module.scaling:
                module.scaling[name] *= weight
    return adapted.merge_and_unload()


def _config(adapter: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    return found
