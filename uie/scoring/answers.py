"""Pairs of Answers (gold, predicted) → Counts: for record files without Documents, where strings are all there is."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.errors import ScoringError, unknown_name
from uie.scoring import Item
from uie.scoring.counts import Counts, count_matches
from uie.scoring.rules import ENTITIES, MEASURES, STRING
from uie.tasks.question import Answer


class AnswerPair(NamedTuple):
    """One record's gold answer, what the model answered, and how many malformed pieces that answer had."""

    gold: Answer
    predicted: Answer
    malformed: int = 0


def score_answers(pairs: Iterable[tuple[Answer, Answer, int]], *, measure: str = ENTITIES, distinct: bool = False) -> Counts:
    """Count one measure of the rule `string` (`uie.scoring.rules`) over records.

    `distinct` compares the sets of a record's items, as seed 001 and InstructUIE do, rather than the multisets: an item that is
    written twice then counts once. Malformed pieces are false positives, each of them, where the rule says so.

    Raises:
        ScoringError: no measure has that name.
    """
    task = next((task for task, measures in MEASURES.items() if measure in measures), None)
    if task is None:
        raise ScoringError(unknown_name("measure", measure, [m for measures in MEASURES.values() for m in measures]))
    total = Counts()
    for gold, predicted, malformed in pairs:
        sides: list[Sequence[Item]] = [STRING.items(_document(answer), task)[measure] for answer in (gold, predicted)]
        if distinct:
            sides = [list(set(items)) for items in sides]
        total += count_matches(*sides)
        if measure in STRING.malformed[task]:
            total += Counts(false_positive=malformed)
    return total


def _document(answer: Answer) -> Document:
    """The answer as a Document of ungrounded mentions, so that one rule serves both."""
    entities = [Entity(Mention(m.text), m.type) for m in answer.mentions]
    relations = []
    for triple in answer.triples:
        relations.append(Relation(triple.relation, len(entities), len(entities) + 1))
        entities += [Entity(Mention(end.text), end.type) for end in (triple.head, triple.tail)]
    events = [
        Event(
            frame.type,
            Mention(frame.trigger.text) if frame.trigger else None,
            tuple(Argument(filler.role, Mention(filler.text)) for filler in frame.fillers),
        )
        for frame in answer.frames
    ]
    return Document("", "", entities=tuple(entities), relations=tuple(relations), events=tuple(events))
