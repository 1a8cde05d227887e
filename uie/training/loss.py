"""A model and a batch → the summed loss of the tokens that count, with logits computed only where one of them is predicted."""

from dataclasses import dataclass
from typing import Any

import torch

UNGRADED = -100


@dataclass(frozen=True, slots=True)
class Objective:
    """What training minimises: the mean over tokens, each by its weight, of what each token costs.

    A graded token (the answer's and its end) weighs 1, a prompt's token `prompt_weight`. A token costs its negative log-likelihood;
    with `label_smoothing` ε that counts 1 - ε, and the mean over all words of the model's output ε (torch's own definition).
    """

    label_smoothing: float = 0.0
    prompt_weight: float = 0.0

    def weights(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Of each token of a batch, (rows, width), float32. Padding and a row's first token, which nothing predicts, weigh 0."""
        graded = inputs["labels"] != UNGRADED
        if not self.prompt_weight:
            return graded.float()
        held = inputs["attention_mask"].bool()  # (rows, width): `planning` makes no packs, whose mask has four dimensions
        predicted = torch.zeros_like(held)
        predicted[:, 1:] = held[:, 1:] & held[:, :-1]
        return torch.where(graded, 1.0, predicted * self.prompt_weight)


PLAIN = Objective()
"""Negative log-likelihood of graded tokens: what loss on dev always is, so that runs of other objectives can be compared by it."""


def graded_loss(model: Any, inputs: dict[str, torch.Tensor], objective: Objective = PLAIN) -> tuple[torch.Tensor, torch.Tensor]:
    """The sum of what the tokens cost (natural log) times their weights, and the sum of the weights: with PLAIN how many are graded.

    The logits of a place are needed where the token after it counts in any row. The collators let answers of several rows lie side by
    side as far as they can, so that these places are few; a prompt's weight makes them all but the last.
    """
    weights = objective.weights(inputs)
    # Indices, not a number: for a number the model takes a slice, which is not contiguous, and torch then copies the output matrix
    # for every row of the batch (torch 2.13 on CPU: slower than computing all logits).
    places = weights.any(0).nonzero().flatten() - 1
    words = {key: value for key, value in inputs.items() if key != "labels"}
    logits = model(**words, logits_to_keep=places, use_cache=False).logits  # (rows, places, vocabulary)
    if not objective.prompt_weight:
        targets = inputs["labels"][:, places + 1].flatten()
        total = _cross_entropy(logits, targets, objective, reduction="sum")
    else:
        of_place = weights[:, places + 1].flatten()
        targets = inputs["input_ids"][:, places + 1].flatten().masked_fill(of_place == 0, UNGRADED)
        total = (_cross_entropy(logits, targets, objective, reduction="none") * of_place).sum()
    return total, weights.sum()


def _cross_entropy(logits: torch.Tensor, targets: torch.Tensor, objective: Objective, *, reduction: str) -> torch.Tensor:
    return torch.nn.functional.cross_entropy(
        logits.flatten(0, 1).float(),
        targets,
        ignore_index=UNGRADED,
        reduction=reduction,
        label_smoothing=objective.label_smoothing,
    )
