"""`run_board`: a board's name and a model, or predictions of its corpora → the table of our figures beside published ones."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from uie.corpora.config import DatasetConfig, load_dataset_config
from uie.corpora.reading import available_splits, is_cut, read_corpus, read_files
from uie.documents import Document, document_to_json
from uie.errors import ScoringError, SettingsError, unknown_name
from uie.extraction.answering import Answerer, questions_of
from uie.extraction.evaluation import answer_pairs, eval_folder, read_gold_or_predicted
from uie.extraction.inputs import Asking, read_input
from uie.extraction.predict import PredictSettings, load_answerer_for, predict
from uie.extraction.walk import Progress
from uie.scoring import RULES
from uie.scoring.boards import BoardCorpus, BoardRun, Scored, blocks, load_board
from uie.scoring.lookup import Lookup
from uie.scoring.scope import AnswerPair
from uie.scoring.score import score
from uie.scoring.scores import Scores, with_intervals
from uie.scoring.uncertainty import RESAMPLES
from uie.storage import text_hash, write_jsonl

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """One corpus of a board: its config, its gold Documents, and how many there would be without a limit."""

    corpus: BoardCorpus
    config: DatasetConfig
    gold: tuple[Document, ...]
    all: int

    @property
    def tasks(self) -> tuple[str, ...]:
        return self.corpus.tasks or self.config.tasks

    @property
    def why_not(self) -> str:
        """Why no published figure is of these documents."""
        reasons = []
        if is_cut(self.config, self.corpus.split) and not self.corpus.whole:
            reasons.append("a split that was cut by uie, of which nothing is published")
        if len(self.gold) < self.all:
            reasons.append(f"the first {len(self.gold)} of {self.all} documents")
        return "; ".join(reasons)


def run_board(
    name: str,
    *,
    model: str = "",
    predicted: Path | None = None,
    data_root: Path | None = None,
    limit: int | None = None,
    out: Path | None = None,
    system: str = "",
    format: str = "",
    batch_size: int = 16,
    max_new_tokens: int | None = None,
    dtype: Literal["auto", "float32", "bfloat16"] = "auto",
    resamples: int = RESAMPLES,
    answerer: Answerer | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> BoardRun:
    """Scores a model, or predictions, on the corpora of a board, with the lookup baseline, beside what was published.

    A model is asked in the wording and format it was trained in; its predictions stay in `out`, by default MODEL/eval/HASH, and the
    same call goes on where it stopped. `predicted` is a file or folder of predicted Documents of the board's corpora (of one folder a
    corpus, or of all in one); others in it are passed over. `system` is what the table calls it; default: the model or the path.

    Raises:
        SettingsError: not one of `model` and `predicted` is given, or the board's settings do not fit a corpus.
        UIEError: a corpus cannot be read, or something that `predict` or `score` refuses.

    >>> print_board(run_board("sample", model="runs/sample"))  # doctest: +SKIP
    """
    if bool(model) == (predicted is not None):
        raise SettingsError("a board needs either a model or predictions; give one of --model and --predicted.")
    board = load_board(name)
    parts = [_part(one, data_root, limit) for one in board.corpora]
    runner: _Model | _Given
    if predicted is None:
        out = out or eval_folder(model, "board", board.name, *_marks(parts), format, limit, max_new_tokens, dtype)
        settings = PredictSettings(model, Path(), Path(), format, None, batch_size, max_new_tokens, dtype)
        runner = _Model(settings, out, answerer, several=len(parts) > 1, overwrite=overwrite, progress=progress)
    else:
        runner = _Given(predicted)
    results, notes = [], list[str]()
    for part in parts:
        documents, answers = runner.answers(part)
        scores = {rule: with_intervals(_scored(part, documents, rule, answers), resamples=resamples) for rule in board.rules}
        baseline = _baseline(part, documents, board.rules, data_root, resamples, notes)
        results.append(Scored(part.corpus, len(part.gold), scores, baseline, part.why_not, part.config.name))
        notes += [note for one in scores.values() for note in one.notes]
        if part.why_not:
            notes.append(f"{part.config.name}: {part.why_not}.")
    system = system or model or str(predicted)
    table = blocks(board, results, system=system)
    facts = {"board": board.name, "model": model or None, "predicted": predicted and str(predicted), **runner.facts}
    return BoardRun(board, system, tuple(results), table, tuple(dict.fromkeys(notes)), facts, runner.seconds, out)


def _part(corpus: BoardCorpus, data_root: Path | None, limit: int | None) -> _Part:
    config = load_dataset_config(corpus.corpus)
    if corpus.split not in available_splits(config):
        raise SettingsError(f"{config.name}: {unknown_name('split', corpus.split, available_splits(config))}")
    if corpus.whole and corpus.split not in config.splits:
        raise SettingsError(f"{config.name}: the split {corpus.split!r} has no files of its own, which `whole` asks for.")
    if other := sorted(set(corpus.tasks) - set(config.tasks)):
        raise SettingsError(f"{config.name}: tasks: the corpus annotates {', '.join(config.tasks)}, not {', '.join(other)}.")
    read = read_files if corpus.whole else read_corpus
    gold = tuple(read(config, corpus.split, data_root=data_root))
    return _Part(corpus, config, gold if limit is None else gold[:limit], len(gold))


def _marks(parts: Iterable[_Part]) -> list[str]:
    return [text_hash("\n".join(f"{d.id}\t{d.text}" for d in part.gold))[:12] for part in parts]


def _scored(part: _Part, predicted: Sequence[Document], rule: str, answers: Sequence[AnswerPair]) -> Scores:
    try:
        return score(part.gold, predicted, rule=rule, answers=answers if RULES.get(rule).facts.wording else ())
    except ScoringError as error:
        raise ScoringError(f"{part.config.name}: {error}") from None


def _baseline(
    part: _Part, predicted: Sequence[Document], rules: Iterable[str], data_root: Path | None, resamples: int, notes: list[str]
) -> dict[str, Scores]:
    """The lookup baseline on what was asked; none where the corpus has no training documents."""
    if "train" not in available_splits(part.config) or part.corpus.split == "train":
        notes.append(f"{part.config.name}: no training documents, so no lookup baseline.")
        return {}
    lookup = Lookup.learn(read_corpus(part.config, "train", data_root=data_root))
    asked = {document.id: document.asked for document in predicted}
    found = [lookup.predict(document, asked.get(document.id)) for document in part.gold]
    return {rule: with_intervals(score(part.gold, found, rule=rule), resamples=resamples) for rule in rules}


class _Model:
    """Predicts with a model, which is loaded once."""

    def __init__(
        self, settings: PredictSettings, out: Path, answerer: Answerer | None, *, several: bool, overwrite: bool, progress: Progress
    ) -> None:
        self.facts: Json = {}
        self.seconds: float | None = 0.0
        self._settings, self._out, self._overwrite, self._progress = settings, out, overwrite, progress
        if answerer is None and several:
            answerer = load_answerer_for(settings)
        self._answerer = answerer

    def answers(self, part: _Part) -> tuple[tuple[Document, ...], list[AnswerPair]]:
        folder = self._out / part.config.name
        gold = folder / "gold.jsonl"
        write_jsonl(gold, (document_to_json(document) for document in part.gold))
        trained = self._answerer.questions if self._answerer else questions_of(self._settings.model, url=self._settings.url)
        asking = Asking(part.tasks, part.config.schema(), self._settings.format).as_trained(trained)
        done = predict(
            replace(self._settings, input=gold, out=folder / "predicted"),
            asking=asking,
            answerer=self._answerer,
            as_annotated=True,  # of types that nobody looked for, no prediction is known to be right or wrong
            resume=not self._overwrite,
            overwrite=self._overwrite,
            progress=self._progress,
        )
        self.facts = done.facts
        self.seconds = (self.seconds or 0.0) + done.seconds
        return read_gold_or_predicted(done.out), answer_pairs(read_input(gold, asking=asking), done.out)


class _Given:
    """Takes predictions that are there."""

    def __init__(self, path: Path) -> None:
        self.facts: Json = {}
        self.seconds: float | None = None
        self._path = path

    def answers(self, part: _Part) -> tuple[tuple[Document, ...], list[AnswerPair]]:
        corpus, ids = part.config.name, {document.id for document in part.gold}
        places = [self._path / corpus / "predicted", self._path / corpus, self._path / f"{corpus}.jsonl", self._path]
        path = next(place for place in places if place.exists() or place == self._path)
        found = tuple(document for document in read_gold_or_predicted(path) if document.id in ids)
        if not found:
            raise ScoringError(
                f"{path}: no prediction of {corpus}, split {part.corpus.split}: none of its ids, such as {min(ids)!r}, is there."
            )
        return found, []
