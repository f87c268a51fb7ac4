"""Paths that the branch has and the disk has not, because something is wrong with them here.

In the index they get git's own flag for that, "skip-worktree" (git-update-index(1)), so that a
commit by hand does not delete them. Which flags are hubsync's is written beside the index: those
that a person set are theirs, and stay.
"""

from __future__ import annotations

import os
from collections.abc import Set
from contextlib import suppress
from typing import Any, Final

from hubsync.model import Problem
from hubsync.remotes.git import index_file, index_writing
from hubsync.remotes.git.index_lock import replaced

_LIST: Final = "hubsync-missing"
"""In the repository's own folder: the paths, each with a NUL behind it."""


def flagged(repository: Any) -> frozenset[str]:
    """The paths whose flag is hubsync's own."""
    try:
        with open(os.path.join(repository.path, _LIST), "rb") as file:
            return frozenset(os.fsdecode(path) for path in file.read().split(b"\0") if path)
    except FileNotFoundError:
        return frozenset()


def unlooked(repository: Any, among: Set[str]) -> frozenset[str]:
    """Those of the paths at which a person told Git not to look for changes."""
    path = _index(repository)
    asked = index_file.may_be_unlooked(path, [os.fsencode(one) for one in among])
    index = index_file.read(path) if asked else None
    if index is None:
        return frozenset()
    found = frozenset(map(os.fsdecode, index_file.unlooked(index)))
    return found & among - flagged(repository)


def kept(path: str) -> Problem:
    """What is told of a change at such a path."""
    return Problem(
        path,
        "unlooked-at-in-git",
        f"{path} was changed here, and Git was told not to look at it; it stays here.",
        "To send it: git update-index --no-skip-worktree --no-assume-unchanged -- PATH",
    )


def announce(repository: Any, lacking: Set[str]) -> bool:
    """Write down that those may be flagged from now on, before any is. False: the index is of a
    kind in which hubsync sets no flags, and the branch must wait."""
    if not lacking:
        return True
    index = index_file.read(_index(repository))
    if index is None:
        return False
    known = flagged(repository)
    theirs = {os.fsdecode(path) for path in index_file.skipped(index)} - known
    _remember(repository, known | (lacking - theirs))
    return True


def mark(repository: Any, lacking: Set[str]) -> None:
    """Flag those, and take away the flags of hubsync's own that are needed no more. Raises
    LocalError if somebody else holds the index."""
    known = flagged(repository)
    if not known:
        return
    path = _index(repository)
    done: Set[str] = frozenset()

    def made() -> bytes | None:
        nonlocal done
        index = index_file.read(path)
        if index is None:
            return None
        done = known - lacking
        if not index.data:
            return None  # nothing is in it
        # By the new file's time an edit in the old one's second could not be told any more.
        looked = index_writing.without_racy(index, int(os.stat(path).st_mtime))
        wanted = {os.fsencode(one): one in lacking for one in known}
        return index_writing.with_skipped(looked, wanted)

    replaced(path, made)
    _remember(repository, known - done)


def _index(repository: Any) -> str:
    return os.path.join(repository.path, "index")


def _remember(repository: Any, paths: Set[str]) -> None:
    target = os.path.join(repository.path, _LIST)
    if not paths:
        with suppress(FileNotFoundError):
            os.unlink(target)
        return
    part = f"{target}.part"
    with open(part, "wb") as file:
        file.write(b"".join(os.fsencode(path) + b"\0" for path in sorted(paths)))
    os.replace(part, target)
