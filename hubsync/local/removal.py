"""Taking a path away: moved aside first, then looked at, and given back if it is another."""

from __future__ import annotations

import errno
import os

from hubsync.local.checks import Changed, unchanged
from hubsync.local.incoming import temporary
from hubsync.local.renames import Renames, Spot, move_new
from hubsync.local.trash import Trash


def put_aside(
    renames: Renames, trash: Trash, path: str, target: Spot, seen: os.stat_result, *, near: bool
) -> Spot:
    """What ``target`` holds goes to the trash if it is ``seen``; its place there.

    ``near``: the trash is on the same file system. Raises Changed, with what came between back in
    its place, or, where that was saved yet again, in the trash.
    """
    aside = trash.place(path) if near else temporary(target.directory)
    os.rename(target.name, aside.name, src_dir_fd=target.directory, dst_dir_fd=aside.directory)
    if not unchanged(seen, aside.status()):
        try:
            move_new(renames, aside, target)
        except FileExistsError:  # the newest save keeps the name
            if not near:
                trash.put(path, aside)
        raise Changed
    return aside if near else trash.put(path, aside)


def remove_directory(target: Spot) -> None:
    """Remove an empty directory.

    One that holds something meanwhile (ignored files, mostly) stays: the empty one, which was to be
    deleted, is no more.
    """
    try:
        os.rmdir(target.name, dir_fd=target.directory)
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
