"""One process of several: started by `launch`, or by torchrun, deepspeed or srun.

`python -m uie.training.worker RUN.yaml [--resume]` is what `launch` starts; the others start `uie train` itself, which comes to `join`.
"""

import argparse
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.distributed.rendezvous import rendezvous

from uie.errors import FailedElsewhere, TrainingError, TrainingStopped, UIEError
from uie.models.loading import pick_device, resolve
from uie.settings import build, read_yaml
from uie.training.cluster import Place, place_of
from uie.training.combinations import refuse_on_this_machine
from uie.training.folder import RunResult, discard_unstarted, is_finished, open_run, read_result
from uie.training.guard import as_main_found, is_lost_connection
from uie.training.launch import report_failure
from uie.training.reporters import check_reporters
from uie.training.run import train_claimed
from uie.training.settings import TrainSettings
from uie.training.stopping import STOP

_PATIENCE = timedelta(minutes=30)  # for another process, which may hash a large base or write a checkpoint meanwhile
_PR_SET_PDEATHSIG = 1  # linux/prctl.h: the signal that a process gets when the one that started it ends
_FAREWELL_SECONDS = 5.0  # how long the first process, in which all meet, waits for the others to say that they failed too


def join(settings: TrainSettings, place: Place, *, resume: bool, overwrite: bool) -> RunResult:
    """Trains as one of the processes that another launcher started; the first of them opens the run folder.

    Returns the same in every process.

    Raises:
        UIEError: as `launch`, in one process.
        FailedElsewhere: another process says why.
        TrainingStopped: in every process.
    """
    os.environ.update(place.variables())
    with group(place, settings) as device:
        settings = as_started(settings, place)
        finished = as_main_found(
            lambda: _claim(settings, resume=resume, overwrite=overwrite), is_main=place.is_first, device=device
        )
        try:
            return finished or train_claimed(settings, resume=resume)
        except UIEError:
            if place.is_first:
                discard_unstarted(settings.out)
            raise


def _claim(settings: TrainSettings, *, resume: bool, overwrite: bool) -> RunResult | None:
    """Opens the run folder; the result of a run that was finished before."""
    refuse_on_this_machine(
        replace(settings, processes=1)
    )  # before anything is written; the processes may be those of many machines
    resolve(settings.model)
    check_reporters(settings)
    open_run(settings, resume=resume, overwrite=overwrite)
    if resume and is_finished(settings.out):
        return read_result(settings.out)
    (settings.out / STOP).unlink(missing_ok=True)
    return None


def as_started(settings: TrainSettings, place: Place) -> TrainSettings:
    """The settings with the number of processes that there are.

    Raises:
        UIEError: they ask for another number, or want to start the processes themselves.
    """
    if settings.hostfile is not None:
        raise TrainingError(f"hostfile: {place.processes} processes were started already, by another launcher; leave hostfile out.")
    if settings.processes not in (1, place.processes):
        raise TrainingError(
            f"processes: expected {place.processes}, as many as were started, or 1 (the default), found {settings.processes}."
        )
    return replace(settings, processes=place.processes)


@contextlib.contextmanager
def group(place: Place, settings: TrainSettings) -> Iterator[torch.device]:
    """Inside, the processes know of each other. What all of them find wrong is told by one: the others raise FailedElsewhere."""
    device = pick_device()
    if device.type == "cuda":
        device = torch.device("cuda", place.local_rank % torch.cuda.device_count())
        torch.cuda.set_device(device)
    # FSDP gathers weights in the computer's memory; NCCL alone does not reach it.
    backend = "gloo" if device.type == "cpu" else "cuda:nccl,cpu:gloo" if settings.fsdp else "nccl"
    store, rank, processes = next(rendezvous("env://", timeout=_PATIENCE))
    distributed.init_process_group(backend, store=store, rank=rank, world_size=processes, timeout=_PATIENCE)
    try:
        yield device
    except TrainingStopped:
        raise
    except UIEError:
        if not _is_first_to_fail(store, place):
            raise FailedElsewhere(f"process {place.rank}: another process says why") from None
        raise
    distributed.destroy_process_group()


def _is_first_to_fail(store: Any, place: Place) -> bool:
    try:
        failed = store.add("uie/failed", 1)
        waited = 0.0
        while place.is_first and waited < _FAREWELL_SECONDS and store.add("uie/failed", 0) < place.processes:
            time.sleep(0.05)
            waited += 0.05
        return bool(failed == 1)
    except RuntimeError:  # the first process, which holds the store, is gone
        return True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m uie.training.worker")
    parser.add_argument("settings", type=Path)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--local_rank", type=int)  # deepspeed's launcher passes it; torch reads it from the environment
    given = parser.parse_args(arguments)
    settings = build(TrainSettings, read_yaml(given.settings), where=str(given.settings))
    place = place_of(os.environ)
    assert place is not None, "started by `launch`"
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # who started this may be killed, and the run be resumed
    try:
        with group(place, settings):
            train_claimed(settings, resume=given.resume)
    except TrainingStopped:
        if place.is_first:
            (settings.out / STOP).touch()  # tells `launch` that the end was asked for
        return 0
    except FailedElsewhere:
        return 1
    except RuntimeError as error:
        if not is_lost_connection(error):
            raise
        print(f"process {place.rank}: the connection to another one is lost.", file=sys.stderr, flush=True)
        return 1
    except UIEError as error:
        report_failure(settings.out, str(error))
        if settings.hostfile:  # `launch` tells what it finds; another machine may not share the folder
            print(f"uie: error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
