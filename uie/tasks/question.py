"""`Question` and `Answer`: what tasks and answer formats speak. Strings and labels, no offsets."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from uie.schema import Schema

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Named:
    """A mention with its type. `occurrence` counts the string's places in the text from 1; None means "the next one"."""

    text: str
    type: str | None = None
    occurrence: int | None = None


@dataclass(frozen=True, slots=True)
class Triple:
    """A relation between two mentions; the mentions' types are None unless the task asks for them, the relation where it asks for pairs."""

    head: Named
    relation: str | None
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
    asked about; `given` holds what the task takes as known: untyped mentions (ET), pairs without a relation (EPR, RC), the frame
    whose arguments are asked (EEA).
    """

    task: str
    schema: Schema
    text: str
    lang: str = "en"
    given: Answer | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A piece of a model's answer that was not understood as it stood.

    `kind` is one of: "malformed" (an attempt at an item that could not be read), "prose" (text round the answer: a lead-in, a code
    fence, thinking), "repaired" (syntax was mended: a cut-off bracket closed, full-width punctuation read as ASCII), "repaired_type"
    (not the name that was asked, but its label, plural or other spelling), "unknown_type", "ungrounded" (a mention that the text does
    not hold), "repeated" (a mention oftener than the text has it), "surplus" (the same in a constrained answer: it
    is left out), "truncated" (the answer ran into the token limit), "empty" (the model wrote nothing at all), "failed" (no answer came).
    """

    kind: str
    piece: str


# As JSON, for the given parts of a record: what is None is left out.


def answer_to_json(answer: Answer) -> Json:
    """The answer as a JSON object, from which `answer_from_json` makes it again."""
    out: Json = {}
    if answer.mentions:
        out["mentions"] = [_named_to_json(mention) for mention in answer.mentions]
    if answer.triples:
        out["triples"] = [
            _given(head=_named_to_json(t.head), relation=t.relation, tail=_named_to_json(t.tail)) for t in answer.triples
        ]
    if answer.frames:
        out["frames"] = [
            _given(
                type=frame.type,
                trigger=None if frame.trigger is None else _named_to_json(frame.trigger),
                fillers=[_given(role=f.role, text=f.text, occurrence=f.occurrence) for f in frame.fillers] or None,
            )
            for frame in answer.frames
        ]
    return out


def answer_from_json(row: Mapping[str, Any]) -> Answer:
    """The answer that a JSON object describes.

    Raises:
        KeyError, TypeError, AttributeError: it describes none; the caller knows the place.
    """
    return Answer(
        tuple(_named_from_json(mention) for mention in row.get("mentions", ())),
        tuple(Triple(_named_from_json(t["head"]), t.get("relation"), _named_from_json(t["tail"])) for t in row.get("triples", ())),
        tuple(
            Frame(
                frame["type"],
                None if frame.get("trigger") is None else _named_from_json(frame["trigger"]),
                tuple(Filler(f["role"], f["text"], f.get("occurrence")) for f in frame.get("fillers", ())),
            )
            for frame in row.get("frames", ())
        ),
    )


def _given(**values: Any) -> Json:
    return {key: value for key, value in values.items() if value is not None}


def _named_to_json(named: Named) -> Json:
    return _given(text=named.text, type=named.type, occurrence=named.occurrence)


def _named_from_json(row: Mapping[str, Any]) -> Named:
    return Named(row["text"], row.get("type"), row.get("occurrence"))
