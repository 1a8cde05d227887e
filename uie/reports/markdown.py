"""Analysis → Markdown tables, for READMEs, model cards and issues."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from uie.reports.figures import (
    AGREEMENT_HEADS,
    AGREEMENT_SAID,
    SURE_SAID,
    Line,
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
from uie.scoring.confidence import Bin, Threshold
from uie.scoring.counts import Counts
from uie.scoring.scores import Audit

_COUNTS = ("TP", "FP", "FN")


def analysis_to_markdown(analysis: Analysis, *, facts: Mapping[str, Any] | None = None, seconds: float | None = None) -> str:
    """The same as the terminal shows (`uie.reports.terminal`), with all corpora and types, and counts; `facts` and `seconds` as there."""
    scores = analysis.scores
    parts = [escaped(" · ".join(summary(scores, facts=facts, seconds=seconds))), _figures(analysis)]
    if analysis.agreement:
        rows = [[name, *cells] for name, cells in agreement_lines(analysis)]
        parts += [table(("agreement over",), AGREEMENT_HEADS, rows), escaped(AGREEMENT_SAID)]
    for _, types in types_of(analysis):
        parts += _types(types)
    if (buckets := bucket_table(analysis)).rows:
        rows = [[by, bucket, *(map(_bucket, cells))] for by, bucket, cells in buckets.rows]
        parts += ["**F1 in percent, and gold items, by what is known of a text or a mention**"]
        parts += [table(("by", ""), buckets.measures, rows)]
    if analysis.reliability:
        parts += ["**How sure the predictions are**", _sure(analysis), escaped(SURE_SAID)]
    for one in analysis.reliability:
        parts += [
            f"**{escaped(sure_title(one, analysis))}: thresholds and reliability**",
            _thresholds(one.thresholds),
            _bins(one.bins),
        ]
    if any(audit.pieces for audit in scores.audits):
        parts += ["**Problems in the answers**", _audits(scores.audits)]
    if scores.audits and (absent := absent_problems(scores.audits)):
        parts.append(f"None: {', '.join(absent)}.")
    if scores.notes:
        parts.append("\n".join(f"> {escaped(note)}  " for note in scores.notes))
    return "\n\n".join(parts) + "\n"


def _figures(analysis: Analysis) -> str:
    heading, groups = figure_lines(analysis)
    lines = [line for group in groups for line in group.lines]
    grouped = any(group.title for group in groups)
    columns = [name for name, _ in zip(("95 % interval", "macro", "weighted", "lookup"), _more(lines[0]), strict=True)]
    known = [any(cells) for cells in zip(*(_more(line) for line in lines), strict=True)]
    shown = [shows_intervals(analysis.scores), *known[1:]]
    rows = []
    for group in groups:
        for line in group.lines:
            more = [cell for cell, is_shown in zip(_more(line), shown, strict=True) if is_shown]
            counts = _counts(line.counts) if line.counts else ["", "", ""]
            figures = [percent(figure) for figure in line.figures]
            rows.append([*([group.title] if grouped else []), line.label, *figures, *more, *counts])
    heads = [name for name, is_shown in zip(columns, shown, strict=True) if is_shown]
    return table(("", heading) if grouped else (heading,), ("P", "R", "F1", *heads, *_COUNTS), rows)


def _more(line: Line) -> tuple[str, str, str, str]:
    shares = (line.macro_f1, line.weighted_f1, line.lookup_f1)
    macro, weighted, lookup = ("" if share is None else percent(share) for share in shares)
    return interval_text(line.f1_interval, 2), macro, weighted, lookup


def _types(types: Types) -> Iterator[str]:
    yield f"**{escaped(types.title)}**"
    if types.lines:
        told = ("not right, but",) if types.kinds else ()
        rows = [
            [line.type, *_shares(line.counts), *_counts(line.counts), *([" · ".join(line.instead)] if told else [])]
            for line in types.lines
        ]
        yield table(("type",), ("P", "R", "F1", *_COUNTS), rows, told)
    if types.kinds:
        # "invented" comes last of the kinds
        yield " · ".join(types.kinds) + (f" ({escaped(', '.join(types.invented))})" if types.invented else "")


def _sure(analysis: Analysis) -> str:
    before = any(one.error_before is not None for one in analysis.reliability)
    heads = ("items", "average precision", *(["ECE before calibration"] if before else []), "ECE", "risk over coverage")
    rows = []
    for one in analysis.reliability:
        was = ["" if one.error_before is None else percent(one.error_before)] if before else []
        shares = [percent(one.average_precision), *was, percent(one.calibration_error), percent(one.risk_area)]
        rows.append([sure_title(one, analysis), f"{one.items:,}", *shares])
    return table(("",), heads, rows)


def _thresholds(thresholds: Sequence[Threshold]) -> str:
    rows = []
    for one in thresholds:
        best = one.best
        shares = [percent(share) for share in (best.precision, best.recall, best.f1, one.whole.f1)]
        rows.append([one.type or "all", f"{best.threshold:.3f}", *shares, f"{best.items:,} of {one.whole.items:,}"])
    return table(("type",), ("at least", "P", "R", "F1", "F1 of all", "items"), rows)


def _bins(bins: Sequence[Bin]) -> str:
    rows = [[f"{one.low:.3f}–{one.high:.3f}", f"{one.items:,}", percent(one.confidence), percent(one.right)] for one in bins]
    return table(("confidence",), ("items", "mean", "right"), rows)


def _audits(audits: Sequence[Audit]) -> str:
    rows = []
    for audit in audits:
        for line in problem_lines(audit):
            example = line.examples[0] if line.examples else None
            told = f"{' '.join(example.piece.split())} ({example.document_id})" if example else ""
            rows.append([named(audit.dataset), line.name, f"{percent(line.share, 1)} %", f"{line.pieces:,}", told])
    return table(("dataset", "problem"), ("documents", "pieces"), rows, ("for example",))


def _bucket(counts: Counts | None) -> str:
    return "" if counts is None else f"{percent(counts.f1)} ({number(counts.gold)})"


def table(left: Sequence[str], right: Sequence[str], rows: Iterable[Sequence[str]], last: Sequence[str] = ()) -> str:
    """Columns `left` and `last` begin on the left, `right` end on the right; cells are escaped."""
    heads = (*left, *right, *last)
    rule = ["---"] * len(left) + ["---:"] * len(right) + ["---"] * len(last)
    lines = [map(escaped, heads), rule, *(map(escaped, row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def escaped(text: str) -> str:
    """The text as Markdown that shows it: labels such as `a_b_c` or `x|y` must not become emphasis or cells, nor `<b>` a tag."""
    return "".join(f"\\{character}" if character in "\\|*_`<[" else character for character in text)


def _shares(counts: Counts) -> list[str]:
    return [percent(counts.precision), percent(counts.recall), percent(counts.f1)]


def _counts(counts: Counts) -> list[str]:
    return [number(counts.true_positive), number(counts.false_positive), number(counts.false_negative)]
