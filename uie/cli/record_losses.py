"""Names of corpora, tasks and formats → for each corpus, task and kind of item a row that says what every format loses of it."""

import heapq
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from uie.corpora.config import DatasetConfig, dataset_names, load_dataset_config
from uie.corpora.reading import corpus_folder, read_files
from uie.documents import Document
from uie.errors import CorpusError
from uie.formats import FORMATS, format_for
from uie.parsing.losses import cases, losses_of
from uie.records.asking import prompt_language
from uie.records.drawing import draw
from uie.tasks import TASKS, legal_tasks

Row = dict[str, Any]


def loss_rows(
    corpora: Collection[str] = (),
    *,
    tasks: Collection[str] = (),
    formats: Collection[str] = (),
    data_root: Path | None = None,
    limit: int | None = None,
) -> list[Row]:
    """A row has corpus, task, kind, documents, questions, gold and placed (see `uie.parsing.losses.Loss`), and strings, offsets and problems
    by format (problems only where there are any; they are those of all kinds).

    Without names all corpora whose files are there, all tasks a corpus can be asked, and all formats. `limit` takes the Documents
    that draw the smallest numbers, of all splits together.

    Raises:
        UIEError: a name is unknown, or a file of a named corpus is missing.
    """
    for name in tasks:
        TASKS.get(name)
    for name in formats:
        FORMATS.get(name)
    configs = [load_dataset_config(name) for name in corpora] or list(_present(data_root))
    return [row for config in configs for row in _corpus_rows(config, tasks, formats or FORMATS.names(), data_root, limit)]


def _present(data_root: Path | None) -> Iterator[DatasetConfig]:
    for config in map(load_dataset_config, dataset_names()):
        try:
            corpus_folder(config, data_root=data_root)
        except CorpusError as error:
            click.echo(f"left out: {error}", err=True)
        else:
            yield config


def _corpus_rows(
    config: DatasetConfig, tasks: Collection[str], formats: Iterable[str], data_root: Path | None, limit: int | None
) -> Iterator[Row]:
    schema = config.schema(prompt_language(config.lang))
    documents: Iterable[Document] = (
        document for split in config.splits for document in read_files(config, split, data_root=data_root)
    )
    if limit is not None:
        documents = heapq.nsmallest(limit, documents, key=lambda document: draw(0, "limit", document.id))
    documents = list(documents)
    for task in legal_tasks(config.tasks, schema):
        if tasks and task not in tasks:
            continue
        asked = cases(documents, schema, task)
        writing = [name for name in formats if task in FORMATS.get(name).TASKS]
        found = {name: losses_of(asked, format_for(name, task), task, documents=len(documents)) for name in writing}
        for kind in next(iter(found.values())).kinds if found else ():
            losses = {name: one.kinds[kind] for name, one in found.items()}
            first = next(iter(losses.values()))
            yield {
                "corpus": config.name,
                "task": task,
                "kind": kind,
                "documents": len(documents),
                "questions": len(asked),
                "gold": first.gold,
                "placed": first.placed,
                "strings": {name: loss.strings for name, loss in losses.items()},
                "offsets": {name: loss.offsets for name, loss in losses.items()},
                "problems": {name: one.problems for name, one in found.items() if one.problems},
            }
