"""The lanes of one store, and which of them takes a job (`objects_batch`)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Final

from hubsync.stores.objects_batch import Lane, Queue
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_helpers import Helper
from hubsync.stores.objects_small import NARROW, WIDE, Job, Result, Transfers, Workers
from hubsync.stores.objects_wire import Ended, transferred_of
from hubsync.stores.protocol import Transferred

LARGE: Final = 16 << 20
"""Above this size (bytes) an object is moved in parts."""
MANY: Final = 1500
"""From so many jobs on, helper processes repay their start (0.15 s of a core each)."""
_LARGE_AT_ONCE: Final = 2


class OwnLane:
    """Threads of this process: ``narrow`` of them, up to ``wide`` for a server that is far away."""

    def __init__(
        self,
        work: Callable[[Job, bool, threading.Event], Transferred],
        queue: Queue,
        narrow: int,
        wide: int,
    ) -> None:
        self.capacity = 2 * wide
        self._stopped = threading.Event()

        def deliver(results: list[Result]) -> None:
            queue.put((self, results))

        def carry_out(job: Job, again: bool) -> Transferred:
            return work(job, again, self._stopped)

        self._workers = Workers(carry_out, deliver, narrow, wide)

    def submit(self, jobs: Sequence[tuple[int, Job]], again: bool = False) -> None:
        self._workers.submit(jobs, again)

    def stop(self) -> None:
        self._stopped.set()
        self._workers.drop_pending()

    def close(self) -> None:
        self._workers.close()


class HelperLane:
    """A helper process."""

    capacity = 256

    def __init__(self, client: Client, queue: Queue) -> None:
        self._queue = queue
        self._keys: dict[int, str] = {}
        self.ready = False
        self._helper = Helper(client, self._hear)

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


class StoreLanes:
    """The lanes of one batch. ``expected`` is how many jobs will come, 0 if unknown."""

    def __init__(
        self,
        client: Client,
        queue: Queue,
        large: Callable[[Job, threading.Event], Transferred],
        expected: int = 0,
    ) -> None:
        self._client = client
        self._queue = queue
        small = Transfers(client)
        self._local = OwnLane(lambda job, again, _: small(job, again), queue, NARROW, WIDE)
        self._large = OwnLane(
            lambda job, _, stopped: large(job, stopped), queue, _LARGE_AT_ONCE, _LARGE_AT_ONCE
        )
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
