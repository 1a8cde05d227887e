"""A fetched file or folder and a rule such as `first 2000` in, the part of it that the rule names left in its place."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_CUT = re.compile(r"first ([\d,]+)(?: of [\d,]+)?(?: (lines|sentences|items|files|documents))?")


def cut(path: Path, rule: str) -> bool:
    """Keeps `first N` lines, sentences (with a blank line between), items (of a JSON array), files or documents (of a folder, by name: files
    that differ in their suffix are one document); whether the rule is one of these.

    Without the word it is lines, of a JSON array items, of a folder files. `first 40 of 120 files` will do too.
    """
    found = _CUT.fullmatch(rule)
    if found is None:
        return False
    number, unit = int(found[1].replace(",", "")), found[2]
    if path.is_dir():
        return _cut_folder(path, number, unit)
    items = _array(path) if unit in (None, "items") else None
    if items is not None:
        path.write_text(json.dumps(items[:number], ensure_ascii=False), encoding="utf-8")
        return True
    if unit not in (None, "lines", "sentences"):
        return False
    with path.open("rb") as lines:
        kept = list(_first(lines, number, sentences=unit == "sentences"))
    path.write_bytes(b"".join(kept))
    return True


def _cut_folder(folder: Path, number: int, unit: str | None) -> bool:
    if unit not in (None, "files", "documents"):
        return False
    files = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    names = sorted({(file.with_suffix("") if unit == "documents" else file).as_posix() for file in files})
    kept = set(names[:number])
    for file in files:
        if (file.with_suffix("") if unit == "documents" else file).as_posix() not in kept:
            (folder / file).unlink()
    return True


def _array(path: Path) -> list[Any] | None:
    with path.open("rb") as file:
        if not file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            return None
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError:
        return None
    return value if isinstance(value, list) else None


def _first(lines: Any, number: int, *, sentences: bool) -> Iterator[bytes]:
    done, within = 0, False
    for line in lines:
        if done == number:
            return
        yield line
        blank = not line.strip()
        if not sentences or (blank and within):
            done += 1
        within = not blank
