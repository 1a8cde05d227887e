"""CoNLL04 as JSON `[{"tokens", "tags", "relations": [{"head", "tail", "type"}], "orig_id"}]` in, Documents with entities and relations out."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, array, documents_from_array, id_of, string, whole_number
from uie.corpora.tagging import SchemeName, TagStyle
from uie.corpora.token_spans import token_text
from uie.corpora.tokens import Join, document_of
from uie.documents import Document, Relation
from uie.errors import CorpusError


@dataclass(frozen=True, slots=True)
class Conll04Options:
    """As in `TokensOptions`."""

    scheme: SchemeName = "BILUO"
    join: Join = "space"


def read(path: Path, options: Conll04Options, bad: OnBad) -> Iterator[Document]:
    """One Document an item. Head and tail count the mentions in the order of the tags, which nothing in the file spells out.

    An item with tags that break the scheme is therefore refused if it has relations: a mention more or less would shift them.
    """

    def document(row: Json) -> Document:
        whole, tags = token_text(row["tokens"], options.join), array(row, "tags")
        if len(whole.places) != len(tags):
            raise CorpusError(f"{len(whole.places)} tokens, but {len(tags)} tags.")
        tagged = document_of(whole.text, whole.places, [tags], TagStyle(options.scheme), "tags")
        relations = tuple(
            Relation(string(item, "type"), whole_number(item, "head"), whole_number(item, "tail"))
            for item in array(row, "relations")
        )
        if relations and "invalid_tags" in tagged.meta:
            raise CorpusError(f"the tags break {options.scheme}, so that it is unsure which mentions the relations mean.")
        return replace(tagged, id=id_of(row.get("orig_id")), relations=relations)

    return documents_from_array(path, bad, document)


LAYOUT = Layout(
    read,
    {
        "people.json": '[{"tokens": ["Ann", "lives", "in", "Rome"], "tags": ["U-Peop", "O", "O", "U-Loc"],\n  "relations": [{"head": 0, "tail": 1, "type": "Live_In"}], "orig_id": 1}]\n'
    },
)
