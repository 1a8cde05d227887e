"""A model that was asked for by name → something that answers Records. Imports torch only when a model is loaded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from uie.errors import ModelError
from uie.formats import format_for
from uie.formats.grammar import Grammar
from uie.generation import ENGINES, Engine, EngineOptions, Failed, Generation, Sampling, Turns
from uie.records.record import Record, prompt_text

DEFAULT_MAX_NEW_TOKENS = 256
_AS_IT_IS = EngineOptions()


@dataclass(frozen=True, slots=True)
class Answerer:
    """A loaded model, and how it is asked."""

    name: str
    engine: Engine
    sampling: Sampling
    constrain: bool = False
    "whether answers are held to their format, their schema and their text"
    questions: dict[str, Any] = field(default_factory=dict)
    "the run's questions.json: what it was trained to answer; {} for a model without a run"

    @property
    def facts(self) -> dict[str, Any]:
        """What stands beside every score."""
        return {**self.engine.facts, "max_new_tokens": self.sampling.max_new_tokens, "constrained": self.constrain}

    def answer(self, records: Sequence[Record], *, batch_size: int = 16) -> Iterator[tuple[Record, Generation | Failed]]:
        """Each record with its answer, as answers finish (records are sorted by length, so not in their order).

        Raises:
            ModelError: the engine cannot do what is asked of it at all.
        """
        grammars = [grammar_of(record) for record in records] if self.constrain else None
        sampling = replace(self.sampling, batch_size=batch_size)
        for index, generation in self.engine.generate([turns_of(record) for record in records], grammars, sampling):
            yield records[index], generation

    def stream(self, turns: Turns) -> Iterator[str]:
        """Plain chat: the model's next words after these turns."""
        yield from self.engine.stream(turns, Sampling(max_new_tokens=DEFAULT_MAX_NEW_TOKENS))


def turns_of(record: Record) -> Turns:
    """The question as a conversation that has not been answered."""
    return [(prompt_text(record.instruct, record.query), "")]


def grammar_of(record: Record) -> Grammar:
    """Every right answer to the record, and nothing else."""
    return format_for(record.format, record.task).grammar(record.question())


def room_for(longest: int) -> int:
    """How many tokens an answer may have where the longest training answer has so many."""
    return int(longest * 1.5) + 8


def questions_of(model: str, *, url: str = "") -> dict[str, Any]:
    """What the run was trained to answer; {} for a model without a run, and for one that only the server at `url` knows.

    Raises:
        ModelError: there is no such model.
    """
    from uie.models.sources import resolve, run_questions

    try:
        return run_questions(resolve(model))
    except ModelError:
        if url and not Path(model).expanduser().exists():
            return {}
        raise


def load_answerer(
    model: str,
    *,
    engine: str = "transformers",
    options: EngineOptions = _AS_IT_IS,
    max_new_tokens: int | None = None,
    constrain: bool = False,
    logprobs: bool = False,
) -> Answerer:
    """Loads what `--model` names (run folder, adapter, model folder, catalogue name, hub id) with an engine.

    `max_new_tokens` defaults to what the run's longest training answer needs with a half to spare, else 256.

    Raises:
        ModelError: there is no such model, or the engine cannot run it.
    """
    questions = questions_of(model, url=options.url)  # before torch is imported: a wrong name is told at once
    trained = questions.get("max_answer_tokens")
    room = max_new_tokens or (room_for(trained) if trained else DEFAULT_MAX_NEW_TOKENS)
    loaded = ENGINES.get(engine)(model, options)
    return Answerer(model, loaded, Sampling(max_new_tokens=room, logprobs=logprobs), constrain, questions)
