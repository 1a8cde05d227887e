"""Doc2EDAG (ChFinAnn) `[[id, {"sentences", "ann_mspan2dranges", "recguid_eventname_eventdict_list"}]]` in, events without triggers out."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad, odd
from uie.corpora.rows import Json, array, placed, string, text_of, values_from_array
from uie.corpora.token_spans import token_span
from uie.corpora.tokens import token_offsets
from uie.documents import Argument, Document, Entity, Event, Mention
from uie.errors import CorpusError

_TRIGGER = "Trigger"  # a role where DocEE writes it; ChFinAnn marks no triggers


@dataclass(frozen=True, slots=True)
class Doc2edagOptions:
    """`unit`: what the offsets within a sentence count: characters, as in the Chinese corpora, or tokens parted by a blank."""

    unit: Literal["characters", "tokens"] = "characters"


def read(path: Path, options: Doc2edagOptions, bad: OnBad) -> Iterator[Document]:
    """One Document an item; its sentences are lines of the text.

    `ann_mspan2dranges` gives each string its places `[sentence, start, end]`, end exclusive; each is an entity, with the string's
    `ann_mspan2guess_field` as its type. Where something else stands at a place, the entity has none and counts as ungrounded.

    Fillers of roles are strings: one with a single place has that, others have none, since the corpus does not say which is
    meant. A role that is null is not filled. The trigger is the role `Trigger` if there is one (its strings are no entities), else
    there is none. `ann_valid_mspans` and `ann_valid_dranges` say the same once more and are passed over, as is `doc_type`.
    """
    expected = "an array of [id, object]"
    rows = values_from_array(path, bad, lambda row: _document(row, options), as_row=_row, expected=expected)
    return (placed(document, place) for place, document in rows)


def _row(item: Any) -> Any:
    """The object of `[id, object]` with the id in it; anything else as it is, to be refused."""
    pair = isinstance(item, list) and len(item) == 2 and isinstance(item[1], dict)
    return {**item[1], "id": item[0]} if pair else item


def _document(row: Json, options: Doc2edagOptions) -> Document:
    sentences = [text_of(sentence, "sentences") for sentence in array(row, "sentences")]
    text = "\n".join(sentences)
    begins = [start for start, _ in token_offsets(sentences, "\n")]
    fields = row.get("ann_mspan2guess_field", {})
    entities = []
    places: dict[str, list[Mention]] = {}
    ungrounded = 0
    for words, ranges in row["ann_mspan2dranges"].items():
        kind = text_of(fields[words], "ann_mspan2guess_field") if words in fields else None
        for sentence, start, end in ranges:
            if type(sentence) is not int or not 0 <= sentence < len(sentences):
                raise CorpusError(f"ann_mspan2dranges: {words!r}: there are {len(sentences)} sentences, found {sentence!r}.")
            mention = _mention(sentences[sentence], begins[sentence], start, end, options)
            if mention.text != words:
                mention = Mention(words)
                ungrounded += 1
            places.setdefault(words, []).append(mention)
            if kind != _TRIGGER:
                entities.append(Entity(mention, kind))
    events = []
    for _, event_type, fillers in array(row, "recguid_eventname_eventdict_list"):
        found = {role: _only(text_of(words, role), places) for role, words in fillers.items() if words is not None}
        trigger = found.pop(_TRIGGER, None)
        arguments = tuple(Argument(role, mention) for role, mention in found.items())
        events.append(Event(text_of(event_type, "the type of an event"), trigger, arguments))
    return Document(
        string(row, "id"),
        text,
        entities=tuple(entities),
        events=tuple(events),
        meta=odd(ungrounded=ungrounded),
    )


def _mention(sentence: str, begin: int, start: Any, end: Any, options: Doc2edagOptions) -> Mention:
    """What stands from `start` to `end` of a sentence that begins at `begin`."""
    tokens = sentence.split(" ") if options.unit == "tokens" else list(sentence)
    first, last = token_span(token_offsets(tokens, " " if options.unit == "tokens" else ""), start, end)
    return Mention(sentence[first:last], begin + first, begin + last)


def _only(words: str, places: dict[str, list[Mention]]) -> Mention:
    """The string at its place, if it has just one."""
    found = places.get(words, [])
    return found[0] if len(found) == 1 else Mention(words)


LAYOUT = Layout(
    read,
    {
        "filings.json": '[["f1", {"sentences": ["股东安娜增持十股。"], "ann_mspan2dranges": {"安娜": [[0, 2, 4]], "十股": [[0, 6, 8]]},\n'
        '  "ann_mspan2guess_field": {"安娜": "EquityHolder", "十股": "TradedShares"},\n'
        '  "recguid_eventname_eventdict_list": [[0, "EquityOverweight", {"EquityHolder": "安娜", "TradedShares": "十股", "StartDate": null}]]}]]\n'
    },
)
