"""The whole way with the real SmolLM2 and real commands: fetch, build, train, evaluate, predict, merge, chat."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.network]


def uie(*arguments: str, cwd: Path, stdin: str | None = None) -> str:
    command = [sys.executable, "-m", "uie.cli", *arguments]
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with records of the samples and a run that learned 12 English NER records by heart."""
    place = tmp_path_factory.mktemp("whole-way")
    uie("models", "fetch", "smollm2-135m-q4", cwd=place)
    corpora = "corpora=[{name: sample_en, tasks: [NER], limit: {train: 12, dev: 2, test: 6}}]"
    uie("build-data", "--config", "sample", "--set", corpora, "--out", "records", cwd=place)
    (place / "train.yaml").write_text(
        "model: smollm2-135m-q4\ntrain: records/train.jsonl\nout: run\nlora: {r: 16, alpha: 32, dropout: 0}\n"
        "epochs: 16\nbatch_size: 4\nmicro_batch: 4\nlearning_rate: 2e-3\n",
        encoding="utf-8",
    )
    uie("train", "--config", "train.yaml", cwd=place)
    return place


def test_training_teaches_the_format_and_lowers_the_loss(place: Path) -> None:
    log = [json.loads(line) for line in (place / "run" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    # What was learned by heart must come back: gold Documents of train lie beside the records.
    scores = json.loads(uie("eval", "--model", "run", "--records", "records/train.jsonl", "--json", cwd=place))

    assert log[-1]["loss"] < log[0]["loss"] / 4
    (row,) = [row for row in scores["rows"] if row["measure"] == "entities"]
    assert row["rule"] == "strict"
    assert row["f1"] > 0.5
    assert scores["facts"]["wrap"] == "chat"
    assert list((place / "run" / "eval").iterdir())


def test_unseen_text_is_predicted_and_scored_again_from_its_files(place: Path) -> None:
    uie("predict", "--model", "run", "--input", "records/test.jsonl", "--out", "out", cwd=place)
    (name,) = uie("eval", "--gold", "records/documents/test.jsonl", "--predicted", "out", "--json", cwd=place).splitlines()[:1]

    predictions = [json.loads(line) for line in (place / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert name == "{"
    assert len(predictions) == 6
    grounded = [(p["text"], e) for p in predictions for e in p["entities"] if e["start"] is not None]
    assert grounded
    assert all(text[e["start"] : e["end"]] == e["text"] for text, e in grounded)


def test_a_merged_model_answers_as_the_run_does(place: Path) -> None:
    uie("models", "merge", "run", "merged", "--dtype", "float32", cwd=place)
    asked = ["--input", "records/test.jsonl", "--dtype", "float32", "--max-new-tokens", "60"]
    uie("predict", "--model", "run", *asked, "--out", "by-run", cwd=place)
    uie("predict", "--model", "merged", *asked, "--out", "by-merged", cwd=place)

    answers = [
        {
            row["record_id"]: row["raw"]
            for row in map(json.loads, (place / out / "generations.jsonl").read_text("utf-8").splitlines())
        }
        for out in ("by-run", "by-merged")
    ]
    assert len(answers[0]) == 6
    assert answers[0] == answers[1]


def test_a_pipe_through_chat_gives_json_with_offsets(place: Path) -> None:
    text = "Mira Okafor joined Lindqvist Labs in Oslo as a nurse."

    out = uie("chat", "--model", "run", "--json", cwd=place, stdin=text + "\n")

    (document,) = map(json.loads, out.splitlines())
    assert document["text"] == text
    assert "person" in document["asked"]["entities"]
    assert {entity["text"] for entity in document["entities"]} & {"Mira Okafor", "Lindqvist Labs", "Oslo", "nurse"}
