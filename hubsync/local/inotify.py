"""The kernel's events for a workspace, on Linux: ``inotify(7)``.

Of our own, because what libraries offer watches ignored directories too (an environment alone has
thousands), follows links out of the workspace, does not tell when events were lost, and holds the
interpreter while it walks 100,000 files.

A watch is for one directory. One that appears is watched as soon as that is read of, and what is in
it by then counts as changed. If the kernel's queue overflows, all directories are looked for anew.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import sys
from collections.abc import Callable
from typing import Final

from msgspec import Struct

AVAILABLE: Final = sys.platform == "linux"

_MODIFY: Final = 0x2
_ATTRIB: Final = 0x4
_CLOSE_WRITE: Final = 0x8
_MOVED_FROM: Final = 0x40
_MOVED_TO: Final = 0x80
_CREATE: Final = 0x100
_DELETE: Final = 0x200
_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
_ONLYDIR: Final = 0x1000000
_DONT_FOLLOW: Final = 0x2000000
_EXCL_UNLINK: Final = 0x4000000
_ISDIR: Final = 0x40000000
_PLACES: Final = _MOVED_FROM | _MOVED_TO | _DELETE
_WANTED: Final = (
    _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
) | (_ONLYDIR | _DONT_FOLLOW | _EXCL_UNLINK)

_EVENT: Final = struct.Struct("iIII")
_BUFFER: Final = 1 << 18
_REFUSED: Final = frozenset((errno.EACCES, errno.EPERM))
_PASSING: Final = frozenset((errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.EPERM))


class Events(Struct, frozen=True):
    """Paths where something happened; ``lost``: there may be others."""

    paths: tuple[str, ...]
    lost: bool = False


class Inotify:
    """Watches ``root`` without the directories that ``hides`` names; for one thread, but `stop`.

    ``telling``: files of that name are told of wherever one appears with a directory; ``moved`` is
    called before ``hides`` is asked of a place that another directory may have taken. Raises
    OSError where the kernel has no events or no more watches.
    """

    def __init__(
        self,
        root: str,
        hides: Callable[[str], bool],
        telling: str = "",
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        self._root = root
        self._hides = hides
        self._telling = telling
        self._moved = moved
        self._directories: dict[int, str] = {}
        self._unseen: set[str] = set()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._called(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        try:
            self._ended, self._end = os.pipe()
            try:
                self._watch_below("")
            except BaseException:
                os.close(self._ended)
                os.close(self._end)
                raise
        except BaseException:
            os.close(self._descriptor)
            raise
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)
        self._poll.register(self._ended, select.POLLIN)

    def __len__(self) -> int:
        return len(self._directories)

    def wait(self) -> Events | None:
        """What happened, as soon as something has; None once `stop` was called.

        Raises OSError if there are no more watches, or the root was deleted.
        """
        ready = {descriptor for descriptor, _ in self._poll.poll()}
        if self._ended in ready:
            return None
        paths: list[str] = []
        lost = False
        for number, mask, name in self._read():
            if mask & _OVERFLOW:
                lost = True
                continue
            if mask & _IGNORED:
                if self._directories.pop(number, None) == "":
                    raise FileNotFoundError(errno.ENOENT, "the workspace's directory is gone")
                continue
            directory = self._directories.get(number)
            if directory is None or not name:
                continue
            path = f"{directory}/{name}" if directory else name
            paths.append(path)
            if not mask & _ISDIR:
                continue
            if mask & _PLACES:
                self._moved()
                self._unseen.discard(path)
            appeared = mask & (_CREATE | _MOVED_TO) or (mask & _ATTRIB and path in self._unseen)
            if appeared and not self._hides(path):
                paths += self._watch_below(path)
        if lost:
            self._watch_below("")
        return Events(tuple(paths), lost)

    def look_again(self) -> None:
        """What is hidden may have changed."""
        self._watch_below("")

    def stop(self) -> None:
        """`wait` returns; from any thread."""
        os.write(self._end, b"x")

    def close(self) -> None:
        for descriptor in (self._descriptor, self._ended, self._end):
            os.close(descriptor)

    def _read(self) -> list[tuple[int, int, str]]:
        data = os.read(self._descriptor, _BUFFER)
        events = []
        at = 0
        while at < len(data):
            number, mask, _, length = _EVENT.unpack_from(data, at)
            at += _EVENT.size
            name = os.fsdecode(data[at : at + length].rstrip(b"\0")) if length else ""
            at += length
            events.append((number, mask, name))
        return events

    def _watch_below(self, top: str) -> list[str]:
        """Watch a directory and those in it; the paths in them that are to be told of. The watch is
        there before it is looked into, so that nothing appears unseen in between."""
        found: list[str] = []
        todo = [top]
        while todo:
            directory = todo.pop()
            self._unseen.discard(directory)
            if not self._watch(directory):
                continue
            try:
                with os.scandir(os.path.join(self._root, directory)) as entries:
                    for entry in entries:
                        path = f"{directory}/{entry.name}" if directory else entry.name
                        if entry.is_dir(follow_symlinks=False):
                            if not self._hides(path):
                                todo.append(path)
                        elif entry.name == self._telling:
                            found.append(path)
            except OSError as error:  # gone meanwhile, or not ours to read: a scan says so
                self._missed(directory, error)
        return found

    def _watch(self, directory: str) -> bool:
        path = os.fsencode(os.path.join(self._root, directory))
        try:
            number = self._called(
                self._libc.inotify_add_watch(self._descriptor, path, ctypes.c_uint32(_WANTED))
            )
        except OSError as error:
            if directory and error.errno in _PASSING:
                self._missed(directory, error)
                return False
            raise
        self._directories[number] = directory
        return True

    def _missed(self, directory: str, error: OSError) -> None:
        if error.errno in _REFUSED:
            self._unseen.add(directory)

    def _called(self, result: int) -> int:
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result
