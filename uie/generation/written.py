"""Tokens of an answer → its text, and how far each token had written it."""

from collections.abc import Collection, Sequence

from transformers import PreTrainedTokenizerBase


class Writer:
    """A tokenizer that knows which tokens end an answer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, ends: Collection[int]) -> None:
        self._tokenizer, self._ends = tokenizer, ends

    def text(self, tokens: Sequence[int]) -> str:
        words = tokens[:-1] if tokens and tokens[-1] in self._ends else tokens
        return str(self._tokenizer.decode(list(words), skip_special_tokens=True, clean_up_tokenization_spaces=False))

    def ends(self, tokens: Sequence[int]) -> list[int]:
        """`Generation.ends`: a character that takes several tokens is written by its last."""
        return [len(self.text(tokens[: number + 1]).rstrip("�")) for number in range(len(tokens))]
