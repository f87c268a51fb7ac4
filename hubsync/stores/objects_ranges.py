"""Large objects from a bucket: several ranges in flight, written in order, gone on with where the
last run stopped."""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from typing import Any, Final

from hubsync.errors import ContentMismatch, ObjectNotFound, PreconditionFailed
from hubsync.stores.objects_client import FAILURES, Client, NoRanges
from hubsync.stores.objects_small import transfer
from hubsync.stores.protocol import Download, ObjectInfo, Passed, Transferred
from hubsync.stores.transfer import TargetWriter

_RANGE: Final = 8 << 20
_AT_ONCE: Final = 8


def download_large(
    client: Client, loop: asyncio.AbstractEventLoop, job: Download, passed: Passed, large: int
) -> Transferred:
    """Fetch ``job``, of unknown size or of more than ``large`` bytes."""
    info = asyncio.run_coroutine_threadsafe(client.head(job.key), loop).result()
    if info is None:
        raise ObjectNotFound(f"{job.key} is not there.")
    if job.identity and info.identity != job.identity:
        raise PreconditionFailed(f"{job.key} is not what was expected there.")
    if job.size is not None and info.size != job.size:
        raise ContentMismatch(
            f"{job.key} is {info.size} bytes long where {job.size} were expected.",
            hint="Another tool may have replaced it; sync again.",
        )
    if info.size <= large:
        done = asyncio.run_coroutine_threadsafe(transfer(client, job), loop).result()
        passed(done.size)
        return done
    with TargetWriter(job, passed, info.identity) as writer:
        if client.serves_ranges:
            try:
                _Window(client, loop, info).write_to(writer)
            except NoRanges:
                writer.restart()
        elif writer.offset:
            writer.restart()
        if not client.serves_ranges:
            _write_whole(client, loop, info, writer)
        return writer.finish(info)


def _write_whole(
    client: Client, loop: asyncio.AbstractEventLoop, info: ObjectInfo, writer: TargetWriter
) -> None:
    """In one stream, the next chunk on its way while one is written."""
    opening = client.stream(info.key, info.identity, _RANGE)
    chunks = asyncio.run_coroutine_threadsafe(opening, loop).result()

    async def following() -> Any:
        try:
            return await anext(chunks, None)
        except FAILURES as error:
            raise client.failed(error, info.key) from error

    coming = asyncio.run_coroutine_threadsafe(following(), loop)
    try:
        while (data := coming.result()) is not None:
            coming = asyncio.run_coroutine_threadsafe(following(), loop)
            writer.write(memoryview(data))
    finally:
        coming.cancel()


class _Window:
    """The ranges that are on their way: as many bytes in memory, however large the object."""

    def __init__(self, client: Client, loop: asyncio.AbstractEventLoop, info: ObjectInfo) -> None:
        self._client = client
        self._loop = loop
        self._info = info
        self._coming: deque[Future[Any]] = deque()

    def write_to(self, writer: TargetWriter) -> None:
        asked = writer.offset
        try:
            while asked < self._info.size or self._coming:
                while asked < self._info.size and len(self._coming) < _AT_ONCE:
                    end = min(asked + _RANGE, self._info.size)
                    self._ask(asked, end)
                    asked = end
                writer.write(memoryview(self._coming.popleft().result()))
        finally:
            for future in self._coming:
                future.cancel()

    def _ask(self, start: int, end: int) -> None:
        work = self._client.get_range(self._info.key, start, end, self._info.identity)
        self._coming.append(asyncio.run_coroutine_threadsafe(work, self._loop))
