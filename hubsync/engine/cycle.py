"""One sync cycle, in the one order of steps there is; push and pull are masks over the same plan.

::

    observe ── decide ── obtain ── merge ── publish ── apply ── settle

Nothing is touched before `decide` has passed the safety stops. What comes in is complete in the
staging area before anything is published or replaced. The remote learns of changes before the disk
does, and the base moves last; a crash between any two steps leaves both sides in a state from which
the same steps go on (rule 13). A path where either side moved meanwhile is left alone and planned
again (rules 10 and 12).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as replace_fields

from msgspec.structs import replace

from hubsync.core.reconcile import reconcile, restrict, undecided, with_conflicts
from hubsync.core.safety import check
from hubsync.engine.books import settled
from hubsync.engine.contents import (
    MergeInputs,
    merge_inputs,
    nearby_files,
    obtain,
    try_merge,
)
from hubsync.engine.context import Context, Request
from hubsync.engine.memory import remembered
from hubsync.engine.observe import View, observe, with_entries
from hubsync.engine.tally import Tally
from hubsync.engine.task import (
    Compiler,
    Content,
    Merged,
    Task,
    unread,
    wanted_by_carries,
    wanted_by_keep,
)
from hubsync.errors import Interrupted
from hubsync.local.apply import Applier
from hubsync.local.digest import digest_many
from hubsync.local.emptying import finish
from hubsync.local.evidence import vouch
from hubsync.local.stage import Stage
from hubsync.local.state import State, save, touch
from hubsync.local.steps import Result, Step
from hubsync.local.trash import Trash
from hubsync.model import Entry, Merge, Plan, Problem, Side, Tree
from hubsync.remotes.protocol import Change, Done, Put, SyncNote

ATTEMPTS = 6


@dataclass
class Now:
    """Both sides as they are known to be while a cycle goes on, and the paths to plan again."""

    local: Tree
    remote: Tree
    revision: str
    adopted: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)


def run(context: Context, state: State, request: Request, tally: Tally) -> State:
    """Cycles until nothing moved under way; returns the state to remember.

    Raises SafetyStop, RemoteUnavailable, DiskFull, Interrupted and the rest of the error tree. What
    was done until then is in the saved state.
    """
    if not request.dry_run:
        finish(context.layout)
    for attempt in range(ATTEMPTS):
        # An object that a condition met and no index has (a killed hub's, another tool's) is found
        # by listing alone; without it a push would meet it for ever.
        seen = observe(context, state, request, suspicious=attempt > 0)
        view = decided_view(context, seen, request)
        plan, unsynced = decide(view, request)
        tally.planned(view, plan, unsynced)
        if request.dry_run:
            return state
        if nothing_new(view, plan):
            Stage(context.root).clear()  # what a killed run had fetched and nobody needs any more
            touch(context.layout.state(context.name), context.clock())
            return state
        state, again = carry_out(context, view, plan, request, tally)
        if context.reporter.stopping():
            raise Interrupted("Stopped; what was finished is synced.", "Run the command again.")
        if not again:
            return state
        context.pause(attempt)
    tally.unsettled(again)
    return state


def decide(view: View, request: Request) -> tuple[Plan, tuple[str, ...]]:
    """The plan, past the safety stops, and what a one-way command has to leave."""
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
    """The view with every digest that a decision depends on; only those files are read."""
    view = remembered(context, view)
    need = undecided(view.base, view.local, view.remote, view.policy)
    local, remote = view.local, view.remote
    problems: list[Problem] = []
    if need.local:
        wanted = {path: local[path] for path in sorted(need.local)}
        context.reporter.phase("Reading", len(wanted), sum(one.size for one in wanted.values()))
        read = digest_many(context.root, wanted, context.reporter)
        local = local.with_changes(
            {p: one for p, one in read.items() if not isinstance(one, Problem)}
        )
        problems += [one for one in read.values() if isinstance(one, Problem)]
    if need.remote and not request.dry_run:
        remote = _identified(context, local, remote, sorted(need.remote), problems)
    if local is view.local and remote is view.remote and not problems:
        return view
    blocked = view.policy.blocked | {one.path for one in problems}
    return _with(view, local, remote, (*view.problems, *problems), blocked)


def _with(
    view: View, local: Tree, remote: Tree, problems: tuple[Problem, ...], blocked: frozenset[str]
) -> View:
    return replace_fields(
        view,
        local=local,
        remote=remote,
        problems=problems,
        policy=replace(view.policy, blocked=blocked),
    )


def _identified(
    context: Context, local: Tree, remote: Tree, paths: Sequence[str], problems: list[Problem]
) -> Tree:
    """Digests of objects that other tools wrote: by the store's own checksum against the local
    file if that can tell, else by fetching them (they stay staged for whoever needs them)."""
    learned: list[tuple[str, Entry]] = []
    fetch: list[Content] = []
    for path in paths:
        entry, here = remote[path], local.get(path)
        same = context.remote.same_bytes(entry, os.path.join(context.root, path)) if here else None
        if same and here is not None and here.digest is not None and here.size == entry.size:
            learned.append((path, _known(entry, here.digest)))
        else:
            fetch.append(Content(Side.REMOTE, path, entry))
    if fetch:
        got = obtain(context, Stage(context.root), fetch, {})
        problems += got.problems
        for (_, path), staged in got.staged.items():
            learned.append((path, staged.entry))
    return with_entries(remote, learned)


def _known(entry: Entry, digest: bytes) -> Entry:
    return replace(entry, digest=digest)


def carry_out(
    context: Context, view: View, plan: Plan, request: Request, tally: Tally
) -> tuple[State, set[str]]:
    """Everything a plan asks for; the new state, and the paths that have to be planned again."""
    now = Now(view.local, view.remote, view.snapshot.revision)
    stage = Stage(context.root)
    complete = False
    try:
        tasks = _prepare(context, view, plan, request, stage, now, tally)
        ready = _publish(context, view, tasks, request, now, tally)
        if request.only is not Side.REMOTE:
            _apply(context, ready, now, tally)
        complete = not (now.again or context.reporter.stopping())
    finally:
        state = settled(
            view,
            now.local,
            now.remote,
            now.revision,
            adopted=now.adopted,
            complete=complete,
            now=context.clock(),
        )
        if state is not view.state:
            save(context.layout.state(context.name), state)
    stage.clear()
    return state, now.again


def _prepare(
    context: Context,
    view: View,
    plan: Plan,
    request: Request,
    stage: Stage,
    now: Now,
    tally: Tally,
) -> list[Task]:
    """Stage all that is needed, merge what both changed, and say what it means on either side."""
    wanted = [*wanted_by_carries(plan)]
    for merge in plan.merges:
        wanted += merge_inputs(merge)
    for keep in plan.keeps:
        wanted += wanted_by_keep(keep)
    got = obtain(context, stage, wanted, nearby_files(plan))
    staged = got.staged
    merged: list[Merged] = []
    failed: list[tuple[Merge, bytes]] = []
    for merge in plan.merges:
        local = staged.get((Side.LOCAL, merge.path))
        remote = staged.get((Side.REMOTE, merge.path))
        if local is None or remote is None:
            continue
        clean = try_merge(context, stage, MergeInputs(merge, local, remote))
        if clean is not None:
            merged.append(clean)
        elif local.entry.digest is not None:
            failed.append((merge, local.entry.digest))
    plan = with_conflicts(plan, failed, view.base, view.local, view.remote)
    now.again |= got.again
    tally.fetched(got.size, got.problems)
    tally.both_changed(merged, plan.keeps)
    for problem in plan.problems:
        tally.problem(problem)
    compiler = Compiler(context.root, staged, _unrecorded(view), request.only, view.remote.get)
    if request.only is Side.LOCAL:
        now.adopted |= {one.path for one in merged}
    made = [
        *(compiler.learned(path) for path in plan.agreed),
        *(compiler.carry(one) for one in plan.carries),
        *(compiler.merged(one) for one in merged),
        *(compiler.keep(one) for one in plan.keeps),
    ]
    return [task for task in made if task is not None]


def _unrecorded(view: View) -> frozenset[str]:
    """Where the remote's own books are behind: they do not have the entry, or not what is in it."""
    changed = view.remote.changes_since(view.base)
    found = frozenset(path for path in changed if unread(view.snapshot.tree.get(path)))
    return view.snapshot.unrecorded | found


def _publish(
    context: Context, view: View, tasks: list[Task], request: Request, now: Now, tally: Tally
) -> list[Task]:
    """Changes to the remote; the tasks whose changes are all done."""
    changes: list[Change] = [change for task in tasks for change in task.changes]
    if request.only is Side.LOCAL or not (changes or view.snapshot.unrecorded):
        return tasks
    context.still_held()
    sending = [one.entry.size for one in changes if isinstance(one, Put) and one.source]
    context.reporter.phase("Uploading", len(sending), sum(sending))
    note = SyncNote(context.clock(), context.identity, request.message)
    published = context.remote.publish(changes, view.snapshot, note, context.reporter)
    now.revision = published.revision
    missing = {change.path for change in changes}
    remote: dict[str, Entry | None] = {}
    local: dict[str, Entry | None] = {}
    for outcome in published.outcomes:
        if outcome.done is Done.DONE:
            missing.discard(outcome.path)
            remote[outcome.path] = outcome.entry
            here = now.local.get(outcome.path)
            if here is not None and here.digest is None and outcome.entry is not None:
                local[outcome.path] = vouch(_known_as(here, outcome.entry), view.fs_now)
        elif outcome.done is Done.FAILED and outcome.problem is not None:
            tally.problem(outcome.problem)
        elif outcome.done is not Done.FAILED:
            now.again.add(outcome.path)
    now.remote = now.remote.with_changes(remote)
    now.local = now.local.with_changes(local)
    tally.published(changes, remote, published.transferred)
    return [task for task in tasks if not any(one.path in missing for one in task.changes)]


def _known_as(here: Entry, there: Entry) -> Entry:
    return replace(here, digest=there.digest)


def _apply(context: Context, tasks: list[Task], now: Now, tally: Tally) -> None:
    """Changes to the disk, each target checked again just before."""
    steps = _shared([step for task in tasks for step in task.steps])
    if not steps:
        return
    context.still_held()
    context.reporter.phase("Writing", len(steps))
    local: dict[str, Entry | None] = {}
    try:
        with Applier(context.root, Trash(context.root, context.clock)) as applier:
            for applied in applier.apply(steps):
                if applied.problem is not None:
                    tally.problem(applied.problem)
                elif applied.result is Result.CHANGED:
                    now.again.add(applied.path)
                else:
                    local[applied.path] = applied.entry
                    tally.applied(applied.path, applied.entry)
                context.reporter.advance(1)
            applier.flush()
    finally:
        now.local = now.local.with_changes(local)


def _shared(steps: list[Step]) -> list[Step]:
    """A staged content that several steps need is copied by each instead of moved by the first."""
    uses = Counter(step.source for step in steps if step.source)
    return [
        replace(one, keep_source=True) if one.source and uses[one.source] > 1 else one
        for one in steps
    ]
