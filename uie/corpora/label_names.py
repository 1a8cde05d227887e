"""Labels with how often they occur in, pairs that look like one label written in two ways out."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

_LEAST_LETTERS = 6  # of a label that may be a slip of another: "LOC" and "LOG" are two labels
_RARER = 10  # a slip is seldom; employer and employee are about as frequent


def near_equal(times: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Pairs (rarer, commoner) of labels that differ in case, hyphens, underscores and blanks only, or in one letter.

    Of the latter only long ones of which one is at most a tenth as frequent as the other, and not those that number things
    (`arg1` and `arg2`).
    """
    found: dict[tuple[str, str], None] = {}
    for alike in (*_written_alike(times), *_one_letter_off(times)):
        rarer, commoner = sorted(alike, key=lambda label: (times[label], label))
        found[rarer, commoner] = None
    yield from found


def _written_alike(times: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for label in times:
        groups["".join(character for character in label.casefold() if character not in "-_ \t\u3000")].append(label)
    for group in groups.values():
        most = max(group, key=lambda label: (times[label], label))
        yield from ((label, most) for label in group if label != most)


def _one_letter_off(times: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Labels meet where one, or each of both, loses a letter: no distance between all pairs of a thousand labels."""
    without: dict[str, list[str]] = defaultdict(list)
    for label in times:
        if sum(character.isalpha() for character in label) >= _LEAST_LETTERS:
            for form in {label, *(label[:place] + label[place + 1 :] for place in range(len(label)))}:
                without[form].append(label)
    for labels in without.values():
        for place, one in enumerate(labels):
            for other in labels[place + 1 :]:
                few, many = sorted((times[one], times[other]))
                if few * _RARER <= many and _is_slip(one, other):
                    yield one, other


def _is_slip(one: str, other: str) -> bool:
    """Whether one letter is added or another one, and not two digits or two places of one letter (those are two changes)."""
    if len(one) != len(other):
        return True
    changed = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    return len(changed) == 1 and not (changed[0][0].isdigit() and changed[0][1].isdigit())
