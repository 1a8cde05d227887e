"""A model and a batch → the summed loss of the graded tokens, with logits computed only where one is graded."""

from typing import Any

import torch

UNGRADED = -100


def graded_loss(model: Any, inputs: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Summed negative log-likelihood (natural log) of the graded tokens, and how many they are.

    The logits of a place are needed where any row grades the token after it. The collators let answers of several rows lie side by
    side as far as they can, so that these places are few.
    """
    labels = inputs["labels"]
    graded = labels != UNGRADED
    # Indices, not a number: for a number the model takes a slice, which is not contiguous, and torch then copies the output matrix
    # for every row of the batch (torch 2.13 on CPU: slower than computing all logits).
    places = graded.any(0).nonzero().flatten() - 1
    words = {key: value for key, value in inputs.items() if key != "labels"}
    logits = model(**words, logits_to_keep=places, use_cache=False).logits  # (rows, places, vocabulary)
    targets = labels[:, places + 1].flatten()
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1).float(), targets, ignore_index=UNGRADED, reduction="sum")
    return loss, graded.sum()
