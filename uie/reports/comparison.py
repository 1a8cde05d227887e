"""Comparisons of systems with one base → tables for a terminal, and JSON: figures, how sure the changes are, and what they are made of.

Systems have letters, A being the base, so that tables fit 80 columns; names stand above. Several comparisons share their base: the
tables put all systems below each other.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from uie.reports.figures import named, number, percent, plural
from uie.scoring.comparing import Compared, Comparison, Flip, Side, TypeChange
from uie.scoring.counts import Counts, Figures
from uie.scoring.rules import is_main
from uie.scoring.score import ALL
from uie.scoring.scores import Scores
from uie.scoring.uncertainty import Interval

Json = dict[str, Any]
VERSION = 1
LOOKUP = "lookup"
CLEAR_BELOW = 0.05
"""A change has a star where both p values are below."""
MOST_TYPES = 10
MOST_DOCUMENTS = 3


def print_comparisons(comparisons: Sequence[Comparison], console: Console, *, baseline: Scores | None = None) -> None:
    """Print what the terminal shows of comparisons with one base; `baseline` are the scores of a lookup of training mentions.

    Measures are those that a summary shows (`uie.scoring.rules.is_main`); the JSON has all.

    >>> print_comparisons([compare(score(gold, a), score(gold, b))], rich.console.Console())  # doctest: +SKIP
    """
    console.print(comparison_report(comparisons, baseline=baseline))


def comparison_report(comparisons: Sequence[Comparison], *, baseline: Scores | None = None) -> Group:
    """What `print_comparisons` prints."""
    base = comparisons[0]
    several = len({one.datasets for one in base.rows}) > 1
    whole = [one for one in base.aggregates if one.over == "micro"] + [row for row in base.rows if _is_alone(row, base)]
    rule = "all rules" if base.rule == ALL else f"rule {_rule(base)}"
    parts: list[RenderableType] = [Text(f"{plural(base.documents, 'document')} · {rule}"), _systems(comparisons, baseline), Text()]
    parts.append(_whole_table(whole, comparisons, baseline))
    if several:
        parts += [Text(), _corpora_table(comparisons, baseline)]
    for letter, comparison in _others(comparisons):
        if moved := _moved(comparison):
            parts += [Text(), _types_title(letter, comparison, moved), _types_table(letter, moved, several=several)]
        if changed := [row for row in comparison.rows if _is_shown(row) and (row.better or row.worse)]:
            parts += [
                Text(),
                Text(f"Documents in which {letter} is better or worse than A", style="bold"),
                _documents_table(changed),
            ]
    parts += [Text(), *(Text(line, style="dim") for line in _legend(comparisons))]
    notes = dict.fromkeys(note for comparison in comparisons for note in comparison.notes)
    return Group(*parts, *([Text()] if notes else []), *(Text(note, style="yellow") for note in notes))


def _systems(comparisons: Sequence[Comparison], baseline: Scores | None) -> Table:
    base = comparisons[0]
    table = Table.grid(padding=(0, 2))
    systems = [("A", base.names[0], base.seeds[0]), *((letter, one.names[1], one.seeds[1]) for letter, one in _others(comparisons))]
    for letter, name, runs in systems:
        table.add_row(Text(letter, style="bold"), Text(f"{name}{f' (mean of {runs} runs)' if runs > 1 else ''}", overflow="fold"))
    if baseline is not None:
        table.add_row(Text(LOOKUP, style="bold"), Text("knows nothing but the strings of training mentions"))
    return table


def _legend(comparisons: Sequence[Comparison]) -> Iterator[str]:
    base = comparisons[0]
    yield (
        f"vs A: change in points, with its 95 % interval and p from {base.resamples:,} resamples of documents. boot.: paired bootstrap; "
        f"rand.: approximate randomisation; both two-sided. * both p below {CLEAR_BELOW}."
    )
    if any(runs > 1 for one in comparisons for runs in one.seeds):
        yield (
            "± sample standard deviation over runs. vs A, interval and p are of the mean F1 of the runs; "
            "a document is drawn or swapped in all runs at once."
        )
    if len(comparisons) > 1:
        yield f"p values are of single comparisons: with {len(comparisons)} systems against A, multiply them by {len(comparisons)} (Bonferroni)."


# What holds over all corpora


def _whole_table(whole: Iterable[Compared], comparisons: Sequence[Comparison], baseline: Scores | None) -> Table:
    """A block for each measure, a line for each system in it."""
    table = _table(left=("measure", ""), right=("P", "R", "F1", "vs A", "interval", "boot.", "rand."))
    for one in whole:
        if not _is_shown(one):
            continue
        lookup = None if baseline is None else _lookup(one, baseline)
        lines: list[list[str | Text]] = [] if lookup is None else [[LOOKUP, *map(percent, lookup), *_NOTHING]]
        lines.append(["A", *_figures(one.first), *_NOTHING])
        for letter, comparison in _others(comparisons):
            other = _same(one, comparison)
            lines.append([letter, *_figures(other.second if other else None), *_change(other)])
        measure = Text.assemble((_measure(one, comparisons[0]), "bold"), "\n", (_over(one), "dim"))
        table.add_row(measure, *(Text("\n").join(_text(cell) for cell in column) for column in zip(*lines, strict=True)))
        table.add_section()
    return table


def _figures(side: Side | None) -> list[str | Text]:
    if side is None:
        return ["–", "–", "–"]
    return [percent(side.figures.precision), percent(side.figures.recall), Text(_f1(side), style="bold")]


def _f1(side: Side | None) -> str:
    if side is None:
        return "–"
    return percent(side.figures.f1) + ("" if side.deviations is None else f"±{percent(side.deviations.f1)}")


_NOTHING = ("", "", "", "")


def _change(one: Compared | None) -> list[str | Text]:
    """The change in F1, its interval and both p values."""
    if one is None or one.first is None or one.second is None:
        return ["–", *_NOTHING[1:]]
    if one.difference is None or one.p_randomisation is None:
        return [_points(one.second.figures.f1 - one.first.figures.f1), *_NOTHING[1:]]
    # The difference of the figures as shown, so that the columns add up for who reads them.
    shown = round(one.second.figures.f1, 4) - round(one.first.figures.f1, 4)
    clear = one.difference.p < CLEAR_BELOW and one.p_randomisation < CLEAR_BELOW
    style = ("green" if shown > 0 else "red") if clear else ""
    points = Text(f"{_points(shown)}{'*' if clear else ' '}", style=style)
    return [points, _interval(one.difference.interval), _p(one.difference.p), _p(one.p_randomisation)]


def _points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    points = round(100 * share, 2)
    return f"{points:+.2f}" if points else "0.00"


def _interval(interval: Interval) -> str:
    return "…".join(_point(end) for end in (interval.low, interval.high))


def _point(share: float) -> str:
    """A difference of shares in points with one digit, as intervals and types have them."""
    points = round(100 * share, 1)
    return f"{points:+.1f}" if points else "0.0"


def _p(p: float) -> str:
    return f"{p:.4f}" if p >= 0.0001 - 1e-6 else "<.0001"


# What it is made of


def _corpora_table(comparisons: Sequence[Comparison], baseline: Scores | None) -> Table:
    """F1 of each corpus, measure by measure, and below them their mean."""
    single = len(comparisons) == 1
    beside = () if baseline is None else (LOOKUP,)
    table = _table(
        left=("F1 by corpus", *(() if single else ("",))),
        right=(*beside, "A", "B" if single else "F1", "vs A", "interval", "boot.", "rand."),
    )
    base = comparisons[0]
    for lines in _by_measure(line for line in (*base.rows, *base.aggregates) if line.over != "micro" and _is_shown(line)):
        table.add_row(Text(_measure(lines[0], base), style="bold"))
        for one in lines:
            for place, (letter, comparison) in enumerate(_others(comparisons)):
                other, first = _same(one, comparison), place == 0
                cells: list[str | Text] = [Text(f"  {_over(one)}" if first else "", style="" if one.over == "corpus" else "dim")]
                cells += [] if single else [letter]
                if baseline is not None:
                    lookup = _lookup(one, baseline)
                    cells.append("" if not first else "–" if lookup is None else percent(lookup.f1))
                cells.append(_f1(one.first) if first else "")
                cells += [Text(_f1(other.second if other else None), style="bold"), *_change(other)]
                table.add_row(*cells)
        table.add_section()
    return table


def _by_measure(lines: Iterable[Compared]) -> Iterator[list[Compared]]:
    groups: dict[tuple[str, str, str], list[Compared]] = {}
    for line in lines:
        groups.setdefault((line.task, line.measure, line.rule), []).append(line)
    yield from groups.values()


def _moved(comparison: Comparison) -> list[tuple[Compared, TypeChange]]:
    """The types of shown measures that moved, most change in errors first."""
    found = [(row, change) for row in comparison.rows if _is_shown(row) and comparison.rule != ALL for change in row.types]
    return sorted(found, key=lambda one: (-abs(one[1].errors), -abs(one[1].f1)))


def _types_title(letter: str, comparison: Comparison, moved: Sequence[tuple[Compared, TypeChange]]) -> Text:
    known = sum(row.known_types for row in comparison.rows if _is_shown(row))
    shown = "" if len(moved) <= MOST_TYPES else f", the {MOST_TYPES} with most change in errors"
    return Text(f"Types that moved, {letter} against A: {len(moved):,} of {known:,}{shown}", style="bold")


def _types_table(letter: str, moved: Sequence[tuple[Compared, TypeChange]], *, several: bool) -> Table:
    table = _table(
        left=(*(("dataset",) if several else ()), "measure", "type"), right=("gold", "A", letter, "F1", "TP", "FP", "FN")
    )
    for row, change in moved[:MOST_TYPES]:
        first, second = change.first, change.second
        cells: list[str | Text] = [Text(named(row.datasets[0]))] if several else []
        cells += [Text(row.measure), Text(change.type), number(second.gold), percent(first.f1, 1), percent(second.f1, 1)]
        cells.append(Text(_point(change.f1), style="green" if change.f1 > 0 else "red" if change.f1 < 0 else ""))
        cells += [
            _signed(second.true_positive - first.true_positive),
            _signed(second.false_positive - first.false_positive),
            _signed(second.false_negative - first.false_negative),
        ]
        table.add_row(*cells)
    return table


def _signed(difference: float) -> str:
    return "0" if not difference else f"{'+' if difference > 0 else '-'}{number(abs(difference))}"


def _documents_table(changed: Iterable[Compared]) -> Table:
    table = _table(left=("documents",), right=("better", "worse", "same"))
    table.add_column("most", overflow="fold")
    for rows in _by_measure(changed):
        table.add_row(Text(rows[0].measure, style="bold"))
        for row in rows:
            counts = (len(row.better), len(row.worse), row.documents - len(row.better) - len(row.worse))
            most = [_most(name, flips) for name, flips in (("better", row.better), ("worse", row.worse)) if flips]
            table.add_row(Text(f"  {_over(row)}"), *(f"{number:,}" for number in counts), Text("\n").join(most))
    return table


def _most(name: str, flips: Sequence[Flip]) -> Text:
    more = f" and {len(flips) - MOST_DOCUMENTS:,} more" if len(flips) > MOST_DOCUMENTS else ""
    return Text(f"{name}: {', '.join(flip.document_id for flip in flips[:MOST_DOCUMENTS])}{more}")


# JSON


def comparisons_to_json(comparisons: Sequence[Comparison], *, baseline: Scores | None = None) -> Json:
    """Everything, all measures and all documents that changed.

        {"version": 1, "rule", "documents", "resamples", "base": {"name", "runs"},
         "comparisons": [{"name", "runs", "rows": [COMPARED + {"known_types", "types": [{"type", "first", "second"}],
                          "better" and "worse": [{"document_id", "first", "second"}]}], "aggregates": [COMPARED], "notes"}]}

    COMPARED is "over" (corpus, micro, mean), "datasets", "task", "measure", "rule", "documents", "first" and "second" (of the base and of
    the other: COUNTS, "precision", "recall", "f1" and "deviations", null of a single run; null where a system has no such row),
    "lookup_f1" (with a baseline), and of F1 "difference", "low", "high", "level", "p_bootstrap", "p_randomisation" (null where nothing
    can be tested). COUNTS are "true_positive", "false_positive", "false_negative"; those of several runs are means. Figures are shares
    from 0 to 1.
    """
    base = comparisons[0]
    return {
        "version": VERSION,
        "rule": base.rule,
        "documents": base.documents,
        "resamples": base.resamples,
        "base": {"name": base.names[0], "runs": base.seeds[0]},
        "comparisons": [
            {
                "name": one.names[1],
                "runs": one.seeds[1],
                "rows": [{**_compared_json(row, baseline), **_parts_json(row)} for row in one.rows],
                "aggregates": [_compared_json(row, baseline) for row in one.aggregates],
                "notes": list(one.notes),
            }
            for one in comparisons
        ],
    }


def _compared_json(one: Compared, baseline: Scores | None) -> Json:
    difference = one.difference
    interval = None if difference is None else difference.interval
    lookup = None if baseline is None else _lookup(one, baseline)
    return {
        "over": one.over,
        "datasets": list(one.datasets),
        "task": one.task,
        "measure": one.measure,
        "rule": one.rule,
        "documents": one.documents,
        "first": _side_json(one.first),
        "second": _side_json(one.second),
        **({} if baseline is None else {"lookup_f1": None if lookup is None else lookup.f1}),
        "difference": None if difference is None else difference.f1,
        "low": None if interval is None else interval.low,
        "high": None if interval is None else interval.high,
        "level": None if interval is None else interval.level,
        "p_bootstrap": None if difference is None else difference.p,
        "p_randomisation": one.p_randomisation,
    }


def _parts_json(row: Compared) -> Json:
    return {
        "known_types": row.known_types,
        "types": [{"type": one.type, "first": _counts_json(one.first), "second": _counts_json(one.second)} for one in row.types],
        "better": [_flip_json(flip) for flip in row.better],
        "worse": [_flip_json(flip) for flip in row.worse],
    }


def _flip_json(flip: Flip) -> Json:
    return {"document_id": flip.document_id, "first": _counts_json(flip.first), "second": _counts_json(flip.second)}


def _side_json(side: Side | None) -> Json | None:
    if side is None:
        return None
    deviations = None if side.deviations is None else side.deviations._asdict()
    return {**_counts_json(side.counts), **side.figures._asdict(), "deviations": deviations}


def _counts_json(counts: Counts) -> Json:
    return {
        "true_positive": counts.true_positive,
        "false_positive": counts.false_positive,
        "false_negative": counts.false_negative,
    }


# What is shown, and where it is found


def _others(comparisons: Sequence[Comparison]) -> Iterator[tuple[str, Comparison]]:
    """Each comparison with the letter of its second system: B, C … Z, then numbers."""
    for place, comparison in enumerate(comparisons, 1):
        yield chr(ord("A") + place) if place < 26 else str(place + 1), comparison


def _is_shown(one: Compared) -> bool:
    return is_main(one.task, one.measure)


def _is_alone(row: Compared, comparison: Comparison) -> bool:
    """Whether no other corpus has this measure by this rule."""
    return not any((one.task, one.measure, one.rule) == (row.task, row.measure, row.rule) for one in comparison.aggregates)


def _same(one: Compared, comparison: Comparison) -> Compared | None:
    """The same line of another comparison."""
    key = (one.over, one.datasets, one.task, one.measure, one.rule)
    lines = (*comparison.rows, *comparison.aggregates)
    return next((line for line in lines if (line.over, line.datasets, line.task, line.measure, line.rule) == key), None)


def _lookup(one: Compared, baseline: Scores) -> Figures | None:
    """The baseline's figures for the line; None where it does not have all its corpora."""
    key = (one.task, one.measure, one.rule)
    rows = [row for row in baseline.rows if (row.task, row.measure, row.rule) == key and row.dataset in one.datasets]
    if len(rows) < len(one.datasets):
        return None
    if one.over == "micro":
        return sum((row.counts for row in rows), Counts()).figures
    return Figures(*(sum(column) / len(rows) for column in zip(*(row.figures for row in rows), strict=True)))


def _rule(comparison: Comparison) -> str:
    """The rule that all rows were scored by, which "auto" stands for; else the one that was asked for."""
    used = {row.rule for row in comparison.rows}
    return used.pop() if len(used) == 1 else comparison.rule


def _measure(one: Compared, comparison: Comparison) -> str:
    """The measure, with the rule where it is not the one that stands above."""
    return one.measure if one.rule == _rule(comparison) else f"{one.measure} ({one.rule})"


def _over(one: Compared) -> str:
    return named(one.datasets[0]) if one.over == "corpus" else f"{one.over} of {len(one.datasets)}"


def _table(*, left: Iterable[str], right: Iterable[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0, header_style="dim", border_style="dim")
    for name in left:
        table.add_column(name, overflow="fold")
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _text(cell: str | Text) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)
