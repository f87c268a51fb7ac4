"""Carrying out changes on a mirror's objects: prepared in threads, sent in one stream.

Every write is conditional on what the plan saw (rule 12): by the store, or, where it cannot, by a
look just before the write while the lease lock is held. What is replaced or removed is copied to
the versions first (rule 11). Each finished object goes to the journal before anything else is
said about it, so that a killed run's work is found again (rule 13).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.paths import check_remote_name
from hubsync.errors import (
    HubsyncError,
    NameRefused,
    ObjectNotFound,
    PreconditionFailed,
    RemoteUnavailable,
    SourceChanged,
)
from hubsync.model import Entry, Kind, Tree, same_content
from hubsync.remotes.mirror.books import is_object
from hubsync.remotes.mirror.journal import JournalWriter
from hubsync.remotes.mirror.place import (
    CopiesNew,
    Place,
    check_absent,
    check_there,
    content_digest,
    keep_version,
)
from hubsync.remotes.mirror.transfer import problem_of
from hubsync.remotes.protocol import Change, Done, Outcome, Put, Remove
from hubsync.report import Reporter
from hubsync.stores.protocol import ABSENT, Transferred, Upload

_WORKERS: Final = 32
_AHEAD: Final = 2 * _WORKERS

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class Row(Struct, frozen=True):
    """What the log will say of a path: the digest before, and what is there now (None: gone)."""

    before: bytes | None
    entry: Entry | None


class Work(Struct, frozen=True):
    """What the changes are carried out with. ``tree``: the remote as the plan saw it. ``unchecked``:
    absent paths may not be taken for absent, because nobody has listed them."""

    place: Place
    tree: Tree
    unchecked: bool
    journal: JournalWriter
    reporter: Reporter


class _Ready(Struct, frozen=True):
    """A change after its preparation: to be uploaded, or done without, or not to be done."""

    change: Put
    before: bytes | None
    entry: Entry | None = None
    error: HubsyncError | None = None


class Writer:
    """Carries out one publish's changes; afterwards ``outcomes`` and ``rows`` hold what became of
    them. For one thread, which it helps itself with others."""

    def __init__(self, work: Work, pool: ThreadPoolExecutor) -> None:
        self._work = work
        self._pool = pool
        self.outcomes: list[Outcome] = []
        self.rows: dict[str, Row] = {}
        self.transferred = 0
        self._kept_elsewhere: set[str] = set()

    def put(self, puts: list[Put], overwritten: Iterable[str]) -> None:
        """Upload, or copy within the store what only moved. ``overwritten`` paths are no sources."""
        under_way: dict[str, _Ready] = {}
        stream = self._work.place.store.upload(
            self._jobs(puts, under_way, frozenset(overwritten)), self._passed
        )
        for result in stream:
            self._uploaded(under_way.pop(result.key), result)

    def remove(self, removes: list[Remove]) -> None:
        for change, error in self._ahead(self._removed, removes):
            if error is None:
                self._done(change, None, content_digest(change.expect))
            else:
                self._failed(change, error)

    def _jobs(
        self, puts: list[Put], under_way: dict[str, _Ready], overwritten: frozenset[str]
    ) -> Iterator[Upload]:
        """Uploads as they become ready, those that need no preparation at once."""
        plain: list[Put] = []
        careful: list[Put] = []
        for put in puts:
            (careful if self._needs_care(put) else plain).append(put)
        for put in plain:
            if self._work.reporter.stopping():
                return
            problem = check_remote_name(put.path)
            if problem is not None:
                self._failed(put, NameRefused(problem.message, problem.hint, problem.code))
                continue
            under_way[put.path] = _Ready(put, content_digest(put.expect))
            yield _upload(put)
        for ready in self._ahead(lambda put: self._prepared(put, overwritten), careful):
            if ready.error is not None:
                self._failed(ready.change, ready.error)
            elif ready.entry is not None:
                self._written(ready, ready.entry)
            else:
                under_way[ready.change.path] = ready
                yield _upload(ready.change)

    def _needs_care(self, put: Put) -> bool:
        """Whether anything has to be asked of the store before the bytes may go."""
        return (
            put.expect is not None
            or put.moved_from is not None
            or put.entry.kind is not Kind.FILE
            or (self._work.unchecked and not self._work.place.conditional)
        )

    def _prepared(self, put: Put, overwritten: frozenset[str]) -> _Ready:
        place, expect, entry = self._work.place, put.expect, put.entry
        before = content_digest(expect)
        problem = check_remote_name(put.path)
        if problem is not None:
            error = NameRefused(problem.message, problem.hint, problem.code)
            return _Ready(put, before, error=error)
        if expect is not None and expect.identity and same_content(expect, entry):
            # Only the mode changed: the object stays, its row tells.
            return _Ready(put, before, replace(entry, identity=expect.identity))
        try:
            if expect is not None and is_object(expect):
                before = keep_version(place, put.path, expect)
                if not place.conditional:
                    check_there(place, put.path, expect.identity)
            elif not place.conditional and (self._work.unchecked or put.moved_from):
                check_absent(place, put.path)
            if entry.kind is Kind.DIR:
                if expect is not None and is_object(expect):
                    self._delete(put.path, expect.identity)
                return _Ready(put, before, entry)
            return _Ready(put, before, self._moved(put, overwritten))
        except ObjectNotFound as error:
            return _Ready(put, before, error=PreconditionFailed(error.message))
        except RemoteUnavailable:
            raise
        except HubsyncError as error:
            return _Ready(put, before, error=error)

    def _moved(self, put: Put, overwritten: frozenset[str]) -> Entry | None:
        """The entry, if the store could copy it from where it was; None: it has to be sent.

        The copy is good if its source still has the identity that the index knows.
        """
        origin = put.moved_from
        source = self._work.tree.get(origin) if origin is not None else None
        if (
            origin is None
            or source is None
            or origin in overwritten
            or put.expect is not None
            or not source.identity
            or not same_content(source, put.entry)
        ):
            return None
        place = self._work.place
        try:
            check_there(place, origin, source.identity)
            copied = self._copy_new(origin, put.path)
        except ObjectNotFound:
            return None
        info = copied or place.store.head(put.path)
        if info is None:
            raise PreconditionFailed(f"{put.path} was removed by someone else meanwhile.")
        if info.identity != source.identity:
            check_there(place, origin, source.identity)
        return replace(put.entry, identity=info.identity, size=info.size)
