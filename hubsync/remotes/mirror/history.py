"""What happened on a mirror, and the contents that were there before."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

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


class History:
    """The log and the versions of one mirror."""

    def __init__(self, store: Store, books: Books) -> None:
        self._store = store
        self._books = books

    def records(self, limit: int | None = None) -> Iterator[LogRecord]:
        """Syncs, newest first; no more is read than is asked for."""
        for name, batch in self._logs(limit):
            changes = tuple(
                LogChange(
                    change.path,
                    change.before,
                    content_digest(entry_of(change.row)),
                    change.row.size if change.row is not None else 0,
                )
                for change in batch.changes
            )
            yield LogRecord(name, batch.time, batch.hub, batch.author, batch.message, changes)

    def versions(self, path: str) -> list[Version]:
        """Newest first. What other tools wrote appears as far as a sync has met it."""
        found: list[Version] = []
        unexplained: tuple[Batch, bytes] | None = None
        for name, batch in self._logs(None):
            for change in batch.changes:
                if change.path != path:
                    continue
                entry = entry_of(change.row)
                digest = content_digest(entry)
                if unexplained is not None and unexplained[1] != digest:
                    found.append(_foreign(*unexplained))
                size = entry.size if entry is not None else 0
                found.append(Version(name, batch.time, batch.hub, batch.author, digest, size))
                unexplained = (batch, change.before) if change.before is not None else None
        if unexplained is not None:
            found.append(_foreign(*unexplained))
        return found

    def read(self, path: str, version: str, target: str) -> Entry:
        """The content of ``path`` after the sync named ``version``, or the content with the digest
        that ``version`` (hex, 8 digits or more) begins with. Raises NoSuchVersion."""
        entry = self._entry(path, version)
        digest = content_digest(entry)
        if entry.kind is not Kind.FILE or digest == NOTHING:
            _write(target, entry.target.encode())
            return entry
        assert digest is not None
        for key, identity in self._places(path, digest):
            if self._download(key, identity, target, digest):
                return replace(entry, size=os.path.getsize(target))
        raise NoSuchVersion(
            f"The content {digest.hex()[:12]} of {path} is no longer kept on the remote.",
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
                if name == version or (_begins(digest, version) and entry is not None):
                    if entry is None:
                        raise NoSuchVersion(
                            f"{path} was deleted by the sync {version}.",
                            "Choose the version before it.",
                        )
                    return entry
                if before is None and _begins(change.before, version):
                    before = Entry(Kind.FILE, digest=change.before)
        if before is not None:
            return before
        raise NoSuchVersion(
            f"The remote's history knows no version {version} of {path}.",
            "'hubsync log PATH' lists the versions there are.",
        )

    def _logs(self, limit: int | None, only: str | None = None) -> Iterator[tuple[str, Batch]]:
        """Names (below ``log/``) with what they hold, newest first; only ``only`` if it is one."""
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


def _foreign(batch: Batch, digest: bytes) -> Version:
    """A content that no sync brought: another tool's, met when it was replaced."""
    return Version(digest.hex(), batch.time, "", "", digest, 0)


def _write(target: str, data: bytes) -> None:
    with open(target, "wb") as file:
        file.write(data)
