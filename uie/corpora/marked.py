"""JSON Lines `{"text" with [[ head ]] and << tail >>, "label", "metadata"}` in (SciBERT's SciERC), Documents with relations out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Row, merged
from uie.corpora.rows import Json, NoOptions, array, string, values_from_lines
from uie.corpora.token_spans import TokenText, token_text
from uie.documents import Document, Entity
from uie.errors import CorpusError

_HEAD, _TAIL = ("[[", "]]"), ("<<", ">>")


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a sentence: lines that differ in their markers only are one, as they have a relation each. Mentions are untyped.

    The markers are tokens of their own; they are taken out, and what they enclose may overlap. The head stands in `[[ ]]`, whichever comes
    first: so it is in all 4,648 lines of SciERC when they are compared with its own relations. `metadata`, the first and last token
    of head and tail, must agree with the markers where it is not missing or empty. The same pair with the same label on two lines is
    one relation (`meta.duplicates`).
    """
    return merged(values_from_lines(path, bad, _row))


def _row(row: Json) -> Row:
    whole, head, tail = _unmarked(string(row, "text"))
    metadata = array(row, "metadata") if row.get("metadata") is not None else []
    spans = [head[0], head[1] - 1, tail[0], tail[1] - 1]
    if metadata and metadata != spans:
        raise CorpusError(f"metadata: expected {spans}, where the markers stand, found {metadata!r}.")
    pair = (Entity(whole.mention(*head)), Entity(whole.mention(*tail)))
    return Row(whole.text, pair, string(row, "label"), tokens=whole.places)


def _unmarked(marked: str) -> tuple[TokenText, tuple[int, int], tuple[int, int]]:
    """The text without its markers, and the first token and the end of head and tail."""
    tokens: list[str] = []
    places: dict[str, list[int]] = {marker: [] for marker in (*_HEAD, *_TAIL)}
    for token in marked.split(" "):
        if token in places:
            places[token].append(len(tokens))
        else:
            tokens.append(token)
    for start, end in (_HEAD, _TAIL):
        if len(places[start]) != 1 or len(places[end]) != 1:
            raise CorpusError(f"expected one {start} and one {end}, found {len(places[start])} and {len(places[end])}: {marked!r}.")
    head, tail = ((places[start][0], places[end][0]) for start, end in (_HEAD, _TAIL))
    return token_text(tokens, "space"), head, tail


LAYOUT = Layout(
    read,
    {
        "methods.txt": '{"text": "A << parser >> with [[ beams ]] reads trees .", "label": "USED-FOR", "metadata": [3, 3, 1, 1]}\n'
        '{"text": "A [[ parser ]] with beams reads << trees >> .", "label": "USED-FOR", "metadata": [1, 1, 5, 5]}\n'
    },
)
