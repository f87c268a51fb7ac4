"""Replacing what a path holds: in one system call, or as safely as is possible without it."""

from __future__ import annotations

import os
import stat
from typing import Final

from hubsync.errors import LocalError
from hubsync.local.checks import Changed, unchanged
from hubsync.local.duplicate import preserve
from hubsync.local.incoming import Ready
from hubsync.local.renames import Renames, Spot, link, move_new
from hubsync.local.trash import Trash

_TRIES: Final = 10


def exchange(
    renames: Renames, trash: Trash, path: str, ready: Ready, target: Spot, seen: os.stat_result
) -> Spot | None:
    """Exchange the new content with what ``target`` holds; to the trash with it if it is ``seen``.

    Gives its place there (None for a directory, which was empty). Else raises Changed, with
    whatever came between back in its place. Raises OSError with an `UNSUPPORTED` number, nothing
    changed, where the file system cannot exchange.
    """
    # The new content goes by way of the trash, so that the old one lands there in the exchange
    # itself: killed at any instant, no save lies where the next run clears up.
    aside = trash.put(path, ready.spot) if ready.near else ready.spot
    try:
        renames.exchange(aside, target)
    except BaseException:
        _rename_over(aside, ready.spot)
        raise
    out = aside.status()
    if not unchanged(seen, out):
        _undo(renames, trash, path, ready, aside, target)
        raise Changed
    if stat.S_ISDIR(out.st_mode):
        try:
            os.rmdir(aside.name, dir_fd=aside.directory)
        except OSError as error:
            _undo(renames, trash, path, ready, aside, target)
            raise folder_in_the_way(path) from error
        return None
    return aside if ready.near else trash.put(path, aside)


def _undo(
    renames: Renames, trash: Trash, path: str, ready: Ready, aside: Spot, target: Spot
) -> None:
    """Give the path back what an exchange took from it.

    A person may save again while this goes on. Then what comes out is not our content but theirs,
    and newer than what just went back: it is exchanged again, until the newest save has the
    name. A save that they themselves replaced ends in the trash.
    """
    before: os.stat_result | None = None
    for _ in range(_TRIES):
        going_back = aside.status()
        try:
            renames.exchange(aside, target)
        except FileNotFoundError:  # removed meanwhile, but what we hold was saved: it stays
            try:
                move_new(renames, aside, target)
            except FileExistsError:
                continue
            return
        out = aside.status()
        if unchanged(ready.status, out):
            _rename_over(aside, ready.spot)
            return
        if before is not None and unchanged(before, out):
            break
        before = going_back
    if not ready.near:
        trash.put(path, aside)


def replace_by_link(
    renames: Renames, trash: Trash, path: str, ready: Ready, target: Spot, seen: os.stat_result
) -> Spot | None:
    """The same where the file system cannot exchange (NFS, old kernels).

    The old content gets a second name in the trash, then the new one is renamed over the path,
    which is therefore never missing. Between the last look and that rename lie some microseconds
    in which a save *by rename* would be lost; a save into the same file is found afterwards and
    put back.
    """
    if stat.S_ISDIR(seen.st_mode) or stat.S_ISDIR(ready.status.st_mode):
        return _replace_directory(renames, trash, path, ready, target, seen)
    aside = trash.place(path)
    linked = link(target, aside)
    if not linked:
        preserve(target, aside)
    if not unchanged(seen, target.status()):
        aside.unlink()
        raise Changed
    _rename_over(ready.spot, target)
    if linked and not unchanged(seen, aside.status()):
        if unchanged(ready.status, target.status()):
            _rename_over(aside, target)
        raise Changed
    return aside


def _replace_directory(
    renames: Renames, trash: Trash, path: str, ready: Ready, target: Spot, seen: os.stat_result
) -> Spot | None:
    """An empty directory gives way to a file, or a file to an empty directory.

    Here the path is missing for an instant. A crash then looks as if a person had deleted what
    the other side changed, and the change survives (rule 3).
    """
    aside: Spot | None = None
    if stat.S_ISDIR(seen.st_mode):
        try:
            os.rmdir(target.name, dir_fd=target.directory)
        except OSError as error:
            raise folder_in_the_way(path) from error
    else:
        aside = trash.put(path, target)
        if not unchanged(seen, aside.status()):
            move_new(renames, aside, target)
            raise Changed
    move_new(renames, ready.spot, target)
    return aside


def _rename_over(source: Spot, target: Spot) -> None:
    os.replace(source.name, target.name, src_dir_fd=source.directory, dst_dir_fd=target.directory)


def folder_in_the_way(path: str) -> LocalError:
    """A folder is to become a file, but holds what is not synced (ignored files, mostly)."""
    return LocalError(
        f"The folder {path} holds files that are not synced, so nothing else can take its name.",
        "Move or delete them, then sync again.",
        "folder-in-the-way",
    )
