"""A run that is out of memory → the same run with half the records at once, from its last checkpoint. Imports no torch.

What a step learns from stays: only how many of its records are computed at once falls, to a divisor of the `micro_batch` that was
asked for. The number in force lies in the run folder, so that a later --resume takes it up; one that asks for another `micro_batch`
gets that.
"""

import contextlib
import errno
import gc
import json
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from uie.errors import TrainingError, UIEError
from uie.storage import write_json
from uie.training.checkpoints import checkpoints_of
from uie.training.folder import LESS_AT_ONCE
from uie.training.settings import TrainSettings

T = TypeVar("T")
U = TypeVar("U")
_SAID = (  # by torch on CPUs and on Windows, CUDA and HIP, NCCL, C++, the operating system, cuBLAS
    "can't allocate memory",
    "not enough memory",
    "out of memory",
    "cannot allocate memory",
    "bad_alloc",
    "cublas_status_alloc_failed",
)
_LONGEST = 160  # characters of what an allocator says


class OutOfMemory(TrainingError):
    """A run is out of memory, and has written down that it computes fewer records at once when it is resumed."""


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether this error, or one that it was raised from, is of memory that could not be had. Libraries raise many kinds."""
    if error is None or isinstance(error, UIEError):
        return False
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    said = str(error).lower()
    return (
        (isinstance(error, Exception) and any(words in said for words in _SAID))
        or is_out_of_memory(error.__cause__)
        or is_out_of_memory(error.__context__)
    )


def at_once(settings: TrainSettings) -> int:
    """How many records a process computes at once: `micro_batch`, or fewer since the run was out of memory.

    Raises:
        TrainingError: the file that says so is not as it was written.
    """
    path = settings.out / LESS_AT_ONCE
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        asked, found = held["asked"], held["micro_batch"]
    except FileNotFoundError:
        return settings.micro_batch
    except (ValueError, TypeError, KeyError):
        asked = found = None
    if asked == settings.micro_batch and type(found) is int and found > 0 and asked % found == 0:
        return found
    if type(asked) is int and asked != settings.micro_batch:
        return settings.micro_batch
    raise TrainingError(f"{path}: is broken; remove it, and --resume begins with a micro_batch of {settings.micro_batch} again.")


@contextlib.contextmanager
def halved_when_full(settings: TrainSettings, now: int, when: Callable[[], str]) -> Iterator[None]:
    """Notes half of `now`, the records at once, where there is no memory for what happens inside; `when` says what it is, as "at step 7".

    `now` is what `at_once` said before any process took a step: two that are out of memory at the same time halve once.

    Raises:
        OutOfMemory: the run can be resumed with fewer at once.
        TrainingError: one record is too much already.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        told = f"{settings.out}: out of memory {when()} with {now} record{'s' if now > 1 else ''} at once ({_words(error)})"
        _let_go(error)  # first: to write a file takes memory too
        raise _noted(settings, now, told) from None


@contextlib.contextmanager
def told_when_full(settings: TrainSettings, when: str) -> Iterator[None]:
    """The same where fewer records at once are no help.

    Raises:
        TrainingError: there is no memory for what happens inside.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise TrainingError(f"{settings.out}: out of memory {when} ({_words(error)}); {_advice(settings)}.") from None


def with_less_when_full(attempt: Callable[[bool], T], settings: TrainSettings, *, resume: bool) -> T:
    """`attempt(resume)`, again and again from the last checkpoint while it raises OutOfMemory; each time is told on stderr.

    One process of several that something else has started cannot begin again by itself: there the error stays one.
    """
    while True:
        try:
            return attempt(resume)
        except OutOfMemory as error:
            if int(os.environ.get("WORLD_SIZE", "1")) > 1:
                raise
            newest = checkpoints_of(settings.out)
            start = newest[0].name if newest else "the beginning, as there is no checkpoint yet"
            print(f"{error} That is done now, from {start}.", file=sys.stderr, flush=True)
        release_memory()  # here, because the error holds what the attempt held
        resume = True


def halved_since(settings: TrainSettings, before: int) -> OutOfMemory | None:
    """What a worker process has noted, where `before` were computed at once when it was started."""
    if at_once(settings) == before:
        return None
    held = json.loads((settings.out / LESS_AT_ONCE).read_text(encoding="utf-8"))
    return OutOfMemory(held["out_of_memory"][-1])


def facts_of(settings: TrainSettings) -> dict[str, Any]:
    """What manifest.json says of a run that was out of memory: how many records are computed at once, and what happened."""
    path = settings.out / LESS_AT_ONCE
    if not path.is_file():
        return {}
    held = json.loads(path.read_text(encoding="utf-8"))
    return {"micro_batch": held["micro_batch"], "out_of_memory": held["out_of_memory"]}


def answered_by_less(
    answer: Callable[[Sequence[T], int], Iterable[tuple[T, U]]], records: Sequence[T], batch_size: int
) -> Iterator[tuple[T, U]]:
    """`answer(records, batch_size)`, and where memory is out the records that are left, with half the batch_size.

    For what no other process takes part in: each may come to its own batch_size.
    """
    answered: set[int] = set()
    while True:
        try:
            for record, found in answer([record for record in records if id(record) not in answered], batch_size):
                answered.add(id(record))
                yield record, found
            return
        except Exception as error:
            if batch_size == 1 or not is_out_of_memory(error):
                raise
            print(f"out of memory with {batch_size} answers at once; going on with {batch_size // 2}.", file=sys.stderr, flush=True)
            _let_go(error)
        release_memory()
        batch_size //= 2


def release_memory() -> None:
    """Gives back what nothing holds any more but cycles of Python objects and torch's cache of GPU memory."""
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def half(number: int) -> int:
    """The largest divisor of at most half of it: batches are multiples of `micro_batch`, and stay multiples of that."""
    return next(part for part in range(number // 2, 0, -1) if number % part == 0)


def _let_go(error: BaseException | None) -> None:
    """Empties the frames an error went through, which hold the model and the batch."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _noted(settings: TrainSettings, now: int, told: str) -> TrainingError:
    path = settings.out / LESS_AT_ONCE
    if now == 1:
        if not checkpoints_of(settings.out):
            path.unlink(missing_ok=True)  # there is nothing to be resumed by it
        return TrainingError(f"{told}; {_advice(settings)}.")
    told = f"{told}; --resume computes {half(now)} at once, {settings.batch_size} a step as before."
    before = json.loads(path.read_text(encoding="utf-8"))["out_of_memory"] if path.is_file() else []
    write_json(path, {"micro_batch": half(now), "asked": settings.micro_batch, "out_of_memory": [*before, told]})
    return OutOfMemory(told)


def _words(error: BaseException) -> str:
    """An allocator's own words, one line and not too many."""
    told: BaseException | None = error
    while told is not None and not str(told):
        told = told.__cause__ or told.__context__
    words = " ".join(str(told or type(error).__name__).split()).rstrip(".")
    words = re.sub(r"^\[enforce fail at .*?(?=DefaultCPUAllocator)", "", words)  # where in torch's source
    return words if len(words) <= _LONGEST else words[:_LONGEST].rstrip() + "…"


def _advice(settings: TrainSettings) -> str:
    """What of the settings would need less memory, the cheapest first."""
    found = [] if settings.gradient_checkpointing else ["gradient_checkpointing: true (also with --resume)"]
    found.append(f"a lower max_length than {settings.max_length}")
    found += ["precision: bf16"] if settings.precision == "fp32" else []
    if settings.mode == "full":
        found.append("mode: lora")
    elif settings.mode == "lora" and settings.bits > 4:
        found.append("bits: 4")
    if settings.processes > 1 and settings.deepspeed != "zero3" and not settings.fsdp:
        found.append("deepspeed: zero3")
    elif settings.deepspeed != "none" and not settings.offload.is_asked:
        found.append("offload.optimizer: cpu")
    return f"what needs less: {', '.join(found)}, or a smaller model"
