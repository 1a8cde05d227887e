"""Micro-batches as they were laid out, and a clock that stands still while nothing is trained → how fast a run goes."""

import contextlib
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from uie.models.encoding import Example
from uie.training.loss import UNGRADED

COUNTS = "layout_counts"  # the key of a training batch that the model does not see


def counted(
    collate: Callable[[Sequence[Example]], dict[str, torch.Tensor]], examples: Sequence[Example]
) -> dict[str, torch.Tensor]:
    """The batch of a collator, and under COUNTS what it consists of (`layout_counts`)."""
    batch = collate(examples)
    return {**batch, COUNTS: layout_counts(batch, examples)}


def layout_counts(batch: dict[str, torch.Tensor], examples: Sequence[Example]) -> torch.Tensor:
    """Of a batch: graded tokens, tokens computed, places computed (with padding), tokens of the examples, tokens of their prompts.

    Where examples share a beginning, fewer tokens are computed than they have.
    """
    places = batch["input_ids"].numel()
    mask = batch.get("attention_mask")
    if mask is not None and mask.dim() == 2:
        tokens = int(mask.sum())
    else:
        # Packs are padded on the right with position 0, and the last token of a pack, an answer's, never stands at 0.
        from_the_end = batch["position_ids"].flip(1).cumsum(1)
        tokens = places - int((from_the_end == 0).sum())
    own = sum(len(example.input_ids) for example in examples)
    prompts = sum(example.labels.count(UNGRADED) for example in examples)
    return torch.tensor([own - prompts, tokens, places, own, prompts])


class Throughput:
    """What this process has computed since the last line of the log, and the time that training took of it.

    Counts are added up where the batch is, so that a GPU is not waited for before a line is due.
    """

    def __init__(self, device: torch.device, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._device = device
        self._clock = clock
        self._counts: torch.Tensor | None = None
        self._began: float | None = None
        self._line_began = 0.0
        self._paused = 0.0
        self._before = 0.0

    def start(self, before: float = 0.0) -> None:
        """At the first step. `before`: the seconds that the run had taken when it was stopped."""
        if self._began is None:
            self._began = self._line_began = self._clock()
            self._before = before
            self._paused = 0.0

    @property
    def seconds(self) -> float:
        """Since the run's first step, evaluations and checkpoints included, the time between a stop and its resumption not."""
        return self._before + (0.0 if self._began is None else self._clock() - self._began)

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What is done in the block is no training: dev loss, F1, checkpoints."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)  # steps that are still computed belong to the time before
        began = self._clock()
        try:
            yield
        finally:
            self._paused += self._clock() - began

    def add(self, counts: torch.Tensor) -> None:
        self._counts = counts if self._counts is None else self._counts + counts

    def take(self, add_up: Callable[[torch.Tensor], torch.Tensor] = lambda counts: counts) -> dict[str, float]:
        """The figures of a line; the next one counts from here. Nothing where no batch came since the last line.

        `add_up` sums the counts over all processes. The time is this process' own: they wait for one another at every step.
        """
        now = self._clock()
        training = now - self._line_began - self._paused
        self._line_began, self._paused = now, 0.0
        if self._counts is None:
            return {}
        graded, tokens, places, own, prompts = add_up(self._counts).tolist()
        self._counts = None
        found = {"padding_share": 1 - tokens / places, "shared_share": (own - tokens) / prompts}
        if training > 0:
            found |= {"graded_tokens_per_second": graded / training, "tokens_per_second": tokens / training}
        return found | {"memory": peak_memory(self._device)}


def peak_memory(device: torch.device) -> int:
    """Bytes at most since the process started: of tensors on a CUDA device, elsewhere of the whole process (resident)."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # Linux counts in KiB


def seconds_logged(history: Sequence[dict[str, Any]]) -> float:
    """Those of the last line that a checkpoint knows of; 0.0 where there is none."""
    return max((float(row["seconds"]) for row in history if "seconds" in row), default=0.0)
