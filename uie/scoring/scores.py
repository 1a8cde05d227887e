"""`Scores`: what scoring found, per corpus, task and measure; plain values that reports draw and JSON keeps."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from uie.scoring.counts import Counts, Figures
from uie.scoring.rules import MEASURES

# Problems of answers (`uie.tasks.question.Problem`), in the order reports show them, also when there are none.
PROBLEM_KINDS = ("malformed", "unknown_type", "ungrounded", "repeated", "truncated", "empty")


@dataclass(frozen=True, slots=True, eq=False)
class PerDocument:
    """Counts document by document, for intervals and comparisons. `ids` are those of gold, in its order."""

    ids: tuple[str, ...]
    counts: "np.ndarray[tuple[int, int], np.dtype[np.float64]]"
    "(documents, 3): true positives, false positives, false negatives"


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one corpus. `rule` is the rule that was used, which is not the one asked for where gold has no offsets.

    `own` are the rule's figures where it does not compute them from the counts as others do: it rounds, smooths, or heads its tables
    with the mean over types. `per_document` is None in Scores that were read from a file.
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

    @property
    def figures(self) -> Figures:
        """Those of the counts; of a single corpus the rule's own."""
        return self.counts.figures if self.datasets > 1 else Figures(self.mean_precision, self.mean_recall, self.mean_f1)


@dataclass(frozen=True, slots=True)
class Audit:
    """How often answers of one corpus were not what was asked for: problem kind → pieces, and → documents that have one."""

    dataset: str
    documents: int
    pieces: Mapping[str, int] = field(default_factory=dict)
    affected: Mapping[str, int] = field(default_factory=dict)


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
    tasks = list(MEASURES)
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


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0
