"""A server's address → its answers as JSON, asked again where that may help. The standard library's client: no dependency, any thread."""

import json
import math
import os
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException, HTTPResponse
from threading import Event
from typing import Any, TypeVar
from urllib.error import HTTPError
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from uie.errors import ModelError

Read = TypeVar("Read")
_LONGEST_REASON = 300
_LOOKING_SECONDS = 30.0  # a question that no model has to think about


class RequestFailed(ModelError):
    """A request that got no answer that could be used.

    `status` is that of HTTP, 0 where none came. `again` says whether the same request may do better, `after` seconds at the soonest.
    """

    def __init__(self, reason: str, *, status: int = 0, again: bool = False, after: float = 0.0) -> None:
        super().__init__(reason)
        self.status, self.again, self.after = status, again, after


@dataclass(frozen=True, slots=True)
class Patience:
    """How long an answer is waited for, and how often it is asked for.

    The pause before the second try is `pause_seconds`, and doubles with each, half of it more or less by chance. A server that says
    when to come back (Retry-After) is asked no sooner, and not again where that is later than `longest_pause_seconds`.
    """

    timeout_seconds: float = 600.0
    tries: int = 6
    pause_seconds: float = 0.5
    longest_pause_seconds: float = 300.0

    def pause(self, tried: int, failed: RequestFailed) -> float | None:
        """Seconds until the next try; None where there is none."""
        if not failed.again or tried >= self.tries or failed.after > self.longest_pause_seconds:
            return None
        pause = self.pause_seconds * 2.0 ** (tried - 1) * random.uniform(0.5, 1.5)
        return max(failed.after, min(pause, self.longest_pause_seconds))


class Server:
    """Where a model answers over HTTP."""

    def __init__(self, url: str, environment: Mapping[str, str] = os.environ, patience: Patience = Patience()) -> None:
        """An address without a path is given `/v1`. The key is UIE_API_KEY, or OPENAI_API_KEY over https or on this machine only.

        Raises:
            ModelError: this is no address, or holds a password; or the key cannot be sent.
        """
        try:
            parts = urlsplit(url)
        except ValueError:  # such as a bracket that is not closed
            parts = SplitResult("", "", "", "", "")
        if "@" in parts.netloc:
            raise ModelError("the server's address holds a password, which would be shown; put a key into UIE_API_KEY instead.")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ModelError(f"{url!r} is no server's address; expected one such as http://localhost:8000/v1.")
        self.url = url.rstrip("/") if parts.path.strip("/") else url.rstrip("/") + "/v1"
        self.patience = patience
        self._key = _key(parts, environment)
        self._opener = build_opener(_NoRedirects, *([ProxyHandler({})] if _is_here(parts) else []))

    def ask(self, path: str, body: object = None) -> Any:
        """The answer to one request, a POST where it has a body; `path` is taken from the address.

        Raises:
            RequestFailed: there is none, or it is no JSON.
        """
        with self._sent(path, body) as response:
            return self._parsed(response.read())

    def ask_again(self, path: str, body: object, read: Callable[[Any], Read], given_up: Event) -> Read:
        """What `read` makes of the answer, which is asked for until there is one that it can read.

        Raises:
            RequestFailed: no more tries are left, another would be no better, or `given_up` was set meanwhile.
        """
        tried = 0
        while True:
            tried += 1
            try:
                return self._understood(read, self.ask(path, body))
            except RequestFailed as failed:
                pause = self.patience.pause(tried, failed)
                if pause is None or given_up.wait(pause):
                    tries = f" (tried {tried} times)" if tried > 1 else ""
                    raise RequestFailed(f"{failed}{tries}", status=failed.status) from None

    def stream(self, path: str, body: object, read: Callable[[Any], Read]) -> Iterator[Read]:
        """What `read` makes of the server-sent events of one request, as they come.

        Raises:
            RequestFailed: the server refuses, the stream breaks off in the middle of an event, or `read` cannot read one.
        """
        with self._sent(path, body) as response:
            for line in response:
                event = line.strip().removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
                if event == b"[DONE]":
                    return
                if event:
                    yield self._understood(read, self._parsed(event))

    @contextmanager
    def _sent(self, path: str, body: object) -> Iterator[HTTPResponse]:
        headers = {"Content-Type": "application/json", "User-Agent": "uie"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None if body is None else json.dumps(body).encode()
        # The address is the user's own, http or https.
        request = Request(urljoin(self.url + "/", path), data=data, headers=headers)  # noqa: S310
        timeout = self.patience.timeout_seconds if body is not None else min(self.patience.timeout_seconds, _LOOKING_SECONDS)
        try:
            with self._opener.open(request, timeout=timeout) as response:
                yield response
        except HTTPError as error:
            raise self._refused(error) from None
        except TimeoutError:
            raise RequestFailed(f"nothing came for {timeout:g} seconds", again=True) from None
        except (OSError, HTTPException) as error:  # no connection, or one that was cut
            reason = getattr(error, "reason", error)
            raise RequestFailed(_one_line(str(reason) or type(reason).__name__), again=True) from None

    def _refused(self, error: HTTPError) -> RequestFailed:
        with error:
            try:
                said = self._without_key(_said(error.read()))
            except (OSError, HTTPException):
                said = ""
        again = error.code in (408, 409, 429) or error.code >= 500
        after = _seconds_until(error.headers.get("Retry-After"))
        return RequestFailed(_one_line(f"HTTP {error.code}: {said or error.reason}"), status=error.code, again=again, after=after)

    def _parsed(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):  # neither JSON nor UTF-8, or thousands of brackets
            shown = self._without_key(data.decode("latin-1")).encode("latin-1")[:40]
            raise RequestFailed(f"the server's answer is no JSON: {shown!r}", status=200, again=True) from None

    def _understood(self, read: Callable[[Any], Read], sent: Any) -> Read:
        try:
            return read(sent)
        except RequestFailed as failed:
            told = _one_line(self._without_key(str(failed)))
            raise RequestFailed(told, status=failed.status, again=failed.again, after=failed.after) from None

    def _without_key(self, complaint: str) -> str:
        """A server that complains may repeat the key, and what it says is shown and written down; an answer is left as it is."""
        return complaint.replace(self._key, "(the key)") if self._key else complaint


class _NoRedirects(HTTPRedirectHandler):
    """The key and the texts go to the address that was given and to no other."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _is_here(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _key(parts: SplitResult, environment: Mapping[str, str]) -> str:
    general = environment.get("OPENAI_API_KEY", "") if parts.scheme == "https" or _is_here(parts) else ""
    key = (environment.get("UIE_API_KEY", "") or general).strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ModelError("the key in UIE_API_KEY or OPENAI_API_KEY holds white space or signs that no header can; copy it again.")
    return key


def _said(body: bytes) -> str:
    """The message in an error's body: `error.message`, `error`, `message` or `detail`, or all of it."""
    text = body.decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and name in found:
            found = found[name]
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_REASON]


def _seconds_until(moment: str | None) -> float:
    """What Retry-After says, in seconds or as a date; 0 where it says nothing that could be understood."""
    try:
        seconds = float(moment or 0)
    except (ValueError, RecursionError):
        try:
            seconds = parsedate_to_datetime(moment or "").timestamp() - time.time()
        except ValueError:
            return 0.0
    return max(seconds, 0.0) if math.isfinite(seconds) else 0.0
