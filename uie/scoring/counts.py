"""Items of gold and prediction → true positives, false positives, false negatives; and from these precision, recall, F1."""

from array import array
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


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


class Tally:
    """Counts of one measure: summed by type, and kept document by document."""

    def __init__(self) -> None:
        self.by_type: dict[str | None, Counts] = {}
        self.ids: list[str] = []
        self.numbers = array("d")  # three for each document: true positives, false positives, false negatives

    def add(self, id: str, counts: "ByType", malformed: int = 0) -> None:
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
        self.numbers.extend((right, wrong, missed))


class ItemTally(Tally):
    """A tally of items that are matched one to one, for the many: tuples that begin with their type."""

    def __init__(self) -> None:
        super().__init__()
        self._right: list[str | None] = []
        self._wrong: list[str | None] = []
        self._missed: list[str | None] = []

    def add_items(self, id: str, gold: list[tuple[Any, ...]], predicted: list[tuple[Any, ...]], malformed: int) -> None:
        """As `add` of `count_items`, without making any Counts."""
        self.ids.append(id)
        if gold == predicted:
            self._right += [item[0] for item in gold]
            self.numbers.extend((len(gold), malformed, 0))
        else:
            right = 0
            left: Any = list(gold) if len(gold) * len(predicted) < 400 else _Bag(gold)
            for item in predicted:
                if item in left:
                    left.remove(item)
                    right += 1
                    self._right.append(item[0])
                else:
                    self._wrong.append(item[0])
            self._missed += [item[0] for item in left]
            self.numbers.extend((right, len(predicted) - right + malformed, len(gold) - right))
        if malformed:
            self._wrong += [None] * malformed

    def finish(self) -> None:
        """Sums up what was added."""
        right, wrong, missed = Counter(self._right), Counter(self._wrong), Counter(self._missed)
        for type in {**right, **wrong, **missed}:
            self.by_type[type] = Counts(right[type], wrong[type], missed[type])


class _Bag:
    """A multiset that answers as a list does, faster where there are many items."""

    def __init__(self, items: list[tuple[Any, ...]]) -> None:
        self._left = Counter(items)

    def __contains__(self, item: tuple[Any, ...]) -> bool:
        return self._left[item] > 0

    def remove(self, item: tuple[Any, ...]) -> None:
        self._left[item] -= 1

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self._left.elements()


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
