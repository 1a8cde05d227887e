"""`uie report`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from uie.cli import examples

if TYPE_CHECKING:
    from uie.scoring.analysis import Analysis


@click.command(
    "report",
    epilog=examples(
        "uie report runs/sample/eval/1f0c/scores.json --out report.html",
        "uie report scores.json --gold data/sample/documents/test.jsonl --predicted out/sample --out report.html",
        "uie report runs/sample",
    ),
)
@click.argument("scores", metavar="SCORES_OR_RUN", type=click.Path(path_type=Path))
@click.option("--gold", type=click.Path(path_type=Path), help="the gold Documents that were scored  [default: as the scores say]")
@click.option("--predicted", type=click.Path(path_type=Path), help="the predicted ones  [default: as the scores say]")
@click.option("--train", type=click.Path(path_type=Path), help="training Documents, if the scores have no lookup baseline")
@click.option("--title", help="heading of the page  [default: the model, if the scores name it]")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="the file to write  [default: report.html beside the scores, training.html in the run]",
)
def command(
    scores: Path, gold: Path | None, predicted: Path | None, train: Path | None, title: str | None, out: Path | None
) -> None:
    """One HTML page of the scores.json of uie eval, which needs nothing else: figures, what went wrong, and the documents.

    The documents are shown where their files are still there or named here. Of the run folder of uie train: how training went, so far
    or to the end (training.html).
    """
    from uie.reports.as_json import analysis_from_json
    from uie.reports.figures import plural
    from uie.reports.html import html_report
    from uie.storage import whole_file

    if (gold is None) != (predicted is None):
        raise click.UsageError("give both --gold and --predicted, or neither.")
    if scores.is_dir() and not (scores / "scores.json").is_file():
        if gold is not None or train is not None:
            raise click.UsageError("--gold, --predicted and --train belong to scores, not to a run folder.")
        _draw_training(scores, title=title, out=out)
        return
    if scores.is_dir():
        scores = scores / "scores.json"
    found = _read(scores)
    analysis = analysis_from_json(found, where=str(scores))
    facts = found.get("facts") or {}
    if gold is None or predicted is None:
        gold, predicted = _named(found.get("inputs") or {})
    if gold is not None and predicted is not None:
        train = train or _there(found.get("inputs") or {}, "train")
        analysis = _with_documents(analysis, gold, predicted, train, symmetric=facts.get("symmetric") or (), where=scores)
    page = html_report(analysis, facts=facts, seconds=found.get("seconds"), title=title or _title(facts))
    out = out or scores.with_name("report.html")
    with whole_file(out) as file:
        file.write(page)
    with_documents = f"{plural(len(analysis.marked), 'document')} with mistakes"
    shown = with_documents if gold else "no documents: name them with --gold and --predicted"
    click.echo(f"Wrote {out}: {len(page.encode('utf-8')) / 1e6:.1f} MB, {shown}.", err=True)


def _draw_training(run: Path, *, title: str | None, out: Path | None) -> None:
    from uie.errors import OutputError
    from uie.reports.training_page import LOG, write_training_page

    if not (run / LOG).is_file():
        raise OutputError(f"{run}: expected scores.json of uie eval, or {LOG} of uie train, found neither.")
    written = write_training_page(run, out=out, title=title)
    click.echo(f"Wrote {written}: {written.stat().st_size / 1e6:.1f} MB.", err=True)


def _read(path: Path) -> Mapping[str, Any]:
    import json

    from uie.errors import ScoringError

    try:
        found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ScoringError(f"{path}: not JSON: {error}; expected the scores.json of uie eval.") from None
    return found


def _named(inputs: Mapping[str, Any]) -> tuple[Path, Path] | tuple[None, None]:
    """The files that the scores were made from, if they are all there."""
    gold, predicted = _there(inputs, "gold"), _there(inputs, "predicted")
    return (gold, predicted) if gold and predicted else (None, None)


def _there(inputs: Mapping[str, Any], side: str) -> Path | None:
    path = Path(inputs[side]) if inputs.get(side) else None
    return path if path and path.exists() else None


def _with_documents(
    analysis: "Analysis", gold: Path, predicted: Path, train: Path | None, *, symmetric: Sequence[str], where: Path
) -> "Analysis":
    """The Analysis with its documents. Figures stay as they were: answers as they were generated are not in the documents."""
    from dataclasses import replace

    from uie.errors import ScoringError
    from uie.extraction.evaluation import read_gold_or_predicted
    from uie.reports.figures import plural
    from uie.scoring.analysis import analyse
    from uie.scoring.score import ALL

    rule = "strict" if analysis.scores.rule == ALL else analysis.scores.rule
    known = None if train is None else read_gold_or_predicted(train)
    found = read_gold_or_predicted(predicted)
    asked = {document.id for document in found}  # a limited evaluation has gold beyond what was asked
    wanted = tuple(document for document in read_gold_or_predicted(gold) if document.id in asked)
    again = analyse(wanted, found, rule=rule, symmetric=symmetric, train=known)
    if again.scores.documents != analysis.scores.documents:
        raise ScoringError(
            f"{gold}: expected {plural(analysis.scores.documents, 'document')} as in {where}, found {again.scores.documents:,}; "
            "name the files that were scored."
        )
    shown = replace(analysis, confusions=again.confusions, marked=again.marked)
    if analysis.baseline is None and again.baseline is not None:  # with --train: the baseline, and what was seen in training
        shown = replace(shown, baseline=again.baseline, buckets=again.buckets)
    return shown


def _title(facts: Mapping[str, Any]) -> str:
    return f"Scores of {facts['model']}" if facts.get("model") else "Scores"
