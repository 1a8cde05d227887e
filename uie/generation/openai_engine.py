"""`OpenAIEngine`: a server that speaks OpenAI's protocol → answers, in the order in which they come."""

import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

from uie.errors import ModelError
from uie.formats.grammar import Grammar
from uie.generation import EngineOptions, Failed, Generation, Sampling, Turns
from uie.generation.ebnf import to_ebnf
from uie.generation.server_answers import generation_of, is_held, piece_of
from uie.generation.server_kinds import Served, look
from uie.generation.servers import RequestFailed, Server
from uie.generation.side_by_side import side_by_side

if TYPE_CHECKING:
    from uie.generation.server_prompts import Prompts

_GREEDY = Sampling()


def load(model: str, options: EngineOptions) -> "OpenAIEngine":
    """Finds the server at `options.url` and, where `model` is a run or a model on this machine, its tokenizer and wrap.

    Raises:
        ModelError: no server answers there or it refuses the key; or an option is given that is the server's to choose.
    """
    if not options.url:
        raise ModelError("engine openai: no server; give its address, such as --url http://localhost:8000/v1.")
    if (options.dtype, options.device) != ("auto", "auto"):
        raise ModelError("engine openai: dtype and device are chosen where the server is started; leave them out.")
    server = Server(options.url)
    served = look(server, model)
    prompts = None if served.kind.chat_only else _prompts(model, options.wrap)
    if prompts is None and options.wrap:
        raise ModelError(
            "engine openai: the server wraps prompts itself, as the model's tokenizer is not here; leave the wrap out."
        )
    return OpenAIEngine(server, served, prompts)


class _Request(NamedTuple):
    place: int
    body: dict[str, Any] | Failed
    grammar: Grammar | None


class OpenAIEngine:
    """Asks a server: for completions of prompts that are wrapped here, else for answers to messages, which it wraps itself."""

    name = "openai"

    def __init__(self, server: Server, served: Served, prompts: "Prompts | None") -> None:
        """With `prompts` it can also say how long texts are, as other engines do (`uie.extraction.long_documents`)."""
        self._server, self._kind, self._served, self._prompts = server, served.kind, served.name, prompts
        self._path = "completions" if prompts else "chat/completions"
        theirs = "the server's"
        self.facts: dict[str, Any] = {
            "engine": self.name, "server": served.kind.name, "served": served.name, "endpoint": "completions" if prompts else "chat",
            "dtype": theirs, "device": theirs, "wrap": prompts.wrapping.wrap if prompts else theirs,
        }  # fmt: skip
        if prompts:
            wrapping = prompts.wrapping
            self.count_tokens, self.count_prompt_tokens = wrapping.count_tokens, wrapping.count_prompt_tokens
            self.longest = min(wrapping.longest, served.longest or wrapping.longest)

    def generate(
        self, prompts: Sequence[Turns], grammars: Sequence[Grammar] | None = None, sampling: Sampling = _GREEDY
    ) -> Iterator[tuple[int, Generation | Failed]]:
        """See `uie.generation.Engine`; `sampling.batch_size` requests are under way at a time."""
        if sampling.beams > 1:
            raise ModelError("engine openai: servers search no beams; the engine transformers does.")
        if grammars is not None and not self._kind.grammar_field:
            raise ModelError(
                f"engine openai: a server of kind {self._kind.name} holds answers to JSON schemas at most, which cannot say that a "
                "mention is a piece of the text; use vLLM, SGLang, llama.cpp's server or the engine transformers, or no constraints."
            )
        if grammars is not None and find_spec("llguidance") is None:
            raise ModelError("engine openai: constrained answers are checked by llguidance; install uie-llm[train].")
        held = grammars if grammars is not None else [None] * len(prompts)
        requests = (
            _Request(index, self._body(prompt, grammar, sampling), grammar)
            for index, (prompt, grammar) in enumerate(zip(prompts, held, strict=True))
        )
        yield from side_by_side(
            lambda request, given_up: (request.place, self._answer(request, sampling, given_up)),
            requests,
            at_once=sampling.batch_size,
        )

    def stream(self, prompt: Turns, sampling: Sampling = _GREEDY) -> Iterator[str]:
        """See `uie.generation.Engine`.

        Raises:
            ModelError: the server refuses, or the stream breaks off.
        """
        body = self._body(prompt, None, sampling)
        if isinstance(body, Failed):
            raise ModelError(body.reason)
        finish = None
        for piece, ended in self._server.stream(self._path, body | {"stream": True}, piece_of):
            finish = ended or finish
            if piece:
                yield piece
        if finish is None:
            raise ModelError(f"{self._server.url}: the stream broke off before the answer's end.")

    def _answer(self, request: _Request, sampling: Sampling, given_up: Event) -> Generation | Failed:
        if isinstance(request.body, Failed):
            return request.body
        started = time.monotonic()
        try:
            answer = self._server.ask_again(
                self._path,
                request.body,
                lambda sent: generation_of(sent, logprobs=sampling.logprobs, seconds=time.monotonic() - started),
                given_up,
            )
        except RequestFailed as failed:
            return Failed(str(failed))
        if request.grammar is not None and not is_held(answer.raw, request.grammar, whole=answer.finish_reason == "stop"):
            return Failed(f"the server did not hold the answer to its grammar: {answer.raw[:80]!r}")
        return answer

    def _body(self, prompt: Turns, grammar: Grammar | None, sampling: Sampling) -> dict[str, Any] | Failed:
        """What is sent. Fields that go without saying are left out: `transformers serve` refuses those it does not know."""
        body: dict[str, Any] = {
            "model": self._served,
            self._kind.room_field: sampling.max_new_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            **self._kind.plain,
        }
        if sampling.temperature:
            body["seed"] = sampling.seed
        try:
            body |= self._asked(prompt, sampling)
            return body | (self._kind.held_to(to_ebnf(grammar)) if grammar is not None else {})
        except ModelError as error:
            return Failed(str(error))

    def _asked(self, prompt: Turns, sampling: Sampling) -> dict[str, Any]:
        if self._prompts is None:
            return {"messages": _messages(prompt), **({"logprobs": True} if sampling.logprobs else {})}
        asked: dict[str, Any] = {"prompt": self._prompts.prompt(prompt, takes_ids=self._kind.takes_ids)}
        if self._kind.ends_at_ids:
            asked["stop_token_ids"] = self._prompts.stop_ids
        elif self._prompts.stop_words:
            asked["stop"] = self._prompts.stop_words
        return asked | ({"logprobs": 1} if sampling.logprobs else {})


def _prompts(model: str, wrap: str) -> "Prompts | None":
    """With the tokenizer of the run or model on this machine; None where `model` is only a name that the server knows."""
    from uie.models.sources import resolve

    try:
        source = resolve(model)
    except ModelError:
        if Path(model).expanduser().exists():
            raise
        return None
    from uie.generation.server_prompts import UNLIMITED, Prompts
    from uie.generation.wrapping import wrap_of
    from uie.models.gguf_cache import config_of
    from uie.models.loading import load_tokenizer

    tokenizer = load_tokenizer(source)
    longest = config_of(source).get("max_position_embeddings") or UNLIMITED
    return Prompts(tokenizer, wrap_of(source, tokenizer, wrap), longest=longest)


def _messages(turns: Turns) -> list[dict[str, str]]:
    messages = [
        {"role": role, "content": words} for said, answered in turns for role, words in (("user", said), ("assistant", answered))
    ]
    return messages[:-1]
