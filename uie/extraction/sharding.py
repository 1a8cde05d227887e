"""One input in n parts, each predicted by itself: which document is in which part, and the parts' folders → one folder."""

import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from uie.errors import OutputError, PredictionError, SettingsError
from uie.storage import claim_folder, parse_object, read_jsonl, refuse_in_use, whole_file, write_jsonl, write_manifest

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shard:
    """The `number`-th (from 1) of `of` parts. All that is asked of a document is in one: its id says in which."""

    number: int = 1
    of: int = 1

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """The shard that "2/8" means; "" is all of the input.

        Raises:
            SettingsError: the text says something else.
        """
        if not text:
            return ALL
        number, _, of = text.partition("/")
        if not (number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise SettingsError(f"--shard {text}: expected PART/PARTS, such as 1/4 to 4/4.")
        return cls(int(number), int(of))

    def holds(self, document_id: str) -> bool:
        return self.of == 1 or shard_of(document_id, self.of) == self.number


ALL = Shard()
"""The whole input."""


def shard_of(document_id: str, of: int) -> int:
    """Which of `of` shards a document is in, from 1: the same everywhere and always."""
    return zlib.crc32(document_id.encode("utf-8")) % of + 1


@dataclass(frozen=True, slots=True)
class Part:
    """A folder that `uie predict --shard` filled, and what its manifest says."""

    folder: Path
    shard: Shard
    manifest: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Part":
        """The part that lies in a folder.

        Raises:
            OutputError: it is no such folder.
        """
        path = folder / "manifest.json"
        if not path.is_file():
            raise OutputError(f"{folder}: expected a folder that uie predict --shard wrote; it has no manifest.json.")
        manifest = parse_object(path.read_text(encoding="utf-8"), str(path), error=OutputError)
        shard = manifest.get("settings", {}).get("shard")
        if manifest.get("command") != "predict" or not shard:
            raise OutputError(f"{folder}: expected a folder that uie predict --shard wrote; its manifest.json names no shard.")
        return cls(folder, Shard.parse(shard), manifest)

    @property
    def settings(self) -> Json:
        """Those that all parts share."""
        return {key: value for key, value in self.manifest["settings"].items() if key != "shard"}

    @property
    def is_finished(self) -> bool:
        return bool(self.manifest.get("finished"))

    def predictions(self) -> Iterator[tuple[str, list[Json]]]:
        """Each document's id with its predicted Documents, in the input's order."""
        path = self.folder / "predictions.jsonl"
        if path.is_file():
            for id, rows in groupby((row for _, row in read_jsonl(path, error=OutputError)), key=lambda row: str(row["id"])):
                yield id, list(rows)


def read_parts(folders: Iterable[Path]) -> list[Part]:
    """The parts of one prediction.

    Raises:
        OutputError: a folder is no part, two are the same one, or they were not predicted alike.
    """
    parts = [Part.read(folder) for folder in folders]
    if not parts:
        raise SettingsError("--merge: expected the folders of the shards, such as --merge out/1 out/2.")
    first, seen = parts[0], dict[int, Path]()
    for part in parts:
        if part.shard.number in seen:
            raise OutputError(
                f"{part.folder}: shard {part.shard.number}/{part.shard.of}, as is {seen[part.shard.number]}; name each once."
            )
        seen[part.shard.number] = part.folder
        held, expected = _alike(part), _alike(first)
        for key in expected:
            if held.get(key) != expected[key]:
                raise OutputError(
                    f"{part.folder}: {key} is {held.get(key)!r}, and {expected[key]!r} in {first.folder}; "
                    "merge shards of one input, predicted alike."
                )
    return sorted(parts, key=lambda part: part.shard.number)


def _alike(part: Part) -> Json:
    return {"the number of shards": part.shard.of, "input_sha256": part.manifest.get("input_sha256"), **part.settings}


def merge(parts: Sequence[Part], ids: Iterable[str], out: Path, *, overwrite: bool = False, resume: bool = False) -> Json:
    """Joins the parts' answers, failures and predictions into one folder, as if it had been predicted in one go.

    `ids` are those of the input's documents, in its order, which the predictions take. Returns the manifest's facts.

    Raises:
        PredictionError: a part is missing or has not ended. What is there is merged, and not marked as finished: `uie predict --resume`
            on the folder asks what is missing.
    """
    missing = list(_missing(parts))
    if not resume:
        refuse_in_use(out, overwrite=overwrite)
    claim_folder(out, overwrite=overwrite, resume=resume)
    for name in ("generations.jsonl", "failed.jsonl"):
        _join(out / name, [part.folder / name for part in parts])
    write_jsonl(out / "predictions.jsonl", _in_order(parts, ids))
    facts = _facts(parts)
    write_manifest(out, "predict", {**parts[0].settings, "shard": ""}, **facts, finished=not missing)
    if missing:
        raise PredictionError(
            f"{out}: merged, and not finished: {', '.join(missing)}; "
            "end and merge them (--overwrite), or go on in this folder with --resume."
        )
    return facts


def _missing(parts: Sequence[Part]) -> Iterator[str]:
    of = parts[0].shard.of
    there = {part.shard.number: part for part in parts}
    for number in range(1, of + 1):
        if number not in there:
            yield f"shard {number}/{of} is missing"
        elif not there[number].is_finished:
            yield f"shard {number}/{of} ({there[number].folder}) has not ended"


def _join(path: Path, sources: Iterable[Path]) -> None:
    """All lines, in the order of the shards; a last line that a kill cut off stays away."""
    there = [source for source in sources if source.is_file()]
    if not there:
        path.unlink(missing_ok=True)
        return
    with whole_file(path) as out:
        for source in there:
            with source.open(encoding="utf-8", newline="\n") as lines:
                out.writelines(line for line in lines if line.endswith("\n"))


def _in_order(parts: Sequence[Part], ids: Iterable[str]) -> Iterator[Json]:
    """The predicted Documents, one or more for an id, none where it failed or is missing."""
    of = parts[0].shard.of
    left = {part.shard.number: part.predictions() for part in parts}
    following = {number: next(predictions, None) for number, predictions in left.items()}
    for id in ids:
        number = shard_of(id, of)
        found = following.get(number)
        if found is not None and found[0] == id:
            yield from found[1]
            following[number] = next(left[number], None)
    for number, found in following.items():
        if found is not None:
            raise OutputError(f"shard {number}/{of} has a document {found[0]!r} that is not in the input, or not in this order.")


def _facts(parts: Sequence[Part]) -> Json:
    """Counts are sums; the shards were predicted side by side, so the slowest says how many seconds it took."""
    counts: dict[str, int] = {}
    for part in parts:
        for name, count in part.manifest.get("counts", {}).items():
            counts[name] = counts.get(name, 0) + count
    held = parts[0].manifest
    seconds = max(float(part.manifest.get("seconds", 0)) for part in parts)
    return {
        "facts": held.get("facts", {}),
        "input": held.get("input"),
        "input_sha256": held.get("input_sha256"),
        "seconds": seconds,
        "counts": counts,
    }
