"""`breakdown`: the same counts in buckets, by what is known of a document or of an item. Documents → counts of each bucket.

Of a document: `text length`, `language`, `nesting of the text`. Of a type: `seen label`. Of an entity: `mention length`, `seen mention`,
`nesting`. An entity that is right falls into the bucket of its gold item, so that the buckets add up to the whole.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from uie.documents import Document, Entity
from uie.errors import ScoringError, SettingsError, unknown_name
from uie.scoring import RULES, Rule
from uie.scoring.counts import Counts
from uie.scoring.rules import ENTITIES, MentionRule, typed
from uie.scoring.scope import Pair, scored_pairs
from uie.scoring.score import join
from uie.tasks.occurrences import is_unspaced

LENGTHS = ((1, "1"), (2, "2"), (3, "3"), (5, "4-5"), (10, "6-10"), (20, "11-20"), (50, "21-50"), (100, "51-100"))
"""Upper bounds of buckets of lengths, in words (in characters where a script writes no spaces), with their names."""
LONGEST = "over 100"
SEEN_LABEL = "seen label"


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket of one measure over all corpora. `documents` counts those that have anything in it."""

    by: str
    bucket: str
    task: str
    measure: str
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
    by: str,
    rule: str = "strict",
    train: Iterable[Document] = (),
) -> tuple[Bucket, ...]:
    """The counts of a rule in buckets, `by` one of `DOCUMENT_BUCKETS` or `SEEN_LABEL` (any rule), or `ENTITY_BUCKETS` (strict or string).

    `train` are the Documents that "seen" refers to. Malformed pieces have no mention: they count in buckets of documents only.

    Raises:
        SettingsError: `by` names no buckets, or the rule cannot be broken down so.
        ScoringError: as `uie.scoring.score.score`; "seen" without `train`.
    """
    pairs = join(gold, predicted)
    found, seen = _Buckets(by), Seen.learn(train)
    if by.startswith("seen") and not seen.labels:
        raise ScoringError(f"by {by!r} needs the training Documents; give train.")
    one = RULES.get(rule)
    by_dataset: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_dataset.setdefault(pair.gold.dataset, []).append(pair)
    scored = [item for own in by_dataset.values() for item in scored_pairs(own).items()]
    if by in DOCUMENT_BUCKETS:
        for task, own in scored:
            _by_document(found, one, DOCUMENT_BUCKETS[by], task, own)
    elif by == SEEN_LABEL:
        for task, own in scored:
            _by_label(found, one, seen, task, own)
    elif by in ENTITY_BUCKETS:
        if not isinstance(one, MentionRule) or one.keys is None:
            raise SettingsError(f"rule {rule!r} cannot be broken down by {by}: choose strict or string.")
        for task, own in scored:
            if one.measures(task) == (ENTITIES,):
                _by_entity(found, one, ENTITY_BUCKETS[by], seen, task, own)
    else:
        raise SettingsError(unknown_name("breakdown", by, [*DOCUMENT_BUCKETS, SEEN_LABEL, *ENTITY_BUCKETS]))
    return found.all()


class _Buckets:
    def __init__(self, by: str) -> None:
        self._by = by
        self._counts: dict[tuple[str, str, str], Counts] = {}
        self._documents: dict[tuple[str, str, str], set[str]] = {}

    def add(self, bucket: str, task: str, measure: str, document: str, counts: Counts) -> None:
        key = (task, measure, bucket)
        self._counts[key] = self._counts.get(key, Counts()) + counts
        self._documents.setdefault(key, set()).add(document)

    def all(self) -> tuple[Bucket, ...]:
        names = [name for _, name in LENGTHS] + [LONGEST]
        order = {name: place for place, name in enumerate(names)}
        keys = sorted(self._counts, key=lambda key: (key[0], key[1], order.get(key[2], -1), key[2]))
        return tuple(
            Bucket(
                self._by, bucket, task, measure, len(self._documents[task, measure, bucket]), self._counts[task, measure, bucket]
            )
            for task, measure, bucket in keys
        )


def _by_document(found: _Buckets, rule: Rule, bucket: Callable[[Document], str], task: str, pairs: Sequence[Pair]) -> None:
    if not rule.measures(task):
        return
    malformed = rule.malformed.get(task, ())
    for pair in pairs:
        wrong = sum(
            problem.get("kind") == "malformed" and problem.get("task", task) == task for problem in pair.predicted.problems or ()
        )
        for measure, counts in rule.counts(pair, task).items():
            total = sum(counts.values(), Counts(false_positive=wrong if measure in malformed else 0))
            found.add(bucket(pair.gold), task, measure, pair.gold.id, total)


def _by_label(found: _Buckets, rule: Rule, seen: Seen, task: str, pairs: Sequence[Pair]) -> None:
    """Counts without a type are in no bucket; a role belongs to its event."""
    for pair in pairs if rule.measures(task) else ():
        for measure, by_type in rule.counts(pair, task).items():
            for type, counts in by_type.items():
                if type is not None:
                    known = type in seen.labels or type.rpartition("/")[0] in seen.labels
                    found.add("seen" if known else "unseen", task, measure, pair.gold.id, counts)


_EntityBucket = Callable[[Entity, Document, Seen], str]


def _by_entity(found: _Buckets, rule: MentionRule, bucket: _EntityBucket, seen: Seen, task: str, pairs: Sequence[Pair]) -> None:
    assert rule.keys is not None
    keys = rule.keys
    for pair in pairs:
        missed: dict[tuple[object, ...], list[Entity]] = {}
        for entity in typed(pair.gold):
            missed.setdefault(keys([entity])[0], []).append(entity)
        for entity in typed(pair.predicted):
            equal = missed.get(keys([entity])[0])
            if equal:
                found.add(bucket(equal.pop(0), pair.gold, seen), task, ENTITIES, pair.gold.id, Counts(1, 0, 0))
            else:
                found.add(bucket(entity, pair.predicted, seen), task, ENTITIES, pair.gold.id, Counts(0, 1, 0))
        for entity in (entity for left in missed.values() for entity in left):
            found.add(bucket(entity, pair.gold, seen), task, ENTITIES, pair.gold.id, Counts(0, 0, 1))


def length_of(text: str) -> int:
    """Words between white space, where each character of a script without spaces counts as one."""
    unspaced = sum(map(is_unspaced, text))
    return unspaced + len("".join(" " if is_unspaced(character) else character for character in text).split())


def _length_bucket(length: int) -> str:
    return next((name for most, name in LENGTHS if length <= most), LONGEST)


def _is_nested(entity: Entity, document: Document) -> bool:
    """Whether another typed mention at another place shares a character with it."""
    mention = entity.mention
    if mention.start is None or mention.end is None:
        return False
    return any(
        other.mention.span != mention.span
        and other.mention.start is not None
        and other.mention.end is not None
        and other.mention.start < mention.end
        and mention.start < other.mention.end
        for other in typed(document)
    )


def _nesting_of_the_text(document: Document) -> str:
    return "nested" if any(_is_nested(entity, document) for entity in typed(document)) else "flat"


DOCUMENT_BUCKETS: Mapping[str, Callable[[Document], str]] = {
    "text length": lambda document: _length_bucket(length_of(document.text)),
    "language": lambda document: document.lang,
    "nesting of the text": _nesting_of_the_text,
}
ENTITY_BUCKETS: Mapping[str, _EntityBucket] = {
    "mention length": lambda entity, document, seen: _length_bucket(length_of(entity.mention.text)),
    "nesting": lambda entity, document, seen: "nested" if _is_nested(entity, document) else "flat",
    "seen mention": lambda entity, document, seen: "seen" if (entity.mention.text, entity.type) in seen.mentions else "unseen",
}
