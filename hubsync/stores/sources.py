"""Reading what is sent: never through a link, never torn, hashed on the way (rule 10)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from typing import Final

from blake3 import blake3
from msgspec import Struct

from hubsync import announcing
from hubsync.errors import HubsyncError, LocalError, SourceChanged
from hubsync.model import time_of
from hubsync.stores.protocol import Upload

SMALL: Final = 8 << 20
"""Up to this size a source is best read whole (`read_source`), bytes."""
CHUNK: Final = 8 << 20
_PARALLEL: Final = 1 << 20

Signature = tuple[int, int, int, int]

# O_NONBLOCK: opening a FIFO that took a file's place must not wait for a writer.
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Content(Struct, frozen=True):
    """A source's bytes as they were read; ``signature`` None where there is no file."""

    data: bytes
    digest: bytes
    signature: Signature | None


def signature_of(status: os.stat_result) -> Signature:
    """(size, mtime ns, ctime ns, inode)."""
    times = time_of(status.st_mtime_ns), time_of(status.st_ctime_ns)
    return (status.st_size, *times, status.st_ino)


def digest_of(data: bytes) -> bytes:
    """BLAKE3, with threads where they pay."""
    if len(data) < _PARALLEL:
        return blake3(data).digest()
    return blake3(data, max_threads=blake3.AUTO).digest()


def read_source(job: Upload) -> Content:
    """The whole source in memory. Raises SourceChanged, LocalError."""
    if job.data is not None:
        digest = digest_of(job.data)
        _check_digest(job, digest)
        return Content(job.data, digest, None)
    descriptor, signature = open_source(job)
    try:
        data = _read_all(job, descriptor, signature[0])
        _check_unchanged(job, signature, signature_of(os.fstat(descriptor)))
    finally:
        os.close(descriptor)
    digest = digest_of(data)
    _check_digest(job, digest)
    _announce(job, digest)
    return Content(data, digest, signature)


def stream_source(job: Upload, chunk: int = CHUNK) -> SourceStream:
    """The source in chunks; see `SourceStream`. Raises SourceChanged, LocalError at once if the
    file is not what the job says."""
    descriptor, signature = open_source(job)
    return SourceStream(job, descriptor, signature, chunk)


class SourceStream(Iterator[bytes]):
    """A large source as an iterator of chunks (also a context manager that closes the file).

    At the end of the file, before StopIteration, it is checked once more: `SourceChanged` is raised
    instead if the file changed while it was read, so that an upload that feeds on this iterator
    fails and nothing becomes visible. ``digest`` and ``signature`` are valid afterwards.
    """

    def __init__(self, job: Upload, descriptor: int, signature: Signature, chunk: int) -> None:
        self._job = job
        self._descriptor = descriptor
        self._chunk = chunk
        self._hasher = blake3(max_threads=blake3.AUTO)
        self._read = 0
        self.signature: Signature = signature
        self.digest: bytes = b""

    @property
    def size(self) -> int:
        return self.signature[0]

    def __next__(self) -> bytes:
        if self.digest:
            raise StopIteration
        try:
            data = _read_up_to(self._descriptor, self._chunk)
        except OSError as error:
            raise _local_error(self._job, error) from error
        self._read += len(data)
        if self._read > self.size:
            raise changed(self._job)
        if data:
            self._hasher.update(data)
            return data
        self._finish()
        raise StopIteration

    def exhaust(self) -> None:
        """Read to the end, if the consumer stopped at the last byte, so that the check is made."""
        for _ in self:
            raise changed(self._job)

    def _finish(self) -> None:
        now = signature_of(os.fstat(self._descriptor))
        _check_unchanged(self._job, self.signature, now)
        if self._read != self.size:
            raise changed(self._job)
        digest = self._hasher.digest()
        _check_digest(self._job, digest)
        _announce(self._job, digest)
        self.digest = digest

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> SourceStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def open_source(job: Upload) -> tuple[int, Signature]:
    """A descriptor of the job's file, which is a regular one with the job's signature."""
    try:
        descriptor = os.open(job.source, _FLAGS)
    except OSError as error:
        raise _local_error(job, error) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise changed(job, "is no regular file any more")
        signature = signature_of(status)
        _check_unchanged(job, job.signature or signature, signature)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, signature


def changed(job: Upload, how: str = "changed while it was read") -> SourceChanged:
    return SourceChanged(f"{job.key} {how}.", "It is taken up by the next sync.")


def _check_unchanged(job: Upload, before: Signature, now: Signature) -> None:
    if before != now:
        raise changed(job)


def _check_digest(job: Upload, digest: bytes) -> None:
    if job.digest is not None and job.digest != digest:
        raise changed(job, "is not what was planned")


def _announce(job: Upload, digest: bytes) -> None:
    if not job.announce:
        return
    try:
        announcing.append(job.announce, job.key, digest)
    except OSError as error:
        raise _local_error(job, error) from error


def _read_all(job: Upload, descriptor: int, size: int) -> bytes:
    # One byte more than expected: a file that has grown shows itself.
    try:
        data = _read_up_to(descriptor, size + 1)
    except OSError as error:
        raise _local_error(job, error) from error
    if len(data) != size:
        raise changed(job)
    return data


def _read_up_to(descriptor: int, count: int) -> bytes:
    data = os.read(descriptor, count)
    if not data or len(data) == count:
        return data
    parts = [data]
    left = count - len(data)
    while left:
        data = os.read(descriptor, left)
        if not data:
            break
        parts.append(data)
        left -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _local_error(job: Upload, error: OSError) -> HubsyncError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return changed(job, "is gone")
    if error.errno in (errno.ELOOP, errno.ENXIO):
        return changed(job, "is no regular file any more")
    if error.errno in (errno.EACCES, errno.EPERM):
        return LocalError(
            f"{job.key} cannot be read: {error.strerror}.",
            "Give yourself permission to read it.",
            "unreadable",
        )
    return LocalError(f"{job.key} cannot be read: {error.strerror}.")
