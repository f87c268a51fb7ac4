"""A tree that a disk can hold: no path below a file, no empty directory that holds something.

Object stores allow ``f`` and ``f/x`` side by side. Neither may be taken for a deletion (rule 7),
so both stay in the tree and the file is reported, which sets aside everything below it too. A link
that leads out of the workspace is reported in the same way (rule 14).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from hubsync.core.clearing import COLLISION
from hubsync.core.paths import ancestors, display, link_stays_inside
from hubsync.model import Entry, Kind, Problem, Tree


class Misfits(Struct, frozen=True):
    """``emptied``: rows of empty directories that are there no more: something is in them, or a
    file has their place. The problems' paths stay."""

    emptied: frozenset[str] = frozenset()
    problems: tuple[Problem, ...] = ()


def misfits(tree: Tree, before: Tree | None, changed: Iterable[str]) -> Misfits:
    """What of ``tree`` no disk can hold, where ``changed`` may have made it so since ``before``."""
    suspects = {path: entry for path in changed if (entry := tree.get(path)) is not None}
    new = {path for path, entry in suspects.items() if _is_new(before, path, entry)}
    clashes = _above(tree, new) | _with_something_below(tree, new) if new else set()
    emptied = {path for path in clashes if _is_dir(tree, path)}
    holding: set[str] = set()
    for path, below in _below(tree, clashes - emptied).items():
        # What hubsync recorded as an empty directory is no object: another tool's file there says
        # that the directory is gone.
        if all(_is_dir(tree, one) for one in below):
            emptied.update(below)
        else:
            holding.add(path)
    problems = [_collision(path) for path in sorted(holding)]
    problems += [
        _leads_out(path, entry)
        for path, entry in suspects.items()
        if entry.kind is Kind.LINK and not link_stays_inside(path, entry.target)
    ]
    return Misfits(frozenset(emptied), tuple(problems))


def _is_new(before: Tree | None, path: str, entry: Entry) -> bool:
    """A file that was a file before collides with nothing that it did not collide with then."""
    known = before.get(path) if before is not None else None
    return known is None or known.kind is not entry.kind


def _above(tree: Tree, new: Iterable[str]) -> set[str]:
    """Entries that lie above a new path."""
    above = {directory for path in new for directory in ancestors(path)}
    return {path for path in above if tree.get(path) is not None}


def _with_something_below(tree: Tree, new: set[str]) -> set[str]:
    """New paths below which something lies; one pass over the tree's directories."""
    found: set[str] = set()
    for directory in {path[: path.rfind("/")] for path in tree if "/" in path}:
        if directory in new:
            found.add(directory)
        found.update(above for above in ancestors(directory) if above in new)
    return found


def _below(tree: Tree, files: set[str]) -> dict[str, list[str]]:
    """What lies below each of ``files``."""
    found: dict[str, list[str]] = {path: [] for path in files}
    for path in tree if files else ():
        for above in ancestors(path):
            if above in found:
                found[above].append(path)
    return found


def _is_dir(tree: Tree, path: str) -> bool:
    entry = tree.get(path)
    return entry is not None and entry.kind is Kind.DIR


def without(tree: Tree, paths: Iterable[str]) -> Tree:
    gone: Mapping[str, Entry | None] = dict.fromkeys(paths, None)
    return tree.with_changes(gone)


def _collision(path: str) -> Problem:
    return Problem(
        path,
        COLLISION,
        f"The remote has a file {display(path)} and also files below it, which no disk can hold.",
        "Move or delete one of the two where somebody has it, or rename it on the remote. Until "
        "then both stay as they are.",
    )


def _leads_out(path: str, entry: Entry) -> Problem:
    return Problem(
        path,
        "link-outside",
        f"The link {display(path)} leads out of the workspace: {display(entry.target[:200])}.",
        "Such links are not carried. Make it relative to something in the workspace.",
    )
