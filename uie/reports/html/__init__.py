"""Analysis → one HTML file that shows everything and fetches nothing: figures, types, problems, confusions, and the documents themselves."""

from collections.abc import Mapping
from typing import Any

from uie.reports.html.data import page_data
from uie.reports.html.page import page
from uie.scoring.analysis import Analysis

__all__ = ["html_report"]


def html_report(
    analysis: Analysis, *, facts: Mapping[str, Any] | None = None, seconds: float | None = None, title: str = "Extraction report"
) -> str:
    """The page as a string, to be written as UTF-8.

    `facts` (model, engine, dtype …) stand beside the figures; `seconds` is how long all predictions took. Of the documents with mistakes
    at most `uie.reports.html.documents.MOST_DOCUMENTS` are held, and the page says how many of how many.

    >>> Path("report.html").write_text(html_report(analyse(gold, predicted)), encoding="utf-8")  # doctest: +SKIP
    """
    return page(title, page_data(analysis, facts=facts or {}, seconds=seconds))
