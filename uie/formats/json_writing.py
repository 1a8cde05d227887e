"""What the JSON formats share on the way out: a `Layout`, items → JSON values, and the grammars of such JSON.

Strings and spacing are those of `json.dumps(…, ensure_ascii=False)`, as all the published projects write them.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Sequence as Listed
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.tasks.items import EVENT, Item, Row, RowChoice
from uie.tasks.items import WITH_ARGUMENTS as TASKS_WITH_ARGUMENTS

ENTITIES, RELATIONS, ARGUMENTS = "entities", "relations", "arguments"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a format writes items as JSON; what a model writes otherwise, and can still be understood, counts as repaired.

    `groups`: for a row the slots whose strings are keys, outermost first. What remains of the row is a string or, where more than one
    slot remains, a record. `records`: it is a record in any case. `fields`: the names of the fields of records, the written one
    first; a slot that is not here is named after itself. `unwritten`: slots that are left out. `alone`: rows of which one value
    stands without a list round it. `nothing`: strings for "no value". `numbered`: records hold occurrence numbers. `framed`: the
    arguments of a given event stand in a record with that event.
    """

    groups: Mapping[Row, tuple[str, ...]] = field(default_factory=dict)
    records: bool = False
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unwritten: tuple[str, ...] = ()
    alone: tuple[Row, ...] = ()
    nothing: tuple[str, ...] = ()
    numbered: bool = False
    framed: bool = False

    def names(self, slot: str) -> tuple[str, ...]:
        return self.fields.get(slot, (slot,))

    def is_record(self, row: Row, remaining: int, task: str) -> bool:
        """Whether what remains of a row is a record: events that have arguments always are."""
        return self.records or remaining > 1 or (row == EVENT and task in TASKS_WITH_ARGUMENTS)


def written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


# Values


def grouped(items: Iterable[Item], layout: Layout, task: str) -> Any:
    """The items as nested dicts, each key where its first item stands; a list where the layout groups nothing."""
    items = list(items)
    return _nested(items, layout.groups.get(items[0].row, ()), (), layout, task) if items else {}


def _nested(items: list[Item], groups: tuple[str, ...], done: tuple[str, ...], layout: Layout, task: str) -> Any:
    if not groups:
        return [_leaf(one, done, layout, task) for one in items]
    slot, *rest = groups
    found: dict[str, list[Item]] = {}
    for one in items:
        found.setdefault(one.text(slot), []).append(one)
    return {name: _nested(held, tuple(rest), (*done, slot), layout, task) for name, held in found.items()}


def _leaf(one: Item, done: tuple[str, ...], layout: Layout, task: str) -> Any:
    fields = [field for field in one.fields if field.slot not in done and field.slot not in layout.unwritten]
    if not layout.is_record(one.row, len(fields), task):
        return fields[0].text
    record: dict[str, Any] = {layout.names(field.slot)[0]: field.text for field in fields}
    if one.row == EVENT and task in TASKS_WITH_ARGUMENTS:
        record[ARGUMENTS] = grouped(one.children, layout, task)
    return record


def number_field(slot: str, row: Row) -> str:
    """The name of the field that holds a string's occurrence number."""
    return f"{slot}_occurrence" if "tail" in row else "occurrence"


# Grammars

_CONTROLS = (chr(code) for code in range(128))
ESCAPES = tuple((character, escaped) for character in _CONTROLS if (escaped := written(character)[1:-1]) != character)


def string_of(options: tuple[str, ...] | None, text: str, *, empty: bool = False) -> Grammar:
    """A JSON string: one of the options or, where there are none to choose from, a piece of the text."""
    if options is not None:
        return Choice(tuple(Literal(written(option)) for option in options))
    span = Sequence((Literal('"'), SpanOf(text, ESCAPES), Literal('"')))
    return Choice((span, Literal('""'))) if empty else span


def list_of(element: Grammar, *, least: int = 1) -> Grammar:
    return _joined("[", element, "]", least)


def object_of(pair: Grammar, *, least: int = 1) -> Grammar:
    return _joined("{", pair, "}", least)


def _joined(start: str, part: Grammar, end: str, least: int) -> Grammar:
    some = Sequence((Literal(start), part, Repeat(Sequence((Literal(", "), part))), Literal(end)))
    return some if least else Choice((Literal(start + end), some))


def pair_of(key: Grammar, value: Grammar) -> Grammar:
    return Sequence((key, Literal(": "), value))


def record_of(fields: Iterable[tuple[str, Grammar]]) -> Grammar:
    """An object with exactly these fields, in this order."""
    parts: list[Grammar] = []
    for name, value in fields:
        parts += [Literal(f"{', ' if parts else '{'}{written(name)}: "), value]
    return Sequence((*parts, Literal("}"))) if parts else Literal("{}")


Leaf = Callable[[RowChoice, tuple[str, ...]], Grammar]
"""What a row looks like under the keys that some of its slots have become."""


def grouped_grammar(choices: Listed[RowChoice], layout: Layout, text: str, task: str, *, least: int = 1) -> Grammar:
    """What `grouped` may write for rows of these choices; a key may stand there more than once."""
    row = row_of(choices[0])
    leaf = partial(_leaf_grammar, layout=layout, text=text, task=task)
    return _nested_grammar(choices, layout.groups.get(row, ()), (), leaf, text, least)


def row_of(choice: RowChoice) -> Row:
    return tuple(slot for slot, _ in choice.slots)


def _nested_grammar(
    choices: Listed[RowChoice], groups: tuple[str, ...], done: tuple[str, ...], leaf: Leaf, text: str, least: int = 1
) -> Grammar:
    if not groups:
        return list_of(Choice(tuple(leaf(choice, done) for choice in choices)), least=least)
    slot, *rest = groups
    inside = partial(_nested_grammar, groups=tuple(rest), done=(*done, slot), leaf=leaf, text=text)
    pairs: list[Grammar] = []
    free = [choice for choice in choices if choice.options(slot) is None]
    if free:
        pairs.append(pair_of(string_of(None, text), inside(free)))
    for name in dict.fromkeys(name for choice in choices for name in choice.options(slot) or ()):
        having = [choice for choice in choices if name in (choice.options(slot) or ())]
        pairs.append(pair_of(Literal(written(name)), inside(having)))
    return object_of(Choice(tuple(pairs)), least=least)


def _leaf_grammar(choice: RowChoice, done: tuple[str, ...], *, layout: Layout, text: str, task: str) -> Grammar:
    fields = [(slot, options) for slot, options in choice.slots if slot not in done and slot not in layout.unwritten]
    row = row_of(choice)
    strings = [(layout.names(slot)[0], string_of(options, text, empty=slot == "trigger")) for slot, options in fields]
    if not layout.is_record(row, len(fields), task):
        return strings[0][1]
    if row == EVENT and task in TASKS_WITH_ARGUMENTS:
        has_roles = bool(choice.children)
        nothing = Literal("{}" if layout.groups.get(("argument", "role")) else "[]")
        strings.append((ARGUMENTS, grouped_grammar(choice.children, layout, text, task, least=0) if has_roles else nothing))
    return record_of(strings)
