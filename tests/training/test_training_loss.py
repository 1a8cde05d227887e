"""What training minimises: smoothing, a weight for prompts, noise on the embeddings; and that loss on dev stays the plain one."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import TrainerCallback

from uie.models.encoding import Example
from uie.models.loading import load_base, load_model, load_tokenizer, resolve
from uie.training.batches import collate
from uie.training.encoded import Examples, read_examples
from uie.training.launch import launch
from uie.training.loss import Objective, graded_loss
from uie.training.run import train
from uie.training.settings import F1Settings, LoraSettings, TrainSettings

CPU = torch.device("cpu")
EXAMPLES = [Example([7, 8, 9, 20, 21], [-100, -100, -100, 20, 21]), Example([7, 8, 30], [-100, -100, 30])]


@pytest.fixture
def settings(tiny_model: Path, records_file: Path, tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model=str(tiny_model),
        train=records_file,
        out=tmp_path / "run",
        batch_size=8,
        micro_batch=4,
        packing="none",
        max_steps=1,
        learning_rate=1e-2,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, dropout=0),
        log_steps=1,
    )


def encoded(settings: TrainSettings) -> Examples:
    tokenizer = load_tokenizer(resolve(settings.model))
    return read_examples(settings.train, tokenizer, wrap="chat", max_length=512, on_error="raise")


def base(settings_or_folder: Any) -> Any:
    folder = Path(getattr(settings_or_folder, "model", settings_or_folder))
    return load_base(folder, dtype=torch.float32, device=CPU).eval()


def by_hand(model: Any, examples: list[Example], *, prompt_weight: float, smoothing: float) -> float:
    """Token by token, each example alone, in plain arithmetic on log-probabilities."""
    total = weights = 0.0
    for example in examples:
        with torch.no_grad():
            logprobs = model(input_ids=torch.tensor([example.input_ids])).logits[0].double().log_softmax(-1)
        for place in range(1, len(example.input_ids)):
            of_words = logprobs[place - 1]
            cost = -(1 - smoothing) * of_words[example.input_ids[place]] - smoothing * of_words.mean()
            weight = 1.0 if example.labels[place] != -100 else prompt_weight
            total += weight * cost.item()
            weights += weight
    return total / weights


def log_of(out: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def test_every_token_but_a_rows_first_has_its_weight() -> None:
    batch = collate(EXAMPLES, pad_id=0)

    plain, weighted = Objective().weights(batch), Objective(prompt_weight=0.25).weights(batch)

    assert plain.tolist() == [[0, 0, 0, 1, 1], [0, 0, 0, 0, 1]]
    assert weighted.tolist() == [[0, 0.25, 0.25, 1, 1], [0, 0, 0, 0.25, 1]]


@pytest.mark.parametrize("prompt_weight", [0.0, 0.25])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_batch_costs_what_its_tokens_cost_one_by_one(tiny_model: Path, prompt_weight: float, smoothing: float) -> None:
    model = base(tiny_model)

    total, weight = graded_loss(model, collate(EXAMPLES, pad_id=0), Objective(smoothing, prompt_weight))

    assert weight.item() == 3 + 3 * prompt_weight
    expected = by_hand(model, EXAMPLES, prompt_weight=prompt_weight, smoothing=smoothing)
    assert (total / weight).item() == pytest.approx(expected, rel=1e-5)


def test_prompts_that_weigh_as_much_as_answers_are_plain_language_modelling(tiny_model: Path) -> None:
    model = base(tiny_model)
    ids, mask = torch.tensor([[7, 8, 9, 20, 21], [7, 8, 30, 0, 0]]), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])

    total, weight = graded_loss(model, collate(EXAMPLES, pad_id=0), Objective(prompt_weight=1.0))

    theirs = model(input_ids=ids, attention_mask=mask, labels=ids.masked_fill(mask == 0, -100)).loss
    assert (total / weight).item() == pytest.approx(theirs.item(), rel=1e-5)


def test_a_step_of_two_micro_batches_minimises_the_mean_over_all_its_tokens(settings: TrainSettings, tmp_path: Path) -> None:
    settings = replace(settings, prompt_loss_weight=0.3, label_smoothing=0.1)
    examples = list(encoded(settings))
    assert len({sum(label != -100 for label in example.labels) for example in examples}) > 1  # a mean of means would differ

    train(settings)
    whole = train(replace(settings, micro_batch=8, out=tmp_path / "whole"))

    # An adapter begins without effect: the first step's loss is the base's.
    expected = by_hand(base(settings), examples, prompt_weight=0.3, smoothing=0.1)
    assert log_of(settings.out)[0]["loss"] == pytest.approx(expected, rel=1e-5)
    ours, theirs = (load_model(resolve(str(out)), dtype="float32", device="cpu") for out in (settings.out, whole.out))
    for (name, weight), other in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(weight, other, rtol=1e-4, atol=1e-5, msg=name)


def test_loss_on_dev_stays_that_of_the_answers(settings: TrainSettings) -> None:
    settings = replace(settings, dev=settings.train, prompt_loss_weight=0.3, label_smoothing=0.1)

    result = train(settings)

    trained = load_model(resolve(str(settings.out)), dtype="float32", device="cpu")
    examples = list(encoded(settings))
    assert result.dev_loss == pytest.approx(by_hand(trained, examples, prompt_weight=0, smoothing=0), rel=1e-4)
    assert result.dev_loss != pytest.approx(by_hand(trained, examples, prompt_weight=0.3, smoothing=0.1), rel=1e-3)


@pytest.mark.slow
def test_two_processes_weigh_the_tokens_of_both(settings: TrainSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    settings = replace(settings, prompt_loss_weight=0.3, label_smoothing=0.1, micro_batch=2, max_steps=3)
    alone = train(replace(settings, out=tmp_path / "alone"))

    launch(replace(settings, processes=2))

    losses = [row["loss"] for row in log_of(settings.out) if "loss" in row]
    assert len(losses) == 3
    assert losses == pytest.approx([row["loss"] for row in log_of(alone.out) if "loss" in row], rel=1e-5)


# Noise on the embeddings


class Embeds(TrainerCallback):
    """What the model's embeddings give for the same ids: twice while it trains, once while it does not."""

    def on_step_begin(self, args: Any, state: Any, control: Any, model: Any = None, **given: Any) -> None:
        layer, ids = model.get_input_embeddings(), torch.tensor([[7, 8, 9, 20]])
        with torch.no_grad():
            model.train()
            self.noisy = [layer(ids) - layer.weight[ids] for _ in range(2)]
            model.eval()
            self.calm = layer(ids) - layer.weight[ids]
            model.train()


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_embeddings_are_noisy_in_training_only(settings: TrainSettings, mode: Any) -> None:
    seen = Embeds()

    train(replace(settings, mode=mode, neftune=5.0), callbacks=[seen])

    most = 5 / math.sqrt(4 * 32)  # alpha / √(tokens × width), Jain et al. 2023
    first, second = seen.noisy
    assert 0.5 * most < first.abs().max() <= most
    assert not torch.equal(first, second)
    assert not seen.calm.any()


def test_noise_reaches_the_loss_and_neither_dev_nor_its_answers(settings: TrainSettings, tmp_path: Path, dev_records: Path) -> None:
    still = replace(
        settings,
        mode="full",
        learning_rate=0.0,
        train=dev_records,
        dev=dev_records,
        f1=F1Settings(every=1),
        batch_size=4,
        micro_batch=2,
    )

    calm, noisy = train(still), train(replace(still, neftune=5.0, out=tmp_path / "noisy"))

    assert abs(calm.loss - noisy.loss) > 1e-3 * calm.loss
    assert noisy.dev_loss == calm.dev_loss
    assert (noisy.f1, noisy.best_step) == (calm.f1, 1)


# Packs

REASONS = {
    "prompts": (
        {"prompt_loss_weight": 0.3},
        "prompt_loss_weight: the last place of a shared beginning would have to predict several tokens",
    ),
    "noise": (
        {"neftune": 5.0},
        "neftune: records would share the noise on their beginning, and its size goes by the length of a row",
    ),
}


@pytest.mark.parametrize(("more", "reason"), REASONS.values(), ids=REASONS)
def test_what_packs_cannot_do_exactly_is_trained_without_them(settings: TrainSettings, more: dict[str, float], reason: str) -> None:
    train(replace(settings, packing="auto", **more))

    manifest = json.loads((settings.out / "manifest.json").read_text())
    assert (manifest["packing"], manifest["packing_reason"]) == ("none", reason)


def test_smoothing_is_the_same_in_packs(settings: TrainSettings, tmp_path: Path) -> None:
    settings = replace(settings, label_smoothing=0.1)

    packed, plain = train(replace(settings, packing="prefix")), train(replace(settings, out=tmp_path / "plain", packing="none"))

    assert packed.loss == pytest.approx(plain.loss, rel=1e-5)
