"""Durability: what was written is on the disk before the base says so.

A file that the base knows and that a power cut takes away would look like a person's deletion.
So the data is made durable once, after all steps and before the base is saved: each file and the
directories above it by themselves where there are few, the whole file system at once (``syncfs``)
where there are many. 10,000 single ``fsync`` calls would cost a clone more than its download.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from hubsync.local.dirs import Directories, split
from hubsync.local.steps import directories_above

_FEW: Final = 16
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def begin(directories: Directories, count: int) -> None:
    """So many files are about to be moved in: let the disk begin with what they hold meanwhile.

    `make_durable` then has little left to wait for. It looks through a descriptor of its own, so
    that it hears of whatever goes wrong here too.
    """
    if count > _FEW:
        copy = os.open(".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=directories.open(""))
        threading.Thread(target=_begun, args=(copy,), name="hubsync-disk", daemon=True).start()


def _begun(descriptor: int) -> None:
    from hubsync.disk import sync_file_system

    try:
        with suppress(OSError):
            sync_file_system(descriptor)
    finally:
        os.close(descriptor)


def make_durable(directories: Directories, paths: Sequence[str]) -> None:
    """Make the contents and names of ``paths`` (present or removed) durable."""
    if not paths:
        return
    if len(paths) > _FEW:
        from hubsync.disk import sync_file_system

        sync_file_system(directories.open(""))
        return
    for path in paths:
        _sync_content(directories, path)
    for directory in directories_above(paths):
        with suppress(FileNotFoundError, NotADirectoryError):  # removed, as the one above will say
            os.fsync(directories.open(directory))
    os.fsync(directories.open(""))


def _sync_content(directories: Directories, path: str) -> None:
    directory, name = split(path)
    try:
        descriptor = os.open(name, _READ, dir_fd=directories.open(directory))
    except OSError:
        return  # removed, a link, or not readable: its name is what can be made durable
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
