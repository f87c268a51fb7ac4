"""In branch mode the branch follows what was synced, and the index with it.

Once the working directory holds a commit, and the commit has everything that was on the branch
before, the branch moves there, so that ``git status`` is clean. Nothing that a person committed or
staged is ever dropped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pygit2

from hubsync.errors import HubsyncError
from hubsync.model import Entry
from hubsync.remotes.git import missing, news, objects, tips
from hubsync.remotes.git.clone import Clone
from hubsync.remotes.git.index_moves import index_follows, look_again, looked_at_as_before
from hubsync.remotes.git.names import is_carried
from hubsync.remotes.git.packing import Contents
from hubsync.remotes.git.worktree import Storing


def on_the_way(clone: Clone, commit: str) -> Iterator[tuple[str, Entry | None, Entry | None]]:
    """What differs between the branch and ``commit``, where it may go: path, before and after."""
    repository = clone.repository
    local = tips.stands(repository, clone.branch, commit)
    if local is None:
        return
    before = objects.tree_of(repository, local)
    for path, name, mode in objects.changed(
        repository, before, objects.tree_of(repository, commit)
    ):
        there = before[path] if before is not None and path in before else None
        old = objects.entry_of(repository, there.id, there.filemode) if there is not None else None
        yield path, old, objects.entry_of(repository, name, mode) if mode else None


def follow(clone: Clone, commit: str, seen: Mapping[str, Entry]) -> None:
    """Move branch and index to ``commit``, whose content the working directory holds; ``seen`` is
    what the files were when they were last looked at.

    Left as it is where the branch has what ``commit`` has not, and where HEAD is elsewhere. The
    index goes first: killed between the two, the next run finds the branch where it was, and goes
    on.
    """
    before = tips.stands(clone.repository, clone.branch, commit)
    if before is None:
        return
    with clone.announced.moving():
        _follow(clone, before, commit, seen)


def _follow(clone: Clone, before: str, commit: str, seen: Mapping[str, Entry]) -> None:
    """``before``: where the branch stood when it was looked at whether it may go."""
    repository = clone.repository
    here, tree = objects.tree_of(repository, before), objects.tree_of(repository, commit)
    if not index_follows(repository, here, tree, seen):
        with looked_at_as_before(repository):
            look_again(repository)
            index = repository.index
            index.read()
            if clone.local != before:
                return  # a commit came between, and the index is that commit's
            _keep_staged(clone, index, before)
            to_tree(index, tree)
            if not index.conflicts:
                index.write_tree()  # writes down that the index is this tree, for the next time
            index.write()
    make_room(repository, tree)
    missing.mark(repository, missing.flagged(repository))  # before a commit could delete it
    if not tips.move(repository, clone.branch, before, commit):
        follow_branch(clone)


def follow_branch(clone: Clone) -> None:
    """A commit came between: the index, as it is by now, follows that instead."""
    repository = clone.repository
    with looked_at_as_before(repository):
        look_again(repository)
        index = repository.index
        index.read()
        to_tree(index, objects.tree_of(repository, clone.local))
        index.write()


def to_tree(index: Any, tree: Any) -> None:
    """Let the index hold ``tree``. Entries that stay the same keep what it knows of their files.
    Names that no index takes, such as `.git`, stay in the tree alone."""
    deltas = list(index.diff_to_tree(tree).deltas)
    # "Added" is seen from the tree: it has no such path. A file may come where a folder was.
    for delta in deltas:
        if delta.status_char() == "A":
            index.remove(_path(delta.new_file))
    for delta in deltas:
        if delta.status_char() != "A":
            old = delta.old_file
            path = _path(old)
            try:
                index.add(pygit2.IndexEntry(path, old.id, old.mode))
            except pygit2.GitError:
                if is_carried(path):
                    raise


def make_room(repository: Any, tree: Any) -> None:
    """As `git clone` does: a submodule that is not checked out is an empty folder."""
    if ".gitmodules" not in tree:
        return
    root = os.path.realpath(repository.workdir)
    for path in objects.submodules(repository, tree):
        folder = os.path.join(root, path)
        # Never through a link: what it names may lie outside the workspace (rule 14).
        if is_carried(path) and os.path.realpath(folder) == folder:
            with suppress(OSError):
                os.makedirs(folder, exist_ok=True)


def _keep_staged(clone: Clone, index: Any, before: str) -> None:
    """What was staged and is neither committed nor on the disk any more stays findable: as a
    commit under refs/hubsync/backup/."""
    repository = clone.repository
    storing = Storing(repository)
    tree = objects.tree_of(repository, before) or repository[repository.TreeBuilder().write()]
    staged = [
        delta
        for delta in index.diff_to_tree(tree).deltas
        if delta.status_char() in "AM" and not _on_disk(repository, storing, delta.new_file)
    ]
    if not staged:
        return
    name, parents = index.write_tree(), [before] if before else []
    who = pygit2.Signature("hubsync", "hubsync@localhost")
    commit = repository.create_commit(None, who, who, "Staged before a sync\n", name, parents)
    reference = f"{tips.BACKUP}index-{commit}"
    repository.references.create(reference, commit, force=True)
    clone.news.tell(news.staged_kept(reference))


def _on_disk(repository: Any, storing: Storing, file: Any) -> bool:
    path = _path(file)
    try:
        if storing.by_program(path):
            with open(os.path.join(repository.workdir, path), "rb") as content:
                blob = storing.blob(path, content.read(), Contents(repository, 1))
                return bool(blob == file.id)
        return bool(repository.create_blob_fromworkdir(path) == file.id)
    except (KeyError, OSError, UnicodeError, pygit2.GitError, HubsyncError):
        return False  # UnicodeError: pygit2's, where it wants to tell of a name that is no text


def _path(file: Any) -> str:
    """Also of a name that is no text."""
    return os.fsdecode(file.raw_path)
