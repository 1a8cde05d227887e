"""Everything random in records: a number drawn from a seed and what it is for, never from one running generator.

So the same document draws the same number in any order of reading, on any number of workers, and after a resumption.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def draw(seed: int, *purpose: str | int) -> int:
    """A number below 2**64, evenly spread: the BLAKE2b hash of the seed and the purpose."""
    key = "\x1f".join(map(str, (seed, *purpose)))
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8"), digest_size=8).digest(), "big")


def choose(options: Sequence[T], seed: int, *purpose: str | int) -> T:
    """One of the options, each equally likely."""
    return options[draw(seed, *purpose) % len(options)]


def share_of(seed: int, *purpose: str | int) -> float:
    """A number in [0, 1)."""
    return (draw(seed, *purpose) >> 11) / 2**53  # as many bits as a float holds: no rounding up to 1
