"""Long documents in windows, relations across their borders, and several passes; a token of the fake engine is a word."""

import json
from pathlib import Path
from typing import Any

import pytest
from fake_engine import FakeEngine

from uie.documents import Document, document_from_json
from uie.errors import SettingsError
from uie.extraction.inputs import Asking
from uie.extraction.long_documents import Measure, Reading
from uie.extraction.predict import PredictSettings, predict
from uie.generation import Sampling
from uie.schema import read_schema

SCHEMA = read_schema({"entities": {"PER": {"name": "person"}}, "relations": {"WORKS": {"name": "works for"}}})
PEOPLE = Asking(("NER",), SCHEMA)
WORK = Asking(("NER", "RE"), SCHEMA)
RAIN = "it rained all day long."
SENTENCES = [RAIN, "we met Ann in town.", "she had worked at home.", "then she went to Acme.", RAIN, RAIN]  # of five words each


def some(start: int, stop: int) -> str:
    return "\n".join(SENTENCES[start:stop])


LONG = some(0, 6)


def run(
    text: str, out: Path, engine: FakeEngine, *, asking: Asking = PEOPLE, room: int = 10, resume: bool = False, **settings: Any
) -> Document:
    """The predicted Document of one text, with all offsets checked, as a Document is when it is read."""
    path = out.parent / "notes.jsonl"
    path.write_text(json.dumps({"id": "d", "text": text}) + "\n", encoding="utf-8")
    predict(
        PredictSettings("fake", path, out, **settings), asking=asking, answerer=engine.answerer(max_new_tokens=room), resume=resume
    )
    (line,) = (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    return document_from_json(json.loads(line))


def ids(out: Path) -> list[str]:
    return sorted(json.loads(line)["record_id"] for line in (out / "generations.jsonl").read_text(encoding="utf-8").splitlines())


def test_a_text_that_fits_is_asked_whole(tmp_path: Path) -> None:
    engine = FakeEngine()

    run(LONG, tmp_path / "out", engine)

    assert engine.texts == [LONG]


def test_a_text_is_cut_only_where_its_prompt_does_not_fit_and_offsets_are_mapped_back(tmp_path: Path) -> None:
    asked = FakeEngine()
    run("Ann.", tmp_path / "short", asked)
    prompt = asked.count_prompt_tokens([(f"{instruction(PEOPLE)}\nText: ", "")])
    engine = FakeEngine(longest=prompt + 8 + 10 + 20)  # 8 are kept for where texts are joined, 10 for the answer

    document = run(LONG, tmp_path / "out", engine)

    assert sorted(engine.texts) == sorted([some(0, 4), some(4, 6)])
    assert [(one.mention.text, one.mention.start) for one in document.entities or ()] == [
        ("Ann", LONG.index("Ann")),
        ("Acme", LONG.index("Acme")),
    ]
    assert document.text == LONG
    assert ids(tmp_path / "out") == ["d#NER@0", f"d#NER@{LONG.index(RAIN, 50)}"]


def instruction(asking: Asking) -> str:
    (asker,) = asking.as_trained({}).askers()
    return asker.ask(Document("d", "x"))[0].instruct


def test_a_text_that_cannot_be_cut_to_fit_is_told_to_have_failed(tmp_path: Path) -> None:
    engine = FakeEngine(longest=12)

    document = run(LONG, tmp_path / "out", engine)

    assert engine.texts == [LONG]
    (problem,) = document.problems or ()
    assert problem["kind"] == "failed"
    assert problem["piece"].endswith("the model takes 1 to 11.")


def test_what_two_windows_both_find_in_their_overlap_is_there_once(tmp_path: Path) -> None:
    engine = FakeEngine()

    document = run(LONG, tmp_path / "out", engine, window=10, overlap=5)

    assert sum("Ann" in text for text in engine.texts) == 2
    assert [one.mention.text for one in document.entities or ()] == ["Ann", "Acme"]


def test_an_engine_without_a_tokenizer_counts_characters() -> None:
    measure = Measure.of(WithoutTokenizer().answerer())

    (asker,) = PEOPLE.as_trained({}).askers()
    assert len(Reading([asker], measure).ask(Document("d", LONG)).records) == 1
    asked = Reading([asker], measure, window=60).ask(Document("d", LONG))
    assert [LONG[window.start : window.end].strip() for window in asked.windows] == [
        some(0, 2),
        some(2, 4),
        some(4, 6),
    ]


class WithoutTokenizer(FakeEngine):
    def __getattribute__(self, name: str) -> Any:
        if name == "count_tokens":
            raise AttributeError(name)
        return super().__getattribute__(name)


def test_a_relation_whose_parts_lie_in_two_windows_is_found_round_their_border(tmp_path: Path) -> None:
    engine = FakeEngine()

    document = run(LONG, tmp_path / "out", engine, asking=WORK, window=15)

    assert sorted(engine.texts) == sorted([some(0, 3), some(3, 6)] * 2 + [some(1, 4)])
    (relation,) = document.relations or ()
    entities = document.entities or ()
    assert (entities[relation.head].mention.text, relation.type, entities[relation.tail].mention.text) == ("Ann", "WORKS", "Acme")
    start = len(RAIN) + 1
    assert f"d#RE@{start}-{start + len(some(1, 4))}" in ids(tmp_path / "out")


FAR = "\n".join(["we met Ann in town.", RAIN, RAIN, RAIN, RAIN, "then she went to Acme."])


def test_a_pair_farther_apart_than_a_window_gets_a_wider_one(tmp_path: Path) -> None:
    engine = FakeEngine()

    document = run(FAR, tmp_path / "out", engine, asking=WORK, window=15)

    assert engine.texts.count(FAR) == 1
    assert [relation.type for relation in document.relations or ()] == ["WORKS"]


def test_a_wider_window_is_no_wider_than_fits_the_model(tmp_path: Path) -> None:
    asked = FakeEngine()
    run("Ann.", tmp_path / "short", asked, asking=WORK)
    prompt = max(asked.count_prompt_tokens([(f"{instruction(Asking((task,), SCHEMA))}\nText: ", "")]) for task in ("NER", "RE"))
    engine = FakeEngine(longest=prompt + 8 + 10 + 20)

    document = run(FAR, tmp_path / "out", engine, asking=WORK, window=15)

    assert FAR not in engine.texts
    assert max(len(text.split()) for text in engine.texts) == 20
    assert document.relations == ()


def test_a_border_with_nothing_on_one_side_is_not_asked(tmp_path: Path) -> None:
    engine = FakeEngine()
    text = "\n".join([RAIN, "we met Ann in town.", RAIN, RAIN])

    run(text, tmp_path / "out", engine, asking=WORK, window=10)

    assert len(engine.texts) == 4  # two windows, two tasks


def test_every_border_is_asked_where_nobody_looks_for_all_mentions(tmp_path: Path) -> None:
    engine = FakeEngine()

    text = "\n".join([RAIN, RAIN, "we met Ann in town.", "then she went to Acme.", RAIN, RAIN])

    document = run(text, tmp_path / "out", engine, asking=Asking(("RE",), SCHEMA), window=15)

    assert len(engine.texts) == 3
    assert [relation.type for relation in document.relations or ()] == ["WORKS"]


def test_a_killed_run_asks_no_window_and_no_border_twice(tmp_path: Path) -> None:
    run(LONG, tmp_path / "out", FakeEngine(), asking=WORK, window=15)
    held = (tmp_path / "out" / "generations.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    whole = (tmp_path / "out" / "predictions.jsonl").read_bytes()
    assert len(held) == 5
    for kept in range(5):
        (tmp_path / "out" / "generations.jsonl").write_text("".join(held[:kept]) + held[kept][:20], encoding="utf-8")
        engine = FakeEngine()

        run(LONG, tmp_path / "out", engine, asking=WORK, window=15, resume=True)

        assert len(engine.texts) == 5 - kept
        assert (tmp_path / "out" / "predictions.jsonl").read_bytes() == whole


def test_further_passes_are_drawn_from_seeds_of_their_own_and_united(tmp_path: Path) -> None:
    found = iter(["Ann_person", "Ann_person\nBo_person", "None"])
    engine = FakeEngine(lambda asked, text: next(found))

    document = run("Ann met Bo.", tmp_path / "out", engine, passes=3)

    assert [one.mention.text for one in document.entities or ()] == ["Ann", "Bo"]
    assert ids(tmp_path / "out") == ["d#NER", "d#NER~pass2", "d#NER~pass3"]
    assert [(one.temperature, one.seed) for one in engine.samplings] == [(0.0, 0), (0.7, 1), (0.7, 2)]
    assert Sampling().is_greedy


def test_borders_are_asked_in_every_pass(tmp_path: Path) -> None:
    run(LONG, tmp_path / "out", FakeEngine(), asking=WORK, window=15, passes=2)

    found = [id for id in ids(tmp_path / "out") if "-" in id]
    assert len(found) == 2
    assert found[1] == f"{found[0]}~pass2"


def test_an_overlap_that_leaves_no_room_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        run(LONG, tmp_path / "out", FakeEngine(), window=10, overlap=6)

    assert str(error.value) == "--overlap 6: expected at most half of --window (10)."


@pytest.mark.slow
def test_a_model_reads_all_of_a_text_that_is_longer_than_it_takes(tiny_model: Path, tmp_path: Path) -> None:
    from uie.extraction.answering import load_answerer

    answerer = load_answerer(str(tiny_model), max_new_tokens=40)
    path = tmp_path / "notes.txt"
    path.write_text("Mira met Anton in Oslo. " * 60 + "<|im_end|> " * 60 + "\n", encoding="utf-8")

    summary = predict(PredictSettings("tiny", path, tmp_path / "out"), asking=WORK, answerer=answerer)

    assert summary.failed == 0
    assert summary.records > 4
    (line,) = (tmp_path / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["text"] == path.read_text(encoding="utf-8").strip()
    measure = Measure.of(answerer)
    assert measure.room == 512 - 40
