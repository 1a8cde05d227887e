"""`OpenVINOEngine`: the fast engine for CPUs. Prompts and a model as one GGUF file → answers, in the order in which they finish.

What prompts begin with in common is read once, by OpenVINO's prefix cache, in blocks of 32 tokens. GenAI has two faults there that
nothing tells of, and that the order in which prompts are sent avoids:

- Prompts that are sent before their common beginning is in the cache share nothing: so it is read before they are sent.
- Where something that was read ends inside a block, all that goes on from there writes into that one block, and the answers are wrong:
  so what is read for others ends with a block, and of two prompts of which one begins with the other the longer goes first.

As they are silent, an engine's first answers are compared with the same model in transformers before any is given (`_check`).
"""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from transformers import PreTrainedTokenizerBase

from uie.errors import ModelError
from uie.formats.grammar import Grammar
from uie.generation import EngineOptions, Failed, Generation, Sampling, Turns
from uie.generation.ebnf import to_ebnf
from uie.generation.rows import common_beginning
from uie.generation.wrapping import Wrapping, wrap_of
from uie.generation.written import Writer
from uie.models.encoding import stop_ids

if TYPE_CHECKING:
    from uie.generation.openvino_requests import Request, Requests
    from uie.generation.reference import Reference

BLOCK = 32
"""Tokens that the prefix cache keeps or forgets together."""
_GREEDY = Sampling()
_READ_ONLY = Sampling(max_new_tokens=1)
_CHECKED = 8  # prompts whose answers are compared with those of the model in transformers
_CHECKED_TOKENS = 32  # of each answer
# How far an answer's log-probabilities may be from the model's, on average over its tokens. Measured on wnut17 with SmolLM2-135M, base
# and fine-tuned, 10 to 16 prompts: at most 0.002 in float32 (weights are rounded to float16) and 0.04 in bfloat16. With a cache in which
# three tokens of 61 were overwritten, the mildest that the second fault above comes in, the largest of ten was 0.08 and 0.2 to 0.55.
_ROUNDING = {"float32": 0.01, "bfloat16": 0.1}
# xgrammar takes a second for 7,000 rules (5,000 characters of text), and overflows the stack somewhere between 13,000 and 65,000.
_MOST_RULES = 10_000


def is_installed() -> bool:
    """What runs models, and what converts them for it."""
    from uie.models.gguf_cache import has_converter

    return find_spec("openvino_genai") is not None and has_converter()


def load(model: str, options: EngineOptions) -> "OpenVINOEngine":
    """Loads what `model` names: run folder, adapter, model folder, catalogue name or hub id. The first time it is converted to GGUF.

    Raises:
        ModelError: openvino is not installed, there is no such model, or openvino cannot run it.
    """
    if not is_installed():
        raise ModelError("engine openvino: not installed; install uie-llm[train,openvino], or take the engine transformers.")
    if options.url:
        raise ModelError("engine openvino: runs the model itself; leave the url out, or take the engine openai.")
    if options.device not in ("auto", "cpu"):
        raise ModelError(f"engine openvino: device {options.device!r}: it runs on the CPU; the engine transformers runs on others.")
    from uie.generation.openvino_requests import Requests
    from uie.generation.reference import Reference
    from uie.models.gguf_cache import config_of, gguf_file, model_ends, unfit
    from uie.models.loading import load_model, load_tokenizer
    from uie.models.sources import resolve

    source = resolve(model)
    config = config_of(source)
    if told := unfit(config):
        raise ModelError(f"engine openvino: {model}: {told}; take the engine transformers.")
    dtype = _dtype(options.dtype, cores=len(os.sched_getaffinity(0)))
    tokenizer = load_tokenizer(source)
    wrap = wrap_of(source, tokenizer, options.wrap)
    return OpenVINOEngine(
        Requests(gguf_file(source), dtype=dtype),
        tokenizer,
        wrap,
        ends=stop_ids(tokenizer) | model_ends(source),
        dtype=dtype,
        longest=config["max_position_embeddings"],
        reference=lambda: Reference(load_model(source, dtype=dtype, device="cpu")),
    )


def _dtype(wanted: str, *, cores: int) -> str:
    """What to compute in. OpenVINO 2026.4 dies of a division by zero where it compiles a model for bfloat16 on one core."""
    from uie.models.loading import DTYPES, best_dtype, pick_device

    if wanted not in ("auto", *DTYPES):
        raise ModelError(f"dtype {wanted!r}: expected auto, float32 or bfloat16.")
    if wanted == "bfloat16" and cores == 1:
        raise ModelError("engine openvino: no bfloat16 on one core; take --dtype float32.")
    if wanted == "auto":
        return "float32" if cores == 1 else str(best_dtype(pick_device("cpu"))).removeprefix("torch.")
    return wanted


@dataclass(frozen=True, slots=True)
class _Asked:
    """A prompt; `index` is its place among those given."""

    index: int
    ids: list[int]
    ebnf: str | None


class OpenVINOEngine:
    """Runs a model by `Requests`; see the module's docstring."""

    name = "openvino"

    def __init__(
        self,
        requests: "Requests",
        tokenizer: PreTrainedTokenizerBase,
        wrap: str,
        *,
        ends: Collection[int],
        dtype: str,
        longest: int,
        reference: "Callable[[], Reference]",
    ) -> None:
        """`ends` are the tokens that end an answer; `reference` loads the same model in transformers, when it is needed."""
        self.tokenizer = tokenizer
        self.wrap = wrap
        self.facts: dict[str, Any] = {"engine": self.name, "dtype": dtype, "device": "cpu", "wrap": wrap}
        self.longest = longest
        self._requests = requests
        self._load_reference = reference
        self._checked = 0
        self._ends = ends
        self._writer = Writer(tokenizer, ends)
        self._wrapping = Wrapping(tokenizer, wrap, longest=longest)
        self.count_tokens, self.count_prompt_tokens = self._wrapping.count_tokens, self._wrapping.count_prompt_tokens

    def generate(
        self, prompts: Sequence[Turns], grammars: Sequence[Grammar] | None = None, sampling: Sampling = _GREEDY
    ) -> Iterator[tuple[int, Generation | Failed]]:
        """See `uie.generation.Engine`.

        Raises:
            ModelError: beams are asked for, or the first answers are not those of the model.
        """
        if sampling.beams > 1:
            raise ModelError("engine openvino: it searches no beams; the engine transformers does.")
        asked = []
        for index, prompt in enumerate(prompts):
            one = self._asked(index, prompt, grammars[index] if grammars is not None else None)
            if isinstance(one, Failed):
                yield index, one
            else:
                asked.append(one)
        asked.sort(key=lambda one: one.ids, reverse=True)
        if any(len(prompt) > 1 for prompt in prompts):
            sampling = replace(sampling, batch_size=1)  # they may go on from answers of an earlier call, which end inside a block
        self._check(asked, sampling)
        for one, request in self._answered(asked, sampling):
            yield one.index, self._generation(request, sampling)

    def stream(self, prompt: Turns, sampling: Sampling = _GREEDY) -> Iterator[str]:
        """See `uie.generation.Engine`. A piece ends where a character does: one Chinese character may take three tokens.

        Raises:
            ModelError: the prompt is longer than the model takes, or its answer not the model's.
        """
        asked = self._asked(0, prompt, None)
        if isinstance(asked, Failed):
            raise ModelError(asked.reason)
        self._check([asked], sampling)
        request, shown = self._send(asked, sampling), ""
        try:
            while not request.ended:
                self._requests.step()
                text = self._writer.text(request.tokens)
                if not text.endswith("�") or request.ended:
                    yield text[len(shown) :]
                    shown = text
        finally:
            self._requests.cancel()

    def _asked(self, index: int, prompt: Turns, grammar: Grammar | None) -> "_Asked | Failed":
        ids = self._wrapping.fitting(prompt)
        if isinstance(ids, Failed):
            return ids
        try:
            ebnf = to_ebnf(grammar) if grammar is not None else None
        except ModelError as error:
            return Failed(str(error))
        if ebnf is not None and (rules := ebnf.count("\n")) > _MOST_RULES:
            return Failed(f"a grammar of {rules} rules; openvino takes {_MOST_RULES}; ask about shorter windows (--window).")
        return _Asked(index, ids, ebnf)

    def _answered(self, asked: Sequence[_Asked], sampling: Sampling) -> Iterator[tuple[_Asked, "Request"]]:
        """Each with its answer. `asked` are in falling order of their ids, so that those which begin alike follow each other."""
        under_way: dict[Request, _Asked] = {}

        def step() -> Iterator[tuple[_Asked, "Request"]]:
            for request in self._requests.step():
                if request in under_way:
                    yield under_way.pop(request), request

        try:
            for one, beginning in zip(asked, beginnings([one.ids for one in asked]), strict=True):
                while len(under_way) >= sampling.batch_size:
                    yield from step()
                if beginning:
                    reading = self._requests.send(beginning, _READ_ONLY, ends=self._ends)
                    while not reading.ended:
                        yield from step()
                under_way[self._send(one, sampling)] = one
            while under_way:
                yield from step()
        finally:  # the caller may take no more
            self._requests.cancel()

    def _send(self, asked: _Asked, sampling: Sampling) -> "Request":
        room = min(sampling.max_new_tokens, self.longest - len(asked.ids))
        return self._requests.send(asked.ids, replace(sampling, max_new_tokens=room), ends=self._ends, ebnf=asked.ebnf)

    def _generation(self, request: "Request", sampling: Sampling) -> Generation | Failed:
        if request.dropped:
            return Failed("no room for it in openvino's cache; ask about shorter windows (--window).")
        tokens = request.tokens
        return Generation(
            self._writer.text(tokens),
            "stop" if tokens[-1] in self._ends else "length",
            len(tokens),
            request.seconds,
            request.logprobs if sampling.logprobs else None,
            self._writer.ends(tokens) if sampling.logprobs else None,
        )

    def _check(self, asked: Sequence[_Asked], sampling: Sampling) -> None:
        """Compares free answers to the first prompts, token by token, with what the model in transformers says of them.

        Rounding moves log-probabilities a little, a wrong state in the prefix cache much: a handful of answers tells them apart, where
        counting equal answers would take hundreds.
        """
        sample = asked[:_CHECKED]
        if not sample or len(sample) < 2 * self._checked:  # one shows that it is the same model, more that they share what was read
            return
        reference, limit = self._load_reference(), _ROUNDING[self.facts["dtype"]]
        greedy = replace(sampling, temperature=0.0, logprobs=True, max_new_tokens=min(sampling.max_new_tokens, _CHECKED_TOKENS))
        free = [replace(one, ebnf=None) for one in sample]
        gaps = {
            one.index: reference.gap(one.ids, request.tokens, request.logprobs)
            for one, request in self._answered(free, greedy)
            if not request.dropped
        }
        if wrong := [f"prompt {index + 1} by {gap:.2g}" for index, gap in sorted(gaps.items()) if gap > limit]:
            raise ModelError(
                f"engine openvino: {len(wrong)} of the first {len(sample)} answers are not the model's: log-probabilities differ from "
                f"transformers' ({', '.join(wrong)}; rounding makes {limit} at most); take the engine transformers."
            )
        self._checked = len(sample)


def beginnings(prompts: Sequence[list[int]]) -> list[list[int]]:
    """For each prompt what must have been read before it is sent: what it and the next have in common, in whole blocks.

    Nothing where that is part of what was read last.
    """
    found: list[list[int]] = []
    read: list[int] = []
    for one, following in pairwise(prompts):
        shared = common_beginning([one, following])
        shared = shared[: len(shared) // BLOCK * BLOCK]
        if len(common_beginning([read, shared])) < len(shared):
            read = shared
            found.append(shared)
        else:
            found.append([])
    return [*found, []] if prompts else []
