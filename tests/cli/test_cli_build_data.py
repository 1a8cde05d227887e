"""`uie build-data`: what it prints where, and its two ways of being told what to build."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from small_corpora import corpus

from uie.cli import cli
from uie.records.record import read_records

TYPED = 'List the persons as "type1: word1; type2: word2". \n'


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["build-data", *map(str, arguments)], catch_exceptions=False)


def mix(folder: Path, text: str) -> Path:
    path = folder / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


@pytest.fixture
def tree(tmp_path: Path) -> list[object]:
    """The options that name a tree of one dataset."""
    row = {"sentence": "Ann sings", "entities": [{"name": "Ann", "type": "person", "pos": [0, 3]}]}
    for split in ("train", "dev", "test"):
        write(tmp_path / f"data/NER/Names/{split}.json", [row])
        write(tmp_path / f"configs/{split}_tasks.json", {"NER": [{"sampling strategy": "full", "dataset name": "Names"}]})
    write(tmp_path / "data/NER/Names/labels.json", ["person", "place"])
    prompts = write(
        tmp_path / "prompt.json",
        {"NER": [{"instruction_type": kind, "instruction": f"{kind}: {TYPED}"} for kind in ("zero-shot", "few-shot")]},
    )
    return ["--data-dir", tmp_path / "data", "--task-config-dir", tmp_path / "configs", "--instruction-file", prompts]


def test_the_table_counts_and_nothing_is_remarked_where_nothing_is(tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": ["Ann/PER left."] * 1200, "test": ["It rained."]}, tasks=["NER"])

    result = run("--config", mix(tmp_path, f"corpora: [{{name: {name}}}]"), "--out", tmp_path / "out")

    assert (result.exit_code, result.stderr) == (
        0,
        f"Wrote {tmp_path}/out: train.jsonl, dev.jsonl, test.jsonl, documents/, manifest.json.\n",
    )
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert lines[3:5] == [
        "│ one    │ train │ NER  │     1,200 │   1,200 │     0 │",
        "│ one    │ test  │ NER  │         1 │       1 │     1 │",
    ]
    assert lines[6:] == ["empty: records with nothing to find."]


def test_what_is_left_out_cut_apart_and_repeated_is_told(tmp_path: Path) -> None:
    rows = ["Ann/PER left.", "Ann/PER left.", "Bob/PER left.", "It rained.", "Cy/PER left.", "Annabella/PER slept and Di/PER woke."]
    one = corpus(tmp_path, "one", {"train": rows, "test": ["Bob/PER left."]}, tasks=["NER"])
    two = corpus(tmp_path, "two", {"train": ["Ed/PER left.", "Flo/PER left."]}, tasks=["NER"])
    settings = f"""
corpora: [{{name: {one}, weight: 3, tasks: [NER, ES]}}, {{name: {two}, take: random_1, weight: 1}}]
batch: 8
deduplicate: true
remove_leaks: true
empty: 0
windows: {{tokens: 8}}
"""

    result = run("--config", mix(tmp_path, settings), "--out", tmp_path / "out")

    assert result.exit_code == 0
    told = result.stdout[result.stdout.index("empty: ") :].splitlines()[1:]
    # Of one three texts are left: "Ann | left.", "Cy left.", "Annabell | a slept | and Di | woke." So 7 records of NER and 7 of ES;
    # a batch of 8 takes 3, 3 and 2 of two, and 3 batches hold them all.
    assert told == [
        "Documents left out:",
        "  one train: 1 duplicates, 1 that dev or test holds, 1 with nothing to find",
        "  two train: 1 not drawn",
        "Longer than a window, or across windows, and so in no answer:",
        "  one train: 1 entities (NER), 1 entities (ES)",
        "Records taken once more to fill the batches:",
        "  one train: 2 of NER, 2 of ES",
        "  two train: 5 of NER",
    ]


def test_lines_that_could_not_be_read_are_told_on_stderr(tmp_path: Path) -> None:
    name = corpus(tmp_path, "one", {"train": ["Ann/PER left."]}, tasks=["NER"])
    with (tmp_path / "one" / "train.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")

    result = run("--config", mix(tmp_path, f"corpora: [{{name: {name}}}]\non_error: skip"), "--out", tmp_path / "out")

    assert result.stderr.startswith(f"1 lines could not be read and were set aside in {tmp_path}/out/rejected.\n")


def test_a_tree_is_built_in_its_own_wordings_which_are_kept(tree: list[object], tmp_path: Path) -> None:
    result = run(*tree, "--out", tmp_path / "out", "--set", "format=lines")

    assert result.exit_code == 1
    assert "'ner/prompt.1.en' is worded for the format typed.instructuie, not for lines." in result.stderr
    assert not (tmp_path / "out").exists()

    result = run(*tree, "--out", tmp_path / "out")

    assert result.exit_code == 0, result.stderr
    assert result.stderr == f"Wrote {tmp_path}/out: train.jsonl, dev.jsonl, test.jsonl, documents/, prompts/, manifest.json.\n"
    assert "NER/Names │ train │ NER" in result.stdout
    (record,) = read_records(tmp_path / "out" / "train.jsonl")
    assert (record.dataset, record.format, record.prompt) == ("Names", "typed.instructuie", "ner/prompt.1.en")
    assert f"{record.instruct}\n{record.query}" == f"zero-shot: {TYPED}Option: person, place \nText: Ann sings \nAnswer:"
    assert record.answer == " person: Ann"  # as InstructUIE writes it
    kept = tmp_path / "out" / "prompts" / "ner" / "prompt.1.en.jinja"
    assert "zero-shot: List the persons" in kept.read_text(encoding="utf-8")
    assert list(json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["prompts"]) == ["ner/prompt.1.en"]


def test_few_shot_instructions_are_taken_where_demonstrations_are_shown(tree: list[object], tmp_path: Path) -> None:
    write(
        tmp_path / "data/NER/Names/train.json",
        [{"sentence": f"{name} sings", "entities": [{"name": name, "type": "person", "pos": [0, 3]}]} for name in ("Ann", "Bob")],
    )

    result = run(*tree, "--out", tmp_path / "out", "--set", "demonstrations.count=1")

    assert result.exit_code == 0, result.stderr
    record = next(read_records(tmp_path / "out" / "test.jsonl"))
    question = f"{record.instruct}\n{record.query}"
    assert question.startswith(f"few-shot: {TYPED}")
    assert "Bob sings" in question  # not its own text


def test_the_tree_takes_settings_seed_and_limit(tree: list[object], tmp_path: Path) -> None:
    result = run(*tree, "--seed", 7, "--limit", 5, "--set", "share=2", "--lang", "zh", "--out", tmp_path / "out", "--dry-run")

    assert result.exit_code == 0
    assert {"seed: 7", "limit: 5", "share: 2", "format: typed.instructuie"} <= set(result.stdout.splitlines())
    assert "  - ner/prompt.1" in result.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say what to build from: --config MIX, or --data-dir, --task-config-dir, --instruction-file together."),
        (
            ["--data-root", "."],
            "say what to build from: --config MIX, or --data-dir, --task-config-dir, --instruction-file together.",
        ),
        (
            ["--config", "sample", "--data-dir", "."],
            "--config and --data-dir exclude each other: a mix names its corpora and wordings.",
        ),
        (["--config", "sample", "--lang", "zh"], "--config and --lang exclude each other: a mix names its corpora and wordings."),
        (["--task-config-dir", "."], "--task-config-dir needs --data-dir and --instruction-file, too."),
        (["--data-dir", ".", "--task-config-dir", "."], "--data-dir needs --instruction-file, too."),
        (
            ["--data-dir", ".", "--task-config-dir", ".", "--instruction-file", ".", "--data-root", "."],
            "--data-root is for --config; --data-dir says where the data lie.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_it_is_told_in_exactly_one_of_two_ways(arguments: list[str], said: str) -> None:
    result = run(*arguments)

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[-1] == f"Error: {said}"
