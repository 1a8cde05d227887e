"""A sentence a line, its tokens as `token|POS|TAG` (spaCy's .iob files), in; Documents with entities out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.detection import SchemeOption, chosen_style, looks_unspaced, tag_style
from uie.corpora.lines import documents_from_each_line
from uie.corpora.tokens import Join, check_separator, document_of, joined
from uie.documents import Document
from uie.errors import CorpusError, SettingsError
from uie.storage import read_lines


@dataclass(frozen=True, slots=True)
class PipedOptions:
    """`columns`: how many parts a token has, the tag last. `separator` parts them. The others as in `TokensOptions`."""

    scheme: SchemeOption = "IOB2"
    columns: int = 3
    separator: str = "|"
    prefix_separator: str = "-"
    prefix_behind: bool = False
    join: Join = "space"

    def __post_init__(self) -> None:
        check_separator(self.separator)
        if self.columns < 2:
            raise SettingsError(f"columns: expected 2 or more, found {self.columns}.")


def read(path: Path, options: PipedOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. A token may hold the separator itself (`||SYM|O`): the parts are counted from the end."""
    sequences = ([piece.rpartition(options.separator)[2] for piece in line.split()] for _, line in read_lines(path))
    style = chosen_style(options.scheme, options.prefix_separator, options.prefix_behind, sequences=sequences, where=path)

    def document(line: str, where: str) -> Document:
        parts = [_parts(piece, options, where) for piece in line.split()]
        text, offsets = joined([columns[0] for columns in parts], options.join)
        return document_of(text, offsets, [[columns[-1] for columns in parts]], style, where)

    yield from documents_from_each_line(path, bad, document)


def _parts(piece: str, options: PipedOptions, where: str) -> list[str]:
    columns = piece.rsplit(options.separator, options.columns - 1)
    if len(columns) != options.columns or not columns[0]:
        raise CorpusError(f"{where}: expected {options.columns} parts with {options.separator!r} between them, found {piece!r}.")
    return columns


def _guess(path: Path) -> Mapping[str, Any] | None:
    lines = [line.split() for _, line in islice(read_lines(path), 1000) if line.strip()]
    pieces = [piece for line in lines for piece in line]
    columns = min((piece.count("|") for piece in pieces), default=0) + 1
    found = tag_style([[piece.rpartition("|")[2] for piece in line] for line in lines])
    if columns < 2 or found is None or found[0].scheme == "IO":
        return None
    style = found[0]
    unspaced = looks_unspaced(piece.rsplit("|", columns - 1)[0] for piece in pieces)
    return {
        "scheme": style.scheme,
        "columns": columns,
        "prefix_separator": style.prefix_separator,
        "prefix_behind": style.prefix_behind,
        **({"join": "none"} if unspaced else {}),
    }


LAYOUT = Layout(read, {"people.iob": "Ann|NNP|B-PER left|VBD|O .|.|O\n"}, guess=_guess)
