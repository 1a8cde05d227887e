"""`uie records`: what it prints where, its exit status, and its help."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from uie.cli import cli
from uie.records.exchange import LAYOUTS

RECORD = {"instruct": "Find the people.", "query": "Ann met Bob.", "answer": "Ann_person\nBob_person", "dataset": "mine"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["records", *map(str, arguments)], catch_exceptions=False)


def write(path: Path, *rows: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_export_names_the_file_and_its_records_on_stdout(tmp_path: Path) -> None:
    source, out = write(tmp_path / "train.jsonl", RECORD), tmp_path / "out" / "train.json"

    result = run("export", source, "--to", "chatllama", "--out", out)

    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{out}: 1 records\n", "")
    assert list(json.loads(out.read_text())[0]) == ["Task", "Dataset", "user_input", "completion"]


def test_export_of_a_build_folder_names_every_file(tmp_path: Path) -> None:
    for split in ("train", "test"):
        write(tmp_path / "build" / f"{split}.jsonl", RECORD)

    result = run("export", tmp_path / "build", "--to", "llamafactory", "--out", tmp_path / "lf")

    assert result.stdout == f"{tmp_path}/lf/train.json: 1 records\n{tmp_path}/lf/test.json: 1 records\n"
    assert "lf_test" in json.loads((tmp_path / "lf" / "dataset_info.json").read_text())


def test_what_was_exported_is_imported_again(tmp_path: Path) -> None:
    source = write(tmp_path / "train.jsonl", RECORD)
    run("export", source, "--to", "alpaca", "--out", tmp_path / "alpaca.json")

    result = run("import", tmp_path / "alpaca.json", "--from", "alpaca", "--out", tmp_path / "back.jsonl", "--dataset", "mine")

    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{tmp_path}/back.jsonl: 1 records\n", "")
    assert json.loads((tmp_path / "back.jsonl").read_text()) == {**RECORD, "id": "alpaca#1"}


def test_import_tells_on_stderr_what_it_set_aside_most_frequent_first(tmp_path: Path) -> None:
    good, turns = {"instruction": "q", "output": "a"}, {"instruction": "q", "output": "a", "history": [["q", "a"]]}
    odd = [{"instruction": "q", f"key{number}": "a"} for number in range(6)]
    source = write(tmp_path / "rows.jsonl", good, *odd, turns, turns)

    result = run("import", source, "--from", "alpaca", "--out", tmp_path / "r.jsonl")

    assert (result.exit_code, result.stdout) == (0, f"{tmp_path}/r.jsonl: 1 records\n")
    assert result.stderr == (
        f"8 rows were set aside in {tmp_path}/r.rejected.jsonl:\n"
        "  2: several turns; a record is one question with its answer.\n"
        "  1: no 'output'; the row has instruction, key0.\n"
        "  1: no 'output'; the row has instruction, key1.\n"
        "  1: no 'output'; the row has instruction, key2.\n"
        "  1: no 'output'; the row has instruction, key3.\n"
        "  2: 2 other reasons\n"
    )


def test_a_mistake_is_one_line_and_exit_status_1(tmp_path: Path) -> None:
    source = write(tmp_path / "train.jsonl", RECORD)

    result = run("export", source, "--to", "alpaca", "--out", source)

    said = f"uie: error: {source}: is the file that is read; choose another --out.\n"
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", said)
    assert run("export", source, "--to", "alpaca").exit_code == 2


def test_the_help_names_every_layout() -> None:
    text = run("export", "--help").stdout.replace("\n", " ")

    assert len(LAYOUTS.names()) == 9
    assert [name for name in LAYOUTS if f" {name}" not in text] == []


# show, stats, losses

SCHEMA = {"lang": "en", "entities": {"person": {}, "place": {}}}
FULL = RECORD | {
    "id": "mine/train/3#NER@40",
    "task": "NER",
    "split": "train",
    "lang": "en",
    "format": "lines",
    "prompt": "ner/brief.en",
    "schema": SCHEMA,
    "text": "Ann met Bob.",
    "source": {"document_id": "mine/train/3", "start": 40},
    "given": {"mentions": [{"text": "Ann"}]},
}


def word_tokenizer(folder: Path) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers

    tokenizer = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("_", "isolated")
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def test_show_prints_a_record_as_a_reader_meets_it_without_colours_in_a_pipe(tmp_path: Path) -> None:
    result = run("show", write(tmp_path / "train.jsonl", FULL))

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "── mine/train/3#NER@40 ──\n"
        "  mine · train · NER · en · lines · ner/brief.en\n"
        "prompt · not graded\n"
        "  Find the people.\n"
        "  Ann met Bob.\n"
        "answer · graded, with the token that ends it\n"
        "  Ann_person\n"
        "  Bob_person\n"
        "asked         entities: person, place\n"
        "given         Ann\n"
        "window        characters 40 to 52 of mine/train/3\n"
    )


def test_show_with_a_tokenizer_marks_where_tokens_begin_and_counts_them(tmp_path: Path) -> None:
    result = run("show", write(tmp_path / "train.jsonl", FULL), "--tokenizer", word_tokenizer(tmp_path))

    assert "prompt · 1 tokens, not graded\n" in result.stdout
    assert "answer · 5 tokens and the one that ends it, graded\n  Ann│_│person⏎\n  Bob│_│person│■\n" in result.stdout


def test_show_in_a_terminal_colours_what_is_graded_and_wraps_between_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "40"}.items():
        monkeypatch.setenv(name, value)

    result = run("show", write(tmp_path / "train.jsonl", FULL | {"answer": "Ann_person", "instruct": "Find " + "people and " * 5}))

    assert "\n  \x1b[32mAnn_person\x1b[0m\n" in result.stdout
    assert "\n  Find people and people and people and \n  people and people and \n" in result.stdout
    assert "\x1b[2mmine · train · NER · en · lines · \x1b[0m\n  \x1b[2mner/brief.en\x1b[0m\n" in result.stdout


def test_show_takes_so_many_records_and_one_by_its_id(tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", *({**FULL, "id": f"r{number}"} for number in range(5)))

    assert run("show", path).stdout.count("──\n") == 3
    assert run("show", path, "--limit", 1).stdout.count("──\n") == 1
    assert run("show", path, "--id", "r4").stdout.startswith("── r4 ──\n")


def test_show_never_lets_a_text_steer_the_terminal(tmp_path: Path) -> None:
    result = run("show", write(tmp_path / "train.jsonl", FULL | {"query": "a\x1b]0;title\x07b", "text": "[bold]x[/bold]"}))

    assert "\x1b" not in result.stdout
    assert "  a␛]0;title␇b\n" in result.stdout


def test_stats_are_one_line_a_corpus_and_task_and_the_labels_below(tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", FULL, FULL | {"id": "b", "answer": "None", "query": "Nobody came."})

    result = run("stats", path)

    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines[:4] == [
        "                          empty     prompt     answer   same same common",
        "split corpus task records     % characters characters prompt text      %",
        lines[2],
        "train mine   NER        2  50.0   29/29/29    4/21/21      0    0   29.3",  # 17 of 58 characters
    ]
    assert set(lines[2]) == {"─"}
    assert lines[-5:] == [
        "train mine   NER  entities      2     2        2 person 2, place 0",
        "",
        "split corpus task wordings",
        lines[-2],
        "train mine   NER  ner/brief.en 2",
    ]


def test_stats_as_json_hold_every_label_and_the_unit(tmp_path: Path) -> None:
    path = write(tmp_path / "train.jsonl", FULL)

    found = json.loads(run("stats", path, "--json").stdout)
    in_tokens = json.loads(run("stats", path, "--json", "--tokenizer", word_tokenizer(tmp_path)).stdout)

    assert (found["unit"], found["stats"][0]["prompt"]) == ("characters", {"median": 29, "most": 29, "longest": 29})
    assert found["stats"][0]["labels"][1] == {"kind": "entities", "label": "place", "asked": 1, "answered": 0}
    assert (in_tokens["unit"], in_tokens["stats"][0]["answer"]["longest"]) == ("tokens", 5)


def test_losses_put_formats_that_lose_as_much_on_one_line() -> None:
    result = run("losses", "--corpus", "sample_zh", "--task", "RE", "--format", "lines", "--format", "json_spans")

    assert (result.exit_code, result.stderr) == (0, "")
    assert [" ".join(line.split()) for line in result.stdout.splitlines()][3:] == [
        "sample_zh RE relations 119 0 0 json_spans",
        "0 1 (0.8 %) lines",
    ]


def test_losses_as_json_are_a_row_a_line_and_take_drawn_documents(tmp_path: Path) -> None:
    result = run("losses", "--corpus", "sample_en", "--task", "NER", "--format", "lines", "--limit", 3, "--json")

    (row,) = json.loads(result.stdout)["rows"]
    assert json.loads(result.stdout)["limit"] == 3
    assert len(result.stdout.splitlines()) == 3
    assert (row["corpus"], row["task"], row["kind"], row["documents"]) == ("sample_en", "NER", "mentions", 3)
    assert (row["strings"], row["offsets"], row["problems"]) == ({"lines": 0}, {"lines": 0}, {})


def test_losses_without_names_take_the_corpora_that_are_there_and_say_which_are_not(tmp_path: Path) -> None:
    result = run("losses", "--data-root", tmp_path, "--limit", 1, "--task", "NER", "--format", "lines")

    assert {line.split()[0] for line in result.stdout.splitlines()[3:]} == {"sample_en", "sample_zh"}
    assert f"left out: wnut17: no folder {tmp_path}/wnut17." in result.stderr


def test_losses_refuse_names_that_nobody_knows() -> None:
    for option, said in (("--corpus", "No corpus"), ("--task", "No task"), ("--format", "No format")):
        result = run("losses", option, "nix")

        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith(f"uie: error: {said} is named 'nix'.")
