"""Small objects of an S3 bucket in the fewest steps.

For an object of 4 kB obstore needs 130 µs of a core, and threads that take turns at the interpreter
another 100; a loop over a few connections needs 45. Whatever goes not quite as it should is done
again by the ordinary way, which knows of retries and of what an error means; a write that may have
arrived is then treated as one that was tried before.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from hubsync.stores.objects_client import Client
from hubsync.stores.objects_exchange import Fields
from hubsync.stores.objects_loop import Loop, Request
from hubsync.stores.objects_native import identity_of, is_representable
from hubsync.stores.objects_threads import Outbox
from hubsync.stores.protocol import ABSENT, Download, ObjectInfo, Transferred, Upload
from hubsync.stores.sources import Content
from hubsync.stores.transfer import read_source

Task = tuple[int, Upload | Download]
Write = Callable[[int, Download, Any, ObjectInfo], None]
Otherwise = Callable[[Sequence[Task], bool], None]

SLOW: Final = 0.002
"""Seconds. A disk that needs longer for a small file is behind a network: several threads are
better there than one."""
_CONFIG: Final = frozenset(
    {
        "access_key_id",
        "secret_access_key",
        "session_token",
        "region",
        "default_region",
        "endpoint",
        "virtual_hosted_style_request",
        "role_arn",
        "role_session_name",
        "web_identity_token_file",
        "sts_endpoint",
        "metadata_endpoint",
        "imdsv1_fallback",
        "disable_bulk_delete",
    }
)
"""Options that a signed URL contains already, or that do not concern the request itself."""
_DATE: Final = re.compile(
    rb"[A-Z][a-z]{2}, (\d\d) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) GMT"
)
_MONTHS: Final = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy")


class QuickObjects:
    """``write`` is called with what was fetched, ``otherwise`` with tasks that are to be done by
    the ordinary way, and whether they may have been done already."""

    def __init__(self, client: Client, outbox: Outbox, write: Write, otherwise: Otherwise) -> None:
        self._client = client
        self._outbox = outbox
        self._write = write
        self._otherwise = otherwise
        self._todo: deque[Task] = deque()
        self._lock = threading.Lock()
        self._usable = is_plain(client)
        self._loop: Loop | None = None
        self._reading = 0.0

    def submit(self, tasks: Sequence[Task]) -> None:
        with self._lock:
            if self._usable:
                self._todo.extend(tasks)
                if self._loop is None:
                    self._loop = Loop(self._client, self)
                self._loop.ring()
                return
        self._otherwise(tasks, False)

    def waiting(self) -> int:
        """How many tasks have not begun."""
        return len(self._todo)

    def drop(self) -> list[Task]:
        """Take back what has not begun."""
        dropped: list[Task] = []
        with suppress(IndexError):  # one by one: the loop takes from the other end meanwhile
            while True:
                dropped.append(self._todo.popleft())
        return dropped

    def close(self) -> None:
        """End. Nothing is under way any more, and nothing comes."""
        if self._loop is not None:
            self._loop.close()

    def next_request(self) -> Request | None:
        while True:
            try:
                number, job = self._todo.popleft()
            except IndexError:
                return None
            if not (is_representable(job.key) and self._can_expect(job)):
                self._otherwise([(number, job)], False)
            elif isinstance(job, Download):
                return Request("GET", job.key, (number, job), size=job.size)
            else:
                try:
                    return self._upload(number, job)
                except BaseException as error:
                    self._outbox.failed(number, job.key, error)

    def _can_expect(self, job: Upload | Download) -> bool:
        """Whether what is expected can stand in a header. It may come from an index that anybody
        could have written."""
        if isinstance(job, Download) or job.expected is None:
            return True
        tag = job.expected
        return (
            self._client.settings.conditional and tag.isascii() and (not tag or tag.isprintable())
        )

    def _upload(self, number: int, job: Upload) -> Request:
        began = time.monotonic()
        content = read_source(job)
        self._reading += 0.2 * (time.monotonic() - began - self._reading)
        if self._reading > SLOW:
            self.gone()
        md5 = hashlib.md5(content.data, usedforsecurity=False).digest()
        fields = f"Content-MD5: {base64.b64encode(md5).decode()}\r\n"
        if job.expected == ABSENT:
            fields += "If-None-Match: *\r\n"
        elif job.expected is not None:
            fields += f"If-Match: {job.expected}\r\n"
        return Request("PUT", job.key, (number, job, content), fields, content.data)

    def answered(self, request: Request, fields: Fields, body: Any) -> None:
        try:
            self._answered(request, fields, body)
        except BaseException as error:
            self._outbox.failed(request.about[0], request.key, error)

    def _answered(self, request: Request, fields: Fields, body: Any) -> None:
        identity = identity_of(fields.get(b"etag", b"").decode("latin-1"))
        if request.method == "PUT":
            number, job, content = request.about
            if identity:
                self._outbox.put(number, _uploaded(job, content, identity))
            else:
                self._otherwise([(number, job)], True)
            return
        number, job = request.about
        mtime = _time(fields.get(b"last-modified", b""))
        if not identity or mtime is None or (job.identity and identity != job.identity):
            self._otherwise([(number, job)], False)
        else:
            self._write(number, job, body, ObjectInfo(job.key, len(body), identity, mtime))

    def unanswered(self, request: Request, sent: bool) -> None:
        number, job = request.about[:2]
        self._otherwise([(number, job)], sent)

    def gone(self) -> None:
        with self._lock:
            self._usable = False
        left = self.drop()
        if left:
            self._otherwise(left, False)


def is_plain(client: Client) -> bool:
    """Whether requests to this bucket need nothing beyond a signed URL."""
    settings = client.settings
    return (
        settings.provider == "s3"
        and settings.config.keys() <= _CONFIG
        and settings.client.keys() <= {"allow_http"}
        and not any(os.environ.get(name) or os.environ.get(name.upper()) for name in _PROXIES)
    )


def _uploaded(job: Upload, content: Content, identity: str) -> Transferred:
    return Transferred(
        job.key,
        identity=identity,
        digest=content.digest,
        size=len(content.data),
        mtime=0,
        signature=content.signature,
    )


@functools.lru_cache(64)
def _time(text: bytes) -> int | None:
    """Nanoseconds, of an HTTP date in the one form that is sent (RFC 9110, 5.6.7):
    ``Sun, 06 Nov 1994 08:49:37 GMT``. None for another."""
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    try:
        when = datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=UTC,
        )
    except ValueError:
        return None
    return int(when.timestamp()) * 1_000_000_000
