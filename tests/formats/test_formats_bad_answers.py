"""Hand-written bad answers (tests/data/bad_answers/): each is read as far as a reader could read it, and what was wrong is named."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from made_up import asked

from uie.formats import FORMATS, format_for
from uie.tasks.items import items_of

FOLDER = Path(__file__).resolve().parent.parent / "data" / "bad_answers"


def cases() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        for number, case in enumerate(yaml.safe_load(path.read_text(encoding="utf-8"))):
            found.append(pytest.param(case, id=f"{path.stem}-{number}-{case['about']}"))
    return found


@pytest.mark.parametrize("case", cases())
def test_a_bad_answer_is_read_as_far_as_it_can_be(case: dict[str, Any]) -> None:
    """`raw` is the answer to question `number` (default 0) of the task; `read` its rows; `problems` the kinds, in any order."""
    question, _ = asked(case["task"], case.get("lang", "en"))[case.get("number", 0)]

    answer, problems = format_for(case["format"], case["task"]).decode(case["raw"], question)

    read = []
    for one in items_of(answer, question):
        read.append([field.text for field in one.fields])
        read += [["-", *(field.text for field in child.fields)] for child in one.children]
    assert read == case["read"]
    assert sorted(problem.kind for problem in problems) == sorted(case["problems"])


def test_there_are_three_hundred_of_them_and_some_for_each_format() -> None:
    formats = [case.values[0]["format"] for case in cases()]

    assert len(formats) >= 300
    assert set(formats) == set(FORMATS)
