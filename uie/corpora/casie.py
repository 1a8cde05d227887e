"""CASIE files, one `{"content", "cyberevent": {"hopper": [{"events": [{"nugget", "argument"}]}]}}` a document, in; Documents with events out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad, odd
from uie.corpora.rows import Json, NoOptions, array, id_of, parse_file, string, values_from_items, whole_number
from uie.documents import Argument, Document, Entity, Event, Mention
from uie.errors import CorpusError

_MOST_SHIFTED = 5  # characters; the corpus has 1 and 2
_FEWEST_SHIFTED = 3  # mentions: one by itself would fit some shift by chance


@dataclass(slots=True)
class _Places:
    """Makes mentions of a document whose offsets are all off by `shift`; counts what it moved and what has no place."""

    text: str
    shift: int
    counts: Counter[str] = field(default_factory=Counter)

    def mention(self, item: Json) -> Mention:
        words = string(item, "text")
        start, end = (whole_number(item, key) + self.shift for key in ("startOffset", "endOffset"))
        if not 0 <= start < end or self.text[start:end] != words:
            self.counts["ungrounded"] += 1
            return Mention(words)
        if self.shift:
            self.counts["repaired"] += 1
        return Mention(words, start, end)


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document, the file.

    Event types are the corpus' subtypes (`Databreach`); `type`, `realis` and the hopper, which holds the mentions of one event,
    become attributes. Arguments are entities too, with their type and, as norms, what they are linked to (`wikidataid:Q38`).

    The text of some documents lost its first characters after they were annotated, so that all offsets are too high by as many. When
    one shift puts every mention of a document in its place, all are shifted and counted as repaired; otherwise mentions that
    are not what stands in the text have no place and count as ungrounded.
    """
    try:
        text, value = parse_file(path, "one object")
    except CorpusError as error:
        if not path.is_file():
            raise
        bad(error, "")
        return
    for _, document in values_from_items(path, text, [(1, value)], bad, _document):
        yield document


def _document(row: Json) -> Document:
    text = string(row, "content")
    hoppers = array(row["cyberevent"], "hopper")
    places = _Places(
        text, _shift(text, [item for hopper in hoppers for event in array(hopper, "events") for item in _items(event)])
    )
    events = []
    entities: dict[tuple[Mention, str], tuple[str, ...]] = {}
    for number, hopper in enumerate(hoppers):
        for event in array(hopper, "events"):
            trigger, *fillers = (places.mention(item) for item in _items(event))
            arguments = []
            for item, mention in zip(event.get("argument", []), fillers, strict=True):
                arguments.append(Argument(string(item["role"], "type"), mention))
                key = mention, string(item, "type")
                links = (f"{kind}:{value}" for kind, value in item.get("external_reference", {}).items())
                entities[key] = tuple(dict.fromkeys((*entities.get(key, ()), *links)))
            attributes = {"type": string(event, "type"), "realis": string(event, "realis"), "hopper": hopper.get("index", number)}
            events.append(Event(string(event, "subtype"), trigger, tuple(arguments), attributes=attributes))
    return Document(
        id_of(row.get("sourcefile")),
        text,
        entities=tuple(Entity(mention, type, norms=norms) for (mention, type), norms in entities.items()),
        events=tuple(events),
        meta=odd(**places.counts),
    )


def _items(event: Json) -> list[Any]:
    """What of an event has offsets: the nugget, which is its trigger, and the arguments, which may be missing altogether."""
    return [event["nugget"], *(array(event, "argument") if "argument" in event else [])]


def _shift(text: str, items: list[Json]) -> int:
    """What to add to all offsets of a document; 0 unless that puts every mention in its place."""
    found = [(string(item, "text"), whole_number(item, "startOffset")) for item in items]
    if len(found) < _FEWEST_SHIFTED or all(text.startswith(words, start) for words, start in found if start >= 0):
        return 0
    for size in range(1, _MOST_SHIFTED + 1):
        for shift in (-size, size):
            if all(start + shift >= 0 and text.startswith(words, start + shift) for words, start in found):
                return shift
    return 0


LAYOUT = Layout(
    read,
    {
        "1.json": '{"sourcefile": "1.txt", "content": "Nemo Mail leaked names.", "cyberevent": {"hopper": [{"index": 0, "events": [\n'
        '  {"index": "E1", "type": "Attack", "subtype": "Databreach", "realis": "Actual", "nugget": {"startOffset": 10, "endOffset": 16, "text": "leaked"},\n'
        '   "argument": [{"startOffset": 0, "endOffset": 9, "text": "Nemo Mail", "type": "Organization", "role": {"type": "Victim"}}]}]}]}}\n'
    },
)
