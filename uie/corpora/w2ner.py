"""W2NER's JSON `[{"sentence": [tokens], "ner": [{"index": [token numbers], "type"}]}]` in, Documents with (discontinuous) entities out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, array, documents_from_array
from uie.corpora.spans import typed
from uie.corpora.tokens import Join, joined_tokens
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError


@dataclass(frozen=True, slots=True)
class W2nerOptions:
    """`join`: whether tokens make the text with a space between them or, where they are Chinese characters, nothing."""

    join: Join = "space"


def read(path: Path, options: W2nerOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an item. An index counts the sentence's tokens from 0; a gap in it makes a mention of several parts. `word` is passed over."""

    def document(row: Json) -> Document:
        text, offsets = joined_tokens(row["sentence"], options.join)
        entities = tuple(_entity(text, offsets, item) for item in array(row, "ner"))
        return Document(str(row.get("id", "")), text, entities=entities, tokens=offsets)

    return documents_from_array(path, bad, document)


def _entity(text: str, offsets: Sequence[tuple[int, int]], item: Json) -> Entity:
    parts = tuple((offsets[first][0], offsets[last][1]) for first, last in _runs(array(item, "index"), len(offsets)))
    joined = " ".join(text[start:end] for start, end in parts)
    return typed(Mention(joined, parts[0][0], parts[-1][1], parts if len(parts) > 1 else ()), item["type"])


def _runs(index: list[Any], tokens: int) -> list[list[int]]:
    """First and last token of each part."""
    if not index or any(type(number) is not int for number in index) or index != sorted(set(index)):
        raise CorpusError(f"index: expected the numbers of tokens in rising order, found {index!r}.")
    if not 0 <= index[0] <= index[-1] < tokens:
        raise CorpusError(f"index: {index!r} is not within the {tokens} tokens of the sentence.")
    runs: list[list[int]] = []
    for number in index:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return runs


LAYOUT = Layout(
    read,
    {
        "pains.json": '[{"sentence": ["Arms", "and", "legs", "ache"], "ner": [{"index": [0, 3], "type": "pain"}, {"index": [2, 3], "type": "pain"}]}]\n'
    },
)
