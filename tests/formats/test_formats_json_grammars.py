"""Whatever the grammars of the JSON formats let a model write is read without a problem and holds only what was asked and is there."""

from dataclasses import replace
from random import Random

import pytest
from any_answers import schemas
from grammar_check import recognises
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up import asked

from uie.formats import FORMATS
from uie.formats.grammar import Choice, Grammar, Literal, Repeat, Sequence, SpanOf
from uie.tasks.items import TEXT_SLOTS, items_of
from uie.tasks.question import Question

NAMES = ["json", "json_spans", "json.iepile", "json.yayi"]
CELLS = [(name, task, lang) for name in NAMES for task in FORMATS.get(name).TASKS for lang in ("en", "zh")]


def some_string(grammar: Grammar, rng: Random) -> str:
    """One of the grammar's strings; only grammars that hold some."""
    match grammar:
        case Literal(text):
            return text
        case Choice(options):
            return some_string(rng.choice(options), rng)
        case Sequence(parts):
            return "".join(some_string(part, rng) for part in parts)
        case Repeat(part, least, most):
            times = rng.randint(least, min(least + 3, least + 3 if most is None else most))
            return "".join(some_string(part, rng) for _ in range(times))
        case SpanOf(text, escapes):
            cuts = [(start, end) for start in range(len(text)) for end in range(start + 1, min(start + 9, len(text) + 1))]
            start, end = rng.choice([cut for cut in cuts if text[cut[0] : cut[1]].strip() == text[cut[0] : cut[1]]])
            return "".join(dict(escapes).get(character, character) for character in text[start:end])
    raise AssertionError(grammar)


@pytest.mark.parametrize(("name", "task", "lang"), CELLS, ids="-".join)
def test_what_the_grammar_allows_is_read_without_a_problem(name: str, task: str, lang: str) -> None:
    fmt, rng = FORMATS.get(name), Random(f"{name} {task} {lang}")
    for question, _ in asked(task, lang):
        grammar = fmt.grammar(question)
        for _ in range(30):
            raw = some_string(grammar, rng)

            answer, problems = fmt.decode(raw, question)

            assert problems == (), raw
            found = [one for top in items_of(answer, question) for one in (top, *top.children)]
            texts = [field.text for one in found for field in one.fields if field.slot in TEXT_SLOTS]
            assert all(text in question.text for text in texts), raw
            if name in ("json", "json_spans"):
                assert recognises(grammar, fmt.encode(answer, question)), raw


@settings(deadline=None, max_examples=200)
@given(
    schemas(),
    st.text('"\\{}[]:, \nab中', min_size=1, max_size=8).filter(lambda text: text.strip()),
    st.randoms(use_true_random=False),
)
def test_any_schema_and_text_will_do(schema: object, text: str, rng: Random) -> None:
    name, task, _ = rng.choice([cell for cell in CELLS if cell[1] not in ("ET", "EPR", "RC", "EEA")])
    question = replace(Question(task, schema, text), lang=rng.choice(["en", "zh"]))  # type: ignore[arg-type]
    raw = some_string(FORMATS.get(name).grammar(question), rng)

    _, problems = FORMATS.get(name).decode(raw, question)

    assert problems == (), (name, task, raw)
