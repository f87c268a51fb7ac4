"""The heart: from three trees to a plan, before anything is touched.

Each changed path is first decided on by itself (`hubsync.core.decide`). What paths do to one
another comes after, in this order: a file against a directory (rule 5), the places of conflict
copies (rule 3), renames, which only spare an upload, and names that the local disk takes for one
(rule 15).

Everything costs as much as changed: no step walks a whole tree. The one exception is a disk that
folds names, and only where new names come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import attrgetter

from msgspec.structs import replace

from hubsync.core.conflicts import conflict_name, is_conflict_copy, keep_both
from hubsync.core.decide import Agreed, Decision, KeepTwice, decide
from hubsync.core.draft import Draft
from hubsync.core.folding import refuse_collisions
from hubsync.core.oneway import restrict
from hubsync.core.paths import parent
from hubsync.core.policy import Policy
from hubsync.core.renames import with_renames
from hubsync.core.survey import Below, survey
from hubsync.core.undecided import Undecided, undecided
from hubsync.model import Carry, Kind, Merge, Plan, Side, Tree

__all__ = [
    "Policy",
    "Undecided",
    "conflict_name",
    "is_conflict_copy",
    "keep_both",
    "reconcile",
    "restrict",
    "undecided",
    "with_conflicts",
]


def reconcile(base: Tree, local: Tree, remote: Tree, policy: Policy) -> Plan:
    """What to do so that both sides become equal and nothing that a person wrote is lost.

    ``base`` is empty where nothing is known of earlier (rule 6): then nothing looks deleted, and
    what differs is kept twice.
    """
    seen = survey(base, local, remote, policy)
    decisions: dict[str, Decision] = {
        path: decide(path, before, here, there, policy) for path, before, here, there in seen.rows
    }
    _make_room(decisions, local, remote, seen.stale)
    draft = Draft(base, local, remote, decisions)
    for path, decision in decisions.items():
        draft.add(path, decision)
    problems = [*seen.problems, *draft.problems]
    # A file that could not make room (rule 5) is still in the way of what is below it.
    stuck = Below(problem.path for problem in draft.problems)
    carries = with_renames(_sorted(c for c in draft.carries if not stuck(c.path)))
    if policy.local_folds is not None:
        carries, collisions = refuse_collisions(carries, local, policy.local_folds)
        problems.extend(collisions)
    return Plan(
        agreed=draft.agreed,
        carries=tuple(carries),
        merges=tuple(draft.merges),
        keeps=tuple(keep for keep in draft.keeps if not stuck(keep.path)),
        problems=tuple(sorted(problems, key=lambda problem: problem.path)),
    )


def with_conflicts(
    plan: Plan, failed: Iterable[tuple[Merge, bytes]], base: Tree, local: Tree, remote: Tree
) -> Plan:
    """``plan`` after some of its merges, each given with its local digest, could not be merged.

    Both contents are kept (rule 3). Where the copy that this would make stands already, nothing is
    copied, and the remote's content is simply carried.
    """
    digests = {merge.path: digest for merge, digest in failed}
    decisions: dict[str, Decision] = {}
    for carry in plan.carries:
        known = decisions.get(carry.path, ())
        decisions[carry.path] = (*known, carry) if isinstance(known, tuple) else (carry,)
    draft = Draft(base, local, remote, decisions)
    draft.claim(plan.keeps)
    for merge in plan.merges:
        if merge.path in digests:
            copied = replace(merge.local, digest=digests[merge.path])
            draft.keep(merge.path, KeepTwice(Side.REMOTE, Side.LOCAL), copied)
    return replace(
        plan,
        carries=tuple(_sorted([*plan.carries, *draft.carries])),
        merges=tuple(merge for merge in plan.merges if merge.path not in digests),
        keeps=tuple(sorted([*plan.keeps, *draft.keeps], key=lambda keep: keep.path)),
        problems=(*plan.problems, *draft.problems),
    )


def _sorted(carries: Iterable[Carry]) -> list[Carry]:
    """By path; of two for one path, the one to the local side is made first and stays so."""
    return sorted(carries, key=attrgetter("path"))


def _make_room(
    decisions: dict[str, Decision], local: Tree, remote: Tree, stale: frozenset[str]
) -> None:
    """Rule 5: where something will be below a path, the path can only be a directory.

    An entry at ``f`` and one at ``f/x`` never come from one side (`survey` sees to that), so one of
    them is in the way of the other on the side to which it is carried. The file becomes a conflict
    copy; an entry for an empty directory has nothing to say any more and goes.
    """
    occupied = _occupied(decisions)
    for path in (occupied | stale) & decisions.keys():
        decision = decisions[path]
        here, there = local.get(path), remote.get(path)
        if path in stale or _is_empty_directory(decision):
            decisions[path] = tuple(
                Carry(path, side, None, entry)
                for side, entry in ((Side.LOCAL, here), (Side.REMOTE, there))
                if entry is not None and entry.kind is Kind.DIR
            )
        elif isinstance(decision, tuple) and decision and decision[0].entry is not None:
            decisions[path] = KeepTwice(keeper=None, source=decision[0].to.other)


def _occupied(decisions: Mapping[str, Decision]) -> set[str]:
    """Every path that will be a directory because something arrives or stays below it."""
    occupied: set[str] = set()
    for path, decision in decisions.items():
        if isinstance(decision, Agreed):
            continue
        if isinstance(decision, tuple) and (not decision or decision[0].entry is None):
            continue
        above = parent(path)
        while above and above not in occupied:
            occupied.add(above)
            above = parent(above)
    return occupied


def _is_empty_directory(decision: Decision) -> bool:
    return isinstance(decision, tuple) and any(
        carry.entry is not None and carry.entry.kind is Kind.DIR for carry in decision
    )
