"""`uie build-data`."""

from pathlib import Path

import click
import yaml
from rich.console import Console
from rich.table import Table

from uie.cli import examples
from uie.cli.progress import steps


@click.command(
    "build-data",
    epilog=examples(
        "uie build-data --config sample --out data/sample",
        "uie build-data --config v3 --data-root corpora --out data/v3",
        "uie build-data --config v3 --data-root corpora --limit 200 --set seed=7 --set on_error=skip",
    ),
)
@click.option("--config", required=True, metavar="MIX", help="a mix: its name under dataset_configs/mixes, or a YAML file")
@click.option("--data-root", type=click.Path(path_type=Path), help="the folder that holds the corpora's folders")
@click.option("--out", type=click.Path(path_type=Path), help="output folder  [default: data/MIX]")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="change a setting of the mix; may be repeated")
@click.option("--seed", type=int, help="short for --set seed=N")
@click.option("--limit", type=click.IntRange(min=1), help="documents per corpus and split, drawn by the seed")
@click.option("--overwrite", is_flag=True, help="replace the folder an earlier build wrote")
@click.option("--dry-run", is_flag=True, help="show the resolved settings and stop")
def command(
    config: str,
    data_root: Path | None,
    out: Path | None,
    overrides: tuple[str, ...],
    seed: int | None,
    limit: int | None,
    overwrite: bool,
    dry_run: bool,
) -> None:
    """Turn corpora into records (instruct, query, answer) and gold documents for train, dev and test."""
    from uie.records.build import BuildSummary, build_data
    from uie.records.mix import load_mix
    from uie.settings import to_mapping

    short = {"seed": seed, "limit": limit}
    mix = load_mix(config, [*overrides, *(f"{key}={value}" for key, value in short.items() if value is not None)])
    out = out or Path("data") / Path(config).stem
    if dry_run:
        click.echo(yaml.safe_dump(to_mapping(mix), allow_unicode=True, sort_keys=False), nl=False)
        return
    with steps() as progress:
        summary: BuildSummary = build_data(mix, out=out, data_root=data_root, overwrite=overwrite, progress=progress)
    Console().print(_table(summary))
    if summary.rejected:
        click.echo(f"{summary.rejected} lines could not be read and were set aside in {out / 'rejected'}.", err=True)
    click.echo(f"Wrote {out}: train.jsonl, dev.jsonl, test.jsonl, documents/, manifest.json.", err=True)


def _table(summary: object) -> Table:
    from uie.records.build import BuildSummary

    assert isinstance(summary, BuildSummary)
    table = Table("corpus", "split", "task", title=f"Records in {summary.out}", title_justify="left")
    for name in ("documents", "records", "empty"):
        table.add_column(name, justify="right")
    for row in summary.rows:
        split = f"{row.split} (cut)" if row.cut else row.split
        table.add_row(row.dataset, split, row.task, str(row.documents), str(row.records), str(row.empty))
    table.caption = (
        "empty: records with nothing to find. cut: taken from another split of the corpus, not comparable with published numbers."
    )
    table.caption_justify = "left"
    return table
