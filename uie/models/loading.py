"""`ModelSource` → a model and its tokenizer; GGUF → safetensors. The only module that calls `from_pretrained`."""

import importlib.util
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import transformers
from peft import PeftModel
from safetensors import SafetensorError
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    LlamaTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils.logging import disable_progress_bar

from uie.errors import ModelError
from uie.models.families import remote_code
from uie.models.sources import ModelSource, resolve, run_questions, tensor_shapes
from uie.models.spreading import SPREAD, ZERO, placement, with_zero, zero_config
from uie.resources import cache_folder
from uie.storage import parse_object

__all__ = [
    "ModelSource",
    "attach_adapter",
    "best_dtype",
    "convert_gguf",
    "load_llama_tokenizer",
    "load_model",
    "load_tokenizer",
    "own_dtype",
    "pick_device",
    "resolve",
    "run_questions",
]

QUANTISED = {8: "int8 (LLM.int8)", 4: "nf4, double quantisation"}
"""What weights are with so many bits."""
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Everything is read from a folder that is there: no question to the hub, no code of the model's, no pickles.
_LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def pick_device(device: str = "auto") -> torch.device:
    """ "auto" is the first GPU, else the CPU.

    Raises:
        ModelError: there is no such device.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelError(f"device {device!r}: torch {torch.__version__} sees no CUDA device; use cpu or auto.")
    try:
        found = torch.device(device)
        torch.empty(0, device=found)  # a number may be too high, and a kind not be part of this torch
    except (RuntimeError, AssertionError, NotImplementedError):
        raise ModelError(
            f"device {device!r}: torch {torch.__version__} has none of that name here; expected auto, cpu, cuda or cuda:N."
        ) from None
    return found


def best_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware computes in it, else float32. Measured on a Xeon with AMX: 4 times the multiplications a second."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


def load_tokenizer(source: ModelSource) -> PreTrainedTokenizerBase:
    """The tokenizer of the run, adapter or model.

    Raises:
        ModelError: transformers cannot read it, or not without running the model's own code.
    """
    _check_code(source.base)
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(source.tokenizer, **_LOCAL)
    except (OSError, ValueError) as error:
        raise ModelError(f"{source.tokenizer}: no tokenizer that transformers can read: {_one_line(error)}") from None
    return tokenizer


def load_llama_tokenizer(path: Path) -> PreTrainedTokenizerBase:
    """Of a `tokenizer.model` of sentencepiece alone, as Llama 1 and 2 have it: begins with <s>, and a space before the first word."""
    with tempfile.TemporaryDirectory() as scratch:  # transformers reads folders
        shutil.copyfile(path, Path(scratch) / "tokenizer.model")
        tokenizer: PreTrainedTokenizerBase = LlamaTokenizer.from_pretrained(scratch, add_bos_token=True, local_files_only=True)
    return tokenizer


def load_model(source: ModelSource, *, dtype: str = "auto", device: str = "auto", merge: bool = True) -> PreTrainedModel:
    """The model in evaluation mode, its adapter merged in: generating with an adapter beside the weights takes twice as long.

    With `merge=False` an adapter stays apart, frozen (a `PeftModel`, which behaves as the model does). Sums of weights and
    adapter are made in float32 and rounded once. `device` may also be "spread" or "zero": see `uie.models.spreading`.

    Raises:
        ModelError: the folder does not hold a causal language model of the size its config says.
    """
    where = pick_device("auto" if device in (SPREAD, ZERO) else device)
    if dtype not in ("auto", *DTYPES):
        raise ModelError(f"dtype {dtype!r}: expected auto, float32 or bfloat16.")
    wanted = best_dtype(where) if dtype == "auto" else DTYPES[dtype]
    if device in (SPREAD, ZERO):
        return _beyond_one_device(source, device, wanted)
    loaded_in = torch.float32 if source.adapter and merge else wanted
    model = _read_model(source.base, loaded_in)
    if source.adapter is not None:
        adapted = attach_adapter(model, source.adapter)
        model = adapted.merge_and_unload() if merge else adapted
    found: PreTrainedModel = model.to(device=where, dtype=wanted if merge else None).eval()
    return found


def _beyond_one_device(source: ModelSource, device: str, dtype: torch.dtype) -> PreTrainedModel:
    if source.adapter is not None:
        raise ModelError(
            f"{source.name}: device {device} loads plain models only; merge the adapter first: uie models merge {source.name} FOLDER"
        )
    if device == SPREAD:
        model = _read_model(source.base, dtype, **placement(source.base, cache_folder() / "offload"))
    else:
        hidden = int(AutoConfig.from_pretrained(source.base, **_LOCAL).get_text_config().hidden_size)
        model = with_zero(lambda: _read_model(source.base, dtype), zero_config(dtype, hidden=hidden))
    found: PreTrainedModel = model.eval()
    return found


def load_base(
    folder: Path, *, dtype: torch.dtype, device: torch.device, bits: int = 16, attention: str | None = None
) -> PreTrainedModel:
    """A model folder as training on `device` starts from it; moving it there is the trainer's business.

    With 8 or 4 `bits` the linear layers but the output's are quantised as they are read (LLM.int8; nf4 with double quantisation, as
    QLoRA), and lie on the process' own GPU at once. They compute in `dtype`, cannot be trained, and an adapter can.

    `attention` is an implementation that `uie.models.attention` chose; None leaves it to transformers.

    Raises:
        ModelError: the folder does not hold a causal language model, or bitsandbytes is wanted and not installed.
    """
    if bits == 16:
        found: PreTrainedModel = _read_model(folder, dtype, attn_implementation=attention)
        return found
    if importlib.util.find_spec("bitsandbytes") is None:
        raise ModelError(f"bits: {bits} needs bitsandbytes, which is not installed; install uie-llm[quant], or take bits: 16.")
    return _in_shape_to_train(
        _read_model(folder, dtype, quantization_config=_quantisation(bits, dtype), attn_implementation=attention)
    )


def _quantisation(bits: int, dtype: torch.dtype) -> BitsAndBytesConfig:
    # On every call it would tell of a kernel that it could download, and that int8 products take float16.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    if bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True)  # type: ignore[no-untyped-call, unused-ignore]
    return BitsAndBytesConfig(  # type: ignore[no-untyped-call, unused-ignore]
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        bnb_4bit_quant_storage=dtype,  # what spreads weights over processes (ZeRO-3, FSDP) takes floating point only
    )


def _in_shape_to_train(model: Any) -> PreTrainedModel:
    """Norms and biases in float32, as QLoRA; peft's `prepare_model_for_kbit_training` also doubles the size of the embeddings."""
    for layer in model.modules():
        if hasattr(layer, "support_avx512bf16_for_cpu"):
            # Where a CPU has these instructions, bitsandbytes 0.50 repacks nf4 weights for good at the first product in evaluation
            # mode, rounds their scales, and lets no gradient through any more: an evaluation would end the training unseen.
            layer.support_avx512bf16_for_cpu = False
    for weight in model.parameters():
        weight.requires_grad = False
        if weight.ndim == 1 and weight.is_floating_point():
            weight.data = weight.data.float()
    # What the last norm hands on is float32 now, and the output layer's weights may be bfloat16.
    output = model.get_output_embeddings()
    output.register_forward_pre_hook(lambda layer, inputs: (inputs[0].to(layer.weight.dtype), *inputs[1:]))
    found: PreTrainedModel = model
    return found


def model_class(folder: Path) -> type[PreTrainedModel] | None:
    """What a model folder is loaded as, by its config; None where transformers does not know it: who loads it says what is wrong."""
    try:
        config = AutoConfig.from_pretrained(folder, **_LOCAL)
    except (OSError, ValueError, KeyError):
        return None
    found: Any = MODEL_FOR_CAUSAL_LM_MAPPING.get(type(config), None)
    return found[0] if isinstance(found, tuple) else found  # type: ignore[no-any-return]


def load_shape(folder: Path, *, attention: str | None = None) -> PreTrainedModel:
    """The model that a folder's config describes, on the meta device: names and shapes of its weights, and no weights.

    Raises:
        ModelError: transformers knows no causal language model of that config.
    """
    _check_code(folder)
    try:
        config = AutoConfig.from_pretrained(folder, **_LOCAL)
        with torch.device("meta"):
            found: PreTrainedModel = AutoModelForCausalLM.from_config(config, attn_implementation=attention)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{folder}: no causal language model: {_one_line(error)}") from None
    return found


def _no_bars_in_files() -> None:
    """transformers draws its loading bars into log files too."""
    if not sys.stderr.isatty():
        disable_progress_bar()  # type: ignore[no-untyped-call]


def _read_model(folder: Path, dtype: torch.dtype, **how: Any) -> Any:
    _check_code(folder)
    _no_bars_in_files()
    try:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, use_safetensors=True, **how, **_LOCAL)
    except (OSError, ValueError, RuntimeError, SafetensorError) as found:
        raise ModelError(f"{folder}: not a causal language model that transformers can read: {_one_line(found)}") from None


def attach_adapter(model: Any, adapter: Path) -> PeftModel:
    """The model with a frozen adapter on it.

    An adapter that was trained with more tokens than the model has (Chinese-LLaMA's) brings its embeddings along; the model gets as
    many rows first. Embeddings and output that share their weights share them no longer where the adapter changes one of them: what is
    merged into one would change the other.
    """
    config = parse_object((adapter / "adapter_config.json").read_text(encoding="utf-8"), str(adapter), error=ModelError)
    shapes = tensor_shapes(adapter / "adapter_model.safetensors")
    enter, leave = model.get_input_embeddings(), model.get_output_embeddings()
    names = [name for name, module in model.named_modules() if module in (enter, leave)]
    rows = [shape[0] for key, shape in shapes.items() if key.endswith(tuple(f"{name}.weight" for name in names))]
    if rows and max(rows) > enter.weight.shape[0]:
        model.resize_token_embeddings(max(rows), mean_resizing=False)
    # peft can keep what it changes in both alike by itself.
    apart = not config.get("ensure_weight_tying") and not config.get("trainable_token_indices")
    if apart and enter.weight is leave.weight and any(f".{name}." in key for name in names for key in shapes):
        leave.weight = torch.nn.Parameter(leave.weight.detach().clone())
        model.config.tie_word_embeddings = False
    return PeftModel.from_pretrained(model, str(adapter), local_files_only=True)


def _check_code(folder: Path) -> None:
    """Refuses a model that needs Python code from its folder: such code is never run."""
    path = folder / "config.json"
    config = parse_object(path.read_text(encoding="utf-8"), str(path), error=ModelError) if path.is_file() else {}
    kind = config.get("model_type")
    if kind in CONFIG_MAPPING:  # many folders still hold the code that transformers has taken over since
        return
    if told := remote_code(config):
        raise ModelError(f"{folder}: {told}")
    if config.get("auto_map"):
        raise ModelError(
            f"{folder}: {kind}: its code is not part of transformers {transformers.__version__} and is never run; "
            "take a model of a family that uie models families lists."
        )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def own_dtype(folder: Path) -> torch.dtype:
    """What the weights of a model folder are stored in, as its config says."""
    found = AutoConfig.from_pretrained(folder, **_LOCAL).dtype
    return found if isinstance(found, torch.dtype) else torch.float32


def convert_gguf(gguf: Path, out: Path, *, pad_token: str) -> None:
    """Writes a quantized GGUF as a plain bfloat16 safetensors folder; scores on it are those of "dequantized" weights.

    The padding token is given because GGUF files name end-of-sequence for it, and a model that is trained with end-of-sequence
    masked as padding never stops.
    """
    _no_bars_in_files()
    from transformers import GgufConfig  # type: ignore[attr-defined, unused-ignore]

    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name, **_LOCAL)
    tokenizer.pad_token = pad_token
    # Without dequantize transformers 5 keeps the packed weights, which can be neither trained nor saved.
    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True), **_LOCAL
    )
    tokenizer.model_max_length = model.config.max_position_embeddings
    model.config.pad_token_id = model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(out)
    tokenizer.save_pretrained(out)
