"""Acting just before the n-th change that this process makes to the disk.

Python tells its audit hooks of every system call that changes a file; the one rename that is made
through the C library is wrapped. Such a hook stays for the life of the process, so there is one.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from hubsync.local.renames import KernelRenames, Spot

_EVENTS = {
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.remove",
    "os.link",
    "os.symlink",
    "os.chmod",
    "os.utime",
    "os.truncate",
}


class _Watch:
    def __init__(self) -> None:
        self.left = 0
        self.act: Callable[[], object] | None = None
        self.hooked = False

    def step(self) -> None:
        act = self.act
        if act is None:
            return
        if self.left:
            self.left -= 1
            return
        self.act = None
        act()

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        if self.act is not None and (event in _EVENTS or (event == "open" and _writes(args))):
            self.step()


_watch = _Watch()


@contextmanager
def before_disk_step(number: int, act: Callable[[], object]) -> Iterator[None]:
    """``act`` runs, once, just before the change with that number (from 0)."""
    if not _watch.hooked:
        sys.addaudithook(_watch.hook)
        _watch.hooked = True
    real = KernelRenames._rename

    def rename(renames: KernelRenames, source: Spot, target: Spot, flags: int) -> None:
        _watch.step()
        real(renames, source, target, flags)

    _watch.left, _watch.act = number, act
    try:
        with patch.object(KernelRenames, "_rename", rename):
            yield
    finally:
        _watch.act = None


@contextmanager
def old_kernel() -> Iterator[None]:
    """No rename that exchanges or refuses to replace, as on NFS."""

    def rename(renames: KernelRenames, source: Spot, target: Spot, flags: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    with patch.object(KernelRenames, "_rename", rename):
        yield


def _writes(args: tuple[Any, ...]) -> bool:
    flags = args[2] if len(args) > 2 and isinstance(args[2], int) else 0
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
