"""`mistakes`: gold and predicted Document of one task → what became of each item: right, wrong in which way, missed or invented.

Items are paired one to one, best pairs first, whatever their order; what remains is missed or invented. Right is what is right under
the rule `strict`, in the task's main measure (`MAIN_MEASURES`), so that the right ones are its true positives. The kinds by layer:

    entity     wrong type               the same place
    trigger    wrong boundary           the same type, places that overlap
               wrong type and boundary  places that overlap
    relation   wrong types of ends      relation and both places are right (tasks that ask for the types of the ends)
               wrong type               the same two ends
               reversed                 the same relation, head and tail exchanged
               wrong boundary           the same relation, both ends overlap
               wrong ends               the same relation, one end at its place
    argument   wrong role               the same event type and place
               wrong event type         the same role and place
               wrong boundary           the same event type and role, places that overlap

An argument is right under the wrong trigger, too, as for `argument classification`; the same trigger is preferred. Of pairs that
overlap, those that share most are made first (Jaccard share of characters, then the same type). Where gold has no offsets the places
are strings, and two strings overlap where one contains the other.
"""

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from uie.documents import Document
from uie.scoring.overlap import jaccard, overlapping
from uie.scoring.rules import Place, filler, span_of, text_of
from uie.scoring.scope import gold_mentions

Layer = Literal["entity", "relation", "trigger", "argument"]
Index = int | tuple[int, int]  # (event, argument)
LAYERS: Mapping[str, tuple[Layer, ...]] = {
    **dict.fromkeys(("NER", "NER1", "ES", "ET"), ("entity",)),
    **dict.fromkeys(("RE", "SPO", "EP", "EPR", "RC", "KG"), ("relation",)),
    "JOINT": ("entity", "relation"),
    "EE": ("trigger", "argument"),
    "EET": ("trigger",),
    "EEA": ("argument",),
}
"""What a task's items are; no other task has mistakes."""

CORRECT, MISSED, INVENTED = "correct", "missed", "invented"
WRONG_TYPE, WRONG_BOUNDARY, WRONG_BOTH = "wrong type", "wrong boundary", "wrong type and boundary"
WRONG_END_TYPES, REVERSED, WRONG_ENDS = "wrong types of ends", "reversed", "wrong ends"
WRONG_ROLE, WRONG_EVENT_TYPE = "wrong role", "wrong event type"
KINDS: Mapping[Layer, tuple[str, ...]] = {
    "entity": (CORRECT, WRONG_TYPE, WRONG_BOUNDARY, WRONG_BOTH, MISSED, INVENTED),
    "relation": (CORRECT, WRONG_END_TYPES, WRONG_TYPE, REVERSED, WRONG_BOUNDARY, WRONG_ENDS, MISSED, INVENTED),
    "trigger": (CORRECT, WRONG_TYPE, WRONG_BOUNDARY, WRONG_BOTH, MISSED, INVENTED),
    "argument": (CORRECT, WRONG_ROLE, WRONG_EVENT_TYPE, WRONG_BOUNDARY, MISSED, INVENTED),
}
"""The kinds of each layer, in the order in which pairs are made and reports show them."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What became of an item; a right one, too, has the kind "correct".

    `gold` and `predicted` are indices into the Document's entities, relations or events (the trigger is its event's); an argument is
    (event, argument). None where there is no such side: nothing was predicted ("missed"), or gold has nothing there ("invented").
    The type of an argument is EVENT TYPE/ROLE; that of a mere span or pair is None.
    """

    task: str
    layer: Layer
    kind: str
    gold: Index | None
    predicted: Index | None
    gold_type: str | None
    predicted_type: str | None


@dataclass(frozen=True, slots=True)
class Confusion:
    """The pairs of one layer of one corpus by their types.

    `matrix[g][p]` counts pairs of `gold_types[g]` and `predicted_types[p]`, boundaries aside; its last column counts the missed of each
    gold type, its last row the invented of each predicted type, and the corner is 0. Types with most items come first, in one order on
    both sides. `kinds`: kind of mistake → how many, all kinds of the layer.
    """

    dataset: str
    task: str
    layer: Layer
    gold_types: tuple[str, ...]
    predicted_types: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    kinds: Mapping[str, int] = field(default_factory=dict)


def mistakes(
    gold: Document,
    predicted: Document,
    task: str,
    *,
    by_string: bool | None = None,
    end_types: bool | None = None,
    symmetric: Collection[str] = (),
) -> tuple[Mistake, ...]:
    """What became of each item of the task, layer by layer: the pairs, then the missed, then the invented.

    Both Documents are taken as they are: restrict gold to what was asked first (`uie.scoring.scope.restricted`). `by_string`: places
    are strings; without a word from the caller, where a gold mention of the task has no offsets. `end_types`: types of the ends of
    relations count; without a word, for SPO and JOINT. `symmetric` names relations whose ends may come in either order.
    """
    if by_string is None:
        by_string = any(not mention.grounded for mention in gold_mentions(gold, task)) if task in LAYERS else False
    place = text_of if by_string else span_of
    found: list[Mistake] = []
    for layer in LAYERS.get(task, ()):
        if layer == "relation":
            with_types = task in ("SPO", "JOINT") if end_types is None else end_types
            sides = [
                _pair_items(d, place) if task == "EP" else _relation_items(d, place, with_types, symmetric)
                for d in (gold, predicted)
            ]
        elif layer == "entity":
            sides = [_span_items(d, place) if task == "ES" else _entity_items(d, place) for d in (gold, predicted)]
        else:
            sides = [_trigger_items(d, place) if layer == "trigger" else _argument_items(d, place) for d in (gold, predicted)]
        found += _Pairing(task, layer, *sides).all()
    return tuple(found)


# Items


class _Item(NamedTuple):
    """`type` is what tables call it; `places` are those of its parts; `kinds` are the types of its parts, or event type and role."""

    at: Index
    type: str | None
    places: tuple[Any, ...]
    kinds: tuple[str | None, ...] = ()
    trigger: Hashable = None

    @property
    def content(self) -> Hashable:
        return self[1:]


def _entity_items(document: Document, place: Place) -> list[_Item]:
    return [
        _Item(index, entity.type, (place(entity.mention),))
        for index, entity in enumerate(document.entities or ())
        if entity.type is not None
    ]


def _span_items(document: Document, place: Place) -> list[_Item]:
    first: dict[Any, int] = {}
    for index, entity in enumerate(document.entities or ()):
        first.setdefault(entity.mention, index)
    return [_Item(index, None, (place(mention),)) for mention, index in first.items()]


def _relation_items(document: Document, place: Place, end_types: bool, symmetric: Collection[str]) -> list[_Item]:
    entities, items = document.entities or (), []
    for index, relation in enumerate(document.relations or ()):
        if relation.level == "entity":
            ends = [(place(end.mention), end.type) for end in (entities[relation.head], entities[relation.tail])]
            if relation.type in symmetric:
                ends.sort(key=repr)  # as the rules do
            kinds = tuple(type for _, type in ends) if end_types else ()
            items.append(_Item(index, relation.type, tuple(where for where, _ in ends), kinds))
    return items


def _pair_items(document: Document, place: Place) -> list[_Item]:
    entities, first = document.entities or (), dict[Any, int]()
    for index, relation in enumerate(document.relations or ()):
        if relation.level == "entity":
            first.setdefault((entities[relation.head].mention, entities[relation.tail].mention), index)
    return [_Item(index, None, (place(head), place(tail))) for (head, tail), index in first.items()]


def _trigger_items(document: Document, place: Place) -> list[_Item]:
    return [
        _Item(index, event.type, (None if event.trigger is None else place(event.trigger),))
        for index, event in enumerate(document.events or ())
    ]


def _argument_items(document: Document, place: Place) -> list[_Item]:
    events, items = document.events or (), []
    for number, event in enumerate(events):
        trigger = None if event.trigger is None else place(event.trigger)
        for index, argument in enumerate(event.arguments):
            kinds = (event.type, argument.role)
            items.append(
                _Item((number, index), f"{event.type}/{argument.role}", (place(filler(argument, events)),), kinds, trigger)
            )
    return items


# Pairing


_Key = Callable[[_Item], Hashable]


class _Pairing:
    """Pairs the items of one layer, kind after kind, and takes what is paired out of `_gold` and `_predicted`."""

    def __init__(self, task: str, layer: Layer, gold: list[_Item], predicted: list[_Item]) -> None:
        self._task, self._layer = task, layer
        self._gold, self._predicted = gold, predicted
        self._found: list[Mistake] = []

    def all(self) -> list[Mistake]:
        self._equal(CORRECT, lambda item: item.content)
        if self._gold and self._predicted:
            {"relation": self._relations, "argument": self._arguments}.get(self._layer, self._mentions)()
        for item in self._gold:
            self._add(MISSED, item, None)
        for item in self._predicted:
            self._add(INVENTED, None, item)
        return self._found

    def _mentions(self) -> None:
        self._equal(WRONG_TYPE, lambda item: item.places)
        self._close(lambda gold, predicted: WRONG_BOUNDARY if gold.type == predicted.type else WRONG_BOTH, _overlaps)

    def _relations(self) -> None:
        self._equal(WRONG_END_TYPES, lambda item: (item.type, item.places))
        self._equal(WRONG_TYPE, lambda item: item.places)
        self._equal(REVERSED, lambda item: (item.type, item.places), lambda item: (item.type, item.places[::-1]))
        self._close(lambda gold, predicted: WRONG_BOUNDARY, _of_one_type(_least_share))
        self._close(lambda gold, predicted: WRONG_ENDS, _of_one_type(_an_end))

    def _arguments(self) -> None:
        self._equal(CORRECT, lambda item: (item.kinds, item.places))
        self._equal(WRONG_ROLE, lambda item: (item.kinds[0], item.places, item.trigger))
        self._equal(WRONG_ROLE, lambda item: (item.kinds[0], item.places))
        self._equal(WRONG_EVENT_TYPE, lambda item: (item.kinds[1], item.places, item.trigger))
        self._equal(WRONG_EVENT_TYPE, lambda item: (item.kinds[1], item.places))
        self._close(lambda gold, predicted: WRONG_BOUNDARY, _of_one_type(_least_share))

    def _equal(self, kind: str, key: _Key, predicted_key: _Key | None = None) -> None:
        """Pairs items of one key. Of several, the order of their contents decides, so that the order of items does not."""
        waiting: dict[Hashable, list[_Item]] = {}
        for item in self._gold:
            waiting.setdefault(key(item), []).append(item)
        wanting: dict[Hashable, list[_Item]] = {}
        for item in self._predicted:
            wanted = (predicted_key or key)(item)
            if wanted in waiting:
                wanting.setdefault(wanted, []).append(item)
        paired: list[tuple[_Item, _Item]] = []
        for wanted, items in wanting.items():
            both = (waiting[wanted], items)
            first, second = (sorted(own, key=_order) if len(waiting[wanted]) + len(items) > 2 else own for own in both)
            paired += zip(first, second, strict=False)
        self._take(paired, lambda gold, predicted: kind)

    def _close(self, kind: Callable[[_Item, _Item], str], candidates: "_Candidates") -> None:
        """Pairs items that are near each other, the nearest first; of equally near ones those of one type."""
        near = sorted(
            candidates(self._gold, self._predicted),
            key=lambda one: (-one[0], one[1].type != one[2].type, _order(one[1]), _order(one[2])),
        )
        gold_taken, predicted_taken = set[Index](), set[Index]()
        paired = []
        for _, gold, predicted in near:
            if gold.at not in gold_taken and predicted.at not in predicted_taken:
                gold_taken.add(gold.at)
                predicted_taken.add(predicted.at)
                paired.append((gold, predicted))
        self._take(paired, kind)

    def _take(self, paired: Sequence[tuple[_Item, _Item]], kind: Callable[[_Item, _Item], str]) -> None:
        if not paired:
            return
        for gold, predicted in paired:
            self._add(kind(gold, predicted), gold, predicted)
        gold_taken, predicted_taken = {gold.at for gold, _ in paired}, {predicted.at for _, predicted in paired}
        self._gold = [item for item in self._gold if item.at not in gold_taken]
        self._predicted = [item for item in self._predicted if item.at not in predicted_taken]

    def _add(self, kind: str, gold: _Item | None, predicted: _Item | None) -> None:
        sides = (gold and gold.at, predicted and predicted.at, gold and gold.type, predicted and predicted.type)
        self._found.append(Mistake(self._task, self._layer, kind, *sides))


def _order(item: _Item) -> str:
    return repr(item.content)  # types may be None, and places of several kinds, which do not compare


_Near = Iterator[tuple[float, _Item, _Item]]
_Candidates = Callable[[Sequence[_Item], Sequence[_Item]], _Near]


def _overlaps(gold: Sequence[_Item], predicted: Sequence[_Item]) -> _Near:
    """Items of one place that overlap; those with offsets are swept from left to right, since a document may hold thousands."""
    spans = [[item for item in side if _is_span(item.places[0])] for side in (gold, predicted)]
    fits = overlapping([item.places[0] for item in spans[0]], [item.places[0] for item in spans[1]], jaccard)
    for first, own in fits.items():
        yield from ((share, spans[0][first], spans[1][second]) for second, share in own.items())
    for one in gold:
        for other in predicted:
            if isinstance(one.places[0], str) and (share := _share(one.places[0], other.places[0])):
                yield share, one, other


def _of_one_type(near: Callable[[_Item, _Item], float]) -> _Candidates:
    def candidates(gold: Sequence[_Item], predicted: Sequence[_Item]) -> _Near:
        by_type: dict[str | None, list[_Item]] = {}
        for other in predicted:
            by_type.setdefault(other.type, []).append(other)
        for one in gold:
            for other in by_type.get(one.type, ()):
                if share := near(one, other):
                    yield share, one, other

    return candidates


def _least_share(one: _Item, other: _Item) -> float:
    return min(_share(*places) for places in zip(one.places, other.places, strict=True))


def _an_end(one: _Item, other: _Item) -> float:
    """1 where an end is at its place, more where the other one is near, 0 where none is."""
    shares = [_share(*places) for places in zip(one.places, other.places, strict=True)]
    return sum(shares) if any(a == b for a, b in zip(one.places, other.places, strict=True)) else 0.0


def _share(one: Any, other: Any) -> float:
    """How much of two places is common to both, from 0 to 1."""
    if one == other:
        return 1.0
    if isinstance(one, str) and isinstance(other, str):
        short, long = sorted((one, other), key=len)
        return len(short) / len(long) if short and short in long else 0.0
    return jaccard(one, other) if _is_span(one) and _is_span(other) else 0.0


def _is_span(place: Any) -> bool:
    """Whether it is a place in the text; others are a string, ("ungrounded", string), and None for no trigger."""
    return isinstance(place, tuple) and isinstance(place[0], tuple)


# Confusions


class ConfusionTally:
    """Mistakes of one corpus, added document by document → a Confusion for each task and layer that has any."""

    def __init__(self, dataset: str) -> None:
        self._dataset = dataset
        self._cells: dict[tuple[str, Layer], Counter[tuple[str | None, str | None]]] = {}
        self._kinds: dict[tuple[str, Layer], Counter[str]] = {}

    def add(self, found: Iterable[Mistake]) -> None:
        for one in found:
            key = (one.task, one.layer)
            gold = None if one.gold is None else one.gold_type or ""
            predicted = None if one.predicted is None else one.predicted_type or ""
            self._cells.setdefault(key, Counter())[gold, predicted] += 1
            self._kinds.setdefault(key, Counter())[one.kind] += 1

    def finish(self) -> tuple[Confusion, ...]:
        """In the order of `LAYERS`."""
        keys = [(task, layer) for task, layers in LAYERS.items() for layer in layers if (task, layer) in self._cells]
        return tuple(self._confusion(task, layer) for task, layer in keys)

    def _confusion(self, task: str, layer: Layer) -> Confusion:
        cells, kinds = self._cells[task, layer], self._kinds[task, layer]
        gold, predicted = Counter[str](), Counter[str]()
        for (row, column), number in cells.items():
            if row is not None:
                gold[row] += number
            if column is not None:
                predicted[column] += number
        order = sorted({**gold, **predicted}, key=lambda type: (-gold[type], -predicted[type], type))
        rows, columns = [type for type in order if type in gold], [type for type in order if type in predicted]
        matrix = tuple(tuple(cells[row, column] for column in (*columns, None)) for row in (*rows, None))
        every = {kind: kinds[kind] for kind in KINDS[layer]}
        return Confusion(self._dataset, task, layer, tuple(rows), tuple(columns), matrix, every)
