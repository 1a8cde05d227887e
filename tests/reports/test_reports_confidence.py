"""What confidences are worth, as the terminal, Markdown, JSON and the page show it."""

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from rich.console import Console

from uie.documents import Document, Entity, Mention
from uie.reports.as_json import analysis_from_json, analysis_to_json, scores_schema
from uie.reports.figures import thinned
from uie.reports.html import html_report
from uie.reports.markdown import analysis_to_markdown
from uie.reports.terminal import sure_table
from uie.scoring.analysis import Analysis, analyse
from uie.scoring.confidence import Point

TEXT = "Ann met Bob in Rome."


def document(*found: tuple[str, str, float | None]) -> Document:
    entities = (Entity(Mention(s, TEXT.index(s), TEXT.index(s) + len(s)), type, sure) for s, type, sure in found)
    return Document("d", TEXT, "news", entities=tuple(entities))


GOLD = document(("Ann", "PER", None), ("Bob", "PER", None), ("Rome", "LOC", None))
CALIBRATED = document(("Ann", "PER", 0.9), ("Bob", "LOC", 0.5), ("Rome", "LOC", 0.7), ("met", "LOC", 0.2))
BEFORE = document(("Ann", "PER", 0.99), ("Bob", "LOC", 0.9), ("Rome", "LOC", 0.95), ("met", "LOC", 0.8))
# Of the four, the two surest are right: precision 1, 1, 2/3, 1/2 at recalls 1/3, 2/3, 2/3, 2/3. ECE (0.1 + 0.3 + 0.5 + 0.2) / 4, and
# (0.01 + 0.05 + 0.9 + 0.8) / 4 before. Risks 0, 0, 1/3, 1/2. Best from 0.7: F1 4/5, of all 4/7.


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse([GOLD], [CALIBRATED], uncalibrated=[BEFORE], resamples=10)


def test_the_terminal_shows_one_line_a_measure(analysis: Analysis) -> None:
    console = Console(width=80)
    with console.capture() as captured:
        console.print(sure_table(analysis))

    lines = [line.split() for line in captured.get().splitlines() if line.strip()]
    assert lines[0] == ["how", "sure", "items", "AP", "ECE", "before", "best", "from", "F1", "of", "all"]
    assert lines[-1] == ["entities", "4", "66.7", "27.5", "44.0", "0.700", "80.0", "57.1"]


def test_markdown_has_thresholds_by_type_and_the_reliability_table(analysis: Analysis) -> None:
    found = analysis_to_markdown(analysis)

    assert (
        """**How sure the predictions are**

|  | items | average precision | ECE before calibration | ECE | risk over coverage |
| --- | ---: | ---: | ---: | ---: | ---: |
| entities | 4 | 66.67 | 44.00 | 27.50 | 20.83 |

"""
        in found
    )
    assert (
        """**entities: thresholds and reliability**

| type | at least | P | R | F1 | F1 of all | items |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
| all | 0.700 | 100.00 | 66.67 | 80.00 | 57.14 | 2 of 4 |
| LOC | 0.700 | 100.00 | 100.00 | 100.00 | 50.00 | 1 of 3 |
| PER | 0.900 | 100.00 | 50.00 | 66.67 | 66.67 | 1 of 1 |

| confidence | items | mean | right |
| --- | ---: | ---: | ---: |
| 0.200–0.200 | 1 | 20.00 | 0.00 |
"""
        in found
    )


def test_without_confidences_nothing_is_said_of_them() -> None:
    analysis = analyse([GOLD], [GOLD], resamples=10)

    assert analysis_to_json(analysis)["confidence"] == []
    assert "sure" not in analysis_to_markdown(analysis)


def test_json_fits_its_schema_and_comes_back(analysis: Analysis) -> None:
    written = json.loads(json.dumps(analysis_to_json(analysis)))

    jsonschema.validate(written, scores_schema())
    assert analysis_from_json(written).reliability == analysis.reliability
    assert written["confidence"][0]["calibration_error_before"] == pytest.approx(0.44)
    assert "unsure" in scores_schema()["$defs"]["reliability"]["required"]

    del written["confidence"]  # written before there were any
    assert analysis_from_json(written).reliability == ()


def test_long_curves_are_thinned_to_their_ends_and_what_lies_evenly_between() -> None:
    curve = [Point(1 - number / 1000, number, 0, 9) for number in range(1, 1001)]

    assert [point.items for point in thinned(curve, 4)] == [1, 334, 667, 1000]
    assert thinned(curve[:4], 4) == curve[:4]


def drawn(chromium: Any, tmp_path: Any, analysis: Analysis) -> Any:
    path = tmp_path / "report.html"
    path.write_text(html_report(analysis), encoding="utf-8")
    chromium.get(path.as_uri())
    return lambda script: chromium.execute_script(f"return {script}")


def test_the_page_draws_curves_and_tables(chromium: Any, tmp_path: Any, analysis: Analysis) -> None:
    run = drawn(chromium, tmp_path, analysis)
    texts = lambda selector: run(f"[...document.querySelectorAll(`#confidence {selector}`)].map(e => e.textContent)")  # noqa: E731

    assert texts(".card .big") == ["66.67", "44.00", "27.50", "20.83"]
    assert texts("figcaption") == ["Precision and recall", "Reliability", "Risk and coverage"]
    assert run("[...document.querySelectorAll('#confidence polyline')].map(e => e.getAttribute('points').split(' ').length)") == [
        4,
        4,
        4,
    ]
    assert texts("td[data-name='At least']") == ["0.700", "0.700", "0.900"]
    assert texts("td[data-name='Right']") == ["0.00", "0.00", "100.00", "100.00"]
    assert run("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert [entry for entry in chromium.get_log("browser") if "report.html" in str(entry)] == []


def test_the_page_of_predictions_without_confidences_has_no_such_section(chromium: Any, tmp_path: Any, analysis: Analysis) -> None:
    run = drawn(chromium, tmp_path, replace(analysis, reliability=()))

    assert run("document.getElementById('confidence')") is None
