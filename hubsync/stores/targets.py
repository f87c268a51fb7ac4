"""Writing the files that are fetched: visible only when complete and verified (rules 10 and 13)."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from blake3 import blake3

from hubsync.disk import begin_writing
from hubsync.errors import ContentMismatch, DiskFull, HubsyncError, LocalError
from hubsync.stores.protocol import Download, ObjectInfo, Passed, Transferred
from hubsync.stores.sources import digest_of

PART: Final = ".part"
PART_IDENTITY: Final = ".part.identity"
"""Beside a ``.part``: the identity of the object of which it is the beginning."""

_PIECE: Final = 32 << 10
"""Bytes to a write: the kernel has memory for it at hand. For larger ones it looks for large free
areas, which on a virtual machine may first have to be had from its host, at five times the cost."""
_OWN: Final = f".{os.urandom(4).hex()}{PART}"
"""Ends the names of this process's small parts. A helper process that outlives its killed parent by
a moment must not write into a part of the next run, nor give one that is unfinished its name."""

_MODE: Final = 0o666
"""As the umask allows: nobody else gets as far as the staging area, whose folder is private, and a
file that has its final mode need not be changed when it is moved out of there."""
_CREATE: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_target(job: Download, data: bytes, info: ObjectInfo) -> Transferred:
    """A small object that is in memory: verified first, then written."""
    if job.size is not None and len(data) != job.size:
        raise mismatch(job, "size")
    digest = digest_of(data)
    if job.digest is not None and digest != job.digest:
        raise mismatch(job, "content")
    if job.digest is not None:
        _write_in_place(job, data)
    else:
        _write_aside(job, data)
    return Transferred(
        job.key, identity=info.identity, digest=digest, size=len(data), mtime=info.mtime
    )


def _write_in_place(job: Download, data: bytes) -> None:
    """Under its own name from the first byte on, which spares a rename: whoever knows a content's
    digest holds what is there against it (rule 13), so that half a file is as good as none. Never
    into a file that is there: another process may still be writing to that one.
    """
    try:
        descriptor = os.open(job.target, _NEW, _MODE)
    except FileExistsError:
        _write_aside(job, data)
        return
    except OSError as error:
        raise local_error(job, error) from error
    try:
        _fill(descriptor, job, data)
    except OSError as error:
        _forget(job.target)
        raise local_error(job, error) from error


def _write_aside(job: Download, data: bytes) -> None:
    """Under a name of its own until it is complete: nobody could tell half of it from the whole."""
    part = job.target + _OWN
    try:
        _fill(os.open(part, _CREATE | os.O_TRUNC, _MODE), job, data)
        os.rename(part, job.target)
    except OSError as error:
        _forget(part)
        raise local_error(job, error) from error


def _fill(descriptor: int, job: Download, data: bytes) -> None:
    """Write it all, with its time, and close the file."""
    try:
        _write_all(descriptor, data)
        if job.mtime:
            os.utime(descriptor, ns=(job.mtime, job.mtime))
    finally:
        os.close(descriptor)


class TargetWriter:
    """A large object on its way into ``job.target``; a context manager.

    ``identity`` is what the object is now, if that is known before the first byte comes: it
    lets a later run go on from the ``.part`` that this one may leave. ``offset`` says how many
    bytes are there already (they are hashed on entering); write from there on. After the last
    `write` call `finish`. Left without `finish`, the ``.part`` stays if it can be resumed.
    """

    def __init__(self, job: Download, passed: Passed, identity: str = "") -> None:
        self._job = job
        self._passed = passed
        self._identity = identity or job.identity or ""
        self._part = job.target + PART
        self._note = job.target + PART_IDENTITY
        self._hasher = blake3(max_threads=blake3.AUTO)
        self._beside = ThreadPoolExecutor(1, "hubsync-write")
        self._writing: Future[None] | None = None
        self._broken = False
        self._descriptor = -1
        self._keep = bool(self._identity)
        self.offset = 0

    def __enter__(self) -> TargetWriter:
        try:
            resumable = self._identity != "" and _read_note(self._note) == self._identity
            if not resumable:
                # The part goes before its note: a part never stands beside a wrong note.
                _forget(self._part)
                _forget(self._note)
                if self._identity:
                    _write_note(self._note, self._identity)
            self._descriptor = os.open(self._part, _CREATE, _MODE)
            if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                raise OSError(errno.EINVAL, "is no regular file")
            self._hash_what_is_there()
        except OSError as error:
            self._close()
            raise local_error(self._job, error) from error
        return self

    def _hash_what_is_there(self) -> None:
        limit = self._job.size
        while data := os.read(self._descriptor, 8 << 20):
            self._hasher.update(data)
            self.offset += len(data)
        if limit is not None and self.offset > limit:
            self.restart()

    def restart(self) -> None:
        """Forget what is there: the store cannot serve the rest alone."""
        self._written(self._writing)
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._hasher = blake3(max_threads=blake3.AUTO)
        self.offset = 0

    def write(self, data: bytes | memoryview) -> None:
        """The next bytes, which have to stay as they are until the next call.

        Raises ContentMismatch at the first one beyond ``job.size``.
        """
        limit = self._job.size
        if limit is not None and self.offset + len(data) > limit:
            self._keep = False
            raise mismatch(self._job, "size")
        # Copying into the kernel and hashing take about as long: side by side, half the time.
        before = self._writing
        self._writing = self._beside.submit(self._put, data, self.offset)
        self._hasher.update(data)
        self.offset += len(data)
        self._written(before)
        self._passed(len(data))

    def _put(self, data: bytes | memoryview, offset: int) -> None:
        if self._broken:  # what is there stays a beginning of the object, without a gap
            return
        view = memoryview(data)
        try:
            for start in range(0, len(view), _PIECE):
                _write_all(self._descriptor, view[start : start + _PIECE])
        except BaseException:
            self._broken = True
            raise
        begin_writing(self._descriptor, offset, len(view))

    def _written(self, part: Future[None] | None) -> None:
        try:
            if part is not None:
                part.result()
        except OSError as error:
            raise local_error(self._job, error) from error

    def finish(self, info: ObjectInfo) -> Transferred:
        """Verify, then let the target appear. Raises ContentMismatch."""
        job = self._job
        self._written(self._writing)
        digest = self._hasher.digest()
        if job.size is not None and self.offset != job.size:
            self._keep = False
            raise mismatch(job, "size")
        if job.digest is not None and digest != job.digest:
            self._keep = False
            raise mismatch(job, "content")
        try:
            os.rename(self._part, job.target)
        except OSError as error:
            raise local_error(job, error) from error
        _forget(self._note)
        return Transferred(
            job.key, identity=info.identity, digest=digest, size=self.offset, mtime=info.mtime
        )

    def discard(self) -> None:
        """What was written is of no use to a later run."""
        self._keep = False

    def __exit__(self, kind: type[BaseException] | None, error: object, _: object) -> None:
        self._close()
        if kind is not None and (not self._keep or isinstance(error, DiskFull)):
            # On a full disk the space is worth more than the part.
            _forget(self._part)
            _forget(self._note)

    def _close(self) -> None:
        self._beside.shutdown()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def mismatch(job: Download, what: str) -> ContentMismatch:
    return ContentMismatch(
        f"{job.key} has another {what} than the remote's index promises.",
        "Another tool may have written it a moment ago; sync again.",
    )


def local_error(job: Download, error: OSError) -> HubsyncError:
    """What the disk said, in terms of the object that was to be written there."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull(
            f"The disk is full: {job.key} could not be written.",
            "Make room, then sync again.",
        )
    return LocalError(f"{job.key} could not be written: {error.strerror}.")


def _write_all(descriptor: int, data: bytes | memoryview) -> None:
    written = os.write(descriptor, data)
    if written == len(data):
        return
    view = memoryview(data)
    while written < len(view):
        written += os.write(descriptor, view[written:])


def _read_note(path: str) -> str | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with open(descriptor, encoding="utf-8", errors="replace") as note:
        return note.read(4096)


def _write_note(path: str, identity: str) -> None:
    descriptor = os.open(path, _CREATE | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as note:
        note.write(identity)


def _forget(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return
