"""Grammars → which tokens a model may write next, row by row of a batch, by llguidance."""

from collections.abc import Sequence
from typing import Any

import llguidance
import llguidance.hf
import numpy as np
import torch

from uie.errors import ModelError
from uie.formats.grammar import Grammar
from uie.generation.constraints import to_lark


class Guide:
    """One answer on its way through its grammar."""

    def __init__(self, matcher: llguidance.LLMatcher) -> None:
        self.matcher = matcher

    def take(self, token: int) -> list[int]:
        """Notes that the token was written, and gives those that must follow, which are noted too."""
        self.matcher.consume_token(token)
        forced = [] if self.matcher.is_stopped() else self.matcher.compute_ff_tokens()
        if forced:
            self.matcher.consume_tokens(forced)
        return forced

    @property
    def is_whole(self) -> bool:
        """Whether the answer can only end here."""
        return self.matcher.is_stopped()

    @property
    def problem(self) -> str | None:
        """Why llguidance gave up, which it may do in the middle of an answer, at a limit of its own; None while it has not."""
        if not self.matcher.is_error():
            return None
        return f"the answer's grammar is too large for llguidance ({_one_line(self.matcher.get_error())})"


class Guides:
    """Compiles grammars for a tokenizer, and holds a batch's logits to them."""

    def __init__(self, tokenizer: Any, *, vocabulary: int, ends: Sequence[int]) -> None:
        """`vocabulary` is the number of logits, which may be more than the tokenizer has tokens; any of `ends` may end an answer.

        Raises:
            ModelError: the tokenizer is none of the `tokenizers` library.
        """
        try:
            self._tokenizer = llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary, eos_token=sorted(ends))
        except ValueError as error:
            raise ModelError(f"grammars need a fast tokenizer: {error}; generate without them.") from None
        self._words = -(-vocabulary // 32)
        self._vocabulary = vocabulary

    def guide(self, grammar: Grammar) -> Guide:
        """A fresh walk through the grammar.

        Raises:
            ModelError: llguidance cannot hold an answer to it.
        """
        guide = Guide(llguidance.LLMatcher(self._tokenizer, to_lark(grammar), log_level=0))
        if guide.problem is not None:
            raise ModelError(guide.problem)
        return guide

    def hold(self, logits: torch.Tensor, guides: Sequence[Guide]) -> None:
        """Sets the logits, (rows, vocabulary), of all tokens that a row's guide does not allow next to minus infinity.

        Where llguidance has given up (`Guide.problem`) it allows the end only.
        """
        bits = np.zeros((len(guides), self._words), dtype=np.uint32)
        for row, guide in zip(bits, guides, strict=True):
            guide.matcher.unsafe_compute_mask_ptr(row.ctypes.data, row.nbytes)
        barred = np.unpackbits(~bits.view(np.uint8), axis=1, bitorder="little")[:, : self._vocabulary]
        logits.masked_fill_(torch.from_numpy(barred.view(bool)).to(logits.device), -torch.inf)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:200]
