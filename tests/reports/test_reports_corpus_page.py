"""The card of a corpus: its sentences and tables in a terminal, its page's data, and what a real browser shows of it."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from uie.corpora.card import CorpusCard, LengthBin, MentionCard, SplitCard, Together, TypeCard
from uie.corpora.repeats import Repeats
from uie.reports.corpus_card import print_card, share_text, shares, warnings
from uie.reports.corpus_page import corpus_page, page_data

EVIL = "</script><b>bold</b>"


def split(name: str, documents: int, entities: int, *, empty: int = 0, cut: str = "") -> SplitCard:
    counts = {"documents": documents, "entities": entities, "relations": 0, "events": 0, "arguments": 0}
    return SplitCard(name, counts, empty, cut, {"least": 3, "median": 20, "most": 1200})


def type_card(label: str, *, train: int, test: int, kind: str = "entity", example: str = "Ann", within: str = "") -> TypeCard:
    return TypeCard(kind, label, within, f"{label}s", "what it is", {"train": train, "test": test}, example)


CARD = CorpusCard(
    name="mine",
    title=f"Mine {EVIL}",
    lang="en",
    tasks=("NER",),
    layout="documents",
    licence="CC0",
    citation="",
    origins=("ann/corpus",),
    note="Invented.",
    join="",
    splits=(split("train", 90, 300, empty=9), split("test", 10, 20, cut="cut from train (10 %)")),
    types=(type_card("place", train=100, test=5, example=EVIL), type_card("person", train=200, test=15)),
    mentions=MentionCard(
        mentions=320, places=300, nested=30, crossing=0, several_types=1, discontinuous=0, ungrounded=16, repeated=8
    ),
    lengths=(LengthBin(0, 99, {"train": 89, "test": 10}), LengthBin(100, None, {"train": 1, "test": 0})),
    together=(Together("entity", ("person", "place"), ((80, 40), (40, 50))),),
    repeats=(Repeats("train", "train", False, 2, "f:2", "f:1"), Repeats("train", "test", True, 1, "g:7", "f:3")),
    differing=2,
    unreadable=1,
)


def drawn(card: CorpusCard, *, width: int = 80, **more: Any) -> str:
    out = io.StringIO()
    print_card(card, Console(file=out, width=width), **more)
    return out.getvalue()


def test_shares_of_mentions_are_told_in_sentences() -> None:
    assert list(shares(CARD)) == [
        "9.0 % of 100 documents hold nothing that is annotated.",
        "Of 300 places of mentions, 10.0 % lie inside a longer one, none cross another one, 0.3 % have several types.",
        "Of 320 mentions, none are discontinuous, 5.0 % have no place in the text, 2.5 % have a string that is a mention elsewhere in the text too.",
    ]


def test_a_small_share_does_not_look_like_nothing() -> None:
    assert [share_text(times, 100_000) for times in (0, 3, 50, 50_000)] == ["none", "3", "0.1 %", "50.0 %"]


def test_warnings_tell_cut_splits_repeats_and_leakage() -> None:
    assert list(warnings(CARD)) == [
        "test is not as its makers have it: cut from train (10 %). Do not compare scores on it with published ones.",
        "2 documents of train repeat the text of an earlier one.",
        "Leakage: 1 text of test stands in train too, nearly the same.",
        "2 texts stand in several places with different annotations.",
        "1 line or item cannot be read: uie corpora check mine tells which.",
    ]


def test_the_terminal_shows_types_most_frequent_first_and_fits_eighty_columns() -> None:
    said = drawn(CARD)

    assert max(len(line) for line in said.splitlines()) <= 80
    assert said.index("person") < said.index("place ")
    assert re.search(r"test\* +10 +20 +0.0 %", said)
    assert re.search(r"1 more +105", drawn(CARD, most_types=1))
    assert "licence: CC0" in said


def test_the_page_holds_its_data_and_asks_for_nothing() -> None:
    page = corpus_page(CARD)

    assert EVIL not in page
    assert "default-src 'none'" in page
    assert re.findall(r"(?:src|href)=\"(?!#|data:)[^\"]+", page) == []
    data = json.loads(re.search(r'<script type="application/json" id="report">(.*?)</script>', page, re.DOTALL)[1])
    assert data == json.loads(json.dumps(page_data(CARD)))


def test_the_page_tells_what_the_terminal_tells() -> None:
    data = page_data(CARD)

    assert [card["value"] for card in data["cards"]] == ["100", "320", "9.0 %", "1"]
    assert [line["label"] for line in data["types"][0]["lines"]] == ["person", "place"]
    assert [bin["name"] for bin in data["lengths"]] == ["0–99", "100+"]
    assert data["shares"][0] == {"name": "inside a longer one", "share": 0.1, "value": "10.0 %", "said": "30 of 300 places"}
    assert len(data["warnings"]) == 4
    assert [one["where"] for one in data["repeats"]] == ["f:2", "g:7"]


def test_a_browser_draws_all_of_it_without_a_complaint(chromium: Any, tmp_path: Path) -> None:
    from selenium.webdriver.common.by import By

    path = tmp_path / "card.html"
    path.write_text(corpus_page(CARD), encoding="utf-8")
    chromium.get_log("browser")

    chromium.get(path.as_uri())

    def texts(selector: str) -> list[str]:
        return [node.text for node in chromium.find_elements(By.CSS_SELECTOR, selector)]

    assert texts("h1") == [f"Mine {EVIL}"]
    assert texts("main h2") == ["Splits", "Lengths of texts", "Types", "Mentions", "Types that stand together", "Texts that repeat"]
    assert texts("#types .type-label b") == ["person", "place"]
    assert EVIL in texts("#types .example")
    assert texts("#together td .cell") == ["80", "40", "40", "50"]
    assert len(texts("#lengths .column")) == 2
    rods = [node.size["height"] for node in chromium.find_elements(By.CSS_SELECTOR, "#lengths .well div")]
    assert rods[0] == pytest.approx(rods[1] * 89 / 90, abs=1.5)
    assert chromium.get_log("browser") == []


def test_a_corpus_of_which_nothing_could_be_read_has_a_card(chromium: Any, tmp_path: Path) -> None:
    from dataclasses import replace

    none = replace(split("train", 0, 0), lengths={})
    empty = replace(CARD, splits=(none,), types=(), mentions=MentionCard(), lengths=(), together=(), repeats=())
    path = tmp_path / "card.html"
    path.write_text(corpus_page(empty), encoding="utf-8")

    chromium.get(path.as_uri())

    assert chromium.get_log("browser") == []
    assert "none of 0 documents" in drawn(empty)
