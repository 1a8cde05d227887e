"""The dialect `code.gollie`: byte for byte what GoLLIE's templates and black make of its instances.

No record of GoLLIE's is among the shared corpora (its data may not be passed on): the layout is that of its repository, and the
formatter of this project, which follows black, is the referee.
"""

import random
import subprocess
import sys

import pytest
from grammar_check import recognises
from made_up import asked

from uie.formats import code_gollie as fmt
from uie.schema import read_schema
from uie.tasks.question import Answer, Filler, Frame, Named, Question, Triple

ACE = read_schema(
    {
        "entities": {"PER": {"name": "person"}, "GPE": None},
        "relations": {"PHYS": {"name": "Physical Relation"}, "SOC": {"name": "personal-social relation"}},
        "events": {
            "Transfer-Ownership": {
                "name": "transfer ownership",
                "roles": dict.fromkeys(("buyer", "seller", "beneficiary", "artifact", "price", "time", "place")),
            },
            "Marry": {"roles": {"Person": None, "Time": None, "born in": None}},
        },
    }
)


def encoded(task: str, answer: Answer) -> str:
    return fmt.encode(answer, Question(task, ACE, ""))


def test_entities_and_relations_are_listed_with_a_comma_behind_each() -> None:
    entities = Answer(mentions=(Named("Ana", "PER"), Named("Rome", "GPE"), Named('the "boss"', "PER"), Named("it's", "PER")))
    relations = Answer(triples=(Triple(Named("Ana"), "SOC", Named("Mary")), Triple(Named("Mary"), "PHYS", Named("supermarket"))))

    assert encoded("NER", entities) == (
        'result = [\n    Person(span="Ana"),\n    GPE(span="Rome"),\n    Person(span=\'the "boss"\'),\n    Person(span="it\'s"),\n]'
    )
    assert encoded("RE", relations) == (
        "result = [\n"
        '    PersonalSocialRelation(arg1="Ana", arg2="Mary"),\n'
        '    PhysicalRelation(arg1="Mary", arg2="supermarket"),\n'
        "]"
    )


def test_events_have_all_their_roles_in_the_order_of_the_class() -> None:
    sale = (("seller", "Vivendi Universal"), ("artifact", "theme parks"), ("buyer", "Blackstone Group"), ("price", "8 billion"))
    answer = Answer(
        frames=(
            Frame("Transfer-Ownership", Named("sell"), tuple(Filler(role, text) for role, text in sale)),
            Frame("Marry", None, (Filler("Person", "Ana"), Filler("Person", "Bo"))),
        )
    )

    assert encoded("EE", answer) == (
        "result = [\n"
        "    TransferOwnership(\n"
        '        mention="sell",\n'
        '        buyer=["Blackstone Group"],\n'
        '        seller=["Vivendi Universal"],\n'
        "        beneficiary=[],\n"
        '        artifact=["theme parks"],\n'
        '        price=["8 billion"],\n'
        "        time=[],\n"
        "        place=[],\n"
        "    ),\n"
        '    Marry(mention="", person=["Ana", "Bo"], time=[], born_in=[]),\n'
        "]"
    )
    assert encoded("EET", Answer(frames=(Frame("Marry", Named("wed")),))) == 'result = [\n    Marry(mention="wed"),\n]'


def test_long_lines_are_broken_as_black_breaks_them() -> None:
    long, longer = "a" * 60, "b" * 80
    answers = [
        Answer(frames=(Frame("Marry", Named("wed"), (Filler("Person", long[:33]),)),)),
        Answer(frames=(Frame("Marry", Named("wed"), (Filler("Person", long),)),)),
        Answer(frames=(Frame("Marry", Named("wed"), (Filler("Person", longer), Filler("Time", longer), Filler("Time", "now"))),)),
    ]

    assert encoded("EE", answers[0]) == (
        f'result = [\n    Marry(\n        mention="wed", person=["{long[:33]}"], time=[], born_in=[]\n    ),\n]'
    )
    assert encoded("EE", answers[1]) == (
        f'result = [\n    Marry(\n        mention="wed",\n        person=["{long}"],\n        time=[],\n        born_in=[],\n    ),\n]'
    )
    assert encoded("EE", answers[2]) == (
        'result = [\n    Marry(\n        mention="wed",\n'
        f'        person=[\n            "{longer}"\n        ],\n'
        f'        time=[\n            "{longer}",\n            "now",\n        ],\n'
        "        born_in=[],\n    ),\n]"
    )
    assert encoded("NER", Answer(mentions=(Named(longer, "PER"),))) == (
        f'result = [\n    Person(\n        span="{longer}"\n    ),\n]'
    )


def test_an_empty_answer_is_an_empty_list() -> None:
    assert encoded("NER", Answer()) == fmt.describe(Question("NER", ACE, "")).none_word == "result = []"
    for raw in ("result = []", "[]", " []\n", "None"):
        assert fmt.decode(raw, Question("NER", ACE, "")) == (Answer(), ())


def test_every_answer_is_formatted_already() -> None:
    rng = random.Random("gollie")

    def text() -> str:
        return "".join(rng.choice("ab\"'\\ c中é\n") for _ in range(rng.choice([1, 3, 10, 20, 40, 90])))

    answers = []
    for _ in range(150):
        event = rng.choice(ACE.events)
        fillers = tuple(Filler(rng.choice(event.roles).label, text()) for _ in range(rng.randint(0, 6)))
        answers.append(encoded("EE", Answer(frames=(Frame(event.label, Named(text()), fillers),))))
        answers.append(encoded("RE", Answer(triples=(Triple(Named(text()), "PHYS", Named(text())),))))
        answers.append(encoded("NER", Answer(mentions=(Named(text(), "PER"), Named(text(), "GPE")))))
    whole = "\n".join(answers) + "\n"

    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "88", "-"]
    formatted = subprocess.run(command, input=whole, capture_output=True, text=True, check=True).stdout

    assert formatted == whole


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("task", fmt.TASKS)
def test_gold_answers_come_back_but_for_the_order_of_fillers(task: str, lang: str) -> None:
    question, ask = asked(task, lang)[0]
    assert ask.gold is not None
    raw = fmt.encode(ask.gold, question)

    answer, problems = fmt.decode(raw, question)

    assert problems == ()
    assert _sorted(answer) == _sorted(ask.gold.without_occurrences())
    assert fmt.encode(answer, question) == raw
    assert recognises(fmt.grammar(question), raw)


def _sorted(answer: Answer) -> Answer:
    frames = tuple(Frame(f.type, f.trigger, tuple(sorted(f.fillers, key=lambda filler: filler.role))) for f in answer.frames)
    return Answer(answer.mentions, answer.triples, frames)


def test_the_grammar_lets_lines_be_broken_and_nothing_else() -> None:
    question, _ = asked("EE")[0]
    grammar = fmt.grammar(question)
    right = [
        'result = [\n    StartOfWork(mention="joined", employee=["Ann Lee"], employer=[], place=[]),\n]',
        'result = [\n    StartOfWork(\n        mention="joined",\n        employee=[\n            "Ann Lee"\n        ],\n        employer=[],\n        place=[],\n    ),\n]',
        "result = []",
    ]
    wrong = [
        'result = [\n    StartOfWork(mention="joined"),\n]',
        'result = [\n    StartOfWork(mention="joined", employee=["Carl"], employer=[], place=[]),\n]',
        'result = [\n    Weeping(mention="wept")\n]',
        "result = [\n]",
    ]

    assert [raw for raw in right if not recognises(grammar, raw)] == []
    assert [raw for raw in wrong if recognises(grammar, raw)] == []
