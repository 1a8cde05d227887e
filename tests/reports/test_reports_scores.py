"""An Analysis drawn for a terminal, as Markdown, as JSON. The figures are worked out by hand; the drawings are compared whole."""

import json
from dataclasses import replace

import jsonschema
import pytest
from rich.console import Console

from uie.documents import Document, document_from_json
from uie.errors import ScoringError
from uie.reports.as_json import analysis_from_json, analysis_to_json, scores_from_json, scores_schema
from uie.reports.figures import absent_problems, bucket_table, figure_lines, interval_text, percent, plural, problem_lines, types_of
from uie.reports.markdown import analysis_to_markdown
from uie.reports.terminal import analysis_report, print_analysis
from uie.resources import samples
from uie.scoring.analysis import Analysis, analyse
from uie.scoring.breakdown import Bucket
from uie.scoring.counts import Counts
from uie.scoring.mistakes import Confusion
from uie.scoring.scores import Audit, Example, Row, Scores, aggregate_rows
from uie.scoring.uncertainty import Interval, Intervals

WIDTH = Intervals(Interval(0.5, 0.875), Interval(0.25, 0.75), Interval(0.45, 0.8125))
NEWS = Row(
    "news", "NER", "entities", "strict", 10, Counts(6, 2, 4), {"LOC": Counts(6, 0, 2), "x|y_[z]": Counts(0, 1, 2)}, intervals=WIDTH
)
CHAT = Row("chat", "NER", "entities", "strict", 10, Counts(1, 1, 1), {"LOC": Counts(1, 1, 1)})
TRIGGERS = Row("news", "EE", "trigger classification", "strict", 10, Counts(0, 0, 3), {"attack": Counts(0, 0, 3)})
PROBLEMS = Audit(
    "news",
    10,
    {"malformed": 3, "salvaged": 2, "prose": 2, "odd_kind": 1},
    {"malformed": 2, "salvaged": 2, "prose": 2, "odd_kind": 1},
    {"malformed": (Example("news/1", "Rome|"), Example("news/2", "?")), "salvaged": (Example("news/3", "Sure!\nHere"),)},
)
AUDITS = (Audit("chat", 10), PROBLEMS)
KINDS = {"correct": 6, "wrong type": 1, "wrong boundary": 1, "wrong type and boundary": 0, "missed": 2, "invented": 1}
CONFUSION = Confusion("news", "NER", "entity", ("LOC", "x|y_[z]"), ("LOC", "x|y_[z]"), ((7, 0, 1), (1, 0, 1), (0, 1, 0)), KINDS)


def scores_of(*rows: Row, documents: int = 20, audits: tuple[Audit, ...] = AUDITS, notes: tuple[str, ...] = ()) -> Scores:
    return Scores("strict", documents, rows, aggregate_rows(rows), audits, notes)


def buckets(*found: tuple[str, str, Counts]) -> tuple[Bucket, ...]:
    return tuple(Bucket(by, bucket, "NER", "entities", "strict", 1, counts) for by, bucket, counts in found)


BUCKETS = buckets(
    ("language", "en", Counts(6, 2, 4)),
    ("mention length", "1", Counts(1, 0, 1)),
    ("mention length", "2", Counts(0, 1, 0)),
    ("mention length", "over 100", Counts(0, 0, 1)),
    ("mention length", "11-20", Counts(1, 1, 1)),
)
LOOKUP = scores_of(Row("news", "NER", "entities", "strict", 10, Counts(1, 1, 9)))
WHOLE = Analysis(scores_of(NEWS, TRIGGERS, audits=(PROBLEMS,), notes=("news, NER: a note.",)), LOOKUP, BUCKETS, (CONFUSION,))


def drawn(analysis: Analysis, width: int = 80, **more) -> list[str]:
    console = Console(width=width, color_system=None, legacy_windows=False)
    with console.capture() as capture:
        print_analysis(analysis, console, **more)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_terminal_shows_figures_types_buckets_problems_and_notes() -> None:
    assert drawn(WHOLE, facts={"engine": "transformers", "dtype": None}, seconds=8.0) == [
        "20 documents · rule strict · 2.5 documents/s · engine transformers",
        "",
        "news                       P     R    F1  F1, 95 % macro weighted lookup",
        "────────────────────────────────────────────────────────────────────────",
        "entities               75.00 60.00 66.67 45.0–81.2  42.9     68.6   16.7",
        "trigger classification  0.00  0.00  0.00         –   0.0      0.0",
        "",
        "entities gold      P     R    F1  not right, but",
        "───────────────────────────────────────────────────────────────",
        "LOC         8 100.00 75.00 85.71  missed 1 · wrong boundary 1",
        "x|y_[z]     2   0.00  0.00  0.00  LOC 1 · missed 1",
        "invented                          x|y_[z] 1",
        "correct 6 · wrong type 1 · wrong boundary 1 · missed 2 · invented 1",
        "",
        "trigger classification",
        "nothing is right of 3",
        "",
        "F1 (gold) by            entities",
        "────────────────────────────────",
        "mention length 1        66.7 (2)",
        "               11-20    50.0 (2)",
        "               over 100  0.0 (1)",
        "",
        "problem in the answers            documents pieces  for example",
        "────────────────────────────────────────────────────────────────────────────────",
        "malformed                            20.0 %      3  Rome|",
        "salvaged: prose around the answer    20.0 %      2  Sure! Here",
        "odd kind                             10.0 %      1",
        "None: truncated, empty answer, repeated, unknown label, not in the text,",
        "contradictory types, empty where gold is not, filled where gold is empty.",
        "",
        "news, NER: a note.",
    ]


def test_corpora_of_one_measure_stand_below_each_other_with_what_holds_over_them() -> None:
    assert drawn(Analysis(scores_of(CHAT, NEWS, audits=())), most_types=0) == [
        "20 documents · rule strict",
        "",
        "entities       P     R    F1  F1, 95 % macro weighted",
        "─────────────────────────────────────────────────────",
        "chat       50.00 50.00 50.00         –  50.0     50.0",
        "news       75.00 60.00 66.67 45.0–81.2  42.9     68.6",
        "micro of 2 70.00 58.33 63.64         –",
        "mean of 2  62.50 55.00 58.33         –",
    ]


@pytest.mark.parametrize(("documents", "counts"), [(1, Counts(2, 0, 0)), (10, Counts())])
def test_where_too_little_is_there_for_an_interval_a_dash_says_so(documents: int, counts: Counts) -> None:
    analysis = Analysis(scores_of(Row("news", "NER", "entities", "strict", documents, counts), audits=()))

    (line,) = [line for line in drawn(analysis) if line.startswith("news ")][-1:]
    assert line.split()[-1] == "–"
    assert "| F1 | 95 % interval |" in analysis_to_markdown(analysis)
    assert " | – | " in analysis_to_markdown(analysis)
    jsonschema.validate(analysis_to_json(analysis), scores_schema())


def test_corpora_of_several_measures_have_a_heading_each() -> None:
    identified = replace(TRIGGERS, measure="trigger identification", counts=Counts(1, 0, 2), by_type={})
    other = replace(TRIGGERS, dataset="chat", rule="string")

    heading, groups = figure_lines(Analysis(scores_of(CHAT, other, NEWS, identified, TRIGGERS)))

    assert heading == "measure"
    assert [(group.title, [(line.label, line.main) for line in group.lines]) for group in groups] == [
        ("chat", [("entities", True), ("trigger classification (string)", True)]),
        ("news", [("entities", True), ("trigger identification", False), ("trigger classification", True)]),
        ("micro of 2", [("entities", True)]),
        ("mean of 2", [("entities", True)]),
    ]


def test_of_all_rules_each_has_a_line() -> None:
    rows = (NEWS, replace(NEWS, rule="muc", measure="entities, exact"), replace(NEWS, rule="string"))

    heading, groups = figure_lines(Analysis(replace(scores_of(*rows), rule="all")))

    assert heading == "rule"
    assert [(group.title, [line.label for line in group.lines]) for group in groups] == [
        ("entities", ["strict", "muc, exact", "string"])
    ]


def test_no_line_is_wider_than_the_terminal() -> None:
    wide = Row("a_corpus_with_a_very_long_name", "EE", "argument classification", "strict", 1, Counts(12345, 12345, 12345))
    more = replace(
        wide, dataset="another", measure="argument attached identification", intervals=WIDTH, by_type={"t" * 90: Counts(1, 1, 1)}
    )
    piece = Audit("another", 1, {"malformed": 1}, {"malformed": 1}, {"malformed": (Example("1", "字" * 90),)})

    lines = drawn(Analysis(scores_of(wide, more, NEWS, audits=(piece, PROBLEMS)), LOOKUP, BUCKETS, (CONFUSION,)))

    assert any(line.startswith("  argument classification ") and "50.00 50.00 50.00" in line for line in lines)
    assert max(map(_cells, lines)) <= 80


def _cells(line: str) -> int:
    return sum(2 if "\u4e00" <= character <= "\u9fff" else 1 for character in line)


def test_a_long_table_of_types_says_how_many_it_leaves_out() -> None:
    types = {"rare": Counts(0, 0, 1), "common": Counts(5, 0, 5), "never": Counts(0, 1, 0)}
    row = Row("news", "NER", "entities", "strict", 1, Counts(5, 1, 6), types)

    lines = drawn(Analysis(scores_of(row, audits=(PROBLEMS,))), most_types=1)

    assert "common     10 100.00 50.00 66.67" in lines
    assert "2 more      1   0.00  0.00  0.00" in lines


def test_of_many_corpora_the_details_of_the_largest_are_shown() -> None:
    rows = [replace(NEWS, dataset=f"corpus {n}") for n in range(5)]
    audits = tuple(Audit(f"corpus {n}", n) for n in range(5))

    lines = drawn(Analysis(scores_of(*rows, audits=audits)))

    assert [line.split(" gold")[0] for line in lines if " gold  " in line] == [f"corpus {n}: entities" for n in (2, 3, 4)]
    assert "Not shown: types and problems of 2 corpora with fewer documents." in lines


def test_what_became_of_items_is_told_most_frequent_first() -> None:
    matrix = ((4, 3, 12, 30), (0, 0, 1, 0), (2, 0, 0, 0))
    confusion = Confusion("news", "NER", "entity", ("person", "place"), ("person", "", "organization"), matrix, {"correct": 3})
    row = replace(NEWS, by_type={"person": Counts(3, 3, 46), "place": Counts(0, 0, 1)})

    ((_, types),) = types_of(Analysis(scores_of(row), confusions=(confusion,)))

    assert types.lines[0].instead == ("missed 30", "organization 12", "untyped 3", "wrong boundary 1")
    assert types.lines[1].instead == ("organization 1",)
    assert types.invented == ("person 2",)


def test_a_rule_of_other_items_tells_of_no_boundaries() -> None:
    row = replace(NEWS, rule="iepile")

    ((_, types),) = types_of(Analysis(scores_of(row), confusions=(CONFUSION,)))

    assert [line.instead for line in types.lines] == [("missed 1",), ("LOC 1", "missed 1")]


def test_buckets_without_gold_and_breakdowns_of_one_bucket_are_not_shown() -> None:
    table = bucket_table(WHOLE)

    assert table.measures == ("entities",)
    assert [(by, bucket) for by, bucket, _ in table.rows] == [("mention length", name) for name in ("1", "11-20", "over 100")]


def test_buckets_of_one_measure_by_two_rules_are_two_columns() -> None:
    more = (replace(one, rule="string") for one in BUCKETS)
    rows = (NEWS, replace(NEWS, dataset="chat", rule="string"))

    assert bucket_table(Analysis(scores_of(*rows), buckets=(*BUCKETS, *more))).measures == (
        "entities (strict)",
        "entities (string)",
    )


def test_salvaged_is_told_as_a_sum_and_singly_where_there_are_several_kinds() -> None:
    several = Audit("d", 4, {"salvaged": 3, "repaired_type": 1, "prose": 2}, {"salvaged": 2, "repaired_type": 1, "prose": 2})

    assert [(line.name, line.part, line.share, line.pieces) for line in problem_lines(several)] == [
        ("salvaged", False, 0.5, 3),
        ("repaired label", True, 0.25, 1),
        ("prose around the answer", True, 0.5, 2),
    ]
    assert "salvaged" not in absent_problems([several])
    assert len(absent_problems([several, AUDITS[0]])) == 9


def test_markdown_says_the_same_and_escapes_what_would_break_a_table() -> None:
    assert analysis_to_markdown(WHOLE, facts={"model": "m"}, seconds=40) == (
        "20 documents · rule strict · 0.5 documents/s · model m\n"
        "\n"
        "| news | P | R | F1 | 95 % interval | macro | weighted | lookup | TP | FP | FN |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| entities | 75.00 | 60.00 | 66.67 | 45.00–81.25 | 42.86 | 68.57 | 16.67 | 6 | 2 | 4 |\n"
        "| trigger classification | 0.00 | 0.00 | 0.00 | – | 0.00 | 0.00 |  | 0 | 0 | 3 |\n"
        "\n"
        "**entities**\n"
        "\n"
        "| type | P | R | F1 | TP | FP | FN | not right, but |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n"
        "| LOC | 100.00 | 75.00 | 85.71 | 6 | 0 | 2 | missed 1 · wrong boundary 1 |\n"
        "| x\\|y\\_\\[z] | 0.00 | 0.00 | 0.00 | 0 | 1 | 2 | LOC 1 · missed 1 |\n"
        "\n"
        "correct 6 · wrong type 1 · wrong boundary 1 · missed 2 · invented 1 (x\\|y\\_\\[z] 1)\n"
        "\n"
        "**trigger classification**\n"
        "\n"
        "| type | P | R | F1 | TP | FP | FN |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
        "| attack | 0.00 | 0.00 | 0.00 | 0 | 0 | 3 |\n"
        "\n"
        "**F1 in percent, and gold items, by what is known of a text or a mention**\n"
        "\n"
        "| by |  | entities |\n"
        "| --- | --- | ---: |\n"
        "| mention length | 1 | 66.67 (2) |\n"
        "| mention length | 11-20 | 50.00 (2) |\n"
        "| mention length | over 100 | 0.00 (1) |\n"
        "\n"
        "**Problems in the answers**\n"
        "\n"
        "| dataset | problem | documents | pieces | for example |\n"
        "| --- | --- | ---: | ---: | --- |\n"
        "| news | malformed | 20.0 % | 3 | Rome\\| (news/1) |\n"
        "| news | salvaged: prose around the answer | 20.0 % | 2 | Sure! Here (news/3) |\n"
        "| news | odd kind | 10.0 % | 1 |  |\n"
        "\n"
        "None: truncated, empty answer, repeated, unknown label, not in the text, contradictory types, empty where gold is not, "
        "filled where gold is empty.\n"
        "\n"
        "> news, NER: a note.  \n"
    )


def test_json_has_the_documented_keys() -> None:
    found = analysis_to_json(
        Analysis(
            scores_of(replace(CHAT, intervals=WIDTH), audits=(PROBLEMS,), notes=("A note.",)), None, BUCKETS[:1], (CONFUSION,)
        ),
        facts={"engine": "transformers"},
        seconds=2.5,
        inputs={"gold": "gold.jsonl", "predicted": "out", "train": None},
    )

    figures = {"precision": 0.5, "recall": 0.5, "f1": 0.5}
    counts = {"true_positive": 1, "false_positive": 1, "false_negative": 1, **figures}
    intervals = {"level": 0.95, "precision": [0.5, 0.875], "recall": [0.25, 0.75], "f1": [0.45, 0.8125]}
    named = {"task": "NER", "measure": "entities", "rule": "strict"}
    assert found == {
        "version": 1,
        "seconds": 2.5,
        "facts": {"engine": "transformers"},
        "inputs": {"gold": "gold.jsonl", "predicted": "out", "train": None},
        "rule": "strict",
        "documents": 20,
        "rows": [
            {
                "dataset": "chat",
                **named,
                "documents": 10,
                **counts,
                "intervals": intervals,
                "macro_f1": 0.5,
                "weighted_f1": 0.5,
                "types": {"LOC": counts},
            }
        ],
        "aggregates": [
            {
                **named,
                "datasets": 1,
                "documents": 10,
                **counts,
                "intervals": None,
                "mean_precision": 0.5,
                "mean_recall": 0.5,
                "mean_f1": 0.5,
                "mean_intervals": None,
            }
        ],
        "audits": [
            {
                "dataset": "news",
                "documents": 10,
                "problems": {
                    "malformed": {
                        "pieces": 3,
                        "documents": 2,
                        "examples": [{"document_id": "news/1", "piece": "Rome|"}, {"document_id": "news/2", "piece": "?"}],
                    },
                    "salvaged": {"pieces": 2, "documents": 2, "examples": [{"document_id": "news/3", "piece": "Sure!\nHere"}]},
                    "prose": {"pieces": 2, "documents": 2, "examples": []},
                    "odd_kind": {"pieces": 1, "documents": 1, "examples": []},
                },
            }
        ],
        "notes": ["A note."],
        "lookup_baseline": None,
        "buckets": [
            {
                "by": "language",
                "bucket": "en",
                **named,
                "documents": 1,
                "true_positive": 6,
                "false_positive": 2,
                "false_negative": 4,
                "precision": 0.75,
                "recall": 0.6,
                "f1": 12 / 18,
            }
        ],
        "confidence": [],
        "confusions": [
            {
                "dataset": "news",
                "task": "NER",
                "layer": "entity",
                "gold_types": ["LOC", "x|y_[z]"],
                "predicted_types": ["LOC", "x|y_[z]"],
                "matrix": [[7, 0, 1], [1, 0, 1], [0, 1, 0]],
                "kinds": KINDS,
            }
        ],
    }


def sample_documents(name: str) -> list[Document]:
    rows = (samples() / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()[:20]
    documents = (document_from_json(json.loads(row)) for row in rows)
    return [replace(one, clusters=((0, 1),) if len(one.entities) > 1 else ()) for one in documents]


def as_if_predicted(gold: Document) -> Document:
    """The gold answer with every third type wrong, a cluster too large, and without its last relation and event."""
    entities = tuple(replace(one, type="person") if place % 3 == 0 else one for place, one in enumerate(gold.entities))
    clusters = ((0, 1, 2),) if len(entities) > 2 else ()
    found = replace(gold, entities=entities, relations=gold.relations[:-1], events=gold.events[:-1], clusters=clusters)
    return replace(found, problems=({"kind": "prose", "piece": "Sure!", "task": "NER"},) if len(entities) == 3 else ())


GOLD = sample_documents("sample_en") + sample_documents("sample_zh")
PREDICTED = [as_if_predicted(document) for document in GOLD]
REAL = {
    "strict": analyse(GOLD, PREDICTED, rule="strict", train=GOLD[4:12], resamples=20),
    "muc": analyse(GOLD, PREDICTED, rule="muc", resamples=20),
    "iepile": analyse(GOLD, PREDICTED, rule="iepile", resamples=20),
    "all": analyse(GOLD, PREDICTED, rule="all", resamples=20),
}


def as_read(analysis: Analysis, **more) -> dict:
    return json.loads(json.dumps(analysis_to_json(analysis, **more)))


def test_the_schema_is_one_and_documents_every_key() -> None:
    schema = scores_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    strict = json.loads(json.dumps(schema).replace('"additionalProperties": true', '"additionalProperties": false'))
    strict["additionalProperties"] = False

    assert json.dumps(strict).count('"additionalProperties": false') >= 11
    for analysis in (*REAL.values(), WHOLE):
        found = as_read(analysis, facts={"a": 1}, seconds=1, inputs={"gold": "g", "predicted": "p", "train": None})
        jsonschema.validate(found, strict, cls=jsonschema.Draft202012Validator)


def test_the_schema_refuses_what_is_none() -> None:
    found = as_read(WHOLE)
    del found["rows"][0]["macro_f1"]

    with pytest.raises(jsonschema.ValidationError) as error:
        jsonschema.validate(found, scores_schema(), cls=jsonschema.Draft202012Validator)

    assert error.value.message == "'macro_f1' is a required property"


@pytest.mark.parametrize("rule", ["strict", "muc", "iepile"])
def test_json_is_read_back(rule: str) -> None:
    analysis = REAL[rule]
    found = as_read(analysis)

    assert analysis_from_json(found) == replace(analysis, marked=())
    assert scores_from_json(found) == analysis.scores


def test_figures_of_counts_of_a_kind_of_their_own_are_read_back() -> None:
    found = scores_from_json(as_read(REAL["all"]))

    read = {(row.task, row.measure, row.rule): (row.figures, row.macro_f1) for row in found.rows}
    assert read == {(row.task, row.measure, row.rule): (row.figures, row.macro_f1) for row in REAL["all"].scores.rows}
    assert [one.figures for one in found.aggregates] == [one.figures for one in REAL["all"].scores.aggregates]


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"version": 2}, "s.json: expected scores of version 1, found 2; score again with uie eval."),
        ([1], "s.json: expected scores of version 1, found None; score again with uie eval."),
        ({"version": 1, "rows": []}, "s.json: not scores: KeyError 'aggregates'; score again with uie eval."),
    ],
)
def test_json_that_is_no_scores_is_refused(found: object, message: str) -> None:
    with pytest.raises(ScoringError) as error:
        scores_from_json(found, where="s.json")

    assert str(error.value) == message


@pytest.mark.parametrize("rule", REAL)
def test_real_analyses_fit_80_columns(rule: str) -> None:
    lines = drawn(REAL[rule])

    assert len(lines) > 20
    assert max(map(_cells, lines)) <= 80


def test_figures_are_written_the_same_everywhere() -> None:
    assert (percent(2 / 3), percent(1, 1), percent(0.0)) == ("66.67", "100.0", "0.00")
    assert (interval_text(Interval(0.125, 1.0)), interval_text(None)) == ("12.5–100.0", "–")
    assert (plural(1, "document"), plural(1287, "document")) == ("1 document", "1,287 documents")


def test_a_report_is_a_group_of_parts_that_others_may_print() -> None:
    assert len(analysis_report(WHOLE).renderables) > 5
