"""The peers' rules on inputs whose results were verified by running their own code, and on the cases that set them apart."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from scoring_documents import at, event, ner

from uie.documents import Document, Mention
from uie.formats import FORMATS
from uie.schema import read_schema
from uie.scoring import RULES
from uie.scoring.counts import Counts
from uie.scoring.scope import AnswerPair
from uie.scoring.score import score
from uie.tasks.question import Question

SEED001 = Path(__file__).resolve().parent.parent / "data" / "seed001_pairs.jsonl"


def counted(rule: str, task: str, gold: str, predicted: str) -> tuple[float, float, float]:
    """True positives, false positives, false negatives of the first measure."""
    by_measure = RULES.get(rule).count([AnswerPair("d", task, "", gold, predicted)], task)  # type: ignore[attr-defined]
    total = sum(next(iter(by_measure.values())).values(), Counts())
    return total.true_positive, total.false_positive, total.false_negative


@pytest.mark.parametrize(
    ("task", "gold", "predicted", "expected"),
    [
        pytest.param("NER", "None", "None", (1, 0, 0), id="nothing is an entity"),
        pytest.param("NER", "None", "", (0, 1, 1), id="nothing and an empty answer"),
        pytest.param("NER", "None", "person: Bob", (0, 1, 1), id="nothing and an entity"),
        pytest.param("NER", "person: Bob", "None", (0, 1, 1), id="an entity and nothing"),
        pytest.param("NER", "person: Bob; person: Bob", "person: bob", (1, 0, 0), id="duplicates collapse and case is ignored"),
        pytest.param("NER", "person: Bob", "PERSON : BOB .", (0, 1, 1), id="trailing full stop"),
        pytest.param("NER", "person: U.S.", "person: U.S", (0, 1, 1), id="full stop of an abbreviation"),
        pytest.param("NER", "organization: A; B Corp", "organization: A; B Corp", (2, 0, 0), id="a semicolon in a mention splits"),
        pytest.param("NER", "location: Paris", "located: Paris", (1, 0, 0), id="location is located"),
        pytest.param("RE", "None", "None", (0, 0, 0), id="no relations"),
        pytest.param("RE", "NA: a, b", "None", (0, 0, 1), id="NA missed"),
        pytest.param("RE", "NA: a, b", "NA: a, b", (1, 0, 0), id="NA found"),
        pytest.param("RE", "born in: a, b", "born in: a,b", (1, 0, 0), id="blanks at commas"),
        pytest.param("RE", "born in: a, b", "born in: b, a", (0, 1, 1), id="reversed arguments"),
        pytest.param("RE", "x: a,na,b", "None", (1, 0, 0), id="NA of the old wording that nobody denies"),
        pytest.param("RE", "x: a,na,b", "x: a,won,b", (0, 1, 0), id="NA of the old wording, denied"),
        pytest.param("RE", "x: a,won,b", "x: a,na,b", (0, 1, 1), id="NA of the old wording, predicted wrongly"),
        pytest.param("RE", "None", "x: a,na,b", (0, 0, 0), id="NA of the old wording, predicted for no pair"),
        pytest.param("EET", "attack: hit; die: fell", "die: fell; attack: hit", (0, 1, 1), id="reordered events"),
        pytest.param("EET", "None", "None", (1, 0, 0), id="no triggers"),
        pytest.param("EEA", "Bob: victim; knife: instrument", "Bob: victim;knife: agent", (1, 1, 1), id="one role wrong"),
        pytest.param("EE", "(attack: hit, Bob: victim)", "(attack: hit, Bob: victim),(die: fell, None)", (0, 1, 1), id="one of two events"),
        pytest.param("EE", "(attack: hit, Bob: victim, knife: means)", "( attack: hit, knife: means, Bob: victim", (1, 0, 0), id="bracket missing"),
        pytest.param("EE", "None", "None", (1, 0, 0), id="no events"),
    ],
)  # fmt: skip
def test_instructuie(task: str, gold: str, predicted: str, expected: tuple[int, int, int]) -> None:
    assert counted("instructuie", task, gold, predicted) == expected


def test_instructuie_gains_a_true_positive_for_each_text_without_entities() -> None:
    gold = [ner(str(n), "x", dataset="empty") for n in range(656)] + [ner("f", "Bob", (Mention("Bob", 0, 3), "P"), dataset="empty")]
    answers = [AnswerPair(d.id, "NER", "typed.instructuie", "P: Bob" if d.entities else "None", "None") for d in gold]
    predicted = [ner(d.id, d.text) for d in gold]

    scores = score(gold, predicted, rule="instructuie", answers=answers)

    assert scores.rows[0].counts == Counts(656, 1, 1)
    assert score(gold, predicted).rows[0].f1 == 0.0
    assert any("an empty gold answer (None) is an entity" in note for note in scores.notes)


@pytest.mark.parametrize(
    ("task", "gold", "predicted", "expected"),
    [
        pytest.param("NER", "None", "None", (0, 0, 0), id="nothing is nothing"),
        pytest.param("NER", "None", "person: Bob", (0, 1, 0), id="nothing and an entity"),
        pytest.param(
            "NER", "人物: 王明; 作品: 家", "人物：王明；作品：《家》", (2, 0, 0), id="full-width punctuation and book marks"
        ),
        pytest.param("NER", "organisation: X", "organization: (X)", (1, 0, 0), id="spelling and brackets"),
        pytest.param("NER", "located: Paris", "location: @@Paris##", (1, 0, 0), id="location and marks"),
        pytest.param("EET", "attack: hit; die: fell", "die: fell; attack: hit", (1, 0, 0), id="reordered events"),
        pytest.param("EET", "attack: hit", "attack: struck", (1, 0, 0), id="triggers do not count"),
    ],
)
def test_b2ner(task: str, gold: str, predicted: str, expected: tuple[int, int, int]) -> None:
    assert counted("b2ner", task, gold, predicted) == expected


@pytest.mark.parametrize(
    ("task", "gold", "predicted", "expected"),
    [
        pytest.param("NER", {"P": ["A", "A"], "L": []}, {"P": ["A", "A", "A"]}, (2, 1, 0), id="multiset"),
        pytest.param("NER", {"P": ["A"]}, {"P": ["a"]}, (0, 1, 1), id="case counts"),
        pytest.param("NER", {"P": ["A"]}, {"P": "A", "L": ["A", 3]}, (0, 1, 1), id="not a list, not a string"),
        pytest.param("RE", {"r": [{"subject": "A", "object": "B"}]}, {"r": [{"head": "A", "tail": "B"}]}, (1, 0, 0), id="both names of fields"),
        pytest.param("SPO", {"r": [{"subject": "A", "object": "B"}]}, {"r": [{"subject": "B", "object": "A"}]}, (0, 1, 1), id="reversed"),
        pytest.param("KG", {"P": {"A": {"r": ["B", "C"]}}}, {"P": {"A": {"r": "B"}}}, (1, 0, 1), id="attributes"),
        pytest.param("EET", {"e": ["hit"]}, {"e": ["hit", "fell"]}, (1, 1, 0), id="triggers"),
    ],
)  # fmt: skip
def test_iepile(task: str, gold: object, predicted: object, expected: tuple[int, int, int]) -> None:
    assert counted("iepile", task, json.dumps(gold), json.dumps(predicted)) == expected


def test_iepile_takes_an_unreadable_answer_for_empty_and_puts_chunks_together() -> None:
    document = ner("d", "A B", (Mention("A", 0, 1), "P"), (Mention("B", 2, 3), "L"))
    answers = [
        AnswerPair("d", "NER", "json.iepile", '{"P": ["A"]}', '{"P": ["A"], "L": ["B"]}'),
        AnswerPair("d", "NER", "json.iepile", '{"L": ["B"]}', '{"L": ["B"'),
    ]

    scores = score([document], [document], rule="iepile", answers=answers)

    assert scores.rows[0].counts == Counts(2, 0, 0)  # B was predicted by the other chunk
    assert "no dataset, NER: answers that 'iepile' cannot read and takes for empty: 1 of 2." in scores.notes


def test_iepile_does_not_tie_arguments_to_triggers_and_skips_nan() -> None:
    gold = {"e": [{"trigger": "hit", "arguments": {"by": "A", "to": "NAN"}}, {"trigger": "beat", "arguments": {"by": ["B", "C"]}}]}
    predicted = {"e": [{"trigger": "beat", "arguments": {"by": "A"}}, {"trigger": "slap", "arguments": {"by": ["B"]}}]}

    found = RULES.get("iepile").count([AnswerPair("d", "EE", "", json.dumps(gold), json.dumps(predicted))], "EE")  # type: ignore[attr-defined]

    assert {measure: sum(own.values(), Counts()) for measure, own in found.items()} == {
        "trigger classification": Counts(1, 1, 1),
        "argument classification": Counts(2, 0, 1),
    }


def test_iepile_rounds_before_f1() -> None:
    figures = RULES.get("iepile").figures(Counts(2, 1, 4))

    assert figures == pytest.approx((0.6667, 0.3333, 0.4444))
    assert RULES.get("iepile").figures(Counts(1, 2, 110)).f1 == 0.0175  # exact: 2/114 = 0.017544
    assert RULES.get("iepile").figures(Counts()) == (0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        pytest.param('["The Rome."]', '["rome"]', Counts(1, 0, 0), id="case, articles, punctuation"),
        pytest.param('["a b", "A  B"]', '["b"]', Counts(1, 0, 0), id="duplicates collapse after normalising"),
        pytest.param('["x]"]', '["x]"]', Counts(0, 0, 0), id="a bracket empties the list"),
        pytest.param('["x"]', 'Sure: ["x"]', Counts(0, 0, 1), id="lead-in"),
        pytest.param('["x"]', '["x",\n"y"]', Counts(0, 0, 1), id="two lines"),
        pytest.param('["x"]', '["x", 3]', Counts(0, 0, 1), id="not a string"),
        pytest.param('["x"]', '["x"] and ["y"]', Counts(1, 0, 0), id="what follows is not read"),
    ],
)
def test_universalner(gold: str, predicted: str, expected: Counts) -> None:
    schema = {"entities": ["P"], "tasks": ["NER1"]}
    document = ner("d", "x y b rome")
    answers = [AnswerPair("d", "NER1", "json", gold, predicted)]

    (row,) = score([document], [ner("d", "x y b rome", asked=schema)], rule="universalner", answers=answers).rows

    assert row.counts == expected
    assert row.f1 == pytest.approx(expected.f1, abs=1e-9)


# GoLLIE

TEXT = "Rome fell to Rebels; the rebels hit Rome."


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        pytest.param([("Rome", "L")], [("rome", "L")], (1, 0, 0), id="case is ignored"),
        pytest.param([("Rome", "L"), ("Rome", "L")], [("Rome", "L")] * 3, (2, 0, 0), id="the third is not in the text"),
        pytest.param([("Rome", "L")], [("Paris", "L"), ("Rome", "L")], (1, 0, 0), id="hallucinations are removed"),
        pytest.param([("Rome", "L")], [("Rome", "P")], (0, 1, 1), id="wrong type"),
    ],
)
def test_gollie_entities(gold: list, predicted: list, expected: tuple[int, int, int]) -> None:
    sides = [ner("d", TEXT, *((Mention(text), type) for text, type in side)) for side in (gold, predicted)]

    assert score(sides[:1], sides[1:], rule="gollie").rows[0].counts == Counts(*expected)


def test_gollie_counts_arguments_inside_the_first_equal_event_only() -> None:
    rebels, rome = Mention("rebels"), Mention("Rome")
    gold = [
        Document(
            "d",
            TEXT,
            events=(event("attack", at(TEXT, "hit"), ("by", rebels), ("place", rome)), event("fall", None, ("who", rome))),
        )
    ]
    predicted = [
        Document("d", TEXT, events=(event("attack", Mention("HIT"), ("by", Mention("Rebels")), ("place", rome), ("by", Mention("Gauls"))),))
    ]  # fmt: skip

    scores = score(gold, predicted, rule="gollie")

    assert {row.measure: row.counts for row in scores.rows} == {
        "trigger classification": Counts(1, 0, 1),
        "argument classification": Counts(1, 1, 2),  # Rebels is not rebels; Gauls are not in the text
    }


def test_gollie_takes_a_generation_that_python_cannot_read_for_empty() -> None:
    document = ner("d", TEXT, (Mention("Rome"), "L"))
    answers = [AnswerPair("d", "NER", "code.gollie", 'result = [L(span="Rome")]', 'result = [L(span="Rome")')]

    scores = score([document], [document], rule="gollie", answers=answers)

    assert scores.rows[0].counts == Counts(0, 0, 1)
    assert "no dataset, NER: answers that 'gollie' cannot read and takes for empty: 1 of 1." in scores.notes


# UIE, TextEE, GLiNER, CLUENER

YORK = "York and New York left York"


def entities_by(strategy: str, gold: list[tuple[str, int]], predicted: list[str]) -> Counts:
    wanted = ner("d", YORK, *((at(YORK, text, nth), "L") for text, nth in gold))
    found = ner("d", YORK, *((Mention(text), "L") for text in predicted))
    return score([wanted], [found], rule=f"uie-offset.{strategy}").rows[0].counts


def test_uie_offsets_of_entities_depend_on_the_strategy() -> None:
    gold = [("York", 1), ("New York", 1)]

    assert entities_by("first", gold, ["York", "New York", "York"]) == Counts(2, 1, 0)  # the third is York in New York
    assert entities_by("closest", gold, ["York", "New York", "York"]) == Counts(2, 1, 0)
    assert entities_by("longer_first", [*gold, ("York", 3)], ["York", "New York", "York"]) == Counts(3, 0, 0)
    assert entities_by("first", gold, ["Rome", "York", "ork"]) == Counts(1, 0, 1)  # neither is a place of words: no false positives


def test_uie_offsets_of_arguments_are_first_or_closest_to_their_trigger() -> None:
    gold = [Document("d", YORK, events=(event("go", at(YORK, "left"), ("from", at(YORK, "York", 3))),))]
    predicted = [Document("d", YORK, events=(event("go", Mention("left"), ("from", Mention("York"))),))]

    def arguments(strategy: str) -> Counts:
        return score(gold, predicted, rule=f"uie-offset.{strategy}").rows[1].counts

    # "left" is word 4, the three Yorks are words 0, 3 and 5: two are one word away, of which the first counts
    assert [arguments(strategy) for strategy in ("first", "closest", "longer_first")] == [Counts(0, 1, 1)] * 3
    near = [Document("d", YORK, events=(event("go", at(YORK, "left"), ("from", at(YORK, "York", 2))),))]
    assert score(near, predicted, rule="uie-offset.closest").rows[1].counts == Counts(1, 0, 0)


def test_uie_ends_reading_relations_at_one_that_is_not_in_the_text() -> None:
    from scoring_documents import related

    text = "Ann met Bob"
    gold = [related("d", text, (at(text, "Ann"), "met", at(text, "Bob")))]
    predicted = [related("d", text, (Mention("Eve"), "met", Mention("Bob")), (Mention("Ann"), "met", Mention("Bob")))]

    assert score(gold, predicted, rule="uie-offset.first").rows[0].counts == Counts(1, 0, 0)
    assert score(gold, predicted, rule="uie-offset.closest").rows[0].counts == Counts(0, 0, 1)


def test_textee_collapses_what_two_events_share() -> None:
    story = "Rebels hit Aleppo and shelled Homs."
    rebels, hit, shelled, homs = (at(story, word) for word in ("Rebels", "hit", "shelled", "Homs"))
    gold = [Document("d", story, events=(event("attack", hit, ("by", rebels)), event("attack", shelled, ("by", rebels))))]
    predicted = [Document("d", story, events=(*gold[0].events, event("attack", shelled, ("by", homs))))]

    found = {row.measure: row.counts for row in score(gold, predicted, rule="textee").rows}

    assert found == {
        "trigger identification": Counts(2, 0, 0),
        "trigger classification": Counts(2, 0, 0),
        "argument identification": Counts(1, 1, 0),
        "argument classification": Counts(1, 1, 0),
        "argument attached identification": Counts(2, 1, 0),
        "argument attached": Counts(2, 1, 0),
    }
    assert found["argument attached"].f1 == pytest.approx(0.8)
    assert found["argument classification"].f1 == pytest.approx(2 / 3)


def test_gliner_sees_words_and_not_characters() -> None:
    text = "Rome-based Acme fell"
    gold = [ner("d", text, (at(text, "Rome"), "L"), (at(text, "Acme"), "O"), (at(text, "Acme fell"), "O"))]
    predicted = [
        ner("d", text, (at(text, "Rome-based"), "L"), (at(text, "cme"), "O"), (at(text, "Acme fell"), "O"), (Mention("x"), "O"))
    ]

    assert score(gold, predicted, rule="gliner").rows[0].counts == Counts(3, 1, 0)
    assert score(gold, predicted, rule="spacy").rows[0].counts == Counts(1, 3, 2)


def test_cluener_finds_a_string_once_however_often_it_stands_there() -> None:
    gold = [ner("d", YORK, (at(YORK, "York"), "L"), (at(YORK, "York", 3), "L"))]
    predicted = [ner("d", YORK, (at(YORK, "York", 2), "L"))]

    assert score(gold, predicted, rule="cluener").rows[0].counts == Counts(1, 0, 0)


# Seed 001: twenty printed pairs


def printed_pairs() -> tuple[list[Document], list[Document]]:
    schema = read_schema({"entities": ["人名", "地名", "机构名"], "lang": "zh"})
    gold, predicted = [], []
    for number, line in enumerate(SEED001.read_text(encoding="utf-8").splitlines()):
        pair = json.loads(line)
        sides = []
        for key in ("gold", "predicted"):
            answer, problems = FORMATS.get("lines.seed001").decode(pair[key], Question("NER", schema, "", "zh"))
            found = [{"kind": problem.kind, "piece": problem.piece, "task": "NER"} for problem in problems]
            sides.append(ner(str(number), "", *((Mention(m.text), m.type) for m in answer.mentions), problems=tuple(found)))
        gold.append(sides[0])
        predicted.append(sides[1])
    return gold, predicted


def test_the_printed_pairs_of_seed_001() -> None:
    (row,) = score(*printed_pairs(), rule="string").rows

    assert row.documents == 20
    assert row.counts == Counts(24, 8, 8)
    assert row.figures == (0.75, 0.75, 0.75)


def test_the_printed_pairs_of_seed_001_score_higher_where_the_malformed_line_is_dropped() -> None:
    gold, predicted = printed_pairs()

    (row,) = score(gold, [replace(document, problems=None) for document in predicted], rule="string").rows

    assert row.counts == Counts(24, 7, 8)
    assert row.figures == pytest.approx((0.7742, 0.75, 0.7619), abs=5e-5)
