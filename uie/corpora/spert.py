"""SpERT arrays `[{"tokens", "entities": [{"type", "start", "end"}], "relations": [{"type", "head", "tail"}]}]` in, Documents with both out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, array, documents_from_array, id_of, string, whole_number
from uie.corpora.token_spans import token_text
from uie.corpora.tokens import Join
from uie.documents import Document, Entity


@dataclass(frozen=True, slots=True)
class SpertOptions:
    """`join`: whether tokens make the text with a space between them or nothing."""

    join: Join = "space"


def read(path: Path, options: SpertOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an item. `start` and `end` count tokens, the end exclusive; `head` and `tail` count the entities.

    A relation that is repeated is kept once (`meta.duplicates`); entities are numbered, so all of them are kept. `types.json`, which
    lies beside the data, says names of the labels and belongs into the config.
    """

    def document(row: Json) -> Document:
        whole = token_text(row["tokens"], options.join)
        related = Related([Entity(whole.mention(one["start"], one["end"]), string(one, "type")) for one in array(row, "entities")])
        for item in array(row, "relations"):
            related.relate(string(item, "type"), whole_number(item, "head"), whole_number(item, "tail"))
        return related.document(id_of(row.get("orig_id")), whole.text, tokens=whole.places)

    return documents_from_array(path, bad, document)


LAYOUT = Layout(
    read,
    {
        "people.json": '[{"tokens": ["Ann", "Lee", "lives", "in", "Rome"],\n'
        '  "entities": [{"type": "Peop", "start": 0, "end": 2}, {"type": "Loc", "start": 4, "end": 5}],\n'
        '  "relations": [{"type": "Live_In", "head": 0, "tail": 1}], "orig_id": 1}]\n'
    },
)
