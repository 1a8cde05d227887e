"""Mutated gold answers, 20,000 of them: no format raises, drops silently, makes things up, or gives what no file can hold."""

from collections import Counter
from dataclasses import replace
from typing import Any

import format_fuzz as fuzz
import pytest

from uie.formats import FORMATS, lines
from uie.tasks.question import Answer, Named, Problem, Question

ANSWERS = 20_000


@pytest.mark.parametrize("name", FORMATS.names())
def test_whatever_is_written_is_read_and_nothing_of_it_is_lost_silently(name: str) -> None:
    found = fuzz.findings(name, "tests", range(-(-ANSWERS // len(FORMATS.names()))))

    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize("name", FORMATS.names())
def test_every_gold_answer_keeps_the_promises_that_mutated_ones_must_keep(name: str) -> None:
    golds = [cell for group in fuzz.cells(name).values() for cell in group]

    assert {cell.question.task for cell in golds} == set(FORMATS.get(name).TASKS)
    assert [(str(cell), cell.gold, said) for cell in golds if (said := fuzz.violations(cell, cell.gold))] == []
    assert [(str(cell), found) for cell in golds if (found := lost(cell))] == []


def lost(cell: fuzz.Cell) -> object:
    """What reading does not make good again; published dialects lose what they lose."""
    answer, problems = cell.format.decode(cell.gold, cell.question)
    return (
        None
        if "." in cell.name or (answer.without_occurrences() == cell.answer.without_occurrences() and not problems)
        else problems
    )


def test_cases_are_the_same_every_time_and_of_every_kind() -> None:
    cases = [fuzz.case(name, "tests", number) for name in FORMATS for number in range(1000)]

    used = Counter(mutation for one in cases for mutation in one.mutations)
    assert len(cases) == 1000 * len(FORMATS.names())
    assert set(used) == {mutation.__name__ for mutation in fuzz.MUTATIONS}
    assert {(one.cell.question.lang, one.cell.document.partition(":")[0]) for one in cases} == {
        (lang, document) for lang in ("en", "zh") for document in ("made-up", "hard", "empty")
    }
    assert sum(one.raw != one.cell.gold for one in cases) > 0.9 * len(cases)
    assert fuzz.case("lines", "tests", 7).raw == fuzz.case("lines", "tests", 7).raw != fuzz.case("lines", "others", 7).raw


# What the driver of all readers sees to


def test_half_a_surrogate_pair_is_replaced_and_reported() -> None:
    cell = fuzz.cells("lines")["NER", "en", "made-up"][0]

    assert lines.decode("An\ud83dn_person\nA😀_person", cell.question) == (
        Answer((Named("An\ufffdn", "PER"), Named("A😀", "PER"))),
        (Problem("repaired", "An\ufffdn_person\nA😀_person"),),
    )


def test_a_long_unknown_name_stays_and_is_shown_by_its_beginning_and_end() -> None:
    cell, name = fuzz.cells("lines")["NER", "en", "made-up"][0], "x" * 300

    assert lines.decode(f"Rome_{name}", cell.question) == (
        Answer((Named("Rome", name),)),
        (Problem("unknown_type", f"{'x' * 100} … {'x' * 100}"),),
    )


# The checks themselves: readers that break one promise each


class Broken:
    """`lines`, read by something else."""

    TASKS = lines.TASKS

    def __init__(self, decode: Any) -> None:
        self.decode = decode

    encode = staticmethod(lines.encode)
    grammar = staticmethod(lines.grammar)
    describe = staticmethod(lines.describe)


def broken(decode: Any) -> fuzz.Cell:
    return replace(fuzz.cells("lines")["NER", "en", "made-up"][0], format=Broken(decode))


def raising(raw: str, question: Question) -> Any:
    raise RecursionError("too deep")


def forgetful(raw: str, question: Question) -> Any:
    answer, problems = lines.decode(raw, question)
    return Answer(answer.mentions[:1]), problems


def silent(raw: str, question: Question) -> Any:
    return lines.decode(raw, question)[0], ()


def inventive(raw: str, question: Question) -> Any:
    answer, problems = lines.decode(raw, question)
    return Answer((*answer.mentions, Named("Zoe", "PER"))), problems


def unreadable(raw: str, question: Question) -> Any:
    answer, problems = lines.decode(raw, question)
    return Answer(tuple(replace(mention, text=mention.text.replace("a", "\ud83d")) for mention in answer.mentions)), problems


def talkative(raw: str, question: Question) -> Any:
    return lines.decode(raw, question)[0], (Problem("malformed", raw * 50),)


def unruly(raw: str, question: Question) -> Any:
    return lines.decode(raw, question)[0], (Problem("odd", raw),)


def unstable(raw: str, question: Question) -> Any:
    answer, problems = lines.decode(raw, question)
    return Answer(tuple(replace(mention, text=mention.text[1:]) for mention in answer.mentions)), problems


def shapeless(raw: str, question: Question) -> Any:
    return lines.decode(raw, question)[0], []


@pytest.mark.parametrize(
    ("decode", "raw", "promise"),
    [
        (raising, "Ann Lee_person", "decode raises"),
        (shapeless, "Ann Lee_person", "wrong shape"),
        (unruly, "Ann Lee_person", "unknown kind"),
        (talkative, "Ann Lee_person", "long piece"),
        (silent, "hm", "silence"),
        (silent, "Ann Lee_person\nqzx", "a word is lost"),
        (lambda raw, question: (Answer(), (Problem("prose", ""),)), "qzx_person", "a word is not shown"),
        (forgetful, "Ann Lee_person\nRome_city/town", "words are lost"),
        (lambda raw, question: (Answer(), (Problem("empty", ""),)), "Ann", '"empty" is said of what is not'),
        (lambda raw, question: (Answer(), ()), " ", "an empty answer is not reported as one"),
        (inventive, "Ann Lee_person", "made up"),
        (unstable, "Ann Lee_person", "not read again"),
        (unreadable, "Ann_person\nRay_person", "not predicted"),
    ],
)
def test_the_checks_see_a_reader_that_breaks_a_promise(decode: Any, raw: str, promise: str) -> None:
    said = [one.partition(":")[0] for one in fuzz.violations(broken(decode), raw)]

    assert promise in said


def test_a_finding_is_shown_by_a_short_string() -> None:
    cell = broken(lambda raw, question: raising(raw, question) if "(" in raw else lines.decode(raw, question))

    assert fuzz.smallest(cell, "Ann Lee_person\n" * 20 + "Bob (x)_person") == ("(", "decode raises: RecursionError: too deep")


def test_the_command_says_what_it_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--count", "40", "--seed", "tests", "--format", "lines"]) == 0

    assert capsys.readouterr().out == "40 mutated answers of 1 formats (seed tests): 0 findings.\n"
