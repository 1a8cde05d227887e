"""Settings, a model and examples → the order of training and how examples become batches: packed where that is wanted and exact."""

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from uie.errors import TrainingError
from uie.models.encoding import Example
from uie.training.batches import Examples, collate, composed_order, plan_order
from uie.training.folder import composed_batch
from uie.training.packing import collate_packs, mask_dtype, measure_shares, prefix_groups, reason_against, trial_against
from uie.training.settings import TrainSettings

_TRIED = 100  # micro-batches of which the longest is tried as packs


@dataclass(frozen=True, slots=True)
class Plan:
    """Which example stands where in the whole training, how some become a batch, and what manifest.json says of it.

    `facts`: `packing` ("prefix" or "none"), `packing_reason` where the model cannot, `shared_share` and `padding_share` (`Shares`).
    """

    order: list[int]
    collator: Callable[[Sequence[Example]], dict[str, torch.Tensor]]
    facts: dict[str, Any]

    def tell(self) -> None:
        """One line on stderr."""
        how = {"prefix": "shared beginnings computed once", "none": "none"}[self.facts["packing"]]
        reason = f" ({self.facts['packing_reason']})" if "packing_reason" in self.facts else ""
        shares = f"{self.facts['shared_share']:.0%} of the prompt tokens saved, {self.facts['padding_share']:.0%} padding"
        print(f"packing: {how}{reason}; {shares}", file=sys.stderr, flush=True)


def plan(
    settings: TrainSettings,
    model: Any,
    examples: Examples,
    dev: Examples | None,
    *,
    steps: int,
    processes: int,
    device: torch.device,
    pad_id: int,
) -> Plan:
    """`model` is the base as it was loaded, without an adapter; it is moved to `device` for a trial.
    One without weights (on the meta device, in a dry run) is not tried.

    Raises:
        TrainingError: packs are asked for and the model cannot, or a composition of batches would not be kept.
    """
    lengths = [len(example.input_ids) for example in examples.examples]
    composed = composed_batch(settings, rejected=len(examples.rejected)) is not None
    size = settings.micro_batch

    def ordered(groups: list[int] | None) -> list[int]:
        if composed:
            return composed_order(lengths, steps=steps, batch_size=settings.batch_size, groups=groups)
        unit = size * processes
        return plan_order(lengths, steps=steps, batch_size=settings.batch_size, unit=unit, seed=settings.seed, groups=groups)

    def batches(order: Sequence[int]) -> list[list[Example]]:
        return [[examples.examples[index] for index in order[at : at + size]] for at in range(0, len(order), size)]

    wanted = settings.packing != "none"
    order = ordered(prefix_groups(examples) if wanted else None)
    reason = None
    if wanted:
        longest = max(len(example.input_ids) for part in (examples, dev) if part for example in part.examples)
        reason = reason_against(model, longest=longest)
        if reason is None and settings.deepspeed != "zero3" and model.device.type != "meta":  # there are weights to try with
            tried = max(batches(order[: _TRIED * size]), key=lambda batch: sum(len(example.input_ids) for example in batch))
            reason = trial_against(model.to(device), tried, pad_id=pad_id)
    if reason and settings.packing == "prefix":
        raise TrainingError(f"packing: prefix would not be exact with {settings.model}: {reason}; take auto or none.")
    packs = wanted and reason is None
    if reason:
        order = ordered(None)
    shares = measure_shares(batches(order), packs=packs)
    facts = {"packing": "prefix" if packs else "none", "shared_share": shares.shared, "padding_share": shares.padding}
    collator: Any = functools.partial(collate, pad_id=pad_id)
    if packs:
        collator = functools.partial(collate_packs, pad_id=pad_id, mask_dtype=mask_dtype(model))
    return Plan(order, collator, facts if reason is None else {**facts, "packing_reason": reason})
