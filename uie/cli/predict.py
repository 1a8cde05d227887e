"""`uie predict`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from uie.cli import examples
from uie.cli.progress import bar

if TYPE_CHECKING:
    from uie.extraction.inputs import Asking
    from uie.extraction.predict import PredictSettings, PredictSummary

_FILE = click.Path(path_type=Path)


@click.command(
    epilog=examples(
        "uie predict --model runs/sample --input data/sample/test.jsonl --out out/sample",
        "uie predict --model runs/sample --input notes.txt --task NER --schema my-schema.yaml --out out/notes",
        "uie predict --model runs/sample --input notes.txt --dataset sample_en --out out/notes --resume",
        "uie predict --model runs/sample --input notes.txt --dataset sample_en --constrain --min-confidence 0.5 --out out/sure",
        "zcat notes.gz | uie predict --model runs/sample --input - --dataset sample_en --out - > predictions.jsonl",
        "uie predict --model runs/sample --input big.jsonl --dataset sample_en --out out/big --workers 4",
        "uie predict --model runs/sample --input big.jsonl --dataset sample_en --out out/big.1 --shard 1/4",
        "uie predict --merge out/big.1 out/big.2 out/big.3 out/big.4 --out out/big",
    ),
)
@click.option("--model", help="run folder, adapter folder, model folder, catalogue name or hub id")
@click.option("--input", "input_", type=_FILE, help="Records, Documents or text, one a line; - is standard input")
@click.option(
    "--out",
    required=True,
    type=_FILE,
    help="folder for generations.jsonl and predictions.jsonl; - writes predictions to standard output",
)
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
@click.option("--engine", default="transformers", show_default=True, help="what runs the model")
@click.option("--device", default="auto", show_default=True, help="where it runs: cpu, cuda, cuda:1, …")
@click.option("--url", default="", help="a server's address, for --engine openai")
@click.option("--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True)
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="answers generated side by side")
@click.option("--max-new-tokens", type=click.IntRange(min=1), help="longest answer  [default: from the run, else 256]")
@click.option("--constrain/--no-constrain", default=False, show_default=True, help="hold answers to format, schema and text")
@click.option("--confidence", is_flag=True, help="say of each item how sure the model was")
@click.option(
    "--min-confidence", multiple=True, metavar="X|TYPE=X", help="leave out items below; may be repeated, and sets --confidence"
)
@click.option(
    "--window", type=click.IntRange(min=1), help="longest text of one question, in tokens  [default: what fits the model]"
)
@click.option(
    "--overlap", type=click.IntRange(min=0), default=0, show_default=True, help="tokens that a window repeats of the last"
)
@click.option(
    "--passes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="ask N times, and take all that is found: more recall",
)
@click.option("--shard", default="", metavar="I/N", help="only the I-th of N parts of the input")
@click.option("--workers", type=click.IntRange(min=1), help="N processes, each with a GPU, or a share of the cores, of its own")
@click.option("--on", type=click.Choice(["ray"]), help="spread the workers over a Ray cluster")
@click.option("--merge", is_flag=True, help="join the FOLDERs of all shards into one")
@click.option("--resume", is_flag=True, help="go on where an earlier call stopped, and ask again what failed")
@click.option("--overwrite", is_flag=True, help="replace the folder an earlier call wrote")
@click.argument("folders", nargs=-1, type=_FILE, metavar="[FOLDER]...")
def command(
    model: str | None,
    input_: Path | None,
    out: Path,
    tasks: tuple[str, ...],
    schema: str | None,
    dataset: str | None,
    lang: str | None,
    prompt: str | None,
    format_: str,
    min_confidence: tuple[str, ...],
    workers: int | None,
    on: str | None,
    merge: bool,
    resume: bool,
    overwrite: bool,
    folders: tuple[Path, ...],
    **settings: Any,
) -> None:
    """Extract from a file: records, documents or plain text, one document a line."""
    from uie.extraction.predict import PredictSettings, predict

    if merge:
        from uie.extraction.parallel import merge_shards

        _finish(merge_shards(folders, out, input=input_, overwrite=overwrite))
        return
    if folders:
        raise click.UsageError(f"Unexpected {folders[0]}: folders go with --merge.")
    if model is None or input_ is None:
        raise click.UsageError(f"Missing option '{'--model' if model is None else '--input'}'.")
    asking = asking_from(tasks, schema, dataset, lang, prompt, format_)
    resolved = PredictSettings(model, input_, out, format_, min_confidence=_minimum(min_confidence), **settings)
    if str(out) == "-":
        given = {"--workers": workers, "--on": on, "--resume": resume, "--overwrite": overwrite}
        if name := next((name for name, value in given.items() if value), ""):
            raise click.UsageError(f"{name} is for predicting into a folder, and --out - keeps nothing: leave one of them out.")
        _stream(resolved, asking)
        return
    how: dict[str, Any] = {"asking": asking, "resume": resume, "overwrite": overwrite}
    with bar("Predicting") as progress:
        if workers or on:
            summary = _in_shards(resolved, workers, on, progress=progress, **how)
        else:
            summary = predict(resolved, progress=progress, **how)
    _finish(summary)


def _in_shards(settings: "PredictSettings", workers: int | None, on: str | None, **how: Any) -> "PredictSummary":
    from uie.extraction.parallel import predict_in_shards

    if on == "ray":
        from uie.extraction.cluster import places, run_on_ray

        return predict_in_shards(settings, run_on_ray, shards=workers or places(), **how)
    from uie.extraction.workers import run_in_processes

    return predict_in_shards(settings, run_in_processes, shards=workers or 1, **how)


def _stream(settings: "PredictSettings", asking: "Asking | None") -> None:
    """Predicted Documents on stdout as they get done, and what failed on stderr."""
    from uie.documents import document_to_json
    from uie.errors import PredictionError
    from uie.extraction.predict import predicted_documents
    from uie.storage import to_line

    failed = 0

    def tell(failure: dict[str, Any]) -> None:
        nonlocal failed
        failed += 1
        click.echo(to_line(failure), nl=False, err=True)

    for document in predicted_documents(settings, asking=asking, failed=tell):
        click.echo(to_line(document_to_json(document)), nl=False)
    if failed:
        raise PredictionError(f"{failed} failed, as told above; predict into a folder to ask them again with --resume.")


def _finish(summary: "PredictSummary") -> None:
    """What was written; what failed is the last line, and exit status 1."""
    from uie.errors import PredictionError

    predictions = summary.out / "predictions.jsonl"
    rate = f", {summary.documents / summary.seconds:.1f} documents/s" if summary.seconds else ""
    click.echo(f"{predictions}: {summary.documents} documents from {summary.records} records{rate}.", err=True)
    if summary.truncated:
        click.echo(f"{summary.truncated} answers ran into the limit of {summary.facts['max_new_tokens']} tokens.", err=True)
    click.echo(predictions)
    if summary.failed:
        raise PredictionError(
            f"{summary.failed} failed and {'is' if summary.failed == 1 else 'are'} set aside in {summary.out / 'failed.jsonl'}, "
            f"such as {summary.first_failure} Mend it, and ask these again with --resume."
        )


def _minimum(given: tuple[str, ...]) -> dict[str, float]:
    """`0.5` and `PER=0.8` → {"": 0.5, "PER": 0.8}."""
    minimum = {}
    for one in given:
        type, _, share = one.rpartition("=")
        try:
            minimum[type] = float(share)
        except ValueError:
            minimum[type] = -1.0
        if not 0 <= minimum[type] <= 1:
            raise click.UsageError(f"--min-confidence {one}: expected 0 to 1, or TYPE=0 to 1, such as 0.5 or PER=0.8.")
    return minimum


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
