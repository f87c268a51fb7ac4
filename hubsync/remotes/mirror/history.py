"""What happened on a mirror, and the contents that were there before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from hubsync.errors import (
    ContentMismatch,
    NoSuchVersion,
    ObjectNotFound,
    PreconditionFailed,
)
from hubsync.model import Entry, Kind, LogChange, LogRecord, Version
from hubsync.remotes.mirror import layout
from hubsync.remotes.mirror.books import Books
from hubsync.remotes.mirror.place import NOTHING, content_digest
from hubsync.remotes.mirror.wire import Batch, entry_of
from hubsync.stores.protocol import Download, Store

_READERS: Final = 16
_SHORTEST: Final = 8
"""Hex digits of a digest that are enough to name a version."""


class _Told(Struct, frozen=True):
    """A version as the logs tell it. ``content``: the digest of what `History.read` has to find for
    it (None: not known). ``whole``: its row is all that is needed."""

    version: Version
    content: bytes | None
    whole: bool = False


class History:
    """The log and the versions of one mirror."""

    def __init__(self, store: Store, books: Books) -> None:
        self._store = store
        self._books = books

    def records(self, limit: int | None = None, before: str | None = None) -> Iterator[LogRecord]:
        """Syncs, newest first, older than the one named ``before``; no more is read than is asked
        for.

        A row that repeats what stood there (another tool wrote an object anew, with the same bytes)
        is no change, and a sync that learned only such rows is none either.
        """
        missing, name = 0, ""
        for name, batch in self._logs(limit, before=before):
            repeated = frozenset(batch.repeated)
            changes = tuple(
                LogChange(
                    change.path,
                    change.before,
                    content_digest(entry_of(change.row)),
                    change.row.size if change.row is not None else 0,
                )
                for change in batch.changes
                if change.path not in repeated
            )
            if changes or not repeated:
                yield LogRecord(name, batch.time, batch.hub, batch.author, batch.message, changes)
            else:
                missing += 1
        if missing and limit is not None:
            yield from self.records(missing, name)

    def versions(self, path: str) -> list[Version]:
        """Newest first, those that `read` can give. What other tools wrote appears as far as a sync
        has met it."""
        told = list(self._told(path))
        # What stands there now needs no look, nor what its row holds whole.
        kept = {one.content for one in told if one.whole} | {NOTHING}
        if told and told[0].version.digest is not None:
            kept.add(told[0].content)
        kept |= self._kept({one.content for one in told} - kept - {None})
        return [one.version for one in told if one.content in kept]

    def _told(self, path: str) -> Iterator[_Told]:
        """What the logs say of a path, newest first, whether it is still kept or not."""
        unexplained: tuple[Batch, bytes] | None = None
        for name, batch in self._logs(None):
            for change in batch.changes:
                if change.path != path:
                    continue
                entry = entry_of(change.row)
                digest = content_digest(entry)
                if unexplained is not None and unexplained[1] != digest:
                    yield _foreign(*unexplained)
                size = entry.size if entry is not None else 0
                version = Version(name, batch.time, batch.hub, batch.author, digest, size)
                yield _Told(version, change.before if entry is None else digest, _is_whole(entry))
                unexplained = (batch, change.before) if change.before is not None else None
        if unexplained is not None:
            yield _foreign(*unexplained)

    def _kept(self, digests: set[bytes | None]) -> set[bytes | None]:
        """Those of which an object is there: one look at each, and at the index if need be."""

        def look(digest: bytes | None) -> bool:
            assert digest is not None
            return any(self._store.list(layout.version_prefix(digest)))

        asked = list(digests)
        with ThreadPoolExecutor(_READERS) as pool:
            kept = {one for one, there in zip(asked, pool.map(look, asked), strict=True) if there}
        missing = digests - kept
        if missing:
            tree = self._books.index(self._books.head(), None, 0).tree
            kept |= missing & {entry.digest for entry in tree.values()}
        return kept

    def read(self, path: str, version: str, target: str) -> Entry:
        """The content of ``path`` after the sync named ``version``, or, if that deleted it, before.
        Or the content with the digest that ``version`` (hex, 8 digits or more) begins with.
        Raises NoSuchVersion."""
        entry = self._entry(path, version)
        digest = content_digest(entry)
        if _is_whole(entry) or digest == NOTHING:
            _write(target, entry.target.encode())
            return entry
        if digest is not None:
            for key, identity in self._places(path, digest):
                if self._download(key, identity, target, digest):
                    return replace(entry, size=os.path.getsize(target))
        raise NoSuchVersion(
            f"The content of {path} at {version} is no longer kept on the remote.",
            "It may have been pruned by age; look in the trash of the hubs that had it.",
        )

    def _entry(self, path: str, version: str) -> Entry:
        before: Entry | None = None
        for name, batch in self._logs(None, version):
            for change in batch.changes:
                if change.path != path:
                    continue
                entry = entry_of(change.row)
                digest = content_digest(entry)
                if entry is None and name == version:
                    return self._deleted(path, name, change.before)
                if entry is not None and (name == version or _begins(digest, version)):
                    return entry
                if before is None and _begins(change.before, version):
                    before = Entry(Kind.FILE, digest=change.before)
        if before is not None:
            return before
        raise NoSuchVersion(
            f"The remote's history knows no version {version} of {path}.",
            "'hubsync log PATH' lists the versions there are.",
        )

    def _deleted(self, path: str, version: str, digest: bytes | None) -> Entry:
        """What the sync ``version`` deleted, as the sync that brought it tells."""
        for _, batch in self._logs(None, before=version):
            for change in batch.changes:
                entry = entry_of(change.row)
                if change.path == path and entry is not None and content_digest(entry) == digest:
                    return entry
        return Entry(Kind.FILE, digest=digest)

    def _logs(
        self, limit: int | None, only: str | None = None, before: str | None = None
    ) -> Iterator[tuple[str, Batch]]:
        """Names (below ``log/``) with what they hold, newest first; only ``only`` if it is one, and
        only those older than ``before``."""
        names = sorted(
            (
                info.key.removeprefix(layout.LOG)
                for infos in self._store.list(layout.LOG)
                for info in infos
                if layout.stamped(info.key.removeprefix(layout.LOG)) is not None
            ),
            reverse=True,
        )
        if only in names:
            names = [only]
        if before is not None:
            names = [name for name in names if name < before]
        names = names[:limit]
        with ThreadPoolExecutor(_READERS) as pool:
            for start in range(0, len(names), _READERS):
                some = names[start : start + _READERS]
                for name, batch in zip(some, pool.map(self._log, some), strict=True):
                    if batch is not None:
                        yield name, batch

    def _log(self, name: str) -> Batch | None:
        """None if it was pruned since it was listed."""
        try:
            return self._books.batch(f"log/{name}")
        except ObjectNotFound:
            return None

    def _places(self, path: str, digest: bytes) -> Iterator[tuple[str, str]]:
        """Where objects with this content may lie: in the versions, at the path, elsewhere."""
        for infos in self._store.list(layout.version_prefix(digest)):
            for info in infos:
                yield info.key, info.identity
        tree = self._books.index(self._books.head(), None, 0).tree
        here = tree.get(path)
        if here is not None and here.digest == digest:
            yield path, here.identity
        for other, entry in tree.items():
            if entry.digest == digest and other != path:
                yield other, entry.identity

    def _download(self, key: str, identity: str, target: str, digest: bytes) -> bool:
        """Whether ``target`` now has the content; a copy that went wrong is not it."""
        job = Download(key, target, digest=digest, identity=identity or None)
        for result in self._store.download([job], lambda _: None):
            if result.error is None:
                return True
            if not isinstance(result.error, ObjectNotFound | PreconditionFailed | ContentMismatch):
                raise result.error
        return False


def _begins(digest: bytes | None, text: str) -> bool:
    return digest is not None and len(text) >= _SHORTEST and digest.hex().startswith(text.lower())


def _is_whole(entry: Entry | None) -> bool:
    """Whether the row says everything, so that no object is needed."""
    return entry is not None and entry.kind is not Kind.FILE


def _foreign(batch: Batch, digest: bytes) -> _Told:
    """A content that no sync brought: another tool's, met when it was replaced."""
    return _Told(Version(digest.hex(), batch.time, "", "", digest, 0), digest)


def _write(target: str, data: bytes) -> None:
    with open(target, "wb") as file:
        file.write(data)
