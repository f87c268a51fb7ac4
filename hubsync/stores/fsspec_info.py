"""From an fsspec ``info`` dictionary to an object with an identity.

The identity is, of what is there, the first of: an entity tag, a generation, a revision, a content
hash, all with the size; else modification (or creation) time and size. Two traps:

- A time in whole seconds does not tell two edits of one second apart (SFTP). While such a
  time is younger than `SETTLED`, the identity is one that is never equal to another, so that the
  object counts as changed until its time can be trusted.
- Where there is neither (some HTTP listings), every listing gives a new identity: the object is
  read again on each sync. Slow, but a change is never missed.
"""

from __future__ import annotations

import calendar
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from hubsync.model import time_of
from hubsync.stores.protocol import ObjectInfo

SETTLED: Final = 3_000_000_000
"""Nanoseconds after which a time in whole seconds is trusted."""

_TOKENS: Final = (
    "etag",
    "ETag",
    "generation",
    "rev",
    "md5Hash",
    "md5",
    "content_md5",
    "content_hash",
    "checksum",
)
_TIMES: Final = (
    "mtime",
    "modified",
    "LastModified",
    "last_modified",
    "last_write_time",
    "updated",
    "modify",
    "created",
)
_SECOND: Final = 1_000_000_000


def object_info(key: str, info: Mapping[str, Any], now: int) -> ObjectInfo:
    """``now``: ns since the epoch, for judging how fresh a time is."""
    if info["type"] != "file":
        return ObjectInfo(key, -1, "occupied", 0)
    size = int(info.get("size") or 0)
    mtime = time_of(_time(info))
    return ObjectInfo(key, size, _identity(info, size, mtime, now), mtime)


def _identity(info: Mapping[str, Any], size: int, mtime: int, now: int) -> str:
    for name in _TOKENS:
        value = info.get(name)
        if value:
            text = value.hex() if isinstance(value, bytes | bytearray) else str(value)
            return f"{text}-{size:x}"
    if not mtime:
        return f"unknown-{uuid.uuid4().hex}"
    if mtime % _SECOND == 0 and abs(now - mtime) < SETTLED:
        return f"fresh-{uuid.uuid4().hex}"
    return f"{mtime:x}-{size:x}"


def _time(info: Mapping[str, Any]) -> int:
    for name in _TIMES:
        value = info.get(name)
        if value is None or value == "":
            continue
        found = _nanoseconds(value)
        if found:
            return found
    return 0


def _nanoseconds(value: object) -> int:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
        return calendar.timegm(moment.timetuple()) * _SECOND + moment.microsecond * 1000
    if isinstance(value, int | float):
        # A float holds microseconds of our century, and nothing finer.
        return round(value * 1_000_000) * 1000
    if isinstance(value, str):
        for read in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                return _nanoseconds(read(value))
            except ValueError:
                continue
    return 0
