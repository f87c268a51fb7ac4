"""What is not committed in a repository, as two commits on top of HEAD: what is staged, and the
files as they lie on the disk, byte for byte."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pygit2
from pygit2.enums import FileMode, FileStatus

from hubsync.nested import findings
from hubsync.nested.findings import Untold
from hubsync.nested.intended import intended
from hubsync.nested.pack import LARGEST
from hubsync.remotes.git import lfs
from hubsync.remotes.git.objects import EXECUTABLE, FILE, LINK, SUBMODULE

_INDEX: Final = (
    FileStatus.INDEX_NEW
    | FileStatus.INDEX_MODIFIED
    | FileStatus.INDEX_DELETED
    | FileStatus.INDEX_RENAMED
    | FileStatus.INDEX_TYPECHANGE
)
_DISK: Final = (
    FileStatus.WT_NEW | FileStatus.WT_MODIFIED | FileStatus.WT_DELETED | FileStatus.WT_TYPECHANGE
)
_NOBODY: Final = pygit2.Signature("hubsync", "hubsync@localhost", 0, 0)
"""Of no time, so that the same files make the same commit on every hub."""

Hides = Callable[[str], bool]
"""Whether a file that Git does not know yet is ignored by the workspace's rules."""


@dataclass(frozen=True)
class Uncommitted:
    """``staged`` and ``worktree``: as in `State`. ``changed``: the files that are not as committed.
    ``heavy``: files that Git does not know yet and that are too large to travel, with their
    sizes."""

    staged: str
    worktree: str
    changed: tuple[str, ...]
    heavy: tuple[tuple[str, int], ...]


class Uncommitting:
    """``path``: of the repository in the workspace; ``scratch``: where the objects go."""

    def __init__(self, path: str, repository: Any, scratch: Any, hides: Hides) -> None:
        self._path = path
        self._repository = repository
        self._scratch = scratch
        self._hides = hides
        self._commit = "" if repository.head_is_unborn else str(repository.head.target)
        self._status: dict[str, int] = repository.status(untracked_files="all")
        self._later = _later(repository)
        self._heavy: list[tuple[str, int]] = []

    def look(self) -> Uncommitted:
        """Raises Untold, pygit2.GitError, OSError."""
        staged = self._staged()
        tree, changed = self._tree()
        worktree = self._standing(tree, "What was in the working directory\n") if tree else ""
        return Uncommitted(staged, worktree, changed, tuple(self._heavy))

    def _staged(self) -> str:
        if not any(f & _INDEX for path, f in self._status.items() if path not in self._later):
            return ""
        tree = index_of(self._repository).write_tree(self._scratch)
        return self._standing(tree, "What was staged\n")

    def _tree(self) -> tuple[Any, tuple[str, ...]]:
        """A tree of the files as they lie on the disk, None if that is the index's, and which of
        them are not as committed."""
        index = index_of(self._repository)
        changed = []
        for path, flags in sorted(self._status.items()):
            if path.endswith("/"):  # another repository inside
                continue
            if not flags & _DISK and path not in self._later:
                continue
            if flags & FileStatus.WT_DELETED:
                if path not in self._later:
                    index.remove(path)
                changed.append(path)
                continue
            if flags & FileStatus.WT_NEW and self._hides(path):
                continue
            entry = self._entry(path, new=bool(flags & FileStatus.WT_NEW))
            if entry is not None:
                index.add(entry)
                changed.append(path)
        staged = tuple(path for path, flags in self._status.items() if flags & _INDEX)
        if not changed:
            return None, staged
        return index.write_tree(self._scratch), tuple(sorted({*changed, *staged}))

    def _entry(self, path: str, *, new: bool) -> Any:
        """What lies there, byte for byte; None for what Git does not carry, or has as it is."""
        repository, scratch = self._repository, self._scratch
        file = os.path.join(repository.workdir, path)
        about = os.lstat(file)
        known = _entry_of(repository.index, path)
        if known is not None and known.mode == SUBMODULE:
            return None
        if os.path.islink(file):
            name = scratch.create_blob(os.fsencode(os.readlink(file)))
            return pygit2.IndexEntry(path, name, FileMode(LINK))
        if not os.path.isfile(file):
            return None
        mode = EXECUTABLE if about.st_mode & 0o100 else FILE
        if known is not None and lfs.points_to(repository, path, file, known.id):
            return None if known.mode == mode else pygit2.IndexEntry(path, known.id, FileMode(mode))
        if about.st_size > LARGEST:
            if not new:
                raise Untold(findings.large_file(self._path, path, about.st_size, LARGEST))
            self._heavy.append((path, about.st_size))
            return None
        # In a bare repository no filter of gitattributes(5) changes the bytes.
        return pygit2.IndexEntry(path, scratch.create_blob_fromdisk(file), FileMode(mode))

    def _standing(self, tree: Any, message: str) -> str:
        parents = [self._commit] if self._commit else []
        return str(self._scratch.create_commit(None, _NOBODY, _NOBODY, message, tree, parents))


def index_of(repository: Any) -> Any:
    """A copy of the index in memory, without what is only meant to be added."""
    later, index = _later(repository), pygit2.Index()
    for entry in repository.index:
        if entry.path not in later:
            index.add(pygit2.IndexEntry(entry.path, entry.id, entry.mode))
    return index


def _later(repository: Any) -> frozenset[str]:
    """What is only meant to be added (``git add -N``)."""
    return intended(os.path.join(repository.path, "index"))


def _entry_of(index: Any, path: str) -> Any:
    try:
        return index[path]
    except KeyError:
        return None
