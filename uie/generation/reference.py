"""Answers of another engine → how far the log-probabilities of their tokens are from those of the same model in transformers."""

from collections.abc import Sequence
from statistics import fmean

import torch
from transformers import PreTrainedModel


class Reference:
    """A model that reads answers which are there already: one forward pass each, with no cache that could hold something wrong."""

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model

    def gap(self, prompt: list[int], answer: list[int], logprobs: Sequence[float]) -> float:
        """The mean difference of its tokens' log-probabilities, among all tokens, to what the model says."""
        pairs = zip(self.logprobs(prompt, answer), logprobs, strict=True)
        return fmean(abs(right - found) for right, found in pairs)

    def logprobs(self, prompt: list[int], answer: list[int]) -> list[float]:
        """Of each of the answer's tokens among all."""
        device = self._model.device
        places = torch.arange(len(prompt) - 1, len(prompt) + len(answer) - 1, device=device)
        written = torch.tensor(answer, device=device)
        with torch.inference_mode():
            ids = torch.tensor([prompt + answer], device=device)
            logits = self._model(input_ids=ids, logits_to_keep=places, use_cache=False).logits[0].float()  # (answer, vocabulary)
            return logits.log_softmax(-1).gather(-1, written[:, None])[:, 0].tolist()  # type: ignore[no-any-return]
