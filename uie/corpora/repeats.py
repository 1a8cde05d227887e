"""Documents, as they are read → which texts repeat another one, exactly or nearly, in a split or across splits. No text is kept.

Exactly: the same but for white space, case and how accents are composed. Nearly: at least about half of the strings of 24 bytes (as many
letters, eight Chinese characters) that occur in either text occur in both. That is estimated from the 16 strings with the smallest
hashes (Broder 1997, On the resemblance and containment of documents), so that it may err by a tenth; texts of under 48 bytes are too
short to tell, and a string that is in more than 20 texts tells nothing.
"""

import hashlib
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from uie.corpora.duplicates import text_key
from uie.documents import Document, Mention

_KEPT = 16
_SHORTEST = 48
_COMMON = 20
_BASE = 0x9E3779B97F4A7C15  # any odd number with its bits well mixed
_WORD = 2**64
_NOWHERE = 2**62


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many texts of split `other` are in `one` too; of one split (`one` is `other`), how many Documents repeat an earlier one.

    `where` is the first of them, `same_as` the place of the one it repeats. `near`: they differ a little; those that are the same
    are not counted again.
    """

    one: str
    other: str
    near: bool
    times: int
    where: str
    same_as: str


class Texts:
    """What was read so far, at some 170 bytes a Document."""

    def __init__(self) -> None:
        self._splits: dict[str, int] = {}
        self._keys, self._said, self._of_split = array("Q"), array("Q"), array("B")
        self._sketches, self._sizes = array("Q"), array("B")
        self._places = _Places()

    def add(self, document: Document, *, split: str, where: str) -> None:
        same = " ".join(unicodedata.normalize("NFC", document.text).casefold().split())
        self._keys.append(int.from_bytes(text_key(same)[:8], "little"))
        self._said.append(_said(document))
        self._of_split.append(self._splits.setdefault(split, len(self._splits)))
        sketch = _sketch(same)
        self._sketches.frombytes(sketch.tobytes())
        self._sizes.append(len(sketch))
        self._places.add(where)

    def differing(self) -> tuple[int, str, str] | None:
        """How many texts occur several times and not with the same annotation, and the first two places of one; None if none does."""
        _, groups = _groups(self._keys)
        said = np.frombuffer(self._said, dtype=np.uint64)
        first = _first_of(groups)
        odd = np.flatnonzero(said != said[first[groups]]) if len(said) else first
        if not len(odd):
            return None
        return len(np.unique(groups[odd])), self._places[odd[0]], self._places[first[groups[odd[0]]]]

    def repeats(self, splits: Sequence[str]) -> Iterator[Repeats]:
        """Of each split, then of each pair of splits, where there are any; the same texts first, then near ones."""
        known = [split for split in splits if split in self._splits]
        if not known:
            return
        _, groups = _groups(self._keys)
        of_split = np.frombuffer(self._of_split, dtype=np.uint8)
        number = int(groups.max()) + 1
        # firsts[split][group]: the first Document of the split with this text, -1 where the split has none
        firsts = {split: _first_of(groups, of_split == self._splits[split], number) for split in known}
        pairs = self._near_pairs(groups)
        for split in known:
            own = np.flatnonzero(of_split == self._splits[split])
            again = own[firsts[split][groups[own]] != own]
            yield from self._told(split, split, False, again, firsts[split][groups[again]])
        for split in known:
            yield from self._near(split, split, pairs, firsts)
        for place, one in enumerate(known):
            for other in known[place + 1 :]:
                both = np.flatnonzero((firsts[one] >= 0) & (firsts[other] >= 0))
                yield from self._told(one, other, False, firsts[other][both], firsts[one][both])
                yield from self._near(one, other, pairs, firsts)

    def _told(self, one: str, other: str, near: bool, found: Any, same_as: Any) -> Iterator[Repeats]:
        if len(found):
            first = int(found.argmin())
            yield Repeats(one, other, near, len(found), self._places[found[first]], self._places[same_as[first]])

    def _near(self, one: str, other: str, pairs: Any, firsts: dict[str, Any]) -> Iterator[Repeats]:
        found: dict[int, int] = {}
        here, there = firsts[one], firsts[other]
        for pair in pairs:
            for text, like in (pair, pair[::-1]):
                if there[text] < 0 or here[like] < 0 or (one == other and here[like] >= there[text]):
                    continue
                if one == other or here[text] < 0:
                    found.setdefault(int(there[text]), int(here[like]))
        yield from self._told(one, other, True, np.array(list(found)), np.array(list(found.values())))

    def _near_pairs(self, groups: Any) -> list[tuple[int, int]]:
        """Pairs of texts (numbers of groups) that resemble each other."""
        sizes = np.frombuffer(self._sizes, dtype=np.uint8).astype(np.int64)
        ends = np.cumsum(sizes)
        alone = _first_of(groups)  # one Document stands for all with its text
        kept = np.isin(np.repeat(np.arange(len(sizes)), sizes), alone)
        hashes = np.frombuffer(self._sketches, dtype=np.uint64)[kept]
        owners = np.repeat(np.arange(len(sizes)), sizes)[kept]
        order = np.lexsort((owners, hashes))
        hashes, owners = hashes[order], owners[order]
        _, where, times = np.unique(hashes, return_inverse=True, return_counts=True)
        telling = (times[where] > 1) & (times[where] <= _COMMON)
        hashes, owners = hashes[telling], owners[telling]
        shared: Counter[tuple[int, int]] = Counter()
        for distance in range(1, _COMMON):
            equal = np.flatnonzero(hashes[distance:] == hashes[:-distance])
            shared.update(zip(owners[equal].tolist(), owners[equal + distance].tolist(), strict=True))
        sketches = np.frombuffer(self._sketches, dtype=np.uint64)

        def sketch(document: int) -> Any:
            return sketches[ends[document] - sizes[document] : ends[document]]

        return [
            (int(groups[one]), int(groups[other]))
            for (one, other), times_shared in sorted(shared.items())
            if 2 * times_shared >= min(_KEPT, sizes[one], sizes[other]) and _resemblance(sketch(one), sketch(other)) >= 0.5
        ]


class _Places:
    """FILE:LINE in twelve bytes each."""

    _FORM = re.compile(r"(.*):(item )?(\d{1,18})", re.DOTALL)

    def __init__(self) -> None:
        self._names: dict[str, int] = {}
        self._files, self._numbers = array("i"), array("q")

    def add(self, where: str) -> None:
        parts = self._FORM.fullmatch(where)
        name, number = where, _NOWHERE
        if parts is not None:
            name, number = parts[1], int(parts[3])
            number = -1 - number if parts[2] else number
        self._files.append(self._names.setdefault(name, len(self._names)))
        self._numbers.append(number)

    def __getitem__(self, document: int) -> str:
        name = next(name for name, place in self._names.items() if place == self._files[document])
        number = self._numbers[document]
        if number == _NOWHERE:
            return name
        return f"{name}:{number}" if number >= 0 else f"{name}:item {-1 - number}"


def _groups(keys: "array[int]") -> tuple[Any, Any]:
    """The different keys, and for each Document the number of its key."""
    return np.unique(np.frombuffer(keys, dtype=np.uint64), return_inverse=True)


def _first_of(groups: Any, among: Any = None, number: int | None = None) -> Any:
    """For each group the first Document (of those `among`) that is of it, else -1."""
    number = (int(groups.max()) + 1 if len(groups) else 0) if number is None else number
    first = np.full(number, -1, dtype=np.int64)
    documents = np.arange(len(groups)) if among is None else np.flatnonzero(among)
    first[groups[documents[::-1]]] = documents[::-1]  # the last writer wins: the first Document
    return first


def _resemblance(one: Any, other: Any) -> float:
    together = np.union1d(one, other)[:_KEPT]
    return len(np.intersect1d(np.intersect1d(together, one), other)) / len(together)


def _power(exponent: int) -> Any:
    return np.uint64(pow(_BASE, exponent, _WORD))


_POWERS = {exponent: _power(exponent) for exponent in (1, 2, 4, 8)}
_MIX, _HALF, _THIRD = np.uint64(0xBF58476D1CE4E5B9), np.uint64(32), np.uint64(29)


def _sketch(text: str) -> Any:
    """The smallest hashes of the text's strings of 24 bytes, in order: polynomials modulo 2^64, put together from shorter ones."""
    letters = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    if len(letters) < _SHORTEST:
        return np.zeros(0, dtype=np.uint64)
    one = letters.astype(np.uint64)
    two = one[:-1] * _POWERS[1] + one[1:]
    four = two[:-2] * _POWERS[2] + two[2:]
    eight = four[:-4] * _POWERS[4] + four[4:]
    sixteen = eight[:-8] * _POWERS[8] + eight[8:]
    hashes = sixteen[:-8] * _POWERS[8] + eight[16:]
    hashes = (hashes ^ (hashes >> _THIRD)) * _MIX
    hashes ^= hashes >> _HALF
    if len(hashes) > 512:
        hashes = np.partition(hashes, 255)[:256]
    hashes.sort()
    return hashes[np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]))[:_KEPT]]


def _said(document: Document) -> int:
    """A hash of what the Document says, in strings: places differ where white space does."""
    entities = document.entities or ()
    strings = [_string(entity.mention) for entity in entities]
    said: list[tuple[object, ...]] = [(entity.type, string) for entity, string in zip(entities, strings, strict=True)]
    for relation in document.relations or ():
        ends = (relation.head, relation.tail)
        said.append((relation.type, *((strings[end] for end in ends) if relation.level == "entity" else ends)))
    for event in document.events or ():
        arguments = [(argument.role, _string(argument.mention), argument.event) for argument in event.arguments]
        said.append((event.type, _string(event.trigger), *sorted(map(repr, arguments))))
    whole = "\n".join(sorted(map(repr, said)))
    return int.from_bytes(hashlib.blake2b(whole.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def _string(mention: Mention | None) -> str | None:
    return None if mention is None else " ".join(unicodedata.normalize("NFC", mention.text).casefold().split())
