"""`uie corpora check --fix`, `show` and `download`: what they print where, and their exit status."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from uie.cli import cli

CONFIG = """
name: mine
lang: en
layout: documents
licence: CC0
citation: Ann (2020)
tasks: [NER]
labels: {entities: {person: a human being}}
splits: {train: {files: [all.jsonl]}}
"""
SOURCE = 'source: {all.jsonl: {at: "ann/corpus@c0ffee:all.jsonl"}}\n'
ROW = {"text": "Ann  sings", "entities": [{"start": 0, "end": 4, "text": "Ann ", "type": "person"}]}


def run(*arguments: object, answer: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["corpora", *map(str, arguments)], catch_exceptions=False, input=answer)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """The config of a corpus with one line that can be repaired."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "all.jsonl").write_text(json.dumps(ROW) + "\n")
    (tmp_path / "mine.yaml").write_text(CONFIG)
    return tmp_path / "mine.yaml"


def test_fix_lists_each_repair_and_the_copy_has_none_left(mine: Path, tmp_path: Path) -> None:
    where = f"{tmp_path}/mine/all.jsonl:1"

    result = run("check", mine, "--data-root", tmp_path, "--fix", tmp_path / "out")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-4:] == [
        f"warning: {where}: a mention begins or ends with white space, such as 'Ann '.",
        "0 errors, 1 warning.",
        "repaired: white space at the edge: 1",
        f"  {where}: 'Ann ' → 'Ann'",
    ]
    assert (
        result.stderr == f"Wrote {tmp_path}/out/mine.yaml: uie corpora check {tmp_path}/out/mine.yaml --data-root {tmp_path}/out\n"
    )
    again = run("check", tmp_path / "out" / "mine.yaml", "--data-root", tmp_path / "out", "--fix", tmp_path / "out2")
    assert again.stdout.splitlines()[-1] == "repaired: nothing"
    assert "0 errors, 0 warnings." in again.stdout


def test_a_folder_that_holds_a_repaired_copy_is_refused_before_the_corpus_is_read(mine: Path, tmp_path: Path) -> None:
    run("check", mine, "--data-root", tmp_path, "--fix", tmp_path / "out")

    result = run("check", mine, "--data-root", tmp_path, "--fix", tmp_path / "out")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"uie: error: {tmp_path}/out/mine.yaml: is there already; ")


def test_show_prints_a_card_json_and_a_page(mine: Path, tmp_path: Path) -> None:
    shown = run("show", mine, "--data-root", tmp_path, "--html", tmp_path / "card.html")
    as_json = run("show", mine, "--data-root", tmp_path, "--json")

    assert shown.exit_code == 0
    assert "licence: CC0" in shown.stdout
    assert shown.stderr == f"Wrote {tmp_path}/card.html.\n"
    assert (tmp_path / "card.html").read_text().startswith("<!doctype html>")
    card = json.loads(as_json.stdout)
    assert (card["name"], card["splits"][0]["counts"]["entities"], card["types"][0]["example"]) == ("mine", 1, "Ann ")


def test_download_shows_the_licence_and_refuses_without_a_terminal_to_ask(mine: Path, tmp_path: Path) -> None:
    mine.write_text(CONFIG + SOURCE)
    (tmp_path / "mine" / "all.jsonl").unlink()

    result = run("download", mine, "--data-root", tmp_path)

    assert result.exit_code == 1
    assert result.stderr == (
        "mine\nlicence: CC0\ncitation: Ann (2020)\nfrom: ann/corpus (1 of 1 files or folders)\n"
        "uie: error: mine: there is no terminal to ask whether you accept its licence; give --yes if you do.\n"
    )


def test_download_fetches_nothing_that_is_there(mine: Path, tmp_path: Path) -> None:
    mine.write_text(CONFIG + SOURCE)

    result = run("download", mine, "--data-root", tmp_path)

    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{tmp_path}/mine\n", "mine is there.\n")


def test_download_with_yes_asks_the_host_of_the_environment(mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine.write_text(CONFIG + SOURCE)
    (tmp_path / "mine" / "all.jsonl").unlink()
    monkeypatch.setenv("UIE_FILE_URL", "gopher://{repository}/{commit}/{path}")

    result = run("download", mine, "--data-root", tmp_path, "--yes")

    assert result.exit_code == 1
    said = "gopher://ann/corpus/c0ffee/all.jsonl: is no address to fetch from; expected http:// or https://."
    assert result.stderr.splitlines()[-1] == f"uie: error: {said}"


def test_a_missing_corpus_names_the_command_that_fetches_it(mine: Path, tmp_path: Path) -> None:
    mine.write_text(CONFIG + SOURCE)

    result = run("check", mine, "--data-root", tmp_path / "none")

    said = f"mine: no folder {tmp_path}/none/mine. Its files come from ann/corpus: uie corpora download mine --data-root {tmp_path}/none"
    assert result.stderr == f"uie: error: {said}\n"


def test_a_wrong_name_is_told_before_any_corpus_is_read() -> None:
    result = run("check", "sample_en", "nope")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("uie: error: No corpus is named 'nope'. uie corpora list shows all ")


def test_the_list_has_a_line_for_each_corpus() -> None:
    from uie.corpora.config import dataset_names

    lines = run("list").stdout.splitlines()

    assert [line.split()[0] for line in lines[2:]] == dataset_names()
