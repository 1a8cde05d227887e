"""Adapters on bases of 8 and 4 bits, computed by bitsandbytes on the CPU."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from uie.errors import ModelError
from uie.models.loading import load_base, load_model, resolve
from uie.models.merging import merge
from uie.training.preview import preview
from uie.training.run import train
from uie.training.settings import LoraSettings, TrainSettings

pytestmark = pytest.mark.skipif(importlib.util.find_spec("bitsandbytes") is None, reason="needs bitsandbytes")
CPU = torch.device("cpu")


@pytest.fixture
def settings(tiny_model: Path, records_file: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=records_file,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=4,
        max_steps=6,
        learning_rate=1e-2,
        precision="fp32",
        log_steps=1,
        lora=LoraSettings(r=4, alpha=8, dropout=0),
    )


def losses_of(out: Path) -> list[float]:
    return [row["loss"] for line in (out / "log.jsonl").read_text().splitlines() if "loss" in (row := json.loads(line))]


@pytest.mark.parametrize("bits", [8, 4])
def test_linear_layers_are_quantised_and_norms_are_float32(tiny_model, bits):
    model = load_base(tiny_model, dtype=torch.bfloat16, device=CPU, bits=bits)

    kinds = {type(module).__name__ for name, module in model.named_modules() if name.endswith("_proj")}
    assert kinds == {{8: "Linear8bitLt", 4: "Linear4bit"}[bits]}
    assert type(model.get_output_embeddings()).__name__ == "Linear"
    assert {weight.dtype for name, weight in model.named_parameters() if "norm" in name} == {torch.float32}
    assert model.get_input_embeddings().weight.dtype == torch.bfloat16
    assert not any(weight.requires_grad for weight in model.parameters())
    assert not model.is_gradient_checkpointing


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("bits", "far"), [(8, 0.05), (4, 0.3)])
def test_a_quantised_layer_computes_nearly_what_it_did(tiny_model, bits, far, dtype):
    plain = load_base(tiny_model, dtype=torch.float32, device=CPU).eval()
    quantised = load_base(tiny_model, dtype=dtype, device=CPU, bits=bits).eval()
    name = "model.layers.0.mlp.down_proj"
    inputs = torch.randn(5, 64, generator=torch.Generator().manual_seed(0))

    with torch.no_grad():
        expected = plain.get_submodule(name)(inputs)
        found = quantised.get_submodule(name)(inputs.to(dtype)).float()
        quantised(torch.arange(10)[None])  # the output layer takes what the last norm hands on, without autocast

    assert 0 < (found - expected).norm() / expected.norm() < far


@pytest.mark.parametrize("bits", [8, 4])
def test_an_adapter_learns_on_a_quantised_base_and_is_used_on_the_whole_one(settings, tmp_path, bits):
    # when
    result = train(replace(settings, bits=bits, dev=settings.train))

    # then: it learned, and what was saved is a plain adapter
    losses = losses_of(settings.out)
    assert losses[-1] < 0.9 * losses[0]
    assert {key.split(".")[-2] for key in load_file(result.weights / "adapter_model.safetensors")} == {"lora_A", "lora_B"}
    # then: prediction loads it on the base as it is, and merging sums into that
    adapted = load_model(resolve(str(settings.out)), dtype="float32", device="cpu", merge=False)
    merged = load_model(resolve(str(merge([resolve(str(settings.out))], tmp_path / "merged"))), dtype="float32", device="cpu")
    plain = load_base(Path(settings.model), dtype=torch.float32, device=CPU).eval()
    ids = torch.arange(10, 40)[None]
    with torch.no_grad():
        assert torch.allclose(merged(ids).logits, adapted(ids).logits, atol=1e-4)
        assert not torch.allclose(merged(ids).logits, plain(ids).logits, atol=1e-2)
    assert {weight.dtype for weight in merged.parameters()} == {torch.float32}
    # then: the manifest says what the base was
    manifest = json.loads((settings.out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["quantised"] == {8: "int8 (LLM.int8)", 4: "nf4, double quantisation"}[bits]


def test_a_run_in_whole_weights_says_nothing_of_quantisation(settings):
    train(replace(settings, max_steps=1, save_steps=1))

    assert "quantised" not in json.loads((settings.out / "manifest.json").read_text(encoding="utf-8"))


def test_an_evaluation_between_steps_changes_nothing(settings, tmp_path):
    """bitsandbytes 0.50 would repack nf4 weights at the first product in evaluation mode, where a CPU has AVX512-BF16."""
    train(replace(settings, bits=4))

    train(replace(settings, bits=4, out=tmp_path / "evaluated", dev=settings.train, eval_steps=1))

    assert losses_of(tmp_path / "evaluated") == losses_of(settings.out)


def test_without_bitsandbytes_the_error_says_what_to_install(tiny_model, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(ModelError) as error:
        load_base(tiny_model, dtype=torch.float32, device=CPU, bits=4)

    assert str(error.value) == "bits: 4 needs bitsandbytes, which is not installed; install uie-llm[quant], or take bits: 16."


@pytest.mark.parametrize(("bits", "size", "formula"), [(8, 1.001, "1.0010"), (4, 0.5 + 1 / 64 + 4 / 16384, "0.5159")])
def test_the_dry_run_counts_quantised_weights(settings, bits, size, formula):
    found = preview(replace(settings, bits=bits))

    weights = next(part for part in found.memory.parts if part[0] == "weights")
    # two layers of q and o 32², k and v 32 × 16, three of 32 × 64
    quantised = 2 * (2 * 1024 + 2 * 512 + 3 * 2048)
    rest, trained = found.parameters.frozen - quantised, found.parameters.trained
    assert weights[1] == trained * 4 + rest * 4 + int(quantised * size)
    assert weights[2] == f"({rest:,} × 4 + {quantised:,} × {formula} + {trained:,} × 4 bytes)"
