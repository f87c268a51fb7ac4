"""Conflict copies in the workspace, and ending a conflict.

Nothing is remembered of a conflict but the copy itself: its name says of what it is a copy, on
every hub alike.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from hubsync.core.conflicts import is_conflict_copy
from hubsync.core.ignore import IgnoreRules
from hubsync.errors import LocalError, UsageError
from hubsync.local.apply import Applier
from hubsync.local.copying import copy_verified
from hubsync.local.digest import digest_file
from hubsync.local.layout import Layout
from hubsync.local.scan import scan
from hubsync.local.stage import Stage
from hubsync.local.steps import Result, Step
from hubsync.local.trash import Trash
from hubsync.model import Entry, Kind, Tree
from hubsync.results import ConflictCopy

KEEP = ("mine", "theirs", "both")


def copies_among(paths: Iterable[str]) -> list[ConflictCopy]:
    """The conflict copies among some paths."""
    found = []
    for path in paths:
        original = is_conflict_copy(path)
        if original is not None:
            found.append(ConflictCopy(original, path))
    return sorted(found, key=lambda one: one.copy)


def find(root: str) -> list[ConflictCopy]:
    """The conflict copies on the disk."""
    return copies_among(_scanned(root))


def _scanned(root: str) -> Tree:
    return scan(root, Tree(), IgnoreRules.builtin()).tree


def resolve(layout: Layout, path: str, keep: str, *, now: int) -> list[str]:
    """See `Workspace.resolve`. Raises UsageError, LocalError."""
    if keep not in KEEP:
        raise UsageError(
            f"{keep!r} is no choice.", "Choose 'mine', 'theirs' or 'both'.", "bad-choice"
        )
    tree = _scanned(layout.root)
    mine = [one for one in copies_among(tree) if path in (one.path, one.copy)]
    if not mine:
        raise UsageError(
            f"{path} is in no conflict.",
            "'hubsync conflicts' lists what is left to decide.",
            "no-conflict",
        )
    if keep == "mine" and len(mine) > 1:
        names = ", ".join(one.copy for one in mine)
        raise UsageError(
            f"{path} has {len(mine)} conflict copies.",
            f"Name the one to keep: {names}.",
            "several-copies",
        )
    steps: list[Step] = []
    stage = Stage(layout.root)
    for one in mine:
        steps += _steps(layout, stage, tree, one, keep)
    with Applier(layout.root, Trash(layout.root, lambda: now)) as applier:
        results = list(applier.apply(steps))
        applier.flush()
    stage.clear()
    left = [one.path for one in results if one.result is not Result.APPLIED]
    if left:
        raise LocalError(
            f"{left[0]} changed meanwhile, or cannot be written.", "Try again.", "changed-meanwhile"
        )
    return sorted(one.path for one in results)


def _steps(
    layout: Layout, stage: Stage, tree: Tree, conflict: ConflictCopy, keep: str
) -> list[Step]:
    copy = _read(layout, tree, conflict.copy)
    if keep == "theirs":
        return [Step(conflict.copy, None, copy)]
    target = conflict.path if keep == "mine" else free_name(layout.root, conflict)
    source = None
    if copy.kind is Kind.FILE:
        source = copy_verified(layout.root, conflict.copy, copy, stage)
    before = _read(layout, tree, target) if target in tree else None
    return [Step(target, copy, before, source), Step(conflict.copy, None, copy)]


def _read(layout: Layout, tree: Tree, path: str) -> Entry:
    entry = tree[path]
    return digest_file(layout.root, path, entry) if entry.kind is Kind.FILE else entry


def free_name(root: str, conflict: ConflictCopy) -> str:
    """An ordinary name beside the original: ``notes-2.md``, or the next number that is free."""
    stem, extension = os.path.splitext(conflict.path)
    number = 2
    while os.path.lexists(os.path.join(root, f"{stem}-{number}{extension}")):
        number += 1
    return f"{stem}-{number}{extension}"
