"""`predict`: a file of Records, Documents or text → OUT/generations.jsonl and OUT/predictions.jsonl; goes on where an earlier run stopped."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from uie.documents import document_to_json
from uie.errors import OutputError
from uie.extraction.answering import Answerer, load_answerer
from uie.extraction.inputs import Asking, read_input
from uie.generation import Generation
from uie.models.sources import resolve, run_questions
from uie.parsing.assembling import Answered, predicted_document, shares_document
from uie.records.record import Record
from uie.schema import schema_to_mapping
from uie.settings import to_mapping
from uie.storage import claim_folder, file_hash, parse_object, refuse_in_use, to_line, write_jsonl, write_manifest

Json = dict[str, Any]
_BLOCK = 2048  # records that are sorted by length together: enough for even batches, little enough for any memory


@dataclass(frozen=True, slots=True)
class PredictSettings:
    """Settings of `uie predict`."""

    model: str
    "run folder, adapter folder, model folder, catalogue name or hub id"
    input: Path
    "Records, Documents or plain text (one document a line)"
    out: Path
    "folder for generations.jsonl and predictions.jsonl"
    format: str = ""
    "the format of answers of records that do not name one"
    limit: int | None = None
    "the first N documents of each corpus and split"
    batch_size: int = 16
    "answers generated side by side"
    max_new_tokens: int | None = None
    "longest answer; default: one and a half times the run's longest training answer, else 256"
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    "auto: bfloat16 where the hardware computes in it, else float32"


@dataclass(frozen=True, slots=True)
class PredictSummary:
    """What `predict` wrote. `seconds` is the time spent answering, over all runs that filled the folder."""

    out: Path
    documents: int
    records: int
    seconds: float
    truncated: int
    facts: Json


Progress = Callable[[int, int | None], None]


def predict(
    settings: PredictSettings,
    *,
    asking: Asking | None = None,
    answerer: Answerer | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> PredictSummary:
    """Answers every record of the input, greedily, and parses the answers into predicted Documents, in the input's order.

    Each answer is written as soon as it is there; with `resume` finished records are not asked again. `progress` gets the number
    of records that are done and of all. An `answerer` that is already loaded may be given.

    Raises:
        UIEError: the input, the model or the output folder is wrong; a folder filled under other settings is not resumed.
    """
    if asking is not None:
        asking = asking.as_trained(answerer.questions if answerer else run_questions(resolve(settings.model)))
    records = list(read_input(settings.input, asking=asking, format=settings.format, limit=settings.limit))
    resolved = {**to_mapping(settings), **_asked(asking), "input_sha256": file_hash(settings.input)}
    # Where the file lies and how many answers are generated side by side change no answer.
    resolved = {key: value for key, value in resolved.items() if key not in ("out", "input", "batch_size")}
    if not resume:
        refuse_in_use(settings.out, overwrite=overwrite)
    done = _held(settings.out, resolved) if resume else _Done(settings.out)
    left = [record for record in records if record.id not in done.rows]
    if left and answerer is None:
        answerer = load_answerer(settings.model, dtype=settings.dtype, max_new_tokens=settings.max_new_tokens)
    claim_folder(settings.out, overwrite=overwrite, resume=resume)
    facts, seconds = done.facts, done.seconds
    if left and answerer is not None:
        facts = answerer.facts
        write_manifest(settings.out, "predict", resolved, facts=facts, seconds=seconds, finished=False)
        started = time.monotonic()
        for record, generation in _answer(answerer, left, settings):
            done.add(record, generation)
            progress(len(done.rows), len(records))
        seconds += time.monotonic() - started
    answers = [Answered(record, done.rows[record.id]["raw"], done.rows[record.id]["finish_reason"]) for record in records]
    documents = write_jsonl(settings.out / "predictions.jsonl", (document_to_json(d) for d in documents_of(answers)))
    truncated = sum(answer.finish_reason == "length" for answer in answers)
    counts = {"documents": documents, "records": len(records), "truncated": truncated}
    write_manifest(settings.out, "predict", resolved, facts=facts, seconds=round(seconds, 3), finished=True, counts=counts)
    return PredictSummary(settings.out, documents, len(records), seconds, truncated, facts)


def documents_of(answers: Iterable[Answered]) -> Iterator[Any]:
    """One predicted Document per document, in order of first appearance; its records need not stand together.

    A document that was also asked one of the other tasks (`shares_document`) has a second Document for each of those.
    """
    by_document: dict[tuple[str, str], list[Answered]] = {}
    for answer in answers:
        task = answer.record.task
        by_document.setdefault((answer.record.document_id, "" if shares_document(task) else task), []).append(answer)
    for group in by_document.values():
        yield predicted_document(group)


def _asked(asking: Asking | None) -> Json:
    if asking is None:
        return {}
    asked = {**asdict(asking), "tasks": list(asking.tasks)}  # as JSON gives them back, for `_held` to compare
    return {**asked, "schema": schema_to_mapping(asking.schema)}


def _answer(answerer: Answerer, records: list[Record], settings: PredictSettings) -> Iterator[tuple[Record, Generation]]:
    waiting = iter(records)
    while block := list(islice(waiting, _BLOCK)):
        yield from answerer.answer(block, batch_size=settings.batch_size)


class _Done:
    """The answers that are there, and the file that further ones are appended to."""

    def __init__(self, folder: Path, facts: Json | None = None, seconds: float = 0.0) -> None:
        self.facts = facts or {}
        self.seconds = seconds
        self.rows: dict[str, Json] = {}
        self._path = folder / "generations.jsonl"

    def read(self) -> None:
        """Takes over whole lines; a last line that a kill cut off is removed, and its record asked again."""
        if not self._path.is_file():
            return
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            self._path.write_bytes(whole)
        for number, line in enumerate(whole.decode("utf-8").split("\n")[:-1], 1):
            row = parse_object(line, f"{self._path}:{number}", error=OutputError)
            self.rows[row["record_id"]] = row

    def add(self, record: Record, generation: Generation) -> None:
        row = {"record_id": record.id, **asdict(generation)}
        row["seconds"] = round(generation.seconds, 4)
        if row.get("logprobs") is None:
            row.pop("logprobs", None)
        with self._path.open("a", encoding="utf-8", newline="\n") as out:
            out.write(to_line(row))
        self.rows[record.id] = row


def _held(folder: Path, resolved: Json) -> _Done:
    """What an earlier run left in the folder.

    Raises:
        OutputError: it was filled by something else, or under other settings.
    """
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise OutputError(f"{folder}: nothing to resume: it has no manifest.json; choose another --out.")
        return _Done(folder)
    held = parse_object(manifest.read_text(encoding="utf-8"), str(manifest), error=OutputError)
    was = held.get("settings", {})
    changed = sorted(key for key in {*resolved, *was} if resolved.get(key) != was.get(key))
    if changed:
        key = changed[0]
        raise OutputError(
            f"{folder}: cannot resume: {key} was {was.get(key)!r} and is now {resolved.get(key)!r}; "
            "give the same settings, another --out, or --overwrite."
        )
    done = _Done(folder, held.get("facts"), float(held.get("seconds", 0)))
    done.read()
    return done
