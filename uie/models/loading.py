"""`ModelSource` → a model and its tokenizer; merging adapters; GGUF → safetensors. The only module that calls `from_pretrained`."""

import sys
from pathlib import Path
from typing import Any, Literal

import torch
from peft import PeftModel
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils.logging import disable_progress_bar

from uie.errors import ModelError
from uie.models.sources import ModelSource, resolve, run_questions
from uie.storage import whole_folder, write_manifest

__all__ = [
    "ModelSource",
    "best_dtype",
    "convert_gguf",
    "load_model",
    "load_tokenizer",
    "merge",
    "pick_device",
    "resolve",
    "run_questions",
]

Dtype = Literal["auto", "float32", "bfloat16"]
_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
# Everything is read from a folder that is there: no question to the hub, no code of the model's, no pickles.
_LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}


def pick_device(device: str = "auto") -> torch.device:
    """ "auto" is the first GPU, else the CPU.

    Raises:
        ModelError: a CUDA device was asked for and there is none.
    """
    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelError(f"device {device!r}: torch {torch.__version__} sees no CUDA device; use cpu or auto.")
    return torch.device(device)


def best_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware computes in it, else float32. Measured on a Xeon with AMX: 4 times the multiplications a second."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if torch.cpu._is_avx512_bf16_supported() else torch.float32


def load_tokenizer(source: ModelSource) -> PreTrainedTokenizerBase:
    """The tokenizer of the run, adapter or model."""
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(source.tokenizer, **_LOCAL)
    return tokenizer


def load_model(source: ModelSource, *, dtype: str = "auto", device: str = "auto", merge: bool = True) -> PreTrainedModel:
    """The model in evaluation mode, its adapter merged in: generating with an adapter beside the weights takes twice as long.

    With `merge=False` an adapter stays apart, frozen (a `PeftModel`, which behaves as the model does). Sums of weights and
    adapter are made in float32 and rounded once.

    Raises:
        ModelError: the folder does not hold a causal language model of the size its config says.
    """
    where = pick_device(device)
    if dtype not in ("auto", *_DTYPES):
        raise ModelError(f"dtype {dtype!r}: expected auto, float32 or bfloat16.")
    wanted = best_dtype(where) if dtype == "auto" else _DTYPES[dtype]
    loaded_in = torch.float32 if source.adapter and merge else wanted
    model = _read_model(source.base, loaded_in)
    if source.adapter is not None:
        adapted = PeftModel.from_pretrained(model, str(source.adapter), local_files_only=True)
        model = adapted.merge_and_unload() if merge else adapted
    found: PreTrainedModel = model.to(device=where, dtype=wanted if merge else None).eval()
    return found


def load_base(folder: Path, *, dtype: torch.dtype, device: torch.device) -> PreTrainedModel:
    """A model folder as training on `device` starts from it; moving it there is the trainer's business.

    On a CPU attention is computed plainly: the backward pass of torch's fused one is slower there (SmolLM2-135M, bfloat16, 8 × 160
    tokens, torch 2.13, two cores: 4.7 s a step against 3.8 s).
    """
    found: PreTrainedModel = _read_model(folder, dtype)
    return found


def load_shape(folder: Path) -> PreTrainedModel:
    """The model that a folder's config describes, on the meta device: names and shapes of its weights, and no weights.

    Raises:
        ModelError: transformers knows no causal language model of that config.
    """
    try:
        config = AutoConfig.from_pretrained(folder, **_LOCAL)
        with torch.device("meta"):
            found: PreTrainedModel = AutoModelForCausalLM.from_config(config)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError(f"{folder}: no causal language model: {' '.join(str(error).split())[:300]}") from None
    return found


def _no_bars_in_files() -> None:
    """transformers draws its loading bars into log files too."""
    if not sys.stderr.isatty():
        disable_progress_bar()  # type: ignore[no-untyped-call]


def _read_model(folder: Path, dtype: torch.dtype, **how: Any) -> Any:
    _no_bars_in_files()
    try:
        return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, use_safetensors=True, **how, **_LOCAL)
    except (OSError, ValueError, RuntimeError, SafetensorError) as found:
        raise ModelError(
            f"{folder}: not a causal language model that transformers can read: {' '.join(str(found).split())[:300]}"
        ) from None


def merge(source: ModelSource, out: Path, *, dtype: Dtype = "auto", overwrite: bool = False) -> Path:
    """Writes a plain model folder with its tokenizer, the adapter summed into the weights.

    `auto` keeps the base model's own dtype. The sum is made in float32.

    Raises:
        ModelError: there is no adapter to merge.
        OutputError: `out` is in use.
    """
    if source.adapter is None:
        raise ModelError(f"{source.name}: nothing to merge: it has no adapter.")
    with whole_folder(out, overwrite=overwrite) as partial:
        model: Any = load_model(source, dtype="float32", device="cpu")
        kept = getattr(torch, _own_dtype(source.base)) if dtype == "auto" else _DTYPES[dtype]
        model.to(kept).save_pretrained(partial)
        load_tokenizer(source).save_pretrained(partial)
        settings = {"model": source.name, "dtype": str(kept).removeprefix("torch.")}
        write_manifest(partial, "models merge", settings, base=str(source.base), adapter=str(source.adapter))
    return out


def _own_dtype(folder: Path) -> str:
    dtype = AutoConfig.from_pretrained(folder, **_LOCAL).dtype
    return str(dtype).removeprefix("torch.") if dtype is not None else "float32"


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
