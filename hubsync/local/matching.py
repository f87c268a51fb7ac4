"""Whether a listing shows just what is remembered of a workspace, and what the rules hide."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from hubsync.core import paths
from hubsync.core.ignore import IgnoreRules
from hubsync.core.paths import ancestors, parent
from hubsync.local.listing import joined, named, path_of, row, rows
from hubsync.local.rescan import Spots
from hubsync.model import Entry, Kind

_LETTERS: Final = {Kind.FILE: "f", Kind.LINK: "l", Kind.DIR: "-"}
_GIT: Final = ".git"
_MOST: Final = 100
"""So many hidden directories are left out of later listings; what is in others is listed."""


class Matched(Struct, frozen=True):
    """As in `hubsync.local.mark.Mark`; ``rows``: the listing itself. ``hidden_files``: those in it
    that the rules hide."""

    listing: str
    hidden: tuple[str, ...]
    rows: bytes = b""
    hidden_files: tuple[str, ...] = ()


def matched(
    listing: bytes,
    base: Mapping[str, Entry],
    beside: Mapping[str, Entry | None],
    rules: IgnoreRules,
) -> Matched | None:
    """What later listings have to be equal to; None if this one shows anything else than ``base``.

    ``beside``: how the workspace differs from the base; only empty directories are no reason for
    None. ``rules``: those of the scan.
    """
    empty = {path for path, entry in beside.items() if entry and entry.kind is Kind.DIR}
    if len(empty) < len(beside):
        return None
    directories = {path for path, entry in base.items() if entry.kind is Kind.DIR}
    empty |= directories
    met, others = 0, []
    for one in rows(listing):
        path, is_dir = path_of(one)
        entry = None if is_dir else base.get(path)
        # Evidence that vouches for nothing (inode 0) is in no listing.
        if entry is not None and one == _row(path, entry):
            met += 1
        else:
            others.append(one)
    if met < len(base) - len(directories):
        return None
    found = _Others(rules)
    if not all(map(found.takes, others)):
        return None
    above = _above([*(base.keys() - directories), *found.hidden_files, *found.hidden, *empty])
    if not empty <= found.directories or found.directories - above - empty:
        return None  # empty directories that no scan has met yet
    if not above.isdisjoint(empty):
        return None  # they are so no more
    if not above.isdisjoint(found.hidden):
        return None
    within = found.within
    kept = joined(one for one in rows(listing) if one not in within) if within else listing
    return Matched(named(kept), tuple(found.hidden), kept, tuple(found.hidden_files))


def matched_still(
    listing: bytes,
    spots: Spots,
    base: Mapping[str, Entry],
    beside: Mapping[str, Entry | None],
    rules: IgnoreRules,
) -> Matched | None:
    """The same at the price of a few paths, of a listing that shows nothing but at ``spots`` what
    one showed that matched, where ``base`` too was changed nowhere else since."""
    if any(entry is None or entry.kind is not Kind.DIR for entry in beside.values()):
        return None
    if not all(rules.ignores_deep(one, True) for one in spots.hidden):
        return None
    hidden: list[str] = []
    for path in spots.paths:
        entry = base.get(path)
        if path in beside:
            if not _shows(listing, b"d " + os.fsencode(path)):
                return None
        elif entry is not None:
            if not _shows(listing, _row(path, entry)):
                return None
        elif os.fsencode(path) + b"\0" in listing:
            if not rules.ignores_deep(path):
                return None  # or a longer one that ends so: then all are matched
            hidden.append(path)
    return Matched(named(listing), spots.hidden, listing, tuple(hidden))


def _shows(listing: bytes, row: bytes) -> bool:
    whole = row + b"\0"
    return listing.startswith(whole) or b"\0" + whole in listing


def _row(path: str, entry: Entry) -> bytes:
    evidence = (entry.inode, entry.mtime, entry.ctime, entry.size)
    return row(_LETTERS[entry.kind], evidence, path)


class _Others:
    """Goes through the rows of a listing that are of nothing remembered. ``directories``: those
    that are not hidden; ``within``: the rows of what is in hidden ones."""

    def __init__(self, rules: IgnoreRules) -> None:
        self._rules = rules
        self._prefix = ""
        self.within: set[bytes] = set()
        self.directories: set[str] = set()
        self.hidden: list[str] = []
        self.hidden_files: list[str] = []

    def takes(self, one: bytes) -> bool:
        """Whether a row is no surprise."""
        path, is_dir = path_of(one)
        if self._prefix and path.startswith(self._prefix):
            self.within.add(one)
            return True
        self._prefix = ""
        name = paths.name_of(path)
        if name == _GIT or name in self._rules.file_names:
            return False  # a repository of its own, or rules that nothing vouches for
        if not self._rules.ignores_deep(path, is_dir):
            self.directories.add(path)
            return is_dir
        if not is_dir:
            self.hidden_files.append(path)
        elif len(self.hidden) < _MOST:
            self.hidden.append(path)
            self._prefix = f"{path}/"
        return True


def _above(below: Iterable[str]) -> set[str]:
    """The directories that these paths are in."""
    found: set[str] = set()
    for directory in {parent(path) for path in below}:
        if directory:
            found.add(directory)
            found.update(ancestors(directory))
    return found
