"""One-to-one assignment of gold to predicted items that may fit several: pairs with a credit → the largest sum of credits.

Items that fit each other in any way form components of a few items (one stretch of text), so that exact methods cost little; the
result does not depend on the order of items.
"""

from collections.abc import Mapping, Sequence

import numpy as np

Fits = Mapping[int, Mapping[int, float]]
"""For each gold item that fits any: the predicted items with the credit (above 0) of that pair."""


def largest_matching(fits: Fits) -> int:
    """How many pairs can be made at most, each item in one: augmenting paths (Kuhn 1955), breadth first."""
    gold_of: dict[int, int] = {}
    partner: dict[int, int] = {}
    for root in fits:
        end, reached_from = _free_end(root, fits, gold_of)
        while end is not None:  # along the path, every gold item moves on to the partner that it reached last
            mover = reached_from[end]
            left = partner.get(mover)
            gold_of[end], partner[mover] = mover, end
            end = left
    return len(partner)


def _free_end(root: int, fits: Fits, gold_of: Mapping[int, int]) -> tuple[int | None, dict[int, int]]:
    """A predicted item without partner that `root` reaches by moving others, and for each predicted item the gold item it was reached from."""
    reached_from: dict[int, int] = {}
    waiting = [root]
    for gold in waiting:
        for predicted in fits[gold]:
            if predicted not in reached_from:
                reached_from[predicted] = gold
                if predicted not in gold_of:
                    return predicted, reached_from
                waiting.append(gold_of[predicted])
    return None, reached_from


def largest_credit(fits: Fits) -> float:
    """The largest sum of credits of pairs, each item in at most one."""
    return sum(_component_credit(rows, columns, fits) for rows, columns in _components(fits))


def _components(fits: Fits) -> list[tuple[list[int], list[int]]]:
    rows_of: dict[int, list[int]] = {}
    for gold, own in fits.items():
        for predicted in own:
            rows_of.setdefault(predicted, []).append(gold)
    found, seen = [], set[int]()
    for start in fits:
        if start in seen:
            continue
        seen.add(start)
        rows, columns = [start], dict[int, None]()
        for gold in rows:
            for predicted in fits[gold]:
                if predicted not in columns:
                    columns[predicted] = None
                    fresh = [other for other in rows_of[predicted] if other not in seen]
                    seen.update(fresh)
                    rows += fresh
        found.append((rows, list(columns)))
    return found


def _component_credit(rows: Sequence[int], columns: Sequence[int], fits: Fits) -> float:
    if len(rows) == 1:
        return max(fits[rows[0]].values())
    if len(columns) == 1:
        return max(fits[row][columns[0]] for row in rows)
    credits = np.zeros((len(rows), len(columns)))
    place = {predicted: index for index, predicted in enumerate(columns)}
    for index, row in enumerate(rows):
        for predicted, credit in fits[row].items():
            credits[index, place[predicted]] = credit
    return hungarian(credits if len(rows) <= len(columns) else credits.T)


def hungarian(credits: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> float:
    """The largest sum of one entry a row, no two in one column; credits: (rows, columns), rows <= columns.

    Shortest augmenting paths with potentials (Jonker and Volgenant 1987): rows² steps over an array of the columns.
    """
    rows, columns = credits.shape
    cost = np.zeros((rows + 1, columns + 1))
    cost[1:, 1:] = -credits
    row_potential, column_potential = np.zeros(rows + 1), np.zeros(columns + 1)
    row_at = np.zeros(columns + 1, dtype=np.int64)  # row_at[c]: the row (from 1) that has column c, 0: none; column 0 is a start
    for row in range(1, rows + 1):
        row_at[0], column = row, 0
        distance = np.full(columns + 1, np.inf)
        came_from = np.zeros(columns + 1, dtype=np.int64)
        done = np.zeros(columns + 1, dtype=bool)
        while True:
            done[column] = True
            current = row_at[column]
            reduced = cost[current] - row_potential[current] - column_potential
            better = ~done & (reduced < distance)
            distance[better], came_from[better] = reduced[better], column
            nearest = int(np.where(done, np.inf, distance)[1:].argmin()) + 1
            step = distance[nearest]
            row_potential[row_at[done]] += step
            column_potential[done] -= step
            distance[~done] -= step
            column = nearest
            if row_at[column] == 0:
                break
        while column:
            row_at[column] = row_at[came_from[column]]
            column = int(came_from[column])
    taken = np.nonzero(row_at[1:])[0]
    return float(credits[row_at[1:][taken] - 1, taken].sum())
