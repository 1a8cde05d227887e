"""How sure an item is: the probability of the tokens that wrote it, through grounding, windows and tasks."""

import math
from dataclasses import replace
from typing import Any

import pytest

from uie.documents import Entity, Mention, Relation
from uie.parsing.assembling import Answered, predicted_document
from uie.parsing.confidence import Tokens
from uie.records.record import Record
from uie.scoring.score import score

TEXT = "Ann met Bob in Rome . Ann left Rome ."
SCHEMAS = {
    "NER": {"entities": {"PER": {"name": "person"}, "LOC": {"name": "place"}}},
    "RE": {"relations": {"knows": {}}},
    "SPO": {"entities": {"PER": {"name": "person"}, "LOC": {"name": "place"}}, "relations": {"knows": {}}},
    "EE": {"events": {"meet": {"roles": {"who": {}}}}},
}


def answered(*tokens: tuple[str, float], task: str = "NER", start: int = 0, end: int | None = None, **more: Any) -> Answered:
    """An answer token by token, each with its probability in percent; behind it stands the ending one, half believed."""
    raw, ends = "", []
    for text, _ in tokens:
        raw += text
        ends.append(len(raw))
    record = Record(
        "i",
        "q",
        None,
        id=f"d#{task}@{start}",
        task=task,
        split="dev",
        format="lines",
        schema=SCHEMAS[task],
        text=TEXT[start:end],
        source={"document_id": "d", "start": start},
    )
    logprobs = [math.log(percent / 100) for _, percent in tokens]
    return Answered(record, raw, logprobs=[*logprobs, math.log(0.5)], ends=[*ends, len(raw)], **more)


def mention(text: str, start: int) -> Mention:
    return Mention(text, start, start + len(text))


# Tokens


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        pytest.param([(0, 3)], 0.5, id="one token"),
        pytest.param([(0, 3), (4, 10)], 0.5 * 0.8 * 0.5, id="two places"),
        pytest.param([(4, 5)], 0.8, id="a part of a token counts as the whole"),
        pytest.param([(1, 2), (0, 3)], 0.5, id="each token once"),
        pytest.param([], None, id="nowhere"),
    ],
)
def test_the_probability_of_places_is_that_of_the_tokens_that_wrote_them(
    places: list[tuple[int, int]], expected: float | None
) -> None:
    probabilities = [0.5, 0.1, 0.8, 0.5, 0.9]  # Ann, _, per, son, the end
    tokens = Tokens([math.log(probability) for probability in probabilities], [3, 4, 7, 10, 10])

    assert tokens.probability(places) == (None if expected is None else pytest.approx(expected))


def test_a_character_of_several_tokens_needs_all_of_them() -> None:
    """王明 of which the first character is three tokens, the second one; a last one ends the answer."""
    tokens = Tokens([math.log(0.5)] * 5, [0, 0, 1, 2, 2])

    assert tokens.probability([(0, 1)]) == pytest.approx(0.125)
    assert tokens.probability([(1, 2)]) == pytest.approx(0.5)
    assert tokens.probability([(0, 2)]) == pytest.approx(0.0625)


def test_no_probability_is_above_one() -> None:
    assert Tokens([1e-7], [3]).probability([(0, 3)]) == 1.0


# Items


def test_an_entity_is_as_sure_as_its_mention_and_its_type_but_not_what_stands_between() -> None:
    document = predicted_document([answered(("Ann", 50), ("_", 10), ("person", 80), ("\n", 10), ("Rome", 90), ("_place", 50))])

    assert document.entities == (
        Entity(mention("Ann", 0), "PER", pytest.approx(0.4)),
        Entity(mention("Rome", 15), "LOC", pytest.approx(0.45)),
    )


def test_without_log_probabilities_nothing_is_sure() -> None:
    document = predicted_document([replace(answered(("Ann_person", 50)), logprobs=None)])

    assert document.entities == (Entity(mention("Ann", 0), "PER"),)


def test_a_relation_is_as_sure_as_its_ends_and_its_name_and_its_ends_as_themselves() -> None:
    document = predicted_document([answered(("Ann", 50), ("_", 10), ("knows", 80), ("_", 10), ("Bob", 90), task="RE")])

    assert document.relations == (Relation("knows", 0, 1, pytest.approx(0.36)),)
    assert [entity.confidence for entity in document.entities or ()] == pytest.approx([0.5, 0.9])


def test_typed_ends_are_as_sure_as_their_type_too() -> None:
    document = predicted_document(
        [answered(("Ann", 50), ("_", 10), ("person", 80), ("_knows_", 50), ("Rome", 90), ("_", 10), ("place", 50), task="SPO")]
    )

    assert document.relations is not None
    assert document.relations[0].confidence == pytest.approx(0.5 * 0.5 * 0.9)
    assert {(e.mention.text, e.type): e.confidence for e in document.entities or ()} == {
        ("Ann", "PER"): pytest.approx(0.4),
        ("Rome", "LOC"): pytest.approx(0.45),
    }


def test_events_and_their_arguments_are_sure_by_themselves() -> None:
    tokens = (("met", 50), ("_", 10), ("meet", 80), ("\n- ", 10), ("Ann", 90), ("_", 10), ("who", 50))

    document = predicted_document([answered(*tokens, task="EE")])

    (event,) = document.events or ()
    assert (event.confidence, event.arguments[0].confidence) == (pytest.approx(0.4), pytest.approx(0.45))


# What several answers say


@pytest.mark.parametrize("order", [1, -1])
def test_of_what_two_windows_share_the_higher_confidence_stays(order: int) -> None:
    windows = [
        answered(("Ann_person", 40), end=33),
        answered(("Ann_person", 70), start=22),
        answered(("Ann_person\n", 60), ("Ann_person", 30)),
    ]

    document = predicted_document(windows[::order], text=TEXT)

    assert document.entities == (
        Entity(mention("Ann", 0), "PER", pytest.approx(0.6)),
        Entity(mention("Ann", 22), "PER", pytest.approx(0.7)),
    )


def test_an_untyped_end_does_not_make_a_typed_entity_surer() -> None:
    ner = answered(("Ann_person", 30), task="NER")
    re = answered(("Ann", 90), ("_knows_", 90), ("Bob", 90), task="RE")

    document = predicted_document([ner, re])

    assert [(e.mention.text, e.type, e.confidence) for e in document.entities or ()] == [
        ("Ann", "PER", pytest.approx(0.3)),
        ("Bob", None, pytest.approx(0.9)),
    ]


def test_a_typed_end_that_an_answer_before_found_has_the_higher_confidence() -> None:
    ner = answered(("Ann_person", 30), task="NER")
    spo = answered(("Ann_person_", 90), ("knows_Bob_person", 80), task="SPO")

    document = predicted_document([ner, spo])

    assert (document.entities or ())[0] == Entity(mention("Ann", 0), "PER", pytest.approx(0.9))


def test_events_that_two_windows_share_have_the_higher_confidence_argument_by_argument() -> None:
    windows = [
        answered(("met_meet", 40), ("\n- ", 90), ("Ann_who", 80), task="EE", end=20),
        answered(("met_meet", 60), ("\n- ", 90), ("Ann_who", 70), task="EE"),
    ]

    (event,) = predicted_document(windows, text=TEXT).events or ()

    assert (event.confidence, event.arguments[0].confidence) == (pytest.approx(0.6), pytest.approx(0.8))


# Answers that are held to the text, and answers that never came


def test_of_a_constrained_answer_what_the_text_has_less_often_is_left_out() -> None:
    one = answered(("Bob_person\n", 90), ("Bob_person", 80), constrained=True)

    document = predicted_document([one])

    assert document.entities == (Entity(mention("Bob", 8), "PER", pytest.approx(0.9)),)
    assert document.problems == ({"kind": "surplus", "piece": "Bob", "record_id": "d#NER@0", "task": "NER"},)
    assert [p["kind"] for p in predicted_document([replace(one, constrained=False)]).problems or ()] == ["repeated"]


def test_surplus_relations_events_and_arguments_are_left_out_too() -> None:
    re = answered(("Ann_knows_Bob\nAnn_knows_Bob\nAnn_knows_Bob", 90), task="RE", constrained=True)
    ee = answered(("met_meet\n- Bob_who\n- Bob_who\nmet_meet\n- Ann_who", 90), task="EE", constrained=True)

    document = predicted_document([re, ee])

    assert [(relation.head, relation.tail) for relation in document.relations or ()] == [(0, 1), (2, 1)]
    assert [(event.type, len(event.arguments)) for event in document.events or ()] == [("meet", 1)]
    assert [problem["kind"] for problem in document.problems or ()] == ["surplus"] * 3


def test_what_the_text_does_not_hold_is_no_surplus() -> None:
    document = predicted_document([answered(("Eve_person", 90), constrained=True)])

    assert document.entities == (Entity(Mention("Eve"), "PER", pytest.approx(0.9)),)
    assert [problem["kind"] for problem in document.problems or ()] == ["ungrounded"]


def test_an_answer_that_never_came_misses_gold_and_finds_nothing_wrong() -> None:
    one = answered(("", 90))

    document = predicted_document([replace(one, raw="", failed="HTTP 500 three times")])

    assert document.entities == ()
    assert document.problems == ({"kind": "failed", "piece": "HTTP 500 three times", "record_id": "d#NER@0", "task": "NER"},)
    gold = replace(document, entities=(Entity(mention("Ann", 0), "PER"),), problems=None, asked=None)
    (row,) = score([gold], [document]).rows
    assert (row.counts.true_positive, row.counts.false_positive, row.counts.false_negative) == (0, 0, 1)
