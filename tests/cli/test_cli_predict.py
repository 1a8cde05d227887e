"""`uie predict` from its options to one call, around an answerer that is given."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from fake_engine import FakeEngine

from uie.cli import cli
from uie.cli.predict import _minimum


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an input and a schema, where every model is the fake engine."""
    (tmp_path / "notes.txt").write_text("Ann left.\nBo is (bad).\nCy came.\n", encoding="utf-8")
    (tmp_path / "schema.yaml").write_text("entities: {PER: {name: person}}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("uie.extraction.predict.questions_of", lambda model, url="": {})
    monkeypatch.setattr("uie.extraction.predict.load_answerer_for", lambda settings: FakeEngine().answerer())
    return tmp_path


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["predict", *arguments], input=stdin)


ASK = ("--model", "m", "--input", "notes.txt", "--schema", "schema.yaml")


def test_what_failed_is_the_last_line_and_exit_status_1(place: Path) -> None:
    found = run(*ASK, "--out", "out")

    assert (found.exit_code, found.stdout) == (1, "out/predictions.jsonl\n")
    assert found.stderr.splitlines()[-1] == (
        "uie: error: 1 failed and is set aside in out/failed.jsonl, such as notes#2#NER: the text is bad. "
        "Mend it, and ask these again with --resume."
    )


def test_a_stream_is_written_to_stdout(place: Path) -> None:
    found = run("--model", "m", "--input", "-", "--schema", "schema.yaml", "--out", "-", stdin="Ann left.\n")

    assert found.exit_code == 0, found.output
    (line,) = found.stdout.splitlines()
    assert [entity["text"] for entity in json.loads(line)["entities"]] == ["Ann"]
    assert sorted(path.name for path in place.iterdir()) == ["notes.txt", "schema.yaml"]


def test_shards_are_predicted_and_merged(place: Path) -> None:
    (place / "notes.txt").write_text("Ann left.\nCy came.\nDi left.\n", encoding="utf-8")
    for number in (1, 2):
        assert run(*ASK, "--out", f"out.{number}", "--shard", f"{number}/2").exit_code == 0

    found = run("--merge", "out.1", "out.2", "--out", "out")

    assert (found.exit_code, found.stdout) == (0, "out/predictions.jsonl\n"), found.output
    lines = (place / "out" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["notes#1", "notes#2", "notes#3"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "out"), "Missing option '--model'."),
        (("--model", "m", "--out", "out"), "Missing option '--input'."),
        ((*ASK, "--out", "out", "more"), "Unexpected more: folders go with --merge."),
        (
            (*ASK, "--out", "out", "--min-confidence", "PER=high"),
            "--min-confidence PER=high: expected 0 to 1, or TYPE=0 to 1, such as 0.5 or PER=0.8.",
        ),
        *(
            (
                (*ASK, "--out", "-", *given),
                f"{given[0]} is for predicting into a folder, and --out - keeps nothing: leave one of them out.",
            )
            for given in (("--workers", "2"), ("--on", "ray"), ("--resume",), ("--overwrite",))
        ),
    ],
    ids=[
        "no model",
        "no input",
        "a folder without --merge",
        "a confidence that is no number",
        "workers",
        "on",
        "resume",
        "overwrite",
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...], said: str, place: Path) -> None:
    found = run(*arguments)

    assert found.exit_code == 2
    assert found.stderr.splitlines()[-1] == f"Error: {said}"


def test_the_least_confidence_may_differ_by_type() -> None:
    assert _minimum(("0.5", "PER=0.8", "a=b=1")) == {"": 0.5, "PER": 0.8, "a=b": 1.0}
