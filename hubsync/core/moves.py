"""Files that were moved: the old path's deletion waits for the content's arrival (rule 7).

Were it carried first, or although the new path is refused, held back, or belongs to a remote that
is away, the content would stand on this disk alone, and every other hub would delete it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec.structs import replace

from hubsync.core.paths import display
from hubsync.model import Carry, Entry, Held, Kind, Plan, Problem, Side, Tree

Places = Mapping[tuple[int, int], Sequence[tuple[str, Entry]]]
"""New and changed files of the disk, by size and time."""

Stands = Callable[[str, Entry], bool]
"""Whether a file is on a remote as it is on the disk now."""


def with_moves(plan: Plan, base: Tree, places: Callable[[], Places], stands: Stands) -> Plan:
    """``plan`` with each deletion on the remote knowing where its content is now, and without those
    whose content neither stands there nor is about to be sent. Costs the deletions.

    A file is taken for the same by the evidence of its inode; where that vouches for nothing, size
    and time will do: a deletion that waits for nothing costs less than one too many.
    """
    if not any(one.to is Side.REMOTE and one.entry is None for one in plan.carries):
        return plan
    known = places()
    sent = {one.path for one in plan.carries if one.to is Side.REMOTE and one.entry is not None}
    sent |= {one.path for one in plan.merges} | {one.path for one in plan.keeps}
    carries: list[Carry] = []
    held: list[Held] = []
    for carry in plan.carries:
        now = _now(carry, base.get(carry.path), known)
        there = [path for path, entry in now if path in sent or stands(path, entry)]
        if there:
            carries.append(replace(carry, moved_to=there[0]))
        elif now:
            held.append(Held(carry, tuple(now)))
        else:
            carries.append(carry)
    return replace(plan, carries=tuple(carries), held=tuple(held))


def _now(carry: Carry, before: Entry | None, known: Places) -> list[tuple[str, Entry]]:
    """Where the content of what is deleted may be now. Empty files are all the same."""
    if carry.to is not Side.REMOTE or carry.entry is not None or before is None:
        return []
    if before.kind is not Kind.FILE or not before.size:
        return []
    return [
        (path, entry)
        for path, entry in known.get((before.size, before.mtime), ())
        if before.inode in (0, entry.inode)
        and entry.digest in (None, before.digest)
        and not _same_place(path, carry.path)
    ]


def released(plan: Plan, arriving: Stands) -> Plan:
    """``plan`` with the deletions that waited for what ``arriving`` says is about to be sent."""
    carries, held = list(plan.carries), list[Held]()
    for one in plan.held:
        there = next((path for path, entry in one.places if arriving(path, entry)), None)
        if there is None:
            held.append(one)
        else:
            carries.append(replace(one.carry, moved_to=there))
    carries.sort(key=lambda carry: carry.path)
    return replace(plan, carries=tuple(carries), held=tuple(held))


def sends(plans: Iterable[Plan], path: str, entry: Entry) -> bool:
    """Whether one of ``plans`` brings that file to its remote."""
    return any(
        one.path == path and one.to is Side.REMOTE and one.entry is not None
        for plan in plans
        for one in plan.carries
    )


def stands_in(base: Mapping[str, Entry], path: str, entry: Entry) -> bool:
    """Whether a remote whose last agreed state is ``base`` has that file as it is on the disk."""
    known = base.get(path)
    return known is not None and (known.size, known.mtime) == (entry.size, entry.mtime)


def kept_under_old_name(path: str, now: str, why: Problem | None = None) -> Problem:
    """What is told of a deletion that waits. ``why``: what is wrong with the new path."""
    told = f"It was moved to {display(now)}, which has not been sent: the other hubs keep it here."
    if why is None:
        return Problem(path, "moved-not-sent", told, "Once that is sent, it goes here by itself.")
    return Problem(path, why.code, told, why.hint)


def _same_place(one: str, other: str) -> bool:
    """One needs the place of the other: then the old one has to go first."""
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")
