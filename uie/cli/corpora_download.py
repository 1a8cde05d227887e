"""`uie corpora download`."""

import os
import sys
from pathlib import Path

import click

from uie.cli import examples
from uie.errors import CorpusError


@click.command(
    epilog=examples("uie corpora download wnut17 --data-root corpora", "uie corpora download wnut17 --data-root corpora --yes")
)
@click.argument("name")
@click.option("--data-root", type=click.Path(path_type=Path, file_okay=False), help="the folder that holds the corpora's folders")
@click.option("--yes", is_flag=True, help="the licence is known: do not ask")
def download(name: str, data_root: Path | None, yes: bool) -> None:
    """Fetch a corpus from the source that its config names, and print its folder. The licence is shown first.

    A broken download is taken up where it ended. UIE_FILE_URL, UIE_ARCHIVE_URL and UIE_PACKAGE_INDEX name other hosts, such as mirrors.
    """
    from uie.corpora.config import load_dataset_config
    from uie.corpora.downloading import download_corpus, hosts, missing_sources
    from uie.corpora.reading import folder_of

    config = load_dataset_config(name)
    missing = missing_sources(config, data_root=data_root)
    if not missing:
        click.echo(f"{config.name} is there.", err=True)
        click.echo(folder_of(config, data_root=data_root))
        return
    for what, said in (("", config.title or config.name), ("licence: ", config.licence), ("citation: ", config.citation)):
        if said:
            click.echo(f"{what}{said}", err=True)
    click.echo(f"from: {', '.join(config.origins)} ({len(missing)} of {len(config.source)} files or folders)", err=True)
    if not yes:
        if not sys.stdin.isatty():
            raise CorpusError(f"{config.name}: there is no terminal to ask whether you accept its licence; give --yes if you do.")
        click.confirm("Fetch it?", abort=True, err=True)
    where = download_corpus(config, data_root=data_root, hosts=hosts(os.environ), say=lambda line: click.echo(line, err=True))
    click.echo(where)
