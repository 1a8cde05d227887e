"""A `DatasetConfig` and a split in, its Documents out, with their ids, one after the other."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from uie import resources
from uie.corpora import LAYOUTS, OnBad, raise_bad
from uie.corpora.config import DatasetConfig, reader_options
from uie.documents import Document
from uie.errors import CorpusError, unknown_name
from uie.storage import text_hash

HUB = "hub:"
"""How the name of a dataset of the Hugging Face hub begins, where the layout `huggingface` is given it instead of a file's."""
_SPLIT_ORDER = ("train", "dev", "test")


def available_splits(config: DatasetConfig) -> tuple[str, ...]:
    """The splits the corpus has files for and those cut from them: train, dev, test, then others by name."""
    known = {*config.splits, *config.cut}
    return (*(split for split in _SPLIT_ORDER if split in known), *sorted(known.difference(_SPLIT_ORDER)))


def is_cut(config: DatasetConfig, split: str) -> bool:
    """Whether the split is not as the corpus' makers have it: cut from another one, or missing what was cut from it.

    Scores on such a split are not to be compared with published ones.
    """
    return split in config.cut or any(cut.of == split for cut in config.cut.values())


def read_corpus(config: DatasetConfig, split: str, *, data_root: Path | None, bad: OnBad | None = None) -> Iterator[Document]:
    """The Documents of a split, read as they are asked for.

    Ids are `DATASET/SPLIT/N`; N counts the Documents of the corpus' files from 0. A Document that was cut from another split
    keeps the N it has there, so that changing a share renames none. The corpus' own id, if any, is in `meta.native_id`.

    Args:
        data_root: the folder that holds the corpora; None will do for the samples and for configs with an absolute `folder`.
        bad: called with what cannot be read (see `uie.corpora`); by default the first such line raises.

    Raises:
        CorpusError: no such split, no such file, or a line that cannot be read.
    """
    if split in config.cut:
        parent = config.cut[split].of
    elif split in config.splits:
        parent = split
    else:
        raise CorpusError(f"{config.name}: {unknown_name('split', split, available_splits(config))}")
    return _kept(config, split, read_files(config, parent, data_root=data_root, bad=bad))


def _kept(config: DatasetConfig, split: str, parents: Iterator[Document]) -> Iterator[Document]:
    if not config.cut:
        yield from parents
        return
    for document in parents:
        if split_of(config, document) == split:
            number = document.id.rpartition("/")[2]
            yield document if document.split == split else _called(document, config, split, number, document.meta)


def read_files(config: DatasetConfig, split: str, *, data_root: Path | None, bad: OnBad | None = None) -> Iterator[Document]:
    """All Documents of a split's files, before anything is cut from it; otherwise as `read_corpus`."""
    return _numbered(config, split, split_paths(config, split, data_root=data_root), bad or raise_bad)


def _numbered(config: DatasetConfig, split: str, paths: list[Path], bad: OnBad) -> Iterator[Document]:
    return (document for _, document in _placed(config, split, paths, bad))


def placed_files(
    config: DatasetConfig, split: str, *, data_root: Path | None, bad: OnBad | None = None
) -> Iterator[tuple[str, Document]]:
    """As `read_files`, each Document with its place: FILE:LINE, FILE:item N, or FILE where it is the whole file."""
    return _placed(config, split, split_paths(config, split, data_root=data_root), bad or raise_bad)


def _placed(config: DatasetConfig, split: str, paths: list[Path], bad: OnBad) -> Iterator[tuple[str, Document]]:
    layout = LAYOUTS.get(config.splits[split].layout or config.layout)
    options = reader_options(config, split)
    number = 0
    for path in paths:
        for document in layout.read(path, options, bad):
            meta = {**document.meta, "native_id": document.id} if document.id else dict(document.meta)
            place = meta.pop("place", None)
            yield str(path) if place is None else f"{path}:{place}", _called(document, config, split, str(number), meta)
            number += 1


def _called(document: Document, config: DatasetConfig, split: str, number: str, meta: Mapping[str, Any]) -> Document:
    dataset = config.dataset or config.name
    return document.called(f"{config.name}/{split}/{number}", dataset=dataset, split=split, lang=config.lang, meta=meta)


def split_of(config: DatasetConfig, document: Document) -> str:
    """Where a Document of a split's files goes: the split itself, or one of those cut from it, by a hash of its id."""
    place = int(text_hash(document.id)[:16], 16) / 2**64
    for name, cut in config.cut.items():
        if cut.of == document.split:
            if place < cut.share:
                return name
            place -= cut.share
    return document.split


def split_paths(config: DatasetConfig, split: str, *, data_root: Path | None) -> list[Path]:
    """The files of a split that the corpus has files for.

    Raises:
        CorpusError: one of them, or the folder, is not there; the message says what was looked for.
    """
    folder = corpus_folder(config, data_root=data_root)
    names = config.splits[split].files
    return [path for name in names for path in ([Path(name)] if name.startswith(HUB) else _files(config, split, folder, name))]


def _files(config: DatasetConfig, split: str, folder: Path, name: str) -> list[Path]:
    whole = folder / name
    if set(name) & {"*", "?"}:
        # An absolute pattern is its own folder, as an absolute name is; Path.glob takes relative ones only.
        top, pattern = (Path(whole.anchor), str(whole.relative_to(whole.anchor))) if Path(name).is_absolute() else (folder, name)
        paths = sorted(path for path in top.glob(pattern) if path.is_file())
    else:
        paths = [whole]
    if not paths or not paths[0].is_file():
        raise CorpusError(f"{config.name}: {split}: no file {whole}.{_source(config, folder)}")
    return paths


def corpus_folder(config: DatasetConfig, *, data_root: Path | None) -> Path:
    """Where the corpus' files lie; the current folder for one of which all is on the Hugging Face hub.

    Raises:
        CorpusError: there is no such folder; the message says which, and to give --data-root if nothing was given.
    """
    folder = folder_of(config, data_root=data_root)
    if not folder.is_dir():
        raise CorpusError(f"{config.name}: no folder {folder}.{_source(config, folder)}")
    return folder


def folder_of(config: DatasetConfig, *, data_root: Path | None) -> Path:
    """Where the corpus' files belong, whether the folder is there or not.

    Raises:
        CorpusError: that depends on --data-root, which was not given.
    """
    if config.shipped:
        return resources.samples()
    if all(name.startswith(HUB) for split in config.splits.values() for name in split.files):
        return Path()
    folder = Path(config.folder or config.name).expanduser()
    if not folder.is_absolute():
        if data_root is None:
            raise CorpusError(
                f"{config.name}: its files are looked for in the folder {folder} of --data-root; give --data-root DIR."
            )
        folder = data_root / folder
    return folder


def _source(config: DatasetConfig, folder: Path) -> str:
    """Where the files can be had, with the line to paste."""
    if not config.source:
        return ""
    below = Path(config.folder or config.name)
    # The data root is what is left of the folder without the corpus' own part of it.
    root = "" if below.expanduser().is_absolute() else f" --data-root {Path(*folder.parts[: len(folder.parts) - len(below.parts)])}"
    return f" Its files come from {', '.join(config.origins)}: uie corpora download {config.name}{root}"
