"""Three-way merge of notebooks, cell by cell (rule 4).

Cells of both sides are matched with the base's (`notebook_match`), what both have is merged
(`notebook_cell`), and the order of the side that moved cells is the frame into which the other
side's insertions are set, each after the cell it was made after.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from hubsync.merge import notebook_metadata
from hubsync.merge.notebook_cell import changed_by_hand, is_local_copy, merge_cell
from hubsync.merge.notebook_format import Cell, Notebook, parse, source_of, write
from hubsync.merge.notebook_match import Matches, match, unique_ids

Token = tuple[str, int]
"""A cell of the result: ``("base", place)`` or one that a side made, ``("ours", place)``."""

_Place = tuple[Token | None, str, str, int]


def merge_notebook(base: bytes, local: bytes, remote: bytes) -> bytes | None:
    """Both sides' changes to ``base``; None if one of the three is no notebook of format 4.

    The result validates if the three do. No cell that a side added or edited is missing from it;
    a cell that both edited so that its lines do not merge is in it twice, marked in its metadata.
    """
    if remote in (local, base):
        return local
    if local == base:
        return remote
    before, ours, theirs = parse(base), parse(local), parse(remote)
    if before is None or ours is None or theirs is None:
        return None
    try:
        merged = _merged(before, ours, theirs)
        for side, data in ((ours, local), (theirs, remote)):
            if _same(merged, side):
                return data
        return write(merged)
    except RecursionError:  # an output that is nested deeper than Python goes
        return None


def _merged(before: Notebook, ours: Notebook, theirs: Notebook) -> Notebook:
    return Notebook(
        tuple(_cells(before.cells, ours.cells, theirs.cells)),
        notebook_metadata.of_notebook(before.metadata, ours.metadata, theirs.metadata),
        notebook_metadata.merged(before.rest, ours.rest, theirs.rest),
        max(ours.minor, theirs.minor),
        ours.style,
    )


def _same(merged: Notebook, side: Notebook) -> bool:
    return (merged.cells, merged.metadata, merged.minor, merged.rest) == (
        side.cells,
        side.metadata,
        side.minor,
        side.rest,
    )


def _cells(base: Sequence[Cell], ours: Sequence[Cell], theirs: Sequence[Cell]) -> list[Cell]:
    mine, others = match(base, ours), match(base, theirs)
    contents = _contents(base, ours, theirs, mine, others)
    here = _tokens("ours", len(ours), mine)
    there = _tokens("theirs", len(theirs), others)
    same = _made_twice(base, ours, theirs, here, there)
    for token, twin in same.items():
        contents[twin] = merge_cell(None, ours[twin[1]], theirs[token[1]])
        del contents[token]
    there = [same.get(token, token) for token in there]
    if _is_moved(there) and not _is_moved(here):
        order = _woven(there, here, contents, first=True)
    else:
        order = _woven(here, there, contents, first=False)
    return [cell for token in order for cell in contents[token]]


def _contents(
    base: Sequence[Cell],
    ours: Sequence[Cell],
    theirs: Sequence[Cell],
    mine: Matches,
    others: Matches,
) -> dict[Token, tuple[Cell, ...]]:
    """What becomes of each cell; those that are deleted are not in it."""
    made: dict[Token, tuple[Cell, ...]] = {}
    copies = _copies(ours, mine), _copies(theirs, others)
    for place, before in enumerate(base):
        token = ("base", place)
        here = ours[mine[place]] if place in mine else None
        there = theirs[others[place]] if place in others else None
        if here is not None and there is not None:
            kept = merge_cell(before, here, there)
            made[token] = kept if len(kept) == 1 else _not_again(kept, here, there, copies)
        else:
            left = here or there
            if left is not None and changed_by_hand(before, left):
                made[token] = (left,)
    for name, side, matches in (("ours", ours, mine), ("theirs", theirs, others)):
        known = set(matches.values())
        made.update({(name, at): (cell,) for at, cell in enumerate(side) if at not in known})
    return made


def _copies(side: Sequence[Cell], matches: Matches) -> list[Cell]:
    """The cells that an earlier merge kept beside the remote's, and the base does not have yet."""
    known = set(matches.values())
    return [cell for at, cell in enumerate(side) if at not in known and is_local_copy(cell)]


def _not_again(
    kept: tuple[Cell, ...], here: Cell, there: Cell, copies: tuple[list[Cell], list[Cell]]
) -> tuple[Cell, ...]:
    """``kept``, unless one side is the result of this very merge, done by a run that was killed
    before it could note so: then the other side's cell stands in it already, as a copy."""
    for cell, other, beside in ((here, there, copies[1]), (there, here, copies[0])):
        if any(not changed_by_hand(copy, cell) for copy in beside):
            return (other,)
    return kept


def _tokens(name: str, count: int, matches: Matches) -> list[Token]:
    known = {at: ("base", place) for place, at in matches.items()}
    return [known.get(at, (name, at)) for at in range(count)]


def _made_twice(
    base: Sequence[Cell],
    ours: Sequence[Cell],
    theirs: Sequence[Cell],
    here: list[Token],
    there: list[Token],
) -> dict[Token, Token]:
    """Cells that both sides made: the same new id, or the same content in the same place."""
    old = {cell.get("id") for cell in base}
    made_here, made_there = set(here), set(there)
    by_id = {
        name: token
        for name, at in unique_ids(ours).items()
        if name not in old and (token := ("ours", at)) in made_here
    }
    same = {
        token: by_id[name]
        for name, at in unique_ids(theirs).items()
        if name in by_id and (token := ("theirs", at)) in made_there
    }
    taken = set(same.values())
    by_place = _by_place(ours, here, made_here & made_there)
    for key, token in _by_place(theirs, there, made_here & made_there).items():
        if token not in same and key in by_place and by_place[key] not in taken:
            same[token] = by_place[key]
    return same


def _by_place(cells: Sequence[Cell], order: list[Token], shared: set[Token]) -> dict[_Place, Token]:
    """Cells that a side made, by the cell of both sides that they follow and by their content."""
    found: dict[_Place, Token] = {}
    seen: Counter[tuple[Token | None, str, str]] = Counter()
    after: Token | None = None
    for token in order:
        if token in shared:
            after = token
        elif token[0] != "base":
            cell = cells[token[1]]
            what = (after, cell["cell_type"], source_of(cell))
            found[*what, seen[what]] = token
            seen[what] += 1
    return found


def _is_moved(order: list[Token]) -> bool:
    places = [at for name, at in order if name == "base"]
    return places != sorted(places)


def _woven(
    frame: list[Token],
    other: list[Token],
    contents: Mapping[Token, object],
    *,
    first: bool,
) -> list[Token]:
    """``frame`` with what only ``other`` has, each after the cell that it follows there; where both
    made cells in one place, ``first`` says that ``other``'s come first."""
    places = {token: at for at, token in enumerate(frame)}
    ends = _ends(frame, set(other), first=first)
    after: dict[int, list[Token]] = {}
    anchor = ends[-1]
    for token in other:
        if token in places:
            anchor = ends[places[token]]
        elif token in contents:
            after.setdefault(anchor, []).append(token)
    made = list(after.get(-1, ()))
    for at, token in enumerate(frame):
        if token in contents:
            made.append(token)
        made += after.get(at, ())
    return made


def _ends(frame: list[Token], other: set[Token], *, first: bool) -> dict[int, int]:
    """After which place of ``frame`` an insertion goes that follows a place (-1: the start): that
    place itself, or the last of the cells that only the frame has there."""
    ends = {at: at for at in range(-1, len(frame))}
    if not first:
        for at in range(len(frame) - 1, -1, -1):
            if frame[at][0] != "base" and frame[at] not in other:
                ends[at - 1] = ends[at]
    return ends
