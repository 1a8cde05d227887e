"""An input of any size → its documents one behind the other: Documents that are to be asked, or the Records of one document.

A line that cannot be read is told in its place and stops nothing. Records of one document may be scattered over a file: they are gathered
by a table on disk. In a stream, which cannot be read twice, they have to stand together.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import chain, groupby, islice
from pathlib import Path

from uie.documents import Document, document_from_json
from uie.errors import RecordError, UIEError
from uie.extraction.inputs import check_asked, kind_of_line, unannotated
from uie.extraction.places import Gathered, Places
from uie.extraction.sharding import ALL, Shard
from uie.records.record import Record, record_from_json
from uie.storage import parse_object, read_lines

STREAM = Path("-")
"""The path that means standard input or output."""
_TRIED = 10  # lines at the beginning, one of which has to say what the input holds


@dataclass(frozen=True, slots=True)
class Unread:
    """A line that nothing can be asked about: its number, its file and number as they are told, and why."""

    line: int
    where: str
    reason: str


Records = tuple[Record, ...]
"""All Records of one document."""
Source = Document | Records | Unread


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that is not blank: its number from 1, where it begins in bytes, and its bytes."""

    number: int
    at: int
    content: bytes


class Sources:
    """What a file holds, or standard input. `total` is the number of its documents, as soon as it is known."""

    def __init__(
        self,
        path: Path,
        *,
        asking: bool,
        lang: str = "en",
        format: str = "",
        limit: int | None = None,
        shard: Shard = ALL,
        as_annotated: bool = False,
        name: str = "",
    ):
        """`asking` says whether there is something to ask Documents; `limit` takes the first documents of each corpus and split.

        Documents lose their annotation, unless they are to be asked `as_annotated`: what their annotators were asked, and nothing else.
        `name` is what documents without an id are called by; default: the file's own, without its ending.

        Raises:
            RecordError: there is no such file, or its first lines do not say what it holds.
            SettingsError: Documents or text and nothing to ask, or Records and something to ask.
        """
        self.total: int | None = None
        self._path, self._lang, self._format, self._limit, self._shard = path, lang, format, limit, shard
        self._as_annotated = as_annotated
        self._shown, self._name = ("stdin", "stdin") if path == STREAM else (str(path), name or path.stem)
        self._lines = _lines(path)
        self._is_stream = path == STREAM or not path.is_file()
        self.kind = self._kind()
        check_asked(self._shown, self.kind, asking=asking)

    def walk(self, folder: Path | None = None) -> Iterator[Source]:
        """The sources, in the input's order; to be called once. Tables that memory might not hold are kept in `folder` meanwhile."""
        found = self._first(self._all(folder))
        return (source for source in found if self._shard.holds(_mark(source)))

    def count(self) -> int | None:
        """How many documents there are, where that can be told before they are read."""
        if self.kind == "records" or self._is_stream or self._limit is not None or self._shard.of > 1:
            return None
        return sum(1 for _ in _lines(self._path))

    def _kind(self) -> str:
        """What the first line that can be read says that the input holds."""
        seen: list[_Line] = []
        unread: RecordError | None = None
        for line in islice(self._lines, _TRIED):
            seen.append(line)
            try:
                kind = kind_of_line(self._text(line), self._where(line))
            except RecordError as error:
                unread = unread or error
                continue
            self._lines = chain(seen, self._lines)
            return kind
        raise unread or RecordError(f"{self._shown}: the file is empty.")

    def _where(self, line: _Line) -> str:
        return f"{self._shown}:{line.number}"

    def _text(self, line: _Line) -> str:
        try:
            text = line.content.decode("utf-8-sig" if line.number == 1 else "utf-8")
        except UnicodeDecodeError as found:
            raise RecordError(f"{self._where(line)}: not UTF-8 ({found.reason}); convert the line to UTF-8.") from None
        return text.removesuffix("\n").removesuffix("\r")

    def _first(self, sources: Iterable[Source]) -> Iterator[Source]:
        """The first `limit` documents of each corpus and split."""
        taken = Counter[tuple[str, str]]()
        for source in sources:
            if isinstance(source, Unread):
                if self._limit not in taken.values():
                    yield source
                continue
            first = source if isinstance(source, Document) else source[0]
            corpus = (first.dataset, first.split)
            if self._limit is None or taken[corpus] < self._limit:
                taken[corpus] += 1
                yield source

    def _all(self, folder: Path | None) -> Iterator[Source]:
        if self.kind == "records":
            return self._streamed() if self._is_stream else self._gathered(folder)
        self.total = self.count()
        if self.kind == "text":
            return (self._plain(line) for line in self._lines)
        ids = Places(folder)
        return (self._document(line, ids) for line in self._lines)

    def _plain(self, line: _Line) -> Source:
        try:
            return Document(f"{self._name}#{line.number}", self._text(line).strip(), lang=self._lang)
        except UIEError as error:
            return Unread(line.number, self._where(line), str(error))

    def _document(self, line: _Line, ids: Places) -> Source:
        where = self._where(line)
        try:
            row = parse_object(self._text(line), where, error=RecordError)
            document = document_from_json({"id": f"{self._name}#{line.number}", **row}, where=where)
            self._check_new(document.id, line, ids)
        except UIEError as error:
            return Unread(line.number, where, str(error))
        return document if self._as_annotated else unannotated(document)

    def _check_new(self, id: str, line: _Line, ids: Places) -> None:
        first = ids.first(id, line.number)
        if first != line.number:
            raise RecordError(f"{self._where(line)}: the id {id!r} is that of line {first}; ids must differ.")

    # Records, document by document

    def _record(self, line: _Line, ids: Places) -> Record | Unread:
        where = self._where(line)
        try:
            row = parse_object(self._text(line), where, error=RecordError)
            record = record_from_json(row, where=where, id=f"{self._name}#{line.number}")
            self._check_new(record.id, line, ids)
        except UIEError as error:
            return Unread(line.number, where, str(error))
        record = record if record.format else replace(record, format=self._format)
        if not record.format:  # no bad line but a missing option: told at once
            raise RecordError(
                f"record {record.id} does not say which format its answer has; name it, such as --format lines.seed001."
            )
        return record

    def _gathered(self, folder: Path | None) -> Iterator[Source]:
        ids, documents, gathered = Places(folder), Places(folder), Gathered(folder)
        for line in self._lines:
            record = self._record(line, ids)
            first = line.number if isinstance(record, Unread) else documents.first(record.document_id, line.number)
            gathered.add(first, line.number, line.at)
        if self._limit is None and self._shard.of == 1:
            self.total = gathered.count()
        with self._path.open("rb") as file:
            for _, rows in groupby(gathered, key=lambda row: row[0]):
                found = []
                for _, number, at in rows:
                    file.seek(at)
                    found.append(self._record(_Line(number, at, file.readline()), ids))
                yield from _together(found)

    def _streamed(self) -> Iterator[Source]:
        ids, documents = Places(), Places()
        read = ((line, self._record(line, ids)) for line in self._lines)
        for id, rows in groupby(read, key=lambda row: row[1].where if isinstance(row[1], Unread) else row[1].document_id):
            found = list(rows)
            number = found[0][0].number
            first = documents.first(id, number)
            if first == number:
                yield from _together(record for _, record in found)
                continue
            for line, _ in found:
                yield Unread(
                    line.number,
                    self._where(line),
                    f"{self._where(line)}: document {id!r} was asked from line {first} on; in a stream, "
                    "the records of a document have to stand together.",
                )


def id_of(source: Document | Records) -> str:
    """The document's id."""
    return source.id if isinstance(source, Document) else source[0].document_id


def _mark(source: Source) -> str:
    """What says in which shard a source is, wherever the file lies."""
    return str(source.line) if isinstance(source, Unread) else id_of(source)


def _together(found: Iterable[Record | Unread]) -> Iterator[Source]:
    """The records of one document as one source; lines that cannot be read stay by themselves."""
    records = []
    for one in found:
        if isinstance(one, Unread):
            yield one
        else:
            records.append(one)
    if records:
        yield tuple(records)


def _lines(path: Path) -> Iterator[_Line]:
    if path != STREAM and (path.is_dir() or not path.exists()):
        next(read_lines(path, error=RecordError))  # says what is wrong
    with nullcontext(sys.stdin.buffer) if path == STREAM else path.open("rb") as file:
        at = 0
        for number, content in enumerate(file, 1):
            if _is_written(content, number):
                yield _Line(number, at, content)
            at += len(content)


def _is_written(content: bytes, number: int) -> bool:
    """Whether a line holds more than white space, of which Unicode has more than bytes tell; what is no UTF-8 does."""
    return bool(content.strip()) and bool(content.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip())
