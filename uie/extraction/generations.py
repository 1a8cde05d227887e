"""`generations.jsonl`: every answer, written as soon as it is there, and found again by the record that asked for it."""

import fcntl
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from uie.errors import OutputError
from uie.extraction.places import Places
from uie.generation import Generation
from uie.records.record import Record, prompt_text
from uie.storage import parse_object, text_hash, to_line

Json = dict[str, Any]
NAME = "generations.jsonl"


class Generations:
    """The answers of a folder; without one nothing is kept.

    A row says by the hash of its prompt what was asked: a record whose question has changed since has no answer.
    """

    def __init__(self, folder: Path | None) -> None:
        """Takes over the whole lines that are there; a last one that a kill cut off is removed, and its record asked again.

        Raises:
            OutputError: a line is damaged, or another process writes here.
        """
        self.folder = folder
        self._path = None if folder is None else folder / NAME
        self._places = Places(folder)
        if self._path is None:
            return
        self._file = self._path.open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.close()
            raise OutputError(f"{self._path}: another process is writing here; wait for it, or choose another --out.") from None
        self._find()

    def close(self) -> None:
        if self._path is not None:
            self._file.close()

    def of(self, record: Record) -> Json | None:
        """The row of the record's answer; None where it has none."""
        at = self._places.get(record.id)
        if at is None:
            return None
        self._file.seek(at)
        row = self._row(self._file.readline(), str(self._path))
        return row if row.get("prompt", _mark(record)) == _mark(record) else None

    def add(self, record: Record, generation: Generation) -> Json:
        """Writes an answer's row, and returns it."""
        row = {"record_id": record.id, "prompt": _mark(record), **asdict(generation), "seconds": round(generation.seconds, 4)}
        row = {key: value for key, value in row.items() if value is not None}
        if self._path is not None:
            self._file.write(to_line(row).encode("utf-8"))
            self._file.flush()
        return row

    def _find(self) -> None:
        at = 0
        self._file.seek(0)
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                os.truncate(self._file.fileno(), at)
                return
            self._places.put(str(self._row(line, f"{self._path}:{number}").get("record_id")), at)
            at += len(line)

    def _row(self, line: bytes, where: str) -> Json:
        try:
            return parse_object(line.decode("utf-8"), where, error=OutputError)
        except UnicodeDecodeError as found:
            raise OutputError(f"{where}: not UTF-8 ({found.reason}); remove the line, and its record is asked again.") from None


def _mark(record: Record) -> str:
    return text_hash(prompt_text(record.instruct, record.query))[:12]
