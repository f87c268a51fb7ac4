"""Which contents a power cut would leave, at each instant of a run, told from its system calls.

The model is that of POSIX, which promises less than any one file system keeps: a content lasts once
its file was synced after its last write, a name once its directory was, up to the root.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubsync import disk
from hubsync.local.renames import KernelRenames, Spot

Act = Callable[[str], object]


class Power:
    """Watches the folder ``root``; what is there at the beginning lasts.

    ``lost``: the paths whose contents went, by a removal or a replacement, while no other lasting
    file had the same bytes. ``removed``: all that went. ``synced_whole``: how often the whole file
    system was synced. ``before(act)`` and ``before_unlink(act)``: call ``act`` with the path that
    is about to get a new file, or to be removed.
    """

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        self.root = str(root)
        self.lost: list[str] = []
        self.removed: list[str] = []
        self.synced_whole = 0
        self._contents: dict[int, tuple[int, int]] = {}
        self._names: dict[str, int] = {}
        self._lock = threading.RLock()
        self._act: Act = lambda path: None
        self._unlinking: Act = lambda path: None
        self._sync_all()
        self._patch(patch)

    def before(self, act: Act) -> None:
        self._act = act

    def before_unlink(self, act: Act) -> None:
        self._unlinking = act

    def has_content(self, path: str | Path) -> bool:
        """Whether a file's content lasts, whatever becomes of its name."""
        status = os.lstat(path)
        return self._contents.get(status.st_ino) == _of(status)

    def lasts(self, path: str | Path) -> bool:
        """Whether the file, as it is now, would be there after a power cut."""
        path = str(path)
        if not (os.path.islink(path) or self.has_content(path)):
            return False
        while len(path) > len(self.root):
            if self._names.get(path) != os.lstat(path).st_ino:
                return False
            path = os.path.dirname(path)
        return True

    def lasting(self) -> set[str]:
        """The files below the root, relative to it, for which that is so."""
        return {path for path in self.files() if self.lasts(os.path.join(self.root, path))}

    def files(self) -> set[str]:
        return {
            os.path.relpath(os.path.join(above, name), self.root)
            for above, _, names in os.walk(self.root)
            for name in names
        }

    def lasts_gone(self, path: str | Path) -> bool:
        """Whether a path that was removed would not come back."""
        path = str(path)
        while len(path) > len(self.root):
            if path not in self._names:
                return True
            path = os.path.dirname(path)
        return False

    def _sync(self, path: str) -> None:
        status = os.lstat(path)
        if not stat.S_ISDIR(status.st_mode):
            self._contents[status.st_ino] = _of(status)
            return
        for known in [one for one in self._names if os.path.dirname(one) == path]:
            del self._names[known]
        with os.scandir(path) as entries:
            for entry in entries:
                self._names[entry.path] = entry.inode()

    def _sync_all(self) -> None:
        for above, _, names in os.walk(self.root):
            self._sync(above)
            for name in names:
                self._sync(os.path.join(above, name))

    def _going(self, path: str) -> None:
        """``path`` loses what it holds."""
        if not path.startswith(self.root + "/") or not os.path.isfile(path):
            return
        self.removed.append(path)
        inode = os.lstat(path).st_ino
        if self._names.get(path) != inode:
            return
        content = Path(path).read_bytes()
        for other in self.files():
            place = os.path.join(self.root, other)
            if place != path and self.lasts(place) and Path(place).read_bytes() == content:
                return
        self.lost.append(os.path.relpath(path, self.root))

    def _patch(self, patch: pytest.MonkeyPatch) -> None:
        def around(name: str, note: Callable[..., None], *, after: bool = False) -> None:
            real = getattr(os, name)

            def call(*args: Any, **options: Any) -> Any:
                with self._lock:
                    if not after:
                        note(*args, **options)
                    result = real(*args, **options)
                    if after:
                        note(*args, **options)
                    return result

            patch.setattr(os, name, call)

        def synced(descriptor: int) -> None:
            self._sync(os.readlink(f"/proc/self/fd/{descriptor}"))

        def unlinking(path: str, *, dir_fd: int | None = None) -> None:
            self._unlinking(_full(path, dir_fd))
            self._going(_full(path, dir_fd))

        def naming(_: str, target: str, **options: Any) -> None:
            place = _full(target, options.get("dst_dir_fd"))
            self._act(place)
            self._going(place)

        around("fsync", synced, after=True)
        around("unlink", unlinking)
        for name in ("rename", "replace", "link"):
            around(name, naming)

        exchanging = KernelRenames._rename

        def exchange(self_: KernelRenames, source: Spot, target: Spot, flags: int) -> None:
            with self._lock:
                self._act(_full(target.name, target.directory))
                exchanging(self_, source, target, flags)

        patch.setattr(KernelRenames, "_rename", exchange)
        syncing = disk.sync_file_system

        def whole(descriptor: int) -> None:
            with self._lock:
                syncing(descriptor)
                self.synced_whole += 1
                self._sync_all()

        patch.setattr(disk, "sync_file_system", whole)


def _of(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _full(path: str, directory: int | None) -> str:
    if directory is None:
        return os.path.abspath(path)
    return os.path.join(os.readlink(f"/proc/self/fd/{directory}"), path)
