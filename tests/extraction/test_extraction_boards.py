"""Boards run with a model that answers gold, and with predictions that are there."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from gold_echo import GoldEcho
from small_corpora import corpus

from uie.corpora.config import dataset_names
from uie.documents import document_to_json
from uie.errors import CorpusError, ScoringError, SettingsError
from uie.extraction.boards import run_board
from uie.extraction.evaluation import read_gold_or_predicted
from uie.scoring.boards import BoardRun
from uie.storage import write_jsonl

CORPORA = os.environ.get("UIE_CORPORA")


def board(folder: Path, *, rules: tuple[str, ...] = ("strict",), published: float | None = None, **of_corpus: Any) -> str:
    """A board of one corpus; dev is as the corpus has it, test is cut from train."""
    texts = ["Ann/PER lives in Rome/LOC.", "Bob/PER sleeps.", "Kim/PER went to Oslo/LOC.", "Rain fell."]
    name = corpus(folder, "news", {"train": texts * 4, "dev": texts}, tasks=("NER",), cut={"test": {"of": "train", "share": 0.5}})
    one = {"corpus": name, "split": "dev", "tasks": ["NER"], **of_corpus}
    figure = {
        "system": "Tagger",
        "figure": published,
        "corpus": name,
        "split": one["split"],
        "task": "NER",
        "measure": "entities",
        "rule": "strict",
        "year": 2020,
        "source": "Lee (2020), table 2",
    }
    value = {"name": "b", "title": "B", "corpora": [one], "rules": list(rules), "published": [figure] if published else []}
    path = folder / "b.yaml"
    path.write_text(yaml.safe_dump(value), encoding="utf-8")
    return str(path)


def run(name: str, out: Path, *, echo: GoldEcho | None = None, **more: Any) -> BoardRun:
    return run_board(name, model="echo", answerer=echo or GoldEcho(), out=out, resamples=50, **more)  # type: ignore[arg-type]


def test_a_model_is_asked_and_scored_beside_the_baseline_and_published_figures(tmp_path: Path) -> None:
    found = run(board(tmp_path, published=80.0), tmp_path / "out")

    (block,) = found.blocks
    assert (block.split, block.measure, block.documents) == ("dev", "entities", 4)
    # The lookup knows every mention of dev from train, where each always is one.
    assert [(line.system, line.f1, line.mark) for line in block.lines] == [
        ("echo", 1.0, ""),
        ("lookup of training mentions", 1.0, ""),
        ("Tagger", 0.8, ""),
    ]
    assert block.lines[0].intervals is not None
    assert (found.system, found.facts["engine"], found.seconds is not None) == ("echo", "echo", True)


def test_a_cut_split_is_marked(tmp_path: Path) -> None:
    (block,) = run(board(tmp_path, published=80.0, split="test"), tmp_path / "out").blocks

    assert {line.system: line.mark for line in block.lines} == {
        "echo": "a split that was cut by uie, of which nothing is published",
        "lookup of training mentions": "",
        "Tagger": "of the whole split",
    }


def test_what_a_split_lost_to_a_cut_can_be_scored_whole(tmp_path: Path) -> None:
    found = run(board(tmp_path, published=80.0, split="train", whole=True), tmp_path / "out")

    assert found.blocks[0].documents == 16
    assert {line.mark for line in found.blocks[0].lines} == {""}
    assert found.notes == ("news: no training documents, so no lookup baseline.",)


def test_a_limit_is_marked(tmp_path: Path) -> None:
    (block,) = run(board(tmp_path, published=80.0), tmp_path / "out", limit=3).blocks

    assert block.documents == 3
    assert (block.lines[0].mark, block.lines[-1].mark) == ("the first 3 of 4 documents", "of the whole split")


def test_a_board_goes_on_where_it_stopped(tmp_path: Path) -> None:
    name = board(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        run(name, tmp_path / "out", echo=GoldEcho(dies_after=1))
    echo = GoldEcho()

    found = run(name, tmp_path / "out", echo=echo)

    assert len(echo.asked) == 3
    assert found.blocks[0].lines[0].f1 == 1.0


def test_a_rule_of_strings_gets_what_was_generated(tmp_path: Path) -> None:
    """The answers are of a wording that IEPile's rule reads, and are no JSON without their last bracket; our parser reads them."""
    name = board(tmp_path, rules=("strict", "iepile"))

    found = run(name, tmp_path / "out", echo=GoldEcho(lambda record: (record.answer or "")[:-1]), format="json.iepile")

    ours = {line.rule: line.f1 for line in found.blocks[0].lines if line.kind == "ours"}
    assert ours == {"strict": 1.0, "iepile": 0.0}


def test_predictions_that_are_there_are_scored(tmp_path: Path) -> None:
    name = board(tmp_path)
    run(name, tmp_path / "out")
    predicted = read_gold_or_predicted(next((tmp_path / "out").glob("**/predicted")))
    path = tmp_path / "all.jsonl"
    write_jsonl(
        path,
        (
            document_to_json(document)
            for document in [*predicted, predicted[0].called("other", dataset="", split="", lang="en", meta={})]
        ),
    )

    found = run_board(name, predicted=path, resamples=50, system="mine")

    assert [(line.system, line.f1) for line in found.blocks[0].lines][0] == ("mine", 1.0)
    assert (found.seconds, found.facts["predicted"]) == (None, str(path))


def test_predictions_that_are_missing_are_an_error(tmp_path: Path) -> None:
    name = board(tmp_path)
    run(name, tmp_path / "out")
    predicted = read_gold_or_predicted(next((tmp_path / "out").glob("**/predicted")))
    some, none = tmp_path / "some.jsonl", tmp_path / "none.jsonl"
    write_jsonl(some, (document_to_json(document) for document in predicted[1:]))
    none.write_text("", encoding="utf-8")

    with pytest.raises(ScoringError, match=r"gold documents without a prediction: 1 of 4, such as 'news/dev/0'"):
        run_board(name, predicted=some)
    with pytest.raises(ScoringError) as error:
        run_board(name, predicted=none)

    assert str(error.value) == f"{none}: no prediction of news, split dev: none of its ids, such as 'news/dev/0', is there."


@pytest.mark.parametrize("given", [{}, {"model": "m", "predicted": Path("p")}])
def test_a_board_needs_a_model_or_predictions(given: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as error:
        run_board("sample", **given)

    assert str(error.value) == "a board needs either a model or predictions; give one of --model and --predicted."


@pytest.mark.parametrize(
    ("of_corpus", "message"),
    [
        ({"split": "tset"}, "news: No split is named 'tset'. Did you mean 'test'? Known: dev, test, train."),
        ({"split": "test", "whole": True}, "news: the split 'test' has no files of its own, which `whole` asks for."),
        ({"tasks": ["NER", "RE"]}, "news: tasks: the corpus annotates NER, not RE."),
    ],
)
def test_a_board_must_fit_its_corpus(tmp_path: Path, of_corpus: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as error:
        run(board(tmp_path, **of_corpus), tmp_path / "out")

    assert str(error.value) == message


def test_the_sample_board_needs_nothing(tmp_path: Path) -> None:
    found = run("sample", tmp_path, limit=3)

    assert {block.corpus for block in found.blocks} == {"sample_en", "sample_zh"}
    assert {block.measure for block in found.blocks} == {
        "entities",
        "relations boundary",
        "trigger classification",
        "argument classification",
    }


def test_a_corpus_that_is_not_there_names_the_option() -> None:
    with pytest.raises(CorpusError, match=r"^wnut17: .* give --data-root DIR\.$"):
        run_board("wnut17", predicted=Path("p"))


def test_boards_are_no_corpora() -> None:
    assert not [name for name in dataset_names() if "/" in name]


@pytest.mark.skipif(not CORPORA, reason="UIE_CORPORA is not set to the folder of the real corpora")
@pytest.mark.parametrize(
    ("name", "documents", "published"),
    [("wnut17", 1287, 5), ("conll04", 288, 2), ("cluener2020", 1343, 3)],
)
def test_a_real_board_scores_the_split_that_figures_were_published_of(
    tmp_path: Path, name: str, documents: int, published: int
) -> None:
    found = run(name, tmp_path, data_root=Path(CORPORA or ""))

    lines = [line for block in found.blocks for line in block.lines]
    assert {block.documents for block in found.blocks} == {documents}
    assert {line.mark for line in lines if line.kind == "ours"} == {""}
    assert len([line for line in lines if line.kind == "published"]) == published
    assert [line.mark for line in lines if line.mark] == (["of split test"] if name == "cluener2020" else [])
    assert max(line.f1 for line in lines if line.kind == "ours") > 0.98
