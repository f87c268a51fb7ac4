"""Notices changes in a workspace, in threads of its own: by the kernel's events where there are
any, else by looking, at a pace that costs under 1 % of a core.

What is told only wakes somebody who then scans, so a name too many or too few is harmless; that
nothing at all is told is not, and a full cycle now and then makes good for it. Events stop coming

- when the kernel has no more watches (``fs.inotify.max_user_watches``): then it is looked instead;
- from other machines that write to the same network file system: there it is looked as well;
- for what got lost in a flood: after one, all directories are looked for anew.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from hubsync.local import inotify
from hubsync.local.waking import Waking
from hubsync.model import IGNORE_FILE, METADATA_DIR

_GROUP: Final = 0.25
"""Seconds for which events are gathered after some were told."""
_STEP: Final = 100
"""Milliseconds, of the other library."""

_NAMED: Final = 100
_STATES: Final = f"{METADATA_DIR}/state/"
_SHARE: Final = 100
"""Looking may take a hundredth of the time."""
_OFTEN: Final = 2.0
_NETWORK: Final = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "ceph",
        "lustre",
        "gpfs",
        "beegfs",
        "afs",
        "glusterfs",
    )
)
_OCTAL: Final = re.compile(r"\\([0-7]{3})")


class Heard(Struct, frozen=True):
    """Something changed: the first of the paths, and whether there may be others. ``synced``: what
    is remembered of a remote was written, as a sync does."""

    paths: tuple[str, ...] = ()
    more: bool = False
    synced: bool = False


class How(Struct, frozen=True):
    """How changes are noticed: ``"events"``, ``"polling"`` or ``"both"``; and why not by events."""

    how: str
    why: str = ""


_BY_EVENTS: Final = How("events")


class Watch:
    """Calls ``hear`` and ``tell`` from its own threads, until `stop`."""

    def __init__(
        self, root: str, hear: Callable[[Heard], None], tell: Callable[[How], None]
    ) -> None:
        self._root = root
        self._hear = hear
        self._tell = tell
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._events: inotify.Inotify | None = None
        self._threads = [
            threading.Thread(target=self._by_events, name="hubsync-watch", daemon=True)
        ]

    def start(self) -> None:
        self._threads[0].start()  # which adds another where it must look around

    def stop(self) -> None:
        """Nothing is heard any more. Returns within a moment, unless the disk does not answer."""
        self._stop.set()
        with self._lock:
            if self._events is not None:
                self._events.stop()
        for thread in self._threads:
            thread.join(_OFTEN)

    def _by_events(self) -> None:
        network = network_file_system(self._root)
        how = How("both", f"other machines may write here ({network})") if network else _BY_EVENTS
        try:
            if inotify.AVAILABLE:
                self._by_inotify(how)
            else:
                self._by_watchfiles(how)
        except OSError as error:
            self._begin(How("polling", _reason(error)))

    def _by_inotify(self, how: How) -> None:
        waking = Waking(self._root)
        events = inotify.Inotify(
            self._root, lambda path: not waking.enters(path), IGNORE_FILE, waking.forget
        )
        with self._lock:
            self._events = events
        try:
            self._begin(how)
            while not self._stop.is_set() and (found := events.wait()) is not None:
                self._changed(waking, found.paths, found.lost)
                if any(path.endswith(IGNORE_FILE) for path in found.paths):
                    waking.forget()
                    events.look_again()  # a directory may be hidden no more
                self._stop.wait(_GROUP)  # the next ones are gathered by the kernel
        finally:
            with self._lock:
                self._events = None
            events.close()

    def _by_watchfiles(self, how: How) -> None:
        """Where the kernel is another: FSEvents on macOS, which watch whole trees by themselves."""
        from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError

        waking = Waking(self._root)
        below = len(self._root.rstrip("/")) + 1
        try:
            with RustNotify([self._root], False, False, 0, True, True) as events:
                self._begin(how)
                while not self._stop.is_set():
                    found = events.watch(int(_GROUP * 1000), _STEP, 0, self._stop)
                    if not isinstance(found, str):
                        self._changed(waking, [name[below:] for _, name in found], False)
        except WatchfilesRustInternalError as error:
            raise OSError(0, str(error)) from error

    def _begin(self, how: How) -> None:
        """What changed before it was watched has been heard by nobody: that is told once it is."""
        self._tell(how)
        if how.how != "polling":
            self._hear(Heard(more=True))
        if how.how != "events" and len(self._threads) == 1:
            looking = threading.Thread(target=self._by_looking, name="hubsync-poll", daemon=True)
            self._threads.append(looking)
            looking.start()

    def _changed(self, waking: Waking, paths: Sequence[str], lost: bool) -> None:
        heard: dict[str, None] = {}
        synced = False
        for path in paths:
            if path.startswith(_STATES):
                synced = synced or path.endswith(".state")
            elif path not in heard and path and waking.wakes(path):
                heard[path] = None
                if len(heard) == _NAMED:
                    break
        if heard or lost or synced:
            self._hear(Heard(tuple(heard), lost or len(heard) == _NAMED, synced))

    def _by_looking(self) -> None:
        waking = Waking(self._root)
        seen = None
        pause = 0.0
        while not self._stop.wait(pause):
            began = time.thread_time()
            found = fingerprint(self._root, waking, self._stop.is_set)
            if found != seen and not self._stop.is_set():  # the first time as well: see `_begin`
                self._hear(Heard(more=True))
            seen = found
            pause = max(_OFTEN, (time.thread_time() - began) * _SHARE)


def fingerprint(root: str, waking: Waking, stopping: Callable[[], bool]) -> int:
    """Another number whenever a file that is not ignored was made, changed, renamed or deleted;
    good for one process. Directories that cannot be read count as empty."""
    total = 0
    todo = [""]
    while todo and not stopping():
        directory = todo.pop()
        try:
            with os.scandir(os.path.join(root, directory)) as entries:
                for entry in entries:
                    path = f"{directory}/{entry.name}" if directory else entry.name
                    status = entry.stat(follow_symlinks=False)
                    is_dir = stat.S_ISDIR(status.st_mode)
                    if not (waking.enters(path) if is_dir else waking.matters(path)):
                        continue
                    if is_dir:
                        todo.append(path)
                    total += hash(
                        (path, status.st_mode, 0 if is_dir else status.st_mtime_ns, status.st_ino)
                        + (() if is_dir else (status.st_size,))
                    )
        except OSError:
            continue
    return total


def network_file_system(path: str) -> str:
    """The kind of network file system that ``path`` is on, ``""`` if it is on none.

    Format: ``proc_pid_mountinfo(5)``.
    """
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return ""
    return network_kind(lines, os.path.realpath(path))


def network_kind(mounts: list[str], path: str) -> str:
    """As `network_file_system`, from the lines of a mountinfo file: the last of the longest mount
    points above ``path`` counts."""
    best, kind = "", ""
    for line in mounts:
        fields = line.split(" ")
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        if (path == point or path.startswith(f"{point.rstrip('/')}/")) and len(point) >= len(best):
            best, kind = point, fields[fields.index("-") + 1]
    return kind if kind in _NETWORK or kind.startswith("fuse.") else ""


def _reason(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "the machine's limit of watched directories is reached (fs.inotify.max_user_watches)"
    return f"changes cannot be watched here: {error.strerror}"
