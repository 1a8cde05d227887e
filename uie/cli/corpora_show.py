"""`uie corpora show`."""

import json
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from uie.cli import examples


@click.command(
    epilog=examples(
        "uie corpora show sample_en",
        "uie corpora show wnut17 --data-root corpora --html wnut17.html",
        "uie corpora show wnut17 --data-root corpora --json",
    )
)
@click.argument("name")
@click.option("--data-root", type=click.Path(path_type=Path), help="the folder that holds the corpora's folders")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="write the card as one HTML page with pictures")
@click.option("--json", "as_json", is_flag=True, help="print all figures as JSON instead")
@click.option("--types", "most_types", type=int, default=20, show_default=True, help="the most types of a kind to print; 0: all")
def show(name: str, data_root: Path | None, html: Path | None, as_json: bool, most_types: int) -> None:
    """What is in a corpus: splits, lengths, types with examples, nested and other special mentions, duplicates, leakage, licence."""
    from uie.corpora.config import load_dataset_config
    from uie.corpora.describing import corpus_card
    from uie.reports.corpus_card import print_card
    from uie.reports.corpus_page import corpus_page
    from uie.storage import whole_file

    card = corpus_card(load_dataset_config(name), data_root=data_root)
    if as_json:
        click.echo(json.dumps(asdict(card), ensure_ascii=False, indent=1))
    else:
        print_card(card, Console(), most_types=most_types or None)
    if html is not None:
        with whole_file(html) as file:
            file.write(corpus_page(card))
        click.echo(f"Wrote {html}.", err=True)
