"""Records → examples → batches: what is too long is named, not cut; batches are padded on the left to their longest row."""

import random
from collections.abc import Iterable, Sequence
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


def plan_order(lengths: Sequence[int], *, steps: int, batch_size: int, unit: int, seed: int) -> list[int]:
    """Which example stands where in the whole training: steps × batch_size indices, each epoch a new shuffle after the other.

    Within 50 batches examples of like length come together in units (what all processes compute at once); units are shuffled
    again. The order is a list made beforehand, so that resuming and any number of processes read the same one.
    """
    order: list[int] = []
    epoch = 0
    while len(order) < steps * batch_size:
        indices = list(range(len(lengths)))
        random.Random(f"{seed}/order/{epoch}").shuffle(indices)
        order += indices
        epoch += 1
    del order[steps * batch_size :]
    grouped: list[int] = []
    draw = random.Random(f"{seed}/units")
    for start in range(0, len(order), _MEGA * batch_size):
        near = sorted(order[start : start + _MEGA * batch_size], key=lambda index: lengths[index])
        units = [near[i : i + unit] for i in range(0, len(near), unit)]
        draw.shuffle(units)
        grouped += [index for unit_ in units for index in unit_]
    return grouped


def composed_order(lengths: Sequence[int], *, steps: int, batch_size: int) -> list[int]:
    """The same for records whose file has composed every batch (`batch` of a mix): as they stand, over and over.

    Only inside a batch examples stand by length, so that what is computed at once needs little padding.
    """
    order: list[int] = []
    for start in range(0, steps * batch_size, batch_size):
        batch = sorted((place % len(lengths) for place in range(start, start + batch_size)), key=lambda index: lengths[index])
        order += batch
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
