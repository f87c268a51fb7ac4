"""Which lines of two versions are certainly the same, and the hunks in between (Myers 1986).

The shortest edit script between two texts is rarely the only one: a blank line added to two blank
lines may be the first, the second or the third. A merge that trusts one of them can put the other
side's lines on the wrong side of it. So a script is computed from both ends and with both
preferences (insert first, delete first), and only pairs of lines on which all four agree count as
unchanged. That can only make hunks larger, and a larger hunk can only make a conflict more likely:
never a merge that loses something.

Long runs of lines that are equal and mostly unique are fixed beforehand, so that the work grows
with the changes, not with the file.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import lt
from typing import Final

from msgspec import Struct

_BUDGET: Final = 400_000
"""Steps for one stretch between fixed lines; a stretch that needs more is one hunk."""

_RUN: Final = 16
"""A run of at least so many equal lines, half of them unique, is fixed, ..."""

_EDGE: Final = 4
"""... but for so many lines at its ends, to which a neighbouring change might extend."""

_STRIDE: Final = 64

Pair = tuple[int, int]

Run = tuple[int, int, int]
"""Lines that are equal: where they begin in either, and how many they are."""


class Hunk(Struct, frozen=True):
    """``base[start:end]`` became ``side[new_start:new_end]``."""

    start: int
    end: int
    new_start: int
    new_end: int


def hunks(base: Sequence[bytes], side: Sequence[bytes]) -> list[Hunk]:
    """What ``side`` changed in ``base``, in order. Every change there is lies in a hunk."""
    if base == side:
        return []
    numbers = {line: n for n, line in enumerate(dict.fromkeys(chain(base, side)))}
    a = list(map(numbers.__getitem__, base))
    b = list(map(numbers.__getitem__, side))
    found: list[Hunk] = []
    at = new_at = 0
    for i, j, length in chain(_certain_runs(a, b), [(len(a), len(b), 0)]):
        if i > at or j > new_at:
            found.append(Hunk(at, i, new_at, j))
        at, new_at = i + length, j + length
    return found


def _certain_runs(a: list[int], b: list[int]) -> Iterator[Run]:
    """Equal lines, increasing in both, in which every script tried agrees."""
    at = new_at = 0
    for i, j, length in [*_fixed_runs(a, b), (len(a), len(b), 0)]:
        for x, y in _agreed_pairs(a[at:i], b[new_at:j]):
            yield at + x, new_at + y, 1
        if length:
            yield i, j, length
        at, new_at = i + length, j + length


def _fixed_runs(a: list[int], b: list[int]) -> list[Run]:
    """Long equal runs around lines that are unique on both sides."""
    runs: list[Run] = []
    start, end, shift, members = 0, 0, 0, 0

    def close() -> None:
        if end - start >= _RUN and 2 * members >= end - start:
            runs.append((start + _EDGE, start + shift + _EDGE, end - start - 2 * _EDGE))

    for i, j in increasing(_unique_pairs(a, b)):
        if members and j - i == shift and (i == end or a[end:i] == b[end + shift : j]):
            end, members = i + 1, members + 1
        else:
            close()
            start, end, shift, members = i, i + 1, j - i, 1
    close()
    return runs


def _unique_pairs(a: list[int], b: list[int]) -> list[Pair]:
    one, other = _met_once(a), _met_once(b)
    return [(i, other[number]) for number, i in one.items() if number in other]


def _met_once(numbers: list[int]) -> dict[int, int]:
    """Where each number is that is there once, in order."""
    last = dict(zip(numbers, range(len(numbers)), strict=True))
    if len(last) == len(numbers):
        return last
    counts = Counter(numbers)
    return {number: at for number, at in last.items() if counts[number] == 1}


def increasing(pairs: list[Pair]) -> list[Pair]:
    """The longest part of ``pairs`` that increases in the second as in the first (patience)."""
    seconds = [second for _, second in pairs]
    if all(map(lt, seconds, seconds[1:])):
        return pairs
    tops: list[int] = []
    indexes: list[int] = []
    before: list[int] = []
    for index, (_, j) in enumerate(pairs):
        pile = bisect_left(tops, j)
        before.append(indexes[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [j]
        indexes[pile : pile + 1] = [index]
    chosen: list[Pair] = []
    index = indexes[-1]
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]


def _agreed_pairs(a: list[int], b: list[int]) -> list[Pair]:
    """The pairs that are in all four scripts from ``a`` to ``b``; none if that takes too long."""
    # A line that the other version does not have is in no pair: without it, scripts are short.
    in_a, in_b = set(a), set(b)
    rows = [i for i, number in enumerate(a) if number in in_b]
    columns = [j for j, number in enumerate(b) if number in in_a]
    left, right = [a[i] for i in rows], [b[j] for j in columns]
    if left == right and len(in_a) == len(a) == len(left):
        return list(zip(rows, columns, strict=True))
    agreed: set[Pair] | None = None
    for backwards in (False, True):
        one, other = (left[::-1], right[::-1]) if backwards else (left, right)
        for transposed in (False, True):
            script = _script(other, one) if transposed else _script(one, other)
            if script is None:
                return []
            pairs = {(y, x) for x, y in script} if transposed else set(script)
            if backwards:
                pairs = {(len(left) - 1 - x, len(right) - 1 - y) for x, y in pairs}
            agreed = pairs if agreed is None else agreed & pairs
    return [(rows[x], columns[y]) for x, y in sorted(agreed or ())]


def _script(a: list[int], b: list[int]) -> list[Pair] | None:
    """The pairs that a shortest edit script keeps (Myers' greedy algorithm), in no order.

    The path goes along each diagonal as far as it can before it leaves it. None over budget.
    """
    width, height = len(a), len(b)
    furthest = {1: 0}
    trace: list[dict[int, int]] = []
    steps = 0
    for d in range(width + height + 1):
        trace.append(dict(furthest))
        steps += 2 * d + 1
        for k in range(-d, d + 1, 2):
            down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
            x = furthest[k + 1] if down else furthest[k - 1] + 1
            end = _slide(a, b, x, x - k)
            steps += (end - x) // _STRIDE
            furthest[k] = end
            if end >= width and end - k >= height:
                return _kept(trace, width, height)
        if steps > _BUDGET:
            return None
    return []


def _slide(a: list[int], b: list[int], x: int, y: int) -> int:
    """How far the lines from ``x`` and ``y`` on are equal: the end, as an index into ``a``."""
    limit = min(len(a), x + len(b) - y)
    while x + _STRIDE <= limit and a[x : x + _STRIDE] == b[y : y + _STRIDE]:
        x += _STRIDE
        y += _STRIDE
    while x < limit and a[x] == b[y]:
        x += 1
        y += 1
    return x


def _kept(trace: list[dict[int, int]], x: int, y: int) -> list[Pair]:
    """The diagonal steps of the path that ``trace`` found to the end (``x``, ``y``)."""
    pairs: list[Pair] = []
    for d in range(len(trace) - 1, -1, -1):
        furthest = trace[d]
        k = x - y
        down = k == -d or (k != d and furthest[k - 1] < furthest[k + 1])
        before = furthest[k + 1] if down else furthest[k - 1]
        # Where the path entered this diagonal; what it went along it from there is kept.
        entered = before if down else before + 1
        length = x - entered
        pairs.extend((x - n, y - n) for n in range(1, length + 1))
        x, y = (before, before - k - 1) if down else (before, before - k + 1)
    return pairs
