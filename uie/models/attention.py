"""What is asked of attention, and what is there → the implementation that a model is loaded with, and why that one."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers.utils.import_utils import is_flash_attn_2_available

from uie.errors import SettingsError
from uie.models.loading import model_class

_FLASH = "flash_attention_2"
_LONG = 384  # tokens


@dataclass(frozen=True, slots=True)
class Attention:
    """`implementation` as transformers names it: "eager" (plain products), "sdpa" (torch's fused one) or "flash_attention_2"."""

    implementation: str
    reason: str

    @property
    def facts(self) -> dict[str, str]:
        """What manifest.json says of it."""
        return {"attention": self.implementation, "attention_reason": self.reason}

    def line(self) -> str:
        return f"attention: {self.implementation} ({self.reason})"

    def tell(self) -> None:
        """One line on stderr."""
        print(self.line(), file=sys.stderr, flush=True)


def choose_attention(
    setting: str, device: torch.device, *, folder: Path, bf16: bool, packing: str = "none", longest: int = 0
) -> Attention:
    """`folder` is the model's; `packing` the setting of training: packs need a mask, which flash attention does not take; `longest` is
    the longest example in tokens.

    auto is flash attention on a GPU where its package is installed, bfloat16 is computed and nothing is to be packed; else torch's
    fused one on a GPU; of these the first that the model's class can. All give the same numbers but for rounding.

    On a CPU it is plain products for short examples, because the backward pass of the fused one is slower or no faster there. Steps in milliseconds, the
    fastest of six in turns (torch 2.13, two cores that others used too), plain against fused: a random 10 M Llama, 8 × 153 tokens,
    float32 413 and 402, bfloat16 464 and 733; the same records as packs, 2 × 347, 481 and 576, 499 and 520. SmolLM2-135M, bfloat16,
    8 × 160 tokens: 3,800 and 4,700. What plain products hold grows with the square of the length: 24 records of 1,170 tokens in one
    pack (width 2,100) took 36 s and 12.8 GiB, with the fused one 12 s and 4.4 GiB; 8 of them side by side were more than 23 GiB.

    Raises:
        SettingsError: an implementation is asked for by name and cannot be had.
    """
    found = model_class(folder)
    reasons = {
        _FLASH: _against_flash(found, device, bf16=bf16, packing=packing if setting == "auto" or packing == "prefix" else "none"),
        "sdpa": "" if getattr(found, "_supports_sdpa", False) else f"{_name(found)} cannot compute with it",
        "eager": "",
    }
    if setting != "auto":
        if reasons[setting]:
            raise SettingsError(f"attention: {setting} cannot be had: {reasons[setting]}; take auto.")
        return Attention(setting, "asked for")
    if device.type == "cpu" and (longest <= _LONG or reasons["sdpa"]):
        return Attention("eager", "plain products: on a CPU training with torch's fused one is no faster")
    if device.type == "cpu":
        return Attention("sdpa", f"torch's fused one: examples of {longest:,} tokens take plain products too much memory")
    if not reasons[_FLASH]:
        return Attention(_FLASH, "installed, and nothing is packed")
    if not reasons["sdpa"]:
        return Attention("sdpa", f"torch's fused one; no flash attention: {reasons[_FLASH]}")
    return Attention("eager", f"plain products; no sdpa: {reasons['sdpa']}; no flash attention: {reasons[_FLASH]}")


def _against_flash(found: Any, device: torch.device, *, bf16: bool, packing: str) -> str:
    if device.type != "cuda":
        return "it runs on GPUs only"
    if not getattr(found, "_supports_flash_attn", False):
        return f"{_name(found)} cannot compute with it"
    if not bf16:
        return "it computes in bfloat16 only, and precision is fp32"
    if packing != "none":
        return "it takes no mask of segments, which packing needs"
    if not is_flash_attn_2_available():  # type: ignore[no-untyped-call, unused-ignore]
        return "the package flash-attn is not installed"
    return ""


def _name(found: Any) -> str:
    return "the model" if found is None else str(found.__name__)
