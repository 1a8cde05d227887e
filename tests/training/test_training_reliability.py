"""What can happen to a run in a week: killed, asked to stop, out of disk, its files damaged or changed, its loss no number."""

import json
import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from click.testing import CliRunner
from forked import Forked, ForkedWorkers
from safetensors.torch import load_file
from transformers import TrainerCallback

from uie.cli import cli
from uie.errors import TrainingError, TrainingStopped
from uie.models.loading import load_base, load_tokenizer, resolve
from uie.settings import to_mapping
from uie.training.checkpoints import checkpoints_of, fault_of
from uie.training.run import train
from uie.training.settings import LoraSettings, TrainSettings


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> TrainSettings:
    """Settings whose run has ended, and beside it (`held`) that run's folder as it was when it was killed in step 5: it takes seconds."""
    folder = tmp_path_factory.mktemp("made")
    records = folder / "records.jsonl"
    rows = [
        {"instruct": "Who?", "query": f"{who} met {whom}.", "answer": f"{who}_person\n{whom}_person"}
        for who in ("Ann", "Bob", "Cy", "Di")
        for whom in ("Mira", "Kim")
    ]
    records.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    settings = TrainSettings(
        model=str(tiny_model),
        train=records,
        out=folder / "run",
        batch_size=4,
        micro_batch=2,
        max_steps=6,
        learning_rate=1e-2,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, dropout=0.1),
        save_steps=2,
        log_steps=1,
    )
    with pytest.raises(KeyboardInterrupt):
        train(settings, callbacks=[At(5, raise_interrupt)])
    shutil.copytree(settings.out, folder / "held")
    train(replace(settings), overwrite=True)
    return settings


@pytest.fixture
def expected(made: TrainSettings) -> dict[str, torch.Tensor]:
    """The weights of a run that was never stopped."""
    return weights_of(made.out)


@pytest.fixture
def settings(made: TrainSettings, tmp_path: Path) -> TrainSettings:
    """The same for a run that is still to be made."""
    train_file = Path(shutil.copy(made.train, tmp_path / "records.jsonl"))
    return replace(made, out=tmp_path / "run", train=train_file)


@pytest.fixture
def killed(made: TrainSettings, tmp_path: Path) -> TrainSettings:
    """A run that was killed in step 5: its checkpoints are those of steps 2 and 4."""
    settings = replace(made, out=tmp_path / "run")
    shutil.copytree(made.out.parent / "held", settings.out)
    (settings.out / "run.yaml").write_text(yaml.safe_dump(to_mapping(settings)), encoding="utf-8")
    return settings


class At(TrainerCallback):
    """Does something when a step begins; steps count from 1."""

    def __init__(self, step: int, action: Callable[[], object]) -> None:
        self.step = step
        self.action = action

    def on_step_begin(self, args, state, control, **given):
        if state.global_step + 1 == self.step:
            self.action()


def raise_interrupt() -> None:
    raise KeyboardInterrupt


def weights_of(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "adapter" / "adapter_model.safetensors")


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert set(found) == set(expected)
    assert [key for key in expected if not torch.equal(found[key], expected[key])] == []


def names(out: Path) -> list[str]:
    return sorted(path.name for path in (out / "checkpoints").iterdir())


# Losses that are no numbers


def test_a_record_whose_loss_is_no_number_is_named(settings, tiny_model, tmp_path):
    model = shutil.copytree(tiny_model, tmp_path / "broken")
    base = load_base(model, dtype=torch.float32, device=torch.device("cpu"))
    base.lm_head.weight = torch.nn.Parameter(base.lm_head.weight.clone())
    base.config.tie_word_embeddings = False
    token = load_tokenizer(resolve(str(model)))("é")["input_ids"][-1]
    with torch.no_grad():
        base.model.embed_tokens.weight[token] = torch.nan
    base.save_pretrained(model)
    rows = [json.loads(line) for line in settings.train.read_text(encoding="utf-8").splitlines()]
    rows[5]["query"] = "Renée met Kim."
    settings.train.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    with pytest.raises(TrainingError) as error:
        train(replace(settings, model=str(model), batch_size=8, max_steps=1))

    assert str(error.value) == (
        f"{settings.out}: the loss is nan at step 1, because of 1 of its 8 records: records#6; "
        "look at them (uie records show), or leave them out."
    )


def test_a_loss_that_is_no_number_stops_the_run_before_it_is_saved(settings):
    settings = replace(settings, save_steps=1, log_steps=10, batch_size=8, micro_batch=8, packing="prefix")

    class Broken(TrainerCallback):
        def on_step_begin(self, args, state, control, model=None, **given):
            if state.global_step == 3:
                with torch.no_grad():
                    next(weight for weight in model.parameters() if weight.requires_grad).fill_(torch.nan)

    with pytest.raises(TrainingError) as error:
        train(settings, callbacks=[Broken()])

    said, _, after = str(error.value).partition(", whose 8 records are ")
    assert said == f"{settings.out}: the loss is nan at step 4"
    assert after.startswith("records#")
    assert after.endswith(
        " and 3 more; lower the learning rate (now 0.01), or try precision fp32. The last checkpoint, checkpoint-3, is from before."
    )
    assert names(settings.out) == ["checkpoint-2", "checkpoint-3"]
    assert [fault_of(path) for path in checkpoints_of(settings.out)] == [None, None]
    held = load_file(settings.out / "checkpoints" / "checkpoint-3" / "adapter_model.safetensors")
    assert all(weight.isfinite().all() for weight in held.values())


# Being asked to stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_signal_saves_at_the_end_of_the_step(settings, expected, capsys, number):
    before = signal.getsignal(number)

    with pytest.raises(TrainingStopped) as stopped:
        train(settings, callbacks=[At(3, lambda: os.kill(os.getpid(), number))])

    assert str(stopped.value) == (
        f"{settings.out}: stopped at step 3, with a checkpoint; go on with: uie train --config {settings.out}/run.yaml --resume"
    )
    assert f"{number.name}: the step is finished and a checkpoint saved; once more stops at once.\n" in capsys.readouterr().err
    assert signal.getsignal(number) == before
    assert names(settings.out) == ["checkpoint-2", "checkpoint-3"]
    assert not (settings.out / "adapter").exists()
    train(settings, resume=True)
    assert_same(weights_of(settings.out), expected)


def test_a_file_in_the_run_folder_stops_it_too(settings):
    with pytest.raises(TrainingStopped):
        train(settings, callbacks=[At(1, lambda: (settings.out / "stop").touch())])

    assert names(settings.out) == ["checkpoint-1"]
    assert train(settings, resume=True).steps == 6  # the file counts for one run


def test_a_signal_in_the_last_step_lets_the_run_end(settings, expected):
    result = train(settings, callbacks=[At(6, lambda: os.kill(os.getpid(), signal.SIGTERM))])

    assert result.steps == 6
    assert_same(weights_of(settings.out), expected)


# Checkpoints that are not whole


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(path: Path) -> None:
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)


DAMAGES = {
    "cut weights": ("adapter_model.safetensors", cut, "adapter_model.safetensors has {half} of {size} bytes"),
    "no optimizer": ("optimizer.pt", Path.unlink, "optimizer.pt is missing"),
    "a flipped bit": ("optimizer.pt", flip, "optimizer.pt is not as it was written"),
    "cut state": ("trainer_state.json", cut, "trainer_state.json has {half} of {size} bytes"),
    "no seal": ("files.json", Path.unlink, "has no files.json"),
    "cut seal": ("files.json", cut, "files.json is broken"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(killed, expected, capsys, damage):
    name, spoil, fault = DAMAGES[damage]
    path = killed.out / "checkpoints" / "checkpoint-4" / name
    size = path.stat().st_size
    spoil(path)

    train(killed, resume=True)

    assert (
        f"not whole: {path.parent}: {fault.format(half=size // 2, size=size)}; renamed to broken-N. Going on from checkpoint-2.\n"
        in capsys.readouterr().err
    )
    assert_same(weights_of(killed.out), expected)
    assert names(killed.out) == ["broken-4", "checkpoint-4", "checkpoint-6"]


def test_without_a_whole_checkpoint_nothing_is_begun_anew_unasked(killed):
    folder = killed.out / "checkpoints"
    for number in (2, 4):
        (folder / f"checkpoint-{number}" / "optimizer.pt").unlink()

    with pytest.raises(TrainingError) as error:
        train(killed, resume=True)

    assert str(error.value) == (
        f"{killed.out}: no checkpoint is whole ({folder}/checkpoint-4: optimizer.pt is missing; {folder}/checkpoint-2: optimizer.pt is "
        f"missing); to begin anew, remove {folder} and --resume again."
    )


# Something changed


def test_everything_that_changed_is_named_and_nothing_is_resumed(settings, tiny_model, tmp_path):
    model = shutil.copytree(tiny_model, tmp_path / "base")
    settings = replace(settings, model=str(model))
    with pytest.raises(KeyboardInterrupt):
        train(settings, callbacks=[At(1, raise_interrupt)])
    hashes = json.loads((settings.out / "manifest.json").read_text())["inputs"]
    with settings.train.open("a", encoding="utf-8") as file:
        file.write('{"instruct": "Who?", "query": "Ann.", "answer": "Ann_person"}\n')
    flip(model / "model.safetensors")

    with pytest.raises(TrainingError) as error:
        train(replace(settings, seed=7, lora=replace(settings.lora, r=8), log_steps=5), resume=True)

    first, second, third, fourth = str(error.value).split("; ")[:4]
    weights = model / "model.safetensors"
    assert first == f"{settings.out}/run.yaml: cannot resume: lora.r was 4 and is now 8"
    assert second == "seed was 0 and is now 7"
    assert third.startswith(f"{settings.train} has changed since the run began (SHA-256 {hashes[str(settings.train)][:12]}, now ")
    assert fourth.startswith(f"{weights} has changed since the run began (SHA-256 {hashes[str(weights)][:12]}, now ")
    assert str(error.value).endswith("; give the same as before, or another out.")


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 800 KB; a checkpoint of the tiny model has 300."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=800k", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount a file system")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_a_full_disk_leaves_the_last_checkpoint_whole(settings, expected, small_disk, mode):
    settings = replace(settings, out=small_disk / "run", mode=mode, keep_checkpoints=9)
    filler = small_disk / "filler"

    def fill() -> None:
        free = shutil.disk_usage(small_disk).free
        filler.write_bytes(b"0" * max(0, free - (60_000 if mode == "lora" else 200_000)))

    with pytest.raises(TrainingError) as error:
        train(settings, callbacks=[At(3, fill)])

    assert str(error.value) == (
        f"{settings.out}: the disk is full; the last checkpoint, checkpoint-2, is whole; make room and go on with --resume."
    )
    assert names(settings.out) == ["checkpoint-2"]
    assert fault_of(settings.out / "checkpoints" / "checkpoint-2") is None
    if mode == "lora":
        filler.unlink()
        train(replace(settings, keep_checkpoints=1), resume=True)
        assert_same(weights_of(settings.out), expected)


# Real processes


def start(settings: TrainSettings, *more: str, before: str = "") -> Forked:
    """`uie train` in a process of its own; `before` is Python that runs there first."""
    config = settings.out.parent / "train.yaml"
    config.write_text(yaml.safe_dump(to_mapping(settings)), encoding="utf-8")
    return Forked(["train", "--config", str(config), *more], settings.out.parent, before=before)


def wait_for_step(out: Path, step: int, process: Forked | None = None) -> None:
    log = out / "log.jsonl"
    while not (log.is_file() and len(log.read_text(encoding="utf-8").splitlines()) >= step):
        assert process is None or process.returncode is None, process.stderr
        time.sleep(0.005)


@pytest.fixture(scope="module")
def long(made: TrainSettings, tmp_path_factory: pytest.TempPathFactory) -> TrainSettings:
    """A run of a second or two, which has ended."""
    lora = replace(made.lora, targets=("q_proj", "v_proj"))
    settings = replace(made, out=tmp_path_factory.mktemp("long") / "run", max_steps=60, save_steps=10, micro_batch=4, lora=lora)
    train(settings)
    return settings


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_a_process_that_gets_a_signal_saves_and_exits_with_0(long, tmp_path, number):
    settings = replace(long, out=tmp_path / "run")
    process = start(settings)
    wait_for_step(settings.out, 12, process)

    process.send_signal(number)

    said = process.communicate(timeout=60)
    step = max(int(name.rpartition("-")[2]) for name in names(settings.out))
    assert process.returncode == 0
    assert said[0] == ""
    assert said[1].endswith(
        f"{settings.out}: stopped at step {step}, with a checkpoint; go on with: "
        f"uie train --config {settings.out}/run.yaml --resume\n"
    )
    assert 12 <= step < 60
    train(settings, resume=True)
    assert_same(weights_of(settings.out), weights_of(long.out))


@pytest.mark.slow
def test_killed_at_any_step_a_run_ends_with_the_same_weights(long, tmp_path):
    settings = replace(long, out=tmp_path / "run")
    seed = random.SystemRandom().randrange(1_000_000)
    steps = sorted(random.Random(seed).sample(range(1, 50), 3))
    print(f"seed {seed}: killed after the steps {steps}")  # shown where the test fails
    for step in steps:
        process = start(settings, "--resume")
        wait_for_step(settings.out, step, process)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL

    train(settings, resume=True)

    assert_same(weights_of(settings.out), weights_of(long.out))


KILLED_WHILE_SAVING = """
import os
from uie.training.guard import GuardedTrainer
def die(self, folder):
    if self.state.global_step == 20:
        open(os.path.join(folder, "optimizer.pt"), "wb").write(b"half")
        os.kill(os.getpid(), 9)
    return save(self, folder)
save, GuardedTrainer._save_optimizer_and_scheduler = GuardedTrainer._save_optimizer_and_scheduler, die
"""


@pytest.mark.slow
def test_killed_while_it_writes_a_checkpoint_a_run_ends_with_the_same_weights(long, tmp_path):
    settings = replace(long, out=tmp_path / "run")
    process = start(settings, before=KILLED_WHILE_SAVING)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert names(settings.out) == [".partial", "checkpoint-10"]

    train(settings, resume=True)

    assert names(settings.out) == ["checkpoint-50", "checkpoint-60"]
    assert_same(weights_of(settings.out), weights_of(long.out))


@pytest.mark.slow
def test_when_one_of_two_processes_is_killed_the_other_ends_and_resuming_gives_the_same_weights(long, tmp_path, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    settings = replace(long, out=tmp_path / "run", processes=2, micro_batch=2, lora=replace(long.lora, dropout=0))
    config = tmp_path / "train.yaml"
    config.write_text(yaml.safe_dump(to_mapping(settings)), encoding="utf-8")
    monkeypatch.setattr("uie.training.launch.subprocess", workers := ForkedWorkers(tmp_path))
    step = random.SystemRandom().randrange(11, 50)
    print(f"killed after step {step}")  # shown where the test fails

    def kill() -> None:
        wait_for_step(settings.out, step)
        os.kill(workers.started[1].pid, signal.SIGKILL)

    (killer := threading.Thread(target=kill, daemon=True)).start()
    failed = CliRunner().invoke(cli, ["train", "--config", str(config)])
    killer.join()

    assert failed.exit_code == 1
    assert failed.stderr.endswith(
        f"uie: error: {settings.out}: a worker process failed: killed by SIGKILL (by somebody, or by the system that was out of memory); "
        "go on with --resume.\n"
    )
    assert [worker.poll() is None for worker in workers.started] == [False, False]
    assert "process 0: the connection to another one is lost.\n" in workers.stderr
    assert "Traceback" not in workers.stderr

    resumed = CliRunner().invoke(cli, ["train", "--config", str(config), "--resume"])

    assert (resumed.exit_code, len(workers.started)) == (0, 4)
    alone = train(replace(settings, out=tmp_path / "alone", processes=1))
    found, expected = weights_of(settings.out), weights_of(alone.out)
    assert set(found) == set(expected)
    assert max((found[key] - expected[key]).abs().max().item() for key in expected) <= 1e-6
