"""What a sync would do now, without doing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from hubsync.core.captures import repository_of
from hubsync.core.moves import kept_under_old_name
from hubsync.core.paths import ancestors
from hubsync.core.policy import Policy, equal
from hubsync.engine.context import Request
from hubsync.engine.decide import checked, foreseen
from hubsync.engine.merging import merger_of
from hubsync.engine.observe import View
from hubsync.engine.obstacles import unobstructed
from hubsync.engine.several import Failures, Linked, look_all
from hubsync.engine.tally import kind_of
from hubsync.errors import HubsyncError, RemoteUnavailable, SafetyStop, UsageError
from hubsync.model import Entry, Kind, Problem, Tree
from hubsync.results import (
    ChangeKind,
    ConflictCopy,
    NestedRepository,
    PathChange,
    RemoteInfo,
    Status,
    Stop,
)
from hubsync.services.conflicts import copies_among
from hubsync.services.history import by_repository
from hubsync.services.sharing import Told


def status(
    root: str,
    remotes: Sequence[RemoteInfo],
    linked: Sequence[Linked],
    request: Request,
    told: Told,
    inner: Callable[[Sequence[str]], tuple[NestedRepository, ...]],
) -> Status:
    """Both sides against the base, for every remote; each path once.

    ``told``: what other hubs say of remotes; ``inner``: tells of the Git repositories inside.
    Where some of several remotes cannot be reached or opened, the others are told of. Raises what a
    single remote, or each of them, fails with, safety stops apart.
    """
    local: dict[str, PathChange] = {}
    remote: dict[str, PathChange] = {}
    problems: dict[tuple[str, str], Problem] = {}
    nested: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    copies: dict[str, ConflictCopy] = {}
    coming: set[str] = set()
    submodules: set[str] = set()
    failures = Failures(len(linked))
    for one, now in look_all(linked, request, failures, told.rules):
        view, plan, beside = now.view, now.plan, one.context.beside
        with failures.of(one.name):
            for found, side in ((local, view.local), (remote, view.remote)):
                found.update((c.path, c) for c in changes(view, side) if c.path not in found)
            problems |= {(one.path, one.code): one for one in view.problems}
            nested, withheld = view.scan.nested, view.scan.withheld
            submodules |= view.snapshot.submodules
            copies |= {one.copy: one for one in copies_among(view.scan.tree)}
            plan = unobstructed(root, foreseen(one.context, plan), beside)
            waiting = (kept_under_old_name(held.carry.path, held.now) for held in plan.held)
            met = (*plan.problems, *waiting)
            problems |= {(one.path, one.code): one for one in met}
            for one_side in (local, remote):
                for stuck in met:
                    one_side.pop(stuck.path, None)
            coming |= {keep.path for keep in plan.keeps}
            # A text may merge; that is seen when both contents are here.
            coming |= {merge.path for merge in plan.merges if merger_of(merge) is None}
            checked(view, now.plan, beside)
    inside = inner(nested)
    problems |= {(one.path, one.code): one for found in inside for one in found.problems}
    unavailable = _told(failures, (RemoteUnavailable, UsageError))
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
        problems=(*problems.values(), *told.problems),
        nested=nested,
        repositories=inside,
        submodules=tuple(sorted(submodules)),
        withheld=withheld,
        stops=stops,
        unavailable=unavailable,
    )


def _told(
    failures: Failures, kind: type[HubsyncError] | tuple[type[HubsyncError], ...]
) -> tuple[Stop, ...]:
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
        hidden = view.policy.hides(path, view.local.get(path), view.remote.get(path), before)
        if hidden or _stuck(view.policy, path):
            continue
        before, entry, there = (
            _carried(view.policy, one) for one in (before, entry, other.get(path))
        )
        if _as_before(view.policy, before, entry) or equal(entry, there, view.policy):
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
    return _of_repositories(list(found.values()))


def _of_repositories(found: list[PathChange]) -> list[PathChange]:
    """The changes of captures as those of the repositories that they are of."""
    plain = [one for one in found if not repository_of(one.path)]
    captures = [one for one in found if repository_of(one.path)]
    size = Counter[str]()
    for one in captures:
        size[repository_of(one.path)] += one.size
    told = by_repository((one.path, one.change) for one in captures)
    kinds = {ChangeKind.RENAMED: ChangeKind.EDITED}
    return plain + [PathChange(path, kinds.get(kind, kind), size[path]) for path, kind in told]


def _stuck(policy: Policy, path: str) -> bool:
    """Whether a problem, which is told by itself, leaves the path out of every plan (rule 7)."""
    blocked = policy.blocked
    return bool(blocked) and (path in blocked or any(one in blocked for one in ancestors(path)))


def _carried(policy: Policy, entry: Entry | None) -> Entry | None:
    """The entry as the remote can hold it: an empty directory may be nothing there (rule 16)."""
    empty = entry is not None and entry.kind is Kind.DIR
    return None if empty and not policy.empty_directories else entry


def _as_before(policy: Policy, before: Entry | None, entry: Entry | None) -> bool:
    if equal(before, entry, policy):
        return True
    empty = (before, entry)
    # A directory that stopped being empty is told by what is in it now.
    return all(one is None or one.kind is Kind.DIR for one in empty) and entry is None
