"""spaCy v2 training JSON `[{"paragraphs": [{"raw", "sentences": [{"tokens": [{"orth", "ner"}]}]}]}]` in, Documents with entities out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from uie.corpora import Layout, OnBad, odd
from uie.corpora.rows import Json, array, id_of, placed, string, values_from_array
from uie.corpora.tagging import SchemeName, TagStyle
from uie.corpora.tokens import Join, Offsets, document_of, joined
from uie.documents import Document, Entity
from uie.errors import CorpusError

_ESCAPED = {"``": '"', "''": '"', "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}"}
_UNKNOWN = ("-", "")  # no annotation for this token, in spaCy's words a missing value


@dataclass(frozen=True, slots=True)
class SpacyJsonOptions:
    """`join`: whether tokens make the text with a space between them or nothing, in paragraphs without their `raw` text."""

    scheme: SchemeName = "BILUO"
    join: Join = "space"


def read(path: Path, options: SpacyJsonOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a paragraph, with its sentences in one text. The file is read at once.

    A text in `raw` is kept, its tokens are looked up in it one after the other; as the Penn Treebank writes them they may be quotes
    and brackets. A paragraph with a token whose tag is `-`, empty or missing is not annotated: its Document has entities None.
    """

    def paragraphs(row: Json) -> list[Document]:
        documents = [_paragraph(paragraph, options, number) for number, paragraph in enumerate(row["paragraphs"])]
        return [replace(document, id=id_of(row.get("id"))) for document in documents]

    for place, documents in values_from_array(path, bad, paragraphs):
        for document in documents:
            yield placed(document, place)


def _paragraph(paragraph: Json, options: SpacyJsonOptions, number: int) -> Document:
    where = f"paragraph {number}"
    sentences = [array(sentence, "tokens") for sentence in array(paragraph, "sentences")]
    tokens = [string(token, "orth") for sentence in sentences for token in sentence]
    if not tokens:
        raise CorpusError(f"{where}: expected tokens, found none.")
    raw = paragraph.get("raw")
    text, offsets = joined(tokens, options.join) if raw is None else (raw, _looked_up(tokens, string(paragraph, "raw"), where))
    tags: list[str] = []
    invalid = 0
    entities: list[Entity] = []
    for sentence in sentences:  # each for itself: no mention goes on behind the end of a sentence
        found = [token.get("ner", "") for token in sentence]
        places = offsets[len(tags) : len(tags) + len(found)]
        read = document_of(text, places, [["O" if tag in _UNKNOWN else tag for tag in found]], TagStyle(options.scheme), where)
        entities.extend(read.entities or ())
        invalid += read.meta.get("invalid_tags", 0)
        tags.extend(found)
    annotated = None if set(tags) & set(_UNKNOWN) else tuple(entities)
    return Document("", text, entities=annotated, tokens=offsets, meta=odd(invalid_tags=invalid))


def _looked_up(tokens: list[str], raw: str, where: str) -> Offsets:
    offsets: list[tuple[int, int]] = []
    end = 0
    for token in tokens:
        while raw[end : end + 1].isspace() and not raw.startswith(token, end):
            end += 1
        written = token if raw.startswith(token, end) else _ESCAPED.get(token, token)
        if not raw.startswith(written, end):
            raise CorpusError(f"{where}: the text in `raw` goes on with {raw[end : end + 20]!r}, expected {token!r}.")
        offsets.append((end, end + len(written)))
        end += len(written)
    return tuple(offsets)


LAYOUT = Layout(
    read,
    {
        "people.json": '[{"id": 1, "paragraphs": [{"raw": "Ann left.", "sentences": [{"tokens": [\n'
        '  {"orth": "Ann", "ner": "U-PERSON"}, {"orth": "left", "ner": "O"},\n'
        '  {"orth": ".", "ner": "O"}]}]}]}]\n'
    },
)
