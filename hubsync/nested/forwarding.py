"""A repository that another hub went on with: brought forward, or, where both did, told of.

Before anything moves, all that the repository has is kept under ``refs/hubsync/backup/``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from hubsync.local.trash import Trash
from hubsync.nested import arranging, findings, relation
from hubsync.nested.bundle import File, unpack
from hubsync.nested.fetching import complete
from hubsync.nested.files import Mover, files_in, files_of, refuse_unsafe
from hubsync.nested.findings import Untold
from hubsync.nested.look import Where, committed
from hubsync.nested.state import State
from hubsync.nested.uncommitted import index_of
from hubsync.remotes.git.layout import common_folder

_OFFERED: Final = "hubsync-offered"
"""In the repository's own folder, empty: something was put beside its commits at some time."""

if TYPE_CHECKING:
    from hubsync.nested.capturing import Seen


def forward(seen: Seen, file: File, trash: Trash, env: Mapping[str, str]) -> None:
    """Make the repository what ``file`` says. Raises Untold before anything was changed."""
    path, name = seen.where.path, seen.known.at
    before, after = seen.capture.state, file.capture.state
    with seen.where.opened() as repository:
        arranging.arrange_remotes(repository, after)
    with _with_objects(seen.where, file, env) as repository:
        refuse_unsafe(path, repository, after)
        unpack(repository, seen.file)
        arranging.back_up(repository, seen.capture, name)
        _move(Mover(path, repository, trash), before, after)
        if relation.has_all(repository, after, before):
            arranging.drop_backup(repository, name)
        arranging.prune_backups(repository)


def resume(where: Where, name: str, file: File, trash: Trash, env: Mapping[str, str]) -> bool:
    """Go on with what a killed run began, from the state ``name``: everything that it was was kept
    before anything moved. False: nothing had moved. Raises Untold if a file was changed since."""
    with where.opened() as repository:
        before = arranging.backed_up(repository, name)
        if before is None:
            return False
    with _with_objects(where, file, env) as repository:
        refuse_unsafe(where.path, repository, file.capture.state)
        _move(Mover(where.path, repository, trash), before.state, file.capture.state)
    return True


@contextmanager
def _with_objects(where: Where, file: File, env: Mapping[str, str]) -> Iterator[Any]:
    """The repository, with all that a capture names. Raises Untold, RemoteFormatError."""
    with where.opened() as repository:
        complete(where.path, repository, file, env)
        unpack(repository, file)
    with where.opened() as repository:
        yield repository


def _move(mover: Mover, before: State, after: State) -> None:
    repository = mover.repository
    _refuse_checked_out(mover.path, repository, before, after)
    files = files_in(repository, before), files_in(repository, after)
    _refuse_moved(mover.path, repository, before, after)
    mover.move(*files, files_of(repository, after.commit))
    _refuse_moved(mover.path, repository, before, after)
    arranging.arrange_refs(repository, before, after)
    arranging.arrange_index(repository, after)
    if before.stashes != after.stashes:
        arranging.arrange_stashes(repository, after)


def _refuse_checked_out(path: str, repository: Any, before: State, after: State) -> None:
    """Raises Untold where a branch that would move is checked out in another working tree of the
    repository (git-worktree(1)): the next commit there would undo what came."""
    for name, where in arranging.checked_out_elsewhere(repository).items():
        if before.branches.get(name) != after.branches.get(name):
            raise Untold(findings.checked_out(path, name, where))


def _refuse_moved(path: str, repository: Any, before: State, after: State) -> None:
    """Raises Untold where a person has committed, switched, staged or stashed meanwhile: branches
    and index stay as they are then (rule 10). What a killed run moved is of either state."""
    now, sides = committed(repository), (before, after)
    for name, branch in now.branches.items():
        tips = [one.branches[name].tip for one in sides if name in one.branches]
        if tips and branch.tip not in tips:
            raise Untold(findings.moved_meanwhile(path, f"the branch {name}"))
    if now.head not in [one.head for one in sides]:
        raise Untold(findings.moved_meanwhile(path, "HEAD"))
    known = {stash.commit for one in sides for stash in one.stashes}
    if now.stashes and not known.issuperset(stash.commit for stash in now.stashes):
        raise Untold(findings.moved_meanwhile(path, "the stash"))
    staged = {item.path: (str(item.id), item.mode) for item in index_of(repository)}
    if staged not in [files_of(repository, one.staged or one.commit) for one in sides]:
        raise Untold(findings.moved_meanwhile(path, "the index"))


def offer(seen: Seen, file: File, env: Mapping[str, str]) -> tuple[str, ...]:
    """Put the other hub's commits beside the repository's own; the references, none where there is
    nothing to merge: it has only taken something back. Raises Untold."""
    with _with_objects(seen.where, file, env) as repository:
        mine, theirs = seen.capture.state, file.capture.state
        with open(os.path.join(common_folder(repository), _OFFERED), "w"):
            pass
        if relation.is_taken(repository, mine, theirs):
            return ()
        wanted = relation.untaken(repository, mine, theirs.tips().values())
        return arranging.put_beside(repository, _folder(file), theirs, wanted)


def knows_offers(where: Where) -> bool:
    """Whether what was offered was offered to this very repository: one that was deleted and cloned
    anew has answered nothing."""
    with where.opened() as repository:
        return os.path.exists(os.path.join(common_folder(repository), _OFFERED))


def _folder(file: File) -> str:
    """Of the hub's name what a reference may hold."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", file.capture.hub).strip("-")[:40] or "hub"
    return f"{name}-{file.name[:6]}" if name in ("backup", "stash", "record", "outgoing") else name


def keep(where: Where, file: File) -> None:
    """Keep another hub's commits, which a person does not want merged, as a backup."""
    with where.opened() as repository:
        arranging.back_up(repository, file.capture, file.name)


def withdraw(where: Where, references: tuple[str, ...]) -> None:
    """Take the references of `offer` away again."""
    with where.opened() as repository:
        arranging.forget(repository, references)
