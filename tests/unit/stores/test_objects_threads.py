"""Threads for many small tasks: as many as repay, and no result waits for ever."""

from __future__ import annotations

import threading
import time

import pytest

from hubsync.errors import ObjectNotFound
from hubsync.stores.objects_threads import Outbox, Result, Workers
from hubsync.stores.protocol import Transferred


def run(workers: Workers[int], ended: threading.Semaphore, count: int) -> None:
    workers.submit(list(range(count)))
    for _ in range(count):
        assert ended.acquire(timeout=10)
    workers.close()


@pytest.mark.parametrize(("seconds", "far", "most"), [(0.0, 5.0, 2), (0.004, 0.001, 9)])
def test_more_threads_are_taken_only_while_tasks_take_long(
    seconds: float, far: float, most: int
) -> None:
    seen: set[int] = set()
    ended = threading.Semaphore(0)

    def work(_: int) -> None:
        seen.add(threading.get_ident())
        time.sleep(seconds)
        ended.release()

    run(Workers(work, narrow=2, wide=9, far=far), ended, 300)
    assert len(seen) == most


class Late(Workers[int]):
    """Looks for more to do when the order to end is there already."""

    def waiting(self) -> bool:
        time.sleep(0.05)
        return super().waiting()


@pytest.mark.timeout(30)
def test_threads_end_although_one_was_about_to_take_another() -> None:
    ended = threading.Semaphore(0)

    def work(_: int) -> None:
        time.sleep(0.001)
        ended.release()

    run(Late(work, narrow=2, wide=50), ended, 2)
    assert not [one for one in threading.enumerate() if one.name == "hubsync-object"]


def test_what_has_not_begun_is_given_back_once() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def work(_: int) -> None:
        begun.set()
        go_on.wait(10)

    workers = Workers(work, narrow=1, wide=1)
    workers.submit([1, 2, 3])
    assert begun.wait(10)
    assert workers.waiting()
    assert workers.drop() == [2, 3]
    assert workers.drop() == []
    assert not workers.waiting()
    go_on.set()
    workers.close()


def test_results_are_gathered_only_while_more_are_to_come() -> None:
    delivered: list[list[Result]] = []
    more = [True]
    outbox = Outbox(delivered.append, lambda: more[0])
    for number in range(50):
        outbox.put(number, None)
    assert len(delivered) < 50
    more[0] = False
    outbox.put(50, None)
    assert [number for batch in delivered for number, _ in batch] == list(range(51))


def test_an_error_of_the_store_is_a_result_and_a_defect_stays_one() -> None:
    delivered: list[Result] = []
    outbox = Outbox(delivered.extend, lambda: False)

    def failing(error: Exception) -> Transferred:
        raise error

    defect, refused = ValueError("a defect"), ObjectNotFound("k is not there.")
    outbox.end(1, "k", lambda: failing(refused))
    outbox.end(2, "k", lambda: failing(defect))
    outbox.end(3, "k", lambda: Transferred("k"))
    assert delivered == [(1, Transferred("k", refused)), (2, defect), (3, Transferred("k"))]
