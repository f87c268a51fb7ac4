"""Large objects from a bucket: several ranges in flight, written in order, gone on with where the
last run stopped."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final

from hubsync.errors import ObjectNotFound, PreconditionFailed
from hubsync.stores.objects_client import FAILURES, Client, NoRanges, other_size
from hubsync.stores.objects_small import transfer
from hubsync.stores.protocol import Download, ObjectInfo, Passed, Transferred
from hubsync.stores.transfer import TargetWriter

_RANGE: Final = 8 << 20
_AT_ONCE: Final = 8
_CHEAP: Final = 0.25
"""Seconds. Some servers read a whole object to name it in each answer: one request for it is then
better than many."""


def download_large(client: Client, job: Download, passed: Passed, large: int) -> Transferred:
    """Fetch ``job``, of unknown size or of more than ``large`` bytes."""
    info = _expected(client, job)
    if info.size <= large:
        done = transfer(client, job)
        passed(done.size)
        return done
    with TargetWriter(job, passed, info.identity) as writer:
        if client.serves_ranges is not False:
            began = time.monotonic()
            try:
                with _Window(client, info) as window:
                    window.write_to(writer)
                return writer.finish(info)
            except NoRanges:
                client.plain_ranges = (
                    client.settings.provider == "s3" and time.monotonic() - began < _CHEAP
                )
        if client.plain_ranges:
            from hubsync.stores.objects_plain import PlainRanges  # Python's HTTP: 15 ms to load

            try:
                with PlainRanges(client, info) as ranges:
                    ranges.write_to(writer)
                return writer.finish(info)
            except NoRanges:
                client.plain_ranges = False
        _write_whole(client, info, writer)
        return writer.finish(info)


def _expected(client: Client, job: Download) -> ObjectInfo:
    """What is fetched. Nothing is asked if the job knows it: every answer is compared with it."""
    if job.identity and job.size is not None:
        return ObjectInfo(job.key, job.size, job.identity, 0)
    info = client.head(job.key)
    if info is None:
        raise ObjectNotFound(f"{job.key} is not there.")
    if job.identity and info.identity != job.identity:
        raise PreconditionFailed(f"{job.key} is not what was expected there.")
    if job.size is not None and info.size != job.size:
        raise other_size(job.key, info.size, job.size)
    return info


def _write_whole(client: Client, info: ObjectInfo, writer: TargetWriter) -> None:
    """In one stream, the next chunk on its way while one is written."""
    chunks = client.stream(info.key, info.identity, _RANGE)
    if writer.offset:  # not before the storage answers: else what is there serves a later run
        writer.restart()

    def following() -> Any:
        try:
            return next(chunks, None)
        except FAILURES as error:
            raise client.failed(error, info.key) from error

    pool = ThreadPoolExecutor(1, "hubsync-stream")
    try:
        coming = pool.submit(following)
        while (data := coming.result()) is not None:
            coming = pool.submit(following)
            writer.write(memoryview(data))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Window:
    """The ranges that are on their way: as many bytes in memory, however large the object. A
    context manager; what it leaves on its way arrives nowhere."""

    def __init__(self, client: Client, info: ObjectInfo) -> None:
        self._client = client
        self._info = info
        self._coming: deque[Future[Any]] = deque()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "hubsync-range")

    def __enter__(self) -> _Window:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def write_to(self, writer: TargetWriter) -> None:
        asked = writer.offset
        while asked < self._info.size or self._coming:
            # One alone, until it is known that the server serves ranges.
            at_once = _AT_ONCE if self._client.serves_ranges else 1
            while asked < self._info.size and len(self._coming) < at_once:
                end = min(asked + _RANGE, self._info.size)
                self._coming.append(
                    self._pool.submit(self._client.get_range, self._info, asked, end)
                )
                asked = end
            writer.write(memoryview(self._coming.popleft().result()))
