"""Making a publish known: its log object, then the head that names it. And merging the index.

The head is the only object of the books that is ever replaced: on condition that it is the one
that was read. If another hub was faster, our log goes behind theirs and we try again.
"""

from __future__ import annotations

from collections.abc import Callable
from time import sleep as nap
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hubsync.errors import ObjectNotFound, PreconditionFailed, RemoteMoved
from hubsync.model import Kind
from hubsync.remotes.mirror import compaction, layout, lineage, wire
from hubsync.remotes.mirror.books import Books, HeadAt
from hubsync.remotes.mirror.place import Place
from hubsync.remotes.mirror.wire import Batch, Head, RowChange, Segment
from hubsync.remotes.mirror.writing import Row
from hubsync.remotes.protocol import SyncNote
from hubsync.stores.protocol import ABSENT

_ATTEMPTS: Final = 20

Rows = dict[str, Row]
Newer = dict[str, list[RowChange]]


class Committed(Struct, frozen=True):
    """``at``: the new head. ``alone``: nobody else published since the head that was known.
    ``superseded``: paths whose rows another hub's later write made wrong; these were left out."""

    at: HeadAt
    alone: bool
    superseded: frozenset[str] = frozenset()


class Committer(Struct, frozen=True):
    """``still_ours``: false once the lease was lost; always true where writes are conditional."""

    place: Place
    books: Books
    still_ours: Callable[[], bool]
    sleep: Callable[[float], None] = nap

    def commit(self, known: HeadAt, base: HeadAt, rows: Rows, note: SyncNote) -> Committed:
        """``known``: the head that the plan was made on; ``base``: the newest one seen since.

        Raises RemoteMoved if the head could not be written; the journal then still has all.
        """
        superseded = frozenset[str]()
        told = rows
        name = ""
        for attempt in range(_ATTEMPTS):
            if base.head.last < known.head.last:
                raise RemoteMoved(
                    "The remote went back in time while it was written to.",
                    "What was sent is there; the next sync looks at it anew.",
                )
            if base.identity != known.identity:
                newer = self._newer(known, base)
                superseded |= self._superseded(newer, rows)
                before, told = told, _without(rows, superseded, newer)
                if told != before:
                    name = self._dropped(name)
            if not told:
                return Committed(base, False, superseded)
            name = name or self._write_log(base.head, told, note)
            at = self._write_head(base, _with_segment(base.head, name, len(told)))
            if at is not None:
                return Committed(at, base.identity == known.identity, superseded)
            self.sleep(self.place.rng.uniform(0, 0.05 * (attempt + 1)))
            base = self.books.head()
        raise RemoteMoved(
            "Other hubs are publishing to this remote all the time.",
            "What was sent is there; the next sync makes it known.",
        )

    def _newer(self, known: HeadAt, base: HeadAt) -> Newer:
        """What others published after ``known``, path by path, oldest first."""
        segments = [one for one in base.head.segments if one.last > known.head.last]
        newer: Newer = {}
        for batch in self.books.batches(segments):
            for change in batch.changes:
                newer.setdefault(change.path, []).append(change)
        return newer

    def _superseded(self, newer: Newer, rows: Rows) -> frozenset[str]:
        """Paths that others published too, where the object is no longer ours."""
        return frozenset(
            path for path in newer.keys() & rows.keys() if not self._is_ours(path, rows)
        )

    def _is_ours(self, path: str, rows: Rows) -> bool:
        entry = rows[path].entry
        info = self.place.store.head(path)
        if entry is None:
            return info is None
        return entry.kind is not Kind.DIR and info is not None and info.identity == entry.identity

    def _write_log(self, head: Head, rows: Rows, note: SyncNote) -> str:
        """Names follow one another in the order of the syncs, whatever the hubs' clocks say."""
        batch = Batch(
            format=wire.FORMAT_VERSION,
            id=self.books.remote_id,
            changes=[
                RowChange(path, row.before, wire.row_of(row.entry))
                for path, row in sorted(rows.items())
            ],
            time=note.time,
            hub=note.identity.hub,
            author=note.identity.author,
            message=note.message,
            repeated=sorted(path for path, row in rows.items() if row.repeated),
        )
        newest = max((layout.name_time(one.name) for one in head.segments[-1:]), default=0)
        time = max(note.time, newest + 1)
        name = layout.log_name(time, note.identity.hub, self.place.rng)
        self.place.store.write(layout.METADATA + name, wire.encode(batch), expected=ABSENT)
        return name

    def _dropped(self, name: str) -> str:
        if name:
            self.place.store.delete(layout.METADATA + name)
        return ""

    def _write_head(self, base: HeadAt, head: Head) -> HeadAt | None:
        """None if another hub was faster."""
        if not self.still_ours():
            raise RemoteMoved(
                "The lock on the remote was lost while writing to it.",
                "What was sent is there; the next sync makes it known.",
            )
        try:
            info = self.place.store.write(
                layout.HEAD, wire.encode(head), expected=base.identity or ABSENT
            )
        except PreconditionFailed:
            return None
        return HeadAt(head, info.identity)

    def compact(self, at: HeadAt) -> HeadAt:
        """Merge segments if there are too many; the head that is there then.

        Nothing depends on it: if another hub publishes meanwhile, it is left for another time, and
        what was written for nothing is removed by `gc`.
        """
        start = compaction.to_merge(at.head.segments)
        return at if start is None else self._merged(at, start)

    def compact_all(self, at: HeadAt) -> HeadAt:
        """Merge everything into one segment, as `compact`."""
        return self._merged(at, 0)

    def _merged(self, at: HeadAt, start: int) -> HeadAt:
        segments = at.head.segments
        old = segments[start:]
        try:
            batches = self.books.batches(old)
        except ObjectNotFound:
            return at
        marks = lineage.in_merged(old, batches)
        rows = compaction.merged((batch.changes for batch in batches), oldest=start == 0)
        time = layout.name_time(old[-1].name)
        new = tuple(
            Segment(self._write_segment(part, time, marks), old[0].first, old[-1].last, len(part))
            for part in compaction.parts(rows)
        )
        head = replace(
            at.head,
            fence=at.head.fence + 1,
            segments=segments[:start] + new,
            marks=lineage.at_ends(at.head, segments[:start] + new),
        )
        return self._write_head(at, head) or at

    def _write_segment(self, rows: list[RowChange], time: int, marks: bytes) -> str:
        batch = Batch(wire.FORMAT_VERSION, self.books.remote_id, rows, marks=marks)
        name = layout.segment_name(time, self.place.rng)
        self.place.store.write(layout.METADATA + name, wire.encode(batch), expected=ABSENT)
        return name


def _without(rows: Rows, superseded: frozenset[str], newer: Newer) -> Rows:
    """``rows`` as they can be published where others' later writes made some of them wrong.

    The index keeps what the others say of such a path. But what our write replaced may be an
    object that nobody has published yet, and whose own writer will find it superseded as well: its
    content is named in our log all the same, or no history would lead to it (rule 11).
    """
    told = {path: row for path, row in rows.items() if path not in superseded}
    for path in superseded:
        before, theirs = rows[path].before, newer.get(path, [])
        named = {change.before for change in theirs}
        named.update(change.row.digest for change in theirs if change.row is not None)
        if theirs and before is not None and before not in named:
            told[path] = Row(before, wire.entry_of(theirs[-1].row))
    return told


def _with_segment(head: Head, name: str, count: int) -> Head:
    number = head.last + 1
    return replace(
        head,
        fence=head.fence + 1,
        segments=(*head.segments, Segment(name, number, number, count)),
    )
