r"""`typed`: the name first, then what it names; items separated by semicolons. Answer ↔ string.

    NER, ET        type: mention; type: mention      RE, EPR   relation: head, tail; relation: head, tail
    NER1, ES       mention; mention                  SPO       relation: head (type), tail (type)
    EE             type: trigger (role: argument, role: argument); type: trigger
    EET            type: trigger                     EP        head, tail; head, tail
    EEA            role: argument                    RC        relation; relation
    JOINT          the items of NER, then those of SPO
    KG             relation: head (type), tail
    nothing found  None / 没有, by the prompt's language

`\` goes before separators: in names always before `: ; , ( )`, in mentions before `;`, and before `,` and brackets where the task's
items have them. Backslashes, line ends and blanks at a field's ends are escaped too, and what would be mistaken for talk where an item
is one field. Occurrence numbers are not written.
"""

from uie.formats import Description
from uie.formats.event_values import read_events
from uie.formats.fitting import Fitting
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.named_values import Layout, Style, read_items
from uie.formats.salvage import alone, decoded, guarded, is_wrapping, language, none_word
from uie.formats.scanning import escaped, escapes
from uie.formats.wording import NONE_RULE, SLOT_NAMES, thing
from uie.tasks.items import (
    ARGUMENT,
    ATTRIBUTE,
    EVENT,
    MENTION,
    PAIR,
    RELATION,
    ROWS,
    SPAN,
    TEXT_SLOTS,
    TRIPLE,
    TYPED_TRIPLE,
    WITH_ARGUMENTS,
    Field,
    Item,
    Row,
    RowChoice,
    items_of,
    row_choices,
)
from uie.tasks.question import Answer, Problem, Question

TASKS = tuple(ROWS)
LAYOUTS: dict[Row, Layout] = {
    MENTION: (("type", ": "), ("mention", "")),
    SPAN: (("mention", ""),),
    TRIPLE: (("relation", ": "), ("head", ", "), ("tail", "")),
    TYPED_TRIPLE: (("relation", ": "), ("head", " ("), ("head_type", "), "), ("tail", " ("), ("tail_type", ")")),
    PAIR: (("head", ", "), ("tail", "")),
    RELATION: (("relation", ""),),
    ATTRIBUTE: (("relation", ": "), ("head", " ("), ("head_type", "), "), ("tail", "")),
    EVENT: (("event", ": "), ("trigger", "")),
    ARGUMENT: (("role", ": "), ("argument", "")),
}
_SEPARATORS = {"RE": ",", "EPR": ",", "EP": ",", "SPO": ",()", "JOINT": ",()", "KG": ",()", "EE": ",()"}
_STYLE = Style(LAYOUTS, _SEPARATORS, ends={}, escapes=True, in_brackets=False)
_IN_NAMES = ":;,()；"  # the last one would end an item for a reader of Chinese answers


def describe(question: Question) -> Description:
    lang = language(question)
    rule = (_chinese_rule if lang == "zh" else _english_rule)(question.task)
    return Description(f"{rule}{' ' if lang == 'en' else ''}{NONE_RULE[lang]}", none_word(question))


def _english_rule(task: str) -> str:
    order = "" if task == "RC" else ", in the order of the text"
    shapes = [_shape(row, "en") for row in ROWS[task]]
    if task == "JOINT":
        return f"First write each entity as {shapes[0]}, then each relation as {shapes[1]}, separated by semicolons{order}."
    shape = f"{shapes[0]} (role: argument, role: argument)" if task in WITH_ARGUMENTS else shapes[0]
    how = "" if len(ROWS[task][0]) == 1 else f" as {shape}"
    return f"Write each {thing(task, ROWS[task][0])}{how}, separated by semicolons{order}."


def _chinese_rule(task: str) -> str:
    order = "" if task == "RC" else "，按在文本中出现的顺序排列"
    shapes = [_shape(row, "zh") for row in ROWS[task]]
    if task == "JOINT":
        return f"先将每个实体写成“{shapes[0]}”，再将每个关系写成“{shapes[1]}”，用英文分号分隔{order}。"
    shape = f"{shapes[0]} (角色: 论元, 角色: 论元)" if task in WITH_ARGUMENTS else shapes[0]
    return f"将每个结果写成“{shape}”，用英文分号分隔{order}。"


def _shape(row: Row, lang: str) -> str:
    return _STYLE.written(row, SLOT_NAMES[lang].__getitem__)


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer, item by item in its own order; the question's none word when it is empty."""
    return "; ".join(_written(one, question) for one in items_of(answer, question)) or none_word(question)


def _written(one: Item, question: Question) -> str:
    fields = {field.slot: _field(field, question) for field in one.fields}
    written = _STYLE.written(one.row, fields.__getitem__).rstrip(" ")  # a trigger may be missing
    if one.row in (SPAN, PAIR, RELATION):
        return guarded(written, meant=Fitting(question).means((one,)))
    if one.children:
        return f"{written} ({', '.join(_written(child, question) for child in one.children)})"
    return written


def _field(field: Field, question: Question) -> str:
    if field.slot not in TEXT_SLOTS:
        return escaped(field.text, _IN_NAMES)
    meant = field.text in question.text if question.text else not is_wrapping(field.text)  # at the end an end token is taken off
    written = escaped(field.text, _in_mentions(question.task), meant=meant)
    return written if meant else guarded(written, meant=False)


def _in_mentions(task: str) -> str:
    return f";{_SEPARATORS.get(task, '')}"


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the items say. A part between semicolons that holds no item is a "malformed" problem."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    if question.task in WITH_ARGUMENTS:
        return read_events(raw, question, in_brackets=False, escapes=True)
    return read_items(raw, question, _STYLE)


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text, and nothing else."""
    one = Choice(tuple(_item(choice, question) for choice in row_choices(question)))
    return Choice((Literal(none_word(question)), Sequence((one, Repeat(Sequence((Literal("; "), one)))))))


def _item(choice: RowChoice, question: Question) -> Grammar:
    slots = dict(choice.slots)
    if len(slots) == 1:
        ((slot, options),) = slots.items()
        return alone(_slot(slot, options, question), question.text)
    if "trigger" in slots:
        return _event(choice, question)
    parts: list[Grammar] = []
    for slot, behind in LAYOUTS[tuple(slots)]:
        parts.append(_slot(slot, slots[slot], question))
        parts += [Literal(behind)] if behind else []
    return Sequence(tuple(parts))


def _event(choice: RowChoice, question: Question) -> Grammar:
    trigger = Sequence((Literal(" "), _slot("trigger", None, question)))
    parts: list[Grammar] = [_slot("event", choice.options("event"), question), Literal(":"), Choice((trigger, Literal("")))]
    for child in choice.children:
        argument = _item(child, question)
        listed = Sequence((Literal(" ("), argument, Repeat(Sequence((Literal(", "), argument))), Literal(")")))
        parts.append(Choice((listed, Literal(""))))
    return Sequence(tuple(parts))


def _slot(slot: str, options: tuple[str, ...] | None, question: Question) -> Grammar:
    if options is None:
        return SpanOf(question.text, escapes(_in_mentions(question.task)))
    return Choice(tuple(Literal(_field(Field(slot, option), question)) for option in options))
