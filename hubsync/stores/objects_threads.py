"""Threads that take tasks from a queue, as many as repay, and what gathers their results."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final, Generic, TypeVar

from hubsync.errors import HubsyncError
from hubsync.stores.protocol import Transferred

Result = tuple[int, Transferred | BaseException | None]
"""A job's number with its outcome: None for one that was dropped, an exception for a defect."""

Task = TypeVar("Task")

_GATHER: Final = 0.005
"""Seconds for which results wait for others while there is more to come."""
_WEIGHT: Final = 0.2
"""Of the latest task in the mean of how long they take."""


class Workers(Generic[Task]):
    """``narrow`` threads, and up to ``wide`` while tasks take longer than ``far`` seconds each.

    Threads of one interpreter wait for each other between any two calls of the system: more of
    them than are needed to hide the waiting make everything slower.
    """

    def __init__(
        self, work: Callable[[Task], None], narrow: int, wide: int, far: float = 0.0
    ) -> None:
        self._work = work
        self._narrow = narrow
        self._wide = wide
        self._far = far
        self._mean = 0.0
        self._closed = False
        self._todo: SimpleQueue[Task | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()

    def submit(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            self._todo.put(task)
        if len(self._threads) < self._narrow:
            for _ in tasks:
                self._one_more(self._narrow)

    def waiting(self) -> bool:
        """Whether a task has not begun."""
        return not self._todo.empty()

    def drop(self) -> list[Task]:
        """Take back what has not begun."""
        dropped: list[Task] = []
        try:
            while (task := self._todo.get_nowait()) is not None:
                dropped.append(task)
        except Empty:
            pass
        return dropped

    def close(self) -> None:
        """End the threads, which have nothing to do any more."""
        with self._lock:
            self._closed = True  # one more now would take another's order to end
        for _ in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join()

    def _one_more(self, most: int) -> None:
        with self._lock:
            if self._closed or len(self._threads) >= most:
                return
            thread = threading.Thread(target=self._serve, name="hubsync-object", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _serve(self) -> None:
        while (task := self._todo.get()) is not None:
            began = time.monotonic()
            self._work(task)
            self._mean += _WEIGHT * (time.monotonic() - began - self._mean)
            if self._mean > self._far and len(self._threads) < self._wide and self.waiting():
                self._one_more(self._wide)


class Outbox:
    """Gathers results, and delivers what ends within a moment at once: a wake-up per file would
    cost more than the file. ``more`` says whether others will surely come by here."""

    def __init__(self, deliver: Callable[[list[Result]], None], more: Callable[[], bool]) -> None:
        self._deliver = deliver
        self._more = more
        self._lock = threading.Lock()
        self._ended: list[Result] = []
        self._delivered = 0.0

    def end(self, number: int, key: str, work: Callable[[], Transferred]) -> None:
        """Put the outcome of ``work``."""
        try:
            self.put(number, work())
        except BaseException as error:
            self.failed(number, key, error)

    def failed(self, number: int, key: str, error: BaseException) -> None:
        """Put what was raised. What is no `HubsyncError` is a defect: the consumer raises it."""
        self.put(number, Transferred(key, error) if isinstance(error, HubsyncError) else error)

    def put(self, number: int, outcome: Transferred | BaseException | None) -> None:
        with self._lock:
            self._ended.append((number, outcome))
            now = time.monotonic()
            if now - self._delivered < _GATHER and self._more():
                return
            self._delivered = now
            ended, self._ended = self._ended, []
            self._deliver(ended)
