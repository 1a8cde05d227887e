"""`uie train`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click
import yaml

from uie.cli import examples

if TYPE_CHECKING:
    from uie.training.settings import TrainSettings


@click.command(
    epilog=examples(
        "uie train --config train.yaml",
        "uie train --set model=smollm2-135m-q4 --set train=data/sample/train.jsonl --set out=runs/sample",
        "uie train --config train.yaml --processes 2 --set deepspeed=zero2",
        "torchrun --nproc-per-node 2 -m uie.cli train --config train.yaml",
        "uie train --config train.yaml --resume",
        "uie train --config train.yaml --dry-run",
    ),
)
@click.option("--config", type=click.Path(path_type=Path), help="a YAML file of settings (docs/training.md lists them)")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="change or add a setting; may be repeated")
@click.option("--out", type=click.Path(path_type=Path), help="run folder; short for --set out=DIR")
@click.option("--processes", type=click.IntRange(min=1), help="processes on this machine; short for --set processes=N")
@click.option("--hostfile", type=click.Path(path_type=Path), help="machines, HOST slots=N a line; short for --set hostfile=FILE")
@click.option("--seed", type=int, help="short for --set seed=N")
@click.option("--limit", type=click.IntRange(min=1), help="train on the first N records only")
@click.option("--resume", is_flag=True, help="go on from the run's last checkpoint")
@click.option("--overwrite", is_flag=True, help="replace the run folder of an earlier training")
@click.option("--dry-run", is_flag=True, help="show what would be done, and every mistake, and stop")
def command(
    config: Path | None,
    overrides: tuple[str, ...],
    resume: bool,
    overwrite: bool,
    dry_run: bool,
    out: Path | None,
    processes: int | None,
    hostfile: Path | None,
    seed: int | None,
    limit: int | None,
) -> None:
    """Fine-tune a model on records: LoRA or full, on one process or on several.

    Started by torchrun, deepspeed or srun it is one of their processes; the first one tells what comes of it.
    """
    from uie.errors import FailedElsewhere, TrainingStopped, UIEError
    from uie.training.cluster import place_of

    place = place_of(os.environ)
    short = {"out": out, "processes": processes, "hostfile": hostfile, "seed": seed, "limit": limit}
    more = [f"{key}={value}" for key, value in short.items() if value is not None]
    try:
        settings = _settings(config, [*overrides, *more])
    except UIEError:
        if place is not None and place.local_rank:  # the first process of each machine tells it
            raise click.exceptions.Exit(1) from None
        raise
    tells = place is None or place.is_first
    if dry_run:
        if tells:
            if place is not None and place.processes > 1:
                from uie.training.worker import as_started

                settings = as_started(settings, place)
            _dry_run(settings, resume=resume, overwrite=overwrite)
        return
    from uie.training.launch import launch

    try:
        result = launch(settings, resume=resume, overwrite=overwrite)
    except TrainingStopped as stopped:  # as it was asked to: no failure
        if tells:
            click.echo(stopped, err=True)
        return
    except FailedElsewhere:
        raise click.exceptions.Exit(1) from None
    if not tells:
        return
    click.echo(f"Trained {result.steps} steps in {result.seconds:.0f} s; last loss {result.loss:.3f}.", err=True)
    if result.f1 is not None:
        click.echo(f"Kept the weights of step {result.best_step}, whose F1 on dev is {100 * result.f1:.2f}.", err=True)
    click.echo(f"Next: uie eval --model {settings.out} --records TEST.jsonl, or uie chat --model {settings.out}", err=True)
    click.echo(settings.out)


def _settings(config: Path | None, overrides: list[str]) -> "TrainSettings":
    from uie.settings import apply_overrides, build, read_yaml
    from uie.training.settings import TrainSettings

    mapping = read_yaml(config) if config else {}
    return build(TrainSettings, apply_overrides(mapping, overrides), where=str(config or "--set"))


def _dry_run(settings: "TrainSettings", *, resume: bool, overwrite: bool) -> None:
    from rich.console import Console

    from uie.cli.train_preview import print_preview
    from uie.settings import to_mapping
    from uie.training.preview import preview

    click.echo(yaml.safe_dump(to_mapping(settings), allow_unicode=True, sort_keys=False))
    found = preview(settings, resume=resume, overwrite=overwrite)
    print_preview(found, Console(highlight=False))
    for mistake in found.mistakes:
        click.echo(f"uie: error: {mistake}", err=True)
    if found.mistakes:
        raise click.exceptions.Exit(1)
