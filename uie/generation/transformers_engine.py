"""`TransformersEngine`: a transformers model in a decoding loop of our own → answers, in the order in which they finish.

What plain `generate` does not do: a common prefix is computed once (`rows`), rows are sorted by length, those that are finished make
room for others, tokens that a grammar forces cost no step, and a prompt that is answered alone guesses ahead by copying from itself. In
float32 the answers are those of `generate`; in bfloat16 they depend, as everywhere, on the shape of the batch.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import Any, Literal

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from uie.errors import ModelError
from uie.formats.grammar import Grammar
from uie.generation import EngineOptions, Failed, Generation, Sampling, Turns
from uie.generation.guiding import Guide, Guides
from uie.generation.rows import Prefix, Rows, batches_of
from uie.generation.wrapping import Wrapping, wrap_of
from uie.generation.written import Writer
from uie.models.encoding import stop_ids

_GREEDY = Sampling()
_GUESSED = 5  # tokens guessed ahead of a prompt that is answered alone
_SEEN = 2  # how many tokens must have stood in it before, for what followed them there to be the guess


def load(model: str, options: EngineOptions) -> "TransformersEngine":
    """Loads what `model` names: run folder, adapter, model folder, catalogue name or hub id.

    Raises:
        ModelError: there is no such model, or it cannot be loaded as asked.
    """
    from uie.models.loading import load_model, load_tokenizer
    from uie.models.sources import resolve

    if options.url:
        raise ModelError("engine transformers: runs the model itself; leave the url out, or take the engine openai.")
    source = resolve(model)
    tokenizer = load_tokenizer(source)
    wrap = wrap_of(source, tokenizer, options.wrap)
    return TransformersEngine(load_model(source, dtype=options.dtype, device=options.device), tokenizer, wrap)


@dataclass
class _Answer:
    """An answer while it is written. `pending` are tokens of it that the model has not read."""

    index: int
    ids: list[int]
    "of the prompt"
    guide: Guide | None = None
    chance: torch.Generator | None = None
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    finish: Literal["stop", "length"] | None = None
    failed: Failed | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def is_over(self) -> bool:
        return self.finish is not None or self.failed is not None


class TransformersEngine:
    """Runs a model from `uie.models.loading.load_model`; see the module's docstring."""

    name = "transformers"

    def __init__(self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, wrap: str) -> None:
        self.tokenizer = tokenizer
        self.wrap = wrap
        self.facts: dict[str, Any] = {
            "engine": self.name, "dtype": str(model.dtype).removeprefix("torch."), "device": model.device.type, "wrap": wrap
        }  # fmt: skip
        self._model = model
        ends = getattr(model.generation_config, "eos_token_id", None)
        self._stop = stop_ids(tokenizer) | set([ends] if isinstance(ends, int) else ends or ())
        self.longest = int(getattr(model.config, "max_position_embeddings", None) or 1 << 30)
        self._writer = Writer(tokenizer, self._stop)
        self._wrapping = Wrapping(tokenizer, wrap, longest=self.longest)
        self.count_tokens, self.count_prompt_tokens = self._wrapping.count_tokens, self._wrapping.count_prompt_tokens

    def generate(
        self, prompts: Sequence[Turns], grammars: Sequence[Grammar] | None = None, sampling: Sampling = _GREEDY
    ) -> Iterator[tuple[int, Generation | Failed]]:
        """See `uie.generation.Engine`."""
        if sampling.beams > 1 and (grammars is not None or sampling.logprobs or sampling.temperature):
            raise ModelError(
                "engine transformers: beams go with neither grammars nor log-probabilities nor sampling; leave them out."
            )
        ids: dict[int, list[int]] = {}
        for index, prompt in enumerate(prompts):
            found = self._wrapping.fitting(prompt)
            if isinstance(found, Failed):
                yield index, found
            else:
                ids[index] = found
        numbers = list(ids)
        batches = ([numbers[place] for place in batch] for batch in batches_of(list(ids.values()), sampling.batch_size))
        if sampling.beams > 1:
            answered: Iterable[_Answer] = (
                answer
                for batch in batches
                for answer in self._by_beams([_Answer(number, ids[number]) for number in batch], sampling)
            )
        else:
            asked = (self._asked(number, ids[number], grammars, sampling) for batch in batches for number in batch)
            answered = (answer for answer in self._steps(asked, sampling) if answer.is_over)
        for answer in answered:
            yield answer.index, answer.failed or self._generation(answer, sampling)

    def stream(self, prompt: Turns, sampling: Sampling = _GREEDY) -> Iterator[str]:
        """See `uie.generation.Engine`. A piece ends where a character does: one Chinese character may take three tokens.

        Raises:
            ModelError: the prompt is longer than the model takes.
        """
        ids = self._wrapping.fitting(prompt, advice="begin anew")
        if isinstance(ids, Failed):
            raise ModelError(ids.reason)
        answer = _Answer(0, ids, chance=_chance(sampling, ids))
        shown = ""
        for _ in self._steps([answer], sampling):
            text = self._writer.text(answer.tokens)
            if not text.endswith("�") or answer.finish:
                yield text[len(shown) :]
                shown = text

    def _asked(self, index: int, ids: list[int], grammars: Sequence[Grammar] | None, sampling: Sampling) -> _Answer:
        answer = _Answer(index, ids, chance=_chance(sampling, ids))
        try:
            if grammars is not None:
                answer.guide = self._guides.guide(grammars[index])
        except ModelError as error:
            answer.failed = _beyond_grammars(str(error))
        return answer

    @cached_property
    def _guides(self) -> Guides:
        model: Any = self._model
        return Guides(self.tokenizer, vocabulary=model.get_output_embeddings().weight.shape[0], ends=sorted(self._stop))

    def _generation(self, answer: _Answer, sampling: Sampling) -> Generation:
        assert answer.finish is not None
        seconds = time.monotonic() - answer.started
        logprobs = answer.logprobs if sampling.logprobs else None
        ends = self._writer.ends(answer.tokens) if sampling.logprobs else None
        return Generation(self._writer.text(answer.tokens), answer.finish, len(answer.tokens), seconds, logprobs, ends)

    def _steps(self, asked: Iterable[_Answer], sampling: Sampling) -> Iterator[_Answer]:
        """Every unfinished answer, each time it has grown, until all are finished; `batch_size` of them are written side by side."""
        self._model.eval()  # type: ignore[no-untyped-call]
        steps = self._growing(iter(asked), sampling)
        while True:
            with torch.inference_mode():  # not around the yield: the caller's code would run in it
                grown = next(steps, None)
            if grown is None:
                return
            yield from grown

    def _growing(self, waiting: Iterator[_Answer], sampling: Sampling) -> Iterator[list[_Answer]]:
        rows: Rows | None = None
        answers: list[_Answer] = []
        held = Prefix()
        while True:
            # To join rows copies all that was read of them, so it waits until half of them are finished.
            takes_more = rows is None or (rows.takes_padding and 2 * len(answers) <= sampling.batch_size)
            further = list(islice(waiting, sampling.batch_size - len(answers))) if takes_more else []
            if rows is None and not further:
                return
            if further:
                yield [answer for answer in further if answer.is_over]  # what cannot be held to its grammar
                further = [answer for answer in further if not answer.is_over]
            if further:
                fresh = Rows(self._model, [answer.ids for answer in further], held)
                self._write(further, fresh.start(), sampling)
                yield further
                rows = fresh if rows is None else rows.joined(fresh)
                answers = answers + further
            elif rows is not None:
                self._step(answers, rows, sampling)
                yield answers
            kept = [place for place, answer in enumerate(answers) if not answer.is_over]
            if rows is not None and 0 < len(kept) < len(answers):
                rows.keep(kept)
            answers = [answers[place] for place in kept]
            rows = rows if answers else None

    def _step(self, answers: list[_Answer], rows: Rows, sampling: Sampling) -> None:
        if len(answers) == 1 and rows.takes_padding and sampling.is_greedy:
            self._read_ahead(answers[0], rows, sampling)
        else:
            self._read(answers, rows, sampling)

    def _read(self, answers: list[_Answer], rows: Rows, sampling: Sampling) -> None:
        """One step of all rows; those that are still to read what a grammar forced wait for the others to be done with it."""
        width = _width([len(answer.pending) for answer in answers]) if rows.takes_padding else 1
        given = [answer.pending[:width] for answer in answers]
        logits = rows.read(given)[:, -1]
        ready = []
        for place, (answer, read) in enumerate(zip(answers, given, strict=True)):
            answer.pending = answer.pending[len(read) :]
            if not answer.pending:
                ready.append(place)
        if ready:
            self._write([answers[place] for place in ready], logits[ready] if len(ready) < len(answers) else logits, sampling)

    def _read_ahead(self, answer: _Answer, rows: Rows, sampling: Sampling) -> None:
        """One step of the only row, with tokens behind it that are a guess: those which prove right cost no step of their own."""
        guess = _guess(answer.ids + answer.tokens)
        logits = rows.read([answer.pending + guess], last=len(guess) + 1)[0]
        right = 0
        while True:
            before = len(answer.tokens)
            self._write([answer], logits[right : right + 1], sampling)
            written = answer.tokens[before:]
            agreed = _agreeing(written, guess[right:])
            right += agreed
            answer.pending = written[agreed:]
            if answer.pending or answer.is_over:
                break
        rows.forget(len(guess) - right)

    def _write(self, answers: list[_Answer], logits: torch.Tensor, sampling: Sampling) -> None:
        """Adds to each answer the token that its logits, (rows, vocabulary), say, and what its grammar forces behind that."""
        if answers[0].guide is not None:
            self._guides.hold(logits, [answer.guide for answer in answers if answer.guide])
        chosen = logits.argmax(-1) if sampling.temperature == 0 else _drawn(logits, answers, sampling)
        logprobs = [0.0] * len(answers)
        if sampling.logprobs:
            logprobs = logits.log_softmax(-1).gather(-1, chosen[:, None])[:, 0].tolist()
        for answer, token, logprob in zip(answers, chosen.tolist(), logprobs, strict=True):
            forced = answer.guide.take(token) if answer.guide else []
            answer.pending = [token, *forced]
            answer.tokens += answer.pending
            answer.logprobs += [logprob, *[0.0] * len(forced)]
            if answer.guide and answer.guide.problem is not None:
                answer.failed = _beyond_grammars(answer.guide.problem)
            else:
                self._finish(answer, sampling)

    def _finish(self, answer: _Answer, sampling: Sampling) -> None:
        room = min(sampling.max_new_tokens, self.longest - len(answer.ids))
        if answer.tokens[-1] in self._stop and len(answer.tokens) <= room:
            answer.finish = "stop"
        elif len(answer.tokens) >= room:
            answer.finish = "length"
            del answer.tokens[room:], answer.logprobs[room:]
        elif answer.guide and answer.guide.is_whole:  # only the end may follow
            answer.tokens.append(min(self._stop))
            answer.logprobs.append(0.0)
            answer.finish = "stop"

    def _by_beams(self, asked: list[_Answer], sampling: Sampling) -> Iterator[_Answer]:
        """The likeliest answers that a search with so many beams finds, by transformers' own `generate`."""
        width = max(len(answer.ids) for answer in asked)
        device = self._model.device
        ids = torch.tensor([[0] * (width - len(answer.ids)) + answer.ids for answer in asked], device=device)
        mask = torch.tensor([[0] * (width - len(answer.ids)) + [1] * len(answer.ids) for answer in asked], device=device)
        room = min(sampling.max_new_tokens, self.longest - width)
        generator: Any = self._model
        with torch.inference_mode():
            found = generator.generate(
                input_ids=ids, attention_mask=mask, max_new_tokens=room, num_beams=sampling.beams, do_sample=False,
                eos_token_id=sorted(self._stop), pad_token_id=min(self._stop),
            )  # fmt: skip
        for answer, row in zip(asked, found[:, width:].tolist(), strict=True):
            end = next((place for place, token in enumerate(row) if token in self._stop), None)
            answer.tokens = row[: room if end is None else end + 1]
            answer.finish = "length" if end is None else "stop"
            yield answer


def _beyond_grammars(reason: str) -> Failed:
    return Failed(f"{reason.rstrip('.')}; ask about a shorter window, or without constraints.")


def _width(lengths: list[int]) -> int:
    """How many tokens rows are given at once that have so many to read: at most a quarter of what is computed shall be padding."""
    return max(
        width
        for width in range(1, max(lengths) + 1)
        if 4 * sum(min(length, width) for length in lengths) >= 3 * width * len(lengths)
    )


def _guess(ids: list[int]) -> list[int]:
    """What followed the last tokens where they stood before, most recently."""
    seen = ids[-_SEEN:]
    for at in range(len(ids) - _SEEN - 1, -1, -1):
        if ids[at : at + _SEEN] == seen:
            return ids[at + _SEEN : at + _SEEN + _GUESSED]
    return []


def _agreeing(written: list[int], guess: list[int]) -> int:
    """How many tokens both begin with."""
    agreed = 0
    for one, other in zip(written, guess, strict=False):
        if one != other:
            break
        agreed += 1
    return agreed


def _chance(sampling: Sampling, ids: list[int]) -> torch.Generator | None:
    """Draws of an answer's own, from the seed and the prompt: neither the batch nor the shard it is in changes them."""
    if sampling.temperature == 0:
        return None
    return torch.Generator().manual_seed(hash((sampling.seed, *ids)) % 2**63)


def _drawn(logits: torch.Tensor, answers: list[_Answer], sampling: Sampling) -> torch.Tensor:
    """One token a row, (rows,), among the likeliest that together have `top_p`."""
    shares, order = (logits / sampling.temperature).softmax(-1).sort(dim=-1, descending=True)
    shares = shares.masked_fill(shares.cumsum(-1) - shares >= sampling.top_p, 0.0).cpu()
    places = [torch.multinomial(row, 1, generator=answer.chance) for row, answer in zip(shares, answers, strict=True)]
    return order.gather(-1, torch.stack(places).to(order.device))[:, 0]
