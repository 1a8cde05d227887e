from pathlib import Path

import pytest
from shared_example import COUNTS, GOLD, PREDICTED

from uie.scoring import RULES
from uie.scoring.overlap import MucTally, muc_tallies
from uie.scoring.score import ALL, score

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scoring.md"


def test_every_rule_has_its_numbers() -> None:
    assert sorted(COUNTS) == RULES.names()
    assert len(GOLD) == len(PREDICTED) == 19


@pytest.mark.parametrize("name", COUNTS)
def test_each_rule_counts_what_was_worked_out_by_hand(name: str) -> None:
    rows = score(GOLD, PREDICTED, rule=name).rows

    found = {row.measure: (row.counts.true_positive, row.counts.false_positive, row.counts.false_negative) for row in rows}
    assert found == {measure: pytest.approx(counts) for measure, counts in COUNTS[name].items()}


def test_all_rules_at_once_give_the_same_numbers() -> None:
    scores = score(GOLD, PREDICTED, rule=ALL)

    assert {row.rule for row in scores.rows} == set(COUNTS)
    for row in scores.rows:
        counts = (row.counts.true_positive, row.counts.false_positive, row.counts.false_negative)
        assert counts == pytest.approx(COUNTS[row.rule][row.measure])


def test_the_mean_of_coreference_is_that_of_three_measures() -> None:
    row = score(GOLD, PREDICTED, rule="coreference").row("", "COREF", "clusters, CoNLL-2012")

    assert row is not None
    # MUC 2/3, B³ 2.5/4 and 1: 10/13, CEAF-e 5/6
    assert row.f1 == pytest.approx((2 / 3 + 10 / 13 + 5 / 6) / 3)


def test_the_tallies_that_the_page_shows() -> None:
    tallies = muc_tallies(GOLD[:12], PREDICTED[:12])

    # Correct 4, 5, 6, 10, 11, 12 (Giza), and where types do not count 7; of the right type 8.
    assert tallies == {
        "strict": MucTally(6, 2, 0, 5, 5),
        "exact": MucTally(7, 1, 0, 5, 5),
        "partial": MucTally(7, 0, 1, 5, 5),
        "type": MucTally(7, 1, 0, 5, 5),
    }
    assert str(tallies["partial"]) in PAGE.read_text(encoding="utf-8")


def test_the_page_has_every_table() -> None:
    page = PAGE.read_text(encoding="utf-8")

    for block in ("rules", "rule-example", "rule-numbers", "rule-faults", "rule-breaks", "strict-and-string"):
        assert f"<!-- {block} -->" in page
