"""What a folder of predictions says of itself: its manifest, and what failed in it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from uie.errors import OutputError
from uie.extraction.generations import NAME as GENERATIONS
from uie.storage import file_hash, parse_object, read_jsonl

Json = dict[str, Any]
PREDICTIONS = "predictions.jsonl"
FAILED = "failed.jsonl"
SHARDS = "shards"
"""The folder of the workers' folders, until all has an answer."""


def input_facts(path: Path) -> Json:
    """What was read: its path and, where it is a file, the hash of its bytes."""
    return {"input": str(path), "input_sha256": file_hash(path)} if path.is_file() else {"input": str(path)}


def first_failure(folder: Path) -> str:
    """What failed first, and why, in a line; "" where nothing did."""
    path = folder / FAILED
    for _, row in read_jsonl(path, error=OutputError) if path.is_file() else ():
        what, reason = map(str, row.values())
        return reason if reason.startswith(f"{what}: ") else f"{what}: {reason}"
    return ""


def held_manifest(folder: Path, settings: Mapping[str, Any], *, defaults: Mapping[str, Any], by_workers: bool = False) -> Json:
    """The manifest of a folder that is to be gone on with; {} where there is nothing yet.

    `settings` are those of now, `defaults` those of settings that are newer than the folder. `by_workers` says who goes on.

    Raises:
        OutputError: it was filled by something else, under other settings, or with workers and is to be gone on with without, or the reverse.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        if folder.is_dir() and any(folder.iterdir()):
            raise OutputError(f"{folder}: nothing to resume: it has no manifest.json; choose another --out.")
        return {}
    held = parse_object(path.read_text(encoding="utf-8"), str(path), error=OutputError)
    was = {**defaults, **held.get("settings", {})}
    for key in sorted(settings):
        if settings[key] != was.get(key):
            raise OutputError(
                f"{folder}: cannot resume: {key} was {was.get(key)!r} and is now {settings[key]!r}; "
                "give the same settings, another --out, or --overwrite."
            )
    has_shards, has_answers = (folder / SHARDS).is_dir(), (folder / GENERATIONS).is_file()
    if by_workers and has_answers and not has_shards:
        raise OutputError(f"{folder}: its answers are not divided among workers; go on without --workers.")
    if has_shards and not has_answers and not by_workers:
        raise OutputError(f"{folder}: its answers are still with its workers; go on with --workers.")
    return held
