"""`uie` in processes of its own that can be killed, forked from one that has imported torch once: the import takes longer than the runs."""

import multiprocessing
import os
import sys
from pathlib import Path

import torch

from uie.cli import main

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["uie.cli.train", "uie.training.run"])  # imports only: nothing is computed, so no thread is lost


class Forked:
    """`uie ARGUMENTS` as it runs; what it says goes to files in `folder`. `before` is Python that runs there first."""

    def __init__(self, arguments: list[str], folder: Path, *, before: str = "") -> None:
        self._files = tuple(folder / f"{name}-{len(list(folder.iterdir()))}.txt" for name in ("stdout", "stderr"))
        self._process = _CONTEXT.Process(target=_run, args=(arguments, before, *map(str, self._files)))
        self._process.start()

    @property
    def returncode(self) -> int | None:
        """As of subprocess.Popen: -9 after SIGKILL, None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self._process.pid, number)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Waits for its end; stdout and stderr."""
        self._process.join(timeout)
        if self.returncode is None:
            self._process.kill()
            raise TimeoutError(f"still running after {timeout} s:\n{self.stderr}")
        return self._files[0].read_text(encoding="utf-8"), self.stderr

    @property
    def stderr(self) -> str:
        return self._files[1].read_text(encoding="utf-8") if self._files[1].is_file() else ""


class ForkedWorkers:
    """In place of the `subprocess` module in `uie.training.launch`: workers in real processes of their own.

    `before` is Python that each runs first; `started` holds them in the order they were started. What they say goes to files in
    `folder`.
    """

    def __init__(self, folder: Path, *, before: str = "") -> None:
        self._folder = folder
        self._before = before
        self.started: list[ForkedWorker] = []

    @property
    def stderr(self) -> str:
        return "".join(path.read_text(encoding="utf-8") for path in sorted(self._folder.glob("worker-*.txt")))

    def Popen(self, command: list[str], *, env: dict[str, str], start_new_session: bool) -> "ForkedWorker":  # noqa: N802 - as subprocess
        assert start_new_session
        assert command[:3] == [sys.executable, "-m", "uie.training.worker"]
        said = self._folder / f"worker-{len(self.started)}.txt"
        worker = ForkedWorker(command[3:], env, self._before, str(said))
        self.started.append(worker)
        return worker


class ForkedWorker:
    """What `launch` needs of a subprocess.Popen."""

    def __init__(self, arguments: list[str], environment: dict[str, str], before: str, err: str) -> None:
        self._process = _CONTEXT.Process(target=_work, args=(arguments, environment, before, err))
        self._process.start()
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self) -> int:
        self._process.join()
        return self._process.exitcode


def _work(arguments: list[str], environment: dict[str, str], before: str, err: str) -> None:
    os.setsid()
    os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT), 2)
    os.environ.update(environment)
    torch.set_num_threads(1)
    exec(before, {})
    from uie.training import worker

    sys.exit(worker.main(arguments))


def _run(arguments: list[str], before: str, out: str, err: str) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    torch.set_num_threads(1)  # as in `one_thread`: sums of two threads would be others in their last bit
    exec(before, {})

    sys.argv[:] = ["uie", *arguments]
    main()
