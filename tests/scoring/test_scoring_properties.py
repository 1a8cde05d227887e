"""What holds for any gold and any prediction, rule by rule; and for each property that a rule does not have, an example of that."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scoring_documents import at, event, ner, related

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.scoring import HOLDS, RULES
from uie.scoring.score import score
from uie.scoring.scores import Row
from uie.scoring.tag_sequences import is_flat

TEXT = "ab ab cab abc zz"
SPANS = [(0, 2), (3, 5), (0, 5), (7, 9), (6, 9), (10, 13)]
NOWHERE = Mention("zz", 14, 16)  # no mention of gold touches it
OURS = ("strict", "string", "boundary", "type-only", "partial", "muc", "head", "any-gold-mention")

mentions = st.sampled_from([Mention(TEXT[start:end], start, end) for start, end in SPANS])
entities = st.builds(Entity, mentions, st.sampled_from("AB"))
arguments = st.builds(Argument, st.sampled_from(["by", "to"]), mentions)
events = st.builds(Event, st.sampled_from("XY"), mentions, st.lists(arguments, max_size=3).map(tuple))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    found = draw(st.lists(entities, min_size=1, max_size=5))
    ends = st.integers(0, len(found) - 1)
    relations = draw(st.lists(st.builds(Relation, st.sampled_from("RS"), ends, ends), max_size=4))
    clusters = (tuple(range(len(found))),) if draw(st.booleans()) else ()
    told = tuple(draw(st.lists(events, max_size=3)))
    return Document("d", TEXT, entities=tuple(found), relations=tuple(relations), events=told, clusters=clusters)


def having(broken: str) -> list[str]:
    """The rules that say they have the property."""
    return [name for name in RULES if broken not in RULES.get(name).facts.breaks]


def without(broken: str) -> list[str]:
    return [name for name in RULES if broken in RULES.get(name).facts.breaks]


def rows(gold: Sequence[Document], predicted: Sequence[Document], rule: str) -> tuple[Row, ...]:
    """The rows; none where the rule takes none of the Documents (tags of mentions that are not flat)."""
    of_tags = rule == "conlleval" or rule.startswith("seqeval")
    return () if of_tags and not any(map(is_flat, gold)) else score(gold, predicted, rule=rule).rows


def numbers(found: Sequence[Row]) -> Mapping[tuple[str, str, str], list[float]]:
    return {
        (row.dataset, row.task, row.measure): [row.documents, row.counts.gold, row.counts.predicted, *row.figures, row.macro_f1]
        for row in found
    }


def assert_same(after: Sequence[Row], before: Sequence[Row]) -> None:
    """But for the last digit: parts of a point are added up in another order."""
    found, wanted = numbers(after), numbers(before)
    assert found.keys() == wanted.keys()
    for key, values in wanted.items():
        assert found[key] == pytest.approx(values), key


def assert_no_higher(after: Sequence[Row], before: Sequence[Row]) -> None:
    assert len(after) == len(before)
    for one, other in zip(before, after, strict=True):
        assert other.f1 <= one.f1 + 1e-12, (one, other)
        assert other.recall <= one.recall + 1e-12, (one, other)


def test_our_own_rules_break_nothing() -> None:
    assert [name for name in OURS if RULES.get(name).facts.breaks] == []


@pytest.mark.parametrize("rule", having("gold"))
@settings(max_examples=40, deadline=None)
@given(gold=documents())
def test_gold_scored_against_itself_is_perfect(rule: str, gold: Document) -> None:
    for row in rows([gold], [gold], rule):
        assert row.counts.false_positive == row.counts.false_negative == 0, row
        assert row.f1 == pytest.approx(1.0 if row.counts.gold else 0.0)


@pytest.mark.parametrize("rule", having("order"))
@settings(max_examples=40, deadline=None)
@given(pairs=st.lists(st.tuples(documents(), documents()), min_size=1, max_size=3), rng=st.randoms(use_true_random=False))
def test_order_changes_nothing(rule: str, pairs: list[tuple[Document, Document]], rng: random.Random) -> None:
    gold = [replace(g, id=str(n), dataset=f"set{n % 2}") for n, (g, _) in enumerate(pairs)]
    predicted = [replace(p, id=str(n)) for n, (_, p) in enumerate(pairs)]
    before = rows(gold, predicted, rule)

    after = rows(*([mixed(one, rng) for one in rng.sample(side, len(side))] for side in (gold, predicted)), rule)

    assert_same(after, before)


def mixed(document: Document, rng: random.Random) -> Document:
    """The same in another order: entities, and what points to them, relations, events, arguments, clusters."""
    old = document.entities or ()
    order = rng.sample(range(len(old)), len(old))
    now = {index: place for place, index in enumerate(order)}
    relations = [replace(one, head=now[one.head], tail=now[one.tail]) for one in document.relations or ()]
    told = [replace(one, arguments=tuple(rng.sample(one.arguments, len(one.arguments)))) for one in document.events or ()]
    clusters = tuple(tuple(rng.sample([now[index] for index in one], len(one))) for one in document.clusters or ())
    return replace(
        document,
        entities=tuple(old[index] for index in order),
        relations=tuple(rng.sample(relations, len(relations))),
        events=tuple(rng.sample(told, len(told))),
        clusters=clusters,
    )


# A further wrong item. It is wrong by its type, or by its place and string; rules that do not compare the one are tried with the other.


@pytest.mark.parametrize("rule", having("wrong"))
@settings(max_examples=40, deadline=None)
@given(gold=documents(), predicted=documents(), drawn=entities, by_type=st.booleans(), place=st.integers(0, 5))
def test_a_further_wrong_entity_never_raises_f1(
    rule: str, gold: Document, predicted: Document, drawn: Entity, by_type: bool, place: int
) -> None:
    if rule in ("boundary", "muc") or not (by_type or rule == "type-only"):
        drawn = replace(drawn, mention=NOWHERE)
    if by_type or rule == "type-only":
        drawn = replace(drawn, type="never in gold")
    found = list(predicted.entities or ())
    before, after = (
        replace(predicted, entities=tuple(own), relations=None, clusters=None)
        for own in (found, [*found[:place], drawn, *found[place:]])
    )

    assert_no_higher(rows([gold], [after], rule), rows([gold], [before], rule))


@pytest.mark.parametrize("rule", having("wrong"))
@settings(max_examples=40, deadline=None)
@given(gold=documents(), predicted=documents(), by_type=st.booleans(), place=st.integers(0, 4), tail=st.integers(0, 4))
def test_a_further_wrong_relation_never_raises_f1(
    rule: str, gold: Document, predicted: Document, by_type: bool, place: int, tail: int
) -> None:
    ends = (*(predicted.entities or ()), Entity(NOWHERE, "A"))
    by_type = by_type or rule == "type-only"
    head = min(tail, len(ends) - 2) if by_type and rule not in ("boundary", "muc") else len(ends) - 1
    wrong = Relation("never in gold" if by_type else "R", head, min(tail, len(ends) - 1))
    found = list(predicted.relations or ())
    before, after = (
        replace(predicted, entities=ends, relations=tuple(own), clusters=None)
        for own in (found, [*found[:place], wrong, *found[place:]])
    )

    assert_no_higher(rows([gold], [after], rule), rows([gold], [before], rule))


@pytest.mark.parametrize("rule", having("wrong"))
@settings(max_examples=40, deadline=None)
@given(gold=documents(), predicted=documents(), by_type=st.booleans(), place=st.integers(0, 3))
def test_a_further_wrong_event_never_raises_f1(rule: str, gold: Document, predicted: Document, by_type: bool, place: int) -> None:
    wrong = Event("never in gold" if by_type or rule == "type-only" else "X", NOWHERE)
    told = list(predicted.events or ())
    more = replace(predicted, events=(*told[:place], wrong, *told[place:]))

    assert_no_higher(rows([gold], [more], rule), rows([gold], [predicted], rule))


@pytest.mark.parametrize("rule", having("wrong"))
@settings(max_examples=40, deadline=None)
@given(gold=documents(), predicted=documents(), first=events, place=st.integers(0, 3))
def test_a_further_wrong_argument_never_raises_f1(rule: str, gold: Document, predicted: Document, first: Event, place: int) -> None:
    held = first.arguments
    more = replace(first, arguments=(*held[:place], Argument("by", NOWHERE), *held[place:]))
    before, after = (replace(predicted, events=(one, *(predicted.events or ()))) for one in (first, more))

    assert_no_higher(rows([gold], [after], rule), rows([gold], [before], rule))


# Rules among themselves


@settings(max_examples=100, deadline=None)
@given(gold=documents(), predicted=documents())
def test_narrower_measures_have_no_more_true_positives(gold: Document, predicted: Document) -> None:
    strict, string = (
        {row.measure: row.counts.true_positive for row in score([gold], [predicted], rule=rule).rows}
        for rule in ("strict", "string")
    )

    assert len(strict) == 8
    for right in (strict, string):
        assert right["relations strict"] <= right["relations boundary"]
        assert right["trigger classification"] <= right["trigger identification"]
        assert right["argument attached"] <= right["argument classification"] <= right["argument identification"]
    assert all(right <= string[measure] for measure, right in strict.items())


@settings(max_examples=100, deadline=None)
@given(gold=documents(), predicted=documents())
def test_looser_rules_find_no_less(gold: Document, predicted: Document) -> None:
    def right(name: str, task: str = "NER", measure: str = "entities") -> float:
        row = score([gold], [predicted], rule=name).row("", task, measure)
        assert row is not None
        return row.counts.true_positive

    strict, partial = right("strict"), right("partial")
    assert strict <= right("boundary")
    assert strict <= right("type-only")
    assert strict <= right("string")
    assert strict <= partial <= right("muc", measure="entities, type") + 1e-9
    assert strict == right("muc", measure="entities, strict")
    assert right("boundary") == right("muc", measure="entities, exact") <= right("muc", measure="entities, partial")
    assert right("strict", "EE", "argument classification") <= right("head", "EE", "argument classification")


# What rules break: `RuleFacts.breaks`, and with it the table of docs/scoring.md, says no more and no less than is shown here.

ROME, FOUND = "Rome fell, Rome rose", Mention("Rome", 0, 4)
HITS = "Rebels hit Homs, hit Hama and razed Raqqa."
_TAGS = ("conlleval", *(name for name in RULES if name.startswith("seqeval")))
_OFFSETS = tuple(name for name in RULES if name.startswith("uie-offset"))
_ATTACKS = (event("attack", at(HITS, "hit")), event("raid", at(HITS, "hit", 2)))


def triggers(*told: Event, **more) -> Document:
    return Document("d", HITS, events=tuple(told), **more)


def answered(*strings: str) -> Document:
    """What an answer says of triggers: their strings, in its order."""
    asked = {"events": {"attack": {"roles": []}}, "tasks": ["EET"]}
    return triggers(*(event("attack", Mention(string)) for string in strings), asked=asked)


def letters(*places: tuple[int, int]) -> Document:
    return ner("d", "abcdefgh", *((Mention("abcdefgh"[start:end], start, end), "X") for start, end in places))


def clusters(*held: Sequence[int]) -> Document:
    singles = tuple(Entity(Mention("abcdef"[place], place, place + 1)) for place in range(6))
    return Document("d", "abcdef", entities=singles, clusters=tuple(map(tuple, held)))


_NA = "a na,b won,b"
_UNDENIED = related("d", _NA, (at(_NA, "a"), "r", at(_NA, "na,b")), (at(_NA, "a"), "r", at(_NA, "won,b")))
IMPERFECT: dict[str, Document] = {
    "gollie": ner("d", ROME, (FOUND, "city"), (FOUND, "team"), (at(ROME, "Rome", 2), "city")),  # three times Rome, two in the text
    "universalner": ner("d", "see [1]", (Mention("[1]", 4, 7), "reference")),
    "spacy": ner("d", ROME, (FOUND, "city"), (FOUND, "city")),
    "instructuie": _UNDENIED,
    "b2ner": _UNDENIED,
    "coreference": clusters([0], [1]),
    **dict.fromkeys(_OFFSETS, ner("d", ROME, (at(ROME, "Rome", 2), "city"))),
}
# Gold, a prediction, and the same prediction in another order.
ORDERED: dict[str, tuple[Document, Document, Document]] = {
    "gollie": (
        ner("d", "Rome fell", (FOUND, "city")),
        ner("d", "Rome fell", (FOUND, "city"), (FOUND, "team")),
        ner("d", "Rome fell", (FOUND, "team"), (FOUND, "city")),
    ),
    "instructuie": (
        triggers(event("attack", at(HITS, "hit")), event("attack", at(HITS, "razed"))),
        answered("hit", "razed"),
        answered("razed", "hit"),
    ),
    **dict.fromkeys(_OFFSETS, (triggers(*_ATTACKS), triggers(*_ATTACKS), triggers(*_ATTACKS[::-1]))),
}
_BOB = "x; person: Bob"
_SPLIT = (
    ner("d", _BOB, (at(_BOB, "Bob"), "person")),
    ner("d", _BOB),
    ner("d", _BOB, (at(_BOB, _BOB), "firm")),
)
_LISTED = "Rome, Oslo, x and y]"
_LISTS = [(at(_LISTED, "x"), "person"), (at(_LISTED, "Oslo"), "city")]
# Gold, a prediction, and the same prediction with a wrong item more.
RAISED: dict[str, tuple[Document, Document, Document]] = {
    "instructuie": _SPLIT,
    "b2ner": _SPLIT,
    "universalner": (
        ner("d", _LISTED, (at(_LISTED, "Rome"), "person"), (at(_LISTED, "Oslo"), "city")),
        ner("d", _LISTED, *_LISTS),
        ner("d", _LISTED, *_LISTS, (at(_LISTED, "y]"), "person")),
    ),
    "coreference": (clusters([0, 1], [2, 3], [4, 5]), clusters([0, 1]), clusters([0, 1], [2, 4])),
    **dict.fromkeys(_TAGS, (letters((4, 8)), letters((2, 6), (4, 8)), letters((0, 3), (2, 6), (4, 8)))),
    # The wrong raid takes the first hit, so that the attack is put at the second.
    **dict.fromkeys(
        _OFFSETS,
        (
            triggers(event("attack", at(HITS, "hit", 2))),
            triggers(event("attack", at(HITS, "hit"))),
            triggers(event("raid", at(HITS, "hit")), event("attack", at(HITS, "hit"))),
        ),
    ),
}


def test_every_break_has_its_example() -> None:
    assert sorted(HOLDS) == ["gold", "order", "wrong"]
    assert sorted(IMPERFECT) == without("gold")
    assert sorted(ORDERED) == without("order")
    assert sorted(RAISED) == without("wrong")


@pytest.mark.parametrize("rule", IMPERFECT)
def test_gold_scored_against_itself_is_not_perfect(rule: str) -> None:
    gold = IMPERFECT[rule]

    found = score([gold], [gold], rule=rule).rows

    assert min(row.f1 for row in found) < 0.99


@pytest.mark.parametrize("rule", ORDERED)
def test_another_order_changes_f1(rule: str) -> None:
    gold, one, other = ORDERED[rule]

    assert sorted(map(repr, one.entities or one.events)) == sorted(map(repr, other.entities or other.events))
    before, after = (score([gold], [side], rule=rule).rows[0].f1 for side in (one, other))
    assert before != pytest.approx(after)


@pytest.mark.parametrize("rule", RAISED)
def test_a_further_wrong_item_raises_f1(rule: str) -> None:
    gold, fewer, more = RAISED[rule]

    known, few, many = (list(side.events or side.clusters or side.entities or ()) for side in (gold, fewer, more))
    (further,) = [one for one in many if one not in few] if len(set(map(repr, many))) > len(few) else [None]
    assert further not in known
    before, after = (score([gold], [side], rule=rule).rows for side in (fewer, more))
    assert any(other.f1 > one.f1 for one, other in zip(before, after, strict=True))
