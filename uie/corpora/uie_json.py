"""universal-ie (UIE) lines `{"text", "tokens", "entity", "relation", "event"}` with token offsets in, Documents with all three out."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, array, placed, string, values_from_file, with_ungrounded
from uie.corpora.token_spans import TokenText
from uie.corpora.tokens import Offsets
from uie.documents import Argument, Document, Entity, Event, Mention, Relation, entity_index
from uie.errors import CorpusError


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row. Tokens are looked up in the text one behind the other; a mention with a gap in its tokens has fragments.

    A mention whose `text` is not what its tokens make up, or that names no tokens, stays a string; `meta.ungrounded` counts these.
    The ends of relations become entities where `entity` does not have them. `record`, `spot`, `asoc` and `spot_asoc` say the
    same once more and are passed over. Every row has all three lists: which of them is annotated, the config's `tasks` say.
    """
    return (placed(document, place) for place, document in values_from_file(path, bad, _document))


def _document(row: Json) -> Document:
    text = string(row, "text")
    whole = TokenText(text, _places(array(row, "tokens"), text))
    entities = [Entity(_mention(item, whole), string(item, "type")) for item in array(row, "entity")]
    relations = []
    for item in array(row, "relation"):
        head, tail = (entity_index(_mention(end, whole), entities, string(end, "type")) for end in item["args"])
        relations.append(Relation(string(item, "type"), head, tail))
    events = [
        Event(
            string(item, "type"),
            _mention(item, whole),
            tuple(Argument(string(one, "type"), _mention(one, whole)) for one in item["args"]),
        )
        for item in array(row, "event")
    ]
    document = Document("", text, entities=tuple(entities), relations=tuple(relations), events=tuple(events), tokens=whole.places)
    return with_ungrounded(document)


def _places(tokens: Sequence[str], text: str) -> Offsets:
    found, behind = [], 0
    for token in tokens:
        start = text.find(token, behind)
        if start < 0 or text[behind:start].strip() or not token:
            raise CorpusError(f"tokens: {token!r} is not what comes next in the text, at {behind}.")
        behind = start + len(token)
        found.append((start, behind))
    return tuple(found)


def _mention(item: Json, whole: TokenText) -> Mention:
    said, offset = string(item, "text"), item["offset"]
    if not isinstance(offset, list) or not all(type(token) is int and 0 <= token < len(whole.places) for token in offset):
        raise CorpusError(f"offset: expected the numbers of tokens, from 0 to {len(whole.places) - 1}, found {offset!r}.")
    mention = whole.mention_of(offset) if offset and offset == sorted(set(offset)) else None
    return mention if mention is not None and mention.text == said else Mention(said)


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
