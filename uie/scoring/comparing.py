"""Scores of two systems on the same documents → row by row the difference, how sure it is, and what it is made of."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from uie.errors import ScoringError
from uie.scoring import RULES
from uie.scoring.counts import Counts, Figures
from uie.scoring.scores import PerDocument, Row, Scores, summed_counts
from uie.scoring.uncertainty import (
    RESAMPLES,
    Difference,
    Table,
    approximate_randomisation_mean,
    paired_bootstrap_mean,
    seeds,
)

Over = Literal["corpus", "micro", "mean"]


@dataclass(frozen=True, slots=True)
class Side:
    """What one system has in a row: of several seeds the means.

    `figures` are the rule's; `deviations` their sample standard deviations over the seeds, None of a single one. The F1 of `counts`,
    which are means too, is not quite the mean of the seeds' F1.
    """

    figures: Figures
    deviations: Figures | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class TypeChange:
    """One type whose counts differ; of several seeds their means."""

    type: str
    first: Counts
    second: Counts

    @property
    def f1(self) -> float:
        return self.second.f1 - self.first.f1

    @property
    def errors(self) -> float:
        """How many more wrong and missed items the second system has; negative where it has fewer."""
        return _errors(self.second) - _errors(self.first)


@dataclass(frozen=True, slots=True)
class Flip:
    """One document whose counts differ; of several seeds their means."""

    document_id: str
    first: Counts
    second: Counts

    @property
    def gain(self) -> tuple[float, float]:
        """By how much the second is better in F1, then in errors: positive, or negative.

        A document in which nothing was to be found and nothing was predicted has an F1 of 1 here.
        """
        return _own_f1(self.second) - _own_f1(self.first), _errors(self.first) - _errors(self.second)


@dataclass(frozen=True, slots=True)
class Compared:
    """One measure of one corpus, or over all of them: of their summed counts (micro), or the mean of their figures.

    A side is None where that system has no such row (in all its seeds). `difference` and `p_randomisation`, the p of approximate
    randomisation, are of F1, of several seeds of their mean F1; None without both sides, and where the rule's figures are no
    function of summed counts. `types` are those that moved, by the change in errors, of `known_types` that either side has; `better`
    and `worse` the documents whose counts changed, most first. Of aggregates these are empty: they are those of their corpora.
    """

    over: Over
    datasets: tuple[str, ...]
    task: str
    measure: str
    rule: str
    documents: int
    first: Side | None
    second: Side | None
    difference: Difference | None = None
    p_randomisation: float | None = None
    known_types: int = 0
    types: tuple[TypeChange, ...] = ()
    better: tuple[Flip, ...] = ()
    worse: tuple[Flip, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second system against the first. `rows` are of single corpora; `aggregates` of the measures that several corpora have."""

    names: tuple[str, str]
    seeds: tuple[int, int]
    "how many runs each system has"
    rule: str
    documents: int
    resamples: int
    rows: tuple[Compared, ...]
    aggregates: tuple[Compared, ...]
    notes: tuple[str, ...] = ()


def compare(
    first: Scores | Sequence[Scores],
    second: Scores | Sequence[Scores],
    *,
    names: tuple[str, str] = ("the first", "the second"),
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Compare two systems that were scored on the same documents by the same rule.

    Several Scores of one system are runs that differ in their seed: figures are means with their sample standard deviation; differences
    and tests are of the mean F1, and a document that is drawn or swapped takes all runs with it. Documents are matched by id.

    Raises:
        ScoringError: the two were not scored by one rule, on the same documents, with the same gold items, or are not Scores that
            were just computed; with counts.

    >>> compare(score(gold, before), score(gold, after)).rows[0].difference  # doctest: +SKIP
    """
    systems = [
        _System(name, (own,) if isinstance(own, Scores) else tuple(own)) for name, own in zip(names, (first, second), strict=True)
    ]
    _check_runs(systems)
    runs = [run for system in systems for run in system.runs]
    keys = dict.fromkeys((row.dataset, row.task, row.measure, row.rule) for run in runs for row in run.rows)
    pairs = [pair for pair in (_pair(key, systems) for key in keys) if pair.first or pair.second]
    groups: dict[tuple[str, str, str], list[_Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.key[1:], []).append(pair)
    several = [group for group in groups.values() if len(group) > 1]
    return Comparison(
        names=names,
        seeds=(len(systems[0].runs), len(systems[1].runs)),
        rule=runs[0].rule,
        documents=runs[0].documents,
        resamples=resamples,
        rows=tuple(_compared("corpus", [pair], resamples, seed) for pair in pairs),
        aggregates=tuple(_compared(over, group, resamples, seed) for group in several for over in ("micro", "mean")),
        notes=tuple(_notes(systems)),
    )


_Key = tuple[str, str, str, str]
"""Dataset, task, measure, rule."""


@dataclass(frozen=True, slots=True)
class _System:
    name: str
    runs: tuple[Scores, ...]

    def rows(self, key: _Key) -> tuple[Row, ...]:
        """The row of each run; none unless all runs have it."""
        rows = [row for run in self.runs for row in run.rows if (row.dataset, row.task, row.measure, row.rule) == key]
        return tuple(rows) if len(rows) == len(self.runs) else ()


@dataclass(frozen=True, slots=True)
class _Pair:
    """The rows of all runs of both systems, for one measure of one corpus, and their counts for documents in one order.

    The tables have the runs side by side, three columns each; None where there is nothing to test.
    """

    key: _Key
    first: tuple[Row, ...]
    second: tuple[Row, ...]
    ids: tuple[str, ...] = ()
    tables: tuple[Table, Table] | None = None


def _check_runs(systems: Sequence[_System]) -> None:
    if not all(system.runs for system in systems):
        raise ScoringError("nothing to compare: each system needs the Scores of one run or more.")
    runs = [(system.name, run) for system in systems for run in system.runs]
    rules = dict.fromkeys(f"{run.rule!r} for {name}" for name, run in runs)
    if len({run.rule for _, run in runs}) > 1:
        raise ScoringError(f"scores to compare must be by one rule; found {', '.join(rules)}.")
    documents = dict.fromkeys(f"{run.documents:,} of {name}" for name, run in runs)
    if len({run.documents for _, run in runs}) > 1:
        raise ScoringError(f"scores to compare must be of the same documents; found {', '.join(documents)}.")
    for name, run in runs:
        if not any(row.per_document for row in run.rows):
            raise ScoringError(
                f"the scores of {name} have no counts of single documents, as Scores that were read from a file; score the predictions again."
            )


def _pair(key: _Key, systems: Sequence[_System]) -> _Pair:
    first, second = (system.rows(key) for system in systems)
    known = [
        (system.name, row, row.per_document)
        for system, rows in zip(systems, (first, second), strict=True)
        for row in rows
        if row.per_document is not None
    ]
    if not first or not second or len(known) < len(first) + len(second):
        return _Pair(key, first, second)
    name, _, base = known[0]
    place = f"{key[0] or 'no dataset'}, {key[2]}"
    tables = []
    for other_name, _, other in known:
        tables.append(_in_order(place, (name, base), (other_name, other)))
        # Rules of answer strings may count gold by what was predicted for it.
        if RULES.get(key[3]).facts.input == "documents":
            _check_gold(place, base.ids, (name, tables[0]), (other_name, tables[-1]))
    return _Pair(key, first, second, base.ids, (np.hstack(tables[: len(first)]), np.hstack(tables[len(first) :])))


def _in_order(place: str, base: tuple[str, PerDocument], other: tuple[str, PerDocument]) -> Table:
    """The counts of the other's documents in the order of the base's."""
    ids, own = base[1].ids, other[1].ids
    if ids == own:
        return other[1].counts
    position = {id: index for index, id in enumerate(own)}
    only = [[id for id in ids if id not in position], [id for id in own if id not in set(ids)]]
    if any(only):
        told = [f"{len(ids)} of {name} only, such as {ids[0]!r}" for (name, _), ids in zip((base, other), only, strict=True) if ids]
        raise ScoringError(f"{place}: scored on different documents: {'; '.join(told)}. Compare predictions of the same documents.")
    return other[1].counts[[position[id] for id in ids]]


def _check_gold(place: str, ids: Sequence[str], base: tuple[str, Table], other: tuple[str, Table]) -> None:
    gold, own = (table[:, 0] + table[:, 2] for _, table in (base, other))
    different = np.flatnonzero(np.abs(gold - own) > 1e-6)
    if len(different):
        raise ScoringError(
            f"{place}: gold items differ in {len(different):,} of {len(ids):,} documents, such as {ids[different[0]]!r} "
            f"({gold.sum():,.0f} in all for {base[0]}, {own.sum():,.0f} for {other[0]}). "
            "Compare predictions that were asked the same types, scored against one gold."
        )


def _compared(over: Over, pairs: Sequence[_Pair], resamples: int, seed: int) -> Compared:
    tables = [pair.tables for pair in pairs if pair.tables is not None and all(map(_is_summed, (*pair.first, *pair.second)))]
    difference = p_randomisation = None
    if len(tables) == len(pairs):
        if over == "micro":
            first, second = zip(*tables, strict=True)
            tables = [(np.concatenate(first), np.concatenate(second))]
        difference = paired_bootstrap_mean(tables, resamples=resamples, seed=seed)
        p_randomisation = approximate_randomisation_mean(tables, resamples=resamples, seed=seed)
    known_types, types = _types(pairs[0]) if over == "corpus" else (0, [])
    flips = _flips(pairs[0]) if over == "corpus" else []
    return Compared(
        over,
        tuple(pair.key[0] for pair in pairs),
        *pairs[0].key[1:],
        documents=sum((pair.first or pair.second)[0].documents for pair in pairs),
        first=_side(over, [pair.first for pair in pairs]),
        second=_side(over, [pair.second for pair in pairs]),
        difference=difference,
        p_randomisation=p_randomisation,
        known_types=known_types,
        types=tuple(types),
        better=tuple(flip for flip in flips if flip.gain > (0, 0)),
        worse=tuple(flip for flip in reversed(flips) if flip.gain < (0, 0)),
    )


def _is_summed(row: Row) -> bool:
    return summed_counts(row) is not None


def _side(over: Over, corpora: Sequence[tuple[Row, ...]]) -> Side | None:
    """From the rows of each corpus, one for each run."""
    if not all(corpora):
        return None
    runs = list(zip(*corpora, strict=True))
    counts = [sum((row.counts for row in run), Counts()) for run in runs]
    if over == "micro":
        figures = [own.figures for own in counts]
    else:
        figures = [Figures(*(seeds(column)[0] for column in zip(*(row.figures for row in run), strict=True))) for run in runs]
    means, deviations = zip(*(seeds(column) for column in zip(*figures, strict=True)), strict=True)
    return Side(Figures(*means), None if len(runs) == 1 else Figures(*deviations), _mean(counts))


def _types(pair: _Pair) -> tuple[int, list[TypeChange]]:
    """How many types the rows have, and those that moved: most change in errors first, then most change in F1."""
    if not pair.first or not pair.second:
        return 0, []
    types = dict.fromkeys(type for row in (*pair.first, *pair.second) for type in row.by_type)
    first, second = (
        {type: _mean([row.by_type.get(type, Counts()) for row in rows]) for type in types} for rows in (pair.first, pair.second)
    )
    moved = [TypeChange(type, first[type], second[type]) for type in types if first[type] != second[type]]
    return len(types), sorted(moved, key=lambda change: (-abs(change.errors), -abs(change.f1), change.type))


def _flips(pair: _Pair) -> list[Flip]:
    """The documents whose counts differ, from the most gained to the most lost."""
    if pair.tables is None:
        return []
    first, second = (table.reshape(len(table), -1, 3).mean(axis=1) for table in pair.tables)
    flips = [
        Flip(pair.ids[index], _counts(first[index]), _counts(second[index]))
        for index in np.flatnonzero((first != second).any(axis=1))
    ]
    return sorted(flips, key=lambda flip: (-flip.gain[0], -flip.gain[1], flip.document_id))


def _counts(row: Iterable[float]) -> Counts:
    return Counts(*(int(number) if number == int(number) else float(number) for number in row))


def _mean(counts: Sequence[Counts]) -> Counts:
    """Of a single one itself, so that whole numbers stay whole."""
    total = sum(counts, Counts())
    return _counts(number / len(counts) for number in (total.true_positive, total.false_positive, total.false_negative))


def _errors(counts: Counts) -> float:
    return counts.false_positive + counts.false_negative


def _own_f1(counts: Counts) -> float:
    return counts.f1 if counts.gold + counts.predicted else 1.0


def _notes(systems: Sequence[_System]) -> Iterator[str]:
    """What is said of all, then what is said of one, with its name."""
    said = [(system.name, dict.fromkeys(note for run in system.runs for note in run.notes)) for system in systems]
    (_, first), (_, second) = said
    yield from (note for note in first if note in second)
    for name, notes in said:
        yield from (f"{name}: {note}" for note in notes if not (note in first and note in second))
