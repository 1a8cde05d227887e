"""A trainer and some micro-batches → how many examples a pack shall hold at most, found out by computing them."""

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from uie.models.encoding import Example
from uie.storage import write_json

FILE = "pack_size.json"
"""In the run folder: a run that goes on lays its packs out as before, or its sums would be rounded otherwise."""
_ROUNDS = 2
_WORTH = 0.9  # of the largest pack's seconds: a smaller one is taken for less than that, since a clock is noisy

Collator = Callable[[Sequence[Example]], dict[str, torch.Tensor]]


def choose_pack_size(
    trainer: Any, micro_batches: Sequence[Sequence[Example]], *, collator_of: Callable[[int], Collator], at_once: int
) -> int:
    """Of all, half and a quarter of a micro-batch in a pack the fastest, forward and backward; all where the others are hardly faster.

    The weights and the random numbers that training draws stay as they are.
    """
    sizes = [size for size in (at_once, at_once // 2, at_once // 4) if size > 1]
    if len(sizes) < 2 or not micro_batches:
        return at_once
    seconds = dict.fromkeys(sizes, float("inf"))
    devices = [trainer.args.device] if trainer.args.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        for _ in range(_ROUNDS + 1):  # the first one warms up: the fastest counts
            for size in sizes:
                seconds[size] = min(seconds[size], _seconds(trainer, micro_batches, collator_of(size)))
    best = min(sizes, key=seconds.__getitem__)
    told = ", ".join(f"{size}: {seconds[size] / len(micro_batches):.3g} s" for size in sizes)
    chosen = best if seconds[best] < _WORTH * seconds[at_once] else at_once
    print(f"packs of at most {chosen} records (a micro-batch in packs of {told})", file=sys.stderr, flush=True)
    return chosen


def kept_pack_size(out: Path, at_once: int, choose: Callable[[], int]) -> int:
    """What was chosen when the run began with so many at once; else it is chosen now, and kept."""
    path = out / FILE
    held = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if held.get("micro_batch") != at_once:
        held = {"micro_batch": at_once, "pack": choose()}
        write_json(path, held)
    return int(held["pack"])


def _seconds(trainer: Any, micro_batches: Sequence[Sequence[Example]], collate: Collator) -> float:
    started = time.perf_counter()
    for examples in micro_batches:
        with trainer.compute_loss_context_manager():
            loss = trainer.compute_loss(trainer.model, trainer._prepare_inputs(collate(examples)))
        loss.backward()
        trainer.model.zero_grad(set_to_none=True)
    if trainer.args.device.type == "cuda":
        torch.cuda.synchronize(trainer.args.device)
    return time.perf_counter() - started
