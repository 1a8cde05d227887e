"""Scores → tables for a terminal, drawn with rich; they fit 80 columns and use what is more."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from uie.reports.figures import (
    AUDIT_TITLE,
    audit_parts,
    main_rows,
    named,
    number,
    percent,
    shown_aggregates,
    summary,
    types_by_gold,
    types_title,
)
from uie.scoring.counts import Counts
from uie.scoring.scores import Row, Scores


def print_scores(
    scores: Scores,
    console: Console,
    *,
    facts: Mapping[str, Any] | None = None,
    seconds: float | None = None,
    most_types: int | None = 20,
) -> None:
    """Print everything the terminal shows of Scores: rows, aggregates, types, problems, notes.

    `facts` (model, engine, dtype …) stand beside the figures; `seconds` is how long all predictions took; `most_types` limits each
    table of types (None: all, 0: no such tables), and the table says how many are left out.

    >>> print_scores(scores, rich.console.Console(), facts={"engine": "transformers"}, seconds=12.5)  # doctest: +SKIP
    """
    console.print(scores_report(scores, facts=facts, seconds=seconds, most_types=most_types))


def scores_report(
    scores: Scores, *, facts: Mapping[str, Any] | None = None, seconds: float | None = None, most_types: int | None = 20
) -> Group:
    """What `print_scores` prints."""
    parts: list[RenderableType] = [_Listed(summary(scores, facts=facts, seconds=seconds)), Text(), scores_table(scores)]
    for row in main_rows(scores) if most_types != 0 else ():
        parts += [Text(), Text(types_title(row), style="bold"), types_table(row, most=most_types)]
    parts += [Text(), Text(AUDIT_TITLE, style="bold"), audits_table(scores)]
    if scores.notes:
        parts += [Text(), *(Text(note, style="yellow") for note in scores.notes)]
    return Group(*parts)


def scores_table(scores: Scores) -> Table:
    """A line for each corpus and measure; below them what holds over several corpora, for each rule apart."""
    table = _table("dataset", "measure", "rule", right=("P", "R", "F1", "TP", "FP", "FN"))
    groups = [list(own) for _, own in groupby(scores.rows, key=lambda row: row.dataset)]
    for group in groups:
        for row in group:
            dataset = Text(named(row.dataset) if row is group[0] else "", style="bold")
            table.add_row(dataset, row.measure, row.rule, *_shares(row), *_counts(row.counts))
        if len(group) > 1 or group is groups[-1]:
            table.add_section()
    for kind in ("micro", "mean"):
        last = ""
        for aggregate in shown_aggregates(scores):
            title = f"{kind} of {aggregate.datasets}"
            if kind == "micro":
                cells = [*_shares(aggregate.counts), *_counts(aggregate.counts)]
            else:
                means = (aggregate.mean_precision, aggregate.mean_recall, aggregate.mean_f1)
                cells = [percent(means[0]), percent(means[1]), Text(percent(means[2]), style="bold")]
            table.add_row(Text(title if title != last else "", style="bold"), aggregate.measure, aggregate.rule, *cells)
            last = title
        table.add_section()
    return table


def types_table(row: Row, *, most: int | None = 20) -> Table:
    """The types of one row, those with most gold items first."""
    table = _table("type", right=("P", "R", "F1", "TP", "FP", "FN"))
    types = types_by_gold(row)
    for type, counts in types[:most]:
        table.add_row(Text(type), *_shares(counts), *_counts(counts))
    if most is not None and len(types) > most:
        rest = sum((counts for _, counts in types[most:]), Counts())
        table.add_row(Text(f"{len(types) - most} more", style="dim"), *_shares(rest), *_counts(rest))
    return table


def audits_table(scores: Scores) -> Table:
    """For each corpus, how often answers were not what was asked for."""
    table = Table.grid(padding=(0, 2))
    for audit in scores.audits:
        table.add_row(Text(named(audit.dataset)), _Listed(audit_parts(audit)))
    return table


class _Listed:
    """Parts side by side. Lines break between parts only, since a name and its number belong together."""

    def __init__(self, parts: list[str]) -> None:
        self._parts = parts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        line = Text()
        for place, part in enumerate(self._parts, 1):
            dot = " ·" if place < len(self._parts) else ""
            if line and len(line) + 1 + len(part) + len(dot) > options.max_width:
                yield line
                line = Text()
            line.append(f"{' ' if line else ''}{part}{dot}", style="dim" if part.endswith(" 0") else "")
        yield line


def _table(*left: str, right: tuple[str, ...]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0, header_style="dim", border_style="dim")
    for name in left:
        table.add_column(name, overflow="fold", no_wrap=name in ("measure", "rule"))
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _shares(counts: Counts | Row) -> list[str | Text]:
    return [percent(counts.precision), percent(counts.recall), Text(percent(counts.f1), style="bold")]


def _counts(counts: Counts) -> list[str]:
    return [number(counts.true_positive), number(counts.false_positive), number(counts.false_negative)]
