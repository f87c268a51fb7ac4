"""Bringing the person's own branch to where they left it on another hub.

The branch is moved only forward, to a commit that a shadow commit names, on a hub whose working
directory has everything of that shadow commit. Where the person works nothing ever moves: their
branch is there already, or has commits that the other one lacks. What is staged stays staged: then
the branch waits.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from hubsync.model import Notice
from hubsync.remotes.git import busy, missing, moving, news, objects, tips
from hubsync.remotes.git.clone import Clone
from hubsync.remotes.git.index_moves import look_again

_UNSTAGE: Final = "Commit what is staged, or take it back with 'git restore --staged .', then sync."
_COMMIT: Final = "Finish the commit, then sync."
_SHORT: Final = 9
_NAMED: Final = 3


def restore(clone: Clone, head: str, uncarried: Callable[[str], bool]) -> Notice | None:
    """Move branch and index to ``head``, or leave both as they are; what its person may want to
    know of that.

    The index goes first: a run that is killed in between leaves one that is the new commit's, and
    the next run moves the branch after it.
    """
    repository, before = clone.repository, clone.local
    if not head or tips.descends(repository, before, head):
        return None
    if not tips.descends(repository, head, before):
        return news.stays(clone.branch, head)
    if busy.is_committing(repository):
        return news.waits(clone.branch, "a commit is being written here", _COMMIT)
    with clone.announced.moving():
        return _restore(clone, before, head, uncarried)


def _restore(
    clone: Clone, before: str, head: str, uncarried: Callable[[str], bool]
) -> Notice | None:
    repository = clone.repository
    index = repository.index
    index.read()
    here, there = objects.tree_of(repository, before), objects.tree_of(repository, head)
    if _holds(index, here):
        behind = dict(_left_behind(repository, here, there, uncarried)) if before else {}
        if behind:
            older = sorted(path for path, mode in behind.items() if mode)
            hint = _by_hand(head, older)
            return news.waits(clone.branch, "files that are not synced differ", hint)
        look_again(repository)
        index.read()
        moving.to_tree(index, there)
        moving.make_room(repository, there)
        index.write()
    elif not _holds(index, there):
        return news.waits(clone.branch, "something is staged here", _UNSTAGE)
    missing.mark(repository, missing.flagged(repository))  # before a commit could delete it
    if not tips.move(repository, clone.branch, before, head):
        moving.follow_branch(clone)
        return None
    if not before:
        return None
    return news.moved(clone.branch, before, repository.ahead_behind(head, before)[0])


def _holds(index: Any, tree: Any) -> bool:
    """Whether nothing is staged beside ``tree`` (None: an empty one)."""
    if index.conflicts is not None:
        return False
    return not len(index) if tree is None else not len(index.diff_to_tree(tree))


def _left_behind(
    repository: Any, here: Any, there: Any, uncarried: Callable[[str], bool]
) -> Iterator[tuple[str, int]]:
    """The files that differ and are not carried, with their modes there (0: gone): the disk has
    them as they were, and a person's next commit would undo the change."""
    lacking = missing.flagged(repository)
    return (
        (path, mode)
        for path, _, mode in objects.changed(repository, here, there)
        if mode != objects.SUBMODULE and path not in lacking and uncarried(path)
    )


def _by_hand(head: str, older: Sequence[str]) -> str:
    """How a person moves the branch. A merge or a pull would refuse: what came with the files is no
    part of the branch yet. ``older``: files that the disk has as they were."""
    moving = f"'git reset {head[:_SHORT]}' moves it and changes no file."
    if not older:
        return moving
    more = " ..." if len(older) > _NAMED else ""
    names = " ".join(map(shlex.quote, older[:_NAMED])) + more
    return f"{moving} Then 'git restore {names}' brings what is newer; see 'git diff' before."
