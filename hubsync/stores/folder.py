"""A folder on this machine (or mounted on it) as a store: plain files, written atomically.

Straight on `os`, not on fsspec's local file system, whose ``put`` is a plain copy in place.

- *identity* is a stat signature: mtime, size, inode and ctime. With ctime, an edit in place that
  puts the old mtime and size back is still seen. A chmod or a new hard link changes it too, which
  costs one more reading of that file and nothing else. It is taken from the open descriptor
  after the last rename or unlink of ours, because these move ctime.
- *writes* go to ``.hubsync/tmp/`` and are renamed; a create is a hard link, which fails if the name
  is taken. A replacement checks the identity right before the rename, but the two are not one
  step: ``conditional`` is False, and a mirror holds its lease lock.
- *durability*: when an upload has ended, all of it is on the disk; see `folder_flush`.
- *links, sockets, pipes and devices* in the folder belong to other tools: never followed, never
  opened, never listed. Names that are not UTF-8 are listed with surrogate escapes.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from typing import Final

from hubsync.errors import ContentMismatch, PreconditionFailed
from hubsync.stores import beneath
from hubsync.stores.folder_errors import folder_error
from hubsync.stores.folder_files import (
    TEMPORARY,
    Temporary,
    appear,
    copy_bytes,
    expect,
    moved,
    opened,
    read_all,
    temporary,
    write_all,
)
from hubsync.stores.folder_flush import Flush
from hubsync.stores.folder_listing import identity_of, info_of, level_in, walk
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
from hubsync.stores.transfer import (
    CHUNK,
    SMALL,
    TargetWriter,
    passing,
    read_source,
    run_jobs,
    stream_source,
    write_target,
)

_KEEP: Final = frozenset({".hubsync"})
_ATTEMPTS: Final = 5


class FolderStore:
    """Keys are file paths below ``root`` (absolute), which is created by the first write."""

    def __init__(self, root: str, workers: int = 1) -> None:
        self._root = root
        self._workers = workers
        self._flush = Flush(root)

    @property
    def capabilities(self) -> StoreCapabilities:
        return StoreCapabilities(conditional=False, parallel_prefixes=False)

    @property
    def description(self) -> str:
        return f"folder {self._root} (hubsync's own file access: atomic writes, fast listing)"

    def list(self, prefix: str = "", vouched: Vouched | None = None) -> Iterator[Batch]:
        return walk(self._root, prefix)

    def list_around(self, hidden: str) -> Iterator[Batch]:
        """Everything but what lies in the folder ``hidden``, in one walk."""
        return walk(self._root, hidden=hidden)

    def list_level(self, prefix: str = "", vouched: Vouched | None = None) -> Level:
        with folder_error(prefix or "the folder"):
            try:
                parts = check_key(prefix[:-1]) if prefix else []
                with beneath.directory(self._root, parts) as here:
                    return level_in(here, prefix)
            except (FileNotFoundError, NotADirectoryError):
                return [], []

    def head(self, key: str) -> ObjectInfo | None:
        parts = check_key(key)
        with folder_error(key):
            try:
                with beneath.directory(self._root, parts[:-1]) as parent:
                    status = os.stat(parts[-1], dir_fd=parent, follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return info_of(key, status) if stat.S_ISREG(status.st_mode) else None

    def read(
        self, key: str, *, unless: str | None = None, limit: int | None = None
    ) -> tuple[bytes, ObjectInfo] | None:
        with folder_error(key):
            for _ in range(_ATTEMPTS):
                with opened(self._root, key) as (descriptor, info):
                    if info.identity == unless:
                        return None
                    if limit is not None and info.size > limit:
                        raise too_large(key, info.size, limit)
                    data = read_all(descriptor, info.size)
                    if _still(descriptor, info):
                        return data, info
        raise ContentMismatch(f"{key} is being written by another tool.", "Try again later.")

    def write(self, key: str, data: bytes, *, expected: str | None = None) -> ObjectInfo:
        check_key(key)
        with folder_error(key):
            # A mirror's books are written here: what they speak of has to be durable first.
            self._flush.all()
            with temporary(self._root) as written:
                write_all(written.descriptor, data)
                return self._appear(key, written, expected, executable=False)

    def copy(self, source: str, target: str) -> ObjectInfo | None:
        return self._copy(source, target, None)

    def copy_new(self, source: str, target: str) -> ObjectInfo | None:
        return self._copy(source, target, ABSENT)

    def _copy(self, source: str, target: str, expected: str | None) -> ObjectInfo:
        check_key(target)
        # Never a hard link: an edit in place by another tool would change both.
        with folder_error(source), opened(self._root, source) as (original, info):
            executable = bool(os.fstat(original).st_mode & 0o100)
            with temporary(self._root) as written:
                copy_bytes(original, written.descriptor)
                if not _still(original, info):
                    raise PreconditionFailed(f"{source} changed while it was copied.")
                if expected is not None:  # a moved file keeps its time; a version has that of today
                    os.utime(written.descriptor, ns=(info.mtime, info.mtime))
                copied = self._appear(target, written, expected, executable=executable)
            self._flush.copied(source)
            return copied

    def delete(self, key: str, *, expected: str | None = None) -> None:
        parts = check_key(key)
        with folder_error(key):
            try:
                self._flush.before_loss(key)
                with beneath.directory(self._root, parts[:-1]) as parent:
                    if expected is not None:
                        expect(parent, parts[-1], key, expected)
                    os.unlink(parts[-1], dir_fd=parent)
                    # A name that came back after a power cut would look like another tool's file.
                    if self._flush.one_by_one():
                        os.fsync(parent)
                    else:
                        self._flush.defer()
            except (FileNotFoundError, NotADirectoryError):
                return
            except IsADirectoryError:
                return
        beneath.prune(self._root, parts[:-1], _KEEP)

    def upload(self, jobs: Iterable[Upload], passed: Passed) -> Iterator[Transferred]:
        stop = threading.Event()
        tell = passing(passed, stop)

        yield from run_jobs(jobs, lambda job: self._send(job, tell), self._workers, stop)
        with folder_error("the folder"):
            self._flush.all()

    def download(self, jobs: Iterable[Download], passed: Passed) -> Iterator[Transferred]:
        stop = threading.Event()
        tell = passing(passed, stop)
        return run_jobs(jobs, lambda job: self._fetch(job, tell), self._workers, stop)

    def _send(self, job: Upload, passed: Passed) -> Transferred:
        check_key(job.key)
        with folder_error(job.key):
            if job.data is not None or job.size <= SMALL:
                content = read_source(job)
                digest, signature = content.digest, content.signature
                with temporary(self._root) as written:
                    write_all(written.descriptor, content.data)
                    passed(len(content.data))
                    info = self._finish(job, written)
            else:
                with stream_source(job) as stream, temporary(self._root) as written:
                    for data in stream:
                        write_all(written.descriptor, data)
                        passed(len(data))
                    digest, signature = stream.digest, stream.signature
                    info = self._finish(job, written)
        return Transferred.of(job.key, info, digest, signature)

    def _finish(self, job: Upload, written: Temporary) -> ObjectInfo:
        if job.mtime:
            os.utime(written.descriptor, ns=(job.mtime, job.mtime))
        return self._appear(job.key, written, job.expected, executable=job.executable)

    def _appear(
        self, key: str, written: Temporary, expected: str | None, *, executable: bool
    ) -> ObjectInfo:
        return appear(
            self._root, key, written, self._flush, expected=expected, executable=executable
        )

    def _fetch(self, job: Download, passed: Passed) -> Transferred:
        with folder_error(job.key), opened(self._root, job.key) as (descriptor, info):
            if job.identity is not None and info.identity != job.identity:
                raise moved(job.key)
            if info.size <= SMALL:
                data = read_all(descriptor, info.size)
                self._check_still(job, descriptor, info)
                result = write_target(job, data, info)
                passed(result.size)
                return result
            with TargetWriter(job, passed, info.identity) as writer:
                os.lseek(descriptor, writer.offset, os.SEEK_SET)
                while data := os.read(descriptor, CHUNK):
                    writer.write(data)
                self._check_still(job, descriptor, info)
                return writer.finish(info)

    def _check_still(self, job: Download, descriptor: int, info: ObjectInfo) -> None:
        if not _still(descriptor, info):
            raise moved(job.key)

    def sweep(self, older_than: int, *, alone: bool = False) -> int:
        """Remove what killed writers left in ``.hubsync/tmp/``."""
        with folder_error("the folder"):
            try:
                with beneath.directory(self._root, TEMPORARY) as temporaries:
                    return _remove_old(temporaries, None if alone else older_than)
            except (FileNotFoundError, NotADirectoryError):
                return 0

    def close(self) -> None:
        return


def _still(descriptor: int, info: ObjectInfo) -> bool:
    return identity_of(os.fstat(descriptor)) == info.identity


def _remove_old(folder: int, older_than: int | None) -> int:
    removed = 0
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            begun = os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime_ns
            if older_than is None or begun < older_than:
                os.unlink(name, dir_fd=folder)
                removed += 1
    return removed
