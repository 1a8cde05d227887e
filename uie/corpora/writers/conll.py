"""Documents in, one token and its tag a line out (CoNLL columns), an empty line after each Document."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from uie.corpora.tagging import SCHEMES
from uie.corpora.tokens import Join
from uie.corpora.writers import Writer
from uie.corpora.writers.holding import Holds, kept
from uie.documents import Document, Mention

_HOLDS = Holds(overlapping=False, untyped=True, label=re.compile(r"[^\s\x00]([^\t\n\r\x00]*[^\s\x00])?"))
_SEPARATOR, _COMMENT, _BYTE_ORDER_MARK = "\t", "-DOCSTART-", "\ufeff"
# A character of Chinese, Japanese (kana) or Korean by itself; else a run of letters, digits and underscores; else one sign.
_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]|[^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+|\S"
)


@dataclass(frozen=True, slots=True)
class ConllOptions:
    """`offsets`: two columns between token and tag, where the token begins and ends in its text, so that no blank is lost.

    `join`: by what the text is made of the tokens when it is read back without them (default: whichever makes the first text).
    """

    scheme: Literal["IOB2", "BIOES", "BMES", "BILUO"] = "IOB2"
    offsets: bool = False
    join: Join | None = None


def write(documents: Iterable[Document], out: Path, options: ConllOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """Columns are parted by tabs. The tokens are the Document's own, else those of `simple_tokens`.

    What is between two tokens is not kept, but for blanks with `offsets`: a text that is not made again is counted as "spacing of a text".
    """
    join, first = options.join, True
    with out.open("w", encoding="utf-8", newline="\n") as file:
        for document in documents:
            offsets = document.tokens or simple_tokens(document.text)
            borders = _Borders(offsets)
            found = kept(document, _HOLDS, lost, borders.missed)
            if found is None:
                continue
            tokens = [document.text[start:end] for start, end in offsets]
            if reason := _unwritable(tokens):
                lost[reason] += 1
                continue
            if join is None and len(tokens) > 1:
                join = "none" if "".join(tokens) == document.text else "space"
            if _made_again(tokens, offsets, None if options.offsets else join or "space") != document.text:
                lost["spacing of a text"] += 1
            if first and tokens[0].startswith(_BYTE_ORDER_MARK):
                file.write(_BYTE_ORDER_MARK)  # one that is taken off when the file is read, instead of the token's own
            first = False
            for token, (start, end), tag in zip(tokens, offsets, _tags(found, borders, options), strict=True):
                columns = (token, str(start), str(end), tag) if options.offsets else (token, tag)
                file.write(_SEPARATOR.join(columns) + "\n")
            file.write("\n")
    read_back = {"scheme": options.scheme, "separator": _SEPARATOR}
    return {**read_back, **({"start_column": 1, "end_column": 2} if options.offsets else {"join": join or "space"})}


def simple_tokens(text: str) -> tuple[tuple[int, int], ...]:
    """Where the tokens of a text stand that comes without: a Chinese, Japanese or Korean character by itself, a run of other letters,
    digits and underscores, and every other sign that is no white space by itself."""
    return tuple(match.span() for match in _TOKEN.finditer(text))


def _made_again(tokens: Sequence[str], offsets: Sequence[tuple[int, int]], join: Join | None) -> str:
    """The text that is read back; by the offsets where there is no rule for joining."""
    if join is not None:
        return (" " if join == "space" else "").join(tokens)
    gaps = [start - end for (_, end), (start, _) in pairwise(offsets)]
    return "".join(token + " " * gap for token, gap in zip(tokens, [*gaps, 0], strict=True))


class _Borders:
    """Where tokens begin and end, by offset."""

    def __init__(self, offsets: Sequence[tuple[int, int]]) -> None:
        self.tokens = len(offsets)
        self._starts = {start: index for index, (start, _) in reversed(list(enumerate(offsets)))}
        self._ends = {end: index for index, (_, end) in enumerate(offsets)}

    def missed(self, mention: Mention) -> str:
        """Why the mention cannot be written as tokens, if it cannot."""
        return "" if self.inside(mention) else "mention that does not meet token borders"

    def inside(self, mention: Mention) -> range:
        """The indices of the mention's tokens; none where it does not begin and end with one."""
        first, last = self._starts.get(mention.start or 0), self._ends.get(mention.end or 0)
        return range(0) if first is None or last is None else range(first, last + 1)


def _unwritable(tokens: Sequence[str]) -> str:
    for token in tokens:
        if not token.strip() or re.search(r"[\t\n\r]", token):
            return "Document with a token that holds a tab or a line end, or nothing"
        if token.startswith(_COMMENT):
            return f"Document with a token that begins with {_COMMENT}"
    return "" if tokens else "Document without tokens"


def _tags(document: Document, borders: _Borders, options: ConllOptions) -> list[str]:
    prefixes = {role: prefix for prefix, role in SCHEMES[options.scheme].roles.items()}
    tags = ["O"] * borders.tokens
    for entity in document.entities or ():
        inside = borders.inside(entity.mention)
        roles = ["B", *"I" * (len(inside) - 2), "E"] if len(inside) > 1 else ["S"]
        for index, role in zip(inside, roles, strict=True):
            prefix = prefixes.get(role) or prefixes["I" if role == "E" else "B"]
            tags[index] = prefix if entity.type is None else f"{prefix}-{entity.type}"
    return tags


WRITER = Writer(write, "tokens", suffix=".conll")
