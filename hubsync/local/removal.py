"""Taking a path away: moved aside first, then looked at, and given back if it is another."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import Final

from hubsync.local.checks import Changed, unchanged
from hubsync.local.incoming import temporary
from hubsync.local.renames import Renames, Spot, move_new
from hubsync.local.trash import Trash

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


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


def remove_hollow(target: Spot) -> bool:
    """Remove a directory in which there is nothing but directories; whether that is so.

    Otherwise nothing is removed. What comes into one of them meanwhile stays, and raises OSError:
    only empty directories are ever removed.
    """
    descriptor = os.open(target.name, _DIRECTORY, dir_fd=target.directory)
    try:
        if not _is_hollow(descriptor):
            return False
        _remove_inside(descriptor)
    finally:
        os.close(descriptor)
    os.rmdir(target.name, dir_fd=target.directory)
    return True


def _is_hollow(descriptor: int) -> bool:
    return all(_within(descriptor, name, _is_hollow) for name in os.listdir(descriptor))


def _remove_inside(descriptor: int) -> bool:
    for name in os.listdir(descriptor):
        _within(descriptor, name, _remove_inside)
        os.rmdir(name, dir_fd=descriptor)
    return True


def _within(above: int, name: str, act: Callable[[int], bool]) -> bool:
    """``act`` on a directory; False for anything else, a link to one included."""
    try:
        descriptor = os.open(name, _DIRECTORY, dir_fd=above)
    except OSError:
        return False
    try:
        return act(descriptor)
    finally:
        os.close(descriptor)
