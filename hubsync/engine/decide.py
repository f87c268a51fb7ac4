"""From a view to a plan: what has to be read first, and the safety stops. Nothing is touched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace as replace_fields

from msgspec.structs import replace

from hubsync.core.moves import Places, Stands, kept_under_old_name, with_moves
from hubsync.core.policy import equal
from hubsync.core.reconcile import reconcile, restrict, undecided
from hubsync.core.safety import check
from hubsync.engine.checksum import same_now
from hubsync.engine.contents import obtain
from hubsync.engine.context import Context, Request, nowhere
from hubsync.engine.intent import with_own_writes
from hubsync.engine.memory import remembered
from hubsync.engine.observe import View
from hubsync.engine.stand_ins import looked_behind, met
from hubsync.engine.task import Content
from hubsync.local.digest import digest_many
from hubsync.local.stage import Stage
from hubsync.model import Entry, Kind, Plan, Problem, Side, Tree
from hubsync.remotes.protocol import HoldsBack, HoldsContents, LeavesAlone

READ_AHEAD = 64 << 20
"""Bytes up to which an edited file is read before it is sent."""


def drafted(view: View, request: Request, stands: Stands = nowhere) -> tuple[Plan, tuple[str, ...]]:
    """The plan, and the paths that a one-way command has to leave. ``stands``: of other remotes."""
    plan = reconcile(view.base, view.local, view.remote, view.policy)
    plan, left = restrict(plan, request.only) if request.only else (plan, ())

    def anywhere(path: str, entry: Entry) -> bool:
        there = view.remote.get(path)
        here = entry.digest is not None and there is not None and there.digest == entry.digest
        return here or stands(path, entry)

    plan = with_moves(plan, view.base, lambda: _places(view), anywhere)
    waiting = {one.carry.path for one in plan.held if any(path in left for path, _ in one.places)}
    if waiting:  # the whole sync takes both
        kept = tuple(one for one in plan.held if one.carry.path not in waiting)
        plan, left = replace(plan, held=kept), tuple(sorted({*left, *waiting}))
    return plan, left


def checked(view: View, plan: Plan, beside: Sequence[Plan] = ()) -> None:
    """Raises SafetyStop. ``beside``: the plans for the workspace's other remotes."""
    check(view.base, view.local, view.remote, plan, view.facts, beside)


def decide(view: View, request: Request) -> tuple[Plan, tuple[str, ...]]:
    """As `drafted`, past the safety stops. Raises SafetyStop."""
    plan, left = drafted(view, request)
    checked(view, plan)
    return plan, left


def _places(view: View) -> Places:
    """Of the whole workspace, whichever remote it is for."""
    found: defaultdict[tuple[int, int], list[tuple[str, Entry]]] = defaultdict(list)
    for path, entry in view.scan.tree.changes_since(view.base).items():
        if entry is not None and entry.kind is Kind.FILE:
            read = view.local.get(path)
            known = entry if read is None else replace(entry, digest=read.digest)
            found[entry.size, entry.mtime].append((path, known))
    return found


def foreseen(context: Context, plan: Plan, only: Side | None = None) -> Plan:
    """The plan of a dry run, without what is new or edited and the remote would not take, be it as
    a conflict copy; these are problems of it. ``only``: as in `Request`."""
    if not isinstance(context.remote, HoldsBack) or only is Side.LOCAL:
        return plan
    blocking = context.remote.blocking()
    if blocking:
        down = tuple(one for one in plan.carries if one.to is Side.LOCAL)
        problems = (*plan.problems, *blocking)
        return replace(plan, carries=down, merges=(), keeps=(), problems=problems)
    sent = [
        (carry.path, carry.entry, carry.expect)
        for carry in plan.carries
        if carry.to is Side.REMOTE and carry.entry is not None
    ]
    sent += [(keep.path, keep.copied, None) for keep in plan.keeps if keep.source is Side.LOCAL]
    held = [*context.remote.held_back(sent)]
    why = {one.path: one for one in held}
    held += [
        kept_under_old_name(one.path, one.moved_to, why[one.moved_to])
        for one in plan.carries
        if one.moved_to in why
    ]
    paths = {one.path for one in held}
    return replace(
        plan,
        carries=tuple(one for one in plan.carries if one.path not in paths),
        keeps=tuple(one for one in plan.keeps if one.path not in paths),
        problems=(*plan.problems, *held),
    )


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
        and not view.snapshot.unpublished
        and not view.stand_ins
        and not view.scan.ignored - state.local.keys()
        and view.local.on_rows_of(view.base) == state.local
        and view.remote.on_rows_of(view.base) == state.remote
    )


def decided_view(context: Context, view: View, request: Request) -> View:
    """The view with every digest that a decision depends on; only those files are read.

    A dry run transfers nothing for that: what another tool wrote and neither a checksum nor a
    content that is here already can tell counts as changed.
    """
    view = looked_behind(context, remembered(context, view))
    need = undecided(view.base, view.local, view.remote, view.policy)
    local, remote = view.local, view.remote
    problems: list[Problem] = []
    alike: Sequence[str] = ()
    here = need.local if request.dry_run else need.local | _edited(view)
    if here:
        wanted = {path: local[path] for path in sorted(here)}
        context.reporter.phase("Reading", len(wanted), sum(one.size for one in wanted.values()))
        read = digest_many(context.root, wanted, context.reporter)
        local = view.with_read(read)
        problems += [one for one in read.values() if isinstance(one, Problem)]
    if need.remote:
        learned, unknown = _by_checksum(context, local, remote, sorted(need.remote))
        alike = tuple(learned)
        if request.dry_run:
            learned |= _at_hand(context, unknown)
        else:
            learned |= _fetched(context, unknown, problems)
        remote = remote.with_changes(learned) if learned else remote
    if local is not view.local or remote is not view.remote or problems:
        view = _blocked(replace_fields(view, local=local, remote=remote), problems)
    view = met(context, view, alike)
    return with_own_writes(context, _without_left_alone(context, view))


def _blocked(view: View, problems: Sequence[Problem]) -> View:
    """The same, with nothing to be done about these paths."""
    blocked = view.policy.blocked | {one.path for one in problems}
    return replace_fields(
        view,
        problems=(*view.problems, *problems),
        policy=replace(view.policy, blocked=blocked),
    )


def _without_left_alone(context: Context, view: View) -> View:
    """What a person told the remote to leave alone goes nowhere, and not into a conflict copy."""
    if not isinstance(context.remote, LeavesAlone):
        return view
    changed = {
        path
        for path, entry in view.local.changes_since(view.base).items()
        if not equal(entry, view.base.get(path), view.policy)
    }
    return _blocked(view, context.remote.left_alone(changed)) if changed else view


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


def _by_checksum(
    context: Context, local: Tree, remote: Tree, paths: Sequence[str]
) -> tuple[dict[str, Entry | None], list[tuple[str, Entry]]]:
    """What other tools wrote: objects that have the bytes of the local file by the store's own
    checksum, now with its digest; and those of which that cannot tell."""
    learned: dict[str, Entry | None] = {}
    unknown: list[tuple[str, Entry]] = []
    for path in paths:
        entry, here = remote[path], local.get(path)
        if here is not None and _same(context, path, entry, here):
            learned[path] = replace(entry, digest=here.digest)
        else:
            unknown.append((path, entry))
    return learned, unknown


def _at_hand(context: Context, unknown: Sequence[tuple[str, Entry]]) -> dict[str, Entry]:
    """Digests of contents that the remote has on this machine."""
    if not unknown or not isinstance(context.remote, HoldsContents):
        return {}
    return context.remote.identified(unknown)


def _fetched(
    context: Context, unknown: Sequence[tuple[str, Entry]], problems: list[Problem]
) -> dict[str, Entry]:
    """Digests by fetching the objects; they stay staged for whoever needs them. What came with a
    problem is not what is there, and may be another thing the next time: nothing is learned."""
    if not unknown:
        return {}
    fetch = [Content(Side.REMOTE, path, entry) for path, entry in unknown]
    got = obtain(context, Stage(context.root), fetch, {})
    problems += got.problems
    stuck = {one.path for one in got.problems}
    return {path: one.entry for (_, path), one in got.staged.items() if path not in stuck}


def _same(context: Context, path: str, there: Entry, here: Entry) -> bool:
    """Whether the store's own checksum says that an object has the bytes of the local file."""
    if here.digest is None or here.size != there.size:
        return False
    return same_now(context, path, there, here)
