"""Git's own ignore rules in one clone, and what it tracks (gitignore(5)).

What is tracked is a question to three commits, as with everything else that two sides may change:
a path that one side has taken out of Git (``git rm --cached``) is tracked no longer, unless it was
edited on the other one meanwhile, and one that a side has added, though it is ignored, is. One that
was tracked in spite of a rule, and that the remote has no more, was deleted there.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import pygit2
from pygit2.enums import RepositoryOpenFlag

from hubsync.core.gitrules import Edited, GitRules, pattern_file
from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import ancestors, display, parent
from hubsync.core.patterns import PatternFile
from hubsync.model import GIT_IGNORE_FILE, Notice
from hubsync.remotes.git import objects, tips
from hubsync.remotes.git.excludes import outside, text_of


def rules_of(root: str, tip: str) -> GitRules:
    """The rules that are in no ``.gitignore``, for a scan of the clone at ``root``.

    For it everything is tracked that is so here or at ``tip``, the remote's commit as last seen:
    what has to be looked at to know.
    """
    clone = Clone(root, tip)
    return GitRules(clone.tracked_anywhere, tuple(_outside(clone.repository)))


class Clone:
    """One clone and a commit of its remote; `tracked` is what is tracked once they are one.

    With a handle of its own on the repository: a scan asks while another thread fetches. ``again``
    gets what was taken out of Git here and is in it again.
    """

    def __init__(
        self,
        root: str,
        tip: str,
        edited: Edited = lambda path: None,
        again: set[str] | None = None,
    ) -> None:
        self._root = root
        self._tip = tip
        self._edited = edited
        self._before: dict[str, IgnoreRules] = {}
        self._again = set[str]() if again is None else again

    @cached_property
    def repository(self) -> Any:
        return pygit2.Repository(self._root, RepositoryOpenFlag.NO_SEARCH)

    @cached_property
    def _index(self) -> Any:
        index = self.repository.index
        index.read(False)
        return index

    @cached_property
    def _head(self) -> str:
        repository = self.repository
        return "" if repository.head_is_unborn else str(repository.head.target)

    @cached_property
    def _ours(self) -> Any:
        return objects.tree_of(self.repository, self._head)

    @cached_property
    def _theirs(self) -> Any:
        known = tips.is_commit(self.repository, self._tip)
        return objects.tree_of(self.repository, self._tip) if known else None

    @cached_property
    def _both(self) -> Any:
        """What both sides have in their history; None if nothing."""
        if not self._head or self._theirs is None:
            return None
        found = self.repository.merge_base(pygit2.Oid(hex=self._head), pygit2.Oid(hex=self._tip))
        return objects.tree_of(self.repository, str(found)) if found else None

    def tracked_anywhere(self, path: str, is_dir: bool) -> bool:
        if _has(self._ours, path) or _has(self._theirs, path):
            return True
        return not is_dir and path in self._index

    def tracked(self, path: str, is_dir: bool) -> bool:
        if is_dir:
            return self.tracked_anywhere(path, is_dir)
        here, there = path in self._index, _has(self._theirs, path)
        if not _has(self._both, path):
            return here or there
        # What was taken out of Git on one side and edited on the other one stays: an edit survives.
        if there:
            if not here and self._theirs[path].id != self._both[path].id:
                self._again.add(path)
            return here or path in self._again
        return here and (self._is_edited(path) or self._was_hidden(path))

    def _is_edited(self, path: str) -> bool:
        """Whether what is here is not what both sides had."""
        before = self._both[path].id
        if self._index[path].id != before:
            return True
        known = self._edited(path)
        if known is not None:
            return known
        file = os.path.join(self._root, path)
        try:
            return stat.S_ISREG(os.lstat(file).st_mode) and pygit2.hashfile(file) != before
        except (OSError, pygit2.GitError):
            return False  # it is gone, or cannot be read

    def _was_hidden(self, path: str) -> bool:
        """Whether a rule was there already when both sides had the path: then none that came has
        taken it out of Git."""
        folder = parent(path)
        if folder not in self._before:
            rules = IgnoreRules.builtin(GitRules(_nothing, tuple(_outside(self.repository))))
            for directory in ("", *ancestors(path)):
                name = f"{directory}/{GIT_IGNORE_FILE}" if directory else GIT_IGNORE_FILE
                if _has(self._both, name) and isinstance(found := self._both[name], pygit2.Blob):
                    text = found.data.decode("utf-8", "surrogateescape")
                    rules = rules.with_file(directory, text, GIT_IGNORE_FILE)
            self._before[folder] = rules
        return self._before[folder].ignores_deep(path)


def _nothing(path: str, is_dir: bool) -> bool:
    return False


def tracked_again(path: str) -> Notice:
    return Notice(
        "tracked-again",
        f"{display(path)} was taken out of Git here and edited on another hub meanwhile: it is in "
        "Git again, with what both have.",
        f"To keep it out, take it out once more: git rm --cached {display(path)}",
    )


def _has(tree: Any, path: str) -> bool:
    return tree is not None and path in tree


def _outside(repository: Any) -> Iterator[tuple[str, PatternFile]]:
    """The files of rules outside the tree, each with a name for people, the first in rank first."""
    for name, path in outside(repository):
        text = text_of(path)
        if text:
            yield name, pattern_file(text)
