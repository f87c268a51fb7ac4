"""Which files a Git remote would not be sent, found before a folder is linked to it."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from hubsync.errors import Interrupted
from hubsync.leaks.passages import LARGEST
from hubsync.model import Entry, Problem
from hubsync.report import Reporter
from hubsync.services.origins import is_clone

if TYPE_CHECKING:
    from hubsync.remotes.git.preparing import Preparing

PATIENCE: Final = 20.0
"""Seconds for reading files: who tries waits for it, and each sync looks at all of them anyway."""


class Foreseen(Struct, frozen=True):
    """``held``: by path; ``unsearched``: how many files there was no time to read."""

    held: tuple[Problem, ...] = ()
    unsearched: int = 0


def foreseen(
    root: str, files: Mapping[str, Entry], reporter: Reporter, patience: float = PATIENCE
) -> Foreseen:
    """What of ``files`` would be held back: secrets, and what is too large.

    The small ones first, as these are what people write. What a clone's own commits hold is none of
    it. Raises Interrupted, ConfigError.
    """
    reporter.phase("Looking for secrets", len(files))
    large = {path: entry for path, entry in files.items() if entry.size > LARGEST}
    small = sorted(files.keys() - large.keys(), key=lambda path: (files[path].size, path))
    held: list[Problem] = []
    with _preparing(root) as preparing:
        # Of these only the size is looked at.
        held += _held(preparing, large)
        searched, until = 0, time.monotonic() + patience
        for path in small:
            if reporter.stopping():
                raise Interrupted("Stopped; nothing was changed.")
            if time.monotonic() >= until:
                break
            held += _held(preparing, {path: files[path]})
            searched += 1
            reporter.advance(files=1)
    return Foreseen(tuple(sorted(held, key=lambda one: one.path)), len(small) - searched)


def _held(preparing: Preparing, files: Mapping[str, Entry]) -> Iterator[Problem]:
    found = (preparing.held_back(path, entry, None) for path, entry in files.items())
    return (one for one in found if one is not None)


@contextmanager
def _preparing(root: str) -> Iterator[Preparing]:
    """As a sync of the folder would have it. Where it is no clone, a repository elsewhere takes it
    for its working directory, so that what it says of LFS and filters counts."""
    import pygit2

    from hubsync.remotes.git.preparing import Preparing

    clone = None
    if is_clone(root):
        with suppress(pygit2.GitError):  # linking tells what is wrong with it
            repository = pygit2.Repository(root, pygit2.enums.RepositoryOpenFlag.NO_SEARCH)
            own = None if repository.head_is_unborn else repository.head.peel(pygit2.Tree)
            clone = Preparing(repository, own)
    if clone is not None:
        yield clone
        return
    with tempfile.TemporaryDirectory(prefix="hubsync-") as scratch:
        repository = pygit2.init_repository(os.path.join(scratch, "git"), bare=True)
        repository.config["core.bare"] = False
        repository.config["core.worktree"] = root
        yield Preparing(pygit2.Repository(repository.path), None)
