"""The heart: from three trees to a plan, before anything is touched.

Each changed path is first decided on by itself (`hubsync.core.decide`). What paths do to one
another comes after, in this order: a file against a directory (rule 5), the places of conflict
copies (rule 3), renames, which only spare an upload, and names that the local disk takes for one
(rule 15).

Everything costs as much as changed: no step walks a whole tree. The one exception is a disk that
folds names, and only where new names come in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from hubsync.core.conflicts import (
    conflict_name,
    copy_names,
    entry_digest,
    is_conflict_copy,
    keep_both,
)
from hubsync.core.decide import Agreed, Decision, KeepTwice, decide
from hubsync.core.folding import refuse_collisions
from hubsync.core.oneway import restrict
from hubsync.core.paths import ancestors, display
from hubsync.core.policy import Policy, same_bytes
from hubsync.core.renames import with_renames
from hubsync.core.survey import survey
from hubsync.core.undecided import Undecided, undecided
from hubsync.model import Carry, Entry, KeepBoth, Kind, Merge, Plan, Problem, Side, Tree

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
        path: decide(path, base.get(path), local.get(path), remote.get(path), policy)
        for path in seen.paths
    }
    _make_room(decisions, local, remote, seen.stale)
    draft = _Draft(base, local, remote, decisions)
    problems = list(seen.problems)
    for path, decision in decisions.items():
        problem = draft.add(path, decision)
        if problem is not None:
            problems.append(problem)
    carries = with_renames(sorted(draft.carries, key=_order))
    if policy.local_folds is not None:
        carries, collisions = refuse_collisions(carries, local, policy.local_folds)
        problems.extend(collisions)
    return Plan(
        agreed=draft.agreed,
        carries=tuple(carries),
        merges=tuple(draft.merges),
        keeps=tuple(draft.keeps),
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
    draft = _Draft(base, local, remote, decisions)
    draft.claim(plan.keeps)
    for merge in plan.merges:
        if merge.path in digests:
            copied = replace(merge.local, digest=digests[merge.path])
            draft.keep(merge.path, KeepTwice(Side.REMOTE, Side.LOCAL), copied)
    return replace(
        plan,
        carries=tuple(sorted([*plan.carries, *draft.carries], key=_order)),
        merges=tuple(merge for merge in plan.merges if merge.path not in digests),
        keeps=tuple(sorted([*plan.keeps, *draft.keeps], key=lambda keep: keep.path)),
        problems=(*plan.problems, *draft.problems),
    )


def _order(carry: Carry) -> tuple[str, str]:
    return carry.path, carry.to.value


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
        if isinstance(decision, tuple) and all(carry.entry is None for carry in decision):
            continue
        for above in ancestors(path):
            if above in occupied:
                break
            occupied.add(above)
    return occupied


def _is_empty_directory(decision: Decision) -> bool:
    return isinstance(decision, tuple) and any(
        carry.entry is not None and carry.entry.kind is Kind.DIR for carry in decision
    )


class _Draft:
    """A plan in the making."""

    def __init__(
        self, base: Tree, local: Tree, remote: Tree, decisions: Mapping[str, Decision]
    ) -> None:
        self._base, self._local, self._remote = base, local, remote
        self._decisions = decisions
        self._copies: dict[str, Entry] = {}
        self.agreed: dict[str, Entry | None] = {}
        self.carries: list[Carry] = []
        self.merges: list[Merge] = []
        self.keeps: list[KeepBoth] = []
        self.problems: list[Problem] = []

    def add(self, path: str, decision: Decision) -> Problem | None:
        """Take one decision in; a problem where it cannot be carried out yet."""
        if isinstance(decision, Agreed):
            if decision.entry != self._base.get(path):
                self.agreed[path] = decision.entry
        elif isinstance(decision, tuple):
            self.carries.extend(decision)
        elif isinstance(decision, Merge):
            self.merges.append(decision)
        else:
            tree = self._local if decision.source is Side.LOCAL else self._remote
            self.keep(path, decision, tree[path])
        return self.problems.pop() if self.problems else None

    def claim(self, keeps: Iterable[KeepBoth]) -> None:
        """Places that are taken by copies already planned."""
        self._copies.update((keep.copy_path, keep.copied) for keep in keeps)

    def keep(self, path: str, twice: KeepTwice, copied: Entry) -> None:
        """Keep ``copied`` under another name, unless it is kept there already."""
        digest = entry_digest(copied)
        if digest is None:
            self.problems.append(
                Problem(
                    path,
                    "content-unknown",
                    f"Both sides changed {display(path)}, and one of them could not be read.",
                    "It is left as it is on both sides; the next sync tries again.",
                )
            )
            return
        here, there = self._local.get(path), self._remote.get(path)
        for name in copy_names(path, digest):
            if self._is_free(name):
                self._copies[name] = copied
                self.keeps.append(
                    KeepBoth(path, here, there, twice.keeper, twice.source, copied, name)
                )
                return
            if self._will_hold(name, copied):
                self.carries.extend(_without_copy(path, twice, here, there))
                return
        self.problems.append(
            Problem(
                path,
                "copy-name-taken",
                f"Every name for a conflict copy of {display(path)} is taken.",
                "Rename the conflict copies beside it, then sync again.",
            )
        )

    def _is_free(self, name: str) -> bool:
        return name not in self._copies and not any(
            tree.get(name) is not None for tree in (self._base, self._local, self._remote)
        )

    def _will_hold(self, name: str, copied: Entry) -> bool:
        """Whether ``copied`` is at ``name`` on both sides when the plan is done."""
        if name in self._copies:
            return same_bytes(self._copies[name], copied)
        decision = self._decisions.get(name)
        if isinstance(decision, tuple):
            return bool(decision) and same_bytes(decision[0].entry, copied)
        return all(same_bytes(tree.get(name), copied) for tree in (self._local, self._remote))


def _without_copy(
    path: str, twice: KeepTwice, here: Entry | None, there: Entry | None
) -> Iterator[Carry]:
    """What is left to do at ``path`` once the content that has to leave it stands elsewhere."""
    source, other = (here, there) if twice.source is Side.LOCAL else (there, here)
    keeper = other
    if twice.keeper is None and (other is None or other.kind is not Kind.DIR):
        keeper = None
    yield Carry(path, twice.source, keeper, source)
