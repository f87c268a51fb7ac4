"""What killed processes left in ``.hubsync/`` and no later run would overwrite.

Temporary names are made for a moment. Those of notes only whoever holds the lock makes: to the next
one they are dead. Those of locks and clocks others make too, which try for it: one that is an hour
old by the file system's clock belongs to nobody any more.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from hubsync.local.layout import Layout

_OLD: Final = 3600 * 1_000_000_000


def sweep(layout: Layout, now: int) -> None:
    """Remove temporary files; to be called by who holds the lock. ``now``: the file system's clock
    (ns)."""
    with suppress(FileNotFoundError), os.scandir(layout.metadata) as entries:
        for entry in entries:
            if entry.name.startswith(("lock.", "session.lock.", "clock-")):
                _remove_old(entry, now)
    for directory, _, names in os.walk(layout.states):
        for name in names:
            if name.startswith(".new-"):
                with suppress(FileNotFoundError):
                    os.unlink(os.path.join(directory, name))


def _remove_old(entry: os.DirEntry[str], now: int) -> None:
    with suppress(FileNotFoundError):
        if now - entry.stat(follow_symlinks=False).st_mtime_ns > _OLD:
            os.unlink(entry.path)
