"""Records file → `Examples`: token ids in a folder of the cache, written once, memory-mapped by every process that trains on them."""

import contextlib
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import numpy as np
import tokenizers
import transformers
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from transformers import PreTrainedTokenizerBase

import uie.models.encoding
import uie.records.record
import uie.training.asked
from uie.errors import OutputError, RecordError, TrainingError
from uie.models.encoding import EMPTY_ANSWER, Example, encode_examples
from uie.records.record import Record, read_records
from uie.resources import cache_folder
from uie.storage import alone, file_hash, read_lines, text_hash, whole_folder, write_json
from uie.training.asked import AskedOfRecords

_UNLABELLED = -100
_AT_ONCE = 512  # records that the tokenizer gets together: enough for many cores, and some megabytes of text at most
_KEPT = 16  # entries of the cache
_DAY = 24 * 60 * 60  # seconds
_TOKENIZER_FILES = {".json", ".jinja", ".model", ".txt", ".tiktoken"}
# Whose text is part of an entry's name: a number that stands for their meaning would be forgotten one day.
_CODE = (uie.models.encoding, uie.records.record, uie.training.asked, sys.modules[__name__])
_ARRAYS = {"tokens": "<i4", "starts": "<i8", "graded": "<i4", "instructs": "<i4", "id_bytes": "|u1", "id_starts": "<i8"}
_FACTS = "facts.json"

Json = dict[str, Any]
Write = Callable[[Path], None]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Records as numbers, of which a process holds only the part that it reads.

    Example i is `tokens[starts[i]:starts[i + 1]]`; its last `graded[i]` tokens, at least one, are graded. `instructs[i]` is the
    number of the first example with the same instruct. Its record's id is `id_bytes[id_starts[i]:id_starts[i + 1]]`, UTF-8.
    `rejected` holds id and reason of records that are none; `origins` how many came from which corpus, split and task; `asked` what
    questions.json says of them.
    """

    tokens: NDArray[np.int32]
    starts: NDArray[np.int64]
    graded: NDArray[np.int32]
    instructs: NDArray[np.int32]
    id_bytes: NDArray[np.uint8]
    id_starts: NDArray[np.int64]
    rejected: list[dict[str, str]]
    origins: dict[tuple[str, str, str], int]
    asked: Json

    def __len__(self) -> int:
        return len(self.graded)

    def __getitem__(self, index: int) -> Example:
        if not 0 <= index < len(self):
            raise IndexError(index)
        ids = self.tokens[self.starts[index] : self.starts[index + 1]].tolist()
        prompt = len(ids) - int(self.graded[index])
        return Example(ids, [_UNLABELLED] * prompt + ids[prompt:])

    def __iter__(self) -> Iterator[Example]:
        return (self[index] for index in range(len(self)))

    def id_of(self, index: int) -> str:
        return self.id_bytes[self.id_starts[index] : self.id_starts[index + 1]].tobytes().decode("utf-8")

    @property
    def lengths(self) -> NDArray[np.int64]:
        """In tokens, answer included."""
        return np.diff(self.starts)

    @property
    def max_answer_tokens(self) -> int:
        """Length of the longest answer in tokens, its end included."""
        return int(self.graded.max())


def read_examples(
    path: Path, tokenizer: PreTrainedTokenizerBase, *, wrap: str, max_length: int, on_error: str, limit: int | None = None
) -> Examples:
    """Every record of a file (the first `limit`) as an example: from the cache, where any process has encoded it before.

    An entry of the cache is named by what decides it: the file's bytes, `limit`, `wrap`, `max_length`, the tokenizer with its
    template, and our code. Of several processes on a machine one encodes and the others wait. One line on stderr says which it was.

    Raises:
        RecordError: a record has no answer or is longer than `max_length` and `on_error` is "raise" (all are looked at before, so
            that the message says how many); or no record is left.
        TrainingError: neither the cache nor a temporary folder can be written.
    """
    next(read_lines(path, error=RecordError), None)  # says what is wrong where there is no such file
    name = _entry_name(path, tokenizer, limit=limit, wrap=wrap, max_length=max_length)

    def write(folder: Path) -> None:
        _encode(path, folder, tokenizer, limit=limit, wrap=wrap, max_length=max_length)

    started = time.monotonic()
    examples, is_new = _entry(cache_folder() / "encoded" / name, write)
    if examples.rejected and on_error == "raise":
        first, more = examples.rejected[0], len(examples.rejected) - 1
        others = f" (and {more} more)" if more else ""
        reason = first["reason"].rstrip(".")
        raise RecordError(
            f"{path}: record {first['id']!r}{others}: {reason}; mend them, raise max_length, or set them aside with on_error: skip."
        )
    if not len(examples):
        raise RecordError(
            f"{path}: no record to learn from ({len(examples.rejected)} set aside); see rejected/ or the file itself."
        )
    if is_new:
        _say(f"{path.stem}: {len(examples):,} records encoded in {time.monotonic() - started:.1f} s")
    elif os.environ.get("RANK", "0") == "0":  # of a launched run's processes one speaks
        _say(f"{path.stem}: {len(examples):,} records taken from the cache")
    return examples


# The cache


def _entry_name(path: Path, tokenizer: PreTrainedTokenizerBase, **how: Any) -> str:
    decided_by = {
        "records": file_hash(path),
        "name": path.stem,  # records without an id are called by it
        **how,
        "tokenizer": _tokenizer_facts(tokenizer),
        "libraries": [tokenizers.__version__, transformers.__version__],
        "code": [file_hash(Path(str(module.__file__))) for module in _CODE],
    }
    return text_hash(json.dumps(decided_by, sort_keys=True))[:32]


def _tokenizer_facts(tokenizer: PreTrainedTokenizerBase) -> Json:
    """Its files, or of one that was made in memory what it consists of; and what may be changed after it was read."""
    folder = Path(tokenizer.name_or_path)
    files = sorted(folder.iterdir()) if tokenizer.name_or_path and folder.is_dir() else []
    parts: Any = {path.name: file_hash(path) for path in files if path.suffix in _TOKENIZER_FILES}
    if not parts:
        backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        parts = text_hash(backend.to_str() if backend is not None else json.dumps(tokenizer.get_vocab(), sort_keys=True))
    added = {str(number): repr(token) for number, token in tokenizer.added_tokens_decoder.items()}
    special = {name: str(token) for name, token in tokenizer.special_tokens_map.items()}
    return {"parts": parts, "added": added, "special": special, "template": tokenizer.chat_template}


def _entry(folder: Path, write: Write) -> tuple[Examples, bool]:
    """The entry of the cache, and whether it was written now."""
    try:
        return _cached(folder, write)
    except OSError as error:
        cause = f"{folder.parent}: {error.strerror or error}"
    try:
        with tempfile.TemporaryDirectory(prefix="uie-encoded-") as scratch:
            _say(f"{cause}; the records are encoded in {scratch}, by each process for itself")
            write(Path(scratch))
            return _open(Path(scratch)), True  # what is mapped stays until the process ends, though its name goes
    except OSError as error:
        raise TrainingError(
            f"{cause}; nor can encoded records be written in {tempfile.gettempdir()}: {error.strerror or error}; "
            "make room, or let UIE_CACHE or TMPDIR name a folder with room."
        ) from None


def _cached(folder: Path, write: Write) -> tuple[Examples, bool]:
    if folder.is_dir() and _fault_of(folder) is None:  # first, because locking writes
        return _taken(folder), False
    with alone(folder):
        if folder.is_dir():
            fault = _fault_of(folder)
            if fault is None:  # another process was faster
                return _taken(folder), False
            _say(f"{folder}: {fault}; it is thrown away and made anew")
            shutil.rmtree(folder)
        # On a network folder a lock may hold for this machine only, and a process of another one may have been faster.
        with contextlib.suppress(OutputError), whole_folder(folder) as partial:
            write(partial)
    with contextlib.suppress(OSError):
        _forget_old(folder.parent)
    return _open(folder), True


def _taken(folder: Path) -> Examples:
    with contextlib.suppress(OSError):  # a cache that is only read
        os.utime(folder / _FACTS)
    return _open(folder)


def _fault_of(folder: Path) -> str | None:
    """What is wrong with an entry, or None for a whole one."""
    try:
        sizes = {name: int(size) for name, size in _read_facts(folder)["bytes"].items()}
    except FileNotFoundError:
        return f"has no {_FACTS}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"{_FACTS} is broken"
    for name, size in sizes.items():
        path = folder / name
        if not path.is_file():
            return f"{name} is missing"
        if path.stat().st_size != size:
            return f"{name} has {path.stat().st_size} of {size} bytes"
    return None


def _open(folder: Path) -> Examples:
    facts = _read_facts(folder)
    # A memmap is an array whose every slice is made by Python code; the array that it is a view of is the same without.
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r").view(np.ndarray) for name in _ARRAYS}
    origins = {(dataset, split, task): count for dataset, split, task, count in facts["origins"]}
    return Examples(**arrays, rejected=facts["rejected"], origins=origins, asked=facts["asked"])


def _read_facts(folder: Path) -> Json:
    facts: Json = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
    return facts


def _forget_old(cache: Path) -> None:
    """Leaves the 16 entries last used, and whatever was used within a day: a run that others wait for may still want it."""
    entries = sorted(((_last_used(path), path) for path in cache.iterdir() if path.is_dir()), reverse=True)
    for used, path in entries[_KEPT:]:
        if time.time() - used > _DAY:
            shutil.rmtree(path, ignore_errors=True)
            (cache / f".{path.name}.lock").unlink(missing_ok=True)


def _last_used(folder: Path) -> float:
    facts = folder / _FACTS
    return (facts if facts.is_file() else folder).stat().st_mtime


# Encoding


def _encode(path: Path, folder: Path, tokenizer: PreTrainedTokenizerBase, *, limit: int | None, wrap: str, max_length: int) -> None:
    """Writes an entry, block by block: of the records only ids, and hashes of different instructs, are held to the end."""
    asked, rejected = AskedOfRecords(), []
    numbers: dict[bytes, int] = {}  # of instructs: the first example that has it
    with contextlib.ExitStack() as open_files, _bar(path, limit) as advance:
        columns = {name: open_files.enter_context(_Column(folder / f"{name}.npy", dtype)) for name, dtype in _ARRAYS.items()}
        columns["starts"].add([0])
        columns["id_starts"].add([0])
        records = islice(read_records(path), limit)
        while block := list(islice(records, _AT_ONCE)):
            learned = []
            for record, example in _examples_of(block, tokenizer, wrap):
                if example is None:
                    rejected.append({"id": record.id, "reason": EMPTY_ANSWER})
                elif len(example.input_ids) > max_length:
                    rejected.append({"id": record.id, "reason": f"{len(example.input_ids)} tokens, over max_length {max_length}"})
                else:
                    learned.append((record, example))
            if learned:
                _write_block(columns, learned, numbers)
            for record, _ in learned:
                asked.note(record)
            advance(len(block))
    origins = [[*origin, count] for origin, count in asked.origins().items()]
    sizes = {f"{name}.npy": (folder / f"{name}.npy").stat().st_size for name in _ARRAYS}
    write_json(folder / _FACTS, {"bytes": sizes, "rejected": rejected, "origins": origins, "asked": asked.mapping()})


def _examples_of(
    records: Sequence[Record], tokenizer: PreTrainedTokenizerBase, wrap: str
) -> Iterator[tuple[Record, Example | None]]:
    """Each record with its example, None where it has no answer."""
    texts = [(record.instruct, record.query, record.answer) for record in records if record.answer]
    found = iter(encode_examples(tokenizer, texts, wrap))
    return ((record, next(found) if record.answer else None) for record in records)


def _write_block(columns: Mapping[str, "_Column"], learned: Sequence[tuple[Record, Example]], numbers: dict[bytes, int]) -> None:
    first = columns["graded"].length
    ids = [record.id.encode("utf-8") for record, _ in learned]
    for name, pieces, starts in (
        ("tokens", [np.asarray(example.input_ids, dtype=np.int32) for _, example in learned], "starts"),
        ("id_bytes", [np.frombuffer(id, dtype=np.uint8) for id in ids], "id_starts"),
    ):
        columns[starts].add(columns[name].length + np.cumsum([len(piece) for piece in pieces]))
        columns[name].add(np.concatenate(pieces))
    columns["graded"].add([len(example.labels) - example.labels.count(_UNLABELLED) for _, example in learned])
    hashes = [hashlib.blake2b(record.instruct.encode("utf-8"), digest_size=16).digest() for record, _ in learned]
    columns["instructs"].add([numbers.setdefault(found, first + place) for place, found in enumerate(hashes)])


class _Column:
    """One array written piece by piece: an .npy file, whose header learns its length at the end."""

    def __init__(self, path: Path, dtype: str) -> None:
        self.length = 0
        self._dtype = np.dtype(dtype)
        self._file: IO[bytes] = path.open("wb")
        self._write_header()

    def add(self, values: Any) -> None:
        array = np.asarray(values, dtype=self._dtype)
        self._file.write(array.tobytes())
        self.length += len(array)

    def __enter__(self) -> "_Column":
        return self

    def __exit__(self, *error: object) -> None:
        with self._file:
            self._write_header()

    def _write_header(self) -> None:
        """numpy leaves room in it for a length that grows."""
        self._file.seek(0)
        facts = {"descr": np.lib.format.dtype_to_descr(self._dtype), "fortran_order": False, "shape": (self.length,)}
        np.lib.format.write_array_header_1_0(self._file, facts)


@contextlib.contextmanager
def _bar(path: Path, limit: int | None) -> Iterator[Callable[[int], object]]:
    """A function to be told how many more are done; draws nothing where stderr is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda more: None
        return
    with path.open("rb") as lines:
        total = sum(1 for _ in lines)
    columns = (TextColumn(f"encoding {path.stem}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=min(total, limit or total))
        yield lambda more: progress.advance(task, more)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
