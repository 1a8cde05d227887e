"""Items of a JSON array one by one: the same as json reads, wherever pieces of the file end, with every mistake at its line."""

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import uie.json_array
from uie.errors import CorpusError
from uie.json_array import array_items, first_character

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(VALUES, max_size=5), st.integers(1, 40), st.booleans(), st.sampled_from([None, 1]))
def test_items_are_those_that_json_reads_wherever_the_pieces_end(tmp_path_factory, items, size, ascii_only, indent):
    path = tmp_path_factory.getbasetemp() / "items.json"
    path.write_text(f" \n{json.dumps(items, ensure_ascii=ascii_only, indent=indent)}\n", encoding="utf-8")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uie.json_array, "_CHARACTERS", size)
        found = list(array_items(path, expected="an array"))

    assert [value for _, value in found] == items
    assert [json.loads(raw) for raw, _ in found] == items


@pytest.mark.parametrize(
    ("content", "items", "told"),
    [
        pytest.param(b"", 0, ": expected an array of towns, found an empty file.", id="empty"),
        pytest.param(b'{"a": 1}', 0, ": expected an array of towns, found an object.", id="object"),
        pytest.param(b"Rome", 0, ": expected an array of towns, found a file that begins with 'R'.", id="text"),
        pytest.param(b'[1,\n2,\n{"a": \n', 2, ":4: not JSON: Expecting value; expected an array of towns.", id="cut"),
        pytest.param(b"[1,\n2\n", 2, ":3: not JSON: an item is followed by neither ',' nor ']'; expected", id="no end"),
        pytest.param(b"[1,\n2,]", 2, ":2: not JSON: Expecting value; expected", id="comma"),
        pytest.param(b"[1]\n\n,", 1, ":3: not JSON: something stands after the array's end; expected", id="more"),
        pytest.param(b'[1,\n"\xff"]', 0, ":2: not UTF-8 (invalid start byte); convert the file to UTF-8 first.", id="encoding"),
        pytest.param(b'["\xe4\xbd', 0, ":1: not UTF-8 (unexpected end of data); convert", id="half a character"),
        pytest.param(b"[" * 100_000, 0, ":1: not JSON: ", id="nested too deep"),
        pytest.param(b"[" + b"1" * 5000 + b"]", 0, ":1: not JSON: Exceeds the limit (4300 digits)", id="long number"),
    ],
)
def test_a_file_that_is_no_array_is_told_with_its_line(tmp_path, content, items, told):
    path = tmp_path / "towns.json"
    path.write_bytes(content)
    found = []

    with pytest.raises(CorpusError) as error:
        found.extend(value for _, value in array_items(path, expected="an array of towns"))

    assert str(error.value).startswith(f"{path}{told}")


def test_what_stands_before_a_mistake_is_read(tmp_path):
    path = tmp_path / "towns.json"
    path.write_text('["Rome", "Oslo", ')
    items = array_items(path, expected="an array")

    assert [next(items)[1], next(items)[1]] == ["Rome", "Oslo"]


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "towns.json"
    path.write_text("[" + ", ".join(json.dumps({"text": f"{number} " + "x" * 200}) for number in range(50_000)) + "]")

    tracemalloc.start()
    count = sum(1 for _ in array_items(path, expected="an array"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 50_000
    assert peak < path.stat().st_size / 4


@pytest.mark.parametrize(("content", "first"), [("", ""), (" \n ", ""), ("\ufeff\n [", "["), ('{"a": 1}', "{")])
def test_the_first_character_passes_over_white_space(tmp_path, content, first):
    path = tmp_path / "towns.json"
    path.write_text(content, encoding="utf-8")

    assert first_character(path) == first
