"""A plan in the making: decisions are taken in, and conflict copies find their places (rule 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from hubsync.core.conflicts import copy_names, entry_digest
from hubsync.core.decide import Agreed, Decision, KeepTwice
from hubsync.core.paths import display
from hubsync.core.policy import same_bytes
from hubsync.model import Carry, Entry, KeepBoth, Kind, Merge, Problem, Side, Tree


class Draft:
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

    def add(self, path: str, decision: Decision) -> None:
        """Take one decision in."""
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

    def claim(self, keeps: Iterable[KeepBoth]) -> None:
        """Places that are taken by copies already planned."""
        self._copies.update((keep.copy_path, keep.copied) for keep in keeps)

    def keep(self, path: str, twice: KeepTwice, copied: Entry) -> None:
        """Keep ``copied`` under another name, unless it is kept there already.

        Where that cannot be, the path is a problem and stays as it is on both sides.
        """
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
            if self._will_hold(name, copied, twice.source):
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

    def _will_hold(self, name: str, copied: Entry, source: Side) -> bool:
        """Whether ``source``, which loses ``copied`` at its own path, will have it at ``name``.

        Without a decision nothing happens at ``name``, be it that both sides agree or that a pull
        leaves it: what stands there stays.
        """
        if name in self._copies:
            return same_bytes(self._copies[name], copied)
        decision = self._decisions.get(name)
        if isinstance(decision, tuple):
            return bool(decision) and same_bytes(decision[0].entry, copied)
        tree = self._local if source is Side.LOCAL else self._remote
        return same_bytes(tree.get(name), copied)


def _without_copy(
    path: str, twice: KeepTwice, here: Entry | None, there: Entry | None
) -> Iterator[Carry]:
    """What is left to do at ``path`` once the content that has to leave it stands elsewhere."""
    source, other = (here, there) if twice.source is Side.LOCAL else (there, here)
    keeper = other
    if twice.keeper is None and (other is None or other.kind is not Kind.DIR):
        keeper = None
    yield Carry(path, twice.source, keeper, source)
