"""The run folder: what lies where, what is written when, and what a finished run says of itself. Imports no torch."""

import os
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from uie.errors import TrainingError
from uie.models.sources import resolve
from uie.settings import read_yaml, to_mapping
from uie.storage import claim_folder, file_hash, parse_object, refuse_in_use, whole_file, write_json, write_manifest
from uie.training.checkpoints import checkpoints_of
from uie.training.settings import TrainSettings

Json = dict[str, Any]
_FIGURES = ("steps", "loss", "dev_loss", "seconds", "device", "dtype", "f1", "best_step")
_BASE_FILES = {".safetensors", ".json", ".jinja", ".model"}
# Two runs that differ in these only take the same steps.
_MAY_CHANGE = {"out", "log_steps", "save_steps", "eval_steps", "keep_checkpoints", "micro_batch", "gradient_checkpointing"}
LESS_AT_ONCE = "micro_batch.json"
"""In the run folder of a run that was out of memory: how many records a process computes at once since then (`uie.training.memory`)."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run. `loss` is the last line's of log.jsonl (a mean over log_steps), `dev_loss` that at the end; both per graded token, natural log.

    `f1` is the best on dev, a share from 0 to 1, and `best_step` the step whose weights were kept for it; None where none was asked.
    """

    out: Path
    weights: Path
    steps: int
    records: int
    rejected: int
    loss: float
    dev_loss: float | None
    seconds: float
    device: str
    dtype: str
    f1: float | None = None
    best_step: int | None = None


def open_run(settings: TrainSettings, *, resume: bool, overwrite: bool) -> None:
    """Makes the folder with `run.yaml` and a first manifest.json, or takes up the one of an interrupted run.

    `overwrite` sets an earlier run aside, until `forget_replaced` removes it or `discard_unstarted` brings it back.

    `run.yaml` is a config: `uie train --config OUT/run.yaml` does the same again.

    manifest.json holds the hashes of what the run reads, so that going on with other records or another base is refused.

    Raises:
        OutputError: the folder is in use.
        TrainingError: the folder to be resumed is no run, or one of other settings, records or base model.
    """
    inputs = input_hashes(settings)
    check_folder(settings, inputs, resume=resume, overwrite=overwrite)
    mapping = to_mapping(settings)
    path = settings.out / "run.yaml"
    if overwrite and not resume:
        _set_aside(settings.out)
    claim_folder(settings.out, overwrite=overwrite, resume=resume)
    with whole_file(path) as out:
        yaml.safe_dump(mapping, out, sort_keys=False, allow_unicode=True)
    if not (settings.out / "manifest.json").is_file():
        write_manifest(settings.out, "train", mapping, finished=False, inputs=inputs)


def check_folder(settings: TrainSettings, inputs: Mapping[str, str], *, resume: bool, overwrite: bool) -> None:
    """Raises the errors of `open_run` and changes nothing."""
    path = settings.out / "run.yaml"
    if not resume:
        refuse_in_use(settings.out, overwrite=overwrite)
    elif path.is_file():
        changed = _changes(read_yaml(path, error=TrainingError), to_mapping(settings))
        changed += _other_inputs(_held_manifest(settings.out).get("inputs") or {}, inputs)
        if changed:
            raise TrainingError(f"{path}: cannot resume: {'; '.join(changed)}; give the same as before, or another out.")
    elif settings.out.is_dir() and any(settings.out.iterdir()):
        raise TrainingError(f"{settings.out}: nothing to resume: it has no run.yaml; choose another out.")


def input_hashes(settings: TrainSettings) -> dict[str, str]:
    """SHA-256 of the files that decide what is learned, by path: records, the gold that F1 is counted by, the base's files.

    A file that is missing is left out: who reads it says so.
    """
    base = resolve(settings.model).base
    files = [settings.train, *([settings.dev] if settings.dev else [])]
    if settings.dev and settings.f1.every:
        files.append(settings.dev.parent / "documents" / settings.dev.name)
    files += sorted(path for path in base.iterdir() if path.suffix in _BASE_FILES)
    files = [path for path in files if path.is_file()]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:  # hashing lets other threads run
        return {str(path): found for path, found in zip(files, pool.map(file_hash, files), strict=True)}


def _changes(held: Json, mapping: Json) -> list[str]:
    """What of the settings is another now, each as one phrase."""
    before, now = ({key: value for key, value in _flat(of) if key.split(".")[0] not in _MAY_CHANGE} for of in (held, mapping))
    return [
        f"{key} was {before.get(key)!r} and is now {now.get(key)!r}"
        for key in sorted({*before, *now})
        if before.get(key) != now.get(key)
    ]


def _flat(mapping: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{within}{key}.")
        else:
            yield f"{within}{key}", value


def _other_inputs(held: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Files by their path: that a path is another one is told by the settings, unless it is a file of the base."""
    changed = [
        f"{path} has changed since the run began (SHA-256 {held[path][:12]}, now {now[path][:12]})"
        for path in held
        if path in now and held[path] != now[path]
    ]
    return changed + [f"{path} is gone" for path in held if path not in now]


def discard_unstarted(out: Path) -> None:
    """Removes a run folder in which no step was taken: a mistake in the input shall not leave a folder that is in the way.

    The run that it was to replace comes back.
    """
    if _is_started(out):
        return
    place, replaced = out.resolve(), _replaced(out)  # a link stays, what it points to goes
    shutil.rmtree(place)
    if replaced.is_dir():
        replaced.rename(place)


def forget_replaced(out: Path) -> None:
    """Removes the run that `open_run` set aside for one that has begun now."""
    shutil.rmtree(_replaced(out), ignore_errors=True)


def _set_aside(out: Path) -> None:
    place, replaced = out.resolve(), _replaced(out)
    if not place.is_dir() or (
        replaced.is_dir() and not _is_started(place)
    ):  # the second: who set it aside was killed before a step
        return
    shutil.rmtree(replaced, ignore_errors=True)
    place.rename(replaced)


def _replaced(out: Path) -> Path:
    """Where a run lies that is being replaced: on the same disk, out of sight."""
    place = out.resolve()
    return place.with_name(f".{place.name}.replaced")


def _is_started(out: Path) -> bool:
    return (out / "log.jsonl").is_file() or bool(checkpoints_of(out)) or (out / LESS_AT_ONCE).is_file()


def is_finished(out: Path) -> bool:
    """Whether the run ended and its weights are still there."""
    held = _held_manifest(out)
    return bool(held.get("finished")) and (out / str(held["weights"])).is_dir()


def write_questions(out: Path, wrap: str, asked: Mapping[str, Any], *, max_answer_tokens: int) -> None:
    """`questions.json`: what the run was asked (`uie.training.asked`), so that prediction asks the same way."""
    write_json(out / "questions.json", {"wrap": wrap, **asked, "max_answer_tokens": max_answer_tokens})


def close_run(settings: TrainSettings, result: RunResult, facts: Mapping[str, Any]) -> None:
    """The final manifest.json: the facts of `RunResult` and of the run."""
    figures = {key: getattr(result, key) for key in _FIGURES}
    counts = {"records": result.records, "rejected": result.rejected}
    inputs = _held_manifest(settings.out).get("inputs", {})  # as they were when the run began
    write_manifest(
        settings.out,
        "train",
        to_mapping(settings),
        finished=True,
        weights=result.weights.name,
        counts=counts,
        inputs=inputs,
        **figures,
        **facts,
    )


def read_result(out: Path) -> RunResult:
    """The result of a run that another process finished.

    Raises:
        TrainingError: it did not finish.
    """
    held = _held_manifest(out)
    if not held.get("finished"):
        raise TrainingError(f"{out}: the run did not finish; go on with --resume.")
    figures = {key: held[key] for key in _FIGURES}
    return RunResult(out, out / held["weights"], records=held["counts"]["records"], rejected=held["counts"]["rejected"], **figures)


def _held_manifest(out: Path) -> Json:
    path = out / "manifest.json"
    return parse_object(path.read_text(encoding="utf-8"), str(path), error=TrainingError) if path.is_file() else {}


def composed_batch(settings: TrainSettings, *, rejected: int) -> int | None:
    """Of how many records each batch of the train file was composed (`batch` of its mix); None where it was not.

    Raises:
        TrainingError: training would not keep the composition.
    """
    path = settings.train.parent / "manifest.json"
    built = parse_object(path.read_text(encoding="utf-8"), str(path), error=TrainingError) if path.is_file() else {}
    batch = built.get("settings", {}).get("batch") if built.get("command") == "build-data" else None
    if batch is None:
        return None
    if settings.batch_size % batch:
        raise TrainingError(
            f"batch_size: {settings.train} is composed in batches of {batch} records; expected a multiple of that, "
            f"found {settings.batch_size}."
        )
    if rejected:
        raise TrainingError(
            f"{settings.train}: composed in batches of {batch} records, of which {rejected} would be set aside; "
            "raise max_length, or build them with shorter windows.tokens."
        )
    return int(batch)
