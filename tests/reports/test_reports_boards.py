"""Boards drawn: terminal, Markdown, JSON, and the table of docs."""

import json
from pathlib import Path

from rich.console import Console

from uie.reports.boards import board_to_json, board_to_markdown, boards_table, print_board, save_board
from uie.scoring.boards import Block, Board, BoardCorpus, BoardRun, Line, Published
from uie.scoring.uncertainty import Interval, Intervals

BOARD = Board(
    "b",
    "News_board",
    (BoardCorpus("news", tasks=("NER",)),),
    published=(Published("Tagger", 81.5, "news", "dev", "NER", "entities", "strict", 2020, "Lee (2020), table 2", "a list"),),
)
_WIDE = Interval(0.4, 0.6)
RUN = BoardRun(
    BOARD,
    "mine",
    (),
    (
        Block(
            "news",
            "test",
            "NER",
            "entities",
            1000,
            (
                Line("mine", "ours", "test", "strict", 0.5, 0.4, 2 / 3, Intervals(_WIDE, _WIDE, _WIDE)),
                Line("lookup of training mentions", "lookup", "test", "strict", 0.1, 0.1, 0.1),
                Line("Tagger", "published", "dev", "strict", 0.815, mark="of split dev", year=2020, source="Lee (2020), table 2"),
            ),
        ),
    ),
    ("a note",),
    {"board": "b", "model": "mine", "engine": "echo"},
    10.0,
)


def shown(width: int = 100) -> list[str]:
    console = Console(width=width, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        print_board(RUN, console)
        return [line.rstrip() for line in console.export_text().splitlines()]


def test_the_terminal_shows_a_block_with_marks_and_sources() -> None:
    assert shown() == [
        "News_board",
        "board b · model mine · engine echo · 100.0 documents/s",
        "",
        "news, test: entities (1,000 documents)",
        "system                      rule       P     R        F1      95 %",
        "──────────────────────────────────────────────────────────────────",
        "mine                        strict 40.00 66.67     50.00 40.0–60.0",
        "lookup of training mentions strict 10.00 10.00     10.00",
        "Tagger, 2020                strict             81.50 [a]",
        "a does not compare: of split dev.",
        "Tagger, 2020: Lee (2020), table 2",
        "",
        "a note",
    ]


def test_it_fits_a_narrow_terminal() -> None:
    assert max(map(len, shown(width=60))) <= 60


def test_markdown_says_the_same() -> None:
    assert board_to_markdown(RUN).splitlines() == [
        "## News\\_board",
        "",
        "board b · model mine · engine echo · 100.0 documents/s",
        "",
        "**news, test: entities (1,000 documents)**",
        "",
        "| system | rule | P | R | F1 | 95 % |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        "| mine | strict | 40.00 | 66.67 | 50.00 | 40.0–60.0 |",
        "| lookup of training mentions | strict | 10.00 | 10.00 | 10.00 |  |",
        "| Tagger, 2020 | strict |  |  | 81.50 [a] |  |",
        "",
        "- a does not compare: of split dev.",
        "",
        "- Tagger, 2020: Lee (2020), table 2",
        "",
        "> a note",
    ]


def test_json_holds_every_line() -> None:
    found = board_to_json(RUN)

    assert found["version"] == 1
    assert [line["f1"] for line in found["blocks"][0]["lines"]] == [0.5, 0.1, 0.815]
    assert found["blocks"][0]["lines"][0] == {
        "system": "mine",
        "kind": "ours",
        "split": "test",
        "rule": "strict",
        "precision": 0.4,
        "recall": 2 / 3,
        "f1": 0.5,
        "f1_low": 0.4,
        "f1_high": 0.6,
        "mark": "",
        "year": None,
        "source": "",
    }


def test_both_can_be_saved(tmp_path: Path) -> None:
    save_board(RUN, tmp_path)

    assert json.loads((tmp_path / "board.json").read_text(encoding="utf-8")) == board_to_json(RUN)
    assert (tmp_path / "board.md").read_text(encoding="utf-8") == board_to_markdown(RUN)


def test_the_table_of_docs_names_figures_and_sources() -> None:
    assert boards_table([BOARD]).splitlines() == [
        "| board | corpora | rules | published F1 | source |",
        "| --- | --- | --- | --- | --- |",
        "| `b`: News_board | news test: NER | strict | Tagger, entities: 81.50 (dev, strict, 2020) | Lee (2020), table 2 (a list) |",
    ]
    assert "`wnut17`" in boards_table()
