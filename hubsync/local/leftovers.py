"""What killed processes left in ``.hubsync/`` and no later run would overwrite.

Temporary names are made for a moment, by whoever holds the lock and by whoever tries for it. One
that is an hour old by the file system's clock belongs to nobody any more.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Final

from hubsync.local.layout import Layout

_OLD: Final = 3600 * 1_000_000_000


def sweep(layout: Layout, now: int) -> None:
    """Remove old temporary files. ``now``: the file system's clock (ns)."""
    for directory, prefixes in (
        (layout.metadata, ("lock.", "clock-")),
        (layout.states, (".new-",)),
    ):
        with suppress(FileNotFoundError), os.scandir(directory) as entries:
            for entry in entries:
                if entry.name.startswith(prefixes):
                    _remove_old(entry, now)


def _remove_old(entry: os.DirEntry[str], now: int) -> None:
    with suppress(FileNotFoundError):
        if now - entry.stat(follow_symlinks=False).st_mtime_ns > _OLD:
            os.unlink(entry.path)
