"""`uie eval`."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from uie.cli import examples
from uie.cli.progress import bar

if TYPE_CHECKING:
    from uie.documents import Document
    from uie.extraction.evaluation import Evaluation
    from uie.scoring.analysis import Analysis

_OF_RECORDS = ("engine", "device", "url", "constrain", "confidence", "calibrate")  # options of predicting that boards do not have
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
        "uie eval --gold ann.jsonl --predicted bo.jsonl --agreement",
        "uie eval --outputs predict_eval_predictions.jsonl --rule instructuie",
        "uie eval --model runs/sample --records data/sample/dev.jsonl --calibrate",
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
@click.option("--agreement", is_flag=True, help="of two annotators, with --gold and --predicted: Cohen's κ too, of what both have")
@click.option("--symmetric", multiple=True, metavar="LABEL", help="a relation whose two ends may come in either order; repeatable")
@click.option(
    "--list-rules", is_flag=True, is_eager=True, expose_value=False, callback=_list_rules, help="print all rules and leave"
)
@click.option("--format", "format_", default="", help="answer format of what names none, such as lines.seed001")
@click.option("--limit", type=click.IntRange(min=1), help="only the first N documents of each corpus and split (with --model)")
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="answers generated side by side")
@click.option("--max-new-tokens", type=click.IntRange(min=1), help="longest answer  [default: from the run, else 256]")
@click.option("--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True)
@click.option("--engine", default="transformers", show_default=True, help="what runs the model")
@click.option("--device", default="auto", show_default=True, help="where it runs: cpu, cuda, cuda:1, …")
@click.option("--url", default="", help="a server's address, for --engine openai")
@click.option("--constrain/--no-constrain", default=False, show_default=True, help="hold answers to format, schema and text")
@click.option("--confidence", is_flag=True, help="tell how far the model's own confidence can be relied on")
@click.option(
    "--calibrate", is_flag=True, help="fit RUN/calibration.json to these records, of dev and never of test; sets --confidence"
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="folder for scores.json, report.md, report.html and predictions  [default with --model: MODEL/eval/HASH]",
)
@click.option(
    "--overwrite", is_flag=True, help="predict anew instead of going on with what is in the folder; replace scores that are there"
)
@click.option("--json", "as_json", is_flag=True, help="print the scores as JSON instead of tables")
@click.option("--seqeval", "with_seqeval", is_flag=True, help="print seqeval's report for flat entities too")
def command(
    gold: Path | None,
    predicted: Path | None,
    model: str | None,
    records: Path | None,
    outputs: Path | None,
    layout: str,
    data: Path | None,
    task: str,
    board: str | None,
    data_root: Path | None,
    train: Path | None,
    rule: str | None,
    agreement: bool,
    symmetric: tuple[str, ...],
    as_json: bool,
    with_seqeval: bool,
    format_: str,
    out: Path | None,
    calibrate: bool,
    **predicting: Any,
) -> None:
    """Score predictions against gold, or a model on records: precision, recall, F1 with 95 % intervals, and what went wrong."""
    sides = {"gold": gold, "predicted": predicted, "model": model, "records": records, "outputs": outputs, "board": board}
    sides |= {"layout": layout, "data": data, "task": task, "data_root": data_root}
    have = {name for name, value in sides.items() if value}
    how = _How(train, rule, symmetric, format_, out)
    if predicting["limit"] and not (model or board):
        raise click.UsageError("--limit is for predicting: it needs --model or --board.")
    if not model and (given := _given("batch_size", "max_new_tokens", "dtype", *_OF_RECORDS)):
        raise click.UsageError(f"{given} is for predicting: it needs --model.")
    if board and (given := _given(*_OF_RECORDS)):
        raise click.UsageError(f"{given} is for records: a board predicts as its models were trained; leave it out.")
    if predicted and format_:
        raise click.UsageError("--format is for answers, and --predicted holds Documents; leave it out.")
    if agreement and have != {"gold", "predicted"}:
        raise click.UsageError("--agreement is that of two annotators' Documents: it needs --gold and --predicted.")
    if have - {"data_root"} in ({"board", "model"}, {"board", "predicted"}):
        assert board is not None
        predicting = {name: value for name, value in predicting.items() if name not in _OF_RECORDS}
        _show_board(board, model, predicted, data_root, how, as_json=as_json, **predicting)
        return
    if have - {"gold"} == {"model", "records"}:
        assert model is not None
        assert records is not None
        predicting["confidence"] |= calibrate
        found = _of_model(model, records, gold, how, calibrate=calibrate, **predicting)
    elif have == {"gold", "predicted"}:
        assert gold is not None
        assert predicted is not None
        how.refuse_scores_in_use(overwrite=predicting["overwrite"])
        found = _of_documents(gold, predicted, how, agreement=agreement)
    elif "outputs" in have and have <= {"outputs", "layout", "data", "task", "gold"}:
        assert outputs is not None
        how.refuse_scores_in_use(overwrite=predicting["overwrite"])
        found = _of_outputs(outputs, gold, how, layout=layout, data=data, task=task)
    else:
        raise click.UsageError(_SOURCES)
    _show(found, as_json=as_json, with_seqeval=with_seqeval)


def _given(*names: str) -> str:
    """The first of these options that the user gave, even if with its default's value."""
    source = click.get_current_context().get_parameter_source
    return next((f"--{name.replace('_', '-')}" for name in names if source(name) is not ParameterSource.DEFAULT), "")


@dataclass(frozen=True, slots=True)
class _How:
    """What is asked of every kind of predictions."""

    train: Path | None
    rule: str | None
    symmetric: tuple[str, ...]
    format: str
    out: Path | None

    def documents(self) -> "tuple[Document, ...] | None":
        from uie.extraction.evaluation import read_gold_or_predicted

        return None if self.train is None else read_gold_or_predicted(self.train)

    def refuse_scores_in_use(self, *, overwrite: bool) -> None:
        """Scores of a model stand beside its predictions and are made again with them; others may be of anything."""
        from uie.errors import OutputError

        if self.out is not None and (self.out / "scores.json").exists() and not overwrite:
            raise OutputError(f"{self.out / 'scores.json'}: is there already; name another --out, or give --overwrite.")

    def facts(self) -> dict[str, Any]:
        """What stands beside the scores, since they are others with it."""
        return {"symmetric": list(self.symmetric)} if self.symmetric else {}

    def inputs(self, gold: Path | str | None, predicted: Path) -> dict[str, str | None]:
        """Whole paths: the report may be drawn from another folder."""
        sides = {"gold": gold, "predicted": predicted, "train": self.train}
        return {side: None if path is None else str(Path(path).resolve()) for side, path in sides.items()}


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


def _of_model(model: str, records: Path, gold: Path | None, how: _How, *, calibrate: bool, **predicting: Any) -> _Found:
    from uie.extraction.evaluation import evaluate_model

    if calibrate:
        from uie.extraction.calibrating import check_calibration

        check_calibration(Path(model), records)
    with bar("Predicting") as progress:
        done = evaluate_model(
            model,
            records,
            gold=gold,
            out=how.out,
            rule=how.rule,
            symmetric=how.symmetric,
            train=how.documents(),
            format=how.format,
            progress=progress,
            **predicting,
        )
    facts = {"model": model, "gold": done.gold_from, **how.facts(), **done.summary.facts}
    inputs = how.inputs(None if done.gold_from == "answers" else done.gold_from, done.summary.out / "predictions.jsonl")
    if done.summary.failed:
        click.echo(done.scores.notes[0], err=True)
    _note(model, records, done)
    if calibrate:
        _calibrate(Path(model), records, done, how)
    written = ("predictions.jsonl", "generations.jsonl")
    return _Found(done.analysis, done.gold, done.predicted, inputs, done.summary.out, facts, done.summary.seconds, written)


def _note(model: str, records: Path, done: "Evaluation") -> None:
    """In the card of the run that was scored, where it is one."""
    from uie.training.card import note_evaluation

    note_evaluation(Path(model), str(records), done.analysis.scores)


def _calibrate(run: Path, records: Path, done: "Evaluation", how: _How) -> None:
    from uie.extraction.calibrating import calibrate_run

    calibration = calibrate_run(run, records, done, symmetric=how.symmetric)
    for name, curve in calibration.curves.items():
        before, after = (f"{100 * error:.2f}" for error in curve.calibration_error)
        told = "too little to learn from" if curve.method == "none" else f"{curve.method}, ECE {before} → {after} (cross-validated)"
        click.echo(f"{name}: {told}; {curve.items:,} items.", err=True)
    click.echo(f"Calibrated {run}: what it predicts from now on has these confidences.", err=True)


def _of_documents(gold: Path, predicted: Path, how: _How, *, agreement: bool) -> _Found:
    from uie.extraction.evaluation import read_gold_or_predicted
    from uie.scoring.analysis import analyse
    from uie.scoring.score import AUTO

    one, other = read_gold_or_predicted(gold), read_gold_or_predicted(predicted)
    notes: tuple[str, ...] = ()
    if agreement:
        from uie.scoring.agreement import in_common, token_agreement

        one, other, notes = in_common(one, other)
    analysis = analyse(one, other, rule=how.rule or AUTO, symmetric=how.symmetric, train=how.documents())
    if agreement:
        scores = replace(analysis.scores, notes=(*notes, *analysis.scores.notes))
        analysis = replace(analysis, scores=scores, agreement=token_agreement(one, other))
    # A report drawn anew from the files would count what was left out.
    inputs = how.inputs(gold, predicted) if not notes else {}
    return _Found(analysis, one, other, inputs, how.out, how.facts())


def _of_outputs(outputs: Path, gold: Path | None, how: _How, *, layout: str, data: Path | None, task: str) -> _Found:
    from uie.extraction.outputs import read_outputs
    from uie.scoring.analysis import analyse

    read = read_outputs(outputs, layout=layout, data=data, gold=gold, task=task, format=how.format)
    rule = how.rule or read.rule
    analysis = analyse(read.gold, read.predicted, rule=rule, answers=read.answers, symmetric=how.symmetric, train=how.documents())
    noted = replace(analysis.scores, notes=(*read.notes, *analysis.scores.notes))
    facts = {"outputs": str(outputs), "layout": read.layout, "gold": read.gold_from, **how.facts()}
    return _Found(replace(analysis, scores=noted), read.gold, read.predicted, {}, how.out, facts)


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
    data_root: Path | None,
    how: _How,
    *,
    as_json: bool,
    **predicting: Any,
) -> None:
    from uie.extraction.boards import run_board
    from uie.reports.boards import board_to_json, print_board, save_board

    if how.train or how.rule or how.symmetric:
        raise click.UsageError("--board says by itself which rules, training Documents and relations count; leave them out.")
    with bar("Predicting") as progress:
        run = run_board(
            board,
            model=model or "",
            predicted=predicted,
            data_root=data_root,
            out=how.out,
            format=how.format,
            progress=progress,
            **predicting,
        )
    if run.out is not None:
        save_board(run, run.out)
    if as_json:
        json.dump(board_to_json(run), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        print_board(run)
