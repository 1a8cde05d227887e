"""`lines.seed001`: the answers of Chinese-LLaMA-Alpaca-LoRA-Tuning, byte for byte: `实体_类型` a line, `没有` for nothing. NER only.

Lossy, as published: a repeated (mention, type) pair is written once and nothing is escaped. A line splits at its last `_`, as that
project's README prints its results, or before a name of the schema that has a `_` itself.
"""

from uie.formats import Description
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.salvage import decoded, is_prose, piece
from uie.tasks.items import MENTION, Item, item, items_of
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER",)
NONE_WORD = "没有"


def describe(question: Question) -> Description:
    return Description("如果存在结果，返回'实体_实体类型'，不同实体间用\n分隔。如果没有结果，回答'没有'。", NONE_WORD)


def encode(answer: Answer, question: Question) -> str:
    """One line for each distinct (mention, type), in order of first appearance."""
    lines = (f"{one.text('mention')}_{one.text('type')}" for one in items_of(answer, question))
    return "\n".join(dict.fromkeys(lines)) or NONE_WORD


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """Mentions by line; a line without `_`, or with nothing on one side of it, is "malformed"."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    items: list[Item] = []
    problems: list[Problem] = []
    names = [label.name for label in question.schema.entities if "_" in label.name]  # the corpora of that project have none
    for line in filter(None, (line.strip(" \t\r") for line in raw.split("\n"))):
        known = next((name for name in names if line.endswith(f"_{name}")), None)
        text, name = (line[: -len(known) - 1], known) if known else line.rpartition("_")[::2]
        if text and name:
            items.append(item(MENTION, (text, name)))
        else:
            problems.append(Problem("prose" if is_prose(line) else "malformed", piece(line)))
    return items, problems


def grammar(question: Question) -> Grammar:
    names = Choice(tuple(Literal(label.name) for label in question.schema.entities))
    item = Sequence((SpanOf(question.text), Literal("_"), names))
    return Choice((Literal(NONE_WORD), Sequence((item, Repeat(Sequence((Literal("\n"), item)))))))
