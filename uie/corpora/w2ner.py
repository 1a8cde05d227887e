"""W2NER's JSON `[{"sentence": [tokens], "ner": [{"index": [token numbers], "type"}]}]` in, Documents with (discontinuous) entities out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, array, documents_from_array, id_of
from uie.corpora.spans import typed
from uie.corpora.token_spans import token_text
from uie.corpora.tokens import Join
from uie.documents import Document


@dataclass(frozen=True, slots=True)
class W2nerOptions:
    """`join`: whether tokens make the text with a space between them or, where they are Chinese characters, nothing."""

    join: Join = "space"


def read(path: Path, options: W2nerOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an item. An index counts the sentence's tokens from 0; a gap in it makes a mention of several parts. `word` is passed over."""

    def document(row: Json) -> Document:
        whole = token_text(row["sentence"], options.join)
        entities = tuple(typed(whole.mention_of(item["index"]), item["type"]) for item in array(row, "ner"))
        return Document(id_of(row.get("id")), whole.text, entities=entities, tokens=whole.places)

    return documents_from_array(path, bad, document)


LAYOUT = Layout(
    read,
    {
        "pains.json": '[{"sentence": ["Arms", "and", "legs", "ache"], "ner": [{"index": [0, 3], "type": "pain"}, {"index": [2, 3], "type": "pain"}]}]\n'
    },
)
