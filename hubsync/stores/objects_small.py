"""Small objects, many at a time: one coroutine per job, and the lane that runs them in one loop.

Both this process and the helper processes run the same lane.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final

from hubsync.errors import HubsyncError
from hubsync.stores.objects_client import Client
from hubsync.stores.protocol import Download, Transferred, Upload
from hubsync.stores.transfer import read_source, write_target

Job = Upload | Download
Result = tuple[int, Transferred | BaseException | None]
"""A job's number with its outcome: None for one that was dropped, an exception for a defect."""

WIDTH: Final = 64
_BYTES: Final = 32 << 20
_GATHER: Final = 0.005
"""Seconds for which results wait for others while the lane has more than it can begin."""


async def transfer(client: Client, job: Job, again: bool = False) -> Transferred:
    """Carry out one job whole in memory. What goes wrong is in the result. ``again``: it may have
    been done already, by a helper that died before it could say so."""
    try:
        if isinstance(job, Upload):
            return await _upload(client, job, again)
        return await _download(client, job)
    except HubsyncError as error:
        return Transferred(job.key, error)


async def _upload(client: Client, job: Upload, again: bool) -> Transferred:
    content = read_source(job)
    info = await client.put(job.key, content.data, job.expected, again=again)
    return Transferred(
        job.key,
        identity=info.identity,
        digest=content.digest,
        size=len(content.data),
        mtime=info.mtime,
        signature=content.signature,
    )


async def _download(client: Client, job: Download) -> Transferred:
    data, info = await client.get(job.key, identity=job.identity, size=job.size)
    return write_target(job, data, info)


class LoopLane:
    """Runs jobs in the running loop, up to `WIDTH` and so many bytes at a time.

    Its methods are called in the loop. ``deliver`` is called there too, with what has ended since
    the last time.
    """

    def __init__(
        self,
        work: Callable[[Job, bool], Awaitable[Transferred]],
        deliver: Callable[[list[Result]], None],
        width: int = WIDTH,
    ) -> None:
        self._work = work
        self._deliver = deliver
        self._width = width
        self._pending: deque[tuple[int, Job, bool]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._bytes = 0
        self._ended: list[Result] = []

    def submit(self, jobs: Iterable[tuple[int, Job]], again: bool = False) -> None:
        self._pending.extend((number, job, again) for number, job in jobs)
        self._fill()

    def drop_pending(self) -> None:
        """Give back, undone, what has not begun."""
        while self._pending:
            self._end((self._pending.popleft()[0], None))

    def _fill(self) -> None:
        pending, tasks = self._pending, self._tasks
        while pending and len(tasks) < self._width:
            size = pending[0][1].size or 0
            if tasks and self._bytes + size > _BYTES:
                return
            number, job, again = pending.popleft()
            self._bytes += size
            task = asyncio.create_task(self._one(number, job, size, again))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def _one(self, number: int, job: Job, size: int, again: bool) -> None:
        outcome: Any
        try:
            outcome = await self._work(job, again)
        except Exception as error:  # a defect: the consumer raises it
            outcome = error
        self._bytes -= size
        self._end((number, outcome))
        # This task still counts until its callback has run; its place is free already.
        if self._pending:
            asyncio.get_running_loop().call_soon(self._fill)

    def _end(self, result: Result) -> None:
        # What ends within a moment is delivered at once: a wake-up per file would cost more than
        # the file. There is as much again to be done, so that nobody waits for this.
        if not self._ended:
            wait = _GATHER if self._pending else 0
            asyncio.get_running_loop().call_later(wait, self._flush)
        self._ended.append(result)

    def _flush(self) -> None:
        ended, self._ended = self._ended, []
        self._deliver(ended)
