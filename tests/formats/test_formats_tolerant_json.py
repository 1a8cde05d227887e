r"""The scanner for JSON as models write it: valid JSON as `json.loads` reads it, anything else as far as it goes, nothing dropped."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.formats.tolerant_json import DEEPEST, Missing, Object, Scanned, Value, loads, scan


def plain(value: Value) -> Any:
    """The value as Python has it: pairs as tuples, words, cut strings and missing values by name."""
    if isinstance(value, Object):
        return tuple((key, plain(one)) for key, one in value.pairs)
    if isinstance(value, list):
        return [plain(one) for one in value]
    return (
        value if isinstance(value, str) else "MISSING" if isinstance(value, Missing) else (type(value).__name__.upper(), value.text)
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('{"a": "x"}', (("a", "x"),), id="an object"),
        pytest.param('{"a": ["x"], "a": ["y"]}', (("a", ["x"]), ("a", ["y"])), id="a repeated key stays"),
        pytest.param('[1, -2.50, null, true, NaN]', [("WORD", w) for w in ("1", "-2.50", "null", "true", "NaN")], id="numbers as written"),
        pytest.param('["\\ud83d\\ude00", "\\ud83d"]', ["😀", "\ufffd"], id="half a surrogate pair"),
        pytest.param(f"[{'9' * 5000}]", [("WORD", "9" * 5000)], id="a number too long for Python"),
    ],
)  # fmt: skip
def test_strict_json_keeps_everything(text: str, value: Any) -> None:
    found = loads(text)

    assert found is not None
    assert plain(found) == value
    assert scan(text) == Scanned((found,))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param('["a", "b', ["a", ("CUT", "b")], id="cut off in a string"),
        pytest.param('{"a": 1, "b', (("a", ("WORD", "1")),), id="cut off in a key"),
        pytest.param('{"a": 1, "b"', (("a", ("WORD", "1")), ("b", "MISSING")), id="cut off behind a key"),
        pytest.param('{"a": [{"b": "c"}', (("a", [(("b", "c"),)]),), id="cut off behind an object"),
        pytest.param("['a', 'it's', 'c']", ["a", "it's", "c"], id="apostrophes"),
        pytest.param('["say "hi"!", "b"]', ['say "hi"!', "b"], id="quotes not escaped"),
        pytest.param('["a", "b]', ["a", "b"], id="a forgotten quote before the end"),
        pytest.param('["a, "b"]', ["a", "b"], id="a forgotten quote before another string"),
        pytest.param('{"a: "b"}', (("a", "b"),), id="a forgotten quote of a key"),
        pytest.param('["a" "b"\n"c"]', ["a", "b", "c"], id="no commas"),
        pytest.param('["a",, "b",]', ["a", "b"], id="too many commas"),
        pytest.param("{a: b c, d: [e]}", (("a", ("WORD", "b c")), ("d", [("WORD", "e")])), id="no quotes"),
        pytest.param('{"a" ["b"]}', (("a", ["b"]),), id="no colon"),
        pytest.param('{"a", "b": "c"}', (("a", "MISSING"), ("b", "c")), id="a key without a value"),
        pytest.param('["a": "b"]', (("a", "b"),), id="an object in brackets"),
        pytest.param('{"a": ["b", "c": ["d"]}', (("a", ["b"]), ("c", ["d"])), id="a list not closed"),
        pytest.param('[{"a": "b", {"a": "c"}]', [(("a", "b"),), (("a", "c"),)], id="an object not closed"),
        pytest.param('{"a": ["b"}', (("a", ["b"]),), id="the wrong bracket"),
        pytest.param('{"a": ["b"]]}', (("a", ["b"]),), id="a bracket too many"),
        pytest.param('［"a"，"b"］', ["a", "b"], id="full width"),
        pytest.param("{“a”：“b “c” d”}", (("a", "b “c” d"),), id="curly quotes in curly quotes"),
        pytest.param('[("a", "b"), (\'c\', d)]', [["a", "b"], ["c", ("WORD", "d")]], id="Python tuples"),
        pytest.param('["a", /* b */ "c" // d\n, "e" # f\n]', ["a", "c", "e"], id="comments"),
        pytest.param('["a" /* "b"]', ["a", "b"], id="a comment without end"),
        pytest.param('["\\x", "\\u00e9\\n\\\'"]', ["\\x", "é\n'"], id="escapes that are none"),
        pytest.param('{\\"a\\": \\"b\\"}', (("a", "b"),), id="escaped from without"),
        pytest.param('"{\\"a\\": \\"b', (("a", ("CUT", "b")),), id="inside a string that is cut off"),
        pytest.param('["a\nb"]', ["a\nb"], id="a line end in a string"),
        pytest.param('"a": ["b"]}', (("a", ["b"]),), id="no opening brace"),
        pytest.param('"a", "b"', ["a", "b"], id="no brackets"),
        pytest.param('{"a": "b"\n\nSo it is: really.', (("a", "b"),), id="talk behind an empty line"),
        pytest.param("[" * 50 + '"a"' + "]" * 50, None, id="too deep"),
    ],
)
def test_broken_json_is_read_as_far_as_it_goes(text: str, value: Any) -> None:
    found = scan(text)

    assert found.mended is (value is not None)
    if value is not None:
        assert [plain(one) for one in found.values] == [value]


def test_brackets_beyond_the_bound_are_passed_over() -> None:
    found = scan("[" * 5000 + '"a"').values[0]

    depth = 0
    while isinstance(found, list):
        depth, found = depth + 1, found[0]
    assert (depth, found) == (DEEPEST, "a")


@pytest.mark.parametrize(
    ("text", "values", "outside", "mended"),
    [
        ('Here: {"a": "b"} and ["c"].', [(("a", "b"),), ["c"]], ["Here:", "and"], True),
        ('Here: {"a": "b"}. Bye!', [(("a", "b"),)], ["Here:", ". Bye!"], False),
        ("no value here", [], ["no value here"], False),
        ('{"a": "b"},\n{"a": "c"}', [(("a", "b"),), (("a", "c"),)], [], True),
        ("", [], [], False),
    ],
)
def test_values_are_found_amid_text(text: str, values: list[Any], outside: list[str], mended: bool) -> None:
    found = scan(text)

    assert [plain(one) for one in found.values] == values
    assert (list(found.outside), found.mended) == (outside, mended)


STRINGS = st.text("ab \"'\\{}[],:“”\n，：é", max_size=6) | st.text(max_size=4)
VALUES = st.recursive(
    STRINGS,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(STRINGS.filter(bool), inner), max_size=3, unique_by=lambda p: p[0]).map(dict),
    max_leaves=8,
)  # fmt: skip
CONTAINERS = VALUES.filter(lambda value: not isinstance(value, str) and bool(value))


def pairs(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple((key, pairs(one)) for key, one in value.items())
    return [pairs(one) for one in value] if isinstance(value, list) else value


@settings(deadline=None, max_examples=300)
@given(CONTAINERS, st.sampled_from(["cut", "comma", "talk", "indented"]))
def test_the_scanner_reads_valid_json_as_the_strict_reader_does(value: Any, how: str) -> None:
    """Broken in one place, so that the scanner must read the rest itself."""
    text = json.dumps(value, ensure_ascii=False, indent=1 if how == "indented" else None)
    broken = {
        "cut": text[:-1],
        "comma": f"{text[:-1]},{text[-1]}",
        "talk": f"So:\n{text}\nBye",
        "indented": f"{text[:-1]}// no more\n{text[-1]}",
    }[how]

    found = scan(broken)

    assert [plain(one) for one in found.values] == [pairs(value)]
    assert found.mended is (how != "talk")


@settings(deadline=None, max_examples=500)
@given(st.text("{}[]()\"'“”,:：，\\/*#\n abu0｛］", max_size=30) | st.text(max_size=20))
def test_no_text_is_too_much(text: str) -> None:
    found = scan(text)

    assert json.dumps([plain(one) for one in found.values], ensure_ascii=False).encode() is not None


@pytest.mark.parametrize(
    "piece",
    [
        '"',
        '",',
        '"a',
        '["a',
        "{",
        '{"a":',
        "'",
        "“",
        '"a" ',
        '\\"',
        "/*",
        "//",
        "#",
        " ",
        ",",
        '\n"a"',
        '"a":',
        ", ,",
        "a\n",
        '"a"b',
        "]}",
    ],
)
def test_work_grows_with_the_length_only(piece: str) -> None:
    """200,000 characters take well below the limit; anything quadratic takes minutes."""
    long = '{"a": [' + piece * (200_000 // len(piece))
    started = time.perf_counter()

    scan(long)
    scan(long[6:])
    scan(piece * (200_000 // len(piece)))

    assert time.perf_counter() - started < 10
