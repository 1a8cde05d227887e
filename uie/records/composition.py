"""Weights and record counts per corpus → the order of train records in which every batch has the same composition.

BiLLa repeats each set's name `weight` times in a list as long as a batch and cycles through it, so that weights are whole and sum
up to the batch. Here weights and batch may be anything: what a batch cannot hold in full, the next ones make up for.
"""

import heapq
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import count, islice
from math import ceil, floor, isfinite, lcm
from typing import NamedTuple

from uie.errors import SettingsError

Weight = float | Fraction
"""A float means what its decimals say: 0.1 is one tenth."""


def shares(weights: Mapping[str, Weight], batch: int) -> Mapping[str, int]:
    """How many of `batch` records each corpus gives: the whole part of its exact share, the rest to the largest remainders.

    Of equal remainders the one listed first wins. A corpus of weight 0 is left out.

    Raises:
        SettingsError: a weight is negative or no number, all are 0, or the batch is smaller than 1.
    """
    exact = _exact(weights, batch)
    whole = {corpus: floor(share) for corpus, share in exact.items()}
    left = batch - sum(whole.values())
    largest = sorted(exact, key=lambda corpus: whole[corpus] - exact[corpus])[:left]
    return {corpus: number + (corpus in largest) for corpus, number in whole.items()}


def compositions(weights: Mapping[str, Weight], batch: int) -> Iterator[Mapping[str, int]]:
    """The compositions of batch after batch, without end; the first is `shares`, and all are where the exact shares are whole.

    Each batch holds a corpus' exact share rounded up or down, and so do all batches from the first to any other together: after
    b batches a corpus has given its b shares to within less than one record. Taking the largest remainders, with what earlier
    batches owe, would not keep this; PD2 does, which schedules tasks on processors (Anderson and Srinivasan, "Mixed
    Pfair/ERfair Scheduling of Asynchronous Periodic Tasks", 2001): a batch is a slot of time, its records beyond the whole parts
    are the processors, a corpus' remainder is its task's weight.

    Raises:
        SettingsError: as in `shares`.
    """
    exact = _exact(weights, batch)
    whole = {corpus: floor(share) for corpus, share in exact.items()}
    left = batch - sum(whole.values())
    turns = {corpus: _turn(share - whole[corpus], 1) for corpus, share in exact.items() if share > whole[corpus]}
    for number in count():
        ready = [corpus for corpus, turn in turns.items() if turn.first <= number]
        urgent = heapq.nsmallest(left, ready, key=lambda corpus: turns[corpus].urgency)
        yield {corpus: share + (corpus in urgent) for corpus, share in whole.items()}
        for corpus in urgent:
            turns[corpus] = _turn(exact[corpus] - whole[corpus], turns[corpus].number + 1)


def epoch(counts: Mapping[str, int], weights: Mapping[str, Weight], batch: int) -> int:
    """Batches until every record of every corpus was given at least once: the longest of count / exact share, rounded up.

    Raises:
        SettingsError: as in `shares`.
    """
    exact = _exact(_present(counts, weights), batch)
    return max(ceil(counts[corpus] / share) for corpus, share in exact.items())


def composed(counts: Mapping[str, int], weights: Mapping[str, Weight], batch: int, *, start: int = 0) -> Iterator[tuple[str, int]]:
    """Corpus and index of the records in their order: batches composed as `compositions`, `epoch` of them.

    In a batch the corpora follow each other as in `counts`, each with its next records in their own order, so that neighbours
    stay together; a corpus that is through begins again. Corpora without records or with weight 0 are left out.
    `start=n` gives what stands from position n on and computes no record before it, only what compositions of one period
    it needs: at most as many as the weights' sum in units of their last decimal (40 for 2.5, 1.2 and 0.3), one where shares are whole.

    Raises:
        SettingsError: as in `shares`.
    """
    present = _present(counts, weights)
    exact = _exact(present, batch)
    period = lcm(*(share.denominator for share in exact.values()))
    first, inside = divmod(start, batch)
    into = first % period
    batches, last = compositions(present, batch), epoch(counts, weights, batch)
    given = {corpus: int(share * (first - into)) for corpus, share in exact.items()}

    def records() -> Iterator[tuple[str, int]]:
        for number in range(first - into, last):
            for corpus, size in next(batches).items():
                if number >= first:
                    yield from ((corpus, index % counts[corpus]) for index in range(given[corpus], given[corpus] + size))
                given[corpus] += size

    return islice(records(), inside, None)


def _present(counts: Mapping[str, int], weights: Mapping[str, Weight]) -> Mapping[str, Weight]:
    return {corpus: weights[corpus] for corpus, number in counts.items() if number}


def _exact(weights: Mapping[str, Weight], batch: int) -> dict[str, Fraction]:
    if batch < 1:
        raise SettingsError(f"batch: expected 1 or more, found {batch}.")
    for corpus, weight in weights.items():
        if not (isfinite(weight) and weight >= 0):
            raise SettingsError(f"weight of {corpus}: expected a number from 0 up, found {weight}.")
    # Through its decimal form, so that 0.1 is one tenth and not the nearest binary fraction, whose compositions would never repeat.
    read = {corpus: Fraction(str(weight)) for corpus, weight in weights.items() if weight}
    if not read:
        raise SettingsError(f"weight: expected one above 0 among the corpora with records ({', '.join(weights) or 'none'}).")
    return {corpus: weight * batch / sum(read.values()) for corpus, weight in read.items()}


class _Turn(NamedTuple):
    """A corpus' `number`-th record beyond the whole parts (from 1): the first batch it may stand in (from 0), and how it waits."""

    number: int
    first: int
    urgency: tuple[int, bool, int, Fraction]


def _turn(remainder: Fraction, number: int) -> _Turn:
    """PD2's window of a subtask: release, then deadline, b-bit and group deadline as priority; the larger remainder on a tie.

    The b-bit says that the next subtask's window overlaps this one's, the group deadline how far a chain of such windows of two
    batches reaches, along which one late record would push all others back.
    """
    deadline = ceil(number / remainder)
    overlaps = (number / remainder).denominator > 1
    chain = ceil(ceil(deadline * (1 - remainder)) / (1 - remainder)) if remainder >= Fraction(1, 2) else 0
    return _Turn(number, floor((number - 1) / remainder), (deadline, not overlaps, -chain, -remainder))
