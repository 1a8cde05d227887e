"""`uie prompts`: real examples, all columns of the list, and wordings of other projects."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from uie.cli import cli


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments), catch_exceptions=False)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


def corpus(folder: Path) -> Path:
    """Three sentences, of which the first holds nothing; read from below `folder`."""
    rows = [("Rain fell.", []), ("Ann wept.", ["Ann"]), ("Bob met Cy.", ["Bob", "Cy"])]
    lines = []
    for number, (text, names) in enumerate(rows):
        entities = [{"start": text.index(n), "end": text.index(n) + len(n), "text": n, "type": "person"} for n in names]
        lines.append(json.dumps({"id": str(number), "text": text, "entities": entities}))
    (folder / "three").mkdir(parents=True)
    (folder / "three" / "train.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = folder / "three.yaml"
    config.write_text(
        "name: three\nlang: en\nlayout: documents\ntasks: [NER]\nsplits: {train: {files: [train.jsonl]}}\nlabels: {entities: [person]}\n",
        encoding="utf-8",
    )
    return config


def test_show_asks_about_the_first_document_that_holds_anything(tmp_path: Path) -> None:
    result = run("prompts", "show", "ner/default.en", "--corpus", str(corpus(tmp_path)), "--data-root", str(tmp_path))

    assert result.stdout == (
        "── instruct ──\n"
        "Find all mentions of these entity types in the text: person.\n"
        "Write one mention a line as mention_type, in the order of the text. If there is none, write None.\n"
        "── query ──\n"
        "Text: Ann wept.\n"
        "── answer ──\n"
        "Ann_person\n"
    )


def test_show_solves_examples_where_the_wording_shows_them(tmp_path: Path) -> None:
    result = run("prompts", "show", "ner/fewshot.en", "--corpus", str(corpus(tmp_path)), "--data-root", str(tmp_path))

    assert result.stdout.endswith(
        "write None.\nText: Bob met Cy.\nAnswer:\nBob_person\nCy_person\n"
        "── query ──\nText: Ann wept.\nAnswer:\n── answer ──\nAnn_person\n"
    )


def test_show_asks_about_a_text_of_ones_own_and_knows_no_answer(tmp_path: Path) -> None:
    config = str(corpus(tmp_path))

    result = run("prompts", "show", "ner/brief.en", "--corpus", config, "--text", "Dee left.", "--format", "typed")

    assert result.stdout.startswith("── instruct ──\nEntities: person.\n")
    assert result.stdout.endswith("── query ──\nText: Dee left.\n")


@pytest.mark.parametrize("task", ["ner1", "es", "et", "re", "spo", "ep", "epr", "rc", "joint", "kg", "ee", "eet", "eea"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_task_has_an_example_in_the_samples(task: str, lang: str) -> None:
    result = run("prompts", "show", f"{task}/described.{lang}")

    assert result.exit_code == 0
    assert result.stdout.count("──") == 6
    assert not result.stdout.endswith(("── answer ──\n", "\nNone\n", "\n没有\n"))


MISTAKES = {
    "labels": (
        ("show", "re/default.en", "--corpus", "{config}"),
        "three: its labels have not all that RE asks; choose another --corpus.",
    ),
    "given": (
        ("show", "et/default.en", "--corpus", "{config}", "--text", "x"),
        "--text: a text alone does not say what ET takes as given; leave --text out.",
    ),
    "nothing there": (
        ("show", "ner/default.en", "--corpus", "{config}", "--data-root", "{empty}"),
        "three: no train document has anything that NER asks; choose another --corpus.",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_of_show_is_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    places = {"config": str(corpus(tmp_path)), "empty": str(tmp_path / "empty")}
    (tmp_path / "empty" / "three").mkdir(parents=True)
    (tmp_path / "empty" / "three" / "train.jsonl").write_text('{"id": "1", "text": "Rain.", "entities": []}\n', encoding="utf-8")

    result = run("prompts", *(argument.format(**places) for argument in arguments))

    assert (result.exit_code, result.stderr) == (1, f"uie: error: {message}\n")


def test_list_says_task_language_formats_and_what_it_is_about() -> None:
    listed = run("prompts", "list", "--task", "RE", "--lang", "en").stdout

    row = next(line for line in listed.splitlines() if "re/seed000.1.en" in line)
    assert [cell.strip() for cell in row.strip("│ \n").split("│")] == [
        "re/seed000.1.en",
        "RE",
        "en",
        "tuples.seed000",
        "chatllama UIE, instruction 1 of its prompt.json, byte for byte",
    ]
    assert ".zh" not in listed


def test_imported_prompts_are_found_where_they_were_written(tmp_path: Path) -> None:
    instructions = {"NER": [{"instruction_type": "zero-shot", "instruction": 'Find "type1: word1". \n'}], "QA": []}
    (tmp_path / "prompt.json").write_text(json.dumps(instructions), encoding="utf-8")

    done = run("prompts", "import", "prompt.json", "--out", "prompts")
    shown = run("prompts", "show", "ner/prompt.1.en", "--corpus", str(corpus(tmp_path)), "--data-root", str(tmp_path))
    again = run("prompts", "import", "prompt.json", "--out", "prompts")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "prompts/ner/prompt.1.en.jinja\n", "1 prompts written.\n")
    assert shown.stdout.startswith(
        '── instruct ──\nFind "type1: word1". \nOption: person \n── query ──\nText: Ann wept. \nAnswer:\n'
    )
    assert (again.exit_code, again.stderr) == (
        1,
        "uie: error: prompts/ner/prompt.1.en.jinja is there already; choose another folder or say --overwrite.\n",
    )


def test_what_cannot_be_imported_is_said(tmp_path: Path) -> None:
    items = [{"instruction_type": "zero-shot", "instruction": "Find."}]
    (tmp_path / "prompt.json").write_text(json.dumps({"NER": items, "QA": items}), encoding="utf-8")

    done = run("prompts", "import", "prompt.json", "--out", "prompts")

    assert done.stderr == "Left out: prompt.json: QA: zero-shot 1: QA is no task of ours.\n1 prompts written.\n"
