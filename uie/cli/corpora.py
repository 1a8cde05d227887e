"""`uie corpora`."""

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table

from uie.cli import examples


@click.group("corpora", epilog=examples("uie corpora list", "uie corpora check wnut17 --data-root corpora"))
def group() -> None:
    """List and check corpora."""


@group.command("list", epilog=examples("uie corpora list"))
def list_() -> None:
    """Every corpus that has a dataset config."""
    from uie.corpora.config import dataset_names, load_dataset_config

    table = Table(Column("name", no_wrap=True), "language", "tasks", "layout", "offsets", "licence")
    for name in dataset_names():
        config = load_dataset_config(name)
        offsets = "yes" if config.offsets else "no"
        table.add_row(name, config.lang, ", ".join(config.tasks), config.layout, offsets, config.licence.partition(";")[0])
    Console().print(table)


@group.command(
    epilog=examples(
        "uie corpora check wnut17 --data-root corpora", "uie corpora check sample_en", "uie corpora check my-corpus.yaml"
    )
)
@click.argument("names", nargs=-1, required=True)
@click.option("--data-root", type=click.Path(path_type=Path), help="the folder that holds the corpora's folders")
def check(names: tuple[str, ...], data_root: Path | None) -> None:
    """Count what the files hold, compare with the config, and report what is odd. Exit status 1 when something is wrong."""
    from uie.corpora.checking import check_corpus
    from uie.corpora.config import load_dataset_config

    wrong = False
    for name in names:
        report = check_corpus(load_dataset_config(name), data_root=data_root)
        Console().print(check_table(name, report))
        for finding in report.findings:
            click.echo(f"{finding.level}: {finding.where}: {finding.what}")
        wrong = wrong or any(finding.level == "error" for finding in report.findings)
    sys.exit(1 if wrong else 0)


def check_table(name: str, report: object) -> Table:
    """The counts of a CorpusReport, one row a split."""
    from uie.corpora.checking import CorpusReport

    assert isinstance(report, CorpusReport)
    kinds = ("documents", "entities", "relations", "events", "arguments")
    table = Table("split", title=name, title_justify="left")
    for kind in kinds:
        table.add_column(kind, justify="right")
    for split, counts in report.counts.items():
        table.add_row(split, *(str(counts.get(kind, 0)) for kind in kinds))
    return table
