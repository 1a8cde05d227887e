"""How an answer is written: Answer ↔ string, the grammar of such strings, and the rule a prompt states. Pure.

A format is a module with
- `TASKS`: the tasks it can write;
- `encode(answer, question) -> str`: the gold answer as a model shall write it;
- `decode(raw, question) -> (Answer, problems)`: whatever a model wrote; never raises, never drops silently. For a format of ours
  decode(encode(x)) == x at the level of strings;
- `grammar(question) -> Grammar`: what a constrained engine may generate;
- `describe(question) -> Description`: what a prompt tells the model about the format.
Types in an Answer are labels; the strings show names.
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
    {"lines": "uie.formats.lines", "lines.seed001": "uie.formats.lines_seed001"},
    group="uie.formats",
)


def format_for(name: str, task: str) -> Format:
    """The format `name`, refused with one line when it cannot write the task's answers."""
    found = FORMATS.get(name)
    if task not in found.TASKS:
        raise SettingsError(f"format {name!r} writes {', '.join(found.TASKS)}, not {task}; choose another format for that task.")
    return found
