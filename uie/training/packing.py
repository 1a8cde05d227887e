"""Examples whose prompts begin alike → packs: the beginning once, then what each example has of its own.

Exact, because causal attention makes a beginning independent of what follows it: every example sees the beginning and itself, at the
positions it would have alone. Records of one build-data group (`share`) have such a beginning: wording, schema, descriptions.
"""

import inspect
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uie.models.encoding import Example
from uie.training.batches import collate
from uie.training.encoded import Examples
from uie.training.loss import UNGRADED, graded_loss
from uie.training.memory import is_out_of_memory
from uie.training.settings import TrainSettings

_LEAST = 16  # tokens that prompts must share to be planned together: more than most chat templates begin with
# A row of this many tokens is taken to cost twice what its tokens cost alone, because each attends to all. A cautious estimate: with
# a random 10 M Llama on a CPU rows of 400 and of 800 tokens took the same time for each token, to what could be measured.
_ROW = 1500
_BLOCK = 1 << 16  # examples whose first tokens are compared together, in 20 MB or so
_COUNTED = 1000  # micro-batches from which the shares are estimated; the order is drawn, so the first ones are a sample

_PLAIN = {"full_attention", "sliding_attention", "attention"}


@dataclass(frozen=True, slots=True)
class Pack:
    """Examples of which the first `shared` tokens are the same; each has at least one token of its prompt of its own."""

    shared: int
    examples: tuple[Example, ...]

    def __len__(self) -> int:
        return self.shared + sum(len(example.input_ids) - self.shared for example in self.examples)


@dataclass(frozen=True, slots=True)
class Shares:
    """What a plan saves and wastes: `shared` is the share of all prompt tokens that need not be computed because another record of
    the micro-batch has them, `padding` the share of the places computed that hold no token. `largest` are the rows of the largest
    micro-batch and their width.
    """

    shared: float
    padding: float
    largest: tuple[int, int]


# Which examples are computed together


def prefix_groups(examples: Examples) -> NDArray[np.int64]:
    """A number for each example: the same for those that one instruct begins; an example without a partner has one of its own."""
    own, first = np.arange(len(examples)), examples.instructs.astype(np.int64)
    begins_alike = np.zeros(len(examples), dtype=bool)
    for at in range(0, len(examples), _BLOCK):
        of = slice(at, at + _BLOCK)
        begins_alike[of] = (_heads(examples, own[of]) == _heads(examples, first[of])).all(1)
    has_stranger = np.zeros(len(examples), dtype=bool)
    has_stranger[first[~begins_alike]] = True
    return np.where(has_stranger[first], own, first)


def _heads(examples: Examples, of: NDArray[np.int64]) -> NDArray[np.int64]:
    """The first tokens of prompts, (examples, 16); what shorter prompts lack is a number for each that no other token equals."""
    starts = examples.starts[of]
    places = starts[:, None] + np.arange(_LEAST)
    ends = examples.starts[of + 1] - examples.graded[of]  # of the prompts
    tokens = examples.tokens[np.minimum(places, ends[:, None] - 1)].astype(np.int64)
    return np.where(places < ends[:, None], tokens, -1 - of[:, None])


def cut_packs(examples: Sequence[Example], *, most: int | None = None) -> list[Pack]:
    """The examples, in their order, as the packs that cost least to compute, of at most `most` examples each.

    A pack of T tokens costs T + T² / 1500: examples with long texts and a short beginning in common stay apart.
    """
    common = [_common(first, second) for first, second in pairwise(examples)]
    cheapest: list[tuple[float, list[Pack]]] = [(0.0, [])]  # for the first 0, 1, 2, … examples
    for end in range(1, len(examples) + 1):
        shared = len(examples[end - 1].input_ids)
        tokens = 0
        found = []
        for start in range(end - 1, max(-1, end - 1 - (most or end)), -1):
            # From the token of its own that is left to each prompt its first graded one is predicted.
            shared = min(shared, _prompt_tokens(examples[start]) - 1, *common[start : end - 1][:1])
            tokens += len(examples[start].input_ids)
            size = tokens - (end - start - 1) * shared
            found.append((cheapest[start][0] + size + size * size / _ROW, start, shared))
        cost, start, shared = min(found)
        cheapest.append((cost, [*cheapest[start][1], Pack(shared if end - start > 1 else 0, tuple(examples[start:end]))]))
    return cheapest[-1][1]


def fill_rows(packs: Sequence[Pack]) -> list[list[Pack]]:
    """Packs side by side in rows as long as the longest pack, each in the first row with room (first fit, longest first)."""
    rows: list[list[Pack]] = []
    width = max(map(len, packs))
    for pack in sorted(packs, key=len, reverse=True):
        row = next((row for row in rows if sum(map(len, row)) + len(pack) <= width), None)
        if row is None:
            rows.append([pack])
        else:
            row.append(pack)
    return rows


def measure_shares(micro_batches: Iterable[Sequence[Example]], *, packs: bool) -> Shares:
    """Over the first thousand of the micro-batches, as the collators would lay them out."""
    prompts = again = kept = places = 0
    largest = (0, 0)
    for examples in islice(micro_batches, _COUNTED):
        rows = fill_rows(cut_packs(examples) if packs else [Pack(0, (example,)) for example in examples])
        prompts += sum(map(_prompt_tokens, examples))
        again += sum(pack.shared * (len(pack.examples) - 1) for row in rows for pack in row)
        kept += sum(len(pack) for row in rows for pack in row)
        width = max(sum(map(len, row)) for row in rows)
        places += len(rows) * width
        largest = max(largest, (len(rows), width), key=math.prod)
    return Shares(again / prompts, 1 - kept / places, largest)


# Packs as tensors


def collate_packs(
    examples: Sequence[Example], *, pad_id: int, mask_dtype: torch.dtype, most: int | None = None
) -> dict[str, torch.Tensor]:
    """As `batches.collate`, with rows of packs and a mask (rows, 1, width, width) that says who sees whom; padding on the right.

    `labels[row, i]` is graded by the logits at i - 1, as in any batch. Where no two examples share a beginning the batch is the
    plain one.
    """
    rows = fill_rows(cut_packs(examples, most=most))
    if all(len(pack.examples) == 1 for row in rows for pack in row):
        return collate(examples, pad_id=pad_id)
    width = max(sum(map(len, row)) for row in rows)
    columns = zip(*(_row(row, width, pad_id=pad_id) for row in rows), strict=True)
    input_ids, labels, position_ids, packs, segments = map(torch.tensor, columns)
    seen = (packs[:, :, None] == packs[:, None]) & ((segments[:, None] == 0) | (segments[:, :, None] == segments[:, None]))
    seen = seen.tril()[:, None]
    if mask_dtype != torch.bool:
        seen = torch.zeros(seen.shape, dtype=mask_dtype).masked_fill(~seen, torch.finfo(mask_dtype).min)
    return {"input_ids": input_ids, "attention_mask": seen, "position_ids": position_ids, "labels": labels}


def _row(row: Sequence[Pack], width: int, *, pad_id: int) -> tuple[list[int], ...]:
    """Ids, labels, positions, number of the pack and of the segment (0: the shared beginning) of each place of a row.

    Padding is a pack of its own: a place that saw nothing would make its attention undefined.
    """
    found: tuple[list[int], ...] = ([], [], [], [], [])
    ids, labels, positions, packs, segments = found
    for number, pack in enumerate(row):
        pieces = [(pack.examples[0], 0, pack.shared), *((one, pack.shared, len(one.input_ids)) for one in pack.examples)]
        for segment, (example, start, end) in enumerate(pieces):
            ids += example.input_ids[start:end]
            labels += example.labels[start:end]
            positions += range(start, end)
            packs += [number] * (end - start)
            segments += [segment] * (end - start)
    for column, filler in zip(found, (pad_id, UNGRADED, 0, -1, 0), strict=True):
        column += [filler] * (width - len(column))
    return found


# Whether a run and a model can


def reason_against_settings(settings: TrainSettings) -> str | None:
    """Why packs would not be exact whatever the model is; None where nothing speaks against them."""
    if settings.prompt_loss_weight:
        return "prompt_loss_weight: the last place of a shared beginning would have to predict several tokens"
    if settings.neftune is not None:
        return "neftune: records would share the noise on their beginning, and its size goes by the length of a row"
    return None


def mask_dtype(model: Any) -> torch.dtype:
    """What the model's attention takes: torch's fused one booleans, plain attention numbers to add to its scores."""
    return torch.bool if _attention(model) == "sdpa" else model.dtype


def reason_against(model: Any, *, longest: int) -> str | None:
    """Why packs of this model would not be exact, by its config; None where nothing speaks against them.

    `longest` is the longest example in tokens: a window that holds it whole is as good as none.
    """
    config = model.config.get_text_config()
    if _attention(model) not in ("eager", "sdpa"):
        return f"{_attention(model)} attention takes no mask of segments, as eager and sdpa do"
    kinds = set(getattr(config, "layer_types", None) or ())
    if model._is_stateful or kinds - _PLAIN:
        other = ", ".join(sorted(kinds - _PLAIN)) or "a state"
        return f"{config.model_type} carries something from token to token ({other}), so that records would see one another"
    window = getattr(config, "sliding_window", None) if getattr(config, "use_sliding_window", True) else None
    if window and window < longest and (not kinds or "sliding_attention" in kinds):
        return f"its attention slides over {window} tokens, and the longest example has {longest}"
    if "position_ids" not in inspect.signature(model.forward).parameters or getattr(config, "alibi", False):
        return f"{config.model_type} takes no positions, so that every record would start where the one before ends"
    return None


@torch.no_grad()
def trial_against(model: Any, examples: Sequence[Example], *, pad_id: int) -> str | None:
    """The same found out by computing one micro-batch as packs and one by one.

    In float32 the two losses may differ by 1e-4 of their size, in bfloat16 by 2e-2: it has 8 bits.
    """
    one_by_one = sum(graded_loss(model, _on(model, collate([example], pad_id=pad_id)))[0].item() for example in examples)
    batch = collate_packs(examples, pad_id=pad_id, mask_dtype=mask_dtype(model))
    try:
        packed = graded_loss(model, _on(model, batch))[0].item()
    except (RuntimeError, ValueError, IndexError, TypeError) as error:  # whatever a model's code says to a mask it does not know
        if is_out_of_memory(error):  # says nothing of the model
            raise
        return f"it cannot be computed with a mask of segments: {' '.join(str(error).split())[:120]}"
    tolerance = 1e-4 if model.dtype == torch.float32 else 2e-2
    if not abs(packed - one_by_one) <= tolerance * abs(one_by_one):  # so that nan is a difference
        return f"the loss of {len(examples)} records is {packed:.6g} packed and {one_by_one:.6g} one by one"
    return None


def _on(model: Any, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {key: value.to(model.device) for key, value in batch.items()}


def _attention(model: Any) -> str:
    return str(model.config.get_text_config()._attn_implementation)


def _common(first: Example, second: Example) -> int:
    """How many tokens two prompts begin with alike."""
    most = min(_prompt_tokens(first), _prompt_tokens(second))
    pairs = zip(first.input_ids[:most], second.input_ids, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), most)


def _prompt_tokens(example: Example) -> int:
    return example.labels.count(UNGRADED)
