"""One token and its tag a line in (CoNLL columns, any tagging scheme), Documents with entities out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from uie.corpora import Layout, OnBad
from uie.corpora.rows import placed
from uie.corpora.tagging import SchemeName, mentions
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError
from uie.storage import read_lines

Join = Literal["space", "none"]


@dataclass(frozen=True, slots=True)
class TokensOptions:
    r"""How the columns look.

    `separator`: what parts the columns, such as "\t" (default: any white space). `token_column` and `tag_column` count from 0,
    or from the end with -1. `join`: whether tokens make the text with a space between them or nothing. `document_start`: lines
    that begin with it are passed over.
    """

    scheme: SchemeName = "IOB2"
    separator: str | None = None
    token_column: int = 0
    tag_column: int = -1
    prefix_separator: str = "-"
    join: Join = "space"
    document_start: str = "-DOCSTART-"


def read(path: Path, options: TokensOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a sentence. Sentences end at lines without anything but white space (WNUT-17 has lines with only a tab).

    A sentence with a line or tag that cannot be read is left out and handed to `bad` as a whole.
    """
    sentence: list[tuple[int, str]] = []
    for number, line in read_lines(path):
        if line.strip() and not line.startswith(options.document_start):
            sentence.append((number, line))
        elif sentence:
            yield from _sentence(path, sentence, options, bad)
            sentence = []
    if sentence:
        yield from _sentence(path, sentence, options, bad)


def _sentence(path: Path, lines: list[tuple[int, str]], options: TokensOptions, bad: OnBad) -> Iterator[Document]:
    tokens, tags = [], []
    try:
        for number, line in lines:
            token, tag = _columns(line, options, f"{path}:{number}")
            tokens.append(token)
            tags.append(tag)
        number = lines[0][0]
        document = tagged_document(tokens, tags, options.scheme, options.prefix_separator, options.join, f"{path}:{number}")
    except CorpusError as error:
        bad(error, "\n".join(line for _, line in lines))
        return
    yield placed(document, number)


def _columns(line: str, options: TokensOptions, where: str) -> tuple[str, str]:
    columns = line.split(options.separator)
    needed = max(column + 1 if column >= 0 else -column for column in (options.token_column, options.tag_column))
    if len(columns) < max(2, needed):
        parted = "white space" if options.separator is None else repr(options.separator)
        raise CorpusError(f"{where}: expected {max(2, needed)} columns parted by {parted}, found {len(columns)}: {line!r}.")
    token, tag = columns[options.token_column], columns[options.tag_column].strip()
    if not token:
        raise CorpusError(f"{where}: the token is empty: {line!r}.")
    return token, tag


def tagged_document(
    tokens: Sequence[str], tags: Sequence[str], scheme: SchemeName, prefix_separator: str, join: Join, where: str
) -> Document:
    """The Document that tokens and their tags make; `tokens` and `meta.invalid_tags` (if any) are kept in it."""
    glue = " " if join == "space" else ""
    text = glue.join(tokens)
    offsets = token_offsets(tokens, glue)
    try:
        tagged = mentions(tags, scheme, prefix_separator=prefix_separator)
    except CorpusError as error:
        raise CorpusError(f"{where}: {error}.") from None
    entities = []
    for mention in tagged.mentions:
        start, end = offsets[mention.start][0], offsets[mention.end - 1][1]
        entities.append(Entity(Mention(text[start:end], start, end), mention.type))
    meta = {"invalid_tags": len(tagged.invalid)} if tagged.invalid else {}
    return Document("", text, entities=tuple(entities), tokens=offsets, meta=meta)


def token_offsets(tokens: Sequence[str], glue: str) -> tuple[tuple[int, int], ...]:
    """Where each token stands in `glue.join(tokens)`."""
    offsets, start = [], 0
    for token in tokens:
        offsets.append((start, start + len(token)))
        start += len(token) + len(glue)
    return tuple(offsets)


LAYOUT = Layout(read, {"people.conll": "Ann B-PER\nlives O\nin O\nRome B-LOC\n"})
