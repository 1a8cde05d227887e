"""EE and its parts: events of the asked types. Document → frames by trigger, in text order."""

from collections.abc import Iterator
from dataclasses import replace

from uie.documents import Argument, Document, Event, Mention
from uie.schema import Schema
from uie.tasks import Ask, Task
from uie.tasks.occurrences import occurrence_of
from uie.tasks.question import Answer, Filler, Frame, Named

_NOWHERE = Mention("")


def gold(document: Document) -> Answer | None:
    """All events. An argument that is an event is named by that event's trigger (or type), which loses the link."""
    if document.events is None:
        return None
    return Answer(frames=tuple(_frame(document, event) for event in sorted(document.events, key=_order)))


def _order(event: Event) -> tuple[int, int, str]:
    return (*(event.trigger or _NOWHERE).order, event.type)


def _frame(document: Document, event: Event) -> Frame:
    trigger = None
    if event.trigger is not None:
        trigger = Named(event.trigger.text, None, occurrence_of(document.text, event.trigger))
    fillers = [(_mention(document, argument), argument.role) for argument in event.arguments]
    fillers.sort(key=lambda item: (*item[0].order, item[1]))
    return Frame(event.type, trigger, tuple(Filler(role, m.text, occurrence_of(document.text, m)) for m, role in fillers))


def _mention(document: Document, argument: Argument) -> Mention:
    if argument.mention is not None:
        return argument.mention
    assert argument.event is not None
    assert document.events is not None
    event = document.events[argument.event]
    return event.trigger or Mention(event.type)


def _whole(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    yield Ask(schema, answer)


def _triggers(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    yield Ask(schema, None if answer is None else Answer(frames=tuple(replace(frame, fillers=()) for frame in answer.frames)))


def _arguments(answer: Answer | None, schema: Schema) -> Iterator[Ask]:
    """One question a trigger. Events that share type and trigger cannot be told apart by what is given: their arguments are pooled."""
    pooled: dict[Frame, tuple[Filler, ...]] = {}
    for frame in answer.frames if answer else ():
        given = replace(frame, fillers=())
        pooled[given] = tuple(dict.fromkeys((*pooled.get(given, ()), *frame.fillers)))
    for given, fillers in pooled.items():
        event = schema.event(given.type)
        if event is not None and event.roles:
            gold = Answer(frames=(replace(given, fillers=fillers),)) if fillers else Answer()
            yield Ask(replace(schema, events=(event,)), gold, given=Answer(frames=(given,)))


_KINDS, _NEEDS = ("events",), ("EE",)
EE = Task("EE", "every event with its trigger and arguments", _KINDS, _NEEDS, gold, _whole)
EET = Task("EET", "the triggers of events", _KINDS, _NEEDS, gold, _triggers)
EEA = Task("EEA", "the arguments of one given event", _KINDS, _NEEDS, gold, _arguments, gives=True)
