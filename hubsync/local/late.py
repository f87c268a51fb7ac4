"""Writes that came too late: into a file that was already replaced or deleted.

A program may hold a file open across its replacement and write on, into what then lies in the
trash. So each file put aside is looked at once more at the end of the run. One that was written to
is brought back beside its path, as a conflict copy (rule 3), which the next sync carries.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from hubsync.core.conflicts import copy_names
from hubsync.errors import SourceChanged
from hubsync.local.checks import unchanged
from hubsync.local.digest import read_open
from hubsync.local.dirs import Directories, split
from hubsync.local.duplicate import duplicate
from hubsync.local.renames import Spot

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC


class LateWrites:
    """Remembers what was put aside, and how it looked."""

    def __init__(self) -> None:
        self._aside: list[tuple[str, Spot, os.stat_result]] = []

    def watch(self, path: str, aside: Spot | None, seen: os.stat_result) -> None:
        """``path`` now lies at ``aside``, with the status ``seen``."""
        if aside is not None and stat.S_ISREG(seen.st_mode):
            self._aside.append((path, aside, aside.status()))

    def rescue(self, directories: Directories) -> list[str]:
        """Bring back what was written to; the conflict copies made."""
        made: list[str] = []
        for path, aside, before in self._aside:
            with suppress(FileNotFoundError):
                if not unchanged(before, aside.status()):
                    made.append(_bring_back(path, aside, directories))
        self._aside.clear()
        return made


def _bring_back(path: str, aside: Spot, directories: Directories) -> str:
    descriptor = os.open(aside.name, _READ, dir_fd=aside.directory)
    try:
        digest = read_open(aside.name, descriptor).digest
    except SourceChanged:
        digest = None  # it is being written at this moment; any name that is free will do
    finally:
        os.close(descriptor)
    for name in copy_names(path, digest or os.urandom(32)):
        directory, last = split(name)
        with suppress(FileExistsError):
            duplicate(aside, Spot(directories.open(directory, create=True), last))
            return name
    return path
