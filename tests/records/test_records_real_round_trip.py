"""Every document of the real corpora through `lines` and back: no string is lost, and how many places are is frozen here."""

import os
from pathlib import Path

import pytest

from uie.corpora.config import load_dataset_config
from uie.corpora.reading import read_files
from uie.documents import Document
from uie.formats import FORMATS
from uie.parsing.assembling import Answered, predicted_document
from uie.prompting import load_prompt
from uie.records.asking import asker, prompt_language
from uie.scoring.score import score
from uie.tasks import TASKS

# (corpus, task): documents, gold items of the main measure, and how many of them come back at another place than gold has them
# (a repeated string whose gold place is not the next one; discontinuous mentions; events with the same trigger). `lines` writes
# no occurrence numbers, so this is what it costs. duie_spo has no places to lose: it is compared by string.
FROZEN = {
    ("sample_en", "NER"): (285, 1315, 0),
    ("sample_en", "RE"): (285, 388, 8),
    ("sample_en", "EE"): (285, 613, 2),
    ("sample_zh", "NER"): (100, 414, 0),
    ("sample_zh", "RE"): (100, 119, 1),
    ("sample_zh", "EE"): (100, 148, 1),
    ("wnut17", "NER"): (5690, 3890, 13),
    ("conll04_json", "NER"): (1441, 5349, 20),
    ("conll04_json", "RE"): (1441, 2048, 19),
    ("msra_bio", "NER"): (6442, 11201, 152),
    ("msra_instruct", "NER"): (1000, 643, 9),
    ("cluener2020", "NER"): (12091, 27043, 164),
    ("duie_spo", "RE"): (3601, 7366, 0),
    ("phee", "EE"): (3859, 21442, 664),
    ("duee", "EE"): (1492, 3682, 67),
}
MAIN_MEASURE = {"NER": "entities", "RE": "relations boundary", "EE": "argument classification"}


def documents(name: str) -> list[Document]:
    config = load_dataset_config(name)
    root = os.environ.get("UIE_CORPORA")
    if not config.shipped and not root:
        pytest.skip("UIE_CORPORA does not name the folder of the real corpora")
    return [d for split in config.splits for d in read_files(config, split, data_root=Path(root) if root else None)]


@pytest.mark.parametrize(("name", "task"), FROZEN, ids=lambda value: value)
def test_a_gold_answer_comes_back_whole_and_what_loses_its_place_is_known(name: str, task: str) -> None:
    config, lines = load_dataset_config(name), FORMATS.get("lines")
    lang = prompt_language(config.lang)
    ask = asker(task, config.schema(lang), load_prompt(f"{task.lower()}/default.{lang}"), "lines").ask
    gold = documents(name)

    predicted = []
    for document in gold:
        record = ask(document)
        assert record.answer is not None
        answer, problems = lines.decode(record.answer, record.question())
        expected = TASKS.get(task).gold(document)
        assert expected is not None
        assert answer == expected.without_occurrences(), document.id
        assert problems == (), document.id
        predicted.append(predicted_document([Answered(record, record.answer)]))

    row = score(gold, predicted).row(name, task, MAIN_MEASURE[task])
    assert row is not None
    assert row.rule == ("string" if name == "duie_spo" else "strict")
    counts = row.counts
    assert counts.false_positive == counts.false_negative
    assert (len(gold), counts.true_positive + counts.false_negative, counts.false_negative) == FROZEN[name, task]
