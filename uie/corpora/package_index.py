"""The page of a simple repository of packages (JSON as of PEP 691, or HTML as of PEP 503) in, the files of a package out."""

import json
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any

ACCEPT = "application/vnd.pypi.simple.v1+json, text/html;q=0.1"
_ARCHIVES = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")
_FILE_NAME = re.compile(r"\w[\w.+!~-]*")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a package; `sha256` is empty where the index does not say it."""

    name: str
    url: str
    sha256: str

    def is_of(self, package: str, version: str) -> bool:
        """Whether it is a source distribution or wheel of that version."""
        if self.name.endswith(".whl"):
            own = self.name.removesuffix(".whl").split("-")[:2]
        else:
            stem = next((self.name.removesuffix(end) for end in _ARCHIVES if self.name.endswith(end)), "")
            own = list(stem.rpartition("-")[::2])
        return [_normal(own[0]), own[-1]] == [_normal(package), version]


def index_url(base: str, package: str) -> str:
    return f"{base.rstrip('/')}/{_normal(package)}/"


def listed(page: Path, url: str) -> list[Listed]:
    """The files that the page of a package names; `url` is where it came from.

    Their names become paths here, so an entry whose name is more than that of a file (`c-1.0-/../../evil.whl`) is left out.
    """
    return [file for file in _entries(page.read_text(encoding="utf-8", errors="replace"), url) if _FILE_NAME.fullmatch(file.name)]


def _entries(text: str, url: str) -> list[Listed]:
    try:
        files = json.loads(text)["files"]
        return [Listed(str(file["filename"]), _address(file["url"], url), _hash(file)) for file in files]
    except (ValueError, KeyError, TypeError):
        links = _Links()
        links.feed(text)
    return [_from_link(link, url) for link in links.found]


def _address(link: str, url: str) -> str:
    """Where a link of a page leads, with the page's name and password where that is the same host: pages leave them out."""
    found, page = urllib.parse.urlsplit(urllib.parse.urljoin(url, link)), urllib.parse.urlsplit(url)
    same = (found.scheme, found.netloc) == (page.scheme, page.netloc.rpartition("@")[2])
    return urllib.parse.urlunsplit(found._replace(netloc=page.netloc) if same else found)


def _hash(file: Mapping[str, Any]) -> str:
    return str((file.get("hashes") or {}).get("sha256") or "")


def _from_link(link: str, url: str) -> Listed:
    whole, _, fragment = _address(link, url).partition("#")
    name = urllib.parse.unquote(PurePosixPath(urllib.parse.urlsplit(whole).path).name)
    return Listed(name, whole, fragment.removeprefix("sha256=") if fragment.startswith("sha256=") else "")


class _Links(HTMLParser):
    """The addresses of a PEP 503 page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.extend(value for name, value in attrs if tag == "a" and name == "href" and value)


def _normal(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()
