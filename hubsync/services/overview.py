"""What a sync would do now, without doing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hubsync.core.paths import ancestors
from hubsync.core.policy import Policy, equal
from hubsync.engine.context import Request
from hubsync.engine.decide import decide, decided_view
from hubsync.engine.merging import merger_of
from hubsync.engine.observe import View, view_of
from hubsync.engine.several import Failures, Linked, see_all
from hubsync.engine.tally import kind_of
from hubsync.errors import HubsyncError, RemoteUnavailable, SafetyStop
from hubsync.model import Entry, Kind, Problem, Tree
from hubsync.results import ChangeKind, ConflictCopy, PathChange, RemoteInfo, Status, Stop
from hubsync.services.conflicts import copies_among


def status(
    root: str, remotes: Sequence[RemoteInfo], linked: Sequence[Linked], request: Request
) -> Status:
    """Both sides against the base, for every remote; each path once.

    Where some of several remotes cannot be reached, the others are told of. Raises what a single
    remote, or each of them, fails with, safety stops apart.
    """
    local: dict[str, PathChange] = {}
    remote: dict[str, PathChange] = {}
    problems: dict[tuple[str, str], Problem] = {}
    nested: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    copies: dict[str, ConflictCopy] = {}
    coming: set[str] = set()
    failures = Failures(len(linked))
    for one, seen in see_all(linked, request, failures):
        with failures.of(one.name):
            view = decided_view(one.context, view_of(one.context, seen, request), request)
            for found, side in ((local, view.local), (remote, view.remote)):
                found.update((c.path, c) for c in changes(view, side) if c.path not in found)
            problems |= {(one.path, one.code): one for one in view.problems}
            nested, withheld = view.scan.nested, view.scan.withheld
            copies |= {one.copy: one for one in copies_among(view.scan.tree)}
            plan, _ = decide(view, request)
            coming |= {keep.path for keep in plan.keeps}
            # A text may merge; that is seen when both contents are here.
            coming |= {merge.path for merge in plan.merges if merger_of(merge) is None}
    unavailable = _told(failures, RemoteUnavailable)
    stops = _told(failures, SafetyStop)
    if len(unavailable) + len(stops) < len(failures.found) or len(unavailable) == len(linked):
        failures.finish()
    return Status(
        workspace=root,
        remotes=tuple(remotes),
        local=_by_path(local),
        remote=_by_path(remote),
        conflicts=tuple(copies[name] for name in sorted(copies)),
        coming=tuple(sorted(coming)),
        problems=tuple(problems.values()),
        nested=nested,
        withheld=withheld,
        stops=stops,
        unavailable=unavailable,
    )


def _told(failures: Failures, kind: type[HubsyncError]) -> tuple[Stop, ...]:
    return tuple(
        Stop(name, error.code, error.message, error.hint)
        for name, error in failures.found.items()
        if isinstance(error, kind)
    )


def _by_path(found: Mapping[str, PathChange]) -> tuple[PathChange, ...]:
    return tuple(found[path] for path in sorted(found))


def changes(view: View, side: Tree) -> list[PathChange]:
    """How one side differs from the base, leaving out what both sides did alike."""
    other = view.remote if side is view.local else view.local
    found: dict[str, PathChange] = {}
    gone: dict[bytes, str] = {}
    for path, entry in sorted(side.changes_since(view.base).items()):
        before = view.base.get(path)
        if view.policy.hidden(path) or _stuck(view.policy, path):
            continue
        if _as_before(view.policy, before, entry) or equal(entry, other.get(path), view.policy):
            continue
        found[path] = PathChange(path, kind_of(before, entry), entry.size if entry else 0)
        if entry is None and before is not None and before.digest is not None:
            gone[before.digest] = path
    for path in [one.path for one in found.values() if one.change is ChangeKind.CREATED]:
        entry = side.get(path)
        source = gone.pop(entry.digest, None) if entry and entry.digest else None
        if source is not None:
            del found[source]
            size = found[path].size
            found[path] = PathChange(path, ChangeKind.RENAMED, size, renamed_from=source)
    return list(found.values())


def _stuck(policy: Policy, path: str) -> bool:
    """Whether a problem, which is told by itself, leaves the path out of every plan (rule 7)."""
    blocked = policy.blocked
    return bool(blocked) and (path in blocked or any(one in blocked for one in ancestors(path)))


def _as_before(policy: Policy, before: Entry | None, entry: Entry | None) -> bool:
    if equal(before, entry, policy):
        return True
    empty = (before, entry)
    # A directory that stopped being empty is told by what is in it now.
    return all(one is None or one.kind is Kind.DIR for one in empty) and entry is None
