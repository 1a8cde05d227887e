"""`uie prompts`."""

import sys

import click
from rich.console import Console
from rich.table import Column, Table

from uie.cli import examples


@click.group(
    "prompts", epilog=examples("uie prompts list", "uie prompts show ner/default.en --dataset sample_en", "uie prompts check")
)
def group() -> None:
    """List, show and check prompts."""


@group.command("list", epilog=examples("uie prompts list", "uie prompts list --task NER"))
@click.option("--task", help="only prompts of this task")
def list_(task: str | None) -> None:
    """Every prompt found: ours, and yours under ./prompts."""
    from uie.prompting import load_prompt, prompt_names

    table = Table(Column("name", no_wrap=True), "formats", "about")
    for name in prompt_names(task):
        prompt = load_prompt(name)
        table.add_row(name, ", ".join(prompt.formats) or "any", prompt.about)
    Console().print(table)


@group.command(
    epilog=examples("uie prompts show ner/described.zh --dataset sample_zh", "uie prompts show re/default.en --format lines")
)
@click.argument("name")
@click.option("--dataset", help="whose schema to show it with  [default: a sample corpus of the prompt's language]")
@click.option("--format", "format_", help="answer format  [default: the first the prompt is for, else lines]")
@click.option("--text", default="…", help="the text to ask about")
def show(name: str, dataset: str | None, format_: str | None, text: str) -> None:
    """A prompt as a model reads it."""
    from uie.corpora.config import load_dataset_config
    from uie.documents import Document
    from uie.prompting import load_prompt
    from uie.records.asking import asker

    prompt = load_prompt(name)
    config = load_dataset_config(dataset or f"sample_{prompt.lang}")
    one = asker(prompt.task, config.schema(prompt.lang), prompt, format_ or next(iter(prompt.formats), "lines"))
    record = one.ask(Document("example", text, lang=prompt.lang))
    click.echo(f"{record.instruct}\n{record.query}")


@group.command(epilog=examples("uie prompts check"))
def check() -> None:
    """Render every prompt in every format it is for. Exit status 1 when one fails."""
    from uie.prompting import check_prompts, prompt_names

    mistakes = check_prompts()
    for mistake in mistakes:
        click.echo(mistake)
    click.echo(f"{len(prompt_names())} prompts, {len(mistakes)} mistakes.", err=True)
    sys.exit(1 if mistakes else 0)
