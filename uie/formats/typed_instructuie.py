"""`typed.instructuie`: the answers of InstructUIE, byte for byte, the blank at their beginning included. Answer ↔ string.

    NER, ET    ` type: mention; type: mention`             RE, EPR   ` relation: head, tail; relation: head, tail`
    ES         ` mention, mention`                         EP        ` head, tail; head, tail`
    EE         ` ( type: trigger,  argument: role, argument: role) , ( type: trigger, None) `
    EET        ` type: trigger; type: trigger`             EEA       ` argument: role; argument: role`
    nothing    ` None`

Lossy, as published: nothing is escaped, so mentions and names with separators (`;`, and `,` or `:` where the item has them) may be read
otherwise than they were meant.
"""

from uie.formats import Description
from uie.formats.event_values import read_events
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.named_values import Layout, Style, read_items
from uie.formats.salvage import decoded
from uie.tasks.items import ARGUMENT, EVENT, MENTION, PAIR, SPAN, TRIPLE, Item, Row, RowChoice, items_of, row_choices
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER", "ES", "ET", "RE", "EP", "EPR", "EE", "EET", "EEA")
NONE_WORD = " None"
LAYOUTS: dict[Row, Layout] = {
    MENTION: (("type", ": "), ("mention", "")),
    SPAN: (("mention", ""),),
    TRIPLE: (("relation", ": "), ("head", ", "), ("tail", "")),
    PAIR: (("head", ", "), ("tail", "")),
    EVENT: (("event", ": "), ("trigger", "")),
    ARGUMENT: (("argument", ": "), ("role", "")),
}
_STYLE = Style(LAYOUTS, {"RE": ",", "EPR": ",", "EP": ",", "EE": ",()"}, ends={"ES": ","}, escapes=False, in_brackets=True)
_RULES = {
    "NER": 'Output format is "type1: word1; type2: word2".',
    "ET": 'Output format is "type1: word1; type2: word2".',
    "RE": 'Output format is "relation1: word1, word2; relation2: word3, word4".',
    "EPR": 'Output format is "relation1: word1, word2; relation2: word3, word4".',
    "ES": 'Output format is "word1, word2".',
    "EP": 'Output format is "word1, word2; word3, word4".',
    "EE": 'Output format is "( type: trigger,  argument: role, argument: role) ".',
    "EET": 'Output format is "type: trigger".',
    "EEA": 'Output format is "name1: role1; name2: role2".',
}
# What stands in the place of no arguments is no flaw here.
_NO_ARGUMENTS = Problem("repaired", "None")


def describe(question: Question) -> Description:
    return Description(_RULES[question.task], NONE_WORD)


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer as InstructUIE's builder writes its labels: in English whatever the question's language."""
    items = items_of(answer, question)
    if not items:
        return NONE_WORD
    if question.task == "EE":
        return ",".join(_event(one) for one in items)
    return " " + _between(question.task).join(_written(one) for one in items)


def _between(task: str) -> str:
    return ", " if task == "ES" else "; "


def _written(one: Item) -> str:
    return _STYLE.written(one.row, one.text)


def _event(one: Item) -> str:
    arguments = ",".join(f" {_written(child)}" for child in one.children) or "None"
    return f" ( {_written(one)}, {arguments}) "


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the items say, with or without the blanks of the published wording."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    if question.task == "EE":
        items, problems = read_events(raw, question, in_brackets=True, escapes=False)
        return items, [problem for problem in problems if problem != _NO_ARGUMENTS]
    return read_items(raw, question, _STYLE)


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer whose mentions are contiguous pieces of the text; of those with separators some are read otherwise, as published."""
    one = Choice(tuple(_item(choice, question) for choice in row_choices(question)))
    if question.task == "EE":
        return Choice((Literal(NONE_WORD), Sequence((one, Repeat(Sequence((Literal(","), one)))))))
    listed = Sequence((Literal(" "), one, Repeat(Sequence((Literal(_between(question.task)), one)))))
    return Choice((Literal(NONE_WORD), listed))


def _item(choice: RowChoice, question: Question) -> Grammar:
    row = tuple(slot for slot, _ in choice.slots)
    parts: list[Grammar] = []
    for slot, behind in LAYOUTS[row]:
        parts.append(_slot(slot, choice.options(slot), question.text))
        parts += [Literal(behind)] if behind else []
    if question.task != "EE":
        return Sequence(tuple(parts))
    arguments: Grammar = Literal("None")
    for child in choice.children:
        argument = Sequence((Literal(" "), _item_of_event(child, question.text)))
        arguments = Choice((arguments, Sequence((argument, Repeat(Sequence((Literal(","), argument)))))))
    return Sequence((Literal(" ( "), *parts, Literal(", "), arguments, Literal(") ")))


def _item_of_event(choice: RowChoice, text: str) -> Grammar:
    (argument, behind), (role, _) = LAYOUTS[ARGUMENT]
    return Sequence((_slot(argument, choice.options(argument), text), Literal(behind), _slot(role, choice.options(role), text)))


def _slot(slot: str, options: tuple[str, ...] | None, text: str) -> Grammar:
    if options is not None:
        return Choice(tuple(map(Literal, options)))
    return Choice((SpanOf(text), Literal(""))) if slot == "trigger" else SpanOf(text)
