"""The names of everything that a mirror keeps under ``.hubsync/``.

docs/reference/mirror-format.md explains the layout to people who write another client.
"""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from hubsync.model import METADATA_DIR

METADATA: Final = METADATA_DIR + "/"
FORMAT: Final = METADATA + "format.json"
HEAD: Final = METADATA + "index/head"
INDEX: Final = METADATA + "index/"
LOG: Final = METADATA + "log/"
VERSIONS: Final = METADATA + "versions/"
LIVE: Final = METADATA + "live/"
TEMPORARY: Final = METADATA + "tmp/"

SECOND: Final = 1_000_000_000
DAY: Final = 86_400 * SECOND

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = 253_402_300_799
"""The last second of the year 9999: later times are written as this one."""


def nonce(rng: random.Random) -> str:
    """16 hex digits that no other writer draws."""
    return f"{rng.getrandbits(64):016x}"


def is_probe(name: str) -> bool:
    """Whether an object below ``tmp/`` was made to see what the store does with it."""
    return re.fullmatch(r"(probe|gc|parts)-[0-9a-f]{16}", name) is not None


def plain(text: str, limit: int = 32) -> str:
    """``text`` as part of an object's name on any store: letters, digits, dot, dash, underscore."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:limit].strip(".-") or "hub"


def stamp(time: int) -> str:
    """A time (ns) such that text order is time order: ``20261121T093000.123456789Z``."""
    seconds, rest = divmod(max(time, 0), SECOND)
    when = _EPOCH + timedelta(seconds=min(seconds, _LAST))
    return f"{when.year:04d}{when:%m%dT%H%M%S}.{rest:09d}Z"


def stamped(name: str) -> int | None:
    """The time (ns) at the beginning of a name made with `stamp`; None if there is none."""
    found = re.match(r"(\d{8}T\d{6})\.(\d{9})Z", name)
    if found is None:
        return None
    try:
        when = datetime.strptime(found[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int((when - _EPOCH).total_seconds()) * SECOND + int(found[2])


def log_name(time: int, hub: str, rng: random.Random) -> str:
    """A new name below ``.hubsync/``; what stands after ``log/`` is the version's name."""
    return f"log/{stamp(time)}-{plain(hub)}-{nonce(rng)}"


def segment_name(time: int, rng: random.Random) -> str:
    """``time``: that of the newest log in it."""
    return f"index/{stamp(time)}-{nonce(rng)}"


def name_time(name: str) -> int:
    """The time in a name made by `log_name` or `segment_name`; 0 if another client chose it."""
    return stamped(name.partition("/")[2]) or 0


def version_key(digest: bytes, time: int, rng: random.Random) -> str:
    """A name that no other writer uses.

    Were it the digest alone, a late writer whose copy met newer bytes would put these in the
    place of the right ones (rule 11).
    """
    return f"{version_prefix(digest)}{stamp(time)}-{nonce(rng)}"


def version_prefix(digest: bytes) -> str:
    return f"{VERSIONS}{digest.hex()}/"
