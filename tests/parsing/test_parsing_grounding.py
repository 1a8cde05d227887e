"""Grounding: where the strings of an answer stand in the text; what stands nowhere stays, with a problem."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.documents import Mention
from uie.parsing.grounding import ground
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Triple


def entities(text: str, *mentions: tuple[str, str] | tuple[str, str, int]) -> tuple[list[int | None], list[str]]:
    """The starts that the mentions get, and the kinds of the problems."""
    grounded = ground(Answer(mentions=tuple(Named(*mention) for mention in mentions)), text)
    assert [(entity.mention.text, entity.type) for entity in grounded.entities] == [mention[:2] for mention in mentions]
    return [entity.mention.start for entity in grounded.entities], [problem.kind for problem in grounded.problems]


@pytest.mark.parametrize(
    ("text", "mentions", "starts", "problems"),
    [
        pytest.param("Rome or Rome", [("Rome", "L"), ("Rome", "L")], [0, 8], [], id="repeated mentions take successive places"),
        pytest.param("Rome or Rome", [("Rome", "L"), ("Rome", "O")], [0, 0], [], id="two types on one span"),
        pytest.param(
            "Rome or Rome",
            [("Rome", "L"), ("Rome", "O"), ("Rome", "L"), ("Rome", "O")],
            [0, 0, 8, 8],
            [],
            id="two types on two spans",
        ),
        pytest.param(
            "Rome , Ann , Rome", [("Ann", "P"), ("Rome", "L")], [7, 13], [], id="a mention stands behind the one before it"
        ),
        pytest.param("Ann , Rome", [("Rome", "L"), ("Ann", "P")], [6, 0], [], id="unless it stands only before"),
        pytest.param(
            "Bob Lee and Lee", [("Bob Lee", "P"), ("Lee", "P"), ("Lee", "P")], [0, 4, 12], [], id="a nested mention stands inside"
        ),
        pytest.param("party art", [("art", "X")], [6], [], id="words are not cut"),
        pytest.param("party", [("art", "X")], [1], [], id="unless the text holds no whole one"),
        pytest.param(
            "中国人在中国", [("中国人", "P"), ("中国", "L"), ("中国", "L")], [0, 0, 4], [], id="Chinese has no word boundaries"
        ),
        pytest.param("Rome", [("Paris", "L"), ("Rome", "L")], [None, 0], ["ungrounded"], id="not in the text"),
        pytest.param("Rome", [("rome", "L")], [None], ["ungrounded"], id="another case is not in the text"),
        pytest.param("Rome", [("Rome", "L"), ("Rome", "L")], [0, None], ["repeated"], id="oftener than the text has it"),
        pytest.param("Rome", [("", "L")], [None], ["ungrounded"], id="an empty mention"),
        pytest.param("", [("Rome", "L")], [None], ["ungrounded"], id="an empty text"),
        pytest.param("Rome or Rome", [("Rome", "L", 2), ("Rome", "L", 1)], [8, 0], [], id="occurrence numbers say the place"),
        pytest.param("Rome or Rome", [("Rome", "L", 2), ("Rome", "L", 2)], [8, None], ["repeated"], id="a place numbered twice"),
        pytest.param(
            "Rome", [("Rome", "L", 3), ("Rome", "L", 0), ("Rome", "L", -1)], [None] * 3, ["repeated"] * 3, id="no such number"
        ),
        pytest.param("İ , Rome 👍🏽 Rome", [("Rome", "L"), ("Rome", "L")], [4, 12], [], id="code points are counted"),
    ],
)
def test_entities_find_their_places(
    text: str, mentions: list[tuple[str, str]], starts: list[int | None], problems: list[str]
) -> None:
    assert entities(text, *mentions) == (starts, problems)


def links(text: str, *triples: tuple[str, str, str]) -> tuple[list[tuple[int | None, int | None]], list[tuple[str, str]]]:
    grounded = ground(Answer(triples=tuple(Triple(Named(head), relation, Named(tail)) for head, relation, tail in triples)), text)
    starts = [(link.head.start, link.tail.start) for link in grounded.links]
    return starts, [(problem.kind, problem.piece) for problem in grounded.problems]


@pytest.mark.parametrize(
    ("text", "triples", "starts", "problems"),
    [
        pytest.param("Rome , Oslo . Ann saw Rome", [("Ann", "in", "Rome")], [(14, 22)], [], id="the nearest pair"),
        pytest.param("Ann . Rome saw Ann", [("Ann", "in", "Rome")], [(0, 6)], [], id="on either side"),
        pytest.param(
            "Ann in Rome . Then Bob in Rome . Then Ann in Rome",
            [("Ann", "in", "Rome"), ("Bob", "in", "Rome"), ("Ann", "in", "Rome")],
            [(0, 7), (19, 26), (38, 45)],
            [],
            id="heads go on in text order",
        ),
        pytest.param(
            "Ann in Rome . Then Bob , Ann too , in Rome",
            [("Bob", "k", "Ann"), ("Ann", "in", "Rome")],
            [(19, 25), (25, 38)],
            [],
            id="even past a nearer pair",
        ),
        pytest.param("Bob , Ann", [("Ann", "k", "Bob"), ("Bob", "k", "Ann")], [(6, 0), (0, 6)], [], id="a head that stands only before"),
        pytest.param("Ann , Bob", [("Ann", "a", "Bob"), ("Ann", "b", "Bob")], [(0, 6), (0, 6)], [], id="two relations of one pair"),
        pytest.param("Ann , Bob", [("Ann", "a", "Bob")] * 2, [(0, 6), (None, None)], [("repeated", "Ann a Bob")], id="one relation twice"),
        pytest.param("Lee knows Lee", [("Lee", "k", "Lee")], [(0, 10)], [], id="one string, two people"),
        pytest.param("Lee knows", [("Lee", "k", "Lee")], [(0, 0)], [], id="one string at one place"),
        pytest.param("Ann", [("Ann", "k", "Bob")], [(0, None)], [("ungrounded", "Bob")], id="no tail"),
        pytest.param("Bob", [("Ann", "k", "Bob")], [(None, 0)], [("ungrounded", "Ann")], id="no head"),
        pytest.param("Eve", [("Ann", "k", "Bob")], [(None, None)], [("ungrounded", "Ann"), ("ungrounded", "Bob")], id="neither"),
    ],
)  # fmt: skip
def test_relations_find_their_places(
    text: str,
    triples: list[tuple[str, str, str]],
    starts: list[tuple[int | None, int | None]],
    problems: list[tuple[str, str]],
) -> None:
    assert links(text, *triples) == (starts, problems)


def events(text: str, *frames: Frame) -> tuple[list[tuple[int | None, list[int | None]]], list[str]]:
    grounded = ground(Answer(frames=frames), text)
    starts = [
        (
            event.trigger.start if event.trigger else None,
            [argument.mention.start for argument in event.arguments if argument.mention],
        )
        for event in grounded.events
    ]
    assert [event.type for event in grounded.events] == [frame.type for frame in frames]
    return starts, [problem.kind for problem in grounded.problems]


TEXT = "Ann shot Bob ; Bob , hit , fell ; Ann ran"


@pytest.mark.parametrize(
    ("frames", "starts", "problems"),
    [
        pytest.param([Frame("fall", Named("fell"), (Filler("who", "Bob"),))], [(27, [15])], [], id="the argument nearest to its trigger"),
        pytest.param([Frame("run", Named("ran"), (Filler("who", "Ann"),))], [(38, [34])], [], id="on either side"),
        pytest.param(
            [Frame("hurt", Named("shot"), (Filler("a", "Bob"), Filler("a", "Bob"), Filler("b", "Bob")))],
            [(4, [9, 15, 9])],
            [],
            id="one role twice takes two places, two roles one",
        ),
        pytest.param([Frame("hurt", Named("shot"), (Filler("a", "hit"), Filler("a", "hit")))], [(4, [21, None])], ["repeated"], id="too often"),
        pytest.param([Frame("hurt", None, (Filler("a", "Bob"),))], [(None, [9])], [], id="no trigger: the first place"),
        pytest.param([Frame("hurt", Named("bit"), (Filler("a", "Bob"),))], [(None, [9])], ["ungrounded"], id="a trigger not in the text"),
        pytest.param([Frame("hurt", Named("shot"), (Filler("a", "Eve"),))], [(4, [None])], ["ungrounded"], id="an argument not in the text"),
        pytest.param([Frame("hurt", Named("shot"), (Filler("a", "Bob", 2),))], [(4, [15])], [], id="an occurrence number"),
        pytest.param(
            [Frame("x", Named("Ann")), Frame("y", Named("Ann")), Frame("x", Named("Ann"))],
            [(0, []), (0, []), (34, [])],
            [],
            id="triggers take successive places, two types one",
        ),
        pytest.param([Frame("x", None), Frame("x", Named("Bob")), Frame("x", None)], [(None, []), (9, []), (None, [])], [], id="null triggers between"),
    ],
)  # fmt: skip
def test_events_find_their_places(
    frames: list[Frame], starts: list[tuple[int | None, list[int | None]]], problems: list[str]
) -> None:
    assert events(TEXT, *frames) == (starts, problems)


def test_a_trigger_may_be_missing_and_is_not_an_ungrounded_one() -> None:
    without, unknown = ground(Answer(frames=(Frame("x", None), Frame("x", Named("?")))), "Rome").events

    assert without.trigger is None
    assert unknown.trigger == Mention("?")


def test_a_problem_shows_the_string() -> None:
    assert ground(Answer(mentions=(Named("Paris", "L"),)), "Rome").problems == (Problem("ungrounded", "Paris"),)


STRINGS = st.sampled_from(["a", "b", "ab", "a b", "中", "", "İ", " "]) | st.text("ab 中", max_size=3)
NAMED = st.builds(Named, STRINGS, st.sampled_from(["T", "U", None]), st.none() | st.integers(-1, 4))
FILLERS = st.lists(st.builds(Filler, st.sampled_from("rs"), STRINGS, st.none() | st.integers(-1, 4)), max_size=3).map(tuple)
ANSWERS = st.builds(
    Answer,
    st.lists(NAMED, max_size=5).map(tuple),
    st.lists(st.builds(Triple, NAMED, st.sampled_from("rs"), NAMED), max_size=5).map(tuple),
    st.lists(st.builds(Frame, st.sampled_from("ef"), st.none() | NAMED, FILLERS), max_size=3).map(tuple),
)


@settings(deadline=None, max_examples=200)
@given(ANSWERS, st.text("ab 中İ", max_size=12))
def test_every_item_stays_and_every_place_holds_its_string(answer: Answer, text: str) -> None:
    grounded = ground(answer, text)

    assert [(entity.mention.text, entity.type) for entity in grounded.entities] == [
        (named.text, named.type) for named in answer.mentions
    ]
    assert [(link.head.text, link.type, link.tail.text) for link in grounded.links] == [
        (t.head.text, t.relation, t.tail.text) for t in answer.triples
    ]
    assert [(event.type, event.trigger and event.trigger.text) for event in grounded.events] == [
        (f.type, f.trigger and f.trigger.text) for f in answer.frames
    ]
    assert [[(a.role, a.mention and a.mention.text) for a in event.arguments] for event in grounded.events] == [
        [(f.role, f.text) for f in frame.fillers] for frame in answer.frames
    ]
    found = [entity.mention for entity in grounded.entities]
    found += [mention for link in grounded.links for mention in (link.head, link.tail)]
    found += [mention for event in grounded.events for mention in (event.trigger, *(a.mention for a in event.arguments)) if mention]
    assert all(mention.read_from(text) == mention.text for mention in found)
    assert bool(grounded.problems) == any(not mention.grounded for mention in found)
    placed = [entity for entity in grounded.entities if entity.mention.grounded]
    assert len(placed) == len({(entity.mention, entity.type) for entity in placed})
