"""A file and what is below it, both on the remote: which hub may end that, by what it deleted.

Two hubs that meet make it, or another tool; no disk can hold it. It stays until somebody deletes or
moves away one of the two where he had it: only then is it known which of them is to go (rule 7).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from hubsync.core.policy import Policy
from hubsync.core.survey import Below
from hubsync.model import Tree, agree

COLLISION: Final = "name-collision"
"""The code of the problem of the file's path."""


def cleared(
    collisions: Iterable[str], base: Tree, local: Tree, remote: Tree, policy: Policy
) -> frozenset[str]:
    """Those of the paths that a plan can deal with: this hub had the file, or all that is below it,
    as it still is on the remote, and has it no more. ``policy``: without what is to be found."""
    asked = [path for path in collisions if not _is_stuck(path, policy)]
    return frozenset(
        path
        for path in asked
        if _gone(path, base, local, remote, policy) or _emptied(path, base, local, remote, policy)
    )


def _is_stuck(path: str, policy: Policy) -> bool:
    """Whether something at the path, above or below it has a problem of its own."""
    return policy.uncarried(path) or any(one.startswith(f"{path}/") for one in policy.blocked)


def _gone(path: str, base: Tree, local: Tree, remote: Tree, policy: Policy) -> bool:
    before, there = base.get(path), remote.get(path)
    if before is None or there is None or policy.hides(path, there):
        return False
    return local.get(path) is None and agree(before, there)


def _emptied(path: str, base: Tree, local: Tree, remote: Tree, policy: Policy) -> bool:
    below = Below([path])
    if any(one != path and below(one) for one in local):
        return False
    return all(
        agree(base.get(one), entry) and not policy.hides(one, entry)
        for one, entry in remote.items()
        if one != path and below(one)
    )
