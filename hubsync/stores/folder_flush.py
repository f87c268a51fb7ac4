"""Making what was written to a folder outlast a power cut (rule 13), at a bearable price.

Without it a file system may keep a later write, the index of a mirror, and lose the earlier ones
that it speaks of. Syncing each of many files costs about a millisecond each, syncing the file
system once a tenth of a second after ten thousand, but it waits for what other programs wrote as
well. So the first few files are synced one by one, and a batch of more is synced as a whole.

A content that a copy keeps may go only when that copy is durable (rule 11): a power cut in between
would leave neither. Threads that wait for that share one sync.
"""

from __future__ import annotations

import os
import threading
from typing import Final

FEW: Final = 16


class Flush:
    """What one store has changed and not yet flushed. Threads may share it.

    Changes that wait for a sync are numbered when they are done, so that a sync is known to have
    found those up to the last number before it began.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._syncing = threading.Lock()
        self._count = 0
        self._deferred = 0
        self._durable = 0
        self._copies: dict[str, int] = {}

    def one_by_one(self) -> bool:
        """Whether the change that comes next is to be synced by itself; else `defer` follows it."""
        with self._lock:
            self._count += 1
            return self._count <= FEW

    def content(self, descriptor: int) -> bool:
        """A file is complete and gets its name next. Whether its folder is to be synced, too, as in
        `one_by_one`."""
        alone = self.one_by_one()
        if alone:
            os.fsync(descriptor)
        return alone

    def defer(self) -> None:
        """A file got, or lost, its name and waits for a sync."""
        with self._lock:
            self._deferred += 1

    def copied(self, key: str) -> None:
        """A copy of the object ``key`` got its name."""
        with self._lock:
            if self._deferred > self._durable:
                self._copies[key] = self._deferred

    def before_loss(self, key: str) -> None:
        """Return when the copies of ``key``, which is about to be replaced or removed, are
        durable."""
        with self._lock:
            number = self._copies.pop(key, 0)
        self._sync_to(number)

    def all(self) -> None:
        """Return when everything that was changed before is durable."""
        with self._lock:
            number, self._count = self._deferred, 0
        self._sync_to(number)

    def _sync_to(self, number: int) -> None:
        if number <= self._durable:
            return
        with self._syncing:
            if number <= self._durable:  # by the sync that was waited for
                return
            with self._lock:
                found = self._deferred
            _sync_file_system(self._root)
            with self._lock:
                self._durable = found
                self._copies = {key: at for key, at in self._copies.items() if at > found}


def _sync_file_system(root: str) -> None:
    from hubsync.disk import sync_file_system

    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_file_system(descriptor)
    finally:
        os.close(descriptor)
