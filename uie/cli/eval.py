"""`uie eval`."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from uie.cli import examples
from uie.cli.progress import bar

if TYPE_CHECKING:
    from uie.documents import Document
    from uie.scoring.analysis import Analysis

_SOURCES = "give --gold and --predicted, or --model and --records, or --outputs, or --board with --model or --predicted."


def _list_rules(context: click.Context, option: click.Parameter, asked: bool) -> None:
    if asked:
        from uie.scoring import RULES

        for name in RULES:
            facts = RULES.get(name).facts
            click.echo(f"{name}  ({facts.input})\n    {facts.compares}\n    used by: {facts.used_by}\n    source: {facts.source}")
            for said, fact in (("duplicates", facts.duplicates), ("made equal", facts.normalised), ("faults", facts.faults)):
                if fact:
                    click.echo(f"    {said}: {fact}")
        context.exit()


@click.command(
    "eval",
    epilog=examples(
        "uie eval --model runs/sample --records data/sample/test.jsonl",
        "uie eval --gold data/sample/documents/test.jsonl --predicted out/sample --out scores/sample",
        "uie eval --gold data/sample/documents/test.jsonl --predicted out/sample --rule all",
        "uie eval --outputs predict_eval_predictions.jsonl --rule instructuie",
        "uie eval --board sample --model runs/sample",
    ),
)
@click.option("--gold", type=click.Path(path_type=Path), help="gold Documents; with --model: if not beside the records")
@click.option("--predicted", type=click.Path(path_type=Path), help="predicted Documents, or the folder of uie predict")
@click.option("--model", help="predict with this model first; needs --records or --board")
@click.option("--records", type=click.Path(path_type=Path), help="Records to predict and score")
@click.option(
    "--outputs", type=click.Path(path_type=Path), help="what InstructUIE, seed 000, IEPile or LLaMA-Factory left after predicting"
)
@click.option("--layout", default="", help="of --outputs: instructuie, seed000, iepile or llamafactory  [default: by its keys]")
@click.option("--data", type=click.Path(path_type=Path), help="with --outputs: the file that was predicted")
@click.option("--task", default="", help="of --outputs, where its rows do not say it")
@click.option("--board", help="score on the corpora of a board, beside published numbers; needs --model or --predicted")
@click.option("--data-root", type=click.Path(path_type=Path), help="with --board: the folder that holds the corpora's folders")
@click.option(
    "--train", type=click.Path(path_type=Path), help="training Documents: adds a lookup baseline that knows only their mentions"
)
@click.option("--rule", help="how to count, of --list-rules, or all  [default: strict; string for corpora without offsets]")
@click.option("--symmetric", multiple=True, metavar="LABEL", help="a relation whose two ends may come in either order; repeatable")
@click.option(
    "--list-rules", is_flag=True, is_eager=True, expose_value=False, callback=_list_rules, help="print all rules and leave"
)
@click.option("--format", "format_", default="", help="answer format of what names none, such as lines.seed001")
@click.option("--limit", type=click.IntRange(min=1), help="only the first N documents of each corpus and split (with --model)")
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="answers generated side by side")
@click.option("--max-new-tokens", type=click.IntRange(min=1), help="longest answer  [default: from the run, else 256]")
@click.option("--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="folder for scores.json, report.md, report.html and predictions  [default with --model: MODEL/eval/HASH]",
)
@click.option("--overwrite", is_flag=True, help="predict anew instead of going on with what is in the folder")
@click.option("--json", "as_json", is_flag=True, help="print the scores as JSON instead of tables")
@click.option("--seqeval", "with_seqeval", is_flag=True, help="print seqeval's report for flat entities too")
def command(
    gold: Path | None,
    predicted: Path | None,
    model: str | None,
    records: Path | None,
    outputs: Path | None,
    board: str | None,
    train: Path | None,
    out: Path | None,
    as_json: bool,
    with_seqeval: bool,
    **given: Any,
) -> None:
    """Score predictions against gold, or a model on records: precision, recall, F1 with 95 % intervals, and what went wrong."""
    named = {
        "--gold": gold,
        "--predicted": predicted,
        "--model": model,
        "--records": records,
        "--outputs": outputs,
        "--board": board,
        **{f"--{name.replace('_', '-')}": given[name] for name in ("layout", "data", "task", "data_root")},
    }
    have = {name for name, value in named.items() if value}
    if board is not None and have - {"--data-root"} in ({"--board", "--model"}, {"--board", "--predicted"}):
        _show_board(board, model, predicted, out, as_json=as_json, **given)
        return
    if have in ({"--model", "--records"}, {"--model", "--records", "--gold"}):
        assert model is not None
        assert records is not None
        found = _of_model(model, records, gold, train, out, **given)
    elif have == {"--gold", "--predicted"}:
        assert gold is not None
        assert predicted is not None
        found = _of_documents(gold, predicted, train, out, **given)
    elif "--outputs" in have and have <= {"--outputs", "--layout", "--data", "--task", "--gold"}:
        assert outputs is not None
        found = _of_outputs(outputs, gold, train, out, **given)
    else:
        raise click.UsageError(_SOURCES)
    _show(found, as_json=as_json, with_seqeval=with_seqeval)


@dataclass(frozen=True, slots=True)
class _Found:
    """An Analysis with what it is of; `written` is what the folder `out` holds already."""

    analysis: "Analysis"
    gold: "Sequence[Document]"
    predicted: "Sequence[Document]"
    inputs: Mapping[str, str | None]
    out: Path | None
    facts: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    written: tuple[str, ...] = ()


def _of_model(
    model: str,
    records: Path,
    gold: Path | None,
    train: Path | None,
    out: Path | None,
    *,
    rule: str | None,
    symmetric: tuple[str, ...],
    format_: str,
    limit: int | None,
    batch_size: int,
    max_new_tokens: int | None,
    dtype: Any,
    overwrite: bool,
    **unused: Any,
) -> _Found:
    from uie.extraction.evaluation import evaluate_model

    with bar("Predicting") as progress:
        done = evaluate_model(
            model,
            records,
            gold=gold,
            out=out,
            rule=rule,
            symmetric=symmetric,
            train=_documents(train),
            format=format_,
            limit=limit,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
            dtype=dtype,
            overwrite=overwrite,
            progress=progress,
        )
    facts = {"model": model, "gold": done.gold_from, **done.summary.facts}
    gold_file = None if done.gold_from == "answers" else done.gold_from
    inputs = _inputs(gold_file, done.summary.out / "predictions.jsonl", train)
    written = ("predictions.jsonl", "generations.jsonl")
    return _Found(done.analysis, done.gold, done.predicted, inputs, done.summary.out, facts, done.summary.seconds, written)


def _of_documents(
    gold: Path,
    predicted: Path,
    train: Path | None,
    out: Path | None,
    *,
    rule: str | None,
    symmetric: tuple[str, ...],
    **unused: Any,
) -> _Found:
    from uie.extraction.evaluation import read_gold_or_predicted
    from uie.scoring.analysis import analyse
    from uie.scoring.score import AUTO

    sides = read_gold_or_predicted(gold), read_gold_or_predicted(predicted)
    analysis = analyse(*sides, rule=rule or AUTO, symmetric=symmetric, train=_documents(train))
    return _Found(analysis, *sides, _inputs(gold, predicted, train), out)


def _of_outputs(
    outputs: Path,
    gold: Path | None,
    train: Path | None,
    out: Path | None,
    *,
    layout: str,
    data: Path | None,
    task: str,
    format_: str,
    rule: str | None,
    symmetric: tuple[str, ...],
    **unused: Any,
) -> _Found:
    from uie.extraction.outputs import read_outputs
    from uie.scoring.analysis import analyse

    read = read_outputs(outputs, layout=layout, data=data, gold=gold, task=task, format=format_)
    analysis = analyse(
        read.gold, read.predicted, rule=rule or read.rule, answers=read.answers, symmetric=symmetric, train=_documents(train)
    )
    noted = replace(analysis.scores, notes=(*read.notes, *analysis.scores.notes))
    facts = {"outputs": str(outputs), "layout": read.layout, "gold": read.gold_from}
    return _Found(replace(analysis, scores=noted), read.gold, read.predicted, {}, out, facts)


def _documents(path: Path | None) -> "tuple[Document, ...] | None":
    from uie.extraction.evaluation import read_gold_or_predicted

    return None if path is None else read_gold_or_predicted(path)


def _inputs(gold: Path | str | None, predicted: Path, train: Path | None) -> dict[str, str | None]:
    """Whole paths: the report may be drawn from another folder."""
    sides = {"gold": gold, "predicted": predicted, "train": train}
    return {side: None if path is None else str(Path(path).resolve()) for side, path in sides.items()}


def _show(found: _Found, *, as_json: bool, with_seqeval: bool) -> None:
    from rich.console import Console

    from uie.reports.as_json import analysis_to_json
    from uie.reports.terminal import print_analysis
    from uie.scoring.tag_sequences import seqeval_report

    value = analysis_to_json(found.analysis, facts=found.facts, seconds=found.seconds, inputs=found.inputs or None)
    if found.out is not None:
        _write(found, value)
    if as_json:
        json.dump(value, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return
    console = Console()
    print_analysis(found.analysis, console, facts=found.facts, seconds=found.seconds)
    if with_seqeval and (report := seqeval_report(found.gold, found.predicted)) is not None:
        console.print(report, markup=False, highlight=False)


def _write(found: _Found, value: dict[str, Any]) -> None:
    from uie.reports.html import html_report
    from uie.reports.markdown import analysis_to_markdown
    from uie.storage import whole_file, write_json

    assert found.out is not None
    title = f"Scores of {found.facts['model']}" if "model" in found.facts else "Scores"
    pages = {
        "report.md": analysis_to_markdown(found.analysis, facts=found.facts, seconds=found.seconds),
        "report.html": html_report(found.analysis, facts=found.facts, seconds=found.seconds, title=title),
    }
    found.out.mkdir(parents=True, exist_ok=True)
    write_json(found.out / "scores.json", value)
    for name, page in pages.items():
        with whole_file(found.out / name) as file:
            file.write(page)
    click.echo(f"Wrote {found.out}: {', '.join((*found.written, 'scores.json', *pages))}.", err=True)


def _show_board(
    board: str,
    model: str | None,
    predicted: Path | None,
    out: Path | None,
    *,
    as_json: bool,
    data_root: Path | None,
    format_: str,
    limit: int | None,
    batch_size: int,
    max_new_tokens: int | None,
    dtype: Any,
    overwrite: bool,
    **unused: Any,
) -> None:
    from uie.extraction.boards import run_board
    from uie.reports.boards import board_to_json, print_board, save_board

    with bar("Predicting") as progress:
        run = run_board(
            board,
            model=model or "",
            predicted=predicted,
            data_root=data_root,
            limit=limit,
            out=out,
            format=format_,
            batch_size=batch_size,
            max_new_tokens=max_new_tokens,
            dtype=dtype,
            overwrite=overwrite,
            progress=progress,
        )
    if run.out is not None:
        save_board(run, run.out)
    if as_json:
        json.dump(board_to_json(run), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        print_board(run)
