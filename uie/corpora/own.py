"""A file or folder of the user's in, a dataset config for it out, filled in as far as the files say: layout, splits, labels, counts."""

import codecs
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from uie.corpora.checking import counted
from uie.corpora.config import DatasetConfig, SplitFiles, dataset_config, dataset_names
from uie.corpora.reading import placed_files
from uie.corpora.recognising import Candidate, recognise
from uie.corpora.splitting import by_split, data_files, patterns, siblings, split_of_name
from uie.documents import Document
from uie.errors import CorpusError, OutputError
from uie.storage import whole_file

_TRIED = 20  # files of a folder that are looked into
_LOOKED_AT = 2**16  # bytes
_NOTHING = "no layout finds anything annotated in it"
_MAPPING = (
    "say which of them mean what in a config, layout: {}, options: {{text: KEY, entities: {{at: KEY, start: KEY, end: KEY, type: KEY}}}}, "
    "as docs/adding-a-corpus.md shows"
)
_ABBREVIATIONS = {
    "PER": "person",
    "PERS": "person",
    "LOC": "location",
    "ORG": "organization",
    "GPE": "geopolitical entity",
    "FAC": "facility",
    "MISC": "miscellaneous name",
    "NORP": "nationality or group",
}


@dataclass(frozen=True, slots=True)
class NewCorpus:
    """`path`: the config that was written; `candidates`: the layouts the files may have, likeliest first; `unreadable`: rows left out."""

    path: Path
    config: DatasetConfig
    candidates: tuple[Candidate, ...]
    unreadable: int


def new_corpus(source: Path, *, name: str = "", folder: Path | None = None) -> NewCorpus:
    """Looks at a file (with those beside it that are its other splits) or at a folder, and writes `FOLDER/NAME.yaml`, to be edited.

    Args:
        name: default: made of the file's name, or of its folder's where the file is called after a split.
        folder: default: `./dataset_configs`.

    Raises:
        CorpusError: there is no such file, or no layout finds anything in it.
        OutputError: the config, or a corpus of that name, is there already.
    """
    source = source.resolve()
    name = name or name_of(source)
    out = (Path("dataset_configs") if folder is None else folder) / f"{name}.yaml"
    if out.exists() or name in dataset_names():
        where = f"{out}: is there already" if out.exists() else f"{name}: is a corpus already"
        raise OutputError(f"{where}; give another name by --name.")
    splits, candidates = _files(source)
    base = source if source.is_dir() else source.parent
    best = candidates[0]
    draft = DatasetConfig(
        name=name,
        lang="en",
        layout=best.layout,
        tasks=(),
        splits={split: SplitFiles(tuple(patterns(files, base))) for split, files in splits.items()},
        labels={},
        folder=str(base),
        options=best.options,
    )
    seen = _Seen()
    unreadable: list[CorpusError] = []
    for split in draft.splits:
        for _, document in placed_files(draft, split, data_root=None, bad=lambda error, raw: unreadable.append(error)):
            seen.add(split, document)
    draft = replace(draft, lang=seen.lang())
    written = _yaml(draft, seen, source, best)
    config = dataset_config(yaml.safe_load(written), where=str(out))
    with whole_file(out) as file:
        file.write(written)
    return NewCorpus(out, config, tuple(candidates), len(unreadable))


def name_of(source: Path) -> str:
    """A corpus' name from a file's, or from its folder's where the file is called after a split alone."""
    stem = source.name if source.is_dir() else source.name.partition(".")[0]
    parent = source.parent.name
    if not source.is_dir() and stem.isalpha() and split_of_name(stem) is not None:
        stem = parent or stem
    return re.sub(r"[^\w-]+", "_", stem.lower()).strip("_-") or "my_corpus"


def verbalised(label: str) -> str:
    """A label as words: `creative-work` → creative work, `birthPlace` → birth place, `PER` → person."""
    if label in _ABBREVIATIONS:
        return _ABBREVIATIONS[label]
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", " ", re.sub(r"[-_/.:\s]+", " ", label)).strip()
    shouted = words.isupper() and len(words) > 4
    return (words.lower() if shouted else " ".join(word.lower() if word.istitle() else word for word in words.split())) or label


def _files(source: Path) -> tuple[dict[str, list[Path]], list[Candidate]]:
    """The files by split, and the layouts of the likeliest kind of files."""
    if not source.exists():
        raise CorpusError(f"{source}: no such file or folder.")
    if source.is_dir():
        found = [(by_split(files, source), _recognised(files)) for files in data_files(source).values()]
        if not found:
            raise CorpusError(f"{source}: the folder holds no data.")
        splits, candidates = max(found, key=lambda one: one[1][0].score * sum(map(len, one[0].values())) if one[1] else 0)
    else:
        splits, candidates = siblings(source), recognise(source)
    if not candidates:
        raise CorpusError(f"{source}: {unrecognised(source)}." if source.is_file() else f"{source}: {_NOTHING}.")
    return splits, candidates


def _recognised(files: list[Path]) -> list[Candidate]:
    """The layouts of the first file that any finds something in: of a folder of standoff files some are empty."""
    full = [path for path in files if path.stat().st_size]
    return next((found for path in full[:_TRIED] if (found := recognise(path))), [])


def unrecognised(path: Path) -> str:
    """Why no layout may find anything annotated in a file, and what to do: a part of a sentence without its full stop."""
    content = path.read_bytes()[:_LOOKED_AT]
    if not content.strip():
        return "the file holds blank lines only"
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return f"{_NOTHING} (UTF-16 is read of tables only: convert the file to UTF-8)"
    if b"\0" in content:
        return "the file is no text, nor Parquet, Arrow or a spaCy DocBin with annotations"
    try:
        # A character may be cut where the piece ends.
        text = content.decode() if len(content) < _LOOKED_AT else codecs.getincrementaldecoder("utf-8")().decode(content)
    except UnicodeDecodeError as found:
        line = content.count(b"\n", 0, found.start) + 1
        return f"line {line} is not UTF-8; convert the file, such as with iconv -f latin1 -t utf-8, or name a table's encoding in its options"
    if path.suffix in (".csv", ".tsv"):
        return f"{_NOTHING}; its columns are {text.partition(chr(10))[0].strip()}: {_MAPPING.format('table')}"
    keys = _keys(text)
    if keys:
        return f"{_NOTHING}; its rows have the keys {', '.join(keys)}: {_MAPPING.format('mapping')}"
    return f"{_NOTHING}; text that is not annotated is read by uie predict and uie chat, other layouts are described in docs/adding-a-corpus.md"


def _keys(text: str) -> list[str]:
    """The keys of the first JSON object in a text."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text[max(0, text.find("{")) :])
    except ValueError:
        return []
    return list(found) if isinstance(found, dict) else []


class _Seen:
    """What the Documents hold, for the config."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = {}
        self.entities: Counter[str] = Counter()
        self.relations: dict[str, tuple[set[str], set[str]]] = {}
        self.events: dict[str, Counter[str]] = {}
        self.grounded = False
        self.only_ends = True
        self.scripts: Counter[str] = Counter()

    def add(self, split: str, document: Document) -> None:
        self.counts.setdefault(split, Counter()).update(counted(document))
        entities = document.entities or ()
        self.entities.update(entity.type for entity in entities if entity.type is not None)
        for relation in document.relations or ():
            if relation.type is None:  # only the pair is known, which is no label
                continue
            heads, tails = self.relations.setdefault(relation.type, (set(), set()))
            if relation.level == "entity":
                heads.update(filter(None, [entities[relation.head].type]))
                tails.update(filter(None, [entities[relation.tail].type]))
        for event in document.events or ():
            self.events.setdefault(event.type, Counter()).update(argument.role for argument in event.arguments)
        self.grounded = self.grounded or any(mention.grounded for mention in document.mentions())
        ends = {index for relation in document.relations or () for index in (relation.head, relation.tail)}
        self.only_ends = self.only_ends and document.relations is not None and len(ends) == len(entities)
        self.scripts.update(_script(character) for character in document.text[:200])

    def lang(self) -> str:
        """By the script that most letters of the texts are of; English where that is no other."""
        counts = {lang: self.scripts[lang] for lang in ("zh", "ja", "ko")}
        if self.scripts["ja"] * 5 > self.scripts["zh"]:
            counts["zh"] = 0
        lang = max(counts, key=lambda lang: counts[lang])
        return lang if counts[lang] * 3 > self.scripts["en"] else "en"

    def tasks(self) -> list[str]:
        """Where every mention is in a relation, mentions are there for the relations alone, which says nothing of NER."""
        found = ["NER"] if self.entities and not self.only_ends else []
        return found + (["RE"] if self.relations else []) + (["EE"] if self.events else [])


def _script(character: str) -> str:
    if "\u3040" <= character <= "\u30ff":
        return "ja"
    if "\u4e00" <= character <= "\u9fff":
        return "zh"
    if "\uac00" <= character <= "\ud7af":
        return "ko"
    return "en" if character.isalpha() else ""


def _yaml(config: DatasetConfig, seen: _Seen, source: Path, best: Candidate) -> str:
    labels: dict[str, Any] = {}
    if seen.entities:
        labels["entities"] = _labels([label for label, _ in seen.entities.most_common()])
    if seen.relations:
        labels["relations"] = _labels(list(seen.relations))
        for label, (heads, tails) in seen.relations.items():
            ends = {"head": sorted(heads), "tail": sorted(tails)}
            labels["relations"][label] |= {end: types for end, types in ends.items() if types}
    if seen.events:
        labels["events"] = _labels(list(seen.events))
        for label, roles in seen.events.items():
            labels["events"][label] |= {"roles": _labels(list(roles))} if roles else {}
    tasks = seen.tasks()
    kinds = {"NER": ("entities",), "RE": ("entities", "relations"), "EE": ("events", "arguments")}
    wanted = ("documents", *dict.fromkeys(kind for task in tasks for kind in kinds[task]))
    mapping: dict[str, Any] = {
        "name": config.name,
        "title": config.name,
        "lang": config.lang,
        "licence": "unstated",
        "citation": "",
        "folder": config.folder,
        "layout": config.layout,
        **({"options": _plain(config.options)} if config.options else {}),
        "tasks": tasks,
        **({} if seen.grounded else {"offsets": False}),
        "splits": {split: {"files": list(files.files)} for split, files in config.splits.items()},
        "expected": {split: {kind: counts[kind] for kind in wanted} for split, counts in seen.counts.items()},
        "labels": labels,
    }
    said = f"# Written by `uie corpora new` from {source.name}. The layout is a guess: {best.why()}\n"
    said += (
        "# Edit: title, licence, tasks (what is annotated completely), and each label's name and description, which prompts show.\n"
    )
    return said + yaml.safe_dump(mapping, sort_keys=False, allow_unicode=True, width=130)


def _labels(labels: list[str]) -> dict[str, Any]:
    """Each label with its name; one that another label has already keeps its own."""
    taken: set[str] = set()
    found: dict[str, Any] = {}
    for label in labels:
        name = verbalised(label)
        name = label if name in taken or (name in labels and name != label) else name
        taken.add(name)
        found[label] = {"name": name, "description": ""}
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
