"""Conflict copies in the workspace, and ending a conflict.

Nothing is remembered of a conflict but the copy itself: its name says of what it is a copy, on
every hub alike.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Collection

from hubsync.core.conflicts import is_conflict_copy, original_among, shortened
from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import MAX_NAME_BYTES, parent
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


def copies_among(paths: Collection[str]) -> list[ConflictCopy]:
    """The conflict copies among all the paths of a workspace."""
    copies = [path for path in paths if is_conflict_copy(path) is not None]
    folders: dict[str, list[str]] = {parent(copy): [] for copy in copies}
    for path in paths if copies else ():
        siblings = folders.get(parent(path))
        if siblings is not None:
            siblings.append(path)
    found = []
    for copy in copies:
        original = original_among(copy, paths, folders[parent(copy)])
        assert original is not None
        found.append(ConflictCopy(original, copy))
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
    if keep == "mine":
        _refuse_folder(layout.root, mine[0])
    if keep == "theirs":
        _refuse_absent(layout.root, mine[0])
    stage = Stage(layout.root)
    changed: list[str] = []
    try:
        with Applier(layout.root, Trash(layout.root, lambda: now)) as applier:
            for one in mine:
                changed += _end(layout, stage, applier, tree, one, keep)
            applier.flush()
    finally:
        stage.clear()
    return sorted(changed)


def _refuse_folder(root: str, conflict: ConflictCopy) -> None:
    """An empty folder gives way to the copy; any other would have to be emptied by a person."""
    place = os.path.join(root, conflict.path)
    if os.path.isdir(place) and not os.path.islink(place) and os.listdir(place):
        raise LocalError(
            f"{conflict.path} is a folder, so {conflict.copy} cannot take its name.",
            "Move the folder aside and run this again, or keep 'theirs' (the folder) or 'both'.",
            "folder-in-the-way",
        )


def _refuse_absent(root: str, conflict: ConflictCopy) -> None:
    """The copy goes only where something else stays."""
    if not os.path.lexists(os.path.join(root, conflict.path)):
        raise LocalError(
            f"Nothing is called {conflict.path} any more, so {conflict.copy} is the only version "
            "here.",
            "Keep 'mine' to give it that name back, or delete it.",
            "no-other-version",
        )


def _end(
    layout: Layout, stage: Stage, applier: Applier, tree: Tree, conflict: ConflictCopy, keep: str
) -> list[str]:
    """End one conflict; the paths that changed. The copy goes only once its content stands under
    the other name: until then it is the version that was chosen. Raises LocalError, SourceChanged.
    """
    copy = _read(layout, tree, conflict.copy)
    changed: list[str] = []
    if keep != "theirs":
        target = conflict.path if keep == "mine" else free_name(layout.root, conflict)
        source = None
        if copy.kind is Kind.FILE:
            source = copy_verified(layout.root, conflict.copy, copy, stage)
        before = _read(layout, tree, target) if target in tree else None
        changed.append(_done(applier, Step(target, copy, before, source)))
    changed.append(_done(applier, Step(conflict.copy, None, copy)))
    return changed


def _done(applier: Applier, step: Step) -> str:
    """Carry one step out; its path. Raises LocalError for one that was not."""
    [outcome] = applier.apply([step])
    if outcome.problem is not None:
        problem = outcome.problem
        raise LocalError(f"{step.path}: {problem.message}", problem.hint, problem.code)
    if outcome.result is not Result.APPLIED:
        raise LocalError(f"{step.path} changed meanwhile.", "Try again.", "changed-meanwhile")
    return step.path


def _read(layout: Layout, tree: Tree, path: str) -> Entry:
    entry = tree[path]
    return digest_file(layout.root, path, entry) if entry.kind is Kind.FILE else entry


def free_name(root: str, conflict: ConflictCopy) -> str:
    """An ordinary name beside the original: ``notes-2.md``, or the next number that is free."""
    directory, slash, name = conflict.path.rpartition("/")
    stem, extension = os.path.splitext(name)
    for number in itertools.count(2):
        room = MAX_NAME_BYTES - len(f"-{number}{extension}".encode())
        path = f"{directory}{slash}{shortened(stem, room)}-{number}{extension}"
        if not os.path.lexists(os.path.join(root, path)):
            return path
    raise AssertionError("numbers do not end")
