"""A store in this process's memory: for embedding, for trying out, and for tests."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from hubsync.errors import ObjectNotFound, PreconditionFailed
from hubsync.stores.levels import Batch, level_of
from hubsync.stores.names import check_key
from hubsync.stores.protocol import (
    ABSENT,
    Download,
    Level,
    ObjectInfo,
    Passed,
    StoreCapabilities,
    Transferred,
    Upload,
    Vouched,
    too_large,
)
from hubsync.stores.transfer import read_source, run_jobs, write_target

_BATCH = 1000


class _Object(Struct, frozen=True):
    data: bytes
    info: ObjectInfo


class MemoryStore:
    """Every operation is atomic under one lock; identities come from a counter."""

    def __init__(self, name: str = "", clock: Callable[[], int] = time.time_ns) -> None:
        self._name = name
        self._clock = clock
        self._objects: dict[str, _Object] = {}
        self._lock = threading.Lock()
        self._counter = itertools.count(1)

    @property
    def capabilities(self) -> StoreCapabilities:
        return StoreCapabilities(conditional=True, conditional_delete=True)

    @property
    def description(self) -> str:
        return f"memory of this process ({self._name or 'unnamed'})"

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Batch]:
        with self._lock:
            found = [one.info for key, one in self._objects.items() if key.startswith(prefix)]
        for start in range(0, len(found), _BATCH):
            yield found[start : start + _BATCH]

    def list_level(self, prefix: str = "", vouched: Vouched | None = None) -> Level:
        return level_of((info for batch in self.list(prefix) for info in batch), prefix)

    def head(self, key: str) -> ObjectInfo | None:
        found = self._objects.get(key)
        return found.info if found else None

    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        found = self._objects.get(key)
        if found is None:
            raise ObjectNotFound(f"There is no object {key}.")
        if limit is not None and found.info.size > limit:
            raise too_large(key, found.info.size, limit)
        return None if found.info.identity == unless else (found.data, found.info)

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        check_key(key)
        with self._lock:
            self._check(key, expected)
            return self._put(key, data)

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        return self._copy(source, target, None)

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        return self._copy(source, target, ABSENT)

    def _copy(self, source: str, target: str, expected: str | None) -> ObjectInfo:
        check_key(target)
        with self._lock:
            self._check(target, expected)
            found = self._objects.get(source)
            if found is None:
                raise ObjectNotFound(f"There is no object {source}.")
            return self._put(target, found.data)

    def delete(self, key: str, *, expected: str | None = None) -> None:
        with self._lock:
            if key in self._objects:
                self._check(key, expected)
                del self._objects[key]

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        def send(job: Upload) -> Transferred:
            content = read_source(job)
            info = self.write(job.key, content.data, expected=job.expected)
            passed(info.size)
            return Transferred(
                job.key,
                identity=info.identity,
                digest=content.digest,
                size=info.size,
                mtime=info.mtime,
                signature=content.signature,
            )

        return run_jobs(jobs, send, 1)

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        def fetch(job: Download) -> Transferred:
            found = self._objects.get(job.key)
            if found is None:
                raise ObjectNotFound(f"There is no object {job.key}.")
            if job.identity is not None and found.info.identity != job.identity:
                raise PreconditionFailed(f"{job.key} was written by someone else meanwhile.")
            result = write_target(job, found.data, found.info)
            passed(result.size)
            return result

        return run_jobs(jobs, fetch, 1)

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        return 0

    def close(self) -> None:
        return

    def _check(self, key: str, expected: str | None) -> None:
        if expected is None:
            return
        found = self._objects.get(key)
        if (found.info.identity if found else ABSENT) != expected:
            raise PreconditionFailed(f"{key} was written by someone else meanwhile.")

    def _put(self, key: str, data: bytes) -> ObjectInfo:
        info = ObjectInfo(key, len(data), f"m{next(self._counter)}", self._clock())
        self._objects[key] = _Object(bytes(data), info)
        return info


_shared: dict[str, MemoryStore] = {}
_shared_lock = threading.Lock()


def shared_memory(name: str) -> MemoryStore:
    """The store that everybody in this process gets for ``memory://name``."""
    with _shared_lock:
        return _shared.setdefault(name, MemoryStore(name))
