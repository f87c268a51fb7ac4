"""Any file system that fsspec knows, as a store: SFTP, WebDAV, and the long tail.

- Nothing is taken from a cache, and nothing is left out of a listing because it failed.
- Where a put is not atomic, it goes to ``.hubsync/tmp/`` and is renamed. Large files do so
  everywhere: fsspec completes an upload even if its source turned out to be torn.
- There are no conditional writes: the expected identity is checked right before, and a mirror holds
  its lease lock.
"""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from msgspec import Struct

from hubsync.errors import HubsyncError, ObjectNotFound, PreconditionFailed
from hubsync.model import METADATA_DIR
from hubsync.stores import fsspec_listing
from hubsync.stores.fsspec_dialects import Dialect
from hubsync.stores.fsspec_errors import TRANSIENT, translate, verdict
from hubsync.stores.fsspec_info import SETTLED, object_info
from hubsync.stores.fsspec_pool import Pool
from hubsync.stores.levels import Batch, Level
from hubsync.stores.names import check_key
from hubsync.stores.protocol import (
    ABSENT,
    Download,
    ObjectInfo,
    Passed,
    StoreCapabilities,
    Transferred,
    Upload,
)
from hubsync.stores.retry import Patience, retrying
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
TEMPORARY: Final = ".hubsync/tmp"

T = TypeVar("T")


class Place(Struct, frozen=True):
    """Where and how: ``make`` opens a file system, ``root`` is the folder in it (no slash at its
    end), ``name`` is what messages call the place, without any credential."""

    name: str
    root: str
    make: Callable[[], Any]
    dialect: Dialect
    description: str


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
        self._patience = patience or Patience()
        self._pool = Pool(place.make, place.dialect)
        self._folders: set[str] = set()

    @property
    def capabilities(self) -> StoreCapabilities:
        return StoreCapabilities(conditional=False, server_copy=self._dialect.server_copy)

    @property
    def description(self) -> str:
        return self._place.description

    def list(self, prefix: str = "") -> Iterator[Batch]:
        if self._dialect.flat:
            rows: Iterator[fsspec_listing.Rows] = iter([self._found(prefix)])
        else:
            rows = fsspec_listing.walk(prefix, self._level)
        for found in rows:
            now = self._clock()
            if found:
                yield [object_info(key, info, now) for key, info in found]

    def list_level(self, prefix: str = "") -> Level:
        try:
            rows = self._level(prefix)
        except ObjectNotFound:
            return [], []
        now = self._clock()
        objects = [
            object_info(prefix + name, info, now) for name, info in rows if info["type"] == "file"
        ]
        deeper = [f"{prefix}{name}/" for name, info in rows if info["type"] == "directory"]
        return objects, sorted(one for one in deeper if one != fsspec_listing.HIDDEN)

    def _found(self, prefix: str) -> fsspec_listing.Rows:
        """Every object of a bucket under ``prefix``, in one listing."""
        folder = prefix.rpartition("/")[0]
        try:
            infos = self._do(
                folder, lambda fs: self._dialect.find(fs, self._path(folder).rstrip("/"))
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
        path = self._path(folder[:-1]) if folder else self._place.root
        infos = self._do(folder[:-1], lambda fs: self._dialect.ls(fs, path or "/"))
        return [(info["name"].rstrip("/").rpartition("/")[2], info) for info in infos]

    def head(self, key: str) -> ObjectInfo | None:
        check_key(key)
        try:
            info = self._do(key, lambda fs: self._dialect.info(fs, self._path(key)))
        except ObjectNotFound:
            return None
        return object_info(key, info, self._clock()) if info["type"] == "file" else None

    def read(self, key: str, *, unless: str | None = None) -> tuple[bytes, ObjectInfo] | None:
        before = self._present(key)
        while True:
            if before.identity == unless:
                return None
            data = self._do(key, lambda fs: self._dialect.get(fs, self._path(key)))
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
            dialect.copy(fs, self._path(source), path)

        self._do(source, lambda fs: self._written(fs, target, copied, aside=not dialect.atomic_put))
        return None

    def delete(self, key: str, *, expected: str | None = None) -> None:
        parts = check_key(key)
        if expected is not None and self.head(key) is not None:
            self._expect(key, expected)
        try:
            self._do(key, lambda fs: self._dialect.remove(fs, self._path(key)))
        except ObjectNotFound:
            return
        if self._dialect.prunes:
            self._prune(parts[:-1])

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
        if job.expected is not None:
            self._expect(job.key, job.expected)
        digest: bytes
        signature: tuple[int, int, int, int] | None
        if job.data is None and job.size > SMALL:
            digest, signature = self._do(job.key, lambda fs: self._send_large(fs, job, passed))
        else:
            content = read_source(job)

            def put(fs: Any, path: str) -> None:
                self._dialect.put(fs, path, content.data)
                self._dress(fs, path, job)

            aside = not self._dialect.atomic_put
            self._do(job.key, lambda fs: self._written(fs, job.key, put, aside=aside))
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
        self, fs: Any, job: Upload, passed: Passed
    ) -> tuple[bytes, tuple[int, int, int, int]]:
        with stream_source(job) as stream:

            def put(fs: Any, path: str) -> None:
                self._dialect.put_stream(fs, path, stream, passed)
                stream.exhaust()
                self._dress(fs, path, job)

            self._written(fs, job.key, put, aside=True)
            return stream.digest, stream.signature

    def _dress(self, fs: Any, path: str, job: Upload) -> None:
        # A time that is old enough to be trusted by the next listing: see `fsspec_info`.
        mtime = min(job.mtime or self._clock(), self._clock() - SETTLED - 1_000_000_000)
        self._dialect.dress(fs, path, mtime, job.executable)

    def _written(self, fs: Any, key: str, put: Callable[[Any, str], None], *, aside: bool) -> None:
        """``put`` at the key's place, by way of a temporary name if ``aside``."""
        path = self._path(key)
        if not aside:
            put(fs, path)
            return
        temporary = f"{TEMPORARY}/{uuid.uuid4().hex}"
        try:
            self._make_folder(fs, TEMPORARY)
            put(fs, self._path(temporary))
            self._make_folder(fs, key.rpartition("/")[0])
            self._dialect.replace(fs, self._path(temporary), path)
        except BaseException:
            # Perhaps a folder that was there is gone: the next try makes it again.
            self._folders.clear()
            self._discard(fs, temporary)
            raise

    def _discard(self, fs: Any, temporary: str) -> None:
        """Best effort, while another error is on its way; `sweep` takes what is left."""
        with contextlib.suppress(Exception):
            self._dialect.remove(fs, self._path(temporary))

    def _make_folder(self, fs: Any, folder: str) -> None:
        if folder in self._folders:
            return
        path = self._path(folder) if folder else self._place.root
        if path:
            self._dialect.make_folder(fs, path)
        self._folders.add(folder)

    def _prune(self, parts: Sequence[str]) -> None:
        """Remove folders that are empty now; the first that is not ends it, by an error."""
        for depth in range(len(parts), 0, -1):
            folder = "/".join(parts[:depth])
            if folder == METADATA_DIR:
                return
            self._folders.discard(folder)
            path = self._path(folder)
            try:
                with self._pool.instance() as fs:
                    self._dialect.remove_folder(fs, path)
            except OSError:
                return

    def _fetch(self, job: Download, passed: Passed) -> Transferred:
        check_key(job.key)
        if job.digest is not None and job.size is not None and job.size <= SMALL:
            # The digest proves the content: no need to ask what the object is now.
            info = ObjectInfo(job.key, job.size, job.identity or "", 0)
            data = self._do(job.key, lambda fs: self._dialect.get(fs, self._path(job.key)))
            result = write_target(job, data, info)
            passed(result.size)
            return result
        info = self._present(job.key)
        self._check_identity(job, info)
        if info.size <= SMALL:
            data = self._do(job.key, lambda fs: self._dialect.get(fs, self._path(job.key)))
            self._check_identity(job, self._present(job.key))
            result = write_target(job, data, info)
            passed(result.size)
            return result
        return self._do(job.key, lambda fs: self._fetch_large(fs, job, info, passed))

    def _fetch_large(self, fs: Any, job: Download, info: ObjectInfo, passed: Passed) -> Transferred:
        path = self._path(job.key)
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

    def _expect(self, key: str, expected: str) -> None:
        info = self.head(key)
        if (info.identity if info else ABSENT) != expected:
            raise _moved(key)

    def _present(self, key: str) -> ObjectInfo:
        info = self.head(key)
        if info is None:
            raise ObjectNotFound(f"There is no object {key} at {self._place.name}.")
        return info

    def sweep(self, older_than: int) -> int:
        try:
            rows = self._level(f"{TEMPORARY}/")
        except ObjectNotFound:
            return 0
        now = self._clock()
        removed = 0
        for name, info in rows:
            key = f"{TEMPORARY}/{name}"
            if info["type"] == "file" and object_info(key, info, now).mtime < older_than:
                self.delete(key)
                removed += 1
        return removed

    def close(self) -> None:
        self._pool.close()

    def _path(self, key: str) -> str:
        return f"{self._place.root}/{key}" if key else self._place.root

    def _do(self, key: str, work: Callable[[Any], T]) -> T:
        """``work`` on a file system, tried again on passing failures, its errors translated."""

        def once() -> T:
            with self._pool.instance() as fs:
                return work(fs)

        try:
            return retrying(once, _may_pass, self._patience)
        except HubsyncError:
            raise
        except Exception as error:
            raise translate(error, key, self._place.name) from error


def _may_pass(error: Exception) -> bool:
    return not isinstance(error, HubsyncError) and verdict(error) in TRANSIENT


def _moved(key: str) -> PreconditionFailed:
    return PreconditionFailed(f"{key} was written by someone else meanwhile.")
