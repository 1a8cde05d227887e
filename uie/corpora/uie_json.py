"""universal-ie (UIE) lines `{"text", "tokens", "entity", "relation", "event"}` with token offsets in, Documents with all three out."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, placed, string, values_from_file
from uie.documents import Argument, Document, Entity, Event, Mention, Relation, entity_index
from uie.errors import CorpusError

Offsets = tuple[tuple[int, int], ...]


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row. Tokens are looked up in the text one behind the other; a mention with a gap in its tokens has fragments.

    A mention whose `text` is not what its tokens make up, or that names no tokens, stays a string; `meta.ungrounded` counts these.
    The ends of relations become entities where `entity` does not have them. `record`, `spot`, `asoc` and `spot_asoc` say the
    same once more and are passed over. Every row has all three lists: which of them is annotated, the config's `tasks` say.
    """
    return (placed(document, place) for place, document in values_from_file(path, bad, _document))


def _document(row: Json) -> Document:
    text = string(row, "text")
    tokens = _places(row["tokens"], text)
    entities = [Entity(_mention(item, text, tokens), string(item, "type")) for item in row["entity"]]
    relations = []
    for item in row["relation"]:
        head, tail = (entity_index(_mention(end, text, tokens), entities, string(end, "type")) for end in item["args"])
        relations.append(Relation(string(item, "type"), head, tail))
    events = [
        Event(
            string(item, "type"),
            _mention(item, text, tokens),
            tuple(Argument(string(one, "type"), _mention(one, text, tokens)) for one in item["args"]),
        )
        for item in row["event"]
    ]
    document = Document("", text, entities=tuple(entities), relations=tuple(relations), events=tuple(events), tokens=tokens)
    ungrounded = sum(not mention.grounded for mention in document.mentions())
    return replace(document, meta={"ungrounded": ungrounded}) if ungrounded else document


def _places(tokens: Sequence[str], text: str) -> Offsets:
    found, behind = [], 0
    for token in tokens:
        start = text.find(token, behind)
        if start < 0 or text[behind:start].strip() or not token:
            raise CorpusError(f"tokens: {token!r} is not what comes next in the text, at {behind}.")
        behind = start + len(token)
        found.append((start, behind))
    return tuple(found)


def _mention(item: Json, text: str, tokens: Offsets) -> Mention:
    said, offset = string(item, "text"), item["offset"]
    if not isinstance(offset, list) or not all(type(token) is int and 0 <= token < len(tokens) for token in offset):
        raise CorpusError(f"offset: expected the numbers of tokens, from 0 to {len(tokens) - 1}, found {offset!r}.")
    fragments: list[tuple[int, int]] = []
    for before, token in zip([-2, *offset], offset, strict=False):
        start, end = tokens[token]
        if fragments and token == before + 1:
            start = fragments.pop()[0]
        fragments.append((start, end))
    if said != " ".join(text[start:end] for start, end in fragments) or fragments != sorted(fragments):
        return Mention(said)
    return Mention(said, fragments[0][0], fragments[-1][1], tuple(fragments) if len(fragments) > 1 else ())


LAYOUT = Layout(
    read,
    {
        "train.json": '{"text": "Ida Brook left Leeds .", "tokens": ["Ida", "Brook", "left", "Leeds", "."],'
        ' "entity": [{"type": "person", "offset": [0, 1], "text": "Ida Brook"}, {"type": "town", "offset": [3], "text": "Leeds"}],'
        ' "relation": [{"type": "leaves", "args": [{"type": "person", "offset": [0, 1], "text": "Ida Brook"},'
        ' {"type": "town", "offset": [3], "text": "Leeds"}]}],'
        ' "event": [{"type": "departure", "offset": [2], "text": "left", "args": [{"type": "who", "offset": [0, 1], "text": "Ida Brook"}]}]}\n'
    },
)
