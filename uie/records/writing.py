"""Groups of Records and gold Documents → one split's files. Groups wait until all are there, then go out in given, drawn or composed order.

Any number of processes may share the work: each has a `SplitWriter` of its own, is given everything in the same order, and keeps what
falls to its shard; `finish` puts together what all of them kept. So the bytes do not depend on how many there were.
"""

import contextlib
import itertools
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
import numpy as np
import numpy.typing as npt

from uie.documents import Document, document_to_json
from uie.records.composition import Weight, composed
from uie.records.drawing import draw
from uie.records.record import Record, record_to_json
from uie.storage import to_line, whole_file

_BLOCK = 64  # Documents that fall to one shard together, so that they come and go in large pieces
# A group that waits: where it goes, and where its lines stand in the file. On disk, since a corpus may have millions.
_ENTRY = np.dtype([("order", "<u8"), ("position", "<u8"), ("length", "<u4"), ("part", "<u2")])
Entries = npt.NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `of` parts of the work, from 0; number n falls to shard n modulo `of`."""

    index: int = 0
    of: int = 1

    def has(self, number: int) -> bool:
        return number % self.of == self.index


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one writer kept of a split: a folder of its own, the parts (CORPUS/TASK) that its entries count, and the copies of each."""

    folder: Path
    parts: tuple[str, ...]
    copies: Mapping[str, int]


class SplitWriter:
    """Takes one split's Documents and groups of Records; what falls to its shard waits in `folder`, which must be new."""

    def __init__(self, folder: Path, split: str, *, seed: int, shard: Shard | None = None) -> None:
        folder.mkdir(parents=True)
        self.shard = shard or Shard()
        self._folder, self._split, self._seed = folder, split, seed
        self._files = contextlib.ExitStack()
        self._groups, self._entries, self._documents = (
            self._files.enter_context((folder / name).open("wb")) for name in ("groups", "entries", "documents")
        )
        self._position = 0  # asking the file where it stands takes longer than writing a line
        self._taken = 0
        self._parts: dict[str, int] = {}
        self._copies: Counter[str] = Counter()

    def document(self, document: Document) -> None:
        if self.shard.has(self._taken // _BLOCK):
            self._documents.write(to_line(document_to_json(document)).encode("utf-8"))
        self._taken += 1

    def group(self, part: str, records: Sequence[Record], *, turn: int, copy: int = 1) -> None:
        """Records of one part that stay together, in their order; dev and test go out by `turn`, train in an order that is drawn."""
        lines = b"".join([to_line(record_to_json(record)).encode("utf-8") for record in records])
        order = draw(self._seed, "order", records[0].id) if self._split == "train" else turn
        number = self._parts.setdefault(part, len(self._parts))
        self._groups.write(lines)
        self._entries.write(np.array((order, self._position, len(lines), number), _ENTRY).tobytes())
        self._position += len(lines)
        self._copies[part] = max(self._copies[part], copy)

    def __enter__(self) -> "SplitWriter":
        return self

    def __exit__(self, *error: object) -> None:
        self._files.close()

    def close(self) -> Waiting:
        self._files.close()
        return Waiting(self._folder, tuple(self._parts), dict(self._copies))


def finish(
    waiting: Sequence[Waiting], folder: Path, split: str, *, batch: int | None = None, weights: Mapping[str, Weight] | None = None
) -> Counter[str]:
    """Writes FOLDER/SPLIT.jsonl and FOLDER/documents/SPLIT.jsonl from what waits, in the shards' order, and removes that.

    With `batch` every so many records have one composition by the weights of their parts, and a small part begins again, with new ids.

    Returns:
        How many records of each part were taken once more to fill the batches.
    """
    with whole_file(folder / f"{split}.jsonl") as records, whole_file(folder / "documents" / f"{split}.jsonl") as documents:
        for line in _documents(waiting):
            documents.buffer.write(line)
        with _Groups(waiting) as groups:
            repeated: Counter[str] = Counter()
            lines = groups.in_order() if batch is None else groups.composed(batch, weights or {}, repeated)
            for line in lines:
                records.buffer.write(line)
    for one in waiting:
        shutil.rmtree(one.folder)
    return repeated


def _documents(waiting: Sequence[Waiting]) -> Iterator[bytes]:
    """Blocks of the shards by turns."""
    with contextlib.ExitStack() as files:
        for file in itertools.cycle([files.enter_context((one.folder / "documents").open("rb")) for one in waiting]):
            block = list(itertools.islice(file, _BLOCK))
            yield from block
            if len(block) < _BLOCK:  # the last block of all, or the turn after it
                return


class _Groups:
    """The groups of all shards: lines in files, entries in one table, `file` beside it saying whose an entry is."""

    def __init__(self, waiting: Sequence[Waiting]) -> None:
        self._waiting = waiting
        self._files: list[IO[bytes]] = []
        self._parts = list(dict.fromkeys(part for one in waiting for part in one.parts))
        tables = [self._table(one) for one in waiting]
        self._entries: Entries = np.concatenate(tables)
        self._file = np.repeat(np.arange(len(waiting), dtype="u2"), [len(table) for table in tables])
        self._sorted = np.argsort(self._entries["order"], kind="stable")

    def __enter__(self) -> "_Groups":
        self._files = [(one.folder / "groups").open("rb") for one in self._waiting]
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._files:
            file.close()

    def in_order(self) -> Iterator[bytes]:
        return (self._lines(index) for index in self._sorted)

    def composed(self, batch: int, weights: Mapping[str, Weight], repeated: Counter[str]) -> Iterator[bytes]:
        # In the order of the weights: which part comes first among what waits depends on the number of shards.
        places = {part: self._places(self._parts.index(part)) for part in weights if part in self._parts}
        counts = {part: len(own) for part, own in places.items()}
        if not counts:
            return
        copies = {part: max(one.copies.get(part, 1) for one in self._waiting) for part in counts}
        given: Counter[str] = Counter()
        for part, index in composed(counts, weights, batch):
            file, position, length = map(int, places[part][index])
            line, times = self._read(file, position, length), given[part] // counts[part]
            given[part] += 1
            if times:
                line = _again(line, times * copies[part])
                repeated[part] += 1
            yield line

    def _table(self, one: Waiting) -> Entries:
        """A shard's entries, its parts numbered as all shards' are."""
        table: Entries = np.fromfile(one.folder / "entries", _ENTRY)
        numbers = np.array([self._parts.index(part) for part in one.parts] or [0], "u2")
        table["part"] = numbers[table["part"]]
        return table

    def _places(self, part: int) -> npt.NDArray[np.int64]:
        """Of each record of a part, in the order of their groups: file, position and length of its line."""
        own = self._sorted[self._entries["part"][self._sorted] == part]
        found: list[npt.NDArray[np.int64]] = []
        for index in own:
            lengths = np.array([len(line) for line in self._lines(index).splitlines(keepends=True)], np.int64)
            starts = int(self._entries["position"][index]) + np.concatenate(([0], np.cumsum(lengths)[:-1]))
            found.append(np.stack([np.full_like(lengths, self._file[index]), starts, lengths], axis=1))
        return np.concatenate(found)

    def _lines(self, index: int) -> bytes:
        entry = self._entries[index]
        return self._read(int(self._file[index]), int(entry["position"]), int(entry["length"]))

    def _read(self, file: int, position: int, length: int) -> bytes:
        self._files[file].seek(position)
        return self._files[file].read(length)


def _again(line: bytes, more: int) -> bytes:
    """The record's line with the id of a later copy: "d#NER~2" is the second."""
    row = msgspec.json.decode(line)
    name, mark, number = row["id"].rpartition("~")
    name, copy = (name, int(number)) if mark and number.isdecimal() else (row["id"], 1)
    return to_line({**row, "id": f"{name}~{copy + more}"}).encode("utf-8")
