r"""Mutated answers: gold answers of every format and a seed in, what their readers do wrong out. `scripts/fuzz` runs it by the million.

A `Cell` is one question in one format. Its gold answer is cut, repeated, wrapped, spliced, nested … (`MUTATIONS`), and `violations`
says which promises of `uie.formats` the reading breaks. Every check is a function of the cell and the string alone, so a finding needs
nothing but its string, and can be made shorter (`smallest`). Case n of a seed is the same on every machine.
"""

import argparse
import json
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from random import Random
from zlib import crc32

from made_up import DOCUMENTS, EMPTY, schema

from uie.documents import Argument, Document, Entity, Event, Mention, Relation, document_from_json, document_to_json
from uie.formats import FORMATS, Format
from uie.parsing.assembling import Answered, predicted_document
from uie.parsing.grounding import ground
from uie.records.record import Record
from uie.schema import Schema, read_schema, schema_to_mapping
from uie.storage import to_line
from uie.tasks import asks
from uie.tasks.items import TEXT_SLOTS, Item, items_of
from uie.tasks.question import Answer, Problem, Question

KINDS = {"malformed", "prose", "repaired", "repaired_type", "unknown_type", "empty"}
"""What a reader may report; "ungrounded", "repeated" and "truncated" are said by those who know the text and the token limit."""
MARKER = "qzx"
"""A word that stands in no text, schema or format: where it is put in, it must come out, in an item or in a problem."""
_LONGEST_PIECE = 300
_SECONDS, _SECONDS_A_CHARACTER = 0.5, 5e-5

# What is asked


@dataclass(frozen=True, eq=False)
class Cell:
    """One question in one format, with its gold answer as that format writes it."""

    name: str
    format: Format
    document: str
    question: Question
    answer: Answer
    gold: str
    record: Record

    def __str__(self) -> str:
        return f"{self.name} {self.question.task} {self.question.lang} {self.document}"


HARD_TEXT = (
    'None said "no" to (entities, here): <b>A&amp;B</b> - x_y [1] {"a": "b"} at C:\\new\\temp </think> and ``` too.\n'
    "Result: 没有 | the end of (it, 王’s “plan”；1) a · 'tis\tAnn: Bo, 👩\u200d🚀 = None # no"
)
HARD_MENTIONS = [
    "None", '"no"', "(entities, here)", "<b>A&amp;B</b>", "- x_y", '{"a": "b"}', "C:\\new\\temp", "</think>", "```",
    "too.\nResult: 没有", "|", "(it", "王’s", "“plan”；1)", "'tis\tAnn:", "Bo, 👩\u200d🚀", "= None", "# no",
]  # fmt: skip
HARD_LABELS = {
    "entities": {"None": None, "a_b": {"name": "type"}, "(x, y)": None, 'say "hi"': None, "<t>": {"name": "city/town: a"}},
    "relations": {"head": None, "is;a": {"name": "is a, b"}, "没有": {"name": "no | none"}},
    "events": {
        "trigger": {"roles": {"argument": None, "role": {"name": "arguments"}, "who?": {"name": "who (or what)"}}},
        "E_1": {"name": "events: 1", "roles": {"None": None, "place": {"name": "city/town: a"}}},
    },
}  # fmt: skip


def hard_document() -> Document:
    """A text, names and mentions that are full of what formats and salvage take for syntax."""
    mentions = [Mention(piece, at, at + len(piece)) for piece in HARD_MENTIONS for at in [HARD_TEXT.index(piece)]]
    types, relations = list(HARD_LABELS["entities"]), list(HARD_LABELS["relations"])
    first, second = ((label, list(said["roles"])) for label, said in HARD_LABELS["events"].items())
    return Document(
        "hard",
        HARD_TEXT,
        # The first type is that of the mention "None" alone, so that this is a whole answer.
        entities=tuple(Entity(mention, types[number and 1 + number % (len(types) - 1)]) for number, mention in enumerate(mentions)),
        relations=tuple(
            Relation(relations[n % len(relations)], n, (7 * n + 3) % len(mentions)) for n in range(0, len(mentions), 2)
        ),
        events=tuple(
            Event(label, mentions[start], tuple(Argument(roles[n % len(roles)], mentions[start + n]) for n in range(1, 4)))
            for start, (label, roles) in zip((0, 7, 12), (first, second, first), strict=True)
        ),
    )


def documents(lang: str) -> dict[str, tuple[Document, Schema]]:
    return {
        "made-up": (DOCUMENTS[lang], schema(lang)),
        "empty": (EMPTY[lang], schema(lang)),
        "hard": (hard_document(), read_schema(HARD_LABELS, lang=lang)),
    }


@cache
def cells(name: str) -> dict[tuple[str, str, str], tuple[Cell, ...]]:
    """All questions of a format by task, language and document."""
    found: dict[tuple[str, str, str], tuple[Cell, ...]] = {}
    for task in FORMATS.get(name).TASKS:
        for lang in ("en", "zh"):
            for key, (document, known) in documents(lang).items():
                if made := tuple(_cells(name, task, lang, document, known, key)):
                    found[task, lang, key] = made
    return found


def _cells(name: str, task: str, lang: str, document: Document, known: Schema, key: str) -> Iterator[Cell]:
    format = FORMATS.get(name)
    for number, ask in enumerate(asks(task, document, known)):
        question, gold = Question(task, ask.schema, document.text, lang, ask.given), ask.gold or Answer()
        id, mapping = f"{document.id}#{task}:{number}", schema_to_mapping(ask.schema, descriptions=False)
        record = Record(
            "", "", None, id, task, "", "", lang, name, "", mapping, document.text, {"document_id": document.id}, ask.given
        )
        yield Cell(name, format, f"{key}:{number}", question, gold, format.encode(gold, question), record)


# What becomes of an answer

Mutation = Callable[[str, Random, Cell], str]


def _place(raw: str, rng: Random) -> int:
    return rng.randrange(len(raw) + 1)


def _span(raw: str, rng: Random) -> tuple[int, int]:
    start, end = sorted((_place(raw, rng), _place(raw, rng)))
    return start, end


def _put(what: str, raw: str, rng: Random) -> str:
    at = _place(raw, rng)
    return raw[:at] + what + raw[at:]


def _each(raw: str, rng: Random, change: Callable[[str], str], *, share: float | None = None) -> str:
    share = rng.choice([0.1, 0.5, 1.0]) if share is None else share
    return "".join(change(character) if rng.random() < share else character for character in raw)


def _segments(raw: str, rng: Random) -> tuple[list[str], str]:
    end = rng.choice(["\n", ",", ", ", ";", "}, ", "), ", '"', " "])
    return raw.split(end), end


def delete_characters(raw: str, rng: Random, cell: Cell) -> str:
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = _place(raw, rng)
        raw = raw[:at] + raw[at + 1 :]
    return raw


def insert_characters(raw: str, rng: Random, cell: Cell) -> str:
    for _ in range(rng.choice([1, 1, 2, 5])):
        raw = _put(rng.choice(_CHARACTERS), raw, rng)
    return raw


def replace_characters(raw: str, rng: Random, cell: Cell) -> str:
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = _place(raw, rng)
        raw = raw[:at] + rng.choice(_CHARACTERS) + raw[at + 1 :]
    return raw


def swap_characters(raw: str, rng: Random, cell: Cell) -> str:
    at = _place(raw, rng)
    return raw[:at] + raw[at : at + 2][::-1] + raw[at + 2 :]


def cut_off(raw: str, rng: Random, cell: Cell) -> str:
    return raw[: _place(raw, rng)]


def cut_the_beginning(raw: str, rng: Random, cell: Cell) -> str:
    return raw[_place(raw, rng) :]


def drop_a_piece(raw: str, rng: Random, cell: Cell) -> str:
    start, end = _span(raw, rng)
    return raw[:start] + raw[end:]


def repeat_a_piece(raw: str, rng: Random, cell: Cell) -> str:
    start, end = _span(raw, rng)
    times = 40 if rng.random() < 0.02 else rng.choice([2, 3, 5])
    return raw[:start] + raw[start:end] * times + raw[end:]


def shuffle_segments(raw: str, rng: Random, cell: Cell) -> str:
    segments, end = _segments(raw, rng)
    rng.shuffle(segments)
    return end.join(segments)


def repeat_a_segment(raw: str, rng: Random, cell: Cell) -> str:
    segments, end = _segments(raw, rng)
    at = rng.randrange(len(segments))
    return end.join([*segments[:at], *[segments[at]] * rng.randint(2, 5), *segments[at + 1 :]])


def splice_another_answer(raw: str, rng: Random, cell: Cell) -> str:
    """In another format, of another task or in another language, as a whole or a piece of it."""
    name, task, lang = cell.name, cell.question.task, cell.question.lang
    other = rng.randrange(3)
    if other == 0:
        name = rng.choice([one for one in FORMATS if task in FORMATS.get(one).TASKS])
    elif other == 1:
        task = rng.choice(FORMATS.get(name).TASKS)
    else:
        lang = "zh" if lang == "en" else "en"
    found = rng.choice(cells(name).get((task, lang, "made-up")) or (cell,)).gold
    start, end = _span(found, rng) if rng.random() < 0.5 else (0, len(found))
    return rng.choice([found[start:end], f"{raw}\n{found}", f"{raw} {found[start:end]}", _put(found[start:end], raw, rng)])


def wrap(raw: str, rng: Random, cell: Cell) -> str:
    before, behind = rng.choice(_WRAPPINGS)
    return before + raw + (behind if rng.random() < 0.8 else "")


def full_width(raw: str, rng: Random, cell: Cell) -> str:
    wide = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F) if not chr(code).isalnum() or rng.random() < 0.1}
    return _each(raw, rng, lambda character: wide.get(character, character))


def change_case(raw: str, rng: Random, cell: Cell) -> str:
    return rng.choice([str.upper, str.lower, str.title, str.swapcase])(raw)


def change_quotes(raw: str, rng: Random, cell: Cell) -> str:
    quote = rng.choice(["'", "“", "”", "‘", "`", "„", "«", "＂", '\\"', '""', ""])
    return _each(raw, rng, lambda character: quote if character in "\"'" else character)


def change_spaces(raw: str, rng: Random, cell: Cell) -> str:
    space, end = rng.choice([" ", "", "  ", "\t", "\u3000", "\xa0", "\n"]), rng.choice(["\n", "\r\n", "\n\n", " ", "\u2028", "\r"])
    return _each(raw, rng, lambda character: {" ": space, "\n": end}.get(character, character))


def insert_control_characters(raw: str, rng: Random, cell: Cell) -> str:
    for _ in range(rng.randint(1, 4)):
        raw = _put(rng.choice(_CONTROLS), raw, rng)
    return raw


def insert_escapes(raw: str, rng: Random, cell: Cell) -> str:
    for _ in range(rng.randint(1, 3)):
        raw = _put(rng.choice(_ESCAPES), raw, rng)
    return raw


def nest(raw: str, rng: Random, cell: Cell) -> str:
    opening, closing = rng.choice(_NESTS)
    depth = 2500 if rng.random() < 0.01 else rng.choice([1, 1, 2, 5, 20, 100])
    at, behind = _place(raw, rng), rng.choice([0, depth, depth // 2])
    whole = f"{opening * depth}{raw}{closing * behind}"
    return rng.choice([whole, raw[:at] + opening * depth + closing * behind + raw[at:]])


def write_odd_numbers(raw: str, rng: Random, cell: Cell) -> str:
    number = rng.choice(_NUMBERS)
    found = list(re.finditer(r"\d+", raw))
    if found and rng.random() < 0.7:
        match = rng.choice(found)
        return raw[: match.start()] + number + raw[match.end() :]
    key = rng.choice(["occurrence", "head_occurrence", "tail_occurrence", "n", "#"])
    return _put(rng.choice([f', "{key}": {number}', f'"{key}": {number}, ', f" {key}={number}", f"#{number}", number]), raw, rng)


def write_other_names(raw: str, rng: Random, cell: Cell) -> str:
    names = _names(cell.question.schema)
    present = [name for name in names if name in raw]
    if not present:
        return _put(rng.choice([*names, "thing"]), raw, rng)
    old = rng.choice(present)
    other = rng.choice([*names, "thing", "", f"{old}s", old.upper(), old.replace(" ", "_"), f"{old}:"])
    return raw.replace(old, other, rng.choice([1, -1]))


def insert_words(raw: str, rng: Random, cell: Cell) -> str:
    return _put(rng.choice(_WORDS), raw, rng)


def insert_a_marker(raw: str, rng: Random, cell: Cell) -> str:
    return _put(rng.choice([MARKER, f" {MARKER} ", f"\n{MARKER}\n", f'"{MARKER}"', f"{MARKER}: ", f", {MARKER}"]), raw, rng)


def change_the_syntax(raw: str, rng: Random, cell: Cell) -> str:
    """One kind of syntax character for another, everywhere."""
    kinds = [character for character in dict.fromkeys(raw) if not character.isalnum() and not character.isspace()]
    old, new = rng.choice([*kinds, " "]), rng.choice(["", *_SYNTAX])
    return raw.replace(old, new)


def only_syntax(raw: str, rng: Random, cell: Cell) -> str:
    return _each(raw, rng, lambda character: "" if character.isalnum() else character)


def anything(raw: str, rng: Random, cell: Cell) -> str:
    return "".join(rng.choice(_CHARACTERS) for _ in range(rng.choice([1, 3, 10, 40])))


_SYNTAX = list("_-()[]{}<>/|,;:.=#&\\\"'`*\n+@~!?") + [
    "、",
    "，",
    "；",
    "：",
    "（",
    "）",
    "“",
    "”",
    "「",
    "」",
    "【",
    "】",
    "。",
    "＿",
]
_CONTROLS = ["\0", "\x01", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x1c", "\x7f", "\x85", "\u200b", "\u202e", "\u2028", "\ufeff", "\ufffe", "\ud83d", "\udc00", "\U0010ffff"]  # fmt: skip
_CHARACTERS = [*_SYNTAX, *_CONTROLS, *" \t\r\n", *"aZ0９中é", "👩\u200d🚀", "\u0301", "ŉ", "İ", "ß"]
_ESCAPES = [
    "\\", "\\n", "\\\\", "\\u", "\\ud83d", "\\udc00\\ud83d", "\\u00e9", "\\x4", "\\x00", "\\N{DASH}", "\\q", "\\U0011ffff", "\\'", '\\"',
    "&", "&amp;", "&lt;", "&#", "&#0;", "&#xD800;", "&#99999999;", "&nbsp;", "&amp", "%s", "{0}", "{{", "}}", "${x}", "\\_", "\\s", "\\t",
]  # fmt: skip
_NESTS = [("[", "]"), ("(", ")"), ("{", "}"), ('{"a": ', "}"), ("[[", "]]"), ("<a>", "</a>"), ("f(", ")"), ("（", "）"), ("-", ""), ("**", "**"), ("\\", ""), ("```\n", "\n```"), ("<think>", "</think>"), ("not ", ""), ("- ", ""), ("1. ", ""), ("f(a=[", "])")]  # fmt: skip
_NUMBERS = ["1" + "0" * 30, "9" * 400, "-1", "0", "1.5", '"2"', "null", "true", "1e400", "NaN", "-0", "[1]", '{"a": 1}', "0x10", "１", "²", "1_0", "None"]  # fmt: skip
_WORDS = [
    "None", "没有", "null", "N/A", "no", "無", "Answer: ", "Output:\n", "答案：", "\nNote: the text is short.", "```", "```json\n", "<think>",
    "</think>", "</s>", "<|im_end|>", "<|endoftext|>", "Ann Lee", "王明", "Rome", "person", "人物", "\n- ", "1. ", "\n\n", "and", "#", "//",
    "/* ", " */", "<!-- ", " -->", "# ", "import os", "pass", "result = ", "print(", "lambda: 0", "type", "head", "trigger", "arguments",
]  # fmt: skip
_WRAPPINGS = [
    ("```\n", "\n```"), ("```json\n", "\n```"), ("```python\n", "\n```\n"), ("<think>Let me see: Ann_person?\n", "</think>\n"),
    ("<think>\nhm (a, b)\n</think>\n\n", ""), ("Here are the entities:\n", ""), ("Sure! The answer is: ", "."), ("Answer: ", "\n"),
    ("", "\n\nI hope that this helps you with your question."), ("**", "**"), ('"', '"'), ("'", "'"), ("{", "}"), ("[", "]"), ("(", ")"),
    ("结果如下：\n", "\n以上就是文中的全部实体。"), ("答案：", "。"), ("> ", ""), ("1. ", ""), ("- ", ""), ("<answer>", "</answer>"),
    ("\ufeff", ""), ("<|im_start|>assistant\n", "<|im_end|>"), ("", "</s>"), ("result = ", ""), ("Text: Ann Lee wept.\n", ""),
    ('{"answer": ', "}"), ('{"result": "', '"}'), ("Final answer\n\n", "\n\n(none)"), ("", "\n" + "None\n" * 40),
]  # fmt: skip
MUTATIONS: tuple[Mutation, ...] = (
    delete_characters, insert_characters, replace_characters, swap_characters, cut_off, cut_the_beginning, drop_a_piece, repeat_a_piece,
    shuffle_segments, repeat_a_segment, splice_another_answer, wrap, full_width, change_case, change_quotes, change_spaces,
    insert_control_characters, insert_escapes, nest, write_odd_numbers, write_other_names, insert_words, insert_a_marker,
    change_the_syntax, only_syntax, anything,
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One mutated answer; `number` and the seed make it again."""

    number: int
    cell: Cell
    mutations: tuple[str, ...]
    raw: str


def case(name: str, seed: str, number: int) -> Case:
    """The n-th mutated answer of a format under a seed."""
    rng = Random(f"{seed} {name} {number}")
    groups = cells(name)
    task = rng.choice(FORMATS.get(name).TASKS)
    lang = rng.choice(["en", "zh"])
    document = rng.choice(["made-up", "made-up", "hard", "empty"])
    cell = rng.choice(groups.get((task, lang, document)) or groups[task, lang, "made-up"])
    raw, done = cell.gold, []
    for mutation in rng.choices(MUTATIONS, k=rng.choice([1, 1, 2, 3])):
        raw = mutation(raw, rng, cell)
        done.append(mutation.__name__)
    return Case(number, cell, tuple(done), raw)


def _names(known: Schema) -> list[str]:
    labels = [*known.entities, *known.relations, *known.events, *(role for event in known.events for role in event.roles)]
    return list(dict.fromkeys(name for label in labels for name in (label.name, label.label)))


# What must hold of any answer


def violations(cell: Cell, raw: str) -> list[str]:
    """Which promises the reading of `raw` breaks, each as a sentence; what stands before its colon says which."""
    started = time.thread_time()
    try:
        read = cell.format.decode(raw, cell.question)
    except Exception as error:  # the very thing to find
        return [f"decode raises: {type(error).__name__}: {str(error)[:200]}"]
    seconds = time.thread_time() - started
    if (wrong := _wrong_shape(read)) is not None:
        return [wrong]
    answer, problems = read
    found = [f"slow: {seconds:.2f} s for {len(raw)} characters"] if seconds > _SECONDS + _SECONDS_A_CHARACTER * len(raw) else []
    found += _bad_problems(raw, problems)
    rows = list(_rows(items_of(answer, cell.question)))
    found += _dropped(cell, raw, answer, rows, problems)
    found += _made_up(cell, raw, rows)
    found += _not_read_again(cell, answer, problems)
    found += _not_predicted(cell, raw, answer, rows, problems)
    return found


def _wrong_shape(read: object) -> str | None:
    match read:
        case (Answer(), tuple() as problems) if all(isinstance(problem, Problem) for problem in problems):
            return None
    return f"wrong shape: {str(read)[:200]}"


def _bad_problems(raw: str, problems: tuple[Problem, ...]) -> Iterator[str]:
    for problem in problems:
        if problem.kind not in KINDS:
            yield f"unknown kind: {problem.kind!r}"
        if not isinstance(problem.piece, str):
            yield f"piece is no string: {problem.piece!r}"
        elif len(problem.piece) > _LONGEST_PIECE:
            yield f"long piece: {len(problem.piece)} characters in {problem.kind!r}"
    shown = sum(len(str(problem.piece)) for problem in problems)
    if shown > 30 * len(raw) + 1000:
        yield f"long problems: {shown} characters in {len(problems)} problems about {len(raw)} characters"
    kinds = [problem.kind for problem in problems]
    if not raw.strip() and kinds != ["empty"]:
        yield f"an empty answer is not reported as one: {kinds[:5]}"
    elif raw.strip() and "empty" in kinds and "prose" not in kinds:  # behind a wrapping there may be nothing
        yield f'"empty" is said of what is not: {kinds[:5]}'


def _rows(items: Iterable[Item]) -> Iterator[tuple[tuple[str, str], ...]]:
    for one in items:
        yield tuple((field.slot, field.text) for field in one.fields)
        yield from _rows(one.children)


def _dropped(
    cell: Cell, raw: str, answer: Answer, rows: list[tuple[tuple[str, str], ...]], problems: tuple[Problem, ...]
) -> Iterator[str]:
    """Nothing is dropped silently: what stands in the answer stands in an item, or a problem says that it does not."""
    texts = [text for row in rows for _, text in row]
    pieces = [problem.piece for problem in problems]
    if raw.strip() and not rows and not problems and not _says_nothing(cell, raw):
        yield "silence: no item and no problem"
    shown = any(MARKER in text.lower() for text in [*texts, *pieces])
    if MARKER in raw.lower() and not shown and not problems:
        yield f"a word is lost: {MARKER!r} is in no item, and there is no problem"
    elif MARKER in _KEY.sub("", raw.lower()) and not shown and not any(" … " in piece for piece in pieces):
        yield f"a word is not shown: {MARKER!r} is in no item and in no problem: {pieces[:5]}"
    if not problems:
        written = cell.format.encode(answer, cell.question)
        words = _words(_KEY.sub(" ", raw)) - _own_words(cell)
        lost = sorted(word for word in words if word not in written and not word.isdigit())
        if lost and not re.search(r"[\\&]", raw + written):
            yield f"words are lost: {lost[:5]} without a problem; what was read is {written[:200]!r}"
    if cell.gold.startswith(raw) and raw.strip() and not cell.document.startswith("hard"):
        whole, why = cell.format.decode(cell.gold, cell.question)
        known = Counter(_rows(items_of(whole, cell.question)))
        if not why and (new := Counter(rows) - known).total() > 1:
            yield f"a cut-off answer says other things than the whole one: {list(new)[:3]}"


_KEY = re.compile(r'(?:"[^"\n]*"|(?<![^\W_])[^\W_]+)[ \t]*[:=：＝]')
"""What may be a key or the name of a variable: which ones an answer uses for what it says is its own affair."""


def _says_nothing(cell: Cell, raw: str) -> bool:
    """Whether the string is a none word, the format's own empty answer, or JSON without a single value."""
    if raw.strip() in ("None", "没有", cell.format.encode(Answer(), cell.question)):
        return True
    try:
        return not _says_something(json.loads(raw.strip()))
    except (ValueError, RecursionError):
        return False


def _says_something(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_says_something, value.values()))
    return any(map(_says_something, value)) if isinstance(value, list) else True


@cache
def _own_words(cell: Cell) -> frozenset[str]:
    """The words that an answer may hold beside what it says: the format's own, names, none words."""
    said = [text for row in _rows(items_of(cell.answer, cell.question)) for slot, text in row if slot in TEXT_SLOTS]
    names = frozenset().union(*map(_words, _names(cell.question.schema)))
    own = _words(cell.gold) - frozenset().union(*map(_words, said))
    given = _given_texts(cell.question)
    empty = _words(cell.format.encode(Answer(), cell.question))
    return own | names | empty | {"None", "没有"} | frozenset().union(*map(_words, given))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text))


def _given_texts(question: Question) -> list[str]:
    given = question.given or Answer()
    frames = [frame.trigger.text for frame in given.frames if frame.trigger]
    return [*(m.text for m in given.mentions), *(end.text for t in given.triples for end in (t.head, t.tail)), *frames]


_QUOTES = re.compile("[\"'“”]")


def _made_up(cell: Cell, raw: str, rows: list[tuple[tuple[str, str], ...]]) -> Iterator[str]:
    """No item says what the answer does not."""
    if re.search(r"[\\&\ud800-\udfff]", raw):
        return
    plain = "\n".join((raw, unicodedata.normalize("NFKC", raw)))  # full-width syntax is read as ASCII
    apart = re.sub(_QUOTES, "", plain)  # Python puts strings together that stand side by side
    untagged = re.sub("<[^<>]*>", "", plain)  # mentions may hold tags of others
    said = "\n".join((plain, apart, untagged, *_given_texts(cell.question)))
    for row in rows:
        for slot, text in row:
            readings = (text, unicodedata.normalize("NFKC", text), re.sub(_QUOTES, "", text))
            if slot in TEXT_SLOTS and not any(reading in said for reading in readings):
                yield f"made up: {slot} {text[:100]!r}"
                return


def _not_read_again(cell: Cell, answer: Answer, problems: tuple[Problem, ...]) -> Iterator[str]:
    """What a format of ours read, it can write and read again."""
    if "." in cell.name or any(problem.kind == "unknown_type" for problem in problems):
        return
    try:
        written = cell.format.encode(answer, cell.question)
        again, why = cell.format.decode(written, cell.question)
    except Exception as error:  # the very thing to find
        yield f"not read again: {type(error).__name__}: {error}"
        return
    if _strings(again, cell) != _strings(answer, cell) or why:
        yield f"not read again: {written[:300]!r} gives {why[:3]} and {_difference(_strings(answer, cell), _strings(again, cell))}"


def _strings(answer: Answer, cell: Cell) -> Counter[object]:
    """The rows of an answer; their order is the format's own affair where it groups by type."""
    return Counter((tuple(_rows((one,)))) for one in items_of(answer.without_occurrences(), cell.question))


def _difference(before: Counter[object], after: Counter[object]) -> str:
    return f"lost {list(before - after)[:2]}, new {list(after - before)[:2]}"


def _not_predicted(
    cell: Cell, raw: str, answer: Answer, rows: list[tuple[tuple[str, str], ...]], problems: tuple[Problem, ...]
) -> Iterator[str]:
    """Any answer can be grounded and becomes a predicted Document that a file can hold."""
    try:
        grounded = ground(answer, cell.question.text)
        counts = (len(grounded.entities), len(grounded.links), len(grounded.events))
        if counts != (len(answer.mentions), len(answer.triples), len(answer.frames)):
            yield f"grounding changes the number of items: {counts}"
        "".join([*(text for row in rows for _, text in row), *(problem.piece for problem in problems)]).encode("utf-8")
        if crc32(raw.encode("utf-8", "surrogatepass")) % 8 == 0:  # some of them: it costs as much as all the rest
            document = predicted_document([Answered(cell.record, raw)])
            line = to_line(document_to_json(document)).encode("utf-8")
            if document_from_json(json.loads(line)) != document:
                yield "the predicted Document comes back changed: " + line.decode()[:200]
    except Exception as error:  # the very thing to find
        yield f"not predicted: {type(error).__name__}: {str(error)[:200]}"


def smallest(cell: Cell, raw: str, *, tries: int = 400) -> tuple[str, str]:
    """A short string that breaks the same promise as `raw`, and what is said of it."""
    said = violations(cell, raw)[0]
    promise = said.partition(":")[0]
    size = max(len(raw) // 2, 1)
    while size and tries > 0:
        for start in range(0, len(raw), size):
            tries -= 1
            shorter = raw[:start] + raw[start + size :]
            still = [one for one in violations(cell, shorter) if one.partition(":")[0] == promise]
            if still:
                raw, said = shorter, still[0]
                break
            if tries <= 0:
                break
        else:
            size //= 2
    return raw, said


@dataclass(frozen=True)
class Finding:
    """A promise that a format broke, with a short answer that breaks it."""

    number: int
    where: str
    mutations: tuple[str, ...]
    said: str
    raw: str

    def __str__(self) -> str:
        return f"{self.where}  (case {self.number}: {', '.join(self.mutations)})\n    {self.said}\n    raw = {self.raw!r}"


def findings(name: str, seed: str, numbers: Iterable[int], *, most: int = 5) -> list[Finding]:
    """What is wrong with a format's cases, at most so many findings of each kind."""
    found: list[Finding] = []
    seen: Counter[str] = Counter()
    for number in numbers:
        one = case(name, seed, number)
        said = violations(one.cell, one.raw)
        if not said:
            continue
        promise = said[0].partition(":")[0]
        seen[promise] += 1
        if seen[promise] <= most:
            short, said_of_it = smallest(one.cell, one.raw)
            found.append(Finding(number, str(one.cell), one.mutations, said_of_it, short))
    return found


# As a command


def main(arguments: list[str] | None = None) -> int:
    """Runs `--count` cases, spread evenly over the formats; prints findings as they come, a summary at the end."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description="Read mutated answers and report every broken promise.")
    parser.add_argument("--count", type=int, default=100_000, help="cases in all (default: %(default)s)")
    parser.add_argument("--seed", default="0", help="other seeds give other cases (default: %(default)s)")
    parser.add_argument("--format", action="append", choices=list(FORMATS), help="only this format; may be given more than once")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long, if the count is not reached")
    parser.add_argument("--findings", type=int, default=3, help="findings shown of each kind and format (default: %(default)s)")
    asked = parser.parse_args(arguments)
    names = asked.format or list(FORMATS)
    started, done = time.monotonic(), 0
    broken: Counter[str] = Counter()
    step = 500
    for first in range(0, -(-asked.count // len(names)), step):
        for name in names:
            for number in range(first, min(first + step, -(-asked.count // len(names)))):
                one = case(name, asked.seed, number)
                done += 1
                if said := violations(one.cell, one.raw):
                    kind = f"{name}: {said[0].partition(':')[0]}"
                    broken[kind] += 1
                    if broken[kind] <= asked.findings:
                        short, said_of_it = smallest(one.cell, one.raw)
                        print(Finding(number, str(one.cell), one.mutations, said_of_it, short), flush=True)
        seconds = time.monotonic() - started
        print(f"{done:,} answers, {seconds:.0f} s, {done / seconds:,.0f} a second, {broken.total()} findings", file=sys.stderr)
        if seconds > asked.seconds:
            break
    for kind, count in broken.most_common():
        print(f"{count:8,}  {kind}")
    print(f"{done:,} mutated answers of {len(names)} formats (seed {asked.seed}): {broken.total():,} findings.")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
