"""Documents with their mistakes → what the page's browser shows of them: the text in pieces, and items that point to the pieces.

A text is cut wherever a mention begins or ends, so that a mention is a run of whole pieces (of several, where it has fragments). The
page then needs no offsets, which JavaScript counts in another unit than we do.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from uie.documents import Document, Mention
from uie.reports.html.words import problem_words
from uie.scoring.analysis import Marked
from uie.scoring.mistakes import WRONG_END_TYPES, Mistake
from uie.scoring.rules import filler
from uie.tasks.occurrences import is_unspaced

Json = dict[str, Any]
T = TypeVar("T")

MOST_DOCUMENTS = 2000
MOST_CHARACTERS = 4_000_000  # of all texts; a browser opens such a file within a second or two
OF_EACH = 3  # documents that are kept of each kind of mistake, so that what is rare is not lost among the many


def drawn(marked: Sequence[Marked], *, most: int = MOST_DOCUMENTS, most_characters: int = MOST_CHARACTERS) -> list[Marked]:
    """At most `most` documents, in their order: the first few of each pair of types and kind of mistake, the rest evenly spread."""
    chosen = _chosen(marked, most)
    while len(chosen) > 1 and (characters := sum(len(one.gold.text) for one in chosen)) > most_characters:
        chosen = _chosen(marked, max(1, min(len(chosen) - 1, len(chosen) * most_characters // characters)))
    return chosen


def _chosen(marked: Sequence[Marked], most: int) -> list[Marked]:
    if len(marked) <= most:
        return list(marked)
    times: dict[tuple[str, Mistake], int] = {}
    first = []
    for place, one in enumerate(marked):
        kinds = {(one.gold.dataset, _kind(mistake)) for mistake in one.mistakes if mistake.kind != "correct"}
        if any(times.get(kind, 0) < OF_EACH for kind in kinds):
            first.append(place)
            times.update((kind, times.get(kind, 0) + 1) for kind in kinds)
    first = _evenly(first, most)
    taken = set(first)
    rest = _evenly([place for place in range(len(marked)) if place not in taken], most - len(first))
    return [marked[place] for place in sorted((*first, *rest))]


def _kind(mistake: Mistake) -> Mistake:
    """What mistakes of one kind and the same types have in common."""
    return Mistake(mistake.task, mistake.layer, mistake.kind, None, None, mistake.gold_type, mistake.predicted_type)


def _evenly(items: Sequence[T], number: int) -> list[T]:
    return list(items) if len(items) <= number else [items[place * len(items) // number] for place in range(number)]


def document_entry(marked: Marked) -> Json:
    """One document of the page; see `_Entry` for the items."""
    gold, predicted = marked.gold, marked.predicted
    entry = _Entry(marked)
    items = entry.items()
    mentions = entry.mentions
    offsets = {offset for mention in mentions for span in mention.span or () for offset in span}
    # Labels stand behind whole words, so that a word is cut off behind the mention that ends in it, too.
    ends = {_end_of_word(gold.text, mention.end) for mention in mentions if mention.end is not None}
    cuts = sorted({0, len(gold.text)} | offsets | ends)
    places = {offset: place for place, offset in enumerate(cuts)}
    problems = [[problem_words(str(problem.get("kind"))), str(problem.get("piece", ""))] for problem in predicted.problems or ()]
    return {
        "id": gold.id,
        "dataset": gold.dataset,
        "lang": gold.lang,
        "pieces": [gold.text[start:end] for start, end in pairwise(cuts)],
        "mentions": [_mention(mention, places) for mention in mentions],
        "items": items,
        "problems": problems,
    }


def _end_of_word(text: str, offset: int) -> int:
    while 0 < offset < len(text) and text[offset - 1].isalnum() and text[offset].isalnum() and not is_unspaced(text[offset]):
        offset += 1
    return offset


def _mention(mention: Mention, places: dict[int, int]) -> Json:
    """`at`: the runs of pieces, half-open; `text` where the mention has no place."""
    if mention.span is None:
        return {"text": mention.text}
    return {"at": [[places[start], places[end]] for start, end in mention.span]}


class _Entry:
    """Collects the mentions that items name.

    An item has `sides`, gold and predicted, each the numbers of its mentions (head and tail of a relation) or None; `types`, which are
    None where the side is; and `group`, which the argument of an event has in common with its trigger.
    """

    def __init__(self, marked: Marked) -> None:
        self._mistakes = marked.mistakes
        self._documents = (marked.gold, marked.predicted)
        self._numbers: dict[Mention, int] = {}

    @property
    def mentions(self) -> list[Mention]:
        return list(self._numbers)

    def items(self) -> list[Json]:
        groups = self._groups()
        return [self._item(mistake, groups) for mistake in self._mistakes]

    def _groups(self) -> dict[tuple[str, int, Any], int]:
        """(task, side, index of the event) → number of the trigger's item."""
        triggers = [(number, one) for number, one in enumerate(self._mistakes) if one.layer == "trigger"]
        return {(one.task, side, index): number for number, one in triggers for side, index in enumerate(_sides(one))}

    def _item(self, mistake: Mistake, groups: dict[tuple[str, int, Any], int]) -> Json:
        item: Json = {"task": mistake.task, "layer": mistake.layer, "kind": mistake.kind}
        types = (mistake.gold_type, mistake.predicted_type)
        sides = _sides(mistake)
        item["types"] = [None if index is None else type or "" for index, type in zip(sides, types, strict=True)]
        item["sides"] = [
            None if index is None else [self._number(mention) for mention in _mentions(document, mistake.layer, index)]
            for document, index in zip(self._documents, sides, strict=True)
        ]
        if mistake.kind == WRONG_END_TYPES:
            item["ends"] = [_end_types(document, index) for document, index in zip(self._documents, sides, strict=True)]
        if mistake.layer in ("trigger", "argument"):
            events = [index[0] if isinstance(index, tuple) else index for index in sides]
            own = (groups.get((mistake.task, side, event)) for side, event in enumerate(events) if event is not None)
            group = next((number for number in own if number is not None), None)
            item |= {} if group is None else {"group": group}
        return item

    def _number(self, mention: Mention) -> int:
        return self._numbers.setdefault(mention, len(self._numbers))


def _sides(mistake: Mistake) -> tuple[Any, Any]:
    return mistake.gold, mistake.predicted


def _mentions(document: Document, layer: str, index: Any) -> Iterable[Mention]:
    entities, events = document.entities or (), document.events or ()
    if layer == "entity":
        return (entities[index].mention,)
    if layer == "relation":
        relation = (document.relations or ())[index]
        return (entities[relation.head].mention, entities[relation.tail].mention)
    if layer == "trigger":
        trigger = events[index].trigger
        return () if trigger is None else (trigger,)
    event, argument = index
    return (filler(events[event].arguments[argument], events),)


def _end_types(document: Document, index: Any) -> list[str]:
    entities, relation = document.entities or (), (document.relations or ())[index]
    return [entities[end].type or "" for end in (relation.head, relation.tail)]
