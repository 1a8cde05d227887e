"""A model's `model_type` → what is known of its family: LoRA targets, wrap, packing; and the families whose code transformers lacks.

A model of no family here works too: its layers are found in the model itself. No torch until a model is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from uie.errors import ModelError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Packing = Literal["exact", "within its window", "no"]

_GATED = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
_ATTENTION = _GATED[:4]
_NEOX = ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h")
_EXPERTS = "the experts are not linear layers in transformers and get no adapter"
_WINDOW: Packing = "within its window"
_MAMBA = {"falcon_h1", "mamba", "mamba2", "falcon_mamba", "nemotron_h"}


@dataclass(frozen=True, slots=True)
class Family:
    """What its models have in common.

    `targets` are the names of the layers that LoRA adapts: every linear one but the output's. `wrap` is the one to take, for models
    without a chat template too. `packing`: whether `packing: prefix` is exact ("within its window": for records that the attention's
    sliding window holds whole); training looks at the model itself.
    """

    name: str
    model_types: tuple[str, ...]
    targets: tuple[str, ...]
    wrap: str = "chat; plain for base models"
    packing: Packing = "exact"
    note: str = ""


@dataclass(frozen=True, slots=True)
class RemoteFamily:
    """Models that bring their own Python code, which is never run: not tested, not loaded. `instead` is what to do."""

    name: str
    model_types: tuple[str, ...]
    instead: str


FAMILIES = (
    Family(
        "Llama",
        ("llama",),
        _GATED,
        "chat; without a template plain, or alpaca for Alpaca's heirs",
        note="also SmolLM 1-2, Yi, Vicuna, TinyLlama, Chinese-LLaMA; original .pth weights: uie models convert",
    ),
    Family("Qwen2, Qwen2.5", ("qwen2",), _GATED, "chat", note="its default system message is left empty"),
    Family("Qwen3", ("qwen3",), _GATED, "chat", note="asked without thinking"),
    Family("Qwen2 MoE, Qwen3 MoE", ("qwen2_moe", "qwen3_moe"), _GATED, "chat", note=_EXPERTS),
    Family(
        "Mistral, Ministral", ("mistral", "ministral", "ministral3"), _GATED, packing=_WINDOW, note="window: 4096 in Mistral 0.1"
    ),
    Family("Mixtral", ("mixtral",), _ATTENTION, note=_EXPERTS),
    Family("Gemma", ("gemma",), _GATED, note="knows no system message"),
    Family("Gemma 2", ("gemma2",), _GATED, packing=_WINDOW, note="knows no system message; window: 4096"),
    Family(
        "Gemma 3",
        ("gemma3_text", "gemma3"),
        _GATED,
        packing=_WINDOW,
        note="window: 512 or 1024; layers that see pictures get no adapter",
    ),
    Family("SmolLM3", ("smollm3",), _GATED, "chat", note="asked without thinking"),
    Family(
        "GLM-4",
        ("glm", "glm4"),
        (*_ATTENTION, "gate_up_proj", "down_proj"),
        note="the weights for transformers, such as glm-4-9b-chat-hf; those of model_type chatglm bring code",
    ),
    Family("InternLM3", ("internlm3",), _GATED, "chat"),
    Family("MiniCPM3", ("minicpm3",), ("q_a_proj", "q_b_proj", "kv_a_proj_with_mqa", "kv_b_proj", "o_proj", *_GATED[4:]), "chat"),
    Family("Hunyuan", ("hunyuan_v1_dense",), _GATED),
    Family("ERNIE 4.5", ("ernie4_5",), _GATED),
    Family("Phi-1, Phi-2", ("phi",), ("q_proj", "k_proj", "v_proj", "dense", "fc1", "fc2"), "plain"),
    Family(
        "Phi-3, Phi-4", ("phi3",), ("qkv_proj", "o_proj", "gate_up_proj", "down_proj"), "chat", _WINDOW, "window: of Phi-3 mini"
    ),
    Family("Granite", ("granite",), _GATED),
    Family("OLMo, OLMo 2", ("olmo", "olmo2"), _GATED),
    Family("OLMo 3", ("olmo3",), _GATED, packing=_WINDOW, note="window: 4096"),
    Family("Command R", ("cohere", "cohere2"), _GATED, "chat", _WINDOW, "window: of Command R7B"),
    Family("StableLM", ("stablelm",), _GATED),
    Family("StarCoder2", ("starcoder2",), (*_ATTENTION, "c_fc", "c_proj"), "plain", _WINDOW, "window: 4096"),
    Family("Falcon", ("falcon",), _NEOX, "plain", note="Falcon-RW: packing no (ALiBi)"),
    Family("GPT-NeoX, Pythia", ("gpt_neox",), _NEOX, "plain"),
    Family("GPT-J", ("gptj",), ("q_proj", "k_proj", "v_proj", "out_proj", "fc_in", "fc_out"), "plain"),
    Family("GPT-2", ("gpt2",), ("c_attn", "c_proj", "c_fc"), "plain", note="its layers are Conv1D, linear ones stored transposed"),
    Family("OPT", ("opt",), ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2"), "plain"),
    Family("BLOOM", ("bloom",), _NEOX, "plain; human for BELLE", "no", "ALiBi: it takes no positions"),
    Family("MPT", ("mpt",), ("Wqkv", "out_proj", "up_proj", "down_proj"), "plain", "no", "ALiBi: it takes no positions"),
)

REMOTE = (
    RemoteFamily(
        "ChatGLM 1-3, GLM-4 as first published",
        ("chatglm",),
        "take GLM-4's weights for transformers (glm, glm4), such as zai-org/glm-4-9b-chat-hf",
    ),
    RemoteFamily(
        "Baichuan, Baichuan2",
        ("baichuan",),
        "convert a 7B one to Llama's layout (W_pack is q, k and v one above the other; LLaMA-Factory's llamafy_baichuan2.py does it), "
        "or take Qwen2.5",
    ),
    RemoteFamily(
        "InternLM, InternLM2",
        ("internlm", "internlm2"),
        "take InternLM3 (internlm3), or convert InternLM2 to Llama's layout with tools/convert2llama.py of InternLM's repository",
    ),
    RemoteFamily("Qwen 1", ("qwen",), "take Qwen2.5 or Qwen3 (qwen2, qwen3)"),
    RemoteFamily("MiniCPM 1-2", ("minicpm",), "take MiniCPM3 (minicpm3)"),
    RemoteFamily("Yi as first published", ("Yi",), "take its later weights in Llama's layout (llama)"),
    RemoteFamily("Falcon as first published", ("RefinedWeb", "RefinedWebModel"), "take its later weights (falcon)"),
    RemoteFamily("StableLM as first published", ("stablelm_epoch",), "take its later weights (stablelm)"),
    RemoteFamily("Aquila, MOSS, Orion, Skywork, XVERSE", ("aquila", "moss", "orion", "skywork", "xverse"), "take Qwen2.5 or Qwen3"),
)


def family_of(model_type: str) -> Family | None:
    """The family with a preset, if there is one."""
    return next((family for family in FAMILIES if model_type in family.model_types), None)


def remote_code(config: Mapping[str, Any]) -> str | None:
    """What to do instead of loading a model whose config.json this is, where it is one of the families with code of their own."""
    kind = config.get("model_type")
    family = next((family for family in REMOTE if kind in family.model_types), None)
    return None if family is None else f"{kind}: its code is not part of transformers and is never run; {family.instead}."


def lora_targets(model: PreTrainedModel) -> tuple[tuple[str, ...], str]:
    """Names of the layers to adapt, as peft takes them, and where they come from. `model` has no adapter yet; any device will do.

    Names are the last part of a layer's, or whole where other layers (those that see pictures) have the same last part.

    Raises:
        ModelError: the model has no linear layer but the output's.
    """
    kind = str(model.config.model_type)
    family = family_of(kind)
    layers = _linear_layers(model)
    if family and (known := [name for name in layers if _last(name) in family.targets]):
        return _names(model, known), f"preset for {kind}"
    if not layers:
        raise ModelError(f"{kind}: no linear layer to adapt but the output's; train it with mode full.")
    return _names(model, layers), f"no preset for {kind}: all linear layers but the output's"


def _linear_layers(model: Any) -> list[str]:
    """Whole names of the language model's linear layers (GPT-2's Conv1D among them) but the output's."""
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    output = model.get_output_embeddings()
    language = {id(module) for module in model.get_decoder().modules()}
    linear = ((name, module) for name, module in model.named_modules() if isinstance(module, nn.Linear | Conv1D))
    return [name for name, module in linear if id(module) in language and module is not output and not _refused(model, name)]


def _refused(model: Any, name: str) -> bool:
    """What peft refuses (`_check_lora_target_modules_mamba`): Mamba's kernels read these weights and never call the layer."""
    return model.config.model_type in _MAMBA and _last(name) == "out_proj"


def _names(model: Any, layers: list[str]) -> tuple[str, ...]:
    short = tuple(dict.fromkeys(map(_last, layers)))
    meant = {name for name, _ in model.named_modules() if _last(name) in short}
    return short if meant == set(layers) else tuple(layers)


def _last(name: str) -> str:
    return name.rpartition(".")[2]
