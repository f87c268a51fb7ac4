"""Whether a mirror's history still holds the sync that a workspace saw last (rule 9).

An old copy of the whole mirror that somebody put back looks as if all that is newer had been
deleted. The number of the last sync tells that only until other hubs' syncs have passed the number.
So each sync has a *mark*: the first 8 bytes of the BLAKE3 of its log's name, in which a nonce
stands. Whether sync n is the one that was seen is told, without a further request,

- by the name of its log, as long as that is a segment of its own in the head;
- by the head, if a merged segment ends with n;
- by a merged segment that n lies within. It has syncs after n, so that it has to be read anyway.

Mirrors that an earlier version wrote have fewer marks; what is not told is not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from blake3 import blake3
from msgspec import Struct

from hubsync.errors import SafetyStop
from hubsync.remotes.mirror.wire import MARK, Batch, Head, MarkAt, Segment

MOST_MARKS: Final = 10_000
"""In one segment. To a workspace that missed more syncs nothing is told."""


class LastSeen(Struct, frozen=True):
    """The number of the last sync that a workspace knows, and its mark (empty: not known)."""

    last: int = 0
    mark: bytes = b""


def newest(head: Head) -> bytes:
    """The mark of the head's last sync; empty if it is not told."""
    return _at_ends(head).get(head.last, b"")


def in_merged(segments: Sequence[Segment], batches: Iterable[Batch]) -> bytes:
    """The marks in the segment that ``segments`` are merged into: of syncs that follow one another,
    up to its last."""
    told: dict[int, bytes] = {}
    for segment, batch in zip(segments, batches, strict=True):
        first = segment.last + 1 - len(batch.marks) // MARK
        for place in range(len(batch.marks) // MARK):
            told[first + place] = batch.marks[place * MARK : (place + 1) * MARK]
        if _is_log(segment):
            told[segment.last] = _mark(segment.name)
    found: list[bytes] = []
    number = segments[-1].last
    while number in told and len(found) < MOST_MARKS:
        found.append(told[number])
        number -= 1
    return b"".join(reversed(found))


def at_ends(head: Head, segments: Iterable[Segment]) -> tuple[MarkAt, ...]:
    """What a head has to tell that is to have these ``segments`` after ``head``, whose syncs they
    hold."""
    ends = {segment.last for segment in segments if not _is_log(segment)}
    known = _at_ends(head)
    return tuple(MarkAt(last, known[last]) for last in sorted(ends & known.keys()))


def check_head(head: Head, seen: LastSeen) -> None:
    """Raises SafetyStop if the head tells that the last sync seen is none of its own."""
    if seen.last > head.last:
        raise _went_back(
            f"sync {seen.last} was the last one seen here, and it is at sync {head.last} now"
        )
    _compare(seen, _at_ends(head).get(seen.last, b""))


def check_segments(segments: Iterable[Segment], batches: Iterable[Batch], seen: LastSeen) -> None:
    """The same by what is in the segments that were read."""
    for segment, batch in zip(segments, batches, strict=True):
        end = len(batch.marks) - (segment.last - seen.last) * MARK
        if MARK <= end <= len(batch.marks):
            _compare(seen, batch.marks[end - MARK : end])


def _at_ends(head: Head) -> dict[int, bytes]:
    """The marks that the head tells, by number of the sync."""
    told = {one.number: one.mark for one in head.marks}
    for segment in head.segments:
        if _is_log(segment):
            told[segment.last] = _mark(segment.name)
    return told


def _is_log(segment: Segment) -> bool:
    return segment.name.startswith("log/")


def _mark(log: str) -> bytes:
    return blake3(log.encode()).digest(length=MARK)


def _compare(seen: LastSeen, told: bytes) -> None:
    if seen.mark and told and seen.mark != told:
        raise _went_back(f"sync {seen.last}, which was seen here, is no part of its history now")


def _went_back(what: str) -> SafetyStop:
    return SafetyStop(
        f"The remote went back in time: {what}, as if a backup had been restored.",
        "Taking it over would undo newer work. To unite both sides, which deletes nothing, "
        "link the remote anew: 'hubsync remote remove', then 'hubsync remote add'.",
        "remote-went-back",
    )
