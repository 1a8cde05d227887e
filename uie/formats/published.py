"""What both generations of InstructUIE's answers share (formats `tuples.seed000` and `typed.instructuie`): items → those written."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from uie.formats.grammar import SpanOf
from uie.tasks.items import Field, Item, items_of
from uie.tasks.question import Answer, Problem, Question

NONE_WORD = "None"
_QUOTE = "#$%#"  # SINGLE_QUOTES_SUBSTITUTE in InstructUIE's uie_dataset.py: in types and triggers of events, nowhere else
_LEFT_OUT = ("", "NA")
_NAMES = ("type", "relation", "event")


def published_items(answer: Answer, question: Question) -> list[Item]:
    """The answer's items but those of the type `NA` or of an empty one, single quotes in types and triggers of events replaced."""
    return [
        replace(one, fields=tuple(map(_quoted, one.fields)))
        for one in items_of(answer, question)
        if not any(field.slot in _NAMES and field.text in _LEFT_OUT for field in one.fields)
    ]


def _quoted(field: Field) -> Field:
    return replace(field, text=published_name(field.text)) if field.slot in ("event", "trigger") else field


def published_name(name: str) -> str:
    """An event's type or trigger as it is written."""
    return name.replace("'", _QUOTE)


def unquoted(raw: str) -> str:
    """The answer with single quotes where they were replaced."""
    return raw.replace(_QUOTE, "'")


def trigger_of(text: str) -> SpanOf:
    """A trigger as a grammar has it. Of a text with `#` the quotes stay: no engine could tell a `#` from the first of four characters."""
    return SpanOf(text, (("'", _QUOTE),) if "#" not in text else ())


def without_false_alarm(
    raw: str, items: Sequence[Item], problems: Iterable[Problem], write: Callable[[Sequence[Item]], str]
) -> list[Problem]:
    """The problems, but none "repaired" where the answer is, but for white space, how its items are written.

    Nothing is escaped, so what a loose reading takes for a mistake may well be the comma of a mention.
    """
    is_as_written = bool(items) and "".join(raw.split()) == "".join(unquoted(write(items)).split())
    return [problem for problem in problems if problem.kind != "repaired" or not is_as_written]
