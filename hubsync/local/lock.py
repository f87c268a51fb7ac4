"""One process at a time in a workspace: the file ``.hubsync/lock``, which names who holds it; and
one that syncs it continuously: ``.hubsync/session.lock``.

It is made with its content, by a hard link to a complete file, which is atomic on NFS too. A
lock whose owner is gone is taken over without asking:

- the same boot of the same kernel and the same process namespace: gone if no such process
  runs, or one that started at another time;
- else the owner cannot be looked at (a container beside this one, another node with the same
  home). It touches the lock every 20 s, so it is gone when the file system's clock says that
  the last touch is too long ago: 45 s where it was this machine or one of the same name (a
  restarted pod), 2 minutes for a stranger;
- this very process: gone if it is none of the locks that are held here, which `_held` knows. It
  was out of reach when it was released: `.hubsync` had been moved away, and came back;
- a lock that says nothing readable was damaged, by a power cut or a full disk. Whoever made it has
  stopped touching it, too, and finds it lost: it is gone after 10 s, in which a lock that was
  not made by a link may just be getting its content.

The holder asks `Lock.check` before it does what cannot be undone, since a machine that slept may
have lost its lock.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Final, Self

import msgspec

from hubsync.errors import WorkspaceBusy
from hubsync.local.layout import Layout
from hubsync.local.leftovers import sweep
from hubsync.local.unwritable import unwritable
from hubsync.owner import (
    SILENT_ELSEWHERE,
    Owner,
    beside,
    described,
    is_gone,
    is_same_process,
    this_process,
)

HEARTBEAT: Final = 20.0
_TAKEOVER: Final = 10.0
_POLL: Final = 0.1
_NS: Final = 1_000_000_000

_held: Final[set[str]] = set()
"""The nonces of the locks that this process holds, or is about to make."""


class Lock:
    """A held lock; a context manager that releases it."""

    def __init__(self, path: str, owner: Owner) -> None:
        self.path = path
        self.owner = owner
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="hubsync-lock", daemon=True)
        self._thread.start()

    def _beat(self) -> None:
        while not self._stop.wait(HEARTBEAT):
            try:
                if not self._is_ours():
                    return
                os.utime(self.path)
            except OSError:
                continue  # a server that does not answer now may do so at the next beat

    def _is_ours(self) -> bool:
        found = _read(self.path)
        return found is not None and found[0] is not None and found[0].nonce == self.owner.nonce

    def check(self) -> None:
        """Raises WorkspaceBusy if the lock was lost."""
        if not self._is_ours():
            if not os.path.isdir(os.path.dirname(self.path)):
                raise WorkspaceBusy(
                    "The workspace is not here any more: it was moved, or unlinked.",
                    "Run the command again where it is now.",
                )
            raise WorkspaceBusy(
                "Another process took over this workspace, because this one was silent too long.",
                "Run the command again.",
            )

    def release(self) -> None:
        if self._stop.is_set():
            return
        self._stop.set()
        try:
            if self._is_ours():
                os.unlink(self.path)
        finally:
            _held.discard(self.owner.nonce)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def acquire(
    layout: Layout,
    timeout: float = 60.0,
    *,
    stopping: Callable[[], bool] = lambda: False,
) -> Lock:
    """The workspace's lock, waited for up to ``timeout`` seconds.

    Raises WorkspaceBusy, which says who holds it since when, and LocalError.
    """
    path = layout.lock
    owner = this_process()
    try:
        lock = _made(path, owner, time.monotonic() + timeout, stopping)
        try:
            sweep(layout, os.stat(path).st_mtime_ns)
        except BaseException:
            lock.release()
            raise
    except OSError as error:
        raise unwritable(path, error) from error
    return lock


def acquire_session(layout: Layout, *, stopping: Callable[[], bool] = lambda: False) -> Lock:
    """The right to be the one session of the workspace. It keeps no command from working there.

    It is not waited for if whoever has it runs on this machine. One that cannot be looked at may
    be the killed server that this one stands in for, so it gets the time in which its silence
    tells. Raises WorkspaceBusy, which says who has it, and LocalError.
    """
    path = layout.session_lock
    owner = this_process()
    try:
        found = _read(path)
        visible = found is not None and found[0] is not None and beside(found[0], owner)
        patience = 0.0 if visible else SILENT_ELSEWHERE + HEARTBEAT
        return _made(path, owner, time.monotonic() + patience, stopping)
    except WorkspaceBusy as error:
        found = _read(path)
        who = described(found[0]) if found is not None else "held by a process that just ended"
        raise WorkspaceBusy(
            f"This workspace is synced continuously already: {who}.",
            "One is enough. To have another in its place, end that one first.",
            "session-running",
        ) from error
    except OSError as error:
        raise unwritable(path, error) from error


def _made(path: str, owner: Owner, deadline: float, stopping: Callable[[], bool]) -> Lock:
    """Raises WorkspaceBusy, OSError."""
    _held.add(owner.nonce)  # before there is a file of it that anybody here could take for left
    try:
        _wait(path, owner, deadline, stopping)
    except BaseException:
        _held.discard(owner.nonce)
        raise
    return Lock(path, owner)


def _wait(path: str, owner: Owner, deadline: float, stopping: Callable[[], bool]) -> None:
    """Make the lock, once there is none. Raises WorkspaceBusy, OSError."""
    while not _create(path, owner):
        found = _read(path)
        if found is None:
            continue
        if _is_gone(found, owner, path) and _remove_stale(path, found):
            continue
        if time.monotonic() >= deadline or stopping():
            raise WorkspaceBusy(f"This workspace is {described(found[0])}.", _hint(found, path))
        time.sleep(_POLL)


def _hint(found: _Found, path: str) -> str:
    if found[0] is not None:
        return "Wait until it is done, or stop it, then try again."
    return (
        "Try again in a few seconds: it is then taken over. If it is not, and no other hubsync "
        f"works here, delete {path}."
    )


def holder(layout: Layout) -> str | None:
    """Who holds the workspace, in words for people; None if nobody does."""
    found = _read(layout.lock)
    if found is None or _is_gone(found, this_process(), layout.lock):
        return None
    return described(found[0])


_Found = tuple[Owner | None, os.stat_result]


def _read(path: str) -> _Found | None:
    """Who holds the lock (None: it says nothing readable) and its status; None if there is none."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(1 << 16)
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(data, type=Owner), status
    except msgspec.MsgspecError:
        return None, status


def _create(path: str, owner: Owner) -> bool:
    """Make the lock unless there is one."""
    temporary = f"{path}.{owner.nonce}"
    try:
        with open(temporary, "wb") as file:
            file.write(msgspec.json.encode(owner))
        return _linked(temporary, path, owner)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _linked(temporary: str, path: str, owner: Owner) -> bool:
    try:
        os.link(temporary, path)
        return True
    except FileExistsError:
        # NFS may have done it and lost the answer.
        return os.stat(temporary).st_nlink == 2
    except OSError:
        return _create_without_links(path, owner)


def _create_without_links(path: str, owner: Owner) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with open(descriptor, "wb") as file:
        file.write(msgspec.json.encode(owner))
    return True


def _is_gone(found: _Found, me: Owner, path: str) -> bool:
    owner, status = found
    if owner is not None and is_same_process(owner, me):
        return owner.nonce not in _held
    return is_gone(owner, me, lambda: (_fs_now(path) - status.st_mtime_ns) / _NS)


def _fs_now(path: str) -> int:
    """The file system's clock, which the heartbeats are measured by."""
    probe = f"{path}.{os.urandom(8).hex()}"
    with open(probe, "xb") as file:
        now = os.fstat(file.fileno()).st_mtime_ns
    os.unlink(probe)
    return now


def _remove_stale(path: str, judged: _Found) -> bool:
    """Take the judged lock away, and only that one.

    The guard lets one process at a time do so; what was renamed is compared with what was
    judged, and put back if it is another.
    """
    guard = f"{path}.takeover"
    try:
        os.close(os.open(guard, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        with suppress(FileNotFoundError):  # whoever made it is done by now
            if _fs_now(path) - os.lstat(guard).st_mtime_ns > _TAKEOVER * _NS:
                os.unlink(guard)
        return False
    aside = f"{path}.{os.urandom(8).hex()}"
    try:
        if not _same(_read(path), judged):
            return True
        os.rename(path, aside)
        if not _same(_read(aside), judged):
            os.link(aside, path)
        os.unlink(aside)
        return True
    except FileNotFoundError:
        return True
    finally:
        with suppress(FileNotFoundError):
            os.unlink(guard)


def _same(now: _Found | None, judged: _Found) -> bool:
    return (
        now is not None
        and now[0] == judged[0]
        and (now[1].st_ino, now[1].st_mtime_ns) == (judged[1].st_ino, judged[1].st_mtime_ns)
    )
