"""`uie eval` with rules other than the default."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from uie.cli import cli
from uie.scoring import RULES


def documents(path: Path, *mentions: tuple[str, int]) -> Path:
    text = "Rome met Rome."
    entities = [{"start": start, "end": start + len(m), "text": m, "type": "LOC"} for m, start in mentions]
    path.write_text(json.dumps({"id": "d", "dataset": "news", "text": text, "entities": entities}) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def sides(tmp_path: Path) -> list[str]:
    gold = documents(tmp_path / "gold.jsonl", ("Rome", 0))
    predicted = documents(tmp_path / "predicted.jsonl", ("Rome", 9))
    return ["eval", "--gold", str(gold), "--predicted", str(predicted)]


def test_all_rules_are_scored_side_by_side(sides: list[str]) -> None:
    done = CliRunner().invoke(cli, [*sides, "--rule", "all", "--json"])

    assert done.exit_code == 0, done.stderr
    scores = json.loads(done.stdout)
    f1 = {row["rule"]: row["f1"] for row in scores["rows"] if row["measure"] == "entities"}
    assert {rule: f1[rule] for rule in ("strict", "string", "uie-offset.first", "type-only")} == {
        "strict": 0.0,
        "string": 1.0,
        "uie-offset.first": 1.0,
        "type-only": 1.0,
    }
    assert "textee: not scored on news, NER: the rule says nothing of such items." in scores["notes"]


def test_all_rules_fit_a_terminal(sides: list[str]) -> None:
    done = CliRunner().invoke(cli, [*sides, "--rule", "all"])

    assert done.exit_code == 0, done.stderr
    assert any(line.split()[:4] == ["uie-offset.first", "100.00", "100.00", "100.00"] for line in done.stdout.splitlines())


def test_a_peers_rule_says_what_it_gets_wrong(sides: list[str]) -> None:
    done = CliRunner().invoke(cli, [*sides, "--rule", "uie-offset.first", "--json"])

    assert any(
        note.startswith("uie-offset.first: predictions that are not in the text") for note in json.loads(done.stdout)["notes"]
    )


def test_rules_are_listed_with_their_facts() -> None:
    done = CliRunner().invoke(cli, ["eval", "--list-rules"])

    assert done.exit_code == 0
    heads = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert heads == RULES.names()
    assert done.stdout.count("    source: ") == len(heads)


def test_symmetric_relations_are_refused_by_rules_that_know_none(sides: list[str]) -> None:
    done = CliRunner().invoke(cli, [*sides, "--rule", "gollie", "--symmetric", "met"])

    assert (done.exit_code, done.stdout) == (1, "")
    assert "rule 'gollie' knows no symmetric relations; score by strict, string or textee." in done.stderr
