"""`Scores`: what scoring found, per corpus, task and measure; plain values that reports draw and JSON keeps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from uie.scoring.counts import Counts, Figures
from uie.scoring.rules import MEASURES
from uie.scoring.scope import COREF
from uie.scoring.uncertainty import RESAMPLES, Intervals, Table, bootstrap, bootstrap_mean

SALVAGED = ("repaired", "repaired_type", "prose")
"""Problems of which all that was meant could be read; `AuditTally` also counts them together, as "salvaged"."""
REPEATED, UNKNOWN_TYPE, UNGROUNDED = "repeated", "unknown_type", "ungrounded"
CONTRADICTORY_TYPES = "contradictory_types"
WRONGLY_EMPTY = "wrongly_empty"
WRONGLY_FILLED = "wrongly_filled"
PROBLEM_KINDS = (
    "malformed",
    "truncated",
    "empty",
    "salvaged",
    *SALVAGED,
    REPEATED,
    UNKNOWN_TYPE,
    UNGROUNDED,
    CONTRADICTORY_TYPES,
    WRONGLY_EMPTY,
    WRONGLY_FILLED,
)
"""Kinds of problems in the order reports show them; the last three are found by comparing with gold (`uie.scoring.audits`)."""
_ROUNDED = 2e-4  # IEPile rounds percentages to two digits, F1 after precision and recall


@dataclass(frozen=True, slots=True, eq=False)
class PerDocument:
    """Counts document by document, for intervals and comparisons. `ids` are those of gold, in its order."""

    ids: tuple[str, ...]
    counts: Table
    "(documents, 3): true positives, false positives, false negatives"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one corpus. `rule` is the rule that was used, which is not the one asked for where gold has no offsets.

    `own` are the rule's figures where it does not compute them from the counts as others do: it rounds, smooths, or heads its tables
    with the mean over types. `per_document` is None in Scores that were read from a file. `intervals` are None where they were not
    computed (`with_intervals`), where the rule's figures are no function of summed counts (the mean over types of `cluener`), and where
    nothing can be told: of a single document, and of no items on either side.
    """

    dataset: str
    task: str
    measure: str
    rule: str
    documents: int
    counts: Counts
    by_type: Mapping[str, Counts] = field(default_factory=dict)
    own: Figures | None = None
    per_document: PerDocument | None = field(default=None, compare=False, repr=False)
    intervals: Intervals | None = None

    @property
    def figures(self) -> Figures:
        """The rule's precision, recall and F1."""
        return self.own or self.counts.figures

    @property
    def precision(self) -> float:
        return self.figures.precision

    @property
    def recall(self) -> float:
        return self.figures.recall

    @property
    def f1(self) -> float:
        return self.figures.f1

    @property
    def macro_f1(self) -> float:
        """The mean F1 over the types that gold has; 0.0 when it has none.

        Types that were only asked, or only predicted, have no recall and are left out; wrong items of such types count in the
        micro figures alone, and so do malformed pieces, which have no type.
        """
        return _mean(counts.f1 for counts in self.by_type.values() if counts.gold)

    @property
    def weighted_f1(self) -> float:
        """The mean F1 over the types that gold has, each weighing as much as it has gold items; 0.0 when it has none."""
        gold = sum(counts.gold for counts in self.by_type.values())
        return sum(counts.f1 * counts.gold for counts in self.by_type.values()) / gold if gold else 0.0


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One measure over all corpora scored by one rule: `counts` summed (micro), and the plain means of the corpora's figures."""

    task: str
    measure: str
    rule: str
    datasets: int
    documents: int
    counts: Counts
    mean_precision: float
    mean_recall: float
    mean_f1: float
    intervals: Intervals | None = None
    "of the summed counts"
    mean_intervals: Intervals | None = None
    "of the means, the documents of each corpus resampled by themselves"
    own: Figures | None = None
    "where they do not follow from the counts as written: of Scores read from a file whose counts were of a kind of their own"

    @property
    def figures(self) -> Figures:
        """Those of the counts; of a single corpus the rule's own."""
        if self.own is not None:
            return self.own
        return self.counts.figures if self.datasets > 1 else Figures(self.mean_precision, self.mean_recall, self.mean_f1)


class Example(NamedTuple):
    """One piece of an answer that has a problem, and the document it is about."""

    document_id: str
    piece: str


@dataclass(frozen=True, slots=True)
class Audit:
    """How often answers of one corpus were not what was asked for: problem kind → pieces, → documents that have one, → the first few.

    Rates are shares of `documents`. "salvaged" sums up its three kinds, which are there too.
    """

    dataset: str
    documents: int
    pieces: Mapping[str, int] = field(default_factory=dict)
    affected: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)

    def rate(self, kind: str) -> float:
        """The share of documents that have the problem; 0.0 where there are no documents."""
        return self.affected.get(kind, 0) / self.documents if self.documents else 0.0


@dataclass(frozen=True, slots=True)
class Scores:
    """All rows, by dataset, task and measure; `notes` are sentences a reader of the figures must know."""

    rule: str
    documents: int
    rows: tuple[Row, ...]
    aggregates: tuple[Aggregate, ...]
    audits: tuple[Audit, ...]
    notes: tuple[str, ...] = ()

    def row(self, dataset: str, task: str, measure: str) -> Row | None:
        found = (row for row in self.rows if (row.dataset, row.task, row.measure) == (dataset, task, measure))
        return next(found, None)

    def aggregate(self, task: str, measure: str, rule: str | None = None) -> Aggregate | None:
        """The measure over all corpora, by the rule that was asked for unless another is named."""
        wanted = (task, measure, rule or self.rule)
        return next((a for a in self.aggregates if (a.task, a.measure, a.rule) == wanted), None)


def aggregate_rows(rows: Iterable[Row]) -> tuple[Aggregate, ...]:
    """One Aggregate for each (task, measure, rule), tasks in the order of `MEASURES`: figures of different rules are never added up."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.task, row.measure, row.rule), []).append(row)
    tasks = [*MEASURES, COREF]
    return tuple(
        Aggregate(
            *key,
            datasets=len(group),
            documents=sum(row.documents for row in group),
            counts=sum((row.counts for row in group), Counts()),
            mean_precision=_mean(row.precision for row in group),
            mean_recall=_mean(row.recall for row in group),
            mean_f1=_mean(row.f1 for row in group),
        )
        for key, group in sorted(groups.items(), key=lambda item: tasks.index(item[0][0]))
    )


def with_intervals(scores: Scores, *, resamples: int = RESAMPLES, seed: int = 0) -> Scores:
    """The same Scores with 95 % intervals, from the counts that rows keep document by document.

    There are none of a single document, nor where there are no items on either side: an interval without width would say that the
    figure is certain. The mean of an aggregate has them where all its rows have; for the summed counts, the documents of several
    corpora are drawn as those of one.
    """
    rows = []
    for row in scores.rows:
        table = summed_counts(row)
        if table is not None and _can_vary(table):
            row = replace(row, intervals=bootstrap(table, resamples=resamples, seed=seed))
        rows.append(row)
    aggregates = []
    for aggregate in scores.aggregates:
        key = (aggregate.task, aggregate.measure, aggregate.rule)
        tables = [summed_counts(row) for row in rows if (row.task, row.measure, row.rule) == key]
        known = [table for table in tables if table is not None]
        if len(known) == len(tables) == 1:
            own = next(row.intervals for row in rows if (row.task, row.measure, row.rule) == key)
            aggregate = replace(aggregate, intervals=own, mean_intervals=own)
        elif len(known) == len(tables):
            pooled = np.concatenate(known)
            whole = bootstrap(pooled, resamples=resamples, seed=seed) if _can_vary(pooled) else None
            mean = bootstrap_mean(known, resamples=resamples, seed=seed) if all(map(_can_vary, known)) else None
            aggregate = replace(aggregate, intervals=whole, mean_intervals=mean)
        aggregates.append(aggregate)
    return replace(scores, rows=tuple(rows), aggregates=tuple(aggregates))


def _can_vary(table: Table) -> bool:
    return len(table) > 1 and bool(table.any())


def summed_counts(row: Row) -> Table | None:
    """The row's counts by document, where its figures follow from their sum; a rule that only rounds or smooths is as good."""
    if row.per_document is None or not row.documents:
        return None
    rounding = max(abs(one - other) for one, other in zip(row.figures, row.counts.figures, strict=True))
    return row.per_document.counts if rounding < _ROUNDED else None


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
