"""One object of an fsspec file system: looking at it, sending it, fetching it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from hubsync.errors import ObjectNotFound, PreconditionFailed
from hubsync.stores.fsspec_files import Files, Place
from hubsync.stores.fsspec_info import SETTLED, object_info
from hubsync.stores.names import check_key
from hubsync.stores.protocol import (
    ABSENT,
    Download,
    ObjectInfo,
    Passed,
    Transferred,
    Upload,
)
from hubsync.stores.transfer import (
    SMALL,
    TargetWriter,
    read_source,
    stream_source,
    write_target,
)

_BLOCK: Final = 1 << 20
_SECOND: Final = 1_000_000_000


class Jobs:
    """Work on single objects of ``place``, for any thread. ``clock``: ns since the epoch."""

    def __init__(self, place: Place, files: Files, clock: Callable[[], int]) -> None:
        self._place = place
        self._dialect = place.dialect
        self._files = files
        self._clock = clock

    def head(self, key: str) -> ObjectInfo | None:
        check_key(key)
        try:
            info = self._files.do(key, lambda fs: self._dialect.info(fs, self._files.path(key)))
        except ObjectNotFound:
            return None
        return object_info(key, info, self._clock()) if info["type"] == "file" else None

    def present(self, key: str) -> ObjectInfo:
        info = self.head(key)
        if info is None:
            raise ObjectNotFound(f"There is no object {key} at {self._place.name}.")
        return info

    def send(self, job: Upload, passed: Passed) -> Transferred:
        check_key(job.key)
        present: ObjectInfo | None = None
        if job.expected is not None or self._dialect.coarse_times:
            present = self.head(job.key)
            compare(job.key, job.expected, present)
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
        info = self.present(job.key)
        return Transferred.of(job.key, info, digest, signature)

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

    def fetch(self, job: Download, passed: Passed) -> Transferred:
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
        info = self.present(job.key)
        self._check_identity(job, info)
        if info.size <= SMALL:
            data = self._files.do(
                job.key, lambda fs: self._dialect.get(fs, self._files.path(job.key))
            )
            self._check_identity(job, self.present(job.key))
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
            raise moved(job.key)


def compare(key: str, expected: str | None, present: ObjectInfo | None) -> None:
    if expected is not None and (present.identity if present else ABSENT) != expected:
        raise moved(key)


def moved(key: str) -> PreconditionFailed:
    return PreconditionFailed(f"{key} was written by someone else meanwhile.")
