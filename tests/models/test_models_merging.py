"""Adapters added to their base: sums by hand, and what cannot be added."""

import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file
from tiny_models import make_tiny_model

from uie.errors import ModelError, OutputError
from uie.models.loading import load_base, load_model, load_tokenizer
from uie.models.merging import merge
from uie.models.sources import ModelSource, resolve
from uie.storage import file_hash

CPU = torch.device("cpu")
# What peft says when the tests make such an adapter.
QUIET = pytest.mark.filterwarnings(
    "ignore:.*tie_word_embeddings", "ignore:Setting `save_embedding_layers`", "ignore:PiSSA changes the base"
)
ATTENTION = ["q_proj", "v_proj", "o_proj"]


@pytest.fixture
def adapter(tiny_model: Path, tmp_path: Path):
    """Makes adapters on the tiny model whose weights are far from zero."""

    def make(name: str, *, seed: int = 1, base: Path = tiny_model, rows: int | None = None, **config: object) -> ModelSource:
        wanted = {"target_modules": ATTENTION, "r": 2, "lora_alpha": 4, "task_type": "CAUSAL_LM", **config}
        model = load_base(base, dtype=torch.float32, device=CPU)
        if rows:
            model.resize_token_embeddings(rows)
        adapted = get_peft_model(model, LoraConfig(**wanted))
        torch.manual_seed(seed)
        with torch.no_grad():
            for weight in adapted.parameters():
                if weight.requires_grad:
                    weight.add_(torch.randn_like(weight) * 0.3)
        adapted.save_pretrained(tmp_path / name)
        return resolve(str(tmp_path / name))

    return make


def logits(model) -> torch.Tensor:
    with torch.no_grad():
        return model(input_ids=torch.tensor([[5, 6, 7, 8]])).logits


def read(folder: Path):
    return load_base(folder, dtype=torch.float32, device=CPU)


def delta(source: ModelSource, layer: str, *, scale: float) -> torch.Tensor:
    """scale · B A of one layer, read from the file."""
    weights = load_file(source.adapter / "adapter_model.safetensors")
    found = {key.rpartition(".lora_")[2]: value for key, value in weights.items() if layer in key}
    return scale * found["B.weight"] @ found["A.weight"]


@pytest.mark.parametrize(
    "config",
    [
        pytest.param({}, id="lora"),
        pytest.param({"use_rslora": True}, id="rslora"),
        pytest.param({"use_dora": True}, id="dora"),
        pytest.param({"target_modules": [*ATTENTION, "embed_tokens"]}, id="embeddings"),
        pytest.param({"modules_to_save": ["lm_head"]}, id="a whole layer"),
        pytest.param({"r": 4, "rank_pattern": {"q_proj": 8}, "alpha_pattern": {"v_proj": 9}}, id="ranks by layer"),
    ],
)
@QUIET
def test_merged_logits_are_those_of_the_adapter_beside_the_base(adapter, tiny_model, tmp_path, config) -> None:
    source = adapter("a", **config)
    apart = logits(load_model(source, dtype="float32", device="cpu", merge=False))

    merge([source], tmp_path / "merged")

    torch.testing.assert_close(logits(read(tmp_path / "merged")), apart, rtol=1e-5, atol=1e-5)
    assert (apart - logits(read(tiny_model))).abs().max() > 0.1
    assert load_tokenizer(resolve(str(tmp_path / "merged"))).chat_template is not None


@QUIET
def test_a_pissa_adapter_that_was_converted_is_merged_into_the_untouched_base(tiny_model, tmp_path) -> None:
    config = LoraConfig(task_type="CAUSAL_LM", r=2, lora_alpha=4, target_modules=ATTENTION, init_lora_weights="pissa")
    trained = get_peft_model(read(tiny_model), config)
    trained.peft_config["default"].init_lora_weights = True
    trained.save_pretrained(tmp_path / "start")
    torch.manual_seed(1)
    with torch.no_grad():
        for name, weight in trained.named_parameters():
            if "lora_B" in name:
                weight.add_(torch.randn_like(weight) * 0.3)
    expected = logits(trained)
    trained.peft_config["default"].init_lora_weights = "pissa"
    trained.save_pretrained(tmp_path / "converted", path_initial_model_for_weight_conversion=str(tmp_path / "start"))
    source = resolve(str(tmp_path / "converted"), base=str(tiny_model))

    merge([source, source], tmp_path / "merged", weights=[0.25, 0.75])

    assert json.loads((source.adapter / "adapter_config.json").read_text())["r"] == 4
    torch.testing.assert_close(logits(read(tmp_path / "merged")), expected, rtol=1e-4, atol=1e-4)


def test_two_adapters_are_added_each_times_its_weight(adapter, tiny_model, tmp_path) -> None:
    first = adapter("first", seed=1)
    second = adapter("second", seed=2, use_rslora=True, target_modules=["q_proj"])

    merge([first, second], tmp_path / "merged", weights=[0.5, -2.0])

    base, merged = read(tiny_model).model.layers[1].self_attn, read(tmp_path / "merged").model.layers[1].self_attn
    # alpha / r = 4 / 2, and alpha / √r = 4 / √2.
    expected = 0.5 * delta(first, "layers.1.self_attn.q_proj", scale=2) - 2 * delta(
        second, "layers.1.self_attn.q_proj", scale=4 / 2**0.5
    )
    torch.testing.assert_close(merged.q_proj.weight - base.q_proj.weight, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        merged.v_proj.weight - base.v_proj.weight, 0.5 * delta(first, "layers.1.self_attn.v_proj", scale=2), rtol=1e-4, atol=1e-5
    )
    torch.testing.assert_close(merged.k_proj.weight, base.k_proj.weight, rtol=0, atol=0)


def test_the_sum_is_rounded_once(adapter, tmp_path) -> None:
    sources = [adapter(f"a{seed}", seed=seed) for seed in range(3)]

    merge(sources, tmp_path / "exact", weights=[0.1, 0.2, 0.3])
    merge(sources, tmp_path / "rounded", weights=[0.1, 0.2, 0.3], dtype="bfloat16")

    exact, rounded = (load_file(tmp_path / name / "model.safetensors") for name in ("exact", "rounded"))
    assert {weight.dtype for weight in rounded.values()} == {torch.bfloat16}
    assert all(torch.equal(weight.bfloat16(), rounded[name]) for name, weight in exact.items())


def test_the_manifest_says_base_adapters_and_weights(adapter, tiny_model, tmp_path) -> None:
    first, second = adapter("first"), adapter("second", seed=2)

    merge([first, second], tmp_path / "merged", weights=[0.7, 0.3])

    manifest = json.loads((tmp_path / "merged" / "manifest.json").read_text())
    assert manifest["command"] == "models merge"
    assert manifest["settings"] == {
        "models": [str(tmp_path / "first"), str(tmp_path / "second")],
        "weights": [0.7, 0.3],
        "dtype": "float32",
    }
    assert manifest["base"] == str(tiny_model)
    assert manifest["adapters"] == [
        {"folder": str(one.adapter), "weight": weight, "sha256": file_hash(one.adapter / "adapter_model.safetensors")}
        for one, weight in ((first, 0.7), (second, 0.3))
    ]


@QUIET
def test_an_adapter_with_more_tokens_than_its_base_enlarges_it(adapter, tiny_model, tmp_path) -> None:
    rows = read(tiny_model).config.vocab_size + 5
    source = adapter("chinese", rows=rows, modules_to_save=["embed_tokens", "lm_head"])
    apart = logits(load_model(source, dtype="float32", device="cpu", merge=False))

    merge([source], tmp_path / "merged")

    assert read(tmp_path / "merged").config.vocab_size == rows
    assert apart.shape[-1] == rows
    torch.testing.assert_close(logits(read(tmp_path / "merged")), apart, rtol=1e-5, atol=1e-5)


def test_the_tokenizer_is_the_last_one_that_an_adapter_brings(adapter, tiny_model, tmp_path) -> None:
    first, second = adapter("first"), adapter("second", seed=2)
    tokenizer = load_tokenizer(first)
    tokenizer.chat_template = "first's"
    tokenizer.save_pretrained(tmp_path / "first")

    merge([resolve(str(tmp_path / "first")), second], tmp_path / "merged")

    assert load_tokenizer(resolve(str(tmp_path / "merged"))).chat_template == "first's"


def refusal(sources, tmp_path: Path, **more) -> str:
    with pytest.raises(ModelError) as error:
        merge(sources, tmp_path / "out", **more)
    assert not (tmp_path / "out").exists()
    return str(error.value)


def test_adapters_of_two_bases_are_not_added(adapter, tiny_model, tmp_path) -> None:
    other = make_tiny_model(tmp_path / "other", seed=1)
    first, second = adapter("first"), adapter("second", base=other)

    assert refusal([first, second], tmp_path) == (
        f"{second.name}: its base is {other}, and that of {first.name} is {tiny_model}; only adapters of one base can be added. "
        "One that was trained on another's merged folder: merge that one first, and give its folder as --base."
    )


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"use_dora": True}, "a DoRA adapter scales the weights it is added to"),
        ({"modules_to_save": ["lm_head"]}, "the adapter brings whole layers (lm_head) instead of a difference"),
        ({"trainable_token_indices": [5]}, "the adapter brings whole embeddings instead of a difference"),
        ({"bias": "lora_only"}, "the adapter brings whole biases instead of a difference"),
        (
            {"init_lora_weights": "pissa"},
            "the adapter begins with a part of the base (pissa) and was not converted to a plain LoRA",
        ),
    ],
)
@QUIET
def test_what_is_no_sum_is_merged_by_itself_only(adapter, tmp_path, config, why) -> None:
    plain, other = adapter("plain"), adapter("other", **config)
    expected = f"{other.name}: {why}; it can be merged by itself only, with weight 1."

    assert refusal([other], tmp_path, weights=[0.5]) == expected
    assert refusal([plain, other], tmp_path) == expected
    assert refusal([other, plain], tmp_path) == expected


def test_wrong_weights_are_told_before_anything_is_read(adapter, tmp_path) -> None:
    first = adapter("first")

    assert refusal([first, first], tmp_path, weights=[0.5]) == (
        "weights: expected one for each of the 2 models, in their order, found 1."
    )
    assert refusal([first], tmp_path, weights=[float("nan")]) == "weights: expected numbers, found nan."


def test_a_model_without_adapter_has_nothing_to_merge(tiny_model, tmp_path) -> None:
    assert refusal([resolve(str(tiny_model))], tmp_path) == f"{tiny_model}: nothing to merge: it has no adapter."


def test_merging_does_not_replace_a_folder_unasked(adapter, tmp_path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("x")

    with pytest.raises(OutputError) as error:
        merge([adapter("a")], tmp_path / "mine")

    assert str(error.value) == f"{tmp_path}/mine: in use (it holds thesis.tex); choose another --out or say --overwrite."


def test_the_command_merges_in_the_order_given(adapter, tmp_path) -> None:
    from click.testing import CliRunner

    from uie.cli import cli

    first, second, out = adapter("first"), adapter("second", seed=2), tmp_path / "merged"

    done = CliRunner().invoke(cli, ["models", "merge", first.name, second.name, str(out), "--weight", "0.7", "--weight", "0.3"])

    assert (done.exit_code, done.stdout) == (0, f"{out}\n")
    assert json.loads((out / "manifest.json").read_text())["settings"]["weights"] == [0.7, 0.3]
