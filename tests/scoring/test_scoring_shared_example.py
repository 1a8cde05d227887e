import pytest
from shared_example import COUNTS, GOLD, PREDICTED

from uie.formats import FORMATS
from uie.scoring import RULES
from uie.scoring.score import ALL, score

WITHOUT_CLUSTERS = ["any-gold-mention"]


def available(name: str) -> bool:
    wording = RULES.get(name).facts.wording
    return not wording or wording in FORMATS


def test_every_rule_has_its_numbers() -> None:
    assert sorted([*COUNTS, *WITHOUT_CLUSTERS]) == RULES.names()
    assert len(GOLD) == len(PREDICTED) == 18


@pytest.mark.parametrize("name", COUNTS)
def test_each_rule_counts_what_was_worked_out_by_hand(name: str) -> None:
    if not available(name):
        pytest.skip(f"no format {RULES.get(name).facts.wording}")

    rows = score(GOLD, PREDICTED, rule=name).rows

    found = {row.measure: (row.counts.true_positive, row.counts.false_positive, row.counts.false_negative) for row in rows}
    assert found == {measure: pytest.approx(counts) for measure, counts in COUNTS[name].items()}


def test_all_rules_at_once_give_the_same_numbers() -> None:
    scores = score(GOLD, PREDICTED, rule=ALL)

    used = {row.rule for row in scores.rows}
    assert used == {name for name in COUNTS if available(name)}
    for row in scores.rows:
        counts = (row.counts.true_positive, row.counts.false_positive, row.counts.false_negative)
        assert counts == pytest.approx(COUNTS[row.rule][row.measure])
