"""Examples → the order in which they are learned from → batches, padded on the left to their longest row."""

import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from uie.models.encoding import Example
from uie.training.encoded import Examples

_UNLABELLED = -100
_MEGA = 50  # batches that are sorted by length together: little padding, and the order stays nearly random
# Of one group: as many as `uie build-data` asks alike; packs of 16 save little more, and batches would hold one group only.
_TOGETHER = 8


def plan_order(
    lengths: Sequence[int] | NDArray[np.int64],
    *,
    steps: int,
    batch_size: int,
    seed: int,
    groups: Sequence[int] | NDArray[np.int64] | None = None,
) -> list[int]:
    """Which example stands where in the whole training: steps × batch_size indices, each epoch a new shuffle after the other.

    Within 50 batches of one epoch examples of like length come into one batch, and batches are shuffled again. With `groups` (a number for each
    example) up to 8 of one group, drawn anew each epoch, stay together. The order is a list made beforehand, which knows nothing of
    processes nor of what they compute at once, so that resuming and any number of processes read the same one.
    """
    total = steps * batch_size
    of = np.arange(len(lengths)) if groups is None else np.asarray(groups)
    epochs = [
        _epoch(of, min(_TOGETHER, batch_size), random.Random(f"{seed}/order/{epoch}")) for epoch in range(-(-total // len(lengths)))
    ]
    indices = np.concatenate([found for found, _ in epochs])[:total]
    ends = np.cumsum(np.concatenate([sizes for _, sizes in epochs]))
    windows = _windows(total, len(lengths), batch_size)
    # A chunk that crosses the border of a window is cut there.
    starts = np.union1d(np.concatenate([[0], ends[ends < total]]), windows)
    sizes = np.diff(starts, append=total)
    # Large chunks first: the small ones that are left of groups, and single examples, fill the gaps.
    in_all = np.add.reduceat(np.asarray(lengths)[indices], starts)
    sorted_chunks = np.lexsort((in_all, -sizes, np.searchsorted(windows, starts, side="right")))
    indices = indices[_places(starts[sorted_chunks], sizes[sorted_chunks])]
    draw = random.Random(f"{seed}/units")
    order: list[int] = []
    for start, end in pairwise([*windows.tolist(), total]):
        near = indices[start:end].tolist()
        batches = [near[i : i + batch_size] for i in range(0, len(near), batch_size)]
        draw.shuffle(batches)
        order += [index for batch in batches for index in batch]
    return order


def _windows(total: int, examples: int, batch_size: int) -> NDArray[np.int64]:
    """Where the windows begin. A batch in which one epoch ends and the next begins is one of its own: sorted together with others, an
    example that comes in both would stand beside itself.
    """
    ends = np.arange(examples, total + 1, examples)
    borders = np.concatenate([[0], ends // batch_size * batch_size, -(-ends // batch_size) * batch_size, [total]])
    borders = np.unique(borders[borders <= total])
    size = _MEGA * batch_size
    return np.concatenate([np.arange(start, end, size) for start, end in pairwise(borders.tolist())])


def _epoch(groups: NDArray[np.int64], most: int, draw: random.Random) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All examples in a drawn order, in chunks of at most `most` of one group; and how many are in each chunk."""
    drawn = np.array(_shuffled(len(groups), draw))
    # Groups in the order of their first member, each with its members in theirs.
    _, first, of = np.unique(groups[drawn], return_index=True, return_inverse=True)
    first_of = first[of]
    drawn = drawn[np.argsort(first_of, kind="stable")]
    in_group = np.bincount(first_of, minlength=len(groups))
    in_group = in_group[in_group > 0]
    place = np.arange(len(groups)) - np.repeat(np.cumsum(in_group) - in_group, in_group)
    starts = np.flatnonzero(place % most == 0)
    sizes = np.diff(starts, append=len(groups))
    chunks = np.array(_shuffled(len(starts), draw))
    return drawn[_places(starts[chunks], sizes[chunks])], sizes[chunks]


def _shuffled(count: int, draw: random.Random) -> list[int]:
    """By the generator of the standard library, which draws the same in every version of it."""
    numbers = list(range(count))
    draw.shuffle(numbers)
    return numbers


def _places(starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start + 1, … of each piece, one piece after the other."""
    before = np.cumsum(sizes) - sizes
    places: NDArray[np.int64] = np.arange(sizes.sum()) + np.repeat(starts - before, sizes)
    return places


def composed_order(
    lengths: Sequence[int] | NDArray[np.int64],
    *,
    steps: int,
    batch_size: int,
    groups: Sequence[int] | NDArray[np.int64] | None = None,
) -> list[int]:
    """The same for records whose file has composed every batch (`batch` of a mix): as they stand, over and over.

    Only inside a batch examples stand by group, the largest first, and by length, so that what is computed at once needs little padding
    and shares much.
    """
    of: list[int] = list(range(len(lengths))) if groups is None else np.asarray(groups).tolist()
    length_of: list[int] = np.asarray(lengths).tolist()
    order: list[int] = []
    for start in range(0, steps * batch_size, batch_size):
        batch = [place % len(lengths) for place in range(start, start + batch_size)]
        sizes = Counter(of[index] for index in batch)
        order += sorted(batch, key=lambda index: (-sizes[of[index]], of[index] * (sizes[of[index]] > 1), length_of[index]))
    return order


class ExampleSequence(torch.utils.data.Dataset[Example]):
    """Examples in a given order."""

    def __init__(self, examples: Examples, order: Sequence[int] | NDArray[np.int64]) -> None:
        self._examples = examples
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: int) -> Example:
        return self._examples[int(self._order[place])]


def collate(examples: Sequence[Example], *, pad_id: int) -> dict[str, torch.Tensor]:
    """input_ids, attention_mask, position_ids and labels, each (rows, longest row).

    Padding stands on the left, so that answers lie side by side at the right end: logits are then needed there only (`run.py`).
    """
    width = max(len(example.input_ids) for example in examples)
    padding = [width - len(example.input_ids) for example in examples]
    mask = torch.tensor([[0] * pad + [1] * (width - pad) for pad in padding])
    return {
        "input_ids": torch.tensor([[pad_id] * pad + example.input_ids for pad, example in zip(padding, examples, strict=True)]),
        "attention_mask": mask,
        "position_ids": (mask.cumsum(1) - 1).clamp(min=0),
        "labels": torch.tensor([[_UNLABELLED] * pad + example.labels for pad, example in zip(padding, examples, strict=True)]),
    }
