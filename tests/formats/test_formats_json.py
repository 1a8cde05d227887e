r"""The format `json`: written with types as keys, read back up to the order of the items, constrained to pieces of the text."""

import json as stdlib_json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from any_answers import questions_and_answers
from grammar_check import recognises
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import EMPTY, asked

from uie.formats import json as fmt
from uie.formats.text_order import in_text_order
from uie.schema import read_schema
from uie.tasks.items import MENTION, item, items_of
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question


def items(answer: Answer) -> Counter[Any]:
    """What an answer says, without an order; an event's arguments too."""
    frames = [(f.type, f.trigger, frozenset(Counter(f.fillers).items())) for f in answer.frames]
    return Counter([*answer.mentions, *answer.triples, *frames])


# Writing, by hand

GOLD = {
    ("NER", "en", 0): '{"person": ["Ann Lee", "Bob (\\"Bo\\") Ray", "Bo", "Ann Lee"], "organization": ["Acme_Inc", "Acme_Inc"], '
    '"city/town": ["Rome", "Rome", "São Paulo"]}',
    ("NER1", "en", 1): '["Acme_Inc", "Acme_Inc"]',
    ("ES", "zh", 0): '["王明", "北方_公司", "北京", "北方_公司", "李 雷", "李 雷", "上海"]',
    ("ET", "zh", 0): '{"人物": ["王明", "李 雷", "李 雷"], "组织_机构": ["北方_公司", "北方_公司"], "城市": ["北京", "上海"]}',
    ("RE", "zh", 0): '{"任职于": [{"head": "王明", "tail": "北方_公司"}, {"head": "李 雷", "tail": "北方_公司"}], '
    '"位于": [{"head": "北方_公司", "tail": "北京"}], "被_解雇": [{"head": "李 雷", "tail": "北方_公司"}]}',
    ("SPO", "zh", 0): '{"任职于": [{"head": "王明", "head_type": "人物", "tail": "北方_公司", "tail_type": "组织_机构"}, '
    '{"head": "李 雷", "head_type": "人物", "tail": "北方_公司", "tail_type": "组织_机构"}], '
    '"位于": [{"head": "北方_公司", "head_type": "组织_机构", "tail": "北京", "tail_type": "城市"}], '
    '"被_解雇": [{"head": "李 雷", "head_type": "人物", "tail": "北方_公司", "tail_type": "组织_机构"}]}',
    ("EP", "zh", 0): '[{"head": "王明", "tail": "北方_公司"}, {"head": "北方_公司", "tail": "北京"}, {"head": "李 雷", "tail": "北方_公司"}]',
    ("EPR", "zh", 0): '{"任职于": [{"head": "王明", "tail": "北方_公司"}, {"head": "李 雷", "tail": "北方_公司"}], '
    '"位于": [{"head": "北方_公司", "tail": "北京"}], "被_解雇": [{"head": "李 雷", "tail": "北方_公司"}]}',
    ("RC", "zh", 2): '["被_解雇", "任职于"]',
    ("KG", "zh", 0): '{"人物": {"王明": {"任职于": ["北方_公司"]}, "李 雷": {"被_解雇": ["北方_公司"], "任职于": ["北方_公司"]}}, '
    '"组织_机构": {"北方_公司": {"位于": ["北京"]}}}',
    ("EE", "en", 0): '{"start of work": [{"trigger": "joined", "arguments": {"employee": ["Ann Lee"], "employer": ["Acme_Inc"], '
    '"place": ["Rome"]}}], "end of work": [{"trigger": "fired", "arguments": {"place": ["Rome"], "employer": ["Acme_Inc"], '
    '"employee": ["Bob (\\"Bo\\") Ray"]}}], "weeping": [{"trigger": "wept", "arguments": {}}]}',
    ("EET", "en", 0): '{"start of work": ["joined"], "end of work": ["fired"], "weeping": ["wept"]}',
    ("EEA", "en", 0): '{"employee": ["Ann Lee"], "employer": ["Acme_Inc"], "place": ["Rome"]}',
}  # fmt: skip


@pytest.mark.parametrize(("task", "lang", "number"), GOLD, ids=lambda value: str(value))
def test_gold_is_written_as_the_docstring_shows(task: str, lang: str, number: int) -> None:
    question, ask = asked(task, lang)[number]

    assert fmt.encode(ask.gold, question) == GOLD[task, lang, number]


def test_entities_and_relations_have_a_part_each() -> None:
    question, ask = asked("JOINT", "zh")[0]

    found = stdlib_json.loads(fmt.encode(ask.gold, question))

    assert found == {
        "entities": stdlib_json.loads(GOLD["ET", "zh", 0]),
        "relations": stdlib_json.loads(GOLD["SPO", "zh", 0]),
    }
    nothing = fmt.encode(replace(ask.gold, mentions=()), question)
    assert stdlib_json.loads(nothing)["entities"] == {}


def test_a_missing_trigger_is_an_empty_string() -> None:
    question, _ = asked("EE")[0]
    answer = Answer(frames=(Frame("CRY", None), Frame("HIRE", Named("joined"), (Filler("who", "Ann Lee"),))))

    written = fmt.encode(answer, question)

    assert written == (
        '{"weeping": [{"trigger": "", "arguments": {}}], '
        '"start of work": [{"trigger": "joined", "arguments": {"employee": ["Ann Lee"]}}]}'
    )
    assert items(fmt.decode(written, question)[0]) == items(answer)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_an_empty_answer_is_the_none_word(task: str, lang: str) -> None:
    question = Question(task, asked(task, lang)[0][0].schema, EMPTY[lang].text, lang)
    word = {"en": "None", "zh": "没有"}[lang]

    assert fmt.encode(Answer(), question) == fmt.describe(question).none_word == word
    assert fmt.decode(word, question) == (Answer(), ())


@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_rule_shows_json_of_the_answers_shape(task: str) -> None:
    for lang, start, end in (("en", "Answer in JSON: ", ", with what"), ("zh", "以JSON格式回答：", "，只写")):
        rule = fmt.describe(asked(task, lang)[0][0]).answer_rule
        shown = stdlib_json.loads(rule.removeprefix(start).partition(end)[0])
        question, ask = asked(task, lang)[0]
        assert type(shown) is type(stdlib_json.loads(fmt.encode(ask.gold, question)))


# Reading


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_gold_comes_back_in_the_order_of_the_text(task: str, lang: str) -> None:
    """Here even the order comes back, an event's arguments excepted: they are grouped by role."""
    for question, ask in asked(task, lang):
        found, problems = fmt.decode(fmt.encode(ask.gold, question), question)

        assert problems == ()
        assert items(found.without_occurrences()) == items(ask.gold.without_occurrences())
        assert [m.text for m in found.mentions] == [m.text for m in ask.gold.mentions]
        assert [t.head.text for t in found.triples] == [t.head.text for t in ask.gold.triples]


@settings(deadline=None, max_examples=600)
@given(questions_and_answers())
def test_reading_undoes_writing_up_to_the_order(case: tuple[Question, Answer]) -> None:
    question, answer = case

    found, problems = fmt.decode(fmt.encode(answer, question), question)

    assert problems == ()
    assert items(found) == items(answer)


@settings(deadline=None, max_examples=100)
@given(questions_and_answers(("NER", "RE", "EET")))
def test_equal_keys_keep_their_order_where_the_text_does_not_tell(case: tuple[Question, Answer]) -> None:
    question, answer = replace(case[0], text=""), case[1]

    found, _ = fmt.decode(fmt.encode(answer, question), question)

    for label in {mention.type for mention in answer.mentions}:
        assert [m for m in found.mentions if m.type == label] == [m for m in answer.mentions if m.type == label]
    for label in {triple.relation for triple in answer.triples}:
        assert [t for t in found.triples if t.relation == label] == [t for t in answer.triples if t.relation == label]


@pytest.mark.parametrize(
    ("written", "text", "ordered"),
    [
        pytest.param("a:x b:x a:y", "a b a", "a:x a:y b:x", id="two types at one place"),
        pytest.param("b:x a:y", "a b a", "b:x a:y", id="a group begins behind the first item of the one before it"),
        pytest.param("a:x a:x b:y", "a b a", "a:x b:y a:x", id="equal items at successive places"),
        pytest.param("a:x a:x a:x b:y", "b a a", "b:y a:x a:x a:x", id="more items than places, and a group out of order"),
        pytest.param("z:x a:x b:y", "b a", "z:x b:y a:x", id="what the text does not hold stays with its neighbour"),
        pytest.param("b:x a:y", "", "b:x a:y", id="no text"),
    ],
)
def test_items_of_groups_go_back_to_their_places(written: str, text: str, ordered: str) -> None:
    grouped = [item(MENTION, one.split(":")) for one in written.split()]

    found = in_text_order(grouped, text)

    assert " ".join(f"{one.text('mention')}:{one.text('type')}" for one in found) == ordered


def test_a_mention_that_is_a_none_word_is_told_from_nothing() -> None:
    question, _ = asked("NER1")[0]
    band = replace(question, text="None of them came")

    assert fmt.encode(Answer(mentions=(Named("None", "PER"),)), band) == '["None"]'
    assert fmt.decode('["None"]', band) == (Answer(mentions=(Named("None", "PER"),)), ())
    assert fmt.encode(Answer(mentions=(Named("None", "PER"),)), question) == '["\\u004eone"]'
    assert fmt.decode('["\\u004eone"]', question) == (Answer(mentions=(Named("None", "PER"),)), ())
    assert fmt.decode('["None"]', question) == (Answer(), (Problem("repaired", '["None"]'),))


def test_a_question_without_types_takes_every_type_as_it_stands() -> None:
    question = Question("NER", read_schema({}), "Ann came.")

    assert fmt.decode('{"人名": ["Ann"]}', question) == (Answer(mentions=(Named("Ann", "人名"),)), ())


@settings(deadline=None, max_examples=300)
@given(st.text("{}[]()\"'“”,:：，\\ \nabu0", max_size=40) | st.text(max_size=20), st.sampled_from(fmt.TASKS))
def test_no_answer_is_too_bad(raw: str, task: str) -> None:
    question, _ = asked(task)[0]

    answer, problems = fmt.decode(raw, question)

    if raw.strip() and raw.strip() not in ("None", "没有"):
        assert items_of(answer, question) or problems or not any(character.isalnum() for character in raw)


def test_deep_nesting_and_long_answers_are_read_in_linear_time() -> None:
    question, _ = asked("NER")[0]

    for raw in (
        "[" * 100_000,
        '{"person": ' * 20_000,
        '{"person": ["Ann Lee", ' + '"Rome", ' * 30_000,
        '"' * 100_000,
        "None " * 40_000,
    ):
        _, problems = fmt.decode(raw, question)
        assert problems != ()


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
        ("NER", '{"city": ["Rome"]}'),
        ("NER", '{"person": ["Carl"]}'),
        ("NER", '{"person": [""]}'),
        ("NER", '{"person": []}'),
        ("NER", '{"person":["Ann Lee"]}'),
        ("NER", '{"person": ["Bob ("]}'[:-2]),
        ("NER", '{"person": ["Bob ("Bo"]}'),
        ("NER", "没有"),
        ("ET", '{"person": ["Ann"]}'),
        ("EPR", '{"works for": [{"head": "Ann Lee", "tail": "Rome"}]}'),
        ("RC", '["likes"]'),
        ("RE", '{"works for": [{"head": "Ann Lee"}]}'),
        ("EE", '{"weeping": [{"trigger": "wept", "arguments": {"employee": ["Ann Lee"]}}]}'),
    ],
)
def test_the_grammar_refuses_what_is_wrong(task: str, raw: str) -> None:
    assert not recognises(fmt.grammar(asked(task)[0][0]), raw)
