"""`tuples.seed000`: the answers of the chatllama-based UIE project (its "v3" wording), byte for byte. Answer ↔ string.

    NER       (mention, type), (mention, type)
    RE        (head, relation, tail), (head, relation, tail)
    EE        (type:T, trigger:G, arguments:(name:A,role:R), (name:B,role:S)), (type:T, trigger:G, arguments:None)
    nothing   None

Lossy, as published: nothing is escaped, so mentions and names with commas or brackets may be read otherwise than they were meant.
"""

import re
from dataclasses import dataclass, field

from uie.formats import Description
from uie.formats.fitting import Fitting
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.salvage import decoded, is_prose, piece
from uie.formats.scanning import plain
from uie.formats.tuples import read_loosely
from uie.tasks.items import ARGUMENT, EVENT, Item, RowChoice, item, items_of, row_choices
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER", "RE", "EE")
NONE_WORD = "None"
_RULES = {
    "NER": "Output format is (word1, type1), (word2, type2).",
    "RE": "Output format is (word1, relation, word2).",
    "EE": "Output format is (type:T, trigger:G, arguments:(name:A,role:R), (name:B,role:S)).",
}
# A key that begins a value: in brackets for a new event or argument.
_KEY = re.compile(r"[(（]?\s*\b(type|trigger|arguments?|name|role)\s*[:：]", re.IGNORECASE)
_AROUND = " \t\r\n,，、()（）;；"


def describe(question: Question) -> Description:
    return Description(_RULES[question.task], NONE_WORD)


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer as the project's builder writes it: in English whatever the question's language."""
    return ", ".join(_written(one) for one in items_of(answer, question)) or NONE_WORD


def _written(one: Item) -> str:
    if one.row != EVENT:
        return f"({', '.join(field.text for field in one.fields)})"
    arguments = ", ".join(f"(name:{child.text('argument')},role:{child.text('role')})" for child in one.children) or "None"
    return f"(type:{one.text('event')}, trigger:{one.text('trigger')}, arguments:{arguments})"


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the tuples say; events by their keys, wherever brackets and commas stand."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    if question.task == "EE":
        return _read_events(raw)
    return read_loosely(raw, question, Fitting(question, read=plain), escapes=False)


@dataclass(slots=True)
class _Event:
    type: str
    trigger: str = ""
    arguments: list[tuple[str, str]] = field(default_factory=list)


def _read_events(raw: str) -> tuple[list[Item], list[Problem]]:
    events: list[_Event] = []
    problems: list[Problem] = []
    name: str | None = None  # an argument that waits for its role
    keys = list(_KEY.finditer(raw))
    before = raw[: keys[0].start()] if keys else raw
    if before.strip(_AROUND):
        problems.append(Problem("prose" if is_prose(before) else "malformed", piece(before)))
    for number, key in enumerate(keys):
        stop = keys[number + 1].start() if number + 1 < len(keys) else len(raw)
        value, word = raw[key.end() : stop].strip(_AROUND), key[1].lower()
        if word == "role" and name and value and events:
            events[-1].arguments.append((name, value))
            name = None
            continue
        if name is not None or word == "role" or (word in ("trigger", "name") and not events):
            problems.append(Problem("malformed", piece(raw[key.start() : stop])))
            name = None
        if word == "type" and value:
            events.append(_Event(value))
        elif word == "trigger" and events:
            events[-1].trigger = value
        elif word == "name" and events:
            name = value
        elif word in ("argument", "arguments") and value and value != NONE_WORD:
            problems.append(Problem("malformed", piece(raw[key.start() : stop])))
    if name is not None:
        problems.append(Problem("malformed", piece(f"name:{name}")))
    return [_item(event) for event in events], problems


def _item(event: _Event) -> Item:
    return item(EVENT, (event.trigger, event.type), children=[item(ARGUMENT, texts) for texts in event.arguments])


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer whose mentions are contiguous pieces of the text; of those with separators some are read otherwise, as published."""
    one = Choice(tuple(_tuple(choice, question.text) for choice in row_choices(question)))
    return Choice((Literal(NONE_WORD), Sequence((one, Repeat(Sequence((Literal(", "), one)))))))


def _tuple(choice: RowChoice, text: str) -> Grammar:
    slots = {slot: _slot(slot, options, text) for slot, options in choice.slots}
    if "event" not in slots:
        parts: list[Grammar] = [Literal("(")]
        for number, slot in enumerate(slots.values()):
            parts += [Literal(", "), slot] if number else [slot]
        return Sequence((*parts, Literal(")")))
    arguments: Grammar = Literal(NONE_WORD)
    for child in choice.children:
        one = _argument(child, text)
        arguments = Choice((arguments, Sequence((one, Repeat(Sequence((Literal(", "), one)))))))
    head = (Literal("(type:"), slots["event"], Literal(", trigger:"), slots["trigger"], Literal(", arguments:"))
    return Sequence((*head, arguments, Literal(")")))


def _argument(choice: RowChoice, text: str) -> Grammar:
    name, role = (_slot(slot, options, text) for slot, options in choice.slots)
    return Sequence((Literal("(name:"), name, Literal(",role:"), role, Literal(")")))


def _slot(slot: str, options: tuple[str, ...] | None, text: str) -> Grammar:
    if options is not None:
        return Choice(tuple(map(Literal, options)))
    return Choice((SpanOf(text), Literal(""))) if slot == "trigger" else SpanOf(text)
