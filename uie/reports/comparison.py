"""Scores before and after training, and of the lookup baseline → one table that shows whether training was worth it."""

from dataclasses import dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from uie.errors import ScoringError
from uie.reports.figures import percent
from uie.scoring.rules import is_main
from uie.scoring.scores import Aggregate, Scores


@dataclass(frozen=True, slots=True)
class Change:
    """One figure of one measure, as shares from 0 to 1; None where a side did not score the measure by that rule."""

    measure: str
    rule: str
    figure: str
    baseline: float | None
    before: float | None
    after: float | None


def changes(before: Scores, after: Scores, baseline: Scores) -> list[Change]:
    """Precision, recall and F1 (micro over corpora) of each task's main measures.

    Raises:
        ScoringError: the three were not scored on equally many documents, so that they do not compare.
    """
    counts = (baseline.documents, before.documents, after.documents)
    if len(set(counts)) > 1:
        raise ScoringError(
            "scores to compare must be of the same documents; "
            f"found {before.documents} before, {after.documents} after and {baseline.documents} for the baseline."
        )
    keys = dict.fromkeys((a.task, a.measure, a.rule) for scores in (after, before, baseline) for a in scores.aggregates)
    found = []
    for task, measure, rule in keys:
        if is_main(task, measure):
            sides = [scores.aggregate(task, measure, rule) for scores in (baseline, before, after)]
            for figure in ("precision", "recall", "F1"):
                found.append(Change(measure, rule, figure, *(_figure(side, figure) for side in sides)))
    return found


def before_after_table(before: Scores, after: Scores, baseline: Scores) -> Table:
    """The lookup baseline, the model before and after training, and the difference training made, in percentage points.

    Raises:
        ScoringError: as `changes`.
    """
    table = _table("Before and after training, and a lookup of training mentions", "lookup", "before", "", "after", "change")
    for change in changes(before, after, baseline):
        cells = [Text(_percent(change.baseline)), Text(_percent(change.before)), Text("→"), _strong(change, change.after)]
        table.add_row(*_named(change), *cells, _difference(change), end_section=change.figure == "F1")
    return table


def baseline_table(scores: Scores, baseline: Scores) -> Table:
    """A model beside the lookup baseline, and by how many percentage points it is better.

    Raises:
        ScoringError: as `changes`.
    """
    table = _table("The model, and a lookup of training mentions", "lookup", "model", "ahead")
    for change in changes(baseline, scores, baseline):
        cells = [Text(_percent(change.baseline)), _strong(change, change.after), _difference(change)]
        table.add_row(*_named(change), *cells, end_section=change.figure == "F1")
    return table


def _table(title: str, *figures: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, show_edge=False, padding=0)
    table.header_style = table.border_style = "dim"
    for name in ("measure", "rule", ""):
        table.add_column(name, no_wrap=True)
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True, min_width=7 if name else 1)
    return table


def _named(change: Change) -> tuple[str, str, Text]:
    first = change.figure == "precision"
    return change.measure if first else "", change.rule if first else "", Text(change.figure, style=_style(change))


def _strong(change: Change, share: float | None) -> Text:
    return Text(_percent(share), style=_style(change))


def _style(change: Change) -> str:
    return "bold" if change.figure == "F1" else ""


def _figure(aggregate: Aggregate | None, figure: str) -> float | None:
    if aggregate is None:
        return None
    return dict(zip(("precision", "recall", "F1"), aggregate.figures, strict=True))[figure]


def _percent(share: float | None) -> str:
    return "–" if share is None else percent(share)


def _difference(change: Change) -> Text:
    if change.before is None or change.after is None:
        return Text("–")
    # Of the figures as shown, so that the columns add up for who reads them.
    points = round(round(100 * change.after, 2) - round(100 * change.before, 2), 2)
    return Text(f"{points:+.2f}", style="green" if points > 0 else "red" if points < 0 else "dim")
