"""Push and pull: one direction of a plan."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from hubsync.core.paths import ancestors
from hubsync.model import Carry, Plan, Side


def restrict(plan: Plan, to: Side) -> tuple[Plan, tuple[str, ...]]:
    """The part of ``plan`` that changes the side ``to``, and the paths that need the other part.

    - Carries to the other side are not done, and not mentioned: they were not asked for.
    - A path of which each side changed one thing (the content here, the mode there) needs both
      directions, and waits.
    - To the remote (push), what both sides changed waits: it may hold what this side has never
      seen. With it waits what would go below a file that has not made room yet (rule 5).
    - To the local side (pull), merges and copies stay in the plan, for this side alone.
    """
    both_ways = _twice(plan.carries)
    waiting = set(both_ways)
    merges, keeps = plan.merges, plan.keeps
    if to is Side.REMOTE:
        waiting.update(merge.path for merge in merges)
        waiting.update(keep.path for keep in keeps)
        merges, keeps = (), ()
    in_the_way = {keep.path for keep in plan.keeps} if to is Side.REMOTE else set()
    carries: list[Carry] = []
    for carry in plan.carries:
        if carry.to is not to or carry.path in both_ways:
            continue
        if in_the_way and any(above in in_the_way for above in ancestors(carry.path)):
            waiting.add(carry.path)
        else:
            carries.append(carry)
    restricted = replace(plan, carries=tuple(carries), merges=merges, keeps=keeps)
    return restricted, tuple(sorted(waiting))


def _twice(carries: Iterable[Carry]) -> set[str]:
    """The paths of more than one."""
    seen: set[str] = set()
    twice: set[str] = set()
    for carry in carries:
        (twice if carry.path in seen else seen).add(carry.path)
    return twice
