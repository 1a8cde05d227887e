"""The command line: what it prints where, its exit status, and one line for every mistake a user can make."""

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from uie import __version__
from uie.cli import COMMANDS, cli


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)


def every_command() -> list[list[str]]:
    found = []
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        inner = list(command.commands) if isinstance(command, click.Group) else []
        found += [[name], *([name, sub] for sub in inner)]
    return found


def test_version_is_printed() -> None:
    assert run("--version").stdout == f"uie, version {__version__}\n"


def test_every_command_has_help_that_ends_with_lines_to_paste() -> None:
    commands = [[], *every_command()]

    assert len(commands) >= 18
    for command in commands:
        result = run(*command, "--help")
        assert result.exit_code == 0
        last = result.stdout.rstrip().splitlines()[-1].strip()
        assert last.startswith(("uie ", "echo ")), command
        assert "Examples:" in result.stdout


def test_the_help_of_the_group_lists_every_command_as_the_command_says_itself() -> None:
    from uie.cli import _SHORT

    assert list(_SHORT) == list(COMMANDS)
    for name, short in _SHORT.items():
        assert f"  {name} " in run("--help").stdout
        assert short in " ".join(run("--help").stdout.split())


def test_build_data_writes_the_samples_and_prints_what_they_hold(tmp_path: Path) -> None:
    result = run("build-data", "--config", "sample", "--limit", "4", "--out", str(tmp_path / "out"))

    assert result.exit_code == 0
    assert "sample_zh │ test  │ EE" in result.stdout
    assert result.stderr.endswith(f"Wrote {tmp_path / 'out'}: train.jsonl, dev.jsonl, test.jsonl, documents/, manifest.json.\n")
    assert len((tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8").splitlines()) == 24
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["settings"]["limit"] == 4


def test_dry_run_shows_the_settings_and_writes_nothing(tmp_path: Path) -> None:
    result = run("build-data", "--config", "sample", "--seed", "7", "--set", "share=2", "--out", str(tmp_path / "out"), "--dry-run")

    assert "seed: 7\n" in result.stdout
    assert "share: 2\n" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_eval_of_gold_against_itself_is_one_hundred_in_json_and_in_the_table(tmp_path: Path) -> None:
    run("build-data", "--config", "sample", "--out", str(tmp_path / "out"))
    gold = str(tmp_path / "out" / "documents" / "test.jsonl")

    as_json = run(
        "eval", "--gold", gold, "--predicted", gold, "--json", "--train", str(tmp_path / "out" / "documents" / "train.jsonl")
    )
    as_table = run("eval", "--gold", gold, "--predicted", gold, "--seqeval")

    scores = json.loads(as_json.stdout)
    assert {row["f1"] for row in scores["rows"]} == {1.0}
    assert 0 < scores["lookup_baseline"]["rows"][0]["f1"] < 1
    assert "100.00" in as_table.stdout
    assert as_table.exit_code == 0


def test_corpora_list_and_check(tmp_path: Path) -> None:
    listed, checked = run("corpora", "list"), run("corpora", "check", "sample_en", "sample_zh")

    assert listed.exit_code == 0
    assert "sample_en" in listed.stdout
    assert checked.exit_code == 0
    assert "285" not in checked.stdout.splitlines()[0]
    assert "198" in checked.stdout


def test_prompts_list_show_and_check() -> None:
    listed, checked = run("prompts", "list", "--task", "NER"), run("prompts", "check")
    shown = run("prompts", "show", "ner/default.en", "--text", "Mira came.")

    assert "ner/default.en" in listed.stdout
    assert "re/default.en" not in listed.stdout
    assert (checked.exit_code, checked.stderr.split(", ")[1]) == (0, "0 mistakes.\n")
    assert shown.stdout.endswith("Mira came.\n")
    assert "person" in shown.stdout


def test_doctor_says_what_is_installed() -> None:
    result = run("doctor")

    assert result.exit_code == 0
    assert f"uie              {__version__}\n" in result.stdout
    assert "torch" in result.stdout


def test_models_list_shows_the_catalogue() -> None:
    result = run("models", "list")

    assert result.exit_code == 0
    assert "smollm2-135m-q4" in result.stdout


MISTAKES = {
    "unknown mix": (
        ["build-data", "--config", "sampel"],
        "No mix is named 'sampel'. Did you mean 'sample'? Known: cluener2020, conll04, demo, gollie, iepile, instructuie, phee, sample, seed000, v3, wnut17, zero-shot.",
    ),
    "no data root": (
        ["build-data", "--config", "wnut17", "--out", "{tmp}/out"],
        "wnut17: its files are looked for in the folder wnut17 of --data-root; give --data-root DIR.",
    ),
    "unknown setting": (
        ["build-data", "--config", "sample", "--set", "sede=1"],
        "{mix}: sede: unknown key; did you mean 'seed'?",
    ),
    "wrong type": (
        ["build-data", "--config", "sample", "--set", "share=many"],
        "{mix}: share: expected a whole number, found 'many'",
    ),
    "missing records": (
        ["eval", "--gold", "{tmp}/none.jsonl", "--predicted", "{tmp}/none.jsonl"],
        "{tmp}/none.jsonl: no such file. The folder holds: notes.txt, other.txt.",
    ),
    "unknown corpus": (["corpora", "check", "wnut18"], "No corpus is named 'wnut18'. Did you mean 'wnut17'?"),
    "unknown prompt": (["prompts", "show", "ner/defualt.en"], "No prompt is named 'ner/defualt.en'. Did you mean 'ner/default.en'"),
    "text without a schema": (
        ["predict", "--model", "m", "--input", "{tmp}/notes.txt", "--out", "{tmp}/out"],
        "{tmp}/notes.txt holds text: say what to ask, such as --task NER --schema FILE or --task NER --dataset NAME.",
    ),
    "task without a schema": (
        ["predict", "--model", "m", "--input", "{tmp}/notes.txt", "--out", "{tmp}/out", "--task", "NER"],
        "--task and --prompt need a schema: add --schema FILE or --dataset NAME.",
    ),
    "unknown model": (
        ["predict", "--model", "smollm2", "--input", "{tmp}/notes.txt", "--out", "{tmp}/out", "--dataset", "sample_en"],
        "No model is named 'smollm2'. Did you mean 'smollm2-135m' or 'smollm2-135m-q4'?",
    ),
    "a folder that is no model": (
        ["chat", "--model", "{tmp}"],
        "{tmp}: no model in this folder: it holds notes.txt, other.txt; expected",
    ),
    "training file missing": (
        ["train", "--set", "model=m", "--set", "train={tmp}/no.jsonl"],
        "--set: out: missing; expected a path",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line_and_exit_status_1(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UIE_CACHE", str(tmp_path / "cache"))
    for file in ("notes.txt", "other.txt"):
        (tmp_path / file).write_text("A sentence.\n", encoding="utf-8")
    arguments, said = MISTAKES[name]
    mix = Path(__file__).parents[2] / "dataset_configs" / "mixes" / "sample.yaml"

    result = run(*(argument.format(tmp=tmp_path) for argument in arguments))

    assert result.stderr.startswith("uie: error: " + said.format(tmp=tmp_path, mix=mix)), result.stderr
    assert result.stderr.count("\n") == 1
    assert (result.exit_code, result.stdout) == (1, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes.txt", "other.txt"]


@pytest.mark.parametrize(
    "arguments", [["evaluate"], ["eval", "--gold", "a"], ["build-data"], ["train", "--processes", "0"]], ids=lambda a: " ".join(a)
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m uie.cli prompts list | head -n 1"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)

    assert done.stderr == ""
    assert done.stdout
