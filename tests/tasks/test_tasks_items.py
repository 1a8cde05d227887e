"""Answers as rows of strings and back: names for labels, and what the question gives filled in."""

import pytest
from made_up import asked, schema

from uie.tasks import TASKS
from uie.tasks.items import EVENT, MENTION, PAIR, RELATION, SPAN, TRIPLE, Item, answer_of, item, items_of, row_choices
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question, Triple


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", sorted(TASKS))
def test_reading_rows_undoes_making_them(task: str, lang: str) -> None:
    for question, ask in asked(task, lang):
        assert ask.gold is not None
        assert answer_of(items_of(ask.gold, question), question) == (ask.gold, ())


def question(task: str, given: Answer | None = None) -> Question:
    return Question(task, schema("en"), "Rome and Rome and Ann", "en", given)


def test_other_spellings_of_a_name_are_understood_and_reported() -> None:
    answer, problems = answer_of([item(MENTION, ("Ann", "Persons")), item(MENTION, ("Rome", "river"))], question("NER"))

    assert answer == Answer((Named("Ann", "PER"), Named("Rome", "river")))
    assert problems == (Problem("repaired_type", "Persons"), Problem("unknown_type", "river"))


def test_equal_answers_mean_the_given_mentions_one_after_the_other() -> None:
    given = Answer((Named("Rome", None, 1), Named("Rome", None, 2)))
    rows = [item(MENTION, (text, type)) for text, type in (("Rome", "city/town"), ("Rome", "person"), ("Rome", "city/town"))]

    answer, _ = answer_of(rows, question("ET", given))

    assert answer.mentions == (Named("Rome", "LOC", 1), Named("Rome", "PER", 1), Named("Rome", "LOC", 2))


def test_an_answer_about_something_that_was_not_given_stays() -> None:
    answer, problems = answer_of([item(MENTION, ("Ann", "person"))], question("ET", Answer((Named("Rome", None, 2),))))

    assert (answer, problems) == (Answer((Named("Ann", "PER"),)), ())


def test_relations_of_given_pairs_take_their_places() -> None:
    given = Answer(triples=(Triple(Named("Ann", None, 1), None, Named("Rome", None, 2)),))

    of_pair, _ = answer_of([item(RELATION, ("located in",))], question("RC", given))
    of_pairs, _ = answer_of([item(TRIPLE, ("Ann", "located in", "Rome"))], question("EPR", given))

    assert of_pair == of_pairs == Answer(triples=(Triple(Named("Ann", None, 1), "IN", Named("Rome", None, 2)),))


def test_pairs_have_no_relation_and_spans_no_type() -> None:
    assert answer_of([item(PAIR, ("Ann", "Rome"))], question("EP"))[0].triples == (Triple(Named("Ann"), None, Named("Rome")),)
    assert answer_of([item(SPAN, ("Ann",))], question("ES"))[0].mentions == (Named("Ann"),)


def test_arguments_belong_to_the_given_event() -> None:
    given = Answer(frames=(Frame("HIRE", Named("joined", None, 1)),))
    rows = [item(("argument", "role"), ("Ann", "employee")), item(("argument", "role"), ("Rome", "weather"))]

    answer, problems = answer_of(rows, question("EEA", given))

    assert answer.frames == (Frame("HIRE", Named("joined", None, 1), (Filler("who", "Ann"), Filler("weather", "Rome"))),)
    assert problems == (Problem("unknown_type", "weather"),)


def test_roles_of_an_unknown_event_are_not_reported_beside_it() -> None:
    row = item(EVENT, ("fell", "falling"), children=[item(("argument", "role"), ("Rome", "who"))])

    answer, problems = answer_of([row], question("EE"))

    assert answer.frames == (Frame("falling", Named("fell"), (Filler("who", "Rome"),)),)
    assert problems == (Problem("unknown_type", "falling"),)


def test_a_trigger_that_is_not_there_is_an_empty_field() -> None:
    frame = Frame("CRY", None)

    (row,) = items_of(Answer(frames=(frame,)), question("EE"))

    assert row == Item(item(EVENT, ("", "weeping")).fields)
    assert answer_of([row], question("EE"))[0].frames == (frame,)


def test_rows_to_choose_from_hold_only_what_is_asked_and_given() -> None:
    given = Answer(triples=(Triple(Named("Ann"), None, Named("Rome")), Triple(Named("Rome"), None, Named("Ann"))))

    ((head, relation, tail), _) = [choice.slots for choice in row_choices(question("EPR", given))]
    assert (head, tail) == (("head", ("Ann",)), ("tail", ("Rome",)))
    assert relation == ("relation", ("works for", "dismissed_by", "located in"))
    events = {
        choice.options("event"): [child.options("role") for child in choice.children] for choice in row_choices(question("EE"))
    }
    assert events[("weeping",)] == []
    assert events[("end of work",)] == [("employee", "employer", "place")]
    (arguments,) = row_choices(question("EEA", Answer(frames=(Frame("FIRE", None),))))
    assert arguments.slots == (("argument", None), ("role", ("employee", "employer", "place")))
