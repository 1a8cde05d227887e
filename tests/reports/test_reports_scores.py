"""Scores drawn for a terminal, as Markdown, as JSON. The figures are worked out by hand; the drawings are compared whole."""

import json

import pytest
from rich.console import Console, RenderableType

from uie.errors import ScoringError
from uie.reports.as_json import scores_from_json, scores_to_json
from uie.reports.comparison import baseline_table, before_after_table
from uie.reports.figures import percent, plural
from uie.reports.markdown import scores_to_markdown
from uie.reports.terminal import print_scores, types_table
from uie.scoring.counts import Counts
from uie.scoring.scores import Audit, Row, Scores, aggregate_rows

NEWS = Row("news", "NER", "entities", "strict", 10, Counts(6, 2, 4), {"LOC": Counts(6, 0, 2), "x|y_[z]": Counts(0, 1, 2)})
CHAT = Row("chat", "NER", "entities", "strict", 10, Counts(1, 1, 1), {"LOC": Counts(1, 1, 1)})
TRIGGERS = Row("news", "EE", "trigger classification", "strict", 10, Counts(0, 0, 3), {"attack": Counts(0, 0, 3)})
AUDITS = (Audit("chat", 10), Audit("news", 10, {"malformed": 3, "truncated": 1}, {"malformed": 2, "truncated": 1}))


def scores_of(*rows: Row, documents: int = 20, audits: tuple[Audit, ...] = AUDITS, notes: tuple[str, ...] = ()) -> Scores:
    return Scores("strict", documents, rows, aggregate_rows(rows), audits, notes)


def drawn(what: RenderableType, width: int = 80) -> list[str]:
    console = Console(width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        console.print(what)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_terminal_shows_rows_aggregates_types_problems_and_notes() -> None:
    console = Console(width=80, color_system=None, legacy_windows=False)

    with console.capture() as capture:
        scores = scores_of(CHAT, NEWS, TRIGGERS, notes=("news, NER: a note.",))
        print_scores(scores, console, facts={"engine": "transformers", "dtype": None}, seconds=8.0)

    assert [line.rstrip() for line in capture.get().splitlines()] == [
        "20 documents · rule strict · 2.5 documents/s · engine transformers",
        "",
        "dataset    measure                rule       P     R    F1 TP FP FN",
        "───────────────────────────────────────────────────────────────────",
        "chat       entities               strict 50.00 50.00 50.00  1  1  1",
        "news       entities               strict 75.00 60.00 66.67  6  2  4",
        "           trigger classification strict  0.00  0.00  0.00  0  0  3",
        "",
        "micro of 2 entities               strict 70.00 58.33 63.64  7  3  5",
        "",
        "mean of 2  entities               strict 62.50 55.00 58.33",
        "",
        "chat: entities (strict) by type, macro F1 50.00",
        "type     P     R    F1 TP FP FN",
        "───────────────────────────────",
        "LOC  50.00 50.00 50.00  1  1  1",
        "",
        "news: entities (strict) by type, macro F1 42.86",
        "type         P     R    F1 TP FP FN",
        "───────────────────────────────────",
        "LOC     100.00 75.00 85.71  6  0  2",
        "x|y_[z]   0.00  0.00  0.00  0  1  2",
        "",
        "news: trigger classification (strict) by type, macro F1 0.00",
        "type      P    R   F1 TP FP FN",
        "──────────────────────────────",
        "attack 0.00 0.00 0.00  0  0  3",
        "",
        "Problems in the answers (share of the documents that have one)",
        "chat  malformed 0 · unknown type 0 · ungrounded 0 · repeated 0 · truncated 0 ·",
        "      empty 0",
        "news  malformed 3 (20.0 %) · unknown type 0 · ungrounded 0 · repeated 0 ·",
        "      truncated 1 (10.0 %) · empty 0",
        "",
        "news, NER: a note.",
    ]


def test_no_line_is_wider_than_the_terminal() -> None:
    long = Row("a_corpus_with_a_very_long_name", "EE", "argument classification", "strict", 1, Counts(12345, 12345, 12345))

    lines = drawn(_report(scores_of(long)), width=80)

    assert max(map(len, lines)) <= 80
    assert any("argument classification strict 50.00 50.00 50.00 12345 12345 12345" in line for line in lines)


def _report(scores: Scores) -> RenderableType:
    from uie.reports.terminal import scores_report

    return scores_report(scores)


def test_a_long_table_of_types_says_how_many_it_leaves_out() -> None:
    types = {"rare": Counts(0, 0, 1), "common": Counts(5, 0, 5), "never": Counts(0, 1, 0)}
    row = Row("news", "NER", "entities", "strict", 1, Counts(5, 1, 6), types)

    lines = drawn(types_table(row, most=1))

    assert lines[2:] == ["common 100.00 50.00 66.67  5  0  5", "2 more   0.00  0.00  0.00  0  1  1"]


def test_markdown_escapes_what_would_break_a_table() -> None:
    markdown = scores_to_markdown(scores_of(NEWS, audits=AUDITS[1:], notes=("A note.",)), facts={"model": "m"}, seconds=40)

    assert markdown == (
        "20 documents · rule strict · 0.5 documents/s · model m\n"
        "\n"
        "| dataset | measure | rule | P | R | F1 | TP | FP | FN |\n"
        "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| news | entities | strict | 75.00 | 60.00 | 66.67 | 6 | 2 | 4 |\n"
        "\n"
        "**news: entities (strict) by type, macro F1 42.86**\n"
        "\n"
        "| type | P | R | F1 | TP | FP | FN |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| LOC | 100.00 | 75.00 | 85.71 | 6 | 0 | 2 |\n"
        "| x\\|y\\_\\[z] | 0.00 | 0.00 | 0.00 | 0 | 1 | 2 |\n"
        "\n"
        "**Problems in the answers (share of the documents that have one)**\n"
        "\n"
        "- news: malformed 3 (20.0 %) · unknown type 0 · ungrounded 0 · repeated 0 · truncated 1 (10.0 %) · empty 0\n"
        "\n"
        "> A note.\n"
    )


def test_json_has_the_documented_keys() -> None:
    found = scores_to_json(scores_of(CHAT, audits=AUDITS[1:], notes=("A note.",)), seconds=2.5)

    figures = {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    counts = {"true_positive": 1, "false_positive": 1, "false_negative": 1, **figures}
    assert found == {
        "version": 1,
        "seconds": 2.5,
        "rule": "strict",
        "documents": 20,
        "rows": [
            {
                "dataset": "chat",
                "task": "NER",
                "measure": "entities",
                "rule": "strict",
                "documents": 10,
                **counts,
                "macro_f1": 0.5,
                "weighted_f1": 0.5,
                "types": {"LOC": counts},
            }
        ],
        "aggregates": [
            {
                "task": "NER",
                "measure": "entities",
                "rule": "strict",
                "datasets": 1,
                "documents": 10,
                **counts,
                "mean_precision": 0.5,
                "mean_recall": 0.5,
                "mean_f1": 0.5,
            }
        ],
        "audits": [
            {
                "dataset": "news",
                "documents": 10,
                "problems": {"malformed": {"pieces": 3, "documents": 2}, "truncated": {"pieces": 1, "documents": 1}},
            }
        ],
        "notes": ["A note."],
    }


def test_json_is_read_back() -> None:
    scores = scores_of(CHAT, NEWS, TRIGGERS, notes=("A note.",))

    assert scores_from_json(json.loads(json.dumps(scores_to_json(scores)))) == scores


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"version": 2}, "s.json: expected scores of version 1, found 2; score again with uie eval."),
        ({"version": 1, "rows": []}, "s.json: not scores: KeyError 'audits'; score again with uie eval."),
    ],
)
def test_json_that_is_no_scores_is_refused(found: dict, message: str) -> None:
    with pytest.raises(ScoringError) as error:
        scores_from_json(found, where="s.json")

    assert str(error.value) == message


def test_before_and_after_stand_beside_the_lookup_baseline() -> None:
    untrained = Row("news", "NER", "entities", "strict", 20, Counts(0, 0, 10))
    lookup = Row("news", "NER", "entities", "strict", 20, Counts(1, 1, 9))
    identified = Row("news", "EE", "trigger identification", "strict", 20, Counts(1, 1, 1))  # no main measure

    table = before_after_table(scores_of(untrained), scores_of(NEWS, TRIGGERS, identified), scores_of(lookup))

    assert drawn(table) == [
        "Before and after training, and a lookup of training mentions",
        "measure                rule              lookup  before     after  change",
        "─────────────────────────────────────────────────────────────────────────",
        "entities               strict precision   50.00    0.00 →   75.00  +75.00",
        "                              recall      10.00    0.00 →   60.00  +60.00",
        "                              F1          16.67    0.00 →   66.67  +66.67",
        "",
        "trigger classification strict precision       –       – →    0.00       –",
        "                              recall          –       – →    0.00       –",
        "                              F1              –       – →    0.00       –",
    ]


def test_the_model_stands_beside_the_lookup_baseline() -> None:
    lookup = Row("news", "NER", "entities", "strict", 20, Counts(7, 2, 3))

    assert drawn(baseline_table(scores_of(NEWS), scores_of(lookup))) == [
        "The model, and a lookup of training mentions",
        "measure  rule              lookup   model   ahead",
        "─────────────────────────────────────────────────",
        "entities strict precision   77.78   75.00   -2.78",
        "                recall      70.00   60.00  -10.00",
        "                F1          73.68   66.67   -7.01",
    ]


def test_scores_of_different_documents_are_not_compared() -> None:
    with pytest.raises(ScoringError) as error:
        before_after_table(scores_of(NEWS, documents=3), scores_of(NEWS), scores_of(NEWS))

    assert str(error.value) == (
        "scores to compare must be of the same documents; found 3 before, 20 after and 20 for the baseline."
    )


def test_figures_are_written_the_same_everywhere() -> None:
    assert (percent(2 / 3), percent(1, 1), percent(0.0)) == ("66.67", "100.0", "0.00")
    assert (plural(1, "document"), plural(1287, "document")) == ("1 document", "1,287 documents")
