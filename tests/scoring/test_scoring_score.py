"""The situations of a score, one by one, with counts worked out by hand."""

from dataclasses import replace

import pytest
from scoring_documents import at, event, ner, problems, related

from uie.documents import Argument, Document, Event, Mention, Relation
from uie.errors import SchemaError, ScoringError, SettingsError
from uie.scoring import RULES
from uie.scoring.counts import Counts
from uie.scoring.scope import AnswerPair
from uie.scoring.score import score
from uie.scoring.scores import Scores

TEXT = "Rome fell. Ann Lee left Rome for New York City; rome slept, and A, B; C Ltd paid."
ROME, ROME_2 = at(TEXT, "Rome", 1), at(TEXT, "Rome", 2)
ANN, ANN_LEE = at(TEXT, "Ann"), at(TEXT, "Ann Lee")
NEW_YORK_CITY, NEW_YORK = at(TEXT, "New York City"), at(TEXT, "New York")
COMPANY = at(TEXT, "A, B; C Ltd")


def counts_of(scores: Scores, measure: str) -> Counts:
    (row,) = [row for row in scores.rows if row.measure == measure]
    return row.counts


def measures_of(scores: Scores) -> list[str]:
    return [row.measure for row in scores.rows]


# Entities


@pytest.mark.parametrize(
    ("gold", "predicted", "strict", "string"),
    [
        pytest.param([], [], (0, 0, 0), (0, 0, 0), id="nothing there, nothing predicted"),
        pytest.param([], [(ROME, "LOC")], (0, 1, 0), (0, 1, 0), id="nothing there, one predicted"),
        pytest.param([(ROME, "LOC")], [], (0, 0, 1), (0, 0, 1), id="one there, nothing predicted"),
        pytest.param([(ROME, "LOC")], [(ROME, "LOC")] * 2, (1, 1, 0), (1, 1, 0), id="duplicate prediction"),
        pytest.param(
            [(ROME, "LOC"), (ROME_2, "LOC")], [(ROME, "LOC"), (ROME_2, "LOC")], (2, 0, 0), (2, 0, 0), id="repeated mention, both"
        ),
        pytest.param([(ROME, "LOC"), (ROME_2, "LOC")], [(ROME, "LOC")], (1, 0, 1), (1, 0, 1), id="repeated mention, one"),
        pytest.param([(ROME, "LOC")], [(ROME_2, "LOC")], (0, 1, 1), (1, 0, 0), id="right string at the wrong place"),
        pytest.param(
            [(NEW_YORK_CITY, "LOC"), (NEW_YORK, "LOC")], [(NEW_YORK, "LOC")], (1, 0, 1), (1, 0, 1), id="nested, inner found"
        ),
        pytest.param([(ROME, "LOC")], [(ROME, "ORG")], (0, 1, 1), (0, 1, 1), id="wrong type"),
        pytest.param([(ROME, "LOC"), (ROME, "ORG")], [(ROME, "ORG")], (1, 0, 1), (1, 0, 1), id="one span with two types"),
        pytest.param([(ANN_LEE, "PER")], [(ANN, "PER")], (0, 1, 1), (0, 1, 1), id="boundary too short"),
        pytest.param([(ANN, "PER")], [(at(TEXT, "Ann "), "PER")], (0, 1, 1), (0, 1, 1), id="boundary off by one"),
        pytest.param([(ROME, "LOC")], [(at(TEXT, "rome"), "LOC")], (0, 1, 1), (0, 1, 1), id="other case"),
        pytest.param([(COMPANY, "ORG")], [(COMPANY, "ORG")], (1, 0, 0), (1, 0, 0), id="comma and semicolon in a mention"),
        pytest.param([(ROME, "LOC")], [(Mention("Paris"), "LOC")], (0, 1, 1), (0, 1, 1), id="invented mention"),
        pytest.param([(ROME, "LOC")], [(Mention("Rome"), "LOC")], (0, 1, 1), (1, 0, 0), id="ungrounded prediction"),
        pytest.param([(ROME, "LOC"), (ANN, None)], [(ROME, "LOC")], (1, 0, 0), (1, 0, 0), id="untyped entities are no gold"),
    ],
)
def test_entities(gold: list, predicted: list, strict: tuple[int, int, int], string: tuple[int, int, int]) -> None:
    documents = [ner("d", TEXT, *gold)], [ner("d", TEXT, *predicted, problems=())]  # as parsed

    by_strict = score(*documents)
    by_string = score(*documents, rule="string")

    assert counts_of(by_strict, "entities") == Counts(*strict)
    assert counts_of(by_string, "entities") == Counts(*string)


def test_fragments_belong_to_the_place_of_a_discontinuous_mention() -> None:
    text = "left and right arm"
    parts = Mention("left arm", 0, 18, ((0, 4), (15, 18)))
    whole = Mention(text, 0, 18)

    right = score([ner("d", text, (parts, "BODY"))], [ner("d", text, (parts, "BODY"))])
    wrong = score([ner("d", text, (parts, "BODY"))], [ner("d", text, (whole, "BODY"))])

    assert counts_of(right, "entities") == Counts(1, 0, 0)
    assert counts_of(wrong, "entities") == Counts(0, 1, 1)


# Malformed pieces and other problems


@pytest.mark.parametrize("rule", ["strict", "string"])
def test_each_malformed_piece_is_one_false_positive(rule: str) -> None:
    gold = [ner("d", TEXT, (ROME, "LOC"))]
    predicted = [ner("d", TEXT, (ROME, "LOC"), problems=problems("malformed", "malformed", task="NER"))]

    scores = score(gold, predicted, rule=rule)

    assert counts_of(scores, "entities") == Counts(1, 2, 0)
    assert scores.rows[0].by_type == {"LOC": Counts(1, 0, 0)}  # they have no type


@pytest.mark.parametrize("kind", ["empty", "truncated", "repaired_type", "ungrounded", "repeated", "unknown_type"])
def test_other_problems_are_no_further_false_positives(kind: str) -> None:
    scores = score([ner("d", TEXT, (ROME, "LOC"))], [ner("d", TEXT, (ROME, "LOC"), problems=problems(kind, task="NER"))])

    assert counts_of(scores, "entities") == Counts(1, 0, 0)
    salvaged = {"salvaged": 1} if kind == "repaired_type" else {}
    assert [(audit.documents, audit.pieces, audit.affected) for audit in scores.audits] == [
        (1, {**salvaged, kind: 1}, {**salvaged, kind: 1})
    ]


def test_a_malformed_piece_counts_for_its_own_task_only() -> None:
    base = related("d", TEXT, (ANN_LEE, "left", ROME), types={"Ann Lee": "PER", "Rome": "LOC"}, events=())
    predicted = replace(base, problems=problems("malformed", task="EE") + problems("malformed", task="RE"))

    scores = score([base], [predicted])

    assert {row.measure: row.counts.false_positive for row in scores.rows} == {
        "entities": 0,
        "relations boundary": 1,
        "relations strict": 1,
        "trigger identification": 1,
        "trigger classification": 1,
        "argument identification": 0,
        "argument classification": 0,
        "argument attached": 0,
    }


def test_a_malformed_piece_without_a_task_belongs_to_the_only_task_asked() -> None:
    base = related("d", TEXT, (ANN_LEE, "left", ROME), types={"Ann Lee": "PER", "Rome": "LOC"})
    predicted = replace(base, problems=problems("malformed"), asked={"relations": ["left"]})

    assert counts_of(score([base], [predicted]), "relations boundary") == Counts(1, 1, 0)


def test_a_malformed_piece_that_could_be_of_several_tasks_is_refused() -> None:
    base = related("d", TEXT, (ANN_LEE, "left", ROME), types={"Ann Lee": "PER", "Rome": "LOC"})
    predicted = replace(base, problems=problems("malformed"))

    with pytest.raises(ScoringError) as error:
        score([base], [predicted])

    assert (
        str(error.value) == "document 'd': a malformed piece names no task, and NER and RE were asked; give the problem a \"task\"."
    )


def test_audits_count_pieces_and_the_documents_that_have_one() -> None:
    gold = [ner(id, TEXT, dataset="news") for id in "abc"]
    kinds = {"a": ("malformed", "malformed", "empty"), "b": ("malformed",), "c": ()}
    predicted = [replace(document, problems=problems(*kinds[document.id], task="NER")) for document in gold]

    scores = score(gold, predicted)

    assert [(audit.dataset, audit.documents, audit.pieces, audit.affected) for audit in scores.audits] == [
        ("news", 3, {"empty": 1, "malformed": 3}, {"empty": 1, "malformed": 2})
    ]


# What was asked


def test_gold_is_restricted_to_the_types_that_were_asked() -> None:
    gold = [ner("d", TEXT, (ROME, "LOC"), (ANN_LEE, "PER"))]
    predicted = [ner("d", TEXT, (ROME, "LOC"), asked={"entities": {"LOC": "a place"}})]

    assert counts_of(score(gold, predicted), "entities") == Counts(1, 0, 0)


def test_a_predicted_type_that_was_not_asked_is_a_false_positive() -> None:
    gold = [ner("d", TEXT, (ROME, "LOC"), (ANN_LEE, "PER"))]
    predicted = [ner("d", TEXT, (ROME, "LOC"), (ANN_LEE, "PER"), asked={"entities": ["LOC"]})]

    assert counts_of(score(gold, predicted), "entities") == Counts(1, 1, 0)


def test_a_kind_that_was_not_asked_is_not_scored() -> None:
    gold = [related("d", TEXT, (ANN_LEE, "left", ROME), types={"Ann Lee": "PER", "Rome": "LOC"}, events=())]
    predicted = [related("d", TEXT, (ANN_LEE, "left", ROME), asked={"relations": ["left"]})]

    assert measures_of(score(gold, predicted)) == ["relations boundary"]


def test_bare_relation_arguments_are_no_gold_for_entities() -> None:
    gold = [related("d", TEXT, (ANN_LEE, "left", ROME))]

    assert measures_of(score(gold, gold)) == ["relations boundary"]


def test_asked_without_any_kind_means_everything() -> None:
    gold = [ner("d", TEXT, (ROME, "LOC"))]

    assert counts_of(score(gold, [replace(gold[0], asked={"lang": "en"})]), "entities") == Counts(1, 0, 0)


def test_roles_that_were_not_asked_are_not_missed() -> None:
    gold = [Document("d", TEXT, events=(event("leave", at(TEXT, "left"), ("who", ANN_LEE), ("from", ROME_2)),))]
    asked = {"events": {"leave": {"roles": ["who"]}}}
    predicted = [Document("d", TEXT, events=(event("leave", at(TEXT, "left"), ("who", ANN_LEE)),), asked=asked)]

    assert counts_of(score(gold, predicted), "argument classification") == Counts(1, 0, 0)


def test_without_asked_roles_arguments_have_no_row() -> None:
    gold = [Document("d", TEXT, events=(event("leave", at(TEXT, "left"), ("who", ANN_LEE)),))]
    predicted = [Document("d", TEXT, events=(event("leave", at(TEXT, "left")),), asked={"events": ["leave"]})]

    assert measures_of(score(gold, predicted)) == ["trigger identification", "trigger classification"]


def test_a_broken_asked_names_its_document() -> None:
    gold = [ner("d", TEXT)]

    with pytest.raises(SchemaError) as error:
        score(gold, [replace(gold[0], asked={"entities": 3})])

    assert str(error.value) == "document 'd': asked: entities: expected a mapping or a list of labels, found 3."


# Relations

TYPES = {"Ann Lee": "PER", "Rome": "LOC"}


@pytest.mark.parametrize(
    ("predicted", "types", "boundary", "strict"),
    [
        pytest.param([(ANN_LEE, "left", ROME_2)], TYPES, (1, 0, 0), (1, 0, 0), id="right"),
        pytest.param([(ROME_2, "left", ANN_LEE)], TYPES, (0, 1, 1), (0, 1, 1), id="reversed"),
        pytest.param([(ANN_LEE, "fled", ROME_2)], TYPES, (0, 1, 1), (0, 1, 1), id="wrong relation"),
        pytest.param([(ANN, "left", ROME_2)], {"Ann": "PER", "Rome": "LOC"}, (0, 1, 1), (0, 1, 1), id="head too short"),
        pytest.param([(ANN_LEE, "left", ROME)], TYPES, (0, 1, 1), (0, 1, 1), id="tail at another place"),
        pytest.param([(ANN_LEE, "left", ROME_2)] * 2, TYPES, (1, 1, 0), (1, 1, 0), id="twice"),
        pytest.param([(ANN_LEE, "left", ROME_2)], {"Ann Lee": "PER", "Rome": "ORG"}, (1, 0, 0), (0, 1, 1), id="wrong type"),
        pytest.param([], TYPES, (0, 0, 1), (0, 0, 1), id="nothing predicted"),
    ],
)
def test_relations(predicted: list, types: dict[str, str], boundary: tuple, strict: tuple) -> None:
    gold = [related("d", TEXT, (ANN_LEE, "left", ROME_2), types=TYPES)]

    scores = score(gold, [related("d", TEXT, *predicted, types=types)])

    assert counts_of(scores, "relations boundary") == Counts(*boundary)
    assert counts_of(scores, "relations strict") == Counts(*strict)


@pytest.mark.parametrize(
    ("gold_types", "predicted_types", "asked"),
    [
        pytest.param(TYPES, {}, {"entities": ["PER", "LOC"], "relations": ["left"]}, id="predicted arguments have no types"),
        pytest.param({}, TYPES, {"entities": ["PER", "LOC"], "relations": ["left"]}, id="gold arguments have no types"),
        pytest.param(TYPES, TYPES, {"relations": ["left"]}, id="types were not asked"),
    ],
)
def test_relations_strict_is_absent_where_types_are_no_part_of_it(gold_types: dict, predicted_types: dict, asked: dict) -> None:
    gold = [related("d", TEXT, (ANN_LEE, "left", ROME_2), types=gold_types)]
    predicted = [related("d", TEXT, (ANN_LEE, "left", ROME_2), types=predicted_types, asked=asked)]

    assert "relations strict" not in measures_of(score(gold, predicted))
    assert counts_of(score(gold, predicted), "relations boundary") == Counts(1, 0, 0)


def test_gold_is_restricted_to_the_relations_that_were_asked() -> None:
    gold = [related("d", TEXT, (ANN_LEE, "left", ROME_2), (ANN_LEE, "born in", ROME))]
    predicted = [related("d", TEXT, (ANN_LEE, "left", ROME_2), asked={"relations": ["left"]})]

    assert counts_of(score(gold, predicted), "relations boundary") == Counts(1, 0, 0)


def test_gold_relations_between_clusters_are_left_out_and_noted() -> None:
    base = related("d", TEXT, (ANN_LEE, "left", ROME_2), types=TYPES)
    between = Relation("left", 0, 1, level="cluster")
    gold = replace(base, relations=(*base.relations, between), clusters=((0,), (1,)), dataset="dialogue")

    scores = score([gold], [base])

    assert counts_of(scores, "relations boundary") == Counts(1, 0, 0)
    assert scores.notes == ("dialogue, RE: gold relations between clusters, which are not scored: 1.",)


# Events

STORY = "Rebels hit Aleppo and shelled Homs."
REBELS, HIT, ALEPPO, SHELLED, HOMS = (at(STORY, word) for word in ("Rebels", "hit", "Aleppo", "shelled", "Homs"))


def test_two_events_of_one_type_that_share_an_argument() -> None:
    gold = event("attack", HIT, ("by", REBELS), ("place", ALEPPO)), event("attack", SHELLED, ("by", REBELS), ("place", HOMS))
    predicted = event("attack", HIT, ("by", REBELS), ("place", HOMS)), event("attack", SHELLED, ("by", REBELS))

    scores = score([Document("d", STORY, events=gold)], [Document("d", STORY, events=predicted)])

    assert {row.measure: row.counts for row in scores.rows} == {
        "trigger identification": Counts(2, 0, 0),
        "trigger classification": Counts(2, 0, 0),
        "argument identification": Counts(3, 0, 1),
        "argument classification": Counts(3, 0, 1),
        "argument attached": Counts(2, 1, 2),  # Homs hangs on the wrong trigger
    }


def test_wrong_event_type_and_wrong_role() -> None:
    gold = event("attack", HIT, ("by", REBELS), ("place", ALEPPO)), event("attack", SHELLED)
    predicted = event("attack", HIT, ("victim", REBELS), ("place", ALEPPO)), event("travel", SHELLED, ("place", HOMS))

    scores = score([Document("d", STORY, events=gold)], [Document("d", STORY, events=predicted)])

    assert {row.measure: row.counts for row in scores.rows} == {
        "trigger identification": Counts(2, 0, 0),
        "trigger classification": Counts(1, 1, 1),
        "argument identification": Counts(2, 1, 0),
        "argument classification": Counts(1, 2, 1),
        "argument attached": Counts(1, 2, 1),
    }
    (roles,) = [row for row in scores.rows if row.measure == "argument classification"]
    assert roles.by_type == {
        "attack/by": Counts(0, 0, 1),
        "attack/place": Counts(1, 0, 0),
        "attack/victim": Counts(0, 1, 0),
        "travel/place": Counts(0, 1, 0),
    }
    assert roles.macro_f1 == 0.5  # of attack/by (0) and attack/place (1): gold has no others


def test_an_event_without_trigger_equals_only_another_without() -> None:
    gold = event("attack", None, ("by", REBELS)), event("attack", HIT)
    predicted = event("attack", None, ("by", REBELS)), event("attack", None)

    scores = score([Document("d", STORY, events=gold)], [Document("d", STORY, events=predicted)])

    assert counts_of(scores, "trigger classification") == Counts(1, 1, 1)
    assert counts_of(scores, "argument attached") == Counts(1, 0, 0)


@pytest.mark.parametrize("asked", [None, {"events": {"attack": {"roles": ["with"]}}}], ids=["everything", "one type of two"])
def test_an_argument_that_is_an_event_stands_for_its_trigger(asked: dict | None) -> None:
    linked = Event("travel", SHELLED), Event("attack", HIT, (Argument("with", event=0),))
    written = [event("attack", HIT, ("with", SHELLED))] + ([] if asked else [event("travel", SHELLED)])

    scores = score([Document("d", STORY, events=linked)], [Document("d", STORY, events=tuple(written), asked=asked)])

    assert {row.measure: row.counts.f1 for row in scores.rows} == dict.fromkeys(measures_of(scores), 1.0)


# Corpora without offsets, several corpora


GOLD_OF_TWO = [
    ner("a", TEXT, (ROME, "LOC"), dataset="with"),
    ner("b", TEXT, (Mention("Rome"), "LOC"), (ANN_LEE, "PER"), dataset="without"),
]
PREDICTED_OF_TWO = [ner("a", TEXT, (ROME_2, "LOC")), ner("b", TEXT, (ROME_2, "LOC"))]


def test_strict_refuses_a_corpus_without_offsets() -> None:
    with pytest.raises(ScoringError) as error:
        score(GOLD_OF_TWO, PREDICTED_OF_TWO, rule="strict")

    assert str(error.value) == (
        "rule 'strict' needs offsets: without, NER: gold mentions without offsets: 1 of 2. "
        "Score these corpora by 'string', or leave them out."
    )


def test_strict_refuses_predictions_without_offsets_and_tells_of_some() -> None:
    gold = [ner("a", TEXT, (ROME, "LOC"), (ANN_LEE, "PER"), dataset="news")]
    unplaced = (Mention("Rome"), "LOC")

    with pytest.raises(ScoringError) as error:
        score(gold, [ner("a", TEXT, unplaced, (Mention("Paris"), "LOC"))])

    assert str(error.value) == (
        "rule 'strict' needs offsets: news, NER: predicted mentions without offsets: all 1 that stand in their texts. "
        "Score these corpora by 'string', or leave them out."
    )
    assert score(gold, [ner("a", TEXT, unplaced)], rule="auto").notes == (
        "news, NER: scored by 'string'; predicted mentions without offsets: all 1 that stand in their texts.",
    )
    assert score(gold, [ner("a", TEXT, unplaced, (ANN_LEE, "PER"))]).notes == (
        "strict: 1 predicted mentions stand in their texts but have no offsets, and are wrong (news, NER).",
    )
    parsed = ner("a", TEXT, unplaced, problems=())  # a parser has tried, and found all places taken
    assert counts_of(score(gold, [parsed]), "entities") == Counts(0, 1, 2)


def test_a_task_that_no_prediction_says_anything_of_is_told() -> None:
    gold = [related("d", TEXT, (ANN_LEE, "left", ROME), dataset="news")]

    notes = score([replace(gold[0], events=())], [replace(gold[0], events=None)]).notes

    assert "news, EE: not scored; gold annotates events, predictions hold none." in notes


def test_a_symmetric_relation_must_be_one() -> None:
    gold = [related("d", TEXT, (ANN_LEE, "left", ROME), dataset="news")]

    with pytest.raises(SettingsError, match="No relation is named 'lefft'"):
        score(gold, gold, symmetric=("lefft",))


def test_auto_is_strict_or_string_for_each_corpus_and_never_mixes_the_two() -> None:
    scores = score(GOLD_OF_TWO, PREDICTED_OF_TWO, rule="auto")

    assert [(row.dataset, row.rule, row.counts) for row in scores.rows] == [
        ("with", "strict", Counts(0, 1, 1)),
        ("without", "string", Counts(1, 0, 1)),
    ]
    assert [(a.rule, a.datasets, a.counts) for a in scores.aggregates] == [
        ("strict", 1, Counts(0, 1, 1)),
        ("string", 1, Counts(1, 0, 1)),
    ]
    assert scores.notes == ("without, NER: scored by 'string'; gold mentions without offsets: 1 of 2.",)
    assert scores.rule == "auto"


def test_auto_bears_the_name_of_the_one_rule_that_it_used() -> None:
    assert score(GOLD_OF_TWO[:1], PREDICTED_OF_TWO[:1], rule="auto").rule == "strict"
    assert score(GOLD_OF_TWO[1:], PREDICTED_OF_TWO[1:], rule="auto").rule == "string"


def test_ungrounded_mentions_of_types_that_were_not_asked_do_not_change_the_rule() -> None:
    gold = [ner("d", TEXT, (ROME, "LOC"), (Mention("Ann"), "PER"))]
    predicted = [ner("d", TEXT, (ROME, "LOC"), asked={"entities": ["LOC"]})]

    assert [row.rule for row in score(gold, predicted).rows] == ["strict"]


def test_aggregates_hold_the_sum_and_the_mean_over_corpora() -> None:
    gold = [ner("a", TEXT, (ROME, "LOC"), dataset="one"), ner("b", TEXT, (ROME, "LOC"), (ANN_LEE, "PER"), dataset="two")]
    predicted = [ner("a", TEXT, (ROME, "LOC")), ner("b", TEXT, (ROME, "LOC"), (ANN, "PER"), (NEW_YORK, "LOC"))]

    scores = score(gold, predicted)

    total = scores.aggregate("NER", "entities")
    assert total is not None
    assert (total.datasets, total.documents, total.counts) == (2, 2, Counts(2, 2, 1))
    assert total.mean_precision == pytest.approx((1 + 1 / 3) / 2)
    assert total.mean_recall == pytest.approx((1 + 1 / 2) / 2)
    assert total.mean_f1 == pytest.approx((1 + 2 / 5) / 2)


def test_macro_f1_is_the_mean_over_the_types_of_gold() -> None:
    gold = [ner("d", TEXT, (ROME, "LOC"), (ROME_2, "LOC"), (ANN_LEE, "PER"))]
    predicted = [ner("d", TEXT, (ROME, "LOC"), (ANN_LEE, "PER"), (COMPANY, "ORG"))]

    (row,) = score(gold, predicted).rows

    assert row.by_type == {"LOC": Counts(1, 0, 1), "ORG": Counts(0, 1, 0), "PER": Counts(1, 0, 0)}
    assert row.macro_f1 == pytest.approx((2 / 3 + 1) / 2)


def test_rows_can_be_asked_for_by_name() -> None:
    scores = score([ner("d", TEXT, dataset="news")], [ner("d", TEXT)])

    assert scores.row("news", "NER", "entities") is scores.rows[0]
    assert scores.row("news", "RE", "entities") is None
    assert scores.aggregate("NER", "entities", "string") is None


# What does not belong together


def test_sides_that_do_not_belong_together_are_refused_with_every_reason() -> None:
    gold = [ner("a", "x"), ner("a", "x"), ner("b", "x"), ner("c", "x"), ner("d", "x")]
    predicted = [ner("c", "y"), ner("d", "x"), ner("d", "x"), ner("e", "x"), ner("f", "x")]

    with pytest.raises(ScoringError) as error:
        score(gold, predicted)

    assert str(error.value) == (
        "gold and predicted do not belong together: ids given twice in gold: 1, such as 'a'; "
        "ids given twice among the predictions: 1, such as 'd'; gold documents without a prediction: 2 of 4, such as 'a'; "
        "predicted documents that gold lacks: 2 of 4, such as 'e'; documents with another text than in gold: 1, such as 'c'. "
        "Score predictions against the gold documents they were made from, all of them, each once."
    )


def test_another_text_and_answers_to_nothing_are_refused() -> None:
    advice = "Score predictions against the gold documents they were made from, all of them, each once."
    with pytest.raises(ScoringError) as error:
        score([ner("a", "x"), ner("b", "x")], [ner("a", "x"), ner("b", "y")])
    assert str(error.value) == (
        f"gold and predicted do not belong together: documents with another text than in gold: 1, such as 'b'. {advice}"
    )
    with pytest.raises(ScoringError) as error:
        score([ner("a", "x")], [ner("a", "x")], answers=[AnswerPair("c", "NER", "json", "{}", "{}")])
    assert str(error.value) == (
        f"gold and predicted do not belong together: answers to documents that gold lacks: 1, such as 'c'. {advice}"
    )


def test_nothing_in_common_is_refused() -> None:
    gold = [ner("a", "x")]
    predicted = [Document("a", "x", events=(), asked={"events": ["attack"]})]

    with pytest.raises(ScoringError) as error:
        score(gold, predicted)

    assert str(error.value) == (
        "nothing to score: gold annotates entities; predictions hold events; asked were events. "
        "One of entities (with types), relations, events must be in all three (clusters in the first two)."
    )


def test_predictions_that_say_nothing_in_some_documents_are_refused() -> None:
    gold = [ner(id, "x", dataset="news") for id in "abc"]
    predicted = [ner("a", "x"), Document("b", "x", events=()), Document("c", "x", entities=None)]

    with pytest.raises(ScoringError) as error:
        score(gold, predicted)

    assert str(error.value) == (
        "news, NER: 2 of 3 predictions say nothing of entities, which gold annotates and the others hold; "
        'where nothing was found "entities" is [], and "asked" says where it was not asked.'
    )
    not_asked = [replace(one, asked={"events": {"attack": {}}}) for one in predicted[1:]]
    assert score(gold, [predicted[0], *not_asked]).rows[0].documents == 1


def test_all_rules_say_on_what_they_were_scored() -> None:
    text = "New York City"
    nested = [(at(text, text), "LOC"), (at(text, "New York"), "LOC")]
    gold = [ner("a", text, *nested, dataset="news"), ner("b", text, nested[0], dataset="news")]

    notes = score(gold, gold, rule="all").notes

    schemes = ", ".join(f"seqeval-strict.{name}" for name in ("BILOU", "IOB1", "IOB2", "IOBES", "IOE1", "IOE2"))
    assert f"conlleval, {schemes}: 1 of 2 documents cannot be taken by the rule, and are left out (news, NER)." in notes
    assert (
        "b2ner, instructuie: answer strings are compared; all documents were written as 'typed.instructuie' for it (news, NER)."
        in notes
    )


def test_no_documents_are_refused() -> None:
    with pytest.raises(ScoringError) as error:
        score([], [])

    assert str(error.value) == "nothing to score: there are no gold documents."


def test_a_misspelt_rule_names_its_neighbours() -> None:
    with pytest.raises(SettingsError) as error:
        score([], [], rule="strickt")

    assert str(error.value) == (
        f"No scoring rule is named 'strickt'. Did you mean 'strict' or 'string'? Known: {', '.join(RULES.names())}."
    )
