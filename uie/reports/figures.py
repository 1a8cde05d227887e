"""Numbers → what all reports share: how a figure is written, and which lines, buckets, confusions and problems a report shows.

Reports differ in how they draw, not in what they say: the terminal and Markdown draw what is put together here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from uie.scoring.agreement import Agreement
from uie.scoring.analysis import Analysis
from uie.scoring.breakdown import Bucket
from uie.scoring.confidence import BINS, Point, Reliability
from uie.scoring.counts import Counts, Figures
from uie.scoring.mistakes import CORRECT, Confusion, Layer
from uie.scoring.rules import ENTITIES, PAIRS, SPANS, is_main
from uie.scoring.score import ALL
from uie.scoring.scores import PROBLEM_KINDS, SALVAGED, Aggregate, Audit, Example, Row, Scores
from uie.scoring.uncertainty import Interval, Intervals

# How figures are written


def percent(share: float, digits: int = 2) -> str:
    """A share from 0 to 1 as a percentage without its sign."""
    return f"{100 * share:.{digits}f}"


def interval_text(interval: Interval | None, digits: int = 1) -> str:
    """An interval's ends as percentages; a dash where there is none."""
    return "–" if interval is None else f"{percent(interval.low, digits)}–{percent(interval.high, digits)}"


def number(count: float) -> str:
    """A count, which under some rules has a part of a point."""
    return f"{count:.2f}".rstrip("0").rstrip(".")


def plural(number: int, one: str, many: str = "") -> str:
    """The count with its noun, such as "1 document" and "1,287 documents"; `many` where an s behind `one` does not make it."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {many or f'{one}s'}"


def named(dataset: str) -> str:
    return dataset or "(no dataset)"


def summary(scores: Scores, *, facts: Mapping[str, Any] | None = None, seconds: float | None = None) -> list[str]:
    """What stands above the figures: how many documents by which rule, how fast (`seconds` for all predictions), then the `facts`."""
    said = [plural(scores.documents, "document"), "all rules" if scores.rule == ALL else f"rule {scores.rule}"]
    if seconds:
        said.append(f"{scores.documents / seconds:,.1f} documents/s")
    return [*said, *(f"{name.replace('_', ' ')} {fact}" for name, fact in (facts or {}).items() if fact is not None)]


# The figures


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table of figures. `main`: of a measure that a summary shows. What is None does not apply."""

    label: str
    main: bool
    figures: Figures
    intervals: Intervals | None = None
    macro_f1: float | None = None
    weighted_f1: float | None = None
    lookup_f1: float | None = None
    counts: Counts | None = None

    @property
    def f1_interval(self) -> Interval | None:
        return None if self.intervals is None else self.intervals.f1


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines that belong together; `title` is empty where there is but one group."""

    title: str
    lines: tuple[Line, ...]


def figure_lines(analysis: Analysis) -> tuple[str, tuple[Lines, ...]]:
    """The heading of the lines' names, and the lines: nothing that is the same for all of them is in their names.

    Of one rule: the measures of each corpus, or the corpora where each has one measure; then what holds over several. Of all rules: the
    rules, corpus by corpus and main measure by main measure.
    """
    return _by_rule(analysis) if analysis.scores.rule == ALL else _by_measure(analysis)


def shows_intervals(scores: Scores) -> bool:
    """Whether figures have a column of intervals: also where there is too little to tell any, so that this is said."""
    return any(row.intervals or row.documents < 2 or not row.counts.gold + row.counts.predicted for row in scores.rows)


def _by_rule(analysis: Analysis) -> tuple[str, tuple[Lines, ...]]:
    groups: dict[str, list[Line]] = {}
    alone = len({row.dataset for row in analysis.scores.rows}) == 1
    for row in analysis.scores.rows:
        if is_main(row.task, row.measure):
            measure, _, scheme = row.measure.partition(", ")
            groups.setdefault(measure if alone else f"{named(row.dataset)}: {measure}", []).append(
                _line(row, f"{row.rule}, {scheme}" if scheme else row.rule, analysis.baseline)
            )
    for aggregate in _of_several(analysis.scores):
        if is_main(aggregate.task, aggregate.measure):
            measure, _, scheme = aggregate.measure.partition(", ")
            label = f"{aggregate.rule}, {scheme}" if scheme else aggregate.rule
            groups.setdefault(f"mean of {aggregate.datasets}: {measure}", []).append(
                _mean_line(aggregate, label, analysis.baseline)
            )
    return "rule", tuple(Lines(title, tuple(lines)) for title, lines in groups.items())


def _by_measure(analysis: Analysis) -> tuple[str, tuple[Lines, ...]]:
    scores, baseline = analysis.scores, analysis.baseline
    datasets, kinds = {row.dataset: None for row in scores.rows}, {(row.measure, row.rule): None for row in scores.rows}
    several = _of_several(scores)
    if len(kinds) == 1:
        lines = [_line(row, named(row.dataset), baseline) for row in scores.rows]
        lines += [_micro_line(one, f"micro of {one.datasets}", baseline) for one in several]
        lines += [_mean_line(one, f"mean of {one.datasets}", baseline) for one in several]
        return next(iter(kinds))[0], (Lines("", tuple(lines)),)
    groups = [
        Lines(named(dataset), tuple(_line(row, _measure(row, scores), baseline) for row in scores.rows if row.dataset == dataset))
        for dataset in datasets
    ]
    if len(groups) == 1:
        return groups[0].title, (Lines("", groups[0].lines),)
    for kind, line in (("micro", _micro_line), ("mean", _mean_line)):
        by_number: dict[int, list[Line]] = {}
        for one in several:
            if is_main(one.task, one.measure):
                by_number.setdefault(one.datasets, []).append(line(one, _measure(one, scores), baseline))
        groups += [Lines(f"{kind} of {datasets}", tuple(lines)) for datasets, lines in by_number.items()]
    return "measure", tuple(groups)


def _measure(one: Row | Aggregate, scores: Scores) -> str:
    """The measure, with the rule where it is not the one that was asked for."""
    return one.measure if one.rule == scores.rule else f"{one.measure} ({one.rule})"


def _of_several(scores: Scores) -> list[Aggregate]:
    return [aggregate for aggregate in scores.aggregates if aggregate.datasets > 1]


def _line(row: Row, label: str, baseline: Scores | None) -> Line:
    beside = None
    for other in baseline.rows if baseline else ():
        if (other.dataset, other.task, other.measure, other.rule) == (row.dataset, row.task, row.measure, row.rule):
            beside = other.f1
    typed = any(counts.gold for counts in row.by_type.values())
    macro, weighted = (row.macro_f1, row.weighted_f1) if typed else (None, None)
    return Line(label, is_main(row.task, row.measure), row.figures, row.intervals, macro, weighted, beside, row.counts)


def _micro_line(one: Aggregate, label: str, baseline: Scores | None) -> Line:
    beside = baseline.aggregate(one.task, one.measure, one.rule) if baseline else None
    lookup = None if beside is None else beside.figures.f1
    return Line(label, is_main(one.task, one.measure), one.figures, one.intervals, lookup_f1=lookup, counts=one.counts)


def _mean_line(one: Aggregate, label: str, baseline: Scores | None) -> Line:
    beside = baseline.aggregate(one.task, one.measure, one.rule) if baseline else None
    means = Figures(one.mean_precision, one.mean_recall, one.mean_f1)
    lookup = None if beside is None else beside.mean_f1
    return Line(label, is_main(one.task, one.measure), means, one.mean_intervals, lookup_f1=lookup)


# Types, and what became of their items


@dataclass(frozen=True, slots=True)
class TypeLine:
    """One type of a row. `instead` says what became of gold items that are not right, the most frequent first: "organization 12"."""

    type: str
    counts: Counts
    instead: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Types:
    """What a report says of the types of one measure of one corpus.

    `kinds`: "correct 86", "wrong type 4" …, those that occur; `invented`: predicted types of items that gold has nothing near of.
    """

    title: str
    lines: tuple[TypeLine, ...]
    total: Counts
    kinds: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()


def types_of(analysis: Analysis) -> Iterator[tuple[str, Types]]:
    """Corpus and types of each row whose types are worth a table: of main measures, types with most gold items first.

    For a rule without types only the kinds are told, and for the rule "all", which has too many tables, nothing.
    """
    scores = analysis.scores
    alone = len({row.dataset for row in scores.rows}) == 1
    for row in scores.rows:
        if scores.rule == ALL or not is_main(row.task, row.measure):
            continue
        layer = _layer(row.measure)
        found = [one for one in analysis.confusions if (one.dataset, one.task, one.layer) == (row.dataset, row.task, layer)]
        if row.by_type or found:
            title = _measure(row, scores) if alone else f"{named(row.dataset)}: {_measure(row, scores)}"
            yield row.dataset, _types(row, title, found[0] if found else None)


def _types(row: Row, title: str, confusion: Confusion | None) -> Types:
    types = sorted(row.by_type.items(), key=lambda item: (-item[1].gold, item[0]))
    if confusion is None:
        return Types(title, tuple(TypeLine(type, counts, ()) for type, counts in types), row.counts)
    by_offsets = row.rule in ("strict", "string")  # of other rules the right items are others
    lines = tuple(
        TypeLine(type, counts, tuple(_instead(type, confusion, counts if by_offsets else None))) for type, counts in types
    )
    kinds = tuple(f"{kind} {times:,}" for kind, times in confusion.kinds.items() if times or kind == CORRECT)
    invented = _most(zip(confusion.predicted_types, confusion.matrix[-1], strict=False))
    return Types(title, lines, row.counts, kinds, tuple(invented))


def _layer(measure: str) -> Layer | None:
    if measure in (ENTITIES, SPANS) or measure.startswith(f"{ENTITIES}, "):
        return "entity"
    words: dict[str, Layer] = {"relations": "relation", PAIRS: "relation", "trigger": "trigger", "argument": "argument"}
    return words.get(measure.split()[0])


def _instead(type: str, confusion: Confusion, counts: Counts | None) -> list[str]:
    """What gold items of a type were taken for, how many are right but for their place, and how many were missed."""
    if type not in confusion.gold_types:
        return []
    *cells, missed = confusion.matrix[confusion.gold_types.index(type)]
    found = dict(zip(confusion.predicted_types, cells, strict=True))
    same = found.pop(type, 0)
    misplaced = 0 if counts is None else same - int(counts.true_positive)
    place = "wrong ends" if confusion.layer == "relation" else "wrong boundary"
    return _most([*found.items(), (place, misplaced), ("missed", missed)])


def _most(times: Iterable[tuple[str, int]]) -> list[str]:
    ordered = sorted((pair for pair in times if pair[1] > 0), key=lambda pair: (-pair[1], pair[0]))
    return [f"{type or 'untyped'} {number:,}" for type, number in ordered]


# Buckets


@dataclass(frozen=True, slots=True)
class BucketTable:
    """F1 and gold items of buckets, a column for each measure; a cell is None where the bucket holds nothing of it."""

    measures: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[Counts | None, ...]], ...]
    "breakdown, bucket, cells"


def bucket_table(analysis: Analysis) -> BucketTable:
    """Breakdowns with more than one bucket that has gold items, by the tasks' main measures."""
    shown = [one for one in analysis.buckets if is_main(one.task, one.measure) and one.counts.gold]
    order = {(row.task, row.measure, row.rule): None for row in analysis.scores.rows}
    columns = [key for key in order if any((one.task, one.measure, one.rule) == key for one in shown)]
    rules = {rule for _, _, rule in columns}
    tasks = {measure: {task for task, other, _ in columns if other == measure} for _, measure, _ in columns}
    cells: dict[tuple[str, str], dict[tuple[str, str, str], Bucket]] = {}
    for one in shown:
        cells.setdefault((one.by, one.bucket), {})[one.task, one.measure, one.rule] = one
    names = [by for by, _ in cells]
    rows = []
    for by, bucket in _in_order(analysis.buckets, cells):
        if names.count(by) > 1:
            found = (cells[by, bucket].get(key) for key in columns)
            rows.append((by, bucket, tuple(None if one is None else one.counts for one in found)))
    titles = []
    for task, measure, rule in columns:
        more = [*([task] if len(tasks[measure]) > 1 else []), *([rule] if len(rules) > 1 else [])]
        titles.append(f"{measure} ({', '.join(more)})" if more else measure)
    return BucketTable(tuple(titles), tuple(rows))


def _in_order(buckets: Sequence[Bucket], cells: Mapping[tuple[str, str], Any]) -> list[tuple[str, str]]:
    """The breakdowns as they come; a breakdown's buckets from short to long and from A to Z, whichever measures have them."""
    places = {by: number for number, by in enumerate(dict.fromkeys(one.by for one in buckets))}
    return sorted(cells, key=lambda one: (places[one[0]], _start(one[1]), one[1]))


def _start(bucket: str) -> int:
    digits = bucket.removeprefix("over ").partition("-")[0]
    return int(digits) + bucket.startswith("over ") if digits.isdecimal() else 0


# Confidence


SURE_SAID = (
    f"Of predicted items that say how sure they are. Calibration error: how far confidence is from the share that is right, on average over "
    f"{BINS} bins of equally many items (ECE). Thresholds: best F1 on these very documents, so better than they will be on others."
)
_MOST_POINTS = 200


def sure_title(one: Reliability, analysis: Analysis) -> str:
    """The measure, with the corpus where there are several."""
    alone = len({row.dataset for row in analysis.scores.rows}) == 1
    return one.measure if alone else f"{named(one.dataset)}: {one.measure}"


def thinned(curve: Sequence[Point], most: int = _MOST_POINTS) -> list[Point]:
    """At most so many of the points, spread evenly over the items, the first and the last among them."""
    if len(curve) <= most:
        return list(curve)
    return [curve[round(place * (len(curve) - 1) / (most - 1))] for place in range(most)]


# Agreement

AGREEMENT_SAID = (
    "Cohen's κ of two annotators, over tokens with IO labels: 0 is what chance would give, 1 is full agreement. Marked are those that "
    "either of them marked: without the many that are nothing to both, κ is lower."
)
AGREEMENT_HEADS = ("units", "agree", "by chance", "κ")


def agreement_lines(analysis: Analysis) -> list[tuple[str, tuple[str, str, str, str]]]:
    """For each agreement what it is over, and the cells for `AGREEMENT_HEADS`; a dash where κ is 0/0."""
    alone = len({one.dataset for one in analysis.agreement}) == 1
    return [
        (
            f"{'' if alone else f'{named(one.dataset)}: '}{one.over} {one.unit}",
            (f"{one.units:,}", percent(one.observed, 1), percent(one.expected, 1), kappa_text(one)),
        )
        for one in analysis.agreement
    ]


def kappa_text(one: Agreement) -> str:
    return "–" if one.kappa is None else f"{one.kappa:.3f}"


# Problems of answers


PROBLEM_NAMES = {
    "empty": "empty answer",
    "repaired": "repaired form",
    "repaired_type": "repaired label",
    "prose": "prose around the answer",
    "unknown_type": "unknown label",
    "surplus": "left out: more than the text",
    "failed": "no answer came",
    "ungrounded": "not in the text",
    "contradictory_types": "contradictory types",
    "wrongly_empty": "empty where gold is not",
    "wrongly_filled": "filled where gold is empty",
}


def problem_name(kind: str) -> str:
    """What reports call a kind of problem."""
    return PROBLEM_NAMES.get(kind, kind.replace("_", " "))


@dataclass(frozen=True, slots=True)
class ProblemLine:
    """One kind of problem of one corpus. `part`: one of those that the line before sums up."""

    name: str
    part: bool
    share: float
    pieces: int
    examples: tuple[Example, ...]


def problem_lines(audit: Audit) -> list[ProblemLine]:
    """The kinds that occur, in the order of `PROBLEM_KINDS`; of what was salvaged the singles only where there are several."""
    several = sum(audit.pieces.get(kind, 0) > 0 for kind in SALVAGED) > 1
    lines = []
    for kind in [*PROBLEM_KINDS, *sorted(set(audit.pieces) - set(PROBLEM_KINDS))]:
        if pieces := audit.pieces.get(kind, 0):
            if kind in SALVAGED and not several and audit.pieces.get("salvaged"):
                continue
            name = problem_name(kind)
            if kind == "salvaged" and not several:
                name = f"{name}: {problem_name(next(part for part in SALVAGED if audit.pieces.get(part)))}"
            lines.append(ProblemLine(name, kind in SALVAGED, audit.rate(kind), pieces, audit.examples.get(kind, ())))
    return lines


def absent_problems(audits: Iterable[Audit]) -> list[str]:
    """The kinds that none of them has; what was salvaged is told in one word."""
    present = {kind for audit in audits for kind, pieces in audit.pieces.items() if pieces}
    return [problem_name(kind) for kind in PROBLEM_KINDS if kind not in present and kind not in SALVAGED]
