"""What a scan did not meet: which known paths are gone, which are only out of sight."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence

from hubsync.core.ignore import IgnoreRules
from hubsync.local.steps import directories_above
from hubsync.model import Entry, Kind, Tree

Changes = dict[str, Entry | None]


def settle_leftovers(
    root: str,
    rest: Mapping[str, Entry],
    held: Sequence[str],
    rules: IgnoreRules,
    changes: Changes,
) -> set[str]:
    """Take the known paths in ``rest``, which were not met, for gone, unless they are out of sight.

    Out of sight is what lies below one of ``held`` (directories, each ending in ``/``, that could
    not be looked into: rule 7), and what is ignored now, which is returned (rule 8).
    """
    prefixes = tuple(held)
    ignored: set[str] = set()
    parents: set[str] | None = None
    for path, entry in rest.items():
        if prefixes and (path + "/").startswith(prefixes):
            continue
        if rules.ignores_deep(path, entry.kind is Kind.DIR):
            ignored.add(path)
            continue
        if entry.kind is Kind.DIR:
            # Rule 8: a directory with nothing but ignored things in it looks as empty as it was.
            if parents is None:
                parents = directories_above(p for p, now in changes.items() if now is not None)
            if path not in parents and _is_directory(os.path.join(root, path)):
                continue
        changes[path] = None
    return ignored


def settle_ignored(known: Tree, rules: IgnoreRules, changes: Changes) -> set[str]:
    """The known paths that ``rules`` hide; they are no changes (rule 8)."""
    ignored = {
        path for path, entry in known.items() if rules.ignores_deep(path, entry.kind is Kind.DIR)
    }
    for path in ignored:
        changes.pop(path, None)
    return ignored


def recognise_moved(known: Tree, changes: Changes) -> None:
    """Files of a renamed directory keep size, times and inode: they keep their digests, unread."""
    vanished: dict[int, Entry] = {}
    for path, entry in changes.items():
        if entry is None:
            before = known.get(path)
            if before is not None and before.inode and before.digest is not None:
                vanished[before.inode] = before
    if not vanished:
        return
    for path, entry in changes.items():
        if entry is None or entry.kind is not Kind.FILE:
            continue
        before = vanished.get(entry.inode)
        if (
            before is not None
            and before.size == entry.size
            and before.mtime == entry.mtime
            and before.ctime == entry.ctime
        ):
            changes[path] = _with_digest(entry, before.digest)


def _with_digest(entry: Entry, digest: bytes | None) -> Entry:
    return Entry(
        entry.kind,
        entry.size,
        digest,
        entry.mtime,
        entry.executable,
        entry.target,
        entry.ctime,
        entry.inode,
    )


def _is_directory(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
