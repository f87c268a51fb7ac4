"""Small objects, many at a time: each whole in memory, in a thread of its own.

Both this process and the helper processes run the same `SmallObjects`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final

from hubsync.stores.objects_client import Client
from hubsync.stores.objects_quick import SLOW, QuickObjects
from hubsync.stores.objects_threads import Outbox, Result, Workers
from hubsync.stores.protocol import Download, ObjectInfo, Transferred, Upload
from hubsync.stores.transfer import read_source, write_target

Job = Upload | Download

NARROW: Final = 12
"""Requests at once that keep a server busy which is near."""
WIDE: Final = 64
_FAR: Final = 0.03
"""Seconds. A server that needs longer for an object is sent more requests at once."""
_WRITERS: Final = 16
_SMALL: Final = 256 << 10
_BYTES: Final = 32 << 20
"""In memory at once, of objects that are not `_SMALL`."""


def transfer(client: Client, job: Job, again: bool = False) -> Transferred:
    """Carry out one job whole in memory. ``again``: it may have been done already, by a helper that
    died before it could say so. Raises HubsyncError."""
    if isinstance(job, Upload):
        return _upload(client, job, again)
    return write_target(job, *_get(client, job))


def _get(client: Client, job: Download) -> tuple[Any, ObjectInfo]:
    return client.get(job.key, identity=job.identity, size=job.size)


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


class SmallObjects:
    """Carries out jobs, some many at a time. ``deliver`` is called in threads, by one at a time,
    with what has ended since the last time. A `HubsyncError` is a job's result."""

    def __init__(self, client: Client, deliver: Callable[[list[Result]], None]) -> None:
        self._client = client
        self._room = _Room(_BYTES)
        self._requests = Workers(self._request, NARROW, WIDE, _FAR)
        # One thread writes 10,000 files to a disk of this machine in less time than two.
        self._writes = Workers(self._write, 1, _WRITERS, SLOW)
        self._outbox = Outbox(deliver, self._more)
        self._quick = QuickObjects(client, self._outbox, self._fetched, self._ordinarily)
        self._writing = 0.0

    def submit(self, jobs: Iterable[tuple[int, Job]], again: bool = False) -> None:
        small: list[tuple[int, Job]] = []
        other: list[tuple[int, Job]] = []
        for number, job in jobs:
            (other if again or (job.size or 0) > _SMALL else small).append((number, job))
        if other:
            self._ordinarily(other, again)
        if small:
            self._quick.submit(small)

    def drop_pending(self) -> None:
        """Give back, undone, what has not begun."""
        for number, _ in self._quick.drop():
            self._outbox.put(number, None)
        for number, _, _ in self._requests.drop():
            self._outbox.put(number, None)

    def close(self) -> None:
        """End the threads. Nothing is in flight any more, and nothing comes."""
        self._quick.close()
        self._requests.close()
        self._writes.close()

    def _more(self) -> bool:
        return bool(self._quick.waiting()) or self._requests.waiting() or self._writes.waiting()

    def _ordinarily(self, jobs: Iterable[tuple[int, Job]], again: bool) -> None:
        self._requests.submit([(number, job, again) for number, job in jobs])

    def _request(self, task: tuple[int, Job, bool]) -> None:
        number, job, again = task
        size = job.size or 0
        if size > _SMALL:
            self._room.take(size)
            self._end(number, job, lambda: transfer(self._client, job, again))
            self._room.give(size)
        elif isinstance(job, Upload):
            self._end(number, job, lambda: _upload(self._client, job, again))
        else:
            try:
                data, info = _get(self._client, job)
                self._writes.submit([(number, job, data, info)])
            except BaseException as error:
                self._outbox.failed(number, job.key, error)

    def _fetched(self, number: int, job: Download, data: Any, info: ObjectInfo) -> None:
        """Written at once, unless the disk would hold up the requests."""
        if self._writing > SLOW:
            self._writes.submit([(number, job, data, info)])
        else:
            self._write((number, job, data, info))

    def _write(self, task: tuple[int, Download, Any, ObjectInfo]) -> None:
        number, job, data, info = task
        began = time.monotonic()
        self._end(number, job, lambda: write_target(job, data, info))
        self._writing += 0.2 * (time.monotonic() - began - self._writing)

    def _end(self, number: int, job: Job, work: Callable[[], Transferred]) -> None:
        self._outbox.end(number, job.key, work)


class _Room:
    """So many bytes for the objects that are in memory; one that is larger comes alone."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._changed = threading.Condition()

    def take(self, size: int) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._taken or self._taken + size <= self._size)
            self._taken += size

    def give(self, size: int) -> None:
        with self._changed:
            self._taken -= size
            self._changed.notify_all()
