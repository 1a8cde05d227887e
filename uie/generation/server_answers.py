"""What a server sends → `Generation`."""

import json
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from uie.errors import ModelError
from uie.formats.grammar import Grammar
from uie.generation import Generation
from uie.generation.constraints import to_lark
from uie.generation.servers import RequestFailed

if TYPE_CHECKING:
    import llguidance


def generation_of(sent: Any, *, logprobs: bool, seconds: float) -> Generation:
    """The first answer in what was sent, of either endpoint.

    Raises:
        RequestFailed: there is none, or the server broke it off.
        ModelError: its tokens' log-probabilities were asked for and are not there.
    """
    try:
        choice = sent["choices"][0]
        raw = (choice["message"]["content"] or "") if "message" in choice else choice["text"]
        finish = choice["finish_reason"]
        tokens = (sent.get("usage") or {}).get("completion_tokens") or 0
    except (LookupError, TypeError, AttributeError):
        raise _unreadable(sent) from None
    if not isinstance(raw, str) or not isinstance(tokens, int):
        raise _unreadable(sent)
    if finish not in ("stop", "length"):
        raise RequestFailed(f"the server broke the answer off ({finish})", status=200)
    if not logprobs:
        return Generation(raw, finish, tokens, seconds)
    words, found = _logprobs(choice.get("logprobs"))
    if raw and not words:
        raise ModelError(
            "engine openai: the server gives no log-probabilities; vLLM, SGLang and llama.cpp's server do, and the engine transformers."
        )
    return Generation(raw, finish, tokens or len(words), seconds, found, ends_of(raw, words))


def piece_of(event: Any) -> tuple[str, str | None]:
    """What one event of a stream adds, and the reason for which the answer ended with it, if it did.

    Raises:
        RequestFailed: the event holds an error, or nothing that can be read.
    """
    try:
        if not event["choices"]:  # counts of tokens only
            return "", None
        choice = event["choices"][0]
        piece = choice["delta"].get("content") if "delta" in choice else choice["text"]
        return str(piece or ""), choice.get("finish_reason")
    except (LookupError, TypeError, AttributeError):
        raise _unreadable(event) from None


def ends_of(raw: str, tokens: Sequence[str]) -> list[int]:
    """For each token how far the answer is written when it is.

    Tokens that are no part of the text (an end's name, pieces of a character, which servers show as U+FFFD or as escapes) write
    nothing; a character that is missing between two tokens was written by the one before the second.
    """
    ends: list[int] = []
    at, unseen = 0, 1  # one more, for the space that some servers leave out before a word
    for token in tokens:
        start = raw.find(token, at, at + unseen + len(token)) if token else -1
        if start < 0:
            unseen += 1
        else:
            if ends:
                ends[-1] = start
            at, unseen = start + len(token), 1
        ends.append(at)
    return [*ends[:-1], len(raw)] if ends else []


def is_held(raw: str, grammar: Grammar, *, whole: bool) -> bool:
    """Whether the grammar allows the answer, or of one that was cut off its beginning; yes where llguidance cannot tell."""
    import llguidance  # no part of the base install, which is enough to ask a server without constraints

    try:
        matcher = llguidance.LLMatcher(_bytes(), to_lark(grammar), log_level=0)
    except ModelError:
        return True
    written = raw if whole else raw.rstrip("�")
    tokens = _bytes().tokenize_bytes(written.encode("utf-8", "surrogatepass"))
    allowed = matcher.try_consume_tokens(tokens) == len(tokens) and (matcher.is_accepting() or not whole)
    return allowed or matcher.is_error()


@cache
def _bytes() -> "llguidance.LLTokenizer":
    import llguidance

    return llguidance.LLTokenizer("byte")  # one token a byte


def _logprobs(given: Any) -> tuple[list[str], list[float]]:
    """Tokens and log-probabilities in either endpoint's shape (llama.cpp's server has the chat's in both); none where none are."""
    try:
        if "content" in given:
            pairs = [(token["token"], token["logprob"]) for token in given["content"]]
        else:
            pairs = list(zip(given["tokens"], given["token_logprobs"], strict=True))
        return [str(token) for token, _ in pairs], [float(logprob) for _, logprob in pairs]
    except (LookupError, TypeError, ValueError):
        return [], []


def _unreadable(sent: Any) -> RequestFailed:
    return RequestFailed(f"no answer in what the server sent: {json.dumps(sent, ensure_ascii=False)}", again=True)
