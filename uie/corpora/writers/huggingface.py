"""Documents in, a dataset folder out that `datasets.load_dataset(folder)` reads: JSON Lines and a card that says which type each column has."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from uie.corpora.rows import NoOptions
from uie.corpora.writers import Writer
from uie.corpora.writers.splits import SplitFiles
from uie.documents import Document, document_to_json
from uie.storage import Json, whole_file

AS_JSON = ("attributes", "asked", "problems", "meta")
"""Keys whose values differ from Document to Document: a column has one type, so they are written as JSON in a text, "" for none."""

_MENTION = [("start", "int64"), ("end", "int64"), ("text", "string"), ("fragments", [["int64"]])]
_FEATURES: Mapping[str, Any] = {
    **dict.fromkeys(("id", "dataset", "split", "lang", "text"), "string"),
    "tokens": [["int64"]],
    "entities": [dict([*_MENTION, ("type", "string"), ("confidence", "float64"), ("attributes", "string"), ("norms", ["string"])])],
    "relations": [{"type": "string", "head": "int64", "tail": "int64", "confidence": "float64", "level": "string"}],
    "events": [
        {
            "type": "string",
            "trigger": dict(_MENTION),
            "arguments": [dict([("role", "string"), ("event", "int64"), *_MENTION, ("confidence", "float64")])],
            "confidence": "float64",
            "attributes": "string",
        }
    ],
    "clusters": [["int64"]],
    **dict.fromkeys(("asked", "problems", "meta"), "string"),
}
_CARD = """---
{front}---
# {name}

Texts with entities, relations and events, written by `uie corpora convert`. Offsets are half-open and count Unicode code points:
`text[start:end]` is the mention. A column that is null was not annotated; an empty list says that there is none. Heads and tails of
relations count the entities from 0. {as_json} hold JSON as text. The licence is that of the corpora the texts come from.

| split | documents |
| --- | ---: |
{rows}
"""


def write(documents: Iterable[Document], out: Path, options: NoOptions, lost: Counter[str]) -> Mapping[str, Any]:
    """Nothing is lost."""
    langs: dict[str, None] = {}
    with SplitFiles(out, "{split}.jsonl") as files:
        for document in documents:
            files.write(document, _filled(document_to_json(document), _FEATURES))
            langs[document.lang] = None
    with whole_file(out / "README.md") as card:
        card.write(_card(out.name, files.counts, [lang for lang in langs if lang]))
    return {}


def _filled(value: Any, feature: Any) -> Any:
    """The value with every key that its column has, in the column's order."""
    if isinstance(feature, dict):
        return (
            None
            if value is None
            else {key: _as_text(value, key) if key in AS_JSON else _filled(value.get(key), feature[key]) for key in feature}
        )
    if isinstance(feature, list):
        return None if value is None else [_filled(item, feature[0]) for item in value]
    return value


def _as_text(row: Json, key: str) -> str:
    return json.dumps(row[key], ensure_ascii=False) if row.get(key) is not None else ""


def _card(name: str, counts: Mapping[str, int], langs: list[str]) -> str:
    files = [{"split": _hub_split(split), "path": f"{split}.jsonl"} for split in counts]
    front: Json = {"configs": [{"config_name": "default", "data_files": files}], "dataset_info": {"features": _features(_FEATURES)}}
    if langs:
        front["language"] = sorted(langs)
    rows = "\n".join(f"| {_hub_split(split)} | {count} |" for split, count in counts.items())
    text = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    as_json = ", ".join(f"`{key}`" for key in AS_JSON)
    return _CARD.format(front=text, name=name.lstrip("."), rows=rows, as_json=as_json)


def _features(columns: Mapping[str, Any]) -> list[Json]:
    """The columns as a card's front matter lists them (datasets.Features._to_yaml_list)."""
    return [{"name": name, **_feature(feature)} for name, feature in columns.items()]


def _feature(feature: Any) -> Json:
    if isinstance(feature, dict):
        return {"struct": _features(feature)}
    if isinstance(feature, list):
        inner = _feature(feature[0])
        return {"list": inner.get("dtype") or inner.get("struct") or inner}
    return {"dtype": feature}


def _hub_split(split: str) -> str:
    return "validation" if split == "dev" else split


WRITER = Writer(write, "huggingface", kind="folder", split_files="{split}.jsonl")
