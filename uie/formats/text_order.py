"""Items grouped by their names → the same items in the order of the text, as far as that can be told."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from uie.tasks.items import TEXT_SLOTS, Item
from uie.tasks.occurrences import places


def in_text_order(items: Sequence[Item], text: str) -> list[Item]:
    """Items that were grouped by their names, in the order of the text as far as it can be told.

    Inside a group they are in that order already, and the groups come in the order of their first items. So each item takes the first
    place of its string that no equal item has taken, at or behind the item before it, as in `uie.parsing.grounding`.
    """
    groups: dict[tuple[object, ...], list[Item]] = {}
    for one in items:
        names = (one.row, *(_loose(field.text) for field in one.fields if field.slot not in TEXT_SLOTS))
        groups.setdefault(names, []).append(one)
    starts: dict[str, list[int]] = {}
    used: Counter[tuple[str, ...]] = Counter()
    placed: list[tuple[int, Item]] = []
    row, first = items[0].row if items else (), 0
    for held in groups.values():
        first = first if held[0].row == row else 0
        row, behind = held[0].row, first
        for number, one in enumerate(held):
            key = tuple(field.text for field in one.fields)
            string = key[0] if row[0] in TEXT_SLOTS else ""
            free = starts[string] if string in starts else starts.setdefault(string, places(text, string))
            if used[key] < len(free):
                at = bisect_left(free, behind, lo=used[key])
                at = at if at < len(free) else used[key]
                behind, used[key] = free[at], at + 1
            first = behind if number == 0 else first
            placed.append((behind, one if not one.children else replace(one, children=tuple(in_text_order(one.children, text)))))
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]


def _loose(name: str) -> str:
    """Without case and punctuation: a name that a model spelt in two ways is one group."""
    return "".join(character for character in name.casefold() if character.isalnum()) or name
