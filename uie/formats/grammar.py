"""`Grammar`: the strings a constrained model may write, as a small value that each engine's compiler translates."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """Exactly this text."""

    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of these."""

    options: tuple["Grammar", ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """All of these, one after the other."""

    parts: tuple["Grammar", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The part `least` to `most` times (None: any number)."""

    part: "Grammar"
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class SpanOf:
    """A non-empty contiguous piece of `text` without white space at its ends, each character written as `escapes` says.

    `first_escapes` hold for the piece's first character only, and before `escapes` there.
    """

    text: str
    escapes: tuple[tuple[str, str], ...] = ()
    first_escapes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Both:
    """What both of these stand for: their intersection."""

    one: "Grammar"
    other: "Grammar"


Grammar = Literal | Choice | Sequence | Repeat | SpanOf | Both
