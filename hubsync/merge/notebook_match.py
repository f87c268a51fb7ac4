"""Which cell of one notebook is which of another: by id, by content, by likeness (rule 4).

Ids are trusted unless the contents speak against them: some tools number cells from one, and a cell
that was inserted then shifts the ids of all that follow.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from hubsync.merge.align import hunks, increasing
from hubsync.merge.notebook_cell import is_local_copy
from hubsync.merge.notebook_format import Cell, source_of

_LIKE: Final = 0.5
_LIKE_ALONE: Final = 0.25
"""For two cells that stand alone between the same neighbours."""
_MOST: Final = 2_000_000
"""Words compared in one gap; beyond, cells that were edited count as new."""
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")

Matches = dict[int, int]
"""Place of a cell in the base to its place in the side."""


def match(base: Sequence[Cell], side: Sequence[Cell]) -> Matches:
    """Pairs of cells that are the same one, edited or not, moved or not."""
    before, after = [_key(cell) for cell in base], [_key(cell) for cell in side]
    alike = _aligned(before, after)
    found = _trusted(_by_id(base, side), before, after, alike)
    taken = set(found.values())
    found |= {i: j for i, j in alike.items() if i not in found and j not in taken}
    found |= _moved(before, after, found)
    return found | _edited(base, side, found)


def _key(cell: Cell) -> bytes:
    return f"{cell['cell_type']}\0{source_of(cell)}".encode("utf-8", "surrogatepass")


def _aligned(before: list[bytes], after: list[bytes]) -> Matches:
    found: Matches = {}
    at = new_at = 0
    for hunk in hunks(before, after):
        found.update(zip(range(at, hunk.start), range(new_at, hunk.new_start), strict=True))
        at, new_at = hunk.end, hunk.new_end
    found.update(zip(range(at, len(before)), range(new_at, len(after)), strict=True))
    return found


def _by_id(base: Sequence[Cell], side: Sequence[Cell]) -> Matches:
    ours, theirs = unique_ids(base), unique_ids(side)
    return {i: theirs[name] for name, i in ours.items() if name in theirs}


def _trusted(by_id: Matches, before: list[bytes], after: list[bytes], alike: Matches) -> Matches:
    """``by_id`` without what equal contents speak against; none of it if they do against most."""
    back = {j: i for i, j in alike.items()}
    kept = {
        i: j
        for i, j in by_id.items()
        if before[i] == after[j] or (alike.get(i, j) == j and back.get(j, i) == i)
    }
    return kept if 2 * len(kept) >= len(by_id) else {}


def unique_ids(cells: Sequence[Cell]) -> dict[str, int]:
    """Places of the cells by id, as far as an id stands for one of them."""
    counts = Counter(cell.get("id") for cell in cells)
    return {
        cell["id"]: place
        for place, cell in enumerate(cells)
        if isinstance(cell.get("id"), str) and counts[cell["id"]] == 1
    }


def _moved(before: list[bytes], after: list[bytes], found: Matches) -> Matches:
    """Cells whose content is nowhere else on either side, wherever they stand now."""
    taken = set(found.values())
    old = Counter(key for i, key in enumerate(before) if i not in found)
    new = Counter(key for j, key in enumerate(after) if j not in taken)
    places = {key: j for j, key in enumerate(after) if j not in taken and new[key] == 1}
    return {
        i: places[key]
        for i, key in enumerate(before)
        if i not in found and old[key] == 1 and key in places and not key.endswith(b"\0")
    }


def _edited(base: Sequence[Cell], side: Sequence[Cell], found: Matches) -> Matches:
    """In each gap between cells that are known, the pairs that are most alike, in order."""
    taken = set(found.values())
    fixed = [(-1, -1), *increasing(sorted(found.items())), (len(base), len(side))]
    made: Matches = {}
    for (i, j), (end, new_end) in pairwise(fixed):
        rows = [at for at in range(i + 1, end) if at not in found]
        columns = [at for at in range(j + 1, new_end) if at not in taken]
        if rows and columns:
            made.update(_most_alike(base, side, rows, columns))
    return made


def _most_alike(
    base: Sequence[Cell], side: Sequence[Cell], rows: list[int], columns: list[int]
) -> Matches:
    old = [_tokens(base[i]) for i in rows]
    new = [_tokens(side[j]) for j in columns]
    if len(columns) * sum(map(len, old)) + len(rows) * sum(map(len, new)) > _MOST:
        return {}
    least = _LIKE_ALONE if len(rows) == len(columns) == 1 else _LIKE
    likeness = [
        [
            _likeness(one, other) if _comparable(base[i], side[j]) else 0.0
            for j, other in zip(columns, new, strict=True)
        ]
        for i, one in zip(rows, old, strict=True)
    ]
    best = [[0.0] * (len(columns) + 1) for _ in range(len(rows) + 1)]
    for x in range(len(rows) - 1, -1, -1):
        for y in range(len(columns) - 1, -1, -1):
            score = likeness[x][y]
            both = score + best[x + 1][y + 1] if score >= least else 0.0
            best[x][y] = max(best[x + 1][y], best[x][y + 1], both)
    found: Matches = {}
    x = y = 0
    while x < len(rows) and y < len(columns):
        score = likeness[x][y]
        if score >= least and best[x][y] == score + best[x + 1][y + 1]:
            found[rows[x]] = columns[y]
            x, y = x + 1, y + 1
        elif best[x][y] == best[x + 1][y]:
            x += 1
        else:
            y += 1
    return found


def _comparable(before: Cell, after: Cell) -> bool:
    """A cell kept beside the remote's is a new one, however alike: else the next merge of the same
    sides would keep it twice once more."""
    if before["cell_type"] != after["cell_type"]:
        return False
    return is_local_copy(before) or not is_local_copy(after)


def _tokens(cell: Cell) -> Counter[str]:
    return Counter(_TOKEN.findall(source_of(cell)))


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The Dice coefficient of their words; 1 for two empty cells."""
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0
