"""Documents with their splits in, one open file a split out: for writers that fill a folder."""

from pathlib import Path
from types import TracebackType
from typing import IO

from uie.documents import Document
from uie.storage import Json, to_line


def split_name(document: Document) -> str:
    """The Document's split, `train` where it has none; no sign of it leads out of the folder."""
    return document.split.replace("/", "_").lstrip(".") or "train"


class SplitFiles:
    """JSON rows, each into the file of its Document's split, which is opened when the first one comes.

    `name` is a pattern with `{split}`; `array`: one JSON array a file, with a row a line, instead of JSON Lines.
    """

    def __init__(self, folder: Path, name: str, *, array: bool = False) -> None:
        self.counts: dict[str, int] = {}
        self._folder, self._name, self._array = folder, name, array
        self._files: dict[str, IO[str]] = {}

    def write(self, document: Document, row: Json) -> None:
        split, line = split_name(document), to_line(row)
        if split not in self._files:
            self._files[split] = (self._folder / self._name.format(split=split)).open("w", encoding="utf-8", newline="\n")
            self.counts[split] = 0
        before = (",\n" if self.counts[split] else "[\n") if self._array else ""
        self._files[split].write(before + (line.rstrip("\n") if self._array else line))
        self.counts[split] += 1

    def __enter__(self) -> "SplitFiles":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for file in self._files.values():
            if self._array:
                file.write("\n]\n")
            file.close()
