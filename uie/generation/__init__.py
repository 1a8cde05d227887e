"""Stage 4: prompts → generated text. An engine is one way of running a model.

An engine answers with (index of the prompt, Generation) as answers finish, so that what is there can be written at once. What it cannot
answer it says of that prompt alone (`Failed`); what it cannot do at all (a grammar, beams) it refuses before it answers anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from uie.formats.grammar import Grammar
from uie.registry import Registry

Turns = Sequence[tuple[str, str]]
"""A prompt: turns of (said, answered), of which the last is not answered yet. The engine wraps it as its model was trained."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is drawn. `batch_size` answers are generated side by side.

    The likeliest token is taken where `temperature` is 0, else one is drawn among the likeliest that together have `top_p`, from
    `seed`; `beams` > 1 searches for the likeliest answer instead. `logprobs` asks for each token's natural log-probability.
    """

    max_new_tokens: int = 256
    batch_size: int = 16
    logprobs: bool = False
    temperature: float = 0.0
    top_p: float = 1.0
    beams: int = 1
    seed: int = 0

    @property
    def is_greedy(self) -> bool:
        return self.temperature == 0 and self.beams == 1


@dataclass(frozen=True, slots=True)
class Generation:
    """One answer. `tokens` counts generated ones, the ending one included; `seconds` run from the start of its batch to its end.

    `finish_reason` is "length" where the answer was cut off at max_new_tokens or at the model's longest sequence. `logprobs` holds
    each token's log-probability, the ending one's included: under a grammar, where the engine can tell, among the tokens it allows,
    so that what it forces has 0. `raw[:ends[i]]` is what the tokens up to the i-th wrote; a character that takes several tokens is
    written by its last.
    """

    raw: str
    finish_reason: Literal["stop", "length"]
    tokens: int
    seconds: float
    logprobs: list[float] | None = None
    ends: list[int] | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A prompt that the engine cannot answer, and why, in a line."""

    reason: str


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What an engine is loaded with; each refuses what it has no use for.

    `wrap` "" is that of the run, else the model's own.
    """

    dtype: str = "auto"
    device: str = "auto"
    wrap: str = ""
    url: str = ""
    "of the server, for an engine that asks one"


class Engine(Protocol):
    """What runs a model.

    One that has the model's tokenizer also says `count_tokens(text)`, `count_prompt_tokens(prompt)` and `longest`, how many tokens a
    prompt and its answer may have together: by these long texts are cut.
    """

    name: str
    facts: dict[str, Any]
    "what stands beside every score: engine, dtype, device, wrap"

    def generate(
        self, prompts: Sequence[Turns], grammars: Sequence[Grammar] | None = None, sampling: Sampling = ...
    ) -> Iterator[tuple[int, Generation | Failed]]:
        """Each prompt's index with its answer, as answers finish; with `grammars`, each held to its own.

        Raises:
            ModelError: the engine cannot do what is asked of it at all; the message names one that can.
        """
        ...

    def stream(self, prompt: Turns, sampling: Sampling = ...) -> Iterator[str]:
        """One answer, in pieces of text that together are its `raw`."""
        ...


# Each is called with what `--model` names and EngineOptions, and loads it.
ENGINES: Registry[Any] = Registry(
    "engine",
    {
        "auto": "uie.generation.choosing:load",
        "openai": "uie.generation.openai_engine:load",
        "openvino": "uie.generation.openvino_engine:load",
        "transformers": "uie.generation.transformers_engine:load",
    },
    group="uie.engines",
)
