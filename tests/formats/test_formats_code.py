"""The format `code`: instances of classes made from names, written and read as inverses; wrong answers read as far as they can be."""

import ast

import pytest
from any_answers import questions_and_answers
from grammar_check import recognises
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import DOCUMENTS, asked

from uie.formats import code as fmt
from uie.schema import EventLabel, Label, RelationLabel, Schema
from uie.tasks.question import Answer, Filler, Frame, Named, Problem, Question, Triple

ANN, ACME = "Ann Lee", "Acme_Inc"


def encoded(task: str, lang: str = "en", number: int = 0) -> list[str]:
    question, ask = asked(task, lang)[number]
    assert ask.gold is not None
    return fmt.encode(ask.gold, question).split("\n")


@pytest.mark.parametrize(
    ("task", "lines"),
    [
        ("NER", ['Person(span="Ann Lee")', 'Organization(span="Acme_Inc")', 'CityTown(span="Rome")']),
        ("ET", ['Person(span="Ann Lee")', 'Organization(span="Acme_Inc")', 'CityTown(span="Rome")']),
        ("NER1", ['Person(span="Ann Lee")', 'Person(span="Bob (\\"Bo\\") Ray")', 'Person(span="Bo")', 'Person(span="Ann Lee")']),
        ("ES", ['Mention(span="Ann Lee")', 'Mention(span="Acme_Inc")']),
        ("RE", ['WorksFor(head="Ann Lee", tail="Acme_Inc")', 'LocatedIn(head="Acme_Inc", tail="Rome")']),
        ("EPR", ['WorksFor(head="Ann Lee", tail="Acme_Inc")', 'LocatedIn(head="Acme_Inc", tail="Rome")']),
        ("SPO", ['WorksFor(head=Person(span="Ann Lee"), tail=Organization(span="Acme_Inc"))']),
        ("KG", ['WorksFor(head=Person(span="Ann Lee"), tail="Acme_Inc")']),
        ("EP", ['Pair(head="Ann Lee", tail="Acme_Inc")', 'Pair(head="Acme_Inc", tail="Rome")']),
        ("RC", ["WorksFor()"]),
        (
            "EE",
            ['StartOfWork(trigger="joined", arguments=[Employee(span="Ann Lee"), Employer(span="Acme_Inc"), Place(span="Rome")])'],
        ),
        ("EET", ['StartOfWork(trigger="joined")', 'EndOfWork(trigger="fired")', 'Weeping(trigger="wept")']),
        ("EEA", ['Employee(span="Ann Lee")', 'Employer(span="Acme_Inc")', 'Place(span="Rome")']),
    ],
)
def test_answers_are_written_as_the_module_says(task: str, lines: list[str]) -> None:
    assert encoded(task)[: len(lines)] == lines


def test_entities_stand_before_relations() -> None:
    lines = encoded("JOINT")

    assert lines[0] == 'Person(span="Ann Lee")'
    assert lines[8] == 'Person(span="Ann Lee")'
    assert lines[9] == 'WorksFor(head=Person(span="Ann Lee"), tail=Organization(span="Acme_Inc"))'


def test_chinese_names_are_classes_too() -> None:
    assert encoded("NER", "zh")[:2] == ['人物(span="王明")', '组织机构(span="北方_公司")']
    assert encoded("EE", "zh")[0] == '入职(trigger="加入", arguments=[雇员(span="王明"), 雇主(span="北方_公司")])'


def test_an_event_may_have_no_trigger_and_no_arguments() -> None:
    question, _ = asked("EE")[0]
    answer = Answer(frames=(Frame("CRY", None), Frame("HIRE", None, (Filler("who", ANN),))))
    raw = 'Weeping(trigger=None)\nStartOfWork(trigger=None, arguments=[Employee(span="Ann Lee")])'

    assert fmt.encode(answer, question) == raw
    assert fmt.decode(raw, question) == (answer, ())


@pytest.mark.parametrize("task", fmt.TASKS)
@pytest.mark.parametrize(("lang", "word"), [("en", "None"), ("zh", "没有")])
def test_an_empty_answer_is_the_none_word_of_the_language(task: str, lang: str, word: str) -> None:
    question, _ = asked(task, lang)[0]

    assert fmt.encode(Answer(), question) == fmt.describe(question).none_word == word
    assert word in fmt.describe(question).answer_rule
    assert fmt.decode(word, question) == (Answer(), ())


# Classes


@pytest.mark.parametrize(
    ("names", "classes"),
    [
        (["person", "city/town", "work_of_art", "GPE"], ["Person", "CityTown", "WorkOfArt", "GPE"]),
        (["works for", "WorksFor", "works/for"], ["WorksFor", "WorksFor2", "WorksFor3"]),
        (["a", "A2", "A", "a 2"], ["A", "A2", "A3", "A22"]),
        (["none", "entity", "mention", "True"], ["None2", "Entity2", "Mention2", "True2"]),
        (["3rd party", "?", ">", "²"], ["Type3rdParty", "Type", "Type2", "Type22"]),
        (["人物", "组织（公司）", "ﬁrm", "Å"], ["人物", "组织公司", "Firm", "Å"]),
    ],
)
def test_each_name_has_a_class_of_its_own(names: list[str], classes: list[str]) -> None:
    found = fmt.classes_of(Schema(entities=tuple(Label(name, name) for name in names)))

    assert [found.of("entity", name) for name in names] == classes
    assert [found.name("entity", made) for made in classes] == names
    assert all(made.isidentifier() for made in classes)


def test_kinds_share_the_classes_and_events_share_their_roles() -> None:
    roles = (Label("r", "move"), Label("p", "place"))
    events = (EventLabel("E", "move", "", roles), EventLabel("F", "go", "", roles[1:]))
    found = fmt.classes_of(Schema("en", (Label("P", "place"),), (RelationLabel("R", "place"),), events))

    assert found.by_class == {
        "Place": ("entity", "place"),
        "Place2": ("relation", "place"),
        "Move": ("event", "move"),
        "Go": ("event", "go"),
        "Move2": ("role", "move"),
        "Place3": ("role", "place"),
    }


@pytest.mark.parametrize(
    ("label", "written"),
    [
        ("Dog", 'Dog(span="Bo")'),
        ("狗", '狗(span="Bo")'),
        ("a dog", 'Entity(type="a dog", span="Bo")'),
        ("Person", 'Entity(type="Person", span="Bo")'),
        ("None", 'Entity(type="None", span="Bo")'),
        ("ﬁ", 'Entity(type="ﬁ", span="Bo")'),
        ('"', 'Entity(type="\\"", span="Bo")'),
    ],
)
def test_a_name_that_the_schema_lacks_comes_back(label: str, written: str) -> None:
    question = Question("NER", Schema(entities=(Label("PER", "person"),)), "")
    answer = Answer(mentions=(Named("Bo", label),))

    assert fmt.encode(answer, question) == written
    assert fmt.decode(written, question)[0].mentions[0].type in (label, "PER")  # "Person" means the known one


def test_without_a_schema_every_class_stands_for_itself() -> None:
    question = Question("NER", Schema(), "")

    assert fmt.decode('人名(span="Bo")', question) == (Answer(mentions=(Named("Bo", "人名"),)), ())


# What a prompt says


def test_the_definitions_of_entities_hold_names_and_descriptions() -> None:
    question, _ = asked("NER")[0]

    assert fmt.definitions(question) == (
        "class Person(Entity):\n"
        '    """person: a human being, by name"""\n'
        "    span: str\n\n"
        "class Organization(Entity):\n"
        '    """organization"""\n'
        "    span: str\n\n"
        "class CityTown(Entity):\n"
        '    """city/town"""\n'
        "    span: str"
    )
    assert fmt.describe(question).answer_rule == (
        'Write instances of the classes below, one Python call a line, in the order of the text, each as Class(span="…"). '
        f"If there is none, write None.\n\n{fmt.definitions(question)}"
    )


def test_the_definitions_of_events_name_the_classes_of_their_arguments() -> None:
    question, _ = asked("EE")[0]
    blocks = fmt.definitions(question).split("\n\n")

    assert blocks[0] == (
        'class StartOfWork(Event):\n    """start of work"""\n    trigger: str | None\n    arguments: list[Employee | Employer | Place]'
    )
    assert blocks[2] == 'class Weeping(Event):\n    """weeping"""\n    trigger: str | None'
    assert [block.split(":")[0] for block in blocks[3:]] == ["class Employee(Role)", "class Employer(Role)", "class Place(Role)"]


@pytest.mark.parametrize(
    ("task", "first", "fields"),
    [
        ("RE", "class WorksFor(Relation)", ["head: str", "tail: str"]),
        ("RC", "class WorksFor(Relation)", []),
        ("SPO", "class Person(Entity)", ["span: str"]),
        ("EP", "class Pair", ["head: str", "tail: str"]),
        ("ES", "class Mention", ["span: str"]),
        ("EET", "class StartOfWork(Event)", ["trigger: str | None"]),
        ("EEA", "class Employee(Role)", ["span: str"]),
    ],
)
def test_the_definitions_fit_the_task(task: str, first: str, fields: list[str]) -> None:
    block = fmt.definitions(asked(task)[0][0]).split("\n\n")[0].split("\n")

    assert block[0] == f"{first}:"
    assert [line.strip() for line in block[2:]] == fields


def test_the_ends_of_typed_relations_are_entities() -> None:
    blocks = {task: fmt.definitions(asked(task)[0][0]).split("\n\n")[3].split("\n")[2:] for task in ("SPO", "JOINT", "KG")}

    assert blocks["SPO"] == blocks["JOINT"] == ["    head: Entity", "    tail: Entity"]
    assert blocks["KG"] == ["    head: Entity", "    tail: str"]


@settings(deadline=None, max_examples=100)
@given(questions_and_answers(), st.text('"\\\n a'))
def test_definitions_are_python_whatever_the_names_are(case: tuple[Question, Answer], about: str) -> None:
    schema = Schema(
        "en", tuple(Label(label.label, label.name, about) for label in case[0].schema.entities) or (Label("a", "a", about),)
    )

    assert len(ast.parse(fmt.definitions(Question("NER", schema, ""))).body) == len(schema.entities)
    assert ast.parse(fmt.definitions(case[0]))


# Inverses


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_gold_answers_come_back_as_strings(task: str, lang: str) -> None:
    for question, ask in asked(task, lang):
        assert ask.gold is not None
        answer, problems = fmt.decode(fmt.encode(ask.gold, question), question)
        assert (answer.without_occurrences(), problems) == (ask.gold.without_occurrences(), ())


@settings(deadline=None, max_examples=300)
@given(questions_and_answers(fmt.TASKS))
def test_reading_undoes_writing(case: tuple[Question, Answer]) -> None:
    question, answer = case

    read, problems = fmt.decode(fmt.encode(answer, question), question)

    assert problems == ()
    assert read.without_occurrences() == answer.without_occurrences()


PIECES = st.sampled_from(['A(x="a")', "Person(", 'span="', "[", ")", "\n", "'", "“", "#", "class A:", "\\", "=", ",", "（", "None", "\0", "```", "<think>"]) | st.text(max_size=4)  # fmt: skip


@settings(deadline=None, max_examples=300)
@given(st.lists(PIECES, max_size=10).map("".join), st.sampled_from(fmt.TASKS))
def test_no_string_raises_and_none_is_passed_over_in_silence(raw: str, task: str) -> None:
    question, _ = asked(task)[0]

    answer, problems = fmt.decode(raw, question)

    assert answer or problems or raw.strip() in ("None", "没有")


def test_a_triple_without_types_is_read_without_types() -> None:
    question, _ = asked("SPO")[0]
    triple = Triple(Named(ANN, "PER"), "WORK", Named(ACME))

    assert fmt.decode('WorksFor(head=Person(span="Ann Lee"), tail="Acme_Inc")', question) == (
        Answer(triples=(triple,)),
        (Problem("unknown_type", ""),),
    )


# Grammar

WRONG = {
    "NER": [
        'Person(span="Bob")\n',
        'Person(span="ann Lee")',
        'Person(span="Ann ")',
        'Dog(span="Ann")',
        'Person(span="")',
        "Person()",
    ],
    "ET": ['Person(span="Ann")', 'Dog(span="Ann Lee")'],
    "RE": ['WorksFor(head="Ann Lee", tail="Carl")', 'WorksFor(tail="Rome", head="Ann")', 'Person(head="Ann", tail="Lee")'],
    "EPR": ['WorksFor(head="Acme_Inc", tail="Ann Lee")'],
    "EE": ['StartOfWork(trigger="")', "StartOfWork()", 'Weeping(trigger="wept", arguments=[Place(span="Rome")])'],
    "EEA": ['Boss(span="Ann Lee")', 'Person(span="Ann Lee")'],
}


@pytest.mark.parametrize("task", fmt.TASKS)
def test_the_grammar_accepts_gold_and_no_wrong_answer(task: str) -> None:
    question, ask = asked(task)[0]
    grammar = fmt.grammar(question)
    assert ask.gold is not None

    assert recognises(grammar, fmt.encode(ask.gold, question))
    assert recognises(grammar, "None")
    assert [raw for raw in WRONG.get(task, []) if recognises(grammar, raw)] == []


def test_the_grammar_writes_what_must_be_escaped() -> None:
    question = Question("NER", Schema(entities=(Label("P", "p"),)), 'a "b\\\nc')

    assert recognises(fmt.grammar(question), 'P(span="\\"b\\\\\\nc")')
    assert not recognises(fmt.grammar(question), 'P(span=""b")')
    assert DOCUMENTS["en"].text.count('"') == 2  # so that gold answers with quotes are among those above
