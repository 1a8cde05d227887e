"""Shards of an input, merged; and shards by processes, of which some die. The processes have the fake engine as a plugin."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fake_engine
import pytest
from fake_engine import FakeEngine

from uie.errors import ModelError, OutputError, PredictionError, SettingsError
from uie.extraction.cluster import _do as do_on_node
from uie.extraction.inputs import Asking
from uie.extraction.parallel import Job, merge_shards, predict_in_shards
from uie.extraction.predict import PredictSettings, PredictSummary, predict
from uie.extraction.sharding import Shard, shard_of
from uie.extraction.workers import environments
from uie.schema import read_schema

PEOPLE = Asking(("NER",), read_schema({"entities": {"PER": {"name": "person"}}}))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    path = tmp_path / "notes.txt"
    path.write_text("".join(f"Ann met number {n}.\n" for n in range(60)), encoding="utf-8")
    return path


def run(notes: Path, out: Path, **settings: Any) -> PredictSummary:
    return predict(PredictSettings("fake", notes, out, **settings), asking=PEOPLE, answerer=FakeEngine().answerer())


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_document_is_in_one_shard_the_same_everywhere() -> None:
    found = [[number for number in range(1, 5) if Shard(number, 4).holds(f"notes#{n}")] for n in range(1000)]

    assert {len(numbers) for numbers in found} == {1}
    assert [sum(numbers == [number] for numbers in found) > 200 for number in range(1, 5)] == [True] * 4
    assert [shard_of(id, 4) for id in ("notes#1", "notes#2", "王明")] == [2, 4, 4]


@pytest.mark.parametrize("text", ["3", "0/3", "4/3", "a/b", "1/3/5"])
def test_a_shard_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError) as error:
        Shard.parse(text)

    assert str(error.value) == f"--shard {text}: expected PART/PARTS, such as 1/4 to 4/4."


def test_merged_shards_are_what_one_process_would_have_written(notes: Path, tmp_path: Path) -> None:
    with notes.open("a", encoding="utf-8") as out:
        out.write("Bo was (bad).\n")
    whole = run(notes, tmp_path / "whole")
    folders = [tmp_path / f"shard-{number}" for number in range(1, 4)]
    for number, folder in enumerate(folders, 1):
        run(notes, folder, shard=f"{number}/3")

    merged = merge_shards(folders[::-1], tmp_path / "merged")

    assert (merged.documents, merged.records, merged.failed) == (whole.documents, whole.records, whole.failed) == (61, 61, 1)
    assert merged.first_failure == "notes#61#NER: the text is bad."
    one, other = tmp_path / "whole", tmp_path / "merged"
    assert (other / "predictions.jsonl").read_bytes() == (one / "predictions.jsonl").read_bytes()
    answers = [{row["record_id"]: row["raw"] for row in rows(folder / "generations.jsonl")} for folder in (one, other)]
    assert answers[0] == answers[1]
    assert predict(
        PredictSettings("fake", notes, other), asking=PEOPLE, answerer=FakeEngine().answerer(), resume=True
    ).records == 61  # fmt: skip


def test_a_merge_says_what_is_missing_and_can_be_gone_on_with(notes: Path, tmp_path: Path) -> None:
    for number in (1, 3):
        run(notes, tmp_path / f"{number}", shard=f"{number}/4")
    manifest = tmp_path / "3" / "manifest.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text(encoding="utf-8")), "finished": False}), encoding="utf-8")

    with pytest.raises(PredictionError) as error:
        merge_shards([tmp_path / "1", tmp_path / "3"], tmp_path / "out")

    assert str(error.value) == (
        f"{tmp_path / 'out'}: merged, and not finished: shard 2/4 is missing, shard 3/4 ({tmp_path / '3'}) has not ended, "
        "shard 4/4 is missing; end and merge them (--overwrite), or go on in this folder with --resume."
    )
    assert json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))["finished"] is False
    engine, held = FakeEngine(), len(rows(tmp_path / "out" / "generations.jsonl"))
    predict(PredictSettings("fake", notes, tmp_path / "out"), asking=PEOPLE, answerer=engine.answerer(), resume=True)
    assert len(engine.texts) == 60 - held
    assert len(rows(tmp_path / "out" / "predictions.jsonl")) == 60


def test_folders_that_do_not_belong_together_are_not_merged(notes: Path, tmp_path: Path) -> None:
    run(notes, tmp_path / "1", shard="1/2")
    run(notes, tmp_path / "2", shard="2/2", max_new_tokens=7)
    run(notes, tmp_path / "3", shard="2/3")
    run(notes, tmp_path / "whole")
    said = []
    for folders in (["1", "2"], ["1", "3"], ["1", "1"], ["1", "whole"], ["1", "none"], []):
        with pytest.raises((OutputError, SettingsError)) as error:
            merge_shards([tmp_path / folder for folder in folders], tmp_path / "out")
        said.append(str(error.value).replace(str(tmp_path) + "/", ""))
    notes.write_text("Somebody else.\n", encoding="utf-8")
    with pytest.raises(OutputError) as other:
        merge_shards([tmp_path / "1"], tmp_path / "out")

    assert said == [
        "2: max_new_tokens is 7, and None in 1; merge shards of one input, predicted alike.",
        "3: the number of shards is 3, and 2 in 1; merge shards of one input, predicted alike.",
        "1: shard 1/2, as is 1; name each once.",
        "whole: expected a folder that uie predict --shard wrote; its manifest.json names no shard.",
        "none: expected a folder that uie predict --shard wrote; it has no manifest.json.",
        "--merge: expected the folders of the shards, such as --merge out/1 out/2.",
    ]
    assert str(other.value) == f"{notes}: not what {tmp_path / '1'} was predicted from; name that file with --input."
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("out", ["a", "a/merged", "."], ids=["is", "lies in", "holds"])
def test_shards_are_not_merged_over_themselves(notes: Path, tmp_path: Path, out: str) -> None:
    for number, name in enumerate("ab", 1):
        run(notes, tmp_path / "parts" / name, shard=f"{number}/2")
    (tmp_path / "parts" / "manifest.json").write_text("{}", encoding="utf-8")
    parts, whole = [tmp_path / "parts" / name for name in "ab"], tmp_path / "parts" / out

    with pytest.raises(OutputError) as error:
        merge_shards(parts, whole, overwrite=True)

    assert str(error.value) == f"{whole}: is, holds or lies in the shard's folder {parts[0]}; choose another --out."
    assert all((part / "predictions.jsonl").is_file() for part in parts)


def test_an_input_that_has_another_name_now_is_merged_by_the_ids_it_had(notes: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        run(notes, tmp_path / f"{number}", shard=f"{number}/2")
    moved = notes.rename(tmp_path / "renamed.txt")

    merged = merge_shards([tmp_path / "1", tmp_path / "2"], tmp_path / "out", input=moved)

    assert merged.documents == 60
    assert rows(tmp_path / "out" / "predictions.jsonl")[0]["id"] == "notes#1"


# Workers that are this process


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    """The engine that every worker loads."""
    engine = FakeEngine()
    monkeypatch.setattr("uie.extraction.predict.load_answerer_for", lambda settings: engine.answerer())
    for module in ("predict", "parallel"):
        monkeypatch.setattr(f"uie.extraction.{module}.questions_of", lambda model, url="": {})
    return engine


def in_turn(jobs: Sequence[Job], tell: Callable[[int], None]) -> list[str]:
    for job in jobs:
        job.do()
    return []


def by_workers(notes: Path, out: Path, **how: Any) -> PredictSummary:
    return predict_in_shards(PredictSettings("fake", notes, out), in_turn, shards=2, asking=PEOPLE, **how)


def test_what_workers_have_done_is_resumed_without_a_question_or_an_error(notes: Path, tmp_path: Path, model: FakeEngine) -> None:
    by_workers(notes, tmp_path / "out")

    again = by_workers(notes, tmp_path / "out", resume=True)

    assert (again.documents, again.failed) == (60, 0)
    assert len(model.texts) == 60


def test_who_goes_on_without_workers_has_all_answers_and_workers_are_told_to_stay_away(
    notes: Path, tmp_path: Path, model: FakeEngine
) -> None:
    out = tmp_path / "out"
    with notes.open("a", encoding="utf-8") as more:
        more.write("Bo was (bad).\n")
    assert by_workers(notes, out).failed == 1
    assert (out / "shards").is_dir()

    predict(PredictSettings("fake", notes, out), asking=PEOPLE, resume=True)
    with pytest.raises(OutputError) as error:
        by_workers(notes, out, resume=True)

    assert not (out / "shards").exists()
    assert str(error.value) == f"{out}: its answers are not divided among workers; go on without --workers."


def test_answers_that_only_workers_have_are_not_gone_on_with_alone(notes: Path, tmp_path: Path, model: FakeEngine) -> None:
    out = tmp_path / "out"
    with pytest.raises(PredictionError):
        predict_in_shards(PredictSettings("fake", notes, out), lambda jobs, tell: ["worker 1 died"], shards=2, asking=PEOPLE)
    (out / "shards" / "1-of-2").mkdir(parents=True)

    with pytest.raises(OutputError) as error:
        predict(PredictSettings("fake", notes, out), asking=PEOPLE, resume=True)

    assert str(error.value) == f"{out}: its answers are still with its workers; go on with --workers."


def test_a_model_that_is_not_there_is_told_before_workers_overwrite_anything(tmp_path: Path) -> None:
    records, out = tmp_path / "records.jsonl", tmp_path / "out"
    row = {"id": "r", "instruct": "Find.", "query": "Text: Ann", "text": "Ann", "format": "lines"}
    records.write_text(json.dumps(row) + "\n", encoding="utf-8")
    predict(PredictSettings("fake", records, out), answerer=FakeEngine().answerer())

    with pytest.raises(ModelError):
        predict_in_shards(PredictSettings("no-such", records, out), in_turn, shards=2, overwrite=True)

    assert (out / "predictions.jsonl").is_file()


def test_a_task_of_another_node_finds_what_relative_paths_name(
    notes: Path, tmp_path: Path, model: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    job = Job(PredictSettings("fake", Path("notes.txt"), Path("out")), PEOPLE)

    done = do_on_node(job, tmp_path)

    assert done == (60, "")
    assert len(rows(tmp_path / "out" / "predictions.jsonl")) == 60


def test_workers_have_a_gpu_or_a_share_of_the_cores_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda process: range(7))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert environments(3) == [{"OMP_NUM_THREADS": "2"}] * 3

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    assert [one["CUDA_VISIBLE_DEVICES"] for one in environments(3)] == ["4", "5", "4"]


# Real processes


def command(folder: Path, out: str, *more: str) -> list[str]:
    asked = ["--input", str(folder / "notes.txt"), "--task", "NER", "--schema", str(folder / "schema.yaml")]
    model = ["--engine", "fake", "--model", str(folder / "model")]
    return [sys.executable, "-m", "uie.cli", "predict", *model, *asked, "--out", str(folder / out), *more]


@pytest.fixture
def environment(tmp_path: Path, notes: Path) -> dict[str, str]:
    (tmp_path / "schema.yaml").write_text("entities: {PER: {name: person}}\n", encoding="utf-8")
    return {**fake_engine.install(tmp_path), "CUDA_VISIBLE_DEVICES": ""}


def wait_for(lines: int, paths: Iterator[Path] | list[Path]) -> None:
    """Until the files have so many lines together."""
    paths = list(paths)
    for _ in range(600):
        if sum(path.read_bytes().count(b"\n") for path in paths if path.is_file()) >= lines:
            return
        time.sleep(0.05)
    raise AssertionError(f"{paths} do not get {lines} lines")


@pytest.mark.slow
def test_a_process_killed_with_signal_9_is_gone_on_with(tmp_path: Path, environment: dict[str, str]) -> None:
    slow = {**environment, "FAKE_SECONDS": "0.02"}
    process = subprocess.Popen(command(tmp_path, "out"), env=slow, stderr=subprocess.PIPE)
    wait_for(10, [tmp_path / "out" / "generations.jsonl"])
    process.kill()
    process.communicate()
    held = [row["record_id"] for row in rows_that_are_whole(tmp_path / "out" / "generations.jsonl")]
    assert 10 <= len(held) < 60
    asked_before = fake_engine.asked(tmp_path)

    done = subprocess.run(command(tmp_path, "out", "--resume"), env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'out' / 'predictions.jsonl'}\n"), done.stderr
    assert len(fake_engine.asked(tmp_path)) - len(asked_before) == 60 - len(held)
    assert sorted(row["record_id"] for row in rows(tmp_path / "out" / "generations.jsonl")) == sorted(
        f"notes#{n}#NER" for n in range(1, 61)
    )
    assert len(rows(tmp_path / "out" / "predictions.jsonl")) == 60


def rows_that_are_whole(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.slow
def test_workers_share_the_work_and_one_that_dies_is_told_and_gone_on_with(tmp_path: Path, environment: dict[str, str]) -> None:
    slow = {**environment, "FAKE_SECONDS": "0.05"}
    process = subprocess.Popen(command(tmp_path, "out", "--workers", "2"), env=slow, stderr=subprocess.PIPE, text=True)
    shards = tmp_path / "out" / "shards"
    wait_for(3, [shards / "1-of-2" / "generations.jsonl"])
    wait_for(3, [shards / "2-of-2" / "generations.jsonl"])
    first = min(int(path.name) for path in (tmp_path / "notes").iterdir())
    os.kill(first, signal.SIGKILL)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert said.startswith("uie: error: worker ")
    assert " was killed by SIGKILL" in said
    assert said.endswith("what is done is kept: go on with --resume.\n")
    held = sum(len(rows_that_are_whole(path)) for path in shards.glob("*/generations.jsonl"))
    before = len(fake_engine.asked(tmp_path))
    done = subprocess.run(
        command(tmp_path, "out", "--workers", "2", "--resume"), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(fake_engine.asked(tmp_path)) - before == 60 - held
    assert [row["id"] for row in rows(tmp_path / "out" / "predictions.jsonl")] == [f"notes#{n}" for n in range(1, 61)]
    assert not shards.exists()


@pytest.mark.slow
def test_the_last_words_of_a_worker_are_told(tmp_path: Path, environment: dict[str, str]) -> None:
    wrong = command(tmp_path, "out", "--workers", "2", "--resume")
    wrong[wrong.index("fake")] = "fkae"

    done = subprocess.run(wrong, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "worker 1 ended with exit status 1: No engine is named 'fkae'. Did you mean 'fake'?" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_pipe_goes_from_stdin_to_stdout(tmp_path: Path, environment: dict[str, str]) -> None:
    piped = command(tmp_path, "out")
    piped[piped.index("--input") + 1] = piped[piped.index("--out") + 1] = "-"

    done = subprocess.run(piped, env=environment, input="Ann left.\nBo is (bad).\n", capture_output=True, text=True, check=False)

    assert done.returncode == 1
    first, second = map(json.loads, done.stdout.splitlines())
    assert [entity["text"] for entity in first["entities"]] == ["Ann"]
    assert second["problems"][0]["kind"] == "failed"
    assert done.stderr == (
        '{"record_id":"stdin#2#NER","reason":"the text is bad."}\n'
        "uie: error: 1 failed, as told above; predict into a folder to ask them again with --resume.\n"
    )
    assert not (tmp_path / "-").exists()
