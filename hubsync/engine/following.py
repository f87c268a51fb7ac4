"""Telling a remote that the workspace holds a revision, as a clone moves its branch."""

from __future__ import annotations

from hubsync.engine.context import Context
from hubsync.engine.observe import View
from hubsync.local.state import State
from hubsync.remotes.protocol import Follows


def follow(context: Context, view: View, state: State) -> None:
    """Nothing is told while the disk lacks something of that revision: what a person then commits
    by hand would delete it."""
    if isinstance(context.remote, Follows) and _has_all(view, state):
        context.remote.follow(state.revision)


def _has_all(view: View, state: State) -> bool:
    """Whether the disk has everything that the remote has, as far as it is carried."""
    for path, entry in state.remote.items():
        if view.policy.uncarried(path):
            continue
        base = state.base.get(path)
        if entry is None or base is None or not entry.identity or entry.identity != base.identity:
            return False
    return True
