"""Train Documents → solved examples for the questions of a group: drawn ones, one for each label, or the nearest to a text."""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from uie.corpora.duplicates import text_key
from uie.documents import Document
from uie.prompting import Demonstration
from uie.records.asking import Asker, Demonstrations, Examples
from uie.records.drawing import draw
from uie.records.mix import Demonstrations as Settings
from uie.schema import KINDS, Schema
from uie.tasks import TASKS

Key = tuple[str | int, ...]
LabelOfKind = tuple[str, str]
_MOST = 5000  # Documents a pool keeps: enough to be near to anything, little enough to be searched for every record
_LETTERS = 3


@dataclass(frozen=True, slots=True)
class Held:
    """A Document of a pool, with the labels it holds, each with its kind, and the key of its text."""

    document: Document
    labels: AbstractSet[LabelOfKind]
    key: bytes


class Pool:
    """At most 5,000 Documents of one corpus' train split, those with the smallest draws, in the order of these."""

    def __init__(self, documents: Iterable[tuple[Document, AbstractSet[LabelOfKind]]], *, seed: int, corpus: str) -> None:
        self._seed = seed
        kept = heapq.nsmallest(_MOST, documents, key=lambda one: draw(seed, "pool", corpus, one[0].id))
        self._held = [Held(document, labels, text_key(document.text)) for document, labels in kept]
        self._index: _Index | None = None

    def drawn(self, key: Key, *, holding: AbstractSet[LabelOfKind] | None = None) -> Iterator[Held]:
        """The Documents from one on that is drawn for `key`: all, or those that hold one of the labels."""
        start = draw(self._seed, "demonstration", *key) % (len(self._held) or 1)
        for one in (*self._held[start:], *self._held[:start]):
            if holding is None or not holding.isdisjoint(one.labels):
                yield one

    def nearest(self, text: str) -> Iterator[Held]:
        """All Documents, those first whose texts are most like `text`."""
        if self._index is None:
            self._index = _Index([one.document.text for one in self._held])
        for number in self._index.nearest(text):
            yield self._held[number]


class GroupExamples:
    """The solved examples of one group's questions: never one of the group's own `texts`."""

    def __init__(self, settings: Settings, pool: Pool, asker: Asker, *, key: Key, texts: Iterable[str]) -> None:
        self._settings = settings
        self._pool = pool
        self._asker = asker
        self._key = key
        self._texts = {text_key(text) for text in texts}
        self._shared: dict[Schema, Demonstrations] = {}

    def of(self, text: str) -> Examples:
        """What `Asker.questions` needs to know for questions about this text of the group."""
        if self._settings.kind != "nearest":
            return lambda schema: (self._of_group(schema), ())
        ranked = list(self._pool.nearest(text))
        # The nearest stands last, beside the question.
        return lambda schema: ((), self._solved(ranked, schema)[::-1])

    def _of_group(self, schema: Schema) -> Demonstrations:
        if schema not in self._shared:
            # Of a text that holds nothing of it, a task with given parts has no question: passed over without looking closer.
            holding = _labels(schema) if TASKS.get(self._asker.task).gives else None
            drawn = self._pool.drawn(self._key, holding=holding)
            per_type = self._settings.kind == "per_type"
            self._shared[schema] = self._one_per_label(schema) if per_type else self._solved(drawn, schema)
        return self._shared[schema]

    def _one_per_label(self, schema: Schema) -> Demonstrations:
        """For one label after the other a Document that holds it, unless one that was taken before does."""
        found: list[Demonstration] = []
        covered: set[LabelOfKind] = set()
        kind = TASKS.get(self._asker.task).kinds[-1]
        for label in getattr(schema, kind):
            wanted = (kind, label.label)
            if wanted in covered or len(found) == self._settings.count:
                continue
            for one in self._pool.drawn((*self._key, *wanted), holding={wanted}):
                if solved := self._example(one, schema):
                    found.append(solved)
                    covered |= one.labels
                    break
        return tuple(found)

    def _solved(self, candidates: Iterable[Held], schema: Schema) -> Demonstrations:
        found: list[Demonstration] = []
        for one in candidates:
            if len(found) == self._settings.count:
                break
            if solved := self._example(one, schema):
                found.append(solved)
        return tuple(found)

    def _example(self, one: Held, schema: Schema) -> Demonstration | None:
        return None if one.key in self._texts else self._asker.demonstration(one.document, schema)


def _labels(schema: Schema) -> set[LabelOfKind]:
    return {(kind, label.label) for kind in KINDS for label in getattr(schema, kind)}


class _Index:
    """Cosine over triples of letters weighted by rarity (tf-idf): good for any script, and needs no words."""

    def __init__(self, texts: list[str]) -> None:
        counts = [_triples(text) for text in texts]
        frequency = Counter(triple for count in counts for triple in count)
        self._size = len(texts)
        self._rarity = {triple: np.log((1 + self._size) / (1 + number)) + 1 for triple, number in frequency.items()}
        found: dict[str, list[tuple[int, float]]] = {}
        for number, count in enumerate(counts):
            weights = {triple: times * self._rarity[triple] for triple, times in count.items()}
            length = sum(weight**2 for weight in weights.values()) ** 0.5 or 1.0
            for triple, weight in weights.items():
                found.setdefault(triple, []).append((number, weight / length))
        self._postings = {triple: _columns(rows) for triple, rows in found.items()}

    def nearest(self, text: str) -> list[int]:
        """The numbers of the texts, the most alike first; of equal ones the first."""
        likeness = np.zeros(self._size)
        for triple, times in _triples(text).items():
            if triple in self._postings:
                numbers, weights = self._postings[triple]
                likeness[numbers] += times * self._rarity[triple] * weights
        return [int(number) for number in np.argsort(-likeness, kind="stable")]


def _columns(rows: list[tuple[int, float]]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64]]:
    numbers, weights = zip(*rows, strict=True)
    return np.array(numbers, dtype=np.int32), np.array(weights)


def _triples(text: str) -> Counter[str]:
    folded = f" {text.casefold()} "
    return Counter(folded[start : start + _LETTERS] for start in range(len(folded) - _LETTERS + 1))
