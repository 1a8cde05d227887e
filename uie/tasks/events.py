"""EE: every event of the asked types with its trigger and arguments. Document → frames by trigger, in text order."""

from uie.documents import Argument, Document, Event, Mention
from uie.tasks.occurrences import occurrence_of
from uie.tasks.question import Answer, Filler, Frame, Named

KINDS = ("events",)
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
