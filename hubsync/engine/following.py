"""Telling a remote that the workspace holds a revision, as a clone moves its branch."""

from __future__ import annotations

import filecmp
import os
import stat
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from hubsync.core.paths import ancestors, display
from hubsync.engine.context import Context, Request
from hubsync.engine.observe import View
from hubsync.engine.tally import Tally
from hubsync.local.apply import Applier
from hubsync.local.evidence import entry_of
from hubsync.local.stage import Stage
from hubsync.local.state import State
from hubsync.local.steps import Step
from hubsync.local.trash import Trash
from hubsync.model import Entry, Kind, Problem, Side
from hubsync.remotes.protocol import Follows


def follow(context: Context, view: View, state: State, request: Request, tally: Tally) -> None:
    """Nothing is told while the disk lacks something of that revision, for what a person then
    commits by hand would delete it; but a path with a problem does not stop the others (rule 7).
    """
    remote = context.remote
    if not isinstance(remote, Follows):
        return
    told = {path for path, _ in tally.problems} if request.only is not Side.REMOTE else set()
    lacking = _lacking(view, state, told)
    if lacking is None:
        return
    hidden = _Hidden()
    if view.rules.hides_tracked:
        hidden = _hidden(context, remote, view, state.revision)
    if hidden.coming and request.only is Side.REMOTE:
        return  # a push changes nothing on the disk
    if hidden.coming:
        _bring(context, hidden.coming, tally)
    for path in hidden.kept:
        tally.problem(_undoing(path))
    remote.leave(view.policy.uncarried)
    remote.follow(state.revision, state.base, lacking)


class _Hidden(NamedTuple):
    """The paths that are not synced here and that the revision has in another state than the clone.

    ``coming``: those that nobody changed here follow as `git pull` would have it. ``kept``: what a
    person changed stays as it is. Nothing is deleted (rule 8), and what was removed stays so.
    """

    coming: Sequence[tuple[Entry, Step]] = ()
    kept: Sequence[str] = ()


def _hidden(context: Context, remote: Follows, view: View, revision: str) -> _Hidden:
    coming: list[tuple[Entry, Step]] = []
    kept: list[str] = []
    for path, before, after in remote.on_the_way(revision):
        if after is None or not view.policy.hidden(path) or _blocked(view, path):
            continue
        found = [*_unchanged(context, path, before)]
        coming += [(after, Step(path, after, here)) for here in found]
        if not found and before is not None and _is_other(context, path, after):
            kept.append(path)
    return _Hidden(coming, kept)


def _is_other(context: Context, path: str, after: Entry) -> bool:
    """Whether there is a file, and with another content."""
    if after.kind is not Kind.FILE or not os.path.isfile(os.path.join(context.root, path)):
        return False
    return not _has_content(context, path, after)


def _undoing(path: str) -> Problem:
    return Problem(
        path,
        "changed-under-a-rule",
        f"{display(path)} is ignored by a .hubsyncignore, and was changed here and on the branch: "
        "yours stays, and to Git it takes the other change back.",
        f"Look at it before you commit it: git diff -- {display(path)}",
    )


def _blocked(view: View, path: str) -> bool:
    return any(one in view.policy.blocked for one in (path, *ancestors(path)))


def _unchanged(context: Context, path: str, before: Entry | None) -> Iterator[Entry | None]:
    """What the disk has, if that is what the clone knows of it; nothing to go by otherwise."""
    file = os.path.join(context.root, path)
    try:
        status = os.lstat(file)
    except (FileNotFoundError, NotADirectoryError):
        if before is None:
            yield None
        return
    if before is None:
        return
    if before.kind is Kind.LINK and stat.S_ISLNK(status.st_mode):
        if os.readlink(file) == before.target:
            yield replace(before, inode=status.st_ino)
    elif (
        before.kind is Kind.FILE
        and stat.S_ISREG(status.st_mode)
        and _has_content(context, path, before)
    ):
        yield entry_of(status, None)


def _has_content(context: Context, path: str, before: Entry) -> bool:
    file = os.path.join(context.root, path)
    same = context.remote.same_bytes(before, file)
    if same is not None:
        return same
    # Converted on its way: what a clone would write is compared.
    for got in context.remote.fetch([(path, before)], Stage(context.root).slot, context.reporter):
        return bool(got.source) and filecmp.cmp(got.source, file, shallow=False)
    return False


def _bring(context: Context, hidden: Sequence[tuple[Entry, Step]], tally: Tally) -> None:
    stage = Stage(context.root)
    wanted = [(step.path, entry) for entry, step in hidden]
    steps = {step.path: step for _, step in hidden}
    ready: list[Step] = []
    for got in context.remote.fetch(wanted, stage.slot, context.reporter):
        if got.problem is not None:
            tally.problem(got.problem)
        elif not got.moved:
            ready.append(replace(steps[got.path], entry=got.entry, source=got.source or None))
    with Applier(context.root, Trash(context.root, context.clock)) as applier:
        for applied in applier.apply([replace(step, keep_source=True) for step in ready]):
            if applied.problem is not None:
                tally.problem(applied.problem)
        applier.flush()
    stage.clear()


def _lacking(view: View, state: State, told: set[str]) -> frozenset[str] | None:
    """What the disk lacks of the remote, because of a problem that was ``told``; None if it lacks
    something else. What a person changed here is never taken for lacking."""
    lacking: list[str] = []
    for path, entry in state.remote.items():
        if view.policy.hidden(path):
            continue
        base = state.base.get(path)
        if entry is not None and base is not None and entry.identity == base.identity != "":
            continue
        if path not in state.local and (path in told or _blocked(view, path)):
            lacking.append(path)
        elif not _blocked(view, path):
            return None
    return frozenset(lacking)
