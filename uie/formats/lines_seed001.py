"""`lines.seed001`: the answers of Chinese-LLaMA-Alpaca-LoRA-Tuning, byte for byte: `实体_类型` a line, `没有` for nothing. NER only.

Lossy, as published: a repeated (mention, type) pair is written once and nothing is escaped. A line splits at its last `_`, as that
project's README prints its results, or before a name of the schema that has a `_` itself.
"""

from collections.abc import Iterable

from uie.formats import Description
from uie.formats.fitting import Fitting, Texts
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.salvage import decoded, is_prose, is_wrapping, piece, unlisted
from uie.formats.scanning import BLANKS, Piece, joined, plain, split
from uie.tasks.items import MENTION, Item, item, items_of
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER",)
NONE_WORD = "没有"


def describe(question: Question) -> Description:
    return Description("如果存在结果，返回'实体_实体类型'，不同实体间用\n分隔。如果没有结果，回答'没有'。", NONE_WORD)


def encode(answer: Answer, question: Question) -> str:
    """One line for each distinct (mention, type), in order of first appearance."""
    return _written(items_of(answer, question)) or NONE_WORD


def _written(items: Iterable[Item]) -> str:
    return "\n".join(dict.fromkeys(f"{one.text('mention')}_{one.text('type')}" for one in items))


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """Mentions by line; a line without `_`, or with nothing on one side of it, is "malformed".

    Where the last `_` leaves no known type, one that holds `_` itself is looked for, then whatever else the line may mean.
    """
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    items: list[Item] = []
    problems: list[Problem] = []
    fitting = Fitting(question, read=plain)
    for line in filter(None, (line.strip(BLANKS) for line in raw.split("\n"))):
        rows = _rows(line, fitting)
        if rows is None:
            problems.append(Problem("prose" if is_prose(line) else "malformed", piece(line)))
            continue
        found = [item(MENTION, texts) for texts in rows]
        if "".join(_written(found).split()) != "".join(line.split()):
            problems.append(Problem("repaired", piece(line)))
        items += found
    return items, problems


def _rows(line: str, fitting: Fitting) -> list[Texts] | None:
    """What the line says: one mention with its type, or several side by side."""
    if (texts := fitting.exact(_fields(line), MENTION)) is not None:
        return [texts]
    bare = unlisted(line).replace("＿", "_")
    listed = [fitting.sure(_fields(part.text), MENTION) for part in split(bare, ",;，；、", escapes=False) if not part.is_blank]
    if listed and (rows := [texts for texts in listed if texts is not None]) and len(rows) == len(listed):
        return rows
    if (found := fitting.mended([(MENTION, _fields(bare))], split(bare, "_", escapes=False))) is not None:
        return found[1]
    texts = None if is_wrapping(line) else fitting.as_it_stands(_fields(line), MENTION)
    return None if texts is None else [texts]


def _fields(line: str) -> list[Piece]:
    *head, last = split(line, "_", escapes=False)
    return [Piece(joined(head), "_"), last] if head else [last]


def grammar(question: Question) -> Grammar:
    names = Choice(tuple(Literal(label.name) for label in question.schema.entities))
    item = Sequence((SpanOf(question.text), Literal("_"), names))
    return Choice((Literal(NONE_WORD), Sequence((item, Repeat(Sequence((Literal("\n"), item)))))))
