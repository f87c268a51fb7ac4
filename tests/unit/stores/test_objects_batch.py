"""Many jobs over several lanes: whatever happens, a batch comes to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from queue import SimpleQueue

import pytest

from hubsync.errors import AccessDenied
from hubsync.stores.objects_batch import Batch, Lane, Queue
from hubsync.stores.objects_small import Job
from hubsync.stores.protocol import Transferred, Upload


class AtOnce:
    """A lane that has done everything when it was given."""

    capacity = 8

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    def submit(self, jobs: Sequence[tuple[int, Job]], again: bool = False) -> None:
        self._queue.put((self, [(number, Transferred(job.key)) for number, job in jobs]))

    def stop(self) -> None:
        return

    def close(self) -> None:
        return


class OneLane:
    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    def lane_for(self, job: Job, load: Callable[[Lane], int]) -> Lane:
        return self._lane

    def buried(self, lane: Lane) -> None:
        raise AssertionError("nobody died")

    def all(self) -> Sequence[Lane]:
        return [self._lane]


def jobs(count: int, error: Exception | None = None) -> Iterator[Job]:
    for number in range(count):
        yield Upload(f"k{number}", "", 1, None, data=b"x")
    if error is not None:
        raise error


@pytest.mark.timeout(20)
@pytest.mark.parametrize("before", [0, 3, 8, 20])
def test_a_feed_that_fails_ends_the_batch_once_what_was_begun_is_told(before: int) -> None:
    """Preparing a job may fail: the credentials ended, or the connection broke."""
    queue: Queue = SimpleQueue()
    told: list[str] = []
    batch = Batch(OneLane(AtOnce(queue)), queue).run(jobs(before, AccessDenied("no")))
    with pytest.raises(AccessDenied):
        told.extend(one.key for one in batch)
    assert told == [f"k{number}" for number in range(before)]


@pytest.mark.timeout(20)
def test_every_job_is_told_once() -> None:
    queue: Queue = SimpleQueue()
    told = [one.key for one in Batch(OneLane(AtOnce(queue)), queue).run(jobs(50))]
    assert told == [f"k{number}" for number in range(50)]
