"""Items of gold and prediction → true positives, false positives, false negatives; and from these precision, recall, F1."""

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found, wrongly found and missed. Figures are shares from 0 to 1; 0/0 is 0.0, as in conlleval.pl (CoNLL-2000)."""

    true_positive: int = 0
    false_positive: int = 0
    false_negative: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.true_positive + other.true_positive,
            self.false_positive + other.false_positive,
            self.false_negative + other.false_negative,
        )

    @property
    def gold(self) -> int:
        """How many items there were to find."""
        return self.true_positive + self.false_negative

    @property
    def predicted(self) -> int:
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


def count_matches(gold: Iterable[Hashable], predicted: Iterable[Hashable]) -> Counts:
    """Match equal items one to one: of three predictions of one gold item, one is right and two are wrong."""
    wanted, found = Counter(gold), Counter(predicted)
    right = (wanted & found).total()
    return Counts(right, found.total() - right, wanted.total() - right)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
