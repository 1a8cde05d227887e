"""TrainSettings → what a run and its preview both begin with: base, precision, records as numbers. One reading of each setting."""

from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from uie.errors import ModelError
from uie.models.attention import Attention, choose_attention
from uie.models.loading import best_dtype
from uie.models.sources import ModelSource, resolve
from uie.training.encoded import Examples, read_examples
from uie.training.settings import TrainSettings


def plain_base(settings: TrainSettings) -> ModelSource:
    """The model that training starts from.

    Raises:
        ModelError: it is not there, or it is a run or an adapter.
    """
    source = resolve(settings.model)
    if source.kind != "model":
        raise ModelError(
            f"{settings.model}: training starts from a plain model, this is a {source.kind} folder; merge it first: uie models merge"
        )
    return source


def computes_bf16(settings: TrainSettings, device: torch.device) -> bool:
    return settings.precision == "bf16" or (settings.precision == "auto" and best_dtype(device) == torch.bfloat16)


def attention_for(
    settings: TrainSettings, source: ModelSource, device: torch.device, *, bf16: bool, examples: Examples | None
) -> Attention:
    """By the setting, the device, and the length of the examples.

    Raises:
        SettingsError: an implementation is asked for by name and cannot be had.
    """
    longest = int(examples.lengths.max()) if examples else 0
    return choose_attention(settings.attention, device, folder=source.base, bf16=bf16, packing=settings.packing, longest=longest)


def padding_id(tokenizer: PreTrainedTokenizerBase) -> int:
    """What fills rows; no place that holds it is looked at, so that any token will do."""
    found = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    return int(found)


def read_part(settings: TrainSettings, path: Path, tokenizer: PreTrainedTokenizerBase, *, on_error: str) -> Examples:
    """Train or dev, as `read_examples` reads it."""
    return read_examples(
        path, tokenizer, wrap=settings.wrap, max_length=settings.max_length, on_error=on_error, limit=settings.limit
    )
