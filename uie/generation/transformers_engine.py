"""`TransformersEngine`: a transformers model in a greedy loop of our own → answers, in the order in which they finish.

What plain `generate` does not do: the batch's common prefix is computed once, rows are sorted by length, and finished rows leave
the batch. In float32 the answers are those of `generate`; in bfloat16 they depend, as everywhere, on the shape of the batch.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel, PreTrainedTokenizerBase
from transformers.cache_utils import DynamicLayer

from uie.errors import ModelError
from uie.formats.grammar import Grammar
from uie.generation import Generation, Sampling
from uie.models.encoding import stop_ids

_GREEDY = Sampling()


class TransformersEngine:
    """Runs a model from `uie.models.loading.load_model`; see the module's docstring."""

    name = "transformers"

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self._model = model
        self._tokenizer = tokenizer
        ends = getattr(model.generation_config, "eos_token_id", None)
        self._stop = stop_ids(tokenizer) | set([ends] if isinstance(ends, int) else ends or ())
        self._longest = int(getattr(model.config, "max_position_embeddings", None) or 1 << 30)

    def generate(
        self, prompts: Sequence[list[int]], grammars: Sequence[Grammar] | None = None, sampling: Sampling = _GREEDY
    ) -> Iterator[tuple[int, Generation]]:
        """See `uie.generation.Engine`."""
        if grammars is not None:
            raise ModelError("engine transformers: cannot hold answers to a grammar yet; generate without grammars.")
        self._check(prompts)
        for batch in batches_of(prompts, sampling.batch_size):
            started = time.monotonic()
            answers: dict[int, list[tuple[int, float]]] = {index: [] for index in batch}
            for row, token, logprob, finished in self._tokens([prompts[index] for index in batch], sampling):
                index = batch[row]
                answers[index].append((token, logprob))
                if finished:
                    yield index, self._generation(answers.pop(index), time.monotonic() - started, sampling)

    def stream(self, prompt: list[int], sampling: Sampling = _GREEDY) -> Iterator[str]:
        """See `uie.generation.Engine`. A piece ends where a character does: one Chinese character may take three tokens."""
        self._check([prompt])
        ids: list[int] = []
        shown = ""
        for _, token, _, finished in self._tokens([prompt], sampling):
            ids.append(token)
            text = self._text(ids)
            if not text.endswith("�") or finished:
                yield text[len(shown) :]
                shown = text

    def _check(self, prompts: Sequence[list[int]]) -> None:
        for index, prompt in enumerate(prompts):
            if not 0 < len(prompt) < self._longest:
                raise ModelError(
                    f"prompt {index}: {len(prompt)} tokens; the model takes 1 to {self._longest - 1}; ask about shorter windows."
                )

    def _generation(self, answer: list[tuple[int, float]], seconds: float, sampling: Sampling) -> Generation:
        ids = [token for token, _ in answer]
        logprobs = [logprob for _, logprob in answer] if sampling.logprobs else None
        return Generation(self._text(ids), "stop" if ids[-1] in self._stop else "length", len(ids), seconds, logprobs)

    def _text(self, ids: list[int]) -> str:
        words = ids[:-1] if ids[-1] in self._stop else ids
        return str(self._tokenizer.decode(words, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def _tokens(self, prompts: list[list[int]], sampling: Sampling) -> Iterator[tuple[int, int, float, bool]]:
        """(row, token, its log-probability or 0.0, whether the row ends with it), one step of all unfinished rows after the other."""
        self._model.eval()  # type: ignore[no-untyped-call]
        steps = self._steps(prompts, sampling)
        while True:
            with torch.inference_mode():  # not around the yield: the caller's code would run in it
                produced = next(steps, None)
            if produced is None:
                return
            yield from produced

    def _steps(self, prompts: list[list[int]], sampling: Sampling) -> Iterator[list[tuple[int, int, float, bool]]]:
        device = self._model.device
        cache = DynamicCache(config=self._model.config)
        for number, layer in enumerate(cache.layers):
            if type(layer) is DynamicLayer:
                cache.layers[number] = _RoomyLayer()  # type: ignore[no-untyped-call]
        # A sliding window counts cache places, and padding between prefix and rest would take some up.
        splits = all(type(layer) is _RoomyLayer for layer in cache.layers) and len(prompts) > 1
        prefix = _common_prefix(prompts) if splits else []
        if prefix:
            self._forward(torch.tensor([prefix], device=device), None, cache)
            cache.batch_repeat_interleave(len(prompts))
        width = max(map(len, prompts)) - len(prefix)
        padding = [len(prefix) + width - len(prompt) for prompt in prompts]
        # input_ids, mask: (rows, width); the mask then covers what is in the cache as well.
        input_ids = torch.tensor(
            [[0] * pad + prompt[len(prefix) :] for pad, prompt in zip(padding, prompts, strict=True)], device=device
        )
        mask = torch.tensor([[1] * len(prefix) + [0] * pad + [1] * (width - pad) for pad in padding], device=device)
        rows = list(range(len(prompts)))
        lengths = [len(prompt) for prompt in prompts]
        for step in range(1, sampling.max_new_tokens + 1):
            logits = self._forward(input_ids, mask, cache)  # (rows, vocabulary), float32
            chosen = logits.argmax(-1)
            logprobs = logits.log_softmax(-1).gather(-1, chosen[:, None])[:, 0].tolist() if sampling.logprobs else [0.0] * len(rows)
            tokens = chosen.tolist()
            ends = [
                token in self._stop or step == sampling.max_new_tokens or lengths[row] + step >= self._longest
                for row, token in zip(rows, tokens, strict=True)
            ]
            yield list(zip(rows, tokens, logprobs, ends, strict=True))
            kept = [place for place, end in enumerate(ends) if not end]
            if not kept:
                return
            input_ids = chosen[:, None]
            if len(kept) < len(rows):
                rows = [rows[place] for place in kept]
                index = torch.tensor(kept, device=device)
                cache.batch_select_indices(index)
                input_ids, mask = input_ids[index], mask[index]
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)

    def _forward(self, input_ids: torch.Tensor, mask: torch.Tensor | None, cache: Any) -> torch.Tensor:
        """Logits of the last position, (rows, vocabulary)."""
        positions: dict[str, Any] = {}
        if mask is not None:
            positions["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)[:, -input_ids.shape[1] :]
        # As an index: the slice that the number 1 means is not contiguous, and torch copies the output matrix for every row of it.
        last = torch.tensor([input_ids.shape[1] - 1], device=input_ids.device)
        answer = self._model(
            input_ids=input_ids, attention_mask=mask, past_key_values=cache, use_cache=True, logits_to_keep=last, **positions
        )
        return answer.logits[:, -1].float()  # type: ignore[no-any-return]


class _RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A cache layer with room to grow: transformers' own copies everything at every token."""

    ROOM = 64

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.keys, self.values = key_states[:, :, :0], value_states[:, :, :0]
        assert self.keys is not None
        assert self.values is not None
        self.keys = self._append("_key_room", self.keys, key_states)
        self.values = self._append("_value_room", self.values, value_states)
        return self.keys, self.values

    def _append(self, name: str, held: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        rows, heads, length, size = held.shape
        end = length + new.shape[2]
        room: torch.Tensor | None = getattr(self, name, None)
        # After rows were dropped or repeated `held` is a tensor of its own, no longer the beginning of the room.
        if room is None or room.data_ptr() != held.data_ptr() or room.shape[0] != rows or room.shape[2] < end:
            room = new.new_empty(rows, heads, end + self.ROOM, size)
            room[:, :, :length] = held
            setattr(self, name, room)
        room[:, :, length:end] = new
        return room[:, :, :end]


def batches_of(prompts: Sequence[list[int]], size: int) -> list[list[int]]:
    """Indices of the prompts in batches, longest first within each.

    Of two orders the one that costs fewer tokens is taken: by length (little padding), or by content (long common prefixes, where
    groups of prompts differ from the first words on).
    """
    by_length = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
    by_content = sorted(range(len(prompts)), key=lambda index: prompts[index])
    orders = []
    for order in (by_length, by_content):
        batches = [sorted(order[i : i + size], key=lambda index: -len(prompts[index])) for i in range(0, len(order), size)]
        orders.append(sorted(batches, key=lambda batch: -len(prompts[batch[0]])))
    return min(orders, key=lambda batches: sum(_cost([prompts[index] for index in batch]) for batch in batches))


def _cost(prompts: list[list[int]]) -> int:
    """Tokens to compute: the common prefix once, then every row padded to the longest."""
    prefix = len(_common_prefix(prompts))
    return prefix + len(prompts) * (len(prompts[0]) - prefix)


def _common_prefix(prompts: list[list[int]]) -> list[int]:
    """What all prompts start with, short of a whole prompt: each row must have a token left to be computed."""
    shortest = min(map(len, prompts)) - 1
    columns = zip(*(prompt[:shortest] for prompt in prompts), strict=True)
    return [column[0] for column in takewhile(lambda column: column.count(column[0]) == len(column), columns)]
