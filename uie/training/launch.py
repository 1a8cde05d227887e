"""`launch`: a run in this process, in several that it starts, or as one of those that another launcher started. Imports no torch itself."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from uie.errors import TrainingError, TrainingStopped, UIEError
from uie.models.sources import resolve
from uie.storage import whole_file
from uie.training.cluster import Place, place_of
from uie.training.combinations import refuse_on_this_machine
from uie.training.folder import RunResult, discard_unstarted, is_finished, open_run, read_result
from uie.training.memory import at_once, halved_since, with_less_when_full
from uie.training.reporters import check_reporters
from uie.training.settings import TrainSettings
from uie.training.stopping import STOP, StopRequest, stopped

FAILED = "failed.txt"
_POLL_SECONDS = 0.05
_FAREWELL_SECONDS = 10.0


def launch(settings: TrainSettings, *, resume: bool = False, overwrite: bool = False) -> RunResult:
    """Trains as the settings say, writes the run folder and returns what came of it.

    Under torchrun, deepspeed or srun every process calls it, and all return.

    `resume` goes on from the newest checkpoint with the same numbers as without the stop, and leaves a finished run as it is;
    `overwrite` replaces an earlier run, which stays until the new one has taken a step.

    Raises:
        UIEError: settings, records, model or folder are wrong, or a worker process failed.
        TrainingStopped: SIGTERM or Ctrl-C asked it to stop; a checkpoint is there.
    """
    place = place_of(os.environ)
    if place is not None and place.processes > 1:
        from uie.training import worker

        return worker.join(settings, place, resume=resume, overwrite=overwrite)
    if not settings.is_launched:
        from uie.training import run

        return run.train(settings, resume=resume, overwrite=overwrite)
    # Workers may start elsewhere.
    settings = replace(
        settings,
        train=settings.train.resolve(),
        dev=settings.dev and settings.dev.resolve(),
        out=settings.out.resolve(),
        hostfile=settings.hostfile and settings.hostfile.resolve(),
    )
    refuse_on_this_machine(settings)  # before anything is written
    resolve(settings.model)
    check_reporters(settings)
    open_run(settings, resume=resume, overwrite=overwrite)
    if resume and is_finished(settings.out):
        return read_result(settings.out)
    try:
        return with_less_when_full(lambda going_on: _attempt(settings, resume=going_on), settings, resume=resume)
    except TrainingStopped:
        raise
    except UIEError:
        discard_unstarted(settings.out)
        raise


def _attempt(settings: TrainSettings, *, resume: bool) -> RunResult:
    """Starts the processes and waits for them.

    Raises:
        TrainingStopped: it was asked for.
        TrainingError: a process failed; OutOfMemory where it can be tried again with less at once.
    """
    failed, stop = settings.out / FAILED, settings.out / STOP
    failed.unlink(missing_ok=True)
    stop.unlink(missing_ok=True)
    before = at_once(settings)
    status = _wait(_start(settings, resume=resume), settings)
    if stop.is_file() and not status and not is_finished(settings.out):
        stop.unlink()
        raise stopped(settings.out)
    if status:
        if less := halved_since(settings, before):
            raise less
        reason = failed.read_text(encoding="utf-8").strip() if failed.is_file() else _ending(status)
        failed.unlink(missing_ok=True)
        raise TrainingError(f"{settings.out}: a worker process failed: {reason}")
    return read_result(settings.out)


def _start(settings: TrainSettings, *, resume: bool) -> list[subprocess.Popen[bytes]]:
    """The workers of this machine, or with a hostfile DeepSpeed's runner, which starts those of all machines.

    Each has a session of its own: Ctrl-C in a terminal must reach this process only.
    """
    worker = ["uie.training.worker", str(settings.out / "run.yaml"), *(["--resume"] if resume else [])]
    port = free_port()
    shared = _environment(settings)
    if settings.hostfile:
        return [subprocess.Popen(runner(settings, port, worker), env=shared, start_new_session=True)]
    return [
        subprocess.Popen([sys.executable, "-m", *worker], env={**shared, **place.variables()}, start_new_session=True)
        for place in (Place(rank, settings.processes, rank, "127.0.0.1", port) for rank in range(settings.processes))
    ]


def runner(settings: TrainSettings, port: int, worker: Sequence[str]) -> list[str]:
    """The command line of DeepSpeed's launcher, which reaches other machines by pdsh; it adds --local_rank=N for each process."""
    where = ["--hostfile", str(settings.hostfile), "--num_gpus", str(settings.processes), "--master_port", str(port)]
    return [sys.executable, "-m", "deepspeed.launcher.runner", *where, "--module", *worker]


def _wait(workers: Sequence[subprocess.Popen[bytes]], settings: TrainSettings) -> int:
    """The exit status of the first worker that fails, 0 where none does.

    SIGTERM and Ctrl-C reach the workers as a file: DeepSpeed's runner would answer a signal by killing them.
    """
    request = StopRequest(settings.out, on_first=(settings.out / STOP).touch)
    try:
        with request.listening():
            while (status := _first_failure(workers)) is None:
                time.sleep(_POLL_SECONDS)
            if status:
                _leave_time(workers)
            return status
    finally:
        for worker in workers:
            with contextlib.suppress(ProcessLookupError):  # it ended, and so did what it started
                os.killpg(worker.pid, signal.SIGTERM if settings.hostfile else signal.SIGKILL)
            worker.wait()


def _first_failure(workers: Sequence[subprocess.Popen[bytes]]) -> int | None:
    """None while all is well and somebody works, 0 when all have ended well."""
    statuses = [worker.poll() for worker in workers]
    failed = [status for status in statuses if status]
    return min(failed) if failed else None if None in statuses else 0  # a signal (negative) first: it is why the others failed


def _leave_time(workers: Sequence[subprocess.Popen[bytes]]) -> None:
    """For the others to see that one has failed, and to say why; some wait for ever for what it would have sent."""
    end = time.monotonic() + _FAREWELL_SECONDS
    while any(worker.poll() is None for worker in workers) and time.monotonic() < end:
        time.sleep(_POLL_SECONDS)


def _ending(status: int) -> str:
    if status > 0:
        return f"exit status {status}; see above"
    by = " (by somebody, or by the system that was out of memory)" if -status == signal.SIGKILL else ""
    return f"killed by {signal.Signals(-status).name}{by}; go on with --resume."


def report_failure(out: Path, message: str) -> None:
    """Leaves a worker's one-line error where `launch` finds it; on a full disk it stands on stderr only."""
    with contextlib.suppress(OSError), whole_file(out / FAILED) as file:
        file.write(message + "\n")


def free_port() -> int:
    """A port nobody listens on: a fixed one makes two runs on a machine fail."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _environment(settings: TrainSettings) -> dict[str, str]:
    """Of a worker. torchrun's variables stay behind: with one process it may have started this one, and would be asked for others."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("TORCHELASTIC_")}
    variables["LOCAL_WORLD_SIZE"] = str(settings.processes)
    if not _gpus():
        variables.setdefault("DS_ACCELERATOR", "cpu")
        # torch gives every process all cores otherwise, and they slow each other.
        variables.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // settings.processes)))
    return variables


def _gpus() -> int:
    import torch  # only in a run that needs it anyway

    return torch.cuda.device_count()
