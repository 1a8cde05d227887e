r"""The format `lines`: written and read as inverses; wrong answers are read as far as they can be and nothing is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.errors import SettingsError
from uie.formats import FORMATS, format_for
from uie.formats import lines as fmt
from uie.schema import EventLabel, Label, RelationLabel, Schema, read_schema
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question, Triple

SCHEMA = read_schema(
    {
        "entities": {"PER": {"name": "person"}, "ORG": {"name": "organisation"}, "work_of_art": None},
        "relations": {"Work_For": {"name": "works for"}, "Live_In": None},
        "events": {"ATT": {"name": "attack", "roles": {"VIC": {"name": "victim"}, "hit_by": None}}, "storm": None},
    }
)


def question(task: str, schema: Schema = SCHEMA, *, lang: str = "en") -> Question:
    return Question(task, schema, "", lang)


def decode(raw: str, task: str = "NER") -> tuple[Answer, list[tuple[str, str]]]:
    answer, problems = fmt.decode(raw, question(task))
    return answer, [(problem.kind, problem.piece) for problem in problems]


# Writing, as the module's docstring shows it


def test_entities_are_written_a_line_each_with_names_for_labels() -> None:
    answer = Answer(
        mentions=(Named("Ann", "PER", 1), Named("Acme_Corp", "ORG"), Named("Ann", "PER", 2), Named("Guernica", "work_of_art"))
    )

    assert fmt.encode(answer, question("NER")) == "Ann_person\nAcme_Corp_organisation\nAnn_person\nGuernica_work\\_of\\_art"


def test_relations_are_written_as_head_relation_tail() -> None:
    answer = Answer(triples=(Triple(Named("Ann"), "Work_For", Named("Acme_Corp")), Triple(Named("Ann"), "Live_In", Named("Rome"))))

    assert fmt.encode(answer, question("RE")) == "Ann_works for_Acme\\_Corp\nAnn_Live\\_In_Rome"


def test_events_are_written_with_a_dash_line_for_each_argument() -> None:
    answer = Answer(
        frames=(
            Frame("ATT", Named("shot"), (Filler("VIC", "Ann"), Filler("hit_by", "- him"))),
            Frame("storm", None),
            Frame("ATT", Named("-ed")),
        )
    )

    assert fmt.encode(answer, question("EE")) == "shot_attack\n- Ann_victim\n- - him_hit\\_by\n_storm\n\\-ed_attack"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b", "a_b_person"),
        ("a\\", "a\\\\_person"),
        ("a\nb\r", "a\\nb\\r_person"),
        (" a\t", "\\sa\\t_person"),
        (" ", "\\s_person"),
        ("  ", "\\s\\s_person"),
        ("\\n", "\\\\n_person"),
        ("None", "None_person"),
        ("没有", "没有_person"),
        ("👍🏽", "👍🏽_person"),
        ("- a", "- a_person"),
    ],
)
def test_only_what_must_be_is_escaped(text: str, written: str) -> None:
    assert fmt.encode(Answer(mentions=(Named(text, "PER"),)), question("NER")) == written
    assert decode(written) == (Answer(mentions=(Named(text, "PER"),)), [])


@pytest.mark.parametrize(("lang", "word"), [("en", "None"), ("zh", "没有"), ("de", "None")])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_an_empty_answer_is_the_none_word_of_the_language(lang: str, word: str, task: str) -> None:
    asked = question(task, lang=lang)

    assert fmt.encode(Answer(), asked) == fmt.describe(asked).none_word == word
    assert word in fmt.describe(asked).answer_rule


@pytest.mark.parametrize("raw", ["None", "没有", " None\n", "\n没有 \n"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_either_languages_none_word_is_an_empty_answer(raw: str, task: str) -> None:
    assert decode(raw, task) == (Answer(), [])


# Reading what is wrong


@pytest.mark.parametrize(
    ("raw", "mentions", "problems"),
    [
        pytest.param("", [], [("empty", "")], id="nothing at all"),
        pytest.param(" \n\t\n", [], [("empty", " \n\t\n")], id="white space"),
        pytest.param("Ann_person\n\n  \nBob_person\n", [("Ann", "PER"), ("Bob", "PER")], [], id="blank lines"),
        pytest.param("  Ann_person\r\n\tBob_person  ", [("Ann", "PER"), ("Bob", "PER")], [], id="white space around lines"),
        pytest.param("Ann person\nBob_person", [("Bob", "PER")], [("malformed", "Ann person")], id="no separator"),
        pytest.param(
            "Ann_\n_person\n_", [], [("malformed", "Ann_"), ("malformed", "_person"), ("malformed", "_")], id="one side empty"
        ),
        pytest.param("Ann_PER", [("Ann", "PER")], [("repaired_type", "PER")], id="the label instead of the name"),
        pytest.param("Ann_people", [("Ann", "people")], [("unknown_type", "people")], id="unknown type"),
        pytest.param("Ann_Person", [("Ann", "PER")], [("repaired_type", "Person")], id="case of a type"),
        pytest.param(
            "Guernica_work_of_art", [("Guernica", "work_of_art")], [("repaired", "Guernica_work_of_art")], id="a type not escaped"
        ),
        pytest.param("None\nAnn_person", [("Ann", "PER")], [("malformed", "None")], id="none word and an item"),
        pytest.param("Ann_person\n没有", [("Ann", "PER")], [("malformed", "没有")], id="an item and a none word"),
        pytest.param("There are none.", [], [("malformed", "There are none.")], id="prose"),
        pytest.param("Ann\\_person", [], [("malformed", "Ann\\_person")], id="the separator escaped"),
        pytest.param("A\\nn_person", [("A\nn", "PER")], [], id="an escaped line end"),
        pytest.param("A\\qn_person", [("Aqn", "PER")], [], id="an escape that is none"),
        pytest.param("Ann_person\\", [("Ann", "PER")], [("repaired_type", "person\\")], id="cut behind a backslash"),
        pytest.param("Ann_person_person", [("Ann_person", "PER")], [], id="the last separator counts"),
        pytest.param("Ann_person\nAnn_pe", [("Ann", "PER"), ("Ann", "pe")], [("unknown_type", "pe")], id="cut in a type"),
        pytest.param("Ann_person\u2028Bob_person", [("Ann_person\u2028Bob", "PER")], [], id="U+2028 ends no line"),
    ],
)
def test_entities_are_read_as_far_as_they_can_be(
    raw: str, mentions: list[tuple[str, str]], problems: list[tuple[str, str]]
) -> None:
    assert decode(raw) == (Answer(mentions=tuple(Named(*mention) for mention in mentions)), problems)


@pytest.mark.parametrize(
    ("raw", "triples", "problems"),
    [
        pytest.param("Ann_works for_Acme", [("Ann", "Work_For", "Acme")], [], id="right"),
        pytest.param("Ann_works for", [], [("malformed", "Ann_works for")], id="two fields"),
        pytest.param(
            "Ann_Work_For_Acme",
            [("Ann", "Work_For", "Acme")],
            [("repaired", "Ann_Work_For_Acme"), ("repaired_type", "Work_For")],
            id="a label not escaped",
        ),
        pytest.param("Ann_likes_a_Bob", [], [("malformed", "Ann_likes_a_Bob")], id="four fields"),
        pytest.param("Ann__Acme", [], [("malformed", "Ann__Acme")], id="no relation"),
        pytest.param("_works for_Acme", [], [("malformed", "_works for_Acme")], id="no head"),
        pytest.param("Ann_Work\\_For_Acme", [("Ann", "Work_For", "Acme")], [("repaired_type", "Work_For")], id="the label"),
        pytest.param("Ann_likes_Bob", [("Ann", "likes", "Bob")], [("unknown_type", "likes")], id="unknown relation"),
        pytest.param("A\\_nn_works for_B\\\\", [("A_nn", "Work_For", "B\\")], [], id="escapes"),
    ],
)
def test_relations_are_read_as_far_as_they_can_be(
    raw: str, triples: list[tuple[str, str, str]], problems: list[tuple[str, str]]
) -> None:
    expected = tuple(Triple(Named(head), relation, Named(tail)) for head, relation, tail in triples)

    assert decode(raw, "RE") == (Answer(triples=expected), problems)


ATTACK = Frame("ATT", Named("shot"))


@pytest.mark.parametrize(
    ("raw", "frames", "problems"),
    [
        pytest.param("shot_attack\n- Ann_victim", [Frame("ATT", Named("shot"), (Filler("VIC", "Ann"),))], [], id="right"),
        pytest.param("_attack", [Frame("ATT", None)], [], id="no trigger"),
        pytest.param("- Ann_victim", [], [("malformed", "- Ann_victim")], id="an argument without an event"),
        pytest.param("shot_attack\n- Ann", [ATTACK], [("malformed", "- Ann")], id="an argument without a role"),
        pytest.param("shot_attack\n- _victim", [ATTACK], [("malformed", "- _victim")], id="a role without an argument"),
        pytest.param(
            "shot_attack\n-Ann_victim",
            [Frame("ATT", Named("shot"), (Filler("VIC", "Ann"),))],
            [("repaired", "-Ann_victim")],
            id="a dash without its space",
        ),
        pytest.param(
            "shot_attack\n- Ann\n- Bob_victim",
            [Frame("ATT", Named("shot"), (Filler("VIC", "Bob"),))],
            [("malformed", "- Ann")],
            id="a malformed argument does not close the event",
        ),
        pytest.param(
            "shot_attack\nfell storm\n- Ann_victim",
            [ATTACK],
            [("malformed", "fell storm"), ("malformed", "- Ann_victim")],
            id="a malformed event takes its arguments with it",
        ),
        pytest.param(
            "shot_ATT\n- Ann_VIC\n- Bob_killer",
            [Frame("ATT", Named("shot"), (Filler("VIC", "Ann"), Filler("killer", "Bob")))],
            [("repaired_type", "ATT"), ("repaired_type", "VIC"), ("unknown_type", "killer")],
            id="labels for names, and an unknown role",
        ),
        pytest.param(
            "wed_marry\n- Ann_bride",
            [Frame("marry", Named("wed"), (Filler("bride", "Ann"),))],
            [("unknown_type", "marry")],
            id="an unknown event is reported once",
        ),
    ],
)
def test_events_are_read_as_far_as_they_can_be(raw: str, frames: list[Frame], problems: list[tuple[str, str]]) -> None:
    assert decode(raw, "EE") == (Answer(frames=tuple(frames)), problems)


def test_a_question_without_types_takes_every_type_as_it_stands() -> None:
    assert fmt.decode("Ann_人名", question("NER", Schema())) == (Answer(mentions=(Named("Ann", "人名"),)), ())


def test_a_format_is_refused_for_a_task_it_cannot_write() -> None:
    with pytest.raises(SettingsError) as error:
        format_for("lines.seed001", "RE")

    assert str(error.value) == "format 'lines.seed001' writes NER, not RE; choose another format for that task."
    assert format_for("lines", "RE") is FORMATS.get("lines") is fmt


# Properties

ODD = [
    "_",
    "\\",
    "\\_",
    "\n",
    "\\n",
    "\r\n",
    " ",
    "\t",
    "- ",
    "-",
    "- a_b",
    "None",
    "没有",
    "👍🏽",
    "\u3000a",
    "\u2028",
    "a ",
    " a",
    "_a_",
    "a\\",
    "\x0b",
    "\x85",
]
STRINGS = st.sampled_from(ODD) | st.text("_\\\n\r\t -ans中", min_size=1, max_size=6) | st.text(min_size=1, max_size=5)
NAMES = STRINGS.filter(lambda name: name.strip() != "")


@st.composite
def named_labels(draw: st.DrawFn, least: int = 0) -> list[tuple[str, str]]:
    """(label, name) with labels and names distinct among themselves; a label may be another one's name."""
    labels = draw(st.lists(NAMES, min_size=least, max_size=3, unique=True))
    fresh = st.lists(NAMES, min_size=len(labels), max_size=len(labels), unique=True)
    return list(zip(labels, draw(st.permutations(labels) | fresh), strict=True))


@st.composite
def questions_and_answers(draw: st.DrawFn) -> tuple[Question, Answer]:
    """Answers whose types are in the schema; all else is arbitrary."""
    task = draw(st.sampled_from(("NER", "RE", "EE")))
    schema = Schema(
        draw(st.sampled_from(["en", "zh"])),
        tuple(Label(*label) for label in draw(named_labels(1))),
        tuple(RelationLabel(*label) for label in draw(named_labels(1))),
        tuple(EventLabel(*label, "", tuple(Label(*role) for role in draw(named_labels()))) for label in draw(named_labels(1))),
    )
    named = st.builds(Named, STRINGS)
    if task == "NER":
        items = st.builds(Named, STRINGS, st.sampled_from([label.label for label in schema.entities]))
        answer = Answer(mentions=tuple(draw(st.lists(items, max_size=4))))
    elif task == "RE":
        relations = st.sampled_from([label.label for label in schema.relations])
        answer = Answer(triples=tuple(draw(st.lists(st.builds(Triple, named, relations, named), max_size=4))))
    else:
        frames = []
        for event in draw(st.lists(st.sampled_from(schema.events), max_size=3)):
            roles = st.sampled_from([role.label for role in event.roles]) if event.roles else STRINGS
            fillers = draw(st.lists(st.builds(Filler, roles, STRINGS), max_size=3))
            frames.append(Frame(event.label, draw(st.none() | named), tuple(fillers)))
        answer = Answer(frames=tuple(frames))
    return Question(task, schema, "", schema.lang), answer


@settings(deadline=None, max_examples=300)
@given(questions_and_answers())
def test_reading_undoes_writing(case: tuple[Question, Answer]) -> None:
    asked, answer = case

    assert fmt.decode(fmt.encode(answer, asked), asked) == (answer, ())


LINES = st.sampled_from(["Ann_person", "Ann_works for_Acme", "shot_attack", "- Ann_victim", "- Ann", "- ", "None", "没有", " ", "\u3000"]) | st.text("_\\- \tan", max_size=8) | st.text(max_size=6)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(LINES, max_size=5).map("\n".join), st.sampled_from(("NER", "RE", "EE")))
def test_every_line_becomes_an_item_or_a_problem(raw: str, task: str) -> None:
    answer, problems = fmt.decode(raw, question(task))

    items = len(answer.mentions) + len(answer.triples) + sum(1 + len(frame.fillers) for frame in answer.frames)
    malformed = sum(problem.kind in ("malformed", "prose") for problem in problems)
    if not raw.strip():
        assert (items, problems) == (0, (Problem("empty", raw),))
    elif raw.strip() in ("None", "没有"):
        assert (items, problems) == (0, ())
    elif items == 0 and [problem.kind for problem in problems] == ["repaired"]:
        assert problems == (Problem("repaired", raw.strip()),)
    else:
        assert items + malformed >= sum(line.strip(" \t\r") != "" for line in raw.split("\n"))
