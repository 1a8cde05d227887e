"""F1 on a sample of dev while training: the model answers, its answers are scored, the weights that score best are kept.

The figure that decides is the mean over corpora and tasks of the F1 of each task's main measures. It is what the run is chosen by,
so the dev sample's F1 is no estimate for unseen text: report F1 on test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from transformers import TrainerCallback

from uie.documents import Document
from uie.extraction.answering import Answerer
from uie.extraction.evaluation import gold_of
from uie.extraction.inputs import read_input
from uie.extraction.predict import PredictSettings, documents_of
from uie.parsing.assembling import Answered
from uie.records.record import Record
from uie.scoring.rules import is_main
from uie.scoring.score import score
from uie.scoring.scores import Scores
from uie.scoring.uncertainty import Interval, bootstrap_mean
from uie.training.settings import F1Settings, TrainSettings

LOGGED = "eval_f1"  # as the Trainer's log calls it


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
    """The figure that decides, with its bootstrap interval, and the F1 of each corpus and measure that it is the mean of."""

    f1: float
    interval: Interval
    parts: Mapping[str, float]

    @classmethod
    def of(cls, scores: Scores) -> "DevFigure":
        rows = [row for row in scores.rows if is_main(row.task, row.measure)]
        tables = [row.per_document.counts for row in rows if row.per_document is not None]
        parts = {f"{row.dataset or 'dev'} {row.task} {row.measure}": row.f1 for row in rows}
        return cls(sum(parts.values()) / len(parts), bootstrap_mean(tables).f1, parts)


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
        save: Callable[[], object],
    ) -> None:
        self._settings = settings
        self._sample = sample
        self._answerer = answerer
        self._process = process
        self._log = log
        self._save = save
        self._worse = 0
        self._last_step = 0
        self.f1: float | None = None
        self.step: int | None = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        """Takes up what a stopped run had found before the checkpoint that this one goes on from."""
        for row in state.log_history:
            if LOGGED in row:
                self._take(row[LOGGED], row["step"])

    def on_step_end(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        assert self._settings.every is not None
        if state.global_step % self._settings.every == 0:
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
        figure = self._sample.score(self._answers())
        parts = {f"{LOGGED}/{name}": f1 for name, f1 in figure.parts.items()}
        self._log({LOGGED: figure.f1, f"{LOGGED}_low": figure.interval.low, f"{LOGGED}_high": figure.interval.high, **parts})
        if self._take(figure.f1, step):
            self._save()

    def _take(self, f1: float, step: int) -> bool:
        """Whether the figure is the best so far."""
        self._last_step = step
        if self.f1 is not None and f1 <= self.f1:
            self._worse += 1
            return False
        self.f1, self.step, self._worse = f1, step, 0
        return True

    def _answers(self) -> dict[str, tuple[str, str]]:
        rank, processes = self._process
        own = self._sample.records[rank::processes]
        answered = [
            (record.id, generation.raw, generation.finish_reason)
            for record, generation in self._answerer.answer(own, batch_size=self._settings.batch_size)
        ]
        shares = [answered] * processes
        if processes > 1:
            torch.distributed.all_gather_object(shares, answered)
        return {id: (raw, finish_reason) for share in shares for id, raw, finish_reason in share}
