"""Carrying out a plan: obtain, merge, publish, apply.

What came of it is written down even if an error ends it half-way; see `books` for why that is all
the bookkeeping there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

from msgspec.structs import replace

from hubsync.core.moves import kept_under_old_name
from hubsync.engine import intent
from hubsync.engine.books import settled
from hubsync.engine.contents import nearby_files, obtain
from hubsync.engine.context import Context, Request
from hubsync.engine.merging import merge_inputs, with_merges
from hubsync.engine.observe import View
from hubsync.engine.tally import Tally
from hubsync.engine.task import (
    Compiler,
    Task,
    free_of,
    unread,
    wanted_by_carries,
    wanted_by_keep,
)
from hubsync.local.apply import Applier
from hubsync.local.evidence import vouch
from hubsync.local.stage import Stage
from hubsync.local.state import State, save
from hubsync.local.steps import Result, Step
from hubsync.local.trash import Trash
from hubsync.local.unwritable import unwritable
from hubsync.model import IGNORE_FILE, Entry, Plan, Side
from hubsync.remotes.protocol import Change, Done, Follows, Outcome, Put, Record, Remove, SyncNote


def carry_out(
    context: Context, view: View, plan: Plan, request: Request, tally: Tally
) -> tuple[State, set[str]]:
    """Everything a plan asks for; the new state, and the paths that have to be planned again."""
    execution = Execution(context, view, request, tally)
    complete = False
    try:
        tasks = execution.publish(execution.prepare(plan))
        if request.only is not Side.REMOTE:
            execution.apply(tasks)
        complete = not (execution.again or context.reporter.stopping())
    except OSError as error:
        # One of the notes by which a killed run is gone on with; without it nothing goes on.
        raise unwritable(error.filename or context.layout.metadata, error) from error
    finally:
        state = execution.state(complete)
        if state is not view.state:
            save(context.state_file, state)
    if complete:
        intent.forget(context)
        execution.stage.clear()  # else what has been fetched spares the next cycle a download
    return state, execution.again


class Execution:
    """One plan on its way, with both sides as they are known to be meanwhile.

    ``again``: paths that moved, and have to be planned again. While ``_untold``, what is learned of
    other tools' objects must not be remembered before the remote's books have it: a hub that trusts
    the books would never hear of it.
    """

    def __init__(self, context: Context, view: View, request: Request, tally: Tally) -> None:
        self._context, self._view, self._request, self._tally = context, view, request, tally
        self.stage = Stage(context.root)
        self.again: set[str] = set()
        self._local, self._remote = view.local, view.remote
        self._revision = view.snapshot.revision
        self._merging: dict[str, Entry] = {}
        self._applied: set[str] = set()
        self._told: set[str] = set()
        self._got: dict[str, Entry] = {}
        self._stand_ins: dict[str, bytes] = {}
        self._untold = context.trusts_books

    def prepare(self, plan: Plan) -> list[Task]:
        """Stage all that is needed, merge what both changed, and make tasks of it."""
        context, view = self._context, self._view
        wanted = [*wanted_by_carries(plan)]
        for merge in plan.merges:
            wanted += merge_inputs(merge)
        for keep in plan.keeps:
            wanted += wanted_by_keep(keep)
        got = obtain(context, self.stage, wanted, nearby_files(plan))
        self._got = {
            path: staged.entry
            for (side, path), staged in got.staged.items()
            if side is Side.REMOTE and unread(view.remote.get(path))
        }
        self._stand_ins = got.stand_ins()
        plan, merged = with_merges(context, self.stage, view, plan, got)
        self.again |= got.again
        self._merging = {one.path: one.local for one in merged}
        self._tally.fetched(got.size, got.problems)
        self._tally.both_changed(self._merging.keys(), plan.keeps)
        for problem in plan.problems:
            self._tally.problem(problem)
        compiler = Compiler(
            context.root, got.staged, _unrecorded(view), self._request.only, view.remote.get
        )
        kept = [compiler.keep(one) for one in plan.keeps]
        made = [
            *(compiler.learned(path) for path in plan.agreed),
            *(compiler.carry(one) for one in plan.carries),
            *(compiler.merged(one) for one in merged),
            *kept,
        ]
        stuck = {keep.path for keep, task in zip(plan.keeps, kept, strict=True) if task is None}
        return free_of([task for task in made if task is not None], stuck)

    def publish(self, tasks: Sequence[Task]) -> list[Task]:
        """Changes to the remote; the tasks whose changes are all done."""
        snapshot = self._view.snapshot
        if self._context.reporter.stopping():  # a commit, or a first batch, is no half-way house
            return []
        untold = bool(snapshot.unrecorded) or snapshot.unpublished
        if self._request.only is Side.LOCAL or not (untold or any(map(_changes, tasks))):
            return list(tasks)
        self._context.still_held()
        # Where a content leaves its path for a conflict copy, the copy has to stand first (rule 3).
        if self._context.remote.capabilities.atomic_commit:
            refused = self._send([change for task in tasks for change in _at_once(task)])
            stuck = {task.path for task in tasks if task.copy_change and _changes(task) & refused}
            return _without(free_of(tasks, stuck), refused)
        copies = [task.copy_change for task in tasks if task.changes and task.copy_change]
        refused = self._send(copies) if copies else set()
        ready = free_of(tasks, {task.path for task in tasks if _changes(task) & refused})
        sent = {copy.path for copy in copies}
        rest = [
            change
            for task in ready
            for change in (task.copy_change, *task.changes)
            if change is not None and change.path not in sent
        ]
        if rest or not copies:
            refused = self._send(rest)
        return _without(ready, refused)

    def _send(self, changes: Sequence[Change]) -> set[str]:
        """Publish; the paths of the changes that were not done."""
        context = self._context
        sending = [one.entry.size for one in changes if isinstance(one, Put) and one.source]
        context.reporter.phase("Uploading", len(sending), sum(sending))
        changes = intent.noted(context, changes)
        note = SyncNote(context.clock(), context.identity, self._request.message)
        if isinstance(context.remote, Follows):
            context.remote.leave(self._view.policy.uncarried)
        untold, self._untold = self._untold, True
        published = context.remote.publish(changes, self._view.snapshot, note, context.reporter)
        self._untold = untold
        self._revision = published.revision
        done = [one for one in published.outcomes if one.done is Done.DONE]
        for outcome in published.outcomes:
            if outcome.done is Done.FAILED and outcome.problem is not None:
                self._tally.problem(outcome.problem)
            elif outcome.done in (Done.MOVED, Done.CHANGED):
                self.again.add(outcome.path)
        remote = {outcome.path: outcome.entry for outcome in done}
        failed = {one.path: one.problem for one in published.outcomes if one.problem is not None}
        for change in changes:
            if isinstance(change, Remove) and change.after in failed and change.path not in remote:
                why = failed[change.after]
                self._tally.problem(kept_under_old_name(change.path, change.after, why))
        self._told |= remote.keys()
        self._remote = self._remote.with_changes(remote)
        self._local = self._local.with_changes(self._hashed_on_the_way(done))
        self._tally.published(changes, remote, published.transferred)
        return {change.path for change in changes} - remote.keys()

    def _hashed_on_the_way(self, done: Sequence[Outcome]) -> dict[str, Entry | None]:
        """What uploading told of local files that nobody had read before."""
        learned: dict[str, Entry | None] = {}
        for outcome in done:
            here = self._local.get(outcome.path)
            if unread(here) and here is not None and outcome.entry is not None:
                known = replace(here, digest=outcome.entry.digest)
                learned[outcome.path] = vouch(known, self._view.fs_now)
        return learned

    def apply(self, tasks: Sequence[Task]) -> None:
        """Changes to the disk, each target checked again just before (rule 10)."""
        copies = [task.copy_step for task in tasks if task.copy_step is not None]
        steps = [step for task in tasks for step in task.steps]
        if not (copies or steps):
            return
        context = self._context
        context.still_held()
        context.reporter.phase("Writing", len(copies) + len(steps))
        shared = _used_twice([*copies, *steps])
        done: dict[str, Entry | None] = {}
        with Applier(context.root, Trash(context.root, context.clock)) as applier:
            try:
                # A content whose conflict copy could not be made stays where it is (rule 3).
                self._run(applier, copies, shared, done)
                ready = [one for one in tasks if not one.copy_step or one.copy_step.path in done]
                self._run(applier, [step for task in ready for step in task.steps], shared, done)
            finally:
                applier.flush()  # before the base that knows of it
                self._local = self._local.with_changes(done)
                self._applied |= done.keys()
                # Under other rules there is something else to see: it must not wait for a next run.
                self.again |= self._rules_among(done)

    def _rules_among(self, paths: Iterable[str]) -> set[str]:
        """Files of rules that show something that was not seen; in a new clone there is nothing."""
        anew = self._view.scan.files == 0
        names = (IGNORE_FILE,) if anew else self._view.rules.file_names
        return {path for path in paths if path.endswith(names) and path.rpartition("/")[2] in names}

    def _run(
        self,
        applier: Applier,
        steps: Sequence[Step],
        shared: set[str],
        done: dict[str, Entry | None],
    ) -> None:
        """Carry steps out; what is finished goes to ``done``. The user may stop between two."""
        reporter = self._context.reporter
        if shared:
            steps = [
                replace(step, keep_source=True) if step.source in shared else step for step in steps
            ]
        with closing(applier.apply(steps)) as outcomes:  # type: ignore[type-var]
            for applied in outcomes:
                if applied.problem is not None:
                    self._tally.problem(applied.problem)
                elif applied.result is Result.CHANGED:
                    self.again.add(applied.path)
                else:
                    done[applied.path] = applied.entry
                    self._tally.applied(applied.path, applied.entry)
                reporter.advance(1)
                if reporter.stopping():
                    return

    def state(self, complete: bool) -> State:
        """What to remember; ``complete``: the plan was carried out to its end."""
        only = self._request.only
        return settled(
            self._view,
            self._local,
            self._remote,
            self._revision,
            adopted=self._merging.keys() & self._applied if only is Side.LOCAL else (),
            merged={} if complete else self._merged_only_there(),
            read=self._got,
            untold=_learned(self._view) - self._told if self._untold else (),
            lasting=not self._context.remote.capabilities.digests,
            stand_ins=self._stand_ins,
            complete=complete,
            now=self._context.clock(),
        )

    def _merged_only_there(self) -> dict[str, Entry]:
        """What was here of the merges that the remote has and the disk has not, because a file was
        saved again meanwhile, say. The stage has it until a plan is complete."""
        return {
            path: entry
            for path, entry in self._merging.items()
            if path in self._told and path not in self._applied
        }


def _without(tasks: Sequence[Task], refused: set[str]) -> list[Task]:
    """The tasks none of whose changes was refused."""
    return [task for task in tasks if not (refused and _changes(task) & refused)]


def _at_once(task: Task) -> Iterator[Change]:
    """The changes of a task for one publish, which refuses the rest where the copy fails."""
    copy = task.copy_change
    if copy is None:
        yield from task.changes
        return
    yield copy
    for change in task.changes:
        yield change if isinstance(change, Record) else replace(change, after=copy.path)


def _changes(task: Task) -> set[str]:
    """The paths that a task changes on the remote."""
    paths = {change.path for change in task.changes}
    if task.copy_change is not None:
        paths.add(task.copy_change.path)
    return paths


def _unrecorded(view: View) -> frozenset[str]:
    """Where the remote's own books are behind: they do not have the entry, or not what is in it."""
    return view.snapshot.unrecorded | _learned(view)


def _learned(view: View) -> frozenset[str]:
    """What other tools wrote, as far as it may be known here and not to the remote's books."""
    changed = view.snapshot.tree.changes_since(view.base)
    return frozenset(path for path, entry in changed.items() if unread(entry))


def _used_twice(steps: Sequence[Step]) -> set[str]:
    """Staged contents that each step has to copy, because another one needs them too."""
    seen: set[str] = set()
    twice: set[str] = set()
    for step in steps:
        if step.source:
            (twice if step.source in seen else seen).add(step.source)
    return twice
