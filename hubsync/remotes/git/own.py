"""A person's own commits, looked through before hubsync pushes them for them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import pygit2
from msgspec import Struct
from msgspec.structs import replace
from pygit2.enums import SortMode

from hubsync.leaks.allowed import Allowed
from hubsync.leaks.gate import SECRET_FOUND, or_allowed, or_pushed, secret_found, too_large
from hubsync.leaks.passages import LARGEST
from hubsync.model import Problem
from hubsync.remotes.git import objects
from hubsync.remotes.git.listing import listed

_SHORT: Final = 9


class Content(Struct, frozen=True):
    """What a commit makes of the file ``path``. ``before``: the blobs that its parents have there;
    ``trees``: those of its parents."""

    repository: Any
    commit: str
    path: str
    name: Any
    before: tuple[Any, ...]
    trees: tuple[Any, ...]

    @property
    def size(self) -> int:
        size: int = self.repository.odb.read_header(self.name)[1]
        return size

    @property
    def data(self) -> bytes:
        data: bytes = self.repository[self.name].data
        return data

    def is_elsewhere(self) -> bool:
        """Whether a parent has it under another name: it is there already, or told of by that."""
        raw = self.name.raw
        return any(raw == one for tree in self.trees for _, one, _ in listed(self.repository, tree))


def outgoing(repository: Any, tips: Sequence[str], known: Sequence[str]) -> Iterator[Content]:
    """What the commits of ``tips`` that ``known`` have not in their history make of files, the
    oldest first.

    Each commit is looked at by itself: what a later one took out again would go out all the same.
    What a merge only took over was looked at where it came from, or is on the remote.
    """
    if set(tips) <= set(known):
        return
    order = SortMode.TOPOLOGICAL | SortMode.REVERSE
    walk = repository.walk(pygit2.Oid(hex=tips[0]), order)
    for tip in tips[1:]:
        walk.push(pygit2.Oid(hex=tip))
    for commit in known:
        walk.hide(pygit2.Oid(hex=commit))
    for commit in walk:
        trees = tuple(parent.peel(pygit2.Tree) for parent in commit.parents)
        first = trees[0] if trees else None
        for path, name, mode in objects.changed(repository, first, commit.peel(pygit2.Tree)):
            if mode not in (objects.FILE, objects.EXECUTABLE):
                continue
            there = (tree[path] for tree in trees if path in tree)
            before = tuple(one for one in there if isinstance(one, pygit2.Blob))
            if all(one.id != name for one in before):
                yield Content(repository, str(commit.id), path, name, before, trees)


def leaking(contents: Iterator[Content], allowed: Allowed) -> tuple[Problem, ...]:
    """Why these contents may not be published: of each path the first secret, and the first content
    that is too large."""
    found: dict[tuple[str, str], Problem] = {}
    for one in contents:
        size = one.size
        problem = too_large(one.path, size)
        if problem is not None and not one.is_elsewhere():
            told = replace(problem, hint=f"Take it out of the commit (git rebase), {or_pushed()}")
        elif size <= LARGEST and (one.path, SECRET_FOUND) not in found:
            # What stands in a parent was looked at there.
            before = (parent.data for parent in one.before)
            problem = secret_found(one.path, one.data, allowed, *before)
            if problem is None:
                continue
            hint = f"Take it out of the commit (git rebase); {or_allowed(one.path)}"
            told = replace(problem, hint=hint)
        else:
            continue
        message = f"{told.message}, in your commit {one.commit[:_SHORT]}; nothing is pushed"
        found.setdefault((told.path, told.code), replace(told, message=message))
    return tuple(found.values())
