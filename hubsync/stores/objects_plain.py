"""Ranges of an object from servers that answer for a range with status 200 (``rclone serve s3``).

obstore takes 206 alone. What such a server sends is right all the same, as Content-Range says, so
that it is fetched here over plain HTTP with a signed URL. A server that answers otherwise is no
error: the object then comes in one stream. After a connection that broke the range is asked for
again, as obstore does.
"""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from queue import SimpleQueue
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import obstore

from hubsync.errors import PreconditionFailed, Unreachable
from hubsync.stores.objects_client import FAILURES, Client, NoRanges
from hubsync.stores.objects_http import connection
from hubsync.stores.objects_native import TRIES, identity_of
from hubsync.stores.protocol import ObjectInfo
from hubsync.stores.transfer import TargetWriter

_RANGE: Final = 8 << 20
_AT_ONCE: Final = 4
_PATIENCE: Final = 120
_BACKOFF: Final = 0.1
_VALID: Final = timedelta(hours=1)
_FAILED: Final = (OSError, http.client.HTTPException, *FAILURES)


class PlainRanges:
    """The rest of one object, in several ranges at once; a context manager."""

    def __init__(self, client: Client, info: ObjectInfo) -> None:
        self._client = client
        self._info = info
        self._mine = threading.local()
        self._served = False
        self._open: list[http.client.HTTPConnection] = []
        # Reused: fresh memory for every range costs as much as its bytes.
        self._buffers: SimpleQueue[bytearray] = SimpleQueue()
        self._pool = ThreadPoolExecutor(_AT_ONCE, "hubsync-range")

    def __enter__(self) -> PlainRanges:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        for kept in self._open:
            kept.close()

    def write_to(self, writer: TargetWriter) -> None:
        """Raises NoRanges if the object cannot be had so; PreconditionFailed if it is another."""
        asked, size = writer.offset, self._info.size
        for _ in range(_AT_ONCE + 3):
            self._buffers.put(bytearray(min(_RANGE, size)))
        coming: deque[Future[tuple[bytearray, int]]] = deque()
        writing: bytearray | None = None
        while asked < size or coming:
            while asked < size and len(coming) < _AT_ONCE + 1:
                end = min(asked + _RANGE, size)
                coming.append(self._pool.submit(self._get, asked, end))
                asked = end
            buffer, length = coming.popleft().result()
            writer.write(memoryview(buffer)[:length])
            if writing is not None:
                self._buffers.put(writing)
            writing = buffer

    def _get(self, start: int, end: int) -> tuple[bytearray, int]:
        buffer = self._buffers.get()
        tries = 0
        while True:
            self._client.count("get")
            try:
                self._fill(memoryview(buffer)[: end - start], start, end)
            except _FAILED as error:
                self._disconnect()
                tries += 1
                if tries == TRIES:
                    raise (_broke_off(self._info.key) if self._served else self._none()) from error
                time.sleep(_BACKOFF * 2**tries)
            else:
                self._served = True
                return buffer, end - start

    def _none(self) -> NoRanges:
        return NoRanges(f"{self._info.key}: the storage serves no parts of objects.")

    def _fill(self, view: memoryview, start: int, end: int) -> None:
        where = urlsplit(obstore.sign(self._client.reader, "GET", self._info.key, _VALID))
        asking = self._connection(where)
        asked = {"Range": f"bytes={start}-{end - 1}"}
        asking.request("GET", f"{where.path}?{where.query}", headers=asked)
        answer = asking.getresponse()
        given = re.fullmatch(r"bytes (\d+)-(\d+)/\d+", answer.getheader("Content-Range") or "")
        if answer.status >= 500:
            raise OSError(f"status {answer.status}")
        if answer.status not in {200, 206} or given is None:
            raise self._none()
        if identity_of(answer.getheader("ETag")) != self._info.identity:
            raise PreconditionFailed(f"{self._info.key} is not what was expected there.")
        if (int(given[1]), int(given[2]) + 1) != (start, end) or answer.length != end - start:
            raise self._none()
        while view:
            count = answer.readinto(view)
            if not count:
                raise OSError("the answer broke off")
            view = view[count:]
        answer.read()

    def _disconnect(self) -> None:
        """Whatever this thread's connection still brings belongs to what has failed."""
        kept = getattr(self._mine, "connection", None)
        if kept is not None:
            kept.close()
            self._mine.connection = None

    def _connection(self, where: SplitResult) -> Any:
        """One for each thread, which stays open."""
        kept = getattr(self._mine, "connection", None)
        if kept is None:
            secure = where.scheme == "https"
            kept = connection(secure, where.hostname or "", where.port, _PATIENCE)
            self._mine.connection = kept
            self._open.append(kept)
        return kept


def _broke_off(key: str) -> Unreachable:
    """What has arrived stays for the next run, as with any storage that goes away."""
    return Unreachable(
        f"The storage broke off while {key} was fetched.",
        "Run the command again: it goes on where this one stopped.",
    )
