"""Pushing to a repository in a folder of this machine, which no program of Git watches over.

libgit2's own push to a folder writes the reference whatever is there by then: of two hubs that push
at the same instant one would undo the other's work (seen with libgit2 1.9, transports/local.c). So
the commits go under a name of this process's own first, and the branch moves under its lock, once
it was looked at again: as `git receive-pack` does it (rule 12).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeVar

import pygit2

from hubsync.remotes.git.locks import Announced

INCOMING: Final = "refs/hubsync/incoming/"
BEHIND: Final = "not a descendant of what is there"
_VANISHED: Final = re.compile(rf"reference '.+' not found|{INCOMING}.*(No such file|not empty)")
_TRIES: Final = 8
_Result = TypeVar("_Result")


def undisturbed(work: Callable[[], _Result]) -> _Result:
    """What ``work`` gives, which begins by asking a folder for its references.

    libgit2 lists them all and then looks up each: it fails if one is gone by then, such as the name
    under which another hub just pushed. Nothing was done yet, so it is begun again.
    """
    for _ in range(_TRIES):
        try:
            return work()
        except (pygit2.GitError, KeyError, OSError) as error:
            if not _VANISHED.search(str(error)):
                raise
    return work()


def push(folder: str, commit: str, branch: str, send: Callable[[str], None]) -> str | None:
    """Move ``branch`` (a full name) in the repository at ``folder`` to ``commit``, if that has
    what is there in its history. None: done; else why not. ``send`` pushes the commit under a name.

    Raises pygit2.GitError.
    """
    there = pygit2.Repository(folder)
    try:
        with Announced(there.path) as announced:
            for note in announced.unfinished():
                _forget(there, INCOMING + note.owner.nonce)
            name = INCOMING + announced.nonce
            undisturbed(lambda: send(name))
            try:
                return _moved(there, branch, pygit2.Oid(hex=commit))
            finally:
                _forget(there, name)
                _remove_empty(there)
    finally:
        there.free()


def _moved(there: Any, branch: str, commit: Any) -> str | None:
    with there.transaction() as moving:
        try:
            moving.lock_ref(branch)
        except (pygit2.GitError, OSError) as error:
            return f"failed to lock {branch}: {error}"
        found = there.references.get(branch)
        before = found.target if found is not None else None
        if before is not None and before != commit and not there.descendant_of(commit, before):
            return BEHIND
        if before != commit:
            moving.set_target(branch, commit, None, "push")
    return None


def _forget(there: Any, name: str) -> None:
    with suppress(KeyError):
        there.references.delete(name)


def _remove_empty(there: Any) -> None:
    with suppress(OSError):
        os.rmdir(os.path.join(there.path, INCOMING))
        os.rmdir(os.path.join(there.path, "refs/hubsync"))
