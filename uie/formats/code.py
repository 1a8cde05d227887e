r"""`code`: one Python call a line, an instance of the class that a type is. Answer ↔ string.

    NER, ET        Person(span="Ann Lee")
    NER1           the same, of the one class that is asked
    ES             Mention(span="Ann Lee")
    RE, EPR        WorksFor(head="Ann Lee", tail="Acme")
    SPO            WorksFor(head=Person(span="Ann Lee"), tail=Organization(span="Acme"))
    JOINT          the lines of NER, then those of SPO
    KG             WorksFor(head=Person(span="Ann Lee"), tail="Acme")
    EP             Pair(head="Ann Lee", tail="Acme")
    RC             WorksFor()
    EE             StartOfWork(trigger="joined", arguments=[Employee(span="Ann Lee"), Employer(span="Acme")])
    EET            StartOfWork(trigger="joined")
    EEA            Employee(span="Ann Lee")
    nothing found  None / 没有, by the prompt's language

An event without a trigger has `trigger=None`, one without arguments no `arguments`. Classes are the names in CamelCase without what
no identifier may hold ("city/town": `CityTown`); where two names come to the same, or to a word that means something else here, the
later one in the schema gets a number (`CityTown2`). A name that the schema lacks is its own class, or, if it is no identifier, that of
its kind: `Entity(type="…", span="…")`. What the classes mean is told by `definitions`, which `describe` shows; the answer repeats
none of it. Strings are Python literals in double quotes. Occurrence numbers are not written.
"""

import keyword
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from uie.formats import Description
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, SpanOf
from uie.formats.grammar import Sequence as InOrder
from uie.formats.salvage import decoded, language, none_word, piece
from uie.formats.statements import Call, Statement, Value, calls, literal, quoted
from uie.schema import Label, Schema
from uie.tasks.items import (
    ARGUMENT,
    ATTRIBUTE,
    EVENT,
    MENTION,
    PAIR,
    RELATION,
    ROWS,
    SPAN,
    TRIPLE,
    TYPED_TRIPLE,
    WITH_ARGUMENTS,
    Item,
    Row,
    RowChoice,
    items_of,
    row_choices,
)
from uie.tasks.items import item as item_of
from uie.tasks.names import label_of
from uie.tasks.question import Answer, Problem, Question

TASKS = tuple(ROWS)
KINDS = ("entity", "relation", "event", "role")
GENERIC = {"entity": "Entity", "relation": "Relation", "event": "Event", "role": "Role"}
_SPAN_CLASS, _PAIR_CLASS = "Mention", "Pair"
_RESERVED = {*GENERIC.values(), _SPAN_CLASS, _PAIR_CLASS, "Span", "Argument", "mention", "print", "append", "extend", "add"}
_SPANS = ("Mention", "Span", "Argument")
_ROLES = (*_SPANS, GENERIC["role"])
_ALSO = {
    "span": ("text", "mention", "name", "value", "word", "entity", "argument", "string", "实体", "文本", "名称"),
    "head": ("arg1", "subject", "source", "head_entity", "头实体", "主体"),
    "tail": ("arg2", "object", "target", "tail_entity", "尾实体", "客体", "value"),
    "trigger": ("mention", "span", "text", "word", "触发词"),
    "arguments": ("args", "论元"),
    "arg1": ("head", "subject", "source"),
    "arg2": ("tail", "object", "target"),
    "mention": ("trigger",),
    "type": ("label", "category", "entity_type", "relation", "event_type", "role", "kind", "类型"),
}
"""Other keys under which models put a slot's value."""


# Names ↔ classes


@dataclass(frozen=True)
class Classes:
    """The class of each name that a question's answers may hold, and the kind and name of each class. One-to-one."""

    by_name: dict[tuple[str, str], str]
    by_class: dict[str, tuple[str, str]]

    def of(self, kind: str, name: str) -> str | None:
        """The class that stands for a name; None for one that only the class of its kind can carry (`type="…"`)."""
        if (kind, name) in self.by_name:
            return self.by_name[kind, name]
        return name if _is_free(name) and name not in self.by_class else None

    def name(self, kind: str, written: str) -> str:
        """The name that a class stands for; an unknown class stands for itself."""
        found = self.by_class.get(written)
        return found[1] if found and found[0] == kind else written


def classes_of(schema: Schema) -> Classes:
    """Entities first, then relations, events, roles; a role's class is the same in all events."""
    return one_to_one(tuple((kind, name, camel_case(name)) for kind, name in names_of(schema)))


def names_of(schema: Schema) -> list[tuple[str, str]]:
    """All names of a schema with their kinds, each once."""
    roles = (role for event in schema.events for role in event.roles)
    kinds = zip(KINDS, (schema.entities, schema.relations, schema.events, roles), strict=True)
    return list(dict.fromkeys((kind, label.name) for kind, labels in kinds for label in labels))


@lru_cache(maxsize=256)
def one_to_one(names: tuple[tuple[str, str, str], ...]) -> Classes:
    """Classes for (kind, name, the identifier it should have), with a number behind an identifier that is taken."""
    by_name: dict[tuple[str, str], str] = {}
    by_class: dict[str, tuple[str, str]] = {}
    for kind, name, plain in names:
        free, number = plain, 1
        while free in by_class or not _is_free(free):
            number += 1
            free = f"{plain}{number}"
        by_name[kind, name], by_class[free] = free, (kind, name)
    return Classes(by_name, by_class)


def camel_case(name: str) -> str:
    """The name's words in CamelCase, as an identifier in the normal form (NFKC) that Python gives all of them."""
    return spelled(word[:1].upper() + word[1:] for word in words_of(name)) or "Type"


def words_of(name: str) -> list[str]:
    return re.split(r"[\W_]+", unicodedata.normalize("NFKC", name))


def spelled(words: Iterable[str], between: str = "") -> str:
    """The words as one identifier; what none may hold is left out."""
    joined = unicodedata.normalize("NFKC", between.join(filter(None, words)))
    kept = "".join(character for character in joined if f"a{character}".isidentifier())
    return kept if kept.isidentifier() or not kept else f"Type{kept}"


def _is_free(name: str) -> bool:
    """Whether a class may have this name."""
    return name.isidentifier() and not keyword.iskeyword(name) and name not in _RESERVED and unicodedata.is_normalized("NFKC", name)


# Telling the model


def describe(question: Question) -> Description:
    """The rule is followed by the class definitions."""
    return Description(f"{_RULES[language(question)](question.task)}\n\n{definitions(question)}", none_word(question))


_PATTERNS = {
    MENTION: 'Class(span="…")',
    SPAN: 'Class(span="…")',
    TRIPLE: 'Class(head="…", tail="…")',
    TYPED_TRIPLE: 'Class(head=Class(span="…"), tail=Class(span="…"))',
    PAIR: 'Pair(head="…", tail="…")',
    RELATION: "Class()",
    ATTRIBUTE: 'Class(head=Class(span="…"), tail="…")',
    EVENT: 'Class(trigger="…")',
    ARGUMENT: 'Class(span="…")',
}


def _pattern(task: str, row: Row) -> str:
    if task in WITH_ARGUMENTS:
        return 'Class(trigger="…", arguments=[Class(span="…")])'
    return 'Mention(span="…")' if task == "ES" else _PATTERNS[row]


def _english_rule(task: str) -> str:
    order = "" if task == "RC" else ", in the order of the text"
    how = ", then ".join(_pattern(task, row) for row in ROWS[task])
    thing = "first the entities, then the relations, each as" if task == "JOINT" else "each as"
    return f"Write instances of the classes below, one Python call a line{order}, {thing} {how}. If there is none, write None."


def _chinese_rule(task: str) -> str:
    order = "" if task == "RC" else "，按在文本中出现的顺序排列"
    how = "，再写".join(f"“{_pattern(task, row)}”" for row in ROWS[task])
    thing = "先写实体，再写关系，形式依次为" if task == "JOINT" else "形式为"
    return f"用下面的类写出结果，每行一个 Python 调用{order}，{thing}{how}。如果没有，写“没有”。"


_RULES = {"en": _english_rule, "zh": _chinese_rule}


def definitions(question: Question) -> str:
    """The classes of the answer as Python, with names and descriptions as docstrings."""
    schema, task = question.schema, question.task
    classes = classes_of(schema)
    if task == "ES":
        return _definition(_SPAN_CLASS, "", _listed(schema.entities), ("span: str",))
    if task == "EP":
        return _definition(_PAIR_CLASS, "", _listed(schema.relations), ("head: str", "tail: str"))
    head, tail = _ENDS.get(ROWS[task][-1], ("str", "str"))
    ends = () if task == "RC" else (f"head: {head}", f"tail: {tail}")
    blocks = [_defined(classes, "entity", label, ("span: str",)) for label in schema.entities]
    blocks += [_defined(classes, "relation", label, ends) for label in schema.relations]
    if task != "EEA":
        for event in schema.events:
            roles = [classes.by_name["role", role.name] for role in event.roles] if task in WITH_ARGUMENTS else []
            fields = ("trigger: str | None", *((f"arguments: list[{' | '.join(roles)}]",) if roles else ()))
            blocks.append(_defined(classes, "event", event, fields))
    if task != "EET":
        roles_by_name = {role.name: role for event in reversed(schema.events) for role in reversed(event.roles)}
        blocks += [_defined(classes, "role", role, ("span: str",)) for role in reversed(roles_by_name.values())]
    return "\n\n".join(blocks)


_ENDS = {TYPED_TRIPLE: ("Entity", "Entity"), ATTRIBUTE: ("Entity", "str")}


def _defined(classes: Classes, kind: str, label: Label, fields: Sequence[str]) -> str:
    about = f"{label.name}: {label.description}" if label.description else label.name
    return _definition(classes.by_name[kind, label.name], GENERIC[kind], about, fields)


def _definition(name: str, base: str, about: str, fields: Sequence[str]) -> str:
    docstring = "".join(map(literal, " ".join(about.split())))
    return "\n    ".join((f"class {name}({base}):" if base else f"class {name}:", f'"""{docstring}"""', *fields))


def _listed(labels: Iterable[Label]) -> str:
    return " | ".join(label.name for label in labels)


# Writing


def encode(answer: Answer, question: Question) -> str:
    """One call a line, in the answer's order; the question's none word when it is empty."""
    writer = _Writer(question)
    return "\n".join(writer.call(one) for one in items_of(answer, question)) or none_word(question)


class _Writer:
    def __init__(self, question: Question) -> None:
        self._classes = classes_of(question.schema)
        self._span_class = _span_class(question)

    def call(self, one: Item) -> str:
        row = one.row
        if row == SPAN:
            return _written(self._span_class, span=quoted(one.text("mention")))
        if row == MENTION:
            return self.instance("entity", one.text("type"), span=quoted(one.text("mention")))
        if row == ARGUMENT:
            return self.instance("role", one.text("role"), span=quoted(one.text("argument")))
        if row == EVENT:
            values = {"trigger": quoted(one.text("trigger")) if one.text("trigger") else "None"}
            if one.children:
                values["arguments"] = f"[{', '.join(map(self.call, one.children))}]"
            return self.instance("event", one.text("event"), **values)
        ends = {end: self._end(one, end) for end in ("head", "tail") if end in row}
        return _written(_PAIR_CLASS, **ends) if row == PAIR else self.instance("relation", one.text("relation"), **ends)

    def _end(self, one: Item, end: str) -> str:
        text = quoted(one.text(end))
        type = one.text(f"{end}_type") if f"{end}_type" in one.row else ""
        return self.instance("entity", type, span=text) if type else text

    def instance(self, kind: str, name: str, **values: str) -> str:
        found = self._classes.of(kind, name)
        return _written(found, **values) if found else _written(GENERIC[kind], type=quoted(name), **values)


def _written(name: str, **values: str) -> str:
    return f"{name}({', '.join(f'{key}={value}' for key, value in values.items())})"


def _span_class(question: Question) -> str:
    """The class of mentions whose type is not written: that of the one type that is asked, or of mentions as such."""
    schema = question.schema
    return (
        classes_of(schema).by_name["entity", schema.entities[0].name]
        if question.task == "NER1" and schema.entities
        else _SPAN_CLASS
    )


# Reading


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of a dialect. `roles`: an event's roles are keys themselves, with lists of strings, and its arguments no calls."""

    span: str = "span"
    head: str = "head"
    tail: str = "tail"
    trigger: str = "trigger"
    roles: bool = False


KEYS = Keys()


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the calls say, also in a list or behind a variable. Keys of other spellings and values without keys are understood."""
    return decoded(raw, question, lambda text, asked: read(text, asked, classes_of(asked.schema), KEYS))


def read(
    raw: str, question: Question, classes: Classes, keys: Keys, fields: Mapping[str, Classes] | None = None
) -> tuple[list[Item], list[Problem]]:
    """The items and problems of an answer in a dialect that has these classes and keys; `fields`: the keys of roles by event label."""
    reader = _Reader(question, classes, keys, fields or {})
    for found in calls(raw, reader.knows):
        if isinstance(found, Statement):
            reader.add(found)
        else:
            reader.add_line(found)
    if not reader.items and not reader.problems:
        reader.problems.append(Problem("repaired" if _EMPTY_LIST.fullmatch(raw) else "malformed", piece(raw)))
    return reader.items, reader.problems


_MOST_KEYS = 100
"""Values of a call beyond this are looked at as a whole only."""
_EMPTY_LIST = re.compile(r"\s*+(?:result\s*+=\s*+)?\[\s*+\]\s*+")


class _Reader:
    def __init__(self, question: Question, classes: Classes, keys: Keys, fields: Mapping[str, Classes]) -> None:
        self.items: list[Item] = []
        self.problems: list[Problem] = []
        self._task = question.task
        self._rows = ROWS[question.task]
        self._classes, self._keys, self._fields = classes, keys, fields
        schema = question.schema
        roles = tuple(role for event in schema.events for role in event.roles)
        self._labels: dict[str, tuple[Label, ...]] = dict(
            zip(KINDS, (schema.entities, schema.relations, schema.events, roles), strict=True)
        )
        self._known: dict[str, bool] = {}
        self._meant: dict[tuple[str, str], bool] = {}

    def knows(self, name: str) -> bool:
        """Whether a class, name or label may be meant by this."""
        if name not in self._known:
            self._known[name] = (
                name in self._classes.by_class or name in _RESERVED or any(self._means(name, kind) for kind in KINDS)
            )
        return self._known[name]

    def _means(self, name: str, kind: str) -> bool:
        """Whether a name or label of this kind is meant."""
        if (name, kind) not in self._meant:
            labels = self._labels[kind]
            meant = bool(labels) and all(problem.kind != "unknown_type" for problem in label_of(name, labels)[1])
            self._meant[name, kind] = meant
        return self._meant[name, kind]

    def add_line(self, problem: Problem) -> None:
        """A line without a call is a problem, unless it names a relation where nothing else is asked."""
        name = problem.piece.strip("-*• .,。，\"'`")
        if self._rows == (RELATION,) and problem.kind == "malformed" and self.knows(name):
            self.items.append(item_of(RELATION, (self._classes.name("relation", name),)))
            problem = Problem("repaired", problem.piece)
        self.problems.append(problem)

    def add(self, found: Statement) -> None:
        """The items of a call; "malformed" if it has none. What broke off at its end is malformed by itself."""
        given = _Given(found.call)
        items = [] if found.lost and not (found.call.keywords or found.call.positional) else self._items(given)
        if not items and self._task in WITH_ARGUMENTS and self.items and self._is_role(given):
            arguments = self._arguments(given)
            if arguments:
                self.items[-1] = replace(self.items[-1], children=(*self.items[-1].children, *arguments))
                self.problems.append(Problem("repaired", found.piece))
                return
        if not items:
            self.problems.append(Problem("malformed", found.piece))
            return
        self.items += items
        if found.repaired or given.repaired or given.more():
            self.problems.append(Problem("repaired", found.piece))
        if found.lost:
            self.problems.append(Problem("malformed", found.lost))

    def _items(self, given: "_Given") -> list[Item]:
        row = self._rows[-1]
        if row in (TRIPLE, TYPED_TRIPLE, ATTRIBUTE, PAIR) and not (len(self._rows) > 1 and not self._is_relation(given)):
            return self._triples(given, row)
        if row == RELATION:
            name = self._name("relation", given)
            return [item_of(row, (name,))] if name else []
        if row == EVENT:
            return self._event(given)
        if row == ARGUMENT:
            return self._arguments_of_event(given) if self._is_event(given) else self._arguments(given)
        return self._mentions(given, self._rows[0])

    # Mentions

    def _mentions(self, given: "_Given", row: Row) -> list[Item]:
        if row == SPAN and not self._is_asked_span(given):
            return []
        texts = given.texts(self._keys.span)
        if row == SPAN:
            return [item_of(row, (text,)) for text in texts]
        name = self._name("entity", given)
        if len(texts) == 1 and name and self._means(texts[0], "entity") and not self._means(name, "entity") and given.loose > 1:
            texts, name = [name], texts[0]
            given.repaired = True
        return [item_of(row, (text, name)) for text in texts] if name else []

    def _is_asked_span(self, given: "_Given") -> bool:
        """Whether a call is of the class that stands for mentions without a type, or means it."""
        name = given.call.name
        if self._task == "NER1":
            if self._classes.by_class.get(name, ("",))[0] == "entity":
                return True
            given.repaired = True
            return name in _SPANS or not self._labels["entity"] or self._means(name, "entity")
        given.repaired = name != _SPAN_CLASS
        return True

    # Relations

    def _is_relation(self, given: "_Given") -> bool:
        kind, _ = self._classes.by_class.get(given.call.name, ("", ""))
        return kind == "relation" or (kind == "" and given.keyed(self._keys.head) and given.keyed(self._keys.tail))

    def _triples(self, given: "_Given", row: Row) -> list[Item]:
        heads, tails = (
            self._ends(given, key, typed=f"{end}_type" in row)
            for key, end in ((self._keys.head, "head"), (self._keys.tail, "tail"))
        )
        name = "" if row == PAIR else self._name("relation", given)
        given.repaired = given.repaired or (row == PAIR and given.call.name != _PAIR_CLASS)
        if name is None or (len(heads) > 1 and len(tails) > 1):
            return []
        found = []
        for head, head_type in heads:
            for tail, tail_type in tails:
                values = {"head": head, "head_type": head_type, "relation": name, "tail": tail, "tail_type": tail_type}
                found.append(item_of(row, [values[slot] for slot in row]))
        return found

    def _ends(self, given: "_Given", key: str, *, typed: bool) -> list[tuple[str, str]]:
        """What stands at an end of a relation, with its type, which is empty where none is said."""
        found: list[tuple[str, str]] = []
        value = given.take(key)
        for each in value if isinstance(value, tuple) else (value,):
            if isinstance(each, Call):
                inner = _Given(each)
                texts, name = inner.texts(self._keys.span), self._name("entity", inner)
                given.repaired = given.repaired or inner.repaired or not typed
                found += [(text, name or "") for text in texts]
            elif isinstance(each, str) and each:
                found.append((each, ""))
        given.repaired = given.repaired or isinstance(value, tuple)
        return found

    # Events

    def _is_event(self, given: "_Given") -> bool:
        kind, _ = self._classes.by_class.get(given.call.name, ("", ""))
        return kind == "event" or (kind == "" and (self._keys.trigger in dict(given.call.keywords) or given.keyed("arguments")))

    def _is_role(self, given: "_Given") -> bool:
        kind, _ = self._classes.by_class.get(given.call.name, ("", ""))
        return kind == "role" or (kind == "" and (self._means(given.call.name, "role") or given.call.name in _ROLES))

    def _event(self, given: "_Given") -> list[Item]:
        if self._is_role(given) and not self._is_event(given):
            return []
        name = self._name("event", given)
        if not name:
            return []
        given.repaired = given.repaired or not (given.keyed(self._keys.trigger) or given.loose)
        triggers = given.texts(self._keys.trigger) or [""]
        children = self._children(given, name) if self._task in WITH_ARGUMENTS else []
        return [item_of(EVENT, (trigger, name), children=children) for trigger in triggers]

    def _arguments_of_event(self, given: "_Given") -> list[Item]:
        given.repaired = True
        given.take(self._keys.trigger)
        return self._children(given, given.call.name)

    def _children(self, given: "_Given", event: str) -> list[Item]:
        """The arguments of an event: calls in its list, and whatever has another key, which is then the role."""
        found: list[Item] = []
        fields = self._classes
        if self._fields and self._means(event, "event"):
            fields = self._fields[label_of(event, self._labels["event"])[0]]
        if "arguments" not in fields.by_class:
            value = given.take("arguments")
            for each in value if isinstance(value, tuple) else (value,):
                inner = self._arguments(_Given(each)) if isinstance(each, Call) else []
                found += inner
                if each is not None and not inner:
                    self.problems.append(Problem("malformed", piece(each if isinstance(each, str) else given.call.name)))
        for key, value in given.rest():
            texts = _texts(value)
            found += [item_of(ARGUMENT, (text, fields.name("role", key))) for text in texts]
            expected = self._keys.roles and isinstance(value, tuple) and (texts or key in fields.by_class)
            given.repaired = given.repaired or not expected
        return found

    def _arguments(self, given: "_Given") -> list[Item]:
        texts = given.texts(self._keys.span)
        name = self._name("role", given)
        return [item_of(ARGUMENT, (text, name)) for text in texts] if name else []

    def _name(self, kind: str, given: "_Given") -> str | None:
        """The name that a call's class stands for; that of a kind says it by its `type`."""
        if given.call.name not in (*GENERIC.values(), *_SPANS) or given.call.name in self._classes.by_class:
            return self._classes.name(kind, given.call.name)
        value = given.take("type")
        given.repaired = given.repaired or given.call.name != GENERIC[kind]
        return self._classes.name(kind, value) if isinstance(value, str) and value else None


class _Given:
    """What a call gives: each value is taken once, by its key, by another key that models use for it, or by its position."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.repaired = False
        self.loose = len(call.positional)
        self._keywords = list(call.keywords)
        self._positional = list(reversed(call.positional))

    def keyed(self, key: str) -> bool:
        """Whether a value stands under the key or another one for the same."""
        return any(name in (key, *_ALSO.get(key, ())) for name, _ in self._keywords)

    def take(self, key: str) -> Value:
        for each in (key, *_ALSO.get(key, ())):
            for at, (name, _) in enumerate(self._keywords[:_MOST_KEYS]):
                if name == each:
                    self.repaired = self.repaired or each != key
                    return self._keywords.pop(at)[1]
        return self._positional.pop() if self._positional else None

    def texts(self, key: str) -> list[str]:
        value = self.take(key)
        self.repaired = self.repaired or not (value is None or isinstance(value, str))
        return _texts(value)

    def rest(self) -> Iterator[tuple[str, Value]]:
        """The keys and values that nothing has taken; they are taken now."""
        yield from self._keywords
        self._keywords = []

    def more(self) -> bool:
        return bool(self._keywords or self._positional)


def _texts(value: Value) -> list[str]:
    """The strings in a value: itself, those of a list, the span of a call."""
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, Call):
        return _Given(value).texts("span")
    return [text for each in value for text in (_texts(each) if not isinstance(each, tuple) else [])] if value else []


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text, and nothing else."""
    maker = _Grammars(question)
    choices = tuple(maker.call(choice) for choice in row_choices(question))
    first = Choice(choices)
    return Choice((Literal(none_word(question)), InOrder((first, Repeat(InOrder((Literal("\n"), first)))))))


class _Grammars:
    def __init__(self, question: Question) -> None:
        self._classes = classes_of(question.schema)
        self._span_class = _span_class(question)
        self._span = SpanOf(question.text, tuple((c, literal(c)) for c in sorted(set(question.text)) if literal(c) != c))

    def call(self, choice: RowChoice) -> Grammar:
        row = tuple(slot for slot, _ in choice.slots)
        if row == SPAN:
            return _call_of(Literal(self._span_class), ("span", self._text(choice, "mention")))
        if row == MENTION:
            return _call_of(self._class(choice, "type", "entity"), ("span", self._text(choice, "mention")))
        if row == ARGUMENT:
            return _call_of(self._class(choice, "role", "role"), ("span", self._text(choice, "argument")))
        if row == EVENT:
            return self._event(choice)
        ends = [(end, self._end(choice, end)) for end in ("head", "tail") if end in row]
        return _call_of(Literal(_PAIR_CLASS) if row == PAIR else self._class(choice, "relation", "relation"), *ends)

    def _event(self, choice: RowChoice) -> Grammar:
        trigger = Choice((self._text(choice, "trigger"), Literal("None")))
        parts: list[Grammar] = [self._class(choice, "event", "event"), Literal("(trigger="), trigger]
        if choice.children:
            argument = Choice(tuple(map(self.call, choice.children)))
            listed = InOrder((Literal(", arguments=["), argument, Repeat(InOrder((Literal(", "), argument))), Literal("]")))
            parts.append(Repeat(listed, 0, 1))
        return InOrder((*parts, Literal(")")))

    def _end(self, choice: RowChoice, end: str) -> Grammar:
        text = self._text(choice, end)
        if f"{end}_type" not in dict(choice.slots):
            return text
        return _call_of(self._class(choice, f"{end}_type", "entity"), ("span", text))

    def _text(self, choice: RowChoice, slot: str) -> Grammar:
        options = choice.options(slot)
        if options is not None:
            return Choice(tuple(Literal(quoted(option)) for option in options))
        return InOrder((Literal('"'), self._span, Literal('"')))

    def _class(self, choice: RowChoice, slot: str, kind: str) -> Grammar:
        return Choice(tuple(Literal(self._classes.by_name[kind, name]) for name in choice.options(slot) or ()))


def _call_of(name: Grammar, *values: tuple[str, Grammar]) -> Grammar:
    parts: list[Grammar] = [name, Literal("(")]
    for number, (key, value) in enumerate(values):
        parts += [Literal(f"{', ' if number else ''}{key}="), value]
    return InOrder((*parts, Literal(")")))
