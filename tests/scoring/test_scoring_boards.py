"""Boards: what they hold, and which figures may stand side by side."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from uie.documents import Document, Entity, Mention
from uie.errors import SettingsError
from uie.scoring.boards import Block, Board, BoardCorpus, Published, Scored, blocks, board_names, load_board
from uie.scoring.score import score
from uie.scoring.scores import Scores

PUBLISHED = {
    "system": "Tagger",
    "figure": 81.5,
    "corpus": "news",
    "split": "test",
    "task": "NER",
    "measure": "entities",
    "rule": "strict",
    "year": 2020,
    "source": "Lee (2020), table 2",
}


def board(*published: dict[str, Any], rules: tuple[str, ...] = ("strict",)) -> Board:
    figures = tuple(Published(**{**PUBLISHED, **one}) for one in published)
    return Board("b", "B", (BoardCorpus("news"),), rules=rules, published=figures)


def scores(rule: str = "strict", right: bool = True) -> Scores:
    mention = Mention("Ann", 0, 3)
    gold = Document("d", "Ann ran.", "news", entities=(Entity(mention, "PER"),))
    predicted = Document("d", "Ann ran.", "news", entities=(Entity(mention, "PER" if right else "LOC"),))
    return score([gold], [predicted], rule=rule)


def table(made: Board, *, why_not: str = "") -> Block:
    ours = {rule: scores(rule) for rule in made.rules}
    result = Scored(made.corpora[0], 1, ours, {rule: scores(rule, right=False) for rule in made.rules}, why_not)
    (block,) = blocks(made, [result], system="mine")
    return block


def marks(block: Block) -> dict[str, str]:
    return {line.system: line.mark for line in block.lines}


def test_every_shipped_board_can_be_read() -> None:
    boards = {name: load_board(name) for name in board_names()}

    assert set(boards) >= {"wnut17", "conll04", "cluener2020", "sample"}
    assert {name: len(found.published) for name, found in boards.items() if name in ("sample", "wnut17")} == {
        "sample": 0,
        "wnut17": 5,
    }
    assert all(figure.source and figure.year for found in boards.values() for figure in found.published)
    assert all(found.name == name for name, found in boards.items())


def test_ours_stands_first_then_the_baseline_then_published_figures_the_best_first() -> None:
    block = table(board({"system": "worse", "figure": 50.0}, {"system": "better"}))

    assert [(line.system, line.kind, line.f1) for line in block.lines] == [
        ("mine", "ours", 1.0),
        ("lookup of training mentions", "lookup", 0.0),
        ("better", "published", 0.815),
        ("worse", "published", 0.5),
    ]


def test_a_figure_of_the_same_split_and_rule_has_no_mark() -> None:
    assert marks(table(board({}))) == {"mine": "", "lookup of training mentions": "", "Tagger": ""}


@pytest.mark.parametrize(
    ("published", "mark"),
    [
        ({"split": "dev"}, "of split dev"),
        ({"rule": "string"}, "by the rule string, which was not used here"),
        ({"average": "macro"}, "macro average"),
        ({"split": "dev", "rule": "string"}, "of split dev; by the rule string, which was not used here"),
    ],
)
def test_a_figure_of_something_else_is_marked(published: dict[str, Any], mark: str) -> None:
    assert marks(table(board(published)))["Tagger"] == mark


def test_a_split_that_is_not_whole_marks_both_sides() -> None:
    found = marks(table(board({}), why_not="the first 1 of 2 documents"))

    assert (found["mine"], found["Tagger"]) == ("the first 1 of 2 documents", "of the whole split")


def test_without_published_figures_nothing_needs_a_mark() -> None:
    assert set(marks(table(board(), why_not="the first 1 of 2 documents")).values()) == {""}


def test_every_rule_has_its_lines() -> None:
    block = table(board({"rule": "cluener", "average": "macro"}, rules=("strict", "cluener")))

    assert [(line.kind, line.rule, line.mark) for line in block.lines] == [
        ("ours", "strict", ""),
        ("ours", "cluener", ""),
        ("lookup", "strict", ""),
        ("lookup", "cluener", ""),
        ("published", "cluener", ""),
    ]


def write(path: Path, **changes: Any) -> str:
    value = {"name": "b", "title": "B", "corpora": [{"corpus": "news"}], "published": [PUBLISHED], **changes}
    path.write_text(yaml.safe_dump(value), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rules": ["stric"]}, "rules: No scoring rule is named 'stric'. Did you mean 'strict' or 'string'?"),
        ({"corpora": []}, "corpora: expected one entry for each corpus, at least one."),
        (
            {"published": [{**PUBLISHED, "corpus": "new"}]},
            "published.0.corpus: No corpus of this board is named 'new'. Did you mean 'news'? Known: news.",
        ),
        (
            {"published": [{**PUBLISHED, "measure": "entity"}]},
            "published.0.measure: No measure of NER is named 'entity'. Did you mean 'entities'? Known: entities.",
        ),
        ({"published": [{**PUBLISHED, "figure": 0.815}]}, "published.0.figure: expected a percentage, such as 71.47, found 0.815."),
        ({"published": [{**PUBLISHED, "source": " "}]}, "published.0.source: a figure needs to say where it stands."),
        ({"titel": "B"}, "titel: unknown key"),
    ],
)
def test_a_mistake_in_a_board_is_named(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    path = write(tmp_path / "b.yaml", **changes)

    with pytest.raises(SettingsError) as error:
        load_board(path)

    assert str(error.value).startswith(f"{path}: {message}")


def test_a_board_that_is_not_there_has_neighbours() -> None:
    with pytest.raises(SettingsError) as error:
        load_board("wnut7")

    assert str(error.value) == ("No board is named 'wnut7'. Did you mean 'wnut17'? Known: cluener2020, conll04, sample, wnut17.")
