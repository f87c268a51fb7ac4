"""Who holds a lock, and whether that process still runs."""

from __future__ import annotations

import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct

SILENT_HERE: Final = 45.0
SILENT_ELSEWHERE: Final = 120.0
SILENT_DAMAGED: Final = 10.0
"""Seconds without a sign of life after which an owner that cannot be looked at is gone."""


class Owner(Struct, frozen=True):
    """Who holds a lock.

    ``started``: the process, in the kernel's ticks since ``boot``. ``since``: ns since the epoch.
    """

    pid: int
    host: str
    boot: str
    namespace: str
    started: str
    since: int
    command: str
    nonce: str


def this_process() -> Owner:
    pid = os.getpid()
    return Owner(
        pid=pid,
        host=socket.gethostname(),
        boot=_text("/proc/sys/kernel/random/boot_id"),
        namespace=_namespace(),
        started=_started(pid) or "",
        since=time.time_ns(),
        command=" ".join(os.path.basename(part) for part in sys.argv[:2])[:80],
        nonce=os.urandom(8).hex(),
    )


def is_gone(owner: Owner | None, me: Owner, silence: Callable[[], float]) -> bool:
    """Whether nobody holds the lock any more that ``owner`` made (None: it could not be read).

    ``silence``: seconds since it was last touched. See the module `lock` for the reasons.
    """
    if owner is None:
        return silence() > SILENT_DAMAGED
    if beside(owner, me):
        started = _started(owner.pid)
        if started is not None:
            return started != owner.started
        if not _exists(owner.pid):
            return True
    here = owner.boot == me.boot or owner.host == me.host
    return silence() > (SILENT_HERE if here else SILENT_ELSEWHERE)


def beside(owner: Owner, me: Owner) -> bool:
    """Whether ``owner`` is, or was, a process that can be looked at from here."""
    return bool(me.boot) and (owner.boot, owner.namespace) == (me.boot, me.namespace)


def is_same_process(owner: Owner, me: Owner) -> bool:
    return beside(owner, me) and (owner.pid, owner.started) == (me.pid, me.started)


def described(owner: Owner | None) -> str:
    """In words for people."""
    if owner is None:
        return "held by a damaged lock file, which does not say who made it"
    since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(owner.since / 1e9))
    return f"held by process {owner.pid} on {owner.host} ({owner.command}) since {since}"


def _started(pid: int) -> str | None:
    """When a process started, in ticks since boot; ``""`` for a dead one that nobody waited for.

    None if there is none, or none that we may see.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return "" if fields[0] in (b"Z", b"X") else fields[19].decode()


def _exists(pid: int) -> bool:
    """Whether there is such a process, be it another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _namespace() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""
