"""Scores ↔ JSON, the form that other programs may rely on.

    {"version": 1, "rule": "strict", "documents": 1287, "seconds": 31.2,
     "rows": [{"dataset", "task", "measure", "rule", "documents", COUNTS, FIGURES, "macro_f1",
               "weighted_f1", "types": {TYPE: {COUNTS, FIGURES}}}],
     "aggregates": [{"task", "measure", "rule", "datasets", "documents", COUNTS, FIGURES, "mean_precision", "mean_recall", "mean_f1"}],
     "audits": [{"dataset", "documents", "problems": {KIND: {"pieces", "documents"}}}],
     "notes": ["…"]}

COUNTS are "true_positive", "false_positive", "false_negative"; FIGURES are "precision", "recall", "f1", shares from 0 to 1, not
rounded; of a row they are those of its rule, which may round or smooth them or head its tables with the mean over types. Counts are whole
numbers but under rules that give a part of a point (`partial`, `muc`). `rule` of a row is the rule that was used; of the whole, the one that was asked for. Keys may be added, not changed; a
change of meaning gets a new version.
"""

from collections.abc import Mapping
from typing import Any

from uie.errors import ScoringError
from uie.scoring.counts import Counts, Figures
from uie.scoring.scores import Aggregate, Audit, Row, Scores, aggregate_rows

Json = dict[str, Any]
VERSION = 1


def scores_to_json(scores: Scores, *, seconds: float | None = None) -> Json:
    """`seconds` is how long the predictions took; it is left out when not known."""
    return {
        "version": VERSION,
        **({} if seconds is None else {"seconds": seconds}),
        "rule": scores.rule,
        "documents": scores.documents,
        "rows": [_row(row) for row in scores.rows],
        "aggregates": [_aggregate(aggregate) for aggregate in scores.aggregates],
        "audits": [_audit(audit) for audit in scores.audits],
        "notes": list(scores.notes),
    }


def scores_from_json(found: Mapping[str, Any], *, where: str = "scores") -> Scores:
    """The Scores that `scores_to_json` wrote; figures are computed from the counts again.

    Raises:
        ScoringError: the object is none of ours or of a newer version; `where` names its file.
    """
    if found.get("version") != VERSION:
        raise ScoringError(
            f"{where}: expected scores of version {VERSION}, found {found.get('version')!r}; score again with uie eval."
        )
    try:
        rows = tuple(_read_row(row) for row in found["rows"])
        audits = tuple(_read_audit(audit) for audit in found["audits"])
        return Scores(found["rule"], found["documents"], rows, aggregate_rows(rows), audits, tuple(found["notes"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ScoringError(f"{where}: not scores: {type(error).__name__} {error}; score again with uie eval.") from None


def _row(row: Row) -> Json:
    return {
        "dataset": row.dataset,
        "task": row.task,
        "measure": row.measure,
        "rule": row.rule,
        "documents": row.documents,
        **_counts(row.counts),
        **row.figures._asdict(),
        "macro_f1": row.macro_f1,
        "weighted_f1": row.weighted_f1,
        "types": {type: _counts(counts) for type, counts in row.by_type.items()},
    }


def _aggregate(aggregate: Aggregate) -> Json:
    return {
        "task": aggregate.task,
        "measure": aggregate.measure,
        "rule": aggregate.rule,
        "datasets": aggregate.datasets,
        "documents": aggregate.documents,
        **_counts(aggregate.counts),
        "mean_precision": aggregate.mean_precision,
        "mean_recall": aggregate.mean_recall,
        "mean_f1": aggregate.mean_f1,
    }


def _audit(audit: Audit) -> Json:
    problems = {kind: {"pieces": pieces, "documents": audit.affected.get(kind, 0)} for kind, pieces in audit.pieces.items()}
    return {"dataset": audit.dataset, "documents": audit.documents, "problems": problems}


def _counts(counts: Counts) -> Json:
    return {
        "true_positive": counts.true_positive,
        "false_positive": counts.false_positive,
        "false_negative": counts.false_negative,
        **counts.figures._asdict(),
    }


def _read_counts(found: Mapping[str, Any]) -> Counts:
    return Counts(found["true_positive"], found["false_positive"], found["false_negative"])


def _read_row(found: Mapping[str, Any]) -> Row:
    types = {type: _read_counts(counts) for type, counts in found["types"].items()}
    counts, figures = _read_counts(found), Figures(found["precision"], found["recall"], found["f1"])
    own = None if figures == counts.figures else figures
    return Row(found["dataset"], found["task"], found["measure"], found["rule"], found["documents"], counts, types, own)


def _read_audit(found: Mapping[str, Any]) -> Audit:
    problems = found["problems"]
    pieces = {kind: number["pieces"] for kind, number in problems.items()}
    return Audit(found["dataset"], found["documents"], pieces, {kind: number["documents"] for kind, number in problems.items()})
