"""SpERT arrays `[{"tokens", "entities": [{"type", "start", "end"}], "relations": [{"type", "head", "tail"}]}]` in, Documents with both out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, array, documents_from_array, string, whole_number
from uie.corpora.tokens import Join, joined_tokens, token_mention
from uie.documents import Document, Entity, Relation


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
        text, offsets = joined_tokens(row["tokens"], options.join)
        entities = [
            Entity(token_mention(text, offsets, item["start"], item["end"]), string(item, "type"))
            for item in array(row, "entities")
        ]
        relations = [
            Relation(string(item, "type"), whole_number(item, "head"), whole_number(item, "tail"))
            for item in array(row, "relations")
        ]
        kept = tuple(dict.fromkeys(relations))
        meta = {"duplicates": len(relations) - len(kept)} if len(kept) < len(relations) else {}
        return Document(str(row.get("orig_id", "")), text, entities=tuple(entities), relations=kept, tokens=offsets, meta=meta)

    return documents_from_array(path, bad, document)


LAYOUT = Layout(
    read,
    {
        "people.json": '[{"tokens": ["Ann", "Lee", "lives", "in", "Rome"],\n'
        '  "entities": [{"type": "Peop", "start": 0, "end": 2}, {"type": "Loc", "start": 4, "end": 5}],\n'
        '  "relations": [{"type": "Live_In", "head": 0, "tail": 1}], "orig_id": 1}]\n'
    },
)
