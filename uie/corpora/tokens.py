"""One token and its tags a line in (CoNLL columns, any order, any tagging scheme), Documents with entities out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad, odd
from uie.corpora.detection import SchemeOption, chosen_style, detect
from uie.corpora.rows import placed
from uie.corpora.tagging import SchemeName, TagStyle, mentions
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError, SettingsError
from uie.storage import read_lines

Join = Literal["space", "none"]
Offsets = tuple[tuple[int, int], ...]
Row = tuple[int, str, list[str]]
"""Line number, line, columns."""

_LARGEST_GAP = 1000  # characters between two tokens of a sentence: more is a wrong offset, and would be filled with spaces


@dataclass(frozen=True, slots=True)
class TokensOptions:
    r"""How the columns look. Columns count from 0, or from the end with -1.

    `scheme`: "auto" looks through the file before it is read, and finds `prefix_separator` and `prefix_behind` (`PER-B`) too.
    `separator`: what parts the columns, such as "\t" (default: any white space). `columns`: how many a row may have (default: as
    many as the first). `tag_columns`: several layers of tags, for nested mentions, instead of `tag_column`. `token_digit`: each
    token has a digit behind that is none of it. `header`: the first line that is not passed over names the columns.
    `document_start`: lines that begin with it are passed over. `sentence_line`: a line that ends a sentence, as a blank one does.
    `flag_column` holds flags parted by "|": `sentence_flag` stands at the last token of a sentence, `no_space_flag` at tokens that
    no space follows. `start_column`, `end_column`: offsets of the tokens in their document, which then say how much space is
    between them. `join`: whether tokens make the text with a space between them or nothing, where nothing else says it.
    """

    scheme: SchemeOption = "IOB2"
    separator: str | None = None
    token_column: int = 0
    tag_column: int = -1
    tag_columns: tuple[int, ...] = ()
    columns: tuple[int, ...] = ()
    prefix_separator: str = "-"
    prefix_behind: bool = False
    token_digit: bool = False
    header: bool = False
    document_start: str = "-DOCSTART-"
    sentence_line: str = ""
    flag_column: int | None = None
    sentence_flag: str = ""
    no_space_flag: str = ""
    start_column: int | None = None
    end_column: int | None = None
    join: Join = "space"

    def __post_init__(self) -> None:
        check_separator(self.separator)


def check_separator(separator: str | None) -> None:
    """Refuses an empty one, with which `str.split` fails at the first line.

    Raises:
        SettingsError: it is empty.
    """
    if separator == "":
        raise SettingsError("separator: expected at least one character, found ''; leave it out for the default.")


def read(path: Path, options: TokensOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a sentence. Sentences end at lines without anything but white space (WNUT-17 has lines with only a tab).

    A sentence with a line or tag that cannot be read is left out and handed to `bad` as a whole.
    """
    layers = options.tag_columns or (options.tag_column,)
    sequences = (_tags(rows, column) for rows in _sentences(path, options) for column in layers)
    style = chosen_style(options.scheme, options.prefix_separator, options.prefix_behind, sequences=sequences, where=path)
    named = (options.token_column, *layers, options.flag_column, options.start_column, options.end_column)
    needed = max(2, *(column + 1 if column >= 0 else -column for column in named if column is not None))
    widths = options.columns
    for rows in _sentences(path, options):
        number = rows[0][0]
        try:
            for row in rows:
                if not widths and len(row[2]) >= needed:
                    widths = (len(row[2]),)
                _check_row(row, widths or (needed,), needed, options, path)
            tokens = [_token(row, options, path) for row in rows]
            text, offsets = _text(rows, tokens, options, path)
            tags = [_tags(rows, column) for column in layers]
            document = document_of(text, offsets, tags, style, f"{path}:{number}")
        except CorpusError as error:
            bad(error, "\n".join(line for _, line, _ in rows))
            continue
        yield placed(document, number)


def _sentences(path: Path, options: TokensOptions) -> Iterator[list[Row]]:
    rows: list[Row] = []
    header = options.header
    start, separator, end, flag = options.document_start, options.separator, options.sentence_line, options.sentence_flag
    for number, line in read_lines(path):
        if not line.strip() or (start and line.startswith(start)) or (end and line.strip() == end):
            if rows:
                yield rows
                rows = []
            continue
        if header:
            header = False
            continue
        row = (number, line, line.split(separator))
        rows.append(row)
        if flag and flag in _flags(row, options):
            yield rows
            rows = []
    if rows:
        yield rows


def _flags(row: Row, options: TokensOptions) -> list[str]:
    _, _, columns = row
    try:
        return [] if options.flag_column is None else columns[options.flag_column].strip().split("|")
    except IndexError:  # too few columns, which is told when the sentence is read
        return []


def _check_row(row: Row, widths: tuple[int, ...], needed: int, options: TokensOptions, path: Path) -> None:
    number, line, columns = row
    if len(columns) not in widths or len(columns) < needed:
        parted = "white space" if options.separator is None else repr(options.separator)
        expected = " or ".join(map(str, widths))
        raise CorpusError(f"{path}:{number}: expected {expected} columns parted by {parted}, found {len(columns)}: {line!r}.")


def _token(row: Row, options: TokensOptions, path: Path) -> str:
    number, line, columns = row
    token = columns[options.token_column]
    if options.token_digit:
        if not token[-1:].isdecimal():
            raise CorpusError(f"{path}:{number}: expected a digit behind the token, found {token!r}.")
        token = token[:-1]
    if not token:
        raise CorpusError(f"{path}:{number}: the token is empty: {line!r}.")
    return token


def _tags(rows: list[Row], column: int) -> list[str]:
    return [columns[column].strip() for _, _, columns in rows if -len(columns) <= column < len(columns)]


def _text(rows: list[Row], tokens: list[str], options: TokensOptions, path: Path) -> tuple[str, Offsets]:
    """The text of a sentence and where its tokens stand in it."""
    if options.start_column is not None:
        gaps = _gaps(rows, tokens, options.start_column, options.end_column, path)
    elif options.no_space_flag:
        gaps = ["" if options.no_space_flag in _flags(row, options) else " " for row in rows]
    else:
        return joined(tokens, options.join)
    parts, offsets, length = [], [], 0
    for token, gap in zip(tokens, gaps, strict=True):
        parts.append(token + gap)
        offsets.append((length, length + len(token)))
        length += len(token) + len(gap)
    return "".join(parts)[: offsets[-1][1]], tuple(offsets)


def _gaps(rows: list[Row], tokens: list[str], start_column: int, end_column: int | None, path: Path) -> list[str]:
    """The spaces behind each token, from the offsets of the tokens in their document."""
    gaps: list[str] = []
    last_end: int | None = None
    for (number, line, columns), token in zip(rows, tokens, strict=True):
        where = f"{path}:{number}"
        start = _offset(columns[start_column], where)
        end = start + len(token) if end_column is None else _offset(columns[end_column], where)
        if end - start != len(token):
            raise CorpusError(f"{where}: {token!r} has {len(token)} characters, but its offsets are {start} and {end}: {line!r}.")
        if last_end is not None:
            if not 0 <= start - last_end <= _LARGEST_GAP:
                raise CorpusError(f"{where}: {token!r} begins at {start}, but the token before it ends at {last_end}.")
            gaps.append(" " * (start - last_end))
        last_end = end
    return [*gaps, ""]


def _offset(column: str, where: str) -> int:
    try:
        return int(column)
    except ValueError:
        raise CorpusError(f"{where}: expected an offset, found {column!r}.") from None


def joined(tokens: Sequence[str], join: Join) -> tuple[str, Offsets]:
    """The text that tokens make, and where each of them stands in it."""
    glue = " " if join == "space" else ""
    return glue.join(tokens), token_offsets(tokens, glue)


def tagged_document(
    tokens: Sequence[str], tags: Sequence[str], scheme: SchemeName, prefix_separator: str, join: Join, where: str
) -> Document:
    """The Document that tokens and their tags make; `tokens` and `meta.invalid_tags` (if any) are kept in it."""
    return document_of(*joined(tokens, join), [tags], TagStyle(scheme, prefix_separator), where)


def document_of(text: str, offsets: Offsets, layers: Sequence[Sequence[str]], style: TagStyle, where: str) -> Document:
    """The Document of a text, its tokens' offsets and one or more layers of tags; otherwise as `tagged_document`."""
    entities, invalid = [], 0
    for tags in layers:
        try:
            tagged = mentions(tags, style.scheme, prefix_separator=style.prefix_separator, prefix_behind=style.prefix_behind)
        except CorpusError as error:
            raise CorpusError(f"{where}: {error}.") from None
        invalid += len(tagged.invalid)
        for mention in tagged.mentions:
            start, end = offsets[mention.start][0], offsets[mention.end - 1][1]
            entities.append(Entity(Mention(text[start:end], start, end), mention.type))
    return Document("", text, entities=tuple(entities), tokens=offsets, meta=odd(invalid_tags=invalid))


def token_offsets(tokens: Sequence[str], glue: str) -> Offsets:
    """Where each token stands in `glue.join(tokens)`."""
    offsets, start = [], 0
    for token in tokens:
        offsets.append((start, start + len(token)))
        start += len(token) + len(glue)
    return tuple(offsets)


def _guess(path: Path) -> Mapping[str, Any] | None:
    found = detect(path)
    return None if found is None else found.options()


LAYOUT = Layout(read, {"people.conll": "Ann B-PER\nlives O\nin O\nRome B-LOC\n"}, guess=_guess)
