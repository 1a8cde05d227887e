"""`Schema`: what may be said about a text, in one language; read from and written to the one mapping that every part uses.

The same YAML form serves dataset configs, `uie chat :schema`, `uie predict --schema` and Python:

    entities:
      LOC: {name: {en: location, zh: 地名}, description: {en: a named place}}
      person: a human being, by name          # a string is the description, the name is the label
    relations:
      Work_For: {name: works for, head: [Peop], tail: [Org], paraphrases: {en: [is employed by]}}
    events:
      attack: {description: …, roles: {victim: who was hurt, place: {name: location of the attack}}}

A kind may also be a plain list of labels. Documents hold labels; prompts and answers show names; names and labels are one-to-one
within a kind (roles: within their event type), so that answers map back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from uie.errors import SchemaError

Json = dict[str, Any]
KINDS = ("entities", "relations", "events")


@dataclass(frozen=True, slots=True)
class Label:
    """A corpus' own label with the name and the description a model is shown.

    `paraphrases` are other names for it, which `uie build-data` may draw instead (`labels.paraphrase`).
    """

    label: str
    name: str
    description: str = ""
    paraphrases: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(frozen=True, slots=True)
class RelationLabel(Label):
    """A relation type; `head` and `tail` list the entity labels its arguments may have (empty: not known)."""

    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EventLabel(Label):
    """An event type with its roles."""

    roles: tuple[Label, ...] = ()


class _KeepsHash:
    """A schema of 65 event types takes a tenth of a millisecond to hash, and caches ask for it at every record. No field: not pickled,
    since strings hash otherwise in another process."""

    __slots__ = ("_hash",)
    _hash: int


@dataclass(frozen=True, slots=True)
class Schema(_KeepsHash):
    """Types of entities, relations and events. Order matters: prompts list the types in it."""

    lang: str = "en"
    entities: tuple[Label, ...] = ()
    relations: tuple[RelationLabel, ...] = ()
    events: tuple[EventLabel, ...] = ()

    def __post_init__(self) -> None:
        for kind in KINDS:
            _check_names(kind, getattr(self, kind))
        for event in self.events:
            _check_names(f"events.{event.label}.roles", event.roles)

    def __hash__(self) -> int:
        if not hasattr(self, "_hash"):
            object.__setattr__(self, "_hash", hash((self.lang, self.entities, self.relations, self.events)))
        return self._hash

    def only(self, kinds: Iterable[str]) -> "Schema":
        """The schema restricted to these of "entities", "relations", "events"."""
        kept = set(kinds)
        return Schema(
            self.lang,
            self.entities if "entities" in kept else (),
            self.relations if "relations" in kept else (),
            self.events if "events" in kept else (),
        )

    def event(self, label: str) -> EventLabel | None:
        return next((event for event in self.events if event.label == label), None)


def read_schema(mapping: Mapping[str, Any], *, lang: str | None = None, where: str = "schema") -> Schema:
    """The schema that a mapping (from YAML or JSON) describes, with names and descriptions in `lang`.

    Where a label has no name in `lang`, the first language given counts; without any, the label itself. `lang` defaults to the
    mapping's own `lang` key, else English.

    Raises:
        SchemaError: an unknown key, a wrong type, or two labels with one name; `where` says in which file.
    """
    lang = lang or mapping.get("lang") or "en"
    unknown = sorted(str(key) for key in set(mapping) - {*KINDS, "lang"})
    if unknown:
        raise SchemaError(f"{where}: {unknown[0]}: unknown key; expected {', '.join(KINDS)}.")
    try:
        return Schema(
            lang,
            tuple(_label(k, v, lang, f"{where}: entities.{k}") for k, v in _items(mapping, "entities", where)),
            tuple(_relation(k, v, lang, f"{where}: relations.{k}") for k, v in _items(mapping, "relations", where)),
            tuple(_event(k, v, lang, f"{where}: events.{k}") for k, v in _items(mapping, "events", where)),
        )
    except SchemaError as error:
        message = str(error)
        raise SchemaError(message if message.startswith(where) else f"{where}: {message}") from None


def schema_to_mapping(schema: Schema, *, descriptions: bool = True) -> Json:
    """The shortest mapping from which `read_schema` makes the schema again (its order is kept).

    Without descriptions it still maps names to labels, which is all that reading an answer needs.
    """
    out: Json = {"lang": schema.lang}
    if schema.entities:
        out["entities"] = {label.label: _short(label, descriptions) for label in schema.entities}
    if schema.relations:
        out["relations"] = {label.label: _short(label, descriptions) for label in schema.relations}
    if schema.events:
        out["events"] = {
            event.label: {**_short(event, descriptions), "roles": {role.label: _short(role, descriptions) for role in event.roles}}
            for event in schema.events
        }
    return out


def _short(label: Label, descriptions: bool) -> Json:
    out: Json = {}
    if label.name != label.label:
        out["name"] = label.name
    if descriptions:
        out.update({"description": label.description} if label.description else {})
        out.update({"paraphrases": list(label.paraphrases)} if label.paraphrases else {})
    if isinstance(label, RelationLabel):
        out.update({end: list(getattr(label, end)) for end in ("head", "tail") if getattr(label, end)})
    return out


def _items(mapping: Mapping[str, Any], kind: str, where: str) -> list[tuple[str, Any]]:
    value = mapping.get(kind) or {}
    if isinstance(value, Mapping):
        return [(_text_of(key, f"{where}: {kind}"), item) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return [(_text_of(item, f"{where}: {kind}"), None) for item in value]
    raise SchemaError(f"{where}: {kind}: expected a mapping or a list of labels, found {value!r}.")


def _text_of(label: Any, where: str) -> str:
    """A label as it was written; YAML reads NO, ON and their like as truth values unless they stand in quotes."""
    if type(label) not in (str, int):
        raise SchemaError(f"{where}: expected a label, found {label!r}; a label is a text, in quotes if YAML reads it otherwise.")
    return str(label)


def _label(label: str, value: Any, lang: str, where: str) -> Label:
    name, description, rest = _parts(label, value, lang, where, ())
    return Label(label, name, description, paraphrases=_paraphrases(rest, lang, where))


def _relation(label: str, value: Any, lang: str, where: str) -> RelationLabel:
    name, description, rest = _parts(label, value, lang, where, ("head", "tail"))
    head, tail = (tuple(entity for entity, _ in _items(rest, end, where)) for end in ("head", "tail"))
    return RelationLabel(label, name, description, head, tail, paraphrases=_paraphrases(rest, lang, where))


def _event(label: str, value: Any, lang: str, where: str) -> EventLabel:
    name, description, rest = _parts(label, value, lang, where, ("roles",))
    roles = tuple(_label(k, v, lang, f"{where}.roles.{k}") for k, v in _items(rest, "roles", where))
    return EventLabel(label, name, description, roles, paraphrases=_paraphrases(rest, lang, where))


def _parts(label: str, value: Any, lang: str, where: str, more: tuple[str, ...]) -> tuple[str, str, Mapping[str, Any]]:
    if value is None or isinstance(value, str):
        return label, value or "", {}
    if not isinstance(value, Mapping):
        raise SchemaError(f"{where}: expected a description or a mapping, found {value!r}.")
    unknown = sorted(str(key) for key in set(value) - {"name", "description", "paraphrases", *more})
    if unknown:
        raise SchemaError(
            f"{where}.{unknown[0]}: unknown key; expected {', '.join(('name', 'description', 'paraphrases', *more))}."
        )
    return _worded(value.get("name"), lang, where) or label, _worded(value.get("description"), lang, where), value


def _paraphrases(value: Mapping[str, Any], lang: str, where: str) -> tuple[str, ...]:
    """Those in `lang`; unlike a name, one in another language is of no use."""
    found = value.get("paraphrases") or ()
    found = found.get(lang, ()) if isinstance(found, Mapping) else found
    if not isinstance(found, list | tuple) or not all(isinstance(name, str) and name.strip() for name in found):
        raise SchemaError(f"{where}.paraphrases: expected a list of names or one per language, found {found!r}.")
    return tuple(found)


def _worded(value: Any, lang: str, where: str) -> str:
    if isinstance(value, Mapping):
        value = value.get(lang) or next(iter(value.values()), "")
    if value is None:
        return ""
    if not isinstance(value, str):
        raise SchemaError(f"{where}: expected a text or one per language, found {value!r}.")
    return value.strip()


def _check_names(where: str, labels: Iterable[Label]) -> None:
    seen_labels: set[str] = set()
    seen_names: dict[str, str] = {}
    for label in labels:
        if not label.label.strip() or not label.name.strip():
            raise SchemaError(f"{where}: a label or name is empty.")
        if label.label in seen_labels:
            raise SchemaError(f"{where}: the label {label.label!r} is given twice.")
        seen_labels.add(label.label)
        if label.name in seen_names:
            raise SchemaError(
                f"{where}: {seen_names[label.name]!r} and {label.label!r} share the name {label.name!r}; an answer could not be mapped back."
            )
        seen_names[label.name] = label.label
