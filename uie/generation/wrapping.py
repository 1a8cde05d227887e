"""Turns → the tokens a model reads, and how many there are: what engines with a tokenizer have in common."""

from typing import TYPE_CHECKING

from transformers import PreTrainedTokenizerBase

from uie.generation import Failed, Turns
from uie.models.encoding import count_tokens, default_wrap, encode_conversation

if TYPE_CHECKING:
    from uie.models.sources import ModelSource


def wrap_of(source: "ModelSource", tokenizer: PreTrainedTokenizerBase, asked: str | None) -> str:
    """The wrap that is asked for, else the one that the run was trained with, else what suits the tokenizer."""
    from uie.models.sources import run_questions

    return str(asked or run_questions(source).get("wrap") or default_wrap(tokenizer))


class Wrapping:
    """A tokenizer and a wrap; `longest` is how many tokens a prompt and its answer may have together."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, wrap: str, *, longest: int) -> None:
        self.tokenizer, self.wrap, self.longest = tokenizer, wrap, longest

    def ids(self, prompt: Turns) -> list[int]:
        """What the model reads before it answers."""
        return encode_conversation(self.tokenizer, prompt, self.wrap)

    def fitting(self, prompt: Turns, *, advice: str = "ask about shorter windows (--window)") -> list[int] | Failed:
        """The same where it leaves room for an answer; `advice` says what to do where it does not."""
        ids = self.ids(prompt)
        if 0 < len(ids) < self.longest:
            return ids
        return Failed(f"{len(ids)} tokens; the model takes 1 to {self.longest - 1}; {advice}.")

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has by itself."""
        return count_tokens(self.tokenizer, text)

    def count_prompt_tokens(self, prompt: Turns) -> int:
        """How many tokens the model reads before it answers."""
        return len(self.ids(prompt))
