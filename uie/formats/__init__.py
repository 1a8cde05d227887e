"""How an answer is written: Answer ↔ string, the grammar of such strings, and the rule a prompt states. Pure.

A format is a module with
- `TASKS`: the tasks it can write;
- `encode(answer, question) -> str`: the gold answer as a model shall write it;
- `decode(raw, question) -> (Answer, problems)`: whatever a model wrote; never raises, never drops silently. For a format of ours
  decode(encode(x)) == x at the level of strings, where items are grouped under their types up to the order of the items;
- `grammar(question) -> Grammar`: what a constrained engine may generate;
- `describe(question) -> Description`: what a prompt tells the model about the format.
Types in an Answer are labels; the strings show names. A format writes and reads the rows of `uie.tasks.items`, so it knows neither
labels nor what a task is about; `uie.formats.salvage` takes off what models write round their answers.
"""

from dataclasses import dataclass
from typing import Protocol

from uie.errors import SettingsError
from uie.formats.grammar import Grammar
from uie.registry import Registry
from uie.tasks.question import Answer, Problem, Question


@dataclass(frozen=True, slots=True)
class Description:
    """`answer_rule`: one or two sentences in the question's language; `none_word`: what stands for an empty answer."""

    answer_rule: str
    none_word: str


class Format(Protocol):
    """The interface of a format module (see the package docstring)."""

    TASKS: tuple[str, ...]

    def encode(self, answer: Answer, question: Question) -> str: ...
    def decode(self, raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]: ...
    def grammar(self, question: Question) -> Grammar: ...
    def describe(self, question: Question) -> Description: ...


FORMATS: Registry[Format] = Registry(
    "format",
    {
        "json": "uie.formats.json",
        "json.iepile": "uie.formats.json_iepile",
        "json.yayi": "uie.formats.json_yayi",
        "json_spans": "uie.formats.json_spans",
        "lines": "uie.formats.lines",
        "lines.seed001": "uie.formats.lines_seed001",
        "tuples": "uie.formats.tuples",
        "tuples.seed000": "uie.formats.tuples_seed000",
        "typed": "uie.formats.typed",
        "typed.instructuie": "uie.formats.typed_instructuie",
        "code": "uie.formats.code",
        "code.gollie": "uie.formats.code_gollie",
        "markup": "uie.formats.markup",
    },
    group="uie.formats",
)


def format_for(name: str, task: str) -> Format:
    """The format `name`, refused with one line when it cannot write the task's answers."""
    found = FORMATS.get(name)
    if task not in found.TASKS:
        raise SettingsError(f"format {name!r} writes {', '.join(found.TASKS)}, not {task}; choose another format for that task.")
    return found
