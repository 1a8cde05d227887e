"""Scores of the tasks beside NER, RE and EE: what they are measured by, and that they share no row with them."""

from dataclasses import replace

import pytest
from made_up import DOCUMENTS, LABELS

from uie.documents import Document, Entity, Event, Relation
from uie.errors import ScoringError
from uie.scoring.score import score
from uie.scoring.scores import Scores

GOLD = DOCUMENTS["en"]
assert GOLD.entities is not None
assert GOLD.relations is not None
assert GOLD.events is not None


def predicted(task: str, **parts: object) -> Document:
    """A Document that answers one task about everything."""
    kinds = {"entities", "relations", "events"} & set(parts)
    asked = {kind: LABELS[kind] for kind in kinds} | {"lang": "en", "tasks": [task]}
    bare = replace(GOLD, entities=None, relations=None, events=None)
    return replace(bare, asked=asked, **parts)  # type: ignore[arg-type]


def counts(scores: Scores) -> dict[tuple[str, str], tuple[int, int, int]]:
    """True positives, false positives, false negatives by task and measure."""
    return {
        (row.task, row.measure): (row.counts.true_positive, row.counts.false_positive, row.counts.false_negative)
        for row in scores.rows
    }


def test_spans_count_once_and_whatever_their_type() -> None:
    spans = tuple(Entity(entity.mention) for entity in GOLD.entities[:3])
    twice = (*spans, Entity(GOLD.entities[0].mention, "LOC"))

    assert counts(score([GOLD], [predicted("ES", entities=twice)])) == {("ES", "spans"): (3, 0, 6)}


def test_pairs_count_once_whatever_their_relation_and_in_their_direction() -> None:
    pairs = (Relation(None, 5, 4), Relation(None, 0, 1), Relation(None, 2, 1))

    found = counts(score([GOLD], [predicted("EP", entities=GOLD.entities, relations=pairs)]))

    assert found == {("EP", "pairs"): (2, 1, 2)}  # gold: Ann-Acme, Acme-Rome twice, Bob-Acme


def test_given_pairs_and_types_are_scored_apart_and_the_report_says_so() -> None:
    relations = predicted("EPR", entities=GOLD.entities, relations=GOLD.relations[:2])
    types = predicted("ET", entities=GOLD.entities[:1])
    ner = predicted("NER", entities=GOLD.entities)

    scores = score([GOLD], [ner, types, relations])

    assert counts(scores) == {
        ("NER", "entities"): (9, 0, 0),
        ("ET", "entities"): (1, 0, 8),
        ("EPR", "relations boundary"): (2, 0, 3),
    }
    assert scores.notes == ("no dataset, ET: answered with gold parts given.", "no dataset, EPR: answered with gold parts given.")
    assert scores.documents == 1


def test_typed_relations_must_have_their_types() -> None:
    wrong = tuple(replace(entity, type="LOC") if index == 0 else entity for index, entity in enumerate(GOLD.entities))

    found = counts(score([GOLD], [predicted("SPO", entities=wrong, relations=GOLD.relations)]))

    assert found == {("SPO", "relations boundary"): (5, 0, 0), ("SPO", "relations strict"): (4, 1, 1)}


def test_joint_has_the_rows_of_entities_and_of_typed_relations() -> None:
    found = counts(score([GOLD], [predicted("JOINT", entities=GOLD.entities, relations=GOLD.relations[:1])]))

    assert found == {
        ("JOINT", "entities"): (9, 0, 0),
        ("JOINT", "relations boundary"): (1, 0, 4),
        ("JOINT", "relations strict"): (1, 0, 4),
    }


def test_triggers_are_scored_without_arguments_and_arguments_without_triggers() -> None:
    triggers = tuple(Event(event.type, event.trigger) for event in GOLD.events)

    assert counts(score([GOLD], [predicted("EET", events=triggers)])) == {
        ("EET", "trigger identification"): (3, 0, 0),
        ("EET", "trigger classification"): (3, 0, 0),
    }
    assert counts(score([GOLD], [predicted("EEA", events=GOLD.events[:1])])) == {
        ("EEA", "argument identification"): (3, 0, 3),
        ("EEA", "argument classification"): (3, 0, 3),
        ("EEA", "argument attached"): (3, 0, 3),
    }


def test_a_malformed_piece_counts_against_its_own_task() -> None:
    problem = {"kind": "malformed", "piece": "?", "record_id": "r", "task": "ES"}
    spans = replace(predicted("ES", entities=()), problems=(problem,))
    ner = predicted("NER", entities=GOLD.entities)

    assert counts(score([GOLD], [ner, spans])) == {("NER", "entities"): (9, 0, 0), ("ES", "spans"): (0, 1, 9)}


@pytest.mark.parametrize("second", ["NER", ""])
def test_two_answers_to_one_task_about_one_document_are_refused(second: str) -> None:
    ner = predicted("NER", entities=GOLD.entities)
    other = ner if second else replace(ner, asked=None)

    with pytest.raises(ScoringError, match="ids given twice among the predictions: 1, such as 'made-up/en'"):
        score([GOLD], [ner, other])
