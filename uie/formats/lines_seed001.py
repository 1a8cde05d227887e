"""`lines.seed001`: the answers of Chinese-LLaMA-Alpaca-LoRA-Tuning, byte for byte: `实体_类型` a line, `没有` for nothing. NER only.

Lossy, as published: a repeated (mention, type) pair is written once and nothing is escaped. A line splits at its last `_`, as that
project's README prints its results.
"""

from uie.formats import Description
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.names import label_of, name_of
from uie.tasks.question import Answer, Named, Problem, Question

TASKS = ("NER",)
NONE_WORD = "没有"


def describe(question: Question) -> Description:
    return Description("如果存在结果，返回'实体_实体类型'，不同实体间用\n分隔。如果没有结果，回答'没有'。", NONE_WORD)


def encode(answer: Answer, question: Question) -> str:
    """One line for each distinct (mention, type), in order of first appearance."""
    lines = (f"{mention.text}_{name_of(mention.type or '', question.schema.entities)}" for mention in answer.mentions)
    return "\n".join(dict.fromkeys(lines)) or NONE_WORD


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """Mentions by line; a line without `_`, or with nothing on one side of it, is "malformed"."""
    stripped = raw.strip()
    if stripped == NONE_WORD:
        return Answer(), ()
    if not stripped:
        return Answer(), (Problem("empty", raw),)
    mentions: list[Named] = []
    problems: list[Problem] = []
    for line in filter(None, (line.strip(" \t\r") for line in raw.split("\n"))):
        text, _, name = line.rpartition("_")
        if not text or not name:
            problems.append(Problem("malformed", line))
            continue
        label, found = label_of(name, question.schema.entities)
        mentions.append(Named(text, label))
        problems.extend(found)
    return Answer(mentions=tuple(mentions)), tuple(problems)


def grammar(question: Question) -> Grammar:
    names = Choice(tuple(Literal(label.name) for label in question.schema.entities))
    item = Sequence((SpanOf(question.text), Literal("_"), names))
    return Choice((Literal(NONE_WORD), Sequence((item, Repeat(Sequence((Literal("\n"), item)))))))
