"""A URL and a path in, the file at the path out: whole or not at all, taken up where an earlier try ended, never waiting for ever."""

import base64
import http.client
import os
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import uie
from uie.errors import CorpusError

MOST_REDIRECTS = 5
_BLOCK = 1 << 16
_LEAST_BYTES = 1 << 10  # in one timeout: a byte now and then is a stall too
_WORTH_ANOTHER_TRY = (408, 425, 429, 500, 502, 503, 504)
_LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Patience:
    """When a fetch gives up. `timeout_seconds`: without a kilobyte; `tries`: one after the other that bring less than that.

    `pause_seconds` before the second try, twice that before the third, and so on. `most_bytes`: a larger file is refused.
    """

    timeout_seconds: float = 30.0
    tries: int = 5
    pause_seconds: float = 1.0
    most_bytes: int = 8 << 30


class _AnotherTry(Exception):
    """What went wrong this time and may go well the next; `seconds` is how long the server asks to wait."""

    def __init__(self, what: str, seconds: float = 0.0) -> None:
        super().__init__(what)
        self.seconds = min(seconds, _LONGEST_PAUSE_SECONDS)


def fetch(url: str, path: Path, *, patience: Patience, headers: Mapping[str, str] | None = None) -> bool:
    """Fetches the file; whether some of it was there from an earlier call, so that it may not fit together.

    What came before a failure stays beside the path as `.NAME.part`, and the next call asks for the rest. The system's proxy settings
    (`https_proxy`, `no_proxy`) hold. A name and password in the URL are sent to its own host only, as HTTP's basic authentication.

    Raises:
        CorpusError: there is no such file, the server does not give it, or redirects elsewhere than to http(s) or too often.
    """
    _check_scheme(url, url)
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    resumed = part.exists()
    most, failed = _size(part), 0
    while True:
        try:
            _get(url, part, patience, headers or {})
            break
        except _AnotherTry as found:
            failed = 0 if _size(part) >= most + _LEAST_BYTES else failed + 1
            most = max(most, _size(part))
            if failed >= patience.tries:
                kept = "; what came is kept for the next time" if most else ""
                raise CorpusError(f"{shown_url(url)}: {found}, after {failed} tries{kept}.") from None
            time.sleep(max(found.seconds, patience.pause_seconds * 2 ** max(0, failed - 1)))
    os.replace(part, path)
    return resumed


def shown_url(url: str) -> str:
    """The URL without a name and password that may stand in it."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _check_scheme(url: str, asked: str) -> None:
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        to = "" if url == asked else f" redirects to {shown_url(url)}"
        raise CorpusError(f"{shown_url(asked)}:{to or ' is no address to fetch from'}; expected http:// or https://.")


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = MOST_REDIRECTS
    max_repeats = MOST_REDIRECTS

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        try:
            _check_scheme(newurl, req.full_url)
            if req.full_url.startswith("https:") and not newurl.startswith("https:"):
                raise CorpusError(f"{shown_url(req.full_url)}: redirects to {shown_url(newurl)}, which is not encrypted.")
        except CorpusError:
            fp.close()
            raise
        followed = super().redirect_request(req, fp, code, msg, headers, shown_url(newurl))
        if followed is not None and _host(followed.full_url) == _host(req.full_url):
            followed.unredirected_hdrs |= {key: value for key, value in req.unredirected_hdrs.items() if key == "Authorization"}
        return followed

    # Of most other schemes the base class raises an HTTPError before it asks redirect_request, with the same effect.


def _host(url: str) -> tuple[str, str]:
    return urllib.parse.urlsplit(url)[:2]


def _request(url: str, headers: Mapping[str, str]) -> urllib.request.Request:
    """A name and password go from the URL, where urllib takes them for a part of the host, into a header that stays with that host."""
    request = urllib.request.Request(shown_url(url), headers=dict(headers))  # noqa: S310
    said, given, _ = urllib.parse.urlsplit(url).netloc.rpartition("@")
    if given:
        name, _, password = said.partition(":")
        both = f"{urllib.parse.unquote(name)}:{urllib.parse.unquote(password)}"
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(both.encode()).decode()}")
    return request


def _opener() -> urllib.request.OpenerDirector:
    """Put together by hand: the default one opens file: and ftp: addresses too."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _get(url: str, part: Path, patience: Patience, headers: Mapping[str, str]) -> None:
    """One try: what there is of the file goes on from where it ends."""
    have = _size(part)
    asked = {"User-Agent": f"uie/{uie.__version__}", "Accept-Encoding": "identity", **headers}
    if have:
        asked["Range"] = f"bytes={have}-"
    try:
        with _opener().open(_request(url, asked), timeout=patience.timeout_seconds) as answer:
            start = _start(answer, have, part)
            with part.open("ab" if start else "wb") as out:
                _copy(answer, out, start, url, patience)
    except urllib.error.HTTPError as found:
        with found:
            _refused(found, url, have, part)
    except TimeoutError:
        raise _AnotherTry(f"nothing came for {patience.timeout_seconds:g} seconds") from None
    except urllib.error.URLError as found:
        if isinstance(found.reason, TimeoutError):
            raise _AnotherTry(f"no answer within {patience.timeout_seconds:g} seconds") from None
        raise _AnotherTry(f"cannot be reached ({found.reason})") from None
    except (http.client.HTTPException, ConnectionError, ssl.SSLError) as found:
        raise _AnotherTry(f"the connection broke ({found or type(found).__name__})") from None


def _start(answer: Any, have: int, part: Path) -> int:
    """Where what comes belongs: at the end of what is there, or, if the server sends the whole file, at its beginning."""
    if answer.status == 200:
        return 0
    given = str(answer.headers.get("Content-Range", ""))
    if answer.status == 206 and have and given.startswith(f"bytes {have}-"):
        return have
    part.unlink(missing_ok=True)
    raise _AnotherTry(f"sent another part than it was asked for (HTTP {answer.status} {given})".replace(" )", ")"))


def _copy(answer: Any, out: IO[bytes], start: int, url: str, patience: Patience) -> None:
    length = str(answer.headers.get("Content-Length", ""))
    whole = start + int(length) if length.isdecimal() else None
    have, since, then = start, time.monotonic(), start
    while True:
        if max(have, whole or 0) > patience.most_bytes:
            raise CorpusError(f"{shown_url(url)}: larger than {patience.most_bytes:,} bytes; not fetched.")
        block = answer.read1(_BLOCK)
        if not block:
            break
        out.write(block)
        have += len(block)
        now = time.monotonic()
        if now - since > patience.timeout_seconds:
            if have - then < _LEAST_BYTES:
                raise _AnotherTry(f"{have - then} bytes came in {now - since:.0f} seconds")
            since, then = now, have
    if whole is not None and have < whole:
        raise _AnotherTry(f"ended after {have:,} of {whole:,} bytes")


def _refused(found: urllib.error.HTTPError, url: str, have: int, part: Path) -> None:
    if found.code == 416 and have:
        if str(found.headers.get("Content-Range", "")) == f"bytes */{have}":
            return  # all of it is there
        part.unlink(missing_ok=True)
        raise _AnotherTry("what was there of it is no part of it")
    if 300 <= found.code < 400:
        raise CorpusError(f"{shown_url(url)}: redirects in a loop, more than {MOST_REDIRECTS} times, or elsewhere than to http(s).")
    if found.code in _WORTH_ANOTHER_TRY:
        wait = str(found.headers.get("Retry-After", ""))
        raise _AnotherTry(f"HTTP {found.code} {found.reason}", float(wait) if wait.isdecimal() else 0.0)
    raise CorpusError(f"{shown_url(url)}: HTTP {found.code} {found.reason}.")
