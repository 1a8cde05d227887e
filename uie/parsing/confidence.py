"""A grounded answer, where it is written, and its tokens' log-probabilities → the same answer, each item with its confidence.

The confidence of an item is the probability of the tokens that wrote it: of its mentions and its type, relation or role, not of what
the format puts round them. A relation's ends have their own, of the mention and of the type where the answer says one.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from uie.documents import Event
from uie.parsing.grounding import Grounded, Link
from uie.parsing.locating import Located, Place, Places


@dataclass(frozen=True, slots=True)
class Tokens:
    """What an answer was written with: token i has the natural log-probability `logprobs[i]` and wrote the answer up to `ends[i]`.

    A token that wrote nothing is a part of the character that a later one wrote.
    """

    logprobs: Sequence[float]
    ends: Sequence[int]

    def probability(self, places: Sequence[Place]) -> float | None:
        """That of all tokens that wrote any of these places; None where there are no places."""
        used = {token for place in places for token in self._of(place)}
        return min(1.0, math.exp(sum(self.logprobs[token] for token in used))) if used else None

    def _of(self, place: Place) -> range:
        start, end = place
        first = bisect_right(self.ends, start)
        while first and self.ends[first - 1] == (self.ends[first - 2] if first > 1 else 0):
            first -= 1
        return range(first, min(bisect_left(self.ends, end) + 1, len(self.ends)))


def with_confidence(found: Grounded, located: Located, tokens: Tokens) -> Grounded:
    """`found` and `located` are of one Answer; what was not located has the confidence None."""

    def of(places: Places, *slots: str) -> float | None:
        return tokens.probability([place for slot, place in places.items() if slot in slots or not slots])

    def link(one: Link, places: Places) -> Link:
        ends = of(places, "head", "head_type"), of(places, "tail", "tail_type")
        return replace(one, confidence=of(places, "head", "relation", "tail"), end_confidences=ends)

    def event(one: Event, places: Places, fillers: Sequence[Places]) -> Event:
        arguments = (replace(argument, confidence=of(own)) for argument, own in zip(one.arguments, fillers, strict=True))
        return replace(one, confidence=of(places), arguments=tuple(arguments))

    return replace(
        found,
        entities=tuple(replace(one, confidence=of(own)) for one, own in zip(found.entities, located.mentions, strict=True)),
        links=tuple(map(link, found.links, located.triples)),
        events=tuple(map(event, found.events, located.frames, located.fillers)),
    )


def higher(one: float | None, other: float | None) -> float | None:
    """The higher of two confidences; one that is not known says nothing."""
    return max((confidence for confidence in (one, other) if confidence is not None), default=None)
