"""Layouts that are a folder: data files with a `dataset_info.json` (LLaMA-Factory) or with a dataset card (Hugging Face)."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from uie.errors import RecordError, unknown_name
from uie.records.exchange.conversations import read_conversation
from uie.records.exchange.layout import Json, Layout, ReadRow, SetAside, Source, Written, text_of
from uie.records.exchange.pairs import ALPACA, read_alpaca
from uie.records.record import Record, record_to_json
from uie.settings import parse_yaml
from uie.storage import read_lines

_INFO = "dataset_info.json"
# What an entry of dataset_info.json may say beside plain questions and answers.
_HUBS = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url")
_NEEDED = {"alpaca": ("prompt", "response"), "sharegpt": ("messages",)}
_OTHER_COLUMNS = ("chosen", "rejected", "kto_tag", "images", "videos", "audios")

_CARD = "README.md"
_AS_JSON = ("schema", "source", "given")
_CARD_TEXT = """---
{front}---
# {name}

Questions for instruction tuning on information extraction: a model is given `instruct`, a line end and `query`, and writes `answer`.
Written by `uie records export`. `schema`, `source` and `given` hold JSON as text. The texts come from the corpora below, whose
licences apply.

| split | corpus | task | records |
| --- | --- | --- | ---: |
{rows}
"""


def _info(name: str, data: list[Written]) -> Mapping[str, str]:
    columns = {"prompt": "instruction", "query": "input", "response": "output"}
    # Its settings list dataset names with commas between them.
    plain = re.sub(r"[^\w.-]+", "_", name)
    info = {f"{plain}_{part.split}": {"file_name": part.file, "columns": columns} for part in data}
    return {_INFO: json.dumps(info, ensure_ascii=False, indent=2) + "\n"}


def _described(path: Path, dataset: str) -> Iterator[Source | SetAside]:
    """The data files that `dataset_info.json` describes, of one entry if it is named; `path` is the file or its folder."""
    path = path / _INFO if path.is_dir() else path
    info = _object(path)
    if dataset and dataset not in info:
        raise RecordError(f"{path}: {unknown_name('dataset', dataset, info)}")
    for name in [dataset] if dataset else info:
        where = f"{path}: {name}"
        entry = _mapping(info[name], where)
        columns, tags = (_texts(entry.get(key, {}), f"{where}.{key}") for key in ("columns", "tags"))
        reason = _unreadable(entry, columns, path.parent)
        if reason:
            yield SetAside(where, reason, dict(entry))
        else:
            yield Source(path.parent / entry["file_name"], _reader(entry, columns, tags), name)


def _object(path: Path) -> Mapping[str, Any]:
    text = "\n".join(line for _, line in read_lines(path, error=RecordError))
    try:
        return _mapping(json.loads(text), str(path))
    except (ValueError, RecursionError) as found:
        raise RecordError(f"{path}: not JSON: {found}.") from None


def _mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RecordError(f"{where}: expected a mapping, found {type(value).__name__}.")
    return value


def _texts(value: Any, where: str) -> Mapping[str, str]:
    """The texts of a mapping; what is null counts as not there."""
    mapping = {key: found for key, found in _mapping(value, where).items() if found is not None}
    for key, found in mapping.items():
        if not isinstance(found, str):
            raise RecordError(f"{where}.{key}: expected a text, found {type(found).__name__}.")
    return mapping


def _unreadable(entry: Mapping[str, Any], columns: Mapping[str, str], folder: Path) -> str:
    """Why no records can be made of an entry; "" if they can."""
    file = entry.get("file_name")
    if not isinstance(file, str) or any(entry.get(key) for key in _HUBS):
        return "names no data file in the folder; download the dataset first."
    needed = _NEEDED.get(entry.get("formatting", "alpaca"))
    if needed is None:
        return f"formatting {entry['formatting']!r}; expected alpaca or sharegpt."
    if entry.get("ranking") or any(key in columns for key in _OTHER_COLUMNS):
        return "holds preferences or media; a record is a question with its answer."
    if columns and not all(key in columns for key in needed):
        return f"its columns do not name {' and '.join(needed)}."
    if not file.endswith((".json", ".jsonl")):
        return f"{file}: expected a .json or .jsonl file."
    return "" if (folder / file).is_file() else f"no file {file} in the folder."


def _reader(entry: Mapping[str, Any], columns: Mapping[str, str], tags: Mapping[str, str]) -> ReadRow:
    """Reads rows by the entry's columns and tags. As in LLaMA-Factory, columns that are named replace all the usual ones."""
    if entry.get("formatting", "alpaca") == "alpaca":
        columns = columns or {"prompt": "instruction", "query": "input", "response": "output"}
        return partial(
            read_alpaca,
            prompt=columns["prompt"],
            query=columns.get("query", ""),
            response=columns["response"],
            system=columns.get("system", ""),
            history=columns.get("history", ""),
        )
    return partial(
        read_conversation,
        turns=columns.get("messages", "conversations"),
        role=tags.get("role_tag", "from"),
        content=tags.get("content_tag", "value"),
        system=columns.get("system", ""),
        tools=columns.get("tools", ""),
        sides={
            tags.get("user_tag", "human"): "user",
            tags.get("assistant_tag", "gpt"): "assistant",
            tags.get("system_tag", "system"): "system",
        },
    )


LLAMAFACTORY = Layout(ALPACA.write, ALPACA.read, style="array", beside=_info, sources=_described)


def _write_columns(record: Record) -> Json:
    """Every key of a record in every row, all of them texts (the others as JSON): `load_dataset` wants one type a column."""
    row = {"given": "", **record_to_json(record)}
    row["given"] = row.pop("given")  # the last column, whether the record has it or not
    return {key: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for key, value in row.items()}


def _read_columns(row: Json) -> Json:
    """The whole record again; rows of other projects need instruct, query and answer only."""
    for key in ("instruct", "query", "answer"):
        text_of(row, key)
    found = {key: value for key, value in row.items() if value is not None}
    for key in _AS_JSON:
        if isinstance(found.get(key), str):
            text = found.pop(key)
            found |= {key: _parsed(text, key)} if text else {}
    return found


def _parsed(text: str, key: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RecordError(f"{key}: expected JSON in a text.") from None


def _card(name: str, data: list[Written]) -> Mapping[str, str]:
    files = [{"split": _hub_split(part.split), "path": part.file} for part in data]
    front: Json = {"configs": [{"config_name": "default", "data_files": files}]}
    if langs := sorted({lang for part in data for lang in part.langs if lang}):
        front["language"] = langs
    rows = [
        f"| {_hub_split(part.split)} | {dataset or '-'} | {task} | {count} |"
        for part in data
        for (dataset, task), count in part.counts.items()
    ]
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    return {_CARD: _CARD_TEXT.format(front=text, name=name, rows="\n".join(rows))}


def _hub_split(split: str) -> str:
    return "validation" if split == "dev" else split


def _carded(path: Path, dataset: str) -> Iterator[Source | SetAside]:
    """The data files that the card's first configuration lists, else all `.jsonl` of the folder; or the file that `path` is."""
    if not path.is_dir():
        yield Source(path, _read_columns)
        return
    patterns = _data_files(path / _CARD) if (path / _CARD).is_file() else []
    found = [file for pattern in patterns or ["*.jsonl"] for file in sorted(path.glob(pattern))]
    for file in dict.fromkeys(found):
        if file.suffix not in (".jsonl", ".json"):
            raise RecordError(f"{file}: only JSON Lines files are read; write them with the dataset's to_json().")
        yield Source(file, _read_columns)


def _data_files(card: Path) -> list[str]:
    """The path patterns under `configs` in a card's front matter; none if there is no such thing."""
    lines = [line for _, line in read_lines(card, error=RecordError)]
    if lines[:1] != ["---"] or "---" not in lines[1:]:
        return []
    front = "\n".join(lines[1 : lines.index("---", 1)])
    configs = (parse_yaml(front, where=str(card), error=RecordError) if front.strip() else {}).get("configs")
    files = configs[0].get("data_files") if isinstance(configs, list) and configs and isinstance(configs[0], Mapping) else []
    patterns: list[Any] = []
    for entry in files if isinstance(files, list) else [files]:
        paths = entry.get("path") if isinstance(entry, Mapping) else entry
        patterns += paths if isinstance(paths, list) else [paths]
    if not all(isinstance(pattern, str) and pattern and not pattern.startswith("/") for pattern in patterns):
        raise RecordError(f"{card}: configs: data_files: expected paths in the folder.")
    return patterns


HUGGINGFACE = Layout(_write_columns, _read_columns, file="{split}.jsonl", style="lines", beside=_card, sources=_carded)
