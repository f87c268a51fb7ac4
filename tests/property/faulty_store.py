"""A store that fails when told to: before or after it did what was asked, or in the middle."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from hubsync.errors import AccessDenied, HubsyncError, PreconditionFailed, StoreError, Unreachable
from hubsync.stores.memory import MemoryStore
from hubsync.stores.protocol import (
    Download,
    ObjectInfo,
    Passed,
    StoreCapabilities,
    Transferred,
    Upload,
    Vouched,
)
from hubsync.stores.transfer import run_jobs

OPERATIONS = ("list", "head", "read", "write", "copy", "delete", "upload", "download")
WRITING = frozenset({"write", "copy", "delete", "upload"})

ERRORS: dict[str, Callable[[], HubsyncError]] = {
    "unreachable": lambda: Unreachable("The connection was lost."),
    "failed": lambda: StoreError("The store answered with an error."),
    "denied": lambda: AccessDenied("The credentials were refused."),
}


class Fault(NamedTuple):
    """At the ``number``-th (from 0) ``operation``, and at ``lasting`` ones from there on.

    ``act`` runs first. ``error`` (of `ERRORS`) is then raised, after the operation was carried
    out if ``done``.
    """

    operation: str
    number: int
    error: str | None = None
    done: bool = False
    act: Callable[[], None] | None = None
    act_after: Callable[[], None] | None = None
    lasting: int = 1


class Mode(NamedTuple):
    """What a store promises, and whether it keeps it."""

    conditional: bool = True
    conditional_delete: bool = True
    enforced: bool = True


MODES = {
    "conditional": Mode(),
    "s3": Mode(conditional_delete=False),
    "pretending": Mode(conditional_delete=False, enforced=False),
    "plain": Mode(conditional=False, conditional_delete=False),
}


@dataclass
class FaultyStore:
    """Wraps a `MemoryStore`. ``counted``: operations so far, by kind."""

    inner: MemoryStore
    mode: Mode = MODES["conditional"]
    fault: Fault | None = None
    counted: Counter[str] = field(default_factory=Counter)
    fired: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, fault: Fault | None) -> None:
        self.fault = fault
        self.counted.clear()
        self.fired = 0

    def writes(self) -> int:
        """Operations so far that change the store."""
        return sum(self.counted[kind] for kind in WRITING)

    def _due(self, operation: str) -> Fault | None:
        with self._lock:
            number = self.counted[operation]
            self.counted[operation] += 1
            fault = self.fault
            if fault is None or operation != fault.operation:
                return None
            if not fault.number <= number < fault.number + fault.lasting:
                return None
            self.fired += 1
            first = number == fault.number
        if first and fault.act is not None:
            fault.act()
        if fault.error is not None and not fault.done:
            raise ERRORS[fault.error]()
        return fault if first or fault.error is not None else None

    @staticmethod
    def _after(fault: Fault | None) -> None:
        if fault is None:
            return
        if fault.act_after is not None:
            fault.act_after()
        if fault.error is not None:
            raise ERRORS[fault.error]()

    def _expected(self, key: str, expected: str | None) -> str | None:
        return expected if self.mode.enforced else None

    @property
    def capabilities(self) -> StoreCapabilities:
        return StoreCapabilities(
            conditional=self.mode.conditional, conditional_delete=self.mode.conditional_delete
        )

    @property
    def description(self) -> str:
        return "a store that fails when told to"

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[list[ObjectInfo]]:
        with self._lock:
            fault, number = self.fault, self.counted["list"]
        halfway = fault is not None and fault.operation == "list" and fault.done
        if halfway and fault is not None and fault.number == number and fault.error:
            found = [info for batch in self.inner.list(prefix, vouched) for info in batch]
            self._due("list")
            yield found[: len(found) // 2]
            raise ERRORS[fault.error]()
        due = self._due("list")
        yield from self.inner.list(prefix, vouched)
        self._after(due)

    def list_level(
        self, prefix: str = "", vouched: Vouched | None = None
    ) -> tuple[list[ObjectInfo], list[str]]:
        due = self._due("list")
        found = self.inner.list_level(prefix, vouched)
        self._after(due)
        return found

    def head(self, key: str) -> ObjectInfo | None:
        due = self._due("head")
        found = self.inner.head(key)
        self._after(due)
        return found

    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        due = self._due("read")
        found = self.inner.read(key, unless=unless, limit=limit)
        self._after(due)
        return found

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        due = self._due("write")
        info = self.inner.write(key, data, expected=self._expected(key, expected))
        self._after(due)
        return info

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        due = self._due("copy")
        info = self.inner.copy(source, target)
        self._after(due)
        return info

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        if not self.mode.enforced:
            if self.head(target) is not None:
                raise PreconditionFailed(f"{target} is there.")
            return self.copy(source, target)
        due = self._due("copy")
        info = self.inner.copy_new(source, target)
        self._after(due)
        return info

    def delete(self, key: str, *, expected: str | None = None) -> None:
        due = self._due("delete")
        self.inner.delete(key, expected=expected if self.mode.conditional_delete else None)
        self._after(due)

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        def send(job: Upload) -> Transferred:
            due = self._due("upload")
            if not self.mode.enforced:
                job = Upload(**{**_fields(job), "expected": None})
            (result,) = self.inner.upload([job], passed)
            self._after(due)
            return result

        return run_jobs(jobs, send, 1)

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        def get(job: Download) -> Transferred:
            due = self._due("download")
            (result,) = self.inner.download([job], passed)
            self._after(due)
            return result

        return run_jobs(jobs, get, 1)

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        return self.inner.sweep(older_than, alone=alone)

    def close(self) -> None:
        return


def _fields(job: Upload) -> dict[str, object]:
    return {name: getattr(job, name) for name in job.__struct_fields__}
