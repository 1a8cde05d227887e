"""PHEE lines `{"id", "context", "annotations": [{"events": [{"event_type", "Trigger", role: {"text", "start", sub-role…}}]}]}` in, events out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, documents_from_lines, id_of, string
from uie.documents import Argument, Document, Event, Mention
from uie.errors import CorpusError


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line.

    Sub-roles become roles of their own: `Treatment.Drug`, `Subject.Age`, `Treatment.Combination.Drug`. What is lost by that: which
    drugs make one combination where a treatment has several. In `text` and `start` the outer list holds mentions, the inner one the
    fragments of a mention, which are not always in the order of the text; ours are. `value` of a role (how severe, negated,
    speculated) becomes an attribute of the event under the role's name.
    """
    return documents_from_lines(path, bad, _document)


def _document(row: Json) -> Document:
    events = [_event(event) for annotation in row["annotations"] for event in annotation["events"]]
    return Document(id_of(row.get("id")), string(row, "context"), events=tuple(events))


def _event(event: Json) -> Event:
    triggers: list[Mention] = []
    arguments: list[Argument] = []
    attributes: dict[str, Any] = {}
    for key, value in event.items():
        if key == "Trigger":
            triggers = _mentions(value, key)
        elif isinstance(value, dict):
            arguments.extend(_role(key, value, attributes))
        elif key not in ("event_id", "event_type"):
            raise CorpusError(f"{key}: unknown key of an event, with the value {value!r}.")
    if len(triggers) != 1:
        raise CorpusError(f"Trigger: expected one mention, found {len(triggers)}.")
    return Event(string(event, "event_type"), triggers[0], tuple(arguments), attributes=attributes)


def _role(role: str, filler: Json, attributes: dict[str, Any]) -> Iterator[Argument]:
    """The arguments of a role and, below its own, of its sub-roles."""
    if "text" in filler:
        for mention in _mentions(filler, role):
            yield Argument(role, mention)
    for key, value in filler.items():
        if key in ("text", "start", "entity_id", "event_id", "event_type"):
            continue
        if key == "value":
            attributes[role] = value
            continue
        # Combination is a list of fillers, every other sub-role is one.
        for part in value if isinstance(value, list) else [value]:
            yield from _role(f"{role}.{key}", part, attributes)


def _mentions(filler: Json, role: str) -> list[Mention]:
    texts, starts = filler["text"], filler["start"]
    if [len(fragments) for fragments in texts] != [len(fragments) for fragments in starts]:
        raise CorpusError(f"{role}: text and start do not have the same shape: {texts!r}, {starts!r}.")
    return [_mention(fragments, offsets) for fragments, offsets in zip(texts, starts, strict=True)]


def _mention(texts: list[str], starts: list[int]) -> Mention:
    parts = sorted(zip(starts, texts, strict=True))
    fragments = tuple((start, start + len(text)) for start, text in parts)
    joined = " ".join(text for _, text in parts)
    return Mention(joined, fragments[0][0], fragments[-1][1], fragments if len(fragments) > 1 else ())


LAYOUT = Layout(
    read,
    {
        "cases.json": '{"id": "1", "context": "Rash after velortan.", "annotations": [{"events": [{"event_id": "E1", "event_type": "Adverse_event", "Trigger": {"text": [["after"]], "start": [[5]]}, "Effect": {"text": [["Rash"]], "start": [[0]]}}]}]}\n'
    },
)
