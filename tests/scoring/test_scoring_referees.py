"""Our counts against libraries that compute the same: seqeval, sklearn, scipy, nervaluate and spaCy."""

import itertools
from dataclasses import replace

import nervaluate
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from seqeval import scheme as seqeval_schemes
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_precision_recall_fscore_support
from sklearn import metrics
from spacy.scorer import Scorer, get_ner_prf
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.vocab import Vocab

from uie.documents import Document, Entity, Mention
from uie.errors import ScoringError
from uie.scoring.assignment import hungarian, largest_credit, largest_matching
from uie.scoring.chunks import SCHEMES, tags_of
from uie.scoring.counts import Counts
from uie.scoring.overlap import MucTally, jaccard, muc_tallies
from uie.scoring.score import score
from uie.scoring.tag_rules import score_tags

TEXT = "abcdefghijkl"
TYPES = ("A", "B")


@st.composite
def tagged(draw: st.DrawFn, prefixes: str) -> tuple[list[str], list[str]]:
    """Two sequences of equally many tags, valid or not."""
    tags = ["O", *(f"{prefix}-{type}" for prefix in prefixes if prefix != "O" for type in TYPES)]
    length = draw(st.integers(1, 7))
    return tuple(draw(st.lists(st.sampled_from(tags), min_size=length, max_size=length)) for _ in range(2))  # type: ignore[return-value]


def figures(by_type: dict[str | None, Counts]) -> list[float]:
    """Precision, recall, F1 and support, as seqeval lists them: each of all types in turn."""
    ordered = [by_type[type] for type in sorted(by_type)]  # type: ignore[type-var]
    return [value for column in zip(*((*counts.figures, counts.gold) for counts in ordered), strict=True) for value in column]


@settings(deadline=None)
@given(st.lists(tagged("IOBES"), min_size=1, max_size=4))
def test_conlleval_equals_seqeval_on_any_tags(pairs: list[tuple[list[str], list[str]]]) -> None:
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    by_type = score_tags(gold, predicted)

    if by_type:
        expected = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
        assert figures(by_type) == pytest.approx(np.concatenate(expected).tolist())
        total = sum(by_type.values(), Counts()).figures
        assert total == pytest.approx(precision_recall_fscore_support(gold, predicted, average="micro", zero_division=0)[:3])


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(deadline=None)
@given(data=st.data())
def test_strict_chunks_equal_seqeval_with_each_scheme(scheme: str, data: st.DataObject) -> None:
    pairs = data.draw(st.lists(tagged(SCHEMES[scheme].prefixes), min_size=1, max_size=4))
    gold, predicted = [g for g, _ in pairs], [p for _, p in pairs]
    by_type = score_tags(gold, predicted, scheme=scheme)

    if by_type:
        expected = strict_precision_recall_fscore_support(
            gold, predicted, average=None, zero_division=0, scheme=getattr(seqeval_schemes, scheme)
        )
        assert figures(by_type) == pytest.approx(np.concatenate(expected).tolist())


@pytest.mark.parametrize(
    "scheme", [scheme for scheme in SCHEMES if scheme != "IOE1"]
)  # seqeval: "hasn't yet been able to handle some cases"
@given(cuts=st.sets(st.integers(0, 8), max_size=8), types=st.lists(st.sampled_from(["A", "B", ""]), min_size=8, max_size=8))
def test_chunks_written_as_tags_are_read_back(scheme: str, cuts: set[int], types: list[str]) -> None:
    ends = sorted(cuts)
    chunks = [(types[n], first, last - 1) for n, (first, last) in enumerate(itertools.pairwise(ends)) if types[n]]
    tags = tags_of(chunks, 8, scheme)

    (counts,) = (
        score_tags([tags_of(chunks, 8)], [tags_of(chunks, 8)]).values() if chunks and len({t for t, *_ in chunks}) == 1 else (None,)
    )
    assert counts is None or counts.true_positive == len(chunks)
    assert sum(score_tags([tags], [tags], scheme=scheme).values(), Counts()).true_positive == len(chunks)


def test_tags_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ScoringError) as error:
        score_tags([["O"], ["O", "O"]], [["O"], ["O"], ["O"]])
    assert str(error.value) == (
        "gold has 2 tagged sentences and the prediction 3; sentences with another number of tags than in gold: 1. "
        "Give one tag for each token on both sides."
    )
    with pytest.raises(ScoringError) as error:
        score_tags([["B-A", "E-A"]], [["O", "O"]], scheme="IOB2")
    assert str(error.value) == "tag 'E-A' is not of scheme IOB2, whose prefixes are I, O, B."


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("AB-"), st.sampled_from("AB-")), min_size=1, max_size=20))
def test_micro_macro_and_weighted_figures_equal_sklearn(labels: list[tuple[str, str]]) -> None:
    """One mention of one letter in each document: then a type is a class, and no mention the class "-" that is not averaged."""
    gold, predicted = (
        [Document(str(n), "x", entities=() if t == "-" else (Entity(Mention("x", 0, 1), t),)) for n, t in enumerate(side)]
        for side in zip(*labels, strict=True)
    )
    (row,) = score(gold, predicted).rows
    wanted, found = zip(*labels, strict=True)
    present = sorted(set(wanted) - {"-"})

    def sklearn(average: str, classes: list[str]) -> tuple[float, float, float]:
        return metrics.precision_recall_fscore_support(wanted, found, labels=classes, average=average, zero_division=0)[:3]

    assert row.figures == pytest.approx(sklearn("micro", ["A", "B"]))
    if present:
        assert row.macro_f1 == pytest.approx(sklearn("macro", present)[2])
        assert row.weighted_f1 == pytest.approx(sklearn("weighted", present)[2])


# Assignment


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.randoms(use_true_random=False))
def test_the_assignment_equals_scipy(rows: int, columns: int, rng: object) -> None:
    credits = np.array([[rng.choice([0, 0, 0.25, 0.5, 1]) for _ in range(columns)] for _ in range(rows)])  # type: ignore[attr-defined]
    best = credits[linear_sum_assignment(credits, maximize=True)].sum()
    fits = {row: {column: float(c) for column, c in enumerate(own) if c} for row, own in enumerate(credits) if own.any()}

    assert hungarian(credits if rows <= columns else credits.T) == pytest.approx(best)
    assert largest_credit(fits) == pytest.approx(best)
    ones = (credits > 0).astype(float)
    assert largest_matching(fits) == ones[linear_sum_assignment(ones, maximize=True)].sum()


Spans = list[tuple[int, int, str]]
spans = st.lists(
    st.tuples(st.integers(0, 11), st.integers(1, 5), st.sampled_from(TYPES)).map(lambda s: (s[0], min(12, s[0] + s[1]), s[2])),
    max_size=4,
)


def document(own: Spans) -> Document:
    return Document("d", TEXT, entities=tuple(Entity(Mention(TEXT[start:end], start, end), type) for start, end, type in own))


@settings(deadline=None)
@given(spans, spans)
def test_partial_equals_the_best_assignment_of_all_mentions(gold: Spans, predicted: Spans) -> None:
    (row,) = score([document(gold)], [document(predicted)], rule="partial").rows

    shorter, longer = sorted((gold, predicted), key=len)
    best = max(
        sum(jaccard(((a[0], a[1]),), ((b[0], b[1]),)) for a, b in zip(shorter, order, strict=False) if a[2] == b[2])
        for order in itertools.permutations(longer)
    )
    assert row.counts.true_positive == pytest.approx(best)
    assert (row.counts.gold, row.counts.predicted) == pytest.approx((len(gold), len(predicted)))


SCHEMES_OF_MUC = ("strict", "exact", "partial", "type")


def in_order(gold: Spans, predicted: Spans, scheme: str) -> float:
    """The credit when each prediction, in order, takes an equal gold mention, else the first that it overlaps: nervaluate's way."""
    left, credit = list(gold), 0.0
    for start, end, type in predicted:
        near = [g for g in left if g[0] < end and start < g[1]]
        same = [g for g in near if (g[0], g[1]) == (start, end)]
        right = {"strict": [g for g in same if g[2] == type], "type": [g for g in near if g[2] == type]}.get(scheme, same)
        if scheme == "type":
            right.sort(key=lambda g: abs(g[0] - start) + abs(g[1] - end))
        if right or near:
            left.remove((right or near)[0])
            credit += 1 if right else 0.5 if scheme == "partial" else 0
    return credit


@settings(deadline=None)
@given(spans, spans)
def test_muc_finds_what_the_best_order_finds(gold: Spans, predicted: Spans) -> None:
    rows = {row.measure: row.counts for row in score([document(gold)], [document(predicted)], rule="muc").rows}

    for scheme in SCHEMES_OF_MUC:
        orders = {
            in_order(list(g), list(p), scheme)
            for g in itertools.permutations(gold[:3])
            for p in itertools.permutations(predicted[:3])
        }
        if len(gold) <= 3 and len(predicted) <= 3:
            assert rows[f"entities, {scheme}"].true_positive >= max(orders)
            if len(orders) == 1:
                assert rows[f"entities, {scheme}"].true_positive == orders.pop()


def nervaluate_results(gold: Spans, predicted: Spans) -> dict[str, MucTally]:
    # Evaluator guesses the loader from the first entity, so an entity is put in front that both sides have.
    sides = [[{"label": type, "start": start, "end": end - 1} for start, end, type in side] for side in (gold, predicted)]
    both = [[[{"label": "X", "start": 100, "end": 101}], side] for side in sides]
    overall = nervaluate.Evaluator(*both, tags=[*TYPES, "X"], loader="dict").evaluate()["overall"]
    found = {scheme: overall["ent_type" if scheme == "type" else scheme] for scheme in SCHEMES_OF_MUC}
    return {scheme: MucTally(r.correct - 1, r.incorrect, r.partial, r.missed, r.spurious) for scheme, r in found.items()}


@settings(deadline=None)
@given(spans, spans)
def test_muc_equals_nervaluate_where_order_does_not_matter(gold: Spans, predicted: Spans) -> None:
    """The condition: nervaluate gives one result for every order of gold and of predicted mentions, three of each at most."""
    gold, predicted = gold[:3], predicted[:3]
    rows = {row.measure: row for row in score([document(gold)], [document(predicted)], rule="muc").rows}
    tallies = muc_tallies([document(gold)], [document(predicted)])
    every = [
        nervaluate_results(list(g), list(p))
        for g, p in itertools.product(itertools.permutations(gold), itertools.permutations(predicted))
    ]
    for scheme in SCHEMES_OF_MUC:
        results = {found[scheme] for found in every}
        counts, tally = rows[f"entities, {scheme}"].counts, tallies[scheme]
        assert (counts.true_positive, counts.gold, counts.predicted) == (
            tally.correct + tally.partial / 2,
            tally.possible,
            tally.actual,
        )
        if len(results) == 1:
            assert tally == results.pop()


def test_nervaluate_depends_on_order_and_muc_does_not() -> None:
    """The first mention in order that overlaps takes the gold one away from a later one that equals it."""
    gold, predicted = [(0, 5, "A")], [(0, 2, "A"), (0, 5, "A")]

    every = [nervaluate_results(gold, order)["strict"] for order in (predicted, predicted[::-1])]

    assert every == [MucTally(0, 1, 0, 0, 1), MucTally(1, 0, 0, 0, 1)]
    for order in (predicted, predicted[::-1]):
        assert muc_tallies([document(gold)], [document(order)])["strict"] == MucTally(1, 0, 0, 0, 1)


# Flat mentions: one letter is one token


def flat(side: Spans) -> Spans:
    kept: Spans = []
    for start, end, type in sorted(side):
        if not kept or kept[-1][1] <= start:
            kept.append((start, end, type))
    return kept


flat_sides = st.lists(st.tuples(spans.map(flat), spans.map(flat)), min_size=1, max_size=3)


def flat_documents(sides: list[tuple[Spans, Spans]]) -> tuple[list[Document], list[Document]]:
    gold, predicted = ([replace(document(side[n]), id=str(number)) for number, side in enumerate(sides)] for n in (0, 1))
    return gold, predicted


@settings(deadline=None)
@given(flat_sides)
def test_strict_equals_spacy_on_flat_entities(sides: list[tuple[Spans, Spans]]) -> None:
    vocabulary = Vocab()

    def doc(side: Spans) -> Doc:
        made = Doc(vocabulary, words=list(TEXT), spaces=[False] * len(TEXT))
        made.set_ents([Span(made, start, end, label=type) for start, end, type in side], default="outside")
        return made

    examples = [Example(doc(predicted), doc(gold)) for gold, predicted in sides]
    for result in (get_ner_prf(examples), Scorer.score_spans(examples, "ents")):
        for rule in ("strict", "spacy"):
            (row,) = score(*flat_documents(sides), rule=rule).rows
            if row.counts.gold or row.counts.predicted:
                assert row.figures == pytest.approx((result["ents_p"], result["ents_r"], result["ents_f"]))
                for type, expected in result["ents_per_type"].items():
                    assert row.by_type[type].figures == pytest.approx((expected["p"], expected["r"], expected["f"]))


@settings(deadline=None)
@given(flat_sides)
def test_strict_equals_conlleval_and_seqeval_with_each_scheme_on_flat_entities(sides: list[tuple[Spans, Spans]]) -> None:
    """But for IOE1, which cannot say that two mentions of one type touch: there the condition is that none do."""
    gold, predicted = flat_documents(sides)
    (strict,) = score(gold, predicted).rows
    wanted, found = ([[(type, start, end - 1) for start, end, type in side[number]] for side in sides] for number in (0, 1))
    touching = any(
        before[2] == behind[1] - 1 and before[0] == behind[0]
        for chunks in (*wanted, *found)
        for before, behind in itertools.pairwise(chunks)
    )
    for scheme in SCHEMES:
        if scheme == "IOE1" and touching:
            continue
        (ours,) = score(gold, predicted, rule=f"seqeval-strict.{scheme}").rows
        assert ours.by_type == strict.by_type
        tags = [[tags_of(chunks, len(TEXT), scheme) for chunks in chunked] for chunked in (wanted, found)]
        if strict.by_type:
            expected = strict_precision_recall_fscore_support(
                *tags, average=None, zero_division=0, scheme=getattr(seqeval_schemes, scheme)
            )
            assert figures(dict(strict.by_type)) == pytest.approx(np.concatenate(expected).tolist())
    (ours,) = score(gold, predicted, rule="conlleval").rows
    assert ours.by_type == strict.by_type
    if strict.by_type:
        tags = [[tags_of(chunks, len(TEXT)) for chunks in chunked] for chunked in (wanted, found)]
        expected = precision_recall_fscore_support(*tags, average=None, zero_division=0)
        assert figures(dict(strict.by_type)) == pytest.approx(np.concatenate(expected).tolist())
        assert strict.figures == pytest.approx(precision_recall_fscore_support(*tags, average="micro", zero_division=0)[:3])


@settings(deadline=None)
@given(flat_sides)
def test_macro_and_weighted_f1_equal_seqeval_where_no_type_is_predicted_that_gold_lacks(sides: list[tuple[Spans, Spans]]) -> None:
    """seqeval averages over the types of either side, ours over those of gold."""
    (row,) = score(*flat_documents(sides)).rows
    tags = [[tags_of([(type, s, e - 1) for s, e, type in side[n]], len(TEXT)) for side in sides] for n in (0, 1)]
    if row.by_type and all(counts.gold for counts in row.by_type.values()):
        for average, ours in (("macro", row.macro_f1), ("weighted", row.weighted_f1)):
            assert ours == pytest.approx(precision_recall_fscore_support(*tags, average=average, zero_division=0)[2])
