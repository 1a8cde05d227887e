"""What a folder of predictions says of itself: its manifest, and what failed in it."""

import shutil
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from uie.errors import OutputError
from uie.extraction.generations import NAME as GENERATIONS
from uie.storage import file_hash, parse_object, read_jsonl, text_hash

Json = dict[str, Any]
PREDICTIONS = "predictions.jsonl"
FAILED = "failed.jsonl"
SHARDS = "shards"
"""The folder of the workers' folders, until all has an answer."""
_OF_THE_MODEL = ("adapter/*.safetensors", "model/*.safetensors", "*.safetensors")


def input_facts(path: Path) -> Json:
    """What was read: its path and, where it is a file, the hash of its bytes."""
    return {"input": str(path), "input_sha256": file_hash(path)} if path.is_file() else {"input": str(path)}


def weight_hashes(model: str) -> list[str]:
    """The hashes of the files in a model's folder that hold what it has learned; [] for a model that is named otherwise."""
    folder = Path(model).expanduser()
    files = sorted(path for pattern in _OF_THE_MODEL for path in folder.glob(pattern)) if folder.is_dir() else []
    return [_hash_of(path, path.stat().st_size, path.stat().st_mtime_ns) for path in files]


@lru_cache(maxsize=64)  # an evaluation asks twice, and the files may be large
def _hash_of(path: Path, size: int, changed: int) -> str:
    return file_hash(path)


def weights_mark(model: str) -> str:
    """What stands for all of them in a manifest, "" where there are none."""
    hashes = weight_hashes(model)
    return text_hash(repr(hashes))[:12] if hashes else ""


def first_failure(folder: Path) -> str:
    """What failed first, and why, in a line; "" where nothing did."""
    path = folder / FAILED
    for _, row in read_jsonl(path, error=OutputError) if path.is_file() else ():
        what, reason = map(str, row.values())
        return reason if reason.startswith(f"{what}: ") else f"{what}: {reason}"
    return ""


def held_manifest(folder: Path, settings: Mapping[str, Any]) -> Json:
    """The manifest of a folder that is to be gone on with under `settings`; {} where there is nothing yet.

    Raises:
        OutputError: it was filled by something else, or under other settings.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise OutputError(f"{folder}: nothing to resume: it has no manifest.json; choose another --out.")
        return {}
    held = parse_object(path.read_text(encoding="utf-8"), str(path), error=OutputError)
    was = held.get("settings", {})
    for key in sorted(settings):
        if settings[key] != was.get(key):
            raise OutputError(
                f"{folder}: cannot resume: {key} was {was.get(key)!r} and is now {settings[key]!r}; "
                "give the same settings, another --out, or --overwrite."
            )
    return held


def check_facts(folder: Path, held: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """Refuses to go on with a folder whose answers another engine gave, or another precision: `auto` is others on other hardware.

    `held` are the facts of its manifest, {} where nothing was answered, `facts` those of the model that is loaded.

    Raises:
        OutputError: they differ.
    """
    for key in ("engine", "dtype"):
        if held and facts.get(key) != held.get(key):
            raise OutputError(
                f"{folder}: cannot resume: {key} was {held.get(key)!r} and is now {facts.get(key)!r}; "
                "go on on such hardware as it was begun on, or give another --out, or --overwrite."
            )


def take_from_workers(folder: Path, held: Mapping[str, Any]) -> None:
    """Removes what workers left behind of a folder that holds all their answers itself: from now on only it is added to.

    Raises:
        OutputError: answers are only with the workers.
    """
    if not (folder / SHARDS).is_dir():
        return
    if not held.get("finished"):
        raise OutputError(f"{folder}: its answers are still with its workers; go on with --workers.")
    shutil.rmtree(folder / SHARDS)


def check_divided(folder: Path) -> None:
    """Refuses to let workers go on with a folder whose answers none of them has.

    Raises:
        OutputError: it was filled without workers.
    """
    if (folder / GENERATIONS).is_file() and not (folder / SHARDS).is_dir():
        raise OutputError(f"{folder}: its answers are not divided among workers; go on without --workers.")


def is_complete(folder: Path, held: Mapping[str, Any], input: Mapping[str, Any]) -> bool:
    """Whether everything has an answer, of an input with these facts (`input_facts`), and none of it lies with workers."""
    same = held.get("input_sha256") == input.get("input_sha256")
    return bool(held.get("finished")) and same and not held["counts"]["failed"] and not (folder / SHARDS).is_dir()
