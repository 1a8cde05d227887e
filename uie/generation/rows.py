"""`Rows`: what a transformers model has read of several prompts side by side, and its next logits. The order of prompts in batches.

The rows' common prefix is read once, and kept for the next rows that begin alike. Rows that are shorter, and rows that are given
fewer tokens than others, are padded on the left: masked places count in no position. So rows that were read later may join.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache, PreTrainedModel
from transformers.cache_utils import DynamicLayer


class RoomyLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A cache layer with room to grow: transformers' own copies everything at every token."""

    ROOM = 64

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.hold(key_states[:, :, :0], value_states[:, :, :0])
        assert self.keys is not None
        assert self.values is not None
        self.keys = self._append("_key_room", self.keys, key_states)
        self.values = self._append("_value_room", self.values, value_states)
        return self.keys, self.values

    def hold(self, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Begins with these states, (rows, heads, length, size), which are copied before anything is added."""
        self.lazy_initialization(keys, values)
        self.keys, self.values = keys, values

    def join(self, other: "RoomyLayer", length: int) -> None:
        """Takes in another's rows below its own, all ending at the same place: of longer ones what is older is left out."""
        self.keys = self._joined("_key_room", self.keys, other.keys, length)
        self.values = self._joined("_value_room", self.values, other.values, length)

    def _joined(self, name: str, above: torch.Tensor | None, below: torch.Tensor | None, length: int) -> torch.Tensor:
        assert above is not None
        assert below is not None
        rows, heads, _, size = above.shape
        room = above.new_zeros(rows + below.shape[0], heads, length + self.ROOM, size)  # not any numbers: no mask takes away a NaN
        for states, start in ((above, 0), (below, rows)):
            kept = states[:, :, -length:]
            room[start : start + states.shape[0], :, length - kept.shape[2] : length] = kept
        setattr(self, name, room)
        return room[:, :, :length]

    def _append(self, name: str, held: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        rows, heads, length, size = held.shape
        end = length + new.shape[2]
        room: torch.Tensor | None = getattr(self, name, None)
        # After rows were dropped `held` is a tensor of its own, no longer the beginning of the room.
        if room is None or room.data_ptr() != held.data_ptr() or room.shape[0] != rows or room.shape[2] < end:
            room = new.new_empty(rows, heads, end + self.ROOM, size)
            room[:, :, :length] = held
            setattr(self, name, room)
        room[:, :, length:end] = new
        return room[:, :, :end]


class Prefix:
    """What the model has read of the last common prefix of rows: its ids, and each cache layer's (keys, values) of one row."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.states: list[tuple[torch.Tensor, torch.Tensor]] = []

    def cut(self, length: int) -> None:
        """Keeps the first tokens only."""
        self.ids = self.ids[:length]
        self.states = [(keys[:, :, :length], values[:, :, :length]) for keys, values in self.states]


class Rows:
    """Prompts that are being answered side by side. Every call but `keep` must stand in `torch.inference_mode()`."""

    def __init__(self, model: PreTrainedModel, prompts: Sequence[list[int]], held: Prefix) -> None:
        """`held` is what earlier rows left, and is replaced by these rows' prefix."""
        self._model = model
        self._cache = _new_cache(model)
        # A sliding window counts cache places: padding inside a row would take some up, and what it has pushed out is gone.
        self.takes_padding = all(type(layer) is RoomyLayer for layer in self._cache.layers)
        """Whether rows may be given different numbers of tokens, and tokens taken back."""
        self._prompts = prompts
        self._prefix: list[int] = []
        if self.takes_padding:
            shared = common_prefix(prompts)
            self._prefix = shared if len(prompts) > 1 else common_beginning([held.ids, shared])
        if self._prefix:
            self._read_prefix(held)
        self._mask = torch.ones(len(prompts), len(self._prefix), dtype=torch.long, device=model.device)

    def start(self) -> torch.Tensor:
        """Logits behind each prompt, float32, (rows, vocabulary)."""
        return self._read([prompt[len(self._prefix) :] for prompt in self._prompts])[:, -1]

    def read(self, tokens: Sequence[list[int]], *, last: int = 1) -> torch.Tensor:
        """Each row's next tokens, at least one → logits behind the `last` of them, float32, (rows, last, vocabulary)."""
        return self._read(tokens, last)

    def forget(self, tokens: int) -> None:
        """Takes back what was read last, of every row."""
        if tokens:
            for layer in _layers(self._cache):
                layer.crop(-tokens)
            self._mask = self._mask[:, :-tokens]

    def joined(self, other: "Rows") -> "Rows":
        """These rows with those that another has read below them; only where both take padding."""
        length = max(_longest(self._mask), _longest(other._mask))
        self._mask = torch.cat([_as_long(self._mask, length), _as_long(other._mask, length)])
        for layer, others in zip(_layers(self._cache), _layers(other._cache), strict=True):
            layer.join(others, length)
        return self

    def keep(self, places: list[int]) -> None:
        """Drops all rows but these."""
        index = torch.tensor(places, device=self._mask.device)
        self._cache.batch_select_indices(index)
        self._mask = self._mask[index]

    def _read_prefix(self, held: Prefix) -> None:
        held.cut(len(common_beginning([held.ids, self._prefix])))
        if len(held.ids) < len(self._prefix):
            cache = _new_cache(self._model)
            _hold(cache, held, rows=1)
            self._forward(self._prefix_ids(len(held.ids)), None, cache, last=1)
            held.ids = self._prefix
            held.states = [(layer.keys, layer.values) for layer in _layers(cache)]
        _hold(self._cache, held, rows=len(self._prompts))

    def _prefix_ids(self, start: int) -> torch.Tensor:
        return torch.tensor([self._prefix[start:]], device=self._model.device)

    def _read(self, tokens: Sequence[list[int]], last: int = 1) -> torch.Tensor:
        device = self._model.device
        width = max(map(len, tokens))
        padding = [width - len(row) for row in tokens]
        # (rows, width); the mask covers what is in the cache as well.
        input_ids = torch.tensor([[0] * pad + row for pad, row in zip(padding, tokens, strict=True)], device=device)
        mask = torch.tensor([[0] * pad + [1] * (width - pad) for pad in padding], device=device)
        self._mask = torch.cat([self._mask, mask], dim=1)
        return self._forward(input_ids, self._mask, self._cache, last=last)

    def _forward(self, input_ids: torch.Tensor, mask: torch.Tensor | None, cache: Any, *, last: int) -> torch.Tensor:
        width = input_ids.shape[1]
        positions: dict[str, Any] = {}
        if mask is not None:
            positions["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)[:, -width:]
        # As an index: the slice that a number means is not contiguous, and torch copies the output matrix for every row of it.
        index = torch.arange(width - last, width, device=input_ids.device)
        answer = self._model(
            input_ids=input_ids, attention_mask=mask, past_key_values=cache, use_cache=True, logits_to_keep=index, **positions
        )
        return answer.logits[:, -last:].float()  # type: ignore[no-any-return]


def _longest(mask: torch.Tensor) -> int:
    """The places from the first that counts in any row on."""
    return mask.shape[1] - int(mask.any(0).int().argmax())


def _as_long(mask: torch.Tensor, length: int) -> torch.Tensor:
    return torch.nn.functional.pad(mask, (length - mask.shape[1], 0))


def _new_cache(model: PreTrainedModel) -> DynamicCache:
    cache = DynamicCache(config=model.config)
    for number, layer in enumerate(cache.layers):
        if type(layer) is DynamicLayer:
            cache.layers[number] = RoomyLayer()  # type: ignore[no-untyped-call]
    return cache


def _layers(cache: DynamicCache) -> list[Any]:
    """Of a cache whose layers are all roomy ones."""
    return list(cache.layers)


def _hold(cache: DynamicCache, held: Prefix, *, rows: int) -> None:
    if held.ids:
        for layer, (keys, values) in zip(_layers(cache), held.states, strict=True):
            layer.hold(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1))


def batches_of(prompts: Sequence[list[int]], size: int) -> list[list[int]]:
    """Indices of the prompts in batches, longest first within each.

    Of two orders the one that costs fewer tokens is taken: by length (little padding), or by content (long common prefixes, where
    groups of prompts differ from the first words on; a batch often begins as the one before, and reads less).
    """
    by_length = sorted(range(len(prompts)), key=lambda index: -len(prompts[index]))
    by_content = sorted(range(len(prompts)), key=lambda index: prompts[index])
    orders = []
    for order in (by_length, by_content):
        orders.append([sorted(order[i : i + size], key=lambda index: -len(prompts[index])) for i in range(0, len(order), size)])
    return min(orders, key=lambda batches: _cost([[prompts[index] for index in batch] for batch in batches]))


def _cost(batches: Sequence[Sequence[list[int]]]) -> int:
    """Tokens to compute: of each batch's common prefix what is new, then every row padded to the longest."""
    cost, held = 0, list[int]()
    for prompts in batches:
        prefix = common_prefix(prompts)
        cost += len(prefix) - len(common_beginning([held, prefix])) + len(prompts) * (len(prompts[0]) - len(prefix))
        held = prefix
    return cost


def common_prefix(prompts: Sequence[list[int]]) -> list[int]:
    """What all prompts start with, short of a whole prompt: each row must have a token left to be computed."""
    shortest = min(map(len, prompts)) - 1
    return common_beginning([prompt[:shortest] for prompt in prompts])


def common_beginning(rows: Sequence[list[int]]) -> list[int]:
    columns = zip(*rows, strict=False)
    return [column[0] for column in takewhile(lambda column: column.count(column[0]) == len(column), columns)]
