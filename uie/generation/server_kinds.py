"""What a server says of itself → which server it is: what it takes beyond OpenAI's fields, and in which of them a grammar.

The fields are those of the servers' own documentation: vLLM (docs/features/structured_outputs.md; `guided_grammar` before 0.11),
SGLang (docs/advanced_features/structured_outputs), llama.cpp (tools/server/README.md). `response_format`, all that the others have,
holds an answer to a JSON schema, and no schema says "a piece of this text".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from uie.errors import ModelError
from uie.generation.servers import RequestFailed, Server


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of server."""

    name: str
    owners: tuple[str, ...] = ()
    "what it writes into `owned_by` of the models it lists"
    plain: Mapping[str, Any] = field(default_factory=dict)
    "takes back what the server or the model's own settings would do to the probabilities"
    grammar_field: str = ""
    "where an EBNF grammar goes; a dot leads into an object"
    takes_ids: bool = False
    "whether a prompt may be token ids"
    ends_at_ids: bool = False
    "whether `stop_token_ids` end an answer"
    chat_only: bool = False
    "whether it wraps every prompt itself: Ollama does so in /v1/completions too"
    room_field: str = "max_tokens"

    def held_to(self, ebnf: str) -> dict[str, Any]:
        """The fields that hold an answer to a grammar."""
        outer, _, inner = self.grammar_field.partition(".")
        return {outer: {inner: ebnf} if inner else ebnf}


UNKNOWN = Kind("unknown")
KINDS = (
    Kind(
        "vllm",
        owners=("vllm",),
        plain={"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
        grammar_field="structured_outputs.grammar",
        takes_ids=True,
        ends_at_ids=True,
    ),
    Kind(
        "sglang",
        owners=("sglang",),
        plain={"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0},
        grammar_field="ebnf",
        takes_ids=True,
        ends_at_ids=True,
    ),
    Kind(
        "llama.cpp",
        owners=("llamacpp",),
        plain={"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0},
        grammar_field="grammar",
        takes_ids=True,
    ),
    Kind("ollama", owners=("library",), chat_only=True),
    Kind("openai", owners=("openai", "openai-internal", "system"), chat_only=True, room_field="max_completion_tokens"),
)


class Served(NamedTuple):
    """A model as its server has it."""

    kind: Kind
    name: str
    longest: int | None = None
    "tokens of a prompt with its answer, where the server says so, as vLLM and SGLang do"


def look(server: Server, model: str) -> Served:
    """Which server this is, and what it calls the model.

    That is the listed one which is, or lies at, what `model` names; else the only one of a server that serves one; else, where little
    is known of the server (`transformers serve` lists what it could load), `model` itself.

    Raises:
        ModelError: no server answers, it refuses the key, or lists other models only.
    """
    try:
        listed = server.ask("models")
    except RequestFailed as failed:
        if failed.status in (401, 403):
            raise ModelError(f"{server.url}: the server refuses the key ({failed}); set UIE_API_KEY.") from None
        if failed.status in (0, 429, 503):
            raise ModelError(
                f"{server.url}: no server that could be asked ({failed}); start one there, or give its address."
            ) from None
        return Served(UNKNOWN, model)
    cards = [card for card in _cards(listed) if isinstance(card.get("id"), str)]
    kind = next((kind for kind in KINDS for card in cards if card.get("owned_by") in kind.owners), UNKNOWN)
    card = _card_of(model, cards, kind, server)
    longest = card.get("max_model_len")
    return Served(_of_this_version(kind, server), card["id"], longest if isinstance(longest, int) else None)


def _cards(listed: Any) -> list[dict[str, Any]]:
    found = listed.get("data") if isinstance(listed, dict) else None
    return [card for card in found if isinstance(card, dict)] if isinstance(found, list) else []


def _card_of(model: str, cards: list[dict[str, Any]], kind: Kind, server: Server) -> dict[str, Any]:
    path = Path(model).expanduser()
    names = {model, f"{model}:latest", str(path), str(path.resolve()), path.name}
    for card in cards:
        if card["id"] in names or str(card.get("root")) in names:
            return card
    if kind == UNKNOWN or not cards:
        return {"id": model}
    if len(cards) > 1 or kind.chat_only:
        known = ", ".join(card["id"] for card in cards[:10])
        raise ModelError(f"{server.url}: the server has no model named {model!r}; it lists {known}.")
    return cards[0]


def _of_this_version(kind: Kind, server: Server) -> Kind:
    """vLLM takes fields it does not know and leaves them aside, so that the wrong one would constrain nothing."""
    if kind.name != "vllm":
        return kind
    try:
        said = server.ask("../version")
    except RequestFailed:
        return kind
    version = re.findall(r"\d+", str(said.get("version") if isinstance(said, dict) else ""))
    return replace(kind, grammar_field="guided_grammar") if version and tuple(map(int, version[:2])) < (0, 11) else kind
