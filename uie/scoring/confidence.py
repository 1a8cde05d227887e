"""Gold and predicted Documents whose items say how sure they are → whether that can be relied on, measure by measure.

An item is right or wrong as the rule of the scores has it, of equal predicted items the surest first. What a prediction says without a
confidence is left out and counted. Nothing here is fitted: calibrations are made in `uie.scoring.calibration`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from uie.documents import Document
from uie.scoring import RULES
from uie.scoring.rules import (
    ARGUMENT_CLASSIFICATION,
    ENTITIES,
    PAIRS,
    RELATIONS_BOUNDARY,
    RELATIONS_STRICT,
    SPANS,
    TRIGGER_CLASSIFICATION,
    MentionRule,
    is_main,
    with_symmetric,
)
from uie.scoring.scope import Pair, common_tasks, restricted
from uie.scoring.score import ALL
from uie.scoring.scores import Scores

BINS = 10
"""Bins of about equally many items, in which confidence and share of right items are compared."""

# What becomes a confidence, in the order in which `MentionRule.items` gives the items of a measure.
_READ: Mapping[str, Callable[[Document], Iterable[float | None]]] = {
    ENTITIES: lambda one: (entity.confidence for entity in one.entities or () if entity.type is not None),
    SPANS: lambda one: {entity.mention: entity.confidence for entity in one.entities or ()}.values(),
    **dict.fromkeys(
        (RELATIONS_BOUNDARY, RELATIONS_STRICT), lambda one: (r.confidence for r in one.relations or () if r.level == "entity")
    ),
    PAIRS: lambda one: _pairs(one).values(),
    TRIGGER_CLASSIFICATION: lambda one: (event.confidence for event in one.events or ()),
    ARGUMENT_CLASSIFICATION: lambda one: (argument.confidence for event in one.events or () for argument in event.arguments),
}


def _pairs(document: Document) -> dict[object, float | None]:
    entities = document.entities or ()
    return {
        (entities[one.head].mention, entities[one.tail].mention): one.confidence
        for one in document.relations or ()
        if one.level == "entity"
    }


@dataclass(frozen=True, slots=True)
class Judged:
    """A predicted item with its confidence; `document` is the place of its Document among those that were judged."""

    confidence: float
    right: bool
    type: str | None = None
    document: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """The predicted items of one measure of one corpus, `gold`: how many items of each type there were to find.

    `unsure`: how many predicted items have no confidence.
    """

    dataset: str
    task: str
    measure: str
    rule: str
    items: tuple[Judged, ...]
    gold: Mapping[str | None, int]
    unsure: int = 0


def judged(scores: Scores, pairs: Sequence[Pair], *, symmetric: Iterable[str] = ()) -> tuple[Judgement, ...]:
    """The items of each main measure that any item has a confidence for, by the rules that match mentions one to one."""
    found = []
    for row in scores.rows if scores.rule != ALL else ():
        rule = _matching(row.rule, symmetric)
        if rule is not None and is_main(row.task, row.measure) and row.measure in _READ:
            own = [pair for pair in pairs if pair.gold.dataset == row.dataset and row.task in common_tasks(pair)]
            judgement = judge(own, row.task, row.measure, rule)
            if judgement.items:
                found.append(replace(judgement, dataset=row.dataset))
    return tuple(found)


def _matching(name: str, symmetric: Iterable[str]) -> MentionRule | None:
    """The rule, where it is one that matches mentions one to one."""
    rule = with_symmetric(RULES.get(name), symmetric) if name in RULES.names() else None
    return rule if isinstance(rule, MentionRule) and not rule.set_wise else None


def judge(pairs: Sequence[Pair], task: str, measure: str, rule: MentionRule) -> Judgement:
    """The items that one measure of one rule compares, of whatever corpora."""
    found: list[Judged] = []
    gold: Counter[str | None] = Counter()
    unsure = 0
    for place, pair in enumerate(pairs):
        wanted = rule.items(restricted(pair.gold, pair.asked, task), task)[measure]
        gold.update(item.type for item in wanted)
        missed = Counter(wanted)
        predicted = zip(rule.items(pair.predicted, task)[measure], _READ[measure](pair.predicted), strict=True)
        for item, confidence in sorted(predicted, key=lambda one: -1 if one[1] is None else one[1], reverse=True):
            right = missed[item] > 0
            missed[item] -= right
            if confidence is None:
                unsure += 1
            else:
                found.append(Judged(confidence, right, item.type, place))
    return Judgement("", task, measure, rule.facts.name, tuple(found), gold, unsure)


# Figures


@dataclass(frozen=True, slots=True)
class Point:
    """What would be left if everything less sure than `threshold` were left out."""

    threshold: float
    items: int
    right: int
    gold: int

    @property
    def precision(self) -> float:
        return self.right / self.items if self.items else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        return 2 * self.right / (self.items + self.gold) if self.items + self.gold else 0.0

    @property
    def risk(self) -> float:
        """The share of what is left that is wrong."""
        return 1 - self.precision if self.items else 0.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Items of about one confidence: `low` to `high`, their mean, and the share of them that is right."""

    low: float
    high: float
    items: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """The threshold with the best F1 for a type (None: for all together), on the very items that it was chosen by; `whole` leaves
    nothing out."""

    type: str | None
    best: Point
    whole: Point


@dataclass(frozen=True, slots=True)
class Reliability:
    """What the confidences of one measure of one corpus are worth.

    `average_precision`: the mean of precision over recall, where what was never predicted is never found. `calibration_error`: the mean
    distance of confidence and share of right items over `BINS` bins of about equally many items (ECE with equal mass); `error_before` the
    same before calibration, None where that is not known. `risk_area`: the mean risk over all coverages. The curves begin with the surest item.
    """

    dataset: str
    task: str
    measure: str
    rule: str
    items: int
    unsure: int
    gold: int
    average_precision: float
    calibration_error: float
    risk_area: float
    curve: tuple[Point, ...]
    bins: tuple[Bin, ...]
    thresholds: tuple[Threshold, ...]
    error_before: float | None = None


def reliability(judgement: Judgement, before: Judgement | None = None) -> Reliability:
    """The figures of one measure. `before`: the same items before they were calibrated."""
    items, gold = judgement.items, sum(judgement.gold.values())
    whole = curve(items, gold)
    types = [type for type, _ in Counter(item.type for item in items).most_common() if type is not None]
    thresholds = [threshold(None, items, gold)]
    for type in types:
        thresholds.append(threshold(type, [item for item in items if item.type == type], judgement.gold.get(type, 0)))
    return Reliability(
        judgement.dataset,
        judgement.task,
        judgement.measure,
        judgement.rule,
        len(items),
        judgement.unsure,
        gold,
        average_precision(whole),
        calibration_error(bins(items)),
        risk_area(whole),
        whole,
        bins(items),
        tuple(thresholds),
        None if before is None else calibration_error(bins(before.items)),
    )


def curve(items: Iterable[Judged], gold: int) -> tuple[Point, ...]:
    """A point for each confidence that occurs, the highest first: items that are equally sure are kept or left out together."""
    points: list[Point] = []
    kept = right = 0
    for item in sorted(items, key=lambda item: -item.confidence):
        kept, right = kept + 1, right + item.right
        if points and points[-1].threshold == item.confidence:
            points.pop()
        points.append(Point(item.confidence, kept, right, gold))
    return tuple(points)


def average_precision(points: Sequence[Point]) -> float:
    """Precision at each point, weighted by the recall that it adds, as `average_precision_score` of scikit-learn."""
    return sum(point.precision * (point.recall - before) for point, before in zip(points, _before(points, "recall"), strict=True))


def risk_area(points: Sequence[Point]) -> float:
    """The risk at each point, weighted by the coverage that it adds (the area under the risk-coverage curve)."""
    risks = (point.risk * (point.items - before) for point, before in zip(points, _before(points, "items"), strict=True))
    return sum(risks) / points[-1].items if points else 0.0


def _before(points: Sequence[Point], name: str) -> Iterator[float]:
    yield from (0.0, *(getattr(point, name) for point in points))[: len(points)]


def threshold(type: str | None, items: Sequence[Judged], gold: int) -> Threshold:
    """Of equally good thresholds the lowest."""
    points = curve(items, gold)
    return Threshold(type, max(reversed(points), key=lambda point: point.f1), points[-1])


def bins(items: Iterable[Judged]) -> tuple[Bin, ...]:
    """At most `BINS` bins of about equally many items, from the least sure on; equally sure ones stay together."""
    ordered = sorted(items, key=lambda item: item.confidence)
    found: list[Bin] = []
    start = 0
    for stop in range(1, len(ordered) + 1):
        is_full = (stop - start) * (BINS - len(found)) >= len(ordered) - start  # an equal share of what is left
        if stop == len(ordered) or (is_full and ordered[stop].confidence > ordered[stop - 1].confidence):
            found.append(_bin(ordered[start:stop]))
            start = stop
    return tuple(found)


def _bin(items: Sequence[Judged]) -> Bin:
    mean = sum(item.confidence for item in items) / len(items)
    return Bin(items[0].confidence, items[-1].confidence, len(items), mean, sum(item.right for item in items) / len(items))


def calibration_error(found: Sequence[Bin]) -> float:
    """The mean distance of a bin's confidence from its share of right items, weighted by its items; 0.0 of no items."""
    return sum(one.items * abs(one.confidence - one.right) for one in found) / max(sum(one.items for one in found), 1)
