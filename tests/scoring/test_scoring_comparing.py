"""Two systems on the same documents; figures are worked out by hand from a few mentions."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from scoring_documents import at, ner, problems

from uie.documents import Document
from uie.errors import ScoringError
from uie.scoring.comparing import Comparison, Flip, Side, TypeChange, compare
from uie.scoring.counts import Counts, Figures
from uie.scoring.score import score
from uie.scoring.scores import Row, Scores
from uie.scoring.uncertainty import Difference, Interval

TEXT = "Ada met Bo in Cork"
ADA, BO, CORK, MET = (at(TEXT, string) for string in ("Ada", "Bo", "Cork", "met"))
KINDS = {ADA: "PER", BO: "PER", CORK: "LOC", MET: "PER"}


def documents(**mentions: Sequence) -> list[Document]:
    """A Document for each name; its mentions have their usual types, or the one given with them."""
    return [
        ner(id, TEXT, *(one if isinstance(one, tuple) else (one, KINDS[one]) for one in own), dataset="news")
        for id, own in mentions.items()
    ]


GOLD = documents(d1=[ADA, CORK], d2=[ADA, BO], d3=[], d4=[CORK])
# PER: d1 right, d2 one of two; LOC: d1 missed, d4 right; d3 has an invented PER.  TP 3, FP 1, FN 2: F1 6/9
BEFORE = documents(d1=[ADA], d2=[BO], d3=[MET], d4=[CORK])
# d1 and d3 put right, d2 as before, d4 of the wrong type.  TP 3, FP 1, FN 2 again
MIXED = documents(d1=[ADA, CORK], d2=[BO], d3=[], d4=[(CORK, "PER")])
# All but one mention of d2.  TP 4, FP 0, FN 1: F1 8/9
AFTER = documents(d1=[ADA, CORK], d2=[BO], d3=[], d4=[CORK])


def compared(first: list[Document], second: list[Document], **more) -> Comparison:
    return compare(score(GOLD, first), score(GOLD, second), resamples=200, **more)


def test_a_system_may_be_compared_with_itself() -> None:
    found = compared(BEFORE, BEFORE, names=("A", "A"))

    assert found.rows[0].difference is not None
    assert (found.rows[0].difference.f1, found.rows[0].difference.p) == (0, 1)
    assert found.notes == ()


def test_both_sides_stand_in_a_row_with_their_difference() -> None:
    found = compared(BEFORE, AFTER)

    (row,) = found.rows
    assert (row.over, row.datasets, row.task, row.measure, row.rule, row.documents) == (
        "corpus",
        ("news",),
        "NER",
        "entities",
        "strict",
        4,
    )
    assert row.first == Side(Figures(3 / 4, 3 / 5, 6 / 9), None, Counts(3, 1, 2))
    assert row.second == Side(Figures(1, 4 / 5, 8 / 9), None, Counts(4, 0, 1))
    assert row.difference is not None
    assert row.difference.f1 == pytest.approx(2 / 9)
    assert 0 <= row.difference.interval.low < 2 / 9 < row.difference.interval.high <= 1
    assert 0 < row.difference.p <= 1
    # Only d1 and d3 can be swapped. Swapped together they change the sign only; one alone, 8/10 against 6/8: less than 2/9.
    assert row.p_randomisation == pytest.approx(0.5, abs=0.15)
    assert (found.rule, found.documents, found.seeds, found.aggregates) == ("strict", 4, (1, 1), ())


def test_types_that_moved_are_told_most_change_in_errors_first() -> None:
    (row,) = compared(BEFORE, MIXED).rows

    # PER: TP 2 FP 1 FN 1, and the same with the FP in another document. LOC: TP 1 FN 1 on both sides. Nothing moved in sum.
    assert row.types == ()
    assert row.known_types == 2

    (row,) = compared(BEFORE, AFTER).rows
    assert row.types == (
        TypeChange("LOC", Counts(1, 0, 1), Counts(2, 0, 0)),
        TypeChange("PER", Counts(2, 1, 1), Counts(2, 0, 1)),
    )
    assert [change.errors for change in row.types] == [-1, -1]
    assert [change.f1 for change in row.types] == pytest.approx([1 - 2 / 3, 4 / 5 - 4 / 6])


def test_documents_flip_also_where_the_sum_stays() -> None:
    (row,) = compared(BEFORE, MIXED).rows

    assert row.difference is not None
    assert row.difference.f1 == 0
    # d3 goes from 0 to 1 (nothing to find, nothing found), d1 from 2/3 to 1; d4 from 1 to 0.
    assert row.better == (
        Flip("d3", Counts(0, 1, 0), Counts(0, 0, 0)),
        Flip("d1", Counts(1, 0, 1), Counts(2, 0, 0)),
    )
    assert row.worse == (Flip("d4", Counts(1, 0, 0), Counts(0, 1, 1)),)

    (row,) = compared(MIXED, BEFORE).rows
    assert [[flip.document_id for flip in flips] for flips in (row.better, row.worse)] == [["d4"], ["d3", "d1"]]


def test_at_an_equal_f1_fewer_errors_are_better() -> None:
    (row,) = compared(documents(d1=[], d2=[], d3=[MET, ADA], d4=[]), documents(d1=[BO], d2=[], d3=[MET], d4=[])).rows

    assert [flip.document_id for flip in row.better] == ["d3"]
    assert [flip.document_id for flip in row.worse] == ["d1"]


def test_a_system_compared_with_itself_does_not_differ() -> None:
    (row,) = compared(BEFORE, BEFORE).rows

    assert row.difference == Difference(0.0, Interval(0.0, 0.0), 1.0)
    assert (row.p_randomisation, row.types, row.better, row.worse) == (1.0, (), (), ())


def test_the_order_of_documents_changes_nothing() -> None:
    other = compare(score(GOLD, BEFORE), score(GOLD[::-1], AFTER[::-1]), resamples=200)

    assert other == compared(BEFORE, AFTER)


def test_runs_of_one_system_have_means_and_deviations() -> None:
    runs = [score(GOLD, BEFORE), score(GOLD, AFTER)]

    found = compare(score(GOLD, BEFORE), runs, resamples=200)

    (row,) = found.rows
    assert found.seeds == (1, 2)
    assert row.second is not None
    assert row.second.figures.f1 == pytest.approx((6 / 9 + 8 / 9) / 2)
    assert row.second.deviations is not None
    assert row.second.deviations.f1 == pytest.approx(2 / 9 / 2**0.5)
    assert row.second.counts == Counts(3.5, 0.5, 1.5)
    # That of the mean F1. Each document counts as its mean: d3 still has an error, and so an F1 of 0.
    assert row.difference is not None
    assert row.difference.f1 == pytest.approx(row.second.figures.f1 - 6 / 9)
    assert row.better == (Flip("d1", Counts(1, 0, 1), Counts(1.5, 0, 0.5)), Flip("d3", Counts(0, 1, 0), Counts(0, 0.5, 0)))
    assert row.types[0] == TypeChange("LOC", Counts(1, 0, 1), Counts(1.5, 0, 0.5))


def test_equal_systems_with_unequal_numbers_of_runs_do_not_differ() -> None:
    run = score(GOLD, BEFORE)

    (row,) = compare([run, run, run], [run, run], resamples=200).rows

    assert row.difference == Difference(0.0, Interval(0.0, 0.0), 1.0)
    assert (row.p_randomisation, row.better, row.worse) == (1.0, (), ())


def other_corpus(documents: list[Document]) -> list[Document]:
    return [replace(document, id=f"x{document.id}", dataset="chat") for document in documents]


def test_several_corpora_have_the_sum_and_the_mean() -> None:
    gold = [*GOLD, *other_corpus(GOLD[:1])]
    before, after = [*BEFORE, *other_corpus(documents(d1=[]))], [*AFTER, *other_corpus(documents(d1=[ADA]))]

    found = compare(score(gold, before), score(gold, after), resamples=200)

    # chat: TP 0 FN 2, then TP 1 FN 1: F1 0 and 2/3.
    micro, mean = found.aggregates
    assert [(one.over, one.datasets, one.documents) for one in found.aggregates] == [
        ("micro", ("chat", "news"), 5),
        ("mean", ("chat", "news"), 5),
    ]
    assert micro.first == Side(Counts(3, 1, 4).figures, None, Counts(3, 1, 4))
    assert micro.second == Side(Counts(5, 0, 2).figures, None, Counts(5, 0, 2))
    assert micro.difference is not None
    assert micro.difference.f1 == pytest.approx(10 / 12 - 6 / 11)
    assert mean.first is not None
    assert mean.first.figures.f1 == pytest.approx(3 / 9)
    assert mean.difference is not None
    assert mean.difference.f1 == pytest.approx((2 / 3 + 2 / 9) / 2)
    assert (micro.types, micro.better, mean.better) == ((), (), ())


def test_a_row_that_one_side_lacks_is_shown_without_a_test() -> None:
    first = score(GOLD, BEFORE)

    found = compare(first, replace(first, rows=(*first.rows, replace(first.rows[0], task="ES", measure="spans"))), resamples=50)

    (_, spans) = found.rows
    assert (spans.measure, spans.first, spans.difference, spans.p_randomisation) == ("spans", None, None, None)
    assert spans.second is not None


def test_figures_that_are_means_over_types_are_not_tested() -> None:
    gold, before = [*GOLD], documents(d1=[ADA, MET], d2=[BO], d3=[], d4=[])

    (row,) = compare(score(gold, before, rule="cluener"), score(gold, AFTER, rule="cluener"), resamples=50).rows

    assert (row.difference, row.p_randomisation) == (None, None)
    assert row.better


def test_notes_of_one_side_bear_its_name() -> None:
    first = score(GOLD, BEFORE)
    ours, theirs = replace(first, notes=("All.", "Ours.")), replace(first, notes=("All.", "Theirs."))

    assert compare(ours, theirs, names=("A", "B"), resamples=50).notes == ("All.", "A: Ours.", "B: Theirs.")


# What does not compare


def refused(first: Scores | list[Scores], second: Scores) -> str:
    with pytest.raises(ScoringError) as error:
        compare(first, second, names=("A", "B"), resamples=50)
    return str(error.value)


def test_scores_by_different_rules_are_refused() -> None:
    assert refused(score(GOLD, BEFORE), score(GOLD, AFTER, rule="string")) == (
        "scores to compare must be by one rule; found 'strict' for A, 'string' for B."
    )


def test_scores_of_different_numbers_of_documents_are_refused() -> None:
    assert refused(score(GOLD, BEFORE), score(GOLD[:3], AFTER[:3])) == (
        "scores to compare must be of the same documents; found 4 of A, 3 of B."
    )


def test_scores_of_different_documents_are_refused() -> None:
    def renamed(documents: list[Document]) -> list[Document]:
        return [*documents[:2], *(replace(document, id=f"{document.id}x") for document in documents[2:])]

    assert refused(score(GOLD, BEFORE), score(renamed(GOLD), renamed(AFTER))) == (
        "news, entities: scored on different documents: 2 of A only, such as 'd3'; 2 of B only, such as 'd3x'. "
        "Compare predictions of the same documents."
    )


def test_predictions_that_were_asked_other_types_are_refused() -> None:
    asked = [replace(document, asked={"entities": ["PER"]}) for document in AFTER]

    assert refused(score(GOLD, BEFORE), score(GOLD, asked)) == (
        "news, entities: gold items differ in 2 of 4 documents, such as 'd1' (5 in all for A, 3 for B). "
        "Compare predictions that were asked the same types, scored against one gold."
    )


def test_malformed_pieces_are_no_difference_in_gold() -> None:
    malformed = [replace(AFTER[0], problems=problems("malformed", task="NER")), *AFTER[1:]]

    (row,) = compare(score(GOLD, AFTER), score(GOLD, malformed), resamples=50).rows

    assert row.worse == (Flip("d1", Counts(2, 0, 0), Counts(2, 1, 0)),)


def test_scores_from_a_file_are_refused() -> None:
    first = score(GOLD, BEFORE)
    rows: tuple[Row, ...] = tuple(replace(row, per_document=None) for row in first.rows)

    assert refused(first, replace(first, rows=rows)) == (
        "the scores of B have no counts of single documents, as Scores that were read from a file; score the predictions again."
    )


def test_a_system_without_runs_is_refused() -> None:
    assert refused([], score(GOLD, AFTER)) == "nothing to compare: each system needs the Scores of one run or more."
