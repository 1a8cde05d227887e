"""Turns → the prompt that a server reads as the same tokens as ours: token ids, or a text where it takes no ids."""

from collections.abc import Iterator

from transformers import PreTrainedTokenizerBase

from uie.errors import ModelError
from uie.generation import Turns
from uie.generation.wrapping import Wrapping
from uie.models.encoding import encode_written, stop_ids

UNLIMITED = 1 << 30


class Prompts:
    """Writes prompts as the model was trained to read them; the server is taken to have the same tokenizer."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, wrap: str, *, longest: int = UNLIMITED) -> None:
        """`longest` is how many tokens a prompt and its answer may have together."""
        self.wrapping = Wrapping(tokenizer, wrap, longest=longest)
        self.stop_ids = sorted(stop_ids(tokenizer))
        others = [token for token in self.stop_ids if token != tokenizer.eos_token_id]  # every server stops at that one
        self.stop_words: list[str] = [str(word) for word in tokenizer.convert_ids_to_tokens(others)]
        self._tokenizer = tokenizer
        self.wrapping.ids([("", "")])  # a wrap that cannot be is told at once

    def prompt(self, turns: Turns, *, takes_ids: bool) -> str | list[int]:
        """Token ids where the server takes them: a text it would split by rules of its own, which need not be the model's.

        (llama.cpp's are those that whoever converted the model wrote into its file.) Elsewhere a text, where one is encoded as the turns
        are: none is where they hold the name of a control token, which a server would take for one, or where the tokenizer begins texts
        with a token that the wrap does without.

        Raises:
            ModelError: there is no such text, and the server takes no ids.
        """
        ids = self.wrapping.ids(turns)
        if takes_ids:
            return ids
        for text in self._texts(ids):
            if encode_written(self._tokenizer, text) == ids:
                return text
        raise ModelError(
            "no text is encoded as this prompt (it holds a control token's name, or goes without the tokenizer's first token); "
            "vLLM, SGLang and llama.cpp's server take token ids, and so does the engine transformers."
        )

    def _texts(self, ids: list[int]) -> Iterator[str]:
        text = str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
        if self._tokenizer.bos_token:
            yield text.removeprefix(str(self._tokenizer.bos_token))  # where the tokenizer writes it, a second one would be too many
        yield text
