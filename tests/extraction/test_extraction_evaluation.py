"""Reading gold or predicted Documents whose mentions are not what stands in their text."""

import json
from pathlib import Path
from typing import Any

import pytest

from uie.errors import DocumentError, ScoringError
from uie.extraction.evaluation import read_gold_or_predicted

TEXT = "🎉 Rome 遇见 Oslo."  # Rome stands at 2..6, 遇见 at 7..9, Oslo at 10..14
CONVERT = "offsets are half-open, in Unicode code points: convert them."
CORRECT = "offsets are half-open, in Unicode code points: correct them."


def mention(text: str, start: int | None, end: int | None, **more: Any) -> dict[str, Any]:
    return {"text": text, "start": start, "end": end, **more}


def write(path: Path, *mentions: list[dict[str, Any]], text: str = TEXT) -> Path:
    """One Document a list of mentions, d1, d2, …, after a blank line."""
    rows = [{"id": f"d{n}", "text": text, "entities": [{"type": "x", **m} for m in own]} for n, own in enumerate(mentions, 1)]
    path.write_text("\n" + "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with pytest.raises(ScoringError) as caught:
        read_gold_or_predicted(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("rome", "met", "oslo", "guess"),
    [
        pytest.param((2, 5), (7, 8), (10, 13), "ends are inclusive", id="inclusive"),
        pytest.param((3, 7), (8, 10), (11, 15), "offsets are UTF-16 code units", id="utf-16"),
        pytest.param((5, 9), (10, 16), (17, 21), "offsets are UTF-8 bytes", id="utf-8"),
    ],
)
def test_the_convention_of_misplaced_mentions_is_named(
    tmp_path: Path, rome: tuple[int, int], met: tuple[int, int], oslo: tuple[int, int], guess: str
) -> None:
    right, ungrounded = mention("🎉", 0, 1), mention("Bern", None, None)
    path = write(
        tmp_path / "p.jsonl", [right, ungrounded], [mention("Rome", *rome), mention("遇见", *met)], [mention("Oslo", *oslo)]
    )

    assert refused(path) == (
        f"{path}: 3 of 4 mentions are not what stands in their text, first in document 'd2' (line 3): "
        f"'Rome' at {rome[0]}..{rome[1]}; all fit if {guess}; {CONVERT}"
    )


def test_a_mention_of_one_character_with_inclusive_ends_is_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", [mention("遇", 7, 7)])

    assert refused(path) == (
        f"{path}: 1 of 1 mentions is not what stands in its text, first in document 'd1' (line 2): "
        f"'遇' at 7..7; it fits if ends are inclusive; {CONVERT}"
    )


def test_triggers_arguments_and_fragments_are_looked_at(tmp_path: Path) -> None:
    parts = mention("Rome Oslo", 3, 15, fragments=[[3, 7], [11, 15]])
    arguments = [{"role": "who", **mention("Rome", 3, 7)}, {"role": "why", "event": 0}, {"role": "with", **parts}]
    events = [{"type": "meet", "trigger": mention("遇见", 8, 10), "arguments": arguments}, {"type": "end", "trigger": None}]
    path = tmp_path / "p.jsonl"
    path.write_text(json.dumps({"id": "d", "text": TEXT, "events": events}) + "\n", encoding="utf-8")

    assert refused(path) == (
        f"{path}: 3 of 3 mentions are not what stands in their text, first in document 'd' (line 1): "
        f"'遇见' at 8..10; all fit if offsets are UTF-16 code units; {CONVERT}"
    )


def test_a_convention_that_most_fit_is_named_with_how_many(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", [mention("Rome", 2, 5), mention("Oslo", 10, 13), mention("Oslo", 4, 40)])

    assert refused(path) == (
        f"{path}: 3 of 3 mentions are not what stands in their text, first in document 'd1' (line 2): "
        f"'Rome' at 2..5; 2 of 3 fit if ends are inclusive; {CONVERT}"
    )


@pytest.mark.parametrize(
    "wrong", [[mention("Rome", 2, 5), mention("Oslo", 0, 4)], [mention("Rome", 2, 90)], [mention("Rome", -1, 3)]]
)
def test_a_convention_that_half_or_fewer_fit_is_not_named(tmp_path: Path, wrong: list[dict[str, Any]]) -> None:
    path = write(tmp_path / "p.jsonl", wrong)

    assert refused(path).endswith(f"'Rome' at {wrong[0]['start']}..{wrong[0]['end']}; {CORRECT}")


def test_a_folder_of_predictions_is_read_with_right_mentions(tmp_path: Path) -> None:
    write(tmp_path / "predictions.jsonl", [mention("Rome", 2, 6), mention("Oslo", 10, 14), mention("遇见", 7, 9)], [])

    assert [document.id for document in read_gold_or_predicted(tmp_path)] == ["d1", "d2"]


def test_what_is_wrong_in_another_way_keeps_its_message(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"id": "d", "text": "a", "relations": [{"type": "r", "head": 0, "tail": 0}]}\n', encoding="utf-8")

    with pytest.raises(DocumentError) as caught:
        read_gold_or_predicted(path)
    assert str(caught.value) == f"{path}:1: document 'd': relation 'r' points to entity 0, there are 0."


def test_the_first_misplaced_mention_is_told_where_a_later_line_cannot_be_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "p.jsonl", [mention("Rome", 3, 7)])
    with path.open("a", encoding="utf-8") as file:
        file.write('{"id": "d2"}\n')

    with pytest.raises(DocumentError) as caught:
        read_gold_or_predicted(path)
    assert str(caught.value) == f"{path}:2: document 'd1': mention 'Rome' at 3..7, but the text has 'ome ' there."
