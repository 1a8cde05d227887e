"""Scores → Markdown tables, for READMEs, model cards and issues."""

from collections.abc import Iterable, Mapping
from typing import Any

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

_FIGURES = ("P", "R", "F1")
_COUNTS = ("TP", "FP", "FN")


def scores_to_markdown(scores: Scores, *, facts: Mapping[str, Any] | None = None, seconds: float | None = None) -> str:
    """The same as the terminal shows (`uie.reports.terminal`), with all types; `facts` and `seconds` as there."""
    rows = [[named(r.dataset), r.measure, r.rule, *_shares(r), *_counts(r.counts)] for r in scores.rows]
    for a in shown_aggregates(scores):
        rows.append([f"micro of {a.datasets}", a.measure, a.rule, *_shares(a.counts), *_counts(a.counts)])
    for a in shown_aggregates(scores):
        means = [percent(share) for share in (a.mean_precision, a.mean_recall, a.mean_f1)]
        rows.append([f"mean of {a.datasets}", a.measure, a.rule, *means, "", "", ""])
    parts = [_cell(" · ".join(summary(scores, facts=facts, seconds=seconds))), _table(("dataset", "measure", "rule"), rows)]
    for row in main_rows(scores):
        types = [[type, *_shares(counts), *_counts(counts)] for type, counts in types_by_gold(row)]
        parts += [f"**{_cell(types_title(row))}**", _table(("type",), types)]
    parts.append(f"**{AUDIT_TITLE}**")
    parts.append("\n".join(f"- {_cell(named(audit.dataset))}: {' · '.join(audit_parts(audit))}" for audit in scores.audits))
    if scores.notes:
        parts.append("\n".join(f"> {note}" for note in scores.notes))
    return "\n\n".join(parts) + "\n"


def _table(left: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    heads = (*left, *_FIGURES, *_COUNTS)
    rule = ["---"] * len(left) + ["---:"] * (len(heads) - len(left))
    lines = [heads, rule, *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(text: str) -> str:
    """The text as Markdown that shows it: labels such as `a_b_c` or `x|y` must not become emphasis or cells."""
    return "".join(f"\\{character}" if character in "\\|*_`<[" else character for character in text)


def _shares(counts: Counts | Row) -> list[str]:
    return [percent(counts.precision), percent(counts.recall), percent(counts.f1)]


def _counts(counts: Counts) -> list[str]:
    return [number(counts.true_positive), number(counts.false_positive), number(counts.false_negative)]
