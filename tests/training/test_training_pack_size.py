"""How many examples a pack holds at most: chosen by the clock, once for a run, without changing what is trained."""

import functools
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from uie.models.encoding import Example
from uie.training import pack_size
from uie.training.loss import graded_loss
from uie.training.pack_size import choose_pack_size, kept_pack_size
from uie.training.packing import collate_packs, cut_packs

BATCH = [Example([*range(1, 30), own, 40], [-100] * 30 + [40]) for own in range(30, 38)]
collator_of: Any = lambda most: functools.partial(collate_packs, pad_id=0, mask_dtype=torch.bool, most=most)  # noqa: E731


@pytest.mark.parametrize(("most", "sizes"), [(8, [8]), (4, [4, 4]), (3, [2, 3, 3]), (1, [1] * 8)])
def test_no_pack_holds_more_than_was_chosen(most, sizes):
    assert sorted(len(pack.examples) for pack in cut_packs(BATCH, most=most)) == sizes


@pytest.mark.parametrize(
    ("seconds", "chosen"),
    [({8: 1.0, 4: 0.95, 2: 0.8}, 2), ({8: 1.0, 4: 0.7, 2: 0.8}, 4), ({8: 1.0, 4: 0.95, 2: 0.93}, 8)],
)
def test_the_fastest_is_taken_where_it_is_faster_by_a_tenth(monkeypatch, capsys, seconds, chosen):
    monkeypatch.setattr(pack_size, "_seconds", lambda trainer, batches, size: seconds[size])
    trainer = SimpleNamespace(args=SimpleNamespace(device=torch.device("cpu")))

    assert choose_pack_size(trainer, [BATCH], collator_of=lambda most: most, at_once=8) == chosen  # type: ignore[arg-type,return-value]

    told = ", ".join(f"{size}: {taken:.3g} s" for size, taken in seconds.items())
    assert capsys.readouterr().err == f"packs of at most {chosen} records (a micro-batch in packs of {told})\n"


def test_trying_leaves_weights_gradients_and_random_numbers_as_they_are():
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=64, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2, attention_dropout=0.5
        )
    ).train()
    tried: list[torch.Size] = []

    class OneModel:
        args = SimpleNamespace(device=torch.device("cpu"))
        compute_loss_context_manager = torch.enable_grad

        def __init__(self) -> None:
            self.model = model

        def compute_loss(self, model: Any, inputs: Any) -> torch.Tensor:
            tried.append(inputs["input_ids"].shape)
            return graded_loss(model, inputs)[0]

        def _prepare_inputs(self, inputs: Any) -> Any:
            return inputs

    weights = {name: weight.clone() for name, weight in model.state_dict().items()}
    random = torch.get_rng_state()

    choose_pack_size(OneModel(), [BATCH], collator_of=collator_of, at_once=8)

    # 29 shared tokens and 2 of its own for each: all in one row, then 4 and 4, then 2 in each of four rows
    assert tried == [torch.Size(shape) for shape in ((1, 45), (2, 37), (4, 33))] * 3
    assert torch.equal(torch.get_rng_state(), random)
    assert all(torch.equal(weight, weights[name]) for name, weight in model.state_dict().items())
    assert all(weight.grad is None for weight in model.parameters())


def test_it_is_chosen_once_for_as_many_at_once(tmp_path):
    def again() -> int:
        raise AssertionError("it was chosen before")

    assert kept_pack_size(tmp_path, 8, lambda: 4) == 4
    assert kept_pack_size(tmp_path, 8, again) == 4
    assert kept_pack_size(tmp_path, 4, lambda: 2) == 2
