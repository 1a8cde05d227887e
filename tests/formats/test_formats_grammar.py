"""The grammars of the formats: they accept every gold answer, and whatever they let a model write is read without a problem."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.formats import FORMATS, format_for
from uie.formats.grammar import Both, Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.schema import EventLabel, Label, RelationLabel, Schema, read_schema
from uie.tasks import TASKS, asked_of, asks
from uie.tasks.question import Question

# A recogniser that does nothing clever: which ends a piece beginning at `start` may have.


def ends(grammar: Grammar, string: str, start: int) -> set[int]:
    match grammar:
        case Literal(text):
            return {start + len(text)} if string.startswith(text, start) else set()
        case Choice(options):
            return {end for option in options for end in ends(option, string, start)}
        case Sequence(parts):
            found = {start}
            for part in parts:
                found = {end for at in found for end in ends(part, string, at)}
            return found
        case Repeat(part, least, most):
            found, reached, times = set(), {start}, 0
            while reached and (most is None or times <= most):
                found |= reached if times >= least else set()
                reached = {end for at in reached for end in ends(part, string, at)} - (found if times >= least else set())
                times += 1
            return found
        case SpanOf():
            return {start + len(piece) for piece in pieces(grammar) if string.startswith(piece, start)}
        case Both(one, other):
            return ends(one, string, start) & ends(other, string, start)


def pieces(span: SpanOf) -> set[str]:
    """Everything a `SpanOf` stands for, as it is written."""
    text, cuts = span.text, range(len(span.text) + 1)
    found = {text[start:end] for start in cuts for end in cuts if start < end}
    return {written(piece, span) for piece in found if not piece[0].isspace() and not piece[-1].isspace()}


def written(piece: str, span: SpanOf) -> str:
    escapes, first = dict(span.escapes), dict(span.first_escapes)
    return "".join(first.get(c, escapes.get(c, c)) if at == 0 else escapes.get(c, c) for at, c in enumerate(piece))


def accepts(grammar: Grammar, string: str) -> bool:
    return len(string) in ends(grammar, string, 0)


@pytest.mark.parametrize(
    ("grammar", "right", "wrong"),
    [
        (Literal("ab"), ["ab"], ["", "a", "abc"]),
        (Choice((Literal("a"), Literal("ab"))), ["a", "ab"], ["", "b"]),
        (Choice(()), [], ["", "a"]),
        (Sequence((Choice((Literal("a"), Literal("ab"))), Literal("b"))), ["ab", "abb"], ["a", "b"]),
        (Repeat(Literal("a")), ["", "a", "aaa"], ["b", "ab"]),
        (Repeat(Literal("a"), 1, 2), ["a", "aa"], ["", "aaa"]),
        (SpanOf("a -b", (("b", "\\b"),), (("-", "\\-"),)), ["a", "a -\\b", "\\-\\b", "\\-"], ["", " ", "b", "-", "a ", "ab", "-\\b", "a\\-"]),
        (SpanOf(" \u3000"), [], ["", " ", "\u3000"]),
    ],
    ids=["literal", "choice", "no choice", "sequence", "repeat", "repeat up to", "span", "span of white space"],
)  # fmt: skip
def test_the_recogniser_follows_the_definitions(grammar: Grammar, right: list[str], wrong: list[str]) -> None:
    assert [string for string in right if not accepts(grammar, string)] == []
    assert [string for string in wrong if accepts(grammar, string)] == []


# By hand

SCHEMA = read_schema(
    {
        "entities": {"PER": {"name": "person"}, "work_of_art": None},
        "relations": {"Work_For": {"name": "works for"}},
        "events": {"ATT": {"name": "attack", "roles": {"VIC": {"name": "victim"}}}, "storm": None},
    }
)
TEXT = "Ann_B shot Bob ; -ed \\ x"


def grammar_of(task: str, text: str = TEXT, schema: Schema = SCHEMA) -> Grammar:
    return format_for("lines", task).grammar(Question(task, asked_of(task, schema), text))


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("NER", "None"),
        ("NER", "Ann_B_person"),
        ("NER", "Ann_person\nBob_work\\_of\\_art\nAnn_person"),
        ("NER", "\\\\ x_person"),
        ("RE", "Ann\\_B_works for_Bob"),
        ("EE", "shot_attack"),
        ("EE", "shot_attack\n- Ann_B_victim\n- Bob_victim\n_storm\nBob_storm"),
        ("EE", "\\-ed_attack\n- -ed_victim"),
    ],
)
def test_right_answers_are_accepted(task: str, answer: str) -> None:
    assert accepts(grammar_of(task), answer)


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        pytest.param("NER", "", id="nothing at all"),
        pytest.param("NER", "没有", id="another language's none word"),
        pytest.param("NER", "Ann_PER", id="label for name"),
        pytest.param("NER", "Ann_place", id="wrong type"),
        pytest.param("NER", "Ann_work_of_art", id="type not escaped"),
        pytest.param("NER", "Carl_person", id="mention not in the text"),
        pytest.param("NER", "ann_person", id="case of a mention"),
        pytest.param("NER", "_person", id="empty mention"),
        pytest.param("NER", "Ann_B _person", id="white space at a mention's end"),
        pytest.param("NER", "\\ x_person", id="backslash not escaped"),
        pytest.param("NER", "Ann_person\n", id="line end at the end"),
        pytest.param("NER", "Ann_person\n\nBob_person", id="blank line"),
        pytest.param("NER", "Ann_person\nNone", id="an item and none"),
        pytest.param("RE", "Ann_B_works for_Bob", id="underscore not escaped in a relation"),
        pytest.param("RE", "Ann_likes_Bob", id="wrong relation"),
        pytest.param("RE", "Carl_works for_Bob", id="head not in the text"),
        pytest.param("RE", "Ann_works for_", id="empty tail"),
        pytest.param("EE", "shot_attack\n- Bob_killer", id="wrong role"),
        pytest.param("EE", "shot_attack\n- _victim", id="empty argument"),
        pytest.param("EE", "- Bob_victim", id="argument without an event"),
        pytest.param("EE", "shot_storm\n- Bob_victim", id="an event without roles"),
        pytest.param("EE", "-ed_attack", id="a trigger's dash not escaped"),
        pytest.param("EE", "shot_war", id="wrong event"),
    ],
)
def test_wrong_answers_are_refused(task: str, answer: str) -> None:
    assert not accepts(grammar_of(task), answer)


def test_where_a_text_holds_nothing_only_the_none_word_can_be_written() -> None:
    assert [answer for answer in ("", "None", "_person", "a_person", " _person") if accepts(grammar_of("NER", " "), answer)] == [
        "None"
    ]


# Properties: any schema, any text, any gold

ALPHABET = "_\\\n\r -aB中\u3000"
NAMES = st.text("_\\\n -aB中", min_size=1, max_size=4).filter(lambda name: name.strip() != "")


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    def named(cls: type[Any], least: int = 1, size: int = 2) -> tuple[Any, ...]:
        return tuple(cls(name, name) for name in draw(st.lists(NAMES, min_size=least, max_size=size, unique=True)))

    events = tuple(replace(event, roles=named(Label, 0)) for event in named(EventLabel))
    return Schema(draw(st.sampled_from(["en", "zh"])), named(Label), named(RelationLabel), events)


@st.composite
def gold_documents(draw: st.DrawFn) -> tuple[Document, Schema]:
    """A schema and a text with mentions that are pieces of it without white space at their ends."""
    schema, text = draw(schemas()), draw(st.text(ALPHABET, max_size=8))
    cuts = range(len(text) + 1)
    spans = [
        (start, end) for start in cuts for end in cuts if start < end and not (text[start].isspace() or text[end - 1].isspace())
    ]
    if not spans:
        return Document("d", text, entities=(), relations=(), events=()), schema

    def some(make: Callable[[], Any]) -> tuple[Any, ...]:
        return tuple(make() for _ in range(draw(st.integers(0, 3))))

    def mention() -> Mention:
        start, end = draw(st.sampled_from(spans))
        return Mention(text[start:end], start, end)

    def label(known: tuple[Any, ...]) -> Any:
        return draw(st.sampled_from(known))

    def event() -> Event:
        kind = label(schema.events)
        arguments = some(lambda: Argument(label(kind.roles).label, mention())) if kind.roles else ()
        return Event(kind.label, mention() if draw(st.booleans()) else None, arguments)

    entities = some(lambda: Entity(mention(), label(schema.entities).label))
    ends = st.integers(0, max(len(entities) - 1, 0))
    relations = some(lambda: Relation(label(schema.relations).label, draw(ends), draw(ends))) if entities else ()
    return Document("d", text, entities=entities, relations=relations, events=some(event)), schema


@settings(deadline=None, max_examples=150)
@given(gold_documents())
def test_every_gold_answer_is_accepted(case: tuple[Document, Schema]) -> None:
    document, schema = case

    for task in TASKS:
        for ask in asks(task, document, schema):
            asked = Question(task, ask.schema, document.text, schema.lang, ask.given)
            assert ask.gold is not None
            assert accepts(FORMATS.get("lines").grammar(asked), FORMATS.get("lines").encode(ask.gold, asked)), task


def strings_of(grammar: Grammar) -> st.SearchStrategy[str]:
    """What a model could write under the grammar."""
    match grammar:
        case Literal(text):
            return st.just(text)
        case Choice(options):
            return st.one_of([strings_of(option) for option in options])
        case Sequence(parts):
            return st.tuples(*map(strings_of, parts)).map("".join)
        case Repeat(part, least, most):
            inner = strings_of(part)
            return st.just("") if inner.is_empty and not least else st.lists(inner, min_size=least, max_size=most or 2).map("".join)
        case SpanOf():
            found = sorted(pieces(grammar))
            return st.sampled_from(found) if found else st.nothing()


@settings(deadline=None, max_examples=150)
@given(st.data(), schemas(), st.sampled_from(["NER", "RE", "EE"]), st.text(ALPHABET, max_size=8))
def test_whatever_can_be_written_is_read_without_a_problem(data: st.DataObject, schema: Schema, task: str, text: str) -> None:
    asked = Question(task, asked_of(task, schema), text, schema.lang)
    raw = data.draw(strings_of(FORMATS.get("lines").grammar(asked)))

    answer, problems = FORMATS.get("lines").decode(raw, asked)

    assert problems == ()
    assert FORMATS.get("lines").encode(answer, asked) == raw
    fillers = [filler.text for frame in answer.frames for filler in frame.fillers]
    triggers = [frame.trigger.text for frame in answer.frames if frame.trigger]
    ends_of_relations = [named.text for triple in answer.triples for named in (triple.head, triple.tail)]
    assert all(mention in text for mention in [*(named.text for named in answer.mentions), *ends_of_relations, *triggers, *fillers])


# The dialect: nothing is escaped, so only texts without line ends can be read back

CHINESE = read_schema({"lang": "zh", "entities": {"PER": {"name": "人名"}, "LOC": {"name": "地名"}}})


@settings(deadline=None, max_examples=80)
@given(st.data(), st.text("_\\ 李a", max_size=6))
def test_the_dialects_grammar_and_reader_agree(data: st.DataObject, text: str) -> None:
    dialect, asked = FORMATS.get("lines.seed001"), Question("NER", CHINESE, text, "zh")
    grammar = dialect.grammar(asked)
    raw = data.draw(strings_of(grammar))

    answer, problems = dialect.decode(raw, asked)

    assert problems == ()
    assert accepts(grammar, dialect.encode(answer, asked))
    assert set(dialect.encode(answer, asked).split("\n")) == set(raw.split("\n"))
