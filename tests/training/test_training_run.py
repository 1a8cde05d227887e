"""Training in one process, on a tiny model."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import TrainerCallback

from uie.errors import ModelError, OutputError, RecordError, SettingsError, TrainingError, UIEError
from uie.models.loading import load_base, load_model, load_tokenizer, resolve
from uie.settings import build, read_yaml
from uie.storage import file_hash
from uie.training.arguments import training_arguments
from uie.training.batches import collate
from uie.training.encoded import read_examples
from uie.training.loss import graded_loss
from uie.training.run import train
from uie.training.settings import LoraSettings, TrainSettings


@pytest.fixture
def settings(tiny_model: Path, records_file: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=records_file,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=2,
        max_steps=6,
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

    def on_step_begin(self, args, state, control, **given):
        if state.global_step == self.step:
            raise KeyboardInterrupt


def log_of(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_loss_falls_and_the_result_loads_again(settings, mode):
    settings = replace(settings, mode=mode, max_steps=20, dev=settings.train)

    result = train(settings)

    losses = [row["loss"] for row in log_of(settings.out) if "loss" in row]
    assert len(losses) == 20
    assert losses[-1] < 0.7 * losses[0]
    assert result.loss == pytest.approx(losses[-1])
    assert result.dev_loss == pytest.approx(log_of(settings.out)[-1]["dev_loss"])
    assert (result.steps, result.records, result.rejected, result.dtype) == (20, 8, 0, "float32")
    assert result.weights == settings.out / ("adapter" if mode == "lora" else "model")
    source = resolve(str(settings.out))
    assert source.kind == "run"
    assert (
        load_model(source, dtype="float32").num_parameters()
        == load_base(source.base, dtype=torch.float32, device=torch.device("cpu")).num_parameters()
    )
    assert load_tokenizer(source).chat_template is not None


def test_only_adapters_on_the_wanted_layers_are_trained(settings, tiny_model):
    settings = replace(settings, lora=LoraSettings(r=4, alpha=8, targets=("q_proj", "v_proj")))

    train(settings)

    weights = load_file(settings.out / "adapter" / "adapter_model.safetensors")
    assert len(weights) == 8  # two layers × two targets × A and B
    assert {key.split(".")[-3] for key in weights} == {"q_proj", "v_proj"}
    assert all(weight.any() for weight in weights.values())
    (checkpoint, *_) = sorted((settings.out / "checkpoints").iterdir())
    assert not (checkpoint / "model.safetensors").exists()  # the base is not trained, so not saved


def test_training_fully_moves_every_matrix(settings, tiny_model):
    settings = replace(settings, mode="full")

    train(settings)

    before = load_file(tiny_model / "model.safetensors")
    after = load_file(settings.out / "model" / "model.safetensors")
    assert set(after) == set(before)
    assert [key for key in before if torch.equal(before[key], after[key])] == []


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_stopping_and_resuming_gives_the_same_weights_as_not_stopping(settings, tmp_path, mode):
    settings = replace(settings, mode=mode)
    file = "adapter/adapter_model.safetensors" if mode == "lora" else "model/model.safetensors"
    train(settings)
    whole = load_file(settings.out / file)

    stopped = replace(settings, out=tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        train(stopped, callbacks=[StopAfter(5)])
    assert not (stopped.out / file).exists()
    result = train(stopped, resume=True)

    resumed = load_file(stopped.out / file)
    assert set(resumed) == set(whole)
    assert [key for key in whole if not torch.equal(whole[key], resumed[key])] == []
    assert result.steps == 6
    assert [row["step"] for row in log_of(stopped.out)] == [1, 2, 3, 4, 5, 6]
    assert [row["loss"] for row in log_of(stopped.out)] == [row["loss"] for row in log_of(settings.out)]


def test_loss_and_gradients_are_those_of_the_plain_way(tiny_model, records_file):
    tokenizer = load_tokenizer(resolve(str(tiny_model)))
    examples = [*read_examples(records_file, tokenizer, wrap="chat", max_length=512, on_error="raise")][:3]
    batch = collate(examples, pad_id=0)
    ours, plain = (
        load_base(tiny_model, dtype=torch.float32, device=torch.device("cpu")),
        load_base(tiny_model, dtype=torch.float32, device=torch.device("cpu")),
    )

    total, count = graded_loss(ours, batch)
    (total / count).backward()

    # Padded on the right, logits everywhere, the model's own loss.
    width = batch["input_ids"].shape[1]
    rows = [example.input_ids + [0] * (width - len(example.input_ids)) for example in examples]
    labels = [example.labels + [-100] * (width - len(example.labels)) for example in examples]
    mask = [[1] * len(e.input_ids) + [0] * (width - len(e.input_ids)) for e in examples]
    expected = plain(input_ids=torch.tensor(rows), attention_mask=torch.tensor(mask), labels=torch.tensor(labels)).loss
    expected.backward()
    assert len({len(e.input_ids) for e in examples}) > 1
    assert (total / count).item() == pytest.approx(expected.item(), rel=1e-5)
    gradients = {name: weight.grad for name, weight in plain.named_parameters()}
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight.grad, gradients[name], rtol=1e-4, atol=1e-5)


def test_micro_batches_change_memory_not_numbers(settings, tmp_path):
    one = replace(settings, out=tmp_path / "one", micro_batch=4, lora=LoraSettings(r=4, alpha=8, dropout=0))
    four = replace(one, out=tmp_path / "four", micro_batch=1)
    # One batch, so that its order, which follows the micro-batches, does not matter.
    one, four = replace(one, max_steps=1, limit=4), replace(four, max_steps=1, limit=4)

    first, second = train(one), train(four)

    assert first.loss == pytest.approx(second.loss, rel=1e-5)
    weights = load_file(second.weights / "adapter_model.safetensors")
    for key, weight in load_file(first.weights / "adapter_model.safetensors").items():
        torch.testing.assert_close(weight, weights[key], rtol=1e-3, atol=1e-5)


def test_the_run_folder_says_what_was_done(settings, records_file, tiny_model):
    settings = replace(settings, max_steps=None, epochs=2.0)

    train(settings)

    manifest = json.loads((settings.out / "manifest.json").read_text())
    questions = json.loads((settings.out / "questions.json").read_text())
    assert sorted(path.name for path in settings.out.iterdir()) == [
        "MODEL_CARD.md", "adapter", "checkpoints", "log.jsonl", "manifest.json", "questions.json", "run.yaml", "training.html",
    ]  # fmt: skip
    assert build(TrainSettings, read_yaml(settings.out / "run.yaml"), where="run.yaml") == settings
    assert (manifest["command"], manifest["finished"], manifest["steps"]) == ("train", True, 4)
    assert manifest["counts"] == {"records": 8, "rejected": 0}
    assert list(manifest["inputs"])[0] == str(records_file)
    assert manifest["inputs"][str(tiny_model / "model.safetensors")] == file_hash(tiny_model / "model.safetensors")
    assert (manifest["device"], manifest["dtype"]) == ("cuda" if torch.cuda.is_available() else "cpu", "float32")
    assert questions["wrap"] == "chat"
    assert questions["max_answer_tokens"] > 5


def test_questions_hold_the_schemas_that_records_asked(settings, tmp_path):
    rows = []
    for number, labels in enumerate((["person"], ["place", "person"])):
        rows.append(
            {
                "instruct": "Find.", "query": "Text: x", "answer": "None", "id": f"a#{number}", "task": "NER", "dataset": "d",
                "lang": "en", "format": "lines", "prompt": "ner/default.en", "text": "x",
                "schema": {"lang": "en", "entities": {label: {"name": label.upper()} for label in labels}},
            }
        )  # fmt: skip
    path = tmp_path / "asked.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))

    train(replace(settings, train=path, max_steps=1))

    questions = json.loads((settings.out / "questions.json").read_text())
    assert (questions["tasks"], questions["formats"], questions["prompts"]) == (["NER"], ["lines"], ["ner/default.en"])
    assert questions["schemas"] == {
        "d": {"NER": {"lang": "en", "entities": {"person": {"name": "PERSON"}, "place": {"name": "PLACE"}}}}
    }


def test_records_that_cannot_be_learned_from_are_named(settings):
    with pytest.raises(RecordError) as error:
        train(replace(settings, max_length=61))

    assert str(error.value) == (
        f"{settings.train}: record 'records#2' (and 4 more): 64 tokens, over max_length 61; "
        "mend them, raise max_length, or set them aside with on_error: skip."
    )


def test_records_that_cannot_be_learned_from_are_set_aside_when_asked(settings):
    result = train(replace(settings, max_length=61, on_error="skip", max_steps=1, batch_size=2))

    rejected = [json.loads(line) for line in (settings.out / "rejected" / "train.jsonl").read_text().splitlines()]
    assert (result.records, result.rejected) == (3, 5)  # every record with a sentence more
    assert rejected[0] == {"id": "records#2", "reason": "64 tokens, over max_length 61"}


def test_a_run_in_the_way_is_not_replaced_unasked(settings):
    train(replace(settings, max_steps=1))

    with pytest.raises(OutputError) as error:
        train(settings)

    assert str(error.value) == f"{settings.out}: in use (it holds MODEL_CARD.md); choose another --out or say --overwrite."
    assert train(settings, overwrite=True).steps == 6


def test_a_run_of_other_settings_is_not_resumed(settings):
    train(replace(settings, max_steps=1))

    with pytest.raises(TrainingError) as error:
        train(replace(settings, seed=7, max_steps=1), resume=True)

    assert str(error.value) == (
        f"{settings.out}/run.yaml: cannot resume: seed was 0 and is now 7; give the same as before, or another out."
    )


def test_an_unknown_target_lists_the_layers(settings, tiny_model):
    with pytest.raises(SettingsError) as error:
        train(replace(settings, lora=LoraSettings(targets=("query",))))

    assert str(error.value) == (
        f"lora.targets: {tiny_model} has no layer named 'query'; its linear layers are "
        "down_proj, gate_proj, k_proj, lm_head, o_proj, q_proj, up_proj, v_proj."
    )


def test_bfloat16_trains_adapters_in_float32(settings):
    result = train(replace(settings, precision="bf16", max_steps=20))

    weights = load_file(settings.out / "adapter" / "adapter_model.safetensors")
    losses = [row["loss"] for row in log_of(settings.out)]
    assert {weight.dtype for weight in weights.values()} == {torch.float32}
    assert losses[-1] < 0.7 * losses[0]
    assert result.dtype == "bfloat16"


def test_checkpointing_activations_changes_no_number(settings, tmp_path):
    settings = replace(settings, lora=LoraSettings(r=4, alpha=8, dropout=0))

    kept = train(settings)
    computed_twice = train(replace(settings, out=tmp_path / "twice", gradient_checkpointing=True))

    assert computed_twice.loss == pytest.approx(kept.loss, rel=1e-5)


def test_an_adapter_that_learned_nothing_is_an_error(settings):
    with pytest.raises(TrainingError) as error:
        train(replace(settings, learning_rate=0.0))

    expected = "the adapter is empty (14 B matrices, all zero): nothing was learned."
    assert str(error.value) == f"{settings.out}/.adapter: {expected}"


def test_training_does_not_start_from_an_adapter(settings):
    train(settings)

    with pytest.raises(ModelError) as error:
        train(replace(settings, model=str(settings.out), out=settings.out.parent / "second"))

    expected = "training starts from a plain model, this is a run folder; merge it first: uie models merge"
    assert str(error.value) == f"{settings.out}: {expected}"


def test_weights_that_are_no_numbers_are_not_saved(settings):
    settings = replace(settings, mode="full", learning_rate=1e30, max_grad_norm=0.0, batch_size=8, save_steps=1)

    with pytest.raises(TrainingError) as error:
        train(settings)

    assert re.fullmatch(
        re.escape(f"{settings.out}: the ") + r"(loss is (nan|inf) at|weights are no numbers after) step \d, whose \d records are "
        r"(records#\d(, | and \d more)?)+; lower the learning rate \(now 1e\+30\), or try precision fp32\..*",
        str(error.value),
    )
    for path in settings.out.glob("checkpoints/checkpoint-*/model.safetensors"):
        assert all(weight.isfinite().all() for weight in load_file(path).values())


def test_resuming_a_run_that_ended_changes_nothing(settings):
    first = train(settings)

    again = train(settings, resume=True)

    assert (again.steps, again.loss, again.weights) == (first.steps, first.loss, first.weights)
    assert len(log_of(settings.out)) == 6


def test_run_yaml_is_a_config(settings):
    train(replace(settings, max_steps=1))

    held = yaml.safe_load((settings.out / "run.yaml").read_text())

    assert held["lora"] == {
        "r": 4, "alpha": 8, "dropout": 0.1, "targets": [], "dora": False, "rslora": False, "pissa": False, "plus": None
    }  # fmt: skip


def test_a_mistake_before_the_first_step_leaves_no_folder_in_the_way(settings, tmp_path):
    missing = replace(settings, train=tmp_path / "none.jsonl")

    for wrong, error in ((missing, RecordError), (replace(settings, model="no/such-model"), ModelError)):
        with pytest.raises(error):
            train(wrong)

    assert not settings.out.exists()


@pytest.mark.parametrize("linked", [False, True])
def test_a_run_is_replaced_only_when_the_new_one_has_begun(settings, tmp_path, linked):
    if linked:
        (tmp_path / "disk").mkdir()
        settings.out.symlink_to(tmp_path / "disk")
    train(replace(settings, max_steps=1))
    held = file_hash(settings.out / "adapter" / "adapter_model.safetensors")

    for wrong in ({"train": tmp_path / "none.jsonl"}, {"max_length": 3}, {"lora": LoraSettings(targets=("query",))}):
        with pytest.raises(UIEError):
            train(replace(settings, **wrong), overwrite=True)

    assert file_hash(settings.out / "adapter" / "adapter_model.safetensors") == held
    assert train(replace(settings, max_steps=1), resume=True).steps == 1
    assert train(replace(settings, max_steps=2), overwrite=True).steps == 2
    assert list(tmp_path.glob(".*")) == []  # where the old run lay meanwhile


def test_a_run_is_still_brought_back_when_the_one_to_replace_it_was_killed_before_a_step(settings, tmp_path):
    train(replace(settings, max_steps=1))
    manifest = file_hash(settings.out / "manifest.json")
    with pytest.raises(KeyboardInterrupt):
        train(settings, overwrite=True, callbacks=[StopAfter(0)])

    with pytest.raises(RecordError):
        train(replace(settings, train=tmp_path / "none.jsonl"), overwrite=True)

    assert file_hash(settings.out / "manifest.json") == manifest


def test_a_mistake_leaves_a_linked_folder_as_it_was(settings, tmp_path):
    (tmp_path / "disk").mkdir()
    settings.out.symlink_to(tmp_path / "disk")

    with pytest.raises(RecordError):
        train(replace(settings, train=tmp_path / "none.jsonl"))

    assert settings.out.is_symlink()
    assert train(replace(settings, max_steps=1)).steps == 1


def test_intervals_that_change_on_resuming_count(settings):
    with pytest.raises(KeyboardInterrupt):
        train(settings, callbacks=[StopAfter(3)])

    train(replace(settings, log_steps=2, save_steps=3, dev=None), resume=True)

    assert [row["step"] for row in log_of(settings.out)] == [1, 2, 4, 6]
    assert not (settings.out / "checkpoints" / "checkpoint-4").exists()
    assert (settings.out / "checkpoints" / "checkpoint-6").exists()


def test_one_process_trains_on_one_gpu_of_several(settings, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)

    arguments = training_arguments(settings, at_once=2, device=torch.device("cuda"), bf16=False, steps=6, evaluates=False)

    assert (arguments.n_gpu, arguments.train_batch_size, arguments.gradient_accumulation_steps) == (1, 2, 2)


def test_an_adapter_names_its_base_as_the_user_did_and_asks_no_hub(settings, tiny_model, monkeypatch):
    monkeypatch.setattr("huggingface_hub.file_exists", lambda *given, **named: pytest.fail("asked the hub"))

    train(replace(settings, max_steps=2))

    config = json.loads((settings.out / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert config["base_model_name_or_path"] == str(tiny_model)
