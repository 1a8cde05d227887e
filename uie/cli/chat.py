"""`uie chat`."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from rich.console import Console

from uie.cli import examples


@click.command(
    epilog=examples(
        "uie chat --model runs/sample",
        "uie chat --model smollm2-135m-q4 --types 'person, product'",
        "echo 'Mira Okafor joined Lindqvist Labs in Oslo.' | uie chat --model runs/sample --json",
    ),
)
@click.option("--model", required=True, help="run folder, adapter folder, model folder, catalogue name or hub id")
@click.option("--schema", help="a schema file or the name of a corpus  [default: what the run was trained on]")
@click.option("--types", help="entity types to ask for, separated by commas")
@click.option("--prompt", help="a wording  [default: the run's, else TASK/default]")
@click.option("--format", "format_", default="", help="answer format  [default: the run's, else lines]")
@click.option("--json", "as_json", is_flag=True, help="print each result as one Document, a JSON object a line")
@click.option("--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True)
def command(model: str, schema: str | None, types: str | None, prompt: str | None, format_: str, as_json: bool, dtype: str) -> None:
    """Type a sentence, see what is in it. A pipe is read line by line; lines that start with ':' are commands there too (:help)."""
    from uie.extraction.answering import questions_of
    from uie.extraction.extractor import Extractor
    from uie.serving.chat import Chat, default_schema, read_schema_source

    given = read_schema_source(schema) if schema else default_schema(questions_of(model))
    interactive = sys.stdin.isatty()
    with _waiting(interactive, f"Loading {model} …"):
        extractor = Extractor.load(model, dtype=dtype, format=format_, prompt=prompt)
    chat = Chat(extractor, Console(), given, as_json=as_json)
    if types:
        chat.handle(f":types {types}")
    if interactive:
        chat.handle(":schema")
        click.echo("Type a sentence, :help for commands, :quit to leave.", err=True)
    with _history(interactive):
        for line in _typed() if interactive else sys.stdin:
            if not chat.handle(line):
                break
    if chat.mistakes and not interactive:
        sys.exit(1)


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input("uie> ")
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return


@contextlib.contextmanager
def _waiting(interactive: bool, message: str) -> Iterator[None]:
    with Console(stderr=True).status(message) if interactive else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _history(interactive: bool) -> Iterator[None]:
    """Lines typed before can be had again with the arrow keys, in later sessions too."""
    if not interactive:
        yield
        return
    import readline

    from uie.resources import cache_folder

    path: Path = cache_folder() / "chat-history"
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        readline.read_history_file(path)
    readline.set_history_length(1000)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            readline.write_history_file(path)
