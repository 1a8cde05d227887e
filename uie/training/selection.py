"""F1 on a sample of dev while training: the model answers, its answers are scored, the weights that score best are kept.

The figure that decides is the mean over corpora and tasks of the F1 of each task's main measures. It is what the run is chosen by,
so the dev sample's F1 is no estimate for unseen text: report F1 on test.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from transformers import TrainerCallback

from uie.documents import Document
from uie.extraction.answering import Answerer
from uie.extraction.evaluation import gold_of
from uie.extraction.inputs import read_input
from uie.extraction.predict import PredictSettings
from uie.extraction.walk import documents_of
from uie.generation import Failed
from uie.parsing.assembling import Answered
from uie.records.record import Record
from uie.scoring.rules import is_main
from uie.scoring.score import score
from uie.scoring.scores import Scores
from uie.scoring.uncertainty import Interval, bootstrap_mean
from uie.training.memory import answered_by_less
from uie.training.saving import Selected
from uie.training.settings import F1Settings, TrainSettings

# As the Trainer's log calls them; its callbacks for TensorBoard and others make "eval/f1" of it, "eval/f1/wnut17 NER entities" of a part.
LOGGED = "eval_f1"
LOGGED_TYPE = "eval_f1_of_type"


@dataclass(frozen=True, slots=True)
class DevSample:
    """Records of the first dev documents of each corpus, with these documents."""

    records: tuple[Record, ...]
    gold: tuple[Document, ...]
    rule: str

    @classmethod
    def read(cls, settings: TrainSettings) -> "DevSample":
        """Gold is the Documents beside the dev Records, or their answers where there are none.

        Raises:
            UIEError: no gold belongs to the Records, or it cannot be scored by the rule.
        """
        assert settings.dev is not None
        f1 = settings.f1
        asking = PredictSettings(settings.model, settings.dev, settings.out, f1.format, f1.documents)
        records = tuple(read_input(settings.dev, asking=None, format=f1.format, limit=f1.documents))
        gold, _ = gold_of(asking, None, {record.document_id for record in records})
        sample = cls(records, gold, f1.rule)
        sample.score({record.id: ("", "stop") for record in records})  # what cannot be scored is told before any step is taken
        return sample

    def score(self, answers: Mapping[str, tuple[str, str]]) -> "DevFigure":
        """`answers` are what was generated and why it ended, by record id."""
        answered = (Answered(record, *answers[record.id]) for record in self.records)
        return DevFigure.of(score(self.gold, list(documents_of(answered)), rule=self.rule))


@dataclass(frozen=True, slots=True)
class DevFigure:
    """The figure that decides, with its bootstrap interval, and the F1 of each corpus and measure that it is the mean of.

    `types` are the F1 of each type that gold has, by the same names; a measure without types is not among them.
    """

    f1: float
    interval: Interval
    parts: Mapping[str, float]
    types: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    @classmethod
    def of(cls, scores: Scores) -> "DevFigure":
        rows = [row for row in scores.rows if is_main(row.task, row.measure)]
        tables = [row.per_document.counts for row in rows if row.per_document is not None]
        named = {f"{row.dataset or 'dev'} {row.task} {row.measure}": row for row in rows}
        parts = {name: row.f1 for name, row in named.items()}
        types = {name: {type: of.f1 for type, of in row.by_type.items() if of.gold} for name, row in named.items()}
        types = {name: figures for name, figures in types.items() if figures}
        return cls(sum(parts.values()) / len(parts), bootstrap_mean(tables).f1, parts, types)

    def logged(self) -> dict[str, float]:
        """As the Trainer's log takes it: one number a key."""
        parts = {f"{LOGGED}/{name}": f1 for name, f1 in self.parts.items()}
        types = {f"{LOGGED_TYPE}/{name}/{type}": f1 for name, figures in self.types.items() for type, f1 in figures.items()}
        return {LOGGED: self.f1, f"{LOGGED}_low": self.interval.low, f"{LOGGED}_high": self.interval.high, **parts, **types}


def parts_and_types(logged: Mapping[str, float]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """`DevFigure.parts` and `DevFigure.types` out of what was logged."""
    parts = {key.removeprefix(f"{LOGGED}/"): f1 for key, f1 in logged.items() if key.startswith(f"{LOGGED}/")}
    types: dict[str, dict[str, float]] = {}
    longest_first = sorted(parts, key=len, reverse=True)  # a name may hold "/", and begin another
    for key, f1 in logged.items():
        of = next((name for name in longest_first if key.startswith(f"{LOGGED_TYPE}/{name}/")), None)
        if of is not None:
            types.setdefault(of, {})[key.removeprefix(f"{LOGGED_TYPE}/{of}/")] = f1
    return parts, types


class SelectByF1(TrainerCallback):
    """Answers the sample every so many steps and at the end; `save` is called where the figure is the best so far.

    Every process answers its share and knows all answers, so that all decide alike. Nothing random is drawn and the weights are not
    touched: a run takes the same steps with it as without.
    """

    def __init__(
        self,
        settings: F1Settings,
        sample: DevSample,
        answerer: Answerer,
        *,
        process: tuple[int, int],
        log: Callable[[dict[str, float]], None],
        save: Callable[[Selected], object],
        kept: Selected | None = None,
        paused: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
    ) -> None:
        """`kept` is what a stopped run's weights were kept for. `paused` is entered while answers are made and weights are kept: that
        time is not training's.
        """
        self._settings = settings
        self._sample = sample
        self._answerer = answerer
        self._process = process
        self._log = log
        self._save = save
        self._paused = paused
        self._worse = 0
        self._last_step = 0
        self._best = -1.0
        self.kept = kept

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Takes up what a stopped run had found before the checkpoint that this one goes on from."""
        for row in state.log_history:
            if LOGGED in row:
                self._take(row[LOGGED], row["step"])

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """The last step is among them: after training, MLflow's run would have ended."""
        assert self._settings.every is not None
        if state.global_step % self._settings.every == 0 or state.global_step >= state.max_steps:
            should_log = control.should_log
            self.evaluate(state.global_step)
            control.should_log = should_log  # the Trainer takes the loss for told once anything is logged
            patience = self._settings.patience
            if patience is not None and self._worse >= patience:
                control.should_training_stop = True

    def evaluate(self, step: int) -> None:
        """Answers and scores, unless that was done at this step already."""
        if step == self._last_step:
            return
        with self._paused():
            figure = self._sample.score(self._answers())
            self._log(figure.logged())
            self._take(figure.f1, step)
            # What is kept may be of a step behind the checkpoint that this run goes on from, and as good as it gets.
            if self.kept is None or figure.f1 > self.kept.f1:
                self.kept = Selected(step, figure.f1)
                self._save(self.kept)

    def _take(self, f1: float, step: int) -> None:
        self._last_step = step
        self._worse = 0 if f1 > self._best else self._worse + 1
        self._best = max(self._best, f1)

    def _answers(self) -> dict[str, tuple[str, str]]:
        rank, processes = self._process
        own = self._sample.records[rank::processes]
        found = answered_by_less(
            lambda records, batch_size: self._answerer.answer(records, batch_size=batch_size), own, self._settings.batch_size
        )
        # What could not be answered (a prompt longer than the model takes) found nothing.
        answered = [
            (record.id, "", "stop") if isinstance(answer, Failed) else (record.id, answer.raw, answer.finish_reason)
            for record, answer in found
        ]
        shares = [answered] * processes
        if processes > 1:
            torch.distributed.all_gather_object(shares, answered)
        return {id: (raw, finish_reason) for share in shares for id, raw, finish_reason in share}
