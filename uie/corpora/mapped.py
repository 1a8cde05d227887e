"""What keys say of a row of JSON or of a table in: its mentions, relations and events out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from uie.corpora.paths import Key, at, items_of, offset_of, part
from uie.corpora.rows import Json, text_of
from uie.corpora.spans import typed
from uie.corpora.token_spans import token_span
from uie.corpora.tokens import Offsets
from uie.documents import Argument, Entity, Event, Mention, Relation, entity_index
from uie.errors import CorpusError


@dataclass(frozen=True, slots=True)
class MentionKeys:
    """Where the mentions are, and where each says what.

    `at`: the path of the list. It may also be an object, `{type: [items]}`. An item is an object, a list (then the keys are positions:
    `start: 0, end: 1, type: 2`) or a mention's string alone. `ends`: `inclusive` where the end is the last character's place. `unit`:
    what start and end count. `id`: by what relations name it. Without a start a mention is a string only, from `text`.
    """

    at: str = "entities"
    start: Key = "start"
    end: Key = "end"
    type: Key = "type"
    text: Key = None
    id: Key = None
    ends: Literal["exclusive", "inclusive"] = "exclusive"
    unit: Literal["characters", "tokens"] = "characters"


@dataclass(frozen=True, slots=True)
class RelationKeys:
    """As `MentionKeys`. `head` and `tail` lead to an entity's number (from 0) or id, to its string, or to an item that is a mention.

    `head_type`, `tail_type`: of ends that are strings.
    """

    at: str = "relations"
    type: Key = "type"
    head: Key = "head"
    tail: Key = "tail"
    head_type: Key = None
    tail_type: Key = None


@dataclass(frozen=True, slots=True)
class EventKeys:
    """As `MentionKeys`. `trigger` and what `arguments` lists are mentions, with the keys of `entities`, or strings.

    `trigger`: None for events without. `arguments`: a list of items with a `role`, or an object `{role: one or more}`.
    """

    at: str = "events"
    type: Key = "type"
    trigger: Key = "trigger"
    arguments: Key = "arguments"
    role: Key = "role"


@dataclass(frozen=True, slots=True)
class Making:
    """Mentions, relations and events of one text."""

    text: str
    offsets: Offsets | None
    keys: MentionKeys

    def entities(self, row: Json, keys: MentionKeys) -> list[Entity]:
        return [self._entity(item, kind) for kind, item in items_of(at(row, keys.at), keys.at)]

    def relations(self, row: Json, keys: RelationKeys, entities: list[Entity]) -> tuple[Relation, ...]:
        ids = {}
        if self.keys.id is not None:
            items = [item for _, item in items_of(at(row, self.keys.at), self.keys.at)]
            ids = {part(item, self.keys.id): len(entities) - len(items) + number for number, item in enumerate(items)}
        found = []
        for kind, item in items_of(at(row, keys.at), keys.at):
            head, tail = (
                self._end(part(item, end), None if kind_key is None else part(item, kind_key), ids, entities)
                for end, kind_key in ((keys.head, keys.head_type), (keys.tail, keys.tail_type))
            )
            found.append(Relation(text_of(kind if kind is not None else part(item, keys.type), "type"), head, tail))
        return tuple(found)

    def events(self, row: Json, keys: EventKeys) -> tuple[Event, ...]:
        found = []
        for kind, item in items_of(at(row, keys.at), keys.at):
            type = text_of(kind if kind is not None else part(item, keys.type), "type")
            trigger = None if keys.trigger is None else part(item, keys.trigger)
            arguments = [] if keys.arguments is None else items_of(part(item, keys.arguments), str(keys.arguments))
            fillers = tuple(
                Argument(text_of(role if role is not None else part(filler, keys.role), "role"), self._mention(filler))
                for role, filler in arguments
            )
            found.append(Event(type, None if trigger in (None, "", {}) else self._mention(trigger), fillers))
        return tuple(found)

    def _end(self, value: Any, said: Any, ids: Mapping[Any, int], entities: list[Entity]) -> int:
        """The number of the entity that an end of a relation means; a string or mention that is none yet becomes one."""
        if self.keys.id is not None and not isinstance(value, dict | list):
            if value not in ids:
                raise CorpusError(f"a relation points to {value!r}, and no entity has that id.")
            return ids[value]
        if type(value) is int:
            return value  # the Document checks it
        kind = None if said is None else text_of(said, "the type of a relation's end")
        if isinstance(value, str):
            same = [number for number, one in enumerate(entities) if one.mention.text == value and kind in (None, one.type)]
            return same[0] if same else entity_index(_string(value), entities, kind)
        entity = self._entity(value, None) if isinstance(value, dict | list) else None
        if entity is None:
            raise CorpusError(f"the end of a relation: expected a number, a string or a mention, found {value!r}.")
        return entity_index(entity.mention, entities, entity.type)

    def _entity(self, item: Any, kind: str | None) -> Entity:
        mention = self._mention(item)
        if kind is not None:
            return typed(mention, kind)
        if self.keys.type is None or not isinstance(item, dict | list):
            return Entity(mention)
        label = part(item, self.keys.type, missing=None)
        if isinstance(label, list) and len(label) == 1:
            label = label[0]
        return Entity(mention) if label in (None, "") else typed(mention, label)

    def _mention(self, item: Any) -> Mention:
        keys = self.keys
        if isinstance(item, str):
            return _string(item)
        start, end = (None if key is None else part(item, key, missing=None) for key in (keys.start, keys.end))
        said = None if keys.text is None else part(item, keys.text)
        if start in (None, "") and keys.text is not None:
            return _string(said)
        first, last = offset_of(start), offset_of(end) + (keys.ends == "inclusive")
        if keys.unit == "tokens":
            first, last = token_span(self.offsets or (), first, last)
        if not 0 <= first < last <= len(self.text):
            raise CorpusError(f"offsets {start!r} and {end!r} mark nothing in a text of {len(self.text)} characters.")
        if said is not None and said != self.text[first:last]:
            raise CorpusError(
                f"the mention {said!r} does not stand at {start}..{end}, where the text has {self.text[first:last]!r}."
            )
        return Mention(self.text[first:last], first, last)


def _string(value: Any) -> Mention:
    return Mention(text_of(value, "a mention"))
