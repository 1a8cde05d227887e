"""The dialect `json.yayi`: as that project's training records and prompts show it; what it loses, and reading its other prompts' fields."""

import json

import pytest
from grammar_check import recognises
from made_up import asked

from uie.formats import json_yayi as fmt
from uie.tasks.question import Answer, Filler, Frame, Named, Triple

WRITTEN = {
    "NER": '{"人物": ["王明", "李 雷"], "组织_机构": ["北方_公司"], "城市": ["北京", "上海"]}',
    "RE": '[{"relation": "任职于", "head": "王明", "tail": "北方_公司"}, {"relation": "位于", "head": "北方_公司", "tail": "北京"}, '
    '{"relation": "被_解雇", "head": "李 雷", "tail": "北方_公司"}, {"relation": "任职于", "head": "李 雷", "tail": "北方_公司"}]',
    "EE": '[{"trigger": "加入", "type": "入职", "arguments": {"雇员": "王明", "雇主": "北方_公司"}}, '
    '{"trigger": "解雇", "type": "离职", "arguments": {"雇主": "北方_公司", "雇员": "李 雷"}}]',
    "EEA": '{"雇员": "王明", "雇主": "北方_公司"}',
}  # fmt: skip
EMPTIES = {"NER": "{}", "RE": "[]", "EE": "[]", "EEA": "{}"}
RULES = {
    ("NER", "zh"): "以json{人物/组织_机构/城市：[实体]}格式输出。",
    ("NER", "en"): "Please format the answer in json {person/organization/city/town：[entities]}.",
    ("RE", "zh"): "按照json[{'relation':'', 'head':'', 'tail':''}, ]的格式输出。",
    ("RE", "en"): "Output the result in json[{'relation':'', 'head':'', 'tail':''}, ].",
    ("EE", "zh"): "请以json[{'trigger':'', 'type':'', 'arguments': {角色:论元}},]的格式回答。",
    ("EEA", "zh"): "以json{角色:论元}格式输出。",
    ("EEA", "en"): "Provide your answer in the format of json{role:name}.",
}


@pytest.mark.parametrize("task", fmt.TASKS)
def test_gold_is_written_as_published(task: str) -> None:
    question, ask = asked(task, "zh")[0]

    assert fmt.encode(ask.gold, question) == WRITTEN[task]


@pytest.mark.parametrize("task", fmt.TASKS)
def test_all_but_repeated_mentions_comes_back(task: str) -> None:
    question, ask = asked(task, "zh")[0]
    gold = ask.gold.without_occurrences()
    expected = Answer(tuple(dict.fromkeys(gold.mentions)), gold.triples, gold.frames)

    for raw in (WRITTEN[task], json.dumps(json.loads(WRITTEN[task]), separators=(",", ":"))):
        found, problems = fmt.decode(raw, question)
        assert (found.without_occurrences(), problems) == (expected, ())


@pytest.mark.parametrize("task", fmt.TASKS)
def test_an_empty_answer_is_an_empty_object_or_list(task: str) -> None:
    question, _ = asked(task, "zh")[0]

    assert fmt.encode(Answer(), question) == fmt.describe(question).none_word == EMPTIES[task]
    assert fmt.decode(EMPTIES[task], question) == (Answer(), ())


@pytest.mark.parametrize(("task", "lang"), RULES)
def test_the_rule_is_worded_as_in_the_published_prompts(task: str, lang: str) -> None:
    assert fmt.describe(asked(task, lang)[0][0]).answer_rule == RULES[task, lang]


def test_several_fillers_of_a_role_are_a_list_and_a_missing_trigger_is_empty() -> None:
    question, _ = asked("EE", "en")[0]
    answer = Answer(frames=(Frame("FIRE", None, (Filler("who", "Bo"), Filler("where", "Rome"), Filler("who", "Ann Lee"))),))

    written = fmt.encode(answer, question)

    assert written == '[{"trigger": "", "type": "end of work", "arguments": {"employee": ["Bo", "Ann Lee"], "place": "Rome"}}]'
    (frame,) = fmt.decode(written, question)[0].frames
    assert (frame.trigger, frame.fillers) == (None, (Filler("who", "Bo"), Filler("who", "Ann Lee"), Filler("where", "Rome")))


def test_the_chinese_fields_of_the_other_prompt_are_its_own_too() -> None:
    question, _ = asked("RE", "zh")[0]

    found = fmt.decode('[{"关系": "位于", "头实体": "北方_公司", "尾实体": "北京"}]', question)

    assert found == (Answer(triples=(Triple(Named("北方_公司"), "IN", Named("北京")),)), ())


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
        ("NER", '{"人": ["王明"]}'),
        ("NER", '{"人物": ["张三"]}'),
        ("NER", '{"人物": []}'),
        ("RE", '[{"head": "王明", "relation": "任职于", "tail": "北方_公司"}]'),
        ("EE", '[{"trigger": "哭", "type": "哭泣", "arguments": {"雇员": "王明"}}]'),
        ("EEA", '{"雇员": ""}'),
    ],
)
def test_the_grammar_refuses_what_is_wrong(task: str, raw: str) -> None:
    assert not recognises(fmt.grammar(asked(task, "zh")[0][0]), raw)
