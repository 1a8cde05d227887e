"""Names, and where each stands: tables on disk, for an input with more names than memory holds."""

import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

_CACHE_KIB = 16 * 1024


class Places:
    """A name's place: a line's number, or where it begins in bytes."""

    def __init__(self, folder: Path | None = None) -> None:
        self._table = _table(folder, "places (name TEXT PRIMARY KEY, place INTEGER) WITHOUT ROWID")

    def get(self, name: str) -> int | None:
        found = self._table.execute("SELECT place FROM places WHERE name = ?", (name,)).fetchone()
        return None if found is None else int(found[0])

    def put(self, name: str, place: int) -> None:
        """The name's place from now on, wherever it was before."""
        self._table.execute("INSERT OR REPLACE INTO places VALUES (?, ?)", (name, place))

    def first(self, name: str, place: int) -> int:
        """The place where the name was met first: this one, if it is new."""
        self._table.execute("INSERT OR IGNORE INTO places VALUES (?, ?)", (name, place))
        return int(self._table.execute("SELECT place FROM places WHERE name = ?", (name,)).fetchone()[0])


class Gathered:
    """Lines, gathered into groups: groups in the order of their first lines, and the lines of a group in theirs."""

    def __init__(self, folder: Path | None = None) -> None:
        self._table = _table(folder, "lines (first INTEGER, number INTEGER, at INTEGER, PRIMARY KEY (first, number)) WITHOUT ROWID")

    def add(self, first: int, number: int, at: int) -> None:
        """A line's number and where it begins in bytes; `first` is the number of its group's first line."""
        self._table.execute("INSERT INTO lines VALUES (?, ?, ?)", (first, number, at))

    def count(self) -> int:
        """How many groups there are."""
        return int(self._table.execute("SELECT COUNT(*) FROM lines WHERE first = number").fetchone()[0])

    def __iter__(self) -> Iterator[tuple[int, int, int]]:
        yield from self._table.execute("SELECT first, number, at FROM lines ORDER BY first, number")


def _table(folder: Path | None, columns: str) -> sqlite3.Connection:
    """An empty table in `folder`, else where temporary files lie. It has no name, so that nothing of it outlives its process."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".places.") as file:
        connection = sqlite3.connect(file.name)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "locking_mode = EXCLUSIVE", f"cache_size = -{_CACHE_KIB}"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(f"CREATE TABLE {columns}")
        connection.commit()
    return connection
