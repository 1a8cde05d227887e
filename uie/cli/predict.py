"""`uie predict`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from uie.cli import examples
from uie.cli.progress import bar

if TYPE_CHECKING:
    from uie.extraction.inputs import Asking


@click.command(
    epilog=examples(
        "uie predict --model runs/sample --input data/sample/test.jsonl --out out/sample",
        "uie predict --model runs/sample --input notes.txt --task NER --schema my-schema.yaml --out out/notes",
        "uie predict --model runs/sample --input notes.txt --dataset sample_en --out out/notes --resume",
    ),
)
@click.option("--model", required=True, help="run folder, adapter folder, model folder, catalogue name or hub id")
@click.option("--input", "input_", required=True, type=click.Path(path_type=Path), help="Records, Documents or text, one a line")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="folder for generations.jsonl and predictions.jsonl")
@click.option("--task", "tasks", multiple=True, help="NER, RE or EE; may be repeated  [default: all that the schema has]")
@click.option("--schema", help="a schema file, for Documents and text")
@click.option("--dataset", help="the schema of this corpus, for Documents and text")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), help="language of wording and names, with --schema or --dataset  [default: its own]"
)
@click.option("--prompt", help="a wording for all tasks asked  [default: the run's, else TASK/default]")
@click.option(
    "--format", "format_", default="", help="answer format, for text and records that name none  [default: the run's, else lines]"
)
@click.option("--limit", type=click.IntRange(min=1), help="only the first N documents of each corpus and split")
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="answers generated side by side")
@click.option("--max-new-tokens", type=click.IntRange(min=1), help="longest answer  [default: from the run, else 256]")
@click.option("--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True)
@click.option("--resume", is_flag=True, help="go on where an earlier call stopped")
@click.option("--overwrite", is_flag=True, help="replace the folder an earlier call wrote")
def command(
    model: str,
    input_: Path,
    out: Path,
    tasks: tuple[str, ...],
    schema: str | None,
    dataset: str | None,
    lang: str | None,
    prompt: str | None,
    format_: str,
    resume: bool,
    overwrite: bool,
    **settings: Any,
) -> None:
    """Extract from a file: records, documents or plain text, one document a line."""
    from uie.extraction.predict import PredictSettings, predict

    asking = asking_from(tasks, schema, dataset, lang, prompt, format_)
    resolved = PredictSettings(model, input_, out, format_, **settings)
    with bar("Predicting") as progress:
        summary = predict(resolved, asking=asking, resume=resume, overwrite=overwrite, progress=progress)
    rate = f", {summary.documents / summary.seconds:.1f} documents/s" if summary.seconds else ""
    click.echo(f"{out / 'predictions.jsonl'}: {summary.documents} documents from {summary.records} records{rate}.", err=True)
    if summary.truncated:
        click.echo(f"{summary.truncated} answers ran into the limit of {summary.facts['max_new_tokens']} tokens.", err=True)
    click.echo(out / "predictions.jsonl")


def asking_from(
    tasks: tuple[str, ...], schema: str | None, dataset: str | None, lang: str | None, prompt: str | None, format: str
) -> "Asking | None":
    """What --task, --schema, --dataset and --prompt ask; None when none was given (Records say it themselves)."""
    from uie.errors import SettingsError
    from uie.extraction.inputs import Asking, tasks_from
    from uie.schema import read_schema
    from uie.serving.chat import read_schema_source

    if schema is None and dataset is None:
        if tasks or prompt:
            raise SettingsError("--task and --prompt need a schema: add --schema FILE or --dataset NAME.")
        return None
    if schema is not None and dataset is not None:
        raise SettingsError("--schema and --dataset: give one of them.")
    source = schema or dataset
    assert source is not None
    wanted = read_schema(read_schema_source(source), lang=lang, where=source)
    asked = tasks_from(tasks, wanted)
    return Asking(asked, wanted, format, dict.fromkeys(asked, prompt) if prompt else {})
