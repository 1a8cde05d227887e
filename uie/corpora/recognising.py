"""An unknown file in, which layout it is out, with the reasons: every layout is tried on its first rows."""

import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from uie.corpora import LAYOUTS, Layout, options_of, times_odd
from uie.corpora.checking import counted
from uie.documents import Document
from uie.errors import CorpusError, UIEError
from uie.json_array import array_items
from uie.settings import build

_DOCUMENTS = 300  # that are read of a file by each layout
_LARGE = 2**20  # bytes; of a larger file the first rows are tried
_LINES = 10_000
_GENERIC = {"mapping": 0.8, "table": 0.8, "huggingface": 0.7}
"""Layouts that read what others are made for: they count less, so that of two that find the same the special one is named."""
_CLOSE = 0.8  # of the best one's score


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a layout made of a file: Documents, rows it could not read, and counts of what is in the Documents, and of what is odd."""

    layout: str
    options: Mapping[str, Any]
    documents: int
    unreadable: int
    found: Mapping[str, int]

    @property
    def score(self) -> float:
        """How much annotation was found, a mention without a place as half of one, times the share of rows that could be read."""
        annotations = sum(self.found.get(kind, 0) for kind in ("entities", "relations", "events", "arguments"))
        useful = annotations - self.found.get("without a place", 0) / 2 - self.found.get("odd", 0)
        share = self.documents / (self.documents + self.unreadable)
        return max(0.0, useful) * share * _GENERIC.get(self.layout, 1.0)

    def why(self) -> str:
        """One line: what was read with which options."""
        said = ", ".join(f"{times:,} {kind}" for kind, times in self.found.items() if times and kind != "documents")
        options = f" ({', '.join(f'{key}: {_short(value)}' for key, value in self.options.items())})" if self.options else ""
        read = f"{self.documents:,} of {self.documents + self.unreadable:,}"
        return f"{self.layout}{options}: {read} Documents looked at can be read; they hold {said or 'no annotation'}."


def recognise(path: Path) -> list[Candidate]:
    """The layouts that can read something annotated in a file, likeliest first.

    Raises:
        CorpusError: the file is missing or empty.
    """
    if not path.is_file():
        raise CorpusError(f"{path}: no such file.")
    if not path.stat().st_size:
        raise CorpusError(f"{path}: the file is empty.")
    with _sample(path) as sample:
        found = [candidate for name in LAYOUTS if (candidate := _tried(name, LAYOUTS.get(name), sample)) is not None]
    found = [candidate for candidate in found if candidate.score > 0]
    return sorted(found, key=lambda candidate: (-candidate.score, len(candidate.options), candidate.layout))


def runner_up(candidates: list[Candidate]) -> Candidate | None:
    """The second one, if it is close."""
    close = len(candidates) > 1 and candidates[1].score >= _CLOSE * candidates[0].score
    return candidates[1] if close else None


def _tried(name: str, layout: Layout, path: Path) -> Candidate | None:
    """What a layout makes of a file; None where that is nothing."""
    unreadable = 0

    def bad(error: CorpusError, raw: str) -> None:
        nonlocal unreadable
        unreadable += 1
        if unreadable > _DOCUMENTS:
            raise error

    found: Counter[str] = Counter()
    options: Mapping[str, Any] | None = None
    try:
        options = _guessed(layout, path)
        if options is None:
            return None
        chosen = build(options_of(layout), options, where=name)
        for document in islice(layout.read(path, chosen, bad), _DOCUMENTS):
            found.update(_told(document))
    except UIEError:
        if not found["documents"]:
            return None
        unreadable += 1
    return Candidate(name, options or {}, found["documents"], unreadable, found) if found["documents"] else None


def _guessed(layout: Layout, path: Path) -> Mapping[str, Any] | None:
    """The options that suit the file. A guess is shown files of every other layout too: what it trips over is none of its own."""
    try:
        return layout.guess(path) if layout.guess else {}
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError):
        return None


def _told(document: Document) -> Counter[str]:
    found = Counter(counted(document))
    found["without a place"] = sum(not mention.grounded for mention in document.mentions())
    found["odd"] = times_odd(document.meta.get("invalid_tags"))
    return found


def _short(value: Any) -> str:
    said = json.dumps(value, ensure_ascii=False, default=str)
    return said if len(said) <= 60 else f"{said[:59]}…"


@contextlib.contextmanager
def _sample(path: Path) -> Iterator[Path]:
    """The file, or one with the first of its lines, or of the items of its array, under the same name."""
    if path.stat().st_size <= _LARGE or path.suffix in (".parquet", ".arrow", ".spacy"):
        yield path
        return
    with tempfile.TemporaryDirectory() as folder, path.open("rb") as file:
        sample = Path(folder) / path.name
        if file.read(64).lstrip()[:1] == b"[":
            try:
                items = [item for _, item in islice(array_items(path, expected="an array"), _DOCUMENTS)]
            except CorpusError:
                yield path
                return
            sample.write_text(json.dumps(items, indent=1), encoding="utf-8")  # in ASCII: an item may hold half a character
        else:
            file.seek(0)
            sample.write_bytes(b"".join(islice(file, _LINES)))
        yield sample
