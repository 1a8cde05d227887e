"""`uie compare`."""

from pathlib import Path

import click
from rich.console import Console

from uie.cli import examples


@click.command(
    epilog=examples(
        "uie compare demo/before demo/after --gold demo/records/documents/test.jsonl --train demo/records/documents/train.jsonl"
    )
)
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--gold", required=True, type=click.Path(path_type=Path), help="gold Documents of both")
@click.option(
    "--train",
    required=True,
    type=click.Path(path_type=Path),
    help="training Documents, for the lookup baseline that knows only their mentions",
)
@click.option("--rule", default="strict", show_default=True, help="strict (by offset) or string")
def command(before: Path, after: Path, gold: Path, train: Path, rule: str) -> None:
    """One table of two predictions of the same documents: precision, recall and F1 per task, before → after."""
    from uie.cli.eval import lookup_scores
    from uie.extraction.evaluate import read_gold_or_predicted
    from uie.reports.comparison import before_after_table
    from uie.scoring.score import score

    gold_documents, predicted = read_gold_or_predicted(gold), read_gold_or_predicted(after)
    first, second = score(gold_documents, read_gold_or_predicted(before), rule=rule), score(gold_documents, predicted, rule=rule)
    baseline = lookup_scores(read_gold_or_predicted(train), gold_documents, predicted, rule)
    Console().print(before_after_table(first, second, baseline))
