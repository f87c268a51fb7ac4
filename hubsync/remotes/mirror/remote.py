"""A mirror: plain files under a URL, with ``.hubsync/`` for what plain files cannot carry.

`MirrorRemote` only brings the parts together; each has its own module:

- `opening`, `wire`, `layout`: what the metadata is; docs/reference/mirror-format.md
- `books`, `lineage`, `listing`, `compare`, `shape`, `snapshot`, `witness`: reading
- `order`, `preparing`, `writing`, `journal`, `lease`, `publish`, `commit`, `compaction`: writing
- `transfer`, `history`, `gc`: contents, earlier contents, pruning
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.figures import counted
from hubsync.errors import ObjectNotFound
from hubsync.model import Entry, Kind, LogRecord, Problem, Version
from hubsync.remotes.mirror import layout, opening, revision, snapshot, transfer
from hubsync.remotes.mirror.books import Books
from hubsync.remotes.mirror.commit import Committer
from hubsync.remotes.mirror.gc import Collector
from hubsync.remotes.mirror.history import History
from hubsync.remotes.mirror.journal import Journal
from hubsync.remotes.mirror.lease import LeaseLock
from hubsync.remotes.mirror.place import Place
from hubsync.remotes.mirror.preparing import Turn, refused
from hubsync.remotes.mirror.publish import Expected, Publisher
from hubsync.remotes.mirror.reading import read_metadata
from hubsync.remotes.mirror.uploads import UploadNotes
from hubsync.remotes.mirror.waiting import Waiting
from hubsync.remotes.mirror.wire import FormatFile
from hubsync.remotes.mirror.witness import Heard, MirrorWitness
from hubsync.remotes.protocol import (
    Change,
    Collected,
    Done,
    Fetched,
    Known,
    Published,
    RemoteCapabilities,
    Snapshot,
    SyncNote,
)
from hubsync.report import Reporter
from hubsync.stores.protocol import LeavesUploads, Prepares, Store

_CAPABILITIES: Final = RemoteCapabilities(
    conditional_writes=True, atomic_commit=False, history=True
)


class _Mirror(Struct, frozen=True):
    """What is there once the mirror was opened."""

    format: FormatFile
    books: Books
    journal: Journal
    uploads: UploadNotes


class MirrorRemote:
    """A `protocol.Remote` on a `Store`.

    ``scratch``: a private directory of the workspace for what should survive a crash; it may be
    lost. ``owner``: who holds locks, shown to others. ``clock``: ns since the epoch. For one thread
    at a time.
    """

    def __init__(
        self,
        store: Store,
        scratch: str,
        *,
        owner: str,
        clock: Callable[[], int],
        rng: random.Random,
    ) -> None:
        self._store = store
        self._scratch = scratch
        self._clock = clock
        self._rng = rng
        self._lock = LeaseLock(store, scratch, owner, rng)
        self._mirror: _Mirror | None = None
        self._seen: Expected | None = None
        self._doubted: set[str] = set()
        self._heard: Callable[[], Heard] | None = None

    @property
    def capabilities(self) -> RemoteCapabilities:
        return _CAPABILITIES

    @property
    def requests(self) -> Mapping[str, int]:
        """Requests to the store so far, by kind, where it counts them."""
        counted: Mapping[str, int] = getattr(self._store, "requests", {})
        return counted

    def describe(self) -> list[tuple[str, str]]:
        """Reads the head; raises what `connect` raises."""
        mirror = self._open()
        at = mirror.books.head()
        rows = sum(segment.count for segment in at.head.segments)
        writes = {
            "conditional": "each on condition that nobody else wrote first",
            "lease": "one hub at a time, under a lock that ends by itself",
        }[mirror.format.writes]
        return [
            ("store", self._store.description),
            ("mirror id", mirror.format.id),
            ("made", f"{mirror.format.created} by {mirror.format.by}"),
            ("writes", writes),
            ("syncs recorded", str(at.head.last)),
            ("index", f"{counted(rows, 'row')} in {counted(len(at.head.segments), 'object')}"),
            ("interrupted upload", "yes, the next sync goes on" if self._left_over() else "none"),
        ]

    def try_write(self) -> None:
        place = self._place()
        if not opening.enforces_conditions(place) and place.conditional:
            raise opening.unenforced()

    def connect(self, *, create: bool) -> str:
        found = opening.read_format(self._store)
        if found is None:
            if not create:
                raise opening.no_mirror()
            from hubsync import __version__

            found = opening.create_format(self._place(False), self._lock, f"hubsync {__version__}")
        if self._mirror is None or self._mirror.format != found:
            books = Books(self._store, found.id)
            uploads = UploadNotes(self._scratch, found.id)
            if isinstance(self._store, LeavesUploads):
                self._store.note_uploads(uploads.add)
            self._mirror = _Mirror(found, books, Journal(self._scratch, found.id), uploads)
        return found.id

    def changed_since(self, revision_text: str) -> bool:
        known = revision.parse(revision_text)
        if known is None:
            return True
        try:
            found = read_metadata(self._store, layout.HEAD, unless=known.identity or None)
        except ObjectNotFound:
            return known.identity != ""
        return found is not None

    def snapshot(self, known: Known | None, *, listing: bool) -> Snapshot:
        """After an interrupted publish everything is listed once, whatever ``listing`` says: only
        so can its objects be told from other tools'."""
        heard, self._heard = self._heard, None
        if heard is not None:
            return self._as_known(known, heard(), listing)
        mirror = self._open()
        listed = listing or self._left_over()
        if listed:
            journal = mirror.journal.entries()
            seen = snapshot.from_listing(self._store, mirror.books, known, journal, self._doubted)
            if seen.as_recorded:
                mirror.journal.remove()
        else:
            seen = snapshot.from_books(mirror.books, known)
        self._seen = Expected(seen.snapshot, seen.head, seen.recorded, listed)
        if known is None and isinstance(self._store, Prepares):
            self._store.prepare(len(seen.snapshot.tree))
        return seen.snapshot

    def witness(self, stands_at: str, *, listing: bool) -> MirrorWitness:
        """For a workspace that remembers the revision ``stands_at``."""
        unfinished = Journal(self._scratch, "").exists() or bool(self._doubted)
        return MirrorWitness(self._store, self._open, unfinished, stands_at, listing=listing)

    def heard(self, answer: Callable[[], Heard] | None) -> None:
        """See `protocol.Hears`: all is as at the revision that is known."""
        self._heard = answer

    def _as_known(self, known: Known | None, heard: Heard, listed: bool) -> Snapshot:
        seen = snapshot.from_books(self._open().books, known, heard.head)
        found = replace(seen.snapshot, seen=heard.seen)
        self._seen = Expected(found, seen.head, seen.recorded, listed)
        return found

    def fetch(
        self,
        wanted: Sequence[tuple[str, Entry]],
        stage: Callable[[str], str],
        reporter: Reporter,
    ) -> Iterator[Fetched]:
        return transfer.fetch(self._store, wanted, stage, reporter)

    def publish(
        self,
        changes: Iterable[Change],
        expected: Snapshot,
        note: SyncNote,
        reporter: Reporter,
    ) -> Published:
        mirror = self._open()
        todo = list(changes)
        if not todo and not expected.unrecorded:
            return Published((), expected.revision)
        on = self._expected(mirror, expected)
        waiting = Waiting(reporter)
        with self._writing(waiting) as turn:
            waiting.over(todo)
            publisher = Publisher(self._place(), mirror.books, mirror.journal, reporter, turn)
            published = publisher.publish(todo, on, note)
        self._doubted.update(one.path for one in published.outcomes if one.done is Done.MOVED)
        failed = any(one.done is Done.FAILED for one in published.outcomes)
        if not failed and len(published.outcomes) == len(todo):
            mirror.uploads.remove()
        return published

    def held_back(self, wanted: Iterable[tuple[str, Entry, Entry | None]]) -> list[Problem]:
        found = ((path, refused(self._store, path, entry)) for path, entry, _ in wanted)
        return [transfer.problem_of(path, error) for path, error in found if error is not None]

    def blocking(self) -> tuple[Problem, ...]:
        return ()

    def same_bytes(self, entry: Entry, local_file: str) -> bool | None:
        """Whether an entry that nobody has read has a local file's bytes, by the store's own
        checksum; None: that cannot be told without reading the object."""
        if entry.kind is not Kind.FILE or not self._store.capabilities.md5_identity:
            return None
        return transfer.has_md5(entry, local_file)

    def history(self, limit: int | None = None) -> Iterator[LogRecord]:
        return self._history().records(limit)

    def versions(self, path: str) -> list[Version]:
        return self._history().versions(path)

    def read(self, path: str, version: str, target: str) -> Entry:
        return self._history().read(path, version, target)

    def gc(self, age: int, reporter: Reporter) -> Collected:
        mirror = self._open()
        with self._writing(Waiting(reporter)) as turn:
            committer = Committer(self._place(), mirror.books, turn.still_ours)
            collector = Collector(self._place(), mirror.books, committer, mirror.uploads)
            return collector.collect(age)

    def close(self) -> None:
        self._store.close()

    def _open(self) -> _Mirror:
        if self._mirror is None:
            self.connect(create=False)
        assert self._mirror is not None
        return self._mirror

    def _history(self) -> History:
        return History(self._store, self._open().books)

    def _place(self, conditional: bool | None = None) -> Place:
        if conditional is None:
            conditional = self._open().format.writes == "conditional"
        return Place(self._store, conditional, self._scratch, self._clock, self._rng)

    @contextmanager
    def _writing(self, waiting: Waiting) -> Iterator[Turn]:
        """The right to write."""
        if self._place().conditional:
            if not self._store.capabilities.conditional:
                raise opening.unconditional_store()
            yield Turn()
        else:
            with self._lock.held(waiting) as held:
                yield Turn(lambda: not held.lost, held.taken_over)

    def _expected(self, mirror: _Mirror, expected: Snapshot) -> Expected:
        """The head under a snapshot, remembered, or read again if this is another process's."""
        seen = self._seen
        if seen is not None and seen.snapshot.revision == expected.revision:
            return Expected(expected, seen.head, seen.recorded, seen.listed)
        known = Known(expected.remote_id, expected.revision, expected.tree)
        again = snapshot.from_books(mirror.books, known)
        return Expected(expected, again.head, again.recorded, False)

    def _left_over(self) -> bool:
        return self._open().journal.exists()
