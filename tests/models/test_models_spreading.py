"""Models whose weights more than one device holds answer as they do on one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from uie.errors import ModelError
from uie.generation import EngineOptions, Sampling
from uie.generation.transformers_engine import load
from uie.models.loading import load_model, resolve

PROMPTS = [[("Text: Mira met Anton in Oslo.", "")], [("Text: nobody came.", "")]]
SAID = "import json, sys; from test_models_spreading import answers; print(json.dumps(answers(sys.argv[1], sys.argv[2])))"


def answers(model: str, device: str) -> list[str]:
    engine = load(model, EngineOptions(dtype="float32", device=device))
    found = dict(engine.generate(PROMPTS, None, Sampling(max_new_tokens=10)))
    return [found[number].raw for number in range(len(PROMPTS))]


def test_layers_that_were_placed_by_accelerate_answer_as_ever(tiny_model, monkeypatch, tmp_path):
    plain = answers(str(tiny_model), "cpu")

    assert answers(str(tiny_model), "spread") == plain

    def without_room(folder, offload):  # as accelerate places what neither GPU nor memory holds
        places = dict.fromkeys(["model.embed_tokens", "model.layers.0", "model.norm", "model.rotary_emb", "lm_head"], "cpu")
        return {"device_map": {**places, "model.layers.1": "disk"}, "offload_folder": str(tmp_path)}

    monkeypatch.setattr("uie.models.loading.placement", without_room)
    assert answers(str(tiny_model), "spread") == plain
    assert load_model(resolve(str(tiny_model)), device="spread").model.layers[1].mlp.up_proj.weight.is_meta


@pytest.mark.slow
def test_weights_that_zero_fetches_layer_by_layer_answer_as_ever(tiny_model):
    done = subprocess.run(
        [sys.executable, "-c", SAID, str(tiny_model), "zero"], capture_output=True, text=True, check=False, timeout=300,
        cwd=Path(__file__).parent,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == answers(str(tiny_model), "cpu")


def test_an_adapter_is_to_be_merged_first(tiny_model, tmp_path):
    from peft import LoraConfig, get_peft_model

    adapter = tmp_path / "adapter"
    get_peft_model(load_model(resolve(str(tiny_model))), LoraConfig(target_modules=["q_proj"])).save_pretrained(adapter)

    with pytest.raises(ModelError) as error:
        load_model(resolve(str(adapter), base=str(tiny_model)), device="spread")

    assert str(error.value) == (
        f"{adapter}: device spread loads plain models only; merge the adapter first: uie models merge {adapter} FOLDER"
    )
