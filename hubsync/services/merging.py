"""Merging contents that are in no file yet, as a sync would: for who has documents open."""

from __future__ import annotations

from collections.abc import Iterator

from blake3 import blake3

from hubsync.core.conflicts import copy_names
from hubsync.merge import merger_for


def merge_contents(path: str, base: bytes, mine: bytes, theirs: bytes) -> bytes | None:
    """The content of the file ``path`` with both sides' changes to ``base``, by its type (rules 3
    and 4); None where both have to be kept, and the other one goes to `conflict_copy_paths`."""
    if mine == theirs or theirs == base:
        return mine
    if mine == base:
        return theirs
    merger = merger_for(path, max(len(base), len(mine), len(theirs)))
    return None if merger is None else merger(base, mine, theirs)


def conflict_copy_paths(path: str, content: bytes) -> Iterator[str]:
    """Where a sync keeps ``content`` beside ``path``, if both have to be kept: the usual place,
    and others for the case that something else is there."""
    return copy_names(path, blake3(content).digest())
