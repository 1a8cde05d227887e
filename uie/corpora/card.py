"""`CorpusCard`: everything that a reader wants to know before using a corpus, as figures; `uie.corpora.describing` makes one."""

from collections.abc import Mapping
from dataclasses import dataclass

from uie.corpora.repeats import Repeats


@dataclass(frozen=True, slots=True)
class SplitCard:
    """One split as it is read. `counts`: as of `uie corpora check`; `empty`: Documents in which nothing is annotated.

    `cut`: in words, where the split is not the makers' own; `lengths`: quantiles of the texts' lengths in characters.
    """

    name: str
    counts: Mapping[str, int]
    empty: int
    cut: str
    lengths: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TypeCard:
    """One label. `kind`: entity, relation, event or role; `within`: the event type of a role; `example`: its first mention."""

    kind: str
    label: str
    within: str
    name: str
    description: str
    counts: Mapping[str, int]
    example: str

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class MentionCard:
    """Mentions of entities, triggers and arguments in all splits, and how many of them are special.

    Of the places of a Document, each counted once: `nested` lie inside a longer one, `crossing` share characters with one that holds
    neither of both wholly, `several_types` are entities of two types or more. Of all mentions: `discontinuous`, `ungrounded` (no place
    is known), and `repeated`: the string is another mention's of the Document too, at another place.
    """

    mentions: int = 0
    places: int = 0
    nested: int = 0
    crossing: int = 0
    several_types: int = 0
    discontinuous: int = 0
    ungrounded: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class LengthBin:
    """How many texts of each split have from `low` to `high` characters, both included; `high` is None in the last bin."""

    low: int
    high: int | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Together:
    """In how many Documents two types of a kind both occur; on the diagonal, in how many the type does."""

    kind: str
    labels: tuple[str, ...]
    documents: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class CorpusCard:
    """One corpus. `unreadable`: lines or items that were passed over; `missing`: files that are not there; `differing`: how many texts
    occur several times and not with the same annotation."""

    name: str
    title: str
    lang: str
    tasks: tuple[str, ...]
    layout: str
    licence: str
    citation: str
    origins: tuple[str, ...]
    note: str
    join: str
    splits: tuple[SplitCard, ...]
    types: tuple[TypeCard, ...]
    mentions: MentionCard
    lengths: tuple[LengthBin, ...]
    together: tuple[Together, ...]
    repeats: tuple[Repeats, ...]
    differing: int = 0
    unreadable: int = 0
    missing: tuple[str, ...] = ()

    @property
    def documents(self) -> int:
        return sum(split.counts["documents"] for split in self.splits)
