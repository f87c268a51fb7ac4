"""Scheduling of transfers: bounded, in order of completion, stopping cleanly."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from hubsync.errors import ObjectNotFound, Unreachable
from hubsync.stores.protocol import Download, Transferred
from hubsync.stores.transfer import run_jobs


def jobs(count: int) -> list[Download]:
    return [Download(str(number), "") for number in range(count)]


def done(job: Download) -> Transferred:
    return Transferred(job.key)


@pytest.mark.parametrize("workers", [1, 4])
def test_every_job_has_one_result(workers: int) -> None:
    results = list(run_jobs(jobs(500), done, workers))
    assert sorted(int(one.key) for one in results) == list(range(500))


@pytest.mark.parametrize("workers", [1, 4])
def test_a_failed_job_is_a_result(workers: int) -> None:
    def work(job: Download) -> Transferred:
        if int(job.key) % 2:
            raise ObjectNotFound("gone")
        return done(job)

    results = list(run_jobs(jobs(50), work, workers))
    assert len(results) == 50
    assert {one.key for one in results if one.error} == {str(n) for n in range(1, 50, 2)}


@pytest.mark.parametrize("workers", [1, 4])
def test_an_unreachable_store_ends_the_batch_after_what_was_begun(workers: int) -> None:
    worked: list[str] = []

    def work(job: Download) -> Transferred:
        worked.append(job.key)
        if int(job.key) == 20:
            raise Unreachable("gone")
        return done(job)

    seen: list[Transferred] = []
    with pytest.raises(Unreachable):
        seen.extend(run_jobs(_collecting(1000, seen), work, workers))
    assert len(worked) < 60


def _collecting(count: int, seen: list[Transferred]) -> Iterator[Download]:
    yield from jobs(count)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_defect_is_raised_not_hidden(workers: int) -> None:
    def work(job: Download) -> Transferred:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(run_jobs(jobs(50), work, workers))


@pytest.mark.parametrize("workers", [1, 4])
def test_jobs_are_taken_only_a_little_ahead(workers: int) -> None:
    taken: list[str] = []

    def lazy() -> Iterator[Download]:
        for job in jobs(1000):
            taken.append(job.key)
            yield job

    results = run_jobs(lazy(), done, workers)
    next(results)
    assert len(taken) <= 2 * workers
    results.close()  # type: ignore[attr-defined]
    assert len(taken) <= 2 * workers


def test_closing_waits_for_what_is_in_flight_and_leaves_no_thread() -> None:
    stop = threading.Event()
    started = threading.Event()
    finished: list[str] = []

    def work(job: Download) -> Transferred:
        if job.key != "0":
            started.set()
            stop.wait(10)
        finished.append(job.key)
        return done(job)

    results = run_jobs(jobs(100), work, 4, stop)
    assert next(results).key == "0"
    assert started.wait(10)
    results.close()  # type: ignore[attr-defined]
    assert stop.is_set()
    assert len(finished) <= 9
    assert not [one for one in threading.enumerate() if one.name == "hubsync-transfer"]


def test_no_more_than_the_workers_run_at_once() -> None:
    running = 0
    most = 0
    lock = threading.Lock()
    pause = threading.Event()

    def work(job: Download) -> Transferred:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pause.wait(0.002)
        with lock:
            running -= 1
        return done(job)

    list(run_jobs(jobs(60), work, 3))
    assert most == 3
