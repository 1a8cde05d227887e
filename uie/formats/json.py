"""`json`: one JSON object whose keys are the types, relations, events or roles. Answer ↔ string.

    NER, ET    {"person": ["Ann", "Bob"], "city": ["Rome"]}
    NER1, ES   ["Ann", "Bob"]                             RC   ["works for"]
    RE, EPR    {"works for": [{"head": "Ann", "tail": "Acme"}]}
    EP         [{"head": "Ann", "tail": "Acme"}]
    SPO        {"works for": [{"head": "Ann", "head_type": "person", "tail": "Acme", "tail_type": "firm"}]}
    JOINT      {"entities": {…as NER…}, "relations": {…as SPO…}}
    KG         {"person": {"Ann": {"works for": ["Acme"]}}}
    EE         {"start of work": [{"trigger": "hired", "arguments": {"employer": ["Acme"]}}]}
    EET        {"start of work": ["hired"]}               EEA  {"employer": ["Acme"]}
    nothing    None / 没有, by the prompt's language

Only what occurs is written, in the order of its first item; a type without mentions has no key. A trigger that is not there is "".
Spacing is that of `json.dumps`; letters stand as they are. Equal strings are all written, so decode(encode(x)) == x up to the order
of the items: inside a key it is kept, across keys `decode` puts items into the order of the text (`uie.formats.text_order`).
"""

from typing import Any

from uie.formats import Description
from uie.formats.fitting import Fitting
from uie.formats.grammar import Choice, Grammar, Literal
from uie.formats.json_items import decode_with, read_with
from uie.formats.json_writing import ENTITIES, RELATIONS, Layout, grouped, grouped_grammar, record_of, row_of, written
from uie.formats.salvage import guarded, language, none_word
from uie.tasks.items import ARGUMENT, ATTRIBUTE, EVENT, MENTION, ROWS, TRIPLE, TYPED_TRIPLE, items_of, row_choices
from uie.tasks.question import Answer, Problem, Question

TASKS = tuple(ROWS)
_LAYOUT = Layout(
    groups={
        MENTION: ("type",),
        TRIPLE: ("relation",),
        TYPED_TRIPLE: ("relation",),
        ATTRIBUTE: ("head_type", "head", "relation"),
        EVENT: ("event",),
        ARGUMENT: ("role",),
    }
)
_READ = read_with(_LAYOUT, ordered=True)
_EXAMPLES: dict[str, dict[str, Any]] = {
    "en": {
        "NER": {"type": ["mention"]},
        "NER1": ["mention"],
        "ES": ["mention"],
        "ET": {"type": ["mention"]},
        "RE": {"relation": [{"head": "mention", "tail": "mention"}]},
        "SPO": {"relation": [{"head": "mention", "head_type": "type", "tail": "mention", "tail_type": "type"}]},
        "EP": [{"head": "mention", "tail": "mention"}],
        "EPR": {"relation": [{"head": "mention", "tail": "mention"}]},
        "RC": ["relation"],
        "JOINT": {
            "entities": {"type": ["mention"]},
            "relations": {"relation": [{"head": "mention", "head_type": "type", "tail": "mention", "tail_type": "type"}]},
        },
        "KG": {"type": {"entity": {"attribute": ["value"]}}},
        "EE": {"event type": [{"trigger": "trigger", "arguments": {"role": ["argument"]}}]},
        "EET": {"event type": ["trigger"]},
        "EEA": {"role": ["argument"]},
    },
    "zh": {
        "NER": {"类型": ["实体"]},
        "NER1": ["实体"],
        "ES": ["实体"],
        "ET": {"类型": ["实体"]},
        "RE": {"关系": [{"head": "头实体", "tail": "尾实体"}]},
        "SPO": {"关系": [{"head": "头实体", "head_type": "类型", "tail": "尾实体", "tail_type": "类型"}]},
        "EP": [{"head": "头实体", "tail": "尾实体"}],
        "EPR": {"关系": [{"head": "头实体", "tail": "尾实体"}]},
        "RC": ["关系"],
        "JOINT": {
            "entities": {"类型": ["实体"]},
            "relations": {"关系": [{"head": "头实体", "head_type": "类型", "tail": "尾实体", "tail_type": "类型"}]},
        },
        "KG": {"类型": {"实体": {"属性": ["属性值"]}}},
        "EE": {"事件类型": [{"trigger": "触发词", "arguments": {"角色": ["论元"]}}]},
        "EET": {"事件类型": ["触发词"]},
        "EEA": {"角色": ["论元"]},
    },
}


def describe(question: Question) -> Description:
    lang = language(question)
    example = written(_EXAMPLES[lang][question.task])
    if lang == "zh":
        rule = f"以JSON格式回答：{example}，只写文本中出现的内容。如果没有，写“没有”。"
    else:
        rule = f"Answer in JSON: {example}, with what is there and nothing else. If there is none, write None."
    return Description(rule, none_word(question))


def encode(answer: Answer, question: Question) -> str:
    """The answer's items by their keys, each key where its first item stands; the question's none word when there are none."""
    items, task = items_of(answer, question), question.task
    if not items:
        return none_word(question)
    if task == "JOINT":
        entities, relations = (grouped((one for one in items if one.row == row), _LAYOUT, task) for row in ROWS[task])
        return written({ENTITIES: entities, RELATIONS: relations})
    found = written(grouped(items, _LAYOUT, task))
    if len(items) == len(items[0].fields) == 1 and guarded(found, meant=Fitting(question).means(items)) != found:
        first = items[0].fields[0].text[0]  # ["None"] says that there is nothing, unless the text holds it
        return found.replace(written(first)[1:-1], f"\\u{ord(first):04x}", 1)
    return found


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the JSON says, in this layout or another (`json_items`), well-formed or not (`tolerant_json`)."""
    return decode_with(_READ, raw, question)


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text. A key may come more than once."""
    choices, text, task = row_choices(question), question.text, question.task
    nothing = Literal(none_word(question))
    if not choices:
        return nothing
    if task == "JOINT":
        parts = ([one for one in choices if row_of(one) == row] for row in ROWS[task])
        entities, relations = (grouped_grammar(part, _LAYOUT, text, task, least=0) for part in parts)
        return Choice((nothing, record_of([(ENTITIES, entities), (RELATIONS, relations)])))
    return Choice((nothing, grouped_grammar(choices, _LAYOUT, text, task)))
