"""`launch`: a run in this process, or under DeepSpeed's launcher where the settings need several. Imports no torch itself."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from uie.errors import TrainingError
from uie.models.sources import resolve
from uie.storage import whole_file
from uie.training.folder import RunResult, discard_unstarted, is_finished, open_run, read_result
from uie.training.settings import TrainSettings
from uie.training.stopping import STOP, StopRequest, stopped

FAILED = "failed.txt"


def launch(settings: TrainSettings, *, resume: bool = False, overwrite: bool = False) -> RunResult:
    """Trains as the settings say, writes the run folder and returns what came of it.

    `resume` goes on from the newest checkpoint with the same numbers as without the stop, and leaves a finished run as it is;
    `overwrite` empties an earlier run.

    Raises:
        UIEError: settings, records, model or folder are wrong, or a worker process failed.
        TrainingStopped: SIGTERM or Ctrl-C asked it to stop; a checkpoint is there.
    """
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
    resolve(settings.model)  # before anything is written
    open_run(settings, resume=resume, overwrite=overwrite)
    if resume and is_finished(settings.out):
        return read_result(settings.out)
    failed, stop = settings.out / FAILED, settings.out / STOP
    failed.unlink(missing_ok=True)
    stop.unlink(missing_ok=True)
    status = _wait(command(settings, resume=resume), settings)
    if stop.is_file() and not status and not is_finished(settings.out):
        stop.unlink()
        raise stopped(settings.out)
    if status:
        reason = failed.read_text(encoding="utf-8").strip() if failed.is_file() else f"exit status {status}; see above"
        failed.unlink(missing_ok=True)
        discard_unstarted(settings.out)
        raise TrainingError(f"{settings.out}: a worker process failed: {reason}")
    return read_result(settings.out)


def _wait(launcher: list[str], settings: TrainSettings) -> int:
    """Runs the launcher; SIGTERM and Ctrl-C reach the workers as a file, because launchers answer signals by killing them."""
    request = StopRequest(settings.out, on_first=(settings.out / STOP).touch)
    process = subprocess.Popen(launcher, env=_environment(settings), start_new_session=True)
    try:
        with request.listening():
            return process.wait()
    except BaseException:
        os.killpg(process.pid, signal.SIGTERM)
        raise


def command(settings: TrainSettings, *, resume: bool) -> list[str]:
    """The launcher's command line; the launcher adds --local_rank=N for each process."""
    where = ["--hostfile", str(settings.hostfile)] if settings.hostfile else ["--num_nodes", "1"]
    launcher = [sys.executable, "-m", "deepspeed.launcher.runner", *where, "--num_gpus", str(settings.processes)]
    port = ["--master_port", str(_free_port())]
    worker = ["--module", "uie.training.worker", str(settings.out / "run.yaml")]
    return [*launcher, *port, *worker, *(["--resume"] if resume else [])]


def report_failure(out: Path, message: str) -> None:
    """Leaves a worker's one-line error where `launch` finds it; on a full disk it stands on stderr only."""
    with contextlib.suppress(OSError), whole_file(out / FAILED) as file:
        file.write(message + "\n")


def _free_port() -> int:
    """A port nobody listens on: the launcher's fixed one makes two runs on a machine fail."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return int(probe.getsockname()[1])


def _environment(settings: TrainSettings) -> dict[str, str]:
    variables = dict(os.environ)
    if not _sees_gpu():
        variables.setdefault("DS_ACCELERATOR", "cpu")
        # torch gives every process all cores otherwise, and they slow each other.
        variables.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // settings.processes)))
    return variables


def _sees_gpu() -> bool:
    import torch  # only in a run that needs it anyway

    return torch.cuda.is_available()
