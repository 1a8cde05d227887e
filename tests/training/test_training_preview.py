"""What a run would do, found out without weights."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForCausalLM

from uie.cli import cli
from uie.training.preview import preview
from uie.training.run import train
from uie.training.settings import LoraSettings, OffloadSettings, TrainSettings


@pytest.fixture
def settings(tiny_model: Path, records_file: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=records_file,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=2,
        epochs=3,
        warmup_share=0.5,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, targets=("q_proj", "v_proj")),
    )


def test_it_tells_what_the_run_then_does(settings):
    found = preview(settings)
    result = train(settings)

    weights = load_file(result.weights / "adapter_model.safetensors")
    manifest = json.loads((settings.out / "manifest.json").read_text(encoding="utf-8"))
    assert found.mistakes == ()
    assert (found.batches.steps, found.batches.epochs, found.batches.warmup_steps) == (6, 3.0, 3)
    assert found.batches.accumulation == 2
    assert result.steps == 6
    assert found.parameters.trained == manifest["trained_parameters"] == sum(weight.numel() for weight in weights.values())
    assert found.train.kept == result.records == 8
    assert found.batches.padding_share == manifest["padding_share"]
    assert found.batches.shared_share == manifest["shared_share"]
    assert found.batches.packing == manifest["packing"]


def test_nothing_is_written_and_no_weights_are_read(settings, tmp_path):
    model = shutil.copytree(settings.model, tmp_path / "model")
    (model / "model.safetensors").write_bytes(b"no weights")

    found = preview(replace(settings, model=str(model), mode="full"))

    assert found.mistakes == ()
    # 400 words × 32, and two layers of q 32², k and v 32 × 16, o 32², three of 32 × 64, two norms, and one norm at the end
    words = json.loads((model / "config.json").read_text())["vocab_size"]
    assert found.parameters.trained == words * 32 + 2 * (1024 + 512 + 512 + 1024 + 3 * 2048 + 64) + 32
    assert found.parameters.frozen == 0
    assert not settings.out.exists()


def test_the_first_record_shows_which_tokens_are_graded(settings):
    first = preview(settings).first

    assert first.id == "records#1"
    assert first.prompt.startswith(
        "<|im_start|>system\n<|im_end|>\n<|im_start|>user\nYou find the persons and places in a text.\nText: Mira"
    )
    assert first.answer == "Mira_person\nOslo_place<|im_end|>"
    assert "".join(first.pieces[-first.graded :]) == first.answer
    assert len(first.pieces) == len(first.input_ids)


def test_every_mistake_is_told_at_once(settings, tmp_path):
    settings.out.mkdir()
    (settings.out / "mine.txt").write_text("x")
    bare = [json.loads(line) for line in settings.train.read_text(encoding="utf-8").splitlines()]
    dev = tmp_path / "dev.jsonl"
    rows = [{**bare[0], "answer": ""}, bare[1], bare[0]]
    dev.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    wrong = replace(settings, dev=dev, max_length=61, lora=LoraSettings(targets=("query",)))

    found = preview(wrong)

    assert found.mistakes == (
        f"{wrong.train}: 5 of 8 records cannot be learned from, the first 'records#2': over max_length 61; mend them, raise max_length, or set "
        "them aside with on_error: skip.",
        f"{dev}: 1 of 3 records cannot be learned from, the first 'dev#1': the answer is empty; an answer that finds nothing says so in words, "
        "such as None; mend them, raise max_length, or set them aside with on_error: skip.",
        f"{dev}: 1 of 3 records cannot be learned from, the first 'dev#2': over max_length 61; mend them, raise max_length, or set "
        "them aside with on_error: skip.",
        f"{wrong.out}: in use (it holds mine.txt); choose another --out or say --overwrite.",
        f"lora.targets: {wrong.model} has no layer named 'query'; its linear layers are "
        "down_proj, gate_proj, k_proj, lm_head, o_proj, q_proj, up_proj, v_proj.",
    )


def test_memory_is_counted_by_its_formula(settings):
    found = preview(replace(settings, mode="full")).memory
    spread = preview(replace(settings, mode="full", processes=2, deepspeed="zero2")).memory

    trained = preview(replace(settings, mode="full")).parameters.trained
    assert [size for _, size, _ in found.parts[1:4]] == [4 * trained, 4 * trained, 8 * trained]
    assert [size for _, size, _ in spread.parts[1:4]] == [4 * trained, 2 * trained, 4 * trained]
    assert found.total == sum(size for _, size, _ in found.parts)
    assert [name for name, _, _ in found.parts] == ["program", "weights", "gradients", "AdamW's moments", "activations", "logits"]
    assert spread.parts[2][2] == f"{trained:,} × 4 bytes ÷ 2 processes"


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
def test_activations_are_what_a_layer_keeps_for_its_backward_pass(settings, tiny_model, attention):
    found = preview(replace(settings, mode="full", attention=attention))
    rows, width = found.batches.largest
    config = AutoConfig.from_pretrained(tiny_model)

    def kept(layers: int) -> int:
        config.num_hidden_layers = layers
        model = AutoModelForCausalLM.from_config(config, attn_implementation=attention)
        weights, seen = {weight.data_ptr() for weight in model.parameters()}, {}

        def keep(tensor: torch.Tensor) -> torch.Tensor:
            if tensor.data_ptr() not in weights:
                seen[tensor.data_ptr()] = tensor  # held, so that no other one gets its place
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            model(input_ids=torch.ones(rows, width, dtype=torch.long))
        return sum(tensor.untyped_storage().nbytes() for tensor in seen.values())

    estimate = next(size for name, size, _ in found.memory.parts if name == "activations")
    assert estimate == pytest.approx((kept(5) - kept(1)) / 4 * 2, rel=0.15)  # the tiny model has two layers


def test_what_is_offloaded_is_no_part_of_the_total(settings, tmp_path):
    offload = OffloadSettings(optimizer="nvme", parameters="cpu", folder=tmp_path)
    spread = replace(settings, mode="full", deepspeed="zero3")
    found = preview(replace(spread, offload=offload)).memory

    whole = preview(spread).memory
    trained = preview(spread).parameters.trained
    assert found.offloaded == (("AdamW's moments", 8 * trained, f"{trained:,} × 8 bytes, in {tmp_path}"),)
    assert found.total == whole.total - 8 * trained  # on a CPU weights offloaded to it lie where they would lie anyway


def test_a_dry_run_under_a_launcher_tells_how_many_processes_there_are(settings):
    given = [f"--set={key}={value}" for key, value in (("model", settings.model), ("train", settings.train), ("out", settings.out))]
    place = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}

    shown = CliRunner().invoke(cli, ["train", *given, "--set=micro_batch=2", "--set=batch_size=4", "--dry-run"], env=place)
    other = CliRunner().invoke(cli, ["train", *given, "--dry-run"], env=place | {"RANK": "1", "LOCAL_RANK": "1"})

    assert "  2 processes on the CPU" in shown.stdout
    assert (other.exit_code, other.stdout) == (0, "")


def test_the_command_prints_it_plainly_and_exits_with_1_where_something_is_wrong(settings, tmp_path):
    given = [f"--set={key}={value}" for key, value in (("model", settings.model), ("train", settings.train), ("out", settings.out))]

    good = CliRunner().invoke(cli, ["train", *given, "--set", "micro_batch=2", "--set", "batch_size=4", "--dry-run"])
    bad = CliRunner().invoke(cli, ["train", *given, "--set", "max_length=5", "--dry-run"])

    lines = good.stdout.splitlines()
    assert good.exit_code == 0, good.output
    assert "\x1b" not in good.stdout
    assert lines[0] == f"model: {settings.model}"
    assert "First record: records#1" in lines
    assert "    Mira_person" in lines
    assert any(line.startswith("  8 records; tokens: ") for line in lines)
    assert "  2 steps, 1.00 epochs; the learning rate rises for 0 steps" in lines
    assert "Memory of each process, roughly, at the longest micro-batch" in lines
    assert any(line.startswith("  1 process on the ") for line in lines)
    assert bad.exit_code == 1
    assert bad.stderr == f"uie: error: {settings.train}: no record to learn from (8 set aside); see rejected/ or the file itself.\n"
    assert not settings.out.exists()


SPREAD = {
    "none": ({}, "each holds all weights, gradients and optimizer states"),
    "zero0": ({"deepspeed": "zero0"}, "each holds all weights, gradients and optimizer states"),
    "zero1": ({"deepspeed": "zero1"}, "DeepSpeed spreads the optimizer states over them"),
    "zero2": ({"deepspeed": "zero2"}, "DeepSpeed spreads gradients and optimizer states over them"),
    "zero3": ({"deepspeed": "zero3"}, "DeepSpeed spreads weights, gradients and optimizer states over them"),
    "fsdp": ({"fsdp": True}, "torch spreads weights, gradients and optimizer states over them"),
}


@pytest.mark.parametrize(("more", "told"), SPREAD.values(), ids=SPREAD)
def test_it_says_what_lies_where_whatever_spreads_the_model(settings, more, told):
    assert told in preview(replace(settings, processes=2, **more)).processes
