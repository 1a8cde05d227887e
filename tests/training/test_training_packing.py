"""Packs of records that begin alike: what is packed, that packing changes no number, and which models it is not for."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, TrainerCallback

from uie.errors import TrainingError
from uie.models.encoding import Example
from uie.models.loading import load_tokenizer, resolve
from uie.storage import write_manifest
from uie.training.batches import collate, composed_order, plan_order
from uie.training.encoded import Examples
from uie.training.lora import add_adapter
from uie.training.loss import graded_loss
from uie.training.packing import (
    Pack,
    collate_packs,
    cut_packs,
    fill_rows,
    mask_dtype,
    measure_shares,
    prefix_groups,
    reason_against,
    trial_against,
)
from uie.training.run import train
from uie.training.settings import LoraSettings, TrainSettings


def example(prompt: Sequence[int], *answer: int) -> Example:
    return Example([*prompt, *answer], [-100] * len(prompt) + list(answer))


A, B = range(10, 40), range(50, 80)
# Two groups of unlike prefixes, answers and texts of unlike lengths, two examples alone of which the short one finds room in a row of
# others, and two of one prompt.
EXAMPLES = [
    example([*A, 1, 2, 3], 90, 91),
    example([*A, 4, 2], 92),
    example([*A, 1, 5, 6, 7, 8], 93, 94, 95),
    example([*B, 9], 90, 96),
    example([*B, 3, 4, 5, 6], 97),
    example([*range(99, 60, -1)], 91, 92),
    example([*A, 4, 2], 98, 99),
    example([*A, 4, 2], 98, 97),
    example([*range(7, 2, -1)], 95),
]
SIZES = {
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "initializer_range": 0.3,  # far apart logits: a wrong mask or position shows
    "max_position_embeddings": 256,
    "pad_token_id": 0,
}


def model_of(kind: str, **more: Any) -> Any:
    torch.manual_seed(0)
    attention = more.pop("attention", None)
    config = getattr(transformers, f"{kind}Config")(**{**SIZES, **more})
    return AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()


FULL = {
    "llama": ("Llama", {}),
    "llama, plain attention": ("Llama", {"attention": "eager"}),
    "qwen2": ("Qwen2", {}),
    "qwen3": ("Qwen3", {}),
    "mistral, window longer than a record": ("Mistral", {"sliding_window": 64}),
    "gemma2, window longer than a record": ("Gemma2", {"sliding_window": 64, "attention": "eager"}),
    "gemma3, window longer than a record": ("Gemma3Text", {"sliding_window": 64}),
    "phi3": ("Phi3", {}),
    "smollm3": ("SmolLM3", {}),
    "gpt-neox": ("GPTNeoX", {"attention": "eager"}),
}


def one_by_one(model: Any, examples: Sequence[Example]) -> torch.Tensor:
    """Without anything of ours: the model's own logits of each example alone."""
    total = torch.zeros(())
    for one in examples:
        logits = model(input_ids=torch.tensor([one.input_ids])).logits[0, :-1]
        total = total + torch.nn.functional.cross_entropy(logits, torch.tensor(one.labels[1:]), reduction="sum")
    return total


@pytest.mark.parametrize("mode", ["full", "lora"])
@pytest.mark.parametrize(("kind", "more"), FULL.values(), ids=FULL)
def test_loss_and_gradients_of_packs_are_those_of_the_records_one_by_one(kind: str, more: dict, mode: str) -> None:
    model = model_of(kind, **more)
    assert reason_against(model, longest=64) is None
    batch = collate_packs(EXAMPLES, pad_id=0, mask_dtype=mask_dtype(model))
    assert batch["input_ids"].shape == (4, 46)
    if mode == "lora":
        model = add_adapter(model, LoraSettings(r=2, alpha=4, dropout=0))
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                torch.nn.init.normal_(weight, std=0.3)

    expected = one_by_one(model, EXAMPLES)
    expected.backward()
    gradients = {name: weight.grad for name, weight in model.named_parameters() if weight.grad is not None}
    model.zero_grad()
    total, count = graded_loss(model, batch)
    total.backward()

    assert count == 16
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)
    assert len(gradients) > 5
    for name, weight in model.named_parameters():
        if name in gradients:
            torch.testing.assert_close(weight.grad, gradients[name], rtol=1e-4, atol=1e-5 * gradients[name].abs().max().item())


def test_packs_are_cut_where_that_costs_least() -> None:
    packs = cut_packs(EXAMPLES)

    # The first three share A; the next two B; no prompt is shared whole, because its last token predicts the answer's first.
    assert [(pack.shared, len(pack.examples), len(pack)) for pack in packs] == [
        (30, 3, 46),
        (30, 2, 38),
        (0, 1, 41),
        (31, 2, 37),
        (0, 1, 6),
    ]
    assert [one for pack in packs for one in pack.examples] == EXAMPLES
    (same,) = cut_packs([EXAMPLES[1], EXAMPLES[6]])
    assert (same.shared, len(same)) == (31, 31 + 2 + 3)


def test_long_texts_behind_a_short_beginning_stay_apart() -> None:
    long = [example([*A, *range(100 * number, 100 * number + 900)], 1) for number in (1, 2)]

    # Together 30 tokens fewer, but each of 1,832 attends to 1,832: 1832 + 1832²/1500 = 4069 against twice 931 + 931²/1500 = 3018.
    assert [len(pack.examples) for pack in cut_packs(long)] == [1, 1]


def test_short_packs_share_a_row() -> None:
    packs = [Pack(0, (example(range(size - 1), 1),)) for size in (5, 9, 4, 3, 2)]

    assert [[len(pack) for pack in row] for row in fill_rows(packs)] == [[9], [5, 4], [3, 2]]


def test_a_row_tells_places_and_who_sees_whom() -> None:
    first, second, alone = example([5, 6, 7], 1), example([5, 6, 8], 2), example([9, 5], 3)
    batch = collate_packs([first, second], pad_id=0, mask_dtype=torch.bool)

    assert batch["input_ids"].tolist() == [[5, 6, 7, 1, 8, 2]]
    assert batch["position_ids"].tolist() == [[0, 1, 2, 3, 2, 3]]
    assert batch["labels"].tolist() == [[-100, -100, -100, 1, -100, 2]]
    seen = [[1, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 0, 0], [1, 1, 0, 0, 1, 0], [1, 1, 0, 0, 1, 1]]
    assert batch["attention_mask"].int().tolist() == [[seen]]
    padded = collate_packs([first, second, alone], pad_id=0, mask_dtype=torch.float32)
    assert padded["input_ids"].tolist() == [[5, 6, 7, 1, 8, 2], [9, 5, 3, 0, 0, 0]]
    assert (padded["attention_mask"][1, 0] == 0).int().tolist()[2:5] == [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 1, 1, 0]]


def test_examples_that_share_nothing_are_the_plain_batch() -> None:
    examples = [EXAMPLES[0], EXAMPLES[3], EXAMPLES[5]]

    packed, plain = collate_packs(examples, pad_id=0, mask_dtype=torch.bool), collate(examples, pad_id=0)

    assert {key: value.tolist() for key, value in packed.items()} == {key: value.tolist() for key, value in plain.items()}


def test_shares_count_tokens_saved_and_places_wasted() -> None:
    packed = measure_shares([EXAMPLES[:5]], packs=True)
    plain = measure_shares([EXAMPLES[:5]], packs=False)

    # Prompts 33 + 32 + 35 + 31 + 34 = 165, of which A is saved twice and B once; rows of 46 and 38 tokens.
    assert (packed.shared, packed.padding) == (pytest.approx(90 / 165), pytest.approx(1 - 84 / 92))
    assert packed.largest == (2, 46)
    # 35 + 33 + 38 + 33 + 35 tokens in five rows of 38.
    assert (plain.shared, plain.padding) == (0, pytest.approx(1 - 174 / 190))
    assert plain.largest == (5, 38)


def test_groups_are_the_records_that_one_instruct_begins(in_memory: Callable[..., Examples]) -> None:
    short = [example(A[:15], 1), example(A[:15], 2)]
    # d's two have little in common, and e's two have it in less than 16 tokens.
    examples = [*(EXAMPLES[n] for n in (0, 1, 3, 2, 4, 5, 0, 3)), *short, EXAMPLES[0]]

    assert prefix_groups(in_memory(examples, instructs="aababcddeea")).tolist() == [0, 0, 2, 0, 2, 5, 6, 7, 8, 9, 0]


def test_groups_stay_together_and_every_example_comes_once_an_epoch() -> None:
    groups = [index // 4 for index in range(24)]
    order = plan_order([7] * 24, steps=12, batch_size=8, seed=0, groups=groups)

    assert Counter(order) == Counter(list(range(24)) * 4)
    units = [order[i : i + 4] for i in range(0, 96, 4)]
    assert all(len({groups[index] for index in unit}) == 1 for unit in units)
    assert [groups[unit[0]] for unit in units] != sorted(groups[unit[0]] for unit in units)
    # Members of a large group are drawn anew each epoch.
    mixed = plan_order([7] * 24, steps=6, batch_size=8, seed=0, groups=[0] * 24)
    assert len({frozenset(mixed[i : i + 4]) for i in range(0, 48, 4)}) > 8


def test_groups_change_no_composed_batch() -> None:
    groups = [0, 1, 2, 0, 1, 0, 3, 4, 0, 1]
    lengths = [9, 5, 2, 7, 8, 6, 4, 3, 1, 2]

    order = composed_order(lengths, steps=3, batch_size=5, groups=groups)

    assert [sorted(order[i : i + 5]) for i in range(0, 15, 5)] == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [0, 1, 2, 3, 4]]
    # Two of group 0, two of group 1, each the shorter first, then the one alone.
    assert order[:5] == [3, 0, 1, 4, 2]


SLIDES = "its attention slides over 16 tokens, and the longest example has 64"
CARRIES = "{} carries something from token to token ({}), so that records would see one another"


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        ("Gemma2", {"sliding_window": 16, "attention": "eager"}, SLIDES),
        ("Gemma3Text", {"sliding_window": 16}, SLIDES),
        ("Mistral", {"sliding_window": 16}, SLIDES),
        ("Phi3", {"sliding_window": 16}, SLIDES),
        ("Qwen2", {"sliding_window": 16, "use_sliding_window": True, "max_window_layers": 1}, SLIDES),
        ("Qwen2", {"sliding_window": 16, "use_sliding_window": False}, None),
        ("Lfm2", {"full_attn_idxs": [1]}, CARRIES.format("lfm2", "conv")),
        ("Mamba", {}, CARRIES.format("mamba", "linear_attention")),
        ("Bloom", {}, "bloom takes no positions, so that every record would start where the one before ends"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_what_an_architecture_cannot_do_is_said(kind: str, more: dict, reason: str | None) -> None:
    assert reason_against(model_of(kind, **more), longest=64) == reason


def test_attention_without_masks_is_told_by_its_name() -> None:
    model = model_of("Llama")
    model.config._attn_implementation = "flash_attention_2"

    assert reason_against(model, longest=64) == "flash_attention_2 attention takes no mask of segments, as eager and sdpa do"


class NoMask(transformers.LlamaForCausalLM):
    """Takes a mask and does not look at it."""

    def forward(self, attention_mask: Any = None, **named: Any) -> Any:
        return super().forward(**named)


class FlatMask(transformers.LlamaForCausalLM):
    """Knows masks of rows only."""

    def forward(self, attention_mask: Any = None, **named: Any) -> Any:
        rows, width = attention_mask.shape
        return super().forward(attention_mask=attention_mask, **named)


def test_a_trial_finds_models_that_do_not_heed_the_mask() -> None:
    torch.manual_seed(0)
    config = transformers.LlamaConfig(**SIZES)

    assert trial_against(transformers.LlamaForCausalLM(config).eval(), EXAMPLES, pad_id=0) is None
    found = trial_against(NoMask(config).eval(), EXAMPLES, pad_id=0)
    assert found is not None
    assert found.startswith("the loss of 9 records is ")
    assert trial_against(FlatMask(config).eval(), EXAMPLES, pad_id=0) == (
        "it cannot be computed with a mask of segments: too many values to unpack (expected 2)"
    )
    assert trial_against(transformers.LlamaForCausalLM(config).eval().bfloat16(), EXAMPLES, pad_id=0) is None


# Whole runs


@pytest.fixture
def settings(tiny_model: Path, records_file: Path, tmp_path: Path) -> TrainSettings:
    """Batches are composed, so that packing does not change which records a step holds."""
    write_manifest(records_file.parent, "build-data", {"batch": 4})
    return TrainSettings(
        model=str(tiny_model),
        train=records_file,
        dev=records_file,
        out=tmp_path / "run",
        batch_size=4,
        micro_batch=4,
        packing="prefix",
        max_steps=6,
        learning_rate=1e-2,
        precision="fp32",
        lora=LoraSettings(r=4, alpha=8, dropout=0),
        save_steps=2,
        log_steps=1,
    )


def losses_of(out: Path) -> list[float]:
    return [row["loss"] for line in (out / "log.jsonl").read_text().splitlines() if "loss" in (row := json.loads(line))]


class StopAfter(TrainerCallback):
    """A user's Ctrl-C."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_begin(self, args: Any, state: Any, control: Any, **given: Any) -> None:
        if state.global_step == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize("mode", ["lora", "full"])
def test_a_run_with_packs_keeps_composed_batches_and_has_the_losses_of_one_without(
    settings: TrainSettings, tmp_path: Path, mode: Any
) -> None:
    packed = train(replace(settings, mode=mode))
    plain = train(replace(settings, mode=mode, packing="none", out=tmp_path / "plain"))

    losses = losses_of(packed.out)
    assert len(losses) == 6
    assert losses[0] > 1.2 * losses[5]
    assert losses == pytest.approx(losses_of(plain.out), rel=1e-4)
    assert packed.dev_loss == pytest.approx(plain.dev_loss, rel=1e-4)


def test_stopping_and_resuming_gives_the_weights_of_not_stopping(settings: TrainSettings, tmp_path: Path) -> None:
    (settings.train.parent / "manifest.json").unlink()  # an order is drawn
    settings = replace(settings, micro_batch=2, lora=LoraSettings(r=4, alpha=8, dropout=0.1))
    whole = load_file(train(settings).weights / "adapter_model.safetensors")

    stopped = replace(settings, out=tmp_path / "stopped")
    with pytest.raises(KeyboardInterrupt):
        train(stopped, callbacks=[StopAfter(5)])
    resumed = load_file(train(stopped, resume=True).weights / "adapter_model.safetensors")

    assert set(resumed) == set(whole)
    assert [key for key in whole if not torch.equal(whole[key], resumed[key])] == []
    assert losses_of(stopped.out) == losses_of(settings.out)


def test_what_packing_saves_is_told(settings: TrainSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(replace(settings, max_steps=1))

    manifest = json.loads((settings.out / "manifest.json").read_text())
    assert manifest["packing"] == "prefix"
    assert "packing_reason" not in manifest
    assert 0.3 < manifest["shared_share"] < 0.5  # three of four beginnings, which are half of a prompt
    assert 0 <= manifest["padding_share"] < 0.1
    said = capsys.readouterr().err
    assert f"packing: shared beginnings computed once; {manifest['shared_share']:.0%} of the prompt tokens saved, " in said
    assert said.count("packing:") == 1


def test_a_model_that_slides_is_not_packed_and_says_so(
    settings: TrainSettings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokenizer = load_tokenizer(resolve(settings.model))
    model_of("Mistral", sliding_window=16, vocab_size=len(tokenizer)).save_pretrained(tmp_path / "slides")
    tokenizer.save_pretrained(tmp_path / "slides")
    settings = replace(settings, model=str(tmp_path / "slides"), max_steps=1, dev=None)

    with pytest.raises(TrainingError) as error:
        train(settings)
    automatic = train(replace(settings, packing="auto"))
    said = capsys.readouterr().err
    plain = train(replace(settings, packing="none", out=tmp_path / "plain"))

    reason = "its attention slides over 16 tokens, and the longest example has 79"
    assert str(error.value) == f"packing: prefix would not be exact with {settings.model}: {reason}; take auto or none."
    assert said.count(f"packing: none ({reason}); 0% of the prompt tokens saved, ") == 1
    assert automatic.loss == plain.loss
