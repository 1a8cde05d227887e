"""Analysis ↔ JSON, the form that other programs may rely on; `scores.schema.json` beside this file documents every key.

Keys may be added, not changed; a change of meaning gets a new version. The Documents of the error browser are not in it: `inputs` says
which files they are in.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from uie.errors import ScoringError
from uie.reports.figures import thinned
from uie.scoring.agreement import Agreement
from uie.scoring.analysis import Analysis
from uie.scoring.breakdown import Bucket
from uie.scoring.confidence import Bin, Point, Reliability, Threshold
from uie.scoring.counts import Counts, Figures
from uie.scoring.mistakes import Confusion
from uie.scoring.scores import Aggregate, Audit, Example, Row, Scores, aggregate_rows
from uie.scoring.uncertainty import Interval, Intervals

Json = dict[str, Any]
VERSION = 1


def analysis_to_json(
    analysis: Analysis,
    *,
    facts: Mapping[str, Any] | None = None,
    seconds: float | None = None,
    inputs: Mapping[str, str | None] | None = None,
) -> Json:
    """`facts`: what is known of the predictions (model, engine …); `seconds`: how long they took, left out when not known.

    `inputs`: the files of "gold", "predicted" and "train", as they were named.
    """
    return {
        "version": VERSION,
        **({} if seconds is None else {"seconds": seconds}),
        "facts": dict(facts or {}),
        **({} if inputs is None else {"inputs": dict(inputs)}),
        **_scores(analysis.scores),
        "lookup_baseline": None if analysis.baseline is None else _scores(analysis.baseline),
        "buckets": [_bucket(bucket) for bucket in analysis.buckets],
        "confusions": [_confusion(confusion) for confusion in analysis.confusions],
        "confidence": [_reliability(one) for one in analysis.reliability],
        **({"agreement": [{**asdict(one), "kappa": one.kappa} for one in analysis.agreement]} if analysis.agreement else {}),
    }


def analysis_from_json(found: Mapping[str, Any], *, where: str = "scores") -> Analysis:
    """The Analysis that `analysis_to_json` wrote, without marked documents and counts by document.

    Raises:
        ScoringError: the object is none of ours or of another version; `where` names its file.
    """
    if not isinstance(found, Mapping) or found.get("version") != VERSION:
        version = found.get("version") if isinstance(found, Mapping) else None
        raise ScoringError(f"{where}: expected scores of version {VERSION}, found {version!r}; score again with uie eval.")
    try:
        return Analysis(
            _read_scores(found),
            None if found.get("lookup_baseline") is None else _read_scores(found["lookup_baseline"]),
            tuple(_read_bucket(bucket) for bucket in found["buckets"]),
            tuple(_read_confusion(confusion) for confusion in found["confusions"]),
            reliability=tuple(_read_reliability(one) for one in found.get("confidence", ())),
            agreement=tuple(_read_agreement(one) for one in found.get("agreement", ())),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ScoringError(f"{where}: not scores: {type(error).__name__} {error}; score again with uie eval.") from None


def scores_from_json(found: Mapping[str, Any], *, where: str = "scores") -> Scores:
    """The Scores of what `analysis_to_json` wrote.

    Raises:
        ScoringError: as `analysis_from_json`.
    """
    return analysis_from_json(found, where=where).scores


@lru_cache(maxsize=1)
def scores_schema() -> Json:
    """The JSON Schema (2020-12) of what `analysis_to_json` gives."""
    schema: Json = json.loads(Path(__file__).with_name("scores.schema.json").read_text(encoding="utf-8"))
    return schema


# Writing


def _scores(scores: Scores) -> Json:
    return {
        "rule": scores.rule,
        "documents": scores.documents,
        "rows": [_row(row) for row in scores.rows],
        "aggregates": [_aggregate(aggregate) for aggregate in scores.aggregates],
        "audits": [_audit(audit) for audit in scores.audits],
        "notes": list(scores.notes),
    }


def _row(row: Row) -> Json:
    return {
        "dataset": row.dataset,
        "task": row.task,
        "measure": row.measure,
        "rule": row.rule,
        "documents": row.documents,
        **_counts(row.counts),
        **row.figures._asdict(),
        "intervals": _intervals(row.intervals),
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
        **aggregate.figures._asdict(),
        "intervals": _intervals(aggregate.intervals),
        "mean_precision": aggregate.mean_precision,
        "mean_recall": aggregate.mean_recall,
        "mean_f1": aggregate.mean_f1,
        "mean_intervals": _intervals(aggregate.mean_intervals),
    }


def _audit(audit: Audit) -> Json:
    problems = {
        kind: {
            "pieces": pieces,
            "documents": audit.affected.get(kind, 0),
            "examples": [example._asdict() for example in audit.examples.get(kind, ())],
        }
        for kind, pieces in audit.pieces.items()
    }
    return {"dataset": audit.dataset, "documents": audit.documents, "problems": problems}


def _counts(counts: Counts) -> Json:
    return {
        "true_positive": counts.true_positive,
        "false_positive": counts.false_positive,
        "false_negative": counts.false_negative,
        **counts.figures._asdict(),
    }


def _intervals(intervals: Intervals | None) -> Json | None:
    if intervals is None:
        return None
    sides = {"precision": intervals.precision, "recall": intervals.recall, "f1": intervals.f1}
    return {"level": intervals.f1.level, **{name: [side.low, side.high] for name, side in sides.items()}}


def _bucket(bucket: Bucket) -> Json:
    return {
        "by": bucket.by,
        "bucket": bucket.bucket,
        "task": bucket.task,
        "measure": bucket.measure,
        "rule": bucket.rule,
        "documents": bucket.documents,
        **_counts(bucket.counts),
    }


def _confusion(confusion: Confusion) -> Json:
    return {
        "dataset": confusion.dataset,
        "task": confusion.task,
        "layer": confusion.layer,
        "gold_types": list(confusion.gold_types),
        "predicted_types": list(confusion.predicted_types),
        "matrix": [list(row) for row in confusion.matrix],
        "kinds": dict(confusion.kinds),
    }


def _reliability(one: Reliability) -> Json:
    return {
        "dataset": one.dataset,
        "task": one.task,
        "measure": one.measure,
        "rule": one.rule,
        "items": one.items,
        "unsure": one.unsure,
        "gold": one.gold,
        "average_precision": one.average_precision,
        "calibration_error": one.calibration_error,
        "calibration_error_before": one.error_before,
        "risk_area": one.risk_area,
        "curve": [_point(point) for point in thinned(one.curve)],
        "bins": [asdict(bin) for bin in one.bins],
        "thresholds": [{"type": own.type, "best": _point(own.best), "whole": _point(own.whole)} for own in one.thresholds],
    }


def _point(point: Point) -> Json:
    figures = {"precision": point.precision, "recall": point.recall, "f1": point.f1, "risk": point.risk}
    return {**asdict(point), **figures}


# Reading


def _read_scores(found: Mapping[str, Any]) -> Scores:
    rows = tuple(_read_row(row) for row in found["rows"])
    written = {(one["task"], one["measure"], one["rule"]): one for one in found["aggregates"]}
    aggregates = tuple(_with_written(one, written[one.task, one.measure, one.rule]) for one in aggregate_rows(rows))
    audits = tuple(_read_audit(audit) for audit in found["audits"])
    return Scores(found["rule"], found["documents"], rows, aggregates, audits, tuple(found["notes"]))


def _with_written(aggregate: Aggregate, found: Mapping[str, Any]) -> Aggregate:
    aggregate = replace(
        aggregate, intervals=_read_intervals(found["intervals"]), mean_intervals=_read_intervals(found["mean_intervals"])
    )
    figures = _read_figures(found)
    return aggregate if figures == aggregate.figures else replace(aggregate, own=figures)


def _read_figures(found: Mapping[str, Any]) -> Figures:
    return Figures(found["precision"], found["recall"], found["f1"])


def _read_counts(found: Mapping[str, Any]) -> Counts:
    return Counts(found["true_positive"], found["false_positive"], found["false_negative"])


def _read_row(found: Mapping[str, Any]) -> Row:
    types = {type: _read_counts(counts) for type, counts in found["types"].items()}
    counts, figures = _read_counts(found), _read_figures(found)
    place = (found["dataset"], found["task"], found["measure"], found["rule"], found["documents"])
    own = None if figures == counts.figures else figures
    return Row(*place, counts, types, own, intervals=_read_intervals(found["intervals"]))


def _read_intervals(found: Mapping[str, Any] | None) -> Intervals | None:
    if found is None:
        return None
    return Intervals(*(_read_interval(found[name], found["level"]) for name in ("precision", "recall", "f1")))


def _read_interval(ends: Sequence[float], level: float) -> Interval:
    low, high = ends
    return Interval(low, high, level)


def _read_audit(found: Mapping[str, Any]) -> Audit:
    problems = found["problems"]
    return Audit(
        found["dataset"],
        found["documents"],
        {kind: number["pieces"] for kind, number in problems.items()},
        {kind: number["documents"] for kind, number in problems.items()},
        {kind: tuple(Example(**one) for one in number["examples"]) for kind, number in problems.items()},
    )


def _read_bucket(found: Mapping[str, Any]) -> Bucket:
    place = (found["by"], found["bucket"], found["task"], found["measure"], found["rule"])
    return Bucket(*place, found["documents"], _read_counts(found))


def _read_confusion(found: Mapping[str, Any]) -> Confusion:
    return Confusion(
        found["dataset"],
        found["task"],
        found["layer"],
        tuple(found["gold_types"]),
        tuple(found["predicted_types"]),
        tuple(tuple(row) for row in found["matrix"]),
        dict(found["kinds"]),
    )


def _read_reliability(found: Mapping[str, Any]) -> Reliability:
    place = (found["dataset"], found["task"], found["measure"], found["rule"], found["items"], found["unsure"], found["gold"])
    figures = (found["average_precision"], found["calibration_error"], found["risk_area"])
    thresholds = (Threshold(one["type"], _read_point(one["best"]), _read_point(one["whole"])) for one in found["thresholds"])
    return Reliability(
        *place,
        *figures,
        tuple(map(_read_point, found["curve"])),
        tuple(Bin(**one) for one in found["bins"]),
        tuple(thresholds),
        found["calibration_error_before"],
    )


def _read_agreement(found: Mapping[str, Any]) -> Agreement:
    return Agreement(**{name: value for name, value in found.items() if name != "kappa"})


def _read_point(found: Mapping[str, Any]) -> Point:
    return Point(found["threshold"], found["items"], found["right"], found["gold"])
