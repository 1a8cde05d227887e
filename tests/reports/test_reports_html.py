"""The HTML report in a real browser: what it shows, that it sorts and filters, that data stay data, that nothing leaves the page."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from uie.documents import Argument, Document, Entity, Event, Mention, Relation
from uie.reports.html import html_report
from uie.reports.html.documents import document_entry, drawn
from uie.reports.html.page import as_block
from uie.scoring.analysis import Analysis, Marked, analyse
from uie.scoring.mistakes import Mistake
from uie.scoring.score import score
from uie.scoring.scores import Scores, aggregate_rows

# Given: five documents of two corpora, worked out by hand


def mention(text: str, string: str) -> Mention:
    start = text.index(string)
    return Mention(string, start, start + len(string))


def document(id: str, text: str, *entities: tuple[str, str], dataset: str = "towns", lang: str = "en", **more: Any) -> Document:
    found = tuple(Entity(mention(text, string), type) for string, type in entities)
    return Document(id, text, dataset, "test", lang, entities=found, **more)


OSLO, LIMA, YORK, ADA = "Mira met Anton in Oslo.", "Lena left Lima.", "Kim sings in New York.", "Ada writes."
CHINESE = "米拉住在奥斯陆。"
GOLD = (
    document("t1", OSLO, ("Mira", "person"), ("Anton", "person"), ("Oslo", "place")),
    document("t2", LIMA, ("Lena", "person"), ("Lima", "place")),
    document("t3", YORK, ("Kim", "person"), ("New York", "place")),
    document("t4", ADA, ("Ada", "person")),
    document("z1", CHINESE, ("米拉", "person"), ("奥斯陆", "place"), dataset="城市", lang="zh"),
)
PREDICTED = (
    document("t1", OSLO, ("Mira", "person"), ("Anton", "place"), ("Oslo", "place")),
    document("t2", LIMA, ("Lena", "person")),
    document("t3", YORK, ("Kim", "person"), ("York", "place"), ("sings", "person")),
    document("t4", ADA, ("Ada", "person")),
    document(
        "z1",
        CHINESE,
        ("米拉", "place"),
        ("奥斯陆", "place"),
        dataset="城市",
        lang="zh",
        problems=({"kind": "malformed", "piece": "人名：[", "task": "NER"},),
    ),
)
TRAIN = (document("train", "Mira came to Oslo.", ("Mira", "person"), ("Oslo", "place")),)


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyse(GOLD, PREDICTED, train=TRAIN, resamples=200)


# The page


@dataclass
class Page:
    """A report in the browser."""

    browser: Any
    folder: Path

    def open(self, report: str, *, width: int = 1280, dark: bool = False) -> "Page":
        path = self.folder / "report.html"
        path.write_text(report, encoding="utf-8")
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        self.resize(width)
        self.browser.get(path.as_uri())
        return self

    def resize(self, width: int) -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.execute_script(script, *arguments)

    def texts(self, selector: str) -> list[str]:
        """What is seen of each element that fits and is visible."""
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].filter(e => e.checkVisibility()).map(e => e.innerText)", selector
        )

    def text(self, selector: str) -> str:
        (found,) = self.texts(selector)
        return found

    def click(self, selector: str, said: str = "") -> None:
        """Clicks the first visible element that fits and holds the words."""
        script = """const found = [...document.querySelectorAll(arguments[0])]
            .find(e => e.checkVisibility() && e.textContent.includes(arguments[1])); found.scrollIntoView({block: 'center'}); return found"""
        self.run(script, selector, said).click()

    def choose(self, label: str, said: str, *, within: str = "#documents") -> None:
        script = """const label = [...document.querySelectorAll(arguments[2] + ' label')].find(e => e.textContent.startsWith(arguments[0]));
            const select = label.querySelector('select');
            select.value = [...select.options].find(o => o.textContent === arguments[1]).value;
            select.dispatchEvent(new Event('change', {bubbles: true}))"""
        self.run(script, label, said, within)

    def type(self, selector: str, keys: str) -> None:
        from selenium.webdriver.common.by import By

        self.browser.find_element(By.CSS_SELECTOR, selector).send_keys(keys)

    def keys(self, keys: str) -> None:
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.browser).send_keys(keys).perform()

    def column(self, section: str, name: str) -> list[str]:
        return self.texts(f"#{section} td[data-name='{name}']")

    def shown(self) -> list[str]:
        """The ids of the documents on the page."""
        return self.run("return [...document.querySelectorAll('article')].map(e => e.dataset.id)")

    def overflow(self) -> int:
        return self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def complaints(self) -> list[str]:
        return [entry["message"] for entry in self.browser.get_log("browser")]


@pytest.fixture
def page(chromium: Any, tmp_path: Path) -> Iterator[Page]:
    """The page; afterwards it must have asked nobody for anything, and the console must be empty."""
    page = Page(chromium, tmp_path)
    page.complaints()  # of a test before that failed
    yield page
    assert page.run("return performance.getEntriesByType('resource').map(e => e.name)") == []
    assert page.complaints() == []


# Figures


def test_the_page_says_what_was_scored_by_which_rule_on_how_much(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis, facts={"model": "runs/towns", "dtype": None}, seconds=2.0, title="Towns"))

    assert page.browser.title == "Towns"
    assert page.text("h1") == "Towns"
    assert page.text(".said") == (
        "5 documents of 2 corpora, scored by the rule strict, which compares: type and offsets (all fragments); "
        "of relations and events every part."
    )
    assert page.texts(".facts li") == ["model runs/towns", "speed 2.5 documents/s"]


def test_figures_stand_with_intervals_and_the_lookup_baseline(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    assert page.column("figures", "Corpus") == ["towns", "城市", "all items of 2 corpora", "mean of 2 corpora"]
    assert [cell.split()[0] for cell in page.column("figures", "F1")] == ["62.50", "40.00", "57.14", "51.25"]
    low, high = (float(end) for end in page.column("figures", "F1")[0].split("\n")[0].split(" ", 1)[1].split(" – "))
    assert 0 < low < 62.5 < high <= 100
    assert [cell.split()[0] for cell in page.column("figures", "Lookup F1")] == ["40.00", "0.00", "33.33", "20.00"]
    assert page.column("figures", "Ahead") == ["+22.50", "+40.00", "+23.81", "+31.25"]
    assert page.column("figures", "Gold items") == ["8", "2", "10", ""]
    # None for the corpus of one document, which has no interval, and so for the mean.
    assert page.run("return document.querySelectorAll('#figures td .whisker').length") == 6
    across = "[...document.querySelectorAll('#figures td .bar.strong')].map(bar => [...bar.children].map(e => e.style))"
    assert page.run(f"return {across}.map(styles => styles[0].width)")[:2] == ["62.5%", "40%"]
    assert page.run(f"return {across}.map(styles => styles[styles.length - 1].left)")[:2] == ["40%", "0%"]


def test_figures_of_many_rules_are_narrowed_to_one_and_to_a_corpus(page: Page) -> None:
    rows = [row for rule in ("strict", "boundary") for row in score(GOLD, PREDICTED, rule=rule).rows]
    page.open(html_report(Analysis(Scores("all", 5, tuple(rows), aggregate_rows(rows), ()))))

    assert len(page.column("figures", "F1")) == 8
    page.choose("Rule", "boundary", within="#figures")
    assert [cell.split()[0] for cell in page.column("figures", "F1")] == ["75.00", "80.00", "76.19", "77.50"]
    page.choose("Corpus", "城市", within="#figures")
    assert [cell.split()[0] for cell in page.column("figures", "F1")] == ["80.00"]


# Types


def test_types_sort_by_the_column_that_is_clicked_and_back(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))
    given = page.column("types", "F1")

    page.click("#types th button", "F1")
    falling = page.column("types", "F1")
    page.click("#types th button", "F1")
    rising = page.column("types", "F1")
    page.click("#types th button", "Type")

    assert given == ["80.00", "33.33", "0.00", "66.67"]
    assert falling == ["80.00", "66.67", "33.33", "0.00"]
    assert rising == falling[::-1]
    assert page.column("types", "Type") == ["person", "person", "place", "place"]
    assert page.run("return [...document.querySelectorAll('#types th[aria-sort]')].map(e => e.ariaSort + e.innerText)") == [
        "ascendingType"
    ]


def test_types_are_narrowed_by_measure_and_by_words(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    page.choose("Measure", "城市: NER entities (strict)", within="#types")
    assert page.column("types", "Type") == ["person", "place"]
    assert page.text("#types p.soft") == "Mean F1 of the types of gold (macro) 33.33, weighted by their items 33.33."
    page.type("#types input", "PLA")
    assert page.column("types", "Type") == ["place"]
    assert page.text("#types .shown") == "1 type"
    page.type("#types input", "x")
    assert page.text("#types .shown") == "No type fits."


def test_many_types_are_shown_page_by_page(page: Page) -> None:
    gold = [document(f"d{n}", f"Mira {n}", ("Mira", f"type {n}")) for n in range(45)]
    page.open(html_report(analyse(gold, gold, resamples=20)))

    assert page.text("#types .shown") == "1–20 of 45 types"
    page.click("#types .on")
    page.click("#types .on")
    assert page.text("#types .shown") == "41–45 of 45 types"
    assert len(page.column("types", "Type")) == 5
    page.click("#types th button", "Type")
    assert page.column("types", "Type")[:3] == ["type 0", "type 1", "type 2"]


# What went wrong


def test_problems_have_their_share_and_an_example_that_opens_its_document(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    (problem,) = (text for text in page.texts("#problems .problem") if text.startswith("a part could not be read"))
    assert problem.split("\n")[:3] == ["a part could not be read", "100.0 %", "1 document; see it"]
    page.click("#problems summary", "1 document")
    assert page.texts("#problems li") == ["z1: 人名：["]
    page.click("#problems .link")
    assert page.shown() == ["z1"]
    assert page.text(".tag").split() == ["only", "document", "z1", "✕"]


def test_a_cell_of_the_heat_map_opens_the_documents_that_it_counts(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    assert [row.split() for row in page.texts(".heat tbody tr")] == [
        ["person", "4", "1"],
        ["place", "2", "1"],
        ["invented", "1"],
    ]
    page.click(".heat [aria-label='gold person, predicted place: 1 time']")
    assert page.shown() == ["t1"]
    page.click(".heat [aria-label='gold place, predicted nothing: 1 time']")
    assert page.shown() == ["t2"]
    page.click(".heat [aria-label='gold nothing, predicted person: 1 time']")
    assert page.shown() == ["t3"]
    page.click(".heat [aria-label='gold place, predicted place: 2 times']")
    assert page.shown() == ["t1", "t3"]
    page.click(".tag")
    assert page.shown() == ["t1", "t2", "t3"]
    assert page.texts(".tag") == []


def test_the_heat_map_changes_with_the_corpus(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    page.choose("Corpus and task", "城市: NER entities", within="#confusions")

    assert [row.split() for row in page.texts(".heat tbody tr")] == [["place", "1"], ["person", "1"], ["invented"]]


def test_the_commonest_mistakes_open_their_documents(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    lines = [" ".join(text.split()) for text in page.texts("#worst .worst-line")]
    assert "wrong boundary entities · towns 1 · 11.1 % of 9" in lines
    assert "person taken for place · towns 1 · 20.0 % of 5 gold" in lines
    page.click("#worst .worst-line", "missed entities")
    assert page.shown() == ["t2"]
    assert page.run("return document.activeElement.textContent") == "Documents"


def test_charts_show_f1_and_gold_items_of_each_bucket(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    charts = {text.split("\n")[0]: text.split("\n")[-6:] for text in page.texts(".chart")}
    assert charts["F1 by language"] == ["62.5", "en", "8", "40.0", "zh", "2"]
    assert page.run("return getComputedStyle(document.querySelector('.column .well div')).height") != "0px"


# Documents: filters and keys


def test_filters_narrow_the_documents_to_exact_counts(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    def kinds() -> list[str]:
        return [" ".join(text.split()) for text in page.texts("#documents .kinds .button")]

    assert page.text("#documents-lead").startswith("Something is wrong in 4 of 5 documents; all of them are here.")
    assert page.shown() == ["t1", "t2", "t3", "z1"]
    assert kinds() == ["wrong type 2", "wrong boundary 1", "missed 1", "invented 1", "right 4", "problems in the answer 1"]
    page.choose("Type", "person")  # one that is right is no reason to show a document
    assert page.shown() == ["t1", "t3", "z1"]
    page.choose("Type", "all")
    page.click(".kinds .button", "wrong type")
    assert page.shown() == ["t1", "z1"]
    page.click(".kinds .button", "missed")
    assert page.shown() == ["t1", "t2", "z1"]
    page.choose("Corpus", "towns")
    assert page.shown() == ["t1", "t2"]
    assert kinds()[0] == "wrong type 1"
    page.choose("Type", "person")
    assert page.shown() == ["t1"]
    page.choose("Type", "all")
    page.type("#documents input", "LIMA")
    assert page.shown() == ["t2"]
    page.type("#documents input", "?")
    assert page.texts("#documents .shown") == ["No document fits."]


def test_documents_with_unread_answers_are_found(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    page.click(".kinds .button", "problems in the answer")

    assert page.shown() == ["z1"]
    assert page.text(".unread") == "a part could not be read: 人名：["


def many(number: int) -> Analysis:
    """Documents in each of which a name was missed; the last one also has an invented one."""
    gold = [document(f"d{n}", f"Mira sleeps {n} times.", ("Mira", "person")) for n in range(number)]
    found = [replace(one, entities=()) for one in gold]
    found[-1] = document(gold[-1].id, gold[-1].text, ("times", "person"))
    return analyse(gold, found, resamples=20)


def test_keys_go_from_document_to_document_and_over_pages(page: Page) -> None:
    page.open(html_report(many(25)))

    def current() -> list[str]:
        return page.run("return [...document.querySelectorAll('article.current')].map(e => e.dataset.id)")

    assert page.texts("#documents .shown")[0] == "1–10 of 25 documents"
    page.keys("jjj")
    assert current() == ["d2"]
    assert page.run("return document.activeElement.dataset.id") == "d2"
    page.keys("k")
    assert current() == ["d1"]
    page.keys("j" * 9)
    assert current() == ["d10"]
    assert page.texts("#documents .shown")[0] == "11–20 of 25 documents"
    page.keys("kk")
    assert current() == ["d8"]
    page.click("#documents .on")
    assert (current(), len(page.shown())) == (["d10"], 10)
    page.keys("/")
    page.keys("d24")
    assert page.shown() == ["d24"]


def test_thousands_of_documents_are_held_as_a_sample_that_has_what_is_rare(page: Page) -> None:
    page.open(html_report(many(2500)))

    assert page.text("#documents-lead").startswith(
        "Something is wrong in 2,500 of 2,500 documents; 2,000 of them are here, spread evenly, with 3 of each kind of mistake"
    )
    assert page.run("return document.querySelectorAll('*').length") < 1500
    page.click(".kinds .button", "invented 1")
    assert page.shown() == ["d2499"]


# Documents: the text


def test_words_are_marked_and_labelled_where_they_stand(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    assert page.texts("article[data-id=t3] .m") == ["Kim", "sings", "New ", "York"]
    assert page.texts("article[data-id=t3] .chip") == ["person", "invented person", "place · wrong boundary"]
    assert page.texts("article[data-id=z1] .chip") == ["person → place", "place"]
    assert [row.split("\t") for row in page.texts("article[data-id=t3] tbody tr")] == [
        ["wrong boundary", "place “New York”", "place “York”"],
        ["invented", "–", "person “sings”"],
    ]
    page.click("article[data-id=t3] .more", "Show 1 right one")
    assert page.texts("article[data-id=t3] tbody tr")[0].split("\t") == ["right", "person “Kim”", "person “Kim”"]


def lines(page: Page, piece: int) -> tuple[int, int]:
    """How many lines a marked piece has above and below, each at a height of its own."""
    style = "getComputedStyle(document.querySelectorAll('article .m')[arguments[0]])"
    heights = set(page.run(f"return {style}.backgroundPosition", piece).split(", "))
    below = sum("100%" in height for height in heights)
    return len(heights) - below, below


def test_nested_crossing_and_broken_mentions_have_a_line_each(page: Page) -> None:
    text = "north and south coast"
    parts = {"north": (0, 5), "and south": (6, 15), "south": (10, 15), "south coast": (10, 21), "north and": (0, 9)}
    whole = {name: Mention(name, *span) for name, span in parts.items()}
    broken = Mention("north coast", 0, 21, ((0, 5), (16, 21)))
    gold = Document(
        "d", text, entities=(Entity(broken, "coast"), Entity(whole["and south"], "side"), Entity(whole["south coast"], "coast"))
    )
    found = replace(gold, entities=(Entity(whole["south"], "side"), Entity(Mention("harbour"), "coast")))

    page.open(html_report(analyse([gold], [found], resamples=20)))

    assert page.texts("article .m") == ["north", " ", "and ", "south", " ", "coast"]
    assert [lines(page, piece) for piece in range(6)] == [(1, 0), (1, 0), (2, 0), (3, 1), (2, 0), (2, 0)]
    # The gap of the broken one is dotted, and it keeps a line of its own from end to end.
    images = [
        page.run("return getComputedStyle(document.querySelectorAll('article .m')[arguments[0]]).backgroundImage", n)
        for n in (0, 1, 5)
    ]
    assert ["repeating" in image for image in images] == [False, True, False]
    rows = [row.split("\t") for row in page.texts("article tbody tr")]
    assert ["missed", "coast “north … coast”", "–"] in rows
    assert ["invented", "–", "coast “harbour” (no place in the text)"] in rows


def test_arguments_stand_below_their_event_and_relations_are_drawn_from_head_to_tail(page: Page) -> None:
    text = "Mira founded Ovo in Oslo."
    people = tuple(Entity(mention(text, string), type) for string, type in (("Mira", "person"), ("Ovo", "firm")))
    roles = [Argument("founder", mention(text, "Mira")), Argument("place", mention(text, "Oslo"))]
    gold = Document(
        "d",
        text,
        entities=people,
        relations=(Relation("founded", 0, 1),),
        events=(Event("start", mention(text, "founded"), tuple(roles)),),
    )
    event = Event("start", mention(text, "founded"), (replace(roles[0], role="partner"),))
    found = replace(gold, relations=(Relation("works for", 0, 1),), events=(event,))

    page.open(html_report(analyse([gold], [found], resamples=20)))

    assert [row.split("\t") for row in page.texts("article tbody tr")] == [
        ["wrong type", "“Mira” ─ founded → “Ovo”", "“Mira” ─ works for → “Ovo”"],
        ["right", "start “founded”", "start “founded”"],
        ["wrong role", "founder “Mira”", "partner “Mira”"],
        ["missed", "place “Oslo”", "–"],
    ]
    assert page.run(
        "return [...document.querySelectorAll('article tbody tr:not([hidden])')].map(e => e.classList.contains('under'))"
    ) == [
        False,
        False,
        True,
        True,
    ]


def test_long_stretches_without_a_mention_are_folded_and_open(page: Page) -> None:
    text = "Mira " + "walks 🚶 on " * 200
    gold = document("d", text, ("Mira", "person"))

    page.open(html_report(analyse([gold], [replace(gold, entities=())], resamples=20)))

    assert len(page.text("article .text")) < 500
    page.click("article .text .more")
    assert page.run("return document.querySelector('article .text').textContent").replace("missed person", "") == text


# Hostile data

HOSTILE = [
    "<script>window.hacked = 1</script>",
    "</script><script>window.hacked = 1</script>",
    "<!-- <script> --> ]]>",
    "<img src=x onerror='window.hacked=1'>",
    "\"'`${window.hacked=1}\\",
    "a\u2028b\u2029c",
    "&lt;b&gt; &amp; %3Cb%3E",
    "שלום עולם, مرحبا",
    "👩‍👩‍👧 🇳🇴 e\u0301",
    "x" * 300,
    "__proto__",
    "constructor",
]


def hostile(word: str) -> Analysis:
    """The word wherever a corpus or a model may put it."""
    text = f"{word} Mira {word}"
    start = len(word) + 1
    named = Entity(Mention("Mira", start, start + 4), word)
    role = Argument(word, Mention(word, 0, len(word)))
    gold = Document(word, text, word, "test", word, entities=(named,), relations=(), events=(Event(word, named.mention, (role,)),))
    problems = ({"kind": "malformed", "piece": word, "task": "NER"}, {"kind": word, "piece": word})
    found = replace(
        gold, entities=(Entity(Mention(word, 0, len(word)), word), Entity(Mention(word), "x")), events=(), problems=problems
    )
    analysis = analyse([gold], [found], resamples=20)
    return replace(analysis, scores=replace(analysis.scores, notes=(word,)))


@pytest.mark.parametrize("word", HOSTILE, ids=range(len(HOSTILE)))
def test_what_the_data_hold_is_shown_and_never_run(page: Page, word: str) -> None:
    page.open(html_report(hostile(word), facts={"model": word, word: word}, title=word))

    assert page.run("return window.hacked === undefined && document.scripts.length === 2 && document.images.length === 0")
    assert page.shown() == [word]
    assert page.run("return document.querySelector('h1').textContent") == word
    text = "[...document.querySelector('article .text').childNodes].filter(n => !n.className || n.className === 'm')"
    assert page.run(f"return {text}.map(n => n.textContent).join('')") == f"{word} Mira {word}"
    assert word in page.run("return document.querySelector('article table').textContent")
    assert word in page.run("return document.querySelector('#types td').textContent")
    assert page.run("return document.querySelector('.note').textContent") == word
    assert page.overflow() == 0
    page.resize(400)
    assert page.overflow() == 0


def test_the_block_of_data_holds_no_markup_and_is_the_data() -> None:
    data = {word: [word, None, 0.5, True] for word in HOSTILE}

    block = as_block(data)

    assert json.loads(block) == data
    assert re.findall("[<>&\u2028\u2029]", block) == []


def test_the_policy_of_the_page_lets_no_other_script_run_and_nothing_out(page: Page, analysis: Analysis) -> None:
    page.open(html_report(analysis))

    page.run("""
        window.refused = [];
        document.addEventListener('securitypolicyviolation', e => window.refused.push(e.effectiveDirective));
        const script = document.createElement('script'); script.textContent = 'window.hacked = 1'; document.body.append(script);
        const image = document.createElement('img'); image.src = 'http://127.0.0.1:9/x.png'; document.body.append(image);
        fetch('http://127.0.0.1:9/').catch(() => null);
    """)
    refused = page.browser.execute_async_script("setTimeout(() => arguments[0](window.refused), 200)")

    assert sorted(refused) == ["connect-src", "img-src", "script-src-elem"]
    assert page.run("return window.hacked === undefined")
    assert len(page.complaints()) >= 3
    page.open(html_report(analysis))


# Widths, colours, and what may be missing


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window_and_no_figure_is_squeezed(page: Page, analysis: Analysis, width: int, dark: bool) -> None:
    page.open(html_report(analysis), width=width, dark=dark)

    assert page.overflow() == 0
    widths = page.run(
        "return [...document.querySelectorAll('td.figure, article, .card, .worst-line')].map(e => e.getBoundingClientRect().width)"
    )
    assert len(widths) > 20
    assert min(widths) > 85
    # Cells are wide enough for their figures: none is broken over lines.
    assert page.run(
        "return [...document.querySelectorAll('td.number b, td.number .value')].every(e => e.getClientRects().length === 1)"
    )
    for other in (360, 641, 820, 1199, 1201) if width == 1280 else ():
        page.resize(other)
        assert page.overflow() == 0, other
    background = page.run("return getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(20, 23, 27)" if dark else "rgb(255, 255, 255)")


def luminance(colour: str) -> float:
    """Of #rrggbb, as WCAG 2 defines it."""
    full = "".join(2 * digit for digit in colour) if len(colour) == 3 else colour
    parts = [int(full[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_colour_of_words_has_enough_contrast_in_light_and_dark() -> None:
    style = (Path(__file__).parents[2] / "uie" / "reports" / "html" / "page.css").read_text(encoding="utf-8")
    palettes = [
        dict(re.findall(r"--([\w-]+): #(\w{3,6});", block)) for block in re.findall(r":root \{([^}]*--paper[^}]*)\}", style)
    ]
    assert len(palettes) == 2
    words = ["ink", "soft", "accent", "right", "missed", "invented", "type", "place", "both", "plain"]
    for palette in palettes:
        for on in ("paper", "panel"):
            for word in words:
                dark, light = sorted((luminance(palette[word]), luminance(palette[on])))
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (word, on, palette[word])
        dark, light = sorted((luminance(palette["on-accent"]), luminance(palette["accent"])))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


def test_scores_alone_make_a_page_without_documents(page: Page, analysis: Analysis) -> None:
    page.open(html_report(replace(analysis, marked=(), confusions=(), buckets=(), baseline=None)))

    assert page.text("#documents-lead").startswith("The documents are not in this report")
    assert page.run("return [...document.querySelectorAll('main > section')].map(e => e.id)") == [
        "figures",
        "types",
        "problems",
        "documents",
    ]
    assert page.texts("nav a") == ["Figures", "Types", "Answers", "Documents"]
    assert page.column("figures", "Lookup F1") == []


def test_matrices_without_documents_are_no_buttons(page: Page, analysis: Analysis) -> None:
    page.open(html_report(replace(analysis, marked=())))

    assert page.run("return document.querySelectorAll('.heat button, .worst button, .link').length") == 0
    assert [row.split() for row in page.texts(".heat tbody tr")][0] == ["person", "4", "1"]


def test_a_report_of_nothing_and_one_without_a_mistake_are_pages(page: Page) -> None:
    page.open(html_report(Analysis(Scores("made up", 0, (), (), ()))))
    assert page.text(".said") == "0 documents, scored by the rule made up."

    page.open(html_report(analyse(GOLD, GOLD, resamples=20)))
    assert page.text("#documents-lead") == "Nothing is wrong in any of the 5 documents."
    assert page.overflow() == 0


# What is taken of many documents


def marked(number: int, *types: str) -> Marked:
    text = "x" * 10
    one = Document(f"d{number}", text, entities=tuple(Entity(Mention("x", 0, 1), type) for type in types))
    wrong = tuple(Mistake("NER", "entity", "missed", place, None, type, None) for place, type in enumerate(types))
    return Marked(one, replace(one, entities=()), wrong)


def test_the_sample_is_even_and_holds_the_first_three_of_each_kind() -> None:
    documents = [marked(number, "rare" if number in (501, 502, 503, 504) else "often") for number in range(1000)]

    places = [int(one.gold.id[1:]) for one in drawn(documents, most=100)]

    assert len(places) == 100
    assert places == sorted(set(places))
    assert places[:3] == [0, 1, 2]
    assert {501, 502, 503} <= set(places)
    gaps = [after - before for before, after in zip(places[3:], places[4:], strict=False) if not 490 < before < 520]
    assert (min(gaps), max(gaps)) == (10, 11)


def test_long_texts_make_the_sample_smaller() -> None:
    documents = [marked(number, "often") for number in range(100)]

    assert len(drawn(documents, most_characters=1000)) == 100
    assert len(drawn(documents, most_characters=300)) == 30
    assert len(drawn(documents, most_characters=1)) == 1
    assert drawn([]) == []


def test_a_text_is_cut_at_mentions_and_behind_the_word_they_end_in() -> None:
    text = "investors in 奥斯陆市"
    gold = document("d", text, ("investor", "person"), ("奥斯陆", "place"))
    found = analyse([gold], [replace(gold, entities=())], resamples=20)

    entry = document_entry(found.marked[0])

    assert entry["pieces"] == ["investor", "s", " in ", "奥斯陆", "市"]
    assert entry["mentions"] == [{"at": [[0, 1]]}, {"at": [[3, 4]]}]
    assert entry["items"][0] == {
        "task": "NER",
        "layer": "entity",
        "kind": "missed",
        "types": ["person", None],
        "sides": [[0], None],
    }
