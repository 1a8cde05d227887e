"""`json.iepile`: the answers of IEPile (zjunlp/IEPile), byte for byte. Answer ↔ string.

    NER   {"人物": ["王明"], "地点": []}
    RE    {"任职于": [{"head": "王明", "tail": "北方公司"}], "位于": []}
    SPO   {"任职于": [{"subject": "王明", "object": "北方公司"}], "位于": []}
    EE    {"入职": [{"trigger": "加入", "arguments": {"雇员": "王明", "雇主": ["甲", "乙"], "地点": "NAN"}}], "离职": []}
    EET   {"入职": ["加入"], "离职": []}
    EEA   {"入职": [{"trigger": "加入", "arguments": {"雇员": "王明", "雇主": "NAN"}}]}
    KG    {"人物": {"王明": {"职业": "画家", "作品": ["甲", "乙"]}}}

Every type that is asked has its key, in the order of the schema. Of an event all roles are written or none ("NAN": no filler, and no
trigger), of an entity the attributes it has, in the order of the schema; events, entities and values come in the order of their first
places in the text, all else in the answer's. This is what the records of that project's data/*/train.json hold; its README and its
evaluation name the fields of RE "subject" and "object", which are read as well.

Lost as published: the types of SPO arguments (read back where the relation's label allows one type each), a string that fills one
role of one event twice, events with neither trigger nor arguments, types that were not asked, the order across types.
"""

from collections.abc import Sequence as Listed
from typing import Any

from uie.formats import Description
from uie.formats.grammar import Choice, Grammar, Literal, Sequence
from uie.formats.json_items import decode_with, read_with
from uie.formats.json_writing import ARGUMENTS, Layout, list_of, object_of, pair_of, record_of, string_of, written
from uie.formats.salvage import language
from uie.tasks.items import ARGUMENT, ATTRIBUTE, EVENT, MENTION, TRIPLE, TYPED_TRIPLE, Field, Item, items_of, row_choices
from uie.tasks.names import label_of, name_of
from uie.tasks.question import Answer, Frame, Problem, Question

TASKS = ("NER", "RE", "SPO", "EE", "EET", "EEA", "KG")
NAN = "NAN"
_FIELDS = {"head": ("head", "subject"), "tail": ("tail", "object")}
_SUBJECTS = {"head": ("subject", "head"), "tail": ("object", "tail")}


def _layout(row: tuple[str, ...], groups: tuple[str, ...], **more: Any) -> Layout:
    return Layout(
        groups={row: groups, ARGUMENT: ("role",)},
        alone=(ATTRIBUTE, ARGUMENT),
        nothing=(NAN,),
        framed=True,
        **{"fields": _FIELDS, **more},
    )


_LAYOUTS = {
    "NER": _layout(MENTION, ("type",)),
    "RE": _layout(TRIPLE, ("relation",)),
    "SPO": _layout(TYPED_TRIPLE, ("relation",), fields=_SUBJECTS, unwritten=("head_type", "tail_type")),
    "EE": _layout(EVENT, ("event",)),
    "EET": _layout(EVENT, ("event",)),
    "EEA": _layout(ARGUMENT, ("role",)),
    "KG": _layout(ATTRIBUTE, ("head_type", "head", "relation")),
}
_RULES = {  # the ends of the published instructions (ie2instruction/convert/utils/instruction.py)
    "zh": {
        "NER": "不存在的实体类型返回空列表。请按照JSON字符串的格式回答。",
        "RE": "不存在的关系返回空列表。请按照JSON字符串的格式回答。",
        "SPO": "不存在的关系返回空列表。请按照JSON字符串的格式回答。",
        "EE": "不存在的事件返回空列表，不存在的论元返回NAN，如果论元存在多值请返回列表。请按照JSON字符串的格式回答。",
        "EET": "不存在的事件返回空列表。请按照JSON字符串的格式回答。",
        "EEA": "不存在的论元返回NAN或空字典，如果论元存在多值请返回列表。请按照JSON字符串的格式回答。",
        "KG": "不存在的属性不输出, 属性存在多值就返回列表，并输出为可解析的json格式。",
    },
    "en": {
        "NER": "Return an empty list if the entity type does not exist. Please respond in the format of a JSON string.",
        "RE": "Return an empty list for relationships that do not exist. Please respond in the format of a JSON string.",
        "SPO": "Return an empty list for relationships that do not exist. Please respond in the format of a JSON string.",
        "EE": (
            "Return an empty list for events that do not exist, and return NAN for arguments that do not exist. "
            "If an argument has multiple values, please return a list. Respond in the format of a JSON string."
        ),
        "EET": "Return an empty list for non-existent events. Please respond in the format of a JSON string.",
        "EEA": "If an argument does not exist, return NAN or an empty dictionary. Please respond in the format of a JSON string.",
        "KG": (
            "Attributes that do not exist should not be output. If an attribute has multiple values, a list should be returned. "
            "The results should be output in a parsable JSON format."
        ),
    },
}


def describe(question: Question) -> Description:
    """The none word is the answer without any item: it depends on the schema."""
    return Description(_RULES[language(question)][question.task], encode(Answer(), question))


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer with a key for everything that is asked."""
    items, task = items_of(answer, question), question.task
    if task == "EEA":
        return written({name: [_event(trigger, items, roles)] for name, trigger, roles in _given(question)})
    asked = {name: [one for one in items if one.text(slot) == name] for slot, names in (_asked(question),) for name in names}
    if task == "NER":
        return written({name: [one.text("mention") for one in held] for name, held in asked.items()})
    if task == "EET":
        held = {name: _in_text(held, "trigger", question.text) for name, held in asked.items()}
        return written({name: [one.text("trigger") for one in events] for name, events in held.items()})
    if task == "EE":
        return written({name: _events(held, _roles(question, name), question.text) for name, held in asked.items()})
    if task == "KG":
        return written({name: _entities(held, question) for name, held in asked.items()})
    names = _LAYOUTS[task].names
    return written(
        {name: [{names(slot)[0]: one.text(slot) for slot in ("head", "tail")} for one in held] for name, held in asked.items()}
    )


def _asked(question: Question) -> tuple[str, tuple[str, ...]]:
    """The slot whose names are the outermost keys, with all its names."""
    slot = _LAYOUTS[question.task].groups[_ROWS[question.task]][0]
    return slot, tuple(dict.fromkeys(name for choice in row_choices(question) for name in choice.options(slot) or ()))


_ROWS = {task: next(iter(layout.groups)) for task, layout in _LAYOUTS.items()}


def _roles(question: Question, event: str) -> tuple[str, ...]:
    found = (choice for choice in row_choices(question) if event in (choice.options("event") or ()))
    return tuple(role for choice in found for child in choice.children for role in child.options("role") or ())


def _given(question: Question) -> list[tuple[str, str, tuple[str, ...]]]:
    """The name, trigger and roles of the event whose arguments are asked."""
    frames: tuple[Frame, ...] = question.given.frames[:1] if question.given else ()
    roles = tuple(role for choice in row_choices(question) for role in choice.options("role") or ())
    return [(name_of(one.type, question.schema.events), one.trigger.text if one.trigger else "", roles) for one in frames]


def _events(items: Listed[Item], roles: tuple[str, ...], text: str) -> list[dict[str, Any]]:
    made = [_event(one.text("trigger"), one.children, roles) for one in items if one.text("trigger") or one.children]
    return sorted(made, key=lambda event: text.find(event["trigger"]))


def _event(trigger: str, arguments: Listed[Item], roles: tuple[str, ...]) -> dict[str, Any]:
    fillers = {role: dict.fromkeys(one.text("argument") for one in arguments if one.text("role") == role) for role in roles}
    some = any(fillers.values())
    return {
        "trigger": trigger or NAN,
        ARGUMENTS: {role: _one_or_more(list(held)) if held else NAN for role, held in fillers.items()} if some else {},
    }


def _entities(items: Listed[Item], question: Question) -> dict[str, Any]:
    text = question.text
    attributes = row_choices(question)[0].options("relation") or ()
    heads = sorted(dict.fromkeys(one.text("head") for one in items), key=text.find)
    found: dict[str, Any] = {head: {} for head in heads}
    for head in heads:
        for attribute in attributes:
            held = [one for one in items if (one.text("head"), one.text("relation")) == (head, attribute)]
            if held:
                found[head][attribute] = _one_or_more([one.text("tail") for one in _in_text(held, "tail", text)])
    return found


def _in_text(items: Listed[Item], slot: str, text: str) -> list[Item]:
    return sorted(items, key=lambda one: text.find(one.text(slot)))


def _one_or_more(texts: list[str]) -> str | list[str]:
    return texts[0] if len(texts) == 1 else texts


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the JSON says, in this layout or another (`json_items`), well-formed or not (`tolerant_json`)."""
    return decode_with(_read, raw, question, empty=("{}",))


def _read(raw: str, question: Question) -> tuple[Listed[Item], Listed[Problem]]:
    items, problems = read_with(_LAYOUTS[question.task], ordered=question.task != "EEA")(raw, question)
    if question.task == "SPO":
        items = [_with_types(one, question) for one in items]
    return items, problems


def _with_types(one: Item, question: Question) -> Item:
    """The triple with the types that its relation's label allows, where that is one type each."""
    label, _ = label_of(one.text("relation"), question.schema.relations)
    relation = next((known for known in question.schema.relations if known.label == label), None)
    if relation is None or len(one.fields) > len(TRIPLE):
        return one
    fields = {field.slot: field for field in one.fields}
    for slot, types in (("head_type", relation.head), ("tail_type", relation.tail)):
        known = [name.name for name in question.schema.entities if name.label in types]
        if len(types) == len(known) == 1:
            fields[slot] = Field(slot, known[0])
    return Item(tuple(fields[slot] for slot in TYPED_TRIPLE if slot in fields))


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer with all its keys whose mentions are contiguous pieces of the text."""
    text, task = question.text, question.task
    span = string_of(None, text)
    if task == "EEA":
        return record_of(
            (name, _fixed(_event_of(string_of((trigger or NAN,), text), roles, text))) for name, trigger, roles in _given(question)
        )
    _, names = _asked(question)
    if task in ("NER", "EET"):
        string = string_of(None, text, empty=task == "EET")
        return record_of((name, list_of(string, least=0)) for name in names)
    if task == "EE":
        trigger = Choice((span, Literal(written(NAN))))
        return record_of((name, list_of(_event_of(trigger, _roles(question, name), text), least=0)) for name in names)
    if task == "KG":
        attributes = row_choices(question)[0].options("relation") or ()
        pairs = tuple(pair_of(Literal(written(name)), Choice((span, list_of(span)))) for name in attributes)
        entity = object_of(Choice(pairs), least=0) if pairs else Literal("{}")
        return record_of((name, object_of(pair_of(span, entity), least=0)) for name in names)
    fields = _LAYOUTS[task].names
    pair = record_of((fields(slot)[0], span) for slot in ("head", "tail"))
    return record_of((name, list_of(pair, least=0)) for name in names)


def _event_of(trigger: Grammar, roles: tuple[str, ...], text: str) -> Grammar:
    span = string_of(None, text)
    filler = Choice((Literal(written(NAN)), span, list_of(span)))
    arguments = Choice((Literal("{}"), record_of((role, filler) for role in roles)))
    return record_of([("trigger", trigger), (ARGUMENTS, arguments)])


def _fixed(element: Grammar) -> Grammar:
    """A list of exactly one element."""
    return Sequence((Literal("["), element, Literal("]")))
