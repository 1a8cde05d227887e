"""`uie prompts`."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Column, Table

from uie.cli import examples

if TYPE_CHECKING:
    from uie.corpora.config import DatasetConfig
    from uie.prompting.importing import Lang, Wording
    from uie.records.asking import Asker
    from uie.records.record import Record

_EXAMPLES = 2  # solved ones that `show` takes for a wording that shows any


@click.group(
    "prompts", epilog=examples("uie prompts list", "uie prompts show ner/default.en --corpus sample_en", "uie prompts check")
)
def group() -> None:
    """List, show, check and import prompts."""


@group.command("list", epilog=examples("uie prompts list", "uie prompts list --task NER --lang zh"))
@click.option("--task", help="only prompts of this task")
@click.option("--lang", help="only prompts in this language")
def list_(task: str | None, lang: str | None) -> None:
    """Every prompt found: ours, and yours under ./prompts."""
    from uie.prompting import load_prompt, prompt_names

    table = Table(Column("name", no_wrap=True), "task", "language", "formats", "about")
    for name in prompt_names(task, lang):
        prompt = load_prompt(name)
        table.add_row(name, prompt.task, prompt.lang, ", ".join(prompt.formats) or "any", prompt.about)
    Console().print(table)


@group.command(
    epilog=examples(
        "uie prompts show ner/described.zh --corpus sample_zh",
        "uie prompts show ner/fewshot.en --corpus wnut17 --data-root corpora",
        'uie prompts show re/default.en --format lines --text "Mira joined Acme."',
    )
)
@click.argument("name")
@click.option("--corpus", help="where the example comes from  [default: the sample corpus in the prompt's language]")
@click.option("--data-root", type=click.Path(path_type=Path), help="the folder that holds the corpora's folders")
@click.option("--format", "format_", help="answer format  [default: the first the prompt is for, else lines]")
@click.option("--text", help="ask about this text, with the corpus' schema, in place of one of its texts")
def show(name: str, corpus: str | None, data_root: Path | None, format_: str | None, text: str | None) -> None:
    """A question as a model reads it, and the gold answer: the first train document of a corpus that holds anything."""
    from uie.corpora.config import load_dataset_config
    from uie.errors import SettingsError
    from uie.prompting import load_prompt
    from uie.records.asking import asker
    from uie.tasks import TASKS, applies

    prompt = load_prompt(name)
    config = load_dataset_config(corpus or f"sample_{prompt.lang}")
    schema = config.schema(prompt.lang)
    if not applies(prompt.task, schema):
        raise SettingsError(f"{config.name}: its labels have not all that {prompt.task} asks; choose another --corpus.")
    if text is not None and TASKS.get(prompt.task).gives:
        raise SettingsError(f"--text: a text alone does not say what {prompt.task} takes as given; leave --text out.")
    one = asker(prompt.task, schema, prompt, format_ or next(iter(prompt.formats), "lines"))
    record = _example(one, config, data_root, text)
    parts = {"instruct": record.instruct, "query": record.query, "answer": record.answer}
    for title, part in parts.items():
        if part is not None and (part or title != "instruct"):
            click.secho(f"── {title} ──", fg="cyan")
            click.echo(part)


def _example(one: "Asker", config: "DatasetConfig", data_root: Path | None, text: str | None) -> "Record":
    from uie.corpora.reading import read_corpus
    from uie.documents import Document
    from uie.errors import CorpusError

    def holding() -> Iterator[Document]:
        """The train Documents in which there is something to find."""
        for document in read_corpus(config, "train", data_root=data_root):
            if any(gold for _, gold in one.questions(document)):
                yield document

    if text is not None:
        asked = Document("example", text, dataset=config.dataset or config.name, lang=config.lang)
    else:
        found = next(holding(), None)
        if found is None:
            raise CorpusError(f"{config.name}: no train document has anything that {one.task} asks; choose another --corpus.")
        asked = found
    others = (
        islice((document for document in holding() if document.text != asked.text), _EXAMPLES) if one.prompt.demonstrates else ()
    )
    solved = tuple(filter(None, (one.demonstration(document, one.schemas[0]) for document in others)))
    questions = list(one.questions(asked, examples=lambda schema: (solved, ())))
    return next((record for record, gold in questions if gold), questions[0][0])


@group.command(epilog=examples("uie prompts check"))
def check() -> None:
    """Render every prompt in every format it is for. Exit status 1 when one fails."""
    from uie.prompting import check_prompts, prompt_names

    mistakes = check_prompts()
    for mistake in mistakes:
        click.echo(mistake)
    click.echo(f"{len(prompt_names())} prompts, {len(mistakes)} mistakes.", err=True)
    sys.exit(1 if mistakes else 0)


@group.command(
    "import",
    epilog=examples(
        "uie prompts import instruction_config.json --out prompts",
        "uie prompts import billa/prompts --out prompts --task NER",
        "uie prompts import templates/alpaca.json --out prompts --task RE --lang en",
    ),
)
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="folder for TASK/NAME.N.LANG.jinja; ./prompts is found by all commands",
)
@click.option("--task", help="what is asked, for BiLLa and alpaca-lora, whose files do not say it")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), help="language of the wordings  [default: what the file says, else by its letters]"
)
@click.option(
    "--wording",
    type=click.Choice(["seed000", "instructuie"]),
    help="of InstructUIE: how the text stands  [default: by its answers]",
)
@click.option("--heading/--no-heading", default=None, help="lines with task and dataset  [default: for seed000 only]")
@click.option("--overwrite", is_flag=True, help="replace files that are there")
def import_(
    source: Path,
    out: Path,
    task: str | None,
    lang: "Lang | None",
    wording: "Wording | None",
    heading: bool | None,
    overwrite: bool,
) -> None:
    """Make prompts of another project's wordings: a file, or all in a folder.

    Instructions of InstructUIE, chatllama UIE and B2NER (JSON), TYPE.pre.prompt and TYPE.post.prompt of BiLLa, templates of
    alpaca-lora (JSON), which go round our default wording.
    """
    from uie.prompting.importing import import_prompts

    done = import_prompts(source, out, task=task, lang=lang, wording=wording, heading=heading, overwrite=overwrite)
    for path in done.written:
        click.echo(path)
    for left_out in done.skipped:
        click.echo(f"Left out: {left_out}", err=True)
    click.echo(f"{len(done.written)} prompts written.", err=True)
