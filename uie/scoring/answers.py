"""The strings that rules of answer strings compare: as they were generated, or Documents written in a named format."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from uie.errors import ScoringError
from uie.formats import FORMATS
from uie.schema import EventLabel, Label, RelationLabel, Schema
from uie.scoring import RuleFacts
from uie.scoring.counts import ByMeasure, Counts, Figures
from uie.scoring.scope import AnswerPair, Pair
from uie.tasks import TASKS, asks
from uie.tasks.question import Answer, Question

L = TypeVar("L", bound=Label)


@dataclass(frozen=True)
class AnswerRule:
    """A rule of answer strings. `count` gets all answer pairs of one document and task; `wording` of the facts says how they are written.

    `readable` says whether an answer can be read at all; `uie.scoring.score` reports how many cannot.
    """

    facts: RuleFacts
    own: Mapping[str, tuple[str, ...]]
    count: Callable[[Sequence[AnswerPair], str], ByMeasure]
    figures_of: Callable[[Counts], Figures] = lambda counts: counts.figures
    readable: Callable[[str, str], bool] = lambda raw, task: True
    needs_offsets: bool = False

    @property
    def malformed(self) -> Mapping[str, Sequence[str]]:
        return {}

    def measures(self, task: str) -> tuple[str, ...]:
        return self.own.get(task, ())

    def figures(self, counts: Counts) -> Figures:
        return self.figures_of(counts)

    def counts(self, pair: Pair, task: str) -> ByMeasure:
        return self.count(strings(pair, task, self.facts.wording), task)


def generated(pair: Pair, task: str, wording: str) -> list[AnswerPair]:
    """The pair's answers to the task, if all of them were generated in this format."""
    own = [answer for answer in pair.answers if answer.task == task]
    return own if all(answer.format == wording for answer in own) else []


def strings(pair: Pair, task: str, wording: str) -> list[AnswerPair]:
    """The answers as generated, else as the format would write what the Documents hold, in the asked names.

    Raises:
        ScoringError: the format cannot write the task.
    """
    return generated(pair, task, wording) or written(pair, task, wording)


def written(pair: Pair, task: str, wording: str) -> list[AnswerPair]:
    """One pair for each question of the task about the gold Document. What the format loses is lost on both sides."""
    format = FORMATS.get(wording)
    if task not in format.TASKS:
        raise ScoringError(f"format {wording!r} cannot write {task}")
    if TASKS.get(task).gold(pair.gold) is None or TASKS.get(task).gold(pair.predicted) is None:
        raise ScoringError(
            f"document {pair.gold.id!r} does not hold all that answers of {task} have, such as the types of arguments"
        )
    schema = schema_of(pair)
    found = {ask.given: ask.gold for ask in asks(task, pair.predicted, schema)}
    answers = []
    for ask in asks(task, pair.gold, schema):
        question = Question(task, ask.schema, pair.gold.text, "en", ask.given)  # "en": the peers' word for nothing is None
        sides = (format.encode(answer or Answer(), question) for answer in (ask.gold, found.get(ask.given)))
        answers.append(AnswerPair(pair.gold.id, task, wording, *sides))
    return answers


def schema_of(pair: Pair) -> Schema:
    """What was asked, and the labels that the Documents have beyond it, which are their own names."""
    asked = pair.asked or Schema()
    entities, relations, events = dict[str, None](), dict[str, None](), dict[str, dict[str, None]]()
    for document in (pair.gold, pair.predicted):
        entities.update(dict.fromkeys(entity.type for entity in document.entities or () if entity.type is not None))
        relations.update(dict.fromkeys(relation.type for relation in document.relations or () if relation.type is not None))
        for event in document.events or ():
            events.setdefault(event.type, {}).update(dict.fromkeys(argument.role for argument in event.arguments))
    return Schema(
        asked.lang,
        _extended(asked.entities, entities, Label),
        _extended(asked.relations, relations, RelationLabel),
        _events(asked.events, events),
    )


def _extended(asked: tuple[L, ...], used: Iterable[str], make: Callable[[str, str], L]) -> tuple[L, ...]:
    known, names = {label.label for label in asked}, {label.name for label in asked}
    return (*asked, *(make(label, _free(label, names)) for label in used if label not in known))


def _events(asked: tuple[EventLabel, ...], used: Mapping[str, Iterable[str]]) -> tuple[EventLabel, ...]:
    known = {event.label: event for event in asked}
    names = {event.name for event in asked}
    events = [EventLabel(e.label, e.name, roles=_extended(e.roles, used.get(e.label, ()), Label)) for e in asked]
    more = [
        EventLabel(type, _free(type, names), roles=_extended((), roles, Label)) for type, roles in used.items() if type not in known
    ]
    return (*events, *more)


def _free(label: str, names: set[str]) -> str:
    """The label as its own name; where another label has that name, with a mark, since the two are not the same."""
    return f"{label} (label)" if label in names else label
