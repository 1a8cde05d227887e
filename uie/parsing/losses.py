"""Gold Documents, a task and a format → what does not come back when the gold answers are written, read and grounded."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from uie.documents import Document, Mention
from uie.formats import Format, format_for
from uie.parsing.grounding import Grounded, ground
from uie.schema import Schema
from uie.tasks import asks
from uie.tasks.items import ROWS, WITH_ARGUMENTS
from uie.tasks.occurrences import numbered_places
from uie.tasks.question import Answer, Named, Question

_KIND_OF_SLOT = {
    "mention": "mentions",
    "head": "relations",
    "relation": "relations",
    "trigger": "triggers",
    "argument": "arguments",
}
_Place = int | str
_Items = Mapping[str, Iterable[Hashable]]


@dataclass(frozen=True, slots=True)
class Loss:
    """What one kind of item loses.

    `gold` counts the items of all gold answers, `strings` those of them that do not come back as strings and labels, as often as
    gold has them. `placed` counts the items whose place in the text is known, `offsets` those of them that are not found at that
    place again. A discontinuous mention has a place that no string leads back to; of two events that share type and trigger only
    one comes back to it.
    """

    gold: int = 0
    strings: int = 0
    placed: int = 0
    offsets: int = 0

    def __add__(self, other: "Loss") -> "Loss":
        return Loss(self.gold + other.gold, self.strings + other.strings, self.placed + other.placed, self.offsets + other.offsets)


@dataclass(frozen=True, slots=True)
class Losses:
    """`kinds`: mentions, relations, triggers, arguments: those that the task's answers consist of.

    An argument's place is its event's type, its role and where it stands, as in the measure "argument classification". `problems`
    counts what decoding reported of the gold answers.
    """

    documents: int
    questions: int
    problems: int
    kinds: Mapping[str, Loss]


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its gold answer, whose items are counted by kind: as strings and labels, and with their places."""

    question: Question
    gold: Answer
    strings: Mapping[str, Counter[Hashable]]
    places: Mapping[str, Counter[Hashable]]


def losses(documents: Iterable[Document], schema: Schema, format_name: str, task: str) -> Losses:
    """What `format_name` loses of these Documents' gold answers to `task`, all labels of the schema asked.

    Raises:
        SettingsError: the format cannot write the task's answers.
    """
    documents = list(documents)
    return losses_of(cases(documents, schema, task), format_for(format_name, task), task, documents=len(documents))


def cases(documents: Iterable[Document], schema: Schema, task: str) -> list[Case]:
    """The task's questions about the Documents: what does not depend on a format, to be made once for several."""
    return [case for document in documents for case in _cases(document, schema, task)]


def losses_of(cases: Iterable[Case], format: Format, task: str, *, documents: int) -> Losses:
    """The same as `losses`, of cases made before; `documents` is how many they were made from."""
    kinds = dict.fromkeys(_kinds(task), Loss())
    questions = problems = 0
    for case in cases:
        questions += 1
        answer, reported = format.decode(format.encode(case.gold, case.question), case.question)
        problems += len(reported)
        for kind, loss in lost(case, answer).items() if case.gold else ():
            kinds[kind] += loss
    return Losses(documents, questions, problems, kinds)


def lost(case: Case, answer: Answer) -> dict[str, Loss]:
    """What of a case's gold is not in an answer, by kind of item."""
    found, grounded = _strings(answer), _grounded(ground(answer, case.question.text))
    losses = {}
    for kind in _kinds(case.question.task):
        gold, places = case.strings[kind], case.places[kind]
        strings, offsets = gold - Counter(found[kind]), places - Counter(grounded[kind])
        losses[kind] = Loss(gold.total(), strings.total(), places.total(), offsets.total())
    return losses


def _kinds(task: str) -> tuple[str, ...]:
    rows = (*ROWS[task], *([("argument",)] if task in WITH_ARGUMENTS else []))
    return tuple(dict.fromkeys(_KIND_OF_SLOT[row[0]] for row in rows))


def _cases(document: Document, schema: Schema, task: str) -> Iterator[Case]:
    apart = {mention.text for mention in _mentions(document) if mention.fragments}
    for one in asks(task, document, schema):
        if one.gold is not None:
            question = Question(task, one.schema, document.text, one.schema.lang, one.given)
            strings = {kind: Counter(items) for kind, items in _strings(one.gold).items()}
            yield Case(question, one.gold, strings, _gold_places(one.gold, document.text, apart))


def _mentions(document: Document) -> Iterator[Mention]:
    yield from (entity.mention for entity in document.entities or ())
    for event in document.events or ():
        yield from filter(None, (event.trigger, *(argument.mention for argument in event.arguments)))


def _strings(answer: Answer) -> _Items:
    answer = answer.without_occurrences()
    return {
        "mentions": answer.mentions,
        "relations": answer.triples,
        "triggers": [(frame.type, frame.trigger) for frame in answer.frames],
        "arguments": [(frame.type, frame.trigger, filler) for frame in answer.frames for filler in frame.fillers],
    }


def _gold_places(gold: Answer, text: str, apart: set[str]) -> dict[str, Counter[Hashable]]:
    """Labels and places of the items whose mentions all have one; `apart` are the strings of discontinuous mentions."""

    def place(string: str, occurrence: int | None) -> _Place | None:
        if occurrence is not None:
            return numbered_places(text, string)[occurrence - 1]
        return "apart" if string in apart else None

    def at(named: Named) -> tuple[_Place | None, str]:
        return place(named.text, named.occurrence), named.text

    triples = [(at(t.head), t.head.type, t.relation, at(t.tail), t.tail.type) for t in gold.triples]
    triggers = [(frame.type, at(frame.trigger)) for frame in gold.frames if frame.trigger is not None]
    fillers = [
        (frame.type, filler.role, place(filler.text, filler.occurrence), filler.text)
        for frame in gold.frames
        for filler in frame.fillers
    ]
    return {
        "mentions": Counter((at(m), m.type) for m in gold.mentions if at(m)[0] is not None),
        "relations": Counter(triple for triple in triples if triple[0][0] is not None and triple[3][0] is not None),
        "triggers": Counter((type, found) for type, found in triggers if found[0] is not None),
        "arguments": Counter(found for found in fillers if found[2] is not None),
    }


def _grounded(found: Grounded) -> _Items:
    def at(mention: Mention) -> tuple[_Place | None, str]:
        return mention.start, mention.text

    return {
        "mentions": [(at(entity.mention), entity.type) for entity in found.entities],
        "relations": [(at(link.head), link.head_type, link.type, at(link.tail), link.tail_type) for link in found.links],
        "triggers": [(event.type, at(event.trigger)) for event in found.events if event.trigger is not None],
        "arguments": [
            (event.type, argument.role, *at(argument.mention))
            for event in found.events
            for argument in event.arguments
            if argument.mention is not None
        ],
    }
