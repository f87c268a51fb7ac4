"""The lanes of one store, and which of them takes a job (`objects_batch`)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Final

from hubsync.stores.objects_batch import Lane, Queue
from hubsync.stores.objects_client import Client
from hubsync.stores.objects_helpers import Helper
from hubsync.stores.objects_small import Job, SmallObjects
from hubsync.stores.objects_threads import Outbox, Result, Workers
from hubsync.stores.objects_wire import Ended, transferred_of
from hubsync.stores.protocol import Transferred

LARGE: Final = 16 << 20
"""Above this size (bytes) an object is moved in parts."""
MANY: Final = 1500
"""From so many jobs on, helper processes repay their start (0.15 s of a core each)."""
_LARGE_AT_ONCE: Final = 2

Large = Callable[[Job, threading.Event], Transferred]
"""Moves a large object, and gives up once the event is set."""


class OwnLane:
    """Small objects, by threads of this process."""

    capacity = 128

    def __init__(self, client: Client, queue: Queue) -> None:
        def deliver(results: list[Result]) -> None:
            queue.put((self, results))

        self._objects = SmallObjects(client, deliver)

    def submit(self, jobs: Sequence[tuple[int, Job]], again: bool = False) -> None:
        self._objects.submit(jobs, again)

    def stop(self) -> None:
        self._objects.drop_pending()

    def close(self) -> None:
        self._objects.close()


class LargeLane:
    """Large objects: few at a time, each of which keeps several parts in flight itself."""

    capacity = 2 * _LARGE_AT_ONCE

    def __init__(self, work: Large, queue: Queue) -> None:
        self._work = work
        self._stopped = threading.Event()
        self._workers = Workers(self._carry_out, _LARGE_AT_ONCE, _LARGE_AT_ONCE)
        self._outbox = Outbox(lambda results: queue.put((self, results)), lambda: False)

    def submit(self, jobs: Sequence[tuple[int, Job]], again: bool = False) -> None:
        self._workers.submit(jobs)

    def stop(self) -> None:
        self._stopped.set()
        for number, _ in self._workers.drop():
            self._outbox.put(number, None)

    def close(self) -> None:
        self._workers.close()

    def _carry_out(self, task: tuple[int, Job]) -> None:
        number, job = task
        self._outbox.end(number, job.key, lambda: self._work(job, self._stopped))


class HelperLane:
    """A helper process."""

    capacity = 512

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
    """The lanes of one batch. ``expected`` is how many jobs will come, 0 if unknown; ``helpers``
    have been started already, and are told of to ``queue``."""

    def __init__(
        self,
        client: Client,
        queue: Queue,
        large: Large,
        expected: int = 0,
        helpers: Sequence[HelperLane] = (),
    ) -> None:
        self._client = client
        self._queue = queue
        self._local = OwnLane(client, queue)
        self._large = LargeLane(large, queue)
        self._helpers = list(helpers)
        self._given = 0
        if expected >= MANY:
            self._start_helpers()

    def lane_for(self, job: Job, load: Callable[[Lane], int]) -> Lane:
        if job.size is None or job.size > LARGE:
            return self._large
        self._given += 1
        if self._given == MANY:
            self._start_helpers()
        if not self._helpers:
            return self._local
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
        if not self._helpers:
            self._helpers = start_helpers(self._client, self._queue)


def start_helpers(client: Client, queue: Queue) -> list[HelperLane]:
    """As many as repay: none where credentials cannot be handed on."""
    if client.settings.credentials is not None:
        return []
    return [HelperLane(client, queue) for _ in range(helper_count())]


def helper_count() -> int:
    """Half of the cores, and no more than a server keeps busy. None below four cores: what a helper
    costs beside its work (its start, and talking to it, a quarter of a transfer's processor time)
    is repaid only by a core that nobody else needs."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(3, (cores or 1) // 2) if (cores or 1) >= 4 else 0
