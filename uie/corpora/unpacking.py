"""A zip or tar archive in, the files of one folder (or one file) of it out. Nothing is written elsewhere, however the archive names it."""

import lzma
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Literal

from uie.errors import CorpusError

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """What an archive may unpack to: a small one can hold a disk full of zeros."""

    most_bytes: int = 16 << 30
    most_files: int = 500_000


@dataclass(frozen=True, slots=True)
class _Member:
    name: str
    kind: Literal["file", "folder", "other"]
    said: Any


def unpack(archive: Path, folder: Path, *, inside: str, top: bool, limits: Limits | None = None) -> list[Path]:
    """Writes what lies at `inside` (a file's path, or a folder's with a slash behind it) to the folder, and returns the files.

    A file gets its own name, the files of a folder their paths below it. `top`: everything in the archive lies in one folder, which
    `inside` does not name.

    Raises:
        CorpusError: nothing lies there; the archive is damaged or too large; a name in it is absolute or has `..`; something wanted
            is a link or a device, or comes twice.
    """
    limits = limits or Limits()
    wanted = PurePosixPath(inside).parts
    written: list[Path] = []
    left = limits.most_bytes
    with _opened(archive) as (members, read):
        for number, member in enumerate(members):
            parts = _parts(member.name, archive)[1 if top else 0 :]
            if number >= limits.most_files:
                raise CorpusError(f"{archive.name}: more than {limits.most_files:,} entries; not unpacked.")
            if parts[: len(wanted)] != wanted or member.kind == "folder":
                continue
            if member.kind == "other":
                raise CorpusError(f"{archive.name}: {member.name!r} is a link or a device; not unpacked.")
            below = parts[len(wanted) :] if inside.endswith("/") or not inside else parts[-1:]
            if not below or (not inside.endswith("/") and inside and parts != wanted):
                continue
            path = folder.joinpath(*below)
            with read(member) as source:
                left -= _write(source, path, left, archive, member.name)
            written.append(path)
    if not written:
        raise CorpusError(f"{archive.name}: holds no {inside or 'file'}.")
    return written


def _parts(name: str, archive: Path) -> tuple[str, ...]:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or re.match(r"[A-Za-z]:", name):
        raise CorpusError(f"{archive.name}: the name {name!r} leads out of the folder; nothing of the archive is used.")
    return path.parts


def _write(source: IO[bytes], path: Path, left: int, archive: Path, name: str) -> int:
    """The number of bytes, counted as they come: what the archive says of its sizes may be a lie."""
    size = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as out:
            while block := source.read(_BLOCK):
                size += len(block)
                if size > left:
                    raise CorpusError(f"{archive.name}: unpacks to more bytes than are allowed; not unpacked.")
                out.write(block)
    except (FileExistsError, NotADirectoryError):
        raise CorpusError(f"{archive.name}: {name!r} comes twice, or as a file and a folder; not unpacked.") from None
    return size


@contextmanager
def _opened(archive: Path) -> Iterator[tuple[Iterator[_Member], Any]]:
    """The members of the archive, and a function that opens one."""
    try:
        if zipfile.is_zipfile(archive) and not _is_tar(archive):
            with zipfile.ZipFile(archive) as zipped:
                yield _zip_members(zipped), lambda member: zipped.open(member.said)
        else:
            with tarfile.open(archive, "r:*") as tarred:
                yield _tar_members(tarred), lambda member: tarred.extractfile(member.said)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, NotImplementedError) as found:
        raise _damaged(archive, found) from None
    except OSError as found:
        # gzip and bz2 say so that their stream is broken; what the system says of a full disk or a missing file has a number.
        if found.errno is not None:
            raise
        raise _damaged(archive, found) from None


def _damaged(archive: Path, found: Exception) -> CorpusError:
    return CorpusError(f"{archive.name}: damaged, cut off or no archive ({found}).")


def _is_tar(archive: Path) -> bool:
    """A gzip's tail may look like a zip's; its first bytes do not."""
    with archive.open("rb") as file:
        return not file.read(4).startswith(b"PK")


def _zip_members(zipped: zipfile.ZipFile) -> Iterator[_Member]:
    for info in zipped.infolist():
        mode = info.external_attr >> 16
        kind: Literal["file", "folder", "other"] = "folder" if info.is_dir() else "file"
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            kind = "other"
        yield _Member(info.orig_filename, kind, info)


def _tar_members(tarred: tarfile.TarFile) -> Iterator[_Member]:
    for info in tarred:
        yield _Member(info.name, "file" if info.isreg() else "folder" if info.isdir() else "other", info)
