"""Rows of turns: sharegpt and BELLE (`conversations`), OpenAI (`messages`), and trl's conversational prompt and completion."""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from uie.errors import RecordError
from uie.records.exchange.layout import Json, Layout, objects_of, optional_text, prompt_of, text_of, with_id
from uie.records.exchange.pairs import SEVERAL_TURNS, read_alpaca
from uie.records.record import Record

Turn = tuple[str, str]
# Who speaks, in the words of sharegpt, BELLE and OpenAI alike: files mix them.
SIDES: Mapping[str, str] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "system": "system",
    "developer": "system",
}


def _write_conversation(record: Record, *, assistant: str) -> Json:
    return {"conversations": [{"from": "human", "value": prompt_of(record)}, {"from": assistant, "value": record.answer}]}


def _write_messages(record: Record) -> Json:
    prompt, completion = _write_trl(record).values()
    return {"messages": [*prompt, *completion]}


def _write_trl(record: Record) -> Json:
    return {
        "prompt": [{"role": "user", "content": prompt_of(record)}],
        "completion": [{"role": "assistant", "content": record.answer}],
    }


def read_conversation(
    row: Json,
    *,
    turns: str = "conversations",
    role: str = "from",
    content: str = "value",
    system: str = "system",
    tools: str = "tools",
    sides: Mapping[str, str] = SIDES,
) -> Json:
    """The one question and its answer of a conversation; the system message becomes the instruction."""
    if row.get(tools):
        raise RecordError("tools; a record has none.")
    found = _turns(objects_of(row, turns), role, content, sides)
    return with_id(_one_question(found, optional_text(row, system)), row)


def _turns(objects: Iterable[Mapping[str, Any]], role: str, content: str, sides: Mapping[str, str] = SIDES) -> list[Turn]:
    found = []
    for turn in objects:
        speaker = text_of(turn, role)
        if speaker not in sides:
            raise RecordError(f"a turn of {speaker!r}; expected one of {', '.join(sides)}.")
        found.append((sides[speaker], text_of(turn, content)))
    return found


def _one_question(turns: list[Turn], system: str = "") -> Json:
    if turns and turns[0][0] == "system":
        if system:
            raise RecordError("two system messages.")
        system, turns = turns[0][1], turns[1:]
    sides = [side for side, _ in turns]
    if sides == ["user", "assistant"]:
        return {"instruct": system, "query": turns[0][1], "answer": turns[1][1]}
    if sides.count("user") > 1:
        raise RecordError(SEVERAL_TURNS)
    raise RecordError(f"turns of {', '.join(sides) or 'nobody'}; expected user, assistant.")


def _read_trl(row: Json) -> Json:
    turns = [*objects_of(row, "prompt"), *objects_of(row, "completion")]
    return with_id(_one_question(_turns(turns, "role", "content")), row)


SHAREGPT = Layout(partial(_write_conversation, assistant="gpt"), read_conversation)
MESSAGES = Layout(
    _write_messages, partial(read_conversation, turns="messages", role="role", content="content"), file="{split}.jsonl"
)
TRL = Layout(_write_trl, _read_trl, file="{split}.jsonl")

# A turn of BELLE's 0.8M conversations, whose text so far stands in `instruction`.
_BELLE_TURN = re.compile(r"^[ \t]*(Human|Assistant):", re.MULTILINE)


def _write_belle(record: Record) -> Json:
    return {"id": record.id, **_write_conversation(record, assistant="assistant")}


def _read_belle(row: Json) -> Json:
    """Any of BELLE's own: conversations; instruction, input and output; input and target; instruction with `Human: … Assistant:`."""
    if "conversations" in row:
        return read_conversation(row)
    if "target" in row:
        return with_id({"instruct": "", "query": text_of(row, "input"), "answer": text_of(row, "target")}, row)
    found = read_alpaca(row)
    said = text_of(row, "instruction") + optional_text(row, "input")  # joined without a sign between them, as BELLE does
    if not said.lstrip().startswith("Human:"):
        return found
    pieces = [piece.strip() for piece in _BELLE_TURN.split(said)]
    speakers, words = pieces[1::2], pieces[2::2]
    if speakers.count("Human") > 1:
        raise RecordError(SEVERAL_TURNS)
    if speakers != ["Human", "Assistant"] or words[1]:
        raise RecordError("begins with 'Human:' and does not end with a line 'Assistant:'.")
    return found | {"instruct": "", "query": words[0]}


# One object a line in a file called .json, as its convert_to_conv_data.py writes and its trainer reads.
BELLE = Layout(_write_belle, _read_belle, style="lines")
