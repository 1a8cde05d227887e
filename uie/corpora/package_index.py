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
    """The files that the page of a package names; `url` is where it came from."""
    text = page.read_text(encoding="utf-8", errors="replace")
    try:
        files = json.loads(text)["files"]
        return [Listed(file["filename"], urllib.parse.urljoin(url, file["url"]), _hash(file)) for file in files]
    except (ValueError, KeyError, TypeError):
        links = _Links()
        links.feed(text)
    return [_from_link(link, url) for link in links.found]


def _hash(file: Mapping[str, Any]) -> str:
    return str((file.get("hashes") or {}).get("sha256") or "")


def _from_link(link: str, url: str) -> Listed:
    whole, _, fragment = urllib.parse.urljoin(url, link).partition("#")
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
