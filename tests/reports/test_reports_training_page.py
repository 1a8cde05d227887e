"""training.html: its numbers, worked out by hand, and what a real browser shows of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from uie.errors import OutputError
from uie.reports.training_page import (
    duration,
    page_data,
    read_log,
    running_mean,
    thinned,
    training_page,
    write_training_page,
)

SETTINGS = {"model": "base", "mode": "lora", "micro_batch": 8, "lora": {"r": 16, "targets": []}, "dev": None, "fsdp": False}
FACTS = {
    "finished": True,
    "steps": 40,
    "counts": {"records": 1200},
    "trained_parameters": 4096,
    "device": "cpu",
    "dtype": "float32",
}


def line(step: int, **more: Any) -> dict[str, Any]:
    return {"step": step, "steps": 40, **more}


def loss(step: int, value: float, **more: Any) -> dict[str, Any]:
    figures = {"learning_rate": 1e-4, "grad_norm": 1.5, "seconds": 2.0 * step, "records": 16 * step, "micro_batch": 8}
    speed = {
        "tokens_per_second": 900.0,
        "graded_tokens_per_second": 90.0,
        "padding_share": 0.02,
        "shared_share": 0.4,
        "memory": 2e9,
    }
    return line(step, loss=value, **{**figures, **speed, **more})


def f1(step: int, towns: float, names: float, **types: float) -> dict[str, Any]:
    mean = (towns + names) / 2
    parts = {"towns NER entities": towns, "names NER entities": names}
    of_type = {"towns NER entities": types, "names NER entities": {"<b>name</b>": names}}
    return line(step, f1=mean, f1_low=mean - 0.1, f1_high=mean + 0.1, seconds=2.0 * step, f1_of=parts, f1_of_type=of_type)


ROWS = [
    loss(1, 4.0),
    loss(10, 2.0),
    f1(10, 0.4, 0.2, person=0.5, place=0.3),
    line(10, dev_loss=2.2, seconds=21.0),
    loss(20, 1.0, memory=3e9),
    f1(20, 0.6, 0.4, person=0.55, place=0.65),
    line(20, dev_loss=1.0, seconds=44.0),
    loss(30, 0.8, resumed=20, micro_batch=4, tokens_per_second=700.0, padding_share=0.06),
    f1(30, 0.5, 0.3, person=0.4, place=0.6),
    line(30, dev_loss=1.5, seconds=66.0),
    loss(40, 0.6, micro_batch=4, graded_tokens_per_second=50.0),
]


def write_run(folder: Path, text: str | None = None) -> Path:
    folder.mkdir()
    (folder / "log.jsonl").write_text(text or "".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return folder


def charts(data: dict[str, Any]) -> dict[str, Any]:
    return {chart["id"]: chart for chart in data["charts"]}


# Numbers


def test_words_say_how_far_the_run_came_what_was_kept_and_that_dev_loss_rose() -> None:
    found = page_data(ROWS, settings=SETTINGS, facts=FACTS)

    assert found["said"] == [
        "Training has finished: 40 steps, 640 records, in 1 min 20 s.",
        "The weights of step 20 are kept: they had the best F1 on dev, 50.00. It was chosen for being high, so text that was not seen "
        "scores lower: report the F1 on test.",
        "The loss on dev was lowest at step 20 (1.000) and is 1.500 now: the model has begun to learn the training records by heart.",
    ]
    assert found["cards"] == [
        {"name": "Best F1 on dev", "value": "50.00", "note": "at step 20, 95 % interval 40.0–60.0"},
        {"name": "Loss", "value": "0.600", "note": "4.000 at step 1"},
        {"name": "Loss on dev", "value": "1.500", "note": "lowest 1.000 at step 20"},
        {"name": "Tokens per second", "value": "900", "note": "median; 90.0 of them graded"},
        {"name": "Padding", "value": "2.8 %", "note": "40.0 % of the prompts' tokens saved by packing"},
        {"name": "Memory at most", "value": "3.00 GB", "note": "of the first process"},
    ]


def test_a_run_that_goes_on_says_how_long_the_rest_takes() -> None:
    found = page_data(ROWS[:8], settings=SETTINGS, facts={})

    assert found["said"][:2] == [
        "Still going, or stopped, when this page was drawn: step 30 of 40, 480 records, in 1 min.",
        "At this pace the rest takes 20 s.",
    ]
    assert "best F1 on dev so far, 50.00" in found["said"][2]


def test_marks_stand_where_a_run_was_taken_up_memory_ran_out_and_weights_were_kept() -> None:
    assert page_data(ROWS, settings=SETTINGS, facts=FACTS)["marks"] == [
        {"step": 20, "kind": "resumed", "said": "resumed after step 20"},
        {"step": 20, "kind": "smaller", "said": "micro-batch 8 → 4 at step 20"},
        {"step": 20, "kind": "kept", "said": "weights kept: step 20"},
    ]


def test_memory_that_ran_out_in_the_first_step_is_marked_too() -> None:
    assert page_data([loss(1, 4.0, micro_batch=4)], settings=SETTINGS, facts={})["marks"] == [
        {"step": 1, "kind": "smaller", "said": "micro-batch 8 → 4 at step 1"}
    ]


def test_curves_hold_the_figures_of_the_log() -> None:
    found = charts(page_data(ROWS, settings=SETTINGS, facts=FACTS))

    assert list(found) == ["f1", "types", "loss", "rate", "norm", "speed", "graded", "shares", "memory"]
    mean, towns, names = found["f1"]["views"][0]["series"]
    assert (mean["name"], towns["name"], names["name"]) == ("mean", "towns NER entities", "names NER entities")
    assert mean["points"] == [(10, pytest.approx(0.3)), (20, 0.5), (30, 0.4)]
    assert mean["band"][1] == (20, 0.4, 0.6)
    assert towns["points"] == [(10, 0.4), (20, 0.6), (30, 0.5)]
    assert names["points"] == [(10, 0.2), (20, 0.4), (30, 0.3)]
    training, dev = found["loss"]["views"][0]["series"]
    assert training["points"] == [(1, 4.0), (10, 2.0), (20, 1.0), (30, 0.8), (40, 0.6)]
    assert dev["points"] == [(10, 2.2), (20, 1.0), (30, 1.5)]
    assert found["memory"]["views"][0]["series"][0]["points"][1:3] == [(10, 2e9), (20, 3e9)]


def test_types_stand_by_their_last_f1_one_view_for_each_corpus() -> None:
    views = charts(page_data(ROWS, settings=SETTINGS, facts=FACTS))["types"]["views"]

    assert [(view["name"], [series["name"] for series in view["series"]]) for view in views] == [
        ("towns NER entities", ["place", "person"]),
        ("names NER entities", ["<b>name</b>"]),
    ]
    assert views[0]["series"][0]["points"] == [(10, 0.3), (20, 0.65), (30, 0.6)]


def test_a_single_corpus_and_task_is_the_mean() -> None:
    rows = [line(5, f1=0.4, f1_low=0.3, f1_high=0.5, f1_of={"towns NER entities": 0.4})]

    (series,) = charts(page_data(rows, settings={}, facts={}))["f1"]["views"][0]["series"]

    assert (series["name"], series["points"]) == ("towns NER entities", [(5, 0.4)])


def test_a_run_without_dev_has_no_f1_and_one_without_lines_says_so() -> None:
    without = page_data([loss(1, 4.0)], settings=SETTINGS, facts={})
    assert list(charts(without)) == ["loss", "rate", "norm", "speed", "graded", "shares", "memory"]
    assert [card["name"] for card in without["cards"]] == ["Loss", "Tokens per second", "Padding", "Memory at most"]

    assert page_data([], settings={}, facts={}) == {
        "said": ["No step was logged yet."],
        "cards": [],
        "marks": [],
        "last": 0,
        "at": [],
        "charts": [],
        "facts": [],
        "settings": [],
    }


def test_settings_stand_one_a_line_as_in_yaml() -> None:
    assert page_data([], settings=SETTINGS, facts={})["settings"] == [
        ["model", "base"],
        ["mode", "lora"],
        ["micro_batch", "8"],
        ["lora.r", "16"],
        ["lora.targets", ""],
        ["dev", ""],
        ["fsdp", "false"],
    ]


def test_neighbours_are_averaged_where_there_are_too_many_points() -> None:
    points = [(step, float(step)) for step in range(1, 8)]

    assert thinned(points, 7) == points
    assert thinned(points, 3) == [(3, 2.0), (6, 5.0), (7, 7.0)]


def test_many_points_are_smoothed_by_the_mean_of_the_last_few() -> None:
    assert running_mean([(1, 4.0), (2, 2.0), (3, 0.0), (4, 1.0)], 3) == [(1, 4.0), (2, 3.0), (3, 2.0), (4, 1.0)]

    raw, smooth = charts(page_data([loss(n, float(n)) for n in range(1, 91)], settings={}, facts={}))["loss"]["views"][0]["series"]
    assert (raw["kind"], raw["name"], smooth["name"]) == ("raw", "training", "training, mean of 3 points")
    assert smooth["points"][-1] == (90, 89.0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.44, "0.4 s"), (45, "45 s"), (59.7, "1 min"), (60, "1 min"), (750, "12 min 30 s"), (3600, "1 h"), (8040, "2 h 14 min"),
        (273_600, "3 d 4 h"),
    ],
)  # fmt: skip
def test_durations_have_two_units(seconds: float, said: str) -> None:
    assert duration(seconds) == said


# Files


def test_a_line_that_a_killed_run_left_half_written_is_passed_over(tmp_path: Path) -> None:
    text = '{"step": 1, "loss": 2.0, "grad_norm": null, "f1_of": {"a\u2028b": null}}\n{"step": 2, "lo'

    run = write_run(tmp_path / "run", text)

    assert read_log(run / "log.jsonl") == [{"step": 1, "loss": 2.0, "grad_norm": None, "f1_of": {"a\u2028b": None}}]
    write_training_page(run)
    assert "step 1" in (run / "training.html").read_text(encoding="utf-8")


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", "[]\n")

    with pytest.raises(OutputError) as broken:
        write_training_page(run)
    with pytest.raises(OutputError) as missing:
        write_training_page(tmp_path)

    assert str(broken.value) == f"{run}/log.jsonl:1: expected a JSON object, found list."
    assert str(missing.value) == f"{tmp_path}/log.jsonl: no such file; expected the log of a run of uie train."
    assert not (run / "training.html").exists()


def test_names_cannot_leave_their_place_in_the_page() -> None:
    rows = [line(1, loss=1.0, seconds=1.0, f1=0.1, f1_of={"</script><script>alert(1)</script>": 0.1})]

    page = training_page(rows, settings={"model": "<!--<script>"}, facts={}, title="<b>&")

    assert page.count("<script") == page.count("</script>") == 2
    assert "<title>&lt;b&gt;&amp;</title>" in page
    found = re.search(r'<script type="application/json" id="report">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    assert json.loads(found[1])["settings"] == [["model", "<!--<script>"]]


# In the browser


class Page:
    def __init__(self, browser: Any, folder: Path) -> None:
        self.browser = browser
        self.path = folder / "training.html"

    def open(self, page: str, *, width: int = 1280, dark: bool = False) -> "Page":
        self.path.write_text(page, encoding="utf-8")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.browser.get(self.path.as_uri())
        return self

    def run(self, script: str, *given: Any) -> Any:
        return self.browser.execute_script(script, *given)

    def texts(self, selector: str) -> list[str]:
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).map(e => e.textContent)", selector
        )

    def drawn(self, chart: str) -> list[list[list[float]]]:
        """The points of each curve in pixels."""
        paths = self.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.getAttribute('d'))", f"#chart-{chart} .curve"
        )
        return [[[float(number) for number in point.split()] for point in re.split("[ML]", path)[1:]] for path in paths]

    def press(self, chart: str, *keys: str) -> None:
        script = """const canvas = document.querySelector(arguments[0]); canvas.focus();
            for (const key of arguments[1]) canvas.dispatchEvent(new KeyboardEvent('keydown', {key, cancelable: true}))"""
        self.run(script, f"#chart-{chart} svg", list(keys))

    def click(self, selector: str, said: str) -> None:
        self.run(
            "[...document.querySelectorAll(arguments[0])].find(e => e.textContent.startsWith(arguments[1])).click()", selector, said
        )


@pytest.fixture
def page(chromium: Any, tmp_path: Path) -> Iterator[Page]:
    """Afterwards it must have asked nobody for anything, and the console must be empty."""
    chromium.get_log("browser")
    page = Page(chromium, tmp_path)
    yield page
    assert page.run("return performance.getEntriesByType('resource').map(e => e.name)") == []
    assert [entry["message"] for entry in chromium.get_log("browser")] == []


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)], ids=["light", "dark", "narrow"])
def test_every_chart_is_drawn_and_nothing_sticks_out(page: Page, width: int, dark: bool) -> None:
    page.open(training_page(ROWS, settings=SETTINGS, facts=FACTS, title="Towns"), width=width, dark=dark)

    assert page.texts("h1") == ["Towns"]
    assert page.texts("#contents a") == ["F1 on dev", "Loss", "Speed and memory", "Settings"]
    names = page.texts("figcaption b")
    assert names[:3] == ["F1 on dev", "F1 of each type", "Loss"]
    assert len(names) == 9
    assert [len(page.drawn(chart)) for chart in ("f1", "types", "loss", "rate", "shares")] == [3, 2, 2, 1, 2]
    assert page.texts("#overview .marks li") == [
        "↻resumed after step 20",
        "▼micro-batch 8 → 4 at step 20",
        "★weights kept: step 20",
    ]
    assert page.run("return document.querySelectorAll('#chart-loss .mark').length") == 3
    assert page.run("return document.querySelectorAll('#chart-f1 .band').length") == 1
    assert page.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    ink = page.run("return getComputedStyle(document.querySelector('#chart-loss .curve')).stroke")
    assert ink == ("rgb(130, 177, 255)" if dark else "rgb(28, 86, 176)")
    assert "lora.r16" in page.texts("#settings dl div")


def test_curves_stand_where_their_values_are(page: Page) -> None:
    page.open(training_page(ROWS, settings=SETTINGS, facts=FACTS))

    training, dev = page.drawn("loss")
    # steps 1, 10, 20, 30, 40: equal distances between the last four; losses 4, 2, 1: heights halve above the axis of 0
    across = [after[0] - before[0] for before, after in zip(training[1:], training[2:], strict=False)]
    assert across == pytest.approx([across[0]] * 3, abs=0.2)
    floor = page.run("return Number(document.querySelector('#chart-loss .axis').getAttribute('y1'))")
    heights = [floor - y for _, y in training]
    assert heights[0] == pytest.approx(2 * heights[1], abs=0.2)
    assert heights[1] == pytest.approx(2 * heights[2], abs=0.2)
    assert dev[1] == pytest.approx(training[2], abs=0.2)  # both 1.0 at step 20
    page.click("#chart-loss label", "logarithmic")
    heights = [floor - y for _, y in page.drawn("loss")[0]]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], abs=0.2)


def test_values_are_read_at_the_pointer_and_by_the_arrow_keys(page: Page) -> None:
    page.open(training_page(ROWS, settings=SETTINGS, facts=FACTS))

    page.press("f1", "ArrowRight", "ArrowRight")

    assert page.texts(".tip p") == ["step 20 · 320 records · 40 s"]
    assert page.texts(".tip div") == [
        "mean50.0 (40.0–60.0)",
        "towns NER entities60.0",
        "names NER entities40.0",
        "↻resumed after step 20",
        "▼micro-batch 8 → 4 at step 20",
        "★weights kept: step 20",
    ]
    assert page.run("return document.querySelectorAll('.cursor').length") == 9  # the same step in every chart
    page.run("document.activeElement.blur()")
    assert page.texts(".tip p") == []

    from selenium.webdriver.common.action_chains import ActionChains

    canvas = page.browser.find_element("css selector", "#chart-memory svg")
    page.run("arguments[0].scrollIntoView({block: 'center'})", canvas)
    ActionChains(page.browser).move_to_element(canvas).perform()
    assert page.texts(".tip p") == ["step 20 · 320 records · 40 s"]
    assert page.texts(".tip div")[0] == "memory3 GB"
    inside = """const tip = document.querySelector('.tip:not([hidden])').getBoundingClientRect();
        const figure = document.querySelector('#chart-memory').getBoundingClientRect();
        return tip.top >= figure.top && tip.left >= 0 && tip.right <= innerWidth && tip.top < figure.bottom"""
    assert page.run(f"{inside}") is True


def test_types_are_chosen_by_corpus_and_one_by_one(page: Page) -> None:
    page.open(training_page(ROWS, settings=SETTINGS, facts=FACTS))

    assert page.texts("#chart-types .curves button") == ["place60.0", "person40.0"]
    page.click("#chart-types .curves button", "person")
    assert len(page.drawn("types")) == 1
    assert page.run("return [...document.querySelectorAll('#chart-types .curves button')].map(e => e.ariaPressed)") == [
        "true",
        "false",
    ]
    page.run(
        """const select = document.querySelector('#chart-types select'); select.value = '1';
        select.dispatchEvent(new Event('change', {bubbles: true}))"""
    )
    assert [len(curve) for curve in page.drawn("types")] == [3]
    page.press("types", "ArrowLeft")
    assert page.texts(".tip div") == ["<b>name</b>30.0"]


def test_of_many_types_eight_are_drawn_at_first_and_all_when_asked(page: Page) -> None:
    of_type = {f"type {n}": n / 20 for n in range(12)}
    rows = [loss(5, 1.0), line(5, f1=0.3, f1_of={"towns NER entities": 0.3}, f1_of_type={"towns NER entities": of_type})]
    page.open(training_page(rows, settings={}, facts={}))

    assert page.texts("figcaption b")[1] == "F1 of each type: towns NER entities"
    assert len(page.drawn("types")) == 8
    page.click("#chart-types .curves button", "all")
    assert len(page.drawn("types")) == 12
    page.click("#chart-types .curves button", "none")
    assert page.drawn("types") == []
    assert page.texts("#contents a") == ["F1 on dev", "Loss", "Speed and memory"]


def test_a_page_without_any_line_is_no_error(page: Page) -> None:
    page.open(training_page([], settings={}, facts={}))

    assert page.texts(".said") == ["No step was logged yet."]
    assert page.texts("main section") == []
