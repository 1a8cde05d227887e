"""`Question` and `Answer`: what tasks and answer formats speak. Strings and labels, no offsets."""

from dataclasses import dataclass, replace

from uie.schema import Schema


@dataclass(frozen=True, slots=True)
class Named:
    """A mention with its type. `occurrence` counts the string's places in the text from 1; None means "the next one"."""

    text: str
    type: str | None = None
    occurrence: int | None = None


@dataclass(frozen=True, slots=True)
class Triple:
    """A relation between two mentions; the mentions' types are None unless the task asks for them."""

    head: Named
    relation: str
    tail: Named


@dataclass(frozen=True, slots=True)
class Filler:
    """What fills a role of an event."""

    role: str
    text: str
    occurrence: int | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """An event: its type, its trigger (None where none is named), its fillers in text order."""

    type: str
    trigger: Named | None
    fillers: tuple[Filler, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a text holds, as strings, in text order. Types, relations and roles are the corpus' labels, not their names."""

    mentions: tuple[Named, ...] = ()
    triples: tuple[Triple, ...] = ()
    frames: tuple[Frame, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.mentions or self.triples or self.frames)

    def without_occurrences(self) -> "Answer":
        """The answer at the level of strings: what a format without occurrence numbers can carry."""
        return Answer(
            tuple(replace(m, occurrence=None) for m in self.mentions),
            tuple(replace(t, head=replace(t.head, occurrence=None), tail=replace(t.tail, occurrence=None)) for t in self.triples),
            tuple(
                replace(
                    f,
                    trigger=None if f.trigger is None else replace(f.trigger, occurrence=None),
                    fillers=tuple(replace(filler, occurrence=None) for filler in f.fillers),
                )
                for f in self.frames
            ),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a text.

    `schema` holds only what the task asks (names and descriptions in the prompt's language `lang`); `text` is the window that is
    asked about; `given` holds what the task takes as known (the trigger whose arguments are asked, say).
    """

    task: str
    schema: Schema
    text: str
    lang: str = "en"
    given: Answer | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of a model's answer that was not understood as it stood.

    `kind` is one of: "malformed" (no item could be read from it), "unknown_type", "repaired_type" (the corpus' label was given
    instead of its name), "ungrounded" (a mention that the text does not hold), "repeated" (a mention oftener than the text has it),
    "truncated" (the answer ran into the token limit), "empty" (the model wrote nothing at all).
    """

    kind: str
    piece: str
