"""The lines of one standoff file (`.ann`, `.a1`, `.a2`) in, what they say in `Annotations` out; ids are still those of the file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal

from uie.corpora.spans import mention_over
from uie.documents import Mention
from uie.errors import CorpusError
from uie.storage import read_lines

_START = re.compile(r"(?:[A-Za-z]+[0-9]\w*|#[0-9]*|\*)\t")
_BOUND = re.compile(r"(\S+) ([0-9]{1,9} [0-9]{1,9}(?:;[0-9]{1,9} [0-9]{1,9})*)")
_KINDS = "TERAMN#*"


@dataclass(frozen=True, slots=True)
class Bound:
    """A T line: a type, where its mention stands (the fragments in the file's order) and how it reads."""

    where: str
    type: str
    fragments: tuple[tuple[int, int], ...]
    text: str

    def mention(self, text: str, *, join_lines: bool) -> tuple[Mention, Literal["ungrounded", "respelled"] | None]:
        """The mention, and whether its string is not that of `text` (see `uie.corpora.brat.read`).

        `join_lines`: fragments with nothing but white space between them are one.
        """
        here = " ".join(text[start:end] for start, end in self.fragments)
        oddity: Literal["respelled"] | None = None
        # brat writes a line end within a mention as a space.
        outside = max(end for _, end in self.fragments) > len(text)
        if outside or self.text not in (here, here.replace("\n", " ")):
            if outside or not _differ_in_punctuation(here, self.text):
                return Mention(self.text), "ungrounded"
            oddity = "respelled"
        fragments: list[tuple[int, int]] = []
        for start, end in sorted(self.fragments):
            if join_lines and fragments and not text[fragments[-1][1] : start].strip():
                start = fragments.pop()[0]
            fragments.append((start, end))
        return mention_over(text, fragments), oddity


@dataclass(frozen=True, slots=True)
class EventLine:
    """An E line; arguments are pairs of role and id."""

    where: str
    type: str
    trigger: str
    arguments: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RelationLine:
    where: str
    type: str
    head: str
    tail: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An A, M, N or # line: something said about the line with the id `target`.

    `name` and `value` are of an attribute (True where it has no value), "" and the id in the knowledge base of a normalisation, type and
    text of a note.
    """

    where: str
    target: str
    name: str
    value: str | bool


@dataclass(frozen=True, slots=True)
class Equivalence:
    """A * line: T lines that mean the same."""

    where: str
    type: str
    members: tuple[str, ...]


@dataclass(slots=True)
class Annotations:
    """What the files of one text say, in their order."""

    bounds: dict[str, Bound] = field(default_factory=dict)
    events: dict[str, EventLine] = field(default_factory=dict)
    relations: dict[str, RelationLine] = field(default_factory=dict)
    attributes: list[Mark] = field(default_factory=list)
    norms: list[Mark] = field(default_factory=list)
    notes: list[Mark] = field(default_factory=list)
    equivalences: list[Equivalence] = field(default_factory=list)


def read_annotations(path: Path, text: str, into: Annotations) -> None:
    """Adds a file's lines to `into`. Blank lines are passed over; so are the ids of lines that nothing points to (A, M, N, #, *).

    Raises:
        CorpusError: a line is none of the layout's, or its id is taken.
    """
    for where, line in _whole_lines(path, text):
        id, *columns = line.split("\t", 2)
        if id[0] not in _KINDS:
            raise CorpusError(f"{where}: no kind of line begins with {id[0]!r}; expected one of {' '.join(_KINDS)}.")
        if id in into.bounds or id in into.events or id in into.relations:
            raise CorpusError(f"{where}: the id {id} is taken by an earlier line.")
        head, rest = columns[0], columns[1] if len(columns) > 1 else ""
        if id[0] == "T":
            into.bounds[id] = _bound(where, head, rest)
        elif id[0] == "E":
            into.events[id] = _event(where, head)
        elif id[0] == "R":
            into.relations[id] = _relation(where, head)
        elif id[0] == "N":
            into.norms.append(_norm(where, head))
        elif id[0] == "#":
            type, target = _fields(where, head, 2)
            into.notes.append(Mark(where, target, type, rest))
        elif id[0] == "*":
            type, *members = _fields(where, head, 2)
            into.equivalences.append(Equivalence(where, type, tuple(members)))
        else:
            name, target, *value = _fields(where, head, 2)
            into.attributes.append(Mark(where, target, name, " ".join(value) or True))


def _whole_lines(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """The annotations with their places. A mention with a line break in it breaks its T line in two: they are joined again where
    the text shows that they belong together."""
    where, whole = "", ""
    for number, line in read_lines(path):
        if not line.strip():
            continue
        if _START.match(line):
            if whole:
                yield where, whole
            where, whole = f"{path}:{number}", line
        elif whole[:1] == "T" and _is_rest(f"{whole}\n{line}", text):
            whole = f"{whole}\n{line}"
        else:
            raise CorpusError(f"{path}:{number}: expected an id and a tab, as in 'T1\\tTYPE 0 3\\tAnn'; found {line!r}.")
    if whole:
        yield where, whole


def _is_rest(whole: str, text: str) -> bool:
    _, _, mention = whole.split("\t", 2) if whole.count("\t") > 1 else ("", "", "")
    return bool(mention) and mention in text


def _bound(where: str, head: str, mention: str) -> Bound:
    found = _BOUND.fullmatch(head)
    if found is None:
        raise CorpusError(f"{where}: expected 'TYPE START END' (further fragments after ';'), found {head!r}.")
    fragments = []
    for part in found[2].split(";"):
        start, end = (int(offset) for offset in part.split(" "))
        if start >= end:
            raise CorpusError(f"{where}: expected start < end, found {start} and {end}.")
        fragments.append((start, end))
    ordered = sorted(fragments)
    if any(left[1] > right[0] for left, right in pairwise(ordered)):
        raise CorpusError(f"{where}: the fragments overlap: {found[2]}.")
    mention = mention.rstrip("\t")  # an empty fourth column
    if not mention:
        raise CorpusError(f"{where}: the third column, the mention, is missing.")
    return Bound(where, found[1], tuple(fragments), mention)


def _event(where: str, head: str) -> EventLine:
    (type, trigger), *arguments = [_pair(where, field) for field in _fields(where, head, 1)]
    return EventLine(where, type, trigger, tuple(arguments))


def _relation(where: str, head: str) -> RelationLine:
    type, *ends = _fields(where, head, 3)
    if len(ends) != 2:
        raise CorpusError(f"{where}: expected 'TYPE Arg1:ID Arg2:ID', found {head!r}.")
    (first, one), (_, other) = (_pair(where, end) for end in ends)
    return RelationLine(where, type, other, one) if first == "Arg2" else RelationLine(where, type, one, other)


def _norm(where: str, head: str) -> Mark:
    """`Reference T1 MeSH:D012`, or as BioNLP-ST 2013 has it: `Reference Annotation:T1 Referent:OBT:001`, in any order."""
    _, *fields = _fields(where, head, 3)
    fields.sort(key=lambda field: field.startswith("Referent:"))
    target, norm, *more = fields
    if more:
        raise CorpusError(f"{where}: expected 'Reference ID NORM', found {head!r}.")
    return Mark(where, target.removeprefix("Annotation:"), "", norm.removeprefix("Referent:"))


def _fields(where: str, head: str, least: int) -> list[str]:
    fields = head.split()
    if len(fields) < least:
        raise CorpusError(f"{where}: expected {least} or more words in the second column, found {head!r}.")
    return fields


def _pair(where: str, field: str) -> tuple[str, str]:
    name, _, id = field.rpartition(":")
    if not name or not id:
        raise CorpusError(f"{where}: expected NAME:ID, found {field!r}.")
    return name, id


def _differ_in_punctuation(one: str, other: str) -> bool:
    """Whether two strings of one length have the same letters and digits in the same places."""
    return len(one) == len(other) and all(a == b or not (a.isalnum() or b.isalnum()) for a, b in zip(one, other, strict=True))
