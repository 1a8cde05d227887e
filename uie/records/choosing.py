"""Ids, sizes and label counts of a corpus' train Documents → which are taken, and how often each.

A Document's draw depends on seed, corpus and id alone: not on the other Documents, their order, or who reads them.
"""

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import inf

from uie.errors import SettingsError
from uie.records.composition import shares
from uie.records.drawing import draw, share_of


@dataclass(frozen=True, slots=True)
class Take:
    """How many Documents a corpus gives: `kind` is full, random, upsample or downsample."""

    kind: str
    number: int | None = None
    "the N of random_N, the K of upsample_K"


def take_of(setting: str) -> Take:
    """What a `take` setting means, by the names of InstructUIE (full, random) and B2NER (random_N, upsample_K, downsample).

    InstructUIE's random takes the first rows, ours draws; B2NER's downsample takes a share that is set elsewhere, ours as many as
    the smallest corpus has.

    Raises:
        SettingsError: the setting is none of these.
    """
    found = re.fullmatch(r"(full|random|downsample)|(random|upsample)_([1-9][0-9]*)", setting)
    if found is None:
        raise SettingsError(f"take: expected full, random, random_N, upsample_K or downsample (N, K from 1), found {setting!r}.")
    plain, numbered, number = found.groups()
    return Take(plain) if plain else Take(numbered, int(number))


def quotas(
    sizes: Mapping[str, int], takes: Mapping[str, Take], *, max_documents: int, temperature: float | None = None
) -> Mapping[str, int]:
    """How many Documents each corpus gives, copies included; one without Documents gives none and is nobody's smallest.

    full: its size. random: its size, at most `max_documents`. random_N: its size, at most N. upsample_K: K times its size.
    downsample: the size of the smallest corpus.

    A temperature T spreads the same total anew: of the Q that these quotas q add up to, each corpus gives Q q^(1/T) / sum of
    q^(1/T), rounded by largest remainder, but never less than 1. T = 1 changes nothing, T above 1 repeats Documents of small corpora (without
    bound: 50 Documents beside a million may come thousands of times), an infinite T makes all alike, T below 1 favours the large.
    So mix T5 (Raffel et al. 2020, §3.5.2: its limit K is `random`) and mT5 (Xue et al. 2021: T = 1 / 0.3).

    Raises:
        SettingsError: the temperature is not above 0.
    """
    present = {corpus: size for corpus, size in sizes.items() if size}
    smallest = min(present.values(), default=0)
    given = {
        corpus: _quota(takes[corpus], size, max_documents=max_documents, smallest=smallest) for corpus, size in present.items()
    }
    if temperature is not None:
        given = _tempered(given, temperature)
    return {corpus: given.get(corpus, 0) for corpus in sizes}


def _quota(take: Take, size: int, *, max_documents: int, smallest: int) -> int:
    match take.kind:
        case "random":
            return min(size, take.number or max_documents)
        case "upsample":
            return size * (take.number or 1)
        case "downsample":
            return smallest
    return size


def _tempered(given: Mapping[str, int], temperature: float) -> dict[str, int]:
    if not temperature > 0:
        raise SettingsError(f"temperature: expected a number above 0, found {temperature}.")
    total, largest = sum(given.values()), max(given.values(), default=1)
    # Of the ratio to the largest, since q ** (1 / T) itself leaves the range of a float where T is small.
    weights = {corpus: (quota / largest) ** (1 / temperature) for corpus, quota in given.items()}
    ones: dict[str, int] = {}
    while weights:
        spread = shares(weights, total - len(ones))
        below = [corpus for corpus in weights if not spread.get(corpus)]
        if not below:
            return {**ones, **spread}
        for corpus in below:
            ones[corpus] = 1
            del weights[corpus]
    return ones


def chosen(ids: Iterable[str], quota: int, *, seed: int, corpus: str) -> dict[str, int]:
    """Copies of each Document that is taken, smallest draw first; the others are not in it.

    Below the corpus' size, those with the `quota` smallest draws; above, all as often as they fit, and those with the smallest
    draws once more. So a larger quota holds a smaller one. Ids must differ from each other. Holds `quota` ids at most, or all.
    """
    drawn = heapq.nsmallest(quota, ids, key=lambda id: draw(seed, "take", corpus, id))
    if not drawn:
        return {}
    copies, more = divmod(quota, len(drawn))
    return {id: copies + (rank < more) for rank, id in enumerate(drawn)}


def few_shot(labels_of: Iterable[tuple[str, Mapping[str, int]]], k: int, *, seed: int, corpus: str) -> set[str]:
    """Ids of a small set of Documents that hold each label k times, or as often as the corpus does.

    Labels are taken from the rarest to the most frequent, Documents in drawn order: a label that the set does not hold k times
    yet adds Documents with it (greedy sampling, Yang and Katiyar 2020), first only those that leave every label at
    2k or less (the K~2K of Few-NERD, Ding et al. 2021), then any. At last each Document goes, the first chosen first, whose
    labels the others hold often enough (Hou et al. 2020, "minimum-including"). So no Document of the set can be spared.

    Args:
        labels_of: id and how many examples of each label the Document has; those without any are never chosen, and not held.

    Raises:
        SettingsError: k is below 1.
    """
    if k < 1:
        raise SettingsError(f"few_shot: expected 1 or more, found {k}.")
    documents = {id: counts for id, labels in labels_of if (counts := +Counter(labels))}  # + drops the labels it has none of
    frequency: Counter[str] = Counter()
    having: dict[str, list[str]] = {}
    for id in sorted(documents, key=lambda id: draw(seed, "few_shot", corpus, id)):
        frequency.update(documents[id])
        for label in documents[id]:
            having.setdefault(label, []).append(id)
    held: Counter[str] = Counter()
    taken: dict[str, None] = {}
    for label in sorted(frequency, key=lambda label: (frequency[label], label)):
        for most in (2 * k, inf):
            for id in having[label]:
                if held[label] >= k:
                    break
                if id not in taken and all(held[other] + number <= most for other, number in documents[id].items()):
                    taken[id] = None
                    held.update(documents[id])
    for id in list(taken):
        if all(held[label] - number >= min(k, frequency[label]) for label, number in documents[id].items()):
            del taken[id]
            held.subtract(documents[id])
    return set(taken)


def keeps_empty(share: float, *, seed: int, corpus: str, id: str) -> bool:
    """Whether a Document without any answer is kept, where `share` of them are: a larger share keeps what a smaller one does."""
    return share_of(seed, "empty", corpus, id) < share
