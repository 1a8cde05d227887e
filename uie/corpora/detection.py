"""A file of tokens and tags in, how its columns and its tags are written out, with the reasons."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from uie.corpora.tagging import SCHEMES, SchemeName, TagStyle, mentions
from uie.errors import CorpusError
from uie.storage import read_lines

SchemeOption = Literal["auto", SchemeName]
"""How the option `scheme` of a layout names one; "auto": the file is looked through before it is read."""

_SAMPLE = 5000  # rows that tell columns apart; tags are counted over the whole file
_MANY_TAGS = 1000  # a column with more is none of tags: FewNERD, the largest inventory known here, has 2 * 66 + 1
_SEPARATORS = ("-", "_", ":", "/", ".", "|", "#")
# Where two schemes break equally often, the first one here: all-O files are called IOB2, and S-only ones BIOES.
_ORDER: tuple[SchemeName, ...] = ("IOB2", "IOB1", "BIOES", "BMES", "BILUO", "IOE2", "IOE1")
_COLUMN_NAMES = {"token", "tokens", "word", "words", "form", "text", "char"}


@dataclass(frozen=True, slots=True)
class Detected:
    """What a file with a token and its tag a line looks like. Columns count from 0, or from the end where rows differ in length.

    `separator`: None for any white space. `others`: further options of the layout `tokens`. `why`: the reasons, as sentences.
    """

    scheme: SchemeName
    prefix_separator: str
    separator: str | None
    token_column: int
    tag_column: int
    why: str
    prefix_behind: bool = False
    others: Mapping[str, Any] | None = None

    def options(self) -> dict[str, Any]:
        """The options of the layout `tokens` that read the file; defaults are left out but for the scheme."""
        values = {
            "scheme": self.scheme,
            "separator": self.separator,
            "token_column": self.token_column,
            "tag_column": self.tag_column,
            "prefix_separator": self.prefix_separator,
            "prefix_behind": self.prefix_behind,
            **(self.others or {}),
        }
        defaults = {"separator": None, "token_column": 0, "tag_column": -1, "prefix_separator": "-", "prefix_behind": False}
        return {key: value for key, value in values.items() if key not in defaults or value != defaults[key]}


def tag_style(sequences: Iterable[Sequence[str]]) -> tuple[TagStyle, str] | None:
    """How the tags of sentences are written, and why; None where they are no tags: too many different ones.

    Prefixes are believed when they fit at least half of the tags; what they do not fit is an error of the file. Among the schemes
    that know the prefixes, the one counts that is broken least often. Needs constant memory: only neighbours are counted.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for tags in sequences:
        pairs.update(zip(("O", *tags), (*tags, "O"), strict=True))
        if len(pairs) > _MANY_TAGS**2 // 20:
            return None
    counts: Counter[str] = Counter()
    for (_, tag), count in pairs.items():
        counts[tag] += count
    counts.pop("O", None)
    if len(counts) > _MANY_TAGS:
        return None
    if not counts:
        return TagStyle("IOB2"), "no tag but O, so that any scheme would do"
    best = max(
        (TagStyle("IOB2", separator, behind) for behind in (False, True) for separator in _SEPARATORS),
        key=lambda style: sum(count for tag, count in counts.items() if _letter(tag, style)),
    )
    fitting = {tag: count for tag, count in counts.items() if _letter(tag, best)}
    share = sum(fitting.values()) / counts.total()
    if share < 0.5:
        return TagStyle("IO"), f"tags such as {next(iter(counts))!r} have no prefix"
    broken = {
        scheme: _broken(pairs, fitting, TagStyle(scheme, best.prefix_separator, best.prefix_behind))
        for scheme in _ORDER
        if {_letter(tag, best) for tag in fitting} <= set(SCHEMES[scheme].roles)
    }
    if not broken:
        return None
    scheme = min(broken, key=lambda name: broken[name])
    return TagStyle(scheme, best.prefix_separator, best.prefix_behind), _why(fitting, best, scheme, broken, share)


def chosen_style(
    scheme: SchemeOption, prefix_separator: str, prefix_behind: bool, *, sequences: Iterable[Sequence[str]], where: Path
) -> TagStyle:
    """The style that the options of a layout name; with "auto" the one that the sequences, gone through only then, are written in.

    Raises:
        CorpusError: what stands there are no tags of any scheme.
    """
    if scheme != "auto":
        return TagStyle(scheme, prefix_separator, prefix_behind)
    found = tag_style(sequences)
    if found is None:
        known = ", ".join(SCHEMES)
        raise CorpusError(f"{where}: no tagging scheme fits what should be tags; check the columns, or name one of {known}.")
    return found[0]


def detect(path: Path) -> Detected | None:
    """How a file with a token and its tag a line is written; None where no column holds tags.

    Columns are told from the first 5,000 rows, the scheme from all of them.

    Raises:
        CorpusError: the file is missing or is not UTF-8.
    """
    lines = [line for _, line in islice(read_lines(path), _SAMPLE)]
    others: dict[str, Any] = {"document_start": "# "} if any(map(_is_comment, lines)) else {}
    if _are_piped([line.split() for line in lines if _is_row(line)]):
        return None  # a sentence a line, which the layout `piped` reads
    for separator in ("\t", None, "|", ",", ";"):
        rows = [line.split(separator) for line in lines if _is_row(line) and not (others and line.startswith("# "))]
        wide = [row for row in rows if len(row) >= 2]
        if rows and len(wide) > 0.98 * len(rows):
            return _detect(path, separator, wide, others)
    return None


def _are_piped(rows: list[list[str]]) -> bool:
    """Whether rows are sentences of pieces such as `Ann|NNP|B-PER`, and not one such piece each."""
    piped = sum(all("|" in piece[1:-1] for piece in row) for row in rows)
    return piped > 0.98 * len(rows) and sum(map(len, rows)) >= 2 * len(rows) > 0


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("-DOCSTART-") and not _is_comment(line)


def _is_comment(line: str) -> bool:
    """A line such as `# document_id = 7`, of CoNLL-U and HIPE; `#` may be a token as well."""
    return line.startswith("# ") and " = " in line


def _detect(path: Path, separator: str | None, rows: list[list[str]], others: dict[str, Any]) -> Detected | None:
    first, *rest = rows
    names_columns = bool(rest) and any(cell.strip().lower() in _COLUMN_NAMES for cell in first)
    rows = rest if names_columns else rows
    # A width that hardly occurs is a broken row, which reading has to tell.
    widths = sorted(width for width, count in Counter(map(len, rows)).items() if count >= 0.01 * len(rows))
    rows = [row for row in rows if len(row) in widths]
    if not widths:
        return None  # rows of as many widths as there are rows
    width = widths[0]
    flags = next((column for column in range(width) if any("EndOfSentence" in row[column] for row in rows)), None)
    if flags is not None:
        others.update(flag_column=flags, sentence_flag="EndOfSentence", no_space_flag="NoSpaceAfter")
    tag_column = _tag_column(rows, [column for column in range(-1, -width - 1, -1) if column + width != flags])
    if tag_column is None:
        return None
    found = tag_style(_tags(path, separator, tag_column))
    if found is None:
        return None
    style, why = found
    if names_columns and not _is_tag(first, tag_column, style):
        others["header"] = True
    free = [column for column in range(width) if column - width != tag_column]
    token_column = next((column for column in free if not all(row[column].isdecimal() for row in rows)), free[0])
    if len(widths) > 1:
        others["columns"] = widths
    tokens = [row[token_column] for row in rows]
    if len(tokens) > 20 and all(len(token) == 2 and token[1].isdecimal() for token in tokens):
        others["token_digit"] = True
    for column in free[:-1]:
        if column + 1 in free and _are_offsets(rows, tokens, column):
            others.update(start_column=column, end_column=column + 1)
    if looks_unspaced(tokens):
        others["join"] = "none"
    parted = "white space" if separator is None else repr(separator)
    reasons = f"{' or '.join(map(str, widths))} columns parted by {parted}; tags in column {tag_column}: {why}."
    if others:
        reasons += f" Further options: {', '.join(f'{key}: {value}' for key, value in others.items())}."
    from_front = tag_column + width if len(widths) == 1 and tag_column != -1 else tag_column
    return Detected(
        style.scheme,
        style.prefix_separator,
        separator,
        token_column,
        from_front,
        reasons,
        style.prefix_behind,
        others,
    )


def _tag_column(rows: list[list[str]], columns: list[int]) -> int | None:
    """The last column of prefixed tags (chunk tags stand before those of entities), else the last of bare ones with O among them."""
    bare = None
    for column in columns:
        counts = Counter(row[column].strip() for row in rows)
        outside = counts.pop("O", 0)
        if len(counts) > max(40, len(rows) / 20) or not (outside or counts) or "" in counts:
            continue
        found = tag_style([list(counts.elements())])
        if found is not None and found[0].scheme != "IO":
            return column
        if bare is None and outside and all(tag[:1].isalpha() for tag in counts):
            bare = column
    return bare


def _is_tag(row: list[str], column: int, style: TagStyle) -> bool:
    """Whether the row, which seems to name the columns, has a tag in that of the tags: then its token only looks like a name."""
    cell = row[column].strip() if len(row) >= -column else ""
    return cell == "O" or bool(_letter(cell, style))


def _tags(path: Path, separator: str | None, column: int) -> Iterator[list[str]]:
    tags: list[str] = []
    for _, line in read_lines(path):
        if _is_row(line):
            cells = line.split(separator)
            if len(cells) >= -column:
                tags.append(cells[column].strip())
        elif tags:
            yield tags
            tags = []
    yield tags


def _are_offsets(rows: list[list[str]], tokens: list[str], column: int) -> bool:
    for row, token in zip(rows, tokens, strict=True):
        start, end = row[column], row[column + 1]
        if not (start.isdecimal() and end.isdecimal() and int(end) - int(start) == len(token)):
            return False
    return True


def looks_unspaced(tokens: Iterable[str]) -> bool:
    """Whether more than half of the words among the tokens are in a script without spaces: Chinese characters and kana."""
    words = [token for token in tokens if any(map(str.isalpha, token))]
    return sum(map(_is_unspaced, words)) > len(words) / 2


def _is_unspaced(token: str) -> bool:
    return any("\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" for character in token)


def _letter(tag: str, style: TagStyle) -> str:
    """The letter that would be the tag's prefix; the empty string where there is none."""
    if style.prefix_behind:
        kind, separated, prefix = tag.rpartition(style.prefix_separator)
    else:
        prefix, separated, kind = tag.partition(style.prefix_separator)
    return prefix if prefix in set("BIESMLU") and (kind or not separated) else ""


def _broken(pairs: Mapping[tuple[str, str], int], fitting: Mapping[str, int], style: TagStyle) -> int:
    """How many tags break the scheme. Whether one does is told by the tag before it, in IOE1 by the one behind it."""
    known = {*fitting, "O"}
    table = SCHEMES[style.scheme]
    broken = 0
    for pair, count in pairs.items():
        if known.issuperset(pair):
            tags = (*pair, "O")
            found = mentions(tags, style.scheme, prefix_separator=style.prefix_separator, prefix_behind=style.prefix_behind)
            broken += count * ((0 if table.parting else 1) in found.invalid)
    return broken


def _why(fitting: Mapping[str, int], style: TagStyle, scheme: SchemeName, broken: Mapping[SchemeName, int], share: float) -> str:
    letters: Counter[str] = Counter()
    for tag, count in fitting.items():
        letters[_letter(tag, style)] += count
    counted = ", ".join(f"{letter} {count}" for letter, count in sorted(letters.items()))
    place = "behind" if style.prefix_behind else "in front"
    said = f"prefixes {counted} {place}, parted by {style.prefix_separator!r}; {scheme} is broken {broken[scheme]} times"
    if len(broken) > 1:
        second = min((name for name in broken if name != scheme), key=lambda name: broken[name])
        said += f", {second} {broken[second]} times"
    return said if share == 1 else f"{said}; {1 - share:.1%} of the tags do not fit"
