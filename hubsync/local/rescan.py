"""A scan of the few paths that may have changed: what a `scan` of everything would find, where all
else is known to be as it was.

Each of them is looked at by the steps of the whole scan. Where what happened to it may concern more
than its own path (a directory that came, went or became empty, other rules) there is no such scan.
"""

from __future__ import annotations

import os
import stat
from typing import Final

from msgspec import Struct

from hubsync.core.ignore import IgnoreRules
from hubsync.local.dirs import split
from hubsync.local.evidence import same_evidence
from hubsync.local.scan import Walk
from hubsync.local.scanned import Scan
from hubsync.model import Kind, Tree

_GIT: Final = ".git"


class Spots(Struct, frozen=True):
    """Where a workspace may differ from what is remembered of it.

    ``paths``: no directories; also those that the rules hid, for they may not do so any more.
    ``hidden``: the directories that they hid, and that nobody looked into. ``ruled``: the
    directories that have files of rules, in the order of the last whole scan.
    """

    paths: frozenset[str]
    hidden: tuple[str, ...] = ()
    ruled: tuple[str, ...] = ()


def rescan(
    root: str, known: Tree, rules: IgnoreRules, spots: Spots, rules_digest: str
) -> Scan | None:
    """As `scan`, if only ``spots`` may be other than ``known`` says; None if a whole scan is needed
    to tell. ``rules_digest``: of the whole scan that ``known`` comes from. Raises LocalError."""
    walk = Walk(root, known, rules, checksum=False)
    try:
        walk.rest = {}
        walk.files = len(known)
        told = _visited(walk, spots, rules_digest) and _keeps_a_file(walk)
        return walk.result(rules_digest) if told else None
    except OSError:
        return None  # the whole scan says what is amiss
    finally:
        walk.close()


def _keeps_a_file(walk: Walk) -> bool:
    """Whether there still is one of the known files: a workspace without any is a safety matter."""
    known = walk.known.items()
    return any(one.kind is not Kind.DIR and path not in walk.rest for path, one in known)


def _visited(walk: Walk, spots: Spots, rules_digest: str) -> bool:
    for directory in spots.ruled:
        if not walk.read_rules(directory, walk.directories.open(directory)):
            return False
    if walk.on_disk.digest != rules_digest:
        return False
    for directory in spots.hidden:
        at = os.path.join(walk.root, directory, _GIT)
        if not walk.rules.ignores_deep(directory, True) or os.path.lexists(at):
            return False
    return all(_visit(walk, path) for path in sorted(spots.paths))


def _visit(walk: Walk, path: str) -> bool:
    directory, name = split(path)
    if (
        name == _GIT
        or name.lower() in walk.rules.file_names
        or walk.known.get(directory) is not None
    ):
        return False  # the last: an empty directory, which is none any more
    before = walk.known.get(path)
    try:
        descriptor = walk.directories.open(directory)
        now = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    except FileNotFoundError:
        if before is not None:
            walk.rest[path] = before
        elif not os.path.isdir(os.path.join(walk.root, directory)):
            return True  # the listing has told of that
        return _holds_something(walk, directory)
    if stat.S_ISDIR(now.st_mode):
        return before is not None and before.kind is Kind.DIR  # what came into it is seen there
    if before is not None and same_evidence(before, now):
        return True
    if walk.rules.ignores_deep(path):
        return before is None
    walk.take(name, path, before, now, descriptor)
    return True


def _holds_something(walk: Walk, directory: str) -> bool:
    """What became empty when the last thing in it went, hidden or not, is an entry of its own; the
    root is none."""
    if not directory:
        return True
    with os.scandir(walk.directories.open(directory)) as entries:
        return next(entries, None) is not None
