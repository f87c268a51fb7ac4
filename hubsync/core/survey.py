"""Which paths a plan has to look at, and which of them it must leave alone (rules 7, 8, 14)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from hubsync.core.paths import ancestors, check_remote_name, display, link_stays_inside, parent
from hubsync.core.policy import Policy
from hubsync.model import Entry, Kind, Problem, Tree

Row = tuple[str, Entry | None, Entry | None, Entry | None]
"""A path with its entries in base, local and remote."""


class Survey(Struct, frozen=True):
    """``rows``: what changed on a side and is to be decided on, sorted by path. ``stale``: paths of
    empty directories that are none, since the same side has something below them."""

    rows: tuple[Row, ...]
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
    under_blocked = Below(policy.blocked)
    above_blocked = {
        above
        for path in policy.blocked
        if check_remote_name(path) is None
        for above in ancestors(path)
    }
    problems: list[Problem] = []
    barred: set[str] = set()
    stale: set[str] = set()
    rows: list[Row] = []
    for path in sorted(candidates):
        before, here, there = base.get(path), local.get(path), remote.get(path)
        if policy.blocked and under_blocked(path):
            continue
        if policy.hides(path, here, there, before):
            continue
        problem = _problem(path, here, there, policy)
        if problem is None and path in claimed and path not in policy.cleared:
            if _only_directories(here, there):
                stale.add(path)
            else:
                problem = _contradiction(path)
        if problem is None and path in above_blocked and not _only_directories(here, there):
            # What is at the path stays, so that nothing can come or go below it either.
            problems.append(_in_the_way(path))
            barred.add(path)
            continue
        if problem is None:
            rows.append((path, before, here, there))
            continue
        problems.append(problem)
        if not (path in claimed and _held_by_one(here, there)):
            barred.add(path)
    under_barred = Below(barred)
    return Survey(
        tuple(row for row in rows if not under_barred(row[0])) if barred else tuple(rows),
        frozenset(stale),
        tuple(problems),
    )


class Below:
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
        directory = path.rpartition("/")[0]
        while directory not in seen:
            seen.add(directory)
            if tree.get(directory) is not None:
                found.add(directory)
            directory = parent(directory)
    return found


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
        "Nothing in it is synced until the problem that is reported for what it holds is solved.",
    )


def _only_directories(here: Entry | None, there: Entry | None) -> bool:
    return all(entry is None or entry.kind is Kind.DIR for entry in (here, there))


def _held_by_one(here: Entry | None, there: Entry | None) -> bool:
    """Whether the other side has nothing at the path, so that what is below can go there."""
    return here is None or there is None
