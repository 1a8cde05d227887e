"""A model that was asked for by name → something that answers Records. Imports torch only when a model is loaded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from uie.generation import Engine, Generation, Sampling
from uie.records.record import Record

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

DEFAULT_MAX_NEW_TOKENS = 256


@dataclass(frozen=True, slots=True)
class Answerer:
    """A loaded model with the wrapping it was trained with."""

    name: str
    engine: Engine
    tokenizer: "PreTrainedTokenizerBase"
    wrap: str
    max_new_tokens: int
    facts: dict[str, Any]
    "what stands beside every score: engine, dtype, device, wrap"
    questions: dict[str, Any] = field(default_factory=dict)
    "the run's questions.json: what it was trained to answer; {} for a model without a run"

    def answer(self, records: Sequence[Record], *, batch_size: int = 16) -> Iterator[tuple[Record, Generation]]:
        """Each record with its greedy answer, as answers finish (records are sorted by length, so not in their order)."""
        from uie.models.encoding import encode_prompt

        prompts = [encode_prompt(self.tokenizer, record.instruct, record.query, self.wrap) for record in records]
        sampling = Sampling(max_new_tokens=self.max_new_tokens, batch_size=batch_size)
        for index, generation in self.engine.generate(prompts, None, sampling):
            yield records[index], generation

    def stream(self, turns: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Plain chat: the model's next words after these (said, answered) turns, the last one unanswered."""
        from uie.models.encoding import encode_conversation

        prompt = encode_conversation(self.tokenizer, turns, self.wrap)
        yield from self.engine.stream(prompt, Sampling(max_new_tokens=DEFAULT_MAX_NEW_TOKENS))


def room_for(longest: int) -> int:
    """How many tokens an answer may have where the longest training answer has so many."""
    return int(longest * 1.5) + 8


def load_answerer(model: str, *, dtype: str = "auto", max_new_tokens: int | None = None) -> Answerer:
    """Loads what `--model` names (run folder, adapter, model folder, catalogue name, hub id) with the default engine.

    `max_new_tokens` defaults to what the run's longest training answer needs with a half to spare, else 256.

    Raises:
        ModelError: there is no such model.
    """
    from uie.models.sources import resolve, run_questions

    source = resolve(model)  # before torch is imported: a wrong name is told at once
    questions = run_questions(source)
    from uie.models.loading import load_model, load_tokenizer

    tokenizer = load_tokenizer(source)
    loaded = load_model(source, dtype=dtype)
    from uie.generation.transformers_engine import TransformersEngine

    engine = TransformersEngine(loaded, tokenizer)
    wrap = questions.get("wrap") or ("chat" if tokenizer.chat_template else "plain")
    trained = questions.get("max_answer_tokens")
    room = max_new_tokens or (room_for(trained) if trained else DEFAULT_MAX_NEW_TOKENS)
    facts = {
        "engine": "transformers",
        "dtype": str(loaded.dtype).removeprefix("torch."),
        "device": loaded.device.type,
        "wrap": wrap,
    }
    return Answerer(model, engine, tokenizer, wrap, room, {**facts, "max_new_tokens": room}, questions)
