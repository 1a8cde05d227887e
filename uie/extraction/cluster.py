"""Jobs → tasks on a Ray cluster, whose nodes share the input's, the model's and the output's folders.

A task whose node dies is begun again on another one, where it goes on behind the last answer that was written.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from uie.errors import SettingsError, UIEError
from uie.extraction.parallel import Job

_AGAIN = 3  # times that a task is begun anew when its node or its process dies


def places() -> int:
    """How many jobs the cluster can do at a time: one for each GPU, else one for each node.

    Raises:
        SettingsError: Ray is not installed.
    """
    ray = _ray()
    return int(ray.cluster_resources().get("GPU", 0)) or sum(node["Alive"] for node in ray.nodes())


def run_on_ray(jobs: Sequence[Job], tell: Callable[[int], None]) -> list[str]:
    """Does each job as a task, with a GPU or a share of the cores. A `uie.extraction.parallel.Runner`.

    The cluster is that of RAY_ADDRESS, else the one that runs on this machine, else one that is started for the call.

    Raises:
        SettingsError: Ray is not installed.
    """
    ray = _ray()
    from ray.exceptions import RayError

    resources = ray.cluster_resources()
    largest = max(int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"])
    share = {"num_gpus": 1} if resources.get("GPU") else {"num_cpus": max(1, min(largest, int(resources["CPU"]) // len(jobs)))}
    task = ray.remote(max_retries=_AGAIN, **share)(_do)
    here = Path.cwd()
    waiting = {task.remote(job, here): number for number, job in enumerate(jobs, 1)}
    dead, done = [], 0
    while waiting:
        (ended,), _ = ray.wait(list(waiting))
        number = waiting.pop(ended)
        try:
            documents, words = ray.get(ended)
        except RayError as error:
            documents, words = 0, str(error).strip().splitlines()[-1]
        if words:
            dead.append(f"worker {number} ended: {words.rstrip('.')}")
        done += documents
        tell(done)
    return dead


def _do(job: Job, folder: Path) -> tuple[int, str]:
    """How many documents were predicted, and the last words of one that could not be.

    `folder` is the one that the job's relative paths (input, output, model, wordings) start from: a task begins in another one.
    """
    if folder.is_dir():  # else all paths have to be whole ones, which is told of the first that is not
        os.chdir(folder)
    done = 0

    def progress(documents: int, _: int | None) -> None:
        nonlocal done
        done = documents

    try:
        job.do(progress)
    except UIEError as error:
        return done, str(error)
    return done, ""


def _ray() -> Any:
    try:
        import ray
    except ImportError:
        raise SettingsError("--on ray: Ray is not installed: pip install 'uie-llm[ray]'.") from None
    if not ray.is_initialized():
        ray.init(log_to_driver=False)
    return ray
