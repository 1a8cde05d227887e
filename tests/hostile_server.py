"""A server on loopback that answers as a test tells it to: late, cut off, with nonsense, with errors. It notes what it was asked."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from loopback import QuietHandler, serving


@dataclass
class Reply:
    """`body` is sent as JSON unless it is bytes already; `cut` says after how many bytes the connection breaks."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_seconds: float = 0.0
    cut: int | None = None


@dataclass
class Asked:
    """One request: `number` counts those with the same path and the same body, from 0."""

    path: str
    body: Any
    headers: dict[str, str]
    number: int = 0
    at: float = 0.0


@dataclass
class HostileServer:
    url: str
    asked: list[Asked]
    most_at_once: Callable[[], int]

    def bodies(self, path: str = "/v1/completions") -> list[Any]:
        return [asked.body for asked in self.asked if asked.path == path]


def completion(text: str, *, finish: str | None = "stop", logprobs: Any = None) -> dict[str, Any]:
    choice = {"index": 0, "text": text, "finish_reason": finish, "logprobs": logprobs}
    return {"object": "text_completion", "choices": [choice], "usage": {"completion_tokens": len(text)}}


def chat_completion(text: str | None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop", **more}
    return {"object": "chat.completion", "choices": [choice], "usage": {"completion_tokens": 3}}


def models(*names: str, owner: str = "somebody") -> dict[str, Any]:
    return {"object": "list", "data": [{"id": name, "object": "model", "owned_by": owner} for name in names]}


@contextmanager
def hostile_server(answer: Callable[[Asked], Reply], pages: dict[str, Any] | None = None) -> Iterator[HostileServer]:
    """`answer` decides on every POST; GET gives `pages`, path → JSON or Reply, where nothing is said a list of no models."""
    asked: list[Asked] = []
    lock, under_way, most = threading.Lock(), 0, 0
    shown = {"/v1/models": models()} | (pages or {})

    class Handler(QuietHandler):
        def do_GET(self) -> None:
            self._note(None)
            page = shown.get(self.path, Reply({"detail": "Not Found"}, status=404))
            self._send(page if isinstance(page, Reply) else Reply(page))

        def do_POST(self) -> None:
            nonlocal under_way, most
            found = self._note(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            with lock:
                under_way += 1
                most = max(most, under_way)
            try:
                reply = answer(found)
                time.sleep(reply.after_seconds)
                with lock:
                    under_way -= 1
                self._send(reply)
            except OSError:  # the client has gone
                pass

        def _note(self, body: Any) -> Asked:
            with lock:
                number = sum(one.path == self.path and one.body == body for one in asked)
                asked.append(Asked(self.path, body, dict(self.headers), number, time.monotonic()))
                return asked[-1]

        def _send(self, reply: Reply) -> None:
            data = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in ({"Content-Length": str(len(data))} | reply.headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data[: reply.cut])

    with serving(Handler) as url:
        yield HostileServer(url, asked, lambda: most)
