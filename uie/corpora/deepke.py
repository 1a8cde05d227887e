"""DeepKE's JSON and CSV (entities; one relation a row; triples; events without a trigger) in, one Document a text out."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad
from uie.corpora.relations import NO_RELATION, Row, merged
from uie.corpora.rows import Json, NoOptions, Place, parse_file, placed, string, text_of, values_from_items
from uie.corpora.strings import Named, event, related
from uie.documents import Document, Entity, Mention
from uie.errors import CorpusError
from uie.storage import read_lines


def read(path: Path, options: NoOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a text; a row's keys tell what it is:

    - `sentence`, `entities`: [{`word`, `label`}];
    - `sentence` or `text`, `relation`, and `head`, `tail` or `head_entity`, `tail_entity`, perhaps with `head_offset` and
      `head_type` (and of the tail): rows of one text become one Document, at the end, with the mentions of `None`, no relation, as
      entities (`meta.unrelated`); a triple of two rows is one (`meta.duplicates`);
    - `text` and `labels` or `triple_list`: [[head, relation, tail]];
    - `text` and `event_list`: [{`event_type`, `arguments`: [{`role`, `argument`}]}].

    Mentions without an offset stay strings; so do those that the text does not have there, and `meta.ungrounded` counts these. A
    file ending in .csv has these keys as its first line, another is one JSON array or object.

    Raises:
        CorpusError: the file is neither.
    """
    pairs: list[tuple[Place, Row]] = []
    for place, found in _found(path, bad):
        if isinstance(found, Row):
            pairs.append((place, found))
        else:
            yield placed(found, place)
    yield from merged(pairs)


def _found(path: Path, bad: OnBad) -> Iterator[tuple[Place, Document | Row]]:
    if path.suffix == ".csv":
        return values_from_items(path, "", _csv_rows(path), bad, _document)
    said, value = parse_file(path)
    if not isinstance(value, dict | list):
        raise CorpusError(f"{path}: expected an array of objects or one object, found {type(value).__name__}.")
    items: Iterable[tuple[Place, Any]] = enumerate([value] if isinstance(value, dict) else value)
    return values_from_items(path, said, ((f"item {number}", item) for number, item in items), bad, _document)


def _csv_rows(path: Path) -> Iterator[tuple[Place, Json]]:
    rows = csv.DictReader(f"{line}\n" for _, line in read_lines(path))
    try:
        for row in rows:
            yield rows.line_num, {key: value for key, value in row.items() if value}
    except csv.Error as found:
        raise CorpusError(f"{path}:{rows.line_num}: not CSV: {found}.") from None


def _document(row: Json) -> Document | Row:
    if None in row:
        raise CorpusError("more columns than the first line names; quote what holds a comma.")
    said = string(row, "sentence" if "sentence" in row else "text")
    if "relation" in row:
        return _pair(row, said)
    if "entities" in row:
        named = tuple(Entity(Mention(string(item, "word")), string(item, "label")) for item in row["entities"])
        return Document("", said, entities=named)
    if "event_list" in row:
        events = (
            event(
                string(item, "event_type"),
                item.get("trigger"),
                [(string(one, "role"), string(one, "argument")) for one in item["arguments"]],
            )
            for item in row["event_list"]
        )
        return Document("", said, events=tuple(events))
    if "labels" in row or "triple_list" in row:
        triples = (_triple(*item) for item in row["labels" if "labels" in row else "triple_list"])
        return related(triples).document("", said, offsets=False)
    raise CorpusError(f"expected one of the keys entities, relation, labels, triple_list, event_list; found {', '.join(row)}.")


def _triple(head: Any, relation: Any, tail: Any) -> tuple[Named, str, Named]:
    return (text_of(head, "head"), None), text_of(relation, "relation"), (text_of(tail, "tail"), None)


def _pair(row: Json, said: str) -> Row:
    kind = string(row, "relation")
    pair = _end(row, "head", said), _end(row, "tail", said)
    offsets = "head_offset" in row and "tail_offset" in row
    return Row(said, pair, None if kind in NO_RELATION else kind, offsets=offsets)


def _end(row: Json, end: str, said: str) -> Entity:
    mention = string(row, end if end in row else f"{end}_entity")
    kind = string(row, f"{end}_type") if f"{end}_type" in row else None
    offset = row.get(f"{end}_offset")
    if offset is None:
        return Entity(Mention(mention), kind)
    if isinstance(offset, bool) or not str(offset).isdecimal():
        raise CorpusError(f"{end}_offset: expected a whole number, found {offset!r}.")
    start = int(offset)
    found = said[start : start + len(mention)] == mention
    return Entity(Mention(mention, start, start + len(mention)) if found else Mention(mention), kind)


LAYOUT = Layout(
    read,
    {
        "train.csv": "sentence,relation,head,head_offset,tail,tail_offset\n"
        "Ida Brook left Leeds for York,leaves,Ida Brook,0,Leeds,15\n"
        "Ida Brook left Leeds for York,goes to,Ida Brook,0,York,25\n"
    },
)
