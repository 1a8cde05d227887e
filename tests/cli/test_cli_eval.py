"""`uie eval`: where predictions may come from, what it writes, and what it refuses."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gold_echo import GoldEcho

from uie.cli import cli

TEXT = "Rome met Oslo."


def documents(path: Path, *mentions: tuple[str, str]) -> Path:
    entities = [{"start": TEXT.index(m), "end": TEXT.index(m) + len(m), "text": m, "type": type} for m, type in mentions]
    path.write_text(json.dumps({"id": "d", "dataset": "news", "text": TEXT, "entities": entities}) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    return documents(tmp_path / "gold.jsonl", ("Rome", "place"), ("Oslo", "place"))


@pytest.fixture
def predicted(tmp_path: Path) -> Path:
    return documents(tmp_path / "predicted.jsonl", ("Rome", "place"), ("Oslo", "person"))


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["eval", *map(str, arguments)])


def test_a_limit_is_not_passed_over_where_nothing_is_predicted(gold: Path, predicted: Path) -> None:
    done = run("--gold", gold, "--predicted", predicted, "--limit", 1)

    assert done.exit_code == 2
    assert "--limit is for predicting: it needs --model or --board." in done.stderr


@pytest.mark.parametrize(
    ("option", "value"), [("--batch-size", "16"), ("--max-new-tokens", "64"), ("--dtype", "auto")], ids=lambda value: value
)
@pytest.mark.parametrize(
    "given",
    [("--gold", "g", "--predicted", "p"), ("--outputs", "o"), ("--board", "sample", "--predicted", "p")],
    ids=lambda given: given[0],
)
def test_options_of_generating_are_refused_without_a_model_even_with_their_defaults(
    given: tuple[str, ...], option: str, value: str
) -> None:
    done = run(*given, option, value)

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == f"Error: {option} is for predicting: it needs --model."


def test_options_of_generating_are_taken_with_a_model(tmp_path: Path) -> None:
    done = run(
        "--model",
        "m",
        "--records",
        tmp_path / "no",
        "--batch-size",
        16,
        "--max-new-tokens",
        9,
        "--dtype",
        "auto",
        "--format",
        "json",
    )

    assert (done.exit_code, done.stderr) == (1, f"uie: error: {tmp_path / 'no'}: No such file or directory.\n")


@pytest.mark.parametrize("side", [("--gold", "g"), ("--board", "sample")], ids=lambda side: side[0])
def test_a_format_is_refused_where_documents_were_predicted(side: tuple[str, str]) -> None:
    done = run(*side, "--predicted", "p", "--format", "json")

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == "Error: --format is for answers, and --predicted holds Documents; leave it out."


def test_scores_and_reports_are_written_where_out_says(gold: Path, predicted: Path, tmp_path: Path) -> None:
    done = run("--gold", gold, "--predicted", predicted, "--train", gold, "--out", tmp_path / "scores")

    assert done.exit_code == 0, done.stderr
    assert done.stderr == f"Wrote {tmp_path / 'scores'}: scores.json, report.md, report.html.\n"
    scores = json.loads((tmp_path / "scores" / "scores.json").read_text())
    assert scores["rule"] == "strict"
    assert scores["inputs"] == {"gold": str(gold), "predicted": str(predicted), "train": str(gold)}
    assert scores["rows"][0]["f1"] == 0.5
    assert scores["lookup_baseline"]["rows"][0]["f1"] == 1.0
    assert "Oslo" in (tmp_path / "scores" / "report.html").read_text()
    assert "50.00" in (tmp_path / "scores" / "report.md").read_text()


def test_the_terminal_shows_figures_with_intervals_and_what_was_taken_for_what(gold: Path, predicted: Path) -> None:
    done = run("--gold", gold, "--predicted", predicted)

    assert done.exit_code == 0, done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "news 50.00 50.00 50.00 – 66.7 66.7" in lines
    assert any(line.startswith("place 2 100.00 50.00 66.67 person 1") for line in lines)


def test_other_tools_outputs_are_scored_by_their_own_rule(tmp_path: Path) -> None:
    row = {
        "Task": "NER",
        "Dataset": "news",
        "Instance": {
            "id": "0",
            "sentence": TEXT,
            "label": "place: Rome; place: Oslo",
            "ground_truth": "place: Rome; place: Oslo",
            "instruction": "List the entities.\nOption: place, person \nText: {0}\nAnswer:",
        },
        "Prediction": "place: Rome; person: Oslo",
    }
    path = tmp_path / "predict_eval_predictions.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")

    done = run("--outputs", path, "--rule", "instructuie", "--json")

    assert done.exit_code == 0, done.stderr
    scores = json.loads(done.stdout)
    assert [(one["rule"], one["f1"]) for one in scores["rows"]] == [("instructuie", 0.5)]
    assert scores["notes"][0] == f"{path}: 1 answers of layout 'instructuie', read as NER as 'typed.instructuie'."


def test_a_board_is_run_on_predictions(tmp_path: Path) -> None:
    from uie.corpora.config import load_dataset_config
    from uie.corpora.reading import read_corpus
    from uie.documents import document_to_json
    from uie.scoring.boards import load_board
    from uie.storage import write_jsonl

    documents_of = [
        document
        for one in load_board("sample").corpora
        for document in read_corpus(load_dataset_config(one.corpus), one.split, data_root=None)
    ]
    write_jsonl(tmp_path / "predictions.jsonl", map(document_to_json, documents_of))

    done = run("--board", "sample", "--predicted", tmp_path, "--json", "--out", tmp_path / "out")

    assert done.exit_code == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown == json.loads((tmp_path / "out" / "board.json").read_text())
    ours = [line for block in shown["blocks"] for line in block["lines"] if line["kind"] == "ours"]
    assert ours
    assert {line["f1"] for line in ours} == {1.0}


def test_scores_that_are_there_are_not_replaced_unasked(gold: Path, predicted: Path, tmp_path: Path) -> None:
    given = ("--gold", gold, "--predicted", predicted, "--out", tmp_path)
    assert run(*given).exit_code == 0

    again = run(*given)

    assert again.exit_code == 1
    assert again.stderr == (f"uie: error: {tmp_path / 'scores.json'}: is there already; name another --out, or give --overwrite.\n")
    assert run(*given, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    "given",
    [
        (),
        ("--gold", "g"),
        ("--model", "m"),
        ("--gold", "g", "--predicted", "p", "--model", "m"),
        ("--outputs", "o", "--predicted", "p"),
        ("--board", "sample"),
        ("--board", "sample", "--model", "m", "--predicted", "p"),
        ("--gold", "g", "--predicted", "p", "--layout", "iepile"),
    ],
)
def test_other_mixtures_of_options_are_wrong_usage(given: tuple[str, ...]) -> None:
    done = run(*given)

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: give --gold and --predicted, or --model and --records, or --outputs, or --board with --model or --predicted."
    )


def test_a_calibration_is_not_fitted_to_test(tmp_path: Path) -> None:
    records = tmp_path / "records.jsonl"
    records.write_text(json.dumps({"instruct": "", "query": TEXT, "answer": "None", "id": "r1", "split": "test"}) + "\n")

    done = run("--model", tmp_path, "--records", records, "--calibrate")

    assert done.exit_code == 1
    assert done.stderr == (
        f"uie: error: {records}: record r1 is of the split test: what is fitted on test cannot be judged by it; give dev records.\n"
    )


def test_a_board_has_no_calibration() -> None:
    done = run("--board", "sample", "--model", "m", "--calibrate")

    assert done.exit_code == 2
    assert "--calibrate is for records: a board predicts as its models were trained; leave it out." in done.stderr


def test_questions_that_failed_are_told_on_stderr_and_counted(gold: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("uie.extraction.predict.load_answerer_for", lambda settings: GoldEcho(fails=["d#NER"]))
    schema = {"entities": {"place": {}}}
    record = {"id": "d#NER", "task": "NER", "dataset": "news", "instruct": "Find.", "query": f"Text: {TEXT}", "text": TEXT}
    record |= {"answer": "Rome_place\nOslo_place", "format": "lines", "schema": schema, "source": {"document_id": "d"}}
    records = tmp_path / "records.jsonl"
    records.write_text(json.dumps(record) + "\n", encoding="utf-8")

    done = run("--model", "echo", "--records", records, "--gold", gold, "--out", tmp_path / "out", "--json")

    assert done.exit_code == 0, done.output
    told = "1 question or document has no answer, and nothing was found there: such as d#NER: it was told to fail."
    assert told in done.stderr.splitlines()
    scores = json.loads(done.stdout)
    assert told in scores["notes"]
    assert [row["false_negative"] for row in scores["rows"]] == [2]
