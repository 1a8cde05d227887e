"""CrossRE lines `{"sentence": [token], "ner": [[first, last, type]], "relations": [[first, last, first, last, relation, …]]}` in, Documents out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.relations import Related
from uie.corpora.rows import Json, NoOptions, array, documents_from_lines, id_of, text_of
from uie.corpora.token_spans import token_text
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line, with entities and relations. Tokens count from the start of the sentence; the last one belongs to the mention.

    The ends of a relation must be among `ner`; an entity that is listed twice is one (`meta.duplicates`). A pair may have several relations. What follows the label (an explanation, whether the
    annotator was uncertain, whether the syntax is ambiguous) is kept in `meta.remarks`, a list for each relation.
    """
    return documents_from_lines(path, bad, _document)


def _document(row: Json) -> Document:
    whole = token_text(row["sentence"], "space")
    related, remarks = Related(), []
    found: dict[Mention, int] = {}
    for item in array(row, "ner"):
        first, last, type = _parts(item, "ner", 3)[:3]
        mention = whole.mention_to(first, last)
        known = len(related.entities)
        found.setdefault(mention, related.entity(Entity(mention, text_of(type, "type"))))
        related.duplicates += known == len(related.entities)
    for item in array(row, "relations"):
        first, last, start, end, relation, *rest = _parts(item, "relations", 5)
        mentions = (whole.mention_to(first, last), whole.mention_to(start, end))
        for mention in mentions:
            if mention not in found:
                raise CorpusError(f"relation {relation!r}: {mention.text!r} is not among the entities of ner.")
        if related.relate(text_of(relation, "relation"), found[mentions[0]], found[mentions[1]]):
            remarks.append(rest)
    id = id_of(row.get("doc_key"))
    return related.document(id, whole.text, tokens=whole.places, remarks=remarks if any(map(any, remarks)) else None)


def _parts(item: Any, key: str, least: int) -> list[Any]:
    if not isinstance(item, list) or len(item) < least:
        raise CorpusError(f"{key}: expected lists of {least} or more, found {item!r}.")
    return item


LAYOUT = Layout(
    read,
    {
        "news.json": '{"doc_key": "news-1", "sentence": ["Ann", "Lee", "leads", "Acme"], "ner": [[0, 1, "person"], [3, 3, "organisation"]],'
        ' "relations": [[0, 1, 3, 3, "role", "", false, false]]}\n'
    },
)
