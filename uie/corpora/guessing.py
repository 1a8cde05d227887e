"""A few rows of unknown JSON or of an unknown table in, the options out by which the layout `mapping` would read them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from uie.corpora.detection import looks_unspaced
from uie.corpora.paths import at, unpacked
from uie.corpora.rows import Json
from uie.errors import CorpusError

# Names that keys have in the layouts known here, likelier ones first.
_TEXTS = (
    "text",
    "sentence",
    "content",
    "context",
    "document",
    "passage",
    "sentText",
    "body",
    "abstract",
    "query",
    "input",
    "tweet",
)
_TOKENS = ("tokens", "words", "token", "word", "sentence", "text", "chars")
_TAGS = ("ner_tags", "tags", "ner", "labels", "label", "bio_tags", "tag", "ner_tag", "bio")
_ENTITIES = ("entities", "spans", "entity", "ner", "annotations", "mentions", "labels", "label", "entity_list", "annotation")
_STARTS = (
    "start",
    "begin",
    "start_offset",
    "from",
    "startOffset",
    "start_char",
    "char_start",
    "start_idx",
    "offset",
    "span",
    "pos",
    "position",
)
_ENDS = ("end", "stop", "end_offset", "to", "endOffset", "end_char", "char_end", "end_idx", "offset", "span", "pos", "position")
_TYPES = ("type", "label", "entity_type", "tag", "labels", "category", "class", "entity_group", "entity", "ner")
_STRINGS = ("mention", "text", "word", "name", "surface", "value", "entity", "string", "phrase")
_RELATIONS = ("relations", "relation", "triples", "relation_list", "triple_list", "spo_list", "relationMentions", "triplets")
_HEADS = ("head", "subject", "subj", "h", "from", "from_id", "source", "arg1", "em1Text", "head_id")
_TAILS = ("tail", "object", "obj", "t", "to", "to_id", "target", "arg2", "em2Text", "tail_id")
_PREDICATES = ("type", "label", "relation", "predicate", "rel", "name", "property")
_FEW = 200  # rows looked at


def guess_mapping(rows: Sequence[Json], class_names: Mapping[str, tuple[str, ...]] | None = None) -> Json | None:
    """Options of the layout `mapping`, None where no text or nothing annotated is found in the rows.

    `class_names` are those of columns that hold numbers instead of tags.
    """
    rows = rows[:_FEW]
    if not rows:
        return None
    tagged = _tagged(rows, class_names or {})
    text = _first(rows, _TEXTS, _is_text) or _first(rows, _nested(rows, _TEXTS), _is_text)
    if tagged is not None:
        return tagged
    if text is None:
        return None
    found: Json = {"text": text}
    if _first(rows, ("id",), lambda value: isinstance(value, str | int)):
        found["id"] = "id"
    for name in (*_ENTITIES, *_nested(rows, _ENTITIES)):
        keys = _mention_keys(rows, name, text)
        if keys is not None:
            found["entities"] = keys
            break
    for name in _RELATIONS:
        keys = _relation_keys(rows, name)
        if keys is not None:
            found["relations"] = keys
            break
    return found if {"entities", "relations"} & set(found) else None


def _tagged(rows: Sequence[Json], class_names: Mapping[str, tuple[str, ...]]) -> Json | None:
    for tokens in _TOKENS:
        for tags in _TAGS:
            pairs = [(_value(row, tokens), _value(row, tags)) for row in rows]
            if not all(_are_tagged(one, other, numbers=tags in class_names) for one, other in pairs):
                continue
            found: Json = {"tokens": tokens, "tags": tags}
            if tags in class_names:
                found["tag_names"] = list(class_names[tags])
            if looks_unspaced(token for one, _ in pairs for token in one):
                found["join"] = "none"
            return found
    return None


def _are_tagged(tokens: Any, tags: Any, *, numbers: bool) -> bool:
    if not isinstance(tokens, list) or not isinstance(tags, list) or len(tokens) != len(tags):
        return False
    kind = int if numbers else str
    return all(isinstance(token, str) for token in tokens) and all(isinstance(tag, kind) for tag in tags)


def _mention_keys(rows: Sequence[Json], name: str, text: str) -> Json | None:
    """`MentionKeys` for the lists under a name."""
    items = [(row, kind, item) for row in rows for kind, item in _listed(_value(row, name))]
    if not items:
        return None
    kinds = [kind for _, kind, _ in items if kind is not None]
    inner = [item for _, _, item in items]
    keys: Json = {} if name == "entities" else {"at": name}
    if all(isinstance(item, str) for item in inner):
        return {**keys, "type": None} if not kinds or not all(map(_is_text, kinds)) else keys
    if all(isinstance(item, dict) for item in inner):
        found = _object_keys(inner, bool(kinds))
    elif all(isinstance(item, list) for item in inner):
        found = _positions(inner, bool(kinds))
    else:
        return None
    if found is None:
        return None
    keys |= {key: value for key, value in found.items() if value != {"start": "start", "end": "end", "type": "type"}.get(key)}
    if found.get("start") is not None and _are_inclusive([(_value(row, text), item) for row, _, item in items], found):
        keys["ends"] = "inclusive"
    return keys


def _object_keys(items: list[Json], typed: bool) -> Json | None:
    nested = [key for key, value in items[0].items() if isinstance(value, dict)]
    under = ["", *(f"{key}." for key in nested)]
    start = _key(items, under, _STARTS, int) or _key(items, under, [f"{name}.0" for name in _STARTS], int)
    end = _key(items, under, _ENDS, int) or _key(items, under, [f"{name}.1" for name in _ENDS], int)
    string = _key(items, under, _STRINGS, str)
    type = None if typed else _key(items, under, [name for name in _TYPES if name != string], (str, list))
    if (start is None or end is None) and string is None:
        return None
    found: Json = {"start": start, "end": end} if start and end else {"start": None, "end": None}
    return {**found, **({} if typed else {"type": type}), **({"text": string} if string else {})}


def _positions(items: list[list[Any]], typed: bool) -> Json | None:
    width = len(items[0])
    if any(len(item) != width for item in items):
        return None
    numbers = [place for place in range(width) if all(type(item[place]) is int for item in items)]
    texts = [place for place in range(width) if all(isinstance(item[place], str) for item in items)]
    if len(numbers) != 2 or not (texts or typed):
        return None
    # A type is one of few, a mention's string is not.
    texts.sort(key=lambda place: len({item[place] for item in items}))
    return {"start": numbers[0], "end": numbers[1], **({} if typed else {"type": texts[0]})}


def _are_inclusive(places: Iterable[tuple[Any, Any]], keys: Json) -> bool:
    """Whether more ends are the place of the last character: by the mention's string, else by where words end."""
    exclusive = inclusive = 0
    for text, item in places:
        try:
            start, end = (at(item, keys[key]) if isinstance(keys[key], str) else item[keys[key]] for key in ("start", "end"))
            said = at(item, keys["text"]) if keys.get("text") else None
        except (CorpusError, IndexError):
            continue
        if not isinstance(text, str) or type(start) is not int or type(end) is not int:
            continue
        if said is not None:
            exclusive += text[start:end] == said
            inclusive += text[start : end + 1] == said
        else:
            exclusive += not text[end - 1 : end + 1].isalnum() if end < len(text) else end == len(text)
            inclusive += not text[end : end + 2].isalnum() if end + 1 < len(text) else end + 1 == len(text)
    return inclusive > exclusive


def _relation_keys(rows: Sequence[Json], name: str) -> Json | None:
    items = [item for row in rows for _, item in _listed(_value(row, name))]
    if not items:
        return None
    if all(isinstance(item, list) and len(item) == 3 and all(isinstance(part, str) for part in item) for item in items):
        found: Json = {"head": 0, "type": 1, "tail": 2}
    elif all(isinstance(item, dict) for item in items):
        anything = (str, int, dict, list)
        head, tail = _key(items, [""], _HEADS, anything), _key(items, [""], _TAILS, anything)
        type = _key(items, [""], _PREDICATES, str)
        if None in (head, tail, type):
            return None
        found = {"head": head, "tail": tail, "type": type}
        found |= {
            f"{end}_type": key
            for end, key in (("head", f"{head}_type"), ("tail", f"{tail}_type"))
            if all(key in item for item in items)
        }
    else:
        return None
    return {**({} if name == "relations" else {"at": name}), **found}


def _key(items: list[Json], under: list[str], names: Iterable[str], kind: Any) -> str | None:
    """The first of the names that leads to a value of the kind in every item."""
    for before in under:
        for name in names:
            values = [_value(item, f"{before}{name}") for item in items]
            if all(isinstance(value, kind) and not isinstance(value, bool) for value in values):
                return f"{before}{name}"
    return None


def _listed(value: Any) -> Iterator[tuple[Any, Any]]:
    try:
        value = unpacked(value)
    except CorpusError:
        return
    if isinstance(value, list):
        yield from ((None, item) for item in value)
    elif isinstance(value, dict):
        for key, items in value.items():
            yield from ((key, item) for item in (items if isinstance(items, list) else [items]))


def _value(row: Any, path: str) -> Any:
    try:
        return at(row, path)
    except CorpusError:
        return None


def _first(rows: Sequence[Json], names: Iterable[str], fits: Any) -> str | None:
    return next((name for name in names if all(fits(_value(row, name)) for row in rows)), None)


def _nested(rows: Sequence[Json], names: Iterable[str]) -> list[str]:
    outer = [key for key, value in rows[0].items() if isinstance(value, dict)]
    return [f"{key}.{name}" for key in outer for name in names]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def guess_grouped(rows: Sequence[Json]) -> Json | None:
    """Options of the layout `table`, but for `group`, by rows that hold the rows of a group each: one mention a row, or one token."""
    cells = [cell for row in rows[:_FEW] for cell in row["rows"]]
    columns = list(cells[0])

    def named(names: Iterable[str], fits: Any) -> str | None:
        known = {column.lower(): column for column in columns}  # Kaggle's has Word and Tag
        return next((known[name] for name in names if name in known and all(fits(cell[known[name]]) for cell in cells)), None)

    token, tag = named(_TOKENS, _is_text), named(_TAGS, _is_text)
    if token is not None and tag is not None and token != tag and any(cell[tag] == "O" for cell in cells):
        found: Json = {"tokens": f"rows.{token}", "tags": f"rows.{tag}"}
        return {**found, "join": "none"} if looks_unspaced(cell[token] for cell in cells) else found
    text, start = named(_TEXTS, _is_text), named(_STARTS, _is_offset)
    end = named([name for name in _ENDS if name != start], _is_offset)
    if text is None or start is None or end is None:
        return None
    rest = [name for name in columns if name not in (text, start, end)]
    type = next((name for name in _TYPES if name in rest), None)
    string = next((name for name in _STRINGS if name in rest and name != type), None)
    keys: Json = {"at": "rows", "start": start, "end": end, "type": type, **({"text": string} if string else {})}
    marked = [cell for cell in cells if cell[start] not in (None, "")]
    places = [
        (cell[text], {**cell, start: int(cell[start]), end: int(cell[end])}) for cell in marked if cell[end] not in (None, "")
    ]
    if _are_inclusive(places, keys):
        keys["ends"] = "inclusive"
    return {"text": text, **({"id": "id"} if "id" in columns else {}), "entities": keys}


def _is_offset(value: Any) -> bool:
    return value in (None, "") or type(value) is int or (isinstance(value, str) and value.isdecimal())
