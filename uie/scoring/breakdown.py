"""`breakdown`: the same counts in buckets, by what is known of a document or of an item. Documents → counts of each bucket.

Of a document: `text length`, `language`, `nesting of the text`. Of a type: `seen label`. Of an entity: `mention length`, `seen mention`,
`nesting`. An entity that is right falls into the bucket of its gold item, so that the buckets add up to the whole.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from uie.documents import Document, Entity
from uie.errors import ScoringError, SettingsError, unknown_name
from uie.scoring import RULES
from uie.scoring.counts import Counts
from uie.scoring.joining import join
from uie.scoring.rules import ENTITIES, MentionRule, typed
from uie.scoring.scope import Pair, common_tasks, restricted
from uie.scoring.score import ALL, score
from uie.scoring.scores import Scores
from uie.tasks.occurrences import is_unspaced

LENGTHS = ((1, "1"), (2, "2"), (3, "3"), (5, "4-5"), (10, "6-10"), (20, "11-20"), (50, "21-50"), (100, "51-100"))
"""Upper bounds of buckets of lengths, in words (in characters where a script writes no spaces), with their names."""
LONGEST = "over 100"
SEEN_LABEL = "seen label"


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket of one measure over all corpora that were scored by one rule. `documents` counts those that have anything in it."""

    by: str
    bucket: str
    task: str
    measure: str
    rule: str
    documents: int
    counts: Counts


@dataclass(frozen=True, slots=True)
class Seen:
    """What training Documents hold, as far as buckets ask."""

    mentions: frozenset[tuple[str, str]]
    labels: frozenset[str]

    @classmethod
    def learn(cls, documents: Iterable[Document]) -> "Seen":
        """The strings of training mentions with their types, and the labels of entities, relations and events."""
        mentions, labels = set[tuple[str, str]](), set[str]()
        for document in documents:
            entities = {(entity.mention.text, entity.type) for entity in document.entities or () if entity.type is not None}
            mentions |= entities
            labels |= {type for _, type in entities if type is not None}
            labels |= {relation.type for relation in document.relations or () if relation.type is not None}
            labels |= {event.type for event in document.events or ()}
        return cls(frozenset(mentions), frozenset(labels))


def breakdown(
    gold: Iterable[Document],
    predicted: Iterable[Document],
    *,
    by: str | Sequence[str] = (),
    rule: str = "strict",
    train: Iterable[Document] = (),
) -> tuple[Bucket, ...]:
    """The counts of a rule in buckets, `by` one or several of `DOCUMENT_BUCKETS`, `SEEN_LABEL` and `ENTITY_BUCKETS`; of none: all that fit.

    Those of entities fit strict and string (and auto). `train` are the Documents that "seen" refers to. Malformed pieces have no mention
    and no label: they count in buckets of documents only.

    Raises:
        SettingsError: `by` names no buckets, or the rule cannot be broken down so.
        ScoringError: as `uie.scoring.score.score`; "seen" without `train`.
    """
    gold, predicted, seen = tuple(gold), tuple(predicted), Seen.learn(train)
    names = (by,) if isinstance(by, str) else tuple(by)
    scores = score(gold, predicted, rule=rule)
    fit = fitting(scores, seen)
    for name in names:
        if name not in (*DOCUMENT_BUCKETS, SEEN_LABEL, *ENTITY_BUCKETS):
            raise SettingsError(unknown_name("breakdown", name, [*DOCUMENT_BUCKETS, SEEN_LABEL, *ENTITY_BUCKETS]))
        if name.startswith("seen") and not seen.labels:
            raise ScoringError(f"by {name!r} needs the training Documents; give train.")
        if name not in fit:
            raise SettingsError(f"rule {rule!r} cannot be broken down by {name}: choose strict or string.")
    return buckets(scores, join(gold, predicted), names or fit, seen)


def fitting(scores: Scores, seen: Seen) -> tuple[str, ...]:
    """The breakdowns that Scores can have; none for the rule "all", whose figures would stand side by side unexplained."""
    names = () if scores.rule == ALL else (*DOCUMENT_BUCKETS, SEEN_LABEL, *ENTITY_BUCKETS)
    of_entities = any(_has_entities(row.rule) for row in scores.rows)
    return tuple(
        name for name in names if (seen.labels or not name.startswith("seen")) and (of_entities or name not in ENTITY_BUCKETS)
    )


def buckets(scores: Scores, pairs: Sequence[Pair], by: Sequence[str], seen: Seen) -> tuple[Bucket, ...]:
    """The counts of `scores` in buckets; `pairs` are the Documents that were scored. One pass, whatever number of breakdowns."""
    found = _Buckets()
    _by_document(found, scores, {pair.gold.id: pair.gold for pair in pairs}, [name for name in by if name in DOCUMENT_BUCKETS])
    of_entities = [name for name in by if name in ENTITY_BUCKETS]
    measured: dict[tuple[str, str], dict[str, dict[str, set[str]]]] = {}
    for row in scores.rows if of_entities or SEEN_LABEL in by else ():
        if row.per_document is not None:
            own = measured.setdefault((row.dataset, row.task), {}).setdefault(row.rule, {})
            own[row.measure] = set(row.per_document.ids)
    for pair in pairs if measured else ():
        for task in common_tasks(pair):
            for rule, measures in measured.get((pair.gold.dataset, task), {}).items():
                scored = pair._replace(gold=restricted(pair.gold, pair.asked, task))
                if SEEN_LABEL in by:
                    _by_label(found, rule, measures, seen, task, scored)
                if of_entities and ENTITIES in measures and _has_entities(rule):
                    _by_entity(found, rule, of_entities, seen, task, scored)
    return found.all(by)


def _has_entities(name: str) -> bool:
    """Whether the rule matches entities one to one by type and place, so that each counts somewhere by itself."""
    rule = RULES.get(name)
    return isinstance(rule, MentionRule) and ENTITIES in rule.measures("NER")


@dataclass(slots=True)
class _Sum:
    right: float = 0
    wrong: float = 0
    missed: float = 0
    documents: int = 0
    last: str | None = None


class _Buckets:
    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str, str, str], _Sum] = {}

    def add(self, key: tuple[str, str, str, str, str], document: str, counts: tuple[float, float, float]) -> None:
        """`key`: as the first five of a Bucket. What is of one document and key comes together."""
        own = self._sums.setdefault(key, _Sum())
        own.right += counts[0]
        own.wrong += counts[1]
        own.missed += counts[2]
        own.documents += own.last != document
        own.last = document

    def add_documents(self, key: tuple[str, str, str, str, str], documents: int, counts: Iterable[float]) -> None:
        right, wrong, missed = (int(number) if number == int(number) else float(number) for number in counts)
        own = self._sums.setdefault(key, _Sum())
        self._sums[key] = _Sum(own.right + right, own.wrong + wrong, own.missed + missed, own.documents + documents)

    def all(self, by: Sequence[str]) -> tuple[Bucket, ...]:
        """Breakdowns in the order of `by`, buckets of lengths from short to long."""
        order = {name: place for place, name in enumerate([*(name for _, name in LENGTHS), LONGEST])}
        keys = sorted(self._sums, key=lambda key: (by.index(key[0]), *key[2:], order.get(key[1], -1), key[1]))
        sums = ((key, self._sums[key]) for key in keys)
        return tuple(Bucket(*key, own.documents, Counts(own.right, own.wrong, own.missed)) for key, own in sums)


def _by_document(found: _Buckets, scores: Scores, documents: Mapping[str, Document], by: Sequence[str]) -> None:
    for name in by:
        bucket_of = {id: DOCUMENT_BUCKETS[name](document) for id, document in documents.items()}
        for row in scores.rows:
            if row.per_document is None:
                continue
            names, place = np.unique([bucket_of[id] for id in row.per_document.ids], return_inverse=True)
            for number, bucket in enumerate(names):
                own = row.per_document.counts[place == number]
                found.add_documents((name, str(bucket), row.task, row.measure, row.rule), len(own), own.sum(axis=0))


def _by_label(found: _Buckets, rule: str, measures: Mapping[str, set[str]], seen: Seen, task: str, pair: Pair) -> None:
    """Counts without a type are in no bucket; a role belongs to its event."""
    for measure, by_type in RULES.get(rule).counts(pair, task).items():
        for type, counts in by_type.items() if pair.gold.id in measures.get(measure, ()) else ():
            if type is not None:
                known = type in seen.labels or type.rpartition("/")[0] in seen.labels
                key = (SEEN_LABEL, "seen" if known else "unseen", task, measure, rule)
                found.add(key, pair.gold.id, (counts.true_positive, counts.false_positive, counts.false_negative))


_RIGHT, _WRONG, _MISSED = (1, 0, 0), (0, 1, 0), (0, 0, 1)


def _by_entity(found: _Buckets, name: str, by: Sequence[str], seen: Seen, task: str, pair: Pair) -> None:
    rule = RULES.get(name)
    assert isinstance(rule, MentionRule)
    place = rule.place
    gold, predicted = typed(pair.gold), typed(pair.predicted)
    missed: dict[Hashable, list[Entity]] = {}
    for entity in gold:
        missed.setdefault((entity.type, place(entity.mention)), []).append(entity)
    told: list[tuple[Entity, Sequence[Entity], tuple[int, int, int]]] = []
    for entity in predicted:
        equal = missed.get((entity.type, place(entity.mention)))
        told.append((equal.pop(0), gold, _RIGHT) if equal else (entity, predicted, _WRONG))
    told += [(entity, gold, _MISSED) for left in missed.values() for entity in left]
    nested = {id(side): _nested_spans(side) for side in (gold, predicted)} if "nesting" in by else {}
    for entity, side, counts in told:
        is_nested = entity.mention.span in nested.get(id(side), ())
        for one in by:
            found.add((one, ENTITY_BUCKETS[one](entity, is_nested, seen), task, ENTITIES, name), pair.gold.id, counts)


def length_of(text: str) -> int:
    """Words between white space, where each character of a script without spaces counts as one."""
    if text.isascii():
        return len(text.split())
    unspaced = sum(map(is_unspaced, text))
    return unspaced + len("".join(" " if is_unspaced(character) else character for character in text).split())


def _length_bucket(length: int) -> str:
    return next((name for most, name in LENGTHS if length <= most), LONGEST)


def _nested_spans(entities: Sequence[Entity]) -> set[Hashable]:
    """The places of grounded mentions that share a character with a mention at another place."""
    spans = sorted({span for entity in entities if (span := entity.mention.span) is not None}, key=lambda span: span[0][0])
    nested, furthest = set[Hashable](), -1
    for number, span in enumerate(spans):
        later = spans[number + 1 : number + 2]
        if span[0][0] < furthest or (later and later[0][0][0] < span[-1][1]):
            nested.add(span)
        furthest = max(furthest, span[-1][1])
    return nested


DOCUMENT_BUCKETS: Mapping[str, Callable[[Document], str]] = {
    "text length": lambda document: _length_bucket(length_of(document.text)),
    "language": lambda document: document.lang,
    "nesting of the text": lambda document: "nested" if _nested_spans(typed(document)) else "flat",
}
ENTITY_BUCKETS: Mapping[str, Callable[[Entity, bool, Seen], str]] = {
    "mention length": lambda entity, nested, seen: _length_bucket(length_of(entity.mention.text)),
    "nesting": lambda entity, nested, seen: "nested" if nested else "flat",
    "seen mention": lambda entity, nested, seen: "seen" if (entity.mention.text, entity.type) in seen.mentions else "unseen",
}
