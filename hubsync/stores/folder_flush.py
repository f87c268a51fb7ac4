"""Making what was written to a folder outlast a power cut (rule 13), at a bearable price.

Without it a file system may keep a later write, the index of a mirror, and lose the earlier ones
that it speaks of. Syncing each of many files costs about a millisecond each, syncing the file
system once a tenth of a second after ten thousand, but it waits for what other programs wrote as
well. So the first few files are synced one by one, and a batch of more is synced as a whole.
"""

from __future__ import annotations

import os
import threading
from typing import Final

FEW: Final = 16


class Flush:
    """What one store has written and not yet flushed. Threads may share it."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._count = 0

    def content(self, descriptor: int) -> bool:
        """A file is complete and gets its name next. Whether its folder is to be synced, too."""
        with self._lock:
            self._count += 1
            one_by_one = self._count <= FEW
        if one_by_one:
            os.fsync(descriptor)
        return one_by_one

    def all(self) -> None:
        """Return when everything that got its name before is durable."""
        with self._lock:
            pending, self._count = self._count > FEW, 0
        if pending:
            _sync_file_system(self._root)


def _sync_file_system(root: str) -> None:
    import ctypes

    sync = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if sync is None:  # not on Linux
        os.sync()
        return
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if sync(descriptor) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
    finally:
        os.close(descriptor)
