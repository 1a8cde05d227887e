"""One prediction in shards that are predicted side by side, by processes of this machine or by Ray on many; merged when all have ended."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from uie.errors import OutputError, PredictionError, SettingsError
from uie.extraction.answering import questions_of
from uie.extraction.folders import SHARDS, check_divided, held_manifest, input_facts, is_complete
from uie.extraction.inputs import Asking
from uie.extraction.predict import (
    PredictSettings,
    PredictSummary,
    opened,
    predict,
    resolved_settings,
    summary_of,
)
from uie.extraction.sharding import Part, merge, read_parts
from uie.extraction.sources import STREAM, Sources, Unread, id_of
from uie.extraction.walk import Progress
from uie.storage import claim_folder, refuse_in_use, write_manifest


@dataclass(frozen=True, slots=True)
class Job:
    """One shard of a prediction; whoever does it anew goes on where it stopped."""

    settings: PredictSettings
    asking: Asking | None

    def do(self, progress: Progress = lambda done, total: None) -> None:
        predict(self.settings, asking=self.asking, resume=True, progress=progress)


Runner = Callable[[Sequence[Job], Callable[[int], None]], list[str]]
"""Does all jobs, tells how many documents are done, and returns a line for each job that did not end, with its last words."""


def predict_in_shards(
    settings: PredictSettings,
    run: Runner,
    *,
    shards: int,
    asking: Asking | None = None,
    resume: bool = False,
    overwrite: bool = False,
    progress: Progress = lambda done, total: None,
) -> PredictSummary:
    """As `predict`, in so many shards, whose folders lie in OUT/shards until all has an answer.

    Raises:
        PredictionError: a shard did not end; what is done is kept, and the same call with `resume` goes on.
        UIEError: as `predict`.
    """
    if settings.shard:
        raise SettingsError("--shard and --workers: give one of them; workers divide the input into shards themselves.")
    if settings.input == STREAM or settings.input.is_fifo():
        raise SettingsError(f"{settings.input}: workers each read the input for themselves, so it has to be a file.")
    trained, sources = opened(settings, asking)
    resolved = resolved_settings(settings, trained)
    read = input_facts(settings.input)
    folder = settings.out / SHARDS
    held = held_manifest(settings.out, resolved) if resume else {}
    if is_complete(settings.out, held, read):
        return predict(settings, asking=asking, resume=True, progress=progress)
    if resume:
        check_divided(settings.out)
        _check_same(folder, shards)
    else:
        refuse_in_use(settings.out, overwrite=overwrite)
        questions_of(settings.model, url=settings.url)  # a model that is not there is told before a folder is emptied
    claim_folder(settings.out, overwrite=overwrite, resume=resume)
    facts = {**read, "facts": held.get("facts", {}), "seconds": held.get("seconds", 0.0)}
    write_manifest(settings.out, "predict", resolved, **facts, finished=False)
    jobs = [
        Job(replace(settings, out=folder / f"{number}-of-{shards}", shard=f"{number}/{shards}"), asking)
        for number in range(1, shards + 1)
    ]
    total = sources.count()
    dead = run(jobs, lambda done: progress(done, total))
    if dead:
        raise PredictionError(f"{'; '.join(dead)}; what is done is kept: go on with --resume.")
    manifest = merge(read_parts(job.settings.out for job in jobs), _ids(sources, folder), settings.out, resume=True)
    if not manifest["counts"]["failed"]:
        shutil.rmtree(folder)
    return summary_of(settings.out, manifest)


def _check_same(folder: Path, shards: int) -> None:
    """Refuses to go on with another number of shards."""
    held = sorted(int(path.name.rpartition("-")[2]) for path in folder.glob("*-of-*") if path.is_dir())
    if held and held[0] != shards:
        raise OutputError(f"{folder}: holds the work of {held[0]} workers; go on with --workers {held[0]}.")


def merge_shards(folders: Sequence[Path], out: Path, *, input: Path | None = None, overwrite: bool = False) -> PredictSummary:
    """Joins folders that `uie predict --shard` wrote into one; `input` is what was predicted, if it lies elsewhere now.

    Raises:
        PredictionError: a shard is missing or has not ended; what is there is merged.
        OutputError: the folders or the input do not belong together, or `out` is among the folders.
    """
    parts = read_parts(folders)
    _check_apart(parts, out)
    held = parts[0].manifest
    path = input or Path(str(held.get("input")))
    if input_facts(path).get("input_sha256") != held.get("input_sha256"):
        raise OutputError(f"{path}: not what {parts[0].folder} was predicted from; name that file with --input.")
    settings = parts[0].settings
    name = Path(str(held.get("input"))).stem  # ids were made of it where documents have none
    sources = Sources(path, asking="schema" in settings, format=settings["format"], limit=settings["limit"], name=name)
    refuse_in_use(out, overwrite=overwrite)
    return summary_of(out, merge(parts, _ids(sources, None), out, overwrite=overwrite))


def _check_apart(parts: Sequence[Part], out: Path) -> None:
    """Refuses to write over what is still to be read."""
    whole = out.resolve()
    for part in parts:
        folder = part.folder.resolve()
        if whole.is_relative_to(folder) or folder.is_relative_to(whole):
            raise OutputError(f"{out}: is, holds or lies in the shard's folder {part.folder}; choose another --out.")


def _ids(sources: Sources, folder: Path | None) -> Iterator[str]:
    return (id_of(source) for source in sources.walk(folder) if not isinstance(source, Unread))
