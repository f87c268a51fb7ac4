"""Small objects, many at a time: each whole in memory, in a thread of its own.

Both this process and the helper processes run the same `Workers`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Final

from hubsync.errors import HubsyncError
from hubsync.stores.objects_client import Client
from hubsync.stores.protocol import Download, Transferred, Upload
from hubsync.stores.transfer import read_source, write_target

Job = Upload | Download
Result = tuple[int, Transferred | BaseException | None]
"""A job's number with its outcome: None for one that was dropped, an exception for a defect."""

NARROW: Final = 8
"""Threads that keep a server busy which is near."""
WIDE: Final = 64
_FAR: Final = 0.03
"""Seconds. A server that needs longer for an object is kept busy by more threads."""
_SMALL: Final = 256 << 10
_BYTES: Final = 32 << 20
"""In memory at once, of objects that are not `_SMALL`."""
_GATHER: Final = 0.005
"""Seconds for which results wait for others while there is more to begin."""


def transfer(client: Client, job: Job, again: bool = False) -> Transferred:
    """Carry out one job whole in memory. ``again``: it may have been done already, by a helper that
    died before it could say so. Raises HubsyncError."""
    if isinstance(job, Upload):
        return _upload(client, job, again)
    data, info = client.get(job.key, identity=job.identity, size=job.size)
    return write_target(job, data, info)


def _upload(client: Client, job: Upload, again: bool) -> Transferred:
    content = read_source(job)
    info = client.put(job.key, content.data, job.expected, again=again)
    return Transferred(
        job.key,
        identity=info.identity,
        digest=content.digest,
        size=len(content.data),
        mtime=info.mtime,
        signature=content.signature,
    )


class Transfers:
    """`transfer`, with so many bytes in memory at a time; a larger object comes alone."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._taken = 0
        self._changed = threading.Condition()

    def __call__(self, job: Job, again: bool) -> Transferred:
        size = job.size or 0
        if size <= _SMALL:
            return transfer(self._client, job, again)
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + size <= _BYTES)
            self._taken += size
        try:
            return transfer(self._client, job, again)
        finally:
            with self._changed:
                self._taken -= size
                self._changed.notify_all()


class Workers:
    """Threads that carry out jobs: ``narrow`` of them, and up to ``wide`` where jobs take long.

    ``deliver`` is called in these threads, by one at a time, with what has ended since the last
    time. A `HubsyncError` of ``work`` is a job's result.
    """

    def __init__(
        self,
        work: Callable[[Job, bool], Transferred],
        deliver: Callable[[list[Result]], None],
        narrow: int = NARROW,
        wide: int = WIDE,
    ) -> None:
        self._work = work
        self._deliver = deliver
        self._narrow = narrow
        self._wide = wide
        self._todo: SimpleQueue[tuple[int, Job, bool] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._ended: list[Result] = []
        self._delivered = 0.0

    def submit(self, jobs: Iterable[tuple[int, Job]], again: bool = False) -> None:
        for number, job in jobs:
            self._todo.put((number, job, again))
        for _ in range(min(self._narrow - len(self._threads), self._todo.qsize())):
            self._one_more(self._narrow)

    def drop_pending(self) -> None:
        """Give back, undone, what has not begun."""
        with contextlib.suppress(Empty):
            while (one := self._todo.get_nowait()) is not None:
                self._end((one[0], None))

    def close(self) -> None:
        """End the threads. Nothing is in flight any more, and nothing comes."""
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    def _one_more(self, most: int) -> None:
        with self._lock:
            if len(self._threads) >= most:
                return
            thread = threading.Thread(target=self._serve, name="hubsync-object", daemon=True)
            self._threads.append(thread)
        thread.start()

    def _serve(self) -> None:
        while (one := self._todo.get()) is not None:
            number, job, again = one
            began = time.monotonic()
            outcome = self._outcome(job, again)
            if time.monotonic() - began > _FAR and not self._todo.empty():
                self._one_more(self._wide)
            self._end((number, outcome))

    def _outcome(self, job: Job, again: bool) -> Transferred | BaseException:
        try:
            return self._work(job, again)
        except HubsyncError as error:
            return Transferred(job.key, error)
        except BaseException as error:  # a defect: the consumer raises it
            return error

    def _end(self, result: Result) -> None:
        # What ends within a moment is delivered at once: a wake-up per file would cost more than
        # the file. While there is more to begin, somebody comes by here again.
        with self._lock:
            self._ended.append(result)
            now = time.monotonic()
            if now - self._delivered < _GATHER and not self._todo.empty():
                return
            self._delivered = now
            ended, self._ended = self._ended, []
            self._deliver(ended)
