"""The dialect `lines.seed001`, byte for byte, and the twenty printed answers of that project."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uie.formats import lines_seed001 as fmt
from uie.schema import Schema, read_schema
from uie.tasks.question import Answer, Named, Problem, Question

PAIRS = Path(__file__).resolve().parent.parent / "data" / "seed001_pairs.jsonl"
SCHEMA = read_schema({"lang": "zh", "entities": {"PER": {"name": "人名"}, "LOC": {"name": "地名"}, "ORG": {"name": "机构名"}}})
ASKED = Question("NER", SCHEMA, "", "zh")


def pairs(raw: str) -> list[tuple[str, str | None]]:
    return [(mention.text, mention.type) for mention in fmt.decode(raw, ASKED)[0].mentions]


def test_a_repeated_pair_is_written_once_and_nothing_is_escaped() -> None:
    answer = Answer(mentions=(Named("中_国", "LOC", 1), Named("李\\", "PER", 1), Named("中_国", "LOC", 2), Named("中_国", "ORG")))

    assert fmt.encode(answer, ASKED) == "中_国_地名\n李\\_人名\n中_国_机构名"


def test_nothing_found_is_one_word() -> None:
    assert fmt.encode(Answer(), ASKED) == fmt.describe(ASKED).none_word == "没有"
    assert fmt.decode("没有\n", ASKED) == (Answer(), ())


@pytest.mark.parametrize(
    ("raw", "mentions", "problems"),
    [
        pytest.param("晋察冀_根据地_地名", [("晋察冀_根据地", "LOC")], [], id="the last underscore counts"),
        pytest.param("杨次公政人名", [], [("malformed", "杨次公政人名")], id="no underscore"),
        pytest.param("_人名\n李_", [], [("malformed", "_人名"), ("malformed", "李_")], id="one side empty"),
        pytest.param(
            "李_人物\n张_PER", [("李", "人物"), ("张", "PER")], [("unknown_type", "人物"), ("repaired_type", "PER")], id="types"
        ),
        pytest.param("", [], [("empty", "")], id="nothing at all"),
        pytest.param("没有\n李_人名", [("李", "PER")], [("malformed", "没有")], id="none word and an item"),
        pytest.param("李_人名\r\n\n 张_人名 ", [("李", "PER"), ("张", "PER")], [], id="white space"),
        pytest.param("李\\_人名", [("李\\", "PER")], [], id="a backslash is no escape"),
    ],
)
def test_answers_are_read_as_far_as_they_can_be(raw: str, mentions: list[tuple[str, str]], problems: list[tuple[str, str]]) -> None:
    answer, found = fmt.decode(raw, ASKED)

    assert answer == Answer(mentions=tuple(Named(*mention) for mention in mentions))
    assert [(problem.kind, problem.piece) for problem in found] == problems


def test_the_twenty_printed_pairs_give_the_printed_counts() -> None:
    # A set of (mention, type) a row; a malformed piece is one more false positive. P = R = F1 = 24 / 32 = 0.75.
    rows = [json.loads(line) for line in PAIRS.read_text(encoding="utf-8").splitlines()]
    counts = {"TP": 0, "FP": 0, "FN": 0}

    for row in rows:
        gold, predicted = set(pairs(row["gold"])), set(pairs(row["predicted"]))
        malformed = sum(problem.kind == "malformed" for problem in fmt.decode(row["predicted"], ASKED)[1])
        counts["TP"] += len(gold & predicted)
        counts["FP"] += len(predicted - gold) + malformed
        counts["FN"] += len(gold - predicted)

    assert len(rows) == 20
    assert counts == {"TP": 24, "FP": 8, "FN": 8}


def test_a_gold_answer_is_read_and_written_again_without_a_difference() -> None:
    golds = [json.loads(line)["gold"] for line in PAIRS.read_text(encoding="utf-8").splitlines()]

    assert len(golds) == 20
    assert [fmt.encode(fmt.decode(gold, ASKED)[0], ASKED) for gold in golds] == golds


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.sampled_from(["李_人名", "没有", "_", " "]) | st.text("_\\ 李", max_size=5) | st.text(max_size=5), max_size=5).map(
        "\n".join
    )
)
def test_every_line_becomes_an_item_or_a_problem(raw: str) -> None:
    answer, problems = fmt.decode(raw, Question("NER", Schema(), "", "zh"))

    if not raw.strip():
        assert problems == (Problem("empty", raw),)
    elif raw.strip() == "没有":
        assert (answer, problems) == (Answer(), ())
    else:
        assert len(answer.mentions) + len(problems) == sum(line.strip(" \t\r") != "" for line in raw.split("\n"))
