"""`uie compare`."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from uie.cli import examples

if TYPE_CHECKING:
    from uie.documents import Document


@click.command(
    epilog=examples(
        "uie compare demo/before demo/after --gold demo/records/documents/test.jsonl --train demo/records/documents/train.jsonl",
        "uie compare runs/base/eval/0f3c runs/new/eval/91ab",
        "uie compare out/base-1,out/base-2,out/base-3 out/new-1,out/new-2,out/new-3 --gold test.jsonl --json",
    )
)
@click.argument("systems", nargs=-1, metavar="A B [C]...")
@click.option("--gold", type=click.Path(path_type=Path), help="gold Documents of all  [default: what uie eval scored them with]")
@click.option(
    "--train", type=click.Path(path_type=Path), help="training Documents: adds a lookup baseline that knows only their mentions"
)
@click.option(
    "--rule", default="auto", help="how to count, of uie eval --list-rules, or all  [default: strict; string without offsets]"
)
@click.option("--symmetric", multiple=True, metavar="LABEL", help="a relation whose two ends may come in either order; repeatable")
@click.option("--resamples", type=click.IntRange(min=1), default=10_000, show_default=True, help="draws for intervals and tests")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="of the draws")
@click.option("--json", "as_json", is_flag=True, help="print everything as JSON instead of tables")
def command(
    systems: tuple[str, ...],
    gold: Path | None,
    train: Path | None,
    rule: str,
    symmetric: tuple[str, ...],
    resamples: int,
    seed: int,
    as_json: bool,
) -> None:
    """Compare predictions of the same documents with those of A: is the difference more than chance, and where is it?

    A system is a file of predicted Documents or a folder of uie predict or uie eval. Runs of one system that differ in their seed are
    one argument, with commas: figures are then means ± standard deviation.
    """
    from rich.console import Console

    from uie.errors import ScoringError
    from uie.extraction.evaluation import read_gold_or_predicted
    from uie.reports.comparison import comparisons_to_json, print_comparisons
    from uie.scoring.analysis import lookup_scores
    from uie.scoring.comparing import compare
    from uie.scoring.score import score

    if len(systems) < 2:
        raise click.UsageError("give two systems or more: uie compare A B.")
    runs = [_runs(system) for system in systems]
    predicted = [[read_gold_or_predicted(_scored(path) or path) for path in paths] for paths in runs]
    gold_path = gold or _recorded_gold([path for paths in runs for path in paths])
    gold_documents, note = _of_predicted(read_gold_or_predicted(gold_path), [one for own in predicted for one in own])
    scores = []
    for paths, own in zip(runs, predicted, strict=True):
        try:
            scores.append([score(gold_documents, one, rule=rule, symmetric=symmetric) for one in own])
        except ScoringError as error:
            raise ScoringError(f"{', '.join(map(str, paths))}: {error}") from None
    names = [system.replace(",", ", ") if len(paths) > 1 else system for system, paths in zip(systems, runs, strict=True)]
    comparisons = [
        compare(scores[0], own, names=(names[0], name), resamples=resamples, seed=seed)
        for name, own in zip(names[1:], scores[1:], strict=True)
    ]
    if note:
        comparisons = [replace(one, notes=(note, *one.notes)) for one in comparisons]
    baseline = None
    if train is not None:
        baseline = lookup_scores(read_gold_or_predicted(train), gold_documents, predicted[0][0], rule=rule, symmetric=symmetric)
    if as_json:
        json.dump(comparisons_to_json(comparisons, baseline=baseline), sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    else:
        print_comparisons(comparisons, Console(), baseline=baseline)


def _runs(system: str) -> list[Path]:
    """The files or folders of one argument. A run's folder stands for its only evaluation."""
    parts = [system] if Path(system).exists() else system.split(",")
    return [_predictions(Path(part)) for part in parts]


def _predictions(path: Path) -> Path:
    from uie.errors import ScoringError

    if not path.is_dir() or (path / "predictions.jsonl").exists():
        return path
    if scored := _scored(path):
        if not scored.exists():
            raise ScoringError(
                f"{scored}: the predictions that {path / 'scores.json'} names are not there; name their new place, with --gold."
            )
        return path
    found = sorted(file.parent for file in path.glob("eval/*/predictions.jsonl"))
    if len(found) == 1:
        return found[0]
    if found:
        raise ScoringError(f"{path}: {len(found)} evaluations are there; name one: {', '.join(map(str, found))}.")
    raise ScoringError(f"{path}: expected predictions.jsonl, as uie predict and uie eval write it; found none.")


def _scored(folder: Path) -> Path | None:
    """The predictions that a folder's scores.json names, where the folder does not hold them: uie eval scored what was there."""
    if not folder.is_dir() or (folder / "predictions.jsonl").exists():
        return None
    predicted = _recorded_inputs(folder).get("predicted")
    return Path(predicted) if isinstance(predicted, str) else None


def _recorded_inputs(folder: Path) -> Mapping[str, Any]:
    from uie.errors import ScoringError
    from uie.storage import parse_object

    scores = folder / "scores.json"
    found = parse_object(scores.read_text(encoding="utf-8"), str(scores), error=ScoringError) if scores.is_file() else {}
    return found.get("inputs") or {}


def _recorded_gold(paths: Sequence[Path]) -> Path:
    """The gold file that the folders' scores.json name ("inputs"); it must be one."""
    from uie.errors import ScoringError

    named: dict[Path, Path] = {}
    for path in paths:
        gold = _recorded_inputs(path).get("gold")
        if not isinstance(gold, str):
            raise ScoringError(f"{path}: no scores.json that says which gold it was scored with; give --gold.")
        named.setdefault(Path(gold).resolve(), path)
    if len(named) > 1:
        told = "; ".join(f"{gold} for {path}" for gold, path in named.items())
        raise ScoringError(f"the systems were scored with different gold: {told}. Give --gold to score all with one.")
    (gold_path,) = named
    if not gold_path.is_file():
        raise ScoringError(f"{gold_path}: the gold that scores.json names is not there; give --gold.")
    return gold_path


def _of_predicted(gold: "tuple[Document, ...]", predicted: "Sequence[tuple[Document, ...]]") -> "tuple[tuple[Document, ...], str]":
    """The gold Documents that any system predicted, and what to say where that is not all: evaluations may have a limit."""
    known = {document.id for one in predicted for document in one}
    kept = tuple(document for document in gold if document.id in known)
    if len(kept) == len(gold) or not kept:
        return gold, ""
    return kept, f"Compared on the {len(kept):,} of {len(gold):,} gold documents that were predicted."
