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

from dataclasses import dataclass
from dataclasses import replace as replace_fields

from msgspec.structs import replace

from hubsync.engine.arriving import arriving, united
from hubsync.engine.context import Context, Request
from hubsync.engine.decide import checked, decided_view, drafted, foreseen, nothing_new
from hubsync.engine.execute import carry_out
from hubsync.engine.following import follow
from hubsync.engine.merging import foresee
from hubsync.engine.observe import Sight, View, sight, view_of
from hubsync.engine.obstacles import unobstructed
from hubsync.engine.tally import Tally
from hubsync.errors import DiskFull, HubsyncError, Interrupted
from hubsync.local.emptying import finish
from hubsync.local.stage import Stage
from hubsync.local.state import State, load, nothing, touch
from hubsync.model import Plan, Side

ATTEMPTS = 6


@dataclass(frozen=True)
class Looked:
    """What both sides are and what is to be done about it."""

    view: View
    plan: Plan
    unsynced: tuple[str, ...]


def look(context: Context, state: State, request: Request, *, suspicious: bool = False) -> Looked:
    """Everything that is decided before anything is touched. Raises SafetyStop."""
    if not request.dry_run:
        finish(context.layout)
    seen = sight(context, state, request, suspicious=suspicious)
    # What arrives from other remotes may be here by now, and edited.
    others = {path: united(context.root, path, text) for path, text in context.arriving.items()}
    context = replace_fields(context, arriving=others)
    now = planned(context, replace_fields(seen, arriving=arriving(context, seen)), request)
    checked(now.view, now.plan, context.beside)
    return now


def planned(context: Context, seen: Sight, request: Request) -> Looked:
    """What is to be done about what was seen, before the safety stops."""
    view = decided_view(context, view_of(context, seen, request), request)
    return Looked(view, *drafted(view, request, context.stands))


def run(
    context: Context,
    state: State,
    request: Request,
    tally: Tally,
    looked: Looked | None = None,
) -> State:
    """Cycles until nothing moved under way; returns the state to remember. ``looked``: the first
    one's decisions, if they were made already.

    Raises SafetyStop, RemoteUnavailable, DiskFull, Interrupted and the rest of the error tree. What
    was done until then is in the saved state.
    """
    again: set[str] = set()
    for attempt in range(ATTEMPTS):
        # An object that a condition met and no index has (a killed hub's, another tool's) is found
        # by listing alone; without it a push would meet it for ever.
        now = looked or look(context, state, request, suspicious=attempt > 0)
        looked = None
        view, plan = now.view, now.plan
        if request.dry_run:
            plan = foresee(context, view, plan) if plan.merges else plan
            plan = unobstructed(context.root, foreseen(context, plan, request.only), context.beside)
            tally.planned(view, plan, now.unsynced)
            tally.foreseen(plan, request.only)
            return state
        tally.planned(view, plan, now.unsynced)
        if nothing_new(view, plan):
            Stage(context.root).clear()  # what a killed run had fetched and nobody needs any more
            touch(context.state_file, context.clock())
            follow(context, view, state, request, tally)
            context.onlooker.settled(view, state)
            return state
        try:
            state, again = carry_out(context, view, plan, request, tally)
        except DiskFull as error:
            if request.only is not None:
                raise
            raise _sent_all_the_same(context, request, tally, error) from error
        context.onlooker.moved(view, state)
        if context.reporter.stopping():
            raise Interrupted("Stopped; what was finished is synced.", "Run the command again.")
        if not again:
            follow(context, view, state, request, tally)
            return state
        context.pause(attempt)
    tally.unsettled(again)
    return state


def _sent_all_the_same(
    context: Context, request: Request, tally: Tally, error: DiskFull
) -> DiskFull:
    """The error, once what was changed here is on the remote: a full disk keeps nobody's work from
    being safe."""
    push = replace(request, only=Side.REMOTE)
    for attempt in range(2):
        state, _ = load(context.state_file)
        try:
            run(context, state or nothing(), push, tally)
            break
        except DiskFull:
            # Sending needs room for a few notes: what has come down so far gives way.
            Stage(context.root).clear(whole=True)
            if attempt:
                return error
        except HubsyncError:
            return error
    return DiskFull(
        f"{error.message} Nothing more came down; what was changed here was sent.",
        error.hint,
        error.code,
    )
