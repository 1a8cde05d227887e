"""The format `markup`: the text with tags, written and read as inverses with every place; changed texts are aligned again."""

import pytest
from any_answers import questions_and_answers
from grammar_check import accepts, recognises
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import DOCUMENTS, asked

from uie.formats import markup as fmt
from uie.schema import EventLabel, Label, Schema, read_schema
from uie.tasks.occurrences import numbered_places
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question

SCHEMA = read_schema(
    {
        "entities": {"PER": {"name": "person"}, "ORG": {"name": "city/town"}},
        "events": {"ATT": {"name": "attack", "roles": {"VIC": {"name": "victim"}}}},
    }
)


def question(text: str, task: str = "NER", schema: Schema = SCHEMA) -> Question:
    return Question(task, schema.only(["events"] if task.startswith("EE") else ["entities"]), text, schema.lang)


def mentions(*found: tuple[str, str] | tuple[str, str, int]) -> Answer:
    return Answer(tuple(Named(*one) for one in found))


# Writing


@pytest.mark.parametrize(
    ("task", "written"),
    [
        (
            "NER",
            "<person>Ann Lee</person> joined <organization>Acme_Inc</organization> in <city/town>Rome</city/town> on Monday. "
            "In <city/town>Rome</city/town>, <organization>Acme_Inc</organization> fired "
            '<person>Bob ("<person>Bo</person>") Ray</person>; he flew to <city/town>São Paulo</city/town>.\n'
            "<person>Ann Lee</person> wept.",
        ),
        (
            "NER1",
            "<person>Ann Lee</person> joined Acme_Inc in Rome on Monday. In Rome, Acme_Inc fired "
            '<person>Bob ("<person>Bo</person>") Ray</person>; he flew to São Paulo.\n<person>Ann Lee</person> wept.',
        ),
        (
            "EET",
            "Ann Lee <start of work>joined</start of work> Acme_Inc in Rome on Monday. In Rome, Acme_Inc "
            '<end of work>fired</end of work> Bob ("Bo") Ray; he flew to São Paulo.\nAnn Lee <weeping>wept</weeping>.',
        ),
        (
            "EEA",
            "<employee>Ann Lee</employee> joined <employer>Acme_Inc</employer> in <place>Rome</place> on Monday. "
            'In Rome, Acme_Inc fired Bob ("Bo") Ray; he flew to São Paulo.\nAnn Lee wept.',
        ),
    ],
)
def test_answers_are_written_as_the_module_says(task: str, written: str) -> None:
    asked_for, ask = asked(task)[0]
    assert ask.gold is not None

    assert fmt.encode(ask.gold, asked_for) == written


def test_mentions_without_types_are_called_what_the_language_calls_them() -> None:
    english, chinese = (asked("ES", lang)[0] for lang in ("en", "zh"))

    assert fmt.encode(english[1].gold or Answer(), english[0]).startswith("<mention>Ann Lee</mention> joined")
    assert fmt.encode(chinese[1].gold or Answer(), chinese[0]).startswith("<实体>王明</实体>加入了")


@pytest.mark.parametrize(
    ("answer", "written"),
    [
        pytest.param(mentions(("b", "PER")), "a <person>b</person> a c", id="one place needs no number"),
        pytest.param(mentions(("a", "PER", 2)), "a b <person>a</person> c", id="the number says which place"),
        pytest.param(mentions(("a", "PER")), "a b a c\n<person>a</person>", id="which of two places is not known"),
        pytest.param(mentions(("a", "PER", 3)), "a b a c\n<person>a</person>", id="there is no third place"),
        pytest.param(mentions(("z", "PER")), "a b a c\n<person>z</person>", id="not in the text"),
        pytest.param(mentions((" b", "PER")), "a b a c\n<person> b</person>", id="white space at its end"),
        pytest.param(
            mentions(("b a", "PER"), ("a", "ORG", 2)),
            "a <person>b <city/town>a</city/town></person> c",
            id="one in the other",
        ),
        pytest.param(
            mentions(("a b", "PER"), ("b a", "ORG")),
            "<person>a <city/town>b</person> a</city/town> c",
            id="crossing, of two types",
        ),
        pytest.param(
            mentions(("a b", "PER"), ("b a", "PER"), ("c", "PER")),
            "<person>a b</person> a <person>c</person>\n#2 <person>b a</person>",
            id="crossing, of one type",
        ),
        pytest.param(
            mentions(("c", "PER"), ("z", "ORG"), ("b", "PER")),
            "a b a <person>c</person>\n<city/town>z</city/town>\n<person>b</person>",
            id="not in the order of the text",
        ),
        pytest.param(
            mentions(("b", "PER"), ("b", "ORG"), ("b", "PER")),
            "a <person><city/town><person>b</person></city/town></person> a c",
            id="the same mention again",
        ),
        pytest.param(
            mentions(("z", "PER"), ("a", "PER", 1), ("y", "PER")),
            "<person>a</person> b a c\n#1 <person>z</person>\n<person>y</person>",
            id="a rank where the order needs one",
        ),
    ],
)
def test_what_has_no_place_stands_behind_the_text(answer: Answer, written: str) -> None:
    about = question("a b a c")

    assert fmt.encode(answer, about) == written
    read, problems = fmt.decode(written, about)
    assert (read.without_occurrences(), problems) == (answer.without_occurrences(), ())


def test_a_trigger_that_is_not_there_is_an_empty_tag_behind_the_text() -> None:
    about = question("a b", "EET")
    answer = Answer(frames=(Frame("ATT", Named("a", None, 1)), Frame("ATT", None)))

    assert fmt.encode(answer, about) == "<attack>a</attack> b\n<attack></attack>"
    assert fmt.decode("<attack>a</attack> b\n<attack></attack>", about) == (answer, ())


@pytest.mark.parametrize(
    ("name", "tag"),
    [("a>b", "a&gt;b"), ("/a", "&#47;a"), ("a/", "a/"), ("<a>", "&lt;a&gt;"), ("a & b", "a &amp; b"), ("a\nb", "a&#10;b"), ("&lt;", "&amp;lt;")],
)  # fmt: skip
def test_names_are_escaped_in_tags(name: str, tag: str) -> None:
    about = question("x y", schema=Schema("en", (Label("L", name),)))

    assert fmt.encode(mentions(("x", "L", 1)), about) == f"<{tag}>x</{tag}> y"
    assert fmt.decode(f"<{tag}>x</{tag}> y", about) == (mentions(("x", "L", 1)), ())


def test_the_text_is_escaped() -> None:
    text = "if a<b> & c</b> &lt; d &amp; \\n 王\n\n&"
    about = question(text)
    written = "if a&lt;<person>b></person> &amp; c&lt;/b> &amp;lt; d &amp;amp; \\n 王\n\n&amp;"

    assert fmt.encode(mentions(("b>", "PER", 1)), about) == written
    assert fmt.decode(written, about) == (mentions(("b>", "PER", 1)), ())


def test_a_question_without_a_text_has_only_tags() -> None:
    answer = mentions(("Ann", "PER"), ("a\nb", "ORG"), (" ", "PER"))
    written = "<person>Ann</person>\n<city/town>a\nb</city/town>\n<person> </person>"

    assert fmt.encode(answer, question("")) == written
    assert fmt.decode(written, question("")) == (answer, ())


@pytest.mark.parametrize("task", fmt.TASKS)
@pytest.mark.parametrize(("lang", "word"), [("en", "None"), ("zh", "没有")])
def test_an_empty_answer_is_the_none_word_of_the_language(task: str, lang: str, word: str) -> None:
    about, _ = asked(task, lang)[0]

    assert fmt.encode(Answer(), about) == fmt.describe(about).none_word == word
    assert word in fmt.describe(about).answer_rule
    assert fmt.decode(word, about) == (Answer(), ())


@pytest.mark.parametrize(
    ("task", "lang", "rule"),
    [
        ("NER", "en", "Copy the text and put each mention between tags: <type>…</type>. If there is none, write None."),
        ("EEA", "en", "Copy the text and put each argument between tags: <role>…</role>. If there is none, write None."),
        ("ES", "zh", "抄写原文，并用标签标出每个实体：<实体>…</实体>。如果没有，写“没有”。"),
        ("EET", "zh", "抄写原文，并用标签标出每个触发词：<事件类型>…</事件类型>。如果没有，写“没有”。"),
    ],
)
def test_the_rule_says_what_to_write(task: str, lang: str, rule: str) -> None:
    assert fmt.describe(asked(task, lang)[0][0]).answer_rule == rule


# Inverses


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_gold_answers_come_back_with_their_places(task: str, lang: str) -> None:
    for about, ask in asked(task, lang):
        assert ask.gold is not None
        assert fmt.decode(fmt.encode(ask.gold, about), about) == (ask.gold, ())


@settings(deadline=None, max_examples=300)
@given(questions_and_answers(fmt.TASKS))
def test_reading_undoes_writing(case: tuple[Question, Answer]) -> None:
    about, answer = case

    read, problems = fmt.decode(fmt.encode(answer, about), about)

    assert problems == ()
    assert read.without_occurrences() == answer.without_occurrences()


@settings(deadline=None, max_examples=300)
@given(st.data(), st.text("ab <&>\n", max_size=10))
def test_every_mention_comes_back_to_its_place(data: st.DataObject, text: str) -> None:
    cuts = st.integers(0, len(text))
    found = []
    for start, end, name in data.draw(st.lists(st.tuples(cuts, cuts, st.sampled_from(["PER", "ORG"])), max_size=5)):
        piece = text[start:end]
        if piece and piece == piece.strip():
            found.append((start, -end, name, Named(piece, name, numbered_places(text, piece).index(start) + 1)))
    answer = Answer(tuple(named for *_, named in sorted(found, key=lambda one: one[:3])))
    single = {one.text for one in answer.mentions if len(numbered_places(text, one.text)) == 1}

    read, problems = fmt.decode(fmt.encode(answer, question(text)), question(text))

    assert problems == ()
    assert read.without_occurrences() == answer.without_occurrences()
    spans = [one[:3] for one in found]
    if not any(a[2] == b[2] and a[0] < b[0] < -a[1] < -b[1] for a in spans for b in spans):  # else one stands behind the text
        assert [m for m in read.mentions if m.text not in single] == [m for m in answer.mentions if m.text not in single]


PIECES = st.sampled_from(["<person>", "</person>", "<", ">", "</", "&lt;", "Ann Lee", "\n", "#1 ", "<think>", "</s>", "[person]", "＜", 'a="', "\0"]) | st.text(max_size=4)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=10).map("".join), st.sampled_from(fmt.TASKS))
def test_no_string_raises_and_none_is_passed_over_in_silence(raw: str, task: str) -> None:
    about, _ = asked(task)[0]

    answer, problems = fmt.decode(raw, about)

    assert answer or problems or raw.strip() in ("None", "没有")


# Aligning

TEXT = "Rome is old. Ann saw Rome, and Rome saw Ann; then Rome fell."


@pytest.mark.parametrize(
    ("raw", "occurrences"),
    [
        pytest.param("Rome is old. Ann saw <city/town>Rome</city/town>, and Rome saw Ann; then Rome fell.", [2], id="as it is"),
        pytest.param("Rome was old. Ann saw <city/town>Rome</city/town>, and Rome saw Ann; then Rome fell.", [2], id="a word"),
        pytest.param("Ann saw Rome, and <city/town>Rome</city/town> saw Ann; then Rome fell.", [3], id="a sentence left out"),
        pytest.param(
            "Rome is very, very old. Ann saw Rome, and Rome saw Ann; then <city/town>Rome</city/town> fell.", [4], id="words put in"
        ),
        pytest.param("Rome is old. Ann saw Rome, and Rome saw Ann; then <city/town>Rome</city/town>", [4], id="cut off"),
        pytest.param("rome is old. ann saw <city/town>Rome</city/town>, and rome saw ann; then rome fell.", [2], id="lower case"),
        pytest.param("Here: <city/town>Rome</city/town> in an answer about something else.", [None], id="another text"),
        pytest.param("<city/town>Rome</city/town>", [None], id="no text"),
        pytest.param("<city/town>Rome</city/town> is new. Ann saw <city/town>Paris</city/town>, and Rome saw Ann;", [1, None], id="another mention"),
    ],
)  # fmt: skip
def test_a_changed_text_is_aligned_with_the_one_that_was_asked_about(raw: str, occurrences: list[int | None]) -> None:
    answer, problems = fmt.decode(raw, question(TEXT))

    assert [mention.occurrence for mention in answer.mentions] == occurrences
    assert [problem.kind for problem in problems] == (
        [] if raw.startswith("Rome is old. Ann") and raw.endswith("fell.") else ["repaired"]
    )


@settings(deadline=None, max_examples=200)
@given(st.integers(0, len(TEXT) - 1), st.sampled_from(["", "x", "§§"]), st.integers(1, 4))
def test_a_changed_character_moves_no_mention_elsewhere(at: int, instead: str, number: int) -> None:
    answer = mentions(("Rome", "ORG", number))
    start = numbered_places(TEXT, "Rome")[number - 1]
    if start <= at < start + 4:
        return
    raw = fmt.encode(answer, question(TEXT))
    place = at if at < start else at + len("<city/town></city/town>")

    read, problems = fmt.decode(raw[:place] + instead + raw[place + 1 :], question(TEXT))

    assert [mention.text for mention in read.mentions] == ["Rome"]
    assert read.mentions[0].occurrence in (number, None)
    assert any(problem.kind == "repaired" for problem in problems) or raw[place] == instead


@pytest.mark.parametrize(
    "piece", ["Ann saw Rome, ", "zq", "R", " ", "<city/town>Rome</city/town>", "<a>", "</a>", "<", "<person>", "x<b>y</c>"]
)
def test_work_grows_with_the_answer(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    real = fmt._reentry
    monkeypatch.setattr(fmt, "_reentry", lambda *given: calls.append(1) or real(*given))
    raw = piece * 3000

    fmt.decode(raw, question(TEXT))

    assert len(calls) <= len(raw) / 6 + 2


# Grammar

WRONG = {
    "NER": ["Rome", "<person>Ann Lee</person>", "<person> Ann Lee</person> joined", "<dog>Ann Lee</dog> joined", "<person></person>Ann Lee joined"],
    "EET": ["<weeping></weeping>"],
}  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_grammar_accepts_gold_and_no_wrong_answer(task: str, lang: str) -> None:
    about, ask = asked(task, lang)[0]
    grammar, text = fmt.grammar(about), DOCUMENTS[lang].text
    assert ask.gold is not None
    gold = fmt.encode(ask.gold, about)

    wrong = [*WRONG.get(task, []), text, gold.replace("</", "<", 1), gold.replace(text[-5], "§"), gold[:-1], f"{gold}\n"]
    assert recognises(grammar, gold)
    assert accepts(grammar, gold)
    assert [raw for raw in wrong if recognises(grammar, raw) or accepts(grammar, raw)] == []


@pytest.mark.parametrize(
    ("raw", "right"),
    [
        ("<p>a</p> b<q>c</q>", True),
        ("<p><q>a</q> b</p>c", True),
        ("<p><q><p>a</p></q> b</p>c", True),
        ("<p><q><p><q>a</q></p></q> b</p>c", False),
        ("<p>a <q>b</p>c</q>", False),
        ("<p>a </p>bc", False),
        ("a<p> b</p>c", False),
        ("a b<p></p>c", False),
        ("<p>a</q> bc", False),
        ("<p>a</p> b", False),
        ("a bc", False),
        ("None", True),
    ],
)
def test_the_grammar_holds_tags_in_tags_three_deep_and_none_that_cross(raw: str, right: bool) -> None:
    grammar = fmt.grammar(question("a bc", schema=Schema("en", (Label("P", "p"), Label("Q", "q")))))

    assert recognises(grammar, raw) == accepts(grammar, raw) == right


def test_the_grammar_allows_events_without_triggers_and_only_what_is_given() -> None:
    events = fmt.grammar(question("a b", "EET"))
    types = fmt.grammar(Question("ET", SCHEMA.only(["entities"]), "a b a", "en", Answer((Named("b"),))))

    assert all(
        recognises(events, raw) for raw in ("a b\n<attack></attack>", "a <attack>b</attack>\n<attack></attack>\n<attack></attack>")
    )
    assert not any(recognises(events, raw) for raw in ("a b", "<attack></attack>", "a <attack></attack>b"))
    assert recognises(types, "a <person>b</person> a")
    assert not any(recognises(types, raw) for raw in ("<person>a</person> b a", "a <person>b a</person>"))


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_where_a_text_holds_nothing_only_the_none_word_can_be_written(text: str) -> None:
    grammar = fmt.grammar(question(text))

    assert recognises(grammar, "None")
    assert not any(recognises(grammar, raw) for raw in (text, "<person></person>", f"{text}\n<person></person>"))


def test_arguments_are_looked_up_among_the_roles_of_the_given_event() -> None:
    event = EventLabel("ATT", "attack", "", (Label("VIC", "victim"),))
    about = Question("EEA", Schema("en", events=(event,)), "a b", "en", Answer(frames=(Frame("ATT", Named("a", None, 1)),)))
    frame = Frame("ATT", Named("a", None, 1), (Filler("VIC", "b", 1),))

    assert fmt.decode("a <Victims>b</Victims>", about) == (Answer(frames=(frame,)), (Problem("repaired_type", "Victims"),))
