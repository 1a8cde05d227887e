"""`uie corpora convert` and `uie corpora new` on the command line: output, exit status, and what they say when they refuse."""

import pytest
from click.testing import CliRunner

from uie.cli import cli
from uie.corpora.writers import WRITERS

ROWS = '{"text": "Ann Lee lives in Rome.", "label": [[0, 7, "PER"], [4, 7, "name"], [17, 21, "LOC"]]}\n'


def run(*arguments):
    return CliRunner().invoke(cli, ["corpora", *arguments], catch_exceptions=False)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my.jsonl").write_text(ROWS)
    return tmp_path


def test_a_file_is_converted_and_the_way_back_is_told(here):
    found = run("convert", "my.jsonl", "my.csv", "--from", "doccano", "--to", "csv", "--set", "separator=;")

    assert (found.exit_code, found.stdout) == (0, "")
    assert found.stderr.startswith("Wrote my.csv: 1 Documents.\nRead it back with layout: table, options: {")
    assert (here / "my.csv").read_text(encoding="utf-8").splitlines()[1] == "1;my/0;Ann Lee lives in Rome.;0;7;PER;Ann Lee"


def test_what_cannot_be_held_is_refused_in_one_line_or_dropped(here):
    refused = run("convert", "my.jsonl", "my.conll", "--from", "doccano", "--to", "conll")
    assert not (here / "my.conll").exists()
    dropped = run("convert", "my.jsonl", "my.conll", "--from", "doccano", "--to", "conll", "--drop")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr == (
        "uie: error: conll cannot hold everything: nested mention (1), spacing of a text (1); --drop leaves that out; "
        "--set offsets=true keeps the spacing.\n"
    )
    assert dropped.exit_code == 0
    assert "Dropped: nested mention (1), spacing of a text (1).\n" in dropped.stderr
    assert (here / "my.conll").read_text(encoding="utf-8").startswith("Ann\tB-PER\nLee\tI-PER\nlives\tO\n")


def test_a_corpus_is_converted_with_all_its_splits_and_read_back(here):
    found = run("convert", "sample_zh", "out", "--to", "huggingface")
    back = run("convert", "out", "again", "--from", "huggingface", "--to", "documents")

    assert (found.exit_code, back.exit_code) == (0, 0)
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (here / "out").glob("*.jsonl")}
    again = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (here / "again").glob("*.jsonl")}
    assert lines == again
    assert set(lines) == {"train.jsonl", "dev.jsonl", "test.jsonl"}


def test_an_output_in_use_is_refused(here):
    (here / "out.jsonl").write_text("mine")

    found = run("convert", "my.jsonl", "out.jsonl", "--from", "doccano", "--to", "documents")

    assert (found.exit_code, found.stderr) == (
        1,
        "uie: error: out.jsonl: is there already; choose another name or say --overwrite.\n",
    )


def test_the_help_names_every_layout_that_can_be_written():
    said = " ".join(run("convert", "--help").stdout.split())

    assert "conll" in WRITERS
    assert all(name in said for name in WRITERS)


def test_new_says_what_the_file_is_writes_a_config_and_checks_it(here):
    found = run("new", "my.jsonl", "--name", "mine")

    assert found.exit_code == 0, found.output
    assert found.stderr.startswith("Layout: doccano: 1 of 1 Documents looked at can be read; they hold 3 entities.\n")
    assert "Wrote dataset_configs/mine.yaml: edit names and descriptions" in found.stderr
    assert "train" in found.stdout
    assert run("check", "mine").exit_code == 0
    assert "mine" in run("list").stdout


def test_new_never_overwrites(here):
    run("new", "my.jsonl")

    found = run("new", "my.jsonl")

    assert (found.exit_code, found.stderr) == (
        1,
        "uie: error: dataset_configs/my.yaml: is there already; give another name by --name.\n",
    )
