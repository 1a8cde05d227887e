"""Items of gold and prediction → true positives, false positives, false negatives; and from these precision, recall, F1."""

from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Figures(NamedTuple):
    """Precision, recall and F1 as shares from 0 to 1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found, wrongly found and missed. Figures are shares from 0 to 1; 0/0 is 0.0, as in conlleval.pl (CoNLL-2000).

    Whole numbers, except under rules that give a part of a point: there `true_positive` is the sum of what was given, and the rest
    is what is missing to the number of predicted and of gold items, so that all figures are computed in one way.
    """

    true_positive: float = 0
    false_positive: float = 0
    false_negative: float = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
        )

    @property
    def gold(self) -> float:
        """How many items there were to find."""
        return self.true_positive + self.false_negative

    @property
    def predicted(self) -> float:
        return self.true_positive + self.false_positive

    @property
    def precision(self) -> float:
        return _share(self.true_positive, self.predicted)

    @property
    def recall(self) -> float:
        return _share(self.true_positive, self.gold)

    @property
    def f1(self) -> float:
        return _share(2 * self.true_positive, self.gold + self.predicted)

    @property
    def figures(self) -> Figures:
        return Figures(self.precision, self.recall, self.f1)


class Item(NamedTuple):
    """One thing to be right about. `type` groups items in per-type tables (None: the measure ignores types)."""

    type: str | None
    where: Hashable


ByType = Mapping[str | None, Counts]
ByMeasure = Mapping[str, ByType]


def count_matches(gold: Iterable[Hashable], predicted: Iterable[Hashable]) -> Counts:
    """Match equal items one to one: of three predictions of one gold item, one is right and two are wrong."""
    return sum(count_items((Item(None, g) for g in gold), (Item(None, p) for p in predicted)).values(), Counts())


def count_items(gold: Iterable[Item], predicted: Iterable[Item]) -> dict[str | None, Counts]:
    """The counts of each type that has items, equal items matched one to one."""
    missed: dict[Item, int] = {}
    for item in gold:
        missed[item] = missed.get(item, 0) + 1
    counts: dict[str | None, list[int]] = {item.type: [0, 0, 0] for item in missed}
    for item in predicted:
        own = counts.setdefault(item.type, [0, 0, 0])
        if left := missed.get(item, 0):
            missed[item] = left - 1
            own[0] += 1
        else:
            own[1] += 1
    for item, left in missed.items():
        counts[item.type][2] += left
    return {type: Counts(*own) for type, own in counts.items()}


Table = NDArray[np.float64]
"""(documents, 3): true positives, false positives, false negatives of each document."""


class Tally:
    """Counts of one measure: summed by type, and kept document by document."""

    def __init__(self) -> None:
        self.by_type: dict[str | None, Counts] = {}
        self.ids: list[str] = []
        self._numbers = array("d")

    def add(self, id: str, counts: ByType, malformed: int = 0) -> None:
        """Adds a document; a malformed piece is one false positive of no type."""
        if malformed:
            counts = {**counts, None: counts.get(None, Counts()) + Counts(false_positive=malformed)}
        add_counts(self.by_type, counts)
        self.ids.append(id)
        right, wrong, missed = 0.0, 0.0, 0.0
        for one in counts.values():
            right += one.true_positive
            wrong += one.false_positive
            missed += one.false_negative
        self._numbers.extend((right, wrong, missed))

    def table(self) -> Table:
        """The counts of each document of `ids`."""
        return np.array(self._numbers).reshape(-1, 3)


Keys = list[tuple[Any, ...]]
"""What is compared of items, many documents at a time: the document's place, the type, and whatever else must be equal."""


class ItemTally(Tally):
    """A tally of items that are matched one to one, for the many: all of a block of documents at once, without a Counts for any."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[Table] = []

    def add_items(self, ids: Sequence[str], gold: Keys, predicted: Keys, malformed: Mapping[str, int]) -> Table:
        """Adds documents, `malformed` pieces by id; returns their counts."""
        self.ids += ids
        right = _common(gold, predicted)
        found, given, wanted = (np.bincount([key[0] for key in keys], minlength=len(ids)) for keys in (right, predicted, gold))
        block = np.column_stack([found, given - found, wanted - found]).astype(np.float64)
        for place, id in enumerate(ids) if malformed else ():
            block[place, 1] += malformed.get(id, 0)
        self._blocks.append(block)
        by_type = [Counter([key[1] for key in keys]) for keys in (right, predicted, gold)]
        for type in {**by_type[1], **by_type[2]}:
            own, given_of, wanted_of = (counter[type] for counter in by_type)
            add_counts(self.by_type, {type: Counts(own, given_of - own, wanted_of - own)})
        if wrong := sum(malformed.values()):
            add_counts(self.by_type, {None: Counts(false_positive=wrong)})
        return block

    def table(self) -> Table:
        return np.concatenate(self._blocks)


def _common(gold: Keys, predicted: Keys) -> Keys:
    """The items of both sides, as often as both have them."""
    wanted, found = set(gold), set(predicted)
    if len(wanted) == len(gold) and len(found) == len(predicted):
        return list(wanted & found)
    return list((Counter(gold) & Counter(predicted)).elements())


def given(credit: float, *, gold: int, predicted: int) -> Counts:
    """Counts where `credit` points were given to `predicted` items for `gold` ones."""
    whole = int(credit) if credit == int(credit) else credit
    return Counts(whole, predicted - whole, gold - whole)


def add_counts(total: dict[str | None, Counts], more: ByType) -> None:
    """Adds `more` to `total`, type by type."""
    for type, counts in more.items():
        total[type] = total[type] + counts if type in total else counts


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
