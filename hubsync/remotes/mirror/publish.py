"""One publish: objects, then the log, then the head; nothing at all if there is nothing to say."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from msgspec import Struct

from hubsync.errors import PreconditionFailed
from hubsync.model import Entry, Tree
from hubsync.remotes.mirror import lineage, revision
from hubsync.remotes.mirror.books import Books, HeadAt
from hubsync.remotes.mirror.commit import Committed, Committer
from hubsync.remotes.mirror.journal import Journal
from hubsync.remotes.mirror.listing import list_files, shape_of
from hubsync.remotes.mirror.order import Ordered, made_room, ordered
from hubsync.remotes.mirror.place import Place, content_digest
from hubsync.remotes.mirror.preparing import Turn, Work
from hubsync.remotes.mirror.revision import Revision
from hubsync.remotes.mirror.writing import Row, Writer, failed
from hubsync.remotes.protocol import (
    Change,
    Done,
    Outcome,
    Published,
    Snapshot,
    SyncNote,
)
from hubsync.report import Reporter

_WORKERS: Final = 32
_LOOK_ONE_BY_ONE: Final = 32
"""Up to so many paths are looked at one by one where nobody has listed them."""


class Expected(Struct, frozen=True):
    """What the plan was made on. ``recorded``: what the index itself said. ``listed``: whether
    absent paths are known to be absent."""

    snapshot: Snapshot
    head: HeadAt
    recorded: Tree
    listed: bool


class Publisher(Struct, frozen=True):
    place: Place
    books: Books
    journal: Journal
    reporter: Reporter
    turn: Turn

    def publish(self, changes: Iterable[Change], expected: Expected, note: SyncNote) -> Published:
        head = expected.head
        if not self.place.conditional:
            # Under the lease lock nobody else can write a head: this one stays the newest.
            head = self.books.head_unless(head.identity) or head
        order = ordered(changes)
        asked = {put.path for put in (*order.puts, *order.late)}
        order, outcomes = self._without_taken(order, expected, head)
        unchecked = not expected.listed
        if unchecked and not self.place.conditional and _created(order) > _LOOK_ONE_BY_ONE:
            order, found = self._without_present(order, expected.snapshot.tree)
            outcomes += found
            unchecked = False
        with (
            self.journal.writer() as journal,
            ThreadPoolExecutor(_WORKERS) as pool,
        ):
            tree = expected.snapshot.tree
            work = Work(self.place, tree, unchecked, journal, self.reporter, self.turn)
            writer = Writer(work, pool)
            written = [put.path for put in order.puts]
            writer.put(order.puts, written)
            writer.remove(order.removes, asked)
            # What could not be removed still has its place, and both would be there.
            room, blocked = made_room(order, writer.rows)
            writer.put(room, written)
            if self.turn.taken_over:
                writer.keep_written()
        outcomes += writer.outcomes
        outcomes += [Outcome(put.path, Done.MOVED) for put in blocked]
        rows = self._rows(order, expected, writer.rows)
        if not rows:
            self.journal.finish(certain=writer.certain)
            return Published(tuple(outcomes), expected.snapshot.revision, writer.transferred)
        committer = Committer(self.place, self.books, self.turn.still_ours)
        done = committer.commit(expected.head, head, rows, note)
        self.journal.finish(certain=writer.certain)
        outcomes += _recorded(order, done.superseded)
        at = committer.compact(done.at)
        text = _revision(expected, done, at, rows)
        return Published(tuple(outcomes), text, writer.transferred)

    def _without_taken(
        self, order: Ordered, expected: Expected, now: HeadAt
    ) -> tuple[Ordered, list[Outcome]]:
        """Under the lease lock: changes of paths that others published before we had it are moved.

        With conditional writes the conditions say so, path by path.
        """
        if now.identity == expected.head.identity:
            return order, []
        later = self.books.index(now, expected.recorded, expected.head.head.last)
        seen = expected.snapshot.tree  # an earlier publish on it may have recorded what it showed
        taken = {
            path
            for path, entry in later.fresh.items()
            if entry not in (expected.recorded.get(path), seen.get(path))
        }
        moved = [
            failed(change, PreconditionFailed(change.path))
            for group in (order.puts, order.removes, order.late, order.records)
            for change in group
            if change.path in taken
        ]
        return _left(order, taken), moved

    def _without_present(self, order: Ordered, tree: Tree) -> tuple[Ordered, list[Outcome]]:
        """Creations of what another tool has put there are moved: told by one listing, which is
        fewer requests than a look at each path."""
        with list_files(self.place.store, partial(shape_of, tree)) as listing:
            there = {info.key for batch in listing for info in batch}
        taken = {put.path for put in (*order.puts, *order.late) if put.expect is None} & there
        moved = [
            failed(put, PreconditionFailed(put.path))
            for put in (*order.puts, *order.late)
            if put.path in taken
        ]
        return _left(order, taken), moved

    def _rows(self, order: Ordered, expected: Expected, written: dict[str, Row]) -> dict[str, Row]:
        """Everything that the index has to learn: what was written, what the engine found out, and
        what the snapshot knew better than the index."""
        recorded = expected.recorded
        touched = {put.path for put in (*order.puts, *order.late)}
        touched.update(remove.path for remove in order.removes)
        found_out = {
            path: expected.snapshot.tree.get(path)
            for path in expected.snapshot.unrecorded
            if path not in touched
        }
        found_out.update((record.path, record.entry) for record in order.records)
        return {
            **{path: _learned(recorded.get(path), e) for path, e in found_out.items()},
            **written,
        }


def _learned(recorded: Entry | None, entry: Entry | None) -> Row:
    before = content_digest(recorded)
    same = (
        recorded is not None
        and entry is not None
        and before == content_digest(entry)
        and (recorded.kind, recorded.executable) == (entry.kind, entry.executable)
    )
    return Row(before, entry, same)


def _created(order: Ordered) -> int:
    return sum(put.expect is None for put in (*order.puts, *order.late))


def _left(order: Ordered, taken: set[str]) -> Ordered:
    return Ordered(
        [one for one in order.puts if one.path not in taken],
        [one for one in order.removes if one.path not in taken],
        [one for one in order.late if one.path not in taken],
        [one for one in order.records if one.path not in taken],
    )


def _recorded(order: Ordered, superseded: frozenset[str]) -> list[Outcome]:
    return [
        Outcome(record.path, Done.MOVED)
        if record.path in superseded
        else Outcome(record.path, Done.DONE, record.entry)
        for record in order.records
    ]


def _revision(expected: Expected, done: Committed, at: HeadAt, rows: dict[str, Row]) -> str:
    """Up to our own sync, or, if others came in between, still only up to what the snapshot had:
    the next snapshot then applies theirs and ours."""
    before = revision.parse(expected.snapshot.revision) or Revision()
    pending = revision.named(expected.snapshot.unrecorded - rows.keys())
    up_to = at if done.alone else expected.head
    mark = lineage.newest(up_to.head)
    return Revision(up_to.identity, up_to.head.last, pending, before.watched, mark).text
