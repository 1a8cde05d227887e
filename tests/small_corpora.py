"""Corpora of a few sentences, written to a folder, and what is built from them."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from uie.documents import Document, document_from_json
from uie.extraction.walk import documents_of
from uie.parsing.assembling import Answered
from uie.records.build import BuildSummary, build_data
from uie.records.mix import Mix, MixCorpus
from uie.records.record import Record, read_records
from uie.storage import read_jsonl

Json = dict[str, Any]
_MARKED = re.compile(r"([^\s/]+)/([A-Z]+)")
LABELS = {
    "entities": {
        "PER": {"name": "person", "description": "a human being", "paraphrases": ["human", "individual"]},
        "LOC": {"name": "location", "description": "a place"},
        "ORG": {"name": "organization"},
        "MISC": {"name": "other name"},
    },
    "relations": {
        "LIVES": {"name": "lives in", "description": "whose home it is", "head": ["PER"], "tail": ["LOC"]},
        "WORKS": {"name": "works for", "paraphrases": ["is employed by"], "head": ["PER"], "tail": ["ORG"]},
    },
}


def marked(text: str, *relations: tuple[str, int, int]) -> Json:
    """A row of a corpus: `marked("Ann/PER lives in Rome/LOC.", ("LIVES", 0, 1))`."""
    plain, entities, at = "", [], 0
    for match in _MARKED.finditer(text):
        plain += text[at : match.start()]
        entities.append({"start": len(plain), "end": len(plain) + len(match[1]), "text": match[1], "type": match[2]})
        plain += match[1]
        at = match.end()
    return {
        "text": plain + text[at:],
        "entities": entities,
        "relations": [{"type": type, "head": head, "tail": tail} for type, head, tail in relations],
    }


def corpus(
    folder: Path,
    name: str,
    splits: Mapping[str, Sequence[Json | str]],
    *,
    tasks: Sequence[str] = ("NER", "RE"),
    labels: Mapping[str, Any] = LABELS,
    **settings: Any,
) -> str:
    """Writes a corpus and its config; returns the config's path, which names it in a mix. Rows that are strings are marked texts."""
    own = folder / name
    own.mkdir()
    for split, rows in splits.items():
        made = (marked(row) if isinstance(row, str) else row for row in rows)
        lines = (json.dumps({"id": str(number), "split": split, **row}, ensure_ascii=False) for number, row in enumerate(made))
        (own / f"{split}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    config = {
        "name": name,
        "lang": "en",
        "layout": "documents",
        "tasks": list(tasks),
        "folder": str(own),
        "splits": {split: {"files": [f"{split}.jsonl"]} for split in splits},
        "labels": labels,
        **settings,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return str(path)


def mix(*corpora: str | MixCorpus, **settings: Any) -> Mix:
    """A mix of corpora, by name or path."""
    return Mix(tuple(MixCorpus(one) if isinstance(one, str) else one for one in corpora), **settings)


class Built:
    """What a build wrote: records and gold Documents of each split, and the summary."""

    def __init__(self, out: Path, settings: Mix, **more: Any) -> None:
        self.out = out
        self.summary: BuildSummary = build_data(settings, out=out, **more)
        self.train, self.dev, self.test = (list(read_records(out / f"{split}.jsonl")) for split in ("train", "dev", "test"))

    @property
    def records(self) -> list[Record]:
        return [*self.train, *self.dev, *self.test]

    def gold(self, split: str) -> list[Document]:
        path = self.out / "documents" / f"{split}.jsonl"
        return [document_from_json(row, where=f"{path}:{number}") for number, row in read_jsonl(path)]

    @property
    def manifest(self) -> Json:
        found: Json = json.loads((self.out / "manifest.json").read_text(encoding="utf-8"))
        return found

    def bytes(self) -> dict[str, bytes]:
        return {str(path.relative_to(self.out)): path.read_bytes() for path in sorted(self.out.rglob("*.jsonl"))}

    def row(self, task: str, split: str = "train", dataset: str | None = None) -> Any:
        (row,) = (one for one in self.summary.rows if (one.task, one.split) == (task, split) and dataset in (None, one.dataset))
        return row


def echoed(records: Iterable[Record]) -> list[Document]:
    """The predicted Documents of a model that answers every record with its own gold answer."""
    return list(documents_of([Answered(record, record.answer or "") for record in records]))


def asked(record: Record, kind: str = "entities") -> list[str]:
    """The labels of a kind that a record asks for, in their order."""
    return list(record.schema.get(kind, {}))


def answered(record: Record) -> list[str]:
    """The lines of a record's answer."""
    return (record.answer or "").split("\n")
