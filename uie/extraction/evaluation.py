"""`evaluate_model`: a model and a file of Records → predictions in the run's eval folder, and Scores against the gold Documents."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from uie.documents import Document, document_from_json
from uie.errors import RecordError, ScoringError
from uie.extraction.answering import Answerer
from uie.extraction.inputs import kind_of_file, read_documents, read_input
from uie.extraction.predict import PredictSettings, PredictSummary, Progress, documents_of, predict
from uie.parsing.assembling import Answered
from uie.records.record import Record
from uie.scoring import RULES
from uie.scoring.analysis import Analysis, analyse
from uie.scoring.score import ALL, AUTO, AnswerPair, Scores
from uie.storage import file_hash, read_jsonl, text_hash

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores and all that reports show of them, with the Documents compared; `gold_from` says where gold came from."""

    analysis: Analysis
    gold: tuple[Document, ...]
    predicted: tuple[Document, ...]
    summary: PredictSummary
    gold_from: str

    @property
    def scores(self) -> Scores:
        return self.analysis.scores


def evaluate_model(
    model: str,
    records: Path,
    *,
    gold: Path | None = None,
    out: Path | None = None,
    rule: str | None = None,
    symmetric: Iterable[str] = (),
    train: Iterable[Document] | None = None,
    format: str = "",
    limit: int | None = None,
    batch_size: int = 16,
    max_new_tokens: int | None = None,
    dtype: Literal["auto", "float32", "bfloat16"] = "auto",
    answerer: Answerer | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """Predicts a file of Records and scores the result.

    The predictions stay in `out`, by default MODEL/eval/HASH (for a model that is no folder: runs/NAME/eval/HASH), where HASH
    stands for the records, the model and the settings: the same evaluation again goes on where it stopped, or only scores.
    Gold is the Documents beside the records (`documents/` as `uie build-data` writes them) or the file `gold`. A three-key file has
    no Documents: gold is then read from its answers and scored by string. Rules of answer strings get the records' gold answers and
    what was generated, as they are. `train` are Documents for a lookup baseline.

    Raises:
        UIEError: no gold belongs to the records, or something that `predict` refuses.
    """
    settings = PredictSettings(model, records, Path(), format, limit, batch_size, max_new_tokens, dtype)
    folder = out or _eval_folder(settings)
    if kind_of_file(records) != "records":
        raise RecordError(f"{records}: expected Records; for Documents or text use uie predict, then uie eval --gold --predicted.")
    summary = predict(
        replace(settings, out=folder), answerer=answerer, resume=not overwrite, overwrite=overwrite, progress=progress
    )
    predicted = tuple(read_documents(folder / "predictions.jsonl"))
    gold_documents, gold_from = gold_of(settings, gold, {document.id for document in predicted})
    rule = rule or ("string" if gold_from == "answers" else AUTO)
    answers = _answer_pairs(settings, folder) if rule == ALL or (rule != AUTO and RULES.get(rule).facts.wording) else []
    analysis = analyse(gold_documents, predicted, rule=rule, answers=answers, symmetric=symmetric, train=train)
    return Evaluation(analysis, gold_documents, predicted, summary, gold_from)


def _answer_pairs(settings: PredictSettings, folder: Path) -> list[AnswerPair]:
    """The records' gold answers with what was generated, for rules that compare strings; none where a record has no gold answer."""
    raw = {row["record_id"]: row["raw"] for _, row in read_jsonl(folder / "generations.jsonl", error=ScoringError)}
    records = list(read_input(settings.input, asking=None, format=settings.format, limit=settings.limit))
    return [
        AnswerPair(record.document_id, record.task, record.format, record.answer, raw[record.id])
        for record in records
        if record.answer is not None and record.id in raw
    ]


def _eval_folder(settings: PredictSettings) -> Path:
    return eval_folder(
        settings.model, file_hash(settings.input), settings.format, settings.limit, settings.max_new_tokens, settings.dtype
    )


def eval_folder(model: str, *key: object) -> Path:
    """MODEL/eval/HASH, for a model that is no folder runs/NAME/eval/HASH; HASH stands for the key and the model's weights."""
    folder = Path(model)
    base = folder if folder.is_dir() else Path("runs") / model.replace("/", "--")
    weights = sorted(
        path for pattern in ("adapter/*.safetensors", "model/*.safetensors", "*.safetensors") for path in folder.glob(pattern)
    )
    marks = [file_hash(path) for path in weights] if folder.is_dir() else []
    return base / "eval" / text_hash(repr((model, *key, marks)))[:12]


def gold_of(settings: PredictSettings, path: Path | None, asked: set[str]) -> tuple[tuple[Document, ...], str]:
    """The gold Documents of the `asked` ids, and where they are from: the file `path`, the one beside the Records, or their answers.

    Raises:
        ScoringError, RecordError: there is no gold, or it lacks a document.
    """
    beside = settings.input.parent / "documents" / settings.input.name
    if path is None and beside.is_file():
        path = beside
    if path is not None:
        found = tuple(document for document in read_documents(path) if document.id in asked)
        if len(found) < len(asked):
            missing = min(asked - {document.id for document in found})
            raise ScoringError(f"{path}: {len(asked) - len(found)} of {len(asked)} documents are not there, such as {missing!r}.")
        return found, str(path)
    records = list(read_input(settings.input, asking=None, format=settings.format, limit=settings.limit))
    if not all(record.is_bare for record in records):
        raise ScoringError(f"{settings.input}: no gold Documents at {beside}; name them with --gold.")
    return tuple(_without_problems(_answered(records))), "answers"


def _answered(records: list[Record]) -> list[Answered]:
    answered = []
    for record in records:
        if record.answer is None:
            raise RecordError(f"record {record.id} has no answer to compare with; name gold Documents with --gold.")
        answered.append(Answered(record, record.answer))
    return answered


def _without_problems(answers: list[Answered]) -> Iterator[Document]:
    for document in documents_of(answers):
        yield replace(document, problems=None, asked=None)


def read_gold_or_predicted(path: Path) -> tuple[Document, ...]:
    """The Documents of a file, or of a `uie predict` folder's predictions.jsonl."""
    if path.is_dir():
        path = path / "predictions.jsonl"
    return tuple(document_from_json(row, where=f"{path}:{number}") for number, row in read_jsonl(path, error=ScoringError))
