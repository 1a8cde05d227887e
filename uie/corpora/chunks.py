"""Rows that ask for some labels of a text each in, one row a text out, with all that was asked and found."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from uie.corpora import OnBad
from uie.corpora.rows import Place
from uie.errors import CorpusError

Chunks = Literal["anywhere", "adjacent"]
"""Where the rows of one text stand: anywhere in the file, so that all are held until its end, or one behind the other."""


@dataclass(slots=True)
class Chunk:
    """What rows of one `key` say of a text: for each label that they ask, what there is of it (nothing: asked, and there is none).

    `found` goes by (kind, label, more): `more` tells apart what other rows ask of the same label, such as of other types.
    `asked` is a schema as a mapping (`{"events": {label: {"roles": […]}}}`); empty where everything was asked.
    """

    key: Hashable
    id: str
    text: str
    found: dict[tuple[str, str, Hashable], list[Any]] = field(default_factory=dict)
    asked: dict[str, dict[str, dict[str, list[str]]]] = field(default_factory=dict)
    task: str = ""


def gathered(
    rows: Iterable[tuple[Place, Chunk]], path: Path, bad: OnBad, *, chunks: Chunks = "anywhere"
) -> Iterator[tuple[Place, Chunk]]:
    """One chunk for each key, in the order of their first rows, with the place of the first.

    A row that says of a label other things than an earlier one of its key, or that has another text, goes to `bad`.
    """
    held: dict[Hashable, tuple[Place, Chunk]] = {}
    for place, chunk in rows:
        if chunks == "adjacent" and chunk.key not in held:
            yield from held.values()
            held = {}
        first, whole = held.setdefault(chunk.key, (place, chunk))
        if whole is chunk:
            continue
        try:
            _add(whole, chunk)
        except CorpusError as error:
            bad(CorpusError(f"{path}:{place}: {error} {path}:{first} has."), chunk.text)
    yield from held.values()


def _add(whole: Chunk, chunk: Chunk) -> None:
    if chunk.text != whole.text:
        raise CorpusError(f"the id {chunk.id!r}, but not the text that")
    for (kind, label, more), items in chunk.found.items():
        if whole.found.get((kind, label, more), items) != items:
            raise CorpusError(f"{label}: not the {kind} for the same text that")
    whole.found |= chunk.found
    for kind, labels in chunk.asked.items():
        for label, said in labels.items():
            known = whole.asked.setdefault(kind, {}).setdefault(label, {})
            for key, values in said.items():
                known[key] = list(dict.fromkeys([*known.get(key, ()), *values]))
