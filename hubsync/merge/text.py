"""Three-way merge by lines (diff3), strict: where it is unsure, it says so and both are kept.

Two changes are merged if at least one unchanged line lies between them, as in Git. Where a change
could as well stand somewhere else (a blank line was added to other blank lines), it counts as
changed in every place where it could stand; see `hubsync.merge.align`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final

from hubsync.merge.align import Hunk, hunks

_SNIFFED: Final = 8000
"""How many bytes are searched for NUL, as Git does."""


def is_text(data: bytes) -> bool:
    """Whether ``data`` is UTF-8 without NUL at its beginning. A byte order mark is text."""
    if b"\0" in data[:_SNIFFED]:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def split_lines(data: bytes) -> list[bytes]:
    """Lines with their ends; only ``\\n`` ends one, so that joining them gives ``data`` again."""
    if b"\r" not in data:
        return data.splitlines(keepends=True)  # of bytes, only CR and LF end one
    lines = [line + b"\n" for line in data.split(b"\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def merge_text(base: bytes, local: bytes, remote: bytes) -> bytes | None:
    """Both sides' changes to ``base``; None if they conflict or one of the three is no text.

    In what comes back is every line that a side added, and no line of the base that one side
    deleted and the other left alone. Line ends and a missing last one stay as they are.
    """
    if not (is_text(base) and is_text(local) and is_text(remote)):
        return None
    lines, ours, theirs = split_lines(base), split_lines(local), split_lines(remote)
    return _merge(lines, ours, theirs, hunks(lines, ours), hunks(lines, theirs))


def _merge(
    base: list[bytes],
    ours: list[bytes],
    theirs: list[bytes],
    our_hunks: list[Hunk],
    their_hunks: list[Hunk],
) -> bytes | None:
    merged: list[bytes] = []
    done = 0
    for mine, others in _regions(our_hunks, their_hunks):
        start = min(hunk.start for hunk in (*mine[:1], *others[:1]))
        end = max(hunk.end for hunk in (*mine[-1:], *others[-1:]))
        merged += base[done:start]
        done = end
        if not others:
            merged += _replacement(ours, mine, start, end)
        elif not mine:
            merged += _replacement(theirs, others, start, end)
        else:
            both = _replacement(ours, mine, start, end)
            if both != _replacement(theirs, others, start, end):
                return None
            merged += both
    merged += base[done:]
    return b"".join(merged)


def _regions(
    our_hunks: list[Hunk], their_hunks: list[Hunk]
) -> Iterator[tuple[list[Hunk], list[Hunk]]]:
    """Hunks of both sides in order, those together that overlap or touch."""
    ours, theirs = deque(our_hunks), deque(their_hunks)
    while ours or theirs:
        region: tuple[list[Hunk], list[Hunk]] = ([], [])
        end = min(queue[0].start for queue in (ours, theirs) if queue)
        growing = True
        while growing:
            growing = False
            for queue, taken in ((ours, region[0]), (theirs, region[1])):
                while queue and queue[0].start <= end:
                    end = max(end, queue[0].end)
                    taken.append(queue.popleft())
                    growing = True
        yield region


def _replacement(side: list[bytes], hunks: list[Hunk], start: int, end: int) -> list[bytes]:
    """What ``side`` has where the base has its lines from ``start`` to ``end``."""
    first, last = hunks[0], hunks[-1]
    return side[first.new_start - (first.start - start) : last.new_end + (end - last.end)]
