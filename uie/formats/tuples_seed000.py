"""`tuples.seed000`: the answers of seed 000 (InstructUIE's "v3" wording), byte for byte. ASCII and `None`, whatever the language.

    NER  (Bob, person), (Paris, location)
    RE   (Bob, born in, Paris), (Ann, born in, Rome)
    EE   (type:attack, trigger:bombed, arguments:(name:Bob,role:victim), (name:knife,role:instrument)), (type:die, …, arguments:None)

Lossy, as published: nothing is escaped, so commas and brackets of mentions can be told from the format's own by the text only, and
line ends and blanks at a mention's ends are lost; a `'` in an event's type or trigger is written `#$%#`; items of the type `NA` are left
out. Repeats are kept, occurrence numbers are not written.
"""

import re
from collections.abc import Sequence as Listing

from uie.formats import Description
from uie.formats.fitting import Fitting, Texts
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.published import NONE_WORD, published_items, published_name, trigger_of, unquoted, without_false_alarm
from uie.formats.salvage import decoded, is_prose, language, piece
from uie.formats.scanning import BLANKS, Piece, plain
from uie.formats.tuples import read_loosely
from uie.tasks.items import ARGUMENT, EVENT, Item, Row, RowChoice, row_choices
from uie.tasks.items import item as item_of
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER", "RE", "EE")
_KEY = re.compile(r"(?<![^\s(（,，])(type|trigger|arguments|name|role)[ \t]{0,3}[:：]", re.IGNORECASE)
# What separates a key's value from the next key, from its end to its beginning.
_BEHIND = {
    ("type", "trigger"): ",", ("trigger", "arguments"): ",", ("arguments", "name"): "(", ("name", "role"): ",",
    ("role", "name"): "(,)", ("role", "type"): "(,))", ("role", ""): "))",
    ("arguments", "type"): "(,)", ("arguments", ""): ")", ("trigger", "type"): "(,)", ("trigger", ""): ")",
    ("type", "type"): "(,)", ("type", ""): ")",
}  # fmt: skip
_WIDE = {"(": "（", ")": "）", ",": "，"}
_SHAPES = {
    "NER": "(word1, type1), (word2, type2)",
    "RE": "(word1, relation1, word2), (word3, relation2, word4)",
    "EE": "(type:event type, trigger:word1, arguments:(name:word2,role:role1), (name:word3,role:role2))",
}


def describe(question: Question) -> Description:
    shape = _SHAPES[question.task]
    if language(question) == "zh":
        return Description(f"输出格式为 {shape}。如果没有，写“{NONE_WORD}”。", NONE_WORD)
    return Description(f"Output format is {shape}. If there is none, write {NONE_WORD}.", NONE_WORD)


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer, item by item in its own order."""
    return _written(published_items(answer, question))


def _written(items: Listing[Item]) -> str:
    return ", ".join(_event(one) if one.row == EVENT else _tuple(one) for one in items) or NONE_WORD


def _tuple(one: Item) -> str:
    return f"({', '.join(field.text for field in one.fields)})"


def _event(one: Item) -> str:
    arguments = ", ".join(f"(name:{child.text('argument')},role:{child.text('role')})" for child in one.children)
    return f"(type:{one.text('event')}, trigger:{one.text('trigger')}, arguments:{arguments or NONE_WORD})"


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the tuples say; the text decides which commas and brackets belong to mentions."""
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    raw = unquoted(raw)
    if question.task != "EE":
        items, problems = read_loosely(raw, question, Fitting(question, read=plain), escapes=False)
    else:
        reader = _Events(question)
        reader.read(raw)
        items = [Item(one.fields, tuple(arguments)) for one, arguments in reader.found]
        problems = reader.problems
        if items and not problems:
            problems = [Problem("repaired", piece(raw))]
    return items, without_false_alarm(raw, items, problems, _written)


class _Events:
    """Takes the answer apart at the keys, so that brackets and commas in values, and missing ones between them, do no harm."""

    def __init__(self, question: Question) -> None:
        self.found: list[tuple[Item, list[Item]]] = []
        self.problems: list[Problem] = []
        self._fitting = Fitting(question, read=plain)

    def read(self, raw: str) -> None:
        keys = list(_KEY.finditer(raw))
        self._talk(raw[: keys[0].start()] if keys else raw)
        values: dict[str, str] = {}
        event_is_open = False
        for number, found in enumerate(keys):
            key = found[1].lower()
            after = keys[number + 1] if number + 1 < len(keys) else None
            next_key = after[1].lower() if after else ""
            value = raw[found.end() : after.start() if after else len(raw)]
            values[key] = _trimmed(value, _BEHIND.get((key, next_key), ","))
            missing = "trigger" if key == "type" else "type" if key == "trigger" else ""  # the other half of an event's beginning
            if missing and (missing in values or next_key != missing):
                event_is_open = self._add_event(values)
                values = {}
            elif key == "role" or (key == "name" and next_key != "role"):
                if not event_is_open or not self._add_argument(values):
                    self.problems.append(Problem("malformed", piece(",".join(f"{key}:{value}" for key, value in values.items()))))
                values = {}
            elif key == "arguments":
                if values[key].strip("[]()（） \t\r\n") not in ("", NONE_WORD, "没有"):
                    self.problems.append(Problem("malformed", piece(f"arguments:{values[key]}")))
                values = {}

    def _talk(self, text: str) -> None:
        if text.strip(f"[](（{BLANKS}"):
            self.problems.append(Problem("prose" if is_prose(text) else "malformed", piece(text)))

    def _add_event(self, values: dict[str, str]) -> bool:
        if not values.get("type"):
            self.problems.append(Problem("malformed", piece(f"trigger:{values.get('trigger', '')}")))
            return False
        texts = self._texts([values.get("trigger", ""), values["type"]], EVENT)
        if texts is None:
            return False
        self.found.append((item_of(EVENT, texts), []))
        self._fitting.ask_roles_of(texts[1])
        return True

    def _add_argument(self, values: dict[str, str]) -> bool:
        if not values.get("name") or not values.get("role"):
            return False
        texts = self._texts([values["name"], values["role"]], ARGUMENT)
        if texts is not None:
            self.found[-1][1].append(item_of(ARGUMENT, texts))
        return True

    def _texts(self, values: list[str], row: Row) -> Texts | None:
        """The row's texts; None, and reported, where a word for nothing stands for a mention."""
        pieces = [Piece(value) for value in values]
        if (exact := self._fitting.exact(pieces, row)) is not None:
            return exact
        if (found := self._fitting.mended([(row, pieces)], pieces)) is not None:
            return found[1][0]
        if self._fitting.says_none(pieces, row):
            self.problems.append(Problem("repaired", piece(",".join(values))))
            return None
        return self._fitting.as_it_stands(pieces, row)


def _trimmed(value: str, behind: str) -> str:
    """The value without the separators behind it, as far as they are there."""
    value = value.strip(BLANKS)
    for separator in behind:
        if value.endswith((separator, _WIDE[separator])):
            value = value[:-1].rstrip(BLANKS)
    return value


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text, and nothing else."""
    one = Choice(tuple(_choice(choice, question) for choice in row_choices(question)))
    return Choice((Literal(NONE_WORD), Sequence((one, Repeat(Sequence((Literal(", "), one)))))))


def _choice(choice: RowChoice, question: Question) -> Grammar:
    if question.task == "EE":
        return _event_choice(choice, question.text)
    parts: list[Grammar] = []
    for _, options in choice.slots:
        parts += [Literal(", " if parts else "("), _one_of(options) if options is not None else SpanOf(question.text)]
    return Sequence((*parts, Literal(")")))


def _event_choice(choice: RowChoice, text: str) -> Grammar:
    names = Choice(tuple(Literal(published_name(name)) for name in choice.options("event") or ()))
    arguments: list[Grammar] = [Literal(NONE_WORD)]
    for child in choice.children:
        argument = Sequence((Literal("(name:"), SpanOf(text), Literal(",role:"), _one_of(child.options("role")), Literal(")")))
        arguments.append(Sequence((argument, Repeat(Sequence((Literal(", "), argument))))))
    trigger = Choice((trigger_of(text), Literal("")))
    return Sequence(
        (Literal("(type:"), names, Literal(", trigger:"), trigger, Literal(", arguments:"), Choice(tuple(arguments)), Literal(")"))
    )


def _one_of(options: tuple[str, ...] | None) -> Grammar:
    return Choice(tuple(Literal(option) for option in options or ()))
