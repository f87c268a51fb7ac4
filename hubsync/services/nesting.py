"""The repositories inside a workspace, captured before a sync and brought in after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace as replace_fields

from msgspec.structs import replace

from hubsync.core.routing import Rule, route
from hubsync.engine.context import Request
from hubsync.engine.several import Linked, run_all
from hubsync.engine.tally import together
from hubsync.errors import UsageError
from hubsync.leaks.allowed import FILE_NAME
from hubsync.leaks.allowed import load as load_allowed
from hubsync.leaks.gate import too_large
from hubsync.links import Links
from hubsync.local.layout import Layout
from hubsync.model import NESTED_DIR, Identity, Problem, Side, Tree
from hubsync.nested.excluding import exclude_captures
from hubsync.nested.findings import DIVERGED
from hubsync.nested.memory import load as load_known
from hubsync.nested.overview import overview
from hubsync.nested.room import Outgoing, Room
from hubsync.remotes.registry import names_git
from hubsync.results import NestedRepository, SyncResult


def around(
    links: Links,
    linked: Sequence[Linked],
    request: Request,
    identity: Identity,
    waiting: Sequence[Rule],
) -> SyncResult:
    """One command with all remotes; ``waiting``: as for `run_all`. It is run once more if captures
    changed by what came in, so that the next one finds nothing to do (rule 17). Raises as `run_all`
    does."""
    met: set[str] = set()

    def noticed(found: tuple[str, ...], remote: Tree) -> bool:
        """What goes out is captured at once, so that one publish has it with all else."""
        met.update(found)
        return room is not None and request.only is not Side.LOCAL and room.meet(found, remote)

    room: Room | None = None
    linked = _noticing(linked, noticed)
    if request.dry_run:
        result = together(run_all(linked, request, waiting))
        found = [one for inside in repositories(links, met) for one in inside.problems]
        return _telling(result, found)
    reporter = linked[0].context.reporter
    room = Room(
        links.layout,
        links.env,
        identity.hub,
        outgoing(links),
        confirmed=request.confirm_deletes,
        stopping=reporter.stopping,
    )
    if not any(names_git(one.url) and not one.follows_branch() for one in links.settings.remote):
        exclude_captures(links.layout.root)
    room.before()
    result = together(run_all(linked, request, waiting))
    if met or room.known or room.places.all():
        reporter.phase("Looking at the repositories inside")
    if room.after(met, bring=request.only is not Side.REMOTE) and request.only is not Side.LOCAL:
        fresh = [replace_fields(one, state=links.state(one.name)) for one in linked]
        result = _both(result, together(run_all(fresh, request, waiting)))
    return _telling(result, room.problems.values())


def _noticing(
    linked: Sequence[Linked], noticed: Callable[[tuple[str, ...], Tree], bool]
) -> list[Linked]:
    return [
        replace_fields(one, context=replace_fields(one.context, noticed=noticed)) for one in linked
    ]


def _telling(result: SyncResult, problems: Iterable[Problem]) -> SyncResult:
    told = {(one.path, one.code): one for one in (*result.problems, *problems)}
    return replace(result, problems=tuple(told.values()))


def resolve(links: Links, path: str, keep: str) -> bool:
    """End it where both hubs changed the repository ``path``; False if it is none. Raises
    UsageError, LocalError."""
    room = Room(links.layout, links.env, "", outgoing(links))
    known = room.known.get(path)
    if known is None or not known.offered:
        return False
    if keep not in ("mine", "theirs"):
        raise UsageError(
            f"{path} is a Git repository: both cannot be kept in one.",
            "Merge it with git, or choose 'mine' or 'theirs'.",
            "bad-choice",
        )
    return room.resolve(path, keep)


def diverged(layout: Layout) -> list[Problem]:
    """What is told of the repositories that two hubs changed, as of the last sync."""
    known = load_known(layout)
    return [
        problem
        for path in sorted(known)
        for problem in known[path].problems
        if problem.code == DIVERGED
    ]


def repositories(links: Links, met: Iterable[str]) -> tuple[NestedRepository, ...]:
    """The repositories in the workspace as a sync would find them."""
    return tuple(NestedRepository(*one) for one in overview(links.layout, met, outgoing(links)))


def outgoing(links: Links) -> Outgoing:
    """What of the repositories may go to the remotes that are linked."""
    remotes = links.settings.remote
    if not any(names_git(one.url) for one in remotes):
        return Outgoing()
    rules = [one.rule() for one in remotes]

    def refused(path: str, size: int) -> Problem | None:
        name = route(f"{NESTED_DIR}/{path}/{'0' * 32}.bundle", size, rules)
        to_git = bool(name) and names_git(links.settings.named(name).url)
        return too_large(path, size) if to_git else None

    return Outgoing(load_allowed(os.path.join(links.layout.metadata, FILE_NAME)), refused)


def _both(first: SyncResult, second: SyncResult) -> SyncResult:
    """Two runs of one command as one; what the second says of problems is newer."""
    whole = together([first, second])
    return replace(whole, problems=second.problems, revision=second.revision)
