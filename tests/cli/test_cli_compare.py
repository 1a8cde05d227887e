"""`uie compare`: two or more predictions of the same documents."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from uie.cli import cli

TEXT = "Rome met Oslo in Rome."
PLACES = {"Rome": 0, "Oslo": 9}


def write(path: Path, **mentions: str) -> Path:
    """A file of Documents, by id; mentions are words of `TEXT`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for id, words in mentions.items():
        entities = [{"start": PLACES[w], "end": PLACES[w] + len(w), "text": w, "type": "LOC"} for w in words.split()]
        rows.append({"id": id, "dataset": "news", "text": TEXT, "entities": entities})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with gold, training documents and the predictions of three systems."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "gold.jsonl", d1="Rome Oslo", d2="Oslo")
    write(tmp_path / "train.jsonl", t1="Oslo")
    write(tmp_path / "before" / "predictions.jsonl", d1="Rome", d2="")
    write(tmp_path / "after" / "predictions.jsonl", d1="Rome Oslo", d2="Oslo")
    write(tmp_path / "third.jsonl", d1="Rome", d2="Oslo")
    return tmp_path


def uie(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["compare", *arguments])


def test_before_and_after_training_stand_beside_the_lookup_baseline(place: Path) -> None:
    done = uie("before", "after", "--gold", "gold.jsonl", "--train", "train.jsonl")

    assert (done.exit_code, done.stderr) == (0, "")
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    assert lines[:8] == [
        "2 documents · rule strict",
        "A       before",
        "B       after",
        "lookup  knows nothing but the strings of training mentions",
        "",
        "measure              P      R     F1    vs A     interval  boot.  rand.",
        "───────────────────────────────────────────────────────────────────────",
        "entities lookup 100.00  66.67  80.00",
    ]
    assert [line[:44].rstrip() for line in lines[8:10]] == [
        "news     A      100.00  33.33  50.00",
        "         B      100.00 100.00 100.00  +50.00",
    ]


def test_the_baseline_may_be_left_out(place: Path) -> None:
    done = uie("before", "after", "--gold", "gold.jsonl")

    assert done.exit_code == 0
    assert "lookup" not in done.stdout


def test_each_further_system_is_compared_with_the_first(place: Path) -> None:
    done = uie("before", "after", "third.jsonl", "--gold", "gold.jsonl", "--json", "--resamples", "99")

    found = json.loads(done.stdout)
    assert (found["base"]["name"], found["resamples"]) == ("before", 99)
    assert [one["name"] for one in found["comparisons"]] == ["after", "third.jsonl"]
    differences = [one["rows"][0]["difference"] for one in found["comparisons"]]
    assert differences == pytest.approx([0.5, 0.3])  # F1 of TP 2 FN 1: 4/5
    assert [flip["document_id"] for flip in found["comparisons"][1]["rows"][0]["better"]] == ["d2"]


def test_runs_joined_by_commas_are_one_system(place: Path) -> None:
    done = uie("before", "after,third.jsonl", "--gold", "gold.jsonl", "--json", "--resamples", "99")

    (one,) = json.loads(done.stdout)["comparisons"]
    assert (one["name"], one["runs"]) == ("after, third.jsonl", 2)
    assert one["rows"][0]["second"]["f1"] == pytest.approx(0.9)
    assert one["rows"][0]["second"]["deviations"]["f1"] == pytest.approx(0.2 / 2**0.5)


def test_a_name_with_a_comma_that_exists_is_one_file(place: Path) -> None:
    (place / "third.jsonl").rename(place / "a,b.jsonl")

    done = uie("before", "a,b.jsonl", "--gold", "gold.jsonl", "--json", "--resamples", "99")

    (one,) = json.loads(done.stdout)["comparisons"]
    assert (one["name"], one["runs"]) == ("a,b.jsonl", 1)


def scored_with(folder: Path, gold: str) -> None:
    (folder / "scores.json").write_text(json.dumps({"version": 1, "inputs": {"gold": gold}}), encoding="utf-8")


def test_gold_is_what_the_folders_were_scored_with(place: Path) -> None:
    scored_with(place / "before", "gold.jsonl")
    scored_with(place / "after", str(place / "gold.jsonl"))

    done = uie("before", "after", "--json", "--resamples", "99")

    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["documents"] == 2


def test_a_run_stands_for_its_only_evaluation(place: Path) -> None:
    (place / "run" / "eval").mkdir(parents=True)
    (place / "after").rename(place / "run" / "eval" / "0f3c")

    done = uie("before", "run", "--gold", "gold.jsonl", "--json", "--resamples", "99")

    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["comparisons"][0]["name"] == "run"


def test_gold_documents_that_nobody_predicted_are_left_out_and_told(place: Path) -> None:
    write(place / "gold.jsonl", d1="Rome Oslo", d2="Oslo", d3="Rome")

    done = uie("before", "after", "--gold", "gold.jsonl", "--json", "--resamples", "99")

    found = json.loads(done.stdout)
    assert found["documents"] == 2
    assert "Compared on the 2 of 3 gold documents that were predicted." in found["comparisons"][0]["notes"]


def test_a_system_that_lacks_documents_is_refused(place: Path) -> None:
    write(place / "third.jsonl", d1="Rome")

    done = uie("before", "third.jsonl", "--gold", "gold.jsonl")

    assert (done.exit_code, done.stdout) == (1, "")
    assert "third.jsonl: gold documents without a prediction: 1 of 2, such as 'd2'" in done.stderr.replace(
        "gold and predicted do not belong together: ", ""
    )


def test_a_single_system_is_refused(place: Path) -> None:
    done = uie("before", "--gold", "gold.jsonl")

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == "Error: give two systems or more: uie compare A B."


def test_folders_that_do_not_say_their_gold_need_it_named(place: Path) -> None:
    done = uie("before", "after")

    assert (done.exit_code, done.stderr) == (
        1,
        "uie: error: before: no scores.json that says which gold it was scored with; give --gold.\n",
    )


def test_folders_that_were_scored_with_different_gold_are_refused(place: Path) -> None:
    scored_with(place / "before", "gold.jsonl")
    scored_with(place / "after", "other.jsonl")

    done = uie("before", "after")

    assert (done.exit_code, done.stderr) == (
        1,
        f"uie: error: the systems were scored with different gold: {place / 'gold.jsonl'} for before; "
        f"{place / 'other.jsonl'} for after. Give --gold to score all with one.\n",
    )


def test_gold_that_is_gone_is_refused(place: Path) -> None:
    for name in ("before", "after"):
        scored_with(place / name, "gone.jsonl")

    done = uie("before", "after")

    assert (done.exit_code, done.stderr) == (
        1,
        f"uie: error: {place / 'gone.jsonl'}: the gold that scores.json names is not there; give --gold.\n",
    )


def test_folders_without_predictions_or_with_several_evaluations_are_refused(place: Path) -> None:
    (place / "empty").mkdir()
    for name in ("a", "b"):
        write(place / "run" / "eval" / name / "predictions.jsonl", d1="", d2="")

    assert uie("before", "empty", "--gold", "gold.jsonl").stderr == (
        "uie: error: empty: expected predictions.jsonl, as uie predict and uie eval write it; found none.\n"
    )
    assert uie("before", "run", "--gold", "gold.jsonl").stderr == (
        "uie: error: run: 2 evaluations are there; name one: run/eval/a, run/eval/b.\n"
    )


def test_a_folder_of_scores_stands_for_the_predictions_that_were_scored(place: Path) -> None:
    for name, predicted in (("scores-1", "before"), ("scores-2", "third.jsonl")):
        done = CliRunner().invoke(cli, ["eval", "--gold", "gold.jsonl", "--predicted", predicted, "--out", name])
        assert done.exit_code == 0, done.stderr

    done = uie("scores-1", "scores-2", "--json", "--resamples", "99")

    assert done.exit_code == 0, done.stderr
    (one,) = json.loads(done.stdout)["comparisons"]
    assert one["name"] == "scores-2"
    assert one["rows"][0]["difference"] == pytest.approx(0.3)  # TP 1 FN 2 has F1 1/2, TP 2 FN 1 has 4/5


def test_scored_predictions_that_are_gone_are_told(place: Path) -> None:
    CliRunner().invoke(cli, ["eval", "--gold", "gold.jsonl", "--predicted", "third.jsonl", "--out", "scores"])
    (place / "third.jsonl").unlink()

    done = uie("before", "scores", "--gold", "gold.jsonl")

    assert (done.exit_code, done.stderr) == (
        1,
        f"uie: error: {place / 'third.jsonl'}: the predictions that scores/scores.json names are not there; "
        "name their new place, with --gold.\n",
    )
