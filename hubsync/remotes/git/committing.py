"""A commit that has what is on the remote, what the user committed, and what is published."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pygit2

from hubsync.core.captures import repository_of
from hubsync.remotes.git import objects
from hubsync.remotes.git.message import HUB, message_for
from hubsync.remotes.git.mode import Mode
from hubsync.remotes.git.names import fits_no_index, is_carried
from hubsync.remotes.protocol import SyncNote

_EMAIL: Final = "hubsync@localhost"

Puts = Mapping[str, tuple[Any, int] | None]
"""Path to the blob and mode that it gets; None: it goes."""


@dataclass(frozen=True)
class Committing:
    """``uncarried``: paths at which what a person committed stays."""

    mode: Mode
    uncarried: Callable[[str], bool]

    def commit(self, changes: Puts, own: Puts, remote: str, note: SyncNote) -> str:
        """The commit on the tip ``remote``; ``own``: see there. That is the remote's or the user's
        own where there is nothing to add."""
        repository, mode = self.mode.clone.repository, self.mode
        parents = mode.parents(remote)
        base = objects.tree_of(repository, remote)
        puts = {**changes, **own}
        name = objects.with_changes(repository, base, puts)
        alone = len(parents) == 1 and mode.is_enough(remote)
        if alone and repository[parents[0]].peel(pygit2.Tree).id == name:
            return parents[0]
        if not parents and not puts:
            return remote
        author = _author(repository, note)
        trailers = {**mode.trailers(remote), HUB: note.identity.hub}
        message = message_for(self._done(parents, name), trailers, note.message)
        commit = repository.create_commit(
            None, author, author, message, name, [pygit2.Oid(hex=parent) for parent in parents]
        )
        return str(commit)

    def own(self, remote: str, puts: Puts) -> dict[str, tuple[Any, int] | None]:
        """What the user committed at paths that hubsync does not carry (ignored ones, submodules,
        names that are no text): it stays, or stays away."""
        repository, local = self.mode.clone.repository, self.mode.own(remote)
        if not local:
            return {}
        both = None
        if remote:
            both = repository.merge_base(pygit2.Oid(hex=local), pygit2.Oid(hex=remote))
        before = objects.tree_of(repository, str(both) if both else "")
        theirs = objects.tree_of(repository, remote)
        moved = {path for path, _, _ in objects.changed(repository, before, theirs)}
        return {
            path: (name, mode) if mode else None
            for path, name, mode in objects.changed(
                repository, before, objects.tree_of(repository, local)
            )
            if path not in puts
            and path not in moved
            and (mode == objects.SUBMODULE or not is_carried(path) or self.uncarried(path))
            and (mode or not fits_no_index(path))
            and objects.is_free(theirs, puts, path)
        }

    def _done(self, parents: Sequence[str], tree: Any) -> dict[str, str]:
        """What a commit with that tree does that none of its parents did."""
        repository = self.mode.clone.repository
        new = repository[tree]
        done: list[dict[str, str]] = []
        for parent in parents or [""]:
            before = objects.tree_of(repository, parent)
            done.append(
                {
                    path: _verb_of_capture(before, new, path) or _verb(before, path, mode)
                    for path, _, mode in objects.changed(repository, before, new)
                }
            )
        return {path: verb for path, verb in done[0].items() if all(path in one for one in done)}


def _author(repository: Any, note: SyncNote) -> Any:
    config = repository.config
    said = {one.name: one.value for one in config if one.name in ("user.name", "user.email")}
    name = said.get("user.name") or note.identity.author or "hubsync"
    email = said.get("user.email") or _EMAIL
    return pygit2.Signature(name, email, note.time // 1_000_000_000, 0)


def _verb_of_capture(before: Any, after: Any, path: str) -> str:
    """Update, where a nested repository had a capture and has one; else ``""``."""
    if not repository_of(path):
        return ""
    folder = path.rpartition("/")[0]
    return "Update" if before is not None and folder in before and folder in after else ""


def _verb(tree: Any, path: str, mode: int) -> str:
    if not mode:
        return "Delete"
    return "Update" if tree is not None and path in tree else "Add"
