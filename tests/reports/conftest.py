"""A real browser for the HTML report: Debian's Chromium, headless, started once for all tests."""

import os
import shutil
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def chromium() -> Iterator:
    """Selenium's driver. Without a browser the tests are skipped, but on CI they fail."""
    programs = [shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")]
    if None in programs:
        said = "needs chromium and chromedriver on the path"
        pytest.fail(said) if os.environ.get("CI") else pytest.skip(said)
    from selenium.webdriver import Chrome, ChromeOptions, ChromeService

    options = ChromeOptions()
    options.binary_location = programs[0]
    # No sandbox: tests may run as root, and the pages are our own. /dev/shm is small in containers.
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--disable-background-networking",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(programs[1]))
    driver.set_page_load_timeout(20)
    yield driver
    driver.quit()
