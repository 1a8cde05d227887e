"""Grammars compiled for llguidance: the engine allows what the definition says, no more and no less."""

import random
from itertools import product

import pytest
from grammar_check import accepts, byte_tokenizer, matched, matcher, recognises
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.corpora.config import load_dataset_config
from uie.corpora.reading import read_corpus
from uie.errors import ModelError
from uie.formats import format_for
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.generation.constraints import to_lark
from uie.tasks import asks
from uie.tasks.question import Question

LINES = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"))
INNER = (*LINES, ("_", "\\_"))
DASH = (("-", "\\-"),)
XML = (("&", "&amp;"), ("<", "&lt;"), ("\n", "&#10;"))


def written(piece: str, span: SpanOf) -> str:
    first = dict(span.first_escapes).get(piece[0], dict(span.escapes).get(piece[0], piece[0]))
    return first + "".join(dict(span.escapes).get(character, character) for character in piece[1:])


def ner(text: str, types: tuple[str, ...] = ("person", "place")) -> Grammar:
    """`None`, or lines `mention_type`."""
    line = Sequence((SpanOf(text, LINES), Literal("_"), Choice(tuple(map(Literal, types)))))
    return Choice((Literal("None"), Sequence((line, Repeat(Sequence((Literal("\n"), line)))))))


# By hand


@pytest.mark.parametrize(
    ("grammar", "right", "wrong"),
    [
        (Literal(""), [""], ["a"]),
        (Literal('a"\\b\n\0\x7f\x85\u2028😀'), ['a"\\b\n\0\x7f\x85\u2028😀'], ["", 'a"\\b\n', 'a"\\b\n\0\x7f\x85\u2028😀.']),
        (Choice((Literal("a"), Literal("ab"))), ["a", "ab"], ["", "b", "aba"]),
        (Choice((Choice(()), Literal("a"))), ["a"], ["", "b"]),
        (Sequence(()), [""], ["a"]),
        (Sequence((Choice((Literal("a"), Literal("ab"))), Literal("b"))), ["ab", "abb"], ["a", "b", "abbb"]),
        (Repeat(Literal("ab")), ["", "ab", "ababab"], ["a", "aba"]),
        (Repeat(Literal("a"), 2), ["aa", "aaaa"], ["", "a"]),
        (Repeat(Literal("a"), 1, 2), ["a", "aa"], ["", "aaa"]),
        (Repeat(Literal("a"), 0, 0), [""], ["a"]),
        (Repeat(Choice(())), [""], ["a"]),
        (SpanOf("Ann B"), ["A", "Ann", "nn B", "Ann B"], ["", " ", "Ann ", " B", "ann", "AB", "Ann  B", "Ann B."]),
        (SpanOf("aba"), ["a", "b", "ab", "ba", "aba"], ["", "aa", "bb", "abab"]),
        (SpanOf("a\u3000b\x1cc\td"), ["a\u3000b", "b\x1cc", "c\td"], ["a\u3000", "\u3000b", "\x1cc", "b\x1c", "c\t"]),
        (SpanOf("张三在北京。"), ["张", "三在", "北京。"], ["", "张在", "北京。张", "张三 "]),
        (SpanOf("e\u0301t\u00e9 👩\u200d🚀!"), ["e", "\u0301t", "t\u00e9", "👩\u200d🚀", "🚀"], ["e\u0301t\u00e9 ", "\u00e9t", "👩🚀"]),
        (SpanOf('.*"{2}"%[x]/\\d$^|(?i)'), [".*", '"{2}"%[x]/\\d$^|(?i)', "{2}", "\\"], ["a", "{}", "x/", "\\\\", "3", ""]),
        (SpanOf("a\nb", LINES), ["a\\nb", "a", "b"], ["a\nb", "a\\n", "\\nb", "\\n", "\\", "n", "a\\", "nb"]),
        (SpanOf("\\n\n \\x", LINES), ["\\\\n", "\\\\", "n", "n\\n \\\\x"], ["\\n", "n\\n", "\\n \\\\x", "\\n n", "\\", "\\x"]),
        (SpanOf("-a--b", LINES, DASH), ["\\-a--b", "a--b", "a-", "\\--b", "\\-"], ["-", "-a", "a\\-", "\\-\\-b", "\\a", ""]),
        (SpanOf("-\\-", LINES, DASH), ["\\-", "\\-\\\\-", "\\\\-", "\\\\"], ["-", "-\\\\", "\\\\\\-", "\\-\\-"]),
    ],
)  # fmt: skip
def test_the_engine_allows_the_grammars_strings_and_no_others(grammar: Grammar, right: list[str], wrong: list[str]) -> None:
    assert [string for string in right if not accepts(grammar, string)] == []
    assert [string for string in wrong if accepts(grammar, string)] == []
    assert [string for string in [*right, *wrong] if recognises(grammar, string) != (string in right)] == []


def test_a_node_that_many_share_is_written_once() -> None:
    node: Grammar = Literal("a")
    for _ in range(60):  # 2**60 nodes, were each looked at wherever it stands
        node = Choice((Sequence((Literal("b"), node)), Sequence((Literal("c"), node))))

    assert len(to_lark(node)) < 20_000


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        pytest.param("None", True, id="the none word"),
        pytest.param("Mira_person\nOslo_place", True, id="two items"),
        pytest.param("Mira_person\nMira_person\nMira_place", True, id="an item again"),
        pytest.param("Mira_tool", False, id="wrong type"),
        pytest.param("Mara_person", False, id="mention not in the text"),
        pytest.param("_person", False, id="empty mention"),
        pytest.param(" Mira_person", False, id="leading white space"),
        pytest.param("met _person", False, id="white space at a mention's end"),
        pytest.param("Mira_person\n", False, id="trailing line end"),
        pytest.param("Mira_person Oslo", False, id="trailing junk"),
        pytest.param("Mira_person\nNone", False, id="an item and none"),
        pytest.param("Mira", False, id="half an item"),
        pytest.param("", False, id="nothing at all"),
    ],
)
def test_of_answers_only_well_formed_ones_about_the_text_are_allowed(answer: str, right: bool) -> None:
    assert accepts(ner("Mira met Anton in Oslo."), answer) is right


@pytest.mark.parametrize("answer", ["Ann_person", "Ann_person_person", "Ann_person_place_place", "person_person\nAnn_place"])
def test_a_text_that_looks_like_an_answer_hides_none(answer: str) -> None:
    """llguidance reads a terminal as far as it goes: had the mention one of its own, `Ann_person` would be a mention without type."""
    assert accepts(ner("Ann_person_place_place Bob"), answer)
    assert not accepts(ner("Ann_person_place_place Bob"), f"{answer}_Bob")


def test_each_step_offers_the_next_byte_of_a_right_answer_and_the_end_only_when_it_is_one() -> None:
    answer = "None"
    tokens, end = byte_tokenizer().tokenize_bytes(answer.encode()), byte_tokenizer().eos_token
    walk = matcher(ner("Norway None"))

    offered = []
    for token in [*tokens, end]:
        offered.append([at for at in range(byte_tokenizer().vocab_size) if walk.compute_bitmask()[at // 8] >> at % 8 & 1])
        walk.consume_token(token)

    assert offered[0] == sorted(set(b"NorwayNone"))
    assert offered[1:] == [[ord("_"), ord("o")], [ord("_"), ord("n"), ord("r")], [ord("_"), ord("e")], [ord("_"), end]]


# What it refuses, and what it costs


@pytest.mark.parametrize(
    ("grammar", "message"),
    [
        (Choice(()), "no string fits it (a choice without options?), so that nothing could be written."),
        (Sequence((SpanOf(" \n"), Literal("_"))), "no string fits it (a choice without options?), so that nothing could be written."),
        (Repeat(Choice(()), 1), "no string fits it (a choice without options?), so that nothing could be written."),
        (Repeat(Literal("a"), 2, 1), "no string fits it (a choice without options?), so that nothing could be written."),
        (Literal("\ud83d"), "half a surrogate pair is no character; expected text that can be written as UTF-8."),
        (SpanOf("a\ude00"), "half a surrogate pair is no character; expected text that can be written as UTF-8."),
        (SpanOf("abc", (("ab", "x"),)), "SpanOf escapes 'ab'; expected one character each. Generate without grammars."),
        (SpanOf("a", (), (("", "x"),)), "SpanOf escapes ''; expected one character each. Generate without grammars."),
        (
            SpanOf("a\nb", (("\n", ""),)),
            "SpanOf leaves a character of the text out; expected each written as something. Generate without grammars.",
        ),
        (
            SpanOf("\n", (("\n", ""),)),
            "no string fits it (a choice without options?), so that nothing could be written.",
        ),
        (
            SpanOf("\\ \n", (("\n", "\\n"),)),
            "SpanOf writes one character as '\\\\' and another as '\\\\n'; expected none that begins another. Generate without grammars.",
        ),
        (
            SpanOf("a- b", (), (("-", "*"),)),
            "SpanOf writes '-' as '*' first and as '-' elsewhere; expected something before the latter. Generate without grammars.",
        ),
        (
            SpanOf("a_ b", (("_", " "),)),
            "SpanOf writes two characters as ' '; expected different writings, as only one of them may begin a piece so. "
            "Generate without grammars.",
        ),
    ],
)  # fmt: skip
def test_what_it_cannot_hold_it_names_and_refuses(grammar: Grammar, message: str) -> None:
    with pytest.raises(ModelError) as error:
        to_lark(grammar)

    assert str(error.value) == f"Grammar for llguidance: {message}"


def test_a_node_it_does_not_know_is_named() -> None:
    with pytest.raises(ModelError) as error:
        to_lark(Choice((Literal("a"), 7)))  # type: ignore[arg-type]

    assert str(error.value) == "Grammar for llguidance: it cannot hold int nodes; generate without grammars."


def test_escapes_that_the_text_has_no_use_for_are_no_obstacle() -> None:
    assert accepts(SpanOf("a b", (("\n", ""), ("_", " ")), (("-", "*"),)), "a b")


def test_a_text_is_compiled_once_however_many_alternatives_name_it() -> None:
    text = "Mira met Anton\nin Oslo."

    def event(number: int) -> Grammar:
        trigger = Choice((SpanOf(text, LINES, DASH), Literal("")))
        roles = Choice((Literal(f"role {number}"), Literal("place")))
        argument = Sequence((Literal("\n- "), SpanOf(text, LINES), Literal("_"), roles))
        return Sequence((trigger, Literal(f"_event {number}"), Repeat(argument)))

    events = Choice(tuple(event(number) for number in range(65)))

    assert to_lark(events).count("substring_chunks") == 1
    assert accepts(events, "met_event 64\n- Anton\\nin Oslo_role 64\n- Oslo_place")
    assert not accepts(events, "met_event 64\n- Oslo_role 63")


def test_ten_thousand_characters_stay_within_the_engines_limits() -> None:
    words = random.Random(0)
    text = " ".join("".join(words.choices("abcdefghij", k=6)) for _ in range(1500))
    grammar = ner(text)

    walk = matcher(grammar)

    assert len(text) > 10_000
    assert matched(walk, f"{text}_person\n{text[5000:5003].strip()}_place")
    assert not matched(walk, f"{text[100:120].strip()}k_person")


# Any text

CHARACTERS = st.one_of(
    st.sampled_from("_-\\\n\r\t \"'{}[]()%/.*+?|^$&<#~\u3000\x1c\x7f中国é\u0301😀\u200d👩aB0"), st.characters(codec="utf-8")
)
TEXTS = st.text(CHARACTERS, min_size=1, max_size=14)
WRITINGS = st.sampled_from([((), ()), (LINES, ()), (LINES, DASH), (INNER, ()), (INNER, DASH), (XML, (("#", "&##"),))])


@settings(deadline=None, max_examples=150)
@given(TEXTS, WRITINGS)
def test_every_piece_of_any_text_is_allowed(text: str, writing: tuple[tuple[tuple[str, str], ...], ...]) -> None:
    span = SpanOf(text, *writing)
    cuts = range(len(text) + 1)
    pieces = {
        text[start:end] for start, end in product(cuts, cuts) if text[start:end] and text[start:end] == text[start:end].strip()
    }
    if not pieces:
        return
    walk = matcher(span)

    assert [piece for piece in pieces if not matched(walk, written(piece, span))] == []


@settings(deadline=None, max_examples=150)
@given(st.data(), TEXTS, WRITINGS)
def test_any_string_is_allowed_just_when_it_is_a_piece(
    data: st.DataObject, text: str, writing: tuple[tuple[tuple[str, str], ...], ...]
) -> None:
    span = SpanOf(text, *writing)
    if not text.strip():
        return
    walk = matcher(span)
    parts = st.sampled_from([*text, *(escaped for escapes in writing for _, escaped in escapes), "\\", ""])
    strings = data.draw(st.lists(st.lists(parts, max_size=6).map("".join) | st.text(CHARACTERS, max_size=4), max_size=20))
    start, end = sorted((data.draw(st.integers(0, len(text))), data.draw(st.integers(0, len(text)))))
    strings += [text[start:end], "".join(dict(span.escapes).get(character, character) for character in text[start:end])]

    assert [string for string in strings if matched(walk, string) != recognises(span, string)] == []


# Any grammar

SPANS = st.builds(lambda text, writing: SpanOf(text, *writing), st.text("a_-\\ \n中", max_size=6), WRITINGS)
LITERALS = st.text("a_-\\ \n中", max_size=3).map(Literal)


def nested(inner: st.SearchStrategy[Grammar]) -> st.SearchStrategy[Grammar]:
    several = st.lists(inner, max_size=3).map(tuple)
    times = st.integers(0, 2), st.none() | st.integers(0, 3)
    return st.builds(Choice, several) | st.builds(Sequence, several) | st.builds(Repeat, inner, *times)


GRAMMARS: st.SearchStrategy[Grammar] = st.recursive(LITERALS | SPANS, nested, max_leaves=8)


@settings(deadline=None, max_examples=300)
@given(st.data(), GRAMMARS)
def test_what_the_engine_lets_a_model_write_is_in_the_grammar(data: st.DataObject, grammar: Grammar) -> None:
    try:
        walk = matcher(grammar)
    except ModelError:
        assert not any(recognises(grammar, string) for string in ("", "a", "_", "中"))
        return
    end, answer = byte_tokenizer().eos_token, bytearray()
    for _ in range(30):
        mask = walk.compute_bitmask()
        offered = [token for token in range(end + 1) if mask[token // 8] >> token % 8 & 1]
        assert (end in offered) == walk.is_accepting() == recognises(grammar, answer.decode(errors="replace"))
        token = data.draw(st.sampled_from(offered))
        if token == end:
            break
        answer.append(token)
        assert walk.consume_token(token)


@settings(deadline=None, max_examples=300)
@given(GRAMMARS, st.lists(st.text("a_-\\ \nn中", max_size=5), max_size=12))
def test_any_string_is_allowed_just_when_the_grammar_says_so(grammar: Grammar, strings: list[str]) -> None:
    try:
        walk = matcher(grammar)
    except ModelError:
        assert not any(recognises(grammar, string) for string in strings)
        return

    assert [string for string in strings if matched(walk, string) != recognises(grammar, string)] == []


# The sample corpora


@pytest.mark.parametrize("task", ["NER", "RE", "EE"])
@pytest.mark.parametrize("corpus", ["sample_en", "sample_zh"])
def test_every_gold_answer_of_the_samples_is_allowed(corpus: str, task: str) -> None:
    config, lines = load_dataset_config(corpus), format_for("lines", task)
    checked = 0

    for document in read_corpus(config, "test", data_root=None):
        for ask in asks(task, document, config.schema()):
            question = Question(task, ask.schema, document.text, config.lang, ask.given)
            assert ask.gold is not None
            answer, walk = lines.encode(ask.gold, question), matcher(lines.grammar(question))
            assert matched(walk, answer), answer
            assert not matched(walk, f"{answer}\n")
            assert not matched(walk, f"{answer}\nZyx_zyx")
            checked += 1

    assert checked >= 25
