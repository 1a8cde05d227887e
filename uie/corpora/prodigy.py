"""Prodigy's JSONL `{"text", "tokens", "spans": [{"start", "end", "label"}], "answer"}` in, Documents with entities out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, array, documents_from_lines, id_of, string, with_repeated
from uie.corpora.spans import Annotators, mention_at
from uie.documents import Document, Entity, Relation, entity_index
from uie.errors import CorpusError

Answer = Literal["accept", "reject", "ignore"]
_ANSWERS = ("accept", "reject", "ignore")


@dataclass(frozen=True, slots=True)
class ProdigyOptions:
    """`answers`: rows with which answers are read. `annotator`: whose, by `_annotator_id` or `_session_id` (default: everybody's)."""

    answers: tuple[Answer, ...] = ("accept",)
    annotator: str = ""


def read(path: Path, options: ProdigyOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row that has one of the answers; a row without an answer counts as accepted, as `prodigy db-in` has it.

    No key `spans` means that nothing was marked. The Document's own id is Prodigy's `_input_hash`, by which two annotators' rows of one
    text meet; `meta.annotator` says whose it is, `meta.answer` what was answered if not accept. Relations are annotated where the row has the key
    `relations` (`rel.manual`). `end` of spans and tokens is exclusive; `token_end`, which is not, is passed over.
    """
    annotators = Annotators(options.annotator)
    yield from documents_from_lines(path, bad, lambda row: _document(row, options, annotators))
    annotators.check(path)


def _document(row: Json, options: ProdigyOptions, annotators: Annotators) -> Document | None:
    names = [str(row[key]) for key in ("_annotator_id", "_session_id") if row.get(key) is not None]
    answer = row.get("answer", "accept")
    if answer not in _ANSWERS:
        raise CorpusError(f"answer: expected one of {', '.join(_ANSWERS)}, found {answer!r}.")
    if not annotators.takes(*names) or answer not in options.answers:
        return None
    text = string(row, "text")
    spans = array(row, "spans") if row.get("spans") is not None else []
    entities = [_entity(text, span) for span in spans]
    relations = tuple(_relation(text, link, entities) for link in array(row, "relations")) if "relations" in row else None
    meta: dict[str, Any] = {"annotator": names[0]} if names else {}
    meta |= {} if answer == "accept" else {"answer": answer}
    id = id_of(row.get("_input_hash")) or id_of(row.get("id"))
    tokens = tuple(_token(text, token) for token in array(row, "tokens")) if "tokens" in row else None
    return with_repeated(Document(id, text, entities=tuple(entities), relations=relations, tokens=tokens, meta=meta))


def _entity(text: str, span: Json) -> Entity:
    label = span.get("label")
    if label is not None and (not isinstance(label, str) or not label):
        raise CorpusError(f"label: expected a text, found {label!r}.")
    return Entity(mention_at(text, span["start"], span["end"], said=span.get("text")), label)


def _token(text: str, token: Json) -> tuple[int, int]:
    mention = mention_at(text, token["start"], token["end"], said=token["text"])
    assert mention.start is not None
    assert mention.end is not None
    return mention.start, mention.end


def _relation(text: str, link: Json, entities: list[Entity]) -> Relation:
    """`head` and `child` are tokens; `head_span` and `child_span` say what is meant."""
    ends = (_entity(text, link[key]) for key in ("head_span", "child_span"))
    head, tail = (entity_index(end.mention, entities, end.type) for end in ends)
    return Relation(string(link, "label"), head, tail)


LAYOUT = Layout(
    read,
    {
        "people.jsonl": '{"text": "Ann lives in Rome.", "_input_hash": 17, "spans": [{"start": 0, "end": 3, "label": "person"}], "answer": "accept"}\n'
        '{"text": "Nobody is here.", "_input_hash": 18, "answer": "accept"}\n'
        '{"text": "Unclear.", "_input_hash": 19, "answer": "ignore"}\n'
    },
)
