"""`typed.instructuie`: the answers of current InstructUIE, byte for byte, with their leading space. ASCII and `None` in every language.

    NER, ET  ` person: Bob; location: Paris`         RE, EPR  ` born in: Bob, Paris; born in: Ann, Rome`
    ES       ` Bob, Paris`                           EP       ` Bob, Paris; Ann, Rome`
    EET      ` attack: bombed; die: killed`          EEA      ` Bob: victim; knife: instrument`
    EE       ` ( attack: bombed,  Bob: victim, knife: instrument) , ( die: killed, None) `, with the space at its end
    nothing found  ` None`

Lossy, as published: nothing is escaped, so separators in mentions can be told from the format's own by the text only (in ES not at
all), and line ends and blanks at a mention's ends are lost; a `'` in an event's type or trigger is written `#$%#`; items of the type `NA`
are left out. Repeats are kept, occurrence numbers are not written.
"""

from collections.abc import Callable
from collections.abc import Sequence as Listing

from uie.formats import Description
from uie.formats.event_values import read_events
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.named_values import Layout, Style, read_items
from uie.formats.published import NONE_WORD, published_items, published_name, trigger_of, unquoted, without_false_alarm
from uie.formats.salvage import decoded, language
from uie.formats.typed import LAYOUTS
from uie.tasks.items import ARGUMENT, Item, Row, RowChoice, row_choices
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER", "RE", "EE", "ES", "ET", "EP", "EPR", "EET", "EEA")
_LAYOUTS: dict[Row, Layout] = {**LAYOUTS, ARGUMENT: (("argument", ": "), ("role", ""))}
_STYLE = Style(_LAYOUTS, {"RE": ",", "EPR": ",", "EP": ","}, ends={"ES": ","}, escapes=False, in_brackets=True)
_SHAPES = {
    "NER": "type1: word1; type2: word2",
    "ET": "type1: word1; type2: word2",
    "RE": "relation1: word1, word2; relation2: word3, word4",
    "EPR": "relation1: word1, word2; relation2: word3, word4",
    "ES": "word1, word2",
    "EP": "word1, word2; word3, word4",
    "EET": "type1: trigger1; type2: trigger2",
    "EEA": "word1: role1; word2: role2",
    "EE": "( type1: trigger1, word1: role1, word2: role2) , ( type2: trigger2, None)",
}


def describe(question: Question) -> Description:
    shape = _SHAPES[question.task]
    if language(question) == "zh":
        return Description(f"输出格式为“{shape}”。如果没有，写“{NONE_WORD}”。", NONE_WORD)
    return Description(f'Output format is "{shape}". If there is none, write {NONE_WORD}.', NONE_WORD)


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer, item by item in its own order, with the space before it."""
    return _writer(question.task)(published_items(answer, question))


def _writer(task: str) -> Callable[[Listing[Item]], str]:
    def written(items: Listing[Item]) -> str:
        if not items:
            return f" {NONE_WORD}"
        if task == "EE":
            return ",".join(map(_event, items))
        return " " + f"{_STYLE.ends.get(task, ';')} ".join(_STYLE.written(one.row, one.text) for one in items)

    return written


def _event(one: Item) -> str:
    arguments = ",".join(f" {child.text('argument')}: {child.text('role')}" for child in one.children)
    return f" ( {one.text('event')}: {one.text('trigger')}, {arguments or NONE_WORD}) "


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the items say, in whatever spacing; the text decides which separators belong to mentions."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    raw = unquoted(raw)
    if question.task == "EE":
        items, problems = read_events(raw, question, in_brackets=True, escapes=False)
    else:
        items, problems = read_items(raw, question, _STYLE)
    return items, without_false_alarm(raw, items, problems, _writer(question.task))


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text, and nothing else."""
    one = Choice(tuple(_choice(choice, question) for choice in row_choices(question)))
    between = "," if question.task == "EE" else f"{_STYLE.ends.get(question.task, ';')} "
    listed = Sequence((one, Repeat(Sequence((Literal(between), one)))))
    return Choice((Literal(f" {NONE_WORD}"), listed if question.task == "EE" else Sequence((Literal(" "), listed))))


def _choice(choice: RowChoice, question: Question) -> Grammar:
    slots = dict(choice.slots)
    parts: list[Grammar] = []
    for slot, behind in _LAYOUTS[tuple(slots)]:
        parts.append(_slot(slot, slots[slot], question.text))
        parts += [Literal(behind)] if behind else []
    if question.task != "EE":
        return Sequence(tuple(parts))
    arguments: list[Grammar] = [Literal(NONE_WORD)]
    for child in choice.children:
        argument = Sequence((Literal(" "), _choice_of_argument(child, question.text)))
        arguments.append(Sequence((argument, Repeat(Sequence((Literal(","), argument))))))
    return Sequence((Literal(" ( "), *parts, Literal(", "), Choice(tuple(arguments)), Literal(") ")))


def _choice_of_argument(choice: RowChoice, text: str) -> Grammar:
    return Sequence((SpanOf(text), Literal(": "), _slot("role", choice.options("role"), text)))


def _slot(slot: str, options: tuple[str, ...] | None, text: str) -> Grammar:
    if options is not None:
        return Choice(tuple(Literal(published_name(name) if slot == "event" else name) for name in options))
    return Choice((trigger_of(text), Literal(""))) if slot == "trigger" else SpanOf(text)
