"""`uie corpora`."""

import sys
from pathlib import Path

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Column, Table

from uie.cli import examples
from uie.cli.corpora_convert import convert
from uie.cli.corpora_download import download
from uie.cli.corpora_new import new
from uie.cli.corpora_show import show


@click.group(
    "corpora",
    epilog=examples(
        "uie corpora list",
        "uie corpora download wnut17 --data-root corpora",
        "uie corpora check wnut17 --data-root corpora",
        "uie corpora show wnut17 --data-root corpora",
    ),
)
def group() -> None:
    """List, fetch, check, show and convert corpora."""


MOST_LEFT = 20
group.add_command(show)
group.add_command(download)
group.add_command(convert)
group.add_command(new)


@group.command("list", epilog=examples("uie corpora list"))
def list_() -> None:
    """Every corpus that has a dataset config: ours and those of ./dataset_configs. Documents: of all files, as the config counts them."""
    from uie.corpora.config import dataset_names, load_dataset_config

    # One line a corpus, whatever the width: what is too long is cut, not wrapped.
    names = (Column(name, no_wrap=True, overflow="ellipsis") for name in ("name", "lang", "tasks", "layout"))
    licence = Column("licence", no_wrap=True, overflow="ellipsis", ratio=1)
    table = Table(
        *names, Column("documents", justify="right"), licence, box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0), expand=True
    )
    for name in dataset_names():
        config = load_dataset_config(name)
        counts = [expected.documents for expected in config.expected.values()]
        documents = f"{sum(filter(None, counts)):,}" if any(counts) else ""
        table.add_row(name, config.lang, " ".join(config.tasks), config.layout, documents, config.licence.partition(";")[0])
    Console().print(table)
    click.echo(
        "More of one: uie corpora show NAME --data-root DIR. Where files are missing: uie corpora download NAME --data-root DIR.",
        err=True,
    )


@group.command(
    epilog=examples(
        "uie corpora check wnut17 --data-root corpora",
        "uie corpora check sample_en",
        "uie corpora check my-corpus.yaml --fix repaired",
    )
)
@click.argument("names", nargs=-1, required=True)
@click.option("--data-root", type=click.Path(path_type=Path), help="the folder that holds the corpora's folders")
@click.option(
    "--fix",
    type=click.Path(path_type=Path, file_okay=False),
    help="write a copy with safe repairs here (Document JSON Lines and a config that reads them); the input stays as it is",
)
def check(names: tuple[str, ...], data_root: Path | None, fix: Path | None) -> None:
    """Count what the files hold, compare with the config, and report what is odd. Exit status 1 when something is wrong.

    --fix mends what can be mended without a doubt: white space at the edges of mentions, CR LF, accents that are characters of their
    own (NFC), mentions without offsets that stand in the text once. Each change is listed with its place.
    """
    from uie.corpora.checking import check_corpus
    from uie.corpora.config import load_dataset_config
    from uie.corpora.repairing import repair_corpus, untaken

    wrong = False
    configs = {name: load_dataset_config(name) for name in names}  # a wrong name is told before the first corpus is read
    if fix is not None:
        for config in configs.values():
            untaken(config, fix)
    for name, config in configs.items():
        report = check_corpus(config, data_root=data_root)
        Console().print(check_table(name, report))
        for finding in report.findings:
            click.echo(str(finding))
        click.echo(totals(report))
        wrong = wrong or bool(report.errors)
        if fix is not None:
            _tell_repairs(repair_corpus(config, fix, data_root=data_root), fix)
    sys.exit(1 if wrong else 0)


def _tell_repairs(report: object, out: Path) -> None:
    from uie.corpora.repairing import RepairReport

    assert isinstance(report, RepairReport)
    for kind, times in report.repairs.items():
        click.echo(f"repaired: {kind}: {times:,}")
        shown = [repair for repair in report.first if repair.kind == kind]
        for repair in shown:
            click.echo(f"  {repair.where}: {repair.before!r} → {repair.after!r}")
        if times > len(shown):
            click.echo(f"  … {times - len(shown):,} more in {report.config.with_suffix('') / 'repairs.jsonl'}")
    if not report.repairs:
        click.echo("repaired: nothing")
    for reason in report.left[:MOST_LEFT]:
        click.echo(f"not repaired: {reason}")
    if len(report.left) > MOST_LEFT:
        click.echo(f"not repaired: {len(report.left) - MOST_LEFT:,} more, all in manifest.json")
    click.echo(f"Wrote {report.config}: uie corpora check {report.config} --data-root {out}", err=True)


def totals(report: object) -> str:
    """How many findings there are, as the last line of a check."""
    from uie.corpora.checking import CorpusReport
    from uie.reports.figures import plural

    assert isinstance(report, CorpusReport)
    warnings = len(report.findings) - len(report.errors)
    return f"{plural(len(report.errors), 'error')}, {plural(warnings, 'warning')}."


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
