"""Any file system that fsspec knows, as a store: SFTP, WebDAV, and the long tail.

- Nothing is taken from a cache, and nothing is left out of a listing because it failed.
- Where a put is not atomic, it goes to ``.hubsync/tmp/`` and is renamed. Large files do so
  everywhere: fsspec completes an upload even if its source turned out to be torn.
- There are no conditional writes: the expected identity is checked right before, and a mirror holds
  its lease lock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from hubsync.errors import ObjectNotFound
from hubsync.stores import fsspec_listing
from hubsync.stores.fsspec_files import TEMPORARY, Files, Place
from hubsync.stores.fsspec_info import object_info
from hubsync.stores.fsspec_jobs import Jobs, compare
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
from hubsync.stores.serving import serving
from hubsync.stores.transfer import passing, run_jobs

WORKERS: Final = 6


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
        self._jobs = Jobs(place, self._files, clock)

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

    @serving()
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

    @serving()
    def _level(self, folder: str) -> fsspec_listing.Rows:
        """One folder (``""`` or ending in ``/``): last parts of names, with their infos."""
        path = self._files.path(folder[:-1]) if folder else self._place.root
        infos = self._files.do(folder[:-1], lambda fs: self._dialect.ls(fs, path or "/"))
        return [(info["name"].rstrip("/").rpartition("/")[2], info) for info in infos]

    @serving()
    def head(self, key: str) -> ObjectInfo | None:
        return self._jobs.head(key)

    @serving()
    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        before = self._jobs.present(key)
        while True:
            if before.identity == unless:
                return None
            if limit is not None and before.size > limit:
                raise too_large(key, before.size, limit)
            data = self._files.do(key, lambda fs: self._dialect.get(fs, self._files.path(key)))
            after = self._jobs.present(key)
            # A fresh time in whole seconds never equals itself; then the size must do.
            if after.identity == before.identity or after.size == len(data):
                return data, after
            before = after

    @serving()
    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        job = Upload(key, "", len(data), expected, data=data)
        self._jobs.send(job, lambda _: None)
        return self._jobs.present(key)

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
        compare(target, ABSENT, self._jobs.head(target))
        return self.copy(source, target)

    def delete(self, key: str, *, expected: str | None = None) -> None:
        parts = check_key(key)
        if expected is not None:
            present = self._jobs.head(key)
            if present is None:
                return
            compare(key, expected, present)
        try:
            self._files.do(key, lambda fs: self._dialect.remove(fs, self._files.path(key)))
        except ObjectNotFound:
            return
        if self._dialect.prunes:
            self._files.prune(parts[:-1])

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        stop = threading.Event()
        tell = passing(passed, stop)
        return run_jobs(jobs, lambda job: self._jobs.send(job, tell), WORKERS, stop)

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        stop = threading.Event()
        tell = passing(passed, stop)
        return run_jobs(jobs, lambda job: self._jobs.fetch(job, tell), WORKERS, stop)

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
