"""Directories that deletions are about to leave empty, so that a killed run's are removed later.

Between the deletion of the last file in a directory and the removal of the directory itself the
disk looks as if a person had made an empty one. The note says otherwise to the next run (rule 13).
It may be lost: then an empty directory stays, and no content with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress

from hubsync.local.dirs import Directories, split
from hubsync.local.layout import Layout


def remember(layout: Layout, directories: Iterable[str]) -> None:
    """Note directories that may become empty, before the first deletion. Raises OSError."""
    with open(layout.emptying, "wb") as file:
        file.writelines(os.fsencode(directory) + b"\0" for directory in sorted(directories))


def forget(layout: Layout) -> None:
    """They are removed, as far as they became empty."""
    with suppress(FileNotFoundError):
        os.unlink(layout.emptying)


def finish(layout: Layout) -> None:
    """Remove what a killed run left; to be called by who holds the lock, before a scan."""
    try:
        with open(layout.emptying, "rb") as file:
            # What follows the last end is torn.
            noted = [os.fsdecode(name) for name in file.read().split(b"\0")[:-1]]
    except FileNotFoundError:
        return
    directories = Directories(layout.root)
    try:
        remove_empty(directories, noted, lambda directory: None)
    finally:
        directories.close()
    forget(layout)


def remove_empty(
    directories: Directories, candidates: Iterable[str], removed: Callable[[str], None]
) -> None:
    """Remove those that are literally empty, the deepest first, so that those above may follow."""
    for directory in sorted(candidates, key=lambda path: path.count("/"), reverse=True):
        above, name = split(directory)
        # Not empty, gone already, or not ours to remove: then it stays.
        with suppress(OSError):
            os.rmdir(name, dir_fd=directories.open(above))
            removed(directory)
