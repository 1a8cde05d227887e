"""Standoff of brat and the BioNLP shared tasks, NAME.txt beside NAME.ann (or NAME.a1 and NAME.a2), in; one Document with all it says out."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.corpora import Layout, OnBad, odd
from uie.corpora.brat_lines import Annotations, Bound, read_annotations
from uie.corpora.rows import with_meta
from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import CorpusError, DocumentError, SettingsError

Attributes = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BratOptions:
    """How the folder is made.

    `annotations`: the suffixes of the files beside NAME.txt, all of which must be there (an empty one says that there is nothing).
    `holds`: what the corpus annotates besides entities; a line of another kind is refused. `*` lines become clusters where they are
    named here, and lie in `meta.equivalences` otherwise. `numbered_roles`: `strip` makes Theme of Theme2; `keep` keeps which Site2 goes
    with which Theme2. `join_lines`: fragments with nothing but white space between them are one, for brat parts a mention at every
    line end.
    """

    annotations: tuple[str, ...] = ("ann",)
    holds: tuple[Literal["relations", "events", "clusters"], ...] = ("relations", "events")
    numbered_roles: Literal["strip", "keep"] = "strip"
    join_lines: bool = False

    def __post_init__(self) -> None:
        if not self.annotations or not all(re.fullmatch(r"\w+", suffix) for suffix in self.annotations):
            raise SettingsError(f"annotations: expected suffixes such as ann, or a1 and a2; found {list(self.annotations)}.")


def read(path: Path, options: BratOptions, bad: OnBad) -> Iterator[Document]:
    r"""One Document; `path` is one of its files, the others have the same name but for the suffix. A file with a line that cannot be
    read is no Document: half of its annotations would pass for all of them.

    - The text is the whole of NAME.txt, decoded and otherwise untouched, for so brat counts: a line end is a character, \r\n are two, a
      byte order mark is one.
    - A T line that is the trigger of an E line is no entity, unless an R, A, M, N or * line speaks of it too.
    - Offsets decide. Where the mention's string is another than the text's, the text's is taken if they differ in nothing but single
      punctuation marks (`meta.respelled` counts); otherwise the mention keeps its string and has no place (`meta.ungrounded`).
    - Attributes without a value are true; said twice with two values, they hold both. Several normalisations of a mention are its norms, one each:
      `A+B` in one line is one norm. Notes are in `meta.notes`, attributes of relations in `meta.relation_attributes`, relations that
      have an event at an end in `meta.event_relations`.
    """
    text = _whole_text(path.with_suffix(".txt"))
    annotations = Annotations()
    try:
        for suffix in options.annotations:
            read_annotations(path.with_suffix(f".{suffix}"), text, annotations)
        document = _Reading(text, annotations, options).document(path.stem)
    except CorpusError as error:
        if not all(path.with_suffix(f".{suffix}").is_file() for suffix in options.annotations):
            raise
        bad(error, text)
        return
    except DocumentError as error:
        bad(CorpusError(f"{path}: {error}"), text)
        return
    yield document


def _whole_text(path: Path) -> str:
    try:
        content = path.read_bytes()
        return content.decode("utf-8")
    except UnicodeDecodeError as found:
        number = content.count(b"\n", 0, found.start) + 1
        raise CorpusError(f"{path}:{number}: not UTF-8 ({found.reason}); convert the file to UTF-8 first.") from None
    except OSError as found:
        raise CorpusError(f"{path}: no text beside the annotations: {found.strerror}.") from None


class _Reading:
    """Turns the ids of one text's annotations into our indices."""

    def __init__(self, text: str, annotations: Annotations, options: BratOptions) -> None:
        self.text = text
        self.found = annotations
        self.options = options
        self.odd = {"ungrounded": 0, "respelled": 0}
        self.mentions = {id: self._mention(bound) for id, bound in annotations.bounds.items()}
        self.events = {id: index for index, id in enumerate(annotations.events)}
        self.relations: dict[str, int] = {}
        self.event_relations: dict[str, Attributes] = {}
        triggers = {event.trigger for event in annotations.events.values()}
        named = {end for relation in annotations.relations.values() for end in (relation.head, relation.tail)}
        named |= {mark.target for mark in (*annotations.attributes, *annotations.norms)}
        named |= {member for equivalence in annotations.equivalences for member in equivalence.members}
        entities = [id for id in annotations.bounds if id not in triggers or id in named]
        self.entities = {id: index for index, id in enumerate(entities)}

    def document(self, name: str) -> Document:
        holds, found = self.options.holds, self.found
        lines: dict[str, list[Any]] = {"relations": [*found.relations.values()], "events": [*found.events.values()]}
        for kind in [kind for kind in lines if kind not in holds and lines[kind]]:
            raise CorpusError(f"{lines[kind][0].where}: a line of {kind}, which `holds` of the options does not name.")
        relations = self._relations()
        attributes = self._attributes()
        equivalences = [self._members(line.where, line.members) for line in found.equivalences]
        between = [
            {**line, **({"attributes": attributes[id]} if id in attributes else {})} for id, line in self.event_relations.items()
        ]
        meta: dict[str, Any] = {"event_relations": between, "notes": self._notes()}
        meta["relation_attributes"] = [
            {"relation": index, "attributes": attributes[id]} for id, index in self.relations.items() if id in attributes
        ]
        if "clusters" not in holds:
            meta["equivalences"] = [
                {"type": line.type, "entities": members} for line, members in zip(found.equivalences, equivalences, strict=True)
            ]
        document = Document(
            name,
            self.text,
            entities=self._entities(attributes),
            relations=relations if "relations" in holds else None,
            events=self._events(attributes) if "events" in holds else None,
            clusters=tuple(tuple(members) for members in equivalences) if "clusters" in holds else None,
        )
        return with_meta(document, **odd(**self.odd), **{key: value for key, value in meta.items() if value})

    def _mention(self, bound: Bound) -> Mention:
        mention, oddity = bound.mention(self.text, join_lines=self.options.join_lines)
        if oddity is not None:
            self.odd[oddity] += 1
        return mention

    def _entities(self, attributes: Mapping[str, Attributes]) -> tuple[Entity, ...]:
        norms: dict[str, list[str]] = {}
        for mark in self.found.norms:
            if mark.target not in self.entities:
                raise CorpusError(f"{mark.where}: there is no T line {mark.target} to normalise.")
            norms.setdefault(mark.target, []).append(str(mark.value))
        return tuple(
            Entity(
                self.mentions[id],
                self.found.bounds[id].type,
                attributes=attributes.get(id, {}),
                norms=tuple(norms.get(id, ())),
            )
            for id in self.entities
        )

    def _events(self, attributes: Mapping[str, Attributes]) -> tuple[Event, ...]:
        events = []
        for id, line in self.found.events.items():
            if line.trigger not in self.mentions:
                raise CorpusError(f"{line.where}: there is no T line {line.trigger}, the trigger.")
            arguments = tuple(self._argument(line.where, role, filler) for role, filler in line.arguments)
            events.append(Event(line.type, self.mentions[line.trigger], arguments, attributes=attributes.get(id, {})))
        return tuple(events)

    def _argument(self, where: str, role: str, filler: str) -> Argument:
        if self.options.numbered_roles == "strip":
            role = role.rstrip("0123456789") or role
        if filler in self.events:
            return Argument(role, event=self.events[filler])
        if filler not in self.mentions:
            raise CorpusError(f"{where}: there is no line {filler}, the {role}.")
        return Argument(role, self.mentions[filler])

    def _relations(self) -> tuple[Relation, ...]:
        """The relations between entities; those with an event at an end go to `event_relations`."""
        relations: list[Relation] = []
        for id, line in self.found.relations.items():
            for end in (line.head, line.tail):
                if end not in self.entities and end not in self.events:
                    raise CorpusError(f"{line.where}: there is no line {end}, an end of the relation.")
            if line.head in self.events or line.tail in self.events:
                ends = {"head": self._target(line.head), "tail": self._target(line.tail)}
                self.event_relations[id] = {"type": line.type, **ends}
            else:
                self.relations[id] = len(relations)
                relations.append(Relation(line.type, self.entities[line.head], self.entities[line.tail]))
        return tuple(relations)

    def _attributes(self) -> dict[str, Attributes]:
        """By the id of what they are said of."""
        attributes: dict[str, Attributes] = {}
        known = {*self.entities, *self.events, *self.relations, *self.event_relations}
        for mark in self.found.attributes:
            if mark.target not in known:
                raise CorpusError(f"{mark.where}: there is no line {mark.target} to have the attribute {mark.name}.")
            held = attributes.setdefault(mark.target, {})
            if mark.name not in held:
                held[mark.name] = mark.value
            elif isinstance(held[mark.name], list):
                held[mark.name] += [mark.value] if mark.value not in held[mark.name] else []
            elif held[mark.name] != mark.value:
                held[mark.name] = [held[mark.name], mark.value]
        return attributes

    def _members(self, where: str, members: tuple[str, ...]) -> list[int]:
        for member in members:
            if member not in self.entities:
                raise CorpusError(f"{where}: there is no T line {member}.")
        return [self.entities[member] for member in members]

    def _notes(self) -> list[Attributes]:
        return [{"type": mark.name, "of": self._target(mark.target), "text": mark.value} for mark in self.found.notes]

    def _target(self, id: str) -> Attributes | str:
        """What an id means, by our index; the id itself of what has none, such as an attribute."""
        for kind, known in (("entity", self.entities), ("event", self.events), ("relation", self.relations)):
            if id in known:
                return {kind: known[id]}
        return id


def _guess(path: Path) -> Mapping[str, Any] | None:
    """By the files beside it; `holds` by the lines of those of them that are not the first's alone."""
    suffixes = [suffix for suffix in ("ann", "a1", "a2") if path.with_suffix(f".{suffix}").is_file()]
    if path.suffix not in (".txt", ".ann", ".a1", ".a2") or not suffixes or not path.with_suffix(".txt").is_file():
        return None
    suffixes = ["ann"] if "ann" in suffixes else suffixes
    kinds = set()
    for suffix in suffixes:
        for file in path.parent.glob(f"*.{suffix}"):
            kinds |= {line[:1] for line in file.read_bytes().splitlines()}
    holds = [name for name, kind in (("relations", b"R"), ("events", b"E"), ("clusters", b"*")) if kind in kinds]
    return {"annotations": suffixes, "holds": holds}


LAYOUT = Layout(
    read,
    {
        "note.ann": "T1\tPER 0 3\tAnn\nT2\tMove 4 9\tmoved\nT3\tLOC 13 17\tRome\nE1\tMove:T2 Who:T1 Where:T3\nA1\tSure E1\n",
        "note.txt": "Ann moved to Rome.\n",
    },
    guess=_guess,
)
