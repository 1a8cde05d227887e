"""A run's checkpoints: which are whole, and why the others are not. A whole one holds the sizes and hashes of its files. Imports no torch."""

import json
import re
import shutil
import sys
from pathlib import Path

from uie.errors import TrainingError
from uie.storage import file_hash, write_json

_SEAL = "files.json"
PARTIAL = ".partial"  # in checkpoints/: what is being written


def seal(folder: Path) -> None:
    """Writes down what a checkpoint consists of: to be called when all of it is there."""
    files = {str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != _SEAL}
    write_json(folder / _SEAL, {name: {"bytes": path.stat().st_size, "sha256": file_hash(path)} for name, path in files.items()})


def fault_of(folder: Path) -> str | None:
    """What is wrong with a checkpoint, or None for a whole one."""
    try:
        files = {str(name): (int(held["bytes"]), held["sha256"]) for name, held in json.loads(_read(folder / _SEAL)).items()}
    except FileNotFoundError:
        return f"has no {_SEAL}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"{_SEAL} is broken"
    for name, (size, _) in files.items():  # first, because it takes no time
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size:
            return f"{name} has {path.stat().st_size} of {size} bytes"
    return next((f"{name} is not as it was written" for name, (_, held) in files.items() if file_hash(folder / name) != held), None)


def checkpoints_of(out: Path) -> list[Path]:
    """All checkpoints of a run, whole or not, the newest first."""
    found = [path for path in (out / "checkpoints").glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", path.name)]
    return sorted(found, key=step_of, reverse=True)


def step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def last_checkpoint(out: Path) -> tuple[Path | None, list[str]]:
    """The newest whole checkpoint, and a line on each that is newer and not whole; None where there are no checkpoints at all.

    Raises:
        TrainingError: there are checkpoints, and none is whole.
    """
    faults: list[str] = []
    for checkpoint in checkpoints_of(out):
        fault = fault_of(checkpoint)
        if fault is None:
            return checkpoint, faults
        faults.append(f"{checkpoint}: {fault}")
    if faults:
        raise TrainingError(
            f"{out}: no checkpoint is whole ({'; '.join(faults)}); to begin anew, remove {out / 'checkpoints'} and --resume again."
        )
    return None, []


def take_up(out: Path) -> Path | None:
    """The checkpoint that a run goes on from, as `last_checkpoint` finds it.

    Newer ones are renamed to broken-N, which is said on stderr: they must not outlive those that are written next.
    """
    remove_partial(out)
    checkpoint, faults = last_checkpoint(out)
    if checkpoint is None or not faults:
        return checkpoint
    for newer in checkpoints_of(out)[: len(faults)]:
        aside = newer.with_name(f"broken-{step_of(newer)}")
        shutil.rmtree(aside, ignore_errors=True)
        newer.rename(aside)
    told = f"not whole: {'; '.join(faults)}; renamed to broken-N. Going on from {checkpoint.name}."
    print(told, file=sys.stderr, flush=True)
    return checkpoint


def publish(out: Path, name: str, *, keep: int) -> None:
    """Seals the checkpoint that was written under PARTIAL, gives it its place, and removes all but the `keep` newest."""
    written, target = out / "checkpoints" / PARTIAL / name, out / "checkpoints" / name
    seal(written)
    shutil.rmtree(target, ignore_errors=True)
    written.rename(target)
    written.parent.rmdir()
    for old in checkpoints_of(out)[keep:]:
        shutil.rmtree(old, ignore_errors=True)


def remove_partial(out: Path) -> None:
    """Removes what a process that is no more has left half written."""
    shutil.rmtree(out / "checkpoints" / PARTIAL, ignore_errors=True)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
