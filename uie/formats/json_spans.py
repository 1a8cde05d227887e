"""`json_spans`: a JSON list with one object for each item, in the order of the text, with occurrence numbers. Answer ↔ string.

    NER, ET    [{"mention": "Rome", "type": "city", "occurrence": 2}]
    NER1, ES   [{"mention": "Rome", "occurrence": 2}]           RC   [{"relation": "works for"}]
    RE, EPR    [{"head": "Ann", "relation": "works for", "tail": "Acme", "tail_occurrence": 2}]
    SPO        [{"head": "Ann", "head_type": "person", "relation": "works for", "tail": "Acme", "tail_type": "firm"}]
    EP         [{"head": "Ann", "tail": "Acme"}]
    JOINT      the objects of NER, then those of SPO, in one list
    KG         [{"head": "Ann", "head_type": "person", "relation": "works for", "tail": "Acme"}]
    EE         [{"trigger": "hired", "event": "start of work", "arguments": [{"argument": "Acme", "role": "employer"}]}]
    EET        [{"trigger": "hired", "event": "start of work"}]
    EEA        [{"argument": "Acme", "role": "employer", "occurrence": 2}]
    nothing    None / 没有, by the prompt's language

`occurrence` counts the places of a string in the text (`uie.tasks.occurrences.numbered_places`) from 1. It is written where it is
known and the string has more than one place; without it the only place is meant, or the next one. So nothing is lost:
decode(encode(x)) == x wherever numbers are known, and what is decoded is grounded as x is. A trigger that is not there is "".
"""

from collections.abc import Iterable
from typing import Any

from uie.formats import Description
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence
from uie.formats.json_items import decode_with, read_with
from uie.formats.json_writing import ARGUMENTS, Layout, list_of, number_field, record_of, row_of, string_of, written
from uie.formats.salvage import language, none_word
from uie.tasks.items import ROWS, TEXT_SLOTS, WITH_ARGUMENTS, Item, Row, RowChoice, items_of, row_choices
from uie.tasks.occurrences import numbered_places
from uie.tasks.question import Answer, Problem, Question

TASKS = tuple(ROWS)
_READ = read_with(Layout(records=True, numbered=True))
_PLACEHOLDERS = {
    "en": {"type": "type", "head": "mention", "tail": "mention", "head_type": "type", "tail_type": "type", "event": "event type"},
    "zh": {
        "mention": "实体", "type": "类型", "head": "头实体", "head_type": "类型", "relation": "关系", "tail": "尾实体", "tail_type": "类型",
        "trigger": "触发词", "event": "事件类型", "argument": "论元", "role": "角色",
    },
}  # fmt: skip


def describe(question: Question) -> Description:
    task, lang = question.task, language(question)
    rows: list[dict[str, Any]] = [{slot: _PLACEHOLDERS[lang].get(slot, slot) for slot in row} for row in ROWS[task]]
    if task in WITH_ARGUMENTS:
        rows[0][ARGUMENTS] = [{slot: _PLACEHOLDERS[lang].get(slot, slot) for slot in ("argument", "role")}]
    numbers = sorted({number_field(slot, row) for row in ROWS[task] for slot in row if slot in TEXT_SLOTS})
    shown = written(rows)
    if lang == "zh":
        rule = f"以JSON列表回答：{shown}，按在文本中出现的顺序排列。"
        rule += f"字符串在文本中多次出现时，用{'、'.join(numbers)}写明是第几次出现。" if numbers else ""
        return Description(f"{rule}如果没有，写“没有”。", none_word(question))
    rule = f"Answer with a JSON list: {shown}, in the order of the text. "
    rule += (
        f"Where a string comes more than once in the text, say which one is meant with {' and '.join(numbers)}. " if numbers else ""
    )
    return Description(f"{rule}If there is none, write None.", none_word(question))


def encode(answer: Answer, question: Question) -> str:
    """The answer, item by item in its own order; the question's none word when it is empty."""
    records = _Records(question.text)
    found = [records.record(one, question.task) for one in items_of(answer, question)]
    return written(found) if found else none_word(question)


class _Records:
    def __init__(self, text: str) -> None:
        self._text = text
        self._many: dict[str, bool] = {}

    def record(self, one: Item, task: str) -> dict[str, Any]:
        out: dict[str, Any] = {field.slot: field.text for field in one.fields}
        for field in one.fields:
            if field.slot in TEXT_SLOTS and field.occurrence is not None and self._has_many(field.text):
                out[number_field(field.slot, one.row)] = field.occurrence
        if "trigger" in out and task in WITH_ARGUMENTS:
            out[ARGUMENTS] = [self.record(child, task) for child in one.children]
        return out

    def _has_many(self, string: str) -> bool:
        if string not in self._many:
            self._many[string] = len(numbered_places(self._text, string)) > 1
        return self._many[string]


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the JSON says, in this layout or another (`json_items`), well-formed or not (`tolerant_json`)."""
    return decode_with(_READ, raw, question)


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text; their numbers are not checked."""
    choices = row_choices(question)
    nothing = Literal(none_word(question))
    if not choices:
        return nothing
    number = _number(question.text)
    records = tuple(_record(choice, question, number) for choice in choices)
    return Choice((nothing, list_of(Choice(records))))


def _record(choice: RowChoice, question: Question, number: Grammar) -> Grammar:
    row, text = row_of(choice), question.text
    strings = [(slot, string_of(options, text, empty=slot == "trigger")) for slot, options in choice.slots]
    record = record_of(strings)
    assert isinstance(record, Sequence)
    parts = [*record.parts[:-1], *_numbers(row, number)]
    if "trigger" in row and question.task in WITH_ARGUMENTS:
        children = tuple(_record(child, question, number) for child in choice.children)
        parts += [Literal(f', "{ARGUMENTS}": '), list_of(Choice(children), least=0) if children else Literal("[]")]
    return Sequence((*parts, Literal("}")))


def _numbers(row: Row, number: Grammar) -> Iterable[Grammar]:
    for slot in row:
        if slot in TEXT_SLOTS:
            yield Repeat(Sequence((Literal(f', "{number_field(slot, row)}": '), number)), 0, 1)


def _number(text: str) -> Grammar:
    """A number of no more digits than the text has characters: no string has more places."""
    digits = len(str(max(len(text), 1)))
    first = Choice(tuple(Literal(digit) for digit in "123456789"))
    rest = Choice(tuple(Literal(digit) for digit in "0123456789"))
    return Sequence((first, Repeat(rest, 0, digits - 1)))
