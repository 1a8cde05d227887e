r"""The format `typed`: what it writes for every task, that reading undoes writing, and that flaws are mended and reported."""

import pytest
from any_answers import questions_and_answers
from hypothesis import example, given, settings
from made_up import EMPTY, asked

from uie.formats import typed as fmt
from uie.schema import read_schema
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question, Triple

WRITTEN = {
    ("NER", "en", 0): 'person: Ann Lee; organization: Acme_Inc; city/town: Rome; city/town: Rome; organization: Acme_Inc; person: Bob ("Bo") Ray; person: Bo; city/town: São Paulo; person: Ann Lee',
    ("NER1", "zh", 2): "北京; 上海",
    ("ES", "zh", 0): "王明; 北方_公司; 北京; 北方_公司; 李 雷; 李 雷; 上海",
    ("ET", "zh", 0): "人物: 王明; 组织_机构: 北方_公司; 城市: 北京; 组织_机构: 北方_公司; 人物: 李 雷; 人物: 李 雷; 城市: 上海",
    ("RE", "en", 0): 'works for: Ann Lee, Acme_Inc; located in: Acme_Inc, Rome; located in: Acme_Inc, Rome; dismissed_by: Bob ("Bo") Ray, Acme_Inc; works for: Bob ("Bo") Ray, Acme_Inc',
    ("SPO", "en", 0): r'works for: Ann Lee (person), Acme_Inc (organization); located in: Acme_Inc (organization), Rome (city/town); located in: Acme_Inc (organization), Rome (city/town); dismissed_by: Bob \("Bo"\) Ray (person), Acme_Inc (organization); works for: Bob \("Bo"\) Ray (person), Acme_Inc (organization)',
    ("EP", "zh", 0): "王明, 北方_公司; 北方_公司, 北京; 李 雷, 北方_公司",
    ("EPR", "zh", 0): "任职于: 王明, 北方_公司; 位于: 北方_公司, 北京; 被_解雇: 李 雷, 北方_公司; 任职于: 李 雷, 北方_公司",
    ("RC", "en", 3): "dismissed_by; works for",
    ("JOINT", "zh", 0): "人物: 王明; 组织_机构: 北方_公司; 城市: 北京; 组织_机构: 北方_公司; 人物: 李 雷; 人物: 李 雷; 城市: 上海; 任职于: 王明 (人物), 北方_公司 (组织_机构); 位于: 北方_公司 (组织_机构), 北京 (城市); 被_解雇: 李 雷 (人物), 北方_公司 (组织_机构); 任职于: 李 雷 (人物), 北方_公司 (组织_机构)",
    ("KG", "zh", 0): "任职于: 王明 (人物), 北方_公司; 位于: 北方_公司 (组织_机构), 北京; 被_解雇: 李 雷 (人物), 北方_公司; 任职于: 李 雷 (人物), 北方_公司",
    ("EE", "en", 0): r'start of work: joined (employee: Ann Lee, employer: Acme_Inc, place: Rome); end of work: fired (place: Rome, employer: Acme_Inc, employee: Bob \("Bo"\) Ray); weeping: wept',
    ("EET", "zh", 0): "入职: 加入; 离职: 解雇",
    ("EEA", "en", 1): 'place: Rome; employer: Acme_Inc; employee: Bob ("Bo") Ray',
}  # fmt: skip
ATTACK = read_schema({"events": {"ATT": {"name": "attack", "roles": {"VIC": {"name": "victim"}}}}})


@pytest.mark.parametrize(("task", "lang", "number"), WRITTEN)
def test_every_task_is_written_as_the_module_says(task: str, lang: str, number: int) -> None:
    question, ask = asked(task, lang)[number]
    assert ask.gold is not None

    assert fmt.encode(ask.gold, question) == WRITTEN[task, lang, number]


def test_the_table_has_every_task() -> None:
    assert {task for task, _, _ in WRITTEN} == set(fmt.TASKS)


@pytest.mark.parametrize("task", fmt.TASKS)
@pytest.mark.parametrize(("lang", "word"), [("en", "None"), ("zh", "没有")])
def test_the_rule_says_what_is_written_for_nothing(task: str, lang: str, word: str) -> None:
    question = Question(task, read_schema({}), EMPTY[lang].text, lang)
    told = fmt.describe(question)

    assert fmt.encode(Answer(), question) == told.none_word == word
    assert word in told.answer_rule


def test_rules_in_full() -> None:
    def rule(task: str, lang: str) -> str:
        return fmt.describe(Question(task, read_schema({}), "", lang)).answer_rule

    assert rule("RE", "en") == (
        "Write each relation as relation: head, tail, separated by semicolons, in the order of the text. If there is none, write None."
    )
    assert rule("EE", "zh") == (
        "将每个结果写成“事件类型: 触发词 (角色: 论元, 角色: 论元)”，用英文分号分隔，按在文本中出现的顺序排列。如果没有，写“没有”。"
    )


def test_separators_blanks_and_missing_triggers_are_written_so_that_they_can_be_read() -> None:
    question = Question("EE", ATTACK, "")
    answer = Answer(
        frames=(
            Frame("ATT", None, (Filler("VIC", "a: b, (c); d"), Filler("VIC", " "))),
            Frame("ATT", Named("e\n")),
            Frame("ATT", None),
        )
    )

    written = fmt.encode(answer, question)

    assert written == r"attack: (victim: a: b\, \(c\)\; d, victim: \s); attack: e\n; attack:"
    assert fmt.decode(written, question) == (answer, ())


def test_only_what_a_tasks_items_need_is_escaped() -> None:
    schema = read_schema({"entities": {"T": {"name": "a: b; c"}}, "relations": {"R": {"name": "r"}}})
    entity = Answer(mentions=(Named("x, (y): z; w", "T"),))
    triple = Answer(triples=(Triple(Named("x, (y): z"), "R", Named("w")),))

    assert fmt.encode(entity, Question("NER", schema, "")) == r"a\: b\; c: x, (y): z\; w"
    assert fmt.encode(triple, Question("RE", schema, "")) == r"r: x\, (y): z, w"


def test_a_value_that_was_cut_at_its_own_separator_is_joined_where_the_text_holds_it() -> None:
    question = Question("NER", read_schema({"entities": {"ORG": {"name": "organization"}}}), "A; B Corp fell.")

    assert fmt.decode("organization: A; B Corp", question) == (
        Answer(mentions=(Named("A; B Corp", "ORG"),)),
        (Problem("repaired", "organization: A; B Corp"),),
    )


@settings(deadline=None, max_examples=300)
@example((Question("NER", read_schema({"entities": ["_"]}), "", "en"), Answer((Named("</s>", "_", None),))))
@given(questions_and_answers(fmt.TASKS))
def test_reading_undoes_writing(case: tuple[Question, Answer]) -> None:
    question, answer = case

    assert fmt.decode(fmt.encode(answer, question), question) == (answer, ())
