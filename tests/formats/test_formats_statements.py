"""Calls in a model's answer: cut apart, mended, parsed each by itself, never evaluated, in linear time."""

import ast

import pytest

from uie.formats import statements
from uie.formats.statements import DEEPEST, LONGEST, Call, Statement, calls, identifier, quoted
from uie.tasks.question import Problem


def read(raw: str) -> list[Statement | Problem]:
    return calls(raw, lambda name: name in ("city/town", "A", "B"))


def called(name: str, *positional: object, **keywords: object) -> Call:
    return Call(name, positional, tuple(keywords.items()))


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        ('A(x="1")\nB(y="2")', [called("A", x="1"), called("B", y="2")]),
        ("[A('1'), B()]", [called("A", "1"), called("B")]),
        ('result = [\n    A(\n        x="1",\n        y=["2", "3"],\n    ),\n]', [called("A", x="1", y=("2", "3"))]),
        ('A(x=B(y="1"), z=[B("2"), None])', [called("A", x=called("B", y="1"), z=(called("B", "2"), None))]),
        ('A(x="a\\"b\\\\c\\nd\\x41\\u4e2d")', [called("A", x='a"b\\c\ndA中')]),
        ('A(x="1" "2")', [called("A", x="12")]),
        ('A(x="")', [called("A", x="")]),
        ('A(x="(],#\'=")', [called("A", x="(],#'=")]),
    ],
)
def test_calls_are_read_as_python_reads_them(raw: str, found: list[Call]) -> None:
    assert [one.call for one in read(raw) if isinstance(one, Statement) and not one.repaired] == found
    assert len(read(raw)) == len(found)


@pytest.mark.parametrize(
    ("raw", "found", "lost"),
    [
        ("A（x＝“1”）", called("A", x="1"), ""),
        ("A(x='it's')", called("A", x="it's"), ""),
        ('A(x="say "a" b")', called("A", x='say "a" b'), ""),
        ("A(x=1 2, y=3.5)", called("A", x="1 2", y="3.5"), ""),
        ('A(x="1" y="2")', called("A", x="1", y="2"), ""),
        ('A([B("1") B("2")])', called("A", (called("B", "1"), called("B", "2"))), ""),
        ('A(x="1"', called("A", x="1"), ""),
        ('A(x="1", y=["2", "3', called("A", x="1", y=("2",)), '"3'),
        ('A(x="1)', called("A", x="1"), ""),
        ('A(x="1", y=', called("A", x="1"), ""),
        ('- city/town(x="1")', called("city_town", x="1"), ""),
        ('out.append(A(x="1"))', called("A", x="1"), ""),
        ('A(x=("1", "2"))', called("A", x=("1", "2")), ""),
        ('A(x="1")', called("A", x="1"), ""),
        ("Ａ(x=null)", called("A", x=None), ""),
    ],
)
def test_what_is_not_python_is_mended(raw: str, found: Call, lost: str) -> None:
    (one,) = read(raw)

    assert isinstance(one, Statement)
    assert (one.call, one.lost) == (found, lost)
    assert one.repaired == (raw != 'A(x="1")')


@pytest.mark.parametrize(
    ("raw", "kinds"),
    [
        ("Here they are:\n", ["prose"]),
        ("Ann Lee (person) and others", ["malformed"]),
        ("class A(Entity):\n    x: str\n\n    y: str\n", ["prose"]),
        ("# a comment", ["prose"]),
        ("A(lambda: 3)", ["malformed"]),
        ("{}", []),
        ('("Ann", "person")', ["malformed"]),
    ],
)
def test_lines_without_a_call_are_problems(raw: str, kinds: list[str]) -> None:
    assert [one.kind for one in read(raw) if isinstance(one, Problem)] == kinds
    assert not any(isinstance(one, Statement) for one in read(raw))


@pytest.mark.parametrize("broken", ['A(x="1', 'A(x="1"', 'A(x="1",', "A(x='1", 'A(x=["1"'])
def test_a_broken_call_takes_none_behind_it_along(broken: str) -> None:
    assert read(f'{broken}\nB(y="2")')[-1] == Statement(called("B", y="2"), 'B(y="2")')


def test_calls_are_bounded_in_length_and_nesting() -> None:
    long, deep = f'A(x="{"a" * LONGEST}")', "A(" * (DEEPEST + 1) + ")" * (DEEPEST + 1)

    assert [one.kind for one in (*read(long), *read(deep)) if isinstance(one, Problem)] == ["malformed", "malformed"]
    assert len(read(f'{long}\nB(y="2")\n{deep}\nB(y="2")')) == 4
    assert isinstance(read("A(" * DEEPEST + ")" * DEEPEST)[0], Statement)


@pytest.mark.parametrize("raw", ["A(" * 100_000, "[" * 100_000, "A(x=[" * 100_000, "(" * 100_000, "A(x=" + "-" * 100_000])
def test_deep_nesting_is_no_error(raw: str) -> None:
    assert all(isinstance(one, Problem) or one.repaired for one in read(raw))


def test_nothing_is_evaluated_and_nothing_warns(recwarn: pytest.WarningsRecorder) -> None:
    raw = 'A(x=__import__("os").abort())\nA(x="\\d\\x\\N{DASH}\\400\\")")\nA(x=1is 2)\nA(x="a\0b\ud83d")\nA(0x1for x in y)'

    found = [one.call for one in read(raw) if isinstance(one, Statement)]

    assert called("A", x='\\d\\x\\N{DASH}\\400")') in found
    assert called("A", x="a\0b\ufffd") in found
    assert len(recwarn) == 0


@pytest.mark.parametrize("text", ['a"b', "a\\", "\n\r\t\0\x7f", "\\n", "中", "\u2028", "👍🏽", ""])
def test_a_quoted_text_is_the_text_again(text: str) -> None:
    assert ast.literal_eval(quoted(text)) == text
    assert read(f"A(x={quoted(text)})") == [Statement(called("A", x=text), f"A(x={quoted(text)})")]


def test_identifiers_are_in_pythons_normal_form() -> None:
    assert [identifier(name) for name in ("city/town", "3rd", "ﬁrst ", "人 物", "?")] == [
        "city_town",
        "_3rd",
        "first",
        "人_物",
        "_",
    ]


@pytest.mark.parametrize(
    "piece",
    ['A(x="1")\n', 'A(x="1"', 'A(x="1",\n', "A(", 'A(x="', "a(b(\n", "f(\n)", '"', "'", "(", "[", "a ", "x=", "- ", "#", "class A(\n", "@a\n", "A ("],
)  # fmt: skip
def test_what_is_parsed_grows_with_the_answer(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    real = statements.parsed
    monkeypatch.setattr(statements, "parsed", lambda text: parsed.append(len(text)) or real(text))
    raw = piece * 2000

    read(raw)

    assert sum(parsed) <= 4 * len(raw) + 100
