"""Groups of Records → one split's file. Train groups wait in a nameless file until all are there, then go out in drawn or composed order."""

import contextlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

from uie.documents import Document, document_to_json
from uie.records.composition import Weight, composed
from uie.records.drawing import draw
from uie.records.record import Record, record_to_json
from uie.storage import to_line, whole_file

Place = tuple[int, int]
"""Where a line stands in the waiting file: position and length in bytes."""


@contextlib.contextmanager
def split_writer(folder: Path, split: str, *, seed: int) -> Iterator["SplitWriter"]:
    """Writes FOLDER/SPLIT.jsonl and FOLDER/documents/SPLIT.jsonl; both are there, whole, when the block ends well.

    dev and test keep the order in which they come; train records are written by `finish`.
    """
    with (
        whole_file(folder / f"{split}.jsonl") as records,
        whole_file(folder / "documents" / f"{split}.jsonl") as documents,
        tempfile.TemporaryFile() as waiting,
    ):
        yield SplitWriter(records, documents, waiting if split == "train" else None, seed=seed)


class SplitWriter:
    """Takes one split's Documents and groups of Records. `repeated` counts, by part, the records that a composed order took once more."""

    def __init__(self, records: IO[str], documents: IO[str], waiting: IO[bytes] | None, *, seed: int) -> None:
        self._records = records
        self._documents = documents
        self._waiting = waiting
        self._seed = seed
        self._position = 0  # asking the file where it stands takes longer than writing a line
        self._groups: dict[str, list[tuple[int, list[Place]]]] = {}
        self._copies: dict[str, int] = {}
        self.repeated: Counter[str] = Counter()

    def document(self, document: Document) -> None:
        self._documents.write(to_line(document_to_json(document)))

    def group(self, part: str, records: list[Record]) -> None:
        """Records of one part (CORPUS/TASK) that stay together, in their order."""
        lines = (to_line(record_to_json(record)) for record in records)
        if self._waiting is None:
            self._records.writelines(lines)
            return
        places = []
        for line in lines:
            encoded = line.encode("utf-8")
            self._waiting.write(encoded)
            places.append((self._position, len(encoded)))
            self._position += len(encoded)
        self._groups.setdefault(part, []).append((draw(self._seed, "order", records[0].id), places))
        self._copies[part] = max(self._copies.get(part, 1), *(_copy_of(record.id)[1] for record in records))

    def finish(self, *, batch: int | None = None, weights: Mapping[str, Weight] | None = None) -> None:
        """Writes the train records that wait: their groups, whole, in a drawn order, or composed by the weights of their parts.

        Composed, every `batch` of them have one composition, and a small part begins again, with new ids.
        """
        self._records.writelines(self._drawn() if batch is None else self._composed(batch, weights or {}))

    def _drawn(self) -> Iterator[str]:
        for _, places in sorted(group for groups in self._groups.values() for group in groups):
            yield self._line((places[0][0], sum(length for _, length in places)))  # they stand one behind the other

    def _composed(self, batch: int, weights: Mapping[str, Weight]) -> Iterator[str]:
        parts = {part: [place for _, places in sorted(groups) for place in places] for part, groups in self._groups.items()}
        if not parts:
            return
        given: Counter[str] = Counter()
        counts = {part: len(places) for part, places in parts.items()}
        for part, index in composed(counts, {part: weights[part] for part in parts}, batch):
            line, times = self._line(parts[part][index]), given[part] // counts[part]
            given[part] += 1
            if times:
                row = json.loads(line)
                name, copy = _copy_of(row["id"])
                line = to_line({**row, "id": f"{name}~{copy + times * self._copies[part]}"})
                self.repeated[part] += 1
            yield line

    def _line(self, place: Place) -> str:
        assert self._waiting is not None
        position, length = place
        self._waiting.seek(position)
        return self._waiting.read(length).decode("utf-8")


def _copy_of(id: str) -> tuple[str, int]:
    """The id of a record without the number of its copy, and that number: "d#NER~2" is the second."""
    name, mark, number = id.rpartition("~")
    return (name, int(number)) if mark and number.isdecimal() else (id, 1)
