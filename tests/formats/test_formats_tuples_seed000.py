"""The dialect `tuples.seed000`, byte for byte as the project's builder writes it, and what is lost."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from made_up import asked

from uie.formats import tuples_seed000 as fmt
from uie.schema import read_schema
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question, Triple

SCHEMA = read_schema(
    {
        "entities": {"person": None, "location": None, "NA": None},
        "relations": {"born in": None, "NA": None},
        "events": {"attack": {"roles": ["victim", "instrument", "place(s)"]}, "die": None},
    }
)
BOB, PARIS = Named("Bob"), Named("Paris")
WRITTEN = [
    ("NER", Answer(mentions=(Named("Bob", "person"), Named("Paris", "location"))), "(Bob, person), (Paris, location)"),
    ("NER", Answer(mentions=(Named("Bob", "person", 1), Named("Bob", "person", 2))), "(Bob, person), (Bob, person)"),
    ("RE", Answer(triples=(Triple(BOB, "born in", PARIS),)), "(Bob, born in, Paris)"),
    (
        "EE",
        Answer(frames=(Frame("attack", Named("bombed"), (Filler("victim", "Bob"), Filler("place(s)", "Rome (Italy)"))), Frame("die", Named("died")))),
        "(type:attack, trigger:bombed, arguments:(name:Bob,role:victim), (name:Rome (Italy),role:place(s))), (type:die, trigger:died, arguments:None)",
    ),
    *((task, Answer(), "None") for task in fmt.TASKS),
]  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("task", "answer", "written"), WRITTEN)
def test_answers_are_written_as_published_and_read_again(task: str, answer: Answer, written: str, lang: str) -> None:
    question = Question(task, SCHEMA, "", lang)

    assert fmt.encode(answer, question) == written
    assert fmt.decode(written, question) == (answer.without_occurrences(), ())
    assert fmt.decode(f" {written.replace(', ', ',')}\n", question) == (answer.without_occurrences(), ())


@pytest.mark.parametrize(
    ("task", "answer", "written"),
    [
        ("NER", Answer(mentions=(Named("Bob", "person"), Named("Rome", "NA"))), "(Bob, person)"),
        ("RE", Answer(triples=(Triple(BOB, "NA", PARIS),)), "None"),
    ],
)
def test_the_type_that_stands_for_none_is_left_out(task: str, answer: Answer, written: str) -> None:
    assert fmt.encode(answer, Question(task, SCHEMA, "")) == written


def test_quotes_in_triggers_are_replaced_as_published_and_those_in_arguments_are_not() -> None:
    question = Question("EE", SCHEMA, "")
    answer = Answer(frames=(Frame("attack", Named("shoot 'em"), (Filler("victim", "Bob's"),)),))
    written = "(type:attack, trigger:shoot #$%#em, arguments:(name:Bob's,role:victim))"

    assert fmt.encode(answer, question) == written
    assert fmt.decode(written, question) == (answer, ())
    assert fmt.decode(written.replace("#$%#", "'"), question) == (answer, ())


def test_the_text_tells_which_commas_belong_to_a_mention() -> None:
    question = Question("NER", SCHEMA, "Bob Ray, Jr. (70) lives in Paris, France.")
    answer = Answer(mentions=(Named("Bob Ray, Jr. (70)", "person"), Named("Paris, France", "location")))

    assert fmt.decode(fmt.encode(answer, question), question) == (answer, ())


def test_of_events_nothing_is_lost_whatever_order_their_keys_have() -> None:
    question = Question("EE", SCHEMA, "Bob died; they bombed.")
    died, bombed = Frame("die", Named("died")), Frame("attack", Named("bombed"))

    assert fmt.decode("(trigger:died, type:die, arguments:None)", question) == (
        Answer(frames=(died,)),
        (Problem("repaired", "(trigger:died, type:die, arguments:None)"),),
    )
    assert [frame.type for frame in fmt.decode("(type:die), (type:attack, trigger:bombed)", question)[0].frames] == [
        "die",
        "attack",
    ]
    assert fmt.decode("(type:die), (type:attack, trigger:bombed)", question)[0].frames[1] == bombed


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_made_up_documents_come_back(task: str, lang: str) -> None:
    (question, ask), *_ = asked(task, lang)
    assert ask.gold is not None

    assert fmt.decode(fmt.encode(ask.gold, question), question) == (ask.gold.without_occurrences(), ())


@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_rule_names_the_none_word(task: str) -> None:
    for lang in ("en", "zh"):
        told = fmt.describe(Question(task, SCHEMA, "", lang))

        assert told.none_word == "None"
        assert "None" in told.answer_rule


# Real records, written here a second time and independently.

CORPORA = Path(os.environ.get("UIE_CORPORA", "")) / "instructuie_derived" / "IE_INSTRUCTIONS"


def rows(folder: str) -> list[dict[str, Any]]:
    return json.loads((CORPORA / folder / "train.json").read_text(encoding="utf-8"))


@pytest.mark.skipif("UIE_CORPORA" not in os.environ, reason="needs the corpora")
def test_real_entities_and_events_are_written_as_the_builder_writes_them() -> None:
    entities, events = rows("NER/CrossNER_AI"), rows("EE/PHEE")
    assert len(entities) > 90
    assert len(events) > 500

    for row in entities:
        answer = Answer(mentions=tuple(Named(one["name"], one["type"]) for one in row["entities"]))
        written = ", ".join("({}, {})".format(one["name"], one["type"]) for one in row["entities"]) or "None"
        assert fmt.encode(answer, Question("NER", read_schema({}), row["sentence"])) == written
    for row in events:
        answer = Answer(
            frames=tuple(
                Frame(one["type"], Named(one["trigger"]), tuple(Filler(a["role"], a["name"]) for a in one["arguments"]))
                for one in row["events"]
            )
        )
        written = ", ".join(
            "(type:{}, trigger:{}, arguments:{})".format(
                one["type"],
                one["trigger"].replace("'", "#$%#"),
                ", ".join("(name:{},role:{})".format(a["name"], a["role"]) for a in one["arguments"]) or "None",
            )
            for one in row["events"]
        )
        assert fmt.encode(answer, Question("EE", read_schema({}), row["sentence"])) == (written or "None")
