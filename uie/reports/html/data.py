"""Analysis → the page's data: plain lists and numbers that page.js draws. Nothing is counted here but what is shown of how much."""

from collections.abc import Mapping
from typing import Any

from uie.reports.figures import SURE_SAID, agreement_lines, percent, plural, sure_title, thinned
from uie.reports.html.documents import OF_EACH, document_entry, drawn
from uie.reports.html.words import breakdown_place, breakdown_words, problem_words
from uie.scoring import RULES, RuleFacts
from uie.scoring.analysis import Analysis
from uie.scoring.confidence import Reliability, Threshold
from uie.scoring.counts import Counts
from uie.scoring.mistakes import CORRECT, KINDS, Confusion
from uie.scoring.rules import is_main
from uie.scoring.score import ALL
from uie.scoring.scores import PROBLEM_KINDS, SALVAGED, Aggregate, Audit, Row, Scores
from uie.scoring.uncertainty import Intervals

Json = dict[str, Any]
_Lookup = Mapping[tuple[str, ...], Json]


def page_data(analysis: Analysis, *, facts: Mapping[str, Any], seconds: float | None) -> Json:
    """What the page draws, by section."""
    scores = analysis.scores
    corpora = [_row(row, _lookup_rows(analysis.baseline)) for row in scores.rows]
    return {
        "said": _said(scores),
        "facts": [*_facts(scores, facts, seconds), *_agreement(analysis)],
        "rules": _rules(scores),
        "notes": list(scores.notes),
        "lead": _figures_lead(analysis),
        "rows": _with_headlines([*corpora, *_aggregates(scores, analysis.baseline)], scores),
        "types": _types(analysis),
        "confidence": [_confidence(one, analysis) for one in analysis.reliability],
        "confidence_lead": SURE_SAID,
        "audits": [_audit(audit) for audit in scores.audits],
        "confusions": [_confusion(confusion) for confusion in analysis.confusions],
        "charts": _charts(analysis),
        **_documents(analysis),
    }


# Overview


def _said(scores: Scores) -> str:
    datasets = {row.dataset for row in scores.rows}
    rules = list(dict.fromkeys(row.rule for row in scores.rows)) or [scores.rule]
    of = f" of {plural(len(datasets), 'corpus').replace('corpuss', 'corpora')}" if len(datasets) > 1 else ""
    said = f"{plural(scores.documents, 'document')}{of}, scored by "
    if len(rules) == 1 and (facts := _facts_of(rules[0])):
        return f"{said}the rule {facts.name}, which compares: {facts.compares}."
    return f"{said}{'the rule ' if len(rules) == 1 else ''}{_listed(rules)}."


def _listed(names: list[str]) -> str:
    if len(names) > 6:
        return f"{len(names)} rules"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _facts(scores: Scores, facts: Mapping[str, Any], seconds: float | None) -> list[list[str]]:
    speed = {"speed": f"{scores.documents / seconds:,.1f} documents/s"} if seconds else {}
    return [[name.replace("_", " "), str(fact)] for name, fact in {**facts, **speed}.items() if fact is not None]


def _agreement(analysis: Analysis) -> list[list[str]]:
    return [[f"κ over {name}", f"{kappa} of {units}"] for name, (units, *_, kappa) in agreement_lines(analysis)]


def _facts_of(rule: str) -> RuleFacts | None:
    """None for a rule that is not installed here: scores may have been written elsewhere."""
    return RULES.get(rule).facts if rule in RULES.names() else None


def _rules(scores: Scores) -> list[Json]:
    found = []
    for name in dict.fromkeys(row.rule for row in scores.rows):
        if facts := _facts_of(name):
            lines = [
                ("must be equal", facts.compares),
                ("made equal before", facts.normalised),
                ("duplicates", facts.duplicates),
                ("0/0", facts.zero),
                ("headline", "all items together (micro)" if facts.headline == "micro" else "the mean over the types of gold"),
                ("input", f"answer strings, written as {facts.wording}" if facts.input == "answers" else "documents"),
                ("faults", facts.faults),
                ("used by", facts.used_by),
                ("source", facts.source),
            ]
            found.append({"name": name, "lines": [list(line) for line in lines if line[1]]})
    return found


def _figures_lead(analysis: Analysis) -> str:
    said = ["In percent."]
    if any(row.intervals for row in analysis.scores.rows):
        said.append("Ranges are 95 % intervals of a bootstrap over documents: how far a figure would move with other documents.")
    if analysis.baseline is None:
        said.append("There is no lookup baseline beside them, since no training documents were given.")
    else:
        said.append(
            "Lookup knows nothing but the strings annotated in the training documents; ahead is by how many points F1 is better."
        )
    return " ".join(said)


# Figures and types


def _row(row: Row, lookup: _Lookup) -> Json:
    return {
        "dataset": row.dataset,
        "measure": _measure(row),
        "rule": row.rule,
        "documents": row.documents,
        "gold": row.counts.gold,
        "main": is_main(row.task, row.measure),
        "figures": list(row.figures),
        "intervals": _intervals(row.intervals),
        "lookup": lookup.get((row.dataset, row.task, row.measure, row.rule)),
        "macro": row.macro_f1,
        "weighted": row.weighted_f1,
    }


def _measure(row: Row | Aggregate) -> str:
    return f"{row.task} {row.measure}"


def _lookup_rows(baseline: Scores | None) -> _Lookup:
    rows = baseline.rows if baseline else ()
    return {(row.dataset, row.task, row.measure, row.rule): _side(list(row.figures), row.intervals) for row in rows}


def _side(figures: list[float], intervals: Intervals | None) -> Json:
    found = _intervals(intervals)
    return {"figures": figures, "interval": found[2] if found else None}


def _intervals(intervals: Intervals | None) -> list[list[float]] | None:
    if intervals is None:
        return None
    return [[one.low, one.high] for one in (intervals.precision, intervals.recall, intervals.f1)]


def _aggregates(scores: Scores, baseline: Scores | None) -> list[Json]:
    """What holds over several corpora: all items together, and the mean of the corpora."""
    found = []
    for aggregate in (one for one in scores.aggregates if one.datasets > 1):
        lookup = baseline.aggregate(aggregate.task, aggregate.measure, aggregate.rule) if baseline else None
        for over in ("all items", "mean"):
            side = _over(aggregate, over)
            found.append(
                {
                    "dataset": "",
                    "measure": _measure(aggregate),
                    "rule": aggregate.rule,
                    "documents": aggregate.documents,
                    "gold": aggregate.counts.gold if over == "all items" else None,
                    "main": is_main(aggregate.task, aggregate.measure),
                    "figures": side[0],
                    "intervals": _intervals(side[1]),
                    "lookup": _side(*_over(lookup, over)) if lookup and lookup.datasets == aggregate.datasets else None,
                    "over": over,
                    "datasets": aggregate.datasets,
                }
            )
    return found


def _over(aggregate: Aggregate, over: str) -> tuple[list[float], Intervals | None]:
    if over == "mean":
        return [aggregate.mean_precision, aggregate.mean_recall, aggregate.mean_f1], aggregate.mean_intervals
    return list(aggregate.counts.figures), aggregate.intervals


def _with_headlines(rows: list[Json], scores: Scores) -> list[Json]:
    """Marks the figures that stand above all: of the main measures by one rule, over all corpora where there are several."""
    rule = _leading_rule(scores)
    over = any("over" in row for row in rows if row["main"] and row["rule"] == rule)
    for row in rows:
        row["headline"] = row["main"] and row["rule"] == rule and row.get("over") == ("all items" if over else None)
    return rows


def _leading_rule(scores: Scores) -> str:
    """The rule that was asked for; of all rules ours, `strict`, if it could be used."""
    used = [row.rule for row in scores.rows]
    return next((rule for rule in (scores.rule, "strict") if rule in used), used[0] if used else "")


def _types(analysis: Analysis) -> list[Json]:
    """The types of all rows of main measures, where all rules were asked of one; `row` is the number of theirs."""
    scores = analysis.scores
    baseline = {
        (row.dataset, row.task, row.measure, row.rule): row for row in (analysis.baseline.rows if analysis.baseline else ())
    }
    found = []
    for number, row in enumerate(scores.rows):
        if is_main(row.task, row.measure) and (scores.rule != ALL or row.rule == _leading_rule(scores)):
            lookup = baseline.get((row.dataset, row.task, row.measure, row.rule))
            for type, counts in sorted(row.by_type.items(), key=lambda item: (-item[1].gold, item[0])):
                own = None if lookup is None else lookup.by_type.get(type, Counts(false_negative=counts.gold))
                side = None if own is None else _side(list(own.figures), None)
                found.append({"row": number, "type": type, **_counted(counts), "lookup": side})
    return found


def _counted(counts: Counts) -> Json:
    return {
        "figures": list(counts.figures),
        "counts": [counts.true_positive, counts.false_positive, counts.false_negative],
    }


# Confidence


def _confidence(one: Reliability, analysis: Analysis) -> Json:
    return {
        "name": sure_title(one, analysis),
        "figures": _sure_figures(one),
        "charts": _squares(one),
        "thresholds": [_threshold(own) for own in one.thresholds],
        "bins": [{"low": b.low, "high": b.high, "items": b.items, "confidence": b.confidence, "right": b.right} for b in one.bins],
    }


def _sure_figures(one: Reliability) -> list[Json]:
    left_out = f"; {one.unsure:,} without one" if one.unsure else ""
    found = [
        ("Average precision", one.average_precision, f"of {plural(one.items, 'item')} with a confidence{left_out}"),
        ("Calibration error (ECE)", one.calibration_error, "0 is perfect" if one.error_before is None else "calibrated"),
        ("Risk over coverage", one.risk_area, "the mean share of wrong items, however many are kept"),
    ]
    if one.error_before is not None:
        found.insert(1, ("ECE before calibration", one.error_before, "of the same items"))
    return [{"name": name, "share": share, "said": said} for name, share, said in found]


def _squares(one: Reliability) -> list[Json]:
    """The curves, each point with what it says."""
    points = thinned(one.curve)
    told = [f"from {point.threshold:.3f}: {point.right:,} of {plural(point.items, 'item')} right" for point in points]
    kept = [(point.items / one.items, point.risk, says) for point, says in zip(points, told, strict=True)]
    found = [(point.recall, point.precision, says) for point, says in zip(points, told, strict=True)]
    bins = [
        (b.confidence, b.right, f"{plural(b.items, 'item')} of {percent(b.confidence, 1)} %: {percent(b.right, 1)} % right")
        for b in one.bins
    ]
    return [
        {"name": "Precision and recall", "x": "recall", "y": "precision", "points": found, "dots": False, "diagonal": False},
        {"name": "Reliability", "x": "confidence", "y": "right", "points": bins, "dots": True, "diagonal": True},
        {
            "name": "Risk and coverage",
            "x": "share of items kept",
            "y": "wrong among them",
            "points": kept,
            "dots": False,
            "diagonal": False,
        },
    ]


def _threshold(one: Threshold) -> Json:
    return {
        "type": one.type or "all",
        "threshold": one.best.threshold,
        "f1": one.best.f1,
        "whole": one.whole.f1,
        "items": one.best.items,
        "of": one.whole.items,
    }


# What went wrong


def _audit(audit: Audit) -> Json:
    """Kinds in the order of reports; what was salvaged is told in its parts where it has several."""
    salvaged = [kind for kind in SALVAGED if audit.pieces.get(kind)]
    kinds = [*PROBLEM_KINDS, *sorted(set(audit.pieces) - set(PROBLEM_KINDS))]
    problems = []
    for kind in kinds:
        if kind not in SALVAGED or len(salvaged) > 1:
            says = problem_words(kind)
            one = {
                "says": f"{says}: {problem_words(salvaged[0])}" if kind == "salvaged" and len(salvaged) == 1 else says,
                "pieces": audit.pieces.get(kind, 0),
                "documents": audit.affected.get(kind, 0),
                "part": kind in SALVAGED,
                "examples": [list(example) for example in audit.examples.get(kind, ())],
            }
            problems.append(one)
    return {"dataset": audit.dataset, "documents": audit.documents, "problems": problems}


def _confusion(confusion: Confusion) -> Json:
    return {
        "dataset": confusion.dataset,
        "task": confusion.task,
        "layer": confusion.layer,
        "gold": list(confusion.gold_types),
        "predicted": list(confusion.predicted_types),
        "matrix": [list(row) for row in confusion.matrix],
        "kinds": dict(confusion.kinds),
    }


def _charts(analysis: Analysis) -> list[Json]:
    """The breakdowns that have several buckets, measure by measure in the order of the figures."""
    order = list(dict.fromkeys((row.task, row.measure, row.rule) for row in analysis.scores.rows if is_main(row.task, row.measure)))
    several = len({rule for _, _, rule in order}) > 1
    charts: dict[tuple[int, str], list[Json]] = {}
    for bucket in analysis.buckets:
        key = (bucket.task, bucket.measure, bucket.rule)
        if key in order and (bucket.counts.gold or bucket.counts.predicted):
            one = {"name": bucket.bucket, "documents": bucket.documents, **_counted(bucket.counts)}
            charts.setdefault((order.index(key), bucket.by), []).append(one)
    found = []
    for (place, by), buckets in sorted(charts.items(), key=lambda item: (item[0][0], breakdown_place(item[0][1]))):
        if len(buckets) > 1:
            task, measure, rule = order[place]
            words, unit = breakdown_words(by)
            name = f"{task} {measure} ({rule})" if several else f"{task} {measure}"
            found.append({"by": words, "unit": unit, "measure": name, "buckets": buckets})
    return found


def _documents(analysis: Analysis) -> Json:
    entries = [document_entry(one) for one in drawn(analysis.marked)]
    kinds = sorted(
        dict.fromkeys(kind for layer in KINDS.values() for kind in layer), key=lambda kind: kind == CORRECT
    )  # right ones last
    there = {item["kind"] for entry in entries for item in entry["items"]}
    return {
        "documents": {"list": entries, "kinds": [kind for kind in kinds if kind in there]},
        "documents_lead": _documents_lead(analysis, len(entries)),
    }


def _documents_lead(analysis: Analysis, shown: int) -> str:
    marked, all = len(analysis.marked), analysis.scores.documents
    if not marked and not analysis.confusions:
        return "The documents are not in this report: it was made from scores alone. Name them with --gold and --predicted of uie report."
    if not marked:
        return f"Nothing is wrong in any of the {plural(all, 'document')}."
    said = f"Something is wrong in {marked:,} of {plural(all, 'document')}; "
    if shown == marked:
        said += "all of them are here. " if marked > 1 else "it is here. "
    else:
        said += f"{shown:,} of them are here, spread evenly, with {OF_EACH} of each kind of mistake where there are so many. "
    return f"{said}Right is what has the type and the place of gold (the string, where gold has no places), whatever the rule."
