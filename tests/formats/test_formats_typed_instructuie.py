"""The dialect `typed.instructuie`, byte for byte as InstructUIE's builder writes it, and what is lost."""

import json
import os
from pathlib import Path

import pytest
from made_up import asked

from uie.formats import typed_instructuie as fmt
from uie.schema import read_schema
from uie.tasks.question import Answer, Filler, Frame, Named, Question, Triple

SCHEMA = read_schema(
    {
        "entities": {"person": None, "location": None, "NA": None},
        "relations": {"born in": None, "NA": None},
        "events": {"attack": {"roles": ["victim", "instrument"]}, "die": None},
    }
)
BOMBED = Frame("attack", Named("bombed"), (Filler("victim", "Bob"), Filler("instrument", "knife")))
DIED = Frame("die", Named("killed"))
BORN = Answer(triples=(Triple(Named("Bob"), "born in", Named("Paris")), Triple(Named("Ann"), "born in", Named("Rome"))))
TYPED = Answer(mentions=(Named("Bob", "person"), Named("Paris", "location")))
WRITTEN = {
    "NER": (TYPED, " person: Bob; location: Paris"),
    "ET": (TYPED, " person: Bob; location: Paris"),
    "ES": (Answer(mentions=(Named("Bob"), Named("Paris"))), " Bob, Paris"),
    "RE": (BORN, " born in: Bob, Paris; born in: Ann, Rome"),
    "EPR": (BORN, " born in: Bob, Paris; born in: Ann, Rome"),
    "EP": (
        Answer(triples=(Triple(Named("Bob"), None, Named("Paris")), Triple(Named("Ann"), None, Named("Rome")))),
        " Bob, Paris; Ann, Rome",
    ),
    "EE": (Answer(frames=(BOMBED, DIED)), " ( attack: bombed,  Bob: victim, knife: instrument) , ( die: killed, None) "),
    "EET": (Answer(frames=(Frame("attack", Named("bombed")), DIED)), " attack: bombed; die: killed"),
    "EEA": (Answer(frames=(BOMBED,)), " Bob: victim; knife: instrument"),
}


def question_of(task: str, text: str = "", lang: str = "en") -> Question:
    given = Answer(frames=(Frame("attack", Named("bombed")),)) if task == "EEA" else None
    return Question(task, SCHEMA, text, lang, given)


def test_the_table_has_every_task() -> None:
    assert set(WRITTEN) == set(fmt.TASKS)


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_answers_are_written_as_published_and_read_again(task: str, lang: str) -> None:
    question, (answer, written) = question_of(task, lang=lang), WRITTEN[task]

    assert fmt.encode(answer, question) == written
    assert fmt.decode(written, question) == (answer, ())


@pytest.mark.parametrize("task", fmt.TASKS)
def test_spacing_does_not_matter_to_a_reader(task: str) -> None:
    question, (answer, written) = question_of(task), WRITTEN[task]

    assert fmt.decode(written.strip(), question) == (answer, ())
    assert fmt.decode(written.replace(", ", ",").replace("; ", ";").replace(": ", ":") + "\n", question) == (answer, ())


@pytest.mark.parametrize("task", fmt.TASKS)
def test_nothing_is_one_word_behind_a_space(task: str) -> None:
    for lang in ("en", "zh"):
        told = fmt.describe(question_of(task, lang=lang))

        assert fmt.encode(Answer(), question_of(task, lang=lang)) == " None"
        assert told.none_word == "None"
        assert "None" in told.answer_rule
    for raw in (" None", "None"):
        assert fmt.decode(raw, question_of(task)) == (Answer(), ())


def test_the_type_that_stands_for_none_is_left_out() -> None:
    assert fmt.encode(Answer(mentions=(Named("a", "NA"), Named("Bob", "person"))), question_of("NER")) == " person: Bob"
    assert fmt.encode(Answer(triples=(Triple(Named("a"), "NA", Named("b")),)), question_of("RE")) == " None"


def test_quotes_in_triggers_are_replaced_as_published_and_those_in_arguments_are_not() -> None:
    answer = Answer(frames=(Frame("attack", Named("shoot 'em"), (Filler("victim", "Bob's"),)),))
    written = " ( attack: shoot #$%#em,  Bob's: victim) "

    assert fmt.encode(answer, question_of("EE")) == written
    assert fmt.decode(written, question_of("EE")) == (answer, ())


def test_the_text_tells_which_separators_belong_to_a_mention() -> None:
    text = "A; B Corp of Rome, Italy (Bob's at 10:30) bombed it."
    for task, answer in {
        "NER": Answer(mentions=(Named("A; B Corp", "location"), Named("10:30", "location"))),
        "RE": Answer(triples=(Triple(Named("Rome, Italy"), "born in", Named("Bob")),)),
        "EP": Answer(triples=(Triple(Named("Bob"), None, Named("Rome, Italy")),)),
        "EE": Answer(frames=(Frame("attack", Named("bombed"), (Filler("victim", "Rome, Italy (Bob's at 10:30)"),)),)),
        "EEA": Answer(frames=(Frame("attack", Named("bombed"), (Filler("victim", "A; B Corp"), Filler("victim", "10:30"))),)),
    }.items():
        question = question_of(task, text)

        assert fmt.decode(fmt.encode(answer, question), question) == (answer, ())


def test_commas_in_spans_are_lost_as_published() -> None:
    question = question_of("ES", "Rome, Italy")
    written = fmt.encode(Answer(mentions=(Named("Rome, Italy"),)), question)

    assert written == " Rome, Italy"
    assert fmt.decode(written, question) == (Answer(mentions=(Named("Rome"), Named("Italy"))), ())


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_made_up_documents_come_back(task: str, lang: str) -> None:
    for question, ask in asked(task, lang):
        assert ask.gold is not None
        answer, problems = fmt.decode(fmt.encode(ask.gold, question), question)

        assert (answer.without_occurrences(), problems) == (ask.gold.without_occurrences(), ())


# Real records, written here a second time and independently.


@pytest.mark.skipif("UIE_CORPORA" not in os.environ, reason="needs the corpora")
def test_real_relations_and_events_are_written_as_the_builder_writes_them() -> None:
    folder = Path(os.environ["UIE_CORPORA"]) / "instructuie_derived" / "IE_INSTRUCTIONS"
    relations = json.loads((folder / "RE/conll04/train.json").read_text(encoding="utf-8"))
    events = json.loads((folder / "EE/PHEE/train.json").read_text(encoding="utf-8"))
    assert len(relations) > 500
    assert len(events) > 500

    for row in relations:
        answer = Answer(
            triples=tuple(Triple(Named(one["head"]["name"]), one["type"], Named(one["tail"]["name"])) for one in row["relations"])
        )
        written = "; ".join("{}: {}, {}".format(one["type"], one["head"]["name"], one["tail"]["name"]) for one in row["relations"])
        assert fmt.encode(answer, Question("RE", read_schema({}), row["sentence"])) == f" {written or 'None'}"
    for row in events:
        answer = Answer(
            frames=tuple(
                Frame(one["type"], Named(one["trigger"]), tuple(Filler(a["role"], a["name"]) for a in one["arguments"]))
                for one in row["events"]
            )
        )
        written = ",".join(
            " ( {}: {}, {}) ".format(
                one["type"],
                one["trigger"].replace("'", "#$%#"),
                ",".join(" {}: {}".format(a["name"], a["role"]) for a in one["arguments"]) or "None",
            )
            for one in row["events"]
        )
        assert fmt.encode(answer, Question("EE", read_schema({}), row["sentence"])) == (written or " None")
