r"""The format `tuples`: what it writes for every task, that reading undoes writing, and that flaws are mended and reported."""

import pytest
from any_answers import questions_and_answers
from hypothesis import given, settings
from made_up import EMPTY, asked

from uie.formats import tuples as fmt
from uie.schema import read_schema
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question

WRITTEN = {
    ("NER", "zh", 0): "(王明, 人物), (北方_公司, 组织_机构), (北京, 城市), (北方_公司, 组织_机构), (李 雷, 人物), (李 雷, 人物), (上海, 城市)",
    ("NER1", "en", 0): r'(Ann Lee), (Bob \("Bo"\) Ray), (Bo), (Ann Lee)',
    ("ES", "zh", 0): "(王明), (北方_公司), (北京), (北方_公司), (李 雷), (李 雷), (上海)",
    ("ET", "en", 0): r'(Ann Lee, person), (Acme_Inc, organization), (Rome, city/town), (Rome, city/town), (Acme_Inc, organization), (Bob \("Bo"\) Ray, person), (Bo, person), (São Paulo, city/town), (Ann Lee, person)',
    ("RE", "en", 0): r'(Ann Lee, works for, Acme_Inc), (Acme_Inc, located in, Rome), (Acme_Inc, located in, Rome), (Bob \("Bo"\) Ray, dismissed_by, Acme_Inc), (Bob \("Bo"\) Ray, works for, Acme_Inc)',
    ("SPO", "zh", 0): "(王明, 人物, 任职于, 北方_公司, 组织_机构), (北方_公司, 组织_机构, 位于, 北京, 城市), (李 雷, 人物, 被_解雇, 北方_公司, 组织_机构), (李 雷, 人物, 任职于, 北方_公司, 组织_机构)",
    ("EP", "zh", 0): "(王明, 北方_公司), (北方_公司, 北京), (李 雷, 北方_公司)",
    ("EPR", "zh", 0): "(王明, 任职于, 北方_公司), (北方_公司, 位于, 北京), (李 雷, 被_解雇, 北方_公司), (李 雷, 任职于, 北方_公司)",
    ("RC", "en", 0): "(works for)",
    ("RC", "en", 3): "(dismissed_by), (works for)",
    ("JOINT", "zh", 0): "(王明, 人物), (北方_公司, 组织_机构), (北京, 城市), (北方_公司, 组织_机构), (李 雷, 人物), (李 雷, 人物), (上海, 城市), (王明, 人物, 任职于, 北方_公司, 组织_机构), (北方_公司, 组织_机构, 位于, 北京, 城市), (李 雷, 人物, 被_解雇, 北方_公司, 组织_机构), (李 雷, 人物, 任职于, 北方_公司, 组织_机构)",
    ("KG", "zh", 0): "(王明, 人物, 任职于, 北方_公司), (北方_公司, 组织_机构, 位于, 北京), (李 雷, 人物, 被_解雇, 北方_公司), (李 雷, 人物, 任职于, 北方_公司)",
    ("EE", "en", 0): r'(joined, start of work, (Ann Lee, employee), (Acme_Inc, employer), (Rome, place)), (fired, end of work, (Rome, place), (Acme_Inc, employer), (Bob \("Bo"\) Ray, employee)), (wept, weeping)',
    ("EET", "zh", 0): "(加入, 入职), (解雇, 离职)",
    ("EEA", "zh", 1): "(北方_公司, 雇主), (李 雷, 雇员)",
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
@pytest.mark.parametrize(("lang", "word", "end"), [("en", "None", "."), ("zh", "没有", "。")])
def test_the_rule_says_what_is_written_for_nothing(task: str, lang: str, word: str, end: str) -> None:
    question = Question(task, read_schema({}), EMPTY[lang].text, lang)
    told = fmt.describe(question)

    assert fmt.encode(Answer(), question) == told.none_word == word
    assert word in told.answer_rule
    assert told.answer_rule.endswith((end, f"”{end}"))
    assert told.answer_rule.count(end) <= 3


def test_rules_in_full() -> None:
    def rule(task: str, lang: str) -> str:
        return fmt.describe(Question(task, read_schema({}), "", lang)).answer_rule

    assert rule("NER", "en") == (
        "Write each mention as (mention, type), separated by commas, in the order of the text. If there is none, write None."
    )
    assert rule("EE", "zh") == (
        "将每个结果写成“(触发词, 事件类型, (论元, 角色), (论元, 角色))”，用逗号分隔，按在文本中出现的顺序排列。如果没有，写“没有”。"
    )


def test_separators_backslashes_blanks_and_missing_triggers_are_written_so_that_they_can_be_read() -> None:
    question = Question("EE", ATTACK, "")
    answer = Answer(
        frames=(
            Frame("ATT", None, (Filler("VIC", "a, (b)"), Filler("VIC", " c\\\n"))),
            Frame("ATT", Named("没有")),
            Frame("ATT", None),
        )
    )

    written = fmt.encode(answer, question)

    assert written == r"(, attack, (a\, \(b\), victim), (\sc\\\n, victim)), (没有, attack), (, attack)"
    assert fmt.decode(written, question) == (answer, ())


def test_a_mention_that_the_text_does_not_hold_is_shielded_from_repairs() -> None:
    question = Question("NER", read_schema({"entities": {"PER": {"name": "person"}}}), "Ann and Bob")
    answer = Answer(mentions=(Named('"Ann"', "PER"), Named("Ann、Bob", "PER"), Named("None", "PER")))

    written = fmt.encode(answer, question)

    assert written == r"(\"Ann\", person), (Ann\、Bob, person), (\None, person)"
    assert fmt.decode(written, question) == (answer, ())
    assert fmt.decode('("Ann", person)', question) == (
        Answer(mentions=(Named("Ann", "PER"),)),
        (Problem("repaired", '("Ann", person)'),),
    )


@settings(deadline=None, max_examples=300)
@given(questions_and_answers(fmt.TASKS))
def test_reading_undoes_writing(case: tuple[Question, Answer]) -> None:
    question, answer = case

    assert fmt.decode(fmt.encode(answer, question), question) == (answer, ())
