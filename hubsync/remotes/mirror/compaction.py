"""Which segments of the index to merge, and the merging itself: pure.

The index is a log-structured merge tree. Every sync adds one small segment; when there are too
many, everything from some segment on to the newest becomes one. That segment is the oldest one
which is at most twice as large as all newer ones together, so that

- what stays is more than twice as large as everything after it: there are at most log2(rows) such;
- a row that is merged ends in a segment at least 1.5 times as large as the one it was in, or was
  paid for by newer rows: a sync of k paths rewrites O(k log n) rows on average.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from hubsync.remotes.mirror.wire import RowChange, Segment

MOST_SEGMENTS: Final = 32
MOST_ROWS: Final = 100_000
"""Rows in one object; larger segments have several parts, split by path."""


def to_merge(segments: Sequence[Segment], most: int = MOST_SEGMENTS) -> int | None:
    """From which position on to merge; None: nothing has to be done."""
    if len(segments) <= most:
        return None
    newer = 0
    start = len(segments) - 1
    for position in range(len(segments) - 1, -1, -1):
        count = max(segments[position].count, 1)
        if newer and count <= 2 * newer:
            start = position
        newer += count
    start = _whole(segments, start)
    return start if start < len(segments) - 1 else None


def _whole(segments: Sequence[Segment], start: int) -> int:
    """Not in the middle of a segment's parts."""
    while start > 0 and segments[start - 1].last == segments[start].last:
        start -= 1
    return start


def merged(batches: Iterable[Iterable[RowChange]], *, oldest: bool) -> list[RowChange]:
    """The last word on each path, by path. With ``oldest``, deletions have nothing to hide."""
    rows: dict[str, RowChange] = {}
    for changes in batches:
        for change in changes:
            rows[change.path] = change
    return [
        RowChange(path, None, change.row)
        for path, change in sorted(rows.items())
        if change.row is not None or not oldest
    ]


def parts(rows: list[RowChange], most: int = MOST_ROWS) -> list[list[RowChange]]:
    """At least one part, which may be empty."""
    return [rows[start : start + most] for start in range(0, len(rows), most)] or [[]]
