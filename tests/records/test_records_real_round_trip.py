"""Gold answers of ten corpora through every format and back: what is lost stands in tests/data/losses.json, and ours lose no string.

The file holds what 50 drawn documents of each corpus lose; write it anew when a task or a format came or went:

    uie records losses cluener2020 conll04_json duee duie_spo msra_bio msra_instruct phee sample_en sample_zh wnut17 \
      --data-root "$UIE_CORPORA" --limit 50 --json > tests/data/losses.json

Ten and not all that are registered: see tests/ten_corpora.py.
"""

import json
import os
from collections import Counter
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ten_corpora import TEN

from uie.cli.record_losses import loss_rows
from uie.corpora.config import load_dataset_config
from uie.corpora.reading import read_files
from uie.formats import FORMATS
from uie.parsing.losses import Case, cases, lost
from uie.records.asking import prompt_language
from uie.tasks.question import Answer

FROZEN = json.loads((Path(__file__).parent.parent / "data" / "losses.json").read_text(encoding="utf-8"))
OURS = tuple(name for name in FORMATS if "." not in name)
"""A dialect has the name of its family before a dot."""
GROUPING = ("json", "typed")
"""They write what is alike together, so that items come back in another order."""
WITH_PLACES = ("json_spans", "markup")
"""They lose no place that a string can have."""


def data_root(name: str) -> Path | None:
    root = os.environ.get("UIE_CORPORA")
    if not load_dataset_config(name).shipped and not root:
        pytest.skip("UIE_CORPORA does not name the folder of the real corpora")
    return Path(root) if root else None


@pytest.mark.parametrize("name", TEN)
def test_what_each_format_loses_of_each_task_is_known(name: str) -> None:
    rows = loss_rows([name], data_root=data_root(name), limit=FROZEN["limit"])

    assert rows, name
    assert rows == [row for row in FROZEN["rows"] if row["corpus"] == name], "write tests/data/losses.json anew"


def test_ours_lose_no_string_of_any_task_and_report_nothing() -> None:
    rows: list[dict[str, Any]] = FROZEN["rows"]

    assert {row["corpus"] for row in rows} == set(TEN)
    assert len(OURS) == 7
    assert {name for row in rows for name in row["strings"]} == set(FORMATS)
    assert [row for row in rows if any(row["strings"].get(name) or row["problems"].get(name) for name in OURS)] == []


@cache
def annotated(name: str) -> dict[str, list[Case]]:
    """Every document of a corpus, asked what it is annotated for."""
    config = load_dataset_config(name)
    documents = [d for split in config.splits for d in read_files(config, split, data_root=data_root(name))]
    return {task: cases(documents, config.schema(prompt_language(config.lang)), task) for task in config.tasks}


def any_order(answer: Answer) -> tuple[Hashable, ...]:
    frames = ((frame.type, frame.trigger, frozenset(Counter(frame.fillers).items())) for frame in answer.frames)
    return tuple(frozenset(Counter(items).items()) for items in (answer.mentions, answer.triples, frames))


def unreachable(case: Case, kind: str) -> int:
    """Items whose place no string leads back to: discontinuous ones, and all but one of those that are the same in every respect."""
    places = case.places[kind]
    return sum(count if "apart" in flat(item) else count - 1 for item, count in places.items())


def flat(item: Hashable) -> list[Hashable]:
    return [part for inner in item for part in flat(inner)] if isinstance(item, tuple) else [item]


@pytest.mark.slow
@pytest.mark.parametrize("format_name", OURS)
@pytest.mark.parametrize("name", TEN)
def test_the_gold_answer_of_every_document_comes_back_from_every_format_of_ours(name: str, format_name: str) -> None:
    one = FORMATS.get(format_name)

    for task, asked in annotated(name).items():
        for case in asked if task in one.TASKS else ():
            written = one.encode(case.gold, case.question)
            answer, problems = one.decode(written, case.question)
            strings, gold = answer.without_occurrences(), case.gold.without_occurrences()
            assert strings == gold or (format_name in GROUPING and any_order(strings) == any_order(gold)), written
            assert problems == (), written
            if format_name in WITH_PLACES:
                places = [loss.offsets <= unreachable(case, kind) for kind, loss in lost(case, answer).items()]
                assert all(places), (case.question.text, written)
