"""What a caller asks for (names, descriptions, a pydantic model, a JSON schema) → Schema; a predicted Document → what was asked, filled in.

A pydantic model is read as the JSON schema it writes of itself: an object whose every field is a list.

    class Found(BaseModel):
        product: list[str]         # entities, of the type "product"
        people: list[Person]       # entities: Person has one text, and its docstring is the description
        jobs: list[WorksFor]       # relations: WorksFor has two texts that are always there, head and tail
        attacks: list[Attack]      # events: Attack has a `trigger`, or texts that may be missing (`str | None`, `list[str]`): its roles

A text is a `str`, a model of one text, or, where its offsets are wanted, `uie.Mention` or a model of `text`, `start` and `end`. A model
with a field of fixed choices (`Literal`, `Enum`) has these for types, any other its own name.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, Protocol

from uie.documents import Document, Mention
from uie.errors import SchemaError
from uie.schema import KINDS, EventLabel, Label, RelationLabel, Schema, read_schema

Json = dict[str, Any]
_OFFSETS = {"text", "start", "end"}


class Model(Protocol):
    """A pydantic model, or what else describes and checks itself as one does."""

    @classmethod
    def model_json_schema(cls) -> Json: ...

    @classmethod
    def model_validate(cls, obj: Any, /) -> Any: ...


AnySchema = Schema | Sequence[str] | Mapping[str, Any] | type[Model]
"""All that can be asked for: see `schema_from`."""


def schema_from(asked: AnySchema, *, lang: str = "en") -> Schema:
    """The Schema of a list of entity names, a mapping name → description, the mapping of `uie.schema`, a pydantic model or a JSON schema.

    Names and descriptions that a mapping gives in several languages are taken in `lang`; a Schema stays as it is.

    >>> [label.name for label in schema_from(["person", "product"]).entities]
    ['person', 'product']
    >>> schema_from({"ship": "a vessel with a name"}).entities[0].description
    'a vessel with a name'

    Raises:
        SchemaError: it is none of these, asks for nothing, or for what cannot be asked; the message says what to write instead.
    """
    schema = asked if isinstance(asked, Schema) else _schema(asked, lang)
    if not any(getattr(schema, kind) for kind in KINDS):
        raise SchemaError("schema: it names nothing to ask for; give entity names such as ['person', 'product'].")
    return schema


def fill(asked: type[Model] | Mapping[str, Any], document: Document) -> Any:
    """What a Document holds of a pydantic model, as an instance of it; of a JSON schema, as an object.

    Only what stands in the text is in it: the Document has the rest, and the problems. A field that takes one text has the first
    of several.

    Raises:
        SchemaError: as `schema_from`.
        pydantic.ValidationError: a validator of the model refuses what was found.
    """
    told = _json_schema(asked)
    if told is None:
        raise SchemaError(f"schema: expected a pydantic model or a JSON schema, found {asked!r}.")
    found = {listed.field: list(listed.items(document)) for listed in _Reader(told).listed()}
    return found if isinstance(asked, Mapping) else asked.model_validate(found)


def _schema(asked: AnySchema, lang: str) -> Schema:
    told = _json_schema(asked)
    if told is not None:
        return _Reader(told).schema(lang)
    if isinstance(asked, Mapping):
        only_names = not set(asked) & set(KINDS) and all(said is None or isinstance(said, str) for said in asked.values())
        return read_schema({"entities": asked} if only_names else asked, lang=lang)
    if isinstance(asked, Sequence) and not isinstance(asked, str):
        return read_schema({"entities": list(asked)}, lang=lang)
    hint = f"; one name is written [{asked!r}]" if isinstance(asked, str) else ""
    raise SchemaError(f"schema: expected a list of names, a mapping, a pydantic model or a JSON schema, found {asked!r}{hint}.")


def _json_schema(asked: Any) -> Json | None:
    """The JSON schema that this is, or says of itself; None for what is none."""
    if hasattr(asked, "model_json_schema"):
        told: Json = asked.model_json_schema()
        return told
    is_one = isinstance(asked, Mapping) and isinstance(asked.get("properties"), Mapping)
    return dict(asked) if is_one else None


@dataclass(frozen=True, slots=True)
class _Shape:
    """How one mention is written: its text, or an object with its offsets; bare, or as the only value (`around`) of an object."""

    offsets: bool = False
    around: str = ""
    label: str = ""
    "what the object is called"

    def value(self, mention: Mention) -> Any:
        value: Any = mention.text
        if self.offsets:
            value = {"text": mention.text, "start": mention.start, "end": mention.end}
            value.update({"fragments": mention.fragments} if mention.fragments else {})
        return {self.around: value} if self.around else value


@dataclass(frozen=True, slots=True)
class _Slot:
    """A field that takes the mentions of a `role`; of an entity, which is one mention, no field (`key` is "") but the whole item.

    `needed`: it always has one; otherwise it may be empty (`many`), null (`nullable`) or left out.
    """

    key: str
    role: str
    shape: _Shape
    description: str = ""
    many: bool = False
    nullable: bool = False
    needed: bool = True

    def put(self, mentions: list[Mention], item: Json) -> None:
        if self.many:
            item[self.key] = [self.shape.value(mention) for mention in mentions]
        elif mentions:
            item[self.key] = self.shape.value(mentions[0])
        elif self.nullable:
            item[self.key] = None


@dataclass(frozen=True, slots=True)
class _Listed:
    """A field of the model: what of a Document it lists, and how. `says` is the field of an item that holds its type ("": none)."""

    field: str
    kind: str
    types: tuple[str, ...]
    slots: tuple[_Slot, ...]
    description: str = ""
    says: str = ""

    def items(self, document: Document) -> Iterator[Any]:
        """The Document's items of these types, written as the model wants them; none that lacks a mention it needs."""
        for type, roles in _SAID[self.kind](document):
            if type not in self.types:
                continue
            item: Json = {}
            grounded = {slot: [mention for mention in roles.get(slot.role, ()) if mention.grounded] for slot in self.slots}
            for slot, mentions in grounded.items():
                slot.put(mentions, item)
            if all(mentions or not slot.needed for slot, mentions in grounded.items()):
                value = item.get("", item)
                yield {self.says: type, **value} if self.says else value

    def labels(self) -> Iterator[Label]:
        for type in self.types:
            name = type if self.says else _worded(type)
            if self.kind == "entities":
                yield Label(type, name, self.description)
            elif self.kind == "relations":
                head, tail = ((slot.shape.label,) if slot.shape.label else () for slot in self.slots)
                yield RelationLabel(type, name, self.description, head, tail)
            else:
                roles = (Label(slot.role, _worded(slot.role), slot.description) for slot in self.slots if slot.role != "trigger")
                yield EventLabel(type, name, self.description, tuple(roles))


_Roles = Iterator[tuple[str | None, dict[str, list[Mention]]]]
"""The items of a Document: the type of each, and its mentions by their role in it."""


def _entities(document: Document) -> _Roles:
    for entity in document.entities or ():
        yield entity.type, {"": [entity.mention]}


def _relations(document: Document) -> _Roles:
    entities = document.entities or ()
    for relation in document.relations or ():
        yield relation.type, {"head": [entities[relation.head].mention], "tail": [entities[relation.tail].mention]}


def _events(document: Document) -> _Roles:
    for event in document.events or ():
        roles = {"trigger": [event.trigger] if event.trigger else []}
        for argument in event.arguments:
            if argument.mention is not None:
                roles.setdefault(argument.role, []).append(argument.mention)
        yield event.type, roles


_SAID = {"entities": _entities, "relations": _relations, "events": _events}


class _Reader:
    """Reads one JSON schema; what it refuses it names, with what to write instead."""

    def __init__(self, told: Json) -> None:
        self._name = _title(told) or "schema"
        self._fields: Json = told["properties"]
        self._definitions: Json = told.get("$defs") or told.get("definitions") or {}

    def schema(self, lang: str) -> Schema:
        labels: dict[str, list[Any]] = {kind: [] for kind in KINDS}
        for listed in self.listed():
            labels[listed.kind] += listed.labels()
        try:
            return Schema(lang, *(tuple(labels[kind]) for kind in KINDS))
        except SchemaError as error:
            raise SchemaError(f"{self._name}: {error}") from None

    def listed(self) -> list[_Listed]:
        return [self._listed(field, spec, f"{self._name}.{field}") for field, spec in self._fields.items()]

    def _listed(self, field: str, spec: Json, where: str) -> _Listed:
        spec, _ = self._resolved(spec, where)
        if spec.get("type") != "array":
            _refuse(where, f"a text may hold any number of these, found {_kind(spec)}; write list[str] or a list of models")
        item, _ = self._resolved(spec.get("items") or {}, where)
        inside = f"{where}: {_title(item)}" if _title(item) else where
        says, types, item = self._types_apart(item, inside)
        shape = self._shape(item, where)
        if shape is not None:
            slots: tuple[_Slot, ...] = (_Slot("", "", shape),)
            kind, name = "entities", shape.label or field
        else:
            slots = self._slots(item, inside)
            kind, name = "relations" if _is_relation(slots) else "events", _title(item) or field
            if kind == "relations":
                slots = tuple(replace(slot, role=end) for slot, end in zip(slots, ("head", "tail"), strict=True))
        described = "" if says else _line(item.get("description") or spec.get("description"))
        return _Listed(field, kind, types or (name,), slots, described, says)

    def _types_apart(self, item: Json, where: str) -> tuple[str, tuple[str, ...], Json]:
        """The field of fixed choices, its choices, and the item without it."""
        fields = item.get("properties") or {}
        choices = {key: found for key, spec in fields.items() if (found := self._choices(spec, f"{where}.{key}"))}
        if not choices:
            return "", (), item
        if len(choices) > 1:
            _refuse(where, f"one field of fixed choices says the type, found {' and '.join(choices)}; keep one")
        says, types = next(iter(choices.items()))
        rest = {key: spec for key, spec in fields.items() if key != says}
        return says, types, {**item, "properties": rest, "required": [key for key in item.get("required") or () if key != says]}

    def _choices(self, spec: Json, where: str) -> tuple[str, ...]:
        spec, _ = self._resolved(spec, where)
        found = spec.get("enum") or ([spec["const"]] if "const" in spec else [])
        if not all(isinstance(one, str) for one in found):
            _refuse(where, f"types are names, found {found}; write them as texts")
        return tuple(found)

    def _slots(self, item: Json, where: str) -> tuple[_Slot, ...]:
        """The texts of a relation or an event."""
        if not item.get("properties"):
            _refuse(
                where,
                f"only texts can be asked for, found a list of {_kind(item)}; write list[str] or a list of models with a text",
            )
        required = item.get("required") or ()
        slots = tuple(self._slot(key, spec, f"{where}.{key}", key in required) for key, spec in item["properties"].items())
        needed = [slot.key for slot in slots if slot.needed and slot.key != "trigger"]
        if needed and not _is_relation(slots):
            why = "only the two ends of a relation and the trigger of an event are always there"
            _refuse(f"{where}.{needed[0]}", f"{why}; write {needed[0]}: str | None = None")
        return slots

    def _slot(self, key: str, spec: Json, where: str, required: bool) -> _Slot:
        said = _line(spec.get("description"))
        spec, nullable = self._resolved(spec, where)
        many = spec.get("type") == "array"
        text, _ = self._resolved(spec.get("items") or {}, where) if many else (spec, False)
        shape = self._shape(text, where)
        if shape is None:
            _refuse(where, f"only texts can be asked for, found {_kind(text)}; write str, str | None or list[str]")
        return _Slot(key, key, shape, said, many, nullable, needed=required and not nullable and not many)

    def _shape(self, spec: Json, where: str, *, nested: bool = True) -> _Shape | None:
        """How a mention is written here; None where something else is."""
        if _kind(spec) == "string":
            return _Shape()
        fields = spec.get("properties") or {}
        if _OFFSETS <= fields.keys() <= {*_OFFSETS, "fragments"}:
            return _Shape(offsets=True, label=_title(spec))
        if nested and len(fields) == 1 and list(fields) == spec.get("required"):
            (key,) = fields
            only, nullable = self._resolved(fields[key], where)
            inner = self._shape(only, where, nested=False)
            return _Shape(inner.offsets, key, _title(spec)) if inner and not nullable else None
        return None

    def _resolved(self, spec: Json, where: str) -> tuple[Json, bool]:
        """What a reference or an optional type stands for, and whether it may be null."""
        options = spec.get("anyOf") or spec.get("oneOf") or spec.get("allOf") or []
        if isinstance(spec.get("type"), list):
            options = [{**spec, "type": kind} for kind in spec["type"]]
        if options:
            found = [option for option in options if option.get("type") != "null"]
            if len(found) != 1:
                _refuse(where, "a field takes one kind of value, found several; give each a field of its own")
            return self._resolved(found[0], where)[0], len(found) < len(options)
        if "$ref" not in spec:
            return spec, False
        name = spec["$ref"].rpartition("/")[2]
        if name not in self._definitions:
            _refuse(where, f"{spec['$ref']} leads nowhere; define it under $defs")
        definition: Json = {"title": name, **self._definitions[name]}
        if definition["title"] == Mention.__name__:  # it names no type, and describes none
            definition = {key: value for key, value in definition.items() if key not in ("title", "description")}
        return definition, False


def _is_relation(slots: tuple[_Slot, ...]) -> bool:
    return len(slots) == 2 and all(slot.needed and slot.key != "trigger" for slot in slots)


def _refuse(where: str, why: str) -> NoReturn:
    raise SchemaError(f"{where}: {why}.")


def _title(spec: Json) -> str:
    return str(spec.get("title") or "")


def _kind(spec: Json) -> str:
    """What a value is, in a word: an object's name, a text's format (date), "string" for plain text."""
    if "enum" in spec or "const" in spec:
        return "fixed choices"
    if spec.get("properties") and _title(spec):
        return _title(spec)
    return str(spec.get("format") or spec.get("type") or "anything")


def _line(description: Any) -> str:
    return " ".join(str(description or "").split())


def _worded(name: str) -> str:
    """`WorksFor` and `works_for` as a model shall read them: works for. Capitals alone (GPE) stay."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_+", " ", name).split()
    return " ".join(word if word.isupper() else word.lower() for word in words) or name
