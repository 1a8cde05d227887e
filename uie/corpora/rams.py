"""RAMS lines `{"sentences", "evt_triggers", "gold_evt_links": [[trigger, argument, "evt089arg02place"]]}` in, events across sentences out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, array, documents_from_lines, string, text_of
from uie.corpora.token_spans import sentences_text
from uie.corpora.tokens import Join
from uie.documents import Argument, Document, Event
from uie.errors import CorpusError

_ROLE = re.compile(r"evt\d+arg\d+(?P<role>.+)")


@dataclass(frozen=True, slots=True)
class RamsOptions:
    """`join`: how tokens make the text; sentences are joined in the same way."""

    join: Join = "space"


def read(path: Path, options: RamsOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line: five sentences or fewer round one event. Indices of tokens count from the first of them, ends are inclusive.

    A role is what remains of its link's label without the number of event type and argument: `evt089arg02place` is `place`.
    `ent_spans` say the same as the links and are passed over; so is the source (`source_url`).
    """
    return documents_from_lines(path, bad, lambda row: _document(row, options))


def _document(row: Json, options: RamsOptions) -> Document:
    whole = sentences_text(row["sentences"], options.join)
    triggers = array(row, "evt_triggers")
    arguments: list[list[Argument]] = [[] for _ in triggers]
    for trigger, argument, label in array(row, "gold_evt_links"):
        events = [number for number, (start, last, _) in enumerate(triggers) if [start, last] == trigger]
        if len(events) != 1:
            raise CorpusError(f"gold_evt_links: expected one trigger at {trigger!r}, found {len(events)}.")
        start, last = argument
        arguments[events[0]].append(Argument(_role(label), whole.mention_to(start, last)))
    return Document(
        string(row, "doc_key"),
        whole.text,
        events=tuple(
            Event(_type(types), whole.mention_to(start, last), tuple(found))
            for (start, last, types), found in zip(triggers, arguments, strict=True)
        ),
        tokens=whole.places,
    )


def _type(types: Any) -> str:
    """The one of a trigger; the 1.0 behind it is a confidence, and gold."""
    if len(types) != 1:
        raise CorpusError(f"evt_triggers: expected one type, found {types!r}.")
    type, _ = types[0]
    return text_of(type, "evt_triggers: the type")


def _role(label: Any) -> str:
    found = _ROLE.fullmatch(text_of(label, "gold_evt_links: the role"))
    if found is None:
        raise CorpusError(f"gold_evt_links: expected a role such as 'evt089arg02place', found {label!r}.")
    return found["role"]


LAYOUT = Layout(
    read,
    {
        "news.jsonlines": '{"doc_key": "n1", "sentences": [["Rain", "hit", "Lodz", "."], ["Two", "bridges", "fell", "."]], "evt_triggers": [[6, 6, [["disaster.collapse.n/a", 1.0]]]], "gold_evt_links": [[[6, 6], [4, 5], "evt001arg01object"], [[6, 6], [2, 2], "evt001arg02place"]], "ent_spans": []}\n'
    },
)
