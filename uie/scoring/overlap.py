"""Rules that give credit for mentions that only overlap: `partial` and `muc`. Pair → counts, by optimal assignment.

Mentions of the same place are paired first where a pair is worth more the more it shares, which loses nothing. In the `partial` scheme of
`muc` such a pair is worth 1, and the two that it may part 1/2 each. Under the rule `partial` the credit is a Jaccard share J, and 1 - J is a distance (Levandowsky and Winter 1971): if gold
and predicted have one place C, then J(A, C) + J(C, B) <= 1 + J(A, B). What is left is small (`uie.scoring.assignment`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from uie.documents import Document, Mention
from uie.scoring import RuleFacts
from uie.scoring.assignment import Fits, largest_credit, largest_matching
from uie.scoring.counts import ByMeasure, Counts, Figures, Item, count_items, given
from uie.scoring.joining import join
from uie.scoring.rules import ENTITIES, SPANS, span_of, typed
from uie.scoring.scope import Pair

Span = tuple[tuple[int, int], ...]
_TASKS = ("NER", "NER1", "JOINT")
_SCHEMES = ("strict", "exact", "partial", "type")
MUC_STRICT, MUC_EXACT, MUC_PARTIAL, MUC_TYPE = (f"entities, {scheme}" for scheme in _SCHEMES)
_MUC = (MUC_STRICT, MUC_EXACT, MUC_PARTIAL, MUC_TYPE)
_LEAST_SHARE = 0.01  # of the gold mention: nervaluate's min_overlap_percentage, 1 %


def overlapping(gold: Sequence[Span], predicted: Sequence[Span], credit: Callable[[Span, Span], float]) -> Fits:
    """The pairs with a credit. Both sides are swept from left to right, so that spans that lie apart never meet."""
    fits: dict[int, dict[int, float]] = {}
    coming = sorted(range(len(predicted)), key=lambda index: predicted[index], reverse=True)
    near: list[int] = []
    for number, span in sorted(enumerate(gold), key=lambda item: item[1]):
        start, end = span[0][0], span[-1][1]
        while coming and predicted[coming[-1]][0][0] < end:
            near.append(coming.pop())
        near = [index for index in near if predicted[index][-1][1] > start]
        for index in near:
            if (worth := credit(span, predicted[index])) > 0:
                fits.setdefault(number, {})[index] = worth
    return fits


def _shared(one: Span, other: Span) -> int:
    """How many characters both hold."""
    return sum(max(0, min(end, e) - max(start, s)) for start, end in one for s, e in other)


def _size(span: Span) -> int:
    return sum(end - start for start, end in span)


def jaccard(one: Span, other: Span) -> float:
    """Shared characters as a share of those that either holds."""
    shared = _shared(one, other)
    return shared / (_size(one) + _size(other) - shared)


def _enough(gold: Span, predicted: Span) -> float:
    return float(_shared(gold, predicted) >= _LEAST_SHARE * _size(gold) and _shared(gold, predicted) > 0)


def _places(items: Iterable[Item]) -> list[Span]:
    """The spans of those that are grounded."""
    return [item.where for item in _grounded(items)]  # type: ignore[misc]


def _grounded(items: Iterable[Item]) -> list[Item]:
    return [item for item in items if isinstance(item.where[0], tuple)]  # type: ignore[index]


def _left(gold: Sequence[Span], predicted: Sequence[Span]) -> tuple[int, list[Span], list[Span]]:
    """How many are of equal place, and what is left of each side without those."""
    wanted, found = Counter(gold), Counter(predicted)
    equal = wanted & found
    return equal.total(), list((wanted - equal).elements()), list((found - equal).elements())


def _partial(gold: Sequence[Item], predicted: Sequence[Item]) -> Counts:
    equal, missed, wrong = _left(_places(gold), _places(predicted))
    credit = equal + largest_credit(overlapping(missed, wrong, jaccard))
    return given(credit, gold=len(gold), predicted=len(predicted))


def _by_type(gold: Sequence[Item], predicted: Sequence[Item], count: Callable[..., Counts]) -> dict[str | None, Counts]:
    sides: dict[str | None, tuple[list[Item], list[Item]]] = {}
    for side, items in enumerate((gold, predicted)):
        for item in items:
            sides.setdefault(item.type, ([], []))[side].append(item)
    return {type: count(*own) for type, own in sides.items()}


def _items(document: Document) -> list[Item]:
    return [Item(entity.type, span_of(entity.mention)) for entity in typed(document)]


def _bare_spans(document: Document) -> list[Item]:
    mentions: dict[Mention, None] = dict.fromkeys(entity.mention for entity in document.entities or ())
    return [Item(None, span_of(mention)) for mention in mentions]


@dataclass(frozen=True)
class PartialRule:
    """Mentions of one type, each pair worth the share of characters that both hold."""

    facts: RuleFacts
    needs_offsets: bool = True

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {task: self.measures(task) for task in (*_TASKS[:2], "ES")}

    def measures(self, task: str) -> tuple[str, ...]:
        return (ENTITIES,) if task in _TASKS else (SPANS,) if task == "ES" else ()

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        read = _bare_spans if task == "ES" else _items
        (measure,) = self.measures(task)
        return {measure: _by_type(read(pair.gold), read(pair.predicted), _partial)}


@dataclass(frozen=True)
class MucRule:
    """nervaluate's four schemes. Every gold mention is POSSIBLE and every predicted one ACTUAL in each of them, so that precision and
    recall follow from what is correct (and, under `partial`, half of what overlaps)."""

    facts: RuleFacts
    needs_offsets: bool = True

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return dict.fromkeys(_TASKS[:2], _MUC)

    def measures(self, task: str) -> tuple[str, ...]:
        return _MUC if task in _TASKS else ()

    def figures(self, counts: Counts) -> Figures:
        return counts.figures

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        gold, predicted = _items(pair.gold), _items(pair.predicted)
        equal, missed, wrong = _left(_places(gold), _places(predicted))
        halves = largest_matching(overlapping(missed, wrong, _enough)) / 2
        exact = given(equal, gold=len(gold), predicted=len(predicted))
        partial = given(equal + halves, gold=len(gold), predicted=len(predicted))
        return {
            MUC_STRICT: count_items(gold, predicted),
            MUC_EXACT: {None: exact},
            MUC_PARTIAL: {None: partial},
            MUC_TYPE: _by_type(gold, predicted, _overlapping),
        }


def _overlapping(gold: Sequence[Item], predicted: Sequence[Item]) -> Counts:
    """How many mentions of one type can be paired with one that they overlap."""
    credit = largest_matching(overlapping(_places(gold), _places(predicted), _enough))
    return given(credit, gold=len(gold), predicted=len(predicted))


class MucTally(NamedTuple):
    """nervaluate's counts of one scheme; its precision is (correct + partial / 2) / actual, its recall the same by possible."""

    correct: int = 0
    incorrect: int = 0
    partial: int = 0
    missed: int = 0
    spurious: int = 0

    @property
    def possible(self) -> int:
        return self.correct + self.incorrect + self.partial + self.missed

    @property
    def actual(self) -> int:
        return self.correct + self.incorrect + self.partial + self.spurious


def muc_tallies(gold: Iterable[Document], predicted: Iterable[Document]) -> dict[str, MucTally]:
    """COR, INC, PAR, MIS and SPU of the entities of all documents by scheme: "strict", "exact", "partial", "type".

    Of all ways to pair mentions that overlap, one with the most correct pairs counts, and of these one with the most pairs. `correct`,
    `possible` and `actual` are those of the rule's rows; what was asked does not matter here: nothing is left out of gold.

    Raises:
        ScoringError: as `uie.scoring.score`.

    >>> muc_tallies(read("gold.jsonl"), read("predictions.jsonl"))["partial"].missed  # doctest: +SKIP
    """
    total = dict.fromkeys(_SCHEMES, MucTally())
    for pair in join(gold, predicted):
        sides = _items(pair.gold), _items(pair.predicted)
        for scheme in _SCHEMES:
            total[scheme] = MucTally(*map(sum, zip(total[scheme], _muc_tally(*sides, scheme), strict=True)))
    return total


def _muc_tally(gold: Sequence[Item], predicted: Sequence[Item], scheme: str) -> MucTally:
    most = min(len(gold), len(predicted)) + 1  # a correct pair is worth more than all others together
    fits: dict[int, dict[int, float]] = {}
    for one, others in overlapping(_places(gold), _places(predicted), _enough).items():
        for other in others:
            wanted, found = (_grounded(side)[index] for side, index in ((gold, one), (predicted, other)))
            right = (scheme in ("exact", "partial") or wanted.type == found.type) and (
                scheme == "type" or wanted.where == found.where
            )
            fits.setdefault(one, {})[other] = most if right else 1
    correct, near = divmod(round(largest_credit(fits)), most)
    missed, spurious = (len(side) - correct - near for side in (gold, predicted))
    return MucTally(correct, *((0, near) if scheme == "partial" else (near, 0)), missed, spurious)


PARTIAL = PartialRule(
    RuleFacts(
        name="partial",
        compares="type; a pair of mentions is worth the share of characters that both hold (Jaccard)",
        used_by="uie: how far boundaries are off",
        source="uie; optimal assignment",
    )
)
MUC = MucRule(
    RuleFacts(
        name="muc",
        compares="strict: offsets and type; exact: offsets; partial: offsets, an overlap is worth 1/2; type: an overlap and the type",
        used_by="nervaluate; MUC-5 (Chinchor and Sundheim 1993), SemEval-2013 task 9",
        source="MantisAI/nervaluate 1.1.0 src/nervaluate/strategies.py, with optimal assignment in place of the first overlap in order",
    )
)
