"""Two files with the same number of lines, tokens in one and their tags in the other, in; Documents with entities out."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.detection import SchemeOption, chosen_style, looks_unspaced, tag_style
from uie.corpora.rows import placed
from uie.corpora.tokens import Join, check_separator, document_of, joined
from uie.documents import Document
from uie.errors import CorpusError
from uie.storage import read_lines


@dataclass(frozen=True, slots=True)
class ParallelOptions:
    """`tags_file`: the name of the file with the tags, in the folder of the one with the tokens (which the config lists).

    `separator` parts the tokens of a line (default: any white space), white space the tags. The others as in `TokensOptions`.
    """

    tags_file: str
    scheme: SchemeOption = "IOB2"
    separator: str | None = None
    prefix_separator: str = "-"
    prefix_behind: bool = False
    join: Join = "space"

    def __post_init__(self) -> None:
        check_separator(self.separator)


def read(path: Path, options: ParallelOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line; lines blank in both files are passed over.

    Raises:
        CorpusError: one file has more lines than the other, so that no pair of lines after a slip could be trusted.
    """
    tags_path = path.parent / options.tags_file
    sequences = (line.split() for _, line in read_lines(tags_path))
    style = chosen_style(options.scheme, options.prefix_separator, options.prefix_behind, sequences=sequences, where=tags_path)
    for tokens_line, tags_line in zip_longest(read_lines(path), read_lines(tags_path)):
        if tokens_line is None or tags_line is None:
            longer, number = (path, tokens_line[0]) if tokens_line else (tags_path, tags_line[0])
            other = tags_path if longer is path else path
            raise CorpusError(
                f"{longer}:{number}: {other.name} has no line {number}; the two files must have the same number of lines."
            )
        number, tokens, tags = tokens_line[0], tokens_line[1].split(options.separator), tags_line[1].split()
        if not tokens_line[1].strip() and not tags:
            continue
        where = f"{path}:{number}"
        try:
            if len(tokens) != len(tags):
                raise CorpusError(f"{where}: {len(tokens)} tokens, but {options.tags_file} has {len(tags)} tags in that line.")
            if not all(tokens):
                raise CorpusError(f"{where}: a token is empty.")
            document = document_of(*joined(tokens, options.join), [tags], style, where)
        except CorpusError as error:
            bad(error, tokens_line[1])
            continue
        yield placed(document, number)


def _guess(path: Path) -> Mapping[str, Any] | None:
    """The first file beside it whose first lines have as many pieces, all of them tags."""
    tokens = [line.split() for _, line in islice(read_lines(path), 200)]
    lengths = [len(pieces) for pieces in tokens]
    for other in sorted(path.parent.iterdir()):
        if other == path or not other.is_file() or other.stat().st_size > 20 * path.stat().st_size:
            continue
        try:
            tags = [line.split() for _, line in islice(read_lines(other), 200)]
        except CorpusError:  # no text
            continue
        if max(lengths, default=0) < 2 or [len(pieces) for pieces in tags] != lengths:
            continue
        found = tag_style(tags)
        if found is not None and (found[0].scheme != "IO" or _mostly_outside(tags)):
            style = found[0]
            return {
                "tags_file": other.name,
                "scheme": style.scheme,
                "prefix_separator": style.prefix_separator,
                "prefix_behind": style.prefix_behind,
                **({"join": "none"} if looks_unspaced(piece for pieces in tokens for piece in pieces) else {}),
            }
    return None


def _mostly_outside(tags: list[list[str]]) -> bool:
    """Whether no piece is as frequent as O: words, or the columns of another file with tags among them, are no tags without prefixes."""
    counts = Counter(piece for pieces in tags for piece in pieces)
    return counts["O"] == max(counts.values(), default=1)


LAYOUT = Layout(read, {"sentences.txt": "Ann lives in Rome\n", "tags.txt": "B-PER O O B-LOC\n"}, {"tags_file": "tags.txt"}, _guess)
