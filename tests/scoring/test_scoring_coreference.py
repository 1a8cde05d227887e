"""The rule `coreference` on the test cases of the reference scorer 8.01, whose expected fractions stand in its test/TestCases.README."""

from collections.abc import Sequence
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.documents import Document, Entity, Mention, Relation
from uie.errors import ScoringError
from uie.scoring import RULES
from uie.scoring.score import ALL, score
from uie.scoring.scores import Row

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
MEASURES = ("mentions", "MUC", "B³", "CEAF-e", "CoNLL-2012", "LEA")


def chains(written: str | Sequence[str], *, id: str = "d", dataset: str = "", **more) -> Document:
    """A Document whose mentions are single letters of its text: "a bc" are the clusters {a} and {b, c}."""
    clusters = written.split() if isinstance(written, str) else written
    entities = tuple(
        Entity(Mention(letter, LETTERS.index(letter), LETTERS.index(letter) + 1)) for cluster in clusters for letter in cluster
    )
    numbers = iter(range(len(entities)))
    held = tuple(tuple(next(numbers) for _ in cluster) for cluster in clusters)
    return Document(id, LETTERS, dataset, entities=entities, clusters=held, **more)


def rows(gold: Sequence[Document], predicted: Sequence[Document]) -> dict[str, Row]:
    return {row.measure.removeprefix("clusters, "): row for row in score(gold, predicted, rule="coreference").rows}


def figures(gold: str, predicted: str) -> dict[str, tuple[float, float]]:
    """Recall and precision of each measure, as the reference scorer lists them."""
    return {name: (row.recall, row.precision) for name, row in rows([chains(gold)], [chains(predicted)]).items()}


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        pytest.param("a bc def", "a bc def", {"MUC": "3/3 3/3", "B³": "6/6 6/6", "CEAF-e": "3/3 3/3", "LEA": "6/6 6/6"}, id="A1 perfect"),
        pytest.param("a bc def", "a de", {"MUC": "1/3 1/1", "B³": "7/18 3/3", "CEAF-e": "9/15 9/10", "LEA": "2/6 3/3"}, id="A2 missing"),
        # CEAF-e: 1 + 4/5 + 6/7 = 93/35
        pytest.param("a bc def", "a bcx defy z", {"MUC": "3/3 3/5", "B³": "6/6 55/108", "CEAF-e": "93/105 93/140", "LEA": "6/6 4/9"}, id="A3 false alarms"),
        pytest.param("a bc def", "a bcx dy z", {"MUC": "1/3 1/3", "B³": "5/9 17/42", "CEAF-e": "22/30 22/40", "LEA": "3/6 2/7"}, id="A4 both"),
        # CEAF-e: 1 + 4/6 + 2/5 = 31/15; LEA: (1 + 4/6) / 8
        pytest.param("a bc def", "a bcxB dy z", {"MUC": "1/3 1/4", "B³": "5/9 5/16", "CEAF-e": "31/45 31/60", "LEA": "3/6 5/24"}, id="A5 another mention in the aligned cluster"),
        pytest.param("a bc def", "a bcx dy Bz", {"MUC": "1/3 1/4", "B³": "5/9 17/48", "CEAF-e": "22/30 22/40", "LEA": "3/6 2/8"}, id="A6 another mention elsewhere"),
        pytest.param("a bc def", "a bcxb dy z", {"MUC": "1/3 1/3", "B³": "5/9 17/42", "CEAF-e": "22/30 22/40", "LEA": "3/6 2/7"}, id="A7 a mention twice in a cluster"),
        pytest.param("a bc def", "a bcx dy bz", {"MUC": "1/3 1/3", "B³": "5/9 17/42", "CEAF-e": "22/30 22/40", "LEA": "3/6 2/7"}, id="A8 a mention in two clusters"),
        pytest.param("a bc def", "a bcx dy bbbbbbbbbbz", {"MUC": "1/3 1/3", "B³": "5/9 17/42", "CEAF-e": "22/30 22/40", "LEA": "3/6 2/7"}, id="A9 a mention ten times"),
        pytest.param("a bc def", "a b c d e f", {"MUC": "0 0", "B³": "3/6 6/6", "LEA": "1/6 1/6"}, id="A10 all apart"),
        pytest.param("a bc def", "abcdef", {"MUC": "3/3 3/5", "B³": "6/6 7/18", "LEA": "5/6 4/15"}, id="A11 all together"),
        pytest.param("a bc def", "a x y c d e z", {"MUC": "0 0", "B³": "13/36 4/7", "LEA": "1/6 1/7"}, id="A12 predicted mentions, all apart"),
        pytest.param("a bc def", "axycdez", {"MUC": "1/3 1/6", "B³": "17/36 6/49", "LEA": "1/6 1/21"}, id="A13 predicted mentions, all together"),
        pytest.param("ab cde", "bcx de", {"LEA": "1/5 2/5"}, id="B1"),
        pytest.param("ab cde fg", "bcx de fg", {"LEA": "3/7 4/7"}, id="C1"),
        pytest.param("12345 67 89ABC", "12345 6789ABC", {"MUC": "9/9 9/10", "B³": "12/12 16/21", "LEA": "12/12 26/36"}, id="D1 a small cluster merged"),
        pytest.param("12345 67 89ABC", "1234589ABC 67", {"MUC": "9/9 9/10", "B³": "1 7/12", "LEA": "12/12 58/108"}, id="E1 two big clusters merged"),
        pytest.param("ABCD", "AB CD", {"MUC": "2/3 2/2", "LEA": "2/6 4/4"}, id="F1"),
        pytest.param("AB CD", "ABCD", {"MUC": "2/2 2/3", "LEA": "1 2/6"}, id="G1"),
        pytest.param("ABC", "AC", {"MUC": "1/2 1/1", "LEA": "1/3 1"}, id="J1"),
        pytest.param("BCDEGHJ", "ABC DEF GHI", {"MUC": "3/6 3/6", "LEA": "3/21 3/9"}, id="K1"),
        pytest.param("ABC DEFG", "AB CD FGH", {"MUC": "2/5 2/4", "LEA": "10/42 3/7"}, id="L1"),
        pytest.param("abcdef", "a b c d e f", {"MUC": "0 0", "LEA": "0 0"}, id="M2"),
        pytest.param("abcdef", "ab cde f", {"LEA": "4/15 5/6"}, id="M3"),
        pytest.param("abcdef", "abcxyz", {"LEA": "3/15 3/15"}, id="M4"),
        pytest.param("abcdef", "ab cxy z", {"LEA": "1/15 2/6"}, id="M6"),
        pytest.param("a b c d e f", "a b c d e f", {"MUC": "0 0", "B³": "1 1", "CEAF-e": "1 1", "LEA": "1 1"}, id="N1 clusters of one"),
        pytest.param("a b c d e f", "abcdef", {"LEA": "0 0"}, id="N2"),
        pytest.param("a b c d e f", "ab cde f", {"LEA": "1/6 1/6"}, id="N3"),
        pytest.param("a b c d e f", "a b c x y z", {"MUC": "0 0", "LEA": "3/6 3/6"}, id="N4"),
    ],
)  # fmt: skip
def test_the_cases_of_the_reference_scorer(gold: str, predicted: str, expected: dict[str, str]) -> None:
    found = figures(gold, predicted)

    for measure, shares in expected.items():
        assert found[measure] == pytest.approx([float(Fraction(share)) for share in shares.split()]), measure


def test_the_mean_is_that_of_three_f1s() -> None:
    found = rows([chains("a bc def")], [chains("a bcx dy z")])

    # TC-A-4: MUC 1/3; B³ 2 · 5/9 · 17/42 / (5/9 + 17/42) = 170/363; CEAF-e 4.4/7
    assert found["MUC"].f1 == pytest.approx(1 / 3)
    assert found["B³"].f1 == pytest.approx(170 / 363)
    assert found["CEAF-e"].f1 == pytest.approx(4.4 / 7)
    assert found["CoNLL-2012"].f1 == pytest.approx((1 / 3 + 170 / 363 + 4.4 / 7) / 3)
    assert (found["CoNLL-2012"].recall, found["CoNLL-2012"].precision) == pytest.approx(
        ((1 / 3 + 5 / 9 + 2.2 / 3) / 3, (1 / 3 + 17 / 42 + 2.2 / 4) / 3)
    )
    assert (found["mentions"].recall, found["mentions"].precision) == pytest.approx((4 / 6, 4 / 7))


def test_numerators_and_denominators_are_summed_over_documents() -> None:
    gold = [chains("ab", id="1"), chains("abcdef", id="2")]
    predicted = [chains("ab", id="1"), chains("ab cdef", id="2")]

    found = rows(gold, predicted)

    assert (found["MUC"].recall, found["MUC"].precision) == (5 / 6, 5 / 5)
    # recall: 2 and (4 + 16) / 6 of 8 mentions
    assert (found["B³"].recall, found["B³"].precision) == pytest.approx(((2 + 20 / 6) / 8, 1))
    # paired: ab with ab, abcdef with cdef (8/10); 2 gold clusters, 3 predicted
    assert (found["CEAF-e"].recall, found["CEAF-e"].precision) == pytest.approx((1.8 / 2, 1.8 / 3))
    assert found["LEA"].recall == pytest.approx((2 + 6 * 7 / 15) / 8)
    assert found["CoNLL-2012"].f1 == pytest.approx(sum(found[one].f1 for one in ("MUC", "B³", "CEAF-e")) / 3)


def test_corpora_are_pooled_as_documents_are() -> None:
    gold = [chains("ab", id="1", dataset="x"), chains("abcdef", id="2", dataset="y")]
    predicted = [chains("ab", id="1"), chains("ab cdef", id="2")]

    scores = score(gold, predicted, rule="coreference")
    pooled = rows([chains("ab", id="1"), chains("abcdef", id="2")], predicted)

    for name in MEASURES:
        aggregate = scores.aggregate("COREF", f"clusters, {name}")
        assert aggregate is not None
        assert aggregate.datasets == 2
        assert aggregate.figures == pytest.approx(pooled[name].figures)


def test_what_three_numbers_cannot_say_has_no_counts_document_by_document() -> None:
    found = rows([chains("ab c")], [chains("ab")])

    assert [name for name in MEASURES if found[name].per_document is not None] == ["mentions", "MUC", "CEAF-e"]


def test_clusters_are_scored_beside_what_was_asked() -> None:
    gold = chains("ab c")
    asked = {"entities": ["PER"], "tasks": ["NER"]}
    told = Document("d", LETTERS, entities=gold.entities, clusters=gold.clusters, asked=asked)
    untold = Document("d", LETTERS, entities=gold.entities, asked=asked)

    assert {row.task for row in score([gold], [told], rule="coreference").rows} == {"COREF"}
    with pytest.raises(ScoringError):
        score([gold], [untold], rule="coreference")
    named = Document("d", LETTERS, entities=gold.entities, clusters=gold.clusters, asked={"tasks": ["COREF"]})
    assert len(score([gold], [named], rule="coreference").rows) == len(MEASURES)


def test_other_rules_say_that_they_do_not_score_clusters() -> None:
    gold = chains("ab c")
    related = Document("d", LETTERS, entities=gold.entities, relations=(Relation("r", 0, 1),), clusters=gold.clusters)

    scores = score([related], [related])

    assert {row.task for row in scores.rows} == {"RE"}
    assert scores.notes == ("strict: not scored on no dataset, COREF: the rule says nothing of such items.",)
    assert {row.task for row in score([related], [related], rule=ALL).rows if row.rule == "coreference"} == {"COREF"}


def test_clusters_without_offsets_are_refused() -> None:
    gold = Document("d", "x", entities=(Entity(Mention("Ann")), Entity(Mention("she"))), clusters=((0, 1),))

    with pytest.raises(ScoringError) as error:
        score([gold], [gold], rule="coreference")

    assert str(error.value) == (
        "rule 'coreference' needs offsets: no dataset, COREF: gold mentions without offsets: 2 of 2. "
        "Score these corpora by 'string', or leave them out."
    )


def test_a_wrong_cluster_of_gold_mentions_may_raise_b_cubed_and_ceaf_but_not_muc_and_lea() -> None:
    before, after = (rows([chains("ab cd ef")], [chains(predicted)]) for predicted in ("ab", "ab ce"))

    assert "wrong" in RULES.get("coreference").facts.breaks
    assert (before["B³"].f1, after["B³"].f1) == pytest.approx((1 / 2, 3 / 5))
    assert (before["CEAF-e"].f1, after["CEAF-e"].f1) == pytest.approx((1 / 2, 3 / 5))  # 1/3, 1/1; 1.5/3, 1.5/2
    assert (before["MUC"].f1, after["MUC"].f1) == pytest.approx((1 / 2, 2 / 5))
    assert (before["LEA"].f1, after["LEA"].f1) == pytest.approx((1 / 2, 2 / 5))


# Properties

partitions = st.lists(st.integers(0, 3), max_size=8)


def grouped(numbers: list[int]) -> list[str]:
    """The partition of the first letters in which letters of one number stand together; 0: in no cluster."""
    return ["".join(LETTERS[place] for place, own in enumerate(numbers) if own == number) for number in sorted({*numbers} - {0})]


@settings(max_examples=100, deadline=None)
@given(partitions)
def test_gold_scored_against_itself_is_perfect_where_it_has_a_link(numbers: list[int]) -> None:
    gold = grouped(numbers)
    found = rows([chains(gold)], [chains(gold)])

    linked = any(len(cluster) > 1 for cluster in gold)
    for name in ("mentions", "B³", "CEAF-e", "LEA"):
        assert found[name].f1 == pytest.approx(1.0 if gold else 0.0)
    assert found["MUC"].f1 == (1.0 if linked else 0.0)
    assert found["CoNLL-2012"].f1 == pytest.approx((3 if linked else 2 if gold else 0) / 3)


@settings(max_examples=100, deadline=None)
@given(partitions, partitions, st.randoms(use_true_random=False))
def test_order_changes_nothing(gold: list[int], predicted: list[int], rng: Random) -> None:
    wanted, found = grouped(gold), [*grouped(predicted), "aZ", "bZ"]
    mixed = [["".join(rng.sample(cluster, len(cluster))) for cluster in rng.sample(side, len(side))] for side in (wanted, found)]

    before, after = rows([chains(wanted)], [chains(found)]), rows([chains(mixed[0])], [chains(mixed[1])])

    for name in MEASURES:
        assert after[name].figures == pytest.approx(before[name].figures)


@settings(max_examples=100, deadline=None)
@given(partitions, partitions, st.integers(1, 3))
def test_a_further_cluster_of_mentions_that_gold_lacks_raises_nothing(gold: list[int], predicted: list[int], size: int) -> None:
    more = [*grouped(predicted), LETTERS[-size:]]

    before, after = rows([chains(grouped(gold))], [chains(grouped(predicted))]), rows([chains(grouped(gold))], [chains(more)])

    for name in MEASURES:
        assert after[name].f1 <= before[name].f1 + 1e-12, name
        assert after[name].recall <= before[name].recall + 1e-12, name


def by_definition(gold: list[str], predicted: list[str]) -> dict[str, tuple[float, float]]:
    """Recall and precision, mention by mention and link by link, as the papers define them."""

    def share(parts: list[float], whole: float) -> float:
        return sum(parts) / whole if whole else 0.0

    def one_way(own: list[str], other: list[str]) -> dict[str, float]:
        def home(letter: str) -> str:
            return next((cluster for cluster in other if letter in cluster), letter)

        def links(cluster: str) -> set[frozenset[str]]:
            return {frozenset((a, b)) for a in cluster for b in cluster if a < b or len(cluster) == 1}

        mentions = [(letter, cluster) for cluster in own for letter in cluster]
        known = [link for cluster in other for link in links(cluster)]
        return {
            "MUC": share(
                [len(cluster) - len({home(letter) for letter in cluster}) for cluster in own],
                sum(len(cluster) - 1 for cluster in own),
            ),
            "B³": share(
                [
                    len({*cluster} & {*home(letter)}) / len(cluster) if any(letter in one for one in other) else 0
                    for letter, cluster in mentions
                ],
                len(mentions),
            ),
            "LEA": share(
                [len(cluster) * sum(link in known for link in links(cluster)) / len(links(cluster)) for cluster in own],
                len(mentions),
            ),
        }

    recall, precision = one_way(gold, predicted), one_way(predicted, gold)
    return {name: (recall[name], precision[name]) for name in recall}


@settings(max_examples=200, deadline=None)
@given(partitions, partitions)
def test_counts_equal_the_definitions(gold: list[int], predicted: list[int]) -> None:
    wanted, found = grouped(gold), grouped(predicted)

    counted = rows([chains(wanted)], [chains(found)])

    for name, expected in by_definition(wanted, found).items():
        assert (counted[name].recall, counted[name].precision) == pytest.approx(expected), name


@settings(max_examples=200, deadline=None)
@given(partitions, partitions)
def test_ceaf_finds_the_best_pairs_of_clusters(gold: list[int], predicted: list[int]) -> None:
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    wanted, found = grouped(gold), grouped(predicted)
    worth = np.array([[2 * len({*a} & {*b}) / (len(a) + len(b)) for b in found] for a in wanted]).reshape(len(wanted), len(found))

    counted = rows([chains(wanted)], [chains(found)])["CEAF-e"].counts

    assert counted.true_positive == pytest.approx(worth[linear_sum_assignment(worth, maximize=True)].sum())
    assert (counted.gold, counted.predicted) == pytest.approx((len(wanted), len(found)))
