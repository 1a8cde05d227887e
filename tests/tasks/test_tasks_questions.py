"""What every task asks of one made-up Document: its questions, what they give, and their gold answers, worked out by hand."""

from dataclasses import replace

import pytest
from made_up import DOCUMENTS, EMPTY, asked, schema

from uie.tasks import TASKS, asks, legal_tasks
from uie.tasks.items import ROWS, items_of
from uie.tasks.question import Answer, Filler, Frame, Named, Triple, answer_from_json, answer_to_json

BOB = 'Bob ("Bo") Ray'


def rows(task: str, number: int = 0) -> list[list[str]]:
    """The gold answer of the task's question of that number, as rows of strings; arguments begin with "-"."""
    question, ask = asked(task)[number]
    assert ask.gold is not None
    found = []
    for item in items_of(ask.gold, question):
        found.append([field.text for field in item.fields])
        found += [["-", *(field.text for field in child.fields)] for child in item.children]
    return found


def test_the_tasks_and_their_rows_are_the_same() -> None:
    assert sorted(TASKS) == sorted(ROWS)


def test_one_type_a_question_asks_each_type_for_its_mentions() -> None:
    assert [question.schema.entities[0].name for question, _ in asked("NER1")] == ["person", "organization", "city/town"]
    assert rows("NER1", 1) == [["Acme_Inc"], ["Acme_Inc"]]
    assert rows("NER1", 2) == [["Rome"], ["Rome"], ["São Paulo"]]


def test_a_span_with_two_types_is_asked_and_given_once() -> None:
    document = DOCUMENTS["en"]
    assert document.entities is not None
    twice = replace(document, entities=(*document.entities, replace(document.entities[0], type="ORG")), relations=())
    (spans,), (types,) = asks("ES", twice, schema("en")), asks("ET", twice, schema("en"))

    assert spans.gold is not None
    assert types.given == spans.gold
    assert [named.text for named in spans.gold.mentions].count("Ann Lee") == 2  # at two places
    assert types.gold is not None
    assert len(types.gold.mentions) == len(spans.gold.mentions) + 1


def test_pairs_are_asked_without_relations_and_each_once() -> None:
    pairs = [["Ann Lee", "Acme_Inc"], ["Acme_Inc", "Rome"], ["Acme_Inc", "Rome"], [BOB, "Acme_Inc"]]
    ((question, ask),) = asked("EPR")

    assert rows("EP") == pairs  # Acme_Inc is in Rome at two places each
    assert question.given is not None
    assert [[t.head.text, t.tail.text] for t in question.given.triples] == pairs
    assert ask.gold is not None
    assert rows("EPR") == [
        ["Ann Lee", "works for", "Acme_Inc"],
        ["Acme_Inc", "located in", "Rome"],
        ["Acme_Inc", "located in", "Rome"],
        [BOB, "dismissed_by", "Acme_Inc"],
        [BOB, "works for", "Acme_Inc"],
    ]


def test_a_pair_is_asked_for_all_its_relations() -> None:
    questions = asked("RC")

    assert [question.given.triples[0].head.text for question, _ in questions if question.given] == [
        "Ann Lee",
        "Acme_Inc",
        "Acme_Inc",
        BOB,
    ]
    assert rows("RC", 3) == [["dismissed_by"], ["works for"]]


def test_joint_lists_entities_then_typed_relations() -> None:
    assert rows("JOINT")[0] == ["Ann Lee", "person"]
    assert rows("JOINT")[-1] == [BOB, "person", "works for", "Acme_Inc", "organization"]
    assert len(rows("JOINT")) == 9 + 5
    assert rows("JOINT")[9:] == rows("SPO")


def test_attributes_have_typed_holders_and_untyped_values() -> None:
    assert rows("KG")[1] == ["Acme_Inc", "organization", "located in", "Rome"]


def test_arguments_are_asked_for_each_event_that_may_have_any() -> None:
    questions = asked("EEA")

    assert [question.given.frames[0].type for question, _ in questions if question.given] == ["HIRE", "FIRE"]  # CRY has no roles
    assert [event.label for event in questions[0][0].schema.events] == ["HIRE"]
    assert rows("EEA", 1) == [["Rome", "place"], ["Acme_Inc", "employer"], [BOB, "employee"]]
    assert rows("EET") == [["joined", "start of work"], ["fired", "end of work"], ["wept", "weeping"]]


def test_events_that_share_type_and_trigger_are_asked_once_with_all_arguments() -> None:
    document = DOCUMENTS["en"]
    assert document.events is not None
    hire = document.events[0]
    first, second = replace(hire, arguments=hire.arguments[:2]), replace(hire, arguments=hire.arguments[1:])
    (ask,) = asks("EEA", replace(document, events=(first, second)), schema("en"))

    assert ask.gold == Answer(
        frames=(
            Frame(
                "HIRE",
                Named("joined", None, 1),
                (Filler("who", "Ann Lee", 1), Filler("firm", "Acme_Inc", 1), Filler("where", "Rome", 1)),
            ),
        )
    )


@pytest.mark.parametrize("task", sorted(TASKS))
def test_an_empty_document_is_asked_unless_something_must_be_given(task: str) -> None:
    answers = [ask.gold for ask in asks(task, EMPTY["en"], schema("en"))]

    expected = {"NER1": [Answer()] * 3}.get(task, [] if TASKS.get(task).gives else [Answer()])
    assert answers == expected


@pytest.mark.parametrize("task", sorted(TASKS))
def test_a_bare_text_is_asked_without_gold_unless_something_must_be_given(task: str) -> None:
    bare = replace(DOCUMENTS["en"], entities=None, relations=None, events=None)
    answers = [ask.gold for ask in asks(task, bare, schema("en"))]

    assert answers == {"NER1": [None] * 3}.get(task, [] if TASKS.get(task).gives else [None])


def test_what_is_not_asked_is_no_gold() -> None:
    document = DOCUMENTS["en"]
    whole = schema("en")
    asked_types = replace(whole, entities=whole.entities[:1], relations=whole.relations[2:], events=whole.events[1:])
    found = {task: [ask.gold for ask in asks(task, document, asked_types)] for task in ("NER", "RE", "SPO", "EE")}

    assert [[m.type for m in gold.mentions] for gold in found["NER"] if gold] == [["PER"] * 4]
    assert [[t.relation for t in gold.triples] for gold in found["RE"] if gold] == [["IN", "IN"]]
    assert found["SPO"] == [Answer()]  # ORG and LOC are not asked
    assert [[f.type for f in gold.frames] for gold in found["EE"] if gold] == [["FIRE", "CRY"]]


def test_relations_without_types_are_no_gold_where_types_are_asked() -> None:
    document = DOCUMENTS["en"]
    assert document.entities is not None
    untyped = replace(document, entities=tuple(replace(entity, type=None) for entity in document.entities))

    assert [ask.gold for task in ("SPO", "KG", "JOINT") for ask in asks(task, untyped, schema("en"))] == [None, None, None]


def test_legal_tasks_follow_from_what_is_annotated_and_what_the_schema_has() -> None:
    whole = schema("en")

    assert legal_tasks(("NER",), whole) == ("ES", "ET", "NER", "NER1")
    assert legal_tasks(("RE",), whole.only({"relations"})) == ("EP", "EPR", "RC", "RE")
    assert legal_tasks(("RE",), whole) == ("EP", "EPR", "KG", "RC", "RE", "SPO")
    assert "JOINT" in legal_tasks(("NER", "RE"), whole)
    assert legal_tasks(("EE",), whole) == ("EE", "EEA", "EET")


@pytest.mark.parametrize("task", sorted(TASKS))
def test_given_parts_survive_json(task: str) -> None:
    for question, ask in asked(task):
        for answer in (question.given, ask.gold):
            assert answer is None or answer_from_json(answer_to_json(answer)) == answer


def test_what_is_none_is_not_written() -> None:
    answer = Answer((Named("a"),), (Triple(Named("a"), None, Named("b", "T", 2)),), (Frame("e", None),))

    assert answer_to_json(answer) == {
        "mentions": [{"text": "a"}],
        "triples": [{"head": {"text": "a"}, "tail": {"text": "b", "type": "T", "occurrence": 2}}],
        "frames": [{"type": "e"}],
    }
