"""Cohen's κ of two annotators: values by hand, the units, and what `uie eval --agreement` shows of it."""

import io
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result
from rich.console import Console
from scoring_documents import at, ner

from uie.cli import cli
from uie.documents import Document, Entity, Mention, document_to_json
from uie.errors import ScoringError
from uie.reports.as_json import analysis_from_json, analysis_to_json, scores_schema
from uie.reports.html.data import page_data
from uie.reports.markdown import analysis_to_markdown
from uie.reports.terminal import print_analysis
from uie.scoring.agreement import Agreement, in_common, io_labels, observed_and_expected, token_agreement, words
from uie.scoring.analysis import analyse

TEXT = "Ann met Bo in New Oslo ."
ANN, BO, OSLO = at(TEXT, "Ann"), at(TEXT, "Bo"), at(TEXT, "New Oslo")
ONE = ner("d", TEXT, (ANN, "person"), (BO, "person"), (OSLO, "city"))
OTHER = ner("d", TEXT, (ANN, "person"), (at(TEXT, "Oslo"), "city"))
# Seven words. ONE: person O person O city city O; OTHER: person O O O O city O. Five are the same: observed 5/7.
# O three times and five times, person twice and once, city twice and once: expected (3 * 5 + 2 * 1 + 2 * 1) / 49 = 19/49.
# κ = (35/49 - 19/49) / (30/49) = 16/30. Over the four marked ones: 2/4 the same; expected (2 * 1 + 2 * 1) / 16; κ = (1/2 - 1/4) / (3/4).


def whole(*rows: Agreement) -> list[tuple]:
    return [(row.over, row.unit, row.units, row.observed, row.expected, row.kappa) for row in rows]


def test_kappa_of_a_two_by_two_table_is_as_by_hand() -> None:
    """20 times both say yes, 15 times both say no, 5 and 10 times they differ: 35/50 observed, (25 * 30 + 25 * 20) / 2500 expected."""
    given = {("yes", "yes"): 20, ("yes", "no"): 5, ("no", "yes"): 10, ("no", "no"): 15}

    observed, expected = observed_and_expected(given)

    assert (observed, expected) == (0.7, 0.5)
    assert Agreement("", 1, "words", "all", 50, observed, expected).kappa == pytest.approx(0.4)


def test_kappa_over_the_words_of_a_text_is_as_by_hand() -> None:
    rows = token_agreement([ONE], [OTHER])

    assert whole(*rows) == [
        ("all", "words", 7, 5 / 7, 19 / 49, pytest.approx(16 / 30)),
        ("marked", "words", 4, 0.5, 0.25, pytest.approx(1 / 3)),
    ]


def test_it_does_not_matter_who_is_gold() -> None:
    assert whole(*token_agreement([ONE], [OTHER])) == whole(*token_agreement([OTHER], [ONE]))


def test_full_agreement_is_one_and_opposite_labels_are_below_zero() -> None:
    text = "a b"
    one, other = ner("d", text, (at(text, "a"), "x")), ner("d", text, (at(text, "b"), "x"))

    assert token_agreement([one], [one])[0].kappa == 1
    assert token_agreement([one], [other])[0].kappa == -1


@pytest.mark.parametrize("entities", [(), ((Mention("a b", 0, 3), "x"),)], ids=["all outside", "all of one type"])
def test_kappa_is_undefined_where_both_give_one_label_only(entities: tuple) -> None:
    document = ner("d", "a b", *entities)

    every, _ = token_agreement([document], [document])

    assert (every.observed, every.expected, every.kappa) == (1.0, 1.0, None)


def test_nothing_marked_at_all_is_no_unit_and_no_kappa() -> None:
    _, marked = token_agreement([ner("d", "a b")], [ner("d", "a b")])

    assert (marked.units, marked.observed, marked.kappa) == (0, 0.0, None)


def test_own_tokens_go_before_words_where_every_document_has_them() -> None:
    tokens = ((0, 7), (8, 22), (23, 24))

    rows = token_agreement([replace(ONE, tokens=tokens)], [OTHER])

    # person, person+..: "Ann met" is person to both, "Bo in New Oslo" is city+person to one and city to the other
    assert whole(rows[0]) == [("all", "tokens", 3, 2 / 3, 2 / 9, pytest.approx(4 / 7))]


def test_a_nested_and_a_discontinuous_mention_label_their_tokens() -> None:
    text = "left and right arm"
    parts = Mention("left arm", 0, 18, ((0, 4), (15, 18)))
    document = ner("d", text, (parts, "part"), (at(text, "arm"), "limb"), (at(text, "right"), None))

    assert io_labels(document, words(text)) == ["part", "O", "mention", "limb+part"]


def test_words_part_signs_and_chinese_characters() -> None:
    text = "It's 3€, 罗马x2"

    assert [text[start:end] for start, end in words(text)] == ["It", "'", "s", "3", "€", ",", "罗", "马", "x2"]


def test_corpora_are_told_apart() -> None:
    one = [replace(ONE, id="a", dataset="x"), replace(ONE, id="b", dataset="y")]
    other = [replace(ONE, id="a", dataset="x"), replace(OTHER, id="b", dataset="y")]

    rows = token_agreement(one, other)

    assert [(row.dataset, row.over, row.documents) for row in rows] == [
        ("x", "all", 1),
        ("x", "marked", 1),
        ("y", "all", 1),
        ("y", "marked", 1),
    ]
    assert (rows[0].kappa, rows[2].kappa) == (1, pytest.approx(16 / 30))


def test_mentions_without_a_place_are_refused() -> None:
    lost = ner("d", TEXT, (Mention("Ann"), "person"))

    with pytest.raises(ScoringError) as error:
        token_agreement([ONE], [lost])

    assert str(error.value) == "agreement is over tokens, and 1 of 4 mentions have no offsets."


def test_documents_without_entities_on_a_side_are_refused() -> None:
    with pytest.raises(ScoringError) as error:
        token_agreement([ONE], [Document("d", TEXT)])

    assert str(error.value) == "agreement is that of entities, and there is no document whose entities both sides annotate."


def test_what_only_one_annotator_has_is_left_out_and_told() -> None:
    mine = [ONE, replace(ONE, id="e")]

    one, other, notes = in_common(mine, [OTHER])

    assert ([document.id for document in one], [document.id for document in other]) == (["d"], ["d"])
    assert notes == ("Left out, since only gold has them: 1 of 2 documents.",)


def test_annotators_without_a_common_document_are_refused() -> None:
    with pytest.raises(ScoringError) as error:
        in_common([ONE], [replace(ONE, id="e")])

    assert str(error.value) == (
        "the two annotators have no document in common: documents are matched by id, and no id is on both sides."
    )


# Reports and the command


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    for path, documents in zip(paths, ([ONE, replace(ONE, id="e")], [OTHER]), strict=True):
        path.write_text("".join(json.dumps(document_to_json(document)) + "\n" for document in documents), encoding="utf-8")
    return paths


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["eval", *map(str, arguments)])


def test_the_command_gives_f1_and_kappa_of_the_documents_both_have(files: tuple[Path, Path]) -> None:
    done = run("--gold", files[0], "--predicted", files[1], "--agreement", "--json")

    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    jsonschema.validate(found, scores_schema())
    # of three mentions of one and two of the other one is the same
    assert (found["rows"][0]["precision"], found["rows"][0]["recall"]) == (1 / 2, 1 / 3)
    assert found["notes"][0] == "Left out, since only gold has them: 1 of 2 documents."
    assert found["agreement"][0] == {
        "dataset": "",
        "documents": 1,
        "unit": "words",
        "over": "all",
        "units": 7,
        "observed": 5 / 7,
        "expected": 19 / 49,
        "kappa": pytest.approx(16 / 30),
    }
    assert "inputs" not in found


def test_scores_without_the_option_say_nothing_of_agreement(files: tuple[Path, Path]) -> None:
    done = run("--gold", files[1], "--predicted", files[1], "--json")

    assert "agreement" not in json.loads(done.stdout)


def test_agreement_needs_two_files_of_documents(files: tuple[Path, Path]) -> None:
    done = run("--model", "m", "--records", files[0], "--agreement")

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1] == (
        "Error: --agreement is that of two annotators' Documents: it needs --gold and --predicted."
    )


def test_reports_have_a_row_for_each_and_json_is_read_back() -> None:
    analysis = replace(analyse([ONE], [OTHER]), agreement=token_agreement([ONE], [OTHER]))
    console = Console(record=True, width=100, file=io.StringIO())

    print_analysis(analysis, console)

    lines = [line.split() for line in console.export_text().splitlines()]
    assert ["all", "words", "7", "71.4", "38.8", "0.533"] in lines
    assert ["marked", "words", "4", "50.0", "25.0", "0.333"] in lines
    assert "| all words | 7 | 71.4 | 38.8 | 0.533 |" in analysis_to_markdown(analysis)
    assert ["κ over all words", "0.533 of 7"] in page_data(analysis, facts={}, seconds=None)["facts"]
    assert analysis_from_json(json.loads(json.dumps(analysis_to_json(analysis)))).agreement == analysis.agreement


def test_an_undefined_kappa_is_a_dash() -> None:
    document = Document("d", "a b", entities=(Entity(Mention("a b", 0, 3), "x"),))
    analysis = replace(analyse([document], [document]), agreement=token_agreement([document], [document]))

    assert "| all words | 2 | 100.0 | 100.0 | – |" in analysis_to_markdown(analysis)
