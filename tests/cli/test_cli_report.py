"""`uie report`: one page from the scores.json of `uie eval`, with the documents where their files are."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from uie.cli import cli
from uie.documents import Document, Entity, Mention, document_to_json
from uie.reports.as_json import analysis_to_json
from uie.scoring.analysis import analyse
from uie.storage import write_json, write_jsonl

TEXT = "Mira lives in Oslo."
MIRA, OSLO = Entity(Mention("Mira", 0, 4), "person"), Entity(Mention("Oslo", 14, 18), "place")
GOLD = Document("d1", TEXT, "towns", "test", entities=(MIRA, OSLO))
PREDICTED = Document("d1", TEXT, "towns", "test", entities=(MIRA,))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["report", *arguments], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """scores.json, gold.jsonl and predicted.jsonl; the scores do not say where the documents are."""
    write_jsonl(tmp_path / "gold.jsonl", [document_to_json(GOLD)])
    write_jsonl(tmp_path / "predicted.jsonl", [document_to_json(PREDICTED)])
    write_scores(tmp_path, None)
    return tmp_path


def write_scores(folder: Path, inputs: dict[str, str | None] | None) -> None:
    analysis = analyse([GOLD], [PREDICTED], resamples=20)
    write_json(folder / "scores.json", analysis_to_json(analysis, facts={"model": "runs/towns"}, seconds=2.0, inputs=inputs))


def data(path: Path) -> dict[str, Any]:
    """What a page holds."""
    found = re.search(r'<script type="application/json" id="report">(.*?)</script>', path.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def test_scores_alone_become_a_page_that_says_how_to_add_documents(folder: Path) -> None:
    result = run(str(folder / "scores.json"))

    assert (result.exit_code, result.stdout) == (0, "")
    assert re.fullmatch(
        rf"Wrote {folder}/report\.html: 0\.\d MB, no documents: name them with --gold and --predicted\.\n", result.stderr
    )
    found = data(folder / "report.html")
    assert found["documents"]["list"] == []
    assert found["facts"] == [["model", "runs/towns"], ["speed", "0.5 documents/s"]]
    assert [row["figures"][1] for row in found["rows"]] == [0.5]
    assert "<h1>Scores of runs/towns</h1>" in (folder / "report.html").read_text(encoding="utf-8")


def test_named_documents_are_on_the_page(folder: Path) -> None:
    out = folder / "pages" / "towns.html"

    result = run(
        str(folder),
        "--gold",
        str(folder / "gold.jsonl"),
        "--predicted",
        str(folder / "predicted.jsonl"),
        "--out",
        str(out),
        "--title",
        "T",
    )

    assert result.stderr.endswith("1 document with mistakes.\n")
    assert [one["id"] for one in data(out)["documents"]["list"]] == ["d1"]
    assert "<title>T</title>" in out.read_text(encoding="utf-8")


def test_documents_that_the_scores_name_are_used_if_they_are_there(folder: Path) -> None:
    write_scores(folder, {"gold": str(folder / "gold.jsonl"), "predicted": str(folder / "predicted.jsonl"), "train": None})
    run(str(folder))
    assert len(data(folder / "report.html")["documents"]["list"]) == 1

    (folder / "predicted.jsonl").unlink()
    run(str(folder))
    assert data(folder / "report.html")["documents"]["list"] == []


def test_training_documents_add_the_lookup_baseline(folder: Path) -> None:
    gold, predicted = str(folder / "gold.jsonl"), str(folder / "predicted.jsonl")

    run(str(folder), "--gold", gold, "--predicted", predicted, "--train", gold)

    found = data(folder / "report.html")
    assert [row["lookup"]["figures"] for row in found["rows"]] == [[1.0, 1.0, 1.0]]


def test_documents_that_were_not_scored_are_refused(folder: Path) -> None:
    twice = [{**document_to_json(one), "id": id} for one in (GOLD,) for id in ("d1", "d2")]
    write_jsonl(folder / "more.jsonl", twice)

    result = run(str(folder), "--gold", str(folder / "more.jsonl"), "--predicted", str(folder / "more.jsonl"))

    assert result.exit_code == 1
    assert result.stderr == (
        f"uie: error: {folder}/more.jsonl: expected 1 document as in {folder}/scores.json, found 2; "
        "name the files that were scored.\n"
    )
    assert not (folder / "report.html").exists()


def test_a_file_that_holds_no_scores_is_one_line(folder: Path) -> None:
    (folder / "scores.json").write_text("{", encoding="utf-8")
    result = run(str(folder))
    assert result.stderr.startswith(f"uie: error: {folder}/scores.json: not JSON: Expecting property name")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)

    missing = run(str(folder / "none.json"))
    assert missing.stderr == f"uie: error: {folder}/none.json: No such file or directory.\n"


def test_gold_without_predictions_is_wrong_usage(folder: Path) -> None:
    result = run(str(folder), "--gold", str(folder / "gold.jsonl"))

    assert result.exit_code == 2
    assert result.stderr.endswith("Error: give both --gold and --predicted, or neither.\n")


def test_a_run_folder_becomes_the_page_of_its_training(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "runs" / "towns" / "log.jsonl", [{"step": 1, "steps": 2, "loss": 2.5, "seconds": 1.0}])
    folder = tmp_path / "runs" / "towns"

    result = run(str(folder))
    elsewhere = run(str(folder), "--out", str(tmp_path / "page.html"), "--title", "Mine")

    assert (result.exit_code, result.stdout) == (0, "")
    assert re.fullmatch(rf"Wrote {folder}/training\.html: 0\.\d MB\.\n", result.stderr)
    assert "<h1>Training of towns</h1>" in (folder / "training.html").read_text(encoding="utf-8")
    assert data(folder / "training.html")["cards"] == [{"name": "Loss", "value": "2.500", "note": "2.500 at step 1"}]
    assert elsewhere.exit_code == 0
    assert "<h1>Mine</h1>" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_folder_that_holds_neither_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli, ["report", str(tmp_path)])

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].endswith(
        f"{tmp_path}: expected scores.json of uie eval, or log.jsonl of uie train, found neither."
    )


def test_documents_belong_to_scores(folder: Path) -> None:
    (folder / "run").mkdir()

    result = run(str(folder / "run"), "--gold", "a", "--predicted", "b")

    assert result.exit_code == 2
    assert "--gold, --predicted and --train belong to scores, not to a run folder." in result.stderr
