r"""The format `json_spans`: records in text order with occurrence numbers, read back with nothing lost."""

import json as stdlib_json
from dataclasses import replace

import pytest
from any_answers import questions_and_answers
from grammar_check import recognises
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import DOCUMENTS, EMPTY, asked

from uie.formats import json_spans as fmt
from uie.parsing.grounding import ground
from uie.schema import EventLabel, Label, Schema
from uie.tasks.items import items_of
from uie.tasks.occurrences import numbered_places
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question, Triple

GOLD = {
    ("NER", "zh", 0): '[{"mention": "王明", "type": "人物"}, {"mention": "北方_公司", "type": "组织_机构", "occurrence": 1}, '
    '{"mention": "北京", "type": "城市"}, {"mention": "北方_公司", "type": "组织_机构", "occurrence": 2}, '
    '{"mention": "李 雷", "type": "人物", "occurrence": 1}, {"mention": "李 雷", "type": "人物", "occurrence": 2}, '
    '{"mention": "上海", "type": "城市"}]',
    ("NER1", "en", 1): '[{"mention": "Acme_Inc", "occurrence": 1}, {"mention": "Acme_Inc", "occurrence": 2}]',
    ("RE", "zh", 0): '[{"head": "王明", "relation": "任职于", "tail": "北方_公司", "tail_occurrence": 1}, '
    '{"head": "北方_公司", "relation": "位于", "tail": "北京", "head_occurrence": 1}, '
    '{"head": "李 雷", "relation": "被_解雇", "tail": "北方_公司", "head_occurrence": 1, "tail_occurrence": 2}, '
    '{"head": "李 雷", "relation": "任职于", "tail": "北方_公司", "head_occurrence": 1, "tail_occurrence": 2}]',
    ("SPO", "zh", 0): '[{"head": "王明", "head_type": "人物", "relation": "任职于", "tail": "北方_公司", "tail_type": "组织_机构", '
    '"tail_occurrence": 1}',
    ("EP", "zh", 0): '[{"head": "王明", "tail": "北方_公司", "tail_occurrence": 1}',
    ("RC", "zh", 2): '[{"relation": "被_解雇"}, {"relation": "任职于"}]',
    ("KG", "zh", 0): '[{"head": "王明", "head_type": "人物", "relation": "任职于", "tail": "北方_公司", "tail_occurrence": 1}',
    ("EE", "zh", 0): '[{"trigger": "加入", "event": "入职", "arguments": [{"argument": "王明", "role": "雇员"}, '
    '{"argument": "北方_公司", "role": "雇主", "occurrence": 1}]}, {"trigger": "解雇", "event": "离职", "arguments": ['
    '{"argument": "北方_公司", "role": "雇主", "occurrence": 2}, {"argument": "李 雷", "role": "雇员", "occurrence": 1}]}]',
    ("EET", "en", 0): '[{"trigger": "joined", "event": "start of work"}, {"trigger": "fired", "event": "end of work"}, '
    '{"trigger": "wept", "event": "weeping"}]',
    ("EEA", "zh", 1): '[{"argument": "北方_公司", "role": "雇主", "occurrence": 2}, {"argument": "李 雷", "role": "雇员", "occurrence": 1}]',
}  # fmt: skip


@pytest.mark.parametrize(("task", "lang", "number"), GOLD, ids=lambda value: str(value))
def test_gold_is_written_as_the_docstring_shows(task: str, lang: str, number: int) -> None:
    """Where the expected string is shorter, it is the beginning."""
    question, ask = asked(task, lang)[number]
    expected = GOLD[task, lang, number]

    written = fmt.encode(ask.gold, question)

    assert written[: len(expected)] == expected
    assert expected.endswith("}") or written == expected


def test_entities_come_before_relations_in_one_list() -> None:
    question, ask = asked("JOINT", "zh")[0]

    written = stdlib_json.loads(fmt.encode(ask.gold, question))

    assert written == stdlib_json.loads(GOLD["NER", "zh", 0]) + stdlib_json.loads(
        fmt.encode(asked("SPO", "zh")[0][1].gold, asked("SPO", "zh")[0][0])
    )


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_an_empty_answer_is_the_none_word(task: str, lang: str) -> None:
    question = Question(task, asked(task, lang)[0][0].schema, EMPTY[lang].text, lang)
    word = {"en": "None", "zh": "没有"}[lang]

    assert fmt.encode(Answer(), question) == fmt.describe(question).none_word == word
    assert word in fmt.describe(question).answer_rule
    assert fmt.decode(word, question) == (Answer(), ())


@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_rule_shows_the_fields_of_the_answer_and_of_its_numbers(task: str) -> None:
    for lang in ("en", "zh"):
        question, ask = asked(task, lang)[0]
        rule = fmt.describe(question).answer_rule
        used = {key for record in stdlib_json.loads(fmt.encode(ask.gold, question)) for key in record}
        assert [key for key in sorted(used) if key not in rule] == []


# Nothing is lost


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_gold_comes_back_itself(task: str, lang: str) -> None:
    for question, ask in asked(task, lang):
        assert fmt.decode(fmt.encode(ask.gold, question), question) == (ask.gold, ())


@st.composite
def numbered(draw: st.DrawFn) -> tuple[Question, Answer]:
    """Answers whose numbers are known wherever the text holds the string."""
    question, answer = draw(questions_and_answers())

    def number(text: str) -> int | None:
        count = len(numbered_places(question.text, text))
        return draw(st.integers(1, count)) if count else None

    def named(one: Named) -> Named:
        return replace(one, occurrence=number(one.text))

    given = question.given
    if question.task == "RC":  # the pair's numbers are those of what is given
        return question, answer
    triples = tuple(Triple(named(t.head), t.relation, named(t.tail)) for t in answer.triples)
    frames = tuple(
        Frame(
            f.type,
            f.trigger if question.task == "EEA" or f.trigger is None else named(f.trigger),
            tuple(Filler(x.role, x.text, number(x.text)) for x in f.fillers),
        )
        for f in answer.frames
    )
    return replace(question, given=given), Answer(tuple(map(named, answer.mentions)), triples, frames)


@settings(deadline=None, max_examples=500)
@given(numbered())
def test_reading_undoes_writing_numbers_included(case: tuple[Question, Answer]) -> None:
    question, answer = case

    assert fmt.decode(fmt.encode(answer, question), question) == (answer, ())


@settings(deadline=None, max_examples=500)
@given(questions_and_answers())
def test_without_numbers_strings_come_back_in_order_and_stand_where_they_stood(case: tuple[Question, Answer]) -> None:
    question, answer = case

    found, problems = fmt.decode(fmt.encode(answer, question), question)

    assert problems == ()
    assert found.without_occurrences() == answer
    assert ground(found, question.text) == ground(answer, question.text)


def test_a_number_is_written_only_where_it_says_something() -> None:
    question = replace(asked("NER")[0][0], text="Rome and Rome, art in the party of Ann")
    answer = Answer(
        mentions=(Named("Rome", "LOC"), Named("Rome", "LOC", 2), Named("Ann", "PER", 1), Named("art", "PER", 2), Named("Bo", "PER"))
    )

    written = fmt.encode(answer, question)

    assert [record.get("occurrence") for record in stdlib_json.loads(written)] == [None, 2, None, 2, None]
    assert fmt.decode(written, question) == (answer, ())


@pytest.mark.parametrize(
    ("written", "number", "kinds"),
    [
        ("2", 2, []),
        ('"2"', 2, ["repaired"]),
        ("0", None, ["repaired"]),
        ("-1", None, ["repaired"]),
        ("2.0", None, ["repaired"]),
        ("true", None, ["repaired"]),
        ('"second"', None, ["repaired"]),
        ("[2]", None, ["repaired"]),
        ("1" + "0" * 30, None, ["repaired"]),
        ("7", 7, []),
    ],
)
def test_odd_numbers_are_left_out_and_reported(written: str, number: int | None, kinds: list[str]) -> None:
    """A number that is too high is read: grounding says that there is no such place."""
    question, _ = asked("NER")[0]

    answer, problems = fmt.decode(f'[{{"mention": "Rome", "type": "city/town", "occurrence": {written}}}]', question)

    assert answer == Answer(mentions=(Named("Rome", "LOC", number),))
    assert [problem.kind for problem in problems] == kinds


def test_names_may_be_those_of_fields() -> None:
    names = ("type", "mention", "argument", "role", "event", "trigger")
    roles = tuple(Label(name, name) for name in names)
    schema = Schema("en", tuple(Label(name, name) for name in names), events=(EventLabel("event", "event", "", roles),))
    ner = Answer(tuple(Named(name, name) for name in names))
    ee = Answer(frames=(Frame("event", Named("trigger"), tuple(Filler(name, name) for name in names)),))

    for question, answer in ((Question("NER", schema, ""), ner), (Question("EE", schema, ""), ee)):
        raw = fmt.encode(answer, question)
        assert fmt.decode(raw, question) == (answer, ())
        found, _ = fmt.decode(raw[: raw.rindex("{") + len('{"argument": "tr')], question)
        assert items_of(found, question)[0].fields == items_of(answer, question)[0].fields


def test_the_numbers_of_a_relation_are_told_apart() -> None:
    question, _ = asked("RE")[0]
    raw = '[{"tail": "Rome", "tail_occurrence": 2, "head": "Acme_Inc", "relation": "located in", "occurrence": 1}]'

    answer, problems = fmt.decode(raw, question)

    assert answer == Answer(triples=(Triple(Named("Acme_Inc", None, 1), "IN", Named("Rome", None, 2)),))
    assert problems == (Problem("repaired", raw),)


@settings(deadline=None, max_examples=300)
@given(st.text("{}[]()\"'“”,:：，\\ \nabu0", max_size=40) | st.text(max_size=20), st.sampled_from(fmt.TASKS))
def test_no_answer_is_too_bad(raw: str, task: str) -> None:
    question, _ = asked(task)[0]

    answer, problems = fmt.decode(raw, question)

    if raw.strip() and raw.strip() not in ("None", "没有"):
        assert items_of(answer, question) or problems or not any(character.isalnum() for character in raw)


# Constraining


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_grammar_accepts_gold_and_the_none_word(task: str, lang: str) -> None:
    for question, ask in asked(task, lang):
        grammar = fmt.grammar(question)

        assert recognises(grammar, fmt.encode(ask.gold, question))
        assert recognises(grammar, fmt.encode(Answer(), question))


@pytest.mark.parametrize(
    ("task", "raw"),
    [
        ("NER", '[{"mention": "Rome", "type": "city"}]'),
        ("NER", '[{"mention": "Carl", "type": "person"}]'),
        ("NER", '[{"mention": "", "type": "person"}]'),
        ("NER", '[{"mention": "Rome"}]'),
        ("NER", '[{"mention": "Rome", "type": "city/town", "occurrence": 0}]'),
        ("NER", '[{"mention": "Rome", "type": "city/town", "occurrence": 1234}]'),
        ("NER", "[]"),
        ("ET", '[{"mention": "Ann", "type": "person"}]'),
        ("EPR", '[{"head": "Ann Lee", "relation": "works for", "tail": "Rome"}]'),
        ("EE", '[{"trigger": "wept", "event": "weeping", "arguments": [{"argument": "Ann Lee", "role": "employee"}]}]'),
        ("EE", '[{"trigger": "wept", "event": "weeping"}]'),
    ],
)
def test_the_grammar_refuses_what_is_wrong(task: str, raw: str) -> None:
    assert len(DOCUMENTS["en"].text) < 1000
    assert not recognises(fmt.grammar(asked(task)[0][0]), raw)
