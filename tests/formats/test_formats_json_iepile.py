"""The dialect `json.iepile`: byte for byte as that project writes its answers; what it loses, and reading it in other spacings.

With UIE_CORPORA set, also every record of the project's own samples (iepile_samples/*/train.json).
"""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from grammar_check import recognises
from made_up import EMPTY, asked

from uie.formats import json_iepile as fmt
from uie.schema import EventLabel, Label, RelationLabel, Schema
from uie.tasks.question import Answer, Filler, Frame, Named, Question, Triple

_FOLDER = os.environ.get("UIE_CORPORA")

WRITTEN = {
    "NER": '{"人物": ["王明", "李 雷", "李 雷"], "组织_机构": ["北方_公司", "北方_公司"], "城市": ["北京", "上海"]}',
    "RE": '{"任职于": [{"head": "王明", "tail": "北方_公司"}, {"head": "李 雷", "tail": "北方_公司"}], '
    '"被_解雇": [{"head": "李 雷", "tail": "北方_公司"}], "位于": [{"head": "北方_公司", "tail": "北京"}]}',
    "SPO": '{"任职于": [{"subject": "王明", "object": "北方_公司"}, {"subject": "李 雷", "object": "北方_公司"}], '
    '"被_解雇": [{"subject": "李 雷", "object": "北方_公司"}], "位于": [{"subject": "北方_公司", "object": "北京"}]}',
    "EE": '{"入职": [{"trigger": "加入", "arguments": {"雇员": "王明", "雇主": "北方_公司", "地点": "NAN"}}], '
    '"离职": [{"trigger": "解雇", "arguments": {"雇员": "李 雷", "雇主": "北方_公司", "地点": "NAN"}}], "哭泣": []}',
    "EET": '{"入职": ["加入"], "离职": ["解雇"], "哭泣": []}',
    "EEA": '{"入职": [{"trigger": "加入", "arguments": {"雇员": "王明", "雇主": "北方_公司", "地点": "NAN"}}]}',
    "KG": '{"人物": {"王明": {"任职于": "北方_公司"}, "李 雷": {"任职于": "北方_公司", "被_解雇": "北方_公司"}}, '
    '"组织_机构": {"北方_公司": {"位于": "北京"}}, "城市": {}}',
}  # fmt: skip
EMPTIES = {
    "NER": '{"人物": [], "组织_机构": [], "城市": []}',
    "RE": '{"任职于": [], "被_解雇": [], "位于": []}',
    "SPO": '{"任职于": [], "被_解雇": [], "位于": []}',
    "EE": '{"入职": [], "离职": [], "哭泣": []}',
    "EET": '{"入职": [], "离职": [], "哭泣": []}',
    "EEA": '{"入职": [{"trigger": "加入", "arguments": {}}]}',
    "KG": '{"人物": {}, "组织_机构": {}, "城市": {}}',
}


@pytest.mark.parametrize("task", fmt.TASKS)
def test_gold_is_written_byte_for_byte_and_read_back(task: str) -> None:
    question, ask = asked(task, "zh")[0]

    written = fmt.encode(ask.gold, question)
    found, problems = fmt.decode(written, question)

    assert written == WRITTEN[task]
    assert problems == ()
    assert items(found) == items(ask.gold)
    assert fmt.encode(found, question) == written


@pytest.mark.parametrize("task", fmt.TASKS)
def test_spaces_do_not_matter(task: str) -> None:
    question, _ = asked(task, "zh")[0]
    spaces = (None, (",", ":")), (2, None), (None, (" , ", " : "))

    for indent, separators in spaces:
        raw = json.dumps(json.loads(WRITTEN[task]), ensure_ascii=False, indent=indent, separators=separators)
        assert fmt.decode(raw, question) == fmt.decode(WRITTEN[task], question)


def items(answer: Answer) -> Counter[Any]:
    """What an answer says, without an order and without occurrence numbers; an event's arguments too."""
    answer = answer.without_occurrences()
    frames = [(f.type, f.trigger, frozenset(Counter(f.fillers).items())) for f in answer.frames]
    return Counter([*answer.mentions, *answer.triples, *frames])


@pytest.mark.parametrize("task", fmt.TASKS)
def test_an_empty_answer_has_all_its_keys(task: str) -> None:
    question, _ = asked(task, "zh")[0]

    assert fmt.encode(Answer(), question) == fmt.describe(question).none_word == EMPTIES[task]
    assert fmt.decode(EMPTIES[task], question) == (Answer(), ())
    assert fmt.decode("{}", question) == (Answer(), ())


def test_values_come_as_one_string_or_a_list_in_the_order_of_the_schema_and_the_text() -> None:
    roles = (Label("who", "人员"), Label("when", "时间"), Label("where", "地点"))
    question = Question("EE", Schema("zh", events=(EventLabel("E", "会见", "", roles),)), "三月甲乙在丙会见丁", "zh")
    fillers = (Filler("when", "三月"), Filler("who", "丁"), Filler("who", "甲乙"), Filler("who", "丁"))
    answer = Answer(frames=(Frame("E", Named("会见"), fillers), Frame("E", None, (Filler("where", "丙"),)), Frame("E", None)))

    written = fmt.encode(answer, question)

    assert written == (
        '{"会见": [{"trigger": "NAN", "arguments": {"人员": "NAN", "时间": "NAN", "地点": "丙"}}, '
        '{"trigger": "会见", "arguments": {"人员": ["丁", "甲乙"], "时间": "三月", "地点": "NAN"}}]}'
    )
    assert fmt.decode(written, question)[0].frames == (
        Frame("E", None, (Filler("where", "丙"),)),
        Frame("E", Named("会见"), (Filler("when", "三月"), Filler("who", "甲乙"), Filler("who", "丁"))),
    )


def test_roles_may_have_the_names_of_fields() -> None:
    roles = (Label("kind", "类型"), Label("name", "名称"))
    question = Question("EE", Schema("zh", events=(EventLabel("E", "事件", "", roles),)), "甲乙丙", "zh")
    answer = Answer(frames=(Frame("E", Named("甲"), (Filler("kind", "乙"), Filler("name", "丙"))),))

    written = fmt.encode(answer, question)

    assert written == '{"事件": [{"trigger": "甲", "arguments": {"类型": "乙", "名称": "丙"}}]}'
    assert fmt.decode(written, question) == (answer, ())


def test_entities_and_their_values_come_in_the_order_of_the_text() -> None:
    schema = Schema("zh", (Label("P", "人物"),), (RelationLabel("w", "作品"), RelationLabel("j", "职业")))
    question = Question("KG", schema, "画家甲作丙与丁，乙亦然。", "zh")

    def triple(head: str, relation: str, tail: str) -> Triple:
        return Triple(Named(head, "P"), relation, Named(tail))

    answer = Answer(triples=(triple("乙", "w", "丁"), triple("甲", "j", "画家"), triple("甲", "w", "丁"), triple("甲", "w", "丙")))

    assert fmt.encode(answer, question) == '{"人物": {"甲": {"作品": ["丙", "丁"], "职业": "画家"}, "乙": {"作品": "丁"}}}'


def test_types_of_relations_are_read_back_where_the_relation_allows_one_each() -> None:
    entities = (Label("P", "人物"), Label("O", "机构"))
    relations = (RelationLabel("w", "任职于", "", ("P",), ("O",)), RelationLabel("k", "认识", "", ("P", "O"), ()))
    question = Question("SPO", Schema("zh", entities, relations), "甲认识乙", "zh")

    found, problems = fmt.decode(
        '{"任职于": [{"subject": "甲", "object": "乙"}], "认识": [{"subject": "甲", "object": "乙"}]}', question
    )

    assert problems == ()
    assert found.triples == (
        Triple(Named("甲", "P"), "w", Named("乙", "O")),
        Triple(Named("甲"), "k", Named("乙")),
    )


def test_the_rule_is_the_end_of_the_published_instruction() -> None:
    question, _ = asked("EE", "en")[0]

    assert fmt.describe(question).answer_rule == (
        "Return an empty list for events that do not exist, and return NAN for arguments that do not exist. "
        "If an argument has multiple values, please return a list. Respond in the format of a JSON string."
    )
    assert fmt.describe(asked("NER", "zh")[0][0]).answer_rule == "不存在的实体类型返回空列表。请按照JSON字符串的格式回答。"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_grammar_accepts_gold_and_nothing(task: str, lang: str) -> None:
    for question, ask in asked(task, lang):
        grammar = fmt.grammar(question)

        assert recognises(grammar, fmt.encode(ask.gold, question))
        assert recognises(grammar, fmt.encode(Answer(), question))


@pytest.mark.parametrize(
    ("task", "raw"),
    [
        ("NER", '{"人物": ["王明"]}'),
        ("NER", '{"人物": ["张三"], "组织_机构": [], "城市": []}'),
        ("NER", '{"组织_机构": [], "人物": [], "城市": []}'),
        ("EE", '{"入职": [{"trigger": "", "arguments": {}}], "离职": [], "哭泣": []}'),
        ("EE", '{"入职": [{"trigger": "加入", "arguments": {"雇员": "王明"}}], "离职": [], "哭泣": []}'),
        ("EEA", '{"入职": [{"trigger": "公司", "arguments": {}}]}'),
        ("KG", '{"人物": {"王明": {"任职于": []}}, "组织_机构": {}, "城市": {}}'),
    ],
)
def test_the_grammar_refuses_what_is_wrong(task: str, raw: str) -> None:
    assert EMPTY["zh"].text
    assert not recognises(fmt.grammar(asked(task, "zh")[0][0]), raw)


# The project's own records


def question_and_answer(task: str, record: dict[str, Any], sample: dict[str, Any]) -> tuple[Question, Answer]:
    """The question that a converted record asks, with the annotation of its text that the record's schema covers."""
    instruction = json.loads(record["instruction"])
    text, asked_for = instruction["input"], instruction["schema"]
    if task == "NER":
        schema = Schema("zh", tuple(Label(name, name) for name in asked_for))
        answer = Answer(
            tuple(Named(one["entity"], one["entity_type"]) for one in sample["entity"] if one["entity_type"] in asked_for)
        )
    elif task == "RE":
        schema = Schema("zh", relations=tuple(RelationLabel(name, name) for name in asked_for))
        found = [one for one in sample["relation"] if one["relation"] in asked_for]
        answer = Answer(triples=tuple(Triple(Named(one["head"]), one["relation"], Named(one["tail"])) for one in found))
    elif task == "SPO":
        keys = [(one["subject_type"], one["predicate"], one["object_type"]) for one in asked_for]
        names = dict.fromkeys(name for head, _, tail in keys for name in (head, tail))
        relations = tuple(RelationLabel(relation, relation, "", (head,), (tail,)) for head, relation, tail in keys)
        schema = Schema("zh", tuple(Label(name, name) for name in names), relations)
        found = [one for one in sample["relation"] if (one["head_type"], one["relation"], one["tail_type"]) in keys]
        answer = Answer(
            triples=tuple(
                Triple(Named(one["head"], one["head_type"]), one["relation"], Named(one["tail"], one["tail_type"])) for one in found
            )
        )
    elif task == "KG":
        (one_type,) = asked_for
        name = one_type["entity_type"]
        schema = Schema("zh", (Label(name, name),), tuple(RelationLabel(one, one) for one in one_type["attributes"]))
        answer = Answer(
            triples=tuple(Triple(Named(one["head"], name), one["relation"], Named(one["tail"])) for one in sample["relation"])
        )
    else:
        types = [one if isinstance(one, str) else one["event_type"] for one in asked_for]
        roles = [() if isinstance(one, str) else tuple(Label(role, role) for role in one["arguments"]) for one in asked_for]
        schema = Schema("zh", events=tuple(EventLabel(name, name, "", own) for name, own in zip(types, roles, strict=True)))
        frames = tuple(
            Frame(
                one["event_type"],
                Named(one["event_trigger"]),
                () if task == "EET" else tuple(Filler(filler["role"], filler["argument"]) for filler in one["arguments"]),
            )
            for one in sample["event"]
            if one["event_type"] in types
        )
        answer = Answer(frames=frames)
    given = Answer(frames=(Frame(answer.frames[0].type, answer.frames[0].trigger),)) if task == "EEA" else None
    return Question(task, schema, text, "zh", given), answer


def records(task: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """The converted records, each with the annotated sample of its text."""
    folder = Path(_FOLDER or "") / "iepile_samples" / task
    samples = {row["text"]: row for row in map(json.loads, (folder / "sample.json").read_text(encoding="utf-8").splitlines())}
    rows = map(json.loads, (folder / "train.json").read_text(encoding="utf-8").splitlines())
    return [(row, samples[json.loads(row["instruction"])["input"]]) for row in rows]


@pytest.mark.skipif(not _FOLDER, reason="UIE_CORPORA is not set to the folder of the real corpora")
@pytest.mark.parametrize(
    ("task", "count", "several"),
    [("NER", 6, 0), ("RE", 72, 0), ("SPO", 23, 0), ("EE", 96, 0), ("EET", 96, 0), ("EEA", 6, 2), ("KG", 5, 0)],
)
def test_every_sample_record_comes_out_byte_for_byte(task: str, count: int, several: int) -> None:
    """Two EEA records ask about several triggers at once; our question is about one: they cannot come out."""
    found = records(task)
    left_out = 0
    for record, sample in found:
        question, answer = question_and_answer(task, record, sample)
        if task == "EEA" and len(answer.frames) > 1:
            left_out += 1
            continue

        assert fmt.encode(answer, question) == record["output"]
        read, problems = fmt.decode(record["output"], question)
        assert problems == ()
        unanswered = task == "EEA" and not any(frame.fillers for frame in answer.frames)
        assert items(read) == (Counter() if unanswered else items(answer))

    assert (len(found), left_out) == (count, several)
