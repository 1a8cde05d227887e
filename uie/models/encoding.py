"""instruct + query (+ answer) → token ids. The one way from words to ids that training, prediction and chat share."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Literal, get_args

from transformers import PreTrainedTokenizerBase

from uie.errors import ModelError, RecordError
from uie.records.record import prompt_text

Wrap = Literal["chat", "alpaca", "human", "plain"]
WRAPS: tuple[str, ...] = get_args(Wrap)
_TEXTS = {
    # Stanford Alpaca without its input part, as Chinese-LLaMA-Alpaca-LoRA-Tuning words it.
    "alpaca": "Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{}\n\n### Response: ",
    # BELLE.
    "human": "Human: \n{}\n\nAssistant: \n",
    "plain": "{}\n",
}
# For templates that ask: no thinking before an answer, and no "today" that would make a prompt another one tomorrow.
_TEMPLATE_ARGUMENTS = {"enable_thinking": False, "date_string": "26 Jul 2024"}
_MARK = "uie\ue000mark"
_UNLABELLED = -100
# A tokenizer is told whether to split control tokens by being changed, before each call: a call in another thread would be split alike.
_ONE_AT_A_TIME = Lock()
EMPTY_ANSWER = "the answer is empty; an answer that finds nothing says so in words, such as None."
"""Why a record cannot be learned from: nothing but stopping would be."""


@dataclass(frozen=True, slots=True)
class Example:
    """`labels[i]` is the token at position i, not the next one (Hugging Face models shift inside); -100 where nothing is graded."""

    input_ids: list[int]
    labels: list[int]


def encode_prompt(tokenizer: PreTrainedTokenizerBase, instruct: str, query: str, wrap: str) -> list[int]:
    """The ids a model is given before it answers.

    Text that looks like a control token (`<|im_end|>`) is encoded as the characters it is made of.

    Raises:
        ModelError: the wrap does not exist, or is "chat" and the model has no chat template.
    """
    return encode_conversation(tokenizer, [(prompt_text(instruct, query), "")], wrap)


def encode_conversation(tokenizer: PreTrainedTokenizerBase, turns: Sequence[tuple[str, str]], wrap: str) -> list[int]:
    """The same for turns of (said, answered), of which the last is not answered yet."""
    if wrap == "chat":
        return _encode_chat(tokenizer, turns)
    if wrap not in _TEXTS:
        raise ModelError(f"wrap {wrap!r}: expected one of {', '.join(WRAPS)}.")
    text = "\n\n".join(_TEXTS[wrap].format(said) + answered for said, answered in turns)
    return _left_open(tokenizer, _encode_text(tokenizer, text, add_special_tokens=True))


def default_wrap(tokenizer: PreTrainedTokenizerBase) -> str:
    """The wrap of a model that no run of ours has trained."""
    return "chat" if tokenizer.chat_template else "plain"


def encode_example(tokenizer: PreTrainedTokenizerBase, instruct: str, query: str, answer: str, wrap: str) -> Example:
    """A prompt (exactly `encode_prompt`'s) with its answer and the end of the turn; answer and end are graded.

    Answer and prompt are encoded apart, so that no token reaches over their border. Grading goes by position: padding and
    end-of-sequence may share an id.

    Raises:
        RecordError: the answer is empty, so that nothing but stopping would be learned.
    """
    if not answer:
        raise RecordError(EMPTY_ANSWER)
    prompt = encode_prompt(tokenizer, instruct, query, wrap)
    return _joined(prompt, _encode_text(tokenizer, answer, add_special_tokens=False), end_id(tokenizer, wrap))


def encode_examples(tokenizer: PreTrainedTokenizerBase, texts: Sequence[tuple[str, str, str]], wrap: str) -> list[Example]:
    """`encode_example` of each (instruct, query, answer), in two calls of the tokenizer: fast ones then use all cores.

    Raises:
        RecordError: an answer is empty.
    """
    if not texts:
        return []
    if not all(answer for _, _, answer in texts):
        raise RecordError(EMPTY_ANSWER)
    prompts = _encode_prompts(tokenizer, [prompt_text(instruct, query) for instruct, query, _ in texts], wrap)
    answers = _encode_texts(tokenizer, [answer for _, _, answer in texts], add_special_tokens=False)
    end = end_id(tokenizer, wrap)
    return [_joined(prompt, answer, end) for prompt, answer in zip(prompts, answers, strict=True)]


def _joined(prompt: list[int], answer: list[int], end: int) -> Example:
    graded = [*answer, end]
    return Example(prompt + graded, [_UNLABELLED] * len(prompt) + graded)


def _encode_prompts(tokenizer: PreTrainedTokenizerBase, prompts: Sequence[str], wrap: str) -> list[list[int]]:
    """`encode_conversation` of each prompt."""
    if wrap != "chat" and wrap in _TEXTS:
        found = _encode_texts(tokenizer, [_TEXTS[wrap].format(prompt) for prompt in prompts], add_special_tokens=True)
        return [_left_open(tokenizer, ids) for ids in found]
    _, looks_special = _special_tokens(tokenizer)
    plain = [number for number, prompt in enumerate(prompts) if not looks_special.search(prompt)]
    if wrap != "chat" or tokenizer.chat_template is None or not plain:
        return [encode_conversation(tokenizer, [(prompt, "")], wrap) for prompt in prompts]
    rendered = [_render(tokenizer, _messages(tokenizer, [(prompts[number], "")])) for number in plain]
    together = dict(zip(plain, _ids(tokenizer, rendered, split_special_tokens=False), strict=True))
    return [
        list(together[number]) if number in together else encode_conversation(tokenizer, [(prompt, "")], wrap)
        for number, prompt in enumerate(prompts)
    ]


def encode_written(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """What a server makes of a prompt that it is sent as text: names of control tokens are those tokens."""
    return list(_ids(tokenizer, text, add_special_tokens=True, split_special_tokens=False))


def count_tokens(tokenizer: PreTrainedTokenizerBase, text: str) -> int:
    """How many tokens a text has by itself; what looks like a control token is text."""
    return len(_encode_text(tokenizer, text, add_special_tokens=False))


def end_id(tokenizer: PreTrainedTokenizerBase, wrap: str) -> int:
    """The token that ends an answer: what follows an assistant's words in the chat template, else end-of-sequence.

    Raises:
        ModelError: the tokenizer names no such token.
    """
    if wrap == "chat" and tokenizer.chat_template is not None and (found := _end_of_turn(tokenizer)) is not None:
        return found
    if tokenizer.eos_token_id is None:
        raise ModelError(f"{tokenizer.name_or_path}: the tokenizer has no end-of-sequence token (eos_token).")
    return int(tokenizer.eos_token_id)


def stop_ids(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """Every token at which generation ends, whatever the wrap."""
    found = {tokenizer.eos_token_id}
    if tokenizer.chat_template is not None:
        found.add(_end_of_turn(tokenizer))
    return frozenset(int(token) for token in found if token is not None)


def _encode_chat(tokenizer: PreTrainedTokenizerBase, turns: Sequence[tuple[str, str]]) -> list[int]:
    if tokenizer.chat_template is None:
        others = ", ".join(wrap for wrap in WRAPS if wrap != "chat")
        raise ModelError(f"{tokenizer.name_or_path}: the model has no chat template; choose another wrap: {others}.")
    special, looks_special = _special_tokens(tokenizer)
    if not any(looks_special.search(words) for turn in turns for words in turn):
        return list(_ids(tokenizer, _render(tokenizer, _messages(tokenizer, turns)), split_special_tokens=False))
    # Text with control tokens in it goes through the template with marks in their place, so that only those which the template
    # itself wrote become control tokens.
    marks = {token: f"\ue000{number}\ue001" for number, token in enumerate(special)}
    marked = [[looks_special.sub(lambda found: marks[found.group()], words) for words in turn] for turn in turns]
    rendered = _render(tokenizer, _messages(tokenizer, [(said, answered) for said, answered in marked]))
    ids: list[int] = []
    for piece in re.split(f"({looks_special.pattern})", rendered):
        if piece in marks:
            ids.append(_id_of(tokenizer, piece))
        elif piece:
            for token, mark in marks.items():
                piece = piece.replace(mark, token)
            ids += _encode_text(tokenizer, piece, add_special_tokens=False)
    return ids


def _id_of(tokenizer: PreTrainedTokenizerBase, token: str) -> int:
    number: Any = tokenizer.convert_tokens_to_ids(token)
    return int(number)


def _encode_text(tokenizer: PreTrainedTokenizerBase, text: str, *, add_special_tokens: bool) -> list[int]:
    return list(_ids(tokenizer, text, add_special_tokens=add_special_tokens, split_special_tokens=True))


def _encode_texts(tokenizer: PreTrainedTokenizerBase, texts: list[str], *, add_special_tokens: bool) -> list[list[int]]:
    return [list(ids) for ids in _ids(tokenizer, texts, add_special_tokens=add_special_tokens, split_special_tokens=True)]


def _ids(
    tokenizer: PreTrainedTokenizerBase, words: str | list[str], *, add_special_tokens: bool = False, split_special_tokens: bool
) -> Any:
    """Of a text, or of each text; from any thread."""
    with _ONE_AT_A_TIME:
        found = tokenizer(words, add_special_tokens=add_special_tokens, split_special_tokens=split_special_tokens)
    return found["input_ids"]


def _left_open(tokenizer: PreTrainedTokenizerBase, ids: list[int]) -> list[int]:
    """Some tokenizers close what they encode; an answer is still to come."""
    return ids[:-1] if ids and ids[-1] == tokenizer.eos_token_id else ids


def _messages(tokenizer: PreTrainedTokenizerBase, turns: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": ""}] if _has_default_system(tokenizer) else []
    for said, answered in turns:
        messages += [{"role": "user", "content": said}, {"role": "assistant", "content": answered}]
    return messages[:-1]


def _render(tokenizer: PreTrainedTokenizerBase, messages: list[dict[str, str]], *, prompt: bool = True) -> str:
    arguments: dict[str, Any] = {"tokenize": False, "add_generation_prompt": prompt, **_TEMPLATE_ARGUMENTS}
    return str(tokenizer.apply_chat_template(messages, **arguments))


@lru_cache(maxsize=8)
def _special_tokens(tokenizer: PreTrainedTokenizerBase) -> tuple[list[str], re.Pattern[str]]:
    """The control tokens, and a pattern that finds one. Longest first: a pattern takes the first alternative that fits."""
    special = sorted(set(tokenizer.all_special_tokens) | _added_special(tokenizer), key=lambda token: (-len(token), token))
    return special, re.compile("|".join(map(re.escape, special)) or r"(?!)")


def _added_special(tokenizer: PreTrainedTokenizerBase) -> set[str]:
    return {token.content for token in tokenizer.added_tokens_decoder.values() if token.special}


@lru_cache(maxsize=8)
def _has_default_system(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether the template writes a system message of its own where none is given, as SmolLM2's and Qwen2.5's do.

    It does if rendering without one differs from rendering a marked one only in the place of the mark.
    """
    import jinja2

    user = {"role": "user", "content": "x"}
    try:
        before, mark, after = _render(tokenizer, [{"role": "system", "content": _MARK}, user]).partition(_MARK)
    except jinja2.TemplateError:  # the template refuses system messages, as Gemma's does
        return False
    bare = _render(tokenizer, [user])
    return bool(mark) and len(bare) > len(before) + len(after) and bare.startswith(before) and bare.endswith(after)


@lru_cache(maxsize=8)
def _end_of_turn(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The first control token after an assistant's words, or None if the template writes none."""
    turns = [{"role": "user", "content": "x"}, {"role": "assistant", "content": _MARK}]
    _, looks_special = _special_tokens(tokenizer)
    found = looks_special.search(_render(tokenizer, turns, prompt=False).rpartition(_MARK)[2])
    return None if found is None else _id_of(tokenizer, found.group())
