"""Records: JSON there and back, three-key files, errors with their place."""

import json
from pathlib import Path
from typing import Any

import pytest

from uie.errors import RecordError
from uie.records.record import Record, prompt_text, read_records, record_from_json, record_to_json
from uie.schema import Label, Schema
from uie.tasks.question import Question

RECORD = Record(
    "Find the people.",
    "Ann met Bob.",
    "Ann_person\nBob_person",
    id="sample/test/3#0",
    task="NER",
    dataset="sample",
    split="test",
    lang="en",
    format="lines",
    prompt="ner/default.en",
    schema={"lang": "en", "entities": {"PER": {"name": "person"}}},
    text="Ann met Bob.",
    source={"document_id": "sample/test/3", "start": 40},
)
BARE = {"instruct": "i", "query": "q", "answer": "a"}


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def error_of(row: dict[str, Any]) -> str:
    with pytest.raises(RecordError) as error:
        record_from_json(row, where="x.jsonl:2", id="x#2")
    return str(error.value)


def test_the_json_form_begins_with_the_three_keys_of_the_field() -> None:
    row = record_to_json(RECORD)

    assert list(row) == [
        "instruct",
        "query",
        "answer",
        "id",
        "task",
        "dataset",
        "split",
        "lang",
        "format",
        "prompt",
        "schema",
        "text",
        "source",
    ]
    assert record_from_json(json.loads(json.dumps(row)), where="x", id="unused") == RECORD


def test_without_gold_there_is_no_answer_key() -> None:
    row = record_to_json(Record("i", "q", None, id="r"))

    assert "answer" not in row
    assert record_from_json(row, where="x", id="unused").answer is None


def test_an_empty_answer_is_an_answer() -> None:
    assert record_to_json(Record("i", "q", "", id="r"))["answer"] == ""


def test_a_record_knows_what_it_asks_and_where() -> None:
    assert RECORD.asked() == Schema("en", (Label("PER", "person"),))
    assert RECORD.question() == Question("NER", RECORD.asked(), "Ann met Bob.", "en")
    assert (RECORD.document_id, RECORD.start, RECORD.is_bare) == ("sample/test/3", 40, False)


def test_a_three_key_record_is_named_by_its_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.jsonl", BARE, {}, BARE)
    path.write_text(path.read_text().replace("{}", ""))

    first, second = read_records(path, format="lines.seed001")

    assert (first.id, second.id) == ("mine#1", "mine#3")
    assert (first.document_id, first.start, first.format, first.is_bare) == ("mine#1", 0, "lines.seed001", True)


def test_the_format_given_with_a_file_yields_to_the_records_own(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", {**BARE, "format": "lines"}, BARE)

    assert [record.format for record in read_records(path, format="other")] == ["lines", "other"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"query": "q", "answer": "a"}, "no 'instruct'; a record has instruct, query and answer; this line has query, answer."),
        ({"instruct": "i"}, "no 'query'; a record has instruct, query and answer; this line has instruct."),
        ({}, "no 'instruct'; a record has instruct, query and answer; this line has nothing."),
        ({**BARE, "answer": None}, "answer: expected a text, found None."),
        ({**BARE, "id": 7}, "id: expected a text, found 7."),
        ({**BARE, "schema": ["PER"]}, "schema: expected a mapping, found ['PER']."),
        ({**BARE, "source": "d1"}, "source: expected a mapping, found 'd1'."),
        ({**BARE, "source": {"start": "4"}}, "source.start: expected a whole number from 0, found '4'."),
        ({**BARE, "source": {"start": -1}}, "source.start: expected a whole number from 0, found -1."),
    ],
)
def test_a_wrong_record_is_told_in_one_line(row: dict[str, Any], message: str) -> None:
    assert error_of(row) == f"x.jsonl:2: {message}"


def test_two_records_with_one_id_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", {**BARE, "id": "a"}, {**BARE, "id": "b"}, {**BARE, "id": "a"})

    with pytest.raises(RecordError) as error:
        list(read_records(path))

    assert str(error.value) == f"{path}:3: the id 'a' is that of line 1; ids must differ."


def test_the_question_as_one_text_is_instruct_and_query_on_lines_of_their_own() -> None:
    assert prompt_text("Find the people.", "Ann met Bob.") == "Find the people.\nAnn met Bob."
    assert prompt_text("", "Ann met Bob.") == "Ann met Bob."
