"""Inputs of any size, lines that cannot be read, records that cannot be answered, and streams."""

import gc
import json
import tracemalloc
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine

from uie.documents import Document
from uie.errors import OutputError, RecordError, SettingsError
from uie.extraction.inputs import Asking
from uie.extraction.predict import PredictSettings, PredictSummary, predict, predicted_documents
from uie.extraction.sharding import Shard
from uie.extraction.sources import STREAM, Sources, Unread
from uie.schema import read_schema

PEOPLE = Asking(("NER",), read_schema({"entities": {"PER": {"name": "person"}}}))


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, *lines: str | dict[str, Any]) -> Path:
    texts = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines)
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def run(path: Path, out: Path, engine: FakeEngine | None = None, *, resume: bool = False, **settings: Any) -> PredictSummary:
    answerer = (engine or FakeEngine()).answerer()
    return predict(PredictSettings("fake", path, out, **settings), asking=PEOPLE, answerer=answerer, resume=resume)


def record(name: str, document: str, text: str, **more: Any) -> dict[str, Any]:
    schema = {"entities": {"PER": {"name": "person"}}}
    source = {"document_id": document}
    return {
        "id": name,
        "instruct": "Find.",
        "query": f"Text: {text}",
        "text": text,
        "schema": schema,
        "source": source,
        "format": "lines",
        **more,
    }


def found(path: Path, **how: Any) -> list[Any]:
    """Ids of Documents, those of the Records of each document, and the reasons of what cannot be read."""
    return [
        source.id if isinstance(source, Document) else source.reason if isinstance(source, Unread) else [one.id for one in source]
        for source in Sources(path, **how).walk()
    ]


def test_records_of_one_document_come_together_at_the_place_of_the_first(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", *(record(f"r{n}", f"d{n % 3}", "Ann left.", task="NER") for n in range(7)))

    assert found(path, asking=False) == [["r0", "r3", "r6"], ["r1", "r4"], ["r2", "r5"]]


def test_a_bad_line_is_told_in_its_place(tmp_path: Path) -> None:
    records = write(
        tmp_path / "r.jsonl",
        record("r1", "a", "Ann"),
        '{"id": "torn',
        record("r3", "a", "Bo"),
        {"query": "x"},
        record("r1", "b", "Cy"),
    )
    documents = tmp_path / "d.jsonl"
    documents.write_bytes(b'{"id": "a", "text": "Ann"}\n{"id": "b", "text": "\xff"}\n\n{"id": "a", "text": "Bo"}\n{"id": "c"}\n')

    torn, no_query, twice = found(records, asking=False)[1:]
    assert found(records, asking=False)[0] == ["r1", "r3"]
    assert torn.startswith(f"{records}:2: not JSON: Unterminated string")
    assert no_query == f"{records}:4: no 'instruct'; a record has instruct, query and answer; this line has query."
    assert twice == f"{records}:5: the id 'r1' is that of line 1; ids must differ."
    assert found(documents, asking=True) == [
        "a",
        f"{documents}:2: not UTF-8 (invalid start byte); convert the line to UTF-8.",
        f"{documents}:4: the id 'a' is that of line 1; ids must differ.",
        f"{documents}:5: not a Document: 'text' is missing; docs/architecture.md says what a Document holds.",
    ]


def test_an_input_that_cannot_be_asked_is_refused_before_a_folder_is_there(tmp_path: Path) -> None:
    empty, odd = write(tmp_path / "empty"), write(tmp_path / "odd", '{"sentence": "a"}')
    records = write(tmp_path / "records", record("r", "d", "Ann"))

    said = []
    for path, how in ((empty, {}), (odd, {}), (tmp_path / "no", {}), (tmp_path, {}), (records, {}), (records, {"window": 9})):
        with pytest.raises((RecordError, SettingsError)) as error:
            run(path, tmp_path / "out", **how)
        said.append(str(error.value))
    with pytest.raises(SettingsError) as window:
        predict(PredictSettings("fake", records, tmp_path / "out", window=9), answerer=FakeEngine().answerer())

    assert not (tmp_path / "out").exists()
    assert said[:4] == [
        f"{empty}: the file is empty.",
        f"{odd}:1: expected a Record (instruct, query), a Document (id, text) or plain text; found sentence.",
        f"{tmp_path / 'no'}: no such file. The folder holds: empty, odd, records.",
        f"{tmp_path}: expected a file, found a folder.",
    ]
    assert str(window.value) == f"{records} holds Records, which were cut when they were built; leave --window out."


def test_what_fails_is_set_aside_and_everything_else_is_done(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.jsonl", {"id": "a", "text": "Ann left."}, '{"id": "b', {"id": "c", "text": "Cy is (bad)."})

    summary = run(path, tmp_path / "out")

    assert (summary.documents, summary.records, summary.failed) == (2, 2, 2)
    assert summary.first_failure.startswith(f"{path}:2: not JSON: Unterminated string")
    line, answer = rows(tmp_path / "out" / "failed.jsonl")
    assert (line["line"], answer) == (f"{path}:2", {"record_id": "c#NER", "reason": "the text is bad."})
    whole, failed = rows(tmp_path / "out" / "predictions.jsonl")
    assert [entity["text"] for entity in whole["entities"]] == ["Ann"]
    assert (failed["id"], failed["entities"]) == ("c", [])
    assert failed["problems"] == [{"kind": "failed", "piece": "the text is bad.", "record_id": "c#NER", "task": "NER"}]


def test_resuming_asks_what_failed_and_nothing_else(tmp_path: Path) -> None:
    lines = [{"id": "a", "text": "Ann left."}, '{"id": "b', {"id": "c", "text": "Cy is (bad)."}, {"id": "d", "text": "Di left."}]
    path = write(tmp_path / "notes.jsonl", *lines)
    run(path, tmp_path / "out")
    write(path, lines[0], {"id": "b", "text": "Bo came."}, {"id": "c", "text": "Cy is good."}, lines[3])
    engine = FakeEngine()

    summary = run(path, tmp_path / "out", engine, resume=True)

    assert sorted(engine.texts) == ["Bo came.", "Cy is good."]
    assert (summary.documents, summary.records, summary.failed) == (4, 4, 0)
    assert [row["id"] for row in rows(tmp_path / "out" / "predictions.jsonl")] == ["a", "b", "c", "d"]
    assert not (tmp_path / "out" / "failed.jsonl").exists()


def test_a_record_whose_answer_nobody_could_read_is_not_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "r.jsonl", record("r1", "a", "Ann left."), record("r2", "b", "Bo left.", format="lnies"))
    engine = FakeEngine()

    summary = predict(PredictSettings("fake", path, tmp_path / "out"), answerer=engine.answerer())

    assert engine.texts == ["Ann left."]
    assert (summary.documents, summary.failed) == (2, 1)
    assert summary.first_failure.startswith("r2: No format is named 'lnies'. Did you mean 'lines'")


def test_documents_that_do_not_fit_together_are_set_aside(tmp_path: Path) -> None:
    torn = [record("r2", "b", "Bo left.") | {"source": {"document_id": "b", "start": 40}}]
    path = write(tmp_path / "r.jsonl", record("r1", "a", "Ann left."), *torn)

    summary = predict(PredictSettings("fake", path, tmp_path / "out"), answerer=FakeEngine().answerer())

    assert (summary.documents, summary.failed) == (1, 1)
    (row,) = rows(tmp_path / "out" / "failed.jsonl")
    assert row["document_id"] == "b"
    assert row["reason"].startswith("document b: no record asks about its characters 0 to 40;")


def test_two_processes_do_not_write_into_one_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "notes.txt", "Ann left.")
    settings = PredictSettings("fake", path, tmp_path / "out")
    said: list[str] = []

    def answer(asked: str, text: str) -> str:
        with pytest.raises(OutputError) as error:
            predict(settings, asking=PEOPLE, answerer=FakeEngine().answerer(), resume=True)
        said.append(str(error.value))
        return "None"

    predict(settings, asking=PEOPLE, answerer=FakeEngine(answer).answerer())

    assert said == [
        f"{tmp_path / 'out' / 'generations.jsonl'}: another process is writing here; wait for it, or choose another --out."
    ]


def test_items_the_model_is_not_sure_of_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        "uie.extraction.predict.keep_confident", lambda document, least, by_type: asked.append((least, by_type)) or document
    )

    run(write(tmp_path / "notes.txt", "Ann left."), tmp_path / "out", min_confidence={"": 0.5, "PER": 0.8})

    assert asked == [(0.5, {"PER": 0.8})]


def test_documents_are_asked_all_whatever_they_were_asked_before(tmp_path: Path) -> None:
    predicted = {
        "id": "a",
        "text": "Ann left.",
        "entities": [],
        "asked": {"entities": {"SHIP": {}}, "tasks": ["NER"]},
        "problems": [],
    }
    path = write(tmp_path / "predictions.jsonl", predicted)

    summary = run(path, tmp_path / "out")

    assert (summary.documents, summary.records) == (1, 1)
    (row,) = rows(tmp_path / "out" / "predictions.jsonl")
    assert [(entity["text"], entity["type"]) for entity in row["entities"]] == [("Ann", "PER")]
    assert row["asked"]["entities"] == {"PER": {"name": "person"}}


def test_documents_may_be_asked_only_what_their_annotators_were(tmp_path: Path) -> None:
    asking = Asking(("NER",), read_schema({"entities": {"PER": {"name": "person"}, "SHIP": {"name": "ship"}}}))
    path = write(tmp_path / "gold.jsonl", {"id": "a", "text": "Ann left.", "entities": [], "asked": {"entities": {"PER": {}}}})

    settings = PredictSettings("fake", path, tmp_path / "out")
    predict(settings, asking=asking, answerer=FakeEngine().answerer(), as_annotated=True)

    (row,) = rows(tmp_path / "out" / "predictions.jsonl")
    assert row["asked"]["entities"] == {"PER": {"name": "person"}}


@pytest.mark.parametrize("text", ["", "\u3000\u00a0 "], ids=["empty", "white space"])
def test_a_document_with_nothing_to_read_holds_nothing_and_is_not_asked(text: str, tmp_path: Path) -> None:
    path = write(tmp_path / "notes.jsonl", {"id": "a", "text": text}, {"id": "b", "text": "Bo left."})
    engine = FakeEngine()

    summary = run(path, tmp_path / "out", engine)

    assert engine.texts == ["Bo left."]
    assert (summary.documents, summary.records, summary.failed) == (2, 1, 0)
    nothing, other = rows(tmp_path / "out" / "predictions.jsonl")
    assert (nothing["id"], nothing["text"], nothing["entities"], nothing["problems"]) == ("a", text, [], [])
    assert nothing["asked"] == other["asked"]


def test_lines_of_text_with_nothing_to_read_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("\ufeff\n\u3000\n\u00a0\nAnn left.\n", encoding="utf-8")

    assert found(path, asking=True) == ["notes#4"]
    assert Sources(path, asking=True).count() == 1


def test_the_shard_of_an_unreadable_line_does_not_depend_on_where_the_file_lies(tmp_path: Path) -> None:
    lines = [{"id": "a", "text": "Ann"}, *(f"{{torn {number}" for number in range(20))]
    (tmp_path / "other").mkdir()
    here, there = write(tmp_path / "notes.jsonl", *lines), write(tmp_path / "other" / "moved.jsonl", *lines)

    def unread(path: Path) -> list[int]:
        sources = Sources(path, asking=True, shard=Shard(1, 2)).walk()
        return [source.line for source in sources if isinstance(source, Unread)]

    assert unread(here) == unread(there)
    assert 0 < len(unread(here)) < 20


def test_an_overlap_is_refused_for_records(tmp_path: Path) -> None:
    path = write(tmp_path / "records", record("r", "d", "Ann"))

    with pytest.raises(SettingsError) as error:
        predict(PredictSettings("fake", path, tmp_path / "out", overlap=4), answerer=FakeEngine().answerer())

    assert str(error.value) == f"{path} holds Records, which were cut when they were built; leave --overlap out."


# Streams


class Pipe:
    """Standard input that says how far it was read."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self.buffer = lines


def test_a_stream_is_answered_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def lines() -> Iterator[bytes]:
        for number in range(40):
            read.append(number)
            yield f"Ann met Bo{'b' * number}.\n".encode()

    monkeypatch.setattr("sys.stdin", Pipe(lines()))
    predicted = predicted_documents(
        PredictSettings("fake", STREAM, STREAM, batch_size=4), asking=PEOPLE, answerer=FakeEngine().answerer()
    )

    first = next(predicted)
    assert len(read) == 4
    assert (first.id, [entity.mention.text for entity in first.entities or ()]) == ("stdin#1", ["Ann", "Bo"])
    assert [document.id for document in predicted] == [f"stdin#{number}" for number in range(2, 41)]


def test_records_of_a_stream_have_to_stand_together(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [record("r1", "a", "Ann"), record("r2", "a", "Bo"), record("r3", "b", "Cy"), record("r4", "a", "Di")]
    monkeypatch.setattr("sys.stdin", Pipe(iter([json.dumps(line).encode() + b"\n" for line in lines])))

    assert found(STREAM, asking=False) == [
        ["r1", "r2"],
        ["r3"],
        "stdin:4: document 'a' was asked from line 1 on; in a stream, the records of a document have to stand together.",
    ]


# Memory


def test_memory_does_not_grow_with_the_number_of_documents_that_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uie.extraction.predict._BLOCK", 20)
    path = write(tmp_path / "notes.txt", *(f"Ann met number {number}." for number in range(500)))
    engine = FakeEngine(lambda asked, text: "Ann_person")
    engine.texts = engine.samplings = deque(maxlen=1)  # type: ignore[assignment]
    held = []

    def measure(done: int, total: int | None) -> None:
        if done in (101, 481):  # each the first of a block
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])

    tracemalloc.start()
    predict(PredictSettings("fake", path, tmp_path / "out"), asking=PEOPLE, answerer=engine.answerer(), progress=measure)
    tracemalloc.stop()

    assert len(held) == 2
    assert held[1] - held[0] < 19_000  # the 380 ids alone would have 50 bytes each


def test_gathering_scattered_records_holds_neither_them_nor_their_ids(tmp_path: Path) -> None:
    peaks = []
    for documents in (50, 200, 1000):
        records = (record(f"r{n}", f"document {n % documents}", "Ann met Bo.") for n in range(2 * documents))
        sources = Sources(write(tmp_path / f"{documents}.jsonl", *records), asking=False)
        tracemalloc.start()
        assert sum(len(source) == 2 for source in sources.walk(tmp_path)) == documents  # type: ignore[arg-type]
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[2] - peaks[1] < 20_000  # 1600 more ids alone would have 80 kB
