"""Stage 4: prompts (token ids) → generated text. An engine is one way of running a model; all are greedy.

An engine answers with (index of the prompt, Generation) as answers finish, so that what is there can be written at once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from uie.formats.grammar import Grammar
from uie.registry import Registry


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is drawn: always the likeliest token. `batch_size` answers are generated side by side.

    `logprobs` asks for each token's natural log-probability, that of the end included.
    """

    max_new_tokens: int = 256
    batch_size: int = 16
    logprobs: bool = False


@dataclass(frozen=True, slots=True)
class Generation:
    """One answer. `tokens` counts generated ones, the ending one included; `seconds` run from the start of its batch to its end.

    `finish_reason` is "length" where the answer was cut off at max_new_tokens or at the model's longest sequence.
    """

    raw: str
    finish_reason: Literal["stop", "length"]
    tokens: int
    seconds: float
    logprobs: list[float] | None = None


class Engine(Protocol):
    """What runs a model."""

    name: str

    def generate(
        self, prompts: Sequence[list[int]], grammars: Sequence[Grammar] | None = None, sampling: Sampling = ...
    ) -> Iterator[tuple[int, Generation]]:
        """Each prompt's index with its answer, as answers finish.

        Raises:
            ModelError: a prompt does not fit the model, or the engine cannot hold to a grammar.
        """
        ...

    def stream(self, prompt: list[int], sampling: Sampling = ...) -> Iterator[str]:
        """One answer, in pieces of text that together are its `raw`."""
        ...


# The engine classes; called with the loaded model and its tokenizer.
ENGINES: Registry[Any] = Registry(
    "engine", {"transformers": "uie.generation.transformers_engine:TransformersEngine"}, group="uie.engines"
)
