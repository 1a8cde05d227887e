"""What a task's answer consists of: Answer ↔ Items, rows of strings that every format writes in its own way.

A row's slots hold either strings of the text (`mention`, `head`, `tail`, `trigger`, `argument`) or names of the schema (the rest).
So formats need to know neither tasks nor labels: `items_of` turns labels into the names the prompt shows, `answer_of` turns them
back and says what it had to repair.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from uie.schema import EventLabel, Label, Schema
from uie.tasks.names import label_of, name_of
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question, Triple

Row = tuple[str, ...]
TEXT_SLOTS = ("mention", "head", "tail", "trigger", "argument")
MENTION: Row = ("mention", "type")
SPAN: Row = ("mention",)
TRIPLE: Row = ("head", "relation", "tail")
TYPED_TRIPLE: Row = ("head", "head_type", "relation", "tail", "tail_type")
PAIR: Row = ("head", "tail")
RELATION: Row = ("relation",)
ATTRIBUTE: Row = ("head", "head_type", "relation", "tail")
EVENT: Row = ("trigger", "event")
ARGUMENT: Row = ("argument", "role")

# The rows of each task's answer; the rows of an event's arguments lie below it.
ROWS: dict[str, tuple[Row, ...]] = {
    "NER": (MENTION,),
    "NER1": (SPAN,),
    "ES": (SPAN,),
    "ET": (MENTION,),
    "RE": (TRIPLE,),
    "SPO": (TYPED_TRIPLE,),
    "EP": (PAIR,),
    "EPR": (TRIPLE,),
    "RC": (RELATION,),
    "JOINT": (MENTION, TYPED_TRIPLE),
    "KG": (ATTRIBUTE,),
    "EE": (EVENT,),
    "EET": (EVENT,),
    "EEA": (ARGUMENT,),
}
WITH_ARGUMENTS = ("EE",)


@dataclass(frozen=True, slots=True)
class Field:
    """What stands in a slot: a string of the text (with its occurrence number, where it is known), or a name."""

    slot: str
    text: str
    occurrence: int | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One row of an answer; `children` are the arguments of an event. A trigger that is not there is a field with an empty text."""

    fields: tuple[Field, ...]
    children: tuple["Item", ...] = ()

    @property
    def row(self) -> Row:
        return tuple([field.slot for field in self.fields])

    def field(self, slot: str) -> Field:
        return next(field for field in self.fields if field.slot == slot)

    def text(self, slot: str) -> str:
        return self.field(slot).text


def item(row: Row, texts: Sequence[str], *, occurrences: Sequence[int | None] = (), children: Iterable[Item] = ()) -> Item:
    """The item with these strings in the row's slots."""
    numbers = [*occurrences, *[None] * (len(row) - len(occurrences))]
    return Item(tuple(map(Field, row, texts, numbers)), tuple(children))


# Writing


def items_of(answer: Answer, question: Question) -> tuple[Item, ...]:
    """The answer's rows in its own order, entities before relations; a label that the schema lacks stands for itself."""
    schema, task = question.schema, question.task
    items = [_mention_item(mention, ROWS[task][0], schema) for mention in answer.mentions]
    items += [_triple_item(triple, ROWS[task][-1], schema) for triple in answer.triples]
    for frame in answer.frames:
        event = schema.event(frame.type)
        arguments = [_argument_item(filler, event) for filler in frame.fillers]
        if task == "EEA":
            items += arguments
        else:
            trigger = frame.trigger or Named("")
            fields = (Field("trigger", trigger.text, trigger.occurrence), Field("event", name_of(frame.type, schema.events)))
            items.append(Item(fields, tuple(arguments) if task in WITH_ARGUMENTS else ()))
    return tuple(items)


def _mention_item(mention: Named, row: Row, schema: Schema) -> Item:
    fields = [Field("mention", mention.text, mention.occurrence)]
    if "type" in row:
        fields.append(Field("type", name_of(mention.type or "", schema.entities)))
    return Item(tuple(fields))


def _triple_item(triple: Triple, row: Row, schema: Schema) -> Item:
    values = {
        "head": Field("head", triple.head.text, triple.head.occurrence),
        "head_type": Field("head_type", name_of(triple.head.type or "", schema.entities)),
        "relation": Field("relation", name_of(triple.relation or "", schema.relations)),
        "tail": Field("tail", triple.tail.text, triple.tail.occurrence),
        "tail_type": Field("tail_type", name_of(triple.tail.type or "", schema.entities)),
    }
    return Item(tuple(values[slot] for slot in row))


def _argument_item(filler: Filler, event: EventLabel | None) -> Item:
    role = name_of(filler.role, event.roles if event else ())
    return Item((Field("argument", filler.text, filler.occurrence), Field("role", role)))


# Reading


def answer_of(items: Iterable[Item], question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """The Answer that rows describe. What is missing because the question gives it (types, pairs, the event) is filled in.

    Rows are taken as they come, whatever the task: a format has read them and answers for their shape.
    """
    reader = _Reader(question)
    for one in items:
        reader.add(one)
    return reader.answer(), tuple(reader.problems)


class _Reader:
    def __init__(self, question: Question) -> None:
        self.problems: list[Problem] = []
        self._question = question
        self._schema = question.schema
        self._given = question.given or Answer()
        self._mentions: list[Named] = []
        self._triples: list[Triple] = []
        self._frames: list[Frame] = []
        self._fillers: list[Filler] = []
        self._places = _given_places(self._given)
        self._used: Counter[tuple[object, ...]] = Counter()

    def add(self, one: Item) -> None:
        values = {field.slot: field for field in one.fields}
        if "mention" in values:
            self._mentions.append(self._mention(values))
        elif "relation" in values or "head" in values:
            self._triples.append(self._triple(values))
        elif "argument" in values:
            self._fillers.append(self._filler(values, self._given_event()))
        else:
            self._frames.append(self._frame(values, one.children))

    def answer(self) -> Answer:
        frames = self._frames
        if self._fillers:
            frame = self._given.frames[0] if self._given.frames else Frame("", None)
            frames = [*frames, replace(frame, fillers=tuple(self._fillers))]
        return Answer(tuple(self._mentions), tuple(self._triples), tuple(frames))

    def _mention(self, values: dict[str, Field]) -> Named:
        field, type = values["mention"], None
        if "type" in values:
            type = self._label(values["type"].text, self._schema.entities)
        elif self._question.task == "NER1" and self._schema.entities:
            type = self._schema.entities[0].label
        (occurrence,) = self._placed((field,), type)
        return Named(field.text, type, occurrence)

    def _triple(self, values: dict[str, Field]) -> Triple:
        relation = self._label(values["relation"].text, self._schema.relations) if "relation" in values else None
        if "head" not in values:
            given = self._given.triples[0] if self._given.triples else Triple(Named(""), None, Named(""))
            return Triple(given.head, relation, given.tail)
        types = [
            self._label(values[slot].text, self._schema.entities) or None if slot in values else None
            for slot in ("head_type", "tail_type")
        ]
        head, tail = self._placed((values["head"], values["tail"]), relation)
        return Triple(Named(values["head"].text, types[0], head), relation, Named(values["tail"].text, types[1], tail))

    def _frame(self, values: dict[str, Field], children: Iterable[Item]) -> Frame:
        trigger, label = values["trigger"], self._label(values["event"].text, self._schema.events)
        event = self._schema.event(label)
        fillers = tuple(self._filler({field.slot: field for field in child.fields}, event) for child in children)
        return Frame(label, Named(trigger.text, None, trigger.occurrence) if trigger.text else None, fillers)

    def _filler(self, values: dict[str, Field], event: EventLabel | None) -> Filler:
        argument, role = values["argument"], values["role"].text
        # No role of an unknown event is known; the event was reported already.
        return Filler(self._label(role, event.roles) if event else role, argument.text, argument.occurrence)

    def _given_event(self) -> EventLabel | None:
        return self._schema.event(self._given.frames[0].type) if self._given.frames else None

    def _label(self, name: str, known: Iterable[Label]) -> str:
        label, problems = label_of(name, known)
        self.problems.extend(problems)
        return label

    def _placed(self, fields: tuple[Field, ...], type: str | None) -> tuple[int | None, ...]:
        """The occurrence numbers, from what was given where the answer has none: the n-th equal answer means the n-th given one."""
        texts = tuple(field.text for field in fields)
        places = self._places.get(texts)
        if places is None or any(field.occurrence is not None for field in fields):
            return tuple(field.occurrence for field in fields)
        number = self._used[(type, *texts)]
        self._used[(type, *texts)] += 1
        return places[min(number, len(places) - 1)]


def _given_places(given: Answer) -> dict[tuple[str, ...], list[tuple[int | None, ...]]]:
    places: dict[tuple[str, ...], list[tuple[int | None, ...]]] = {}
    for mention in given.mentions:
        places.setdefault((mention.text,), []).append((mention.occurrence,))
    for triple in given.triples:
        numbers = (triple.head.occurrence, triple.tail.occurrence)
        places.setdefault((triple.head.text, triple.tail.text), []).append(numbers)
    return places


# Constraining


@dataclass(frozen=True, slots=True)
class RowChoice:
    """A row that an answer may hold: for each slot the strings to choose from, None for any piece of the text.

    `children` are the rows that may lie below it, in any number. A trigger may be left out (an empty string) everywhere.
    """

    slots: tuple[tuple[str, tuple[str, ...] | None], ...]
    children: tuple["RowChoice", ...] = ()

    def options(self, slot: str) -> tuple[str, ...] | None:
        return dict(self.slots)[slot]


def row_choices(question: Question) -> tuple[RowChoice, ...]:
    """All rows that an answer to the question may hold: mentions only from what is given, roles only of their event."""
    schema = question.schema
    given = question.given
    if question.task == "EEA":
        event = schema.event(given.frames[0].type) if given and given.frames else None
        roles = event.roles if event else tuple(role for one in schema.events for role in one.roles)
        return _arguments(roles)
    if question.task in ("EE", "EET"):
        arguments = question.task in WITH_ARGUMENTS
        return tuple(
            RowChoice((("trigger", None), ("event", (event.name,))), _arguments(event.roles) if arguments else ())
            for event in schema.events
        )
    entities, relations = _names(schema.entities), _names(schema.relations)
    if question.task == "ET":
        return (RowChoice((("mention", tuple(dict.fromkeys(m.text for m in (given or Answer()).mentions))), ("type", entities))),)
    if question.task == "EPR":
        pairs = dict.fromkeys((triple.head.text, triple.tail.text) for triple in (given or Answer()).triples)
        return tuple(RowChoice((("head", (head,)), ("relation", relations), ("tail", (tail,)))) for head, tail in pairs)
    named = {"type": entities, "head_type": entities, "tail_type": entities, "relation": relations}
    return tuple(RowChoice(tuple((slot, named.get(slot)) for slot in row)) for row in ROWS[question.task])


def _arguments(roles: Sequence[Label]) -> tuple[RowChoice, ...]:
    return (RowChoice((("argument", None), ("role", _names(roles)))),) if roles else ()


def _names(labels: Iterable[Label]) -> tuple[str, ...]:
    return tuple(label.name for label in labels)
