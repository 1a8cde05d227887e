"""Grammars as EBNF, read by llguidance's own reader of GBNF: it allows what the definition says, no more and no less."""

from itertools import product

import format_fuzz as fuzz
import llguidance
import pytest
from grammar_check import byte_tokenizer, matched, recognises
from hypothesis import given, settings
from hypothesis import strategies as st
from llguidance.gbnf_to_lark import gbnf_to_lark

from uie.errors import ModelError
from uie.formats import FORMATS
from uie.formats.grammar import Both, Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.generation.ebnf import to_ebnf

LINES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"))
DASH = (("-", "\\-"),)


def judge(grammar: Grammar) -> llguidance.LLMatcher:
    made = llguidance.LLMatcher(byte_tokenizer(), gbnf_to_lark(to_ebnf(grammar)), log_level=0)
    assert not made.is_error(), made.get_error()
    return made


def ner(text: str, types: tuple[str, ...] = ("person", "place")) -> Grammar:
    """`None`, or lines `mention_type`."""
    line = Sequence((SpanOf(text, LINES), Literal("_"), Choice(tuple(map(Literal, types)))))
    return Choice((Literal("None"), Sequence((line, Repeat(Sequence((Literal("\n"), line)))))))


def test_the_rules_of_a_small_grammar() -> None:
    assert to_ebnf(ner("ab a", ("x",))).splitlines() == [
        "root ::= part5",
        'text0-3 ::= "a"',  # behind "ab ", "b " and " ", with which no piece ends
        'text0-2 ::= "" | " " text0-3',
        'text0-1 ::= "" | "b" text0-2',
        'part0 ::= "a" text0-1 | "b" text0-2',
        'part1 ::= part0 "_" "x"',
        'part2 ::= "\\n" part1',
        "part3 ::= part2*",
        "part4 ::= part1 part3",
        'part5 ::= "None" | part4',
    ]


@pytest.mark.parametrize(
    ("grammar", "right", "wrong"),
    [
        (Literal("None"), ["None"], ["", "Non", "None."]),
        (Literal('a"\\b\n\t#[^x]{2}😀'), ['a"\\b\n\t#[^x]{2}😀'], ["", 'a"\\b\n']),
        (Choice((Literal("a"), Literal("ab"))), ["a", "ab"], ["", "b", "aba"]),
        (Choice((Choice(()), Literal("a"))), ["a"], ["", "b"]),
        (Sequence((Choice((Literal("a"), Literal(""))), Literal("b"))), ["ab", "b"], ["a", ""]),
        (Repeat(Literal("ab")), ["", "ab", "ababab"], ["a", "aba"]),
        (Repeat(Literal("a"), 2), ["aa", "aaaa"], ["", "a"]),
        (Repeat(Repeat(Literal("a"), 2, 2), 1, 2), ["aa", "aaaa"], ["", "a", "aaa"]),
        (Repeat(Choice(())), [""], ["a"]),
        (SpanOf("Ann B"), ["A", "Ann", "nn B", "Ann B"], ["", " ", "Ann ", " B", "ann", "AB", "Ann  B", "Ann B."]),
        (SpanOf("aba"), ["a", "b", "ab", "ba", "aba"], ["", "aa", "bb", "abab"]),
        (SpanOf("abcbx"), ["abcb", "bx", "cbx"], ["abx", "abcx", "bcx", "cbcx"]),
        (SpanOf("Ann \n"), ["Ann", "n"], ["Ann ", "\n", "Ann \n"]),
        (SpanOf("张三在北京。"), ["张", "三在", "北京。"], ["", "张在", "北京。张", "张三 "]),
        (SpanOf("a\nb", LINES), ["a\\nb", "a", "b"], ["a\nb", "a\\n", "\\nb", "\\n", "\\", "n"]),
        (SpanOf("-a--b", LINES, DASH), ["\\-a--b", "a--b", "a-", "\\--b", "\\-"], ["-", "-a", "a\\-", "\\-\\-b", ""]),
        (ner("Ann_person, Bob"), ["None", "Ann_person", "Ann_person_person", "Bob_place\nAnn_person"], ["Ann", "Ann_person\n", "Bo_tool"]),
    ],
)  # fmt: skip
def test_the_grammars_strings_are_allowed_and_no_others(grammar: Grammar, right: list[str], wrong: list[str]) -> None:
    walk = judge(grammar)

    assert [string for string in right if not matched(walk, string)] == []
    assert [string for string in wrong if matched(walk, string)] == []
    assert [string for string in [*right, *wrong] if recognises(grammar, string) != (string in right)] == []


def test_other_control_characters_are_written_as_four_digits() -> None:
    assert to_ebnf(Literal("\x1cab\x7f\x85é\u2028")) == 'root ::= "\\u001cab\\u007f\\u0085é\u2028"\n'


def test_a_text_takes_two_rules_a_character_at_most_however_many_slots_name_it() -> None:
    text = "abbbc" * 40

    def event(number: int) -> Grammar:
        return Sequence((SpanOf(text), Literal(f"_event {number}"), Repeat(Sequence((Literal("\n- "), SpanOf(text))))))

    one, many = (to_ebnf(Choice(tuple(map(event, range(count))))) for count in (1, 65))

    assert len(one.splitlines()) < 2 * len(text)
    assert len(many.splitlines()) < len(one.splitlines()) + 3 * 65


def test_a_node_that_many_share_is_written_once() -> None:
    node: Grammar = Literal("a")
    for _ in range(60):  # 2**60 nodes, were each looked at wherever it stands
        node = Choice((Sequence((Literal("b"), node)), Sequence((Literal("c"), node))))

    assert len(to_ebnf(node)) < 20_000


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        (Choice(()), "no string fits it (a choice without options?), so that nothing could be written."),
        (Sequence((SpanOf(" \n"), Literal("_"))), "no string fits it (a choice without options?), so that nothing could be written."),
        (Repeat(Literal("a"), 2, 1), "no string fits it (a choice without options?), so that nothing could be written."),
        (Literal("a\0"), "'\\x00' cannot be written; expected text without it."),
        (SpanOf("a\ude00"), "'\\ude00' cannot be written; expected text without it."),
        (
            Choice((Literal("a"), Both(Literal("a"), Literal("b")))),
            "it cannot hold Both nodes; use the engine transformers, another format, or generate without constraints.",
        ),
    ],
)  # fmt: skip
def test_what_it_cannot_hold_it_names_and_refuses(grammar: Grammar, message: str) -> None:
    with pytest.raises(ModelError) as error:
        to_ebnf(grammar)

    assert str(error.value) == f"Grammar as EBNF: {message}"


# Any grammar. Without control characters but \n: what llguidance makes of `\\u001c` is not what the servers make of it.

TEXTS = st.text('a_-\\ \n"中b{', max_size=10)
SPANS = st.builds(SpanOf, TEXTS, st.sampled_from([(), LINES]), st.sampled_from([(), DASH]))


def nested(inner: st.SearchStrategy[Grammar]) -> st.SearchStrategy[Grammar]:
    several = st.lists(inner, max_size=3).map(tuple)
    times = st.integers(0, 2), st.none() | st.integers(0, 3)
    return st.builds(Choice, several) | st.builds(Sequence, several) | st.builds(Repeat, inner, *times)


GRAMMARS: st.SearchStrategy[Grammar] = st.recursive(TEXTS.map(Literal) | SPANS, nested, max_leaves=8)


@settings(deadline=None, max_examples=200)
@given(GRAMMARS, st.lists(st.text("a_-\\ \nn中b", max_size=5), max_size=12))
def test_any_string_is_allowed_just_when_the_grammar_says_so(grammar: Grammar, strings: list[str]) -> None:
    try:
        walk = judge(grammar)
    except ModelError:
        assert not any(recognises(grammar, string) for string in strings)
        return

    assert [string for string in strings if matched(walk, string) != recognises(grammar, string)] == []


@settings(deadline=None, max_examples=150)
@given(TEXTS, st.data())
def test_every_piece_of_any_text_is_allowed(text: str, data: st.DataObject) -> None:
    if not text.strip():
        return
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    piece = text[start:end]

    assert matched(judge(SpanOf(text)), piece) == bool(piece and piece == piece.strip())


def test_of_all_short_strings_exactly_the_pieces_of_a_text_are_allowed() -> None:
    strings = ["".join(letters) for length in range(1, 6) for letters in product("ab ", repeat=length)]
    texts = ["".join(letters) for letters in product("ab", "ab ", "ab", "ab ", "ab", "b")]

    for text in texts:
        walk = judge(SpanOf(text))
        assert {string for string in strings if matched(walk, string)} == {
            string for string in strings if string in text and string == string.strip()
        }, text

    assert len(texts) == 72


# Every format


@pytest.mark.parametrize("name", sorted(set(FORMATS.names()) - {"markup"}))
def test_answers_of_every_format_are_allowed_as_by_the_definition(name: str) -> None:
    cells = [cell for group in fuzz.cells(name).values() for cell in group][::6]
    assert cells
    for cell in cells:
        grammar = cell.format.grammar(cell.question)
        walk, cut = judge(grammar), len(cell.gold) // 2
        for answer in (cell.gold, cell.gold[:cut], cell.gold[:cut] + cell.gold[cut + 1 :], f"{cell.gold} "):
            assert matched(walk, answer) == recognises(grammar, answer), (str(cell), answer)


def test_markup_is_refused_by_the_name_of_the_node() -> None:
    cell = next(cell for group in fuzz.cells("markup").values() for cell in group)

    with pytest.raises(ModelError) as error:
        to_ebnf(cell.format.grammar(cell.question))

    assert "it cannot hold Both nodes" in str(error.value)
