"""The lanes of one store, and which of them takes a job (`objects_batch`)."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Final

from hubsync.errors import HubsyncError
from hubsync.stores.objects_batch import Lane, Queue
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_helpers import Helper
from hubsync.stores.objects_small import WIDTH, Job, LoopLane, Result, transfer
from hubsync.stores.objects_wire import Ended, transferred_of
from hubsync.stores.protocol import Transferred

LARGE: Final = 16 << 20
"""Above this size (bytes) an object is moved in parts."""
MANY: Final = 1500
"""From so many jobs on, helper processes repay their start (0.15 s of a core each)."""
_LARGE_AT_ONCE: Final = 2


class LocalLane:
    """This process's own loop."""

    capacity = 128

    def __init__(self, loop: asyncio.AbstractEventLoop, client: Client, queue: Queue) -> None:
        self._loop = loop

        def deliver(results: list[Result]) -> None:
            queue.put((self, results))

        async def work(job: Job, again: bool) -> Transferred:
            return await transfer(client, job, again)

        self._lane = LoopLane(work, deliver)

    def submit(self, jobs: Sequence[tuple[int, Job]], again: bool = False) -> None:
        self._loop.call_soon_threadsafe(self._lane.submit, jobs, again)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._lane.drop_pending)

    def close(self) -> None:
        return


class HelperLane:
    """A helper process."""

    capacity = 256

    def __init__(self, client: Client, queue: Queue) -> None:
        self._queue = queue
        self._keys: dict[int, str] = {}
        self.ready = False
        self._helper = Helper(client.settings, WIDTH, client.requests, self._hear)

    @property
    def pid(self) -> int:
        return self._helper.pid

    def submit(self, jobs: Sequence[tuple[int, Job]], again: bool = False) -> None:
        self._keys.update((number, job.key) for number, job in jobs)
        self._helper.submit(jobs)

    def stop(self) -> None:
        self._helper.drop_pending()

    def close(self) -> None:
        self._helper.close()

    def _hear(self, _: Helper, ended: list[Ended] | None) -> None:
        self.ready = ended is not None
        if ended is None:
            self._queue.put((self, None))
            return
        results: list[Result] = []
        for one in ended:
            key = self._keys.pop(one.number)
            results.append((one.number, None if one.dropped else transferred_of(one, key)))
        self._queue.put((self, results))


class ThreadLane:
    """Large objects: few at a time, each of which keeps several parts in flight itself."""

    capacity = 2 * _LARGE_AT_ONCE

    def __init__(self, work: Callable[[Job], Transferred], queue: Queue) -> None:
        self._work = work
        self._queue = queue
        self._todo: SimpleQueue[tuple[int, Job] | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.stopped = threading.Event()

    def submit(self, jobs: Sequence[tuple[int, Job]], again: bool = False) -> None:
        for one in jobs:
            self._todo.put(one)
            if len(self._threads) < _LARGE_AT_ONCE:
                thread = threading.Thread(target=self._serve, name="hubsync-large", daemon=True)
                self._threads.append(thread)
                thread.start()

    def stop(self) -> None:
        self.stopped.set()

    def close(self) -> None:
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        while (one := self._todo.get()) is not None:
            number, job = one
            self._queue.put((self, [(number, self._outcome(job))]))

    def _outcome(self, job: Job) -> Transferred | BaseException | None:
        if self.stopped.is_set():
            return None
        try:
            return self._work(job)
        except HubsyncError as error:
            return Transferred(job.key, error)
        except BaseException as error:  # a defect: the consumer raises it
            return error


class StoreLanes:
    """The lanes of one batch. ``expected`` is how many jobs will come, 0 if unknown."""

    def __init__(
        self,
        client: Client,
        loop: asyncio.AbstractEventLoop,
        queue: Queue,
        large: Callable[[Job, threading.Event], Transferred],
        expected: int = 0,
    ) -> None:
        self._client = client
        self._queue = queue
        self._local = LocalLane(loop, client, queue)
        self._large = ThreadLane(lambda job: large(job, self._large.stopped), queue)
        self._helpers: list[HelperLane] = []
        self._given = 0
        self._may_help = client.settings.credentials is None
        if expected >= MANY:
            self._start_helpers()

    def lane_for(self, job: Job, load: Callable[[Lane], int]) -> Lane:
        if job.size is None or job.size > LARGE:
            return self._large
        self._given += 1
        if self._given == MANY:
            self._start_helpers()
        ready: list[Lane] = [lane for lane in self._helpers if lane.ready]
        # Two helpers do more than two and this process, which has to feed them.
        return min(ready if len(ready) > 1 else [self._local, *ready], key=load)

    def buried(self, lane: Lane) -> None:
        self._helpers = [helper for helper in self._helpers if helper is not lane]
        lane.close()

    def all(self) -> Sequence[Lane]:
        return [self._local, self._large, *self._helpers]

    def close(self) -> None:
        for lane in self.all():
            lane.close()

    def _start_helpers(self) -> None:
        if not self._may_help or self._helpers:
            return
        self._helpers = [HelperLane(self._client, self._queue) for _ in range(helper_count())]


def helper_count() -> int:
    """Half of the cores, and no more than a server keeps busy; 0 on a single one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(3, (cores or 1) // 2)
