"""Gold and predicted Documents → batches of those that belong together and are scored alike; or one error that counts what does not fit.

Lists may come in any order. Iterators are read side by side and let go of again, so that files of any length need little memory;
where they are not in one order, what has no partner yet is held.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from uie.documents import Document
from uie.errors import SchemaError, ScoringError
from uie.schema import Schema
from uie.scoring.scope import AnswerPair, Pair, asked_schema, common_tasks, tasks_of

BLOCK = 1024  # documents that a stream holds at a time
Answers = Mapping[str, tuple[AnswerPair, ...]]
_Sides = tuple[Sequence[Document], Sequence[Document]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Gold and predicted Documents, side by side, of one dataset, annotated with the same kinds and asked the same."""

    gold: Sequence[Document]
    predicted: Sequence[Document]
    asked: Schema | None
    tasks: tuple[str, ...]
    "those that are scored: annotated on both sides, and asked"
    named: tuple[str, ...]
    "the tasks that the predictions name themselves"
    answers: Answers

    def pair(self, place: int) -> Pair:
        gold = self.gold[place]
        return Pair(gold, self.predicted[place], self.asked, self.named, self.answers.get(gold.id, ()))

    def pairs(self) -> Iterator[Pair]:
        return map(self.pair, range(len(self.gold)))


class Joined:
    """The batches of all gold Documents with their predictions; `documents` counts them once that is through.

    Several predicted Documents may share an id where they answer different tasks; those of an iterator must follow one another.

    Raises while it is gone through:
        ScoringError: at the end: an id is missing on one side or given twice, or one id has two texts; all of it in one message.
        SchemaError: a prediction's `asked` is no schema.
    """

    def __init__(self, gold: Iterable[Document], predicted: Iterable[Document], answers: Iterable[AnswerPair] = ()) -> None:
        self._sides = gold, predicted
        self._state = _Join(_by_document(answers))

    @property
    def documents(self) -> int:
        return len(self._state.gold_ids)

    def __iter__(self) -> Iterator[Batch]:
        for sides in _blocks(*self._sides):
            yield from _alike(*self._state.matched(*sides), self._state.answers)
        self._state.check()


def join(gold: Iterable[Document], predicted: Iterable[Document], answers: Iterable[AnswerPair] = ()) -> list[Pair]:
    """Gold and predicted Documents by id, in the order of gold, each with its answers.

    Raises:
        ScoringError, SchemaError: as `Joined`.
    """
    state = _Join(_by_document(answers))
    pairs: list[Pair] = []
    for sides in _blocks(gold, predicted):
        for one, other, asking in _askings(*state.matched(*sides)):
            pairs.append(Pair(one, other, asking.schema, asking.named, state.answers.get(one.id, ())))
    state.check()
    return pairs


def _by_document(answers: Iterable[AnswerPair]) -> Answers:
    found: dict[str, list[AnswerPair]] = {}
    for answer in answers:
        found.setdefault(answer.document_id, []).append(answer)
    return {id: tuple(own) for id, own in found.items()}


def _blocks(gold: Iterable[Document], predicted: Iterable[Document]) -> Iterator[_Sides]:
    if not (isinstance(gold, Sequence) and isinstance(predicted, Sequence)):
        yield from _side_by_side(iter(gold), iter(predicted))
        return
    most = max(len(gold), len(predicted))
    in_order = [document.id for document in gold] == [document.id for document in predicted]
    step = min(BLOCK, most) if in_order else most  # all at once where any may belong to any
    yield from ((gold[at : at + step], predicted[at : at + step]) for at in range(0, most, step or 1))


def _side_by_side(gold: Iterator[Document], predicted: Iterator[Document]) -> Iterator[_Sides]:
    while True:
        golds, predictions = list(islice(gold, BLOCK)), list(islice(predicted, BLOCK))
        for document in predicted if predictions else ():  # those of one document stay together
            if document.id != predictions[-1].id:
                predicted = chain((document,), predicted)
                break
            predictions.append(document)
        if not golds and not predictions:
            return
        yield golds, predictions


@dataclass(slots=True)
class _Join:
    """What waits for its partner, and what is wrong."""

    answers: Answers
    gold_ids: list[str] = field(default_factory=list)
    predictions: int = 0
    waiting: dict[str, Document] = field(default_factory=dict)
    ahead: dict[str, list[Document]] = field(default_factory=dict)
    twice: dict[str, None] = field(default_factory=dict)
    other_text: dict[str, None] = field(default_factory=dict)

    def matched(self, gold: Sequence[Document], predicted: Sequence[Document]) -> _Sides:
        """The Documents of these, and of those that waited, that belong together."""
        ids = [document.id for document in gold]
        self.gold_ids += ids
        if self.waiting or self.ahead or ids != [document.id for document in predicted]:
            gold, predicted = self._by_id(gold, predicted)
        else:
            self.predictions += len(predicted)
        if [document.text for document in gold] != [document.text for document in predicted]:
            gold, predicted = self._of_one_text(gold, predicted)
        return gold, predicted

    def _by_id(self, gold: Sequence[Document], predicted: Sequence[Document]) -> _Sides:
        self.waiting.update((document.id, document) for document in gold)
        for document in predicted:
            self.ahead.setdefault(document.id, []).append(document)
        golds: list[Document] = []
        predictions: list[Document] = []
        for id in [id for id in self.waiting if id in self.ahead]:
            one, own = self.waiting.pop(id), self.ahead.pop(id)
            if _answer_one_task_twice(own):
                self.twice[id] = None
            golds += [one] * len(own)
            predictions += own
            self.predictions += 1
        return golds, predictions

    def _of_one_text(self, gold: Sequence[Document], predicted: Sequence[Document]) -> _Sides:
        both = list(zip(gold, predicted, strict=True))
        self.other_text.update((one.id, None) for one, other in both if one.text != other.text)
        kept = [(one, other) for one, other in both if one.text == other.text]
        return [one for one, _ in kept], [other for _, other in kept]

    def check(self) -> None:
        """Raises ScoringError where anything did not fit."""
        known = set(self.gold_ids)
        gold_twice = [id for id, times in Counter(self.gold_ids).items() if times > 1] if len(known) < len(self.gold_ids) else []
        twice = [*self.twice, *(id for id in self.ahead if id in known)]
        unknown = [id for id in self.ahead if id not in known]
        mistakes = [
            _mistake("ids given twice in gold", gold_twice),
            _mistake("ids given twice among the predictions", twice),
            _mistake("gold documents without a prediction", list(self.waiting), of=len(known)),
            _mistake("predicted documents that gold lacks", unknown, of=self.predictions + len(self.ahead)),
            _mistake("documents with another text than in gold", list(self.other_text)),
            _mistake("answers to documents that gold lacks", [id for id in self.answers if id not in known]),
        ]
        if any(mistakes):
            raise ScoringError(
                f"gold and predicted do not belong together: {'; '.join(filter(None, mistakes))}. "
                "Score predictions against the gold documents they were made from, all of them, each once."
            )


def _answer_one_task_twice(predictions: Sequence[Document]) -> bool:
    tasks = [task for document in predictions for task in tasks_of(document) or ("all",)]
    return len(predictions) > 1 and ("all" in tasks or len(set(tasks)) < len(tasks))


def _mistake(what: str, ids: list[str], *, of: int | None = None) -> str:
    return f"{what}: {len(ids)}{f' of {of}' if of else ''}, such as {ids[0]!r}" if ids else ""


# What was asked


@dataclass(frozen=True, slots=True)
class _Asking:
    """A prediction's `asked`, as it stands and as a schema."""

    mapping: Mapping[str, Any] | None
    schema: Schema | None
    named: tuple[str, ...]

    @classmethod
    def of(cls, predicted: Document) -> "_Asking":
        try:
            return cls(predicted.asked, asked_schema(predicted.asked), tasks_of(predicted))
        except SchemaError as error:
            raise SchemaError(f"document {predicted.id!r}: {error}") from None

    def is_of(self, predicted: Document) -> bool:
        return predicted.asked is self.mapping or predicted.asked == self.mapping


def _askings(gold: Sequence[Document], predicted: Sequence[Document]) -> Iterator[tuple[Document, Document, _Asking]]:
    asking: _Asking | None = None
    for one, other in zip(gold, predicted, strict=True):
        if asking is None or not asking.is_of(other):
            asking = _Asking.of(other)
        yield one, other, asking


def _alike(gold: Sequence[Document], predicted: Sequence[Document], answers: Answers) -> Iterator[Batch]:
    if not gold:
        return
    first = _Asking.of(predicted[0])
    if (
        len({document.dataset for document in gold}) == 1
        and _have_same_kinds(gold)
        and _have_same_kinds(predicted)
        and all(map(first.is_of, predicted))
    ):
        yield _batch(gold, predicted, first, answers)
        return
    groups: dict[Hashable, tuple[list[Document], list[Document], _Asking]] = {}
    for one, other, asking in _askings(gold, predicted):
        key = (one.dataset, _kinds(one), _kinds(other), asking.schema, asking.named)
        own = groups.setdefault(key, ([], [], asking))
        own[0].append(one)
        own[1].append(other)
    for golds, predictions, asking in groups.values():
        yield _batch(golds, predictions, asking, answers)


def _kinds(document: Document) -> tuple[bool, bool, bool, bool]:
    return document.entities is None, document.relations is None, document.events is None, document.clusters is None


def _have_same_kinds(documents: Sequence[Document]) -> bool:
    columns = (
        [document.entities for document in documents],
        [document.relations for document in documents],
        [document.events for document in documents],
        [document.clusters for document in documents],
    )
    return all(column.count(None) in (0, len(documents)) for column in columns)


def _batch(gold: Sequence[Document], predicted: Sequence[Document], asking: _Asking, answers: Answers) -> Batch:
    scored = common_tasks(Pair(gold[0], predicted[0], asking.schema, asking.named))
    return Batch(gold, predicted, asking.schema, tuple(scored), asking.named, answers)
