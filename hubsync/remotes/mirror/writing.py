"""Carrying out changes on a mirror's objects: prepared in threads (see `preparing`), sent in one
stream.

Every write is conditional on what the plan saw (rule 12): by the store, or, where it cannot, by a
look just before the write while the lease lock is held. What is removed is copied to the versions
first (rule 11). Each finished object goes to the journal before anything else is
said about it, so that a killed run's work is found again (rule 13).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Set
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from hubsync.core.paths import check_remote_name
from hubsync.errors import (
    HubsyncError,
    LocalError,
    NameRefused,
    ObjectNotFound,
    PreconditionFailed,
    RemoteUnavailable,
    SourceChanged,
    StoreError,
)
from hubsync.model import Entry, Kind
from hubsync.remotes.mirror.books import is_object
from hubsync.remotes.mirror.place import (
    check_there,
    content_digest,
    keep_version,
)
from hubsync.remotes.mirror.preparing import Ready, Work, delete_if, needs_care, prepared, upload_of
from hubsync.remotes.mirror.spreading import spread
from hubsync.remotes.mirror.transfer import problem_of
from hubsync.remotes.protocol import Change, Done, Outcome, Put, Remove
from hubsync.stores.protocol import Expected, Transferred, Upload

_WORKERS: Final = 32
_AHEAD: Final = 2 * _WORKERS
_NOTHING_WRITTEN: Final = (PreconditionFailed, SourceChanged, NameRefused, LocalError)
"""After these there is no object of ours. After others (no answer, an error of the server's, a
permission that may lack only for the answer) there may be one all the same."""

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


class Row(Struct, frozen=True):
    """What the log will say of a path: the digest before, and what is there now (None: gone).

    ``repeated``: nothing but the identity is other than before."""

    before: bytes | None
    entry: Entry | None
    repeated: bool = False


class Writer:
    """Carries out one publish's changes; afterwards ``outcomes`` and ``rows`` hold what became of
    them. ``certain``: nothing was written but what ``rows`` tell. For one thread, which it helps
    itself with others."""

    def __init__(self, work: Work, pool: ThreadPoolExecutor) -> None:
        self._work = work
        self._pool = pool
        self.outcomes: list[Outcome] = []
        self.rows: dict[str, Row] = {}
        self.transferred = 0
        self.certain = True
        self._moved_away: set[str] = set()

    def put(self, puts: list[Put], overwritten: Iterable[str]) -> None:
        """Upload, or copy within the store what only moved. ``overwritten`` are no sources."""
        under_way: dict[str, Ready] = {}
        stream = self._work.place.store.upload(
            Expected(self._jobs(puts, under_way, frozenset(overwritten)), len(puts)), self._passed
        )
        for result in stream:
            self._uploaded(under_way.pop(result.key), result)

    def remove(self, removes: list[Remove], asked: Set[str]) -> None:
        """``asked``: all paths that this publish was to put. What moved to one of them goes once
        that is there."""
        failed = {one.path for one in self.outcomes if one.done is Done.FAILED}
        waiting = {one.path for one in removes if one.after in asked and one.after not in self.rows}
        self.outcomes += [
            Outcome(one.path, Done.MOVED)
            for one in removes
            if one.path in waiting and one.after not in failed
        ]
        ready = [one for one in removes if one.path not in waiting]
        for change, error in self._ahead(self._removed, ready):
            if error is None:
                self._done(change, None, content_digest(change.expect))
            else:
                self._failed(change, error)

    def keep_written(self) -> None:
        """Copy what was written to the versions as well: whoever lost the lock may be in the middle
        of a write, and end it over ours when nobody looks any more."""
        written = [(path, row.entry) for path, row in self.rows.items() if is_object(row.entry)]
        kept = self._pool.map(lambda one: self._kept(*one), written)
        lost = {path for (path, _), there in zip(written, kept, strict=True) if not there}
        for path in lost:
            del self.rows[path]
        self.outcomes = [
            Outcome(one.path, Done.MOVED) if one.path in lost else one for one in self.outcomes
        ]

    def _kept(self, path: str, entry: Entry) -> bool:
        """False if it has been written over already."""
        try:
            keep_version(self._work.place, path, entry)
            check_there(self._work.place, path, entry.identity)
        except (ObjectNotFound, PreconditionFailed):
            return False
        return True

    def _jobs(
        self, puts: list[Put], under_way: dict[str, Ready], overwritten: frozenset[str]
    ) -> Iterator[Upload]:
        """Uploads as they become ready, those that need no preparation at once."""
        plain: list[Put] = []
        careful: list[Put] = []
        for put in puts:
            (careful if needs_care(self._work, put) else plain).append(put)
        for put in spread(plain, lambda put: put.path):
            if self._work.stopping():
                return
            problem = check_remote_name(put.path)
            if problem is not None:
                self._failed(put, NameRefused(problem.message, problem.hint, problem.code))
                continue
            ready = under_way[put.path] = Ready(put, None)
            yield upload_of(ready)
        for _, ready in self._ahead(lambda put: prepared(self._work, put, overwritten), careful):
            if ready.error is not None:
                self._failed(ready.change, ready.error)
            elif ready.entry is not None:
                self._written(ready, ready.entry)
            else:
                under_way[ready.change.path] = ready
                if ready.change.entry.kind is Kind.LINK:
                    # An object does not say that it stands for a link: a kill right after it was
                    # written must not make a file of it.
                    intended = replace(ready.change.entry, identity="")
                    self._work.journal.intend(ready.change.path, intended)
                yield upload_of(ready)

    def _removed(self, change: Remove) -> HubsyncError | None:
        """Copy, look, delete. An object that is gone already is as good as removed."""
        expect = change.expect
        if not is_object(expect):
            return None
        place = self._work.place
        try:
            if not self._lies_elsewhere(change):
                keep_version(place, change.path, expect)
            delete_if(place, change.path, expect.identity)
        except ObjectNotFound:
            return None
        except RemoteUnavailable:
            raise
        except HubsyncError as error:
            return _undeleted(change.path, error)
        return None

    def _lies_elsewhere(self, change: Remove) -> bool:
        """Whether this publish has just put the same bytes, known to be there, at another path."""
        return change.path in self._moved_away

    def _ahead(
        self, work: Callable[[_Given], _Made], items: list[_Given]
    ) -> Iterator[tuple[_Given, _Made]]:
        """Each item and what ``work`` made of it in a thread; the user may stop between items."""
        window: deque[tuple[_Given, Future[_Made]]] = deque()
        for item in items:
            if self._work.stopping():
                break
            window.append((item, self._pool.submit(work, item)))
            while window and (len(window) >= _AHEAD or window[0][1].done()):
                first, future = window.popleft()
                yield first, future.result()
        while window:
            first, future = window.popleft()
            yield first, future.result()

    def _uploaded(self, ready: Ready, result: Transferred) -> None:
        if result.error is not None:
            self._failed(ready.change, result.error)
            return
        entry = ready.change.entry
        if entry.kind is Kind.FILE:
            # 0 is a time that nobody knows. A file that is really of that instant, as reproducible
            # archives make them, is told to be a nanosecond younger (rule 16).
            mtime = (result.signature[1] or 1) if result.signature is not None else entry.mtime
            entry = Entry(
                kind=Kind.FILE,
                size=result.size,
                digest=result.digest or entry.digest,
                mtime=mtime,
                executable=entry.executable,
                identity=result.identity,
            )
            self.transferred += result.size
        else:
            entry = replace(entry, size=result.size, identity=result.identity)
        self._written(ready, entry)

    def _written(self, ready: Ready, entry: Entry) -> None:
        change = ready.change
        if is_object(entry):
            self._work.journal.add(change.path, entry)
        if change.moved_from is not None and entry.digest == change.entry.digest:
            self._moved_away.add(change.moved_from)
        self._done(change, entry, ready.before)

    def _done(self, change: Put | Remove, entry: Entry | None, before: bytes | None) -> None:
        self.rows[change.path] = Row(before, entry)
        self.outcomes.append(Outcome(change.path, Done.DONE, entry))
        self._work.reporter.advance(files=1)

    def _failed(self, change: Put | Remove, error: HubsyncError) -> None:
        self.certain = self.certain and isinstance(error, _NOTHING_WRITTEN)
        self.outcomes.append(failed(change, error))
        self._work.reporter.advance(files=1)

    def _passed(self, size: int) -> None:
        self._work.reporter.advance(size=size)


def _undeleted(path: str, error: HubsyncError) -> HubsyncError:
    """A full remote, said of the deletion: what has no room there is what would be kept of it."""
    if error.code != "remote-full":
        return error
    message = f"The remote is full: {path} could not be deleted there, for its version is kept."
    return StoreError(message, error.hint, error.code)


def failed(change: Change, error: HubsyncError) -> Outcome:
    """How a change ended that was not done."""
    if isinstance(error, PreconditionFailed):
        return Outcome(change.path, Done.MOVED)
    if isinstance(error, SourceChanged):
        return Outcome(change.path, Done.CHANGED)
    return Outcome(change.path, Done.FAILED, problem=problem_of(change.path, error))
