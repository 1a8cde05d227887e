"""Presets of model families, each on a random model of its architecture; families whose code is never run."""

import json
import math
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from uie.errors import ModelError
from uie.models.encoding import Example
from uie.models.families import FAMILIES, REMOTE, family_of, lora_targets
from uie.models.loading import load_base, load_shape, load_tokenizer
from uie.models.sources import ModelSource, resolve
from uie.training.packing import reason_against, trial_against

KINDS = [kind for family in FAMILIES for kind in family.model_types]
SIZES = {
    "vocab_size": 64,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
HEADS = {"head_dim": 8}
EXPERTS = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16, "decoder_sparse_step": 1}
YARN = {"rope_type": "default", "rope_theta": 10000.0, "llama_4_scaling_beta": 0.1, "original_max_position_embeddings": 64}
GEMMA_3 = {**SIZES, **HEADS, "layer_types": ["sliding_attention", "full_attention"]}
EYES = {
    "hidden_size": 16,
    "intermediate_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 28,
    "patch_size": 14,
}
# What a config calls by another name, or has beside the usual sizes.
OWN = {
    "qwen3": HEADS,
    "qwen2_moe": {**EXPERTS, "shared_expert_intermediate_size": 16},
    "qwen3_moe": {**EXPERTS, **HEADS},
    "ministral": HEADS,
    "ministral3": {**HEADS, "rope_parameters": YARN},
    "mixtral": {"num_local_experts": 4},
    "gemma": HEADS,
    "gemma2": HEADS,
    "gemma3_text": GEMMA_3,
    "glm": {**HEADS, "partial_rotary_factor": 0.5},
    "glm4": {**HEADS, "partial_rotary_factor": 0.5},
    "internlm3": HEADS,
    "minicpm3": {
        "num_key_value_heads": 4,
        "q_lora_rank": 8,
        "kv_lora_rank": 8,
        "qk_nope_head_dim": 4,
        "qk_rope_head_dim": 4,
        "v_head_dim": 8,
        "dim_model_base": 32,
    },
    "hunyuan_v1_dense": HEADS,
    "ernie4_5": HEADS,
    "gptj": {"rotary_dim": 4},
    "opt": {"ffn_dim": 48, "word_embed_proj_dim": 32},
    "mpt": {"max_seq_len": 64},
    "falcon_mamba": {"state_size": 4},
}
# Linear layers that get no adapter on purpose: they look at pictures, or weigh an expert.
LEFT_OUT = {"gemma3": ".vision_tower.", "qwen2_moe": ".shared_expert_gate"}


def tiny(kind: str, **more: object) -> PreTrainedModel:
    config = {**SIZES, **OWN.get(kind, {}), **more}
    if kind == "gemma3":
        config = {"text_config": GEMMA_3, "vision_config": EYES, "mm_tokens_per_image": 4}
    torch.manual_seed(0)
    return AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**config), attn_implementation="eager").eval()


@cache
def pristine(kind: str) -> PreTrainedModel:
    return tiny(kind)


def matched(model: PreTrainedModel, targets: tuple[str, ...]) -> set[str]:
    """As peft matches names: whole, or the end after a dot."""
    return {name for name, _ in model.named_modules() if any(name == one or name.endswith(f".{one}") for one in targets)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_preset_adapts_every_linear_layer_but_the_outputs(kind: str) -> None:
    model = pristine(kind)

    targets, source = lora_targets(model)

    linear = {name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear | Conv1D)}
    output = {"lm_head", "embed_out"}
    left_out = {name for name in linear if kind in LEFT_OUT and LEFT_OUT[kind] in name}
    assert bool(left_out) == (kind in LEFT_OUT)
    assert matched(model, targets) == linear - output - left_out
    assert len(linear - output - left_out) >= 8
    assert source == f"preset for {kind}"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_family_names_no_layer_that_none_of_its_models_has(family) -> None:
    found = {name.rpartition(".")[2] for kind in family.model_types for name, _ in pristine(kind).named_modules()}

    assert set(family.targets) <= found
    assert len(set(family.targets)) == len(family.targets)


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_of_lora_reaches_every_adapter(kind: str) -> None:
    model = tiny(kind)
    names, _ = lora_targets(model)
    layers = len(matched(model, names))
    adapted = get_peft_model(
        model, LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=list(names), fan_in_fan_out=kind == "gpt2")
    )
    ids = torch.tensor([[5, 6, 7, 8, 9, 10]])

    loss = adapted(input_ids=ids, labels=ids).loss
    loss.backward()

    reached = [weight.grad.abs().sum().item() for name, weight in adapted.named_parameters() if "lora_B" in name]
    assert math.isfinite(loss.item())
    assert len(reached) == layers
    assert min(reached) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_table_says_of_packing_is_so(kind: str) -> None:
    examples = [Example([*range(5, 23), 30 + n, 40 + n, 50, 2], [-100] * 20 + [50, 2]) for n in range(3)]

    reason = reason_against(pristine(kind), longest=22)
    exact = reason is None and trial_against(pristine(kind), examples, pad_id=0) is None

    assert exact == (family_of(kind).packing != "no")


@pytest.mark.parametrize("kind", ["mistral", "gemma2", "gemma3_text", "phi3", "olmo3", "cohere2", "starcoder2"])
def test_a_record_longer_than_the_window_is_not_packed(kind: str) -> None:
    assert family_of(kind).packing == "within its window"
    reason = reason_against(tiny(kind, sliding_window=8), longest=22)

    assert reason == "its attention slides over 8 tokens, and the longest example has 22"


def test_no_model_type_is_in_two_families() -> None:
    kinds = [*KINDS, *(kind for family in REMOTE for kind in family.model_types)]

    assert len(KINDS) >= 35
    assert len(set(kinds)) == len(kinds)


@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        ("nemotron", ("q_proj", "k_proj", "v_proj", "o_proj", "up_proj", "down_proj")),
        ("openai-gpt", ("c_attn", "c_proj", "c_fc")),
        # peft adapts out_proj in no Mamba.
        ("falcon_mamba", ("in_proj", "x_proj", "dt_proj")),
    ],
)
def test_a_model_without_a_preset_gets_its_own_layers_and_says_so(kind: str, targets: tuple[str, ...]) -> None:
    model = tiny(kind)

    assert lora_targets(model) == (targets, f"no preset for {kind}: all linear layers but the output's")
    assert get_peft_model(model, LoraConfig(target_modules=list(targets), fan_in_fan_out=kind == "openai-gpt")).peft_config


def test_a_model_without_linear_layers_says_what_to_do() -> None:
    with pytest.raises(ModelError) as error:
        lora_targets(tiny("llama", num_hidden_layers=0))

    assert str(error.value) == "llama: no linear layer to adapt but the output's; train it with mode full."


# Code of their own


def test_transformers_does_not_know_the_families_that_bring_code() -> None:
    kinds = [kind for family in REMOTE for kind in family.model_types]

    assert len(kinds) >= 15
    assert [kind for kind in kinds if kind in CONFIG_MAPPING] == []


READERS: dict[str, Callable[[Path], object]] = {
    "load_base": lambda folder: load_base(folder, dtype=torch.float32, device=torch.device("cpu")),
    "load_shape": load_shape,
    "load_tokenizer": lambda folder: load_tokenizer(ModelSource("x", "model", folder, folder)),
}


@pytest.fixture
def foreign(tmp_path: Path) -> Callable[[str], Path]:
    """A model folder whose config names code beside it; the code leaves a file behind if it is run."""

    def make(kind: str) -> Path:
        config = {"model_type": kind, "auto_map": {"AutoConfig": "code.Config", "AutoModelForCausalLM": "code.Model"}}
        (tmp_path / "config.json").write_text(json.dumps(config))
        (tmp_path / "code.py").write_text(f"open({str(tmp_path / 'was_run')!r}, 'w')\n")
        (tmp_path / "pytorch_model.bin").write_bytes(b"x")
        return tmp_path

    return make


@pytest.mark.parametrize("read", [*READERS.values(), lambda folder: resolve(str(folder))], ids=[*READERS, "resolve"])
def test_a_family_with_code_of_its_own_is_named_in_one_line(foreign, read) -> None:
    folder = foreign("chatglm")

    with pytest.raises(ModelError) as error:
        read(folder)

    assert str(error.value) == (
        f"{folder}: chatglm: its code is not part of transformers and is never run; take GLM-4's weights for transformers (glm, glm4), "
        "such as zai-org/glm-4-9b-chat-hf."
    )
    assert not (folder / "was_run").exists()


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_unknown_code_beside_a_model_is_not_run(foreign, read) -> None:
    import transformers

    folder = foreign("brand-new")

    with pytest.raises(ModelError) as error:
        read(folder)

    assert str(error.value) == (
        f"{folder}: brand-new: its code is not part of transformers {transformers.__version__} and is never run; "
        "take a model of a family that uie models families lists."
    )
    assert not (folder / "was_run").exists()


def test_old_code_beside_a_model_that_transformers_knows_does_not_matter(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(tiny_model, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModelForCausalLM": "code.Model"}}))
    source = resolve(str(folder))

    model = load_base(source.base, dtype=torch.float32, device=torch.device("cpu"))

    assert type(model).__name__ == "LlamaForCausalLM"
    assert len(load_tokenizer(source)) == model.config.vocab_size
