"""`--model` as the user gives it → `ModelSource`: which folders make the model. Reads small files only and imports no torch."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from uie.errors import ModelError, unknown_name
from uie.models.catalogue import CATALOGUE, fetch, fetched
from uie.models.families import remote_code
from uie.settings import read_yaml
from uie.storage import parse_object

_WEIGHTS = ("model.safetensors", "model.safetensors.index.json")
# Modules whose input is the hidden state: their lora_A has hidden_size columns.
_READS_HIDDEN = re.compile(r"\.(q_proj|k_proj|v_proj|qkv_proj|query_key_value|gate_proj|up_proj|gate_up_proj)\.lora_A")


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model found: `base` is always a model folder; `adapter` and `run` are None where there is none.

    `tokenizer` is the folder to read it from: the adapter's where it has one, else the base's.
    """

    name: str
    kind: Literal["run", "adapter", "model"]
    base: Path
    tokenizer: Path
    adapter: Path | None = None
    run: Path | None = None


def resolve(model: str, *, download: bool = False, base: str | None = None) -> ModelSource:
    """What `--model` names; tried as run folder, adapter folder, model folder, catalogue name, hub id, in this order.

    Nothing is fetched unless `download` says so: names and ids count when they were fetched before. `base` says which model an
    adapter belongs to, where its own config names one that is not here.

    Raises:
        ModelError: nothing is named so, a folder is none of the three kinds, or an adapter does not fit its base.
    """
    path = Path(model).expanduser()
    if path.is_dir():
        if (path / "run.yaml").is_file():
            return _run(model, path, download, base)
        if (path / "adapter_config.json").is_file():
            return _adapter(model, path, download, base)
        if (path / "config.json").is_file():
            return _model(model, path)
        raise ModelError(
            f"{path}: no model in this folder: it holds {_holds(path)}; expected run.yaml (a run), "
            "adapter_config.json (an adapter) or config.json (a model)."
        )
    if path.is_file():
        raise ModelError(f"{path}: expected a folder, found a file; give the folder that config.json lies in.")
    if model in CATALOGUE or _is_hub_id(model):
        folder = fetch(model) if download else fetched(model)
        if folder is None:
            kind = "" if model in CATALOGUE else f"there is no folder {model}, and the hub's model of that name "
            raise ModelError(f"{model}: {kind}is not fetched yet: uie models fetch {model}")
        return _model(model, folder)
    raise ModelError(
        f"{unknown_name('model', model, CATALOGUE)} Nor is there such a folder; a model of the hub is named OWNER/NAME."
    )


def run_questions(source: ModelSource) -> dict[str, Any]:
    """`questions.json` of the run the model came from: wrap, tasks, formats, prompts, schemas, max_answer_tokens; {} for other models."""
    return {} if source.run is None else _read_json(source.run / "questions.json")


def _is_hub_id(model: str) -> bool:
    return re.fullmatch(r"[\w.-]+/[\w.-]+", model, re.ASCII) is not None and not model.startswith(".")


def _holds(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir())
    return ", ".join(names[:6]) + (", …" if len(names) > 6 else "") if names else "nothing"


def _run(name: str, run: Path, download: bool, base: str | None) -> ModelSource:
    if (run / "adapter" / "adapter_config.json").is_file():
        given = base or str(read_yaml(run / "run.yaml", error=ModelError).get("model", ""))
        source = _adapter(name, run / "adapter", download, given)
        return ModelSource(name, "run", source.base, source.tokenizer, source.adapter, run)
    if (run / "model" / "config.json").is_file():
        source = _model(name, run / "model")
        return ModelSource(name, "run", source.base, source.tokenizer, None, run)
    raise ModelError(f"{run}: the run has no adapter/ and no model/ yet: training did not end; go on with uie train --resume.")


def _adapter(name: str, adapter: Path, download: bool, base: str | None) -> ModelSource:
    config = _read_json(adapter / "adapter_config.json")
    wanted = base or str(config.get("base_model_name_or_path") or "")
    if config.get("peft_type") != "LORA":
        raise ModelError(f"{adapter}: expected a LoRA adapter, found peft_type {config.get('peft_type')!r}.")
    if not (adapter / "adapter_model.safetensors").is_file():
        raise ModelError(f"{adapter}: no adapter_model.safetensors; it holds {_holds(adapter)}. Pickled weights are not read.")
    try:
        source = resolve(wanted, download=download)
    except ModelError as error:
        raise ModelError(f"{adapter}: the adapter belongs to the base model {wanted!r}: {error}") from None
    if source.kind != "model":
        raise ModelError(
            f"{adapter}: its base {wanted!r} is a{'n' if source.kind == 'adapter' else ''} {source.kind} folder; expected a model."
        )
    _check_fits(adapter, config, source)
    tokenizer = adapter if (adapter / "tokenizer_config.json").is_file() else source.tokenizer
    return ModelSource(name, "adapter", source.base, tokenizer, adapter)


def _check_fits(adapter: Path, config: Mapping[str, Any], base: ModelSource) -> None:
    """peft loads an adapter of a shallower model with a warning only, so sizes are compared here."""
    shape = _read_json(base.base / "config.json")
    weights = tensor_shapes(adapter / "adapter_model.safetensors")
    layers = {int(found.group(1)) for key in weights if (found := re.search(r"\.(?:layers|h)\.(\d+)\.", key))}
    widths = {size[-1] for key, size in weights.items() if _READS_HIDDEN.search(key)}
    for what, have, expected in (
        ("hidden size", widths, shape.get("hidden_size")),
        ("number of layers", {max(layers) + 1} if layers else set(), shape.get("num_hidden_layers")),
    ):
        # A LoRA may leave out deep layers on purpose (layers_to_transform), so fewer layers are wrong only without it.
        if have and expected and have != {expected} and not (what.startswith("number") and config.get("layers_to_transform")):
            raise ModelError(
                f"{adapter}: the adapter does not fit {base.name}: {what} {max(have)} against {expected}; "
                f"it was made for {config.get('base_model_name_or_path')}."
            )


def tensor_shapes(path: Path) -> dict[str, list[int]]:
    """Names and shapes from the header of a safetensors file: eight bytes of length, then JSON."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        if size > path.stat().st_size:
            raise ModelError(f"{path}: not a safetensors file, or cut off; copy it again.")
        try:
            header = json.loads(file.read(size))
        except ValueError:
            raise ModelError(f"{path}: not a safetensors file, or cut off; copy it again.") from None
    return {key: value["shape"] for key, value in header.items() if key != "__metadata__"}


def _model(name: str, folder: Path) -> ModelSource:
    if told := remote_code(_read_json(folder / "config.json")):  # asked first: these families publish pickled weights
        raise ModelError(f"{folder}: {told}")
    if not any((folder / weights).is_file() for weights in _WEIGHTS):
        raise ModelError(
            f"{folder}: no model.safetensors; it holds {_holds(folder)}. Pickled weights are not read: save them as safetensors."
        )
    if not any((folder / file).is_file() for file in ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json")):
        raise ModelError(f"{folder}: no tokenizer beside the model; copy tokenizer.json and tokenizer_config.json there.")
    return ModelSource(name, "model", folder, folder)


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ModelError(f"{path}: no such file.")
    return parse_object(path.read_text(encoding="utf-8"), str(path), error=ModelError)
