"""What a disk is asked for beyond Python's own means, through the C library.

Source: the manual pages sync_file_range(2) and syncfs(2) of Linux.
"""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable
from typing import Final

_WRITE: Final = 2
"""SYNC_FILE_RANGE_WRITE: begin to write what is changed, and do not wait for it."""


def sync_file_system(descriptor: int) -> None:
    """Wait until everything on that file system is on the disk. Raises OSError."""
    syncfs = getattr(_library(), "syncfs", None)
    if syncfs is None:  # not on Linux
        os.sync()
    elif syncfs(descriptor):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def begin_writing(descriptor: int, offset: int, length: int) -> None:
    """Let the disk begin with bytes that were just written to a file.

    A later ``fsync`` then has little left to wait for; it alone says that they are there, and it
    alone hears of what went wrong, so that nothing is made of a failure here.
    """
    begin = _range_sync()
    if begin is not None:
        begin(descriptor, offset, length, _WRITE)


@functools.cache
def _library() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None, use_errno=True)
    except OSError:
        return None


@functools.cache
def _range_sync() -> Callable[[int, int, int, int], int] | None:
    begin = getattr(_library(), "sync_file_range", None)
    if begin is not None:
        begin.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return begin
