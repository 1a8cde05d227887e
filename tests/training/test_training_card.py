"""The card that a run leaves behind."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from uie.documents import Document, Entity, Mention
from uie.models.sources import ModelSource
from uie.records.record import Record
from uie.scoring.score import score
from uie.training.asked import origin_of
from uie.training.card import base_licence, card, note_evaluation
from uie.training.folder import RunResult
from uie.training.run import train
from uie.training.settings import LoraSettings, TrainSettings


@pytest.fixture
def settings(tmp_path: Path) -> TrainSettings:
    return TrainSettings(
        model="smollm2-135m-q4", train=tmp_path / "train.jsonl", out=tmp_path / "my_run|1", dev=tmp_path / "dev.jsonl"
    )


@pytest.fixture
def result(settings: TrainSettings) -> RunResult:
    weights = settings.out / "adapter"
    return RunResult(settings.out, weights, 1200, 2, 1, 0.25, 0.5, 61.4, "cpu", "float32", f1=0.4321, best_step=1100)


def record(number: int, dataset: str) -> Record:
    return Record("Who?", "x", "None", id=f"{dataset}#{number}", dataset=dataset, split="train", task="NER", text="x")


def drawn(settings: TrainSettings, result: RunResult, **records: list[Record]) -> list[str]:
    parts = {part: Counter(map(origin_of, found)) for part, found in records.items()}
    source = ModelSource(settings.model, "model", settings.out.parent, settings.out.parent)
    return card(settings, result, source, parts, {"trained_parameters": 4321}).splitlines()


def test_it_names_base_corpora_licences_and_figures(settings, result):
    lines = drawn(
        settings, result, train=[record(1, "wnut17"), record(2, "wnut17"), record(3, "mine_own")], dev=[record(4, "wnut17")]
    )

    assert lines[0] == "# my\\_run\\|1"
    assert "| smollm2-135m-q4 | Apache-2.0 |" in lines
    assert "| train | wnut17 | train | NER | CC BY 4.0 | leondz/emerging\\_entities\\_17 | 2 |" in lines
    assert "| train | mine\\_own | train | NER | unknown | unknown | 1 |" in lines
    assert "| dev | wnut17 | train | NER | CC BY 4.0 | leondz/emerging\\_entities\\_17 | 1 |" in lines
    assert [line for line in lines if line.startswith("- ")] == [
        "- wnut17: Derczynski, Nichols, van Erp, Limsopatham (2017): Results of the WNUT2017 Shared Task on Novel and Emerging Entity "
        "Recognition. W-NUT."
    ]
    assert "| steps | 1,200 |" in lines
    assert "| records | 2 (1 set aside) |" in lines
    assert "| trained parameters | 4,321 |" in lines
    assert "| F1 on dev | 43.21 (weights of step 1,100) |" in lines
    assert "| learning\\_rate | 0.0002 |" in lines
    assert "None yet; `uie eval --model` notes them here." in lines
    assert f"    uie chat --model {settings.out}" in lines


def test_records_that_name_no_corpus_are_unknown(settings, result):
    lines = drawn(settings, replace(result, f1=None, dev_loss=None), train=[Record("Who?", "x", "None", id="a#1")])

    assert "| train | (none named) |  |  | unknown | unknown | 1 |" in lines
    assert not [line for line in lines if "dev" in line]


def test_the_licence_of_a_folder_is_that_of_its_own_card(tmp_path):
    assert base_licence("folder", tmp_path) == "unknown"

    (tmp_path / "README.md").write_text("---\nlanguage: en\nlicense: apache-2.0\n---\n# A model\nlicense: mit\n", encoding="utf-8")

    assert base_licence("folder", tmp_path) == "apache-2.0"


def test_every_run_leaves_one(tiny_model, records_file, tmp_path):
    settings = TrainSettings(
        model=str(tiny_model), train=records_file, dev=records_file, out=tmp_path / "run", max_steps=1, precision="fp32",
        batch_size=2, micro_batch=2, learning_rate=1e-2, warmup_share=0.0, lora=LoraSettings(r=2),
    )  # fmt: skip

    result = train(settings)

    text = (settings.out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert text.startswith("# run\n")
    assert f"| last loss | {result.loss:.4f} nats a graded token |" in text
    assert "| dev | (none named) |  |  | unknown | unknown | 8 |" in text


def document(id: str, *types: str) -> Document:
    text = "Ann met Bob."
    spans = ((0, 3), (8, 11))
    mentions = [Mention(text[start:end], start, end) for start, end in spans]
    return Document(id, text, "mine", entities=tuple(Entity(mention, type) for mention, type in zip(mentions, types, strict=False)))


def test_an_evaluation_is_noted_once_and_again_instead_of_the_one_before(settings, result):
    settings.out.mkdir()
    path = settings.out / "MODEL_CARD.md"
    path.write_text("\n".join(drawn(settings, result, train=[record(1, "mine")])), encoding="utf-8")
    gold = [document("1", "person", "person"), document("2", "person")]

    note_evaluation(settings.out, "a/test.jsonl", score(gold, [document("1"), document("2")]))
    note_evaluation(settings.out, "a/test.jsonl", score(gold, [document("1", "person"), document("2", "person")]))
    note_evaluation(settings.out, "b/test.jsonl", score(gold, gold))

    lines = path.read_text(encoding="utf-8").splitlines()
    begin, end = lines.index("<!-- evaluations -->"), lines.index("<!-- /evaluations -->")
    assert lines[begin + 1] == "| records | rule | measure | documents | precision | recall | F1 | 95 % interval |"
    assert [line.rpartition(" | ")[0] for line in lines[begin + 3 : end]] == [
        "| a/test.jsonl | strict | mine NER entities | 2 | 100.00 | 66.67 | 80.00",
        "| b/test.jsonl | strict | mine NER entities | 2 | 100.00 | 100.00 | 100.00",
    ]
    assert lines[end + 2] == "## Versions"


def test_a_folder_without_a_card_gets_none(tmp_path):
    gold = [document("1", "person", "person")]

    note_evaluation(tmp_path, "test.jsonl", score(gold, gold))

    assert list(tmp_path.iterdir()) == []
