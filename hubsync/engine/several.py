"""One command with all the remotes of a workspace.

Everything is seen before anything is decided, and everything is decided before anything is done. So
each path is known to belong to the remote that has it, whatever the rules say now, and a safety
stop of one remote finds nothing changed on any (rule 9). A remote that fails keeps none of the
others from being synced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from functools import partial

from hubsync.core.moves import Stands, released, sends, stands_in
from hubsync.core.routing import Rule
from hubsync.core.safety import FEW
from hubsync.engine.arriving import arriving
from hubsync.engine.context import Context, Request
from hubsync.engine.cycle import Looked, planned, run
from hubsync.engine.decide import checked, foreseen
from hubsync.engine.observe import Sight, sight
from hubsync.engine.routing import given_up, in_turn, new_on, routings
from hubsync.engine.tally import Tally, together
from hubsync.errors import (
    HubsyncError,
    LocalError,
    RemoteFormatError,
    RemoteMoved,
    RemoteUnavailable,
    SafetyStop,
    StoreError,
    UsageError,
)
from hubsync.local.emptying import finish
from hubsync.local.state import State
from hubsync.remotes.protocol import Notifies
from hubsync.results import SyncResult

_OF_ONE_REMOTE = (
    SafetyStop,
    RemoteUnavailable,
    RemoteFormatError,
    RemoteMoved,
    LocalError,
    StoreError,
    UsageError,
)
"""What one remote may fail with; UsageError where its settings are of no use on this machine."""


@dataclass(frozen=True)
class Linked:
    """One remote of the workspace: its rule and what is remembered of it."""

    context: Context
    state: State
    rule: Rule

    @property
    def name(self) -> str:
        return self.context.name


class Failures:
    """What single remotes failed with; the others go on meanwhile."""

    def __init__(self, remotes: int) -> None:
        self.found: dict[str, HubsyncError] = {}
        self._remotes = remotes

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Note an error of the remote ``name``."""
        try:
            yield
        except _OF_ONE_REMOTE as error:
            self.found[name] = error

    def stop(self) -> None:
        """Raise the safety stops there are."""
        self._raise({name: e for name, e in self.found.items() if isinstance(e, SafetyStop)}, "")

    def finish(self, results: Sequence[SyncResult] = ()) -> None:
        """Raise what there is, once everything else is done: ``results``."""
        others = len(self.found) < self._remotes
        done = "The other remotes were synced as far as they could be." if others else ""
        try:
            self._raise(self.found, done)
        except HubsyncError as error:
            error.done = together(results) if results else None
            raise

    def _raise(self, found: Mapping[str, HubsyncError], done: str) -> None:
        """One error for all: the first one's kind and code, and what each remote has to say."""
        if not found:
            return
        first = next(iter(found.values()))
        if self._remotes == 1:
            raise first
        messages = [_with_name(name, error) for name, error in found.items()]
        hints = dict.fromkeys([*(error.hint for error in found.values()), done])
        raise type(first)(" ".join(messages), " ".join(filter(None, hints)), first.code) from first


def _with_name(name: str, error: HubsyncError) -> str:
    unsynced = " was not synced" if isinstance(error, (RemoteUnavailable, UsageError)) else ""
    return f"The remote {name!r}{unsynced}: {error.message}"


def run_all(
    linked: Sequence[Linked], request: Request, waiting: Sequence[Rule] = ()
) -> list[SyncResult]:
    """The results with each remote. New files that rules of ``waiting`` take, of remotes that are
    not linked yet, go to none. Raises as `cycle.run` does, for all remotes together."""
    failures = Failures(len(linked))
    if not request.dry_run:
        finish(linked[0].context.layout)
    looked: dict[str, tuple[Linked, Looked]] = {}
    for one, now in look_all(linked, request, failures, waiting):
        with failures.of(one.name):
            checked(now.view, now.plan, one.context.beside)
            looked[one.name] = one, now
    failures.stop()
    done: dict[str, tuple[Linked, State, Tally]] = {}
    for name in _in_turn(looked):
        one, first = looked.pop(name)  # a view is large, and of no use once it was carried out
        tally = Tally()
        with failures.of(name):
            done[name] = one, run(one.context, one.state, request, tally, first), tally
    results = []
    for one, state, tally in [done[one.name] for one in linked if one.name in done]:
        with failures.of(one.name):
            if tally.held and not request.dry_run:
                state = _with_arrived(one, state, request, tally, done)
            if isinstance(one.context.remote, Notifies):
                tally.notices = one.context.remote.notices()
            results.append(tally.result(request.dry_run, state.revision))
    failures.finish(results)
    return results


def _in_turn(looked: Mapping[str, tuple[Linked, Looked]]) -> Sequence[str]:
    new = {name: new_on(at.view.base, at.view.remote) for name, (_, at) in looked.items()}
    return in_turn(
        new, {name: one.context.routing.freed[name] for name, (one, _) in looked.items()}
    )


def look_all(
    linked: Sequence[Linked], request: Request, failures: Failures, waiting: Sequence[Rule] = ()
) -> list[tuple[Linked, Looked]]:
    """What is to be done with each remote that can be seen, before the safety stops."""
    drafts: list[tuple[Linked, Looked]] = []
    for one, seen in see_all(linked, request, failures, waiting):
        known = _standing(other.state for other in linked if other.name != one.name)
        one = replace_fields(one, context=replace_fields(one.context, stands=known))
        with failures.of(one.name):
            drafts.append((one, planned(one.context, seen, request)))
    looked: list[tuple[Linked, Looked]] = []
    for one, now in drafts:
        others = [at for at in drafts if at[0].name != one.name]
        beside = [other.plan for _, other in others]
        deletes = sum(carry.entry is None for carry in now.plan.carries) > FEW
        context = replace_fields(one.context, beside=beside if deletes or request.dry_run else ())
        if request.dry_run and now.plan.held:
            going = [foreseen(at.context, other.plan, request.only) for at, other in others]
            now = replace_fields(now, plan=released(now.plan, partial(sends, going)))
        looked.append((replace_fields(one, context=context), now))
    return looked


def _standing(states: Iterable[State]) -> Stands:
    """What is on remotes, by what is remembered of them."""
    bases = [state.base for state in states]
    return lambda path, entry: any(stands_in(base, path, entry) for base in bases)


def _with_arrived(
    one: Linked,
    state: State,
    request: Request,
    tally: Tally,
    done: Mapping[str, tuple[Linked, State, Tally]],
) -> State:
    """One more run, for the deletions of what has arrived on other remotes meanwhile."""
    stands = _standing(there for name, (_, there, _) in done.items() if name != one.name)
    if not any(stands(*place) for held in tally.held for place in held.places):
        return state
    return run(replace_fields(one.context, stands=stands), state, request, tally)


def see_all(
    linked: Sequence[Linked],
    request: Request,
    failures: Failures,
    waiting: Sequence[Rule] = (),
) -> list[tuple[Linked, Sight]]:
    """The remotes that can be seen, each with its part of the paths made out."""
    seen: dict[str, Sight] = {}
    for one in linked:
        with failures.of(one.name):
            seen[one.name] = sight(one.context, one.state, request)
    routing = routings(
        [*(one.rule for one in linked), *waiting],
        {rule.name: {} for rule in waiting} | {one.name: one.state.base for one in linked},
        {name: found.remote for name, found in seen.items()},
        {name: given_up(at.base, at.scan.tree, at.remote) for name, at in seen.items()},
    )
    for one in linked:
        if one.name in seen:
            with failures.of(one.name):
                found = seen.pop(one.name)
                seen[one.name] = replace_fields(found, arriving=arriving(one.context, found))
    return [
        (
            replace_fields(
                one,
                context=replace_fields(
                    one.context,
                    routing=routing[one.name],
                    arriving=_of_others(linked, seen, one.name),
                ),
            ),
            seen[one.name],
        )
        for one in linked
        if one.name in seen
    ]


def _of_others(linked: Sequence[Linked], seen: Mapping[str, Sight], name: str) -> dict[str, str]:
    """The rules that arrive from other remotes; of a path those of the first that has them."""
    found: dict[str, str] = {}
    for one in linked:
        if one.name != name and one.name in seen:
            found = {**seen[one.name].arriving, **found}
    return found
