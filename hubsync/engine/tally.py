"""Counting up what a run did, for the result the user sees."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from hubsync.core.moves import kept_under_old_name
from hubsync.engine.observe import View
from hubsync.engine.task import giving_way
from hubsync.model import Entry, Held, KeepBoth, Notice, Plan, Problem, Side, agree
from hubsync.remotes.protocol import Change, Put, Remove
from hubsync.results import ChangeKind, ConflictCopy, PathChange, SyncResult


def kind_of(before: Entry | None, after: Entry | None) -> ChangeKind:
    """How an entry became another one."""
    if after is None:
        return ChangeKind.DELETED
    if before is None:
        return ChangeKind.CREATED
    same_bytes = before.kind is after.kind and before.digest == after.digest and after.digest
    return ChangeKind.MODE if same_bytes else ChangeKind.EDITED


class Tally:
    """One run's result in the making; later cycles of the run add to earlier ones."""

    def __init__(self) -> None:
        self.up: dict[str, PathChange] = {}
        self.down: dict[str, PathChange] = {}
        self.merged: dict[str, None] = {}
        self.conflicts: dict[str, ConflictCopy] = {}
        self.deleted: dict[Side, dict[str, None]] = {Side.LOCAL: {}, Side.REMOTE: {}}
        self.kept: dict[str, None] = {}
        self.unsynced: tuple[str, ...] = ()
        self.problems: dict[tuple[str, str], Problem] = {}
        self.notices: tuple[Notice, ...] = ()
        self.held: tuple[Held, ...] = ()
        self.bytes = 0
        self._before: View | None = None
        self._merging: Collection[str] = ()
        self._copying: dict[str, ConflictCopy] = {}

    def planned(self, view: View, plan: Plan, unsynced: tuple[str, ...]) -> None:
        """A plan was made; its problems replace those of the cycle before."""
        self._before, self.unsynced = view, unsynced
        self.problems = {(one.path, one.code): one for one in (*view.problems, *plan.problems)}
        self.held = plan.held
        for carry in plan.carries:
            if carry.survives:
                self.kept[carry.path] = None

    def foreseen(self, plan: Plan, only: Side | None) -> None:
        """A dry run: the plan, told as if it had been carried out. ``only``: as in `Request`."""
        carries = [*plan.carries]
        for keep in plan.keeps:
            self.conflicts[keep.copy_path] = ConflictCopy(keep.path, keep.copy_path)
            carry = giving_way(keep)
            if carry is not None and only in (None, carry.to):
                carries.append(carry)
        for carry in carries:
            if carry.entry is None:
                self.deleted[carry.to][carry.path] = None
            else:
                into = self.up if carry.to is Side.REMOTE else self.down
                self._carried(into, carry.path, carry.expect, carry.entry)
        for merge in plan.merges:
            self.merged[merge.path] = None

    def problem(self, problem: Problem) -> None:
        self.problems[problem.path, problem.code] = problem

    def fetched(self, size: int, problems: Iterable[Problem]) -> None:
        self.bytes += size
        for problem in problems:
            self.problem(problem)

    def both_changed(self, merging: Collection[str], keeps: Sequence[KeepBoth]) -> None:
        """What the plan is about to merge and to keep twice; told as such once it is done."""
        self._merging = merging
        self._copying = {one.copy_path: ConflictCopy(one.path, one.copy_path) for one in keeps}

    def published(
        self, changes: Iterable[Change], done: Mapping[str, Entry | None], transferred: int
    ) -> None:
        """Changes were sent; of those in ``done`` it is told which way they went."""
        self.bytes += transferred
        for change in changes:
            if change.path not in done:
                continue
            if isinstance(change, Put):
                self._carried(self.up, change.path, change.expect, change.entry)
            elif isinstance(change, Remove):
                self.deleted[Side.REMOTE][change.path] = None

    def applied(self, path: str, entry: Entry | None) -> None:
        """A step is done; a conflict copy and a merge are told as such."""
        if path in self._copying:
            self.conflicts[path] = self._copying[path]
        elif path in self._merging:
            self.merged[path] = None
        elif entry is None:
            self.deleted[Side.LOCAL][path] = None
        else:
            before = self._before.local.get(path) if self._before is not None else None
            self._carried(self.down, path, before, entry)

    def unsettled(self, paths: Iterable[str]) -> None:
        """Paths that kept changing while they were looked at."""
        for path in sorted(paths):
            self.problem(
                Problem(
                    path,
                    "still-changing",
                    "Changed again and again while it was synced.",
                    "The next sync takes it; close the program that writes it if this repeats.",
                )
            )

    def _carried(
        self, into: dict[str, PathChange], path: str, before: Entry | None, after: Entry
    ) -> None:
        if path in self._copying or path in self._merging:
            return
        if not agree(before, after):
            into[path] = PathChange(path, kind_of(before, after), after.size)

    def result(self, dry_run: bool, revision: str) -> SyncResult:
        """The whole run with one remote as one value."""
        for one in self.held:
            self.problem(kept_under_old_name(one.carry.path, one.now))
        return SyncResult(
            up=_by_path(self.up),
            down=_by_path(self.down),
            merged=tuple(sorted(self.merged)),
            conflicts=tuple(self.conflicts[name] for name in sorted(self.conflicts)),
            deleted_locally=tuple(sorted(self.deleted[Side.LOCAL])),
            deleted_remotely=tuple(sorted(self.deleted[Side.REMOTE])),
            kept=tuple(sorted(self.kept)),
            unsynced=self.unsynced,
            problems=tuple(self.problems.values()),
            notices=self.notices,
            bytes=self.bytes,
            revision=revision,
            dry_run=dry_run,
        )


def _by_path(changes: Mapping[str, PathChange]) -> tuple[PathChange, ...]:
    return tuple(changes[path] for path in sorted(changes))


def together(results: Sequence[SyncResult]) -> SyncResult:
    """The results with several remotes as one; the revision is the first remote's."""
    if len(results) == 1:
        return results[0]
    problems = {(one.path, one.code): one for result in results for one in result.problems}
    return SyncResult(
        up=_joined(results, "up"),
        down=_joined(results, "down"),
        merged=_joined(results, "merged"),
        conflicts=_joined(results, "conflicts"),
        deleted_locally=_joined(results, "deleted_locally"),
        deleted_remotely=_joined(results, "deleted_remotely"),
        kept=_joined(results, "kept"),
        unsynced=_joined(results, "unsynced"),
        problems=tuple(problems.values()),
        notices=tuple(dict.fromkeys(one for result in results for one in result.notices)),
        bytes=sum(result.bytes for result in results),
        revision=results[0].revision,
        dry_run=results[0].dry_run,
    )


def _joined(results: Sequence[SyncResult], field: str) -> tuple[Any, ...]:
    """One field of all results; a path belongs to one remote, so nothing is in two of them."""
    return tuple(
        sorted((one for result in results for one in getattr(result, field)), key=_path_of)
    )


def _path_of(one: str | PathChange | ConflictCopy) -> str:
    return one if isinstance(one, str) else one.path
