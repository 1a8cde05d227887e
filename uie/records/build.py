"""`build_data`: a Mix and a folder of corpora → OUT/{train,dev,test}.jsonl, OUT/documents/, OUT/rejected/, OUT/manifest.json."""

import contextlib
import heapq
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from uie.corpora.config import DatasetConfig, load_dataset_config
from uie.corpora.reading import available_splits, is_cut, read_corpus, split_paths
from uie.documents import Document, document_to_json
from uie.errors import CorpusError, SettingsError
from uie.prompting import load_prompt
from uie.records.asking import Asker, asker, prompt_language
from uie.records.drawing import choose, draw
from uie.records.mix import SPLITS, Mix, MixCorpus
from uie.records.record import Record, record_to_json
from uie.settings import to_mapping
from uie.storage import file_hash, to_line, whole_file, whole_folder, write_jsonl, write_manifest
from uie.tasks import applies


@dataclass(slots=True)
class Row:
    """What one corpus gave to one split for one task; `empty` counts records with nothing to find, `cut` a split cut from another."""

    dataset: str
    split: str
    task: str
    documents: int = 0
    records: int = 0
    empty: int = 0
    cut: bool = False


@dataclass(frozen=True, slots=True)
class BuildSummary:
    """What `build_data` wrote."""

    out: Path
    rows: tuple[Row, ...]
    rejected: int


def build_data(
    mix: Mix,
    *,
    out: Path,
    data_root: Path | None = None,
    overwrite: bool = False,
    progress: Callable[[str], None] = lambda line: None,
) -> BuildSummary:
    """Builds records and gold Documents; the same mix, seed and corpora give the same bytes.

    Train groups of `share` records are mixed over all corpora and tasks; dev and test keep the corpora's order. What cannot be read
    stops the build, or with `on_error: skip` goes to OUT/rejected/CORPUS.jsonl. The folder appears whole or not at all.

    Raises:
        UIEError: a corpus, prompt or setting is wrong, or `out` is in use.
    """
    sources = _sources(mix)
    rows: list[Row] = []
    rejected: dict[str, list[dict[str, str]]] = {source.config.name: [] for source in sources}
    with whole_folder(out, overwrite=overwrite) as folder:
        for split in SPLITS:
            with _SplitWriter(folder, split, mix) as writer:
                for source in sources:
                    if split in source.corpus.splits and split in available_splits(source.config):
                        progress(f"{source.config.name} {split}")
                        bad = _rejector(rejected[source.config.name], split, mix)
                        documents = read_corpus(source.config, split, data_root=data_root, bad=bad)
                        rows += _write_split(_limited(documents, mix, source.corpus, split), source, writer, mix, split)
        for name, lines in rejected.items():
            if lines:
                write_jsonl(folder / "rejected" / f"{name}.jsonl", lines)
        count = sum(map(len, rejected.values()))
        write_manifest(
            folder,
            "build-data",
            to_mapping(mix),
            inputs={str(path): file_hash(path) for path in _inputs(sources, data_root)},
            prompts={a.prompt.name: a.prompt.sha256 for source in sources for wordings in source.askers.values() for a in wordings},
            counts=[asdict(row) for row in rows],
            rejected=count,
        )
    return BuildSummary(out, tuple(rows), count)


@dataclass(frozen=True, slots=True)
class _Source:
    """One corpus of the mix; `askers` holds, per task, one for each wording."""

    corpus: MixCorpus
    config: DatasetConfig
    askers: dict[str, list[Asker]]


def _sources(mix: Mix) -> list[_Source]:
    configs = [load_dataset_config(corpus.name) for corpus in mix.corpora]
    for name, times in Counter(config.name for config in configs).items():
        if times > 1:
            raise SettingsError(f"corpora: {name!r} is listed {times} times; list it once, with all its tasks.")
    return [_Source(corpus, config, _askers(mix, corpus, config)) for corpus, config in zip(mix.corpora, configs, strict=True)]


def _askers(mix: Mix, corpus: MixCorpus, config: DatasetConfig) -> dict[str, list[Asker]]:
    lang = prompt_language(config.lang)
    schema = config.schema(lang)
    found: dict[str, list[Asker]] = {}
    for task in corpus.tasks or config.tasks:
        if task not in config.tasks or not applies(task, schema):
            raise SettingsError(f"corpora: {config.name} is annotated for {', '.join(config.tasks)}, not for {task}.")
        names = mix.prompts.get(task)
        if not names:
            raise SettingsError(f"prompts: no wording for {task}, which {config.name} asks; add prompts.{task}.")
        found[task] = [asker(task, schema, load_prompt(f"{name}.{lang}"), mix.format) for name in names]
    return found


def _inputs(sources: list[_Source], data_root: Path | None) -> list[Path]:
    """The corpus files that the build read, each once; a split that is cut from another reads that one's files."""
    found: dict[Path, None] = {}
    for source in sources:
        config = source.config
        for split in set(source.corpus.splits) & set(available_splits(config)):
            parent = config.cut[split].of if split in config.cut else split
            found.update(dict.fromkeys(split_paths(config, parent, data_root=data_root)))
    return sorted(found)


def _rejector(lines: list[dict[str, str]], split: str, mix: Mix) -> Callable[[CorpusError, str], None]:
    def reject(error: CorpusError, raw: str) -> None:
        if mix.on_error == "raise":
            raise CorpusError(f"{error} To set such lines aside and go on, say --set on_error=skip.")
        lines.append({"split": split, "error": str(error), "raw": raw})

    return reject


def _limited(documents: Iterable[Document], mix: Mix, corpus: MixCorpus, split: str) -> Iterable[Document]:
    """At most `limit` documents, those that draw the smallest numbers, in the corpus' order: a larger limit holds a smaller one."""
    limit = corpus.limit.get(split, mix.limit)
    if limit is None:
        return documents
    drawn = heapq.nsmallest(limit, enumerate(documents), key=lambda item: draw(mix.seed, "limit", item[1].id))
    return [document for _, document in sorted(drawn, key=lambda item: item[0])]


def _write_split(documents: Iterable[Document], source: _Source, writer: "_SplitWriter", mix: Mix, split: str) -> list[Row]:
    config = source.config
    rows = {task: Row(config.name, split, task, cut=is_cut(config, split)) for task in source.askers}
    groups: dict[str, list[Record]] = {task: [] for task in source.askers}
    for document in documents:
        writer.document(document)
        for task, wordings in source.askers.items():
            row, group = rows[task], groups[task]
            number = row.records // mix.share
            asker = choose(wordings, mix.seed, "wording", config.name, task, number) if split == "train" else wordings[0]
            record = asker.ask(document)
            row.documents += 1
            if record.answer is None:
                continue
            row.records += 1
            row.empty += record.answer == asker.description.none_word
            group.append(record)
            if len(group) == mix.share:
                writer.group(group)
                group.clear()
    for group in groups.values():
        writer.group(group)
    return list(rows.values())


class _SplitWriter:
    """Writes one split's records and Documents. Train groups wait in a nameless file until all are there, then go out in drawn order."""

    def __init__(self, folder: Path, split: str, mix: Mix) -> None:
        self._shuffled = split == "train"
        self._seed = mix.seed
        self._groups: list[tuple[int, int, int]] = []
        self._files = contextlib.ExitStack()
        self._records = self._files.enter_context(whole_file(folder / f"{split}.jsonl"))
        self._documents = self._files.enter_context(whole_file(folder / "documents" / f"{split}.jsonl"))
        self._waiting: IO[bytes] = self._files.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it

    def __enter__(self) -> "_SplitWriter":
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            self._records.writelines(self._in_drawn_order())
        self._files.__exit__(*error)  # type: ignore[arg-type]

    def document(self, document: Document) -> None:
        self._documents.write(to_line(document_to_json(document)))

    def group(self, records: list[Record]) -> None:
        lines = "".join(to_line(record_to_json(record)) for record in records)
        if not self._shuffled:
            self._records.write(lines)
        elif records:
            position = self._waiting.tell()
            self._waiting.write(lines.encode("utf-8"))
            self._groups.append((draw(self._seed, "order", records[0].id), position, self._waiting.tell() - position))

    def _in_drawn_order(self) -> Iterator[str]:
        for _, position, length in sorted(self._groups):
            self._waiting.seek(position)
            yield self._waiting.read(length).decode("utf-8")
