"""From a view to a plan: what has to be read first, and the safety stops. Nothing is touched."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace as replace_fields

from msgspec.structs import replace

from hubsync.core.reconcile import reconcile, restrict, undecided
from hubsync.core.safety import check
from hubsync.engine.contents import obtain
from hubsync.engine.context import Context, Request
from hubsync.engine.intent import with_own_writes
from hubsync.engine.memory import remembered
from hubsync.engine.observe import View
from hubsync.engine.task import Content
from hubsync.local.digest import digest_many
from hubsync.local.stage import Stage
from hubsync.model import Entry, Kind, Plan, Problem, Side, Tree

READ_AHEAD = 64 << 20
"""Bytes up to which an edited file is read before it is sent."""


def decide(view: View, request: Request) -> tuple[Plan, tuple[str, ...]]:
    """The plan, past the safety stops, and the paths that a one-way command has to leave.

    Raises SafetyStop.
    """
    plan = reconcile(view.base, view.local, view.remote, view.policy)
    check(view.base, view.local, view.remote, plan, view.facts)
    return restrict(plan, request.only) if request.only else (plan, ())


def nothing_new(view: View, plan: Plan) -> bool:
    """Whether both sides are as remembered and there is nothing to do (rules 1 and 17)."""
    state = view.state
    return (
        plan.is_empty()
        and not plan.agreed
        and state.last_sync is not None
        and state.revision == view.snapshot.revision
        and state.rules_digest == view.scan.rules_digest
        and not view.snapshot.unrecorded
        and not view.scan.ignored - state.local.keys()
        and view.local.on_rows_of(view.base) == state.local
        and view.remote.on_rows_of(view.base) == state.remote
    )


def decided_view(context: Context, view: View, request: Request) -> View:
    """The view with every digest that a decision depends on; only those files are read.

    A dry run fetches nothing for that: what another tool wrote then counts as changed.
    """
    view = remembered(context, view)
    need = undecided(view.base, view.local, view.remote, view.policy)
    local, remote = view.local, view.remote
    problems: list[Problem] = []
    here = need.local if request.dry_run else need.local | _edited(view)
    if here:
        wanted = {path: local[path] for path in sorted(here)}
        context.reporter.phase("Reading", len(wanted), sum(one.size for one in wanted.values()))
        read = digest_many(context.root, wanted, context.reporter)
        local = view.with_read(read)
        problems += [one for one in read.values() if isinstance(one, Problem)]
    if need.remote and not request.dry_run:
        remote = _identified(context, local, remote, sorted(need.remote), problems)
    if local is not view.local or remote is not view.remote or problems:
        blocked = view.policy.blocked | {one.path for one in problems}
        view = replace_fields(
            view,
            local=local,
            remote=remote,
            problems=(*view.problems, *problems),
            policy=replace(view.policy, blocked=blocked),
        )
    return with_own_writes(context, view)


def _edited(view: View) -> set[str]:
    """Edited files of moderate size: with their digests `intent` can tell our own unfinished
    writes. What is new, or large, is hashed on its way out."""
    return {
        path
        for path, entry in view.local.changes_since(view.base).items()
        if entry is not None
        and entry.kind is Kind.FILE
        and entry.digest is None
        and entry.size <= READ_AHEAD
        and path in view.base
        and not view.policy.hidden(path)
    }


def _identified(
    context: Context, local: Tree, remote: Tree, paths: Sequence[str], problems: list[Problem]
) -> Tree:
    """Digests of objects that other tools wrote.

    By the store's own checksum against the local file if that can tell, else by fetching them (they
    stay staged for whoever needs them).
    """
    learned: dict[str, Entry | None] = {}
    fetch: list[Content] = []
    for path in paths:
        entry, here = remote[path], local.get(path)
        if here is not None and _same(context, path, entry, here):
            learned[path] = replace(entry, digest=here.digest)
        else:
            fetch.append(Content(Side.REMOTE, path, entry))
    if fetch:
        got = obtain(context, Stage(context.root), fetch, {})
        problems += got.problems
        learned.update((path, staged.entry) for (_, path), staged in got.staged.items())
    return remote.with_changes(learned)


def _same(context: Context, path: str, there: Entry, here: Entry) -> bool:
    """Whether the store's own checksum says that an object has the bytes of the local file."""
    if here.digest is None or here.size != there.size:
        return False
    file = os.path.join(context.root, path)
    try:
        same = context.remote.same_bytes(there, file)
        status = os.stat(file, follow_symlinks=False)
    except OSError:
        return False  # gone or unreadable meanwhile: the object is fetched and looked at instead
    # The checksum is of the file as it is now, the digest of what was read before.
    return bool(same) and (status.st_mtime_ns, status.st_ctime_ns) == (here.mtime, here.ctime)
