"""A store that fails on purpose: before a call, after having done it, by killing, or by waiting."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from typing import TypeVar

from msgspec import Struct

from hubsync.errors import HubsyncError, Unreachable
from hubsync.stores.protocol import (
    Download,
    ObjectInfo,
    Passed,
    Store,
    StoreCapabilities,
    Transferred,
    Upload,
    Vouched,
)

T = TypeVar("T")
Infos = list[ObjectInfo]
Level = tuple[list[ObjectInfo], list[str]]


class Fault(Enum):
    """What happens at a call instead of, or besides, what was asked for."""

    FAIL = "nothing is done, an error is raised"
    HALF = "it is done, and an error is raised all the same"
    KILL = "the process dies before it is done"
    KILL_AFTER = "the process dies right after it was done"


class Call(Struct, frozen=True):
    """The ``number``-th call (from 1) of a store. ``kind``: list, level, head, read, write, copy,
    delete, upload or download (these two: one call per job), sweep."""

    number: int
    kind: str
    key: str

    def writes(self) -> bool:
        return self.kind in ("write", "copy", "delete", "upload")


Decide = Callable[[Call], Fault | None]


def never(_: Call) -> Fault | None:
    return None


def at(number: int, fault: Fault) -> Decide:
    """``fault`` at the ``number``-th call, and at no other."""
    return lambda call: fault if call.number == number else None


def at_write(number: int, fault: Fault) -> Decide:
    """``fault`` at the ``number``-th call that writes."""
    seen = 0

    def decide(call: Call) -> Fault | None:
        nonlocal seen
        seen += call.writes()
        return fault if call.writes() and seen == number else None

    return decide


def from_call(number: int, fault: Fault) -> Decide:
    """``fault`` at the ``number``-th call and at every later one: the connection is lost."""
    return lambda call: fault if call.number >= number else None


def _unreachable() -> HubsyncError:
    return Unreachable("The test's store cannot be reached.")


class FaultyStore:
    """``store`` with faults. ``decide`` sees every call; ``delay`` (seconds) precedes each.

    Uploads and downloads go one job at a time, so that the order of calls is the jobs'. In a batch
    the error of a job is its result, but for `Unreachable`, which ends the batch.
    """

    def __init__(
        self,
        store: Store,
        decide: Decide = never,
        *,
        error: Callable[[], HubsyncError] = _unreachable,
        delay: float = 0.0,
    ) -> None:
        self._store = store
        self._decide = decide
        self._error = error
        self._delay = delay
        self._lock = threading.Lock()
        self.calls: list[Call] = []

    def _do(self, kind: str, key: str, work: Callable[[], T]) -> T:
        with self._lock:
            call = Call(len(self.calls) + 1, kind, key)
            self.calls.append(call)
            fault = self._decide(call)
        if self._delay:
            time.sleep(self._delay)
        if fault is Fault.KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault is Fault.FAIL:
            raise self._error()
        result = work()
        if fault is Fault.KILL_AFTER:
            os.kill(os.getpid(), signal.SIGKILL)
        if fault is Fault.HALF:
            raise self._error()
        return result

    @property
    def capabilities(self) -> StoreCapabilities:
        return self._store.capabilities

    @property
    def description(self) -> str:
        return self._store.description

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Infos]:
        """A listing that is to fail gives its first batch before."""
        batches = self._store.list(prefix, vouched)
        first = next(batches, None)
        if first is not None:
            yield first
        yield from self._do("list", prefix, lambda: batches)

    def list_level(self, prefix: str = "", vouched: Vouched | None = None) -> Level:
        return self._do("level", prefix, lambda: self._store.list_level(prefix, vouched))

    def head(self, key: str) -> ObjectInfo | None:
        return self._do("head", key, lambda: self._store.head(key))

    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        return self._do("read", key, lambda: self._store.read(key, unless=unless, limit=limit))

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        return self._do("write", key, lambda: self._store.write(key, data, expected=expected))

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        return self._do("copy", target, lambda: self._store.copy(source, target))

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        return self._do("copy", target, lambda: self._store.copy_new(source, target))

    def delete(self, key: str, *, expected: str | None = None) -> None:
        self._do("delete", key, lambda: self._store.delete(key, expected=expected))

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        for job in jobs:
            yield self._one("upload", job.key, lambda: self._store.upload([job], passed))  # noqa: B023

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        for job in jobs:
            yield self._one("download", job.key, lambda: self._store.download([job], passed))  # noqa: B023

    def _one(self, kind: str, key: str, work: Callable[[], Iterator[Transferred]]) -> Transferred:
        try:
            (result,) = self._do(kind, key, lambda: list(work()))
        except Unreachable:
            raise
        except HubsyncError as error:
            return Transferred(key, error)
        return result

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        return self._do("sweep", "", lambda: self._store.sweep(older_than, alone=alone))

    def close(self) -> None:
        self._store.close()
