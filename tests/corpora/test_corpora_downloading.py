"""Downloads from a real server on loopback that stalls, cuts off, redirects, lies about length and serves archives with a way out."""

import base64
import bz2
import gzip
import hashlib
import http.client
import io
import json
import random
import ssl
import tarfile
import threading
import urllib.parse
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Literal

import pytest
from loopback import QuietHandler, serving

from uie.corpora.config import DatasetConfig, SourceFile, SplitFiles
from uie.corpora.cutting import cut
from uie.corpora.downloading import Hosts, download_corpus, folder_hash, hosts, missing_sources
from uie.corpora.fetching import Patience, fetch
from uie.corpora.unpacking import Limits, unpack
from uie.errors import CorpusError

BODY = b"".join(b"line %d of the corpus\n" % number for number in range(5000))
QUICK = Patience(timeout_seconds=0.3, tries=3, pause_seconds=0.01)
COMMIT = "c" * 40


@dataclass
class Served:
    """`pages`: path → what answers, given the handler and how often the path was asked before."""

    url: str
    pages: dict[str, Callable[[BaseHTTPRequestHandler, int], None]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def ranges(self) -> list[str | None]:
        return [given for _, given in self.asked]


@contextmanager
def file_server() -> Iterator[Served]:
    served = Served("")
    stop = threading.Event()

    class Handler(QuietHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            before = sum(path == self.path for path, _ in served.asked)
            served.asked.append((self.path, self.headers.get("Range")))
            self.close_connection = True
            page = served.pages.get(self.path)
            self.stop = stop
            page(self, before) if page else send(self, b"", status=404)

    with serving(Handler) as served.url:
        try:
            yield served
        finally:
            stop.set()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with file_server() as served:
        yield served


def send(handler: Any, body: bytes, *, status: int = 200, headers: dict[str, str] | None = None, only: int | None = None) -> None:
    handler.send_response(status)
    for name, value in ({"Content-Length": str(len(body))} | (headers or {})).items():
        handler.send_header(name, value)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body[:only])
    handler.wfile.flush()


def whole(body: bytes = BODY) -> Callable[[Any, int], None]:
    return lambda handler, before: send(handler, body)


def part(handler: Any, body: bytes = BODY, only: int | None = None) -> None:
    """What a good server sends, with or without a Range, but at most `only` bytes of it."""
    given = handler.headers.get("Range")
    if not given:
        return send(handler, body, only=only)
    start = int(given.removeprefix("bytes=").removesuffix("-"))
    if start >= len(body):
        return send(handler, b"", status=416, headers={"Content-Range": f"bytes */{len(body)}"})
    headers = {"Content-Range": f"bytes {start}-{len(body) - 1}/{len(body)}"}
    return send(handler, body[start:], status=206, headers=headers, only=only)


def fetched(server: Served, tmp_path: Path, patience: Patience = QUICK) -> bytes:
    fetch(f"{server.url}/file", tmp_path / "file", patience=patience)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    return (tmp_path / "file").read_bytes()


def error_of(call: Callable[[], Any]) -> str:
    with pytest.raises(CorpusError) as error:
        call()
    return str(error.value)


# One file


def test_a_file_comes_as_it_is(server: Served, tmp_path: Path) -> None:
    server.pages["/file"] = whole()

    assert fetched(server, tmp_path) == BODY
    assert server.ranges() == [None]


def test_a_connection_that_is_cut_off_again_and_again_is_taken_up_where_it_ended(server: Served, tmp_path: Path) -> None:
    server.pages["/file"] = lambda handler, before: part(handler, only=20_000)

    assert fetched(server, tmp_path) == BODY
    assert (
        server.ranges()
        == [None, "bytes=20000-", "bytes=40000-", "bytes=60000-", "bytes=80000-", "bytes=100000-", "bytes=120000-"][
            : len(BODY) // 20_000 + 1
        ]
    )


def test_a_server_that_stalls_is_asked_again(server: Served, tmp_path: Path) -> None:
    def stall(handler: Any, before: int) -> None:
        part(handler, only=1000 if before == 0 else None)
        if before == 0:
            handler.stop.wait(5)

    server.pages["/file"] = stall

    assert fetched(server, tmp_path) == BODY
    assert server.ranges() == [None, "bytes=1000-"]


def test_a_server_that_never_answers_is_given_up_and_what_came_is_kept(server: Served, tmp_path: Path) -> None:
    server.pages["/file"] = lambda handler, before: (
        (part(handler, only=500), handler.stop.wait(5)) if before == 0 else handler.stop.wait(5)
    )

    said = error_of(lambda: fetch(f"{server.url}/file", tmp_path / "file", patience=QUICK))

    assert said == f"{server.url}/file: nothing came for 0.3 seconds, after 3 tries; what came is kept for the next time."
    assert [path.name for path in tmp_path.iterdir()] == [".file.part"]
    server.pages["/file"] = lambda handler, before: part(handler)
    assert fetch(f"{server.url}/file", tmp_path / "file", patience=QUICK) is True
    assert server.asked[-1] == ("/file", "bytes=500-")
    assert (tmp_path / "file").read_bytes() == BODY


def test_a_byte_now_and_then_is_a_stall_too(server: Served, tmp_path: Path) -> None:
    def drip(handler: Any, before: int) -> None:
        part(handler, only=10)
        while not handler.stop.wait(0.05):
            handler.wfile.write(b".")

    server.pages["/file"] = drip

    said = error_of(lambda: fetch(f"{server.url}/file", tmp_path / "file", patience=QUICK))

    assert said.endswith("bytes came in 0 seconds, after 3 tries; what came is kept for the next time.")


def test_a_server_that_ignores_range_sends_all_of_it_again(server: Served, tmp_path: Path) -> None:
    server.pages["/file"] = lambda handler, before: send(handler, BODY, only=30_000 if before == 0 else None)

    assert fetched(server, tmp_path) == BODY
    assert server.ranges() == [None, "bytes=30000-"]


def test_a_part_that_was_not_asked_for_is_thrown_away(server: Served, tmp_path: Path) -> None:
    def other(handler: Any, before: int) -> None:
        if before == 1:
            return send(handler, BODY[7:], status=206, headers={"Content-Range": f"bytes 7-{len(BODY) - 1}/{len(BODY)}"})
        return send(handler, BODY, only=30_000 if before == 0 else None)

    server.pages["/file"] = other

    assert fetched(server, tmp_path) == BODY
    assert server.ranges() == [None, "bytes=30000-", None]


def test_a_part_that_is_all_of_the_file_is_the_file_and_a_longer_one_is_thrown_away(server: Served, tmp_path: Path) -> None:
    server.pages["/file"] = lambda handler, before: part(handler)
    (tmp_path / ".file.part").write_bytes(BODY)
    assert fetched(server, tmp_path) == BODY

    (tmp_path / ".file.part").write_bytes(BODY + b"more")
    (tmp_path / "file").unlink()
    assert fetched(server, tmp_path) == BODY


def test_a_length_that_is_too_long_is_no_whole_file(server: Served, tmp_path: Path) -> None:
    server.pages["/file"] = lambda handler, before: send(handler, BODY, headers={"Content-Length": str(len(BODY) + 9)})

    said = error_of(lambda: fetch(f"{server.url}/file", tmp_path / "file", patience=QUICK))

    whole_length = f"{len(BODY) + 9:,}"
    assert (
        said
        == f"{server.url}/file: ended after {len(BODY):,} of {whole_length} bytes, after 3 tries; what came is kept for the next time."
    )
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Served, tmp_path: Path, status: int) -> None:
    server.pages["/file"] = lambda handler, before: send(handler, BODY if before else b"busy", status=200 if before else status)

    assert fetched(server, tmp_path) == BODY


@pytest.mark.parametrize(("status", "reason"), [(404, "Not Found"), (403, "Forbidden")])
def test_a_file_that_is_not_given_is_told_at_once(server: Served, tmp_path: Path, status: int, reason: str) -> None:
    server.pages["/file"] = lambda handler, before: send(handler, b"no", status=status)

    assert error_of(lambda: fetched(server, tmp_path)) == f"{server.url}/file: HTTP {status} {reason}."
    assert len(server.asked) == 1


def test_redirects_are_followed(server: Served, tmp_path: Path) -> None:
    server.pages["/file"] = lambda handler, before: send(handler, b"", status=302, headers={"Location": "/there"})
    server.pages["/there"] = whole()

    assert fetched(server, tmp_path) == BODY


def test_redirects_in_a_loop_or_without_end_are_refused(server: Served, tmp_path: Path) -> None:
    server.pages["/file"] = lambda handler, before: send(handler, b"", status=302, headers={"Location": "/file"})
    for number in range(20):
        to = {"Location": f"/hop{number + 1}"}
        server.pages[f"/hop{number}"] = lambda handler, before, to=to: send(handler, b"", status=301, headers=to)
    what = "redirects in a loop, more than 5 times, or elsewhere than to http(s)."

    assert error_of(lambda: fetched(server, tmp_path)) == f"{server.url}/file: {what}"
    assert error_of(lambda: fetch(f"{server.url}/hop0", tmp_path / "hop", patience=QUICK)) == f"{server.url}/hop0: {what}"
    assert len(server.asked) <= 12


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:text/plain,x"])
def test_redirects_elsewhere_than_to_http_are_refused(server: Served, tmp_path: Path, to: str) -> None:
    server.pages["/file"] = lambda handler, before: send(handler, b"", status=302, headers={"Location": to})

    said = error_of(lambda: fetched(server, tmp_path))

    assert said.startswith(f"{server.url}/file: redirects")
    assert list(tmp_path.iterdir()) == []


def test_only_http_is_fetched_from(tmp_path: Path) -> None:
    said = error_of(lambda: fetch("file:///etc/passwd", tmp_path / "x", patience=QUICK))

    assert said == "file:///etc/passwd: is no address to fetch from; expected http:// or https://."


def test_a_server_that_is_not_there_is_told_without_the_password(tmp_path: Path) -> None:
    said = error_of(lambda: fetch("http://127.0.0.1:9/x", tmp_path / "x", patience=QUICK))

    assert said.startswith("http://127.0.0.1:9/x: cannot be reached (")
    assert said.endswith("), after 3 tries.")


def test_a_broken_encryption_while_reading_is_asked_again_and_then_told(
    server: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, broken = http.client.HTTPResponse.read1, [False, True, True, True, True]

    def read1(answer: http.client.HTTPResponse, n: int = -1) -> bytes:
        if broken and broken.pop(0):
            raise ssl.SSLError(1, "[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] bad record mac")
        return read(answer, n)

    monkeypatch.setattr(http.client.HTTPResponse, "read1", read1)
    server.pages["/file"] = lambda handler, before: part(handler)

    with pytest.raises(CorpusError) as error:
        fetch(f"{server.url}/file", tmp_path / "file", patience=QUICK)

    assert "bad record mac), after 3 tries; what came is kept for the next time." in str(error.value)
    assert fetched(server, tmp_path) == BODY


LOGIN = "Basic " + base64.b64encode(b"ann:s3cr@t").decode()


def guarded(served: list[str | None], body: bytes) -> Callable[[Any, int], None]:
    def answer(handler: Any, before: int) -> None:
        served.append(handler.headers.get("Authorization"))
        given = served[-1] == LOGIN
        send(handler, body if given else b"", status=200 if given else 401)

    return answer


def test_a_name_and_password_in_the_url_are_sent_as_a_header_and_never_shown(server: Served, tmp_path: Path) -> None:
    headers: list[str | None] = []
    server.pages["/file"] = guarded(headers, BODY)
    right, wrong = (server.url.replace("//", f"//ann:{said}@") for said in ("s3cr%40t", "wr0ng"))

    said = error_of(lambda: fetch(f"{wrong}/file", tmp_path / "file", patience=QUICK))
    fetch(f"{right}/file", tmp_path / "file", patience=QUICK)

    assert said == f"{server.url}/file: HTTP 401 Unauthorized."
    assert (tmp_path / "file").read_bytes() == BODY
    assert headers == ["Basic " + base64.b64encode(b"ann:wr0ng").decode(), LOGIN]


def test_a_password_follows_a_redirect_to_its_own_host_and_to_no_other(server: Served, tmp_path: Path) -> None:
    headers: list[str | None] = []
    with file_server() as other:
        for name, to in (("/near", "/file"), ("/far", f"{other.url.replace('//', '//x:y@')}/file")):
            server.pages[name] = lambda handler, before, to=to: send(handler, b"", status=302, headers={"Location": to})
        server.pages["/file"] = other.pages["/file"] = guarded(headers, BODY)
        index = server.url.replace("//", "//ann:s3cr%40t@")

        fetch(f"{index}/near", tmp_path / "near", patience=QUICK)
        said = error_of(lambda: fetch(f"{index}/far", tmp_path / "far", patience=QUICK))

    assert (headers, said) == ([LOGIN, None], f"{server.url}/far: HTTP 401 Unauthorized.")


def test_a_file_without_end_is_given_up(server: Served, tmp_path: Path) -> None:
    def endless(handler: Any, before: int) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while not handler.stop.is_set():
            handler.wfile.write(BODY)

    server.pages["/file"] = endless

    said = error_of(lambda: fetch(f"{server.url}/file", tmp_path / "file", patience=replace(QUICK, most_bytes=1_000_000)))

    assert said == f"{server.url}/file: larger than 1,000,000 bytes; not fetched."


# Archives


def tar_of(*members: tuple[str, bytes | tarfile.TarInfo], form: Literal["gz", ""] = "gz") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=f"w:{form}") as archive:
        for name, content in members:
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.name = name
            if isinstance(content, bytes):
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content) if isinstance(content, bytes) else None)
    return out.getvalue()


def link(kind: bytes, to: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, to
    return info


def zip_of(*members: tuple[str, bytes], mode: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    return out.getvalue()


def unpacked(tmp_path: Path, archive: bytes, inside: str = "data/", **more: Any) -> dict[str, bytes]:
    (tmp_path / "archive").write_bytes(archive)
    unpack(tmp_path / "archive", tmp_path / "out" / "deep", inside=inside, top=True, **more)
    return {
        path.relative_to(tmp_path / "out" / "deep").as_posix(): path.read_bytes()
        for path in sorted((tmp_path / "out").rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_only_what_lies_below_the_wanted_folder_is_written(tmp_path: Path, make: Any) -> None:
    archive = make(("r-c/README", b"no"), ("r-c/data/a.txt", b"a"), ("r-c/data/b/c.txt", b"c"), ("r-c/database/d.txt", b"no"))

    assert unpacked(tmp_path, archive) == {"a.txt": b"a", "b/c.txt": b"c"}
    assert unpacked(tmp_path / "one", archive, "data/b/c.txt") == {"c.txt": b"c"} if (tmp_path / "one").mkdir() is None else False


@pytest.mark.parametrize(
    "name",
    ["../evil", "r-c/../../evil", "/etc/evil", "r-c/data/../../../evil", "r-c\\..\\evil", "C:/evil"],
)
@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_a_name_that_leads_out_of_the_folder_makes_the_archive_unusable(tmp_path: Path, make: Any, name: str) -> None:
    archive = make((name, b"evil"), ("r-c/data/a.txt", b"a"))

    said = error_of(lambda: unpacked(tmp_path, archive))

    assert said == f"archive: the name {name!r} leads out of the folder; nothing of the archive is used."
    assert list(tmp_path.rglob("*evil*")) == []


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(tar_of(("r-c/data/a", link(tarfile.SYMTYPE, "/etc/passwd"))), id="tar, symbolic link"),
        pytest.param(tar_of(("r-c/data/a", link(tarfile.LNKTYPE, "r-c/x"))), id="tar, hard link"),
        pytest.param(tar_of(("r-c/data/a", link(tarfile.CHRTYPE, ""))), id="tar, device"),
        pytest.param(tar_of(("r-c/data/a", link(tarfile.SYMTYPE, "/tmp")), ("r-c/data/a/b", b"x")), id="tar, file behind a link"),
        pytest.param(zip_of(("r-c/data/a", b"/etc/passwd"), mode=0o120777), id="zip, symbolic link"),
    ],
)
def test_links_and_devices_are_refused(tmp_path: Path, archive: bytes) -> None:
    assert error_of(lambda: unpacked(tmp_path, archive)) == "archive: 'r-c/data/a' is a link or a device; not unpacked."
    assert not (tmp_path / "out").exists()


def test_links_elsewhere_in_the_archive_do_not_matter(tmp_path: Path) -> None:
    archive = tar_of(("r-c/link", link(tarfile.SYMTYPE, "data")), ("r-c/data/a", b"a"))

    assert unpacked(tmp_path, archive) == {"a": b"a"}


@pytest.mark.parametrize("make", [tar_of, zip_of])
def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path: Path, make: Any) -> None:
    archive = make(("r-c/data/a", bytes(600_000)), ("r-c/data/b", bytes(600_000)))

    said = error_of(lambda: unpacked(tmp_path, archive, limits=Limits(most_bytes=1_000_000)))
    (tmp_path / "many").mkdir()
    many = error_of(lambda: unpacked(tmp_path / "many", archive, limits=Limits(most_files=1)))

    assert len(archive) < 10_000
    assert said == "archive: unpacks to more bytes than are allowed; not unpacked."
    assert many == "archive: more than 1 entries; not unpacked."


@pytest.mark.parametrize(
    "archive",
    [
        pytest.param(tar_of(("r-c/data/a", BODY))[:-100], id="tar cut off"),
        pytest.param(zip_of(("r-c/data/a", BODY))[:-30], id="zip cut off"),
        pytest.param(b"<html>not here</html>", id="a page"),
        pytest.param(gzip.compress(b"no tar"), id="gzip of something else"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_a_damaged_archive_is_one_line(tmp_path: Path, archive: bytes) -> None:
    assert error_of(lambda: unpacked(tmp_path, archive)).startswith("archive: damaged, cut off or no archive (")


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    archive = tar_of(("r-c/data/a", b"1"), ("r-c/./data/a", b"2"))

    assert (
        error_of(lambda: unpacked(tmp_path, archive))
        == "archive: 'r-c/./data/a' comes twice, or as a file and a folder; not unpacked."
    )


def test_an_archive_without_the_path_is_told(tmp_path: Path) -> None:
    assert error_of(lambda: unpacked(tmp_path, tar_of(("r-c/a", b"1")))) == "archive: holds no data/."


@pytest.mark.parametrize(
    ("pack", "said"), [(gzip.compress, "Not a gzipped file (b'no')"), (bz2.compress, "Invalid data stream")], ids=["gzip", "bzip2"]
)
def test_a_stream_that_is_damaged_further_on_is_one_line(tmp_path: Path, pack: Callable[[bytes], bytes], said: str) -> None:
    archive = tar_of(("r-c/data/a", random.Random(0).randbytes(2_000_000)), form="")
    packed = pack(archive)
    broken = (
        pack(archive[:1_000_000]) + b"no stream"
        if pack is gzip.compress
        else packed[:1_500_000] + b"\xff" * 99 + packed[1_500_099:]
    )

    assert error_of(lambda: unpacked(tmp_path, broken)) == f"archive: damaged, cut off or no archive ({said})."


def test_a_full_disk_is_not_the_archives_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*given: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("uie.corpora.unpacking._write", full)

    with pytest.raises(OSError, match="No space left"):
        unpacked(tmp_path, tar_of(("r-c/data/a", BODY)))


# A corpus


def sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def config(**source: SourceFile) -> DatasetConfig:
    names = {name.replace("__", "/"): one for name, one in source.items()}
    return DatasetConfig("mine", "en", "tokens", ("NER",), {"train": SplitFiles(("train.txt",))}, {}, source=names)


def places(server: Served) -> Hosts:
    return Hosts(
        f"{server.url}/raw/{{repository}}/{{commit}}/{{path}}",
        f"{server.url}/archive/{{repository}}/{{commit}}",
        f"{server.url}/simple",
    )


def download(server: Served, corpus: DatasetConfig, tmp_path: Path) -> list[str]:
    said: list[str] = []
    download_corpus(corpus, data_root=tmp_path, hosts=places(server), patience=QUICK, say=said.append)
    return said


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_file_of_a_repository_is_fetched_verified_and_in_its_place(server: Served, tmp_path: Path) -> None:
    server.pages[f"/raw/ann/corpus/{COMMIT}/data/a%20b.txt"] = whole()
    corpus = config(sub__train=SourceFile(f"ann/corpus@{COMMIT}:data/a b.txt", sha(BODY)))

    said = download(server, corpus, tmp_path)

    assert files(tmp_path / "mine") == {"sub/train": BODY}
    assert said == [f"fetching sub/train from ann/corpus@{COMMIT}:data/a b.txt"]
    assert missing_sources(corpus, data_root=tmp_path) == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == [".mine.lock", "mine"]
    download(server, corpus, tmp_path)
    assert len(server.asked) == 1


def test_a_file_with_another_hash_is_not_used(server: Served, tmp_path: Path) -> None:
    server.pages[f"/raw/ann/corpus/{COMMIT}/train.txt"] = whole(b"other")
    corpus = config(train=SourceFile(f"ann/corpus@{COMMIT}:train.txt", sha(BODY)))

    said = error_of(lambda: download(server, corpus, tmp_path))

    assert said == f"{server.url}/raw/ann/corpus/{COMMIT}/train.txt: has SHA-256 {sha(b'other')}, expected {sha(BODY)}; not used."
    assert not (tmp_path / "mine").exists()


def test_what_an_earlier_call_left_and_does_not_fit_is_fetched_anew(server: Served, tmp_path: Path) -> None:
    path = f"/raw/ann/corpus/{COMMIT}/train.txt"
    server.pages[path] = lambda handler, before: (
        (part(handler, BODY.upper(), only=2000), handler.stop.wait(2)) if before < 3 else part(handler)
    )
    corpus = config(train=SourceFile(f"ann/corpus@{COMMIT}:train.txt", sha(BODY)))
    server.pages[path] = lambda handler, before: (
        part(handler, BODY.upper(), only=2000) if before == 0 else send(handler, b"", status=403)
    )
    error_of(lambda: download(server, corpus, tmp_path))
    server.pages[path] = lambda handler, before: part(handler)

    said = download(server, corpus, tmp_path)

    assert said[-1] == f"{server.url}{path}: what came earlier does not belong to it; fetching all of it"
    assert files(tmp_path / "mine") == {"train": BODY}


def test_folders_of_a_repository_come_from_one_archive_of_the_commit(server: Served, tmp_path: Path) -> None:
    inside = (("corpus-c/data/a.txt", b"a"), ("corpus-c/data/b/c.txt", b"c"), ("corpus-c/more/d.txt", b"d"), ("corpus-c/e", b"e"))
    server.pages[f"/archive/ann/corpus/{COMMIT}"] = whole(tar_of(*inside))
    expected = sha(f"{sha(b'a')}  a.txt\n{sha(b'c')}  b/c.txt\n".encode())
    source = {"train/": SourceFile(f"ann/corpus@{COMMIT}:data/", expected), "dev/": SourceFile(f"ann/corpus@{COMMIT}:more/")}
    corpus = replace(config(), source=source)

    download(server, corpus, tmp_path)

    assert files(tmp_path / "mine") == {"dev/d.txt": b"d", "train/a.txt": b"a", "train/b/c.txt": b"c"}
    assert folder_hash(tmp_path / "mine" / "train") == expected
    assert len(server.asked) == 1
    (tmp_path / "mine" / "train" / "a.txt").write_bytes(b"mine")
    said = error_of(lambda: missing_sources(corpus, data_root=tmp_path))
    assert said.startswith(f"{tmp_path}/mine/train: is there, but has SHA-256 ")


def test_an_archive_with_a_way_out_leaves_nothing_behind(server: Served, tmp_path: Path) -> None:
    server.pages[f"/archive/ann/corpus/{COMMIT}"] = whole(
        tar_of(("corpus-c/data/a.txt", b"a"), ("corpus-c/data/../../../../evil", b"e"))
    )
    corpus = replace(config(), source={"train/": SourceFile(f"ann/corpus@{COMMIT}:data/")})

    assert "leads out of the folder" in error_of(lambda: download(server, corpus, tmp_path))
    assert not (tmp_path / "mine").exists()
    assert list(tmp_path.rglob("evil")) == []


@pytest.mark.parametrize("form", ["json", "html"])
def test_a_file_of_a_package_comes_from_its_source_distribution(server: Served, tmp_path: Path, form: str) -> None:
    sdist = tar_of(("ann_corpus-1.0/ann_corpus/data/train.txt", BODY), ("ann_corpus-1.0/setup.py", b"raise SystemExit"))
    other = tar_of(("ann_corpus-1.0.1/ann_corpus/data/train.txt", b"newer"))
    listed = {"ann_corpus-1.0.1.tar.gz": other, "ann_corpus-1.0-py3-none-any.whl": b"not asked for", "ann_corpus-1.0.tar.gz": sdist}
    rows = [{"filename": name, "url": f"../../f/{name}", "hashes": {"sha256": sha(body)}} for name, body in listed.items()]
    links = "".join(f'<a href="../../f/{name}#sha256={sha(body)}">{name}</a>' for name, body in listed.items())
    server.pages["/simple/ann-corpus/"] = whole(
        json.dumps({"files": rows}).encode() if form == "json" else f"<html>{links}".encode()
    )
    server.pages["/f/ann_corpus-1.0.tar.gz"] = whole(sdist)
    corpus = config(train=SourceFile("Ann.Corpus==1.0:ann_corpus/data/train.txt", sha(BODY)))

    download(server, corpus, tmp_path)

    assert files(tmp_path / "mine") == {"train": BODY}
    assert [path for path, _ in server.asked] == ["/simple/ann-corpus/", "/f/ann_corpus-1.0.tar.gz"]


def test_a_file_that_the_source_distribution_lacks_comes_from_the_wheel(server: Served, tmp_path: Path) -> None:
    sdist, wheel = zip_of(("c-1.0/setup.py", b"")), zip_of(("c/train.txt", BODY))
    rows = [{"filename": "c-1.0.zip", "url": "/f/s"}, {"filename": "c-1.0-py3-none-any.whl", "url": "/f/w"}]
    server.pages |= {"/simple/c/": whole(json.dumps({"files": rows}).encode()), "/f/s": whole(sdist), "/f/w": whole(wheel)}

    download(server, config(train=SourceFile("c==1.0:c/train.txt")), tmp_path)

    assert files(tmp_path / "mine") == {"train": BODY}


def test_without_an_index_it_is_told_how_to_name_one(tmp_path: Path) -> None:
    corpus = config(train=SourceFile("c==1.0:c/train.txt"))

    said = error_of(lambda: download_corpus(corpus, data_root=tmp_path, hosts=Hosts()))

    assert said == "c==1.0:c/train.txt: no package index is named; set UIE_PACKAGE_INDEX to the address of its simple pages."


def test_a_version_that_the_index_lacks_is_told(server: Served, tmp_path: Path) -> None:
    server.pages["/simple/c/"] = whole(b'{"files": []}')

    said = error_of(lambda: download(server, config(train=SourceFile("c==1.0:c/train.txt")), tmp_path))

    assert said == f"c==1.0:c/train.txt: {server.url}/simple/c/ lists no file of that version."


@pytest.mark.parametrize("form", ["json", "html"])
@pytest.mark.parametrize(
    "name",
    [
        "c-1.0-/../../../../../evil.whl",
        "c-1.0-\\..\\evil.whl",
        "/c-1.0-py3-none-any.whl",
        "c-1.0-a/../../evil.tar.gz",
        "../c-1.0.zip",
    ],
)
def test_a_name_in_the_index_that_is_a_path_is_left_out(server: Served, tmp_path: Path, name: str, form: str) -> None:
    archive = zip_of(("c/train.txt", BODY))
    rows = json.dumps({"files": [{"filename": name, "url": "/f/x"}]})
    link = f'<a href="/f/{urllib.parse.quote(name, safe="")}">{name}</a>'
    server.pages |= {"/simple/c/": whole((rows if form == "json" else link).encode()), "/f/x": whole(archive)}
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)

    said = error_of(lambda: download(server, config(train=SourceFile("c==1.0:c/train.txt")), tmp_path / "a" / "b" / "c"))

    assert said == f"c==1.0:c/train.txt: {server.url}/simple/c/ lists no file of that version."
    assert [path for path in tmp_path.rglob("*") if path.is_file() and "evil" in path.name] == []
    assert [path for path, _ in server.asked] == ["/simple/c/"]


@pytest.mark.parametrize("absolute", [False, True])
def test_the_files_of_an_index_with_a_password_are_asked_for_with_it(server: Served, tmp_path: Path, absolute: bool) -> None:
    headers: list[str | None] = []
    rows = [{"filename": "c-1.0-py3-none-any.whl", "url": f"{server.url if absolute else '../..'}/f/w"}]
    server.pages["/simple/c/"] = guarded(headers, json.dumps({"files": rows}).encode())
    server.pages["/f/w"] = guarded(headers, zip_of(("c/train.txt", BODY)))
    index = Hosts(packages=f"{server.url.replace('//', '//ann:s3cr%40t@')}/simple")

    download_corpus(config(train=SourceFile("c==1.0:c/train.txt")), data_root=tmp_path, hosts=index, patience=QUICK)

    assert files(tmp_path / "mine") == {"train": BODY}
    assert headers == [LOGIN, LOGIN]


def test_only_the_part_that_the_config_uses_is_kept_and_the_hash_is_of_the_whole(server: Served, tmp_path: Path) -> None:
    server.pages[f"/raw/ann/corpus/{COMMIT}/train.txt"] = whole()
    source = SourceFile(f"ann/corpus@{COMMIT}:train.txt", sha(BODY), "first 2")

    said = download(server, config(train=source), tmp_path)
    odd = download(server, replace(config(odd=replace(source, cut="every fourth")), name="odd"), tmp_path)

    assert files(tmp_path / "mine") == {"train": b"line 0 of the corpus\nline 1 of the corpus\n"}
    assert len(said) == 1
    assert odd[1] == "odd: only a part is used in the config (every fourth); all of it was fetched, so that counts will differ"
    assert files(tmp_path / "odd") == {"odd": BODY}


@pytest.mark.parametrize(
    ("text", "rule", "left"),
    [
        pytest.param("a\r\nb\nc\n", "first 2 lines", "a\r\nb\n", id="lines"),
        pytest.param("[x\nb\nc", "first 2", "[x\nb\n", id="lines that begin like JSON"),
        pytest.param("\n\na O\n\n\nb O\nc O\n\nd O\n", "first 2 sentences", "\n\na O\n\n\nb O\nc O\n\n", id="sentences"),
        pytest.param('[{"a": 1},\n {"a": "é"}, 3]', "first 2", '[{"a": 1}, {"a": "é"}]', id="items of an array"),
        pytest.param("a\nb\n", "first 1,000 lines", "a\nb\n", id="more than there are"),
    ],
)
def test_what_first_n_means(tmp_path: Path, text: str, rule: str, left: str) -> None:
    (tmp_path / "f").write_bytes(text.encode())

    assert cut(tmp_path / "f", rule) is True
    assert (tmp_path / "f").read_bytes().decode() == left


def test_first_n_of_a_folder_are_files_by_name(tmp_path: Path) -> None:
    for name in ("b", "a", "c"):
        (tmp_path / name).touch()

    assert (cut(tmp_path, "first 2"), cut(tmp_path, "first 2 lines"), cut(tmp_path, "every fourth")) == (True, False, False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_first_n_documents_of_a_folder_are_files_with_one_name_before_the_suffix(tmp_path: Path) -> None:
    for name in ("10.txt", "10.ann", "11.txt", "11.ann", "12.a1", "12.txt"):
        (tmp_path / name).touch()

    assert cut(tmp_path, "first 2 of 3 documents") is True
    assert sorted(path.name for path in tmp_path.iterdir()) == ["10.ann", "10.txt", "11.ann", "11.txt"]


@pytest.mark.parametrize(
    ("name", "at", "said"),
    [
        ("../x", "a/b@c:d", "mine: source.../x: expected a path below the corpus' folder."),
        ("/x", "a/b@c:d", "mine: source./x: expected a path below the corpus' folder."),
        ("x", "a/b", "mine: source.x: expected repository@commit:path or package==version:path, found 'a/b'."),
        ("x", "a/b@c:d/", "mine: source.x: one is a folder (with a slash behind it), the other a file: 'a/b@c:d/'."),
    ],
)
def test_malformed_sources_are_told(tmp_path: Path, name: str, at: str, said: str) -> None:
    corpus = replace(config(), source={name: SourceFile(at)})

    assert error_of(lambda: missing_sources(corpus, data_root=tmp_path)) == said


def test_a_corpus_without_a_source_is_told(tmp_path: Path) -> None:
    assert error_of(lambda: missing_sources(config(), data_root=tmp_path)) == "mine: its config names no source to fetch from."


def test_the_environment_names_other_hosts() -> None:
    assert (hosts({}).file, hosts({}).archive) == (Hosts().file, Hosts().archive)
    assert hosts({"PIP_INDEX_URL": "http://i"}).packages == "http://i"
    own = hosts(
        {"UIE_FILE_URL": "http://f", "UIE_ARCHIVE_URL": "http://a", "UIE_PACKAGE_INDEX": "http://p", "PIP_INDEX_URL": "http://i"}
    )
    assert own == Hosts("http://f", "http://a", "http://p")


@pytest.mark.parametrize("pattern", ["http://host/{pth}", "http://host/{", "http://host/{}"])
def test_a_url_with_an_unknown_place_is_told(tmp_path: Path, pattern: str) -> None:
    source = {"a.txt": SourceFile("me/repo@abc:a.txt")}
    config = DatasetConfig("own", "en", "tokens", ("NER",), {"train": SplitFiles(("a.txt",))}, {}, source=source)

    with pytest.raises(CorpusError) as refused:
        download_corpus(config, data_root=tmp_path, hosts=Hosts(file=pattern))

    said = "UIE_FILE_URL: expected a URL with {repository}, {commit} and {path}, found "
    assert str(refused.value) == f"{said}{pattern!r}."
