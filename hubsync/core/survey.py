"""Which paths a plan has to look at, and which of them it must leave alone (rules 7, 8, 14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from hubsync.core.paths import ancestors, check_remote_name, display, link_stays_inside, parent
from hubsync.core.policy import Policy
from hubsync.model import Entry, Kind, Problem, Tree


class Survey(Struct, frozen=True):
    """``paths``: sorted, changed on a side, to be decided on. ``stale``: empty-directory entries of
    which the same side contradicts itself by an entry below them."""

    paths: tuple[str, ...]
    stale: frozenset[str]
    problems: tuple[Problem, ...]


def survey(base: Tree, local: Tree, remote: Tree, policy: Policy) -> Survey:
    """What changed on either side. Costs as much as changed, however large the trees are."""
    local_changes = local.changes_since(base)
    remote_changes = remote.changes_since(base)
    claimed = _files_with_children(local_changes, local) | _files_with_children(
        remote_changes, remote
    )
    candidates = local_changes.keys() | remote_changes.keys() | claimed
    under_blocked = _Below(policy.blocked)
    above_blocked = {above for path in policy.blocked for above in ancestors(path)}
    problems: list[Problem] = []
    barred: set[str] = set()
    stale: set[str] = set()
    seen: list[str] = []
    for path in sorted(candidates):
        here, there = local.get(path), remote.get(path)
        if under_blocked(path) or _is_hidden(path, here, there, base.get(path), policy):
            continue
        problem = _problem(path, here, there, policy)
        if problem is None and path in claimed:
            if _only_directories(here, there):
                stale.add(path)
            else:
                problem = _contradiction(path)
        if problem is None and path in above_blocked and not _only_gone(here, there):
            problem = _in_the_way(path)
        if problem is None:
            seen.append(path)
            continue
        problems.append(problem)
        if not (path in claimed and _held_by_one(here, there)):
            barred.add(path)
    under_barred = _Below(barred)
    return Survey(
        tuple(path for path in seen if not under_barred(path)) if barred else tuple(seen),
        frozenset(stale),
        tuple(problems),
    )


class _Below:
    """Whether a path is one of ``roots`` or below one; asked once for each directory."""

    def __init__(self, roots: Iterable[str]) -> None:
        self._roots = frozenset(roots)
        self._directories: dict[str, bool] = {"": False}

    def __call__(self, path: str) -> bool:
        if not self._roots:
            return False
        return path in self._roots or self._directory(parent(path))

    def _directory(self, path: str) -> bool:
        known = self._directories.get(path)
        if known is None:
            known = path in self._roots or self._directory(parent(path))
            self._directories[path] = known
        return known


def _files_with_children(changes: Mapping[str, Entry | None], tree: Tree) -> set[str]:
    """Paths that are an entry of ``tree`` although something that changed there is below them.

    A disk cannot be like that; an object store that other tools write to can.
    """
    found: set[str] = set()
    seen: set[str] = {""}
    for path, entry in changes.items():
        if entry is None:
            continue
        directory = parent(path)
        while directory not in seen:
            seen.add(directory)
            if tree.get(directory) is not None:
                found.add(directory)
            directory = parent(directory)
    return found


def _is_hidden(
    path: str, here: Entry | None, there: Entry | None, before: Entry | None, policy: Policy
) -> bool:
    entry = here or there or before
    if entry is not None and entry.kind is Kind.DIR:
        return policy.hidden(path + "/")
    return policy.hidden(path)


def _problem(path: str, here: Entry | None, there: Entry | None, policy: Policy) -> Problem | None:
    # Rule 14, once more at the only door that every incoming name has to pass.
    if there is not None:
        refused = check_remote_name(path)
        if refused is not None:
            return refused
    for entry in (here, there):
        if entry is not None and entry.kind is Kind.LINK:
            if not policy.symlinks:
                return Problem(
                    path,
                    "link-not-carried",
                    f"{display(path)} is a symbolic link, which the other side cannot hold.",
                    "Ignore it, or put a file in its place.",
                )
            if not link_stays_inside(path, entry.target):
                return Problem(
                    path,
                    "link-leaves-workspace",
                    f"{display(path)} is a link to {display(entry.target)}, "
                    "which is not inside the workspace.",
                    "Links are synced if they are relative and stay inside the workspace.",
                )
    return None


def _contradiction(path: str) -> Problem:
    return Problem(
        path,
        "file-and-directory",
        f"{display(path)} is a file and a directory at once on the remote; no disk can hold that.",
        "Rename or remove one of the two on the remote with the tool that wrote it.",
    )


def _in_the_way(path: str) -> Problem:
    return Problem(
        path,
        "holds-problem",
        f"{display(path)} cannot be replaced: something in it could not be read.",
        "Solve the problem that is reported for what it holds.",
    )


def _only_directories(here: Entry | None, there: Entry | None) -> bool:
    return all(entry is None or entry.kind is Kind.DIR for entry in (here, there))


def _only_gone(here: Entry | None, there: Entry | None) -> bool:
    return here is None and there is None


def _held_by_one(here: Entry | None, there: Entry | None) -> bool:
    """Whether the other side has nothing at the path, so that what is below can go there."""
    return here is None or there is None
