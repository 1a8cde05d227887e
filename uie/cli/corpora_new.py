"""`uie corpora new`."""

import sys
from pathlib import Path

import click
from rich.console import Console

from uie.cli import examples


@click.command(
    "new",
    epilog=examples(
        "uie corpora new my.jsonl", "uie corpora new data/reviews/train.conll --name reviews", "uie corpora new brat-folder"
    ),
)
@click.argument("source", metavar="FILE_OR_FOLDER", type=click.Path(path_type=Path))
@click.option("--name", default="", help="what the corpus is to be called  [default: from the file's name]")
def new(source: Path, name: str) -> None:
    """Find out which layout a file or folder has, write a dataset config for it, and check it.

    The config, ./dataset_configs/NAME.yaml, is filled in with the labels that were found: edit their names and descriptions, which
    prompts show. Exit status 1 when the check finds something wrong.
    """
    from uie.cli.corpora import check_table, totals
    from uie.corpora.checking import check_corpus
    from uie.corpora.own import new_corpus
    from uie.corpora.recognising import runner_up

    found = new_corpus(source, name=name)
    click.echo(f"Layout: {found.candidates[0].why()}", err=True)
    if other := runner_up(list(found.candidates)):
        click.echo(f"Close behind: {other.why()}", err=True)
    click.echo(
        f"Wrote {found.path}: edit names and descriptions of the labels, then uie corpora check {found.config.name}.", err=True
    )
    report = check_corpus(found.config, data_root=None)
    Console().print(check_table(found.config.name, report))
    for finding in report.findings:
        click.echo(str(finding))
    click.echo(totals(report))
    sys.exit(1 if report.errors else 0)
