"""Jobs → processes of this machine, each with a GPU, or a share of the cores, of its own."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, MutableSequence, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path

from uie.errors import UIEError
from uie.extraction.parallel import Job


def run_in_processes(jobs: Sequence[Job], tell: Callable[[int], None]) -> list[str]:
    """Does each job in a process of its own. A `uie.extraction.parallel.Runner`.

    What a process says on stderr stands in LOG beside its folder. One that dies stops no other.
    """
    context = multiprocessing.get_context("spawn")
    done = context.Array("q", len(jobs), lock=False)
    shares = environments(len(jobs))
    processes = [
        context.Process(target=_do, args=(job, shares[number], done, number), daemon=True) for number, job in enumerate(jobs)
    ]
    jobs[0].settings.out.parent.mkdir(parents=True, exist_ok=True)
    for process in processes:
        process.start()
    while alive := [process.sentinel for process in processes if process.is_alive()]:
        wait(alive, timeout=0.5)
        tell(sum(done))
    return [
        _last_words(number, job, process)
        for number, (job, process) in enumerate(zip(jobs, processes, strict=True), 1)
        if process.exitcode
    ]


def environments(processes: int) -> list[dict[str, str]]:
    """What each process sees of the machine: one GPU where there are any, else a fair share of the cores."""
    gpus = _gpus()
    if gpus:
        return [{"CUDA_VISIBLE_DEVICES": gpus[number % len(gpus)]} for number in range(processes)]
    cores = max(1, len(os.sched_getaffinity(0)) // processes)
    return [{"OMP_NUM_THREADS": str(cores)} for _ in range(processes)]


def _gpus() -> list[str]:
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is not None:
        return [name for name in named.split(",") if name]
    try:
        import torch
    except ImportError:  # an engine that needs no torch
        return []
    return [str(number) for number in range(torch.cuda.device_count())]


def _do(job: Job, environment: dict[str, str], done: MutableSequence[int], number: int) -> None:
    """The life of a worker."""
    os.environ.update(environment)  # before torch is imported, which looks once
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with _log(job).open("w", encoding="utf-8") as log:
        os.dup2(log.fileno(), sys.stderr.fileno())

    def progress(documents: int, _: int | None) -> None:
        done[number] = documents

    try:
        job.do(progress)
    except UIEError as error:
        print(f"uie: error: {error}", file=sys.stderr, flush=True)
        sys.exit(1)


def _end_with_parent() -> None:
    """A parent that was killed leaves no worker behind, who would write where the next call writes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _log(job: Job) -> Path:
    return job.settings.out.with_name(f"{job.settings.out.name}.log")


def _last_words(number: int, job: Job, process: BaseProcess) -> str:
    code = process.exitcode or 0
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit status {code}"
    log = _log(job)
    words = log.read_text(encoding="utf-8", errors="replace").split("\n") if log.is_file() else []
    last = next((line.strip() for line in reversed(words) if line.strip()), "")
    return f"worker {number} {how}{': ' if last else ''}{last.removeprefix('uie: error: ').rstrip('.')} (see {log})"
