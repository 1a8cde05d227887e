"""What holds for any gold and any prediction."""

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.scoring.score import score

TEXT = "ab ab cab abc"
SPANS = [(0, 2), (3, 5), (0, 5), (7, 9), (6, 9), (10, 13)]

mentions = st.sampled_from([Mention(TEXT[start:end], start, end) for start, end in SPANS])
entities = st.builds(Entity, mentions, st.sampled_from("AB"))
arguments = st.builds(Argument, st.sampled_from(["by", "to"]), mentions)
events = st.builds(Event, st.sampled_from("XY"), mentions, st.lists(arguments, max_size=3).map(tuple))


@st.composite
def documents(draw: st.DrawFn) -> Document:
    found = draw(st.lists(entities, min_size=1, max_size=5))
    ends = st.integers(0, len(found) - 1)
    relations = draw(st.lists(st.builds(Relation, st.sampled_from("RS"), ends, ends), max_size=4))
    return Document("d", TEXT, entities=tuple(found), relations=tuple(relations), events=tuple(draw(st.lists(events, max_size=3))))


@given(documents())
def test_gold_scored_against_itself_is_perfect(gold: Document) -> None:
    for rule in ("strict", "string"):
        rows = score([gold], [gold], rule=rule).rows
        assert len(rows) == 8
        assert all(row.counts.f1 == (1.0 if row.counts.gold else 0.0) for row in rows)
        assert all(row.counts.false_positive == row.counts.false_negative == 0 for row in rows)


@given(st.lists(st.tuples(documents(), documents()), min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_order_changes_nothing(pairs: list[tuple[Document, Document]], rng: random.Random) -> None:
    gold = [replace(g, id=str(n), dataset=f"set{n % 2}") for n, (g, _) in enumerate(pairs)]
    predicted = [replace(p, id=str(n)) for n, (_, p) in enumerate(pairs)]
    before = score(gold, predicted)

    rng.shuffle(gold)
    rng.shuffle(predicted)
    shuffled = [replace(p, events=tuple(rng.sample(p.events or (), len(p.events or ())))) for p in predicted]

    assert score(gold, shuffled) == before


@given(documents(), documents())
def test_narrower_measures_have_no_more_true_positives(gold: Document, predicted: Document) -> None:
    strict, string = score([gold], [predicted]), score([gold], [predicted], rule="string")

    right = {row.measure: row.counts.true_positive for row in strict.rows}
    assert right["relations strict"] <= right["relations boundary"]
    assert right["trigger classification"] <= right["trigger identification"]
    assert right["argument attached"] <= right["argument classification"] <= right["argument identification"]
    assert all(n <= row.counts.true_positive for n, row in zip(right.values(), string.rows, strict=True))


@given(documents(), documents(), entities)
def test_a_further_wrong_entity_never_raises_f1(gold: Document, predicted: Document, further: Entity) -> None:
    wrong = replace(further, type="never in gold")
    more = replace(predicted, entities=(*predicted.entities, wrong))

    before, after = (score([gold], [side]).row("", "NER", "entities") for side in (predicted, more))

    assert after.counts.f1 <= before.counts.f1
    assert after.counts.precision <= before.counts.precision
    assert after.counts.recall == before.counts.recall
