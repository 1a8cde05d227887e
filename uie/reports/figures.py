"""Numbers → the words all reports share: percentages, counts, audits, and which rows a report shows."""

from collections.abc import Iterator, Mapping
from typing import Any

from uie.scoring.counts import Counts
from uie.scoring.rules import is_main
from uie.scoring.score import ALL
from uie.scoring.scores import PROBLEM_KINDS, Aggregate, Audit, Row, Scores


def percent(share: float, digits: int = 2) -> str:
    """A share from 0 to 1 as a percentage without its sign."""
    return f"{100 * share:.{digits}f}"


def number(count: float) -> str:
    """A count, which under some rules has a part of a point."""
    return f"{count:.2f}".rstrip("0").rstrip(".")


def plural(number: int, one: str) -> str:
    """The count with its noun, such as "1 document" and "1,287 documents"."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def audit_parts(audit: Audit) -> list[str]:
    """The audit, kind by kind: pieces, and in parentheses the share of documents that have one. Zeros are told."""
    parts = []
    for kind in [*PROBLEM_KINDS, *sorted(set(audit.pieces) - set(PROBLEM_KINDS))]:
        pieces, affected = audit.pieces.get(kind, 0), audit.affected.get(kind, 0)
        share = f" ({percent(affected / audit.documents, 1)} %)" if pieces and audit.documents else ""
        parts.append(f"{kind.replace('_', ' ')} {pieces:,}{share}")
    return parts


def main_rows(scores: Scores) -> Iterator[Row]:
    """The rows whose types are worth a table: of the tasks' main measures, where it is one rule that was asked for."""
    return (row for row in scores.rows if scores.rule != ALL and is_main(row.task, row.measure) and row.by_type)


def types_by_gold(row: Row) -> list[tuple[str, Counts]]:
    """The row's types, those with most gold items first."""
    return sorted(row.by_type.items(), key=lambda item: (-item[1].gold, item[0]))


def types_title(row: Row) -> str:
    """The heading of a row's table of types, with the macro F1."""
    return f"{named(row.dataset)}: {row.measure} ({row.rule}) by type, macro F1 {percent(row.macro_f1)}"


def shown_aggregates(scores: Scores) -> list[Aggregate]:
    """The aggregates that say more than a row does: those over several corpora."""
    return [aggregate for aggregate in scores.aggregates if aggregate.datasets > 1]


def named(dataset: str) -> str:
    return dataset or "(no dataset)"


def summary(scores: Scores, *, facts: Mapping[str, Any] | None = None, seconds: float | None = None) -> list[str]:
    """What stands above the figures: how many documents by which rule, how fast (`seconds` for all predictions), then the `facts`."""
    said = [plural(scores.documents, "document"), f"rule {scores.rule}"]
    if seconds:
        said.append(f"{scores.documents / seconds:,.1f} documents/s")
    return [*said, *(f"{name.replace('_', ' ')} {fact}" for name, fact in (facts or {}).items() if fact is not None)]


AUDIT_TITLE = "Problems in the answers (share of the documents that have one)"
