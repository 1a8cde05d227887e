"""Analysis → tables for a terminal, drawn with rich; they fit 80 columns and use what is more."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from uie.reports.figures import (
    AGREEMENT_HEADS,
    AGREEMENT_SAID,
    SURE_SAID,
    Types,
    absent_problems,
    agreement_lines,
    bucket_table,
    figure_lines,
    interval_text,
    named,
    number,
    percent,
    problem_lines,
    shows_intervals,
    summary,
    sure_title,
    types_of,
)
from uie.scoring.analysis import Analysis
from uie.scoring.counts import Counts
from uie.scoring.scores import Audit

MOST_CORPORA = 3
"""Of more corpora, the details of those with most documents are shown."""
MOST_TYPES = 12
_SHORT = {"nesting of the text": "text nesting"}
_MOST_INSTEAD = 4  # types that items of one type were taken for


def print_analysis(
    analysis: Analysis,
    console: Console,
    *,
    facts: Mapping[str, Any] | None = None,
    seconds: float | None = None,
    most_types: int | None = MOST_TYPES,
) -> None:
    """Print what a reader wants to know first: figures, types, confusions, buckets, problems of answers, notes.

    `facts` (model, engine, dtype …) stand beside the figures; `seconds` is how long all predictions took; `most_types` limits each
    table of types (None: all, 0: no such tables), and the table says how many are left out.

    >>> print_analysis(analysis, rich.console.Console(), facts={"engine": "transformers"}, seconds=12.5)  # doctest: +SKIP
    """
    console.print(analysis_report(analysis, facts=facts, seconds=seconds, most_types=most_types))


def analysis_report(
    analysis: Analysis,
    *,
    facts: Mapping[str, Any] | None = None,
    seconds: float | None = None,
    most_types: int | None = MOST_TYPES,
) -> Group:
    """What `print_analysis` prints."""
    scores = analysis.scores
    parts: list[RenderableType] = [_Listed(summary(scores, facts=facts, seconds=seconds)), Text(), figures_table(analysis)]
    if analysis.agreement:
        parts += [Text(), agreement_table(analysis), Text(AGREEMENT_SAID, style="dim")]
    shown = _corpora_with_details(analysis)
    for dataset, types in types_of(analysis) if most_types != 0 else ():
        if dataset in shown:
            parts += [Text(), *_types(types, most_types)]
    if (buckets := bucket_table(analysis)).rows:
        parts += [Text(), _buckets(buckets.measures, buckets.rows)]
    if analysis.reliability:
        parts += [Text(), sure_table(analysis), Text(SURE_SAID, style="dim")]
    audits = [audit for audit in scores.audits if audit.dataset in shown]
    if audits:
        parts += [Text(), audits_table(audits, alone=len(scores.audits) == 1)]
        if absent := absent_problems(audits):
            parts.append(Text(f"None: {', '.join(absent)}.", style="dim"))
    if left := len(scores.audits) - len(audits):
        corpora = "1 corpus" if left == 1 else f"{left} corpora"
        parts += [Text(), Text(f"Not shown: types and problems of {corpora} with fewer documents.", style="dim")]
    if scores.notes:
        parts += [Text(), *(Text(note, style="yellow") for note in scores.notes)]
    return Group(*parts)


def figures_table(analysis: Analysis) -> Table:
    """All figures, with 95 % intervals of F1 and the lookup baseline's F1 where they are known; those of main measures stand out."""
    heading, groups = figure_lines(analysis)
    lines = [line for group in groups for line in group.lines]
    columns: list[tuple[str, Any]] = [
        ("P", lambda line: percent(line.figures.precision)),
        ("R", lambda line: percent(line.figures.recall)),
        ("F1", lambda line: Text(percent(line.figures.f1), style="bold" if line.main else "")),
    ]
    if shows_intervals(analysis.scores):
        columns.append(("F1, 95 %", lambda line: interval_text(line.f1_interval)))
    if any(line.macro_f1 is not None for line in lines):
        columns += [("macro", lambda line: _short(line.macro_f1)), ("weighted", lambda line: _short(line.weighted_f1))]
    if any(line.lookup_f1 is not None for line in lines):
        columns.append(("lookup", lambda line: _short(line.lookup_f1)))
    table = _table((heading,), [name for name, _ in columns])
    for group in groups:
        if group.title:
            table.add_row(Text(group.title, style="bold"))
        for line in group.lines:
            label = Text(f"{'  ' if group.title else ''}{line.label}")
            table.add_row(label, *(draw(line) for _, draw in columns), style="" if line.main else "dim")
        table.add_section()
    return table


def types_table(types: Types, *, most: int | None = MOST_TYPES) -> Table:
    """Types with their figures, and what became of gold items that are not right."""
    table = _table((types.title,), ("gold", "P", "R", "F1"))
    if types.kinds:
        table.add_column(" not right, but", ratio=1)
    for line in types.lines[:most]:
        table.add_row(Text(line.type), number(line.counts.gold), *_shares(line.counts), *_listed(types, line.instead))
    if most is not None and len(types.lines) > most:
        rest = sum((line.counts for line in types.lines[most:]), Counts())
        table.add_row(Text(f"{len(types.lines) - most} more", style="dim"), number(rest.gold), *_shares(rest), *_listed(types, ()))
    if types.invented:
        table.add_row(Text("invented", style="dim"), *[""] * 4, *_listed(types, types.invented))
    return table


def sure_table(analysis: Analysis) -> Table:
    """What confidences are worth: average precision, calibration error, and the threshold with the best F1."""
    before = any(one.error_before is not None for one in analysis.reliability)
    table = _table(("how sure",), ("items", "AP", "ECE", *(["before"] if before else []), "best from", "F1", "of all"))
    for one in analysis.reliability:
        was = [_short(one.error_before)] if before else []
        best, whole = one.thresholds[0].best, one.thresholds[0].whole
        figures = [_short(one.average_precision), _short(one.calibration_error), *was, f"{best.threshold:.3f}"]
        table.add_row(Text(sure_title(one, analysis)), f"{one.items:,}", *figures, _short(best.f1), _short(whole.f1))
    return table


def agreement_table(analysis: Analysis) -> Table:
    """Cohen's κ over tokens, with the shares of agreement that it is made from, in percent."""
    table = _table(("agreement over",), AGREEMENT_HEADS)
    for name, cells in agreement_lines(analysis):
        table.add_row(Text(name), *cells)
    return table


def audits_table(audits: Sequence[Audit], *, alone: bool) -> Table:
    """How often answers were not what was asked for: share of documents, pieces, and one example of each kind."""
    table = _table(("problem in the answers",), ("documents", "pieces"))
    table.expand = True
    table.add_column(" for example", no_wrap=True, overflow="ellipsis", ratio=1)
    for audit in audits:
        if not alone:
            table.add_row(Text(named(audit.dataset), style="bold"))
        for line in problem_lines(audit):
            example = Text(f" {_one_line(line.examples[0].piece) if line.examples else ''}", style="dim")
            name = Text(f"{'' if alone else '  '}{'  ' if line.part else ''}{line.name}")
            table.add_row(name, f"{percent(line.share, 1)} %", f"{line.pieces:,}", example)
        table.add_section()
    return table


def _corpora_with_details(analysis: Analysis) -> set[str]:
    audits = sorted(analysis.scores.audits, key=lambda audit: -audit.documents)
    return {audit.dataset for audit in audits[:MOST_CORPORA]}


def _types(types: Types, most: int | None) -> Iterator[RenderableType]:
    """The table of types, or where nothing was right at all, one line."""
    kinds = _Listed(list(types.kinds), style="dim")
    if types.total.true_positive and types.lines:
        yield types_table(types, most=most)
        yield kinds
    else:
        yield Text(types.title, style="bold")
        yield kinds if types.kinds else Text(f"nothing is right of {number(types.total.gold)}", style="dim")


def _listed(types: Types, parts: Sequence[str]) -> list[RenderableType]:
    """The cell of the last column, which is there where anything is known of it."""
    return [_Listed(list(parts[:_MOST_INSTEAD]), indent=" ")] if types.kinds else []


def _buckets(measures: Sequence[str], rows: Sequence[tuple[str, str, tuple[Counts | None, ...]]]) -> Table:
    table = _table(("F1 (gold) by", ""), ())
    for column in table.columns:
        column.no_wrap = True
    for measure in measures:
        table.add_column(measure, justify="right")
    last = ""
    for by, bucket, cells in rows:
        drawn = ["" if counts is None else f"{percent(counts.f1, 1)} ({number(counts.gold)})" for counts in cells]
        table.add_row(Text(_SHORT.get(by, by) if by != last else ""), Text(bucket), *drawn)
        last = by
    return table


class _Listed:
    """Parts side by side. Lines break between parts only, since a name and its number belong together."""

    def __init__(self, parts: Sequence[str], *, indent: str = "", style: str = "") -> None:
        self._parts, self._indent, self._style = parts, indent, style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line, full = Text(), Text()
        for place, part in enumerate(self._parts, 1):
            dot = " ·" if place < len(self._parts) else ""
            full = Text(f"{line.plain or self._indent}{' ' if line else ''}{part}{dot}", style=self._style)
            if line and full.cell_len > options.max_width:
                yield line
                full = Text(f"{self._indent}{part}{dot}", style=self._style)
            line = full
        yield line

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        widths = [Text(f"{self._indent}{part} ·").cell_len for part in self._parts]
        return Measurement(max(widths, default=0), sum(widths))


def _table(left: Sequence[str], right: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0, header_style="dim", border_style="dim")
    for name in left:
        table.add_column(Text(name, style="bold"), overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _one_line(piece: str) -> str:
    return " ".join(piece.split())


def _short(share: float | None) -> str:
    return "" if share is None else percent(share, 1)


def _shares(counts: Counts) -> list[str | Text]:
    return [percent(counts.precision), percent(counts.recall), Text(percent(counts.f1), style="bold")]


def _counts(counts: Counts) -> list[str]:
    return [number(counts.true_positive), number(counts.false_positive), number(counts.false_negative)]
