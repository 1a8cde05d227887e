"""Comparisons drawn for a terminal and as JSON; the drawings are compared whole."""

import json
import re
from dataclasses import replace

import numpy as np
from rich.console import Console

from uie.reports.comparison import comparison_report, comparisons_to_json
from uie.scoring.comparing import Comparison, compare
from uie.scoring.counts import Counts
from uie.scoring.scores import PerDocument, Row, Scores, aggregate_rows

# Twenty documents with one mention each; a system finds those of the first few, and invents nothing.
DOCUMENTS = 20


def row(found: int, *, dataset: str = "news", measure: str = "entities", task: str = "NER", invented: int = 0) -> Row:
    counts = np.zeros((DOCUMENTS, 3))
    counts[:found, 0] = counts[found:, 2] = 1
    counts[:invented, 1] = 1
    total = Counts(found, invented, DOCUMENTS - found)
    ids = tuple(f"{dataset}/{number}" for number in range(DOCUMENTS))
    return Row(dataset, task, measure, "strict", DOCUMENTS, total, {"LOC": total}, None, PerDocument(ids, counts))


def scores(*rows: Row, notes: tuple[str, ...] = ()) -> Scores:
    return Scores("strict", DOCUMENTS * len({row.dataset for row in rows}), rows, aggregate_rows(rows), (), notes)


def compared(first: Scores, second: Scores, *, name: str = "runs/new") -> Comparison:
    return compare(first, second, names=("runs/old", name), resamples=999)


def drawn(*comparisons: Comparison, baseline: Scores | None = None, width: int = 80) -> list[str]:
    console = Console(width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(comparison_report(comparisons, baseline=baseline))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_two_systems_and_the_lookup_baseline_stand_below_each_other() -> None:
    found = drawn(compared(scores(row(5)), scores(row(15), notes=("A note.",))), baseline=scores(row(2)))

    # Ten of twenty documents change from 0 to 1: in no draw is the first as good. F1 10/25, 30/35 and 4/22. Swapped, all ten must go to
    # one side (2 of 1024). No items are invented, so that the 95 % interval can be drawn anywhere: its ends are left out here.
    assert [re.sub(r"[+]\d\d[.]\d…[+]\d\d[.]\d \S+ \S+", "LOW…HIGH P P", line) for line in found] == [
        "20 documents · rule strict",
        "A       runs/old",
        "B       runs/new",
        "lookup  knows nothing but the strings of training mentions",
        "",
        "measure              P     R    F1    vs A    interval  boot.  rand.",
        "────────────────────────────────────────────────────────────────────",
        "entities lookup 100.00 10.00 18.18",
        "news     A      100.00 25.00 40.00",
        "         B      100.00 75.00 85.71 +45.71* LOW…HIGH P P",
        "",
        "Types that moved, B against A: 1 of 1",
        "measure  type gold    A    B    F1  TP FP  FN",
        "─────────────────────────────────────────────",
        "entities LOC    20 40.0 85.7 +45.7 +10  0 -10",
        "",
        "Documents in which B is better or worse than A",
        "documents better worse same most",
        "────────────────────────────────────────────────────────────────────────",
        "entities",
        "  news        10     0   10 better: news/10, news/11, news/12 and 7 more",
        "",
        "vs A: change in points, with its 95 % interval and p from 999 resamples of",
        "documents. boot.: paired bootstrap; rand.: approximate randomisation; both",
        "two-sided. * both p below 0.05.",
        "",
        "runs/new: A note.",
    ]


TRIGGERS = {"dataset": "chat", "task": "EE", "measure": "trigger classification"}
BASE = scores(row(5), row(3, dataset="chat"), row(0, **TRIGGERS))
BETTER = scores(row(6), row(9, dataset="chat", invented=3), row(4, **TRIGGERS))
RUNS = [scores(row(found), row(0, dataset="chat"), row(4, **TRIGGERS)) for found in (5, 2)]


def test_several_systems_and_corpora_stand_measure_by_measure() -> None:
    third = compare(BASE, RUNS, names=("runs/old", "runs/1, runs/2"), resamples=999)

    found = drawn(compared(BASE, BETTER), third, baseline=BASE)

    # The columns up to the change. F1 of C on news: of 5 of 20, 10/25, and of 2 of 20, 4/22: their mean, and their distance by root 2.
    assert [line[:55].rstrip() for line in found[1:36]] == [
        "A       runs/old",
        "B       runs/new",
        "C       runs/1, runs/2 (mean of 2 runs)",
        "lookup  knows nothing but the strings of training menti",
        "",
        "measure                      P     R         F1    vs A",
        "───────────────────────────────────────────────────────",
        "entities         lookup 100.00 20.00      33.33",
        "micro of 2       A      100.00 20.00      33.33",
        "                 B       83.33 37.50      51.72 +18.39*",
        "                 C      100.00  8.75 15.87±8.98 -17.46*",
        "",
        "trigger          lookup   0.00  0.00       0.00",
        "classification   A        0.00  0.00       0.00",
        "chat             B      100.00 20.00      33.33  +33.33",
        "                 C      100.00 20.00 33.33±0.00  +33.33",
        "",
        "F1 by corpus           lookup     A          F1    vs A",
        "───────────────────────────────────────────────────────",
        "entities",
        "  news               B  40.00 40.00       46.15   +6.15",
        "                     C              29.09±15.43  -10.91",
        "  chat               B  26.09 26.09       56.25 +30.16*",
        "                     C                0.00±0.00  -26.09",
        "  mean of 2          B  33.04 33.04       51.20 +18.16*",
        "                     C               14.55±7.71 -18.49*",
        "",
        "trigger",
        "classification",
        "  chat               B   0.00  0.00       33.33  +33.33",
        "                     C               33.33±0.00  +33.33",
        "",
        "Types that moved, B against A: 3 of 3",
        "dataset measure                type gold    A    B    F",
        "───────────────────────────────────────────────────────",
    ]
    assert found[-4:] == [
        "± sample standard deviation over runs. vs A, interval and p are of the mean F1",
        "of the runs; a document is drawn or swapped in all runs at once.",
        "p values are of single comparisons: with 2 systems against A, multiply them by 2",
        "(Bonferroni).",
    ]


def test_json_has_all_measures_and_all_documents_that_changed() -> None:
    identified = row(3, dataset="news", task="EE", measure="trigger identification")  # which tables leave out
    base, other = scores(row(5), identified), scores(row(6, invented=1), identified)

    found = comparisons_to_json([compared(base, other)], baseline=base)

    json.dumps(found)
    assert {key: value for key, value in found.items() if key != "comparisons"} == {
        "version": 1,
        "rule": "strict",
        "documents": 20,
        "resamples": 999,
        "base": {"name": "runs/old", "runs": 1},
    }
    (one,) = found["comparisons"]
    assert (one["name"], one["runs"], one["aggregates"], one["notes"]) == ("runs/new", 1, [], [])
    entities, triggers = one["rows"]
    assert (triggers["measure"], triggers["difference"], triggers["p_bootstrap"]) == ("trigger identification", 0.0, 1.0)
    drawn_by_chance = {key: entities.pop(key) for key in ("low", "high", "p_bootstrap", "p_randomisation")}
    assert all(-1 <= value <= 1 for value in drawn_by_chance.values())
    first = {"true_positive": 5, "false_positive": 0, "false_negative": 15}
    second = {"true_positive": 6, "false_positive": 1, "false_negative": 14}
    assert entities == {
        "over": "corpus",
        "datasets": ["news"],
        "task": "NER",
        "measure": "entities",
        "rule": "strict",
        "documents": 20,
        "first": {**first, "precision": 1.0, "recall": 0.25, "f1": 0.4, "deviations": None},
        "second": {**second, "precision": 6 / 7, "recall": 0.3, "f1": 12 / 27, "deviations": None},
        "lookup_f1": 0.4,
        "difference": 12 / 27 - 0.4,
        "level": 0.95,
        "known_types": 1,
        "types": [{"type": "LOC", "first": first, "second": second}],
        "better": [
            {
                "document_id": "news/5",
                "first": {"true_positive": 0, "false_positive": 0, "false_negative": 1},
                "second": {"true_positive": 1, "false_positive": 0, "false_negative": 0},
            }
        ],
        "worse": [
            {
                "document_id": "news/0",
                "first": {"true_positive": 1, "false_positive": 0, "false_negative": 0},
                "second": {"true_positive": 1, "false_positive": 1, "false_negative": 0},
            }
        ],
    }


def test_no_line_is_wider_than_the_terminal() -> None:
    name = "runs/a-very-long-name-of-a-run-that-says-all-its-settings/eval/0123456789ab/with-more-behind-it"
    third = compare(BASE, RUNS, names=("runs/old", name), resamples=99)

    lines = drawn(compared(BASE, BETTER, name=name), third, baseline=BASE)

    assert max(map(len, lines)) <= 80
    assert not any(re.search("…(?![-+0])", line) for line in lines)  # but for intervals: nothing is cut off


def test_names_with_brackets_are_shown_as_they_are() -> None:
    first, second = (scores(row(found, dataset="[b]"), row(found, dataset="[/i]")) for found in (5, 6))

    lines = drawn(compared(first, second, name="[red]"), baseline=first)

    assert lines[2] == "B       [red]"
    assert sum("[b]" in line for line in lines) == 3  # by corpus, types, documents
    assert sum("[/i]" in line for line in lines) == 3


def test_a_system_that_lacks_a_measure_has_a_dash() -> None:
    lines = drawn(compared(scores(row(5)), scores(row(5), row(4, **{**TRIGGERS, "dataset": "news"}))))

    (start,) = [place for place, line in enumerate(lines) if line.startswith("trigger")]
    assert [lines[start].split()[-4:], lines[start + 1].split()[-5:]] == [
        ["A", "–", "–", "–"],
        ["B", "100.00", "20.00", "33.33", "–"],
    ]


def test_figures_without_a_test_show_their_difference_alone() -> None:
    comparison = compared(scores(row(5)), scores(row(15)))
    (tested,) = comparison.rows

    lines = drawn(replace(comparison, rows=(replace(tested, difference=None, p_randomisation=None),)))

    assert lines[7].split() == ["news", "B", "100.00", "75.00", "85.71", "+45.71"]


def test_the_rule_stands_above_or_beside_each_measure_where_there_are_several() -> None:
    def by(*rows: Row) -> Comparison:
        run = replace(scores(*rows), rule="auto")
        return compared(run, run)

    of_strings = replace(row(4, **{**TRIGGERS, "dataset": "news"}), rule="string")

    alone, several = drawn(by(row(5))), drawn(by(row(5), of_strings))

    assert (alone[0], alone[6].split()[:2]) == ("20 documents · rule strict", ["entities", "A"])
    assert several[0] == "20 documents · rule auto"
    assert [line[:22].rstrip() for line in several[6:11]] == ["entities (strict)", "news", "", "trigger classification", "(string)"]


def test_only_the_types_with_most_change_are_listed() -> None:
    def typed(found: int) -> Scores:
        only = row(found)
        return scores(replace(only, by_type={f"T{number:02}": Counts(found * number, 0, 0) for number in range(1, 13)}))

    lines = drawn(compared(typed(1), typed(2)))

    (start,) = [place for place, line in enumerate(lines) if line.startswith("Types that moved")]
    assert lines[start] == "Types that moved, B against A: 12 of 12, the 10 with most change in errors"
    assert len([line for line in lines if line.startswith("entities T")]) == 10
