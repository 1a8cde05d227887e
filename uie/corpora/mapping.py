"""JSON or JSON Lines of any make in, Documents out, by a mapping in the options: which key holds the text, which the mentions, …"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from uie.corpora import Layout, OnBad, ignore_bad
from uie.corpora.detection import SchemeOption, chosen_style
from uie.corpora.guessing import guess_mapping
from uie.corpora.mapped import EventKeys, Making, MentionKeys, RelationKeys
from uie.corpora.paths import at, listed
from uie.corpora.rows import Json, Place, id_of, parse_file, placed, values_from_file, values_from_items
from uie.corpora.tagging import TagStyle
from uie.corpora.tokens import Join, Offsets, document_of, joined
from uie.documents import Document, Entity
from uie.errors import CorpusError, SettingsError

T = TypeVar("T")
_FEW = 300  # rows that tell what the keys mean


@dataclass(frozen=True, slots=True)
class MappingOptions:
    """Which keys mean what. A path goes down by full stops (`data.text`), into lists by number; with a name it goes into each item.

    `rows`: the path of the list of rows, where the file is one object. `text`: a text, or a list of tokens to be joined by `join`.
    `tokens`: the path of a list of tokens, instead of `text`. `tags`: the path of a list of tags, one for each token; `tag_names`: what tags that are numbers mean.
    A value that is a text where a list should be is read as JSON or as Python writes it: cells of tables hold such.
    """

    text: str = "text"
    id: str = ""
    rows: str = ""
    entities: MentionKeys | None = None
    relations: RelationKeys | None = None
    events: EventKeys | None = None
    tokens: str = ""
    tags: str = ""
    tag_names: tuple[str, ...] = ()
    scheme: SchemeOption = "auto"
    prefix_separator: str = "-"
    join: Join = "space"

    def __post_init__(self) -> None:
        if not (self.entities or self.relations or self.events or self.tags):
            raise SettingsError("expected one of entities, relations, events or tags: what is annotated, and under which keys.")


Named = TypeVar("Named", bound=MappingOptions)


def read(path: Path, options: MappingOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row. A mention whose string is not what the text has at its offsets makes the row one that cannot be read."""
    tags = _values(path, options, ignore_bad, lambda row: tags_of(row, options))
    style = style_of(options, (found for _, found in tags), path)
    for place, document in _values(path, options, bad, lambda row: document_from_row(row, options, style)):
        yield placed(document, place)


def _values(path: Path, options: MappingOptions, bad: OnBad, make: Callable[[Json], T]) -> Iterator[tuple[Place, T]]:
    if not options.rows:
        yield from values_from_file(path, bad, make)
        return
    text, whole = parse_file(path)
    try:
        items = at(whole, options.rows)
    except CorpusError as error:
        raise CorpusError(f"{path}: rows: {error}") from None
    if not isinstance(items, list):
        raise CorpusError(f"{path}: {options.rows}: expected a list of rows, found {type(items).__name__}.")
    yield from values_from_items(path, text, ((f"item {number}", item) for number, item in enumerate(items)), bad, make)


def with_class_names(options: Named, class_names: Mapping[str, tuple[str, ...]]) -> Named:
    """The options, with the names that the file itself has for the numbers in the column of tags, where the options have none."""
    names = class_names.get(options.tags)
    return replace(options, tag_names=names) if names and not options.tag_names else options


def style_of(options: MappingOptions, tags: Iterable[list[str]], path: Path) -> TagStyle:
    """How tags are written; with `scheme: auto` as `tags` (those of the file, passed over where there are none) look."""
    return chosen_style(options.scheme, options.prefix_separator, False, sequences=tags if options.tags else (), where=path)


def document_from_row(row: Json, options: MappingOptions, style: TagStyle) -> Document:
    """The Document of one row."""
    text, offsets = _text(row, options)
    tagged: tuple[Entity, ...] = ()
    meta: dict[str, Any] = {}
    if options.tags:
        tags = tags_of(row, options)
        if offsets is None or len(tags) != len(offsets):
            raise CorpusError(f"{options.tags}: {len(tags)} tags, but {len(offsets or ())} tokens.")
        found = document_of(text, offsets, [tags], style, options.tags)
        tagged, meta = found.entities or (), dict(found.meta)
    made = Making(text, offsets, options.entities or MentionKeys(type=None))
    entities = [*tagged, *made.entities(row, options.entities)] if options.entities else list(tagged)
    relations = made.relations(row, options.relations, entities) if options.relations else None
    return Document(
        id_of(at(row, options.id)) if options.id else "",
        text,
        entities=tuple(entities) if options.tags or options.entities or options.relations else None,
        relations=relations,
        events=made.events(row, options.events) if options.events else None,
        tokens=offsets,
        meta=meta,
    )


def _text(row: Json, options: MappingOptions) -> tuple[str, Offsets | None]:
    """The text, and where its tokens stand if there are any."""
    value = at(row, options.tokens or options.text)
    if isinstance(value, str) and not options.tokens and value:
        return value, None
    tokens = listed(value, options.tokens or options.text)
    if not tokens or not all(isinstance(token, str) and token for token in tokens):
        raise CorpusError(f"{options.tokens or options.text}: expected a text or a list of tokens, found {value!r}.")
    return joined(tokens, options.join)


def tags_of(row: Json, options: MappingOptions) -> list[str]:
    """The tags of a row, by name."""
    names = options.tag_names
    found = []
    for tag in listed(at(row, options.tags), options.tags):
        if names and type(tag) is int and not 0 <= tag < len(names):
            raise CorpusError(f"{options.tags}: the tag {tag} has no name; there are {len(names)}.")
        found.append(names[tag] if names and type(tag) is int else str(tag))
    return found


def guess(path: Path) -> Mapping[str, Any] | None:
    """By the usual names of keys, and what lies under them in the first rows."""
    if path.suffix not in (".json", ".jsonl", ".txt", ".ndjson"):
        return None
    rows = [row for _, row in islice(values_from_file(path, ignore_bad, dict), _FEW)]
    found = guess_mapping(rows)
    if found is not None or len(rows) != 1:
        return found
    for key, items in rows[0].items():  # the file is one object, with the rows under one of its keys
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items):
            found = guess_mapping(items[:_FEW])
            if found is not None:
                return {"rows": key, **found}
    return None


LAYOUT = Layout(
    read,
    {
        "notes.jsonl": '{"data": {"text": "Ann lives in Rome."}, "spans": [{"from": 0, "to": 2, "label": "person"}]}\n'
        '{"data": {"text": "Bo slept."}, "spans": []}\n'
    },
    {"text": "data.text", "entities": {"at": "spans", "start": "from", "end": "to", "type": "label", "ends": "inclusive"}},
    guess,
)
