"""A person's own commits, looked through before hubsync pushes them for them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pygit2

from hubsync.leaks.allowed import Allowed
from hubsync.leaks.gate import or_allowed, secret_found
from hubsync.leaks.passages import LARGEST
from hubsync.model import Problem
from hubsync.remotes.git import objects


def leaking(
    repository: Any, tips: Sequence[str], known: Sequence[str], allowed: Allowed
) -> Problem | None:
    """The first secret that a commit of ``tips`` which ``known`` have not would publish.

    Each commit is looked at by itself: what a later one took out again would go out all the same.
    """
    if not tips:
        return None
    walk = repository.walk(pygit2.Oid(hex=tips[0]))
    for tip in tips[1:]:
        walk.push(pygit2.Oid(hex=tip))
    for commit in known:
        walk.hide(pygit2.Oid(hex=commit))
    for commit in walk:
        parent = commit.parents[0].peel(pygit2.Tree) if commit.parents else None
        for path, name, mode in objects.changed(repository, parent, commit.peel(pygit2.Tree)):
            if mode not in (objects.FILE, objects.EXECUTABLE):
                continue
            if repository.odb.read_header(name)[1] > LARGEST:
                continue
            there = parent[path] if parent is not None and path in parent else None
            before = there.data if isinstance(there, pygit2.Blob) else None
            found = secret_found(path, repository[name].data, allowed, before)
            if found is not None:
                return Problem(
                    path,
                    found.code,
                    f"{found.message}, in your commit {str(commit.id)[:9]}; nothing was pushed",
                    f"Take it out of the commit (git rebase); {or_allowed(path)}",
                )
    return None
