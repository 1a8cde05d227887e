"""A Hugging Face dataset in (Parquet, Arrow or JSON Lines, a folder of them, or a hub id when asked to download), Documents out."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from uie.corpora import Layout, OnBad, ignore_bad
from uie.corpora.columnar import class_names, read_columns
from uie.corpora.guessing import guess_mapping
from uie.corpora.mapping import MappingOptions, document_from_row, style_of, tags_of, with_class_names
from uie.corpora.reading import HUB
from uie.corpora.rows import Json, Place, placed, values_from_file, values_from_items
from uie.documents import Document, document_from_json
from uie.errors import CorpusError
from uie.settings import build

_AS_JSON = ("attributes", "asked", "problems", "meta")
"""What `uie corpora convert` writes as JSON in a text: a column has one type."""

_OWN = {"id", "dataset", "split", "lang", "text", "entities", "events", "meta"}
_FEW = 100  # rows that tell what the columns mean


@dataclass(frozen=True, slots=True)
class HuggingfaceOptions:
    """`mapping`: which columns mean what, as in the layout `mapping` (default: those that `uie corpora convert` writes, else tokens and
    their tags, else a text and a list of entities, by their usual names). `split`: of a folder with several, or of a dataset on the hub.

    Of `hub:owner/name`: `config` and `revision`. Nothing is fetched unless `download` is true; what is, goes to the cache of `datasets`.
    """

    mapping: MappingOptions | None = None
    split: str = ""
    config: str = ""
    revision: str = ""
    download: bool = False


@dataclass(frozen=True, slots=True)
class _Rows:
    """A file (or what stands for one) whose rows can be gone through more than once."""

    path: Path
    class_names: Mapping[str, tuple[str, ...]]
    open: Callable[[OnBad], Iterator[tuple[Place, Json]]]


def read(path: Path, options: HuggingfaceOptions, bad: OnBad) -> Iterator[Document]:
    """One Document a row. `path` is a data file, a folder, or a file that stands for its folder: `dataset_info.json` or `state.json` of
    `save_to_disk`, a card `README.md`. Tags that are class labels are read by their names."""
    for file in [_fetched(path, options)] if str(path).startswith(HUB) else _files(path, options.split):
        yield from _documents(file, options, bad)


def _documents(file: _Rows, options: HuggingfaceOptions, bad: OnBad) -> Iterator[Document]:
    mapping = options.mapping
    if mapping is None:
        first = [row for _, row in islice(file.open(ignore_bad), _FEW)]
        if first and set(first[0]) >= _OWN:
            for place, document in values_from_items(file.path, "", file.open(bad), bad, _own):
                yield placed(document, place)
            return
        guessed = guess_mapping(first, file.class_names)
        if guessed is None:
            columns = ", ".join(first[0]) if first else "no row"
            raise CorpusError(f"{file.path}: what the columns mean is not clear ({columns}); say it in the option mapping.")
        mapping = build(MappingOptions, guessed, where=f"{file.path}: mapping")
    known = with_class_names(mapping, file.class_names)
    tags = values_from_items(file.path, "", file.open(ignore_bad), ignore_bad, lambda row: tags_of(row, known))
    style = style_of(known, (found for _, found in tags), file.path)
    made = values_from_items(file.path, "", file.open(bad), bad, lambda row: document_from_row(row, known, style))
    for place, document in made:
        yield placed(document, place)


def _own(row: Json) -> Document:
    """A row as `uie corpora convert` writes it."""
    return document_from_json(_without_nothing(row))


def _without_nothing(value: Any) -> Any:
    """The value without keys that hold nothing, and with what is JSON in a text as it was."""
    if isinstance(value, list):
        return [_without_nothing(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: json.loads(item) if item and key in _AS_JSON else item for key, item in value.items()}
    # A type that is null says that there is none: of a relation it has to be said.
    empty = {
        key
        for key, item in found.items()
        if (item is None and key != "type") or (key in (*_AS_JSON, "fragments", "norms") and not item)
    }
    return {key: item if key in _AS_JSON else _without_nothing(item) for key, item in found.items() if key not in empty}


def _files(path: Path, split: str) -> Iterator[_Rows]:
    folder = path if path.is_dir() else path.parent
    if path.is_dir() or path.name in ("dataset_info.json", "dataset_dict.json", "state.json", "README.md"):
        found = [
            file
            for pattern in ("*.arrow", "*.parquet", "*.jsonl")
            for file in sorted(folder.rglob(pattern))
            if not file.match("cache-*.arrow")  # what `map` and `filter` of datasets made of the rows
        ]
        names = {split, "validation" if split == "dev" else split}
        files = [
            file
            for file in found
            if not split or names & set(file.relative_to(folder).with_suffix("").as_posix().replace("-", "/").split("/"))
        ]
        if not files:
            wanted = f" of the split {split!r}" if split else ""
            raise CorpusError(f"{folder}: no .arrow, .parquet or .jsonl file{wanted}; there is {_listing(found, folder)}.")
    else:
        files = [path]
    for file in files:
        if file.suffix in (".jsonl", ".json"):
            yield _Rows(file, {}, lambda bad, file=file: values_from_file(file, bad, dict))  # type: ignore[misc]
        else:
            yield _Rows(file, read_columns(file).class_names, lambda bad, file=file: read_columns(file).rows)  # type: ignore[misc]


def _listing(found: list[Path], folder: Path) -> str:
    return ", ".join(file.relative_to(folder).as_posix() for file in found[:6]) or "none"


def _fetched(path: Path, options: HuggingfaceOptions) -> _Rows:
    """A dataset of the hub.

    Raises:
        CorpusError: it is not to be downloaded, cannot be, or `datasets` is not installed.
    """
    name = str(path).removeprefix(HUB)
    if not options.download:
        raise CorpusError(f"{path}: is fetched from the Hugging Face hub only when asked for: set the option download: true.")
    try:
        import datasets
    except ImportError:
        raise CorpusError(f"{path}: datasets is not installed, which fetches from the hub: pip install datasets.") from None
    split = "validation" if options.split == "dev" else options.split or "train"
    try:
        found = datasets.load_dataset(name, options.config or None, split=split, revision=options.revision or None)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise CorpusError(f"{path}: cannot be fetched: {' '.join(str(error).split())}") from None
    features = found.features.to_dict()
    named = {column: names for column, feature in features.items() if (names := class_names(feature))}
    return _Rows(path, named, lambda bad: ((f"row {number}", row) for number, row in enumerate(found)))


LAYOUT = Layout(read, {"train.jsonl": '{"tokens": ["Ann", "lives", "in", "Rome"], "ner_tags": ["B-PER", "O", "O", "B-LOC"]}\n'})
