"""`uie eval`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from uie.cli import examples
from uie.cli.progress import bar

if TYPE_CHECKING:
    from uie.documents import Document
    from uie.scoring.scores import Scores


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
        "uie eval --gold data/sample/documents/test.jsonl --predicted out/sample",
        "uie eval --model runs/seed --records dev.txt --format lines.seed001 --json",
        "uie eval --gold data/sample/documents/test.jsonl --predicted out/sample --rule all",
    ),
)
@click.option("--gold", type=click.Path(path_type=Path), help="gold Documents; with --model: if not beside the records")
@click.option("--predicted", type=click.Path(path_type=Path), help="predicted Documents, or the folder of uie predict")
@click.option("--model", help="predict with this model first; needs --records")
@click.option("--records", type=click.Path(path_type=Path), help="Records to predict and score")
@click.option(
    "--train", type=click.Path(path_type=Path), help="training Documents: adds a lookup baseline that knows only their mentions"
)
@click.option("--rule", help="how to count, of --list-rules, or all  [default: strict; string where no offsets are known]")
@click.option("--symmetric", multiple=True, metavar="LABEL", help="a relation whose two ends may come in either order; repeatable")
@click.option(
    "--list-rules", is_flag=True, is_eager=True, expose_value=False, callback=_list_rules, help="print all rules and leave"
)
@click.option("--format", "format_", default="", help="answer format of records that name none, such as lines.seed001")
@click.option("--limit", type=click.IntRange(min=1), help="only the first N documents of each corpus and split (with --model)")
@click.option("--batch-size", type=click.IntRange(min=1), default=16, show_default=True, help="answers generated side by side")
@click.option("--max-new-tokens", type=click.IntRange(min=1), help="longest answer  [default: from the run, else 256]")
@click.option("--dtype", type=click.Choice(["auto", "float32", "bfloat16"]), default="auto", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="folder for predictions and reports  [default: MODEL/eval/HASH]")
@click.option("--overwrite", is_flag=True, help="predict anew instead of going on with what is in the folder")
@click.option("--json", "as_json", is_flag=True, help="print the scores as JSON instead of tables")
@click.option("--seqeval", "with_seqeval", is_flag=True, help="print seqeval's report for flat entities too")
def command(
    gold: Path | None,
    predicted: Path | None,
    model: str | None,
    records: Path | None,
    train: Path | None,
    rule: str | None,
    symmetric: tuple[str, ...],
    format_: str,
    out: Path | None,
    as_json: bool,
    with_seqeval: bool,
    **settings: Any,
) -> None:
    """Score predictions against gold, or a model on records: precision, recall, F1, and what went wrong."""
    from uie.extraction.evaluate import evaluate_model, read_gold_or_predicted
    from uie.scoring.score import score

    if (model is None) != (records is None) or (predicted is None) == (model is None) or (model is None and gold is None):
        raise click.UsageError("give either --gold and --predicted, or --model and --records.")
    facts: dict[str, Any] = {}
    seconds: float | None = None
    if model is not None and records is not None:
        with bar("Predicting") as progress:
            done = evaluate_model(
                model, records, gold=gold, out=out, rule=rule, symmetric=symmetric, format=format_, progress=progress, **settings
            )
        scores, gold_documents, predicted_documents = done.scores, done.gold, done.predicted
        facts = {"model": model, "gold": done.gold_from, **done.summary.facts}
        seconds, out = done.summary.seconds, done.summary.out
    else:
        assert gold is not None
        assert predicted is not None
        gold_documents, predicted_documents = read_gold_or_predicted(gold), read_gold_or_predicted(predicted)
        scores = score(gold_documents, predicted_documents, rule=rule or "strict", symmetric=symmetric)
    baseline = (
        None if train is None else lookup_scores(read_gold_or_predicted(train), gold_documents, predicted_documents, scores.rule)
    )
    extra = _seqeval(gold_documents, predicted_documents) if with_seqeval else None
    _show(scores, baseline, facts, seconds, out, as_json=as_json, seqeval=extra)


def lookup_scores(
    train: "tuple[Document, ...]", gold: "tuple[Document, ...]", predicted: "tuple[Document, ...]", rule: str
) -> "Scores":
    """The scores of the lookup baseline on what the predictions were asked."""
    from uie.scoring.lookup import Lookup
    from uie.scoring.score import score

    lookup = Lookup.learn(train)
    asked = {document.id: document.asked for document in predicted}
    return score(gold, [lookup.predict(document, asked.get(document.id)) for document in gold], rule=rule)


def _seqeval(gold: "tuple[Document, ...]", predicted: "tuple[Document, ...]") -> str | None:
    from uie.scoring.tag_sequences import seqeval_report

    return seqeval_report(gold, predicted)


def _show(
    scores: "Scores",
    baseline: "Scores | None",
    facts: dict[str, Any],
    seconds: float | None,
    out: Path | None,
    *,
    as_json: bool,
    seqeval: str | None,
) -> None:
    from rich.console import Console

    from uie.reports.as_json import scores_to_json
    from uie.reports.comparison import baseline_table
    from uie.reports.markdown import scores_to_markdown
    from uie.reports.terminal import print_scores
    from uie.storage import whole_file, write_json

    value = {**scores_to_json(scores, seconds=seconds), "facts": facts}
    if baseline is not None:
        value["lookup_baseline"] = scores_to_json(baseline)
    if out is not None:
        write_json(out / "scores.json", value)
        with whole_file(out / "report.md") as file:
            file.write(scores_to_markdown(scores, facts=facts, seconds=seconds))
    if as_json:
        json.dump(value, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
        return
    console = Console()
    print_scores(scores, console, facts=facts, seconds=seconds)
    if baseline is not None:
        console.print(baseline_table(scores, baseline))
    if seqeval is not None:
        console.print(seqeval, markup=False, highlight=False)
    if out is not None:
        click.echo(f"Wrote {out}: predictions.jsonl, generations.jsonl, scores.json, report.md.", err=True)
