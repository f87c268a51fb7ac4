"""Which of two states came first, or has everything of the other.

Where hubs know both, it is told by what led to each: who goes on from a state replaces it. Else by
their commits, and there "has all of it" is not enough: a hub that took something back has less than
before, and who still has that would undo it. So all that was done since both were the same must be
additions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pygit2

from hubsync.nested.files import files_in, files_of, lies
from hubsync.nested.state import HEADS, Capture, State

if TYPE_CHECKING:
    from hubsync.nested.bundle import File
    from hubsync.nested.capturing import Seen


def relation_to(seen: Seen, file: File) -> str:
    """What the repository is to another capture: ``"same"``, ``"newer"``, ``"older"`` or
    ``"other"``. Raises Untold."""
    known, theirs, mine = seen.known, file.capture, seen.capture
    if file.name in (known.at, known.own):
        return "newer" if file.name in known.before else "same"
    if file.name in known.before or _is_settled(seen, file):
        return "newer"
    came_back = known.own in known.before  # so that who follows the state need not follow this one
    if theirs.follows(known.at) or (not came_back and theirs.follows(known.own)):
        return "older"
    if theirs.state.name == known.own:  # on different ways: every hub chooses alike
        return "newer" if known.at < file.name else "older"
    here = (known.at, *known.before)
    with seen.where.opened() as repository:
        newer = _only_added(theirs, here) and has_all(repository, mine.state, theirs.state)
        older = _only_added(mine, theirs.line) and has_all(repository, theirs.state, mine.state)
    if newer and older:  # such as the same commits under two URLs: every hub chooses alike
        return "newer" if known.at < file.name else "older"
    return "newer" if newer else "older" if older else "other"


def _only_added(one: Capture, other: tuple[str, ...]) -> bool:
    """Whether nothing was taken back in ``one`` since it was the same as one of the ``other``
    states, which begin with the newest. Where they never were, there is nothing to take back."""
    mine, theirs = set(one.before), set(other)
    last = [name for name in one.before if name in theirs][:1]
    last += [name for name in other if name in mine][:1]
    return set(one.holds).issuperset(last)


def _is_settled(seen: Seen, file: File) -> bool:
    """Whether a person merged what was offered, or took it away. Where there was nothing to merge,
    for the other hub had only taken something back, it takes a word."""
    offered = seen.known.offered.get(file.name)
    if not offered:
        return False
    with seen.where.opened() as repository:
        if not any(name in repository.references for name in offered):
            return True
        return is_taken(repository, seen.capture.state, file.capture.state)


def has_all(repository: Any, more: State, less: State) -> bool:
    """Whether ``more`` has every commit of ``less``, and ``less`` has nothing beside commits."""
    return less.is_clean and has_commits(repository, more, less)


def has_commits(repository: Any, more: State, less: State) -> bool:
    """Whether ``more`` has every commit of ``less``, each branch under its own name. The repository
    needs to have the commits of ``less``; one that it does not have is in nothing that it knows."""
    for name, branch in less.branches.items():
        there = more.branches.get(name)
        if there is None or not _descends(repository, there.tip, branch.tip):
            return False
    if not less.head.startswith(HEADS):
        tips = [branch.tip for branch in more.branches.values()] + [more.commit]
        if not any(_descends(repository, tip, less.head) for tip in tips):
            return False
    return all(more.refs.get(name) == target for name, target in less.refs.items())


def is_taken(repository: Any, more: State, less: State) -> bool:
    """Whether a person has merged ``less`` into the repository, which is in the state ``more``.

    Its commits are in the history; what was not committed is there too, or lies as it was in the
    working directory. The repository has the objects of ``less``.
    """
    if untaken(repository, more, [branch.tip for branch in less.branches.values()]):
        return False
    stashed = [one.commit for one in less.stashes]
    if untaken(repository, more, [less.commit, *less.refs.values(), *stashed]):
        return False
    uncommitted = less.worktree or less.staged
    if not uncommitted or not untaken(repository, more, [uncommitted]):
        return True
    before, after = files_of(repository, less.commit), files_in(repository, less)
    changed = [path for path in {*before, *after} if before.get(path) != after.get(path)]
    return all(lies(repository, path, after.get(path)) for path in changed)


def untaken(repository: Any, state: State, names: Iterable[str]) -> list[str]:
    """Those of some commits that are in the history of no branch, tag or stash."""
    tips = {*state.tips().values(), state.commit} - {state.worktree, state.staged}
    return [
        one for one in names if one and not any(_descends(repository, tip, one) for tip in tips)
    ]


def _descends(repository: Any, commit: str, ancestor: str) -> bool:
    if commit == ancestor:
        return True
    if not commit or pygit2.Oid(hex=ancestor) not in repository:
        return False
    if pygit2.Oid(hex=commit) not in repository:
        return False
    if not isinstance(repository[commit], pygit2.Commit):
        return False
    if not isinstance(repository[ancestor], pygit2.Commit):
        return False
    return bool(repository.descendant_of(commit, ancestor))
