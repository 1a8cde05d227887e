r"""`lines`, the default format: one item a line, fields joined by `_`. Answer ↔ string.

    NER   mention_type
    RE    head_relation_tail
    EE    trigger_type, then a line `- argument_role` for each argument
    nothing found: None / 没有, by the prompt's language

A NER, trigger or argument line splits at its last unescaped `_`, a RE line at its two; so `_` is escaped (`\_`) in types always
and in the mentions of RE lines. Backslash, line ends, white space at a mention's ends and a trigger's leading `-` are escaped too.
Occurrence numbers are not written: mentions are listed in text order and grounded to successive places.
"""

from collections.abc import Iterable

from uie.formats import Description
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.formats.names import label_of, name_of
from uie.schema import EventLabel, Label
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question, Triple

TASKS = ("NER", "RE", "EE")
NONE_WORDS = {"en": "None", "zh": "没有"}
_ESCAPES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"))
_EDGES = {" ": "\\s", "\t": "\\t"}
_READ = {"n": "\n", "r": "\r", "s": " ", "t": "\t"}
_RULES = {
    "NER": {
        "en": "Write one mention a line as mention_type, in the order of the text. If there is none, write None.",
        "zh": "每行写一个结果，格式为“实体_类型”，按在文本中出现的顺序排列。如果没有，写“没有”。",
    },
    "RE": {
        "en": "Write one relation a line as head_relation_tail, in the order of the text. If there is none, write None.",
        "zh": "每行写一个结果，格式为“头实体_关系_尾实体”，按在文本中出现的顺序排列。如果没有，写“没有”。",
    },
    "EE": {
        "en": "For each event write a line trigger_type, then one line - argument_role for each argument. If there is none, write None.",
        "zh": "每个事件先写一行“触发词_事件类型”，再为每个论元写一行“- 论元_角色”。如果没有，写“没有”。",
    },
}


def describe(question: Question) -> Description:
    return Description(_RULES[question.task][_language(question)], none_word(question))


def none_word(question: Question) -> str:
    return NONE_WORDS[_language(question)]


def _language(question: Question) -> str:
    return "zh" if question.lang == "zh" else "en"


# Writing


def encode(answer: Answer, question: Question) -> str:
    """The answer, item by item in its own order; the question's none word when it is empty."""
    schema = question.schema
    lines = [f"{_mention(m.text)}_{_type(m.type or '', schema.entities)}" for m in answer.mentions]
    for triple in answer.triples:
        relation = _type(triple.relation, schema.relations)
        lines.append(f"{_mention(triple.head.text, inner=True)}_{relation}_{_mention(triple.tail.text, inner=True)}")
    for frame in answer.frames:
        trigger = _mention(frame.trigger.text) if frame.trigger else ""
        lines.append(f"{_dash(trigger)}_{_type(frame.type, schema.events)}")
        event = schema.event(frame.type)
        roles = event.roles if event else ()
        lines.extend(f"- {_mention(filler.text)}_{_type(filler.role, roles)}" for filler in frame.fillers)
    return "\n".join(lines) or none_word(question)


def _mention(text: str, *, inner: bool = False) -> str:
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    if inner:
        text = text.replace("_", "\\_")
    if text[:1] in _EDGES:
        text = _EDGES[text[0]] + text[1:]
    if len(text) > 1 and text[-1] in _EDGES:
        text = text[:-1] + _EDGES[text[-1]]
    return text


def _type(label: str, known: Iterable[Label]) -> str:
    return _mention(name_of(label, known), inner=True)


def _dash(trigger: str) -> str:
    return f"\\{trigger}" if trigger.startswith("-") else trigger


# Reading


def decode(raw: str, question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    """What the lines say. A line of another shape is a "malformed" problem; blank lines are passed over.

    Either language's none word stands for an empty answer; so does an empty string, which is reported as "empty".
    """
    stripped = raw.strip()
    if stripped in NONE_WORDS.values():
        return Answer(), ()
    if not stripped:
        return Answer(), (Problem("empty", raw),)
    lines = [line.strip(" \t\r") for line in raw.split("\n")]
    return _READERS[question.task]([line for line in lines if line], question)


def _fields(line: str) -> list[str]:
    """The line's fields, still escaped: split at every unescaped `_`."""
    fields, field, escaped = [], [], False
    for character in line:
        if escaped or character != "_":
            field.append(character)
            escaped = character == "\\" and not escaped
        else:
            fields.append("".join(field))
            field = []
    return [*fields, "".join(field)]


def _unescape(field: str) -> str:
    out, escaped = [], False
    for character in field:
        if escaped:
            out.append(_READ.get(character, character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            out.append(character)
    return "".join(out) + ("\\" if escaped else "")


def _pair(line: str) -> tuple[str, str] | None:
    """Mention and type, split at the last unescaped `_`; None when there is no such `_` or no type behind it."""
    *head, last = _fields(line)
    return (_unescape("_".join(head)), _unescape(last)) if head and last else None


def _read_mentions(lines: list[str], question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    mentions: list[Named] = []
    problems: list[Problem] = []
    for line in lines:
        pair = _pair(line)
        if pair is None or not pair[0]:
            problems.append(Problem("malformed", line))
            continue
        label, found = label_of(pair[1], question.schema.entities)
        mentions.append(Named(pair[0], label))
        problems.extend(found)
    return Answer(mentions=tuple(mentions)), tuple(problems)


def _read_triples(lines: list[str], question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    triples: list[Triple] = []
    problems: list[Problem] = []
    for line in lines:
        fields = [_unescape(field) for field in _fields(line)]
        if len(fields) != 3 or not all(fields):
            problems.append(Problem("malformed", line))
            continue
        label, found = label_of(fields[1], question.schema.relations)
        triples.append(Triple(Named(fields[0]), label, Named(fields[2])))
        problems.extend(found)
    return Answer(triples=tuple(triples)), tuple(problems)


def _read_frames(lines: list[str], question: Question) -> tuple[Answer, tuple[Problem, ...]]:
    frames: list[Frame] = []
    problems: list[Problem] = []
    open_frame = False  # whether the next argument line has an event to belong to
    for line in lines:
        is_argument = line.startswith("- ")
        pair = _pair(line.removeprefix("- ") if is_argument else line)
        if pair is None or (is_argument and not (open_frame and pair[0])):
            problems.append(Problem("malformed", line))
            open_frame = open_frame and is_argument
        elif is_argument:
            filler, found = _filler(pair, frames[-1], question)
            frames[-1] = Frame(frames[-1].type, frames[-1].trigger, (*frames[-1].fillers, filler))
            problems.extend(found)
        else:
            label, found = label_of(pair[1], question.schema.events)
            frames.append(Frame(label, Named(pair[0]) if pair[0] else None))
            problems.extend(found)
            open_frame = True
    return Answer(frames=tuple(frames)), tuple(problems)


def _filler(pair: tuple[str, str], frame: Frame, question: Question) -> tuple[Filler, tuple[Problem, ...]]:
    event = question.schema.event(frame.type)
    if event is None:  # reported once, at the trigger line: no role of an unknown event is known
        return Filler(pair[1], pair[0]), ()
    role, found = label_of(pair[1], event.roles)
    return Filler(role, pair[0]), found


_READERS = {"NER": _read_mentions, "RE": _read_triples, "EE": _read_frames}


# Constraining


def grammar(question: Question) -> Grammar:
    """Every answer of the format whose mentions are contiguous pieces of the text, and nothing else."""
    schema = question.schema
    span = SpanOf(question.text, _ESCAPES)
    inner = SpanOf(question.text, (*_ESCAPES, ("_", "\\_")))
    if question.task == "NER":
        item: Grammar = _line(span, "_", _types(schema.entities))
    elif question.task == "RE":
        item = _line(inner, "_", _types(schema.relations), "_", inner)
    else:
        trigger = Choice((SpanOf(question.text, _ESCAPES, (("-", "\\-"),)), Literal("")))  # an event may have no trigger
        item = Choice(tuple(_event(trigger, span, event) for event in schema.events))
    listed = Sequence((item, Repeat(Sequence((Literal("\n"), item)))))
    return Choice((Literal(none_word(question)), listed))


def _event(trigger: Grammar, span: Grammar, event: EventLabel) -> Grammar:
    head = _line(trigger, "_", _types((event,)))
    if not event.roles:
        return head
    return Sequence((head, Repeat(_line("\n- ", span, "_", _types(event.roles)))))


def _types(known: Iterable[Label]) -> Grammar:
    return Choice(tuple(Literal(_mention(label.name, inner=True)) for label in known))


def _line(*parts: Grammar | str) -> Grammar:
    return Sequence(tuple(Literal(part) if isinstance(part, str) else part for part in parts))
