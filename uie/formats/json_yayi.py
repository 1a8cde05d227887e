"""`json.yayi`: the answers of YAYI-UIE (wenge-research/YAYI-UIE). Answer ↔ string.

    NER   {"人物": ["王明"], "机构": ["北方公司"]}
    RE    [{"relation": "任职于", "head": "王明", "tail": "北方公司"}]
    EE    [{"trigger": "加入", "type": "入职", "arguments": {"雇员": "王明", "雇主": ["甲", "乙"]}}]
    EEA   {"雇员": "王明", "雇主": ["甲", "乙"]}

NER is byte for byte as in its training records (yayi_uie_sft_data, `json.dumps` with letters as they are), of which only NER ones could
be seen. RE and EE follow the layouts that its prompts name: `json[{'relation':'', 'head':'', 'tail':''}, ]`, `json[{'trigger':'',
'type':'', 'arguments': {角色:论元}},]` and `json{角色:论元}`; spacing as in NER, and a list where a role has several fillers, are our
reading of them. Nothing found: `{}` or `[]`. The fields 关系, 头实体 and 尾实体 of its other RE prompt are read as well.

Lost as published: a mention that is named twice with one type, the order across types.
"""

from collections.abc import Iterable
from typing import Any

from uie.formats import Description
from uie.formats.grammar import Choice, Grammar, Literal
from uie.formats.json_items import decode_with, read_with
from uie.formats.json_writing import ARGUMENTS, Layout, list_of, object_of, pair_of, record_of, string_of, written
from uie.formats.salvage import language
from uie.tasks.items import ARGUMENT, MENTION, Item, items_of, row_choices
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER", "RE", "EE", "EEA")
_LAYOUT = Layout(
    groups={MENTION: ("type",), ARGUMENT: ("role",)},
    fields={
        "relation": ("relation", "关系"),
        "head": ("head", "头实体"),
        "tail": ("tail", "尾实体"),
        "trigger": ("trigger",),
        "event": ("type",),
    },
    alone=(ARGUMENT,),
)
_READS = {task: read_with(_LAYOUT, ordered=task == "NER") for task in TASKS}
_RULES = {
    "zh": {
        "NER": "以json{{{}：[实体]}}格式输出。",
        "RE": "按照json[{{'relation':'', 'head':'', 'tail':''}}, ]的格式输出。",
        "EE": "请以json[{{'trigger':'', 'type':'', 'arguments': {{角色:论元}}}},]的格式回答。",
        "EEA": "以json{{角色:论元}}格式输出。",
    },
    "en": {
        "NER": "Please format the answer in json {{{}：[entities]}}.",
        "RE": "Output the result in json[{{'relation':'', 'head':'', 'tail':''}}, ].",
        "EE": "Output the result in json[{{'trigger':'', 'type':'', 'arguments': {{role:name}}}}, ].",
        "EEA": "Provide your answer in the format of json{{role:name}}.",
    },
}


def describe(question: Question) -> Description:
    names = (choice.options("type") or () for choice in row_choices(question) if question.task == "NER")
    rule = _RULES[language(question)][question.task].format("/".join(name for some in names for name in some))
    return Description(rule, _nothing(question))


def _nothing(question: Question) -> str:
    return "[]" if question.task in ("RE", "EE") else "{}"


def encode(answer: Answer, question: Question) -> str:
    """Types in the order of their first mentions, each string once under its type; relations and events in the answer's order."""
    items = items_of(answer, question)
    if question.task == "NER":
        types: dict[str, dict[str, None]] = {}
        for one in items:
            types.setdefault(one.text("type"), {})[one.text("mention")] = None
        return written({name: list(mentions) for name, mentions in types.items()})
    if question.task == "RE":
        return written([{slot: one.text(slot) for slot in ("relation", "head", "tail")} for one in items])
    if question.task == "EEA":
        return written(_fillers(items))
    return written(
        [{"trigger": one.text("trigger"), "type": one.text("event"), ARGUMENTS: _fillers(one.children)} for one in items]
    )


def _fillers(arguments: Iterable[Item]) -> dict[str, Any]:
    roles: dict[str, list[str]] = {}
    for one in arguments:
        roles.setdefault(one.text("role"), []).append(one.text("argument"))
    return {role: fillers[0] if len(fillers) == 1 else fillers for role, fillers in roles.items()}


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the JSON says, in this layout or another (`json_items`), well-formed or not (`tolerant_json`)."""
    return decode_with(_READS[question.task], raw, question, empty=("{}", "[]"))


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text. A key may come more than once."""
    choices, text = row_choices(question), question.text
    span, nothing = string_of(None, text), Literal(_nothing(question))
    if not choices:
        return nothing
    if question.task == "NER":
        pairs = tuple(pair_of(Literal(written(name)), list_of(span)) for name in choices[0].options("type") or ())
        return object_of(Choice(pairs), least=0)
    if question.task == "EEA":
        return _fillers_of(choices[0].options("role") or (), span)
    if question.task == "RE":
        relation = string_of(choices[0].options("relation"), text)
        return list_of(record_of([("relation", relation), ("head", span), ("tail", span)]), least=0)
    events = []
    for choice in choices:
        roles = tuple(role for child in choice.children for role in child.options("role") or ())
        fields = [("trigger", string_of(None, text, empty=True)), ("type", string_of(choice.options("event"), text))]
        events.append(record_of([*fields, (ARGUMENTS, _fillers_of(roles, span))]))
    return list_of(Choice(tuple(events)), least=0)


def _fillers_of(roles: tuple[str, ...], span: Grammar) -> Grammar:
    pairs = tuple(pair_of(Literal(written(role)), Choice((span, list_of(span)))) for role in roles)
    return object_of(Choice(pairs), least=0) if pairs else Literal("{}")
