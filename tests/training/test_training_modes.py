"""What is trained: every weight, the last layers, or one of the kinds of adapters; and that what is saved does what was trained."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
import transformers
from peft.optimizers import create_loraplus_optimizer
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, TrainerCallback

from uie.errors import SettingsError, TrainingError
from uie.extraction.evaluation import evaluate_model
from uie.models.loading import load_base, load_model, resolve
from uie.models.merging import merge
from uie.training.lora import add_adapter, keep_start, plus_groups, subtract_start
from uie.training.modes import decoder_layers, prepare
from uie.training.preview import preview
from uie.training.run import train
from uie.training.settings import F1Settings, LoraSettings, TrainSettings

CPU = torch.device("cpu")
IDS = torch.arange(3, 60)[None]
ADAPTER = "adapter/adapter_model.safetensors"


@pytest.fixture
def settings(tiny_model: Path, records_file: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=records_file,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=2,
        packing="none",
        max_steps=4,
        learning_rate=1e-2,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, dropout=0.1),
        save_steps=2,
        log_steps=1,
    )


class StopAfter(TrainerCallback):
    """A user's Ctrl-C."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if state.global_step == self.step:
            raise KeyboardInterrupt


class Optimizer(TrainerCallback):
    """Keeps what the optimizer's groups were at the last step."""

    def on_step_end(self, args: Any, state: Any, control: Any, optimizer: Any = None, model: Any = None, **given: Any) -> None:
        names = {id(weight): name for name, weight in model.named_parameters()}
        self.groups = [
            (group["lr"], group["weight_decay"], sorted(names[id(weight)].split(".")[-3] for weight in group["params"]))
            for group in optimizer.param_groups
        ]


def base(folder: str | Path, dtype: torch.dtype = torch.float32) -> Any:
    return load_base(Path(folder), dtype=dtype, device=CPU).eval()


def logits(model: Any) -> torch.Tensor:
    with torch.no_grad():
        return model.eval()(input_ids=IDS).logits.float()


def log_of(out: Path) -> list[dict[str, float]]:
    """The lines of steps."""
    return [row for line in (out / "log.jsonl").read_text().splitlines() if "loss" in (row := json.loads(line))]


def losses_of(out: Path) -> list[tuple[float, float]]:
    return [(row["loss"], row["grad_norm"]) for row in log_of(out)]


# Adapters


@pytest.mark.parametrize("kind", [{"dora": True}, {"rslora": True}, {"pissa": True}], ids=lambda kind: next(iter(kind)))
def test_merged_logits_are_those_of_the_adapter_beside_the_base(settings: TrainSettings, tmp_path: Path, kind: dict) -> None:
    train(replace(settings, lora=replace(settings.lora, **kind)))

    source = resolve(str(settings.out))
    apart = logits(load_model(source, dtype="float32", device="cpu", merge=False))
    merge([source], tmp_path / "merged")
    assert (apart - logits(base(settings.model))).abs().max() > 0.1
    for merged in (load_model(source, dtype="float32", device="cpu"), base(tmp_path / "merged")):
        torch.testing.assert_close(logits(merged), apart, rtol=1e-5, atol=1e-5 * apart.abs().max().item())


@pytest.mark.parametrize("kind", [{"pissa": True}, {"dora": True, "plus": 16.0}], ids=["pissa", "dora and plus"])
def test_stopping_and_resuming_gives_the_weights_of_not_stopping(settings: TrainSettings, tmp_path: Path, kind: dict) -> None:
    settings = replace(settings, lora=replace(settings.lora, **kind))
    whole = load_file(train(settings).out / ADAPTER)

    stopped = replace(settings, out=tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        train(stopped, callbacks=[StopAfter(3)])
    resumed = load_file(train(stopped, resume=True).out / ADAPTER)

    assert set(resumed) == set(whole)
    assert [key for key in whole if not torch.equal(whole[key], resumed[key])] == []
    assert losses_of(stopped.out) == losses_of(settings.out)


def test_what_an_adapter_is_stands_in_its_config_and_the_manifest(settings: TrainSettings, capsys: Any) -> None:
    settings = replace(
        settings, lora=replace(settings.lora, dora=True, rslora=True, plus=4.0, targets=("q_proj", "v_proj")), max_steps=1
    )
    shown = preview(settings)

    train(settings)

    config = json.loads((settings.out / "adapter" / "adapter_config.json").read_text())
    manifest = json.loads((settings.out / "manifest.json").read_text())
    said = capsys.readouterr().err
    # Two layers, q 32 → 32 and v 32 → 16, rank 4: 2 × (4 × 64 + 4 × 48), and a length for each output, 2 × 48.
    what = "rsLoRA + DoRA with LoRA+ rank 4 on q_proj, v_proj (lora.targets)"
    assert f"training: {what}; 992 of {992 + base(settings.model).num_parameters():,} weights\n" in said
    assert (config["use_dora"], config["use_rslora"], config["r"], config["lora_alpha"]) == (True, True, 4, 8)
    assert (manifest["trained"], manifest["trained_parameters"]) == (what, 992)
    assert (manifest["lora_targets"], manifest["lora_targets_from"]) == (["q_proj", "v_proj"], "lora.targets")
    assert (shown.parameters.what, shown.parameters.trained) == (what, 992)


def test_layers_are_chosen_by_the_models_family(settings: TrainSettings) -> None:
    train(replace(settings, max_steps=1))

    manifest = json.loads((settings.out / "manifest.json").read_text())
    assert sorted(manifest["lora_targets"]) == ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "up_proj", "v_proj"]
    assert manifest["lora_targets_from"] == "preset for llama"
    assert preview(settings, overwrite=True).parameters.what == manifest["trained"]


def test_dora_on_a_bfloat16_base_is_trained_in_float32_and_answers(settings: TrainSettings, dev_records: Path) -> None:
    lora = replace(settings.lora, dora=True)
    settings = replace(settings, train=dev_records, dev=dev_records, precision="bf16", f1=F1Settings(every=4), lora=lora)

    result = train(settings)

    weights = load_file(settings.out / ADAPTER)
    assert {weight.dtype for weight in weights.values()} == {torch.float32}
    assert result.dtype == "bfloat16"
    assert evaluate_model(str(settings.out), dev_records, dtype="bfloat16").scores.rows[0].f1 >= 0


# LoRA+


def test_matrices_b_learn_at_their_own_rate(settings: TrainSettings) -> None:
    seen = Optimizer()
    lora = replace(settings.lora, plus=16.0, targets=("q_proj",))

    train(replace(settings, lora=lora, weight_decay=0.1, schedule="constant", warmup_share=0), callbacks=[seen])

    assert seen.groups == [(1e-2, 0.1, ["lora_A"] * 2), (pytest.approx(0.16), 0.1, ["lora_B"] * 2)]
    assert {row["learning_rate"] for row in log_of(settings.out)} == {1e-2}


def test_lora_plus_moves_weights_as_pefts_optimizer_does(settings: TrainSettings) -> None:
    ours, theirs = (add_adapter(base(settings.model), replace(settings.lora, dropout=0)) for _ in range(2))
    theirs.load_state_dict(ours.state_dict())
    groups = plus_groups(ours, learning_rate=1e-2, ratio=8.0, weight_decay=0.0)
    optimizers = (
        torch.optim.AdamW(groups),
        create_loraplus_optimizer(theirs, torch.optim.AdamW, lr=1e-2, loraplus_lr_ratio=8.0),
    )

    for model, optimizer in zip((ours, theirs), optimizers, strict=True):
        for _ in range(3):
            model(input_ids=IDS, labels=IDS).loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    assert (logits(ours) - logits(base(settings.model))).abs().max() > 0.1
    for weight, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(weight, other)


# PiSSA


def test_pissa_begins_as_pefts_does_and_changes_no_logit(settings: TrainSettings) -> None:
    ours = add_adapter(base(settings.model), LoraSettings(r=4, alpha=8, dropout=0, pissa=True, targets=("q_proj", "down_proj")))
    config = peft.LoraConfig(r=4, lora_alpha=8, target_modules=["q_proj", "down_proj"], init_lora_weights="pissa")
    theirs = dict(peft.get_peft_model(base(settings.model), config).named_parameters())

    untouched = logits(base(settings.model))
    torch.testing.assert_close(logits(ours), untouched, rtol=1e-5, atol=1e-5 * untouched.abs().max().item())
    assert set(theirs) == {name for name, _ in ours.named_parameters()}
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight, theirs[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rslora", [False, True])
def test_a_pissa_adapter_is_saved_as_a_lora_of_the_untouched_base(settings: TrainSettings, tmp_path: Path, rslora: bool) -> None:
    start, folder = tmp_path / "start.safetensors", tmp_path / "adapter"
    model = add_adapter(base(settings.model), LoraSettings(r=4, alpha=8, dropout=0, pissa=True, rslora=rslora))
    keep_start(model, start)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_" in name:
                weight += 0.1 * torch.randn_like(weight, generator=None)

    model.save_pretrained(folder)
    subtract_start(folder, start)

    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["r"] == 8
    assert config["lora_alpha"] == pytest.approx(8 * 2**0.5 if rslora else 16)
    trained = logits(model)
    loaded = logits(peft.PeftModel.from_pretrained(base(settings.model), str(folder)))
    assert (trained - logits(base(settings.model))).abs().max() > 0.1
    torch.testing.assert_close(loaded, trained, rtol=1e-4, atol=1e-5 * trained.abs().max().item())


def test_pissa_finds_its_base_again_bit_for_bit(settings: TrainSettings, tmp_path: Path) -> None:
    lora, start = LoraSettings(r=4, alpha=8, pissa=True), tmp_path / "start.safetensors"
    first = add_adapter(base(settings.model, torch.bfloat16), lora)
    keep_start(first, start)

    again = add_adapter(base(settings.model, torch.bfloat16), lora, start=start)

    for weight, other in zip(first.parameters(), again.parameters(), strict=True):
        assert torch.equal(weight, other)


def test_pissa_in_a_model_that_keeps_weights_the_other_way_round() -> None:
    config = transformers.GPT2Config(vocab_size=100, n_embd=32, n_layer=2, n_head=4, n_positions=64, bos_token_id=1, eos_token_id=1)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config)
    untouched, weight = logits(model), model.transformer.h[0].mlp.c_fc.weight.clone()

    adapted = add_adapter(model, LoraSettings(r=4, alpha=8, pissa=True, targets=("c_attn", "c_fc")))

    torch.testing.assert_close(logits(adapted), untouched, rtol=1e-4, atol=1e-5)
    assert (weight - model.transformer.h[0].mlp.c_fc.base_layer.weight).abs().max() > 1e-3
    assert all(weight.any() for name, weight in adapted.named_parameters() if "lora_B" in name)


def test_pissa_that_learned_nothing_is_an_error(settings: TrainSettings) -> None:
    with pytest.raises(TrainingError) as error:
        train(replace(settings, learning_rate=0.0, lora=replace(settings.lora, pissa=True), max_steps=1))

    assert str(error.value) == f"{settings.out}/.adapter: the adapter is as PiSSA began it (28 matrices): nothing was learned."


def test_pissa_of_more_ranks_than_a_layer_has_is_refused_before_weights_are_loaded(settings: TrainSettings) -> None:
    lora = LoraSettings(r=32, pissa=True, targets=("q_proj", "k_proj"))
    expected = "lora.pissa: k_proj has 16 singular vectors, and lora.r asks for 32; take at most 16, or leave the layer out of lora.targets."

    assert preview(replace(settings, lora=lora)).mistakes == (expected,)
    with pytest.raises(SettingsError) as error:
        train(replace(settings, lora=lora))
    assert str(error.value) == expected


def test_pissa_and_dora_are_refused_together() -> None:
    with pytest.raises(SettingsError) as error:
        LoraSettings(pissa=True, dora=True)

    assert str(error.value) == (
        "lora.pissa: is saved as the difference of two products, and dora's lengths are in neither; take one of them."
    )


# Freeze


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_only_the_last_layers_are_trained(settings: TrainSettings, tmp_path: Path, precision: Any, capsys: Any) -> None:
    model = shutil.copytree(settings.model, tmp_path / "three")
    config = transformers.AutoConfig.from_pretrained(model, num_hidden_layers=3, layer_types=None)
    rounded = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    rounded.save_pretrained(model)
    settings = replace(settings, model=str(model), mode="freeze", trained_layers=2, precision=precision)
    shown = preview(settings)

    result = train(settings)

    before, after = load_file(model / "model.safetensors"), load_file(settings.out / "model" / "model.safetensors")
    moved = {key for key in before if not torch.equal(before[key].float(), after[key].float())}
    assert result.weights == settings.out / "model"
    assert set(after) == set(before)
    assert moved == {key for key in before if key.startswith(("model.layers.1.", "model.layers.2."))} - {
        key
        for key in moved ^ set(before)
        if key.endswith("norm.weight")  # in bfloat16 a norm of 1 may round back
    }
    assert {weight.dtype for weight in after.values()} == {torch.float32 if precision == "fp32" else torch.bfloat16}
    # Of a layer: q and o 32², k and v 32 × 16, three of 32 × 64, two norms.
    trained = 2 * (2 * 1024 + 2 * 512 + 3 * 2048 + 2 * 32)
    assert f"training: the last 2 of 3 layers; {trained:,} of " in capsys.readouterr().err
    assert (shown.mistakes, shown.parameters.trained) == ((), trained)
    loaded = load_model(resolve(str(settings.out)), dtype="float32", device="cpu")
    assert loaded.num_parameters() == rounded.num_parameters()


def test_a_frozen_run_goes_on_as_if_it_had_not_stopped(settings: TrainSettings, tmp_path: Path) -> None:
    settings = replace(settings, mode="freeze", trained_layers=1)
    whole = load_file(train(settings).weights / "model.safetensors")

    stopped = replace(settings, out=tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        train(stopped, callbacks=[StopAfter(3)])
    resumed = load_file(train(stopped, resume=True).weights / "model.safetensors")

    assert [key for key in whole if not torch.equal(whole[key], resumed[key])] == []


def test_more_layers_than_there_are_is_an_error(settings: TrainSettings) -> None:
    settings = replace(settings, mode="freeze", trained_layers=3)
    expected = f"trained_layers: expected at most 2, the decoder layers of {settings.model}, found 3."

    assert preview(settings).mistakes == (expected,)
    with pytest.raises(SettingsError) as error:
        train(settings)
    assert str(error.value) == expected
    assert not settings.out.exists()


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (transformers.LlamaConfig(num_hidden_layers=3), "model.layers"),
        (transformers.GPT2Config(n_layer=3), "transformer.h"),
        (transformers.BloomConfig(n_layer=3, hidden_size=64, n_head=8), "transformer.h"),
        (transformers.GPTNeoXConfig(num_hidden_layers=3), "gpt_neox.layers"),
        # As many experts as layers.
        (transformers.MixtralConfig(num_hidden_layers=3, num_local_experts=3), "model.layers"),
        (transformers.OPTConfig(num_hidden_layers=3), "model.decoder.layers"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.model_type,
)
def test_decoder_layers_are_found(config: Any, name: str) -> None:
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)

    assert decoder_layers(model) is model.get_submodule(name)


def test_a_model_without_a_list_of_layers_cannot_be_frozen(settings: TrainSettings) -> None:
    model = base(settings.model)
    model.config.num_hidden_layers = 7

    with pytest.raises(SettingsError) as error:
        prepare(model, replace(settings, mode="freeze"))

    assert str(error.value) == f"mode: freeze finds no list of decoder layers in {settings.model}; take lora or full."


# In all modes


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("lora", {"dora": True}), ("lora", {"pissa": True}), ("freeze", {}), ("full", {})],
    ids=["dora", "pissa", "freeze", "full"],
)
def test_computing_activations_twice_changes_neither_loss_nor_gradient(
    settings: TrainSettings, tmp_path: Path, mode: Any, kind: dict
) -> None:
    settings = replace(settings, mode=mode, trained_layers=1, max_steps=2, lora=replace(settings.lora, dropout=0, **kind))

    kept = train(settings)
    twice = train(replace(settings, out=tmp_path / "twice", gradient_checkpointing=True))

    assert len(losses_of(kept.out)) == 2
    assert losses_of(kept.out) == losses_of(twice.out)
    (file,) = kept.weights.glob("*model.safetensors")
    weights = load_file(twice.weights / file.name)
    for key, weight in load_file(file).items():
        assert torch.equal(weight, weights[key]), key
