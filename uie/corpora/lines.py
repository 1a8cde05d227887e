"""A text file in, Documents out by a layout's own function, one for each line or each block of lines; what fails goes to `bad`."""

from collections.abc import Callable, Iterator
from pathlib import Path

from uie.corpora import OnBad
from uie.corpora.rows import placed
from uie.documents import Document
from uie.errors import CorpusError
from uie.storage import read_lines

Block = list[tuple[int, str]]
"""Lines with their numbers."""


def documents_from_each_line(path: Path, bad: OnBad, make: Callable[[str, str], Document]) -> Iterator[Document]:
    """`make` for each line and its place, FILE:LINE, with which the errors of `make` begin; blank lines are passed over."""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            document = make(line, f"{path}:{number}")
        except CorpusError as error:
            bad(error, line)
            continue
        yield placed(document, number)


def documents_from_blocks(path: Path, bad: OnBad, make: Callable[[Block], Document]) -> Iterator[Document]:
    """`make` for each block of lines, at the place of its first; blank lines part the blocks. Errors of `make` begin with their place."""
    for block in _blocks(path):
        try:
            document = make(block)
        except CorpusError as error:
            bad(error, "\n".join(line for _, line in block))
            continue
        yield placed(document, block[0][0])


def _blocks(path: Path) -> Iterator[Block]:
    block: Block = []
    for number, line in read_lines(path):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block
