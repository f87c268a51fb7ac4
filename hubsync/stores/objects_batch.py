"""Spreads a batch of jobs over lanes: threads of this process, helper processes, threads for large.

The consumer's thread feeds the lanes and takes their results; nothing here waits for one lane while
another could work. A job belongs to one lane until its result comes. If a helper process dies, its
jobs are done again in this process: none is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from queue import Empty, SimpleQueue
from typing import Protocol

from hubsync.errors import Unreachable
from hubsync.stores.objects_small import Job
from hubsync.stores.objects_threads import Result
from hubsync.stores.protocol import Transferred


class Lane(Protocol):
    """Where jobs are carried out. Results go, from any thread, to the batch's queue."""

    capacity: int

    def submit(self, jobs: Sequence[tuple[int, Job]], again: bool = False) -> None: ...

    def stop(self) -> None:
        """Begin nothing more; what has not begun comes back with the outcome None."""

    def close(self) -> None:
        """Free what belongs to this batch. Nothing is in flight any more."""


Heard = tuple[Lane, list[Result] | None]
"""One message: results of a lane, or that the lane is dead (None)."""

Queue = SimpleQueue[Heard]


class Lanes(Protocol):
    """Picks the lane for a job, and knows where a dead lane's jobs go."""

    def lane_for(self, job: Job, load: Callable[[Lane], int]) -> Lane: ...

    def buried(self, lane: Lane) -> None: ...

    def all(self) -> Sequence[Lane]: ...


class Batch:
    """One run over ``jobs``. See `transfer.run_jobs` for what is promised about ends and errors."""

    def __init__(self, lanes: Lanes, queue: Queue) -> None:
        self._lanes = lanes
        self._queue = queue
        self._number = 0
        self._flying: dict[int, tuple[Lane, Job]] = {}
        self._load: dict[int, int] = {}
        self._fatal: BaseException | None = None

    def run(self, jobs: Iterable[Job]) -> Iterator[Transferred]:
        feed = iter(jobs)
        held: Job | None = None
        more = True
        try:
            while True:
                if more and self._fatal is None and self._has_room(held):
                    held, more = self._feed(feed, held)
                if not self._flying:
                    break
                yield from self._hear()
        finally:
            for lane in self._lanes.all():
                lane.stop()
            while self._flying:
                self._hear()
        if self._fatal is not None:
            raise self._fatal

    def _feed(self, feed: Iterator[Job], held: Job | None) -> tuple[Job | None, bool]:
        """Give jobs to lanes until the one that the next job needs is full: it is then ``held``."""
        batches: dict[int, tuple[Lane, list[tuple[int, Job]]]] = {}
        more = True
        while True:
            try:
                job = held if held is not None else next(feed, None)
            except BaseException as error:  # raised once what is under way has ended
                self._end(error)
                job = None
            held = None
            if job is None:
                more = False
                break
            lane = self._lanes.lane_for(job, self._loaded)
            if self._loaded(lane) >= lane.capacity:
                held = job
                break
            self._number += 1
            self._flying[self._number] = (lane, job)
            self._load[id(lane)] = self._loaded(lane) + 1
            batches.setdefault(id(lane), (lane, []))[1].append((self._number, job))
        for lane, batch in batches.values():
            lane.submit(batch)
        return held, more

    def _has_room(self, held: Job | None) -> bool:
        """Whether the lane of the job that waits is half empty: lanes are fed by many at once."""
        if held is None or not self._flying:
            return True
        lane = self._lanes.lane_for(held, self._loaded)
        return 2 * self._loaded(lane) <= lane.capacity

    def _loaded(self, lane: Lane) -> int:
        return self._load.get(id(lane), 0)

    def _hear(self) -> list[Transferred]:
        """Wait for one message, take what else is there, and return the results."""
        heard = [self._queue.get()]
        try:
            while True:
                heard.append(self._queue.get_nowait())
        except Empty:
            pass
        done: list[Transferred] = []
        for lane, results in heard:
            if results is None:
                self._bury(lane)
                continue
            for number, outcome in results:
                self._take(number, outcome, done)
        return done

    def _take(self, number: int, outcome: object, done: list[Transferred]) -> None:
        found = self._flying.pop(number, None)
        if found is None:
            return
        self._load[id(found[0])] -= 1
        if isinstance(outcome, Transferred):
            done.append(outcome)
            if isinstance(outcome.error, Unreachable):
                self._end(outcome.error)
        elif isinstance(outcome, BaseException):
            self._end(outcome)

    def _end(self, error: BaseException) -> None:
        if self._fatal is None:
            self._fatal = error
            for lane in self._lanes.all():
                lane.stop()

    def _bury(self, lane: Lane) -> None:
        """A helper died: what it had is begun again elsewhere. Doing a job twice is safe: a write
        that was done already is recognised by its bytes."""
        self._lanes.buried(lane)
        lost = [(n, job) for n, (owner, job) in self._flying.items() if owner is lane]
        for number, job in lost:
            other = self._lanes.lane_for(job, self._loaded)
            self._flying[number] = (other, job)
            self._load[id(other)] = self._loaded(other) + 1
            other.submit([(number, job)], again=True)
            if self._fatal is not None:
                other.stop()
