"""DuEE 1 lines `{"text", "id", "event_list": [{"event_type", "trigger", "trigger_start_index", "arguments"}]}` in, Documents with events out."""

from collections.abc import Iterator
from pathlib import Path

from uie.corpora import Layout, OnBad
from uie.corpora.rows import Json, NoOptions, documents_from_lines, id_of, string, whole_number
from uie.documents import Argument, Document, Event, Mention


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a line. Mentions stay exactly as annotated: a few arguments of DuEE begin with a blank, and so do ours.

    `class` (the first part of the event type) and `alias` (empty throughout DuEE's dev file) are passed over.
    """
    return documents_from_lines(path, bad, _document)


def _document(row: Json) -> Document:
    events = []
    for event in row["event_list"]:
        arguments = tuple(
            Argument(string(item, "role"), _mention(item, "argument", "argument_start_index")) for item in event["arguments"]
        )
        events.append(Event(string(event, "event_type"), _mention(event, "trigger", "trigger_start_index"), arguments))
    return Document(id_of(row.get("id")), string(row, "text"), events=tuple(events))


def _mention(item: Json, text_key: str, start_key: str) -> Mention:
    mention, start = string(item, text_key), whole_number(item, start_key)
    return Mention(mention, start, start + len(mention))


LAYOUT = Layout(
    read,
    {
        "events.json": '{"text": "安娜昨天辞职", "id": "1", "event_list": [{"event_type": "组织关系-辞/离职", "trigger": "辞职", "trigger_start_index": 4, "arguments": [{"role": "离职者", "argument": "安娜", "argument_start_index": 0}]}]}\n'
    },
)
