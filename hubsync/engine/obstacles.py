"""What a plan would meet on the disk: folders of which the scan tells nothing, in the place of what
is to come."""

from __future__ import annotations

import os
from collections.abc import Sequence, Set

from msgspec.structs import replace

from hubsync.local.swap import folder_in_the_way
from hubsync.model import Carry, Kind, Plan, Problem, Side


def unobstructed(root: str, plan: Plan, beside: Sequence[Plan] = ()) -> Plan:
    """The plan of a dry run, without what the disk would refuse; that is a problem of it, the same
    one that `local.apply.Applier` finds. ``beside``: the plans for the workspace's other remotes,
    of which those that give way are carried out first."""
    down = [carry for carry in plan.carries if carry.to is Side.LOCAL]
    going = {
        carry.path
        for one in (plan, *beside)
        for carry in one.carries
        if carry.to is Side.LOCAL and carry.entry is None
    }
    stuck = {carry.path for carry in down if _is_obstructed(root, carry, going)}
    if not stuck:
        return plan
    return replace(
        plan,
        carries=tuple(one for one in plan.carries if one.path not in stuck),
        problems=(*plan.problems, *map(_problem, sorted(stuck))),
    )


def _is_obstructed(root: str, carry: Carry, going: Set[str]) -> bool:
    """Whether a folder that holds what is not ``going`` stands where a file or a link is to be."""
    if carry.entry is None or carry.entry.kind is Kind.DIR:
        return False
    if carry.expect is None:
        return _is_folder(os.path.join(root, carry.path)) and not _is_hollow(
            root, carry.path, going
        )
    # What was an empty directory gives way only if it is one still.
    return carry.expect.kind is Kind.DIR and bool(_names(os.path.join(root, carry.path)))


def _is_hollow(root: str, path: str, going: Set[str]) -> bool:
    """Whether there is nothing but directories, once the others went; False if nobody can tell."""
    try:
        with os.scandir(os.path.join(root, path)) as found:
            return all(
                f"{path}/{one.name}" in going
                or (
                    one.is_dir(follow_symlinks=False)
                    and _is_hollow(root, f"{path}/{one.name}", going)
                )
                for one in found
            )
    except OSError:
        return False


def _is_folder(place: str) -> bool:
    return os.path.isdir(place) and not os.path.islink(place)


def _names(place: str) -> list[str]:
    return os.listdir(place) if _is_folder(place) else []


def _problem(path: str) -> Problem:
    error = folder_in_the_way(path)
    return Problem(path, error.code, error.message, error.hint)
