"""`evaluate_model`: a model and a file of Records → predictions in the run's eval folder, and Scores against the gold Documents."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from uie.documents import Document, MentionError, document_from_json, document_to_json
from uie.errors import RecordError, ScoringError
from uie.extraction.answering import Answerer
from uie.extraction.confidence import read_calibration
from uie.extraction.folders import weight_hashes
from uie.extraction.inputs import kind_of_file, read_documents, read_input
from uie.extraction.predict import PredictSettings, PredictSummary, predict
from uie.extraction.walk import Progress, documents_of
from uie.parsing.assembling import Answered
from uie.records.record import Record
from uie.scoring import RULES
from uie.scoring.analysis import Analysis, analyse
from uie.scoring.scope import AnswerPair
from uie.scoring.score import ALL, AUTO
from uie.scoring.scores import Scores
from uie.storage import file_hash, read_jsonl, text_hash, write_jsonl

Json = dict[str, Any]
_NOT_TOGETHER = "the answers to the document's questions could not be put together; failed.jsonl says why."


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The scores and all that reports show of them, with the Documents compared; `gold_from` says where gold came from.

    `uncalibrated` are the predicted Documents with the confidences that a run's calibration has not changed; none where there are none.
    """

    analysis: Analysis
    gold: tuple[Document, ...]
    predicted: tuple[Document, ...]
    summary: PredictSummary
    gold_from: str
    uncalibrated: tuple[Document, ...] = ()

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
    engine: str = "transformers",
    device: str = "auto",
    url: str = "",
    constrain: bool = False,
    confidence: bool = False,
    answerer: Answerer | None = None,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> Evaluation:
    """Predicts a file of Records and scores the result.

    The predictions stay in `out`, by default MODEL/eval/HASH (for a model that is no folder: runs/NAME/eval/HASH), where HASH
    stands for the records, the model, its server where one is asked, and the settings: the same evaluation again goes on where it
    stopped, or only scores. Gold is the Documents beside the records (`documents/` as `uie build-data` writes them) or the file `gold`.
    A three-key file has no Documents: gold is then read from its answers and scored by string. Rules of answer strings get the
    records' gold answers and what was generated, as they are. `train` are Documents for a lookup baseline. All documents that were
    asked are scored: what got no answer counts as nothing found, and the scores' notes say how much that is.

    Raises:
        UIEError: no gold belongs to the records, or something that `predict` refuses.
    """
    settings = PredictSettings(
        model,
        records,
        Path(),
        format,
        limit,
        batch_size,
        max_new_tokens,
        dtype,
        engine,
        device,
        url,
        constrain=constrain,
        confidence=confidence,
    )
    folder = out or _eval_folder(settings)
    if kind_of_file(records) != "records":
        raise RecordError(f"{records}: expected Records; for Documents or text use uie predict, then uie eval --gold --predicted.")
    asked = _records(settings)  # a line that cannot be read is an error here: scores are of all that was meant to be asked
    summary = predict(
        replace(settings, out=folder), answerer=answerer, resume=not overwrite, overwrite=overwrite, progress=progress
    )
    gold_documents, gold_from = gold_of(settings, gold, {record.document_id for record in asked})
    answered = tuple(read_documents(folder / "predictions.jsonl"))
    lost = tuple(_unanswered(asked, answered, gold_documents))
    predicted = (*answered, *lost)
    if lost:  # who compares files, or draws a report anew, is to count them too
        write_jsonl(folder / "predictions.jsonl", map(document_to_json, predicted))
    rule = rule or ("string" if gold_from == "answers" else AUTO)
    answers = answer_pairs(asked, folder) if rule == ALL or (rule != AUTO and RULES.get(rule).facts.wording) else []
    whole = _without(lost, asked)
    found = (*uncalibrated(whole, folder, constrained=constrain), *lost) if confidence else ()
    analysis = analyse(
        gold_documents,
        predicted,
        rule=rule,
        answers=answers,
        symmetric=symmetric,
        train=train,
        uncalibrated=found if read_calibration(model) else (),
    )
    scores = replace(analysis.scores, notes=(*_failures(summary), *analysis.scores.notes))
    return Evaluation(replace(analysis, scores=scores), gold_documents, predicted, summary, gold_from, found)


def _unanswered(asked: Iterable[Record], predicted: Iterable[Document], gold: Iterable[Document]) -> Iterator[Document]:
    """What counts as predicted of documents that are not among the predicted ones, as their answers did not fit together: nothing."""
    there = {document.id for document in predicted}
    left = [Answered(record, "", failed=_NOT_TOGETHER) for record in asked if record.document_id not in there]
    yield from documents_of(left, {document.id: document.text for document in gold})


def _without(lost: Iterable[Document], asked: Iterable[Record]) -> list[Record]:
    ids = {document.id for document in lost}
    return [record for record in asked if record.document_id not in ids]


def _failures(summary: PredictSummary) -> Iterator[str]:
    if summary.failed:
        some = "1 question or document has" if summary.failed == 1 else f"{summary.failed:,} questions or documents have"
        yield f"{some} no answer, and nothing was found there: such as {summary.first_failure}"


def uncalibrated(records: Iterable[Record], folder: Path, *, constrained: bool) -> Iterator[Document]:
    """What a `uie predict` folder has generated for the records, as predicted Documents that no calibration has changed."""
    rows = {row["record_id"]: row for _, row in read_jsonl(folder / "generations.jsonl", error=ScoringError)}
    answers = []
    for record in records:
        row = rows.get(record.id)
        if row is None:
            answers.append(Answered(record, "", failed="no answer came"))
        else:
            sure = row.get("logprobs"), row.get("ends")
            answers.append(Answered(record, row["raw"], row["finish_reason"], *sure, constrained=constrained))
    yield from documents_of(answers)


def _records(settings: PredictSettings) -> list[Record]:
    return list(read_input(settings.input, asking=None, format=settings.format, limit=settings.limit))


def answer_pairs(records: Iterable[Record], folder: Path) -> list[AnswerPair]:
    """The records' gold answers with what a `uie predict` folder says was generated, "" where that failed.

    A record without a gold answer has no pair.
    """
    raw = {row["record_id"]: row["raw"] for _, row in read_jsonl(folder / "generations.jsonl", error=ScoringError)}
    return [
        AnswerPair(record.document_id, record.task, record.format, record.answer, raw.get(record.id, ""))
        for record in records
        if record.answer is not None
    ]


def _eval_folder(settings: PredictSettings) -> Path:
    key = (file_hash(settings.input), settings.format, settings.limit, settings.max_new_tokens, settings.dtype)
    others = (settings.engine, settings.constrain, settings.logprobs)
    is_plain = others == ("transformers", False, False)  # folders of such evaluations are called as they always were
    server = (settings.url,) if settings.url else ()
    return eval_folder(settings.model, *key, *(() if is_plain else others), *server)


def eval_folder(model: str, *key: object) -> Path:
    """MODEL/eval/HASH, for a model that is no folder runs/NAME/eval/HASH; HASH stands for the key and the model's weights."""
    folder = Path(model)
    base = folder if folder.is_dir() else Path("runs") / model.replace("/", "--")
    return base / "eval" / text_hash(repr((model, *key, weight_hashes(model))))[:12]


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
    records = _records(settings)
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
    """The Documents of a file, or of a `uie predict` folder's predictions.jsonl.

    Raises:
        ScoringError: mentions are not what stands in their text; it counts them and guesses the convention of their offsets.
        DocumentError: a line is no Document for another reason.
    """
    if path.is_dir():
        path = path / "predictions.jsonl"
    try:
        return tuple(document_from_json(row, where=f"{path}:{number}") for number, row in read_jsonl(path, error=ScoringError))
    except MentionError:
        if told := _misplaced(path):
            raise ScoringError(told) from None
        raise


# How others count offsets: the text's encoding, its bytes in one unit, and what is to be added to an end.
_OURS = ("utf-32-le", 4, 0)
_OTHERS = {
    "ends are inclusive": ("utf-32-le", 4, 1),
    "offsets are UTF-16 code units": ("utf-16-le", 2, 0),
    "offsets are UTF-8 bytes": ("utf-8", 1, 0),
}


def _misplaced(path: Path) -> str:
    """What to say of a file's misplaced mentions; nothing where a line is wrong in another way too."""
    mentions, wrong, first = 0, 0, ""
    fits = Counter[str]()
    try:
        for number, row in read_jsonl(path, error=ScoringError):
            encoded = {encoding: row["text"].encode(encoding) for encoding, *_ in (_OURS, *_OTHERS.values())}
            for mention in _grounded(row):
                mentions += 1
                if _stands(mention, encoded, *_OURS):
                    continue
                wrong += 1
                first = (
                    first or f"document {row['id']!r} (line {number}): {mention['text']!r} at {mention['start']}..{mention['end']}"
                )
                fits.update(name for name, counted in _OTHERS.items() if _stands(mention, encoded, *counted))
    except (ScoringError, KeyError, TypeError, ValueError, AttributeError):
        return ""
    if not wrong:
        return ""
    guess, fitting = (fits.most_common(1) or [("", 0)])[0]
    told = "" if 2 * fitting <= wrong else f"; {_how_many(fitting, wrong)} if {guess}"
    says = "is not what stands in its text" if wrong == 1 else "are not what stands in their text"
    return (
        f"{path}: {wrong:,} of {mentions:,} mentions {says}, first in {first}{told}; "
        f"offsets are half-open, in Unicode code points: {'convert' if told else 'correct'} them."
    )


def _how_many(fitting: int, wrong: int) -> str:
    if fitting < wrong:
        return f"{fitting:,} of {wrong:,} fit"
    return "it fits" if wrong == 1 else "all fit"


def _grounded(row: Json) -> Iterator[Json]:
    """The mentions of a Document's JSON that say where they stand."""
    items = list(row.get("entities") or ())
    for event in row.get("events") or ():
        items += [event.get("trigger") or {}, *(event.get("arguments") or ())]
    yield from (item for item in items if item.get("start") is not None)


def _stands(mention: Json, encoded: Mapping[str, bytes], encoding: str, unit: int, more: int) -> bool:
    text = encoded[encoding]
    spans = [(unit * start, unit * (end + more)) for start, end in mention.get("fragments") or [(mention["start"], mention["end"])]]
    if not all(0 <= start < end <= len(text) for start, end in spans):
        return False
    stated: bytes = mention["text"].encode(encoding)
    return " ".encode(encoding).join(text[start:end] for start, end in spans) == stated
