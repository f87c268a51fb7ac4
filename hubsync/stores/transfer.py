"""Shared machinery for `Store.upload` and `Store.download`, built from single-object functions.

A store writes ``work(job) -> Transferred`` for one object and hands it to `run_jobs`, which
schedules it. `sources` reads what is sent, `targets` writes what is fetched; their names are
offered here as well, so that a store imports one module.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from hubsync.errors import HubsyncError, Interrupted, Unreachable
from hubsync.stores.protocol import Passed, Transferred
from hubsync.stores.sources import (
    CHUNK,
    SMALL,
    Content,
    SourceStream,
    read_source,
    stream_source,
)
from hubsync.stores.targets import TargetWriter, write_target

__all__ = [
    "CHUNK",
    "SMALL",
    "Content",
    "SourceStream",
    "TargetWriter",
    "passing",
    "read_source",
    "run_jobs",
    "stream_source",
    "write_target",
]


class Keyed(Protocol):
    """What `run_jobs` needs to know of a job."""

    @property
    def key(self) -> str: ...


Job = TypeVar("Job", bound=Keyed)


def passing(passed: Passed, stop: threading.Event) -> Passed:
    """``passed`` that also ends a transfer in its middle, once ``stop`` is set."""

    def tell(count: int) -> None:
        if stop.is_set():
            raise Interrupted("The transfer was stopped.")
        passed(count)

    return tell


def run_jobs(
    jobs: Iterable[Job],
    work: Callable[[Job], Transferred],
    workers: int,
    stop: threading.Event | None = None,
) -> Iterator[Transferred]:
    """Run ``work`` on every job, at most ``workers`` at a time, and yield the results as they come.

    - ``jobs`` is iterated in the caller's thread and never more than ``2 * workers`` ahead of the
      results, so that a lazy iterable of any length costs bounded memory.
    - A `HubsyncError` that ``work`` raises is that job's result. `Unreachable` ends the batch: no
      new job starts, what is in flight is still yielded, then it is raised. So does any other
      exception, which is a defect.
    - Closing the generator starts nothing new, sets ``stop`` (see `passing`) and waits for what is
      in flight; no thread outlives it.
    """
    stop = stop or threading.Event()
    if workers <= 1:
        yield from _run_here(jobs, work, stop)
    else:
        yield from _Pool(work, workers, stop).run(jobs)


def _result(work: Callable[[Job], Transferred], job: Job) -> Transferred:
    try:
        return work(job)
    except HubsyncError as error:
        return Transferred(job.key, error)


def _run_here(
    jobs: Iterable[Job], work: Callable[[Job], Transferred], stop: threading.Event
) -> Iterator[Transferred]:
    try:
        for job in jobs:
            result = _result(work, job)
            yield result
            if isinstance(result.error, Unreachable):
                raise result.error
    finally:
        stop.set()


class _Pool(Generic[Job]):
    """Worker threads for one batch, begun one by one as jobs come.

    Two plain queues instead of futures: a small file takes less time than a future's locks.
    """

    def __init__(
        self, work: Callable[[Job], Transferred], workers: int, stop: threading.Event
    ) -> None:
        self._work = work
        self._workers = workers
        self._stop = stop
        self._todo: SimpleQueue[Job | None] = SimpleQueue()
        self._done: SimpleQueue[Transferred | BaseException | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def run(self, jobs: Iterable[Job]) -> Iterator[Transferred]:
        fatal: BaseException | None = None
        in_flight = 0
        try:
            feed = iter(jobs)
            more = True
            while more or in_flight:
                while more and fatal is None and in_flight < 2 * self._workers:
                    job = next(feed, None)
                    if job is None:
                        more = False
                        break
                    self._start(job)
                    in_flight += 1
                if fatal is not None:
                    more = False
                if not in_flight:
                    break
                result = self._done.get()
                in_flight -= 1
                if isinstance(result, Transferred):
                    yield result
                    if isinstance(result.error, Unreachable):
                        fatal = fatal or result.error
                        self._stop.set()
                elif result is not None:
                    fatal = fatal or result
                    self._stop.set()
        finally:
            self._stop.set()
            for _ in self._threads:
                self._todo.put(None)
            for thread in self._threads:
                thread.join()
        if fatal is not None:
            raise fatal

    def _start(self, job: Job) -> None:
        self._todo.put(job)
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._serve, name="hubsync-transfer", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self) -> None:
        while (job := self._todo.get()) is not None:
            if self._stop.is_set():
                self._done.put(None)
                continue
            try:
                self._done.put(_result(self._work, job))
            except BaseException as error:  # handed to the consumer, which raises it
                self._done.put(error)
