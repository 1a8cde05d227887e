"""What rules say of themselves, all rules at once, rules that do not fit, and figures and settings of single rules."""

import pytest
from scoring_documents import at, ner, related

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import ScoringError, SettingsError
from uie.scoring import HOLDS, RULES
from uie.scoring.counts import Counts
from uie.scoring.score import ALL, score


def test_every_rule_says_what_it_is() -> None:
    names = RULES.names()

    assert len(names) == 28
    for name in names:
        facts = RULES.get(name).facts
        assert facts.name == name
        assert facts.compares
        assert facts.used_by
        assert facts.source
        assert set(facts.breaks) <= set(HOLDS)


# What the peers' rules get wrong, in numbers


def test_gollie_removes_the_second_type_of_a_span_even_of_gold() -> None:
    gold = ner("d", "Rome fell", (Mention("Rome", 0, 4), "LOC"), (Mention("Rome", 0, 4), "ORG"))

    assert score([gold], [gold], rule="gollie").rows[0].counts == Counts(1, 0, 1)


def test_gollie_keeps_the_first_of_mentions_that_are_too_many() -> None:
    gold = ner("d", "Rome fell", (Mention("Rome", 0, 4), "LOC"))
    right, wrong = (Mention("Rome", 0, 4), "LOC"), (Mention("Rome", 0, 4), "ORG")

    assert score([gold], [ner("d", "Rome fell", right, wrong)], rule="gollie").rows[0].counts == Counts(1, 0, 0)
    assert score([gold], [ner("d", "Rome fell", wrong, right)], rule="gollie").rows[0].counts == Counts(0, 1, 1)


def test_universalner_loses_a_list_with_a_bracket() -> None:
    gold = ner("d", "see [1] of Rome", (Mention("[1]", 4, 7), "REF"), (Mention("Rome", 11, 15), "REF"))

    assert score([gold], [gold], rule="universalner").rows[0].counts == Counts(0, 0, 0)


def test_uie_offsets_put_gold_at_the_first_place() -> None:
    text = "Rome fell, Rome rose"
    gold = ner("d", text, (at(text, "Rome", 2), "LOC"))

    assert score([gold], [gold], rule="uie-offset.first").rows[0].counts == Counts(0, 1, 1)


def test_uie_offsets_gain_from_a_wrong_mention_and_depend_on_order() -> None:
    text = "New York and York"
    gold = ner("d", text, (at(text, "York", 2), "LOC"))
    york, new_york = (at(text, "York"), "LOC"), (at(text, "New York"), "ORG")

    alone = score([gold], [ner("d", text, york)], rule="uie-offset.longer_first").rows[0].counts
    more = score([gold], [ner("d", text, york, new_york)], rule="uie-offset.longer_first").rows[0].counts

    assert (alone, more) == (Counts(0, 1, 1), Counts(1, 1, 0))


def test_spacy_counts_the_second_equal_mention_of_a_prediction_as_wrong() -> None:
    gold = ner("d", "Rome fell", (Mention("Rome", 0, 4), "LOC"), (Mention("Rome", 0, 4), "LOC"))

    assert score([gold], [gold], rule="spacy").rows[0].counts == Counts(1, 1, 0)


# All rules at once, and rules that do not fit


def test_all_rules_score_side_by_side_and_say_why_not() -> None:
    gold = related("d", "Ann met Bob", (Mention("Ann", 0, 3), "met", Mention("Bob", 8, 11)), dataset="news")

    scores = score([gold], [gold], rule=ALL)

    assert scores.rule == "all"
    used = {row.rule for row in scores.rows}
    assert {"strict", "string", "type-only", "gollie", "uie-offset.first"} <= used
    assert used.isdisjoint({"cluener", "muc", "textee"})
    assert "cluener: not scored on news, RE: the rule says nothing of such items." in scores.notes
    assert any(
        note.startswith("any-gold-mention: not scored on news, RE: 1 of 1 documents cannot be taken") for note in scores.notes
    )
    assert all(row.f1 in (0.0, 1.0) for row in scores.rows)


def test_without_offsets_all_rules_are_those_that_need_none() -> None:
    gold = [ner("d", "Rome fell", (Mention("Rome"), "LOC"))]

    scores = score(gold, gold, rule=ALL)

    assert not any(RULES.get(row.rule).needs_offsets for row in scores.rows)
    assert any(
        note.startswith("strict: not scored on no dataset, NER: gold mentions without offsets: 1 of 1") for note in scores.notes
    )


def test_a_rule_that_needs_offsets_is_refused_with_counts_where_there_are_none() -> None:
    gold = [
        ner("a", "Rome fell", (Mention("Rome", 0, 4), "LOC"), dataset="with"),
        ner("b", "Rome fell", (Mention("Rome"), "LOC"), (Mention("fell", 5, 9), "X"), dataset="without"),
    ]

    with pytest.raises(ScoringError) as error:
        score(gold, gold, rule="muc")

    assert str(error.value) == (
        "rule 'muc' needs offsets: without, NER: gold mentions without offsets: 1 of 2. "
        "Score these corpora by 'string', or leave them out."
    )


def test_a_rule_that_says_nothing_of_a_task_is_refused() -> None:
    gold = [related("d", "Ann met Bob", (Mention("Ann", 0, 3), "met", Mention("Bob", 8, 11)), dataset="news")]

    with pytest.raises(ScoringError) as error:
        score(gold, gold, rule="cluener")

    assert str(error.value) == "nothing to score: cluener: not scored on news, RE: the rule says nothing of such items."


# Settings and figures of rules


def test_symmetric_relations_have_no_direction() -> None:
    text = "Ann met Bob"
    ann, bob = at(text, "Ann"), at(text, "Bob")
    gold = [related("d", text, (ann, "met", bob), (ann, "paid", bob), types={"Ann": "A", "Bob": "B"})]
    turned = [related("d", text, (bob, "met", ann), (bob, "paid", ann), types={"Ann": "A", "Bob": "B"})]

    counts = [row.counts for row in score(gold, turned, symmetric=["met"]).rows if "relations" in row.measure]

    assert counts == [Counts(1, 1, 1), Counts(1, 1, 1)]
    with pytest.raises(SettingsError) as error:
        score(gold, turned, rule="gollie", symmetric=["met"])
    assert str(error.value) == "rule 'gollie' knows no symmetric relations; score by strict, string or textee."


def test_cluener_heads_its_tables_with_the_mean_over_types() -> None:
    gold = ner("d", "Rome fell to Ann", (Mention("Rome", 0, 4), "LOC"), (Mention("Ann", 13, 16), "PER"))
    predicted = ner("d", "Rome fell to Ann", (Mention("Rome", 0, 4), "LOC"), (Mention("fell", 5, 9), "LOC"))

    (row,) = score([gold], [predicted], rule="cluener").rows

    assert row.counts == Counts(1, 1, 1)
    assert row.figures == pytest.approx((0.25, 0.5, 1 / 3))
    assert score([gold], [predicted], rule="cluener").aggregates[0].figures == row.figures


def test_weighted_f1_weighs_types_by_their_gold() -> None:
    gold = ner("d", "a b c d", *[(Mention(x, 2 * n, 2 * n + 1), "L" if x != "d" else "M") for n, x in enumerate("abcd")])
    predicted = ner("d", "a b c d", (Mention("d", 6, 7), "M"), (Mention("a", 0, 1), "N"))

    (row,) = score([gold], [predicted]).rows

    assert (row.macro_f1, row.weighted_f1) == (0.5, 0.25)


def test_counts_are_kept_document_by_document() -> None:
    text = "Rome fell"
    gold = [ner(str(n), text, (Mention("Rome", 0, 4), "LOC")) for n in range(3)]
    predicted = [gold[0], ner("1", text), ner("2", text, (Mention("fell", 5, 9), "LOC"))]

    (row,) = score(gold, predicted).rows

    assert row.per_document is not None
    assert row.per_document.ids == ("0", "1", "2")
    assert row.per_document.counts.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 1]]


# Arguments: heads and clusters


def test_an_argument_with_the_right_head_is_right() -> None:
    text = "The old king of France fled."
    whole, short, wrong = at(text, "The old king of France"), at(text, "king"), at(text, "France")
    told = [Document("d", text, events=(Event("flee", at(text, "fled"), (Argument("who", m),)),)) for m in (whole, short, wrong)]

    assert [score([told[0]], [p], rule="head").row("", "EE", "argument classification").counts for p in told] == [
        Counts(1, 0, 0),
        Counts(1, 0, 0),
        Counts(0, 1, 1),
    ]


def test_any_mention_of_the_gold_cluster_is_right_once() -> None:
    text = "Ann left. She met Bob."
    ann, she, bob = at(text, "Ann"), at(text, "She"), at(text, "Bob")
    people = (Entity(ann, "P"), Entity(she, "P"), Entity(bob, "P"))
    gold = Document(
        "d", text, entities=people, relations=(Relation("met", 0, 1, level="cluster"),), events=(), clusters=((0, 1), (2,))
    )
    predicted = Document(
        "d", text, entities=people, relations=(Relation("met", 1, 2), Relation("met", 0, 2), Relation("met", 2, 0))
    )

    (row,) = [row for row in score([gold], [predicted], rule="any-gold-mention").rows if row.task == "RE"]

    assert row.counts == Counts(1, 1, 0)
