"""Stores with faults, made by wrapping a good one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from hubsync.errors import PreconditionFailed
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

Batch = list[ObjectInfo]
Level = tuple[list[ObjectInfo], list[str]]


class Killed(BaseException):
    """The process is no more."""


class WrappedStore:
    """Calls `before` and `after` around everything that goes to the store.

    ``call`` is the method's name, ``key`` what it is about; uploads are seen one by one.
    """

    def __init__(self, store: Store) -> None:
        self.inner = store

    def before(self, call: str, key: str) -> None:
        return

    def after(self, call: str, key: str) -> None:
        return

    @property
    def capabilities(self) -> StoreCapabilities:
        return self.inner.capabilities

    @property
    def description(self) -> str:
        return self.inner.description

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Batch]:
        self.before("list", prefix)
        yield from self.inner.list(prefix, vouched)
        self.after("list", prefix)

    def list_level(self, prefix: str = "", vouched: Vouched | None = None) -> Level:
        self.before("list_level", prefix)
        found = self.inner.list_level(prefix, vouched)
        self.after("list_level", prefix)
        return found

    def head(self, key: str) -> ObjectInfo | None:
        self.before("head", key)
        found = self.inner.head(key)
        self.after("head", key)
        return found

    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        self.before("read", key)
        found = self.inner.read(key, unless=unless, limit=limit)
        self.after("read", key)
        return found

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        self.before("write", key)
        found = self.inner.write(key, data, expected=expected)
        self.after("write", key)
        return found

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        self.before("copy", source)
        found = self.inner.copy(source, target)
        self.after("copy", source)
        return found

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        self.before("copy", source)
        found = self.inner.copy_new(source, target)
        self.after("copy", source)
        return found

    def delete(self, key: str, *, expected: str | None = None) -> None:
        self.before("delete", key)
        self.inner.delete(key, expected=expected)
        self.after("delete", key)

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        for job in jobs:
            self.before("upload", job.key)
            results = list(self.inner.upload([job], passed))
            self.after("upload", job.key)
            yield from results

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        for job in jobs:
            self.before("download", job.key)
            yield from self.inner.download([job], passed)
            self.after("download", job.key)

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        return self.inner.sweep(older_than, alone=alone)

    def close(self) -> None:
        self.inner.close()


class KilledStore(WrappedStore):
    """The process dies at its ``at``-th call: before it reaches the store, or just after."""

    def __init__(self, store: Store, at: int, *, after: bool) -> None:
        super().__init__(store)
        self._left = at
        self._after = after
        self._lock = threading.Lock()
        self.dead = False

    def before(self, call: str, key: str) -> None:
        with self._lock:
            if self.dead:
                raise Killed
            self._left -= 1
            if self._left == 0 and not self._after:
                self.dead = True
                raise Killed

    def after(self, call: str, key: str) -> None:
        with self._lock:
            if self.dead:
                raise Killed
            if self._left <= 0 and self._after:
                self.dead = True
                raise Killed


class Interfering(WrappedStore):
    """Runs ``act`` once, just before (or after) the first ``call`` about ``key``."""

    def __init__(
        self, store: Store, call: str, key: str, act: Callable[[], None], *, after: bool = False
    ) -> None:
        super().__init__(store)
        self._when = (call, key)
        self._act: Callable[[], None] | None = act
        self._after = after

    def before(self, call: str, key: str) -> None:
        if not self._after:
            self._meet(call, key)

    def after(self, call: str, key: str) -> None:
        if self._after:
            self._meet(call, key)

    def _meet(self, call: str, key: str) -> None:
        act = self._act
        if act is not None and (call, key) == self._when:
            self._act = None
            act()


class Unconditional(WrappedStore):
    """A store that cannot write conditionally: conditions are neither promised nor heeded."""

    @property
    def capabilities(self) -> StoreCapabilities:
        return StoreCapabilities(conditional=False, conditional_delete=False)

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        return super().write(key, data)

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        if self.head(target) is not None:
            raise PreconditionFailed(f"{target} is there.")
        return self.copy(source, target)

    def delete(self, key: str, *, expected: str | None = None) -> None:
        super().delete(key)

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        from msgspec.structs import replace

        return super().upload((replace(job, expected=None) for job in jobs), passed)
