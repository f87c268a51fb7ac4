"""From a plan to what it means on either side.

A decision becomes a `Task`: changes for the remote and steps for the disk. The steps of a task
run only when all its changes are done, so that a disk is never ahead of the remote it is
synced with; whether the base moves is not the task's business (see `books`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Set

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.paths import ancestors
from hubsync.local.steps import Step
from hubsync.model import Carry, Entry, KeepBoth, Kind, Plan, Side
from hubsync.remotes.protocol import Change, Put, Record, Remove


class Content(Struct, frozen=True):
    """Bytes that have to lie in the staging area before a task can be carried out."""

    side: Side
    path: str
    entry: Entry


class Staged(Struct, frozen=True):
    """A content in the staging area; ``entry`` has its digest. ``source`` is empty for no file."""

    entry: Entry
    source: str


class Merged(Struct, frozen=True):
    """A merge that came out clean: ``staged`` is for both sides."""

    path: str
    local: Entry
    remote: Entry
    staged: Staged


class Task(Struct, frozen=True):
    """One decision. ``copy_change`` and ``copy_step`` make a conflict copy: where that fails, the
    rest is not done, for a content must stand somewhere else before it leaves its path."""

    path: str
    changes: tuple[Change, ...] = ()
    steps: tuple[Step, ...] = ()
    copy_change: Put | None = None
    copy_step: Step | None = None


Contents = Mapping[tuple[Side, str], Staged]


def signature(entry: Entry) -> tuple[int, int, int, int] | None:
    """The stat signature of a scanned file, as `stores.protocol.Upload` wants it.

    None where the evidence vouches for nothing (`local.evidence`): there the digest alone is held
    against the file.
    """
    return (entry.size, entry.mtime, entry.ctime, entry.inode) if entry.inode else None


def wanted_by_carries(plan: Plan) -> Iterator[Content]:
    """Contents that come down; what goes up is read where it lies."""
    for carry in plan.carries:
        if carry.to is Side.LOCAL and carry.entry is not None and carry.entry.kind is Kind.FILE:
            expect = carry.expect
            if expect is None or expect.digest is None or expect.digest != carry.entry.digest:
                yield Content(Side.REMOTE, carry.path, carry.entry)


def wanted_by_keep(keep: KeepBoth) -> Iterator[Content]:
    """The copied content, and the keeper's where it still has to reach the disk."""
    if keep.copied.kind is Kind.FILE:
        original = keep.local if keep.source is Side.LOCAL else keep.remote
        if original is not None:
            yield Content(keep.source, keep.path, original)
    if keep.remote is not None and _comes_down(keep):
        yield Content(Side.REMOTE, keep.path, keep.remote)


def _comes_down(keep: KeepBoth) -> bool:
    """Whether the keeper's content has to reach the disk."""
    return keep.keeper is Side.REMOTE and keep.remote is not None and keep.remote.kind is Kind.FILE


def free_of(tasks: Iterable[Task], stuck: Set[str]) -> list[Task]:
    """The tasks that are neither at a path of ``stuck`` nor below one: a file that could not make
    room stays, and where it stays nothing may come below it (rule 5)."""
    if not stuck:
        return list(tasks)
    return [
        task
        for task in tasks
        if task.path not in stuck and not any(above in stuck for above in ancestors(task.path))
    ]


class Compiler(Struct, frozen=True):
    """Turns decisions into tasks for one cycle.

    ``unrecorded``: paths whose entry the remote's own books do not have yet, or not its content.
    ``only``: as in `Request`; a pull changes nothing on the remote.
    """

    root: str
    staged: Contents
    unrecorded: frozenset[str]
    only: Side | None
    on_remote: Callable[[str], Entry | None]

    def carry(self, carry: Carry) -> Task | None:
        """None where the content could not be had; that was reported when it was fetched."""
        if carry.to is Side.REMOTE:
            return Task(carry.path, changes=(self._upward(carry),))
        entry = carry.entry
        source = ""
        if entry is not None and entry.kind is Kind.FILE:
            found = self.staged.get((Side.REMOTE, carry.path))
            if found is not None:
                source = found.source
                entry = replace(entry, digest=found.entry.digest, size=found.entry.size)
            elif not _only_mode(carry):
                return None
        changes: tuple[Change, ...] = ()
        if self.only is None and carry.path in self.unrecorded:
            changes = (Record(carry.path, entry),)
        step = Step(path=carry.path, entry=entry, expect=carry.expect, source=source or None)
        return Task(carry.path, changes=changes, steps=(step,))

    def learned(self, path: str) -> Task | None:
        """An object that turned out to be what the disk has: the books learn what is in it.

        So no hub has to read it again, and one that trusts the books knows of it.
        """
        entry = self.on_remote(path)
        if self.only is Side.LOCAL or path not in self.unrecorded or entry is None:
            return None
        return Task(path, changes=(Record(path, entry),))

    def merged(self, merged: Merged) -> Task:
        """The merged content goes to both sides."""
        entry, source = merged.staged.entry, merged.staged.source
        changes: tuple[Change, ...] = ()
        if self.only is None:
            changes = (Put(merged.path, entry, source, merged.remote),)
        step = Step(path=merged.path, entry=entry, expect=merged.local, source=source)
        return Task(merged.path, changes=changes, steps=(step,))

    def keep(self, keep: KeepBoth) -> Task | None:
        """The copied content to ``copy_path`` on both sides, then the keeper's to ``path``.

        None as in `carry`.
        """
        copied, source = keep.copied, ""
        if copied.kind is Kind.FILE:
            found = self.staged.get((keep.source, keep.path))
            if found is None:
                return None
            source = found.source
            copied = replace(copied, digest=found.entry.digest, size=found.entry.size)
        if _comes_down(keep) and (Side.REMOTE, keep.path) not in self.staged:
            return None
        copy_change = None
        if self.only is None:
            there = self.on_remote(keep.copy_path)
            copy_change = Put(keep.copy_path, copied, source, there)
        steps = tuple(self._keeper_down(keep))
        return Task(
            keep.path,
            changes=tuple(self._keeper_up(keep, steps)) if self.only is None else (),
            steps=steps,
            copy_change=copy_change,
            copy_step=Step(keep.copy_path, copied, None, source or None),
        )

    def _keeper_down(self, keep: KeepBoth) -> Iterator[Step]:
        """What the disk has to do at ``path``: nothing where the local side keeps it."""
        carry = giving_way(keep)
        if carry is None or carry.to is not Side.LOCAL:
            return
        entry, source = carry.entry, None
        if entry is not None and entry.kind is Kind.FILE:
            found = self.staged[Side.REMOTE, keep.path]
            source = found.source
            entry = replace(entry, digest=found.entry.digest, size=found.entry.size)
        yield Step(keep.path, entry, carry.expect, source)

    def _keeper_up(self, keep: KeepBoth, steps: Iterable[Step]) -> Iterator[Change]:
        """What the remote has to do, or learn, at ``path``."""
        carry = giving_way(keep)
        if carry is not None and carry.to is Side.REMOTE:
            yield self._upward(carry)
        elif keep.keeper is Side.REMOTE and keep.path in self.unrecorded:
            yield from (Record(step.path, step.entry) for step in steps)

    def _upward(self, carry: Carry) -> Change:
        if carry.entry is None:
            assert carry.expect is not None
            return Remove(carry.path, carry.expect, carry.moved_to)
        source = os.path.join(self.root, carry.path) if carry.entry.kind is Kind.FILE else ""
        return Put(
            carry.path,
            carry.entry,
            source,
            carry.expect,
            signature(carry.entry) if source else None,
            carry.moved_from,
        )


def giving_way(keep: KeepBoth) -> Carry | None:
    """What becomes of the path itself, once the copied content stands beside it: the keeper's entry
    goes to the other side, or the directory's (None: what is below it is carried by itself)."""
    local, remote = keep.local, keep.remote
    if keep.keeper is None and keep.source is Side.LOCAL:
        return Carry(keep.path, Side.LOCAL, _directory(remote), local)
    if keep.keeper is None:
        return Carry(keep.path, Side.REMOTE, _directory(local), remote) if remote else None
    if keep.keeper is Side.REMOTE:
        return Carry(keep.path, Side.LOCAL, remote, local) if remote else None
    return Carry(keep.path, Side.REMOTE, local, remote) if local else None


def _directory(entry: Entry | None) -> Entry | None:
    """An empty directory's entry. None for another one: what is in it is carried by itself."""
    return entry if entry is not None and entry.kind is Kind.DIR else None


def unread(entry: Entry | None) -> bool:
    """Whether nobody has said yet what is in a file: another tool wrote it."""
    return entry is not None and entry.kind is Kind.FILE and entry.digest is None


def _only_mode(carry: Carry) -> bool:
    return (
        carry.entry is not None
        and carry.expect is not None
        and carry.entry.digest is not None
        and carry.entry.digest == carry.expect.digest
    )
