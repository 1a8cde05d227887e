r"""`code.gollie`: the answers of GoLLIE (Sainz et al. 2024), byte for byte: a Python list called `result`. NER, RE, EE, EET.

    NER            Person(span="Ann Lee")
    RE             WorksFor(arg1="Ann Lee", arg2="Acme")
    EE             StartOfWork(mention="joined", employee=["Ann Lee"], employer=[])
    EET            StartOfWork(mention="joined")
    nothing found  result = []

As its repository makes them (`templates/prompt.txt`, `src/tasks/utils_data.py`, `__repr__` of `src/tasks/utils_typing.py`): each
instance with all its fields in the order of its class, `[]` for a role that nothing fills (`src/tasks/ace/data_loader.py`), each on
lines of its own with a comma behind, all formatted by black with its default 88 columns. The line end behind `]` is left off. GoLLIE's
own prompts end in `result =`, so that its models go on with `[`: that is read as well.

Lossy, as published: fillers come role by role, not in text order; an event without a trigger has `mention=""`. GoLLIE's classes were
written by hand; ours are the names in CamelCase, its role names the names in snake_case, one-to-one as in `code`.
"""

import unicodedata

from uie.formats import Description
from uie.formats.code import Classes, Keys, camel_case, names_of, one_to_one, read, spelled, words_of
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.salvage import decoded, language
from uie.schema import EventLabel, Schema
from uie.tasks.items import EVENT, MENTION, WITH_ARGUMENTS, Item, RowChoice, items_of, row_choices
from uie.tasks.question import Answer, Problem, Question

TASKS = ("NER", "RE", "EE", "EET")
NONE_WORD = "result = []"
KEYS = Keys(head="arg1", tail="arg2", trigger="mention", roles=True)
_Values = list[tuple[str, str | list[str]]]
_WIDTH = 88  # black's default, https://black.readthedocs.io/en/stable/the_black_code_style/current_style.html#line-length
_RULES = {
    "en": "The annotation instances that take place in the text are listed in a Python list called result; it is empty if there are none.",
    "zh": "把文本中出现的标注实例写成名为 result 的 Python 列表；如果没有，列表为空。",
}


def describe(question: Question) -> Description:
    return Description(_RULES[language(question)], NONE_WORD)


def _classes(schema: Schema) -> Classes:
    return one_to_one(tuple((kind, name, camel_case(name)) for kind, name in names_of(schema) if kind != "role"))


def _fields(event: EventLabel) -> Classes:
    """The fields of an event's class: its roles, one-to-one; another event may have the same field for another role."""
    return one_to_one(tuple(("role", role.name, _field(role.name)) for role in event.roles))


def _field(name: str) -> str:
    return spelled((word.lower() for word in words_of(name)), "_") or "role"


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The list as black prints it."""
    classes = _classes(question.schema)
    items = [_instance(one, classes, question) for one in items_of(answer, question)]
    return "\n".join(("result = [", *items, "]")) if items else NONE_WORD


def _instance(one: Item, classes: Classes, question: Question) -> str:
    if one.row == MENTION:
        return _printed(_class(classes, "entity", one.text("type")), [("span", _string(one.text("mention")))])
    if one.row != EVENT:
        ends: _Values = [("arg1", _string(one.text("head"))), ("arg2", _string(one.text("tail")))]
        return _printed(_class(classes, "relation", one.text("relation")), ends)
    event = next((event for event in question.schema.events if event.name == one.text("event")), EventLabel("", ""))
    roles = _fields(event)
    fields: dict[str, list[str]] = {field: [] for field in roles.by_class} if question.task in WITH_ARGUMENTS else {}
    for child in one.children:
        field = roles.of("role", child.text("role")) or _field(child.text("role"))
        fields.setdefault(field, []).append(_string(child.text("argument")))
    values: _Values = [("mention", _string(one.text("trigger"))), *fields.items()]
    return _printed(_class(classes, "event", one.text("event")), values)


def _class(classes: Classes, kind: str, name: str) -> str:
    """The class of a name; one that the schema lacks is spelled as if it were there."""
    return classes.of(kind, name) or camel_case(name)


def _string(text: str) -> str:
    """The string as black leaves what `repr` printed: in double quotes, unless that would take more backslashes.

    As `normalize_string_quotes` in black/strings.py.
    """
    printed = repr(text)
    if printed[0] == '"':
        return printed
    body = printed[1:-1]
    doubled = "".join({'"': '\\"', "\\'": "'"}.get(each, each) for each in _characters(body))
    return f'"{doubled}"' if doubled.count("\\") <= body.count("\\") else printed


def _characters(body: str) -> list[str]:
    """The characters of a literal, an escaped one with its backslash."""
    found: list[str] = []
    for character in body:
        if found and found[-1] == "\\":
            found[-1] += character
        else:
            found.append(character)
    return found


def _printed(name: str, values: _Values) -> str:
    """The instance as an element of the list: on one line, else its values on one, else one value a line, else lists broken too."""
    joined = [f"{key}={value}" if isinstance(value, str) else f"{key}=[{', '.join(value)}]" for key, value in values]
    whole, body = f"    {name}({', '.join(joined)}),", f"        {', '.join(joined)}"
    if _width(whole) <= _WIDTH:
        return whole
    if _width(body) <= _WIDTH or len(values) == 1:
        return f"    {name}(\n{body}\n    ),"
    lines: list[str] = []
    for (key, value), written in zip(values, joined, strict=True):
        if _width(f"        {written},") <= _WIDTH or isinstance(value, str) or not value:
            lines.append(f"        {written},")
        else:
            comma = "," if len(value) > 1 else ""
            lines += [f"        {key}=[", *(f"            {each}{comma}" for each in value), "        ],"]
    return "\n".join((f"    {name}(", *lines, "    ),"))


def _width(line: str) -> int:
    """Columns, a wide character taking two, as `str_width` in black/strings.py."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line
    )


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the instances say, with or without `result =`, on however many lines."""
    if raw.strip() in ("[]", NONE_WORD):
        return Answer(), ()
    return decoded(raw, question, _read)


def _read(raw: str, question: Question) -> tuple[list[Item], list[Problem]]:
    fields = {event.label: _fields(event) for event in question.schema.events}
    return read(raw, question, _classes(question.schema), KEYS, fields)


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer whose mentions are contiguous pieces of the text. Lines may be broken wherever black breaks some."""
    classes = _classes(question.schema)
    instance = Choice(tuple(_instance_of(choice, classes, question) for choice in row_choices(question)))
    listed = Sequence((Literal("result = ["), Repeat(Sequence((Literal("\n    "), instance, Literal(","))), 1), Literal("\n]")))
    return Choice((Literal(NONE_WORD), listed))


def _instance_of(choice: RowChoice, classes: Classes, question: Question) -> Grammar:
    slots = dict(choice.slots)
    string = _string_of(question.text)
    if "event" in slots:
        kind, slot = "event", "event"
        values: list[tuple[str, Grammar]] = [("mention", Choice((string, Literal('""'))))]
        if choice.children:
            event = next(event for event in question.schema.events if (event.name,) == choice.options("event"))
            values += [(field, _list_of(string)) for field in _fields(event).by_class]
    elif "relation" in slots:
        kind, slot, values = "relation", "relation", [("arg1", string), ("arg2", string)]
    else:
        kind, slot, values = "entity", "type", [("span", string)]
    names = Choice(tuple(Literal(classes.by_name[kind, name]) for name in choice.options(slot) or ()))
    parts: list[Grammar] = [names, Literal("("), _broken("\n        ")]
    for number, (key, value) in enumerate(values):
        parts += (
            [Choice((Literal(", "), Literal(",\n        "))), Literal(f"{key}="), value] if number else [Literal(f"{key}="), value]
        )
    end = [Literal(")"), Literal("\n    )"), *([Literal(",\n    )")] if len(values) > 1 else [])]
    return Sequence((*parts, Choice(tuple(end))))


def _list_of(string: Grammar) -> Grammar:
    more = Repeat(Sequence((Choice((Literal(", "), Literal(",\n            "))), string)))
    end = Choice((Literal("]"), Literal("\n        ]"), Literal(",\n        ]")))
    return Choice((Literal("[]"), Sequence((Literal("["), _broken("\n            "), string, more, end))))


def _broken(line_end: str) -> Grammar:
    return Choice((Literal(""), Literal(line_end)))


def _string_of(text: str) -> Grammar:
    """A piece of the text as `_string` may write it, in either kind of quotes."""
    escapes = {character: repr(character)[1:-1] for character in sorted(set(text)) if character not in "\"'"}
    escapes = {character: written for character, written in escapes.items() if written != character}
    quotes: list[Grammar] = []
    for quote in "\"'":
        span = SpanOf(text, (*escapes.items(), (quote, f"\\{quote}")))
        quotes.append(Sequence((Literal(quote), span, Literal(quote))))
    return Choice(tuple(quotes))
