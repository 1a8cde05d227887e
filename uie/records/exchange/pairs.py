"""Rows of a question and an answer: alpaca (`instruction`, `input`, `output`), chatllama, and trl's plain prompt and completion."""

import re

from uie.errors import RecordError
from uie.records.exchange.layout import Json, Layout, optional_text, prompt_of, text_of, with_id
from uie.records.record import Record

SEVERAL_TURNS = "several turns; a record is one question with its answer."
_BEFORE_TEXT = re.compile(r"(.+?)\n(Text: .*)", re.DOTALL)


def _write_alpaca(record: Record) -> Json:
    # One text alone is the instruction: alpaca's templates print an empty instruction, but leave an empty input out.
    instruction, input = (record.instruct, record.query) if record.instruct else (record.query, "")
    return {"instruction": instruction, "input": input, "output": record.answer}


def read_alpaca(
    row: Json,
    *,
    prompt: str = "instruction",
    query: str = "input",
    response: str = "output",
    system: str = "system",
    history: str = "history",
) -> Json:
    """Instruction and input become instruct and query; an instruction without input is the query. A system message goes before it."""
    if row.get(history):
        raise RecordError(SEVERAL_TURNS)
    instruction, input, answer = text_of(row, prompt), optional_text(row, query), text_of(row, response)
    instruct = [optional_text(row, system), instruction if input else ""]
    return with_id({"instruct": "\n".join(filter(None, instruct)), "query": input or instruction, "answer": answer}, row)


ALPACA = Layout(_write_alpaca, read_alpaca)


def _write_chatllama(record: Record) -> Json:
    return {"Task": record.task, "Dataset": record.dataset, "user_input": prompt_of(record), "completion": record.answer}


def _read_chatllama(row: Json) -> Json:
    """Split before the first line `Text: …`, which ends the instruction in this project's questions; else all is the query."""
    said, answer = text_of(row, "user_input"), text_of(row, "completion")
    parted = _BEFORE_TEXT.fullmatch(said)
    instruct, query = parted.groups() if parted else ("", said)
    found = {"instruct": instruct, "query": query, "answer": answer}
    known = {"task": optional_text(row, "Task"), "dataset": optional_text(row, "Dataset")}
    return with_id(found | {key: value for key, value in known.items() if value}, row)


# Its generate_dataset.py writes UIE_dataset/UIE_{train,dev,test}.json with json.dump(rows, file, ensure_ascii=False).
CHATLLAMA = Layout(_write_chatllama, _read_chatllama, file="UIE_{split}.json", style="one line")


def _write_trl_text(record: Record) -> Json:
    # trl joins the two without a sign between them; our wrap "plain" ends a question with a line end.
    return {"prompt": prompt_of(record) + "\n", "completion": record.answer}


def _read_trl_text(row: Json) -> Json:
    return with_id({"instruct": "", "query": text_of(row, "prompt").removesuffix("\n"), "answer": text_of(row, "completion")}, row)


TRL_TEXT = Layout(_write_trl_text, _read_trl_text, file="{split}.jsonl")
