"""EEQA lines `{"sentence": tokens, "s_start", "event": [[[trigger, type], [start, last, role], …]]}` in, Documents with events out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.dygie import event_of
from uie.corpora.relations import Related
from uie.corpora.rows import Json, array, documents_from_lines, id_of, text_of, whole_number
from uie.corpora.token_spans import token_text
from uie.corpora.tokens import Join
from uie.documents import Document, Entity, Mention, entity_index
from uie.errors import CorpusError


@dataclass(frozen=True, slots=True)
class EeqaOptions:
    """`join`: how tokens make the text."""

    join: Join = "space"


def read(path: Path, options: EeqaOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line, which is a sentence: DyGIE++'s data taken apart.

    Indices of tokens count from the beginning of the document that the sentence came from; `s_start` (0 where it is missing) is that of
    its first token. Ends are inclusive. `ner` and `relation` look as in DyGIE++, are read as there, and may be missing.
    """
    return documents_from_lines(path, bad, lambda row: _document(row, options))


def _document(row: Json, options: EeqaOptions) -> Document:
    whole = token_text(row["sentence"], options.join)
    first = whole_number(row, "s_start") if "s_start" in row else 0

    def mention(start: Any, last: Any) -> Mention:
        if type(start) is not int or type(last) is not int:
            raise CorpusError(f"expected the numbers of two tokens, found {start!r} and {last!r}.")
        return whole.mention_to(start - first, last - first)

    entities: list[Entity] = []
    for start, last, type_ in array(row, "ner") if "ner" in row else []:
        entities.append(Entity(mention(start, last), text_of(type_, "the type of an entity")))
    related = Related(entities)
    for start, last, tail_start, tail_last, type_ in array(row, "relation") if "relation" in row else []:
        head, tail = entity_index(mention(start, last), entities), entity_index(mention(tail_start, tail_last), entities)
        related.relate(text_of(type_, "the type of a relation"), head, tail)
    return Document(
        id_of(row.get("id")),
        whole.text,
        entities=tuple(entities) if "ner" in row or entities else None,
        relations=tuple(related.relations) if "relation" in row else None,
        events=tuple(event_of(event, mention) for event in array(row, "event")),
        tokens=whole.places,
        meta=related.meta,
    )


LAYOUT = Layout(
    read,
    {
        "sentences.json": '{"sentence": ["Ann", "left", "Rome"], "s_start": 7, "ner": [[7, 7, "PER"], [9, 9, "GPE"]], "relation": [], "event": [[[8, "Movement.Leave"], [7, 7, "Agent"], [9, 9, "Origin"]]]}\n'
    },
)
