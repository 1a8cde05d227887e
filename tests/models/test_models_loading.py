"""From the name of a model to the model."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from tiny_models import make_tiny_model

from uie.errors import ModelError
from uie.models.loading import load_base, load_model, load_tokenizer, pick_device
from uie.models.merging import merge
from uie.models.sources import resolve, run_questions


@pytest.fixture
def adapter(tiny_model: Path, tmp_path: Path) -> Path:
    """A LoRA adapter whose weights are far from zero."""
    config = LoraConfig(task_type="CAUSAL_LM", r=2, target_modules="all-linear")
    model = get_peft_model(load_base(tiny_model, dtype=torch.float32, device=torch.device("cpu")), config)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_()
    model.save_pretrained(tmp_path / "adapter")
    return tmp_path / "adapter"


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([[5, 6, 7, 8]])).logits


def test_a_model_folder_is_found_and_loads_as_asked(tiny_model):
    source = resolve(str(tiny_model))

    assert (source.kind, source.base, source.tokenizer, source.adapter) == ("model", tiny_model, tiny_model, None)
    assert load_model(source, dtype="float32", device="cpu").dtype == torch.float32
    assert load_model(source, dtype="bfloat16", device="cpu").dtype == torch.bfloat16
    assert load_tokenizer(source).decode([3]) == "<|im_end|>"


@pytest.mark.parametrize("device", ["gpu", "cpu:x", "xpu", "cuda:5"])
def test_a_device_that_is_not_there_is_one_line(monkeypatch, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)  # else it is told that there is no CUDA device at all

    with pytest.raises(ModelError) as error:
        pick_device(device)

    assert str(error.value) == (
        f"device {device!r}: torch {torch.__version__} has none of that name here; expected auto, cpu, cuda or cuda:N."
    )


def test_a_merged_model_says_what_its_adapter_says(adapter, tiny_model, tmp_path):
    source = resolve(str(adapter))
    apart = logits(load_model(source, dtype="float32", device="cpu", merge=False))
    together = logits(load_model(source, dtype="float32", device="cpu"))

    merge([source], tmp_path / "merged")
    written = logits(load_model(resolve(str(tmp_path / "merged")), dtype="float32", device="cpu"))

    base = logits(load_model(resolve(str(tiny_model)), dtype="float32", device="cpu"))
    torch.testing.assert_close(together, apart, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(written, together, rtol=0, atol=0)
    assert (apart - base).abs().max() > 1
    assert load_tokenizer(resolve(str(tmp_path / "merged"))).chat_template is not None


def test_a_run_folder_goes_before_the_adapter_in_it(adapter, tiny_model, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    adapter.rename(run / "adapter")
    (run / "run.yaml").write_text(f"model: {tiny_model}\nwrap: plain\n")
    (run / "questions.json").write_text('{"wrap": "plain"}')

    source = resolve(str(run))

    assert (source.kind, source.base, source.adapter, source.run) == ("run", tiny_model, run / "adapter", run)
    assert run_questions(source) == {"wrap": "plain"}
    assert run_questions(resolve(str(tiny_model))) == {}


def test_a_run_that_was_stopped_has_no_model_yet(tmp_path):
    (tmp_path / "run.yaml").write_text("model: x\n")

    with pytest.raises(ModelError) as error:
        resolve(str(tmp_path))

    expected = "the run has no adapter/ and no model/ yet: training did not end; go on with uie train --resume."
    assert str(error.value) == f"{tmp_path}: {expected}"


def test_a_folder_without_a_model_says_what_it_holds(tmp_path):
    (tmp_path / "notes.txt").write_text("x")

    with pytest.raises(ModelError) as error:
        resolve(str(tmp_path))

    assert str(error.value) == (
        f"{tmp_path}: no model in this folder: it holds notes.txt; expected run.yaml (a run), "
        "adapter_config.json (an adapter) or config.json (a model)."
    )


def test_pickled_weights_are_not_read(tiny_model, tmp_path):
    for name in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(tiny_model / name, tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(b"x")

    with pytest.raises(ModelError) as error:
        resolve(str(tmp_path))

    assert str(error.value) == (
        f"{tmp_path}: no model.safetensors; it holds config.json, pytorch_model.bin, tokenizer.json, tokenizer_config.json. "
        "Pickled weights are not read: save them as safetensors."
    )


@pytest.mark.parametrize(
    ("size", "message"),
    [({"hidden_size": 64}, "hidden size 32 against 64"), ({"layers": 3}, "number of layers 2 against 3")],
    ids=["width", "depth"],
)
def test_an_adapter_of_another_base_is_refused(adapter, tiny_model, tmp_path, size, message):
    other = make_tiny_model(tmp_path / "other", **size)

    with pytest.raises(ModelError) as error:
        resolve(str(adapter), base=str(other))

    assert str(error.value) == f"{adapter}: the adapter does not fit {other}: {message}; it was made for {tiny_model}."


def test_an_adapter_whose_base_is_gone_names_it(adapter):
    config = json.loads((adapter / "adapter_config.json").read_text())
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "base_model_name_or_path": "somebody/somewhere"}))

    with pytest.raises(ModelError) as error:
        resolve(str(adapter))

    assert str(error.value) == (
        f"{adapter}: the adapter belongs to the base model 'somebody/somewhere': somebody/somewhere: there is no folder "
        "somebody/somewhere, and the hub's model of that name is not fetched yet: uie models fetch somebody/somewhere"
    )


def test_a_cut_off_adapter_is_told_from_a_wrong_one(adapter):
    weights = adapter / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])

    with pytest.raises(ModelError) as error:
        resolve(str(adapter))

    assert str(error.value) == f"{weights}: not a safetensors file, or cut off; copy it again."


def test_a_broken_model_is_one_line(tiny_model, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(tiny_model, broken)
    (broken / "model.safetensors").write_bytes(b"garbage")

    with pytest.raises(ModelError) as error:
        load_model(resolve(str(broken)))

    assert str(error.value).startswith(f"{broken}: not a causal language model that transformers can read: ")
    assert "\n" not in str(error.value)
