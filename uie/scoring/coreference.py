"""The rule `coreference`: clusters of gold and predicted Documents → MUC, B³, CEAF-e, their mean (CoNLL-2012) and LEA.

    clusters, CoNLL-2012   the mean of the figures of MUC, B³ and CEAF-e
    clusters, MUC          links: a cluster of n mentions has n - 1                          (Vilain et al. 1995)
    clusters, B³           mentions, each worth the share of its cluster that is right       (Bagga and Baldwin 1998)
    clusters, CEAF-e       clusters, paired one to one, a pair worth 2 |A ∩ B| / (|A| + |B|)  (Luo 2005)
    clusters, LEA          clusters, each worth its mentions times the share of its links that is right (Moosavi and Strube 2016)
    clusters, mentions     mentions that stand in any cluster

As the reference scorer 8.01 (Pradhan et al. 2014), which sums numerators and denominators over documents. Clusters of one mention count
as they stand: where gold annotates none (OntoNotes), predict none. A mention in two clusters stays in one of them, as there.

B³ and LEA credit a gold mention by its gold cluster and a predicted one by its predicted cluster: precision has its own numerator.
"""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uie.documents import Document
from uie.scoring import RuleFacts
from uie.scoring.assignment import largest_credit
from uie.scoring.counts import ByMeasure, Counts, Figures, count_matches, given
from uie.scoring.rules import span_of
from uie.scoring.scope import COREF, Pair

CONLL_2012, MUC, B_CUBED, CEAF_E, LEA, MENTIONS = (
    f"clusters, {name}" for name in ("CoNLL-2012", "MUC", "B³", "CEAF-e", "LEA", "mentions")
)
Cluster = frozenset[Hashable]
Shared = Sequence[Counter[int]]
"""For each cluster of one side: which clusters of the other side hold how many of its mentions."""


@dataclass(frozen=True, slots=True)
class TwoSided(Counts):
    """Counts whose precision has its own numerator, `credited`; `true_positive` is that of recall."""

    credited: float = 0

    def __add__(self, other: Counts) -> "TwoSided":
        more = other.credited if isinstance(other, TwoSided) else other.true_positive
        return TwoSided(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
            self.credited + more,
        )

    __radd__ = __add__

    @property
    def predicted(self) -> float:
        return self.credited + self.false_positive

    @property
    def precision(self) -> float:
        return self.credited / self.predicted if self.predicted else 0.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


@dataclass(frozen=True, slots=True)
class Mean(TwoSided):
    """Counts of B³ with the figures' means over `parts`, which are summed one by one."""

    parts: tuple[Counts, ...] = ()

    def __add__(self, other: Counts) -> "Mean":
        own = TwoSided.__add__(self, other)
        parts = self.parts
        if isinstance(other, Mean):
            parts = tuple(one + more for one, more in zip(self.parts, other.parts, strict=True))
        return Mean(own.true_positive, own.false_positive, own.false_negative, own.credited, parts)

    __radd__ = __add__

    @property
    def precision(self) -> float:
        return sum(part.precision for part in self.parts) / len(self.parts)

    @property
    def recall(self) -> float:
        return sum(part.recall for part in self.parts) / len(self.parts)

    @property
    def f1(self) -> float:
        return sum(part.f1 for part in self.parts) / len(self.parts)


@dataclass(frozen=True)
class CoreferenceRule:
    facts: RuleFacts
    needs_offsets: bool = True

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {}

    def measures(self, task: str) -> tuple[str, ...]:
        return (CONLL_2012, MUC, B_CUBED, CEAF_E, LEA, MENTIONS) if task == COREF else ()

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        gold, predicted = clusters_of(pair.gold), clusters_of(pair.predicted)
        counted = count_clusters(gold, predicted)
        return {measure: {None: counted[measure]} for measure in self.measures(task)}


def clusters_of(document: Document) -> list[Cluster]:
    """The clusters as sets of places. A mention in several stays in the one whose places come first, so that order does not matter."""
    entities = document.entities or ()
    found = {frozenset(span_of(entities[index].mention) for index in cluster) for cluster in document.clusters or ()}
    clusters, taken = list[Cluster](), set[Hashable]()
    for cluster in sorted(found, key=lambda cluster: sorted(map(_order, cluster))):
        if own := cluster - taken:
            clusters.append(own)
            taken |= own
    return clusters


def _order(place: Any) -> tuple[bool, Any]:
    """Ungrounded mentions, which are strings, behind the others, with which they do not compare."""
    return isinstance(place[0], str), place


def count_clusters(gold: Sequence[Cluster], predicted: Sequence[Cluster]) -> dict[str, Counts]:
    """The counts of every measure; no mention is in two clusters of a side."""
    by_gold, by_predicted = _shared(gold, predicted), _shared(predicted, gold)
    muc = given(
        sum(held - 1 for own in by_gold for held in own.values()),
        gold=sum(len(cluster) - 1 for cluster in gold),
        predicted=sum(len(cluster) - 1 for cluster in predicted),
    )
    b_cubed = _two_sided(
        [(len(one), sum(n * n for n in own.values()) / len(one)) for one, own in zip(gold, by_gold, strict=True)],
        [(len(one), sum(n * n for n in own.values()) / len(one)) for one, own in zip(predicted, by_predicted, strict=True)],
    )
    fits = {
        number: {other: 2 * held / (len(gold[number]) + len(predicted[other])) for other, held in own.items()}
        for number, own in enumerate(by_gold)
        if own
    }
    ceaf = given(largest_credit(fits), gold=len(gold), predicted=len(predicted))
    return {
        MENTIONS: count_matches(*([place for cluster in side for place in cluster] for side in (gold, predicted))),
        MUC: muc,
        B_CUBED: b_cubed,
        CEAF_E: ceaf,
        CONLL_2012: Mean(
            b_cubed.true_positive, b_cubed.false_positive, b_cubed.false_negative, b_cubed.credited, (muc, b_cubed, ceaf)
        ),
        LEA: _two_sided(_resolved(gold, predicted, by_gold), _resolved(predicted, gold, by_predicted)),
    }


def _shared(clusters: Sequence[Cluster], others: Sequence[Cluster]) -> list[Counter[int]]:
    home = {place: number for number, cluster in enumerate(others) for place in cluster}
    return [Counter(home[place] for place in cluster if place in home) for cluster in clusters]


def _two_sided(gold: Sequence[tuple[float, float]], predicted: Sequence[tuple[float, float]]) -> TwoSided:
    """From (possible, credit) of each cluster."""
    found, credited = sum(credit for _, credit in gold), sum(credit for _, credit in predicted)
    missed, wrong = sum(most for most, _ in gold) - found, sum(most for most, _ in predicted) - credited
    return TwoSided(found, wrong, missed, credited)


def _resolved(clusters: Sequence[Cluster], others: Sequence[Cluster], shared: Shared) -> list[tuple[float, float]]:
    """Mentions of each cluster, and what LEA gives for them. A cluster of one has one link, to itself: right if it is one there too."""
    found: list[tuple[float, float]] = []
    for cluster, own in zip(clusters, shared, strict=True):
        size = len(cluster)
        if size == 1:
            right, links = sum(len(others[number]) == 1 for number in own), 1
        else:
            right, links = sum(held * (held - 1) // 2 for held in own.values()), size * (size - 1) // 2
        found.append((size, size * right / links))
    return found


COREFERENCE = CoreferenceRule(
    RuleFacts(
        name="coreference",
        compares="clusters of mentions by offsets: MUC links, B³ mentions, CEAF-e clusters, the mean of the three, LEA",
        used_by="CoNLL-2012 (OntoNotes), and all coreference since",
        source="conll/reference-coreference-scorers 8.01 (Pradhan et al. 2014); LEA: Moosavi and Strube (2016), ns-moosavi/coval",
        zero="0; so MUC is 0 where gold has clusters of one mention only",
        duplicates="collapse; a mention in two clusters stays in one",
        breaks={
            "gold": "clusters of one mention have no links: where gold has no others, MUC is 0 and the mean 2/3, as in the original",
            "wrong": "a further cluster of mentions that gold holds in different clusters raises B³ and CEAF-e, and so the mean; not MUC and LEA",
        },
    )
)
