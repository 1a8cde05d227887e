"""`uie build-data`."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml
from rich.console import Console
from rich.table import Table

from uie.cli import examples
from uie.cli.progress import steps

if TYPE_CHECKING:
    from uie.records.build import Row

_REASONS = {
    "duplicate": "duplicates",
    "leak": "that dev or test holds",
    "empty": "with nothing to find",
    "not drawn": "not drawn",
    "not annotated": "not annotated for {task}",
}


@click.command(
    "build-data",
    epilog=examples(
        "uie build-data --config sample --out data/sample",
        "uie build-data --config v3 --data-root corpora --out data/v3",
        "uie build-data --config v3 --data-root corpora --limit 200 --set seed=7 --set on_error=skip",
        "uie build-data --config v3 --data-root corpora --workers 4",
        "uie build-data --data-dir IE_data_v3 --task-config-dir v3_configs --instruction-file prompt.json",
    ),
)
@click.option("--config", metavar="MIX", help="a mix: its name under dataset_configs/mixes, or a YAML file")
@click.option("--data-root", type=click.Path(path_type=Path), help="with --config: the folder that holds the corpora's folders")
@click.option(
    "--data-dir", type=click.Path(path_type=Path), help="instead of --config: a tree TASK/DATASET/{train,dev,test,labels}.json"
)
@click.option(
    "--task-config-dir", type=click.Path(path_type=Path), help="with --data-dir: the folder of {train,dev,test}_tasks.json"
)
@click.option(
    "--instruction-file", type=click.Path(path_type=Path), help="with --data-dir: the wordings, as InstructUIE's prompt.json"
)
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), help="with --data-dir: the language of its texts and labels  [default: en]"
)
@click.option("--out", type=click.Path(path_type=Path), help="output folder  [default: data/MIX or data/DATA_DIR]")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="change a setting of the mix; may be repeated")
@click.option("--seed", type=int, help="short for --set seed=N")
@click.option("--limit", type=click.IntRange(min=1), help="documents per corpus and split, drawn by the seed")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="processes that share the work; the bytes are the same",
)
@click.option("--overwrite", is_flag=True, help="replace the folder an earlier build wrote")
@click.option("--dry-run", is_flag=True, help="show the resolved settings and stop")
def command(
    config: str | None,
    data_root: Path | None,
    data_dir: Path | None,
    task_config_dir: Path | None,
    instruction_file: Path | None,
    lang: str | None,
    out: Path | None,
    overrides: tuple[str, ...],
    seed: int | None,
    limit: int | None,
    workers: int,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Turn corpora into records (instruct, query, answer) and gold documents for train, dev and test.

    The corpora are those of a mix (--config), or a tree of JSON files with task configs and instructions as InstructUIE has them
    (--data-dir, --task-config-dir and --instruction-file together).
    """
    from uie.records.build import build_data
    from uie.records.mix import load_mix
    from uie.records.task_tree import task_tree_mix
    from uie.settings import to_mapping

    short = {"seed": seed, "limit": limit}
    changes = [*overrides, *(f"{key}={value}" for key, value in short.items() if value is not None)]
    tree = {"--data-dir": data_dir, "--task-config-dir": task_config_dir, "--instruction-file": instruction_file}
    if config is None and data_dir and task_config_dir and instruction_file and data_root is None:
        told = task_tree_mix(data_dir, task_config_dir, instruction_file, lang=lang or "en", overrides=changes)
        mix, configs, templates, name = told.mix, told.configs, told.templates, data_dir.absolute().name
    elif config is not None and not any(tree.values()) and lang is None:
        mix, configs, templates, name = load_mix(config, changes), {}, {}, Path(config).stem
    else:
        raise click.UsageError(_usage(config, data_root, lang, tree))
    out = out or Path("data") / name
    if dry_run:
        click.echo(yaml.safe_dump(to_mapping(mix), allow_unicode=True, sort_keys=False), nl=False)
        return
    with steps() as progress:
        summary = build_data(
            mix,
            out=out,
            data_root=data_root,
            configs=configs,
            templates=templates,
            workers=workers,
            overwrite=overwrite,
            progress=progress,
        )
    Console().print(_table(summary.rows))
    for line in _remarks(summary.rows):
        click.echo(line)
    if summary.rejected:
        click.echo(f"{summary.rejected:,} lines could not be read and were set aside in {out / 'rejected'}.", err=True)
    folders = "documents/, prompts/" if templates else "documents/"
    click.echo(f"Wrote {out}: train.jsonl, dev.jsonl, test.jsonl, {folders}, manifest.json.", err=True)


def _usage(config: str | None, data_root: Path | None, lang: str | None, tree: Mapping[str, Path | None]) -> str:
    """What is wrong with a call that says neither of the two ways, or both."""
    given = [name for name, value in tree.items() if value is not None]
    if config is not None:
        return f"--config and {given[0] if given else '--lang'} exclude each other: a mix names its corpora and wordings."
    if not given:
        return f"say what to build from: --config MIX, or {', '.join(tree)} together."
    if missing := [name for name, value in tree.items() if value is None]:
        return f"{given[0]} needs {' and '.join(missing)}, too."
    return "--data-root is for --config; --data-dir says where the data lie."


def _table(rows: Sequence["Row"]) -> Table:
    table = Table("corpus", "split", "task")
    for name in ("documents", "records", "empty"):
        table.add_column(name, justify="right")
    for row in rows:
        split = f"{row.split} (cut)" if row.cut else row.split
        table.add_row(row.dataset, split, row.task, f"{row.documents:,}", f"{row.records:,}", f"{row.empty:,}")
    return table


def _remarks(rows: Sequence["Row"]) -> Iterator[str]:
    """What the table's words mean, what is not in the records, and what is in them twice: by corpus and split."""
    if any(row.empty for row in rows):
        yield "empty: records with nothing to find."
    if any(row.cut for row in rows):
        yield "cut: taken from another split of the corpus, or without what was; not comparable with published numbers."
    titles = {
        "Documents left out": _left_out,
        "Longer than a window, or across windows, and so in no answer": _lost,
        "Records taken once more to fill the batches": _repeated,
    }
    for title, told in titles.items():
        by_split: dict[str, dict[str, None]] = {}
        for row in rows:
            for part in told(row):  # what is left out of a split is left out for all its tasks
                by_split.setdefault(f"{row.dataset} {row.split}", {})[part] = None
        if by_split:
            yield f"{title}:"
            yield from (f"  {split}: {', '.join(parts)}" for split, parts in by_split.items())


def _left_out(row: "Row") -> Iterator[str]:
    for reason, count in row.dropped.items():
        yield f"{count:,} {_REASONS.get(reason, reason).format(task=row.task)}"


def _lost(row: "Row") -> Iterator[str]:
    for kind, count in row.lost.items():
        yield f"{count:,} {kind} ({row.task})"


def _repeated(row: "Row") -> Iterator[str]:
    if row.repeated:
        yield f"{row.repeated:,} of {row.task}"
