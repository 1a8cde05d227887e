"""JSON Lines in and out, files that appear whole, output folders that are never overwritten unasked, and their manifests."""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import msgspec

import uie
from uie.errors import CorpusError, OutputError, UIEError

Json = dict[str, Any]
_DECODER, _ENCODER = (
    msgspec.json.Decoder(),
    msgspec.json.Encoder(),
)  # 2.5 and 7 times as fast as json's; numbers of any size stay exact
_LIBRARIES = ("torch", "transformers", "peft", "deepspeed", "accelerate", "bitsandbytes", "openvino", "tokenizers", "seqeval")


def read_jsonl(path: Path, *, error: type[UIEError] = CorpusError) -> Iterator[tuple[int, Json]]:
    """The objects of a JSON Lines file with their line numbers, from 1; blank lines are passed over.

    Raises:
        `error`: the file is missing or is not UTF-8, or a line is not a JSON object; the message names file and line.
    """
    for number, line in read_lines(path, error=error):
        if line.strip():
            yield number, parse_object(line, f"{path}:{number}", error=error)


def parse_object(line: str, where: str, *, error: type[UIEError] = CorpusError) -> Json:
    """One JSON object from one line."""
    try:
        row = _DECODER.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError) as found:
        raise error(f"{where}: {_mistake(line, str(found))}") from None
    if not isinstance(row, dict):
        raise error(f"{where}: expected a JSON object, found {type(row).__name__}.")
    return row


def _mistake(line: str, found: str) -> str:
    """What is wrong with a line: as json says it, which tells the place in characters, or what json takes and JSON does not."""
    try:
        check = json.loads(line, parse_constant=float)
        json.dumps(check, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return "holds half of a character (a \\ud800 to \\udfff by itself, as in a cut text); remove it."
    except (ValueError, RecursionError) as said:
        found = str(said)
    return f"not JSON: {found}; expected one object a line."


def check_characters(row: Json, where: str, *, error: type[UIEError] = CorpusError) -> None:
    """Refuses what JSON can say and UTF-8 cannot, before a file is half written."""
    try:
        to_line(row).encode("utf-8")
    except UnicodeEncodeError:
        raise error(f"{where}: holds half of a character (a \\ud800 to \\udfff by itself, as in a cut text); remove it.") from None


def read_lines(path: Path, *, error: type[UIEError] = CorpusError) -> Iterator[tuple[int, str]]:
    r"""Lines without their end, numbered from 1. Only \n and \r\n end a line: U+2028 and its like belong to the text."""
    with opened(path, error) as lines:  # read as bytes: a text file is decoded in blocks, so the line of an error would be unknown
        for number, line in enumerate(lines, 1):
            try:
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as found:
                raise error(f"{path}:{number}: not UTF-8 ({found.reason}); convert the file to UTF-8 first.") from None
            yield number, text.removesuffix("\n").removesuffix("\r")


def opened(path: Path, error: type[UIEError] = CorpusError) -> BinaryIO:
    """The file, to be read.

    Raises:
        `error`: there is none; the message says what lies beside it.
    """
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise error(f"{path}: no such file.{_beside(path)}") from None
    except IsADirectoryError:
        raise error(f"{path}: expected a file, found a folder.") from None


def _beside(path: Path) -> str:
    if not path.parent.is_dir():
        return f" The folder {path.parent} does not exist either."
    names = sorted(p.name for p in path.parent.iterdir() if not p.name.startswith("."))
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f" The folder holds: {', '.join(names[:6]) or 'nothing'}{more}."


def to_line(row: Mapping[str, Any]) -> str:
    """The object as one line of a JSON Lines file, its end included."""
    return _ENCODER.encode(row).decode("utf-8") + "\n"


def write_jsonl(path: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Writes the rows; the file appears whole or not at all. Returns how many there were."""
    count = 0
    with whole_file(path) as out:
        for row in rows:
            out.write(to_line(row))
            count += 1
    return count


def write_json(path: Path, value: Any) -> None:
    with whole_file(path) as out:
        out.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[TextIO]:
    """A text file under a temporary name that gets its own name when the block ends well, and is removed when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with io.TextIOWrapper(os.fdopen(handle, "wb"), encoding="utf-8", newline="\n") as out:
            yield out
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise


def claim_folder(folder: Path, *, overwrite: bool = False, resume: bool = False) -> Path:
    """Makes an output folder that is filled over time, or refuses one in use.

    `overwrite` empties a folder that an earlier run of `uie` wrote; `resume` takes the folder as it is.

    Raises:
        OutputError: the folder holds something and neither was asked for, or overwriting would remove what `uie` did not write.
    """
    folder = _behind_link(folder)
    if not resume:
        refuse_in_use(folder, overwrite=overwrite)
        if folder.is_dir():
            shutil.rmtree(folder)
    elif folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: expected a folder, found a file; choose another --out.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def whole_folder(folder: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """An output folder under a temporary name that gets its own name when the block ends well, and is removed when it does not.

    What stood there before (see `claim_folder`) is removed only then.
    """
    folder = _behind_link(folder)
    refuse_in_use(folder, overwrite=overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield partial
        refuse_in_use(folder, overwrite=overwrite)
        if folder.is_dir():
            shutil.rmtree(folder)
        partial.chmod(0o755)
        partial.replace(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Lets one process of a machine in, the others wait: for a folder that several may want to make at once.

    Raises:
        OSError: the lock, a file beside the folder, cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _behind_link(folder: Path) -> Path:
    """A linked folder's own place (runs are often linked to a larger disk): the link stays, what it points to is replaced."""
    return folder.resolve() if folder.is_symlink() else folder


def refuse_in_use(folder: Path, *, overwrite: bool) -> None:
    """Raises the OutputError of `claim_folder` and changes nothing: to be asked before long work begins."""
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: expected a folder, found a file; choose another --out.")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    if not overwrite:
        raise OutputError(f"{folder}: in use (it holds {_first(folder)}); choose another --out or say --overwrite.")
    if not (folder / "manifest.json").is_file():
        raise OutputError(f"{folder}: --overwrite removes only folders that uie wrote, and this one has no manifest.json.")


def _first(folder: Path) -> str:
    return min(path.name for path in folder.iterdir())


def file_hash(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def text_hash(text: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def write_manifest(folder: Path, command: str, settings: Mapping[str, Any], **facts: Any) -> None:
    """`manifest.json`: what made the folder. `facts` are the stage's own (hashes of inputs, counts, device, …)."""
    write_json(folder / "manifest.json", {"command": command, "settings": settings, **environment(), **facts})


def environment() -> Json:
    """Versions that a result depends on: ours, the commit when run from a checkout, Python's, the libraries'."""
    libraries = {}
    for name in _LIBRARIES:
        with contextlib.suppress(PackageNotFoundError):
            libraries[name] = version(name)
    python = ".".join(map(str, sys.version_info[:3]))
    return {"uie": uie.__version__, "commit": _commit(), "python": python, "libraries": libraries}


def _commit() -> str | None:
    checkout = Path(uie.__file__).resolve().parent.parent
    if not (checkout / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(checkout), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return found.stdout.strip() or None
