"""Our counts against libraries that compute the same: seqeval, sklearn, scipy, and nervaluate and spaCy where they are installed."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval import scheme as seqeval_schemes
from seqeval.metrics.sequence_labeling import precision_recall_fscore_support
from seqeval.metrics.v1 import precision_recall_fscore_support as strict_precision_recall_fscore_support

from uie.documents import Document, Entity, Mention
from uie.errors import ScoringError
from uie.scoring.assignment import hungarian, largest_credit, largest_matching
from uie.scoring.chunks import SCHEMES, tags_of
from uie.scoring.counts import Counts
from uie.scoring.overlap import jaccard
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
    metrics = pytest.importorskip("sklearn.metrics")
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
    optimize = pytest.importorskip("scipy.optimize")
    credits = np.array([[rng.choice([0, 0, 0.25, 0.5, 1]) for _ in range(columns)] for _ in range(rows)])  # type: ignore[attr-defined]
    best = credits[optimize.linear_sum_assignment(credits, maximize=True)].sum()
    fits = {row: {column: float(c) for column, c in enumerate(own) if c} for row, own in enumerate(credits) if own.any()}

    assert hungarian(credits if rows <= columns else credits.T) == pytest.approx(best)
    assert largest_credit(fits) == pytest.approx(best)
    ones = (credits > 0).astype(float)
    assert largest_matching(fits) == ones[optimize.linear_sum_assignment(ones, maximize=True)].sum()


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


@settings(deadline=None)
@given(spans, spans)
def test_muc_equals_nervaluate_where_order_does_not_matter(gold: Spans, predicted: Spans) -> None:
    nervaluate = pytest.importorskip("nervaluate")
    gold, predicted = gold[:3], predicted[:3]
    rows = {row.measure: row for row in score([document(gold)], [document(predicted)], rule="muc").rows}
    found: dict[str, set[tuple[float, float]]] = {scheme: set() for scheme in SCHEMES_OF_MUC}
    for g, p in itertools.product(itertools.permutations(gold), itertools.permutations(predicted)):
        sides = [[{"label": type, "start": start, "end": end - 1} for start, end, type in side] for side in (g, p)]
        # Evaluator guesses the loader from the first entity, so an entity is put in front that both sides have.
        both = [[[{"label": "X", "start": 100, "end": 101}], side] for side in sides]
        overall = nervaluate.Evaluator(*both, tags=[*TYPES, "X"], loader="dict").evaluate()["overall"]
        for scheme in SCHEMES_OF_MUC:
            result = overall["ent_type" if scheme == "type" else scheme]
            found[scheme].add((result.correct - 1 + 0.5 * result.partial, result.possible - 1))
    for scheme, results in found.items():
        if len(results) == 1:
            counts = rows[f"entities, {scheme}"].counts
            assert (counts.true_positive, counts.gold) == results.pop()


@settings(deadline=None)
@given(spans, spans)
def test_strict_equals_spacy_on_flat_entities(gold: Spans, predicted: Spans) -> None:
    spacy = pytest.importorskip("spacy")
    from spacy.scorer import get_ner_prf
    from spacy.tokens import Doc, Span
    from spacy.training import Example

    vocabulary = spacy.blank("en").vocab

    def flat(side: Spans) -> Spans:
        kept: Spans = []
        for start, end, type in sorted(side):
            if not kept or kept[-1][1] <= start:
                kept.append((start, end, type))
        return kept

    def doc(side: Spans) -> object:
        made = Doc(vocabulary, words=list(TEXT), spaces=[False] * len(TEXT))
        made.set_ents([Span(made, start, end, label=type) for start, end, type in side], default="outside")
        return made

    gold, predicted = flat(gold), flat(predicted)
    result = get_ner_prf([Example(doc(predicted), doc(gold))])
    for rule in ("strict", "spacy"):
        (row,) = score([document(gold)], [document(predicted)], rule=rule).rows
        if gold or predicted:
            assert row.figures == pytest.approx((result["ents_p"], result["ents_r"], result["ents_f"]))
