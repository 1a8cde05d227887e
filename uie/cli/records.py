"""`uie records`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from uie.cli import examples

if TYPE_CHECKING:
    from tokenizers import Tokenizer


@click.group(
    "records",
    epilog=examples(
        "uie records show data/sample/train.jsonl",
        "uie records stats data/sample",
        "uie records losses --corpus sample_en",
        "uie records export data/sample --to llamafactory --out data/sample-llamafactory",
        "uie records import belle.json --from belle --out data/belle.jsonl",
    ),
)
def group() -> None:
    """Show and measure records, and exchange them with other projects."""


@group.command(
    epilog=examples(
        "uie records show data/sample/train.jsonl",
        "uie records show data/sample/train.jsonl --id sample_en/train/3 --tokenizer smollm2-135m-q4",
        "uie records show data/sample/train.jsonl --limit 50 | less",
    )
)
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--id", "id_", metavar="ID", help="only the record of that id, or those of that document")
@click.option("--limit", type=click.IntRange(min=1), default=3, show_default=True, help="records to show at most")
@click.option(
    "--tokenizer", metavar="PATH_OR_MODEL", help="show and count tokens: a tokenizer.json, its folder, or a fetched model"
)
def show(file: Path, id_: str | None, limit: int, tokenizer: str | None) -> None:
    """Show records as a model meets them, with what was asked, given and left out.

    Green is graded: what training teaches the model to write. With a tokenizer, │ stands between tokens, ⏎ for a line end, ■ for
    the token that ends the answer, and a small number behind a character says how many tokens it takes.
    """
    from uie.cli.record_views import console
    from uie.cli.record_views import show as show_record
    from uie.records.showing import shown

    out = console()
    for number, one in enumerate(shown(file, id=id_, limit=limit, tokenizer=_tokenizer(tokenizer))):
        if number:
            out.print()
        show_record(one, out)


@group.command(
    epilog=examples(
        "uie records stats data/sample",
        "uie records stats data/sample/train.jsonl --tokenizer smollm2-135m-q4",
        "uie records stats data/sample --json",
    )
)
@click.argument("source", metavar="FILE_OR_FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--tokenizer", metavar="PATH_OR_MODEL", help="count tokens, not characters: a tokenizer.json, its folder, or a fetched model"
)
@click.option("--json", "as_json", is_flag=True, help="print JSON, with every label")
def stats(source: Path, tokenizer: str | None, as_json: bool) -> None:
    """Measure records, per split, corpus and task.

    Lengths are median/what 95 % do not exceed/the longest. Empty: answers that find nothing. Same prompt: records whose
    whole prompt an earlier one has; same text: whose text another document has. Common: the share of the prompts that a record has
    in common with the beginning of the one before it, which training and prediction need to compute only once.
    """
    from uie.cli.record_views import console, stats_tables
    from uie.records.stats import stats as measured
    from uie.records.stats import stats_to_json

    found = measured(source, tokenizer=_tokenizer(tokenizer))
    unit = "tokens" if tokenizer else "characters"
    if as_json:
        _echo_json({"unit": unit, "stats": [stats_to_json(one) for one in found]})
        return
    out = console()
    for number, table in enumerate(stats_tables(found, unit=unit)):
        if number:
            out.print()
        out.print(table)


@group.command(
    epilog=examples(
        "uie records losses --corpus sample_en",
        "uie records losses --data-root corpora --format lines --format markup",
        "uie records losses --data-root corpora --limit 50 --json > tests/data/losses.json",
    )
)
@click.option("--corpus", "corpora", metavar="NAME", multiple=True, help="corpora to measure  [default: all whose files are there]")
@click.option("--task", "tasks", metavar="TASK", multiple=True, help="tasks to ask  [default: all the corpora can be asked]")
@click.option("--format", "formats", metavar="FORMAT", multiple=True, help="answer formats  [default: all]")
@click.option("--data-root", type=click.Path(path_type=Path), help="the folder that holds the corpora's folders")
@click.option("--limit", type=click.IntRange(min=1), help="documents of each corpus to take, drawn  [default: all]")
@click.option("--json", "as_json", is_flag=True, help="print JSON")
def losses(
    corpora: tuple[str, ...],
    tasks: tuple[str, ...],
    formats: tuple[str, ...],
    data_root: Path | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """Count what does not come back when gold answers are written, read again and looked up in the text.

    Strings lost: items that do not come back with their labels. Offsets lost: items that come back at another place, or at none.
    The formats of ours lose no strings; those that write no occurrence numbers cannot always tell which of two equal mentions is
    meant. Formats that lose as much share a line.
    """
    from uie.cli.record_losses import loss_rows
    from uie.cli.record_views import console, losses_table

    rows = loss_rows(corpora, tasks=tasks, formats=formats, data_root=data_root, limit=limit)
    if as_json:
        _echo_rows({"limit": limit}, rows)
    else:
        console().print(losses_table(rows))


@group.command(
    epilog=examples(
        "uie records export data/sample/train.jsonl --to alpaca --out train.json",
        "uie records export data/sample --to chatllama --out UIE_dataset",
        "uie records export data/sample --to huggingface --out data/sample-hub",
    )
)
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--to", "layout", required=True, metavar="LAYOUT", help="one of the layouts above")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="file, or folder where FILE is one or the layout is")
@click.option("--overwrite", is_flag=True, help="replace the file, or the folder an earlier export wrote")
def export(source: Path, layout: str, out: Path, overwrite: bool) -> None:
    """Write records as the training files of another project. FILE is a file of records, or a build folder: then every split.

    Layouts: alpaca, belle (conversations), chatllama, messages (OpenAI), sharegpt, trl (conversational prompt and completion),
    trl-text (plain prompt and completion); as a folder: huggingface (for load_dataset), llamafactory (with dataset_info.json).
    """
    from uie.records.exchange.moving import export_records

    for path, count in export_records(source, layout, out=out, overwrite=overwrite).items():
        click.echo(f"{path}: {count} records")


@group.command(
    "import",
    epilog=examples(
        "uie records import alpaca_data.json --from alpaca --out data/alpaca.jsonl",
        "uie records import UIE_train.json --from chatllama --out data/seed/train.jsonl --format tuples.seed000",
        "uie records import LLaMA-Factory/data --from llamafactory --dataset identity --out data/identity.jsonl",
    ),
)
@click.argument("source", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--from", "layout", required=True, metavar="LAYOUT", help="a layout, as uie records export --help lists them")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="the file of records to write, such as train.jsonl")
@click.option("--task", default="", help="what all the rows ask, such as NER  [default: what they say]")
@click.option("--format", "format_", default="", metavar="FORMAT", help="how their answers are written, such as lines")
@click.option("--lang", default="", help="the language of the texts, such as zh")
@click.option("--dataset", default="", metavar="NAME", help="the corpus they belong to; with llamafactory the one entry to read")
@click.option("--overwrite", is_flag=True, help="replace the file that is there")
def import_(source: Path, layout: str, out: Path, task: str, format_: str, lang: str, dataset: str, overwrite: bool) -> None:
    """Read the training files of another project as records.

    A row becomes a record if it is one question with its answer; its system message becomes the instruction. Rows of several turns,
    and others that cannot be read, go to NAME.rejected.jsonl beside the output, with the reason.
    """
    from uie.records.exchange.moving import import_records

    done = import_records(source, layout, out=out, task=task, format=format_, lang=lang, dataset=dataset, overwrite=overwrite)
    click.echo(f"{done.out}: {done.records} records")
    if done.reasons:
        click.echo(f"{sum(done.reasons.values())} rows were set aside in {done.rejected}:", err=True)
        _echo_reasons(done.reasons)


def _echo_reasons(reasons: Mapping[str, int], *, shown: int = 5) -> None:
    common = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    for reason, count in common[:shown]:
        click.echo(f"  {count}: {reason}", err=True)
    if common[shown:]:
        click.echo(f"  {sum(count for _, count in common[shown:])}: {len(common) - shown} other reasons", err=True)


def _tokenizer(name: str | None) -> "Tokenizer | None":
    """The tokenizer of that name; a model of the hub counts if it was fetched before."""
    if name is None:
        return None
    from uie.models.catalogue import fetched
    from uie.records.tokens import load_tokenizer

    folder = None if Path(name).expanduser().exists() else fetched(name)
    return load_tokenizer(str(folder or name), where="--tokenizer")


def _echo_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _echo_rows(facts: Mapping[str, object], rows: Sequence[Mapping[str, object]]) -> None:
    """A JSON object with a row a line, so that two files can be compared by line."""
    lines = ",\n  ".join(json.dumps(row, ensure_ascii=False) for row in rows)
    head = json.dumps(facts, ensure_ascii=False).removesuffix("}")
    click.echo(f'{head}, "rows": [\n  {lines}\n]}}')
