"""Being asked to stop (SIGTERM, Ctrl-C, a file in the run folder) → `StopRequest.asked`. Imports no torch."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from uie.errors import TrainingStopped
from uie.training.checkpoints import checkpoints_of, step_of

STOP = "stop"
"""In the run folder: what `launch` leaves there for its workers, whom launchers would kill; anybody may (`touch RUN/stop`)."""
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequest:
    """Whether the run was asked to stop since `listening`. The second signal does at once what it always does."""

    def __init__(self, out: Path, *, on_first: Callable[[], object] = lambda: None) -> None:
        self._file = out / STOP
        self._on_first = on_first
        self._signalled = False

    @property
    def asked(self) -> bool:
        return self._signalled or self._file.is_file()

    @contextlib.contextmanager
    def listening(self) -> Iterator["StopRequest"]:
        """Catches SIGTERM and SIGINT inside the block; in a thread, which gets no signals, only the file counts."""
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {number: signal.getsignal(number) for number in _SIGNALS}

        def note(number: int, frame: Any) -> None:
            if self._signalled:
                signal.signal(number, before[signal.Signals(number)])
                os.kill(os.getpid(), number)
                return
            self._signalled = True
            name = signal.Signals(number).name
            print(f"{name}: the step is finished and a checkpoint saved; once more stops at once.", file=sys.stderr, flush=True)
            self._on_first()

        for number in _SIGNALS:
            signal.signal(number, note)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def stopped(out: Path) -> TrainingStopped:
    """What to raise when a run has stopped as it was asked to."""
    newest = checkpoints_of(out)
    at = f" at step {step_of(newest[0])}, with a checkpoint" if newest else " before the first step"
    return TrainingStopped(f"{out}: stopped{at}; go on with: uie train --config {out / 'run.yaml'} --resume")
