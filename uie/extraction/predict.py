"""`predict`: an input of any size → OUT/generations.jsonl, OUT/predictions.jsonl, OUT/failed.jsonl; goes on where an earlier run stopped."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from uie.documents import Document, document_to_json
from uie.errors import SettingsError
from uie.extraction.answering import Answerer, load_answerer, questions_of
from uie.extraction.confidence import calibrated, keep_confident, read_calibration
from uie.extraction.folders import (
    FAILED,
    PREDICTIONS,
    check_facts,
    first_failure,
    held_manifest,
    input_facts,
    take_from_workers,
    weights_mark,
)
from uie.extraction.generations import Generations
from uie.extraction.inputs import Asking
from uie.extraction.long_documents import Measure, Reading
from uie.extraction.sharding import Shard
from uie.extraction.sources import STREAM, Sources
from uie.extraction.walk import Progress, Walk
from uie.generation import EngineOptions
from uie.schema import schema_to_mapping
from uie.settings import to_mapping
from uie.storage import claim_folder, refuse_in_use, to_line, write_jsonl, write_manifest

Json = dict[str, Any]
_BLOCK = 2048  # records that are sorted by length together: enough for even batches, little enough for any memory


@dataclass(frozen=True, slots=True)
class PredictSettings:
    """Settings of `uie predict`."""

    model: str
    "run folder, adapter folder, model folder, catalogue name or hub id"
    input: Path
    "Records, Documents or plain text (one document a line); - is standard input"
    out: Path
    "folder for generations.jsonl, predictions.jsonl and failed.jsonl"
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
    engine: str = "transformers"
    "what runs the model"
    device: str = "auto"
    "where it runs"
    url: str = ""
    "the address of a server, for an engine that asks one"
    constrain: bool = False
    "whether answers are held to their format, their schema and their text"
    confidence: bool = False
    "whether log-probabilities are kept, from which items get their confidence"
    min_confidence: Mapping[str, float] = field(default_factory=dict)
    'the confidence below which items are left out, by type; "" stands for all others'
    window: int | None = None
    "longest text of one question in tokens; default: what fits the model"
    overlap: int = 0
    "tokens that a window repeats of the one before it"
    passes: int = 1
    "how often each question is asked; all passes but the first draw their answers, and what any of them finds counts"
    shard: str = ""
    "one of several parts of the input, such as 2/8"

    @property
    def logprobs(self) -> bool:
        """Whether the model is asked for log-probabilities."""
        return self.confidence or bool(self.min_confidence)


_CHANGES_NO_ANSWER = ("out", "input", "batch_size", "device", "min_confidence")


@dataclass(frozen=True, slots=True)
class PredictSummary:
    """What `predict` wrote. `seconds` is the time spent answering, over all runs that filled the folder.

    `failed` counts records that got no answer, and lines and documents that could not be asked; `first_failure` says why.
    """

    out: Path
    documents: int
    records: int
    seconds: float
    truncated: int
    facts: Json
    failed: int = 0
    first_failure: str = ""


def predict(
    settings: PredictSettings,
    *,
    asking: Asking | None = None,
    answerer: Answerer | None = None,
    as_annotated: bool = False,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> PredictSummary:
    """Answers every record of the input and parses the answers into predicted Documents, in the input's order.

    Each answer is written as soon as it is there. With `resume` what has an answer is not asked again; what failed is, and a question that
    reads otherwise since the input has changed. An `answerer` that is already loaded may be given. Documents are asked everything;
    `as_annotated` asks each only what its annotators were asked.

    Raises:
        UIEError: the input, the model or the output folder is wrong; a folder filled under other settings is not resumed.
    """
    asking, sources = opened(settings, asking, answerer, as_annotated=as_annotated)
    resolved = resolved_settings(settings, asking)
    if not resume:
        refuse_in_use(settings.out, overwrite=overwrite)
    held = held_manifest(settings.out, resolved) if resume else {}
    take_from_workers(settings.out, held)
    load = cache(lambda: _loaded(settings, answerer, held.get("facts", {})))
    facts = {"facts": held.get("facts") or load().facts, "seconds": held.get("seconds", 0.0), **input_facts(settings.input)}
    claim_folder(settings.out, overwrite=overwrite, resume=resume)  # behind loading: first is told what is wrong with the model
    with closing(Generations(settings.out)) as generations:
        write_manifest(settings.out, "predict", resolved, **facts, finished=False)
        walk = _walk(settings, asking, sources, load, generations, failed=_written(settings.out / FAILED), progress=progress)
        documents = write_jsonl(settings.out / PREDICTIONS, map(document_to_json, walk.documents()))
    if load.cache_info().currsize:
        facts["facts"] = load().facts
    tally = walk.tally
    facts["seconds"] = round(facts["seconds"] + tally.seconds, 3)
    counts = {"documents": documents, "records": tally.records, "truncated": tally.truncated, "failed": tally.failed}
    write_manifest(settings.out, "predict", resolved, **facts, finished=True, counts=counts)
    return summary_of(settings.out, {**facts, "counts": counts})


def _loaded(settings: PredictSettings, answerer: Answerer | None, held: Mapping[str, Any]) -> Answerer:
    """The model; `held` are the facts of the one that has filled the folder so far."""
    found = answerer or load_answerer_for(settings)
    check_facts(settings.out, held, found.facts)
    return found


def predicted_documents(
    settings: PredictSettings,
    *,
    asking: Asking | None = None,
    answerer: Answerer | None = None,
    failed: Callable[[Json], None] = lambda row: None,
) -> Iterator[Document]:
    """The predicted Documents of the input one by one, as they get done: from a stream, batch by batch. No folder is written.

    `failed` is told what gets no answer, as a row of `failed.jsonl`.

    Raises:
        UIEError: the input or the model is wrong.
    """
    asking, sources = opened(settings, asking, answerer)
    load = cache(lambda: answerer or load_answerer_for(settings))
    yield from _walk(settings, asking, sources, load, Generations(None), failed=failed).documents()


def opened(
    settings: PredictSettings, asking: Asking | None, answerer: Answerer | None = None, *, as_annotated: bool = False
) -> tuple[Asking | None, Sources]:
    """What is asked, as the model was trained to be, and what it is asked about.

    Raises:
        UIEError: there is no such model or input, or they do not go together.
    """
    sources = Sources(
        settings.input,
        asking=asking is not None,
        lang=asking.schema.lang if asking else "en",
        format=settings.format,
        limit=settings.limit,
        shard=Shard.parse(settings.shard),
        as_annotated=as_annotated,
    )
    if sources.kind == "records":
        for name in ("window", "overlap"):
            if getattr(settings, name):
                raise SettingsError(f"{settings.input} holds Records, which were cut when they were built; leave --{name} out.")
    if asking is not None:
        asking = asking.as_trained(answerer.questions if answerer else questions_of(settings.model, url=settings.url))
        asking.askers()  # what cannot be asked is told before anything is loaded
    return asking, sources


def load_answerer_for(settings: PredictSettings) -> Answerer:
    """The model that the settings name.

    Raises:
        ModelError: there is none, or the engine cannot run it.
    """
    return load_answerer(
        settings.model,
        engine=settings.engine,
        options=EngineOptions(dtype=settings.dtype, device=settings.device, url=settings.url),
        max_new_tokens=settings.max_new_tokens,
        constrain=settings.constrain,
        logprobs=settings.logprobs,
    )


def _walk(
    settings: PredictSettings,
    asking: Asking | None,
    sources: Sources,
    load: Callable[[], Answerer],
    generations: Generations,
    *,
    failed: Callable[[Json], None],
    progress: Progress = lambda done, total: None,
) -> Walk:
    askers = asking.askers() if asking else []
    return Walk(
        sources,
        load,
        cache(lambda: Reading(askers, Measure.of(load()), settings.window, settings.overlap)),
        generations,
        failed,
        progress,
        folder=generations.folder,
        block=settings.batch_size if settings.input == STREAM or generations.folder is None else _BLOCK,
        batch_size=settings.batch_size,
        passes=settings.passes,
        constrained=settings.constrain,
        finish=_sure(settings),
    )


def _sure(settings: PredictSettings) -> Callable[[Document], Document]:
    """Confidences as the run was calibrated, without what is less sure than was asked for."""
    if not settings.logprobs:
        return lambda document: document
    calibration, by_type = read_calibration(settings.model), dict(settings.min_confidence)
    least = by_type.pop("", 0.0)
    return lambda document: keep_confident(calibrated(document, calibration), least, by_type)


def _written(path: Path) -> Callable[[Json], None]:
    """Adds rows to a file, which begins anew: who walks over the input again meets again what is not mended."""
    path.unlink(missing_ok=True)

    def write(row: Json) -> None:
        with path.open("a", encoding="utf-8", newline="\n") as out:
            out.write(to_line(row))

    return write


def resolved_settings(settings: PredictSettings, asking: Asking | None) -> Json:
    """What the answers depend on, as JSON gives it back."""
    resolved = {key: value for key, value in to_mapping(settings).items() if key not in _CHANGES_NO_ANSWER}
    resolved["confidence"] = settings.logprobs
    resolved["weights"] = weights_mark(settings.model)
    if asking is None:
        return resolved
    return {**resolved, **asdict(asking), "tasks": list(asking.tasks), "schema": schema_to_mapping(asking.schema)}


def summary_of(out: Path, manifest: Mapping[str, Any]) -> PredictSummary:
    """What the manifest of a folder says that has ended."""
    counts = manifest["counts"]
    return PredictSummary(
        out,
        counts["documents"],
        counts["records"],
        manifest["seconds"],
        counts["truncated"],
        manifest["facts"],
        counts["failed"],
        first_failure(out),
    )
