"""`uie corpora convert`."""

import json
from pathlib import Path

import click

from uie.cli import examples


@click.command(
    "convert",
    epilog=examples(
        "uie corpora convert wnut17 wnut17-brat --to brat --data-root corpora",
        "uie corpora convert my.jsonl my.conll --from doccano --to conll --set scheme=BIOES --drop",
        "uie corpora convert sample_en sample-hf --to huggingface",
    ),
)
@click.argument("source", metavar="IN")
@click.argument("out", metavar="OUT", type=click.Path(path_type=Path))
@click.option(
    "--to",
    required=True,
    metavar="LAYOUT",
    help="what to write: brat, conll, csv, doccano, documents, huggingface, iepile, instructuie, labelstudio or spacy",
)
@click.option("--from", "layout", metavar="LAYOUT", help="what IN is, where it is a file or folder and no corpus")
@click.option(
    "--set", "overrides", multiple=True, metavar="OPTION=VALUE", help="an option of the layout that is written; repeatable"
)
@click.option(
    "--from-set", "reading", multiple=True, metavar="OPTION=VALUE", help="an option of the layout that is read; repeatable"
)
@click.option("--data-root", type=click.Path(path_type=Path), help="the folder that holds the corpora's folders")
@click.option("--drop", is_flag=True, help="leave out what the layout cannot hold, and say what")
@click.option("--overwrite", is_flag=True, help="replace what an earlier run wrote")
def convert(
    source: str,
    out: Path,
    to: str,
    layout: str | None,
    overrides: tuple[str, ...],
    reading: tuple[str, ...],
    data_root: Path | None,
    drop: bool,
    overwrite: bool,
) -> None:
    """Write a corpus, or a file in any layout, in another layout.

    IN is a corpus or its config (OUT is then a folder with all splits), or with --from a file or folder. Nothing is written when the
    layout cannot hold everything, unless --drop.
    """
    from uie.corpora.converting import convert as converted
    from uie.corpora.converting import corpus_parts, file_parts, told
    from uie.settings import apply_overrides

    if layout is None:
        parts = corpus_parts(source, data_root=data_root)
    else:
        parts = file_parts(Path(source), layout, options=apply_overrides({}, reading) if reading else None)
    found = converted(parts, out, to, options=apply_overrides({}, overrides), drop=drop, overwrite=overwrite, source=source)
    counts = ", ".join(f"{split} {count:,}" if split else f"{count:,}" for split, count in found.documents.items())
    click.echo(f"Wrote {out}: {counts} Documents.", err=True)
    if found.dropped:
        click.echo(f"Dropped: {told(found.dropped)}.", err=True)
    options = json.dumps(found.options, ensure_ascii=False)
    click.echo(f"Read it back with layout: {found.layout}, options: {options}", err=True)
