"""Documents in, brat's standoff out: a folder a split, NAME.txt and NAME.ann for each Document, and annotation.conf."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from typing import Any

from uie.corpora.writers import Writer
from uie.corpora.writers.holding import Holds, kept
from uie.corpora.writers.splits import split_name
from uie.documents import Document, Entity, Event, Mention

_HOLDS = Holds(
    relations=True,
    events=True,
    clusters=True,
    discontinuous=True,
    event_arguments=True,
    attributes=True,
    norms=True,
    # Labels end at white space, and roles at a colon.
    label=re.compile(r"[^\s:\x00]+"),
)
_LONGEST_NAME = 100  # bytes; a file's name may have 255 of them, in UTF-8


@dataclass(frozen=True, slots=True)
class BratOptions:
    """`underscores`: write blanks in labels and roles as underscores; without, what has such a label is lost, for brat has no such."""

    underscores: bool = False


def write(documents: Iterable[Document], out: Path, options: BratOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """NAME is the corpus' own id where that can be a name and is not taken, else a number.

    A filler that is no entity gets a T line with its role as type.

    Attributes must be words (true: no value; several: a line each). A role is written as it is, also where several have the same.
    """
    counts: Counter[str] = Counter()
    conf = _Conf()
    held: set[str] = set()
    for document in documents:
        found = kept(_with_underscores(document) if options.underscores else document, _HOLDS, lost, _ragged)
        if found is None:
            continue
        held |= {kind for kind in ("relations", "events", "clusters") if getattr(found, kind) is not None}
        split = split_name(found)
        folder = out / split
        folder.mkdir(exist_ok=True)
        name = _name(folder, str(found.meta.get("native_id", found.id)), counts[split])
        counts[split] += 1
        lines = "".join(f"{line}\n" for line in _Lines(found, conf, lost).all())
        (folder / f"{name}.txt").write_text(found.text, encoding="utf-8", newline="")
        (folder / f"{name}.ann").write_text(lines, encoding="utf-8", newline="")
    (out / "annotation.conf").write_text(conf.text(), encoding="utf-8")
    return {"holds": [kind for kind in ("relations", "events", "clusters") if kind in held], "numbered_roles": "keep"}


def _name(folder: Path, id: str, number: int) -> str:
    """The id where it can be the name of a file and is not taken, else the first number from `number` on that is not."""
    names: Iterator[str] = (f"{one:06d}" for one in count(number))
    if re.fullmatch(r"[\w-]+", id) and len(id.encode("utf-8")) <= _LONGEST_NAME:
        names = chain([id], names)
    return next(name for name in names if not (folder / f"{name}.txt").exists())


def _with_underscores(document: Document) -> Document:
    def of(label: str | None) -> Any:
        return label and label.replace(" ", "_")

    def renamed(items: Iterable[Any] | None, change: Callable[[Any], Any]) -> Any:
        return None if items is None else tuple(map(change, items))

    def event(one: Event) -> Event:
        arguments = tuple(replace(argument, role=of(argument.role)) for argument in one.arguments)
        return replace(one, type=of(one.type), arguments=arguments)

    return replace(
        document,
        entities=renamed(document.entities, lambda one: replace(one, type=of(one.type))),
        relations=renamed(document.relations, lambda one: replace(one, type=of(one.type))),
        events=renamed(document.events, event),
    )


def _ragged(mention: Mention) -> str:
    return "mention that ends with a tab or a carriage return" if mention.text[-1:] in "\t\r" else ""


class _Lines:
    """The lines of one .ann file."""

    def __init__(self, document: Document, conf: "_Conf", lost: Counter[str]) -> None:
        self._document, self._conf, self._lost = document, conf, lost
        self._bound: list[str] = []
        self._others: list[str] = []
        self._fillers: dict[Mention, str] = {}
        self._numbers: Counter[str] = Counter()

    def all(self) -> list[str]:
        entities = [self._entity(entity) for entity in self._document.entities or ()]
        for relation in self._document.relations or ():
            self._conf.relations[str(relation.type)] = None
            ends = f"Arg1:{entities[relation.head]} Arg2:{entities[relation.tail]}"
            self._others.append(f"{self._next('R')}\t{relation.type} {ends}")
        for cluster in self._document.clusters or ():
            self._conf.clusters = True
            self._others.append(f"*\tEquiv {' '.join(entities[index] for index in cluster)}")
        names = [f"E{number}" for number, _ in enumerate(self._document.events or (), 1)]
        for name, event in zip(names, self._document.events or (), strict=True):
            self._event(name, event, names)
        return [*self._bound, *self._others]

    def _entity(self, entity: Entity) -> str:
        name = self._bind(entity.mention, str(entity.type))
        self._fillers.setdefault(entity.mention, name)
        self._attributes(name, entity.attributes)
        for norm in entity.norms:
            if re.fullmatch(r"[^\s:]+:\S+", norm):
                self._others.append(f"{self._next('N')}\tReference {name} {norm}\t{_one_line(entity.mention.text)}")
            else:
                self._lost["normalisation that is not of the form RESOURCE:ID"] += 1
        return name

    def _event(self, name: str, event: Event, names: list[str]) -> None:
        assert event.trigger is not None
        parts = [f"{event.type}:{self._bind(event.trigger, event.type, of='events')}"]
        roles = self._conf.events.setdefault(event.type, {})
        for argument in event.arguments:
            roles[argument.role] = None
            if argument.event is not None:
                parts.append(f"{argument.role}:{names[argument.event]}")
                continue
            assert argument.mention is not None
            if argument.mention not in self._fillers:
                self._fillers[argument.mention] = self._bind(argument.mention, argument.role)
            parts.append(f"{argument.role}:{self._fillers[argument.mention]}")
        self._others.append(f"{name}\t{' '.join(parts)}")
        self._attributes(name, event.attributes)

    def _bind(self, mention: Mention, label: str, of: str = "entities") -> str:
        if of == "entities":
            self._conf.entities[label] = None
        name = self._next("T")
        offsets = ";".join(f"{start} {end}" for start, end in mention.span or ())
        self._bound.append(f"{name}\t{label} {offsets}\t{_one_line(mention.text)}")
        return name

    def _attributes(self, name: str, attributes: Mapping[str, Any]) -> None:
        for key, value in attributes.items():
            values = value if isinstance(value, list) and len(value) > 1 and len(set(map(str, value))) == len(value) else [value]
            if not _HOLDS.label.fullmatch(key) or not all(map(_are_words, values)):
                self._lost["attribute that is no word"] += 1
                continue
            for one in values:
                self._conf.attributes.setdefault(key, {}).update({} if one is True else {one: None})
                self._others.append(f"{self._next('A')}\t{key} {name}" + ("" if one is True else f" {one}"))

    def _next(self, letter: str) -> str:
        self._numbers[letter] += 1
        return f"{letter}{self._numbers[letter]}"


def _are_words(value: Any) -> bool:
    return value is True or (isinstance(value, str) and bool(value) and value == " ".join(value.split()))


def _one_line(text: str) -> str:
    """As brat writes a line end within a mention."""
    return text.replace("\n", " ")


class _Conf:
    """What annotation.conf says, in the order of first use."""

    def __init__(self) -> None:
        self.entities: dict[str, None] = {}
        self.relations: dict[str, None] = {}
        self.events: dict[str, dict[str, None]] = {}
        self.attributes: dict[str, dict[str, None]] = {}
        self.clusters = False

    def text(self) -> str:
        lines = ["[entities]", *self.entities, "", "[relations]"]
        lines += [f"{label} Arg1:<ENTITY>, Arg2:<ENTITY>" for label in self.relations]
        lines += ["Equiv Arg1:<ENTITY>, Arg2:<ENTITY>, <REL-TYPE>:symmetric-transitive"] if self.clusters else []
        lines += ["", "[events]"]
        for label, roles in self.events.items():
            lines.append(f"{label} {', '.join(f'{role}*:<ANY>' for role in roles)}".rstrip())
        lines += ["", "[attributes]"]
        for label, values in self.attributes.items():
            lines.append(f"{label} Arg:<ANY>" + (f", Value:{'|'.join(values)}" if values else ""))
        return "\n".join(lines) + "\n"


WRITER = Writer(write, "brat", kind="folder", split_files="{split}/*.txt")
