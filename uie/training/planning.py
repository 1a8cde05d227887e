"""Settings, a model and examples → the order of training and how examples become batches: packed where that is wanted and exact."""

import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uie.errors import TrainingError
from uie.models.encoding import Example
from uie.training.batches import collate, composed_order, plan_order
from uie.training.encoded import Examples
from uie.training.folder import composed_batch
from uie.training.pack_size import Collator
from uie.training.packing import (
    collate_packs,
    mask_dtype,
    measure_shares,
    prefix_groups,
    reason_against,
    reason_against_settings,
    trial_against,
)
from uie.training.settings import TrainSettings

_TRIED = 100  # micro-batches of which the longest is tried as packs
_SAMPLES = 2  # micro-batches that sizes of packs are tried with


@dataclass(frozen=True, slots=True)
class Plan:
    """Which example stands where in the whole training, how some become a batch, and what manifest.json says of it.

    `largest` are rows and width of the largest micro-batch. `collator_of` gives the collator of packs of at most so many examples (None where nothing is packed), and `samples` are
    micro-batches to try it with. `facts`: `packing` ("prefix" or "none"), `packing_reason` where the model cannot, `shared_share` and `padding_share` (`Shares`).
    """

    order: NDArray[np.int64]
    collator: Collator
    largest: tuple[int, int]
    facts: dict[str, Any]
    collator_of: Callable[[int], Collator] | None = None
    samples: Sequence[Sequence[Example]] = ()

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
    at_once: int,
    device: torch.device,
    pad_id: int,
) -> Plan:
    """`model` is the base as it was loaded, without an adapter; it is moved to `device` for a trial.
    One without weights (on the meta device, in a dry run) is not tried.

    `at_once` records are computed at once by each process: `micro_batch`, or a divisor of it. The order depends neither on it
    nor on how many processes there are: started in whatever way, a step learns from the same records.

    Raises:
        TrainingError: packs are asked for and the model cannot, or a composition of batches would not be kept.
    """
    lengths = examples.lengths
    composed = composed_batch(settings, rejected=len(examples.rejected)) is not None

    def ordered(groups: NDArray[np.int64] | None) -> NDArray[np.int64]:
        if composed:
            return np.array(composed_order(lengths, steps=steps, batch_size=settings.batch_size, groups=groups))
        return np.array(plan_order(lengths, steps=steps, batch_size=settings.batch_size, seed=settings.seed, groups=groups))

    def batches(order: NDArray[np.int64]) -> Iterator[list[Example]]:
        return ([examples[index] for index in order[at : at + at_once].tolist()] for at in range(0, len(order), at_once))

    wanted = settings.packing != "none"
    order = ordered(prefix_groups(examples) if wanted else None)
    reason = None
    if wanted:
        longest = max(int(part.lengths.max()) for part in (examples, dev) if part)
        reason = reason_against_settings(settings) or reason_against(model, longest=longest)
        if reason is None and not settings.spreads_weights and model.device.type != "meta":  # there are weights to try with
            tried = max(batches(order[: _TRIED * at_once]), key=lambda batch: sum(len(example.input_ids) for example in batch))
            if settings.bits == 16:  # a quantised one lies there already, and cannot be moved
                model.to(device)
            reason = trial_against(model, tried, pad_id=pad_id)
    if reason and settings.packing == "prefix":
        raise TrainingError(f"packing: prefix would not be exact with {settings.model}: {reason}; take auto or none.")
    packs = wanted and reason is None
    if reason:
        order = ordered(None)
    shares = measure_shares(batches(order), packs=packs)
    facts = {"packing": "prefix" if packs else "none", "shared_share": shares.shared, "padding_share": shares.padding}
    if not packs:
        plain = functools.partial(collate, pad_id=pad_id)
        return Plan(order, plain, shares.largest, facts if reason is None else {**facts, "packing_reason": reason})
    collator_of = functools.partial(_collator_of, pad_id, mask_dtype(model))
    return Plan(order, collator_of(at_once), shares.largest, facts, collator_of, list(islice(batches(order), _SAMPLES)))


def _collator_of(pad_id: int, mask_dtype: torch.dtype, most: int) -> Collator:
    return functools.partial(collate_packs, pad_id=pad_id, mask_dtype=mask_dtype, most=most)
