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
    """What the changes are carried out with. ``tree``: the remote as the plan saw it.
    ``unchecked``: absent paths may not be taken for absent, because nobody has listed them."""

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
    expected: str | None = None
    """The identity to replace, if it is not that of what the plan saw."""


class Writer:
    """Carries out one publish's changes; afterwards ``outcomes`` and ``rows`` hold what became of
    them. For one thread, which it helps itself with others."""

    def __init__(self, work: Work, pool: ThreadPoolExecutor) -> None:
        self._work = work
        self._pool = pool
        self.outcomes: list[Outcome] = []
        self.rows: dict[str, Row] = {}
        self.transferred = 0
        self._moved_away: set[str] = set()

    def put(self, puts: list[Put], overwritten: Iterable[str]) -> None:
        """Upload, or copy within the store what only moved. ``overwritten`` are no sources."""
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
            ready = under_way[put.path] = _Ready(put, None)
            yield _upload(ready)
        for _, ready in self._ahead(lambda put: self._prepared(put, overwritten), careful):
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
                    self._work.journal.add(ready.change.path, intended)
                yield _upload(ready)

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
            elif not place.conditional and self._work.unchecked:
                check_absent(place, put.path)
            if entry.kind is Kind.DIR:
                if expect is not None and is_object(expect):
                    self._delete(put.path, expect.identity)
                return _Ready(put, before, entry)
            return self._moved(put, before, overwritten)
        except ObjectNotFound as error:
            return _Ready(put, before, error=PreconditionFailed(error.message))
        except RemoteUnavailable:
            raise
        except HubsyncError as error:
            return _Ready(put, before, error=error)

    def _moved(self, put: Put, before: bytes | None, overwritten: frozenset[str]) -> _Ready:
        """Copied within the store from where it was, if that can be done; else to be sent."""
        send = _Ready(put, before)
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
            return send
        place = self._work.place
        try:
            copied = place.store.copy_new(origin, put.path)
        except ObjectNotFound:
            return send
        info = copied or place.store.head(put.path)
        if info is None:
            raise PreconditionFailed(f"{put.path} was removed by someone else meanwhile.")
        if info.identity != source.identity:
            try:
                check_there(place, origin, source.identity)
            except (ObjectNotFound, PreconditionFailed):
                # Other bytes were copied. Nobody else wrote here: ours go in their place.
                return replace(send, expected=info.identity)
        return replace(send, entry=replace(put.entry, identity=info.identity, size=info.size))

    def _removed(self, change: Remove) -> HubsyncError | None:
        """Copy, look, delete. An object that is gone already is as good as removed."""
        expect = change.expect
        if not is_object(expect):
            return None
        place = self._work.place
        try:
            if not self._lies_elsewhere(change):
                keep_version(place, change.path, expect)
            self._delete(change.path, expect.identity)
        except ObjectNotFound:
            return None
        except RemoteUnavailable:
            raise
        except HubsyncError as error:
            return error
        return None

    def _lies_elsewhere(self, change: Remove) -> bool:
        """Whether this publish has just put the same bytes, known to be there, at another path."""
        return change.path in self._moved_away

    def _delete(self, path: str, identity: str) -> None:
        """Raises ObjectNotFound, PreconditionFailed."""
        store = self._work.place.store
        if store.capabilities.conditional_delete:
            store.delete(path, expected=identity)
            return
        check_there(self._work.place, path, identity)
        store.delete(path)

    def _ahead(
        self, work: Callable[[_Given], _Made], items: list[_Given]
    ) -> Iterator[tuple[_Given, _Made]]:
        """Each item and what ``work`` made of it in a thread; the user may stop between items."""
        window: deque[tuple[_Given, Future[_Made]]] = deque()
        for item in items:
            if self._work.reporter.stopping():
                break
            window.append((item, self._pool.submit(work, item)))
            while window and (len(window) >= _AHEAD or window[0][1].done()):
                first, future = window.popleft()
                yield first, future.result()
        while window:
            first, future = window.popleft()
            yield first, future.result()

    def _uploaded(self, ready: _Ready, result: Transferred) -> None:
        if result.error is not None:
            self._failed(ready.change, result.error)
            return
        entry = ready.change.entry
        if entry.kind is Kind.FILE:
            mtime = result.signature[1] if result.signature is not None else entry.mtime
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

    def _written(self, ready: _Ready, entry: Entry) -> None:
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
        self.outcomes.append(failed(change, error))
        self._work.reporter.advance(files=1)

    def _passed(self, size: int) -> None:
        self._work.reporter.advance(size=size)


def failed(change: Change, error: HubsyncError) -> Outcome:
    """How a change ended that was not done."""
    if isinstance(error, PreconditionFailed):
        return Outcome(change.path, Done.MOVED)
    if isinstance(error, SourceChanged):
        return Outcome(change.path, Done.CHANGED)
    return Outcome(change.path, Done.FAILED, problem=problem_of(change.path, error))


def _upload(ready: _Ready) -> Upload:
    put = ready.change
    entry, expect = put.entry, put.expect
    expected = ready.expected
    if expected is None:
        expected = expect.identity if expect is not None and is_object(expect) else ABSENT
    if entry.kind is Kind.LINK:
        target = entry.target.encode()
        return Upload(put.path, "", len(target), expected, data=target, mtime=entry.mtime)
    return Upload(
        put.path,
        put.source,
        entry.size,
        expected,
        put.signature,
        entry.digest,
        None,
        entry.mtime,
        entry.executable,
    )
