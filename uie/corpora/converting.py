"""A corpus, a file or a folder in, the same in another layout out: whole, or not at all where the layout cannot hold it."""

import contextlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any

from uie.corpora import LAYOUTS, options_of, raise_bad
from uie.corpora.config import dataset_names, load_dataset_config
from uie.corpora.reading import available_splits, read_corpus
from uie.corpora.splitting import by_split, data_files
from uie.corpora.writers import WRITERS, Writer, writer_options
from uie.documents import Document
from uie.errors import CorpusError, OutputError
from uie.settings import build, to_mapping
from uie.storage import whole_folder, write_manifest

Parts = Mapping[str, Iterator[Document]]
"""The Documents of a source by split; of a single file under ""."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was written to `out`: how many Documents of each split were read, what of them was dropped, by reason, and the layout and
    options that read it back, by file where they differ."""

    out: Path
    documents: Mapping[str, int]
    dropped: Mapping[str, int]
    layout: str
    options: Mapping[str, Any]


def convert(
    parts: Parts,
    out: Path,
    to: str,
    *,
    options: Mapping[str, Any] | None = None,
    drop: bool = False,
    overwrite: bool = False,
    source: str = "",
) -> Conversion:
    """Writes the Documents as they are read, in constant memory but for what the layout itself needs.

    A single part makes a file where the layout is one of files; every other conversion makes a folder, with a manifest that says from
    which `source` and how it is read back.

    Raises:
        CorpusError: the layout cannot hold everything and `drop` was not asked for, or there is nothing to write.
        OutputError: `out` is there already.
        SettingsError: the layout or an option is unknown.
    """
    writer = WRITERS.get(to)
    chosen = build(writer_options(writer), options or {}, where=f"--to {to}: options")
    lost: Counter[str] = Counter()
    counts: dict[str, int] = dict.fromkeys(parts, 0)
    counted = {split: _counted(split, documents, counts) for split, documents in parts.items()}
    if writer.kind == "file" and set(parts) == {""}:
        with _whole_path(out, overwrite=overwrite) as path:
            read_back: Mapping[str, Any] = writer.write(counted[""], path, chosen, lost)
            _check(to, counts, lost, chosen, drop=drop)
        return Conversion(out, counts, +lost, writer.layout, read_back)
    with whole_folder(out, overwrite=overwrite) as folder:
        if writer.kind == "folder":
            read_back = writer.write(chain.from_iterable(counted.values()), folder, chosen, lost)
        else:
            by_file = {
                name: writer.write(documents, folder / name, chosen, lost)
                for name, documents in ((f"{split or 'train'}{writer.suffix}", of) for split, of in counted.items())
            }
            first = next(iter(by_file.values()))
            read_back = first if all(options == first for options in by_file.values()) else by_file
        _check(to, counts, lost, chosen, drop=drop)
        facts = {"documents": counts, "dropped": dict(+lost), "read_with": {"layout": writer.layout, "options": read_back}}
        write_manifest(folder, "corpora convert", {"source": source, "to": to, "options": to_mapping(chosen)}, **facts)
    return Conversion(out, counts, +lost, writer.layout, read_back)


def corpus_parts(name: str, *, data_root: Path | None) -> Parts:
    """The splits of a corpus that has a dataset config, those cut from others too.

    Raises:
        CorpusError: there is no such config, or a file is missing.
    """
    if Path(name).exists() and name not in dataset_names() and not name.endswith(".yaml"):
        raise CorpusError(f"{name}: say in which layout it is: --from LAYOUT; uie corpora new {name} finds out.")
    config = load_dataset_config(name)
    return {split: read_corpus(config, split, data_root=data_root) for split in available_splits(config)}


def file_parts(path: Path, layout: str, *, options: Mapping[str, Any] | None = None) -> Parts:
    """The Documents of a file, or of the files of a folder by the splits that their names say.

    `layout` may be the name of a writer, too. Without `options` those count that the manifest of a folder written by `convert` names,
    then the layout's guess, then its defaults. A Document that has no id in the file gets one.

    Raises:
        CorpusError: there is no such file, or something in it cannot be read.
        SettingsError: the layout or an option is unknown.
    """
    if layout not in LAYOUTS and layout in WRITERS:  # what is written as csv is read as table
        layout = WRITERS.get(layout).layout
    LAYOUTS.get(layout)
    if not path.exists():
        raise CorpusError(f"{path}: no such file or folder.")
    options = _written_with(path, layout) if options is None else options
    if not path.is_dir():
        return {"": _read([path], layout, options, path.parent, "")}
    found = data_files(path)
    if not found:
        raise CorpusError(f"{path}: the folder holds no data.")
    readable = {suffix: files for suffix, files in found.items() if _fits(files[0], layout)} or found
    files = max(readable.values(), key=len)
    return {split: _read(files, layout, options, path, split) for split, files in by_split(files, path).items()}


def _written_with(folder: Path, layout: str) -> Mapping[str, Any] | None:
    """The options by which a folder that `convert` wrote is read back, None where it did not, or the files differ in them."""
    try:
        said = json.loads((folder / "manifest.json").read_bytes())["read_with"]
        options = said["options"] if said["layout"] == layout else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    known = {field.name for field in fields(options_of(LAYOUTS.get(layout)))}
    return options if isinstance(options, dict) and set(options) <= known else None


def _fits(path: Path, layout: str) -> bool:
    """Whether a file of a folder may be what the layout reads, such as the .ann beside the .txt."""
    guess = LAYOUTS.get(layout).guess
    try:
        return guess is None or guess(path) is not None
    except CorpusError:
        return False


def _read(files: list[Path], layout: str, options: Mapping[str, Any] | None, folder: Path, split: str) -> Iterator[Document]:
    reader = LAYOUTS.get(layout)
    if options is None:
        options = (reader.guess(files[0]) if reader.guess else None) or {}
    chosen = build(options_of(reader), options, where=f"--from {layout}: options")
    number = 0
    for path in files:
        for document in reader.read(path, chosen, raise_bad):
            id = document.id or f"{path.stem}/{number}"
            meta = {key: value for key, value in document.meta.items() if key != "place"}
            own = split or document.split
            yield document.called(id, dataset=document.dataset or folder.name, split=own, lang=document.lang, meta=meta)
            number += 1


def _counted(split: str, documents: Iterator[Document], counts: dict[str, int]) -> Iterator[Document]:
    for document in documents:
        counts[split] += 1
        if split and document.split != split:
            document = document.called(document.id, dataset=document.dataset, split=split, lang=document.lang, meta=document.meta)
        yield document


_CURES = {
    "label that the layout cannot write": ("underscores", "--set underscores=true writes _ for blanks in labels"),
    "spacing of a text": ("offsets", "--set offsets=true keeps the spacing"),
}
"""Losses that an option avoids, where the writer has that option."""


def _check(to: str, counts: Mapping[str, int], lost: Counter[str], chosen: Any, *, drop: bool) -> None:
    documents = sum(counts.values())
    if not documents:
        raise CorpusError("there is no Document to convert.")
    if +lost and not drop:
        cures = [f"; {cure}" for reason, (option, cure) in _CURES.items() if lost[reason] and hasattr(chosen, option)]
        raise CorpusError(f"{to} cannot hold everything: {told(lost)}; --drop leaves that out{''.join(cures)}.")
    whole = sum(times for reason, times in lost.items() if reason.startswith("Document "))
    if whole >= documents:
        raise CorpusError(f"{to} can hold none of the {documents:,} Documents: {told(lost)}.")


def told(lost: Mapping[str, int]) -> str:
    """What was lost in a sentence's part, what is most first."""
    most_first = sorted(lost.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{reason} ({times:,})" for reason, times in most_first if times > 0)


@contextlib.contextmanager
def _whole_path(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """A path to write to, which gets the name `out` when the block ends well.

    Raises:
        OutputError: `out` is there and is not to be overwritten, or is a folder.
    """
    if out.is_dir():
        raise OutputError(f"{out}: expected the name of a file, found a folder.")
    if out.exists() and not overwrite:
        raise OutputError(f"{out}: is there already; choose another name or say --overwrite.")
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        yield partial / out.name
        os.replace(partial / out.name, out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def written_files(writer: Writer, split: str) -> str:
    """Where a written folder has a split, as the `files` of a config name it."""
    return writer.split_files.format(split=split) if writer.kind == "folder" else f"{split}{writer.suffix}"
