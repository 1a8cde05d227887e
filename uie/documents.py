"""`Document`: a text and what is said about it, by annotators (gold) or by a model (predicted); JSON in, JSON out.

Offsets are half-open and count Unicode code points of `Document.text`, everywhere and always: a reader converts once, at its
door. What a Document holds is checked when it is made, so nothing behind it checks again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from uie.errors import DocumentError

Json = dict[str, Any]


class MentionError(DocumentError):
    """A mention is not what stands in the text at its offsets: they are of another convention, or wrong."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A string and, when it is known, where it stands in the text.

    An *ungrounded* mention (`start` is None) is a string only. A *discontinuous* one has `fragments`: its parts in text order;
    start and end are then the hull and `text` is the parts joined by one space.
    """

    text: str
    start: int | None = None
    end: int | None = None
    fragments: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise DocumentError(f"mention {self.text!r}: start is {self.start} and end is {self.end}; give both or neither.")
        if self.start is None or self.end is None:
            if self.fragments:
                raise DocumentError(f"mention {self.text!r}: fragments need start and end.")
            return
        if not 0 <= self.start < self.end:
            raise MentionError(f"mention {self.text!r}: expected 0 <= start < end, found {self.start} and {self.end}.")
        if self.fragments:
            flat = [offset for fragment in self.fragments for offset in fragment]
            if len(self.fragments) < 2 or flat != sorted(flat) or (flat[0], flat[-1]) != (self.start, self.end):
                raise DocumentError(
                    f"mention {self.text!r}: fragments must be two or more, in text order, from start to end; "
                    f"found {list(self.fragments)} for {self.start}..{self.end}."
                )

    @property
    def grounded(self) -> bool:
        return self.start is not None

    @property
    def span(self) -> tuple[tuple[int, int], ...] | None:
        """What makes two grounded mentions the same place: the fragments, or the one (start, end); None when ungrounded."""
        if self.start is None or self.end is None:
            return None
        return self.fragments or ((self.start, self.end),)

    @property
    def order(self) -> tuple[int, int]:
        """Sorting key of a text's mentions: by start, longer first; ungrounded ones last."""
        if self.start is None or self.end is None:
            return (2**62, 0)
        return (self.start, -self.end)

    def read_from(self, text: str) -> str:
        """What stands at the mention's offsets in `text` (the mention's own string when ungrounded)."""
        span = self.span
        return self.text if span is None else " ".join(text[start:end] for start, end in span)


@dataclass(frozen=True, slots=True)
class Entity:
    """A mention with its type. `type` is the corpus' own label, None in span-only corpora and for bare relation arguments."""

    mention: Mention
    type: str | None = None
    confidence: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    norms: tuple[str, ...] = ()


def entity_index(mention: Mention, entities: list[Entity], type: str | None = None) -> int:
    """The index of the entity at the mention's place, added when there is none. Ungrounded mentions meet by their string.

    With a `type` the entity has to have it; without, any will do, and a new one is untyped.
    """
    for index, entity in enumerate(entities):
        if entity.mention == mention and type in (None, entity.type):
            return index
    entities.append(Entity(mention, type))
    return len(entities) - 1


@dataclass(frozen=True, slots=True)
class Relation:
    """`head` and `tail` are indices into the Document's entities, or into its clusters when `level` is "cluster".

    `type` is None where only the pair is known: the answer to a question for pairs.
    """

    type: str | None
    head: int
    tail: int
    confidence: float | None = None
    level: str = "entity"

    def __post_init__(self) -> None:
        if self.level not in ("entity", "cluster"):
            raise DocumentError(f"relation {self.type!r}: level: expected 'entity' or 'cluster', found {self.level!r}.")


@dataclass(frozen=True, slots=True)
class Argument:
    """What fills a role of an event: a mention, or another event of the Document (its index)."""

    role: str
    mention: Mention | None = None
    event: int | None = None
    confidence: float | None = None

    def __post_init__(self) -> None:
        if (self.mention is None) == (self.event is None):
            raise DocumentError(f"argument {self.role!r}: expected either a mention or an event.")


@dataclass(frozen=True, slots=True)
class Event:
    """A typed event; the trigger is None where the corpus marks none."""

    type: str
    trigger: Mention | None
    arguments: tuple[Argument, ...] = ()
    confidence: float | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A text with annotations.

    `entities`, `relations`, `events` and `clusters` are None when *not annotated or not asked*; an empty tuple says that there
    is none. `asked` is the schema (as a mapping, see `uie.schema`) that was asked where it was not everything, with the `tasks` it was
    asked for: of a model in predicted Documents, of the annotators in gold ones. `problems` holds what the parser could not read: `{"kind", "piece", "record_id"}`.

    Raises:
        DocumentError: an index points nowhere, or a grounded mention is not what stands in the text at its offsets.
    """

    id: str
    text: str
    dataset: str = ""
    split: str = ""
    lang: str = "en"
    entities: tuple[Entity, ...] | None = None
    relations: tuple[Relation, ...] | None = None
    events: tuple[Event, ...] | None = None
    clusters: tuple[tuple[int, ...], ...] | None = None
    tokens: tuple[tuple[int, int], ...] | None = None
    asked: Mapping[str, Any] | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Mapping[str, Any], ...] | None = None

    def __post_init__(self) -> None:
        for mention in self.mentions():
            self._check_mention(mention)
        entities, events = len(self.entities or ()), len(self.events or ())
        for relation in self.relations or ():
            known = entities if relation.level == "entity" else len(self.clusters or ())
            for index in (relation.head, relation.tail):
                if not 0 <= index < known:
                    raise self._error(f"relation {relation.type!r} points to {relation.level} {index}, there are {known}")
        for cluster in self.clusters or ():
            for index in cluster:
                if not 0 <= index < entities:
                    raise self._error(f"a cluster points to entity {index}, there are {entities}")
        for event in self.events or ():
            for argument in event.arguments:
                if argument.event is not None and not 0 <= argument.event < events:
                    raise self._error(f"argument {argument.role!r} points to event {argument.event}, there are {events}")

    def mentions(self) -> list[Mention]:
        """Every mention the Document holds, of entities, triggers and arguments, in that order."""
        found = [entity.mention for entity in self.entities or ()]
        for event in self.events or ():
            if event.trigger is not None:
                found.append(event.trigger)
            found.extend(a.mention for a in event.arguments if a.mention is not None)
        return found

    def called(self, id: str, *, dataset: str, split: str, lang: str, meta: Mapping[str, Any]) -> "Document":
        """The same Document as another corpus' or split's; what was checked of its text is not checked once more."""
        renamed = object.__new__(Document)
        for name in self.__slots__:
            object.__setattr__(renamed, name, getattr(self, name))
        for name, value in (("id", id), ("dataset", dataset), ("split", split), ("lang", lang), ("meta", meta)):
            object.__setattr__(renamed, name, value)
        return renamed

    def _check_mention(self, mention: Mention) -> None:
        if mention.start is None or mention.end is None:
            return
        if not mention.fragments and self.text[mention.start : mention.end] == mention.text:
            return
        if mention.end > len(self.text):
            raise MentionError(
                f"document {self.id!r}: mention {mention.text!r} ends at {mention.end}, the text has {len(self.text)} characters."
            )
        if mention.read_from(self.text) != mention.text:
            raise MentionError(
                f"document {self.id!r}: mention {mention.text!r} at {mention.start}..{mention.end}, "
                f"but the text has {mention.read_from(self.text)!r} there."
            )

    def _error(self, what: str) -> DocumentError:
        return DocumentError(f"document {self.id!r}: {what}.")


def document_to_json(document: Document) -> Json:
    """The Document as the JSON object of DESIGN §3 (see `docs/architecture.md`); what is None or default is left out."""
    out: Json = {key: getattr(document, key) for key in ("id", "dataset", "split", "lang", "text")}
    if document.tokens is not None:
        out["tokens"] = [list(token) for token in document.tokens]
    if document.entities is not None:
        out["entities"] = [_entity_to_json(entity) for entity in document.entities]
    if document.relations is not None:
        out["relations"] = [_relation_to_json(relation) for relation in document.relations]
    if document.events is not None:
        out["events"] = [_event_to_json(event) for event in document.events]
    if document.clusters is not None:
        out["clusters"] = [list(cluster) for cluster in document.clusters]
    if document.asked is not None:
        out["asked"] = dict(document.asked)
    if document.problems is not None:
        out["problems"] = [dict(problem) for problem in document.problems]
    if document.meta:
        out["meta"] = dict(document.meta)
    return out


def document_from_json(row: Mapping[str, Any], *, where: str = "document") -> Document:
    """The Document that a JSON object describes.

    `where` names the file and line for error messages.

    Raises:
        DocumentError: a key is missing or of the wrong type, or the Document contradicts itself.
    """
    try:
        return Document(
            id=_string(row, "id"),
            text=_string(row, "text"),
            dataset=_string(row, "dataset", default=""),
            split=_string(row, "split", default=""),
            lang=_string(row, "lang", default="en"),
            entities=_each(row, "entities", _entity_from_json),
            relations=_each(row, "relations", _relation_from_json),
            events=_each(row, "events", _event_from_json),
            clusters=_each(row, "clusters", _cluster_from_json),
            tokens=_each(row, "tokens", _offsets_from_json),
            asked=_mapping(row, "asked"),
            meta=_mapping(row, "meta") or {},
            problems=_each(row, "problems", dict),
        )
    except DocumentError as error:
        raise type(error)(f"{where}: {error}") from None
    except KeyError as error:
        raise DocumentError(
            f"{where}: not a Document: {error} is missing; docs/architecture.md says what a Document holds."
        ) from None
    except (TypeError, ValueError, AttributeError) as error:
        raise DocumentError(f"{where}: not a Document: {error}; docs/architecture.md says what a Document holds.") from None


def _string(row: Mapping[str, Any], key: str, *, default: str | None = None) -> str:
    value = row[key] if default is None else row.get(key, default)
    if not isinstance(value, str):
        raise DocumentError(f"{key}: expected a string, found {value!r}.")
    return value


def _index(value: Any, key: str) -> int:
    if type(value) is not int:
        raise DocumentError(f"{key}: expected a whole number, found {value!r}.")
    return value


def _mapping(row: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    value = row.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise DocumentError(f"{key}: expected a mapping, found {value!r}.")
    return value


def _cluster_from_json(cluster: Any) -> tuple[int, ...]:
    return tuple(_index(entity, "clusters") for entity in cluster)


def _offsets_from_json(offsets: Any) -> tuple[int, int]:
    start, end = offsets
    return _index(start, "offsets"), _index(end, "offsets")


def _each(row: Mapping[str, Any], key: str, read: Any) -> Any:
    items = row.get(key)
    if items is None:
        return None
    if not isinstance(items, Sequence) or isinstance(items, str):
        raise DocumentError(f"{key}: expected a list, found {items!r}.")
    return tuple(read(item) for item in items)


def _mention_to_json(mention: Mention) -> Json:
    out: Json = {"start": mention.start, "end": mention.end, "text": mention.text}
    if mention.fragments:
        out["fragments"] = [list(fragment) for fragment in mention.fragments]
    return out


def _mention_from_json(row: Mapping[str, Any]) -> Mention:
    start, end = row.get("start"), row.get("end")
    for key, value in (("start", start), ("end", end)):
        if type(value) is not int and value is not None:
            raise DocumentError(f"mention {row.get('text')!r}: {key}: expected a whole number or null, found {value!r}.")
    fragments = row.get("fragments")
    if fragments:
        return Mention(_string(row, "text"), start, end, tuple(_offsets_from_json(fragment) for fragment in fragments))
    return Mention(_string(row, "text"), start, end)


def _extras(item: Entity | Relation | Argument | Event) -> Json:
    return {} if item.confidence is None else {"confidence": item.confidence}


def _entity_to_json(entity: Entity) -> Json:
    out = {**_mention_to_json(entity.mention), "type": entity.type, **_extras(entity)}
    if entity.attributes:
        out["attributes"] = dict(entity.attributes)
    if entity.norms:
        out["norms"] = list(entity.norms)
    return out


def _entity_from_json(row: Mapping[str, Any]) -> Entity:
    return Entity(
        _mention_from_json(row),
        None if row.get("type") is None else _string(row, "type"),
        row.get("confidence"),
        _mapping(row, "attributes") or {},
        tuple(row.get("norms") or ()),
    )


def _relation_to_json(relation: Relation) -> Json:
    out = {"type": relation.type, "head": relation.head, "tail": relation.tail, **_extras(relation)}
    if relation.level != "entity":
        out["level"] = relation.level
    return out


def _relation_from_json(row: Mapping[str, Any]) -> Relation:
    return Relation(
        None if row["type"] is None else _string(row, "type"),
        _index(row["head"], "head"),
        _index(row["tail"], "tail"),
        row.get("confidence"),
        _string(row, "level", default="entity"),
    )


def _event_to_json(event: Event) -> Json:
    trigger = None if event.trigger is None else _mention_to_json(event.trigger)
    arguments = []
    for argument in event.arguments:
        filler = {"event": argument.event} if argument.mention is None else _mention_to_json(argument.mention)
        arguments.append({"role": argument.role, **filler, **_extras(argument)})
    out = {"type": event.type, "trigger": trigger, "arguments": arguments, **_extras(event)}
    if event.attributes:
        out["attributes"] = dict(event.attributes)
    return out


def _event_from_json(row: Mapping[str, Any]) -> Event:
    trigger = row.get("trigger")
    return Event(
        _string(row, "type"),
        None if trigger is None else _mention_from_json(trigger),
        tuple(_argument_from_json(argument) for argument in row.get("arguments") or ()),
        row.get("confidence"),
        _mapping(row, "attributes") or {},
    )


def _argument_from_json(row: Mapping[str, Any]) -> Argument:
    if row.get("event") is not None:
        return Argument(_string(row, "role"), event=_index(row["event"], "event"), confidence=row.get("confidence"))
    return Argument(_string(row, "role"), _mention_from_json(row), confidence=row.get("confidence"))
