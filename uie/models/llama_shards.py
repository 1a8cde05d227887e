"""Llama 1 or 2 as Meta published it (`consolidated.*.pth`, `params.json`, `tokenizer.model`) → a Hugging Face safetensors folder.

transformers 4 had a script for this (models/llama/convert_llama_weights_to_hf.py), which 5.23 does not ship.
"""

import pickle
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerBase

from uie.errors import ModelError
from uie.models.loading import load_llama_tokenizer
from uie.storage import file_hash, parse_object, whole_folder, write_manifest

# Meta's names of a layer's weights, ours, and the dimension along which shards divide them (None: each shard has it whole).
_LAYER: dict[str, tuple[str, int | None]] = {
    "attention.wq": ("self_attn.q_proj", 0),
    "attention.wk": ("self_attn.k_proj", 0),
    "attention.wv": ("self_attn.v_proj", 0),
    "attention.wo": ("self_attn.o_proj", 1),
    "feed_forward.w1": ("mlp.gate_proj", 0),
    "feed_forward.w2": ("mlp.down_proj", 1),
    "feed_forward.w3": ("mlp.up_proj", 0),
    "attention_norm": ("input_layernorm", None),
    "ffn_norm": ("post_attention_layernorm", None),
}
_OUTER: dict[str, tuple[str, int | None]] = {
    "tok_embeddings": ("model.embed_tokens", 1),
    "norm": ("model.norm", None),
    "output": ("lm_head", 0),
}


def convert_llama(folder: Path, out: Path, *, positions: int | None = None, overwrite: bool = False) -> Path:
    """Writes the model in the dtype it is stored in; it takes as much memory as the model's files.

    `params.json` does not say how many positions the model was made for. Unless `positions` does: 2048, as for Llama 1, where
    `norm_eps` is 1e-6; 16384, as for Code Llama, where `rope_theta` is 1e6; else 4096, as for Llama 2 (Llama 1 with 65 B has its
    `norm_eps` too: give 2048).

    Raises:
        ModelError: a file is missing, holds anything but tensors, does not fit the others, or is of Llama 3.
        OutputError: `out` is in use.
    """
    paths = _shard_paths(folder)
    params = _params(folder)
    tokenizer_file = _tokenizer_file(folder)
    with whole_folder(out, overwrite=overwrite) as partial:
        tokenizer = _tokenizer(tokenizer_file)
        weights = _joined([_read_shard(path) for path in paths], params, folder)
        model = _model(weights, params, tokenizer, folder, positions=positions)
        model.save_pretrained(partial)
        model_length = model.config.max_position_embeddings
        tokenizer.model_max_length = model_length
        tokenizer.save_pretrained(partial)
        write_manifest(
            partial,
            "models convert",
            {"folder": str(folder), "positions": model_length},
            params=params,
            shards=[path.name for path in paths],
            tokenizer_sha256=file_hash(tokenizer_file),
        )
    return out


# What is in the folder


def _shard_paths(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise ModelError(f"{folder}: no such folder; give the one that consolidated.00.pth lies in.")
    paths = sorted(folder.glob("consolidated.*.pth"))
    if not paths:
        raise ModelError(f"{folder}: no consolidated.00.pth; expected a model as Meta published it, such as LLaMA/7B.")
    for number, path in enumerate(paths):
        if path.name != f"consolidated.{number:02}.pth":
            raise ModelError(f"{folder}: consolidated.{number:02}.pth is missing, and {path.name} is there; copy it too.")
    return paths


def _params(folder: Path) -> dict[str, Any]:
    path = folder / "params.json"
    if not path.is_file():
        raise ModelError(f"{path}: no such file; copy it from where the .pth files came from.")
    params = parse_object(path.read_text(encoding="utf-8"), str(path), error=ModelError)
    if missing := {"dim", "n_heads", "n_layers", "norm_eps"} - set(params):
        raise ModelError(f"{path}: expected dim, n_heads, n_layers and norm_eps, found no {', '.join(sorted(missing))}.")
    if params.get("use_scaled_rope"):
        raise ModelError(
            f"{folder}: this is Llama 3, which is published for transformers as well; fetch that instead of converting."
        )
    return params


def _tokenizer_file(folder: Path) -> Path:
    """Beside the shards, or one folder above: Llama 1 has one for all sizes."""
    for path in (folder / "tokenizer.model", folder.parent / "tokenizer.model"):
        if path.is_file():
            return path
    raise ModelError(f"{folder}: no tokenizer.model in it or in {folder.parent}; copy it there.")


def _tokenizer(path: Path) -> PreTrainedTokenizerBase:
    try:
        sentencepiece.SentencePieceProcessor(model_file=str(path))
    except (OSError, RuntimeError):
        raise ModelError(
            f"{path}: not a sentencepiece model; Llama 3's is not, but Llama 3 is published for transformers."
        ) from None
    return load_llama_tokenizer(path)


def _read_shard(path: Path) -> dict[str, torch.Tensor]:
    """Tensors and nothing else: `weights_only` refuses every pickle that would call something."""
    try:
        read = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        called = re.search(r"GLOBAL (\S+)", str(error))
        what = f"it wants to run {called.group(1)}" if called else "it is cut off, of another kind, or not readable"
        raise ModelError(f"{path}: not tensors only: {what}; nothing of it was run. Take the file from its publisher.") from None
    if not isinstance(read, dict) or not all(isinstance(value, torch.Tensor) for value in read.values()):
        raise ModelError(f"{path}: expected tensors by name, found {type(read).__name__}.")
    return read


# Names and shapes


def _joined(shards: Sequence[dict[str, torch.Tensor]], params: dict[str, Any], folder: Path) -> dict[str, torch.Tensor]:
    _check_count(shards, params, folder)
    heads, kv_heads = _heads(params)
    found = {}
    for key in shards[0]:
        if "rope.freqs" in key:  # computed from rope_theta
            continue
        name, dimension = _place(key, folder)
        try:
            pieces = [shard[key] for shard in shards]
        except KeyError:
            raise ModelError(
                f"{folder}: {key} is in consolidated.00.pth and not in every shard; they do not belong together."
            ) from None
        if key == "tok_embeddings.weight" and pieces[0].shape[1] == params["dim"]:
            dimension = 0
        weight = pieces[0] if dimension is None or len(pieces) == 1 else torch.cat(pieces, dim=dimension)
        if key.endswith((".wq.weight", ".wk.weight")):
            weight = _halves(weight, heads if key.endswith(".wq.weight") else kv_heads)
        found[name] = weight
    return found


def _check_count(shards: Sequence[dict[str, torch.Tensor]], params: dict[str, Any], folder: Path) -> None:
    """Every shard has as many rows of the queries, which are `dim` in all."""
    query = shards[0].get("layers.0.attention.wq.weight")
    wanted = len(shards) if query is None else params["dim"] // query.shape[0]
    if wanted > len(shards):
        missing = f"consolidated.{len(shards):02}.pth"
        raise ModelError(f"{folder}: the model is divided into {wanted} shards, found {len(shards)}: {missing} is missing.")


def _heads(params: dict[str, Any]) -> tuple[int, int]:
    return int(params["n_heads"]), int(params.get("n_kv_heads") or params["n_heads"])


def _place(key: str, folder: Path) -> tuple[str, int | None]:
    """Our name of one of Meta's weights, and how shards divide it."""
    layer = re.fullmatch(r"layers\.(\d+)\.(.+)\.weight", key)
    if layer and layer.group(2) in _LAYER:
        name, dimension = _LAYER[layer.group(2)]
        return f"model.layers.{layer.group(1)}.{name}.weight", dimension
    if (outer := key.removesuffix(".weight")) in _OUTER:
        name, dimension = _OUTER[outer]
        return f"{name}.weight", dimension
    raise ModelError(
        f"{folder}: {key!r} is no weight of Llama 1 or 2; expected Meta's names, such as layers.0.attention.wq.weight."
    )


def _halves(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Rows of each head reordered: Meta turns neighbours (0, 1), (2, 3), … into each other, transformers row i and row i + half."""
    rows, columns = weight.shape
    return weight.view(heads, rows // heads // 2, 2, columns).transpose(1, 2).reshape(rows, columns)


def _model(
    weights: dict[str, torch.Tensor],
    params: dict[str, Any],
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    *,
    positions: int | None,
) -> LlamaForCausalLM:
    """The sizes that params.json leaves open are read from the weights."""
    heads, kv_heads = _heads(params)
    embeddings = weights["model.embed_tokens.weight"]
    theta = float(params.get("rope_theta") or 10000.0)
    guessed = 16384 if theta == 1e6 else 2048 if params["norm_eps"] == 1e-6 else 4096
    config = LlamaConfig(
        vocab_size=embeddings.shape[0],
        hidden_size=params["dim"],
        intermediate_size=weights["model.layers.0.mlp.gate_proj.weight"].shape[0],
        num_hidden_layers=params["n_layers"],
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        rms_norm_eps=params["norm_eps"],
        max_position_embeddings=positions or guessed,
        rope_parameters={"rope_type": "default", "rope_theta": theta},
        tie_word_embeddings=False,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype=embeddings.dtype,
    )
    if len(tokenizer) > config.vocab_size:
        raise ModelError(
            f"{folder}: the tokenizer knows {len(tokenizer)} tokens, the model {config.vocab_size}; they do not belong together."
        )
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    try:
        model.load_state_dict(weights, strict=True, assign=True)
    except RuntimeError as error:
        raise ModelError(
            f"{folder}: the shards do not make the model of params.json: {' '.join(str(error).split())[:300]}"
        ) from None
    return model
