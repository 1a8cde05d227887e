"""Which implementation of attention is taken, and why."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from uie.errors import SettingsError
from uie.models import attention
from uie.models.attention import choose_attention
from uie.models.loading import load_base, load_shape, model_class

CPU, GPU = torch.device("cpu"), torch.device("cuda")
PLAIN = "plain products: on a CPU training with torch's fused one is no faster"
NOT_INSTALLED = "the package flash-attn is not installed"


def folder_of(config: Any, folder: Path) -> Path:
    config.save_pretrained(folder)
    return folder


@pytest.fixture
def llama(tmp_path: Path) -> Path:
    return folder_of(transformers.LlamaConfig(), tmp_path / "llama")


@pytest.mark.parametrize(
    ("device", "installed", "more", "implementation", "reason"),
    [
        (CPU, True, {"longest": 384}, "eager", PLAIN),
        (CPU, True, {"longest": 1200}, "sdpa", "torch's fused one: examples of 1,200 tokens take plain products too much memory"),
        (GPU, False, {}, "sdpa", f"torch's fused one; no flash attention: {NOT_INSTALLED}"),
        (GPU, True, {}, "flash_attention_2", "installed, and nothing is packed"),
        (
            GPU,
            True,
            {"packing": "auto"},
            "sdpa",
            "torch's fused one; no flash attention: it takes no mask of segments, which packing needs",
        ),
        (
            GPU,
            True,
            {"bf16": False},
            "sdpa",
            "torch's fused one; no flash attention: it computes in bfloat16 only, and precision is fp32",
        ),
    ],
    ids=["a CPU", "a CPU and long examples", "a GPU", "a GPU with flash attention", "packing", "float32"],
)
def test_auto_takes_the_fastest_that_is_there_and_says_why(
    llama: Path, monkeypatch: pytest.MonkeyPatch, device: Any, installed: bool, more: dict, implementation: str, reason: str
) -> None:
    monkeypatch.setattr(attention, "is_flash_attn_2_available", lambda: installed)

    found = choose_attention("auto", device, folder=llama, **{"bf16": True, **more})

    assert (found.implementation, found.reason) == (implementation, reason)
    assert found.line() == f"attention: {implementation} ({reason})"


def test_auto_leaves_what_the_model_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "is_flash_attn_2_available", lambda: False)
    gemma = folder_of(transformers.Gemma2Config(), tmp_path / "gemma2")  # caps its scores, which the fused one cannot

    found = choose_attention("auto", GPU, folder=gemma, bf16=True)

    assert (found.implementation, found.reason) == (
        "eager",
        f"plain products; no sdpa: Gemma2ForCausalLM cannot compute with it; no flash attention: {NOT_INSTALLED}",
    )


@pytest.mark.parametrize("name", ["eager", "sdpa"])
def test_what_is_asked_for_is_taken(llama: Path, name: str) -> None:
    found = choose_attention(name, CPU, folder=llama, bf16=False)

    assert (found.implementation, found.reason) == (name, "asked for")


@pytest.mark.parametrize(
    ("setting", "device", "more", "reason"),
    [
        ("flash_attention_2", CPU, {}, "it runs on GPUs only"),
        ("flash_attention_2", GPU, {}, NOT_INSTALLED),
        ("flash_attention_2", GPU, {"bf16": False}, "it computes in bfloat16 only, and precision is fp32"),
        ("flash_attention_2", GPU, {"packing": "prefix"}, "it takes no mask of segments, which packing needs"),
    ],
)
def test_what_cannot_be_had_is_an_error(
    llama: Path, monkeypatch: pytest.MonkeyPatch, setting: str, device: Any, more: dict, reason: str
) -> None:
    monkeypatch.setattr(attention, "is_flash_attn_2_available", lambda: False)

    with pytest.raises(SettingsError) as error:
        choose_attention(setting, device, folder=llama, **{"bf16": True, **more})

    assert str(error.value) == f"attention: {setting} cannot be had: {reason}; take auto."


def test_an_implementation_that_the_model_lacks_is_an_error(tmp_path: Path) -> None:
    gemma = folder_of(transformers.Gemma2Config(), tmp_path / "gemma2")

    with pytest.raises(SettingsError) as error:
        choose_attention("sdpa", CPU, folder=gemma, bf16=False)

    assert str(error.value) == "attention: sdpa cannot be had: Gemma2ForCausalLM cannot compute with it; take auto."


def test_flash_attention_may_be_asked_for_where_packing_may_be_left(llama: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "is_flash_attn_2_available", lambda: True)

    found = choose_attention("flash_attention_2", GPU, folder=llama, bf16=True, packing="auto")

    assert (found.implementation, found.reason) == ("flash_attention_2", "asked for")


@pytest.mark.parametrize("name", ["eager", "sdpa"])
def test_models_are_loaded_with_what_was_chosen(tiny_model: Path, name: str) -> None:
    loaded = load_base(tiny_model, dtype=torch.float32, device=CPU, attention=name)
    shape = load_shape(tiny_model, attention=name)

    assert (loaded.config._attn_implementation, shape.config._attn_implementation) == (name, name)


def test_what_transformers_does_not_know_has_no_class(tmp_path: Path, llama: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "nobody-knows"}')

    assert model_class(tmp_path) is None
    assert model_class(llama) is transformers.LlamaForCausalLM
