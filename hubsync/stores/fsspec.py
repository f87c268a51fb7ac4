"""Any file system that fsspec knows, as a store: SFTP, WebDAV, and the long tail.

- Nothing is taken from a cache, and nothing is left out of a listing because it failed.
- Where a put is not atomic, it goes to ``.hubsync/tmp/`` and is renamed. Large files do so
  everywhere: fsspec completes an upload even if its source turned out to be torn.
- There are no conditional writes: the expected identity is checked right before, and a mirror holds
  its lease lock.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from hubsync.errors import ObjectNotFound, PreconditionFailed
from hubsync.stores import fsspec_listing
from hubsync.stores.fsspec_files import TEMPORARY, Files, Place
from hubsync.stores.fsspec_info import SETTLED, object_info
from hubsync.stores.levels import Batch
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
from hubsync.stores.retry import Patience
from hubsync.stores.transfer import (
    SMALL,
    TargetWriter,
    passing,
    read_source,
    run_jobs,
    stream_source,
    write_target,
)

WORKERS: Final = 6
_BLOCK: Final = 1 << 20
_SECOND: Final = 1_000_000_000


class FsspecStore:
    """Keys are paths below ``place.root``. ``clock``: ns since the epoch."""

    def __init__(
        self,
        place: Place,
        clock: Callable[[], int] = time.time_ns,
        patience: Patience | None = None,
    ) -> None:
        self._place = place
        self._dialect = place.dialect
        self._clock = clock
        self._files = Files(place, patience or Patience())

    @property
    def capabilities(self) -> StoreCapabilities:
        return StoreCapabilities(conditional=False, server_copy=self._dialect.server_copy)

    @property
    def description(self) -> str:
        return self._place.description

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Batch]:
        if self._dialect.flat:
            rows: Iterator[fsspec_listing.Rows] = iter([self._found(prefix)])
        else:
            rows = fsspec_listing.walk(prefix, self._level)
        for found in rows:
            now = self._clock()
            if found:
                yield [object_info(key, info, now) for key, info in found]

    def list_level(self, prefix: str = "", vouched: Vouched | None = None) -> Level:
        try:
            rows = self._level(prefix)
        except ObjectNotFound:
            return [], []
        now = self._clock()
        objects = [
            object_info(prefix + name, info, now)
            for name, info in rows
            if info["type"] != "directory"
        ]
        deeper = [f"{prefix}{name}/" for name, info in rows if info["type"] == "directory"]
        return objects, sorted(one for one in deeper if one != fsspec_listing.HIDDEN)

    def _found(self, prefix: str) -> fsspec_listing.Rows:
        """Every object of a bucket under ``prefix``, in one listing."""
        folder = prefix.rpartition("/")[0]
        try:
            infos = self._files.do(
                folder, lambda fs: self._dialect.find(fs, self._files.path(folder).rstrip("/"))
            )
        except ObjectNotFound:
            return []
        cut = len(self._place.root) + 1
        rows = [(info["name"][cut:], info) for info in infos if info["type"] == "file"]
        return [
            (key, info)
            for key, info in rows
            if key.startswith(prefix) and not key.startswith(fsspec_listing.HIDDEN)
        ]

    def _level(self, folder: str) -> fsspec_listing.Rows:
        """One folder (``""`` or ending in ``/``): last parts of names, with their infos."""
        path = self._files.path(folder[:-1]) if folder else self._place.root
        infos = self._files.do(folder[:-1], lambda fs: self._dialect.ls(fs, path or "/"))
        return [(info["name"].rstrip("/").rpartition("/")[2], info) for info in infos]

    def head(self, key: str) -> ObjectInfo | None:
        check_key(key)
        try:
            info = self._files.do(key, lambda fs: self._dialect.info(fs, self._files.path(key)))
        except ObjectNotFound:
            return None
        return object_info(key, info, self._clock()) if info["type"] == "file" else None

    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        before = self._present(key)
        while True:
            if before.identity == unless:
                return None
            if limit is not None and before.size > limit:
                raise too_large(key, before.size, limit)
            data = self._files.do(key, lambda fs: self._dialect.get(fs, self._files.path(key)))
            after = self._present(key)
            # A fresh time in whole seconds never equals itself; then the size must do.
            if after.identity == before.identity or after.size == len(data):
                return data, after
            before = after

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        job = Upload(key, "", len(data), expected, data=data)
        self._send(job, lambda _: None)
        return self._present(key)

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        check_key(source)
        check_key(target)
        dialect = self._dialect

        def copied(fs: Any, path: str) -> None:
            dialect.copy(fs, self._files.path(source), path)

        self._files.do(
            source, lambda fs: self._files.written(fs, target, copied, aside=not dialect.atomic_put)
        )
        return None

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        _compare(target, ABSENT, self.head(target))
        return self.copy(source, target)

    def delete(self, key: str, *, expected: str | None = None) -> None:
        parts = check_key(key)
        if expected is not None:
            present = self.head(key)
            if present is None:
                return
            _compare(key, expected, present)
        try:
            self._files.do(key, lambda fs: self._dialect.remove(fs, self._files.path(key)))
        except ObjectNotFound:
            return
        if self._dialect.prunes:
            self._files.prune(parts[:-1])

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        stop = threading.Event()
        tell = passing(passed, stop)
        return run_jobs(jobs, lambda job: self._send(job, tell), WORKERS, stop)

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        stop = threading.Event()
        tell = passing(passed, stop)
        return run_jobs(jobs, lambda job: self._fetch(job, tell), WORKERS, stop)

    def _send(self, job: Upload, passed: Passed) -> Transferred:
        check_key(job.key)
        present: ObjectInfo | None = None
        if job.expected is not None or self._dialect.coarse_times:
            present = self.head(job.key)
            _compare(job.key, job.expected, present)
        mtime = self._time_for(job, present)
        digest: bytes
        signature: tuple[int, int, int, int] | None
        if job.data is None and job.size > SMALL:
            digest, signature = self._files.do(
                job.key, lambda fs: self._send_large(fs, job, mtime, passed)
            )
        else:
            content = read_source(job)

            def put(fs: Any, path: str) -> None:
                self._dialect.put(fs, path, content.data)
                self._dialect.dress(fs, path, mtime, job.executable)

            aside = not self._dialect.atomic_put
            self._files.do(job.key, lambda fs: self._files.written(fs, job.key, put, aside=aside))
            passed(len(content.data))
            digest, signature = content.digest, content.signature
        info = self._present(job.key)
        return Transferred(
            job.key,
            identity=info.identity,
            digest=digest,
            size=info.size,
            mtime=info.mtime,
            signature=signature,
        )

    def _send_large(
        self, fs: Any, job: Upload, mtime: int, passed: Passed
    ) -> tuple[bytes, tuple[int, int, int, int]]:
        with stream_source(job) as stream:

            def put(fs: Any, path: str) -> None:
                self._dialect.put_stream(fs, path, stream, passed)
                stream.exhaust()
                self._dialect.dress(fs, path, mtime, job.executable)

            self._files.written(fs, job.key, put, aside=True)
            return stream.digest, stream.signature

    def _time_for(self, job: Upload, present: ObjectInfo | None) -> int:
        """The time to give the object, for its identity's sake where times are whole seconds.

        Old enough to be trusted at once (see `fsspec_info`), and another than that of the object it
        replaces, which may have the same size. Without a source's time it is a random one.
        """
        settled = self._clock() - SETTLED - _SECOND
        if not self._dialect.coarse_times:
            return job.mtime
        mtime = min(job.mtime, settled) if job.mtime else settled - random.getrandbits(22) * _SECOND
        if present is not None and present.mtime // _SECOND == mtime // _SECOND:
            mtime -= _SECOND
        return mtime

    def _fetch(self, job: Download, passed: Passed) -> Transferred:
        check_key(job.key)
        if job.digest is not None and job.size is not None and job.size <= SMALL:
            # The digest proves the content: no need to ask what the object is now.
            info = ObjectInfo(job.key, job.size, job.identity or "", 0)
            data = self._files.do(
                job.key, lambda fs: self._dialect.get(fs, self._files.path(job.key))
            )
            result = write_target(job, data, info)
            passed(result.size)
            return result
        info = self._present(job.key)
        self._check_identity(job, info)
        if info.size <= SMALL:
            data = self._files.do(
                job.key, lambda fs: self._dialect.get(fs, self._files.path(job.key))
            )
            self._check_identity(job, self._present(job.key))
            result = write_target(job, data, info)
            passed(result.size)
            return result
        return self._files.do(job.key, lambda fs: self._fetch_large(fs, job, info, passed))

    def _fetch_large(self, fs: Any, job: Download, info: ObjectInfo, passed: Passed) -> Transferred:
        path = self._files.path(job.key)
        with TargetWriter(job, passed, info.identity) as writer:
            with self._dialect.reading(fs, path, writer.offset, info.size) as source:
                while data := source.read(_BLOCK):
                    writer.write(data)
            self._check_identity(
                job, object_info(job.key, self._dialect.info(fs, path), self._clock())
            )
            return writer.finish(info)

    def _check_identity(self, job: Download, info: ObjectInfo) -> None:
        if job.identity is not None and info.identity != job.identity:
            raise _moved(job.key)

    def _present(self, key: str) -> ObjectInfo:
        info = self.head(key)
        if info is None:
            raise ObjectNotFound(f"There is no object {key} at {self._place.name}.")
        return info

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        try:
            rows = self._level(f"{TEMPORARY}/")
        except ObjectNotFound:
            return 0
        now = self._clock()
        removed = 0
        for name, info in rows:
            key = f"{TEMPORARY}/{name}"
            if info["type"] != "file":
                continue
            if alone or object_info(key, info, now).mtime < older_than:
                self.delete(key)
                removed += 1
        return removed

    def close(self) -> None:
        self._files.close()


def _compare(key: str, expected: str | None, present: ObjectInfo | None) -> None:
    if expected is not None and (present.identity if present else ABSENT) != expected:
        raise _moved(key)


def _moved(key: str) -> PreconditionFailed:
    return PreconditionFailed(f"{key} was written by someone else meanwhile.")
