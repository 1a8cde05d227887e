"""Records → examples → batches: what is too long is named, not cut; batches are padded on the left to their longest row."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import PreTrainedTokenizerBase

from uie.errors import RecordError
from uie.models.encoding import Example, encode_example
from uie.records.record import Record

_UNLABELLED = -100
_MEGA = 50  # batches that are sorted by length together: little padding, and the order stays nearly random


@dataclass(frozen=True, slots=True)
class Examples:
    """`records[i]` became `examples[i]`; `rejected` holds id and reason of the others."""

    records: list[Record]
    examples: list[Example]
    rejected: list[dict[str, str]]

    @property
    def max_answer_tokens(self) -> int:
        """Length of the longest answer in tokens, its end included."""
        return max(sum(label != _UNLABELLED for label in example.labels) for example in self.examples)


def encode_records(
    records: Iterable[Record], tokenizer: PreTrainedTokenizerBase, *, wrap: str, max_length: int, on_error: str, path: Path
) -> Examples:
    """Every record as an example. `path` is the records' file, for messages.

    Raises:
        RecordError: a record has no answer or is longer than `max_length` and `on_error` is "raise" (all are looked at before, so
            that the message says how many); or no record is left.
    """
    kept = Examples([], [], [])
    for record in records:
        try:
            example = encode_example(tokenizer, record.instruct, record.query, record.answer or "", wrap)
        except RecordError as error:
            kept.rejected.append({"id": record.id, "reason": str(error)})
            continue
        if len(example.input_ids) > max_length:
            kept.rejected.append({"id": record.id, "reason": f"{len(example.input_ids)} tokens, over max_length {max_length}"})
            continue
        kept.records.append(record)
        kept.examples.append(example)
    if kept.rejected and on_error == "raise":
        first, more = kept.rejected[0], len(kept.rejected) - 1
        others = f" (and {more} more)" if more else ""
        reason = first["reason"].rstrip(".")
        raise RecordError(
            f"{path}: record {first['id']!r}{others}: {reason}; mend them, raise max_length, or set them aside with on_error: skip."
        )
    if not kept.examples:
        raise RecordError(f"{path}: no record to learn from ({len(kept.rejected)} set aside); see rejected/ or the file itself.")
    return kept


def plan_order(
    lengths: Sequence[int],
    *,
    steps: int,
    batch_size: int,
    unit: int,
    seed: int,
    groups: Sequence[int] | None = None,
) -> list[int]:
    """Which example stands where in the whole training: steps × batch_size indices, each epoch a new shuffle after the other.

    Within 50 batches examples of like length come together in units (what all processes compute at once); units are shuffled
    again. With `groups` (a number for each example) up to a unit's number of one group, drawn anew each epoch, stay together. The order is a list made beforehand, so that resuming and any number of processes read
    the same one.
    """
    total = steps * batch_size
    chunks: list[list[int]] = []
    epoch = planned = 0
    while planned < total:
        draw = random.Random(f"{seed}/order/{epoch}")
        chunks += _chunks(range(len(lengths)) if groups is None else groups, unit, draw)
        planned += len(lengths)
        epoch += 1
    order: list[int] = []
    draw = random.Random(f"{seed}/units")
    for near in _windows(chunks, total, _MEGA * batch_size):
        # Large chunks first: the small ones that are left of groups, and single examples, fill the gaps.
        near.sort(key=lambda chunk: (-len(chunk), sum(lengths[index] for index in chunk)))
        indices = [index for chunk in near for index in chunk]
        units = [indices[i : i + unit] for i in range(0, len(indices), unit)]
        draw.shuffle(units)
        order += [index for unit_ in units for index in unit_]
    return order


def _chunks(groups: Sequence[int], most: int, draw: random.Random) -> list[list[int]]:
    """All examples in a drawn order, in chunks of at most `most` of one group."""
    indices = list(range(len(groups)))
    draw.shuffle(indices)
    members: dict[int, list[int]] = {}
    for index in indices:
        members.setdefault(groups[index], []).append(index)
    chunks = [found[i : i + most] for found in members.values() for i in range(0, len(found), most)]
    draw.shuffle(chunks)
    return chunks


def _windows(chunks: Iterable[list[int]], total: int, size: int) -> Iterator[list[list[int]]]:
    """The chunks in windows of `size` examples, `total` in all; a chunk that crosses the border of a window is cut there."""
    window: list[list[int]] = []
    room = min(size, total)
    for chunk in chunks:
        while chunk and room:
            window.append(chunk[:room])
            chunk = chunk[room:]
            room -= len(window[-1])
            if not room:
                yield window
                total -= sum(map(len, window))
                window, room = [], min(size, total)


def composed_order(lengths: Sequence[int], *, steps: int, batch_size: int, groups: Sequence[int] | None = None) -> list[int]:
    """The same for records whose file has composed every batch (`batch` of a mix): as they stand, over and over.

    Only inside a batch examples stand by group, the largest first, and by length, so that what is computed at once needs little padding
    and shares much.
    """
    of = range(len(lengths)) if groups is None else groups
    order: list[int] = []
    for start in range(0, steps * batch_size, batch_size):
        batch = [place % len(lengths) for place in range(start, start + batch_size)]
        sizes = Counter(of[index] for index in batch)
        order += sorted(batch, key=lambda index: (-sizes[of[index]], of[index] * (sizes[of[index]] > 1), lengths[index]))
    return order


class ExampleSequence(torch.utils.data.Dataset[Example]):
    """Examples in a given order."""

    def __init__(self, examples: Sequence[Example], order: Sequence[int]) -> None:
        self._examples = examples
        self._order = order

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, place: int) -> Example:
        return self._examples[self._order[place]]


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
