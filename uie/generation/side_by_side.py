"""Jobs → what became of each, as they finish, with so many under way at a time."""

from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import Event, Lock, Thread
from typing import TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


def side_by_side(work: Callable[[Job, Event], Result], jobs: Iterable[Job], *, at_once: int) -> Iterator[Result]:
    """Results in the order in which they come. Jobs are made one at a time, each when a thread is free for it.

    The event is set when no more results are wanted: by an error, or because the caller took no more. An error of the work or of the
    making of jobs is raised when what was under way has ended and been given: no result is lost to it. The threads are daemons, so
    that Ctrl-C does not wait for a server.
    """
    waiting, turn, given_up = iter(jobs), Lock(), Event()
    done: SimpleQueue[tuple[Result] | Exception | None] = SimpleQueue()

    def labour() -> None:
        try:
            while not given_up.is_set():
                with turn:
                    job = next(waiting, done)  # any object that is no job
                if job is done:
                    return
                done.put((work(job, given_up),))  # type: ignore[arg-type]
        except Exception as error:  # raised where it can be told
            given_up.set()
            done.put(error)
        finally:
            done.put(None)

    for _ in range(at_once):
        Thread(target=labour, daemon=True).start()
    error: Exception | None = None
    try:
        for _ in range(at_once):
            while (found := done.get()) is not None:
                if isinstance(found, Exception):
                    error = error or found
                else:
                    yield found[0]
    finally:
        given_up.set()
    if error is not None:
        raise error
