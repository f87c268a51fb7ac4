"""The entry of what was put in its place just now, with the evidence that the disk has for it."""

from __future__ import annotations

import os

from hubsync.local.checks import unchanged
from hubsync.local.evidence import vouch_written
from hubsync.local.renames import Spot
from hubsync.model import Entry, Kind, time_of


def with_evidence(target: Spot, entry: Entry, ready: os.stat_result) -> Entry:
    """``entry`` with the evidence that the disk now has for it.

    If something else has the name already, nothing is vouched for: the next scan reads it.
    """
    now = target.status()
    found = Entry(
        entry.kind,
        now.st_size if entry.kind is Kind.LINK else entry.size,
        entry.digest,
        time_of(now.st_mtime_ns),
        entry.executable,
        entry.target,
        time_of(now.st_ctime_ns),
        now.st_ino if unchanged(ready, now) else 0,
        entry.identity,
    )
    return vouch_written(found)


def as_known(entry: Entry, expect: Entry) -> Entry:
    """``entry`` with the evidence that the scan had."""
    return Entry(
        entry.kind,
        entry.size,
        entry.digest,
        expect.mtime,
        entry.executable,
        entry.target,
        expect.ctime,
        expect.inode,
        entry.identity,
    )
