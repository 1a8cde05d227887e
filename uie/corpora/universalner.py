"""UniversalNER conversations (a text, then one question for each entity type) in, one Document a text with its entities out."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.chunks import Chunk, Chunks, gathered
from uie.corpora.rows import Json, id_of, placed, string, text_of, values_from_file
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError

_TEXT = "Text: "
_QUESTION = re.compile(r"What describes (.+) in the text\?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class UniversalnerOptions:
    """`chunks`: where the conversations about one text stand, "anywhere" in the file (its Documents are held until its end) or "adjacent"."""

    chunks: Chunks = "anywhere"


def read(path: Path, options: UniversalnerOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a text: a conversation may ask one type or many, and several conversations may be about one text.

    Mentions have no places, so they stay strings, of which the layout lists each once for a type. `Document.asked` holds the types
    that were asked; those without mentions are among them.
    """
    rows = values_from_file(path, bad, _chunk)
    for place, chunk in gathered(rows, path, bad, chunks=options.chunks):
        entities = [Entity(Mention(mention), type) for (_, type, _), mentions in chunk.found.items() for mention in mentions]
        yield placed(Document(chunk.id, chunk.text, entities=tuple(entities), asked={**chunk.asked, "tasks": ["NER"]}), place)


def _chunk(row: Json) -> Chunk:
    turns = row["conversations"]
    if len(turns) < 4 or [turn["from"] for turn in turns] != ["human", "gpt"] * (len(turns) // 2):
        raise CorpusError("conversations: expected human and gpt in turn, a text and at least one question with its answer.")
    said = string(turns[0], "value")
    if not said.startswith(_TEXT):
        raise CorpusError(f"conversations: expected '{_TEXT}…' first, found {said[:60]!r}.")
    chunk = Chunk(said, id_of(row.get("id")), text_of(said.removeprefix(_TEXT), "the text"))
    for question, answer in zip(turns[2::2], turns[3::2], strict=True):
        asked = _QUESTION.fullmatch(string(question, "value"))
        if asked is None:
            raise CorpusError(f"conversations: expected 'What describes … in the text?', found {question['value']!r}.")
        mentions = _listed(answer["value"])
        if chunk.found.setdefault(("entities", asked[1], ()), mentions) != mentions:
            raise CorpusError(f"conversations: {asked[1]!r} is asked twice and answered in two ways.")
    chunk.asked = {"entities": {type: {} for _, type, _ in chunk.found}}
    return chunk


def _listed(answer: Any) -> list[str]:
    try:
        mentions = json.loads(answer)
    except (ValueError, RecursionError):
        mentions = None
    if not isinstance(mentions, list):
        raise CorpusError(f"conversations: expected a JSON list of mentions as the answer, found {answer!r}.")
    return [text_of(mention, "mention") for mention in mentions]


def _turns(*said: str) -> str:
    sides = ("human", "gpt") * len(said)
    return json.dumps({"conversations": [{"from": side, "value": value} for side, value in zip(sides, said, strict=False)]})


LAYOUT = Layout(
    read,
    {
        "train.json": "\n".join(
            _turns("Text: Ida Brook lives in Leeds.", "I've read this text.", f"What describes {type} in the text?", answer)
            for type, answer in (("person", '["Ida Brook"]'), ("river", "[]"))
        )
        + "\n"
    },
)
