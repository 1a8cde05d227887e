"""What became of each item, worked out by hand on the shared example and on sentences made for one kind."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_documents import at, event, ner, related
from shared_example import GOLD, PREDICTED

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.scoring.mistakes import KINDS, ConfusionTally, Mistake, mistakes
from uie.scoring.score import score

TEXT = "New York City met Ann Lee in Old York"
CITY, YORK, ANN, LEE, OLD = (at(TEXT, word) for word in ("New York City", "New York", "Ann Lee", "Lee", "Old York"))


def kinds(found: tuple[Mistake, ...]) -> dict[str, int]:
    return dict(Counter(one.kind for one in found))


def only(gold: Document, predicted: Document, task: str) -> str:
    (found,) = mistakes(gold, predicted, task)
    return found.kind


@pytest.mark.parametrize(
    ("gold", "predicted", "kind"),
    [
        ((CITY, "LOC"), (CITY, "LOC"), "correct"),
        ((CITY, "LOC"), (CITY, "ORG"), "wrong type"),
        ((CITY, "LOC"), (YORK, "LOC"), "wrong boundary"),
        ((CITY, "LOC"), (YORK, "ORG"), "wrong type and boundary"),
    ],
)
def test_kinds_of_entities(gold: tuple, predicted: tuple, kind: str) -> None:
    assert only(ner("d", TEXT, gold), ner("d", TEXT, predicted), "NER") == kind


def test_what_has_no_partner_is_missed_or_invented() -> None:
    found = mistakes(ner("d", TEXT, (CITY, "LOC")), ner("d", TEXT, (ANN, "PER")), "NER")

    assert found == (
        Mistake("NER", "entity", "missed", 0, None, "LOC", None),
        Mistake("NER", "entity", "invented", None, 0, None, "PER"),
    )


def test_an_item_has_one_partner_the_equal_one_before_the_place_before_the_overlap() -> None:
    gold = ner("d", TEXT, (YORK, "LOC"), (CITY, "LOC"))
    predicted = ner("d", TEXT, (CITY, "ORG"), (CITY, "LOC"), (YORK, "LOC"), (YORK, "LOC"))

    assert [(one.kind, one.gold, one.predicted) for one in mistakes(gold, predicted, "NER")] == [
        ("correct", 1, 1),
        ("correct", 0, 2),
        ("invented", None, 0),
        ("invented", None, 3),
    ]


def test_the_larger_overlap_makes_the_pair() -> None:
    wide, narrow = Mention("York City met", 4, 17), YORK  # they share 9 of 17 and 8 of 13 characters with gold

    found = mistakes(ner("d", TEXT, (CITY, "LOC")), ner("d", TEXT, (wide, "LOC"), (narrow, "ORG")), "NER")

    assert [(one.kind, one.predicted) for one in found] == [("wrong type and boundary", 1), ("invented", 0)]


def test_of_equal_overlaps_that_of_the_same_type_makes_the_pair() -> None:
    left, right = Mention("York", 4, 8), Mention("City", 9, 13)

    for types, of_same in ((("ORG", "LOC"), 1), (("LOC", "ORG"), 0)):
        found = mistakes(ner("d", TEXT, (Mention("York City", 4, 13), "LOC")), ner("d", TEXT, *zip((left, right), types)), "NER")
        assert [(one.kind, one.predicted) for one in found] == [("wrong boundary", of_same), ("invented", 1 - of_same)]


def test_an_overlap_that_comes_later_and_is_larger_makes_the_pair() -> None:
    found = mistakes(
        ner("d", TEXT, (Mention("York City met", 4, 17), "LOC")),
        ner("d", TEXT, (YORK, "LOC"), (Mention("City met", 9, 17), "LOC")),
        "NER",
    )

    assert [(one.kind, one.predicted) for one in found] == [("wrong boundary", 1), ("invented", 0)]


@pytest.mark.parametrize("types", [("A", "B"), ("B", "A")])
def test_of_several_types_at_one_place_their_order_does_not_choose_the_pair(types: tuple[str, str]) -> None:
    both, one = ner("d", TEXT, (CITY, types[0]), (CITY, types[1])), ner("d", TEXT, (CITY, "C"))

    assert {(m.kind, m.gold_type, m.predicted_type) for m in mistakes(both, one, "NER")} == {
        ("wrong type", "A", "C"),
        ("missed", "B", None),
    }


def test_without_offsets_mentions_are_compared_by_their_strings() -> None:
    gold = ner("d", TEXT, (Mention("Ann Lee"), "PER"), (Mention("Old York"), "LOC"), (Mention("New York"), "LOC"))
    predicted = ner("d", TEXT, (LEE, "PER"), (OLD, "LOC"), (YORK, "ORG"))

    assert [(one.kind, one.gold, one.predicted) for one in mistakes(gold, predicted, "NER")] == [
        ("correct", 1, 1),
        ("wrong type", 2, 2),
        ("wrong boundary", 0, 0),
    ]


def test_a_hallucinated_mention_is_at_no_place() -> None:
    found = mistakes(ner("d", TEXT, (ANN, "PER")), ner("d", TEXT, (Mention("Ann Lee"), "PER")), "NER")

    assert kinds(found) == {"missed": 1, "invented": 1}


RELATED = {"Ann Lee": "PER", "Lee": "PER", "New York City": "LOC", "New York": "LOC", "Old York": "LOC"}


@pytest.mark.parametrize(
    ("task", "predicted", "types", "kind"),
    [
        ("RE", (ANN, "lives in", CITY), RELATED, "correct"),
        ("RE", (ANN, "lives in", CITY), {}, "correct"),
        ("SPO", (ANN, "lives in", CITY), {}, "wrong types of ends"),
        ("RE", (ANN, "born in", CITY), RELATED, "wrong type"),
        ("RE", (CITY, "lives in", ANN), RELATED, "reversed"),
        ("RE", (LEE, "lives in", YORK), RELATED, "wrong boundary"),
        ("RE", (LEE, "lives in", CITY), RELATED, "wrong boundary"),
        ("RE", (ANN, "lives in", OLD), RELATED, "wrong ends"),
        ("EP", (ANN, "born in", CITY), RELATED, "correct"),
    ],
)
def test_kinds_of_relations(task: str, predicted: tuple, types: dict, kind: str) -> None:
    gold = related("d", TEXT, (ANN, "lives in", CITY), types=RELATED)

    assert only(gold, related("d", TEXT, predicted, types=types), task) == kind


def test_relations_of_which_neither_end_is_right_or_near_are_no_pair() -> None:
    found = mistakes(related("d", TEXT, (ANN, "lives in", CITY)), related("d", TEXT, (OLD, "lives in", LEE)), "RE")

    assert kinds(found) == {"missed": 1, "invented": 1}


WAR = "Rebels hit Aleppo and shelled Homs."
REBELS, HIT, ALEPPO, SHELLED, HOMS = (at(WAR, word) for word in ("Rebels", "hit", "Aleppo", "shelled", "Homs"))


@pytest.mark.parametrize(
    ("predicted", "kind"),
    [
        (event("attack", HIT, ("by", REBELS)), "correct"),
        (event("attack", SHELLED, ("by", REBELS)), "correct"),
        (event("attack", HIT, ("place", REBELS)), "wrong role"),
        (event("meeting", HIT, ("by", REBELS)), "wrong event type"),
        (event("attack", HIT, ("by", Mention("Rebels hit", 0, 10))), "wrong boundary"),
    ],
)
def test_kinds_of_arguments(predicted: Event, kind: str) -> None:
    gold = Document("d", WAR, events=(event("attack", HIT, ("by", REBELS)),))

    assert only(gold, Document("d", WAR, events=(predicted,)), "EEA") == kind


def test_an_argument_is_paired_with_that_of_its_trigger_first() -> None:
    gold = Document("d", WAR, events=(event("attack", HIT, ("by", REBELS)), event("attack", SHELLED, ("by", REBELS))))
    predicted = Document("d", WAR, events=(event("attack", SHELLED, ("by", REBELS)),))

    assert [(one.kind, one.gold, one.predicted) for one in mistakes(gold, predicted, "EEA")] == [
        ("correct", (1, 0), (0, 0)),
        ("missed", (0, 0), None),
    ]


def test_triggers_and_arguments_of_one_answer() -> None:
    gold = Document("d", WAR, events=(event("attack", HIT, ("by", REBELS), ("place", ALEPPO)), event("attack", None)))
    filled = Event("attack", SHELLED, (Argument("by", event=0), Argument("place", HOMS)))
    predicted = Document("d", WAR, events=(event("meeting", HIT, ("place", ALEPPO)), filled))

    assert [
        (one.layer, one.kind, one.gold, one.predicted, one.gold_type, one.predicted_type) for one in mistakes(gold, predicted, "EE")
    ] == [
        ("trigger", "wrong type", 0, 0, "attack", "meeting"),
        ("trigger", "missed", 1, None, "attack", None),
        ("trigger", "invented", None, 1, None, "attack"),
        ("argument", "wrong event type", (0, 1), (0, 0), "attack/place", "meeting/place"),
        ("argument", "missed", (0, 0), None, "attack/by", None),
        ("argument", "invented", None, (1, 0), None, "attack/by"),
        ("argument", "invented", None, (1, 1), None, "attack/place"),
    ]


def test_the_shared_example() -> None:
    found: dict[tuple[str, str], Counter] = {}
    for gold, predicted in zip(GOLD, PREDICTED, strict=True):
        (task,) = predicted.asked["tasks"]
        for one in mistakes(gold, predicted, task):
            found.setdefault((task, one.layer), Counter())[one.kind] += 1

    assert found == {
        # Right: 4, 5, 6, 10, 11, 12 (Giza). Missed: 3, the second of 5 and of 6, 9, 12 (Cairo). Invented: 2, the second of 4, 9, 11, 12.
        ("NER", "entity"): {"correct": 6, "wrong type": 1, "wrong boundary": 1, "missed": 5, "invented": 5},
        # Reversed: 13. Wrong ends: 14, 19. Missed: 15. Right: 16.
        ("RE", "relation"): {"correct": 1, "reversed": 1, "wrong ends": 2, "missed": 1},
        ("EE", "trigger"): {"correct": 3},
        ("EE", "argument"): {"correct": 3, "wrong boundary": 1, "missed": 1},
    }


def test_a_confusion_matrix_counts_pairs_and_what_has_none() -> None:
    gold = ner("d", TEXT, (CITY, "LOC"), (YORK, "LOC"), (ANN, "PER"), (OLD, "LOC"))
    predicted = ner("d", TEXT, (CITY, "LOC"), (YORK, "ORG"), (LEE, "PER"), (Mention("met", 14, 17), "EVENT"))
    tally = ConfusionTally("news")

    tally.add(mistakes(gold, predicted, "NER"))
    (found,) = tally.finish()

    assert (found.dataset, found.task, found.layer) == ("news", "NER", "entity")
    assert (found.gold_types, found.predicted_types) == (("LOC", "PER"), ("LOC", "PER", "EVENT", "ORG"))
    assert found.matrix == ((1, 0, 0, 1, 1), (0, 1, 0, 0, 0), (0, 0, 1, 0, 0))
    assert found.kinds == {
        "correct": 1,
        "wrong type": 1,
        "wrong boundary": 1,
        "wrong type and boundary": 0,
        "missed": 1,
        "invented": 1,
    }


places = st.sampled_from([CITY, YORK, ANN, LEE, OLD, Mention("Bergen")])
types = st.sampled_from(["A", "B", "C"])
roles = st.builds(Argument, types, places)
events = st.lists(st.builds(Event, types, st.none() | places, st.lists(roles, max_size=3).map(tuple)), max_size=4).map(tuple)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    entities = tuple(draw(st.lists(st.builds(Entity, places, types), max_size=5)))
    relations = ()
    if entities:
        ends = st.integers(0, len(entities) - 1)
        relations = tuple(draw(st.lists(st.builds(Relation, types, ends, ends), max_size=4)))
    return Document("d", TEXT, entities=entities, relations=relations, events=draw(events))


def grounded(document: Document) -> bool:
    return all(mention.grounded for mention in document.mentions())


MEASURES = {
    "entity": ("NER", "entities"),
    "relation": ("RE", "relations boundary"),
    "trigger": ("EE", "trigger classification"),
    "argument": ("EE", "argument classification"),
}


@settings(max_examples=100, deadline=None)
@given(gold=documents().filter(grounded), predicted=documents())
def test_right_items_are_the_true_positives_of_strict_and_every_item_is_told_once(gold: Document, predicted: Document) -> None:
    scores = score([gold], [predicted], rule="strict")

    for layer, (task, measure) in MEASURES.items():
        found = [one for one in mistakes(gold, predicted, task) if one.layer == layer]
        row = scores.row("", task, measure)
        counted = Counter(one.kind for one in found)
        assert set(counted) <= set(KINDS[layer])
        if row is None:
            assert not found
            continue
        assert counted["correct"] == row.counts.true_positive
        for side, total in (("gold", row.counts.gold), ("predicted", row.counts.predicted)):
            items = [getattr(one, side) for one in found if getattr(one, side) is not None]
            assert len(items) == len(set(items)) == total


@settings(max_examples=60, deadline=None)
@given(
    gold=documents(), predicted=documents(), seed=st.integers(0, 1000), task=st.sampled_from(["NER", "SPO", "RE", "EE", "ES", "EP"])
)
def test_the_order_of_items_does_not_matter(gold: Document, predicted: Document, seed: int, task: str) -> None:
    def told(one: Document, other: Document) -> Counter:
        return Counter((m.layer, m.kind, m.gold_type, m.predicted_type) for m in mistakes(one, other, task))

    assert told(shuffled(gold, seed), shuffled(predicted, seed + 1)) == told(gold, predicted)


def shuffled(document: Document, seed: int) -> Document:
    mixed = random.Random(seed)
    order = mixed.sample(range(len(document.entities)), len(document.entities))
    place = {old: new for new, old in enumerate(order)}
    relations = [Relation(r.type, place[r.head], place[r.tail]) for r in document.relations]
    events = [Event(e.type, e.trigger, tuple(mixed.sample(e.arguments, len(e.arguments)))) for e in document.events]
    mixed.shuffle(relations)
    mixed.shuffle(events)
    return Document(
        "d", TEXT, entities=tuple(document.entities[i] for i in order), relations=tuple(relations), events=tuple(events)
    )
